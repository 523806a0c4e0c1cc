/*
 * What would stop a create half-way, looked at before anything is made: may the account
 * do it, does the region offer the size, is there room in the quotas, does a lock forbid
 * it. Each refusal fails a create; a preflight collects them all.
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

static bool has_step(const struct cmg__run *run, const char *name)
{
    const struct cmg__step_table *steps = run->work->steps;

    for (size_t i = 0; i < steps->count; i++) {
        if (strcmp(steps->steps[i]->name, name) == 0)
            return true;
    }
    return false;
}

/* Does this operation look at it, and how bad is it then to lack it? */
static bool concerns(const struct cmg__run *run, const struct cmg__step_action *row,
                     cmg_severity *severity)
{
    const bool makes = has_step(run, "resource_group");
    const bool does = row->when != CMG__WHEN_MADE && has_step(run, row->step);

    *severity = does ? CMG_SEVERITY_REFUSAL : row->severity;
    return does || (makes && row->when != CMG__WHEN_DONE);
}

/* Is it the answer about the group or about the subscription that tells of it? */
static bool is_told(const struct cmg__run *run, const struct cmg__step_action *row)
{
    if ((run->bits & WITHOUT_GROUP) != 0)
        return row->of_subscription || has_step(run, "resource_group");
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

/* ---- size ---- */

static const struct cmg__json *find_size(const struct cmg__json *list, const char *name)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *sku = cmg__json_item(list, i);
        const char *type = cmg__str_or(cmg__json_str(sku, "/resourceType"), "");
        const char *found = cmg__str_or(cmg__json_str(sku, "/name"), "");
        if (cmg__str_ieq(type, "virtualMachines") && cmg__str_ieq(found, name))
            return sku;
    }
    return NULL;
}

/* A zone that lacks it does not matter, for the instances are in none. */
static const char *restriction_of(const struct cmg__json *sku)
{
    const struct cmg__json *list = cmg__json_at(sku, "/restrictions");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *one = cmg__json_item(list, i);
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(one, "/type"), ""), "Location"))
            return cmg__str_or(cmg__json_str(one, "/reasonCode"), "restricted");
    }
    return NULL;
}

static const char *capability(const struct cmg__json *sku, const char *name)
{
    const struct cmg__json *list = cmg__json_at(sku, "/capabilities");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *one = cmg__json_item(list, i);
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(one, "/name"), ""), name))
            return cmg__str_or(cmg__json_str(one, "/value"), "");
    }
    return "";
}

static cmg_status refuse_size(struct cmg__run *run, const char *code, cmg_error **err)
{
    const cmg_gateway *gateway = run->work->gateway;
    const cmg_problem problem = {
        .severity = CMG_SEVERITY_REFUSAL,
        .subject = "/gateway/vm_size",
        .cause = code == NULL ? "the region's list of sizes does not have it"
                              : "the subscription may not use it there",
        .remedy = "choose another size or region, or ask Azure's support to lift the "
                  "restriction",
        .service_code = code,
    };

    return cmg__run_problem(run, CMG_E_UNSUPPORTED, &problem, err,
                            "size %s is not available in %s", gateway->vm_size,
                            gateway->region);
}

/* What it takes of the quotas is looked at next. */
static cmg_status keep_size(struct cmg__run *run, const struct cmg__json *sku,
                            struct cmg__next *next, cmg_error **err)
{
    const char *cores = capability(sku, "vCPUs");
    const char *family = cmg__str_or(cmg__json_str(sku, "/family"), "");

    if (cmg__fact_set(run->work, "size_cores", cores) != CMG_OK ||
        cmg__fact_set(run->work, "size_family", family) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "%s, %s cores", run->work->gateway->vm_size, cores);
    return cmg__next_done(next);
}

static cmg_status read_sizes(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *sku =
        find_size(cmg__json_at(answer->json, "/value"), run->work->gateway->vm_size);
    const char *restriction = sku == NULL ? NULL : restriction_of(sku);
    cmg_status rc = CMG_OK;

    if (sku == NULL || restriction != NULL)
        rc = refuse_size(run, restriction, err);
    if (rc != CMG_OK)
        return rc;
    return sku == NULL ? cmg__next_done(next) : keep_size(run, sku, next, err);
}

static const struct cmg__exchange size_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_SIZES, .read = read_sizes },
};

const struct cmg__step cmg__step_check_size = {
    .name = "check_size",
    .title = "VM size",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(size_exchanges),
};

/* ---- quotas ---- */

static const struct cmg__json *find_usage(const struct cmg__json *list, const char *name)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *usage = cmg__json_item(list, i);
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(usage, "/name/value"), ""), name))
            return usage;
    }
    return NULL;
}

/* Names come and go; what is not listed is not judged. */
static cmg_status judge_usage(struct cmg__run *run, const struct cmg__json *list,
                              const char *name, int64_t more, cmg_error **err)
{
    const struct cmg__json *usage = find_usage(list, name);
    const int64_t used = cmg__json_int(usage, "/currentValue", 0);
    const int64_t limit = cmg__json_int(usage, "/limit", -1);

    if (usage == NULL || limit < 0 || used + more <= limit)
        return CMG_OK;
    const cmg_problem problem = {
        .severity = CMG_SEVERITY_REFUSAL,
        .subject = name,
        .cause = "what is there and what is wanted are more than the quota",
        .remedy = "have the quota raised, remove what is not needed, or take a smaller "
                  "size, fewer instances or another region",
        .service_code = "QuotaExceeded",
    };
    return cmg__run_problem(run, CMG_E_LIMIT, &problem, err,
                            "%lld more of %s are needed in %s, %lld of %lld are used",
                            (long long)more, name, run->work->gateway->region,
                            (long long)used, (long long)limit);
}

static int64_t cores_wanted(const struct cmg__run *run)
{
    const cmg_gateway *gateway = run->work->gateway;
    const char *text = cmg__fact(run->work, "size_cores");
    uint64_t cores = 0;

    if (!cmg__parse_u64(text, strlen(text), &cores) || cores > 1024)
        return 0;
    return (int64_t)cores * gateway->instance_count;
}

static cmg_status read_compute(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    const int64_t cores = cores_wanted(run);
    cmg_status rc = judge_usage(run, list, "cores", cores, err);

    if (rc == CMG_OK)
        rc = judge_usage(run, list, cmg__fact(run->work, "size_family"), cores, err);
    if (rc == CMG_OK)
        rc = judge_usage(run, list, "virtualMachineScaleSets", 1, err);
    cmg__run_say(run, "room for %lld cores", (long long)cores);
    return rc == CMG_OK ? cmg__next_go(next, "network") : rc;
}

/* Two spellings of one thing are about. */
static const char *const network_names[] = {
    "PublicIPAddresses",
    "StandardSkuPublicIpAddresses",
    "IPv4StandardSkuPublicIpAddresses",
    "StandardSkuLoadBalancers",
    "NetworkSecurityGroups",
    "VirtualNetworks",
};

static cmg_status read_network(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(network_names); i++)
        rc = judge_usage(run, list, network_names[i], 1, err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

/* What is there already takes no more of the quotas. */
static cmg_status read_set(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    (void)err;
    if (answer->status == 404)
        return cmg__next_go(next, "compute");
    cmg__run_say(run, "the scale set is there");
    return cmg__next_done(next);
}

static const struct cmg__exchange quota_exchanges[] = {
    { .name = "set",
      .call = CMG__CALL_SCALE_SET_GET,
      .also = { 404 },
      .bind = { { "name", "label" } },
      .read = read_set },
    { .name = "compute", .call = CMG__CALL_COMPUTE_USAGES, .read = read_compute },
    { .name = "network", .call = CMG__CALL_NETWORK_USAGES, .read = read_network },
};

const struct cmg__step cmg__step_check_quota = {
    .name = "check_quota",
    .title = "quotas",
    .phase = CMG__PHASE_APPLY,
    .needs = { "check_size", "provider_compute", "provider_network" },
    .judges = true,
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(quota_exchanges),
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
