/*
 * Resource providers, and the names that must be free all over Azure. A name that is
 * taken by a leftover of this very deployment counts as free.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

static cmg_status read_provider(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    const char *state = cmg__json_str(answer->json, "/registrationState");

    if (state == NULL)
        return cmg__answer_lacks(run, "/registrationState", err);
    if (cmg__str_ieq(state, "Registered")) {
        run->plan = run->bits == 0 ? CMG__PLAN_KEEP : run->plan;
        cmg__run_say(run, "%s", "registered");
        return cmg__next_done(next);
    }
    cmg__run_say(run, "%s", state);
    if (run->bits != 0 || cmg__str_ieq(state, "Registering"))
        return cmg__next_again(next, -1);
    run->plan = CMG__PLAN_CHANGE;
    return cmg__next_go(next, "register");
}

static cmg_status read_register(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    run->bits = 1;
    next->after_ms = -1;
    return cmg__next_go(next, "inspect");
}

static const struct cmg__exchange provider_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_PROVIDER, .read = read_provider },
    { .name = "register",
      .call = CMG__CALL_PROVIDER_REGISTER,
      .effect = true,
      .read = read_register },
};

#define PROVIDER(step_name, space)                                                       \
    {                                                                                    \
        .name = step_name, .title = "provider " space, .phase = CMG__PHASE_APPLY,        \
        .what = "provider " space, .param = { "namespace", space }, .enables = true,     \
        .needs = { "subscription" }, .budget_ms = 10 * CMG__MINUTE_MS,                   \
        .usual_ms = 75 * CMG__SECOND_MS, CMG__STEP_EXCHANGES(provider_exchanges),        \
    }

const struct cmg__step cmg__step_provider_compute =
    PROVIDER("provider_compute", "Microsoft.Compute");
const struct cmg__step cmg__step_provider_network =
    PROVIDER("provider_network", "Microsoft.Network");
const struct cmg__step cmg__step_provider_storage =
    PROVIDER("provider_storage", "Microsoft.Storage");
const struct cmg__step cmg__step_provider_keyvault =
    PROVIDER("provider_keyvault", "Microsoft.KeyVault");

/* ---- names ---- */

enum { DNS_TAKEN = 1, STORAGE_TAKEN = 2, VAULT_TAKEN = 4 };

static const struct {
    uint64_t bit;
    const char *type;
    const char *place;
    const char *cause;
} places[] = {
    { DNS_TAKEN, "Microsoft.Network/publicIPAddresses", "DNS name of the region",
      "each public address of the region has a label of its own" },
    { STORAGE_TAKEN, "Microsoft.Storage/storageAccounts", "storage account",
      "storage accounts of all customers share their names" },
    { VAULT_TAKEN, "Microsoft.KeyVault/vaults", "key vault",
      "key vaults of all customers share their names" },
};

static cmg_status read_dns(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    (void)err;
    run->bits = cmg__json_bool(answer->json, "/available", true) ? 0 : DNS_TAKEN;
    return cmg__next_go(next, "storage");
}

static cmg_status build_name(struct cmg__run *run, struct cmg__ask *ask, const char *type,
                             cmg_error **err)
{
    ask->body = cmg__json_pack("{s:s, s:s}", "name", cmg__work_value(run->work, "vault"),
                               "type", type);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status build_storage(struct cmg__run *run, struct cmg__ask *ask,
                                cmg_error **err)
{
    return build_name(run, ask, "Microsoft.Storage/storageAccounts", err);
}

static cmg_status build_vault(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    return build_name(run, ask, "Microsoft.KeyVault/vaults", err);
}

static cmg_status read_storage(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    (void)err;
    if (!cmg__json_bool(answer->json, "/nameAvailable", true))
        run->bits |= STORAGE_TAKEN;
    return cmg__next_go(next, "vault");
}

static cmg_status all_free(struct cmg__run *run, struct cmg__next *next)
{
    cmg__run_say(run, "%s free in all places", cmg__work_value(run->work, "label"));
    return cmg__next_done(next);
}

static cmg_status read_vault(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    (void)err;
    if (!cmg__json_bool(answer->json, "/nameAvailable", true))
        run->bits |= VAULT_TAKEN;
    run->work->vault_is_there = (run->bits & VAULT_TAKEN) != 0;
    return run->bits == 0 ? all_free(run, next) : cmg__next_go(next, "resources");
}

/* Told one by one: another name has to be free in all of them. */
static cmg_status tell_taken(struct cmg__run *run, struct cmg__next *next, bool deleted,
                             cmg_error **err)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(places); i++) {
        const bool remains = deleted && places[i].bit == VAULT_TAKEN;
        const cmg_problem problem = {
            .severity = CMG_SEVERITY_REFUSAL,
            .subject = "/gateway/name",
            .cause = remains ? "a key vault that was deleted keeps its name until it is "
                               "purged"
                             : places[i].cause,
            .remedy = remains ? "choose another name for the gateway, or have that vault "
                                "purged"
                              : "choose another name for the gateway",
        };
        if ((run->bits & places[i].bit) != 0)
            rc = cmg__run_problem(run, CMG_E_EXISTS, &problem, err,
                                  "the name \"%s\" is taken by someone else: %s%s",
                                  cmg__work_value(run->work, "label"),
                                  remains ? "deleted " : "", places[i].place);
    }
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static cmg_status read_resources(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");

    for (size_t i = 0; answer->status == 200 && i < CMG__ARRAY_LEN(places); i++) {
        if (cmg__resource_of_type(run->work, list, places[i].type) != NULL)
            run->bits &= ~places[i].bit;
    }
    if (run->bits == 0)
        return all_free(run, next);
    if ((run->bits & VAULT_TAKEN) != 0)
        return cmg__next_go(next, "deleted");
    return tell_taken(run, next, false, err);
}

/* Our own vault, soft-deleted: the vault's step recovers it. */
static cmg_status read_deleted(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const bool there = answer->status == 200;

    if (there && cmg__deleted_vault_is_ours(run->work, answer->json))
        run->bits &= ~(uint64_t)VAULT_TAKEN;
    return run->bits == 0 ? all_free(run, next) : tell_taken(run, next, there, err);
}

static const struct cmg__exchange names_exchanges[] = {
    { .name = "dns", .call = CMG__CALL_CHECK_DNS, .read = read_dns },
    { .name = "storage",
      .call = CMG__CALL_CHECK_STORAGE,
      .build = build_storage,
      .read = read_storage },
    { .name = "vault",
      .call = CMG__CALL_CHECK_VAULT,
      .build = build_vault,
      .read = read_vault },
    { .name = "resources",
      .call = CMG__CALL_GROUP_RESOURCES,
      .also = { 404 },
      .read = read_resources },
    { .name = "deleted",
      .call = CMG__CALL_VAULT_DELETED,
      .also = { 403, 404 },
      .read = read_deleted },
};

const struct cmg__step cmg__step_names = {
    .name = "names",
    .title = "names",
    .phase = CMG__PHASE_APPLY,
    .needs = { "provider_network", "provider_storage", "provider_keyvault" },
    .judges = true,
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(names_exchanges),
};
