/* Settings of the cloud by name. See setting.h. */
#include "sandbox/setting.h"

#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/role.h"
#include "sandbox/token.h"

#define NAME_MAX_LEN 200
#define MAX_SETTINGS 1000

/* ---- what values may be ---- */

static bool is_number(const char *value)
{
    uint64_t n = 0;
    return cmg__parse_u64(value, strlen(value), &n) && n <= INT32_MAX;
}

/* Bytes come in greater numbers than milliseconds. */
static bool is_amount(const char *value)
{
    uint64_t n = 0;
    return cmg__parse_u64(value, strlen(value), &n) && n <= UINT64_C(1000000000000000);
}

static bool is_restriction(const char *value)
{
    return strcmp(value, "NotAvailableForSubscription") == 0 ||
           strcmp(value, "QuotaId") == 0 || strcmp(value, "AllocationFailed") == 0;
}

static bool is_mfa_rule(const char *value)
{
    return strcmp(value, "off") == 0 || strcmp(value, "challenge") == 0 ||
           strcmp(value, "deny") == 0;
}

static bool is_switch(const char *value)
{
    return strcmp(value, "on") == 0 || strcmp(value, "off") == 0;
}

static bool is_role(const char *value)
{
    return cmg__sb_role_find(value) != NULL;
}

/* Names by their first segment; the other segments are what the reader looks up. */
static const struct {
    const char *first;
    unsigned segments; /* with the first */
    bool (*is_good)(const char *value);
    const char *allowed;
} names[] = {
    { "admin_role", 1, is_role, "the name of a built-in role" },
    { "app_permissions", 1, cmg__sb_app_permissions_are_good,
      "application permissions of Graph with blanks between them, or none" },
    { "delay", 2, is_number, "milliseconds as a whole number" },
    { "duration", 2, is_number, "milliseconds as a whole number" },
    { "duration", 3, is_number, "milliseconds as a whole number" },
    { "metric", 3, is_amount, "a whole number up to 10^15" },
    { "mfa", 1, is_mfa_rule, "off, challenge or deny" },
    { "person_refusal", 1, cmg__sb_person_refusal_is_good,
      "disabled, locked, expired, mfa, device, blocked or unassigned" },
    { "person_role", 1, cmg__sb_directory_role_is_good,
      "the name of a directory role, or none" },
    { "policy", 2, cmg__sb_policy_is_good,
      "\"deny TYPE\", \"deny TYPE outside REGION\" or \"deny TYPE without tag NAME\"" },
    { "quota", 3, is_number, "a whole number" },
    { "throttle", 1, is_switch, "on or off" },
    { "user_registration", 1, is_switch, "on or off" },
    { "restrict", 3, is_restriction,
      "NotAvailableForSubscription, QuotaId or AllocationFailed" },
};

static unsigned count_segments(const char *name)
{
    unsigned n = 1;
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '/')
            n = p == name || p[1] == '\0' || p[1] == '/' ? 100 : n + 1;
    }
    return n;
}

static cmg_status check(const struct cmg__sb_cloud *cloud, const char *name,
                        const char *value, cmg_error **err)
{
    size_t n = strcspn(name, "/");
    for (size_t i = 0; i < CMG__ARRAY_LEN(names) && strlen(name) <= NAME_MAX_LEN; i++) {
        if (strlen(names[i].first) != n || !cmg__str_ieqn(names[i].first, name, n) ||
            count_segments(name) != names[i].segments)
            continue;
        if (value == NULL || names[i].is_good(value))
            return CMG_OK;
        return cmg__fail(err, cloud->alloc, CMG_E_INVAL, "value", names[i].allowed,
                         "\"%.60s\" is no value of the setting \"%s\"", value, name);
    }
    return cmg__fail(err, cloud->alloc, CMG_E_NOTFOUND, "name",
                     "use a name that cmg/sandbox.h lists",
                     "there is no setting \"%.60s\"", name);
}

cmg_status cmg__sb_setting_change(struct cmg__sb_cloud *cloud, const char *name,
                                  const char *value, cmg_error **err)
{
    cmg_status rc = check(cloud, name, value, err);
    if (rc != CMG_OK)
        return rc;
    if (cloud->settings == NULL)
        cloud->settings = cmg__json_object();
    if (value != NULL && cmg__json_size(cloud->settings) >= MAX_SETTINGS)
        return cmg__fail(err, cloud->alloc, CMG_E_LIMIT, "name",
                         "set those that are not needed any more to NULL",
                         "%d settings are made already", MAX_SETTINGS);
    char *key = cmg__strdup(cloud->alloc, name);
    if (key == NULL || cloud->settings == NULL) {
        cmg__free(cloud->alloc, key);
        return cmg__fail_nomem(err);
    }
    cmg__lower_in_place(key);
    if (value == NULL)
        cmg__json_remove(cloud->settings, key);
    else if (cmg__json_set_str(cloud->settings, key, value) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__free(cloud->alloc, key);
    return rc;
}

/* ---- reading ---- */

static const char *look_up(const struct cmg__sb_cloud *cloud, const char *fmt,
                           va_list args) CMG__PRINTF(2, 0);

static const char *look_up(const struct cmg__sb_cloud *cloud, const char *fmt,
                           va_list args)
{
    if (cloud->settings == NULL)
        return NULL;
    char *key = cmg__vformat(cloud->alloc, fmt, args);
    if (key != NULL)
        cmg__lower_in_place(key);
    const struct cmg__json *value =
        key == NULL ? NULL : cmg__json_key(cloud->settings, key);
    cmg__free(cloud->alloc, key);
    return cmg__json_str(value, "");
}

const char *cmg__sb_setting(const struct cmg__sb_cloud *cloud, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    const char *value = look_up(cloud, fmt, args);
    va_end(args);
    return value;
}

int64_t cmg__sb_setting_int(const struct cmg__sb_cloud *cloud, int64_t otherwise,
                            const char *fmt, ...)
{
    uint64_t n = 0;
    va_list args;
    va_start(args, fmt);
    const char *value = look_up(cloud, fmt, args);
    va_end(args);
    return value != NULL && cmg__parse_u64(value, strlen(value), &n) ? (int64_t)n
                                                                     : otherwise;
}

int64_t cmg__sb_duration_ms(const struct cmg__sb_cloud *cloud, const char *what)
{
    return cmg__sb_setting_int(cloud, cloud->operation_ms, "duration/%s", what);
}
