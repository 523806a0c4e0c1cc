/*
 * What would stop a create half-way, looked at before anything is made: may the account
 * do it, does a lock forbid it, does the authority last. Each refusal fails a create; a
 * preflight collects them all. Sizes and quotas are in steps_quota.c.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/rights.h"
#include "deploy/steps.h"

/* ---- rights ---- */

static bool same_letter(char a, char b)
{
    const bool letter = (a >= 'a' && a <= 'z') || (a >= 'A' && a <= 'Z');

    return a == b || (letter && (a ^ b) == ('a' ^ 'A'));
}

/* "*" stands for any text, also one with slashes; the last one tried is enough to come
   back to. */
static bool matches(const char *pattern, const char *action)
{
    const char *star = NULL;
    const char *from = NULL;

    while (*action != '\0') {
        if (*pattern == '*') {
            star = ++pattern;
            from = action;
        } else if (same_letter(*pattern, *action)) {
            pattern++;
            action++;
        } else if (star != NULL) {
            pattern = star;
            action = ++from;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

static bool any_matches(const struct cmg__json *patterns, const char *action)
{
    for (size_t i = 0; i < cmg__json_size(patterns); i++) {
        const char *pattern = cmg__json_str(cmg__json_item(patterns, i), "");
        if (pattern != NULL && matches(pattern, action))
            return true;
    }
    return false;
}

/* Allowed by an entry that does not take it back itself. */
static bool is_allowed(const struct cmg__json *entries, const char *action)
{
    for (size_t i = 0; i < cmg__json_size(entries); i++) {
        const struct cmg__json *entry = cmg__json_item(entries, i);
        if (any_matches(cmg__json_at(entry, "/actions"), action) &&
            !any_matches(cmg__json_at(entry, "/notActions"), action))
            return true;
    }
    return false;
}

/* A deletion or a stop of what is not there needs no right on it. */
enum { WITHOUT_GROUP = 1, SECOND = 2, LACKING = 4 }; /* LACKING: counted from there */

/* Does this operation look at it, and how bad is it then to lack it? */
static bool concerns(const struct cmg__run *run, const struct cmg__step_action *row,
                     cmg_severity *severity)
{
    const bool makes = cmg__run_has_step(run, "resource_group");
    const bool does = row->when != CMG__WHEN_MADE && cmg__run_has_step(run, row->step);

    *severity = does ? CMG_SEVERITY_REFUSAL : row->severity;
    return does || (makes && row->when != CMG__WHEN_DONE);
}

/* Is it the answer about the group or about the subscription that tells of it? */
static bool is_told(const struct cmg__run *run, const struct cmg__step_action *row)
{
    if ((run->bits & WITHOUT_GROUP) != 0)
        return row->of_subscription || cmg__run_has_step(run, "resource_group");
    return row->of_subscription == ((run->bits & SECOND) != 0);
}

static const char *remedy_of(const struct cmg__step_action *row)
{
    const size_t n = strlen(row->action);

    if (row->of_subscription)
        return "have a role with this action assigned on the subscription";
    if (n > 5 && strcmp(row->action + n - 5, "/read") == 0)
        return "have Monitoring Reader, or a role that can do more, assigned on the "
               "resource group";
    return "have Contributor assigned on the resource group, or on the subscription when "
           "libcmg makes the group";
}

static cmg_status tell_action(struct cmg__run *run, const struct cmg__step_action *row,
                              cmg_severity severity, cmg_error **err)
{
    const cmg_problem problem = {
        .severity = severity,
        .subject = row->action,
        .cause = "the roles of the signed-in account do not contain this action",
        .remedy = remedy_of(row),
    };

    return cmg__run_problem(run, CMG_E_DENIED, &problem, err, "the account may not %s",
                            row->what);
}

/* What was looked at is counted in number, what lacks in bits. */
static cmg_status judge_rights(struct cmg__run *run, const struct cmg__answer *answer,
                               cmg_error **err)
{
    const struct cmg__json *entries = cmg__json_at(answer->json, "/value");
    cmg_severity severity = CMG_SEVERITY_NOTE;
    cmg_status rc = CMG_OK;
    size_t count = 0;
    const struct cmg__step_action *rows = cmg__step_actions(&count);

    for (size_t i = 0; rc == CMG_OK && i < count; i++) {
        if (!concerns(run, &rows[i], &severity) || !is_told(run, &rows[i]))
            continue;
        run->number++;
        if (!is_allowed(entries, rows[i].action)) {
            run->bits += LACKING;
            rc = tell_action(run, &rows[i], severity, err);
        }
    }
    cmg__run_say(run, "%lld of %lld actions allowed",
                 (long long)(run->number - (int64_t)(run->bits / LACKING)),
                 (long long)run->number);
    return rc;
}

static bool needs_subscription(const struct cmg__run *run)
{
    cmg_severity severity = CMG_SEVERITY_NOTE;
    size_t count = 0;
    const struct cmg__step_action *rows = cmg__step_actions(&count);

    for (size_t i = 0; i < count; i++) {
        if (rows[i].of_subscription && concerns(run, &rows[i], &severity))
            return true;
    }
    return false;
}

static cmg_status read_group_rights(struct cmg__run *run,
                                    const struct cmg__answer *answer,
                                    struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    if (answer->status == 404)
        run->bits |= WITHOUT_GROUP;
    else
        rc = judge_rights(run, answer, err);
    run->bits |= SECOND;
    if (rc != CMG_OK)
        return rc;
    if (needs_subscription(run))
        return cmg__next_go(next, "subscription");
    return cmg__next_done(next);
}

/* Who has rights on the group only may not even ask here. */
static cmg_status read_subscription_rights(struct cmg__run *run,
                                           const struct cmg__answer *answer,
                                           struct cmg__next *next, cmg_error **err)
{
    const cmg_status rc = judge_rights(run, answer, err);

    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange rights_exchanges[] = {
    { .name = "group",
      .call = CMG__CALL_GROUP_PERMISSIONS,
      .also = { 404 },
      .read = read_group_rights },
    { .name = "subscription",
      .call = CMG__CALL_PERMISSIONS,
      .also = { 403 },
      .read = read_subscription_rights },
};

const struct cmg__step cmg__step_check_rights = {
    .name = "check_rights",
    .title = "rights in the subscription",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(rights_exchanges),
};

/* ---- locks ---- */

static cmg_status judge_lock(struct cmg__run *run, const struct cmg__json *lock,
                             cmg_error **err)
{
    const char *level = cmg__str_or(cmg__json_str(lock, "/properties/level"), "");
    const bool read_only = cmg__str_ieq(level, "ReadOnly");
    const cmg_problem problem = {
        .severity = read_only ? CMG_SEVERITY_REFUSAL : CMG_SEVERITY_WARNING,
        .subject = cmg__str_or(cmg__json_str(lock, "/name"), "?"),
        .cause = read_only ? "a lock of level ReadOnly lets nothing be made or changed"
                           : "a lock of level CanNotDelete keeps everything in its scope",
        .remedy = read_only ? "remove the lock, or use another resource group"
                            : "remove the lock before the gateway is to be deleted",
        .service_code = "ScopeLocked",
    };

    return cmg__run_problem(run, CMG_E_DENIED, &problem, err,
                            "resource group \"%s\" is locked (%s)",
                            cmg__work_value(run->work, "group"), level);
}

static cmg_status read_locks(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    cmg_status rc = CMG_OK;

    cmg__run_say(run, "%zu locks", cmg__json_size(list));
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++)
        rc = judge_lock(run, cmg__json_item(list, i), err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

/* Who may not read locks learns of them when he is stopped. */
static const struct cmg__exchange locks_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_GROUP_LOCKS,
      .also = { 404, 403 },
      .read = read_locks },
};

const struct cmg__step cmg__step_check_locks = {
    .name = "check_locks",
    .title = "locks",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(locks_exchanges),
};

/* ---- the authority ---- */

#define DAY_S     INT64_C(86400)
#define SOON_DAYS 30

static cmg_status judge_authority(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    cmg_authority *authority = run->work->gateway->authority;

    (void)answer;
    if (run->work->gateway->given_certificate != NULL) {
        cmg__run_say(run, "not asked: the certificate is given");
        return cmg__next_done(next);
    }
    const int64_t left_s =
        cmg_certificate_not_after_unix_s(cmg_authority_certificate(authority)) -
        cmg__env_unix_s(&run->work->ctx->env);
    const cmg_problem problem = {
        .severity = left_s < 0 ? CMG_SEVERITY_REFUSAL : CMG_SEVERITY_WARNING,
        .subject = "authority",
        .cause = "its certificates cannot outlive it",
        .remedy = "renew the authority, and give the new one to the gateway",
    };
    cmg_status rc = CMG_OK;

    cmg__run_say(run, "%lld days left", (long long)(left_s / DAY_S));
    if (left_s < SOON_DAYS * DAY_S)
        rc = cmg__run_problem(run, CMG_E_CERT, &problem, err,
                              "the authority has %lld days left",
                              (long long)(left_s / DAY_S));
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange authority_exchanges[] = {
    { .name = "check", .call = CMG__CALL_LOCAL, .read = judge_authority },
};

const struct cmg__step cmg__step_check_authority = {
    .name = "check_authority",
    .title = "authority of the server certificate",
    .phase = CMG__PHASE_APPLY,
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(authority_exchanges),
};
