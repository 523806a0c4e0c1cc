/* What the signed-in account sees: tenant and subscription. */
#include <string.h>

#include "base/error.h"
#include "deploy/id_uri.h"
#include "deploy/sign_in.h"
#include "deploy/steps.h"

/* ---- tenant ---- */

static cmg_status check_tenant(struct cmg__run *run, const char *id, cmg_error **err)
{
    const char *wanted = run->work->gateway->tenant->id;

    if (wanted[0] == '\0' || cmg__str_ieq(wanted, id))
        return CMG_OK;
    return cmg__fail(err, run->work->alloc, CMG_E_CONFLICT, "/tenant/id",
                     "sign in to the tenant of the specification, or correct it",
                     "signed in to tenant %s, but the specification says %s", id, wanted);
}

static cmg_status observe_tenant(struct cmg__run *run, const char *id, const char *name)
{
    const struct cmg__alloc *alloc = run->work->alloc;
    cmg_gateway *gateway = run->work->gateway;
    char *uri = cmg__id_uri_make(run->work, id);
    cmg_status rc = uri == NULL ? CMG_E_NOMEM
                                : cmg__observe(alloc, &gateway->server_app->id_uri, uri);

    if (rc == CMG_OK)
        rc = cmg__fact_set(run->work, "server_id_uri", uri);
    if (rc == CMG_OK)
        rc = cmg__observe(alloc, &gateway->tenant->id, id);
    if (rc == CMG_OK)
        rc = cmg__observe(alloc, &gateway->tenant->display_name, name);
    if (rc == CMG_OK)
        rc = cmg__fact_set(run->work, "tenant_id", id);
    cmg__free(alloc, uri);
    return rc;
}

/* The initial domain first, the others in the directory's order. */
static cmg_status add_domains(const struct cmg__json *found, bool initial,
                              struct cmg__json *out)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(found); i++) {
        const struct cmg__json *domain = cmg__json_item(found, i);
        const char *name = cmg__json_str(domain, "/name");
        if (name != NULL && cmg__json_bool(domain, "/isInitial", false) == initial)
            rc = cmg__json_append(out, cmg__json_string(name));
    }
    return rc;
}

static cmg_status observe_domains(cmg_tenant *tenant, const struct cmg__json *found)
{
    struct cmg__json *domains = cmg__json_array();

    if (domains == NULL || add_domains(found, true, domains) != CMG_OK ||
        add_domains(found, false, domains) != CMG_OK) {
        cmg__json_unref(domains);
        return CMG_E_NOMEM;
    }
    cmg__json_unref(tenant->domains);
    tenant->domains = domains;
    return CMG_OK;
}

static cmg_status read_tenant(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const char *id = cmg__json_str(answer->json, "/value/0/id");
    const char *name = cmg__json_str(answer->json, "/value/0/displayName");

    if (id == NULL || !cmg__guid_is_valid(id))
        return cmg__answer_lacks(run, "/value/0/id", err);
    cmg_status rc = check_tenant(run, id, err);
    if (rc == CMG_OK)
        rc = cmg__id_uri_check(run->work, id, answer->json, err);
    if (rc != CMG_OK)
        return rc;
    if (observe_tenant(run, id, cmg__str_or(name, "")) != CMG_OK ||
        observe_domains(run->work->gateway->tenant,
                        cmg__json_at(answer->json, "/value/0/verifiedDomains")) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "%s", cmg__str_or(name, id));
    if (cmg__sign_in_is_person(run->work))
        return cmg__next_go(next, "person");
    if (run->work->principal_id[0] == '\0') {
        if (!cmg__str_is_empty(cmg__work_value(run->work, "sign_in_client")))
            return cmg__next_go(next, "application");
        return cmg__fail(err, run->work->alloc, CMG_E_AUTH, "principal",
                         "choose the managed identity by its object ID",
                         "nothing says which principal of tenant %s is signed in", id);
    }
    if (cmg__fact_set(run->work, "principal_id", run->work->principal_id) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_done(next);
}

/* Who is signed in: the vault's access policy names it. */
static cmg_status read_principal(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    const char *id = cmg__json_str(answer->json, "/id");
    const char *user = cmg__json_str(answer->json, "/userPrincipalName");

    if (id == NULL || !cmg__guid_is_valid(id))
        return cmg__answer_lacks(run, "/id", err);
    if (cmg__fact_set(run->work, "principal_id", id) != CMG_OK)
        return cmg__fail_nomem(err);
    if (user != NULL)
        cmg__run_say(run, "signed in as %s", user);
    return cmg__next_done(next);
}

static const struct cmg__exchange tenant_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_ORGANIZATION, .read = read_tenant },
    { .name = "person", .call = CMG__CALL_ME, .read = read_principal },
    { .name = "application",
      .call = CMG__CALL_SP_BY_APP_ID,
      .bind = { { "app_id", "sign_in_client" } },
      .read = read_principal },
};

const struct cmg__step cmg__step_tenant = {
    .name = "tenant",
    .title = "tenant",
    .phase = CMG__PHASE_APPLY,
    .needs = { "sign_in" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(tenant_exchanges),
};

/* ---- subscription ---- */

static bool is_writable(const char *state)
{
    static const char *const writable[] = { "Enabled", "Warned", "PastDue" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(writable); i++) {
        if (cmg__str_ieq(state, writable[i]))
            return true;
    }
    return false;
}

static cmg_status read_subscription(struct cmg__run *run,
                                    const struct cmg__answer *answer,
                                    struct cmg__next *next, cmg_error **err)
{
    const struct cmg__work *work = run->work;
    const char *state = cmg__json_str(answer->json, "/state");
    const char *tenant = cmg__json_str(answer->json, "/tenantId");

    if (state == NULL)
        return cmg__answer_lacks(run, "/state", err);
    if (!is_writable(state))
        return cmg__fail(err, work->alloc, CMG_E_DENIED, "/tenant/subscription_id",
                         "use another subscription, or have this one enabled again",
                         "subscription %s is in state %s: nothing can be made in it",
                         cmg__work_value(work, "subscription"), state);
    if (tenant != NULL && !cmg__str_ieq(tenant, cmg__fact(work, "tenant_id")))
        return cmg__fail(err, work->alloc, CMG_E_CONFLICT, "/tenant/subscription_id",
                         "use a subscription of the tenant, or sign in to its tenant",
                         "subscription %s belongs to tenant %s, signed in to %s",
                         cmg__work_value(work, "subscription"), tenant,
                         cmg__fact(work, "tenant_id"));
    cmg__run_say(run, "%s",
                 cmg__str_or(cmg__json_str(answer->json, "/displayName"), state));
    return cmg__next_done(next);
}

static const struct cmg__exchange subscription_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_SUBSCRIPTION, .read = read_subscription },
};

const struct cmg__step cmg__step_subscription = {
    .name = "subscription",
    .title = "subscription",
    .phase = CMG__PHASE_APPLY,
    .needs = { "tenant" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(subscription_exchanges),
};
