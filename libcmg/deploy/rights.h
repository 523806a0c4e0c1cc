/*
 * What each step needs to be allowed, as tables: in the directory a permission of Graph
 * or a person's role, in the subscription an action of Resource Manager. Pure.
 */
#ifndef CMG_DEPLOY_RIGHTS_H
#define CMG_DEPLOY_RIGHTS_H

#include <cmg/rights.h>
#include "deploy/operation.h"

/* Bits of directory roles. */
#define CMG__ROLE_GLOBAL     1U
#define CMG__ROLE_PRIVILEGED 2U
#define CMG__ROLE_APPS       4U
#define CMG__ROLE_CLOUD_APPS 8U
#define CMG__ROLE_DEVELOPER  16U

struct cmg__directory_role {
    unsigned bit;
    const char *name;
    const char *former_name; /* some tenants still show it; or NULL */
    const char *template_id; /* the same in each tenant */
};

/* The role of a directoryRole object, by its template or its name; NULL: none that
   matters here. */
const struct cmg__directory_role *cmg__directory_role_of(const struct cmg__json *role);

enum cmg__grant_kind {
    CMG__GRANT_ORGANIZATION,
    CMG__GRANT_APPS, /* before what it contains */
    CMG__GRANT_READ_APPS,
    CMG__GRANT_ROLE_CONSENT,
    CMG__GRANT_SCOPE_CONSENT,
    CMG__GRANT_READ_CONSENTS,
    CMG__GRANT_USERS,
    CMG__GRANT_GROUPS,
    CMG__GRANTS
};

/* A right in the directory. */
struct cmg__grant {
    const char *what;
    const char *permission, *permission_id; /* an application's */
    const char *scope;                      /* a person's, with one of these roles */
    const char *role_names;
    unsigned roles;        /* 0: any member may */
    const char *others[5]; /* permissions that contain it */
    bool is_consent;       /* somebody else may give it instead */
};

const struct cmg__grant *cmg__grant_get(enum cmg__grant_kind kind);
/* Does an application's permission, by its value, contain it? */
bool cmg__grant_is_in(const struct cmg__grant *grant, const char *permission);
/* Does one of a person's scopes, as a token's answer lists them, contain it? */
bool cmg__grant_is_in_scopes(const struct cmg__grant *grant, const char *scopes);

/* When a step cannot do without its right. */
enum cmg__need {
    CMG__NEED_ALWAYS,
    CMG__NEED_UNKNOWN, /* unless the fact is known: then the thing was made before */
    CMG__NEED_KNOWN /* only when the fact is known: then there is something to remove */
};

struct cmg__step_right {
    const char *step;
    enum cmg__grant_kind grant;
    enum cmg__need need;
    const char *fact;
};

/* The i-th right in the directory of a step; NULL when it has fewer. */
const struct cmg__step_right *cmg__step_right(const char *step, size_t i);

/* Which operations look at an action before they change anything. */
enum cmg__action_when {
    CMG__WHEN_MADE, /* those that make a gateway, or make it anew */
    CMG__WHEN_DONE, /* those that have its step; without it they are refused */
    CMG__WHEN_BOTH
};

/* One action of each thing that is made or removed: who may write one load balancer may
   write all that a gateway needs of it. */
struct cmg__step_action {
    const char *step;
    const char *action;
    const char *what;
    enum cmg__action_when when;
    cmg_severity severity; /* when the account of one that makes a gateway lacks it */
    bool of_subscription;  /* rights on the group are not enough */
};

const struct cmg__step_action *cmg__step_actions(size_t *count);

#endif
