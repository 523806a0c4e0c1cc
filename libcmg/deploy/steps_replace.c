/*
 * A second gateway beside the first. The old one must serve when it begins, and goes only
 * when the new one has answered in this very run and the time that clients need has
 * passed: there is never none. What is removed of it is its resource group and what that
 * leaves of the vault; its applications belong to its own deletion.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/replacement.h"
#include "deploy/steps.h"
#include "model/inventory.h"

#define IN_OLD_GROUP                                                                     \
    { "subscription", ".subscription" },                                                 \
    {                                                                                    \
        "group", ".group"                                                                \
    }

/* ---- the old one serves ---- */

static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    const cmg_status rc = cmg__replacement_begin(run->work, err);

    (void)answer;
    if (rc != CMG_OK)
        return rc;
    run->plan = CMG__PLAN_REMOVE;
    cmg__run_say(run, "%s", cmg__run_fact(run, ".name"));
    return cmg__replacement_serves_already(run->work) ? cmg__next_done(next)
                                                      : cmg__next_go(next, "group");
}

static cmg_status fail_idle(struct cmg__run *run, const char *what, cmg_error **err)
{
    return cmg__fail(err, run->work->alloc, CMG_E_STATE, cmg__run_fact(run, ".name"),
                     "start the old gateway; or create the new one and delete the old "
                     "one, when nobody uses it",
                     "gateway \"%s\" does not serve: %s", cmg__run_fact(run, ".name"),
                     what);
}

static bool is_the_old_ones(const struct cmg__run *run, const struct cmg__json *resource)
{
    const char *id = cmg__json_str(resource, "/tags/" CMG__TAG_DEPLOYMENT);

    return id != NULL && cmg__str_ieq(id, cmg__run_fact(run, ".deployment_id"));
}

/* A run that died when all was done is started again; or the old one was made again. */
static cmg_status look_again(struct cmg__run *run, bool is_there, struct cmg__next *next,
                             cmg_error **err)
{
    if (!is_there) {
        run->plan = CMG__PLAN_KEEP;
        cmg__run_say(run, "%s has been replaced", cmg__run_fact(run, ".name"));
        return cmg__next_done(next);
    }
    const cmg_status rc = cmg__replacement_anew(run->work, err);
    return rc == CMG_OK ? cmg__next_go(next, "instances") : rc;
}

static cmg_status read_old_group(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    const bool is_there = answer->status != 404;
    const bool is_ours = is_there && is_the_old_ones(run, answer->json);

    if (cmg__replacement_is_done(run->work))
        return look_again(run, is_ours, next, err);
    if (!is_there)
        return fail_idle(run, "its resource group is not there", err);
    if (!is_ours)
        return fail_idle(run, "its resource group is somebody else's", err);
    return cmg__next_go(next, "instances");
}

static cmg_status read_old_instances(struct cmg__run *run,
                                     const struct cmg__answer *answer,
                                     struct cmg__next *next, cmg_error **err)
{
    const size_t running =
        answer->status == 404 ? 0 : cmg__instances_running(answer->json);

    if (running == 0)
        return fail_idle(run, "none of its instances run", err);
    cmg__run_say(run, "%s, when its time has come", cmg__run_fact(run, ".name"));
    return cmg__next_done(next);
}

static const struct cmg__exchange old_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    { .name = "group",
      .call = CMG__CALL_GROUP_GET,
      .also = { 404 },
      .bind = { IN_OLD_GROUP },
      .read = read_old_group },
    { .name = "instances",
      .call = CMG__CALL_SCALE_SET_INSTANCES,
      .also = { 404 },
      .bind = { IN_OLD_GROUP, { "name", ".name" } },
      .read = read_old_instances },
};

const struct cmg__step cmg__step_old_gateway = {
    .name = "old_gateway",
    .title = "old gateway",
    .phase = CMG__PHASE_APPLY,
    .what = "old gateway",
    .prefix = "old",
    .needs = { "subscription" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(old_exchanges),
};

/* ---- the time that clients need ---- */

static cmg_status note_serving(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const cmg_status rc = cmg__replacement_is_done(run->work)
                              ? CMG_OK
                              : cmg__replacement_serves(run->work, err);

    (void)answer;
    return rc == CMG_OK ? cmg__next_go(next, "wait") : rc;
}

static void say_until(struct cmg__run *run)
{
    const int64_t until = cmg__env_unix_s(&run->work->ctx->env) +
                          cmg__replacement_left_ms(run->work) / 1000;
    char text[CMG__TIME_SIZE];

    cmg__time_format(until, text);
    cmg__run_say(run, "both serve, \"%s\" may go from %s on", cmg__run_fact(run, ".name"),
                 text);
}

/* The wall clock is asked again and again, for the machine may sleep meanwhile. */
static cmg_status wait_until_due(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    const int64_t left_ms = cmg__replacement_left_ms(run->work);

    (void)answer;
    (void)err;
    if (left_ms == 0)
        return cmg__next_done(next);
    say_until(run);
    if (run->work->replacement.mode != CMG_REPLACE_WAIT)
        return cmg__next_done(next);
    run->extend_ms = left_ms + run->step->budget_ms;
    return cmg__next_again(next, left_ms < CMG__MINUTE_MS ? left_ms : CMG__MINUTE_MS);
}

static const struct cmg__exchange wait_exchanges[] = {
    { .name = "serves", .call = CMG__CALL_LOCAL, .effect = true, .read = note_serving },
    { .name = "wait", .call = CMG__CALL_LOCAL, .read = wait_until_due },
};

const struct cmg__step cmg__step_old_wait = {
    .name = "old_wait",
    .title = "time for clients to learn the new gateway",
    .phase = CMG__PHASE_VERIFY,
    .prefix = "old",
    .needs = { "old_gateway", "made" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(wait_exchanges),
};

/* ---- the old one goes ---- */

static cmg_status begin_gone(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    if (cmg__replacement_is_done(run->work))
        return cmg__next_done(next);
    if (cmg__replacement_left_ms(run->work) == 0)
        return cmg__next_go(next, "inspect");
    say_until(run);
    return cmg__next_done(next);
}

static cmg_status inspect_old(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const char *state =
        cmg__str_or(cmg__json_str(answer->json, "/properties/provisioningState"), "");

    (void)err;
    if (answer->status == 404) {
        cmg__run_say(run, "%s is gone", cmg__run_fact(run, ".name"));
        return cmg__next_done(next);
    }
    if (!is_the_old_ones(run, answer->json)) {
        cmg__run_say(run, "its resource group is somebody else's, left alone");
        return cmg__next_done(next);
    }
    return cmg__str_ieq(state, "Deleting") ? cmg__next_again(next, -1)
                                           : cmg__next_go(next, "resources");
}

/* The group goes as a whole, so all of it must be the old gateway's. */
static cmg_status read_old_resources(struct cmg__run *run,
                                     const struct cmg__answer *answer,
                                     struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    bool more = false;

    for (size_t i = 0; answer->status == 200 && i < cmg__json_size(list); i++) {
        const struct cmg__json *item = cmg__json_item(list, i);

        if (!is_the_old_ones(run, item))
            return cmg__fail(
                err, run->work->alloc, CMG_E_CONFLICT, cmg__run_fact(run, ".group"),
                "run CMG_DEPLOY_DELETE on the old gateway: it leaves what is "
                "not part of it",
                "both gateways serve, but resource group \"%s\" also holds "
                "%s \"%s\"",
                cmg__run_fact(run, ".group"),
                cmg__str_or(cmg__json_str(item, "/type"), "a resource"),
                cmg__str_or(cmg__json_str(item, "/name"), "?"));
    }
    const cmg_status rc =
        answer->status == 200 ? cmg__page_follow(run, answer, next, &more, err) : CMG_OK;
    return rc != CMG_OK || more ? rc : cmg__next_go(next, "delete");
}

static const struct cmg__exchange gone_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin_gone },
    { .name = "inspect",
      .call = CMG__CALL_GROUP_GET,
      .also = { 404 },
      .bind = { IN_OLD_GROUP },
      .read = inspect_old },
    { .name = "resources",
      .call = CMG__CALL_GROUP_RESOURCES,
      .also = { 404 },
      .then = "page",
      .bind = { IN_OLD_GROUP },
      .read = read_old_resources },
    CMG__PAGE_EXCHANGE(read_old_resources),
    { .name = "delete",
      .call = CMG__CALL_GROUP_DELETE,
      .effect = true,
      .then = "inspect",
      .bind = { IN_OLD_GROUP },
      .read = cmg__lro_start },
    CMG__POLL_EXCHANGE,
};

const struct cmg__step cmg__step_old_gone = {
    .name = "old_gone",
    .title = "old gateway",
    .phase = CMG__PHASE_VERIFY,
    .prefix = "old",
    .needs = { "old_wait", "endpoint", "instances", "answer" },
    .budget_ms = 60 * CMG__MINUTE_MS,
    .usual_ms = 8 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(gone_exchanges),
};

/* ---- what that leaves ---- */

static bool stood_there(const struct cmg__run *run, const struct cmg__json *vault)
{
    return cmg__id_is_in(cmg__str_or(cmg__json_str(vault, "/properties/vaultId"), ""),
                         cmg__run_fact(run, ".subscription"),
                         cmg__run_fact(run, ".group"));
}

static cmg_status inspect_old_vault(struct cmg__run *run,
                                    const struct cmg__answer *answer,
                                    struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404 || !stood_there(run, answer->json))
        return cmg__next_go(next, "end");
    if (cmg__json_bool(answer->json, "/properties/purgeProtectionEnabled", false)) {
        const cmg_status rc =
            cmg__inventory_note(run, CMG_INVENTORY_DELETED, answer->json, err);
        return rc == CMG_OK ? cmg__next_go(next, "end") : rc;
    }
    return run->bits != 0 ? cmg__next_again(next, -1) : cmg__next_go(next, "purge");
}

static cmg_status read_old_purge(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    run->bits = 1;
    return cmg__lro_start(run, answer, next, err);
}

static cmg_status end_replacement(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    const cmg_status rc = cmg__replacement_end(run->work, err);

    (void)answer;
    cmg__run_say(run, "removed");
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

#define OLD_VAULT                                                                        \
    { "subscription", ".subscription" }, { "region", ".region" },                        \
    {                                                                                    \
        "vault", ".name"                                                                 \
    }

static const struct cmg__exchange rest_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin_gone },
    { .name = "inspect",
      .call = CMG__CALL_VAULT_DELETED,
      .also = { 404 },
      .bind = { OLD_VAULT },
      .read = inspect_old_vault },
    { .name = "purge",
      .call = CMG__CALL_VAULT_PURGE,
      .effect = true,
      .then = "inspect",
      .bind = { OLD_VAULT },
      .read = read_old_purge },
    CMG__POLL_EXCHANGE,
    { .name = "end", .call = CMG__CALL_LOCAL, .effect = true, .read = end_replacement },
};

const struct cmg__step cmg__step_old_rest = {
    .name = "old_rest",
    .title = "old gateway's deleted key vault",
    .phase = CMG__PHASE_VERIFY,
    .prefix = "old",
    .needs = { "old_gone" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(rest_exchanges),
};
