/*
 * After the deployment: the public name, the instances, and an answer from the gateway
 * itself, over TLS that only the gateway's own authority vouches for.
 */
#include <string.h>

#include "base/error.h"
#include "crypto/x509_chain.h"
#include "deploy/steps.h"
#include "model/authority.h"

/* ---- endpoint ---- */

static cmg_status need_resource(struct cmg__run *run, const struct cmg__json *list,
                                const char *type, const char *fact, cmg_error **err)
{
    const struct cmg__json *item = cmg__resource_of_type(run->work, list, type);
    const char *name = cmg__json_str(item, "/name");

    if (name == NULL)
        return cmg__fail(err, run->work->alloc, CMG_E_NOTFOUND, type,
                         "start again with the same journal: it is deployed anew",
                         "the deployment has succeeded, but its %s is not there", type);
    return cmg__fact_set(run->work, fact, name) == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status read_resources(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    cmg_status rc =
        need_resource(run, list, "Microsoft.Network/publicIPAddresses", "public_ip", err);

    if (rc == CMG_OK)
        rc = need_resource(run, list, "Microsoft.Compute/virtualMachineScaleSets",
                           "scale_set", err);
    return rc == CMG_OK ? cmg__next_go(next, "public_ip") : rc;
}

static cmg_status read_public_ip(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    const char *fqdn = cmg__json_str(answer->json, "/properties/dnsSettings/fqdn");

    if (cmg__str_is_empty(fqdn))
        return cmg__answer_lacks(run, "/properties/dnsSettings/fqdn", err);
    if (cmg__fact_set(work, "endpoint", fqdn) != CMG_OK ||
        cmg__observe(work->alloc, &work->gateway->endpoint, fqdn) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "%s", fqdn);
    return cmg__next_done(next);
}

static const struct cmg__exchange endpoint_exchanges[] = {
    { .name = "resources", .call = CMG__CALL_GROUP_RESOURCES, .read = read_resources },
    { .name = "public_ip",
      .call = CMG__CALL_PUBLIC_IP_GET,
      .bind = { { "name", "public_ip" } },
      .read = read_public_ip },
};

const struct cmg__step cmg__step_endpoint = {
    .name = "endpoint",
    .title = "public name",
    .phase = CMG__PHASE_VERIFY,
    .needs = { "deployment" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(endpoint_exchanges),
};

/* ---- instances ---- */

static cmg_status read_instances(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    const struct cmg__gateway_seen *seen = &run->work->gateway->seen;
    const uint32_t wanted = run->work->gateway->instance_count;

    (void)err;
    cmg__gateway_see_instances(run, answer->json);
    cmg__run_say(run, "%u of %u instances running", seen->healthy, wanted);
    run->percent = wanted == 0 ? 100 : (int)(seen->healthy * 100 / wanted);
    if (seen->outdated > 0)
        cmg__run_say(run, "%u of %u instances have the new settings",
                     seen->instances - seen->outdated, seen->instances);
    return seen->healthy >= wanted && seen->instances == wanted && seen->outdated == 0
               ? cmg__next_done(next)
               : cmg__next_again(next, -1);
}

static const struct cmg__exchange instances_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_SCALE_SET_INSTANCES,
      .bind = { { "name", "scale_set" } },
      .read = read_instances },
};

const struct cmg__step cmg__step_instances = {
    .name = "instances",
    .title = "instances",
    .phase = CMG__PHASE_VERIFY,
    .needs = { "endpoint" },
    .budget_ms = 20 * CMG__MINUTE_MS,
    .usual_ms = 2 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(instances_exchanges),
};

/* ---- an answer ---- */

/* A host's own certificate need not have the deployment's name, and the name that it has
   need not lead here yet. */
static bool can_ask(const struct cmg__run *run)
{
    const cmg_certificate *cert = run->work->gateway->certificate;

    return cert == NULL ||
           cmg__x509_matches_host(cert->chain[0], cmg__fact(run->work, "endpoint"));
}

static cmg_status begin_answer(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;

    if (!can_ask(run)) {
        cmg__run_say(run, "not asked: the certificate is not for %s",
                     cmg__fact(work, "endpoint"));
        return cmg__next_done(next);
    }
    char *url =
        cmg__format(work->alloc, "https://%s/CCM_Proxy_MutualAuth/ServiceMetadata",
                    cmg__fact(work, "endpoint"));
    cmg_status rc = url == NULL ? CMG_E_NOMEM : cmg__fact_set(work, "probe_url", url);

    (void)answer;
    cmg__free(work->alloc, url);
    return rc == CMG_OK ? cmg__next_go(next, "get") : cmg__fail_nomem(err);
}

/* The gateway's authority, or the root that came with the host's certificate; NULL: the
   roots of everybody. */
static const cmg_certificate *roots_of(const cmg_gateway *gateway)
{
    const cmg_certificate *cert = gateway->certificate;

    if (gateway->given_certificate == NULL && gateway->authority != NULL)
        return gateway->authority->certificate;
    if (cert != NULL && cmg__x509_is_self_issued(cert->chain[cert->count - 1]))
        return cert;
    return NULL;
}

/* The roots must live until the answer came: they are kept with the work. */
static cmg_status build_get(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    struct cmg__work *work = run->work;
    const cmg_certificate *roots = roots_of(work->gateway);

    cmg__buf_clear(&work->probe_roots);
    if (roots != NULL && cmg__certificate_chain_pem(roots, &work->probe_roots) != CMG_OK)
        return cmg__fail_nomem(err);
    ask->ca_pem = roots == NULL ? NULL : cmg__buf_cstr(&work->probe_roots);
    cmg__run_say(run, "asking %s", cmg__fact(work, "endpoint"));
    return CMG_OK;
}

static cmg_status read_get(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    cmg__run_say(run, "%s answers", cmg__fact(run->work, "endpoint"));
    return cmg__next_done(next);
}

static const struct cmg__exchange answer_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin_answer },
    { .name = "get",
      .call = CMG__CALL_JWKS, /* an address of its own, asked without a token */
      .replicates = true,
      .bind = { { "url", "probe_url" } },
      .build = build_get,
      .read = read_get },
};

const struct cmg__step cmg__step_answer = {
    .name = "answer",
    .title = "answer of the gateway",
    .phase = CMG__PHASE_VERIFY,
    .needs = { "instances", "endpoint" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    .usual_ms = 10 * CMG__SECOND_MS,
    CMG__STEP_EXCHANGES(answer_exchanges),
};
