/*
 * What is asked before any request to Resource Manager is carried out: its api-version
 * and subscription, the caller's rights, the MFA rule for users, locks.
 */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "sandbox/arm.h"
#include "sandbox/role.h"
#include "sandbox/setting.h"

/* ---- version and subscription ---- */

static bool is_date(const char *text)
{
    static const char shape[] = "dddd-dd-dd";
    size_t i = 0;
    for (; shape[i] != '\0'; i++) {
        if (shape[i] == 'd' ? !cmg__is_digit(text[i]) : text[i] != shape[i])
            return false;
    }
    return text[i] == '\0' || strcmp(text + i, "-preview") == 0;
}

static bool version_is_good(struct cmg__sb_call *call)
{
    const char *version = cmg__sb_query(call, "api-version");
    if (cmg__str_is_empty(version))
        cmg__sb_refuse(call, 400, "MissingApiVersionParameter",
                       "The api-version query parameter (?api-version=) is required for "
                       "all requests.");
    else if (!is_date(version))
        cmg__sb_refuse(call, 400, "InvalidApiVersionParameter",
                       "The api-version '%s' is invalid. The supported versions are "
                       "dates such as '2024-03-01'.",
                       version);
    else
        return true;
    return false;
}

static bool subscription_is_ours(struct cmg__sb_call *call)
{
    const char *sub = cmg__sb_arg(call, "sub");
    if (sub[0] == '\0' || cmg__sb_same(sub, cmg__sb_fact(call->cloud, "subscription_id")))
        return true;
    if (cmg__guid_is_valid(sub))
        cmg__sb_refuse(call, 404, "SubscriptionNotFound",
                       "The subscription '%s' could not be found.", sub);
    else
        cmg__sb_refuse(call, 400, "InvalidSubscriptionId",
                       "The provided subscription identifier '%s' is malformed or "
                       "invalid.",
                       sub);
    return false;
}

/* ---- the action that a request is ---- */

static bool is_read(const struct cmg__sb_call *call)
{
    return strcmp(call->request->method, "GET") == 0 ||
           strcmp(call->request->method, "HEAD") == 0;
}

static const char *find_last(const char *text, const char *what)
{
    const char *found = NULL;
    for (const char *p = text; *p != '\0'; p++) {
        if (cmg__str_ieqn(p, what, strlen(what)))
            found = p;
    }
    return found;
}

struct cmg__json *cmg__sb_scope_of(struct cmg__sb_call *call, const char *mark)
{
    const char *end = find_last(call->path, mark);
    size_t n = end == NULL ? strlen(call->path) : (size_t)(end - call->path);
    return cmg__json_stringn(call->path, n);
}

bool cmg__sb_path_has(const char *path, const char *part)
{
    return find_last(path, part) != NULL;
}

static const char *verb_of(const char *method)
{
    static const struct {
        const char *method, *verb;
    } verbs[] = { { "GET", "read" },    { "HEAD", "read" },   { "PUT", "write" },
                  { "PATCH", "write" }, { "POST", "action" }, { "DELETE", "delete" } };
    for (size_t i = 0; i < CMG__ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].method, method) == 0)
            return verbs[i].verb;
    }
    return "action";
}

/* What stands below a subscription without a provider. */
static const char *plain_type(const char *path)
{
    const char *after = find_last(path, "/resourceGroups");
    if (after == NULL)
        return "subscriptions";
    after = strchr(after + 1, '/');
    const char *inner = after == NULL ? NULL : strchr(after + 1, '/');
    if (inner != NULL && cmg__str_istarts(inner, "/resources"))
        return "subscriptions/resourceGroups/resources";
    return inner != NULL && cmg__str_istarts(inner, "/deployments")
               ? "deployments/operations"
               : "subscriptions/resourceGroups";
}

/* "Space/type/child/verb": every other segment behind "/providers/Space" is a type, and
   the last of a POST is what is done. */
cmg_status cmg__sb_action_name(const char *path, const char *method, struct cmg__buf *out)
{
    static const char mark[] = "/providers/";
    const char *p = find_last(path, mark);
    const char *verb = verb_of(method);
    bool is_type = true;
    if (p == NULL)
        return cmg__buf_addf(out, "Microsoft.Resources/%s/%s", plain_type(path), verb);
    p += strlen(mark);
    size_t n = strcspn(p, "/");
    cmg_status rc = cmg__buf_addf(out, "%.*s", (int)n, p);
    for (p += n; rc == CMG_OK && *p == '/'; p += n, is_type = !is_type) {
        n = strcspn(++p, "/");
        if (is_type || (p[n] == '\0' && strcmp(verb, "action") == 0))
            rc = cmg__buf_addf(out, "/%.*s", (int)n, p);
    }
    return rc == CMG_OK ? cmg__buf_addf(out, "/%s", verb) : rc;
}

/* Lists that show what the caller may see and operations that he has begun. */
static bool is_free(const struct cmg__sb_call *call)
{
    static const char *const parts[] = { "/operationStatuses/", "/operationresults/",
                                         "/Microsoft.Authorization/permissions",
                                         "/checkResourceName" };
    if (call->caller.is_admin && !cmg__sb_role_is_reduced(call->cloud))
        return true;
    for (size_t i = 0; i < CMG__ARRAY_LEN(parts); i++) {
        if (find_last(call->path, parts[i]) != NULL)
            return true;
    }
    return !cmg__str_istarts(call->path, "/subscriptions/");
}

static bool has_right(struct cmg__sb_call *call)
{
    struct cmg__buf action;
    if (is_free(call))
        return true;
    cmg__buf_init(&action, call->cloud->alloc, 16384);
    if (cmg__sb_action_name(call->path, call->request->method, &action) != CMG_OK)
        call->cloud->oom = true;
    const struct cmg__sb_right right = { .action = cmg__buf_cstr(&action),
                                         .scope = call->path };
    bool good = cmg__sb_role_permits(call->cloud, &call->caller, &right);
    if (!good)
        cmg__sb_refuse(call, 403, "AuthorizationFailed",
                       "The client '%s' with object id '%s' does not have authorization "
                       "to perform action '%s' over scope '%s' or the scope is invalid. "
                       "If access was recently granted, please refresh your credentials.",
                       call->caller.client_id, call->caller.object_id, right.action,
                       call->path);
    cmg__buf_done(&action);
    return good;
}

/* ---- MFA ---- */

static bool lists(const struct cmg__json *claims, const char *claim, const char *word)
{
    const struct cmg__json *list = cmg__json_key(claims, claim);
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (cmg__sb_same(cmg__json_str(cmg__json_item(list, i), ""), word))
            return true;
    }
    return false;
}

/* From 2025-10-01 users need MFA for changes; programs never do. */
static bool mfa_is_done(struct cmg__sb_call *call)
{
    static const char wanted[] = "{\"access_token\":{\"acrs\":{\"essential\":true,"
                                 "\"value\":\"c1\"}}}";
    const char *rule = cmg__sb_setting(call->cloud, "mfa");
    struct cmg__buf claims;
    if (rule == NULL || strcmp(rule, "off") == 0 || !call->caller.is_user ||
        is_read(call) || lists(call->caller.claims, "amr", "mfa") ||
        lists(call->caller.claims, "acrs", "c1"))
        return true;
    if (strcmp(rule, "deny") == 0) {
        cmg__sb_refuse(call, 403, "RequestDisallowedByPolicy",
                       "Resource was disallowed by policy: MFA is required for users to "
                       "create, update or delete resources.");
        return false;
    }
    cmg__buf_init(&claims, call->cloud->alloc, 1024);
    if (cmg__base64_encode(&claims, wanted, strlen(wanted)) != CMG_OK)
        call->cloud->oom = true;
    cmg__sb_headf(call, "WWW-Authenticate",
                  "Bearer realm=\"\", authorization_uri=\"https://%s/common/oauth2/"
                  "authorize\", error=\"insufficient_claims\", claims=\"%s\"",
                  call->cloud->names->login_host, cmg__buf_cstr(&claims));
    cmg__sb_refuse(call, 401, "InvalidAuthenticationToken",
                   "The presented access token did not satisfy the required claims.");
    cmg__buf_done(&claims);
    return false;
}

/* ---- how often ---- */

/* Takes one request out of its bucket, fuller by now, and tells what is left. */
static bool is_not_too_often(struct cmg__sb_call *call)
{
    static const struct {
        const char *what;
        int64_t size, refill; /* requests, and a second */
    } kinds[] = { { "reads", 250, 25 }, { "writes", 200, 10 }, { "deletes", 200, 10 } };
    size_t i = is_read(call) ? 0 : strcmp(call->request->method, "DELETE") == 0 ? 2 : 1;
    char name[64];
    struct cmg__sb_bucket *bucket = &call->cloud->buckets[i];
    int64_t passed = bucket->at_ms == 0 ? INT32_MAX : call->now_ms - bucket->at_ms;
    int64_t left = bucket->left + passed * kinds[i].refill;
    if (left > kinds[i].size * 1000)
        left = kinds[i].size * 1000;
    bool good = left >= 1000;
    bucket->at_ms = call->now_ms;
    bucket->left = good ? left - 1000 : left;
    (void)snprintf(name, sizeof name, "x-ms-ratelimit-remaining-%s-%s",
                   cmg__str_istarts(call->path, "/subscriptions/") ? "subscription"
                                                                   : "tenant",
                   kinds[i].what);
    cmg__sb_headf(call, name, "%lld", (long long)(bucket->left / 1000));
    if (good || !cmg__sb_same(cmg__sb_setting(call->cloud, "throttle"), "on"))
        return true;
    cmg__sb_head(call, "Retry-After", "1");
    cmg__sb_refuse(call, 429, "TooManyRequests",
                   "The request is being throttled as the limit has been reached for "
                   "operation type '%s'. Please try after '1' seconds.",
                   kinds[i].what);
    return false;
}

void cmg__sb_arm_tell_limits(struct cmg__sb_call *call)
{
    static const struct {
        const char *method, *left;
    } kinds[] = {
        { "GET", "Microsoft.Compute/GetVMScaleSet3Min;2499,Microsoft.Compute/"
                 "GetVMScaleSet30Min;12499" },
        { "PUT", "Microsoft.Compute/CreateVMScaleSet3Min;59,Microsoft.Compute/"
                 "CreateVMScaleSet30Min;299" },
        { "PATCH", "Microsoft.Compute/CreateVMScaleSet3Min;59,Microsoft.Compute/"
                   "CreateVMScaleSet30Min;299" },
        { "DELETE", "Microsoft.Compute/DeleteVMScaleSet3Min;79,Microsoft.Compute/"
                    "DeleteVMScaleSet30Min;399" },
        { "POST", "Microsoft.Compute/VMScaleSetActions3Min;239,Microsoft.Compute/"
                  "VMScaleSetActions30Min;1199" },
    };
    if (call->status >= 400 ||
        strcasestr(call->path, "/virtualMachineScaleSets/") == NULL)
        return;
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].method, call->request->method) == 0)
            cmg__sb_head(call, "x-ms-ratelimit-remaining-resource", kinds[i].left);
    }
    cmg__sb_head(call, "x-ms-request-charge", "1");
}

bool cmg__sb_arm_admits(struct cmg__sb_call *call)
{
    if (call->service != CMG__SB_ARM)
        return true;
    if (!version_is_good(call) || !subscription_is_ours(call))
        return false;
    if (cmg__sb_same(call->path, "/metadata/endpoints"))
        return true;
    return is_not_too_often(call) && has_right(call) && mfa_is_done(call) &&
           (is_read(call) || cmg__sb_lock_admits(call));
}
