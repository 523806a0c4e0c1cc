/*
 * Policies that deny. Each is a setting "policy/NAME" with one sentence as value:
 *
 *   deny TYPE                      resources of the type (* for every type)
 *   deny TYPE outside REGION       in any other region
 *   deny TYPE without tag NAME     that do not have the tag
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/setting.h"

/* The next word; false at the end or when it is too long. */
static bool take_word(const char **at, char out[128])
{
    *at += strspn(*at, " ");
    size_t n = strcspn(*at, " ");
    if (n == 0 || n >= 128)
        return false;
    memcpy(out, *at, n);
    out[n] = '\0';
    *at += n;
    return true;
}

struct rule {
    char type[128];
    char region[128]; /* "": in every region */
    char tag[128];    /* "": with and without */
};

static bool read_rule(const char *text, struct rule *out)
{
    char word[128];
    *out = (struct rule){ .type = "" };
    if (!take_word(&text, word) || !cmg__str_ieq(word, "deny") ||
        !take_word(&text, out->type))
        return false;
    if (!take_word(&text, word))
        return *text == '\0';
    if (cmg__str_ieq(word, "outside"))
        return take_word(&text, out->region) && cmg__sb_region(out->region) != NULL &&
               !take_word(&text, word);
    return cmg__str_ieq(word, "without") && take_word(&text, word) &&
           cmg__str_ieq(word, "tag") && take_word(&text, out->tag) &&
           !take_word(&text, word);
}

bool cmg__sb_policy_is_good(const char *text)
{
    struct rule rule;
    return read_rule(text, &rule);
}

static bool hits(const struct rule *rule, const char *type,
                 const struct cmg__json *resource)
{
    const char *location = cmg__json_str(resource, "/location");
    if (strcmp(rule->type, "*") != 0 && !cmg__sb_same(rule->type, type))
        return false;
    if (rule->region[0] != '\0')
        return location != NULL && cmg__sb_region(location) != NULL &&
               cmg__sb_region(location) != cmg__sb_region(rule->region);
    return rule->tag[0] == '\0' ||
           cmg__json_key(cmg__json_key(resource, "tags"), rule->tag) == NULL;
}

static void deny(const struct cmg__sb_cloud *cloud, const char *policy, const char *name,
                 struct cmg__sb_fault *fault)
{
    const char *sub = cmg__sb_fact(cloud, "subscription_id");
    cmg__sb_fault_set(fault, 403, "RequestDisallowedByPolicy",
                      "Resource '%s' was disallowed by policy. Policy identifiers: "
                      "'[{\"policyAssignment"
                      "\":{\"name\":\"%s\",\"id\":\"/subscriptions/%s/providers/"
                      "Microsoft.Authorization/"
                      "policyAssignments/"
                      "%s\"},\"policyDefinition\":{\"name\":\"%s\",\"id\":\"/providers/"
                      "Microsoft.Authorization/policyDefinitions/%s\"}}]'.",
                      name, policy, sub, policy, policy, policy);
    (void)snprintf(fault->policy, sizeof fault->policy, "%s", policy);
}

bool cmg__sb_policy_admits(const struct cmg__sb_cloud *cloud, const char *type,
                           const char *name, const struct cmg__json *resource,
                           struct cmg__sb_fault *fault)
{
    static const char prefix[] = "policy/";
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    struct rule rule;
    while (cmg__json_next(cloud->settings, &iter, &key, &value)) {
        if (!cmg__str_starts(key, prefix) ||
            !read_rule(cmg__str_or(cmg__json_str(value, ""), ""), &rule) ||
            !hits(&rule, type, resource))
            continue;
        deny(cloud, key + strlen(prefix), name, fault);
        return false;
    }
    return true;
}

struct cmg__json *cmg__sb_policy_info(const struct cmg__sb_cloud *cloud,
                                      const char *policy)
{
    struct cmg__json *assignment = cmg__sb_text(
        cloud, "/subscriptions/%s/providers/Microsoft.Authorization/policyAssignments/%s",
        cmg__sb_fact(cloud, "subscription_id"), policy);
    struct cmg__json *definition = cmg__sb_text(
        cloud, "/providers/Microsoft.Authorization/policyDefinitions/%s", policy);
    return cmg__json_pack(
        "[{s:s, s:{s:s, s:o, s:s, s:o, s:s, s:s, s:s}}]", "type", "PolicyViolation",
        "info", "policyDefinitionDisplayName", policy, "policyDefinitionId", definition,
        "policyDefinitionName", policy, "policyAssignmentId", assignment,
        "policyAssignmentName", policy, "policyAssignmentDisplayName", policy,
        "policyDefinitionEffect", "deny");
}
