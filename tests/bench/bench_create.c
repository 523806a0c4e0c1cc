/*
 * What the library itself adds to a create: time, processor time of both sides, and
 * requests of one against a sandbox whose operations take no time. The certificate is the
 * host's: making its key takes a second by itself, or none, as chance will have it.
 */
#include "bench/bench.h"
#include "flow/place.h"

#include <stdio.h>

#define RUNS 5

static void give_certificate(struct party *p)
{
    const cmg_certificate_request request = {
        .size = sizeof request,
        .profile = CMG_PROFILE_WEB_SERVER,
        .common_name = "granitefalls.contoso.com",
    };
    cmg_certificate *certificate = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_issue(p->gateway->authority, &request, &certificate, &err), err);
    ck_ok(cmg_gateway_set_certificate(p->gateway, certificate, &err), err);
    cmg_certificate_unref(certificate);
}

static void create_once(void)
{
    cmg_sandbox *sandbox = place_control_plane(0);
    struct site site;
    struct party p;
    cmg_error *err = NULL;

    place_site(sandbox, &site);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    give_certificate(&p);
    ck_ok(party_prepare(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    const uint64_t before = cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS);
    const int64_t began = bench_now_ns(), cpu = bench_cpu_ns();
    ck_ok(cmg_deploy_run(p.deploy, &err), err);
    printf(
        "create: %.3f s, %.3f s of the processor, %llu requests\n",
        (double)(bench_now_ns() - began) / 1e9, (double)(bench_cpu_ns() - cpu) / 1e9,
        (unsigned long long)(cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS) - before));
    party_done(&p);
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

int main(void)
{
    for (int i = 0; i < RUNS; i++)
        create_once();
    return 0;
}
