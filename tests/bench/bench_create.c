/*
 * What the library itself adds to a create, with a service package. First time, processor
 * time of both sides and requests against a sandbox whose operations take no time. Then
 * the time of one whose operations take as long as Azure's, beside the critical path: the
 * longest way through the needs of the step table, each step with the duration of what it
 * waits for. There the clock of both sides is put forward over the waits. The certificate
 * is the host's: making its key takes a second by itself, or none, as chance will have
 * it.
 *
 * It fails where a limit is exceeded. What is limited of the first is the processor time,
 * which other work on the machine does not lengthen.
 */
#include "bench/bench.h"
#include "flow/hurry.h"
#include "flow/place.h"
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <string.h>

#define RUNS 5

#define MAX_CPU_S    1.0
#define MAX_REQUESTS 120
#define MAX_RATIO    1.05 /* to the critical path */

static unsigned exceeded;

static void limit(const char *what, double found, double most)
{
    if (found <= most)
        return;
    exceeded++;
    (void)fprintf(stderr, "create: %.3f %s, more than %.2f\n", found, what, most);
}

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

static void begin(struct party *p, struct site *site, cmg_sandbox *sandbox)
{
    cmg_error *err = NULL;

    place_site(sandbox, site);
    ck_ok(party_init(p, site, NULL, &err), err);
    give_certificate(p);
    ck_ok(place_package(p->gateway, 1, &err), err);
    ck_ok(party_prepare(p, site, CMG_DEPLOY_CREATE, NULL, &err), err);
}

static void end(struct party *p, cmg_sandbox *sandbox)
{
    party_done(p);
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

static void create_at_once(void)
{
    cmg_sandbox *sandbox = place_control_plane(0);
    struct site site;
    struct party p;
    cmg_error *err = NULL;

    begin(&p, &site, sandbox);
    const uint64_t before = cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS);
    const int64_t began = bench_now_ns(), cpu_began = bench_cpu_ns();
    ck_ok(cmg_deploy_run(p.deploy, &err), err);
    const int64_t took = bench_now_ns() - began, cpu = bench_cpu_ns() - cpu_began;
    const uint64_t requests = cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS) - before;
    printf("create: %.3f s, %.3f s of the processor, %llu requests\n", (double)took / 1e9,
           (double)cpu / 1e9, (unsigned long long)requests);
    limit("seconds of the processor", (double)cpu / 1e9, MAX_CPU_S);
    limit("requests", (double)requests, MAX_REQUESTS);
    end(&p, sandbox);
}

/* ---- as long as Azure ---- */

/* Steps that wait, and the sandbox's name of what they wait for. */
static const struct wait {
    const char *step, *setting, *ms;
    int64_t takes_ms;
} waits[] = {
    { "provider_compute", "duration/register", "75000", 75000 },
    { "provider_network", "duration/register", "75000", 75000 },
    { "provider_storage", "duration/register", "75000", 75000 },
    { "provider_keyvault", "duration/register", "75000", 75000 },
    { "vault", "duration/put", "30000", 30000 },
    { "deployment", "duration/deployment", "720000", 720000 },
};

static int64_t takes_ms(const char *step)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(waits); i++) {
        if (strcmp(waits[i].step, step) == 0)
            return waits[i].takes_ms;
    }
    return 0;
}

static int64_t end_ms(const struct cmg__step_table *table, const char *name)
{
    const struct cmg__step *step = NULL;
    int64_t last = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->steps[i]->name, name) == 0)
            step = table->steps[i];
    }
    for (size_t i = 0; step != NULL && i < CMG__STEP_NEEDS && step->needs[i] != NULL;
         i++) {
        const int64_t at = end_ms(table, step->needs[i]);
        last = at > last ? at : last;
    }
    return step == NULL ? 0 : last + takes_ms(name);
}

static int64_t critical_ms(const struct cmg__step_table *table)
{
    int64_t last = 0;

    for (size_t i = 0; i < table->count; i++) {
        const int64_t at = end_ms(table, table->steps[i]->name);
        last = at > last ? at : last;
    }
    return last;
}

static void create_in_time(void)
{
    cmg_sandbox *sandbox = place_control_plane(0);
    struct site site;
    struct party p;
    cmg_error *err = NULL;
    int64_t all_ms = 0;

    for (size_t i = 0; i < CMG__ARRAY_LEN(waits); i++) {
        ck_ok(cmg_sandbox_set(sandbox, waits[i].setting, waits[i].ms, &err), err);
        all_ms += waits[i].takes_ms;
    }
    (void)pthread_mutex_lock(&sandbox->lock);
    hurry_clock(&sandbox->env, true);
    (void)pthread_mutex_unlock(&sandbox->lock);
    begin(&p, &site, sandbox);
    hurry_clock(&p.ctx->env, true);
    const int64_t began = cmg__env_now_ms(&p.ctx->env);
    ck_ok(hurry_run(p.deploy, &err), err);
    const double took = (double)(cmg__env_now_ms(&p.ctx->env) - began);
    const double path = (double)critical_ms(p.deploy->table);
    printf(
        "create in Azure's time: %.1f s, critical path %.1f s (%+.1f %%), one after the "
        "other %.1f s\n",
        took / 1000, path / 1000, 100 * (took - path) / path, (double)all_ms / 1000);
    limit("of the critical path", took / path, MAX_RATIO);
    end(&p, sandbox);
}

int main(void)
{
    for (int i = 0; i < RUNS; i++)
        create_at_once();
    create_in_time();
    return exceeded == 0 ? 0 : 1;
}
