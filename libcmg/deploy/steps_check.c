/*
 * What would stop a create half-way, looked at before anything is made: may the account
 * do it, does a lock forbid it, how did a person sign in, is the certificate of use. Each
 * refusal fails a create; a preflight collects them all. Sizes and quotas are in
 * steps_quota.c.
 */
#include <cmg/names.h>

#include <string.h>

#include "base/error.h"
#include "crypto/jwt.h"
#include "deploy/rights.h"
#include "deploy/sign_in.h"
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

/* Where a lock is, and how to do without it. */
struct lock_place {
    const char *what;   /* "subscription" */
    const char *remedy; /* against one that lets nothing be made */
};

static struct lock_place place_of(const struct cmg__json *lock)
{
    static const char locks[] = "/providers/Microsoft.Authorization/locks/";
    const char *id = cmg__str_or(cmg__json_str(lock, "/id"), "");
    const char *group = strcasestr(id, "/resourceGroups/");
    const char *provider = strcasestr(id, "/providers/");

    if (id[0] != '\0' && group == NULL)
        return (struct lock_place){
            "subscription", "have the lock removed, or use another subscription"
        };
    if (provider != NULL && !cmg__str_istarts(provider, locks))
        return (
            struct lock_place){ "something in resource group",
                                "have the lock removed, or use another resource group" };
    return (struct lock_place){ "resource group",
                                "remove the lock, or use another resource group" };
}

static cmg_status judge_lock(struct cmg__run *run, const struct cmg__json *lock,
                             cmg_error **err)
{
    const char *level = cmg__str_or(cmg__json_str(lock, "/properties/level"), "");
    const bool read_only = cmg__str_ieq(level, "ReadOnly");
    const struct lock_place place = place_of(lock);
    const bool whole = strcmp(place.what, "subscription") == 0;
    const cmg_problem problem = {
        .severity = read_only ? CMG_SEVERITY_REFUSAL : CMG_SEVERITY_WARNING,
        .subject = cmg__str_or(cmg__json_str(lock, "/name"), "?"),
        .cause = read_only ? "a lock of level ReadOnly lets nothing be made or changed"
                           : "a lock of level CanNotDelete keeps everything in its scope",
        .remedy = read_only ? place.remedy
                            : "remove the lock before the gateway is to be deleted",
        .service_code = "ScopeLocked",
    };

    return cmg__run_problem(
        run, CMG_E_DENIED, &problem, err, "%s \"%s\" is locked (%s)", place.what,
        cmg__work_value(run->work, whole ? "subscription" : "group"), level);
}

static cmg_status judge_locks(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    cmg_status rc = CMG_OK;

    cmg__run_say(run, "%zu locks", cmg__json_size(list));
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(list); i++)
        rc = judge_lock(run, cmg__json_item(list, i), err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

/* The group's list has those of the subscription, too; without a group only these can
   keep it from being made. */
static cmg_status read_locks(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return cmg__next_go(next, "subscription");
    return judge_locks(run, answer, next, err);
}

/* Who may not read locks learns of them when he is stopped. */
static const struct cmg__exchange locks_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_GROUP_LOCKS,
      .also = { 404, 403 },
      .read = read_locks },
    { .name = "subscription",
      .call = CMG__CALL_SUBSCRIPTION_LOCKS,
      .also = { 403 },
      .read = judge_locks },
};

const struct cmg__step cmg__step_check_locks = {
    .name = "check_locks",
    .title = "locks",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(locks_exchanges),
};

/* ---- the sign-in ---- */

static cmg_status read_claims(const struct cmg__run *run, struct cmg__json **out)
{
    const struct cmg__secret *token = &run->work->tokens.access[CMG__TOKEN_ARM].value;

    *out = NULL;
    return token->data == NULL
               ? CMG_E_NOTFOUND
               : cmg__jwt_peek(run->work->alloc, token->data, token->len, out, NULL);
}

/* A token that says nothing of it is no reason to doubt. */
static bool is_told_without_mfa(const struct cmg__json *claims)
{
    const struct cmg__json *how = cmg__json_key(claims, "amr");

    return cmg__json_size(how) > 0 && !cmg__array_has(how, "mfa") &&
           cmg__json_size(cmg__json_key(claims, "acrs")) == 0;
}

static cmg_status judge_sign_in(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    static const cmg_problem problem = {
        .severity = CMG_SEVERITY_WARNING,
        .subject = "sign-in",
        .cause = "Azure wants multi-factor authentication of a person who creates, "
                 "changes or deletes resources",
        .remedy = "sign in with multi-factor authentication, or let an application or a "
                  "managed identity sign in",
    };
    struct cmg__json *claims = NULL;

    (void)answer;
    if (!cmg__sign_in_is_person(run->work)) {
        cmg__run_say(run, "%s", "an application signs in");
        return cmg__next_done(next);
    }
    cmg_status rc = read_claims(run, &claims);
    const bool without = rc == CMG_OK && is_told_without_mfa(claims);
    cmg__json_unref(claims);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "%s", without ? "without a second factor" : "nothing against it");
    rc = without ? cmg__run_problem(run, CMG_E_AUTH, &problem, err,
                                    "the sign-in was without a second factor")
                 : CMG_OK;
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange sign_in_exchanges[] = {
    { .name = "check",
      .call = CMG__CALL_LOCAL,
      .with_token = true,
      .token = CMG__TOKEN_ARM,
      .read = judge_sign_in },
};

const struct cmg__step cmg__step_check_sign_in = {
    .name = "check_sign_in",
    .title = "how somebody signed in",
    .phase = CMG__PHASE_APPLY,
    .needs = { "sign_in" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(sign_in_exchanges),
};

/* ---- the certificate ---- */

static cmg_status tell_finding(struct cmg__run *run, const cmg_report *report, size_t i,
                               cmg_error **err)
{
    const cmg_problem problem = {
        .severity = cmg_report_severity(report, i),
        .subject = cmg_report_subject(report, i),
        .cause = cmg_report_cause(report, i),
        .remedy = cmg_report_remedy(report, i),
    };

    return cmg__run_problem(run, CMG_E_CERT, &problem, err, "the certificate for %s: %s",
                            run->work->gateway->service_name, problem.cause);
}

/* The one that was given; a preflight looks at one that was refused as well. */
static const cmg_certificate *certificate_of(const struct cmg__run *run)
{
    const cmg_gateway *gateway = run->work->gateway;

    return run->work->problems.collect && gateway->refused_certificate != NULL
               ? gateway->refused_certificate
               : gateway->given_certificate;
}

static cmg_status judge_certificate(struct cmg__run *run,
                                    const struct cmg__answer *answer,
                                    struct cmg__next *next, cmg_error **err)
{
    const cmg_certificate *certificate = certificate_of(run);
    const cmg_gateway_check_options options = { .size = sizeof options,
                                                .service_name =
                                                    run->work->gateway->service_name };
    cmg_report *report = NULL;

    (void)answer;
    if (certificate == NULL) {
        cmg__run_say(run, "%s", "not asked: the authority issues it");
        return cmg__next_done(next);
    }
    cmg_status rc = cmg_certificate_check_gateway(certificate, &options, &report, err);
    cmg__run_say(run, "%zu findings", cmg_report_count(report));
    for (size_t i = 0; rc == CMG_OK && i < cmg_report_count(report); i++)
        rc = tell_finding(run, report, i, err);
    cmg_report_unref(report);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange certificate_exchanges[] = {
    { .name = "check", .call = CMG__CALL_LOCAL, .read = judge_certificate },
};

const struct cmg__step cmg__step_check_certificate = {
    .name = "check_certificate",
    .title = "certificate that was given",
    .phase = CMG__PHASE_APPLY,
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(certificate_exchanges),
};

/* ---- the authority ---- */

#define DAY_S     INT64_C(86400)
#define SOON_DAYS 30

static cmg_status judge_authority(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    cmg_authority *authority = run->work->gateway->authority;

    (void)answer;
    if (authority == NULL || run->work->gateway->given_certificate != NULL) {
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
