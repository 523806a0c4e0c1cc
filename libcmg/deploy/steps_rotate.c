/*
 * A new server certificate on a gateway that goes on serving. The scale set's model is
 * given the secret's URL, then the instances follow a part at a time: by the set's own
 * rolling upgrade, or, where that has not begun or has given up, one after the other,
 * each waited for until it has seen the change and serves. What was before goes last,
 * when the new certificate has answered: its versions in the vault are disabled, its PFX
 * is replaced.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

#define BIT(state) (UINT32_C(1) << CMG_GATEWAY_##state)

/* A rolling upgrade begins a while after the change of the model. */
#define ROLLING_DELAY_MS (2 * CMG__MINUTE_MS)

/* ---- precondition ---- */

/* A rotation that was cut off left the new PFX, and perhaps instances half-way. */
static cmg_status is_under_way(struct cmg__run *run, bool *out, cmg_error **err)
{
    struct cmg__buf pfx;

    cmg__buf_init_secret(&pfx, run->work->alloc, CMG__SECRET_MAX);
    cmg_status rc = cmg__secret_find(run->work, CMG__SECRET_PFX_NEXT, &pfx, out, err);
    cmg__buf_done(&pfx);
    return rc;
}

static cmg_status check_rotatable(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    uint32_t states = BIT(READY) | BIT(DEGRADED);
    bool under_way = false;
    cmg_status rc = is_under_way(run, &under_way, err);

    (void)answer;
    if (under_way)
        states |= BIT(STARTING) | BIT(PROVISIONING) | BIT(ERROR);
    if (rc == CMG_OK)
        rc = cmg__gateway_require(run, states, "rotate certificate", err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange rotatable_exchanges[] = {
    { .name = "check", .call = CMG__CALL_LOCAL, .read = check_rotatable },
};

const struct cmg__step cmg__step_rotatable = {
    .name = "rotatable",
    .title = "gateway serves",
    .phase = CMG__PHASE_APPLY,
    .needs = { "gateway" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(rotatable_exchanges),
};

/* ---- the model ---- */

/* Azure does not give the secrets of a model back, so what was patched is a fact. The
   patch is a goal: sent again it changes nothing. */
static cmg_status inspect_model(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    const char *mode = cmg__json_str(answer->json, "/properties/upgradePolicy/mode");
    const bool same = strcmp(cmg__fact(run->work, "model_secret_url"),
                             cmg__fact(run->work, "cert_secret_url")) == 0;

    if (cmg__fact_set(run->work, "upgrade_mode", mode) != CMG_OK)
        return cmg__fail_nomem(err);
    run->plan = same ? CMG__PLAN_KEEP : CMG__PLAN_CHANGE;
    return same ? cmg__next_done(next) : cmg__next_go(next, "patch");
}

static cmg_status build_model(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    const struct cmg__work *work = run->work;

    ask->body = cmg__json_pack(
        "{s:{s:{s:{s:[{s:{s:s}, s:[{s:s}]}]}}}}", "properties", "virtualMachineProfile",
        "osProfile", "secrets", "sourceVault", "id", cmg__fact(work, "vault_id"),
        "vaultCertificates", "certificateUrl", cmg__fact(work, "cert_secret_url"));
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

cmg_status cmg__read_set_change(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    if (answer->status != 409)
        return cmg__lro_start(run, answer, next, err);
    cmg__run_say(run, "waiting: another operation is under way");
    return cmg__next_again(next, -1);
}

static cmg_status read_patched(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    if (cmg__resource_is_broken(answer->json))
        return cmg__fail(err, run->work->alloc, CMG_E_IO, run->work->gateway->name,
                         "look at the scale set's activity log, then start again with "
                         "the same journal",
                         "the scale set did not take the new certificate");
    if (cmg__fact_set(run->work, "model_secret_url",
                      cmg__fact(run->work, "cert_secret_url")) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "changed");
    return cmg__next_done(next);
}

static const struct cmg__exchange model_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_SCALE_SET_GET,
      .bind = { { "name", "label" } },
      .read = inspect_model },
    { .name = "patch",
      .call = CMG__CALL_SCALE_SET_PATCH,
      .effect = true,
      .also = { 409 },
      .then = "patched",
      .bind = { { "name", "label" } },
      .build = build_model,
      .read = cmg__read_set_change },
    { .name = "poll",
      .call = CMG__CALL_POLL,
      .also = { 404 },
      .look = "patched",
      .then = "patched",
      .bind = { { "url", "poll" } },
      .read = cmg__lro_poll },
    { .name = "patched",
      .call = CMG__CALL_SCALE_SET_GET,
      .bind = { { "name", "label" } },
      .read = read_patched },
};

const struct cmg__step cmg__step_model = {
    .name = "model",
    .title = "certificate of the scale set",
    .phase = CMG__PHASE_APPLY,
    .what = "server certificate of the scale set",
    .needs = { "rotatable", "vault_certificate" },
    .budget_ms = 30 * CMG__MINUTE_MS,
    .usual_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(model_exchanges),
};

/* ---- the instances ---- */

/* A rolling upgrade was seen at work; its end was seen; a pause has begun. */
enum { ROLLED = 1, ROLLED_OUT = 2, PAUSING = 4 };

/* Which instance was to be updated last, until its pause is over: a run that ends before
   that leaves the pause to the next one. */
#define UPDATED "updated_instance"

static cmg_status look_at_instances(struct cmg__run *run,
                                    const struct cmg__answer *answer,
                                    struct cmg__next *next, cmg_error **err)
{
    const struct cmg__gateway_seen *seen = &run->work->gateway->seen;

    (void)err;
    cmg__gateway_see_instances(run, answer->json);
    const cmg_status rc =
        cmg__gateway_next_outdated(answer->json, run->scratch, sizeof run->scratch);
    cmg__run_say(run, "%u of %u instances have it, %u serve",
                 seen->instances - seen->outdated, seen->instances, seen->healthy);
    if (seen->instances > 0)
        run->percent = (int)((seen->instances - seen->outdated) * 100 / seen->instances);
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = rc == CMG_E_NOTFOUND ? CMG__PLAN_KEEP : CMG__PLAN_CHANGE;
    if (cmg__run_fact(run, UPDATED)[0] != '\0')
        return cmg__next_go(next, "pause");
    if (rc == CMG_E_NOTFOUND)
        return cmg__next_done(next);
    return rc == CMG_OK ? cmg__next_go(next, "rolling") : cmg__next_again(next, -1);
}

static cmg_status look_later(struct cmg__next *next)
{
    const cmg_status rc = cmg__next_go(next, "inspect");

    next->after_ms = -1; /* as long as the polling rule says */
    return rc;
}

/* While the set itself upgrades nothing is asked of it; it may not have begun yet. */
static cmg_status read_rolling(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const char *code = cmg__json_str(answer->json, "/properties/runningStatus/code");
    const bool rolls = cmg__str_ieq(cmg__fact(run->work, "upgrade_mode"), "Rolling");
    const int64_t now = cmg__env_now_ms(&run->work->ctx->env);

    (void)err;
    if (code != NULL && cmg__str_ieq(code, "RollingForward")) {
        run->bits |= ROLLED;
        return look_later(next);
    }
    /* What it did last is looked at once more; one that was cancelled or gave up may have
       cut its own pause short. */
    if ((run->bits & (ROLLED | ROLLED_OUT)) == ROLLED) {
        run->bits |= ROLLED_OUT;
        return cmg__next_go(
            next, cmg__str_ieq(cmg__str_or(code, ""), "Completed") ? "inspect" : "pause");
    }
    if (run->number == 0)
        run->number = now;
    if (rolls && (run->bits & ROLLED) == 0 && now - run->number < ROLLING_DELAY_MS) {
        cmg__run_say(run, "waiting for the rolling upgrade to begin");
        return cmg__next_again(next, -1);
    }
    return cmg__next_go(next, "note");
}

/* Durable before the request leaves. */
static cmg_status note_instance(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    return cmg__run_fact_set(run, UPDATED, run->scratch) == CMG_OK
               ? cmg__next_go(next, "upgrade")
               : cmg__fail_nomem(err);
}

static cmg_status build_upgrade(struct cmg__run *run, struct cmg__ask *ask,
                                cmg_error **err)
{
    ask->body = cmg__json_pack("{s:[s]}", "instanceIds", run->scratch);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status read_upgrade(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    if (answer->status != 409)
        return cmg__lro_start(run, answer, next, err);
    cmg__run_say(run, "waiting: another operation is under way");
    return look_later(next);
}

/* Only then does its health tell anything of what it was given. */
static cmg_status pause(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    run->bits ^= PAUSING;
    if ((run->bits & PAUSING) != 0) {
        cmg__run_say(run, "waiting until the instance has seen the change");
        return cmg__next_again(next, CMG__PART_PAUSE_MS);
    }
    return cmg__run_fact_set(run, UPDATED, NULL) == CMG_OK ? cmg__next_go(next, "inspect")
                                                           : cmg__fail_nomem(err);
}

static const struct cmg__exchange roll_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_SCALE_SET_INSTANCES,
      .bind = { { "name", "label" } },
      .read = look_at_instances },
    { .name = "rolling",
      .call = CMG__CALL_SCALE_SET_ROLLING,
      .also = { 404 },
      .bind = { { "name", "label" } },
      .read = read_rolling },
    { .name = "note", .call = CMG__CALL_LOCAL, .effect = true, .read = note_instance },
    { .name = "upgrade",
      .call = CMG__CALL_SCALE_SET_UPGRADE,
      .effect = true,
      .renews_budget = true,
      .also = { 409 },
      .then = "inspect",
      .bind = { { "name", "label" } },
      .build = build_upgrade,
      .read = read_upgrade },
    { .name = "pause", .call = CMG__CALL_LOCAL, .effect = true, .read = pause },
    CMG__POLL_EXCHANGE,
};

const struct cmg__step cmg__step_roll = {
    .name = "roll",
    .title = "certificate of the instances",
    .phase = CMG__PHASE_APPLY,
    .what = "server certificate of the instances, a part at a time",
    .needs = { "model" },
    .budget_ms = 60 * CMG__MINUTE_MS,
    .usual_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(roll_exchanges),
};

/* The same for other changes of the model. */
const struct cmg__step cmg__step_follow = {
    .name = "follow",
    .title = "instances",
    .phase = CMG__PHASE_APPLY,
    .what = "instances follow, a part at a time",
    .needs = { "settings" },
    .budget_ms = 60 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(roll_exchanges),
};

/* ---- what was before ---- */

static const char *last_segment(const char *url)
{
    const char *slash = strrchr(url, '/');

    return slash == NULL ? url : slash + 1;
}

/* The first enabled version that is not the current one; NULL when there is none. */
static const char *former_version(const struct cmg__run *run,
                                  const struct cmg__json *list)
{
    const char *current = last_segment(cmg__fact(run->work, "cert_secret_url"));

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        const char *version = last_segment(cmg__str_or(cmg__json_str(entry, "/id"), ""));

        if (version[0] != '\0' && strcmp(version, current) != 0 &&
            cmg__json_bool(entry, "/attributes/enabled", true))
            return version;
    }
    return NULL;
}

static cmg_status read_versions(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    const char *version = former_version(run, cmg__json_at(answer->json, "/value"));
    bool more = false;

    if (version != NULL) {
        (void)snprintf(run->scratch, sizeof run->scratch, "%s", version);
        return cmg__next_go(next, "disable");
    }
    cmg_status rc = cmg__page_follow(run, answer, next, &more, err);
    if (rc != CMG_OK || more)
        return rc;
    cmg__run_say(run, "disabled");
    return cmg__next_done(next);
}

static cmg_status build_disable(struct cmg__run *run, struct cmg__ask *ask,
                                cmg_error **err)
{
    (void)run;
    ask->body = cmg__json_pack("{s:{s:b}}", "attributes", "enabled", 0);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static const struct cmg__exchange versions_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_CERT_VERSIONS,
      .then = "page",
      .bind = { { "name", "certificate" } },
      .read = read_versions },
    { .name = "page",
      .call = CMG__CALL_CERT_VERSIONS_PAGE,
      .with_token = true,
      .token = CMG__TOKEN_VAULT,
      .then = "page",
      .bind = { { "url", "page" } },
      .read = read_versions },
    { .name = "disable",
      .call = CMG__CALL_CERT_PATCH,
      .effect = true,
      .then = "inspect",
      .bind = { { "name", "certificate" }, { "version", "scratch" } },
      .build = build_disable,
      .read = cmg__read_then },
};

const struct cmg__step cmg__step_former_versions = {
    .name = "former_versions",
    .title = "former certificate in the key vault",
    .phase = CMG__PHASE_VERIFY,
    .what = "former versions in the key vault: disable them",
    .needs = { "answer" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(versions_exchanges),
};

/* The new PFX takes the place of the old one, and only then goes from its own. */
static cmg_status replace_pfx(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    struct cmg__buf pfx;
    cmg_status rc = CMG_OK;

    (void)answer;
    if (strcmp(cmg__fact(work, "certificate_kept"), CMG__SECRET_PFX_NEXT) == 0) {
        cmg__buf_init_secret(&pfx, work->alloc, CMG__SECRET_MAX);
        rc = cmg__secret_load(work, CMG__SECRET_PFX_NEXT, &pfx, err);
        if (rc == CMG_OK)
            rc = cmg__secret_save(work, CMG__SECRET_PFX, pfx.data, pfx.len, err);
        cmg__buf_done(&pfx);
        if (rc == CMG_OK &&
            cmg__fact_set(work, "certificate_kept", CMG__SECRET_PFX) != CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    return rc == CMG_OK ? cmg__next_go(next, "forget") : rc;
}

static cmg_status forget_next(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    cmg_status rc = cmg__secret_remove(run->work, CMG__SECRET_PFX_NEXT, err);
    if (rc == CMG_OK)
        rc = cmg__rotation_end(run, err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange secret_exchanges[] = {
    { .name = "replace", .call = CMG__CALL_LOCAL, .effect = true, .read = replace_pfx },
    { .name = "forget", .call = CMG__CALL_LOCAL, .effect = true, .read = forget_next },
};

const struct cmg__step cmg__step_former_secret = {
    .name = "former_secret",
    .title = "kept certificate",
    .phase = CMG__PHASE_VERIFY,
    .needs = { "former_versions" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(secret_exchanges),
};
