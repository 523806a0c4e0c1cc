/*
 * Who may do what in Resource Manager and in the data planes: the built-in roles, their
 * assignments, and the one question asked about them.
 */
#ifndef CMG_SANDBOX_ROLE_H
#define CMG_SANDBOX_ROLE_H

#include "sandbox/call.h"

struct cmg__sb_right {
    const char *action; /* "Microsoft.Network/publicIPAddresses/write" */
    const char *scope;  /* an ID, or a path that begins with one */
    bool data;          /* a data action */
};
bool cmg__sb_role_permits(const struct cmg__sb_cloud *cloud,
                          const struct cmg__sb_caller *caller,
                          const struct cmg__sb_right *right);
/* Has the host taken the administrator's rights down to a role ("admin_role")? */
bool cmg__sb_role_is_reduced(const struct cmg__sb_cloud *cloud);
/* Does the directory know the principal (by now)? */
bool cmg__sb_principal_exists(const struct cmg__sb_cloud *cloud, const char *object_id);

struct cmg__sb_role {
    const char *id; /* GUID */
    const char *name;
    const char *actions[12];
    const char *not_actions[6];
    const char *data_actions[6];
};
extern const struct cmg__sb_role cmg__sb_roles[];
extern const size_t cmg__sb_role_count;
/* By GUID, by name, or by a definition's ID; NULL for none. */
const struct cmg__sb_role *cmg__sb_role_find(const char *text);
/* With wildcards, without case. */
bool cmg__sb_role_matches(const char *pattern, const char *action);

#endif
