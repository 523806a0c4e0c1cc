/*
 * The key vault, and the server certificate in it. A vault of ours that was soft-deleted
 * is recovered, since its name is not free. An import makes a new version each time, so
 * the thumbprint of the current one is compared first.
 */
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "deploy/steps.h"

/* A policy takes a while to work on the data plane. */
#define POLICY_DELAY_MS (3 * CMG__MINUTE_MS)

/* ---- the vault ---- */

/* What is done with certificates; a vault of an earlier release lacks "update". */
static bool may_update(const struct cmg__json *policy)
{
    const struct cmg__json *verbs = cmg__json_at(policy, "/permissions/certificates");

    for (size_t i = 0; i < cmg__json_size(verbs); i++) {
        const char *verb = cmg__str_or(cmg__json_str(cmg__json_item(verbs, i), ""), "");
        if (cmg__str_ieq(verb, "update") || cmg__str_ieq(verb, "all"))
            return true;
    }
    return false;
}

static bool names_principal(const struct cmg__run *run, const struct cmg__json *vault)
{
    const struct cmg__json *list = cmg__json_at(vault, "/properties/accessPolicies");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *policy = cmg__json_item(list, i);
        const char *id = cmg__json_str(policy, "/objectId");
        if (id != NULL && cmg__str_ieq(id, cmg__fact(run->work, "principal_id")) &&
            may_update(policy))
            return true;
    }
    return false;
}

static cmg_status check_owner(struct cmg__run *run, const struct cmg__json *vault,
                              cmg_error **err)
{
    const char *name = cmg__work_value(run->work, "vault");

    if (cmg__tags_are_ours(run->work, vault))
        return CMG_OK;
    return cmg__fail(err, run->work->alloc, CMG_E_EXISTS, "/gateway/name",
                     "choose another name for the gateway",
                     "key vault \"%s\" exists and belongs to another deployment", name);
}

/* The vault has been asked for in this run. */
enum { SENT = 1 };

/* A vault whose making has failed stays so until it is asked for once more. */
static cmg_status mend_vault(struct cmg__run *run, struct cmg__next *next,
                             cmg_error **err)
{
    const char *name = cmg__work_value(run->work, "vault");

    if ((run->bits & SENT) != 0)
        return cmg__fail(err, run->work->alloc, CMG_E_IO, name,
                         "look at the key vault's activity log, then start again with "
                         "the same journal",
                         "key vault \"%s\" could not be made", name);
    run->plan = CMG__PLAN_CHANGE;
    cmg__run_say(run, "its last change had failed");
    return cmg__next_go(next, "put");
}

static cmg_status inspect_vault(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *vault = answer->json;

    if (answer->status == 404) {
        run->plan = CMG__PLAN_CREATE;
        return cmg__next_go(next, "deleted");
    }
    cmg_status rc = check_owner(run, vault, err);
    if (rc == CMG_OK)
        rc = cmg__answer_keep(run, vault, "/id", "vault_id", err);
    if (rc != CMG_OK)
        return rc;
    if (cmg__resource_is_broken(vault))
        return mend_vault(run, next, err);
    const char *state = cmg__json_str(vault, "/properties/provisioningState");
    if (state != NULL && !cmg__str_ieq(state, "Succeeded"))
        return cmg__next_again(next, -1);
    if (!cmg__json_bool(vault, "/properties/enabledForDeployment", false) ||
        !names_principal(run, vault)) {
        run->plan = run->plan == CMG__PLAN_UNKNOWN ? CMG__PLAN_CHANGE : run->plan;
        return cmg__next_go(next, "put");
    }
    run->plan = run->plan == CMG__PLAN_UNKNOWN ? CMG__PLAN_KEEP : run->plan;
    cmg__run_say(run, "%s", cmg__work_value(run->work, "vault"));
    return cmg__next_done(next);
}

static cmg_status read_deleted(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return cmg__next_go(next, "put");
    if (cmg__deleted_vault_is_ours(run->work, answer->json))
        return cmg__next_go(next, "recover");
    return cmg__fail(
        err, run->work->alloc, CMG_E_EXISTS, "/gateway/name",
        "choose another name for the gateway, or have that vault purged",
        "a deleted key vault of another deployment still has the name \"%s\"",
        cmg__work_value(run->work, "vault"));
}

static struct cmg__json *policy(const struct cmg__work *work)
{
    return cmg__json_pack("{s:s, s:s, s:{s:[s, s, s, s], s:[s, s]}}", "tenantId",
                          cmg__fact(work, "tenant_id"), "objectId",
                          cmg__fact(work, "principal_id"), "permissions", "certificates",
                          "get", "list", "import", "update", "secrets", "get", "list");
}

struct cmg__json *cmg__vault_properties(const struct cmg__work *work)
{
    return cmg__json_pack("{s:s, s:{s:s, s:s}, s:b, s:b, s:b, s:b, s:i, s:[o]}",
                          "tenantId", cmg__fact(work, "tenant_id"), "sku", "family", "A",
                          "name", "standard", "enableRbacAuthorization", 0,
                          "enabledForDeployment", 1, "enabledForTemplateDeployment", 1,
                          "enableSoftDelete", 1, "softDeleteRetentionInDays", 7,
                          "accessPolicies", policy(work));
}

static cmg_status build_vault(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    const struct cmg__work *work = run->work;

    ask->body = cmg__json_pack(
        "{s:s, s:o, s:o}", "location", cmg__work_value(work, "region"), "tags",
        cmg__tags_make(work), "properties", cmg__vault_properties(work));
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status build_recover(struct cmg__run *run, struct cmg__ask *ask,
                                cmg_error **err)
{
    const struct cmg__work *work = run->work;

    ask->body =
        cmg__json_pack("{s:s, s:o, s:{s:s, s:{s:s, s:s}, s:s}}", "location",
                       cmg__work_value(work, "region"), "tags", cmg__tags_make(work),
                       "properties", "tenantId", cmg__fact(work, "tenant_id"), "sku",
                       "family", "A", "name", "standard", "createMode", "recover");
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status read_put(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    run->bits |= SENT;
    return cmg__lro_start(run, answer, next, err);
}

static const struct cmg__exchange vault_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_VAULT_GET,
      .also = { 404 },
      .read = inspect_vault },
    { .name = "deleted",
      .call = CMG__CALL_VAULT_DELETED,
      .also = { 404 },
      .read = read_deleted },
    { .name = "recover",
      .call = CMG__CALL_VAULT_PUT,
      .effect = true,
      .then = "inspect",
      .build = build_recover,
      .read = read_put },
    { .name = "put",
      .call = CMG__CALL_VAULT_PUT,
      .effect = true,
      .then = "inspect",
      .build = build_vault,
      .read = read_put },
    CMG__POLL_EXCHANGE,
};

const struct cmg__step cmg__step_vault = {
    .name = "vault",
    .title = "key vault",
    .phase = CMG__PHASE_APPLY,
    .what = "key vault",
    .needs = { "resource_group", "provider_keyvault", "tenant" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    .usual_ms = 30 * CMG__SECOND_MS,
    CMG__STEP_EXCHANGES(vault_exchanges),
};

/* ---- the certificate in it ---- */

/* 403 is what a policy that does not work yet looks like. */
static cmg_status wait_for_policy(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    int64_t now = cmg__env_now_ms(&run->work->ctx->env);

    if (run->number == 0)
        run->number = now;
    if (now - run->number > POLICY_DELAY_MS)
        return cmg__answer_fail(run, answer, err);
    cmg__run_say(run, "waiting for the vault's access policy");
    return cmg__next_again(next, -1);
}

static cmg_status keep_secret_url(struct cmg__run *run, const struct cmg__json *cert,
                                  struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__answer_keep(run, cert, "/sid", "cert_secret_url", err);

    if (rc != CMG_OK)
        return rc;
    cmg__run_say(run, "%s", run->plan == CMG__PLAN_KEEP ? "found" : "imported");
    return cmg__next_done(next);
}

static cmg_status inspect_cert(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const char *x5t = cmg__json_str(answer->json, "/x5t");

    if (answer->status == 403)
        return wait_for_policy(run, answer, next, err);
    bool same = answer->status == 200 && x5t != NULL &&
                strcmp(x5t, cmg__fact(run->work, "certificate_x5t")) == 0;
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = same ? CMG__PLAN_KEEP : CMG__PLAN_CREATE;
    return same ? keep_secret_url(run, answer->json, next, err)
                : cmg__next_go(next, "import");
}

static cmg_status build_import(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    struct cmg__work *work = run->work;
    struct cmg__buf pfx, password, text;

    cmg__buf_init_secret(&pfx, work->alloc, CMG__SECRET_MAX);
    cmg__buf_init_secret(&password, work->alloc, CMG__SECRET_MAX);
    cmg__buf_init_secret(&text, work->alloc, 2 * CMG__SECRET_MAX);
    cmg_status rc =
        cmg__secret_load(work, cmg__fact(work, "certificate_kept"), &pfx, err);
    if (rc == CMG_OK)
        rc = cmg__secret_load(work, CMG__SECRET_PFX_PASSWORD, &password, err);
    if (rc == CMG_OK && cmg__base64_encode(&text, pfx.data, pfx.len) == CMG_OK)
        ask->body = cmg__json_pack("{s:s, s:s, s:{s:{s:s}}, s:o}", "value", text.data,
                                   "pwd", cmg__buf_cstr(&password), "policy",
                                   "secret_props", "contentType", "application/x-pkcs12",
                                   "tags", cmg__tags_mark(work));
    if (rc == CMG_OK && ask->body == NULL)
        rc = cmg__fail_nomem(err);
    ask->secret = true;
    cmg__buf_done(&pfx);
    cmg__buf_done(&password);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status read_import(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    return keep_secret_url(run, answer->json, next, err);
}

static const struct cmg__exchange cert_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_CERT_GET,
      .also = { 403, 404 },
      .bind = { { "name", "certificate" } },
      .read = inspect_cert },
    { .name = "import",
      .call = CMG__CALL_CERT_IMPORT,
      .effect = true,
      .look = "inspect",
      .bind = { { "name", "certificate" } },
      .build = build_import,
      .read = read_import },
};

const struct cmg__step cmg__step_vault_certificate = {
    .name = "vault_certificate",
    .title = "certificate in the key vault",
    .phase = CMG__PHASE_APPLY,
    .what = "server certificate in the key vault",
    .needs = { "vault", "certificate" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    .usual_ms = 10 * CMG__SECOND_MS, /* a policy takes a while to work */
    CMG__STEP_EXCHANGES(cert_exchanges),
};
