/*
 * What instances are told, brought to those that are there: settings, and which service
 * package they are to have. The scale set's model is given the user data, then the
 * instances follow a part at a time (steps_rotate.c). A machine gets changed user data
 * while it runs.
 */
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "deploy/steps.h"

#define BIT(state)    (UINT32_C(1) << CMG_GATEWAY_##state)
#define USER_DATA_MAX ((size_t)1024 * 1024)

/* ---- preconditions ---- */

/* A gateway that is being changed, or half-way, may be what an earlier run left. */
static cmg_status check(struct cmg__run *run, const char *what, cmg_error **err)
{
    return cmg__gateway_require(
        run, BIT(READY) | BIT(DEGRADED) | BIT(STARTING) | BIT(PROVISIONING) | BIT(ERROR),
        what, err);
}

static cmg_status check_synchronisable(struct cmg__run *run,
                                       const struct cmg__answer *answer,
                                       struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    cmg_status rc = check(run, "synchronise", err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static cmg_status check_upgradable(struct cmg__run *run, const struct cmg__answer *answer,
                                   struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    if (run->work->gateway->package.size == 0)
        return cmg__fail(err, run->work->alloc, CMG_E_STATE, "package",
                         "call cmg_gateway_set_package() with the new package",
                         "there is no service package to upgrade to");
    cmg_status rc = check(run, "upgrade", err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange synchronisable_exchanges[] = {
    { .name = "check", .call = CMG__CALL_LOCAL, .read = check_synchronisable },
};

static const struct cmg__exchange upgradable_exchanges[] = {
    { .name = "check", .call = CMG__CALL_LOCAL, .read = check_upgradable },
};

const struct cmg__step cmg__step_synchronisable = {
    .name = "synchronisable",
    .title = "gateway can be told",
    .phase = CMG__PHASE_APPLY,
    .needs = { "gateway" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(synchronisable_exchanges),
};

const struct cmg__step cmg__step_upgradable = {
    .name = "upgradable",
    .title = "gateway can be upgraded",
    .phase = CMG__PHASE_APPLY,
    .needs = { "gateway" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(upgradable_exchanges),
};

/* ---- the model ---- */

/* Base64, as Azure keeps it. set: of which the plan is to tell what differs, or NULL. */
static cmg_status wanted(struct cmg__run *run, const struct cmg__json *set,
                         struct cmg__buf *out, cmg_error **err)
{
    const struct cmg__work *work = run->work;
    struct cmg__buf plain;

    cmg__buf_init(&plain, work->alloc, USER_DATA_MAX);
    cmg_status rc = cmg__user_data_make(work->gateway, work->deployment_id, &plain, err);
    if (rc == CMG_OK)
        rc = cmg__user_data_check(work->alloc, plain.len, err);
    if (rc == CMG_OK && set != NULL)
        rc = cmg__plan_told(run, set, cmg__buf_cstr(&plain), run->step->name, err);
    if (rc == CMG_OK && cmg__base64_encode(out, plain.data, plain.len) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&plain);
    return rc;
}

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    static const char path[] = "/properties/virtualMachineProfile/userData";
    const char *mode = cmg__json_str(answer->json, "/properties/upgradePolicy/mode");
    struct cmg__buf text;

    cmg__buf_init(&text, run->work->alloc, 2 * USER_DATA_MAX);
    const bool first = run->plan == CMG__PLAN_UNKNOWN;
    cmg_status rc = wanted(run, first ? answer->json : NULL, &text, err);
    const bool same =
        rc == CMG_OK && strcmp(cmg__str_or(cmg__json_str(answer->json, path), ""),
                               cmg__buf_cstr(&text)) == 0;
    cmg__buf_done(&text);
    if (rc == CMG_OK && cmg__fact_set(run->work, "upgrade_mode", mode) != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc != CMG_OK)
        return rc;
    if (first)
        run->plan = same ? CMG__PLAN_KEEP : CMG__PLAN_CHANGE;
    cmg__run_say(run, "%s", run->plan == CMG__PLAN_KEEP ? "the same" : "changed");
    return same ? cmg__next_done(next) : cmg__next_go(next, "patch");
}

static cmg_status build(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init(&text, run->work->alloc, 2 * USER_DATA_MAX);
    cmg_status rc = wanted(run, NULL, &text, err);
    if (rc == CMG_OK) {
        ask->body = cmg__json_pack("{s:{s:{s:s}}}", "properties", "virtualMachineProfile",
                                   "userData", cmg__buf_cstr(&text));
        rc = ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
    }
    cmg__buf_done(&text);
    return rc;
}

static const struct cmg__exchange settings_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_SCALE_SET_USER_DATA,
      .bind = { { "name", "label" } },
      .read = inspect },
    { .name = "patch",
      .call = CMG__CALL_SCALE_SET_PATCH,
      .effect = true,
      .also = { 409 },
      .then = "inspect",
      .bind = { { "name", "label" } },
      .build = build,
      .read = cmg__read_set_change },
    CMG__POLL_EXCHANGE,
};

const struct cmg__step cmg__step_settings = {
    .name = "settings",
    .title = "settings of the scale set",
    .phase = CMG__PHASE_APPLY,
    .what = "settings that the instances are told",
    .needs = { "synchronisable", "upgradable", "package", "server_known",
               "client_known" },
    .budget_ms = 30 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(settings_exchanges),
};
