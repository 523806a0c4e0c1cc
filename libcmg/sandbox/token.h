/*
 * Tokens of the sandbox's tenant: issuing them by the rules of Entra (which version,
 * which claims, which consent), and checking the one a request brings. Pure.
 */
#ifndef CMG_SANDBOX_TOKEN_H
#define CMG_SANDBOX_TOKEN_H

#include "sandbox/call.h"

#define CMG__SB_TOKEN_SECONDS 3599

/* A program that asks for tokens. */
struct cmg__sb_client {
    const char *id; /* borrowed from the tree or a table */
    const char *name;
    struct cmg__json *application; /* NULL for the built-in and for Microsoft's */
    struct cmg__json *principal;   /* its service principal, or NULL */
    bool is_built_in;
    bool is_public;       /* has no secret */
    bool has_certificate; /* and has proven so */
    const char *acrs;     /* authentication context of the sign-in, or NULL or "" */
    const char *identity; /* resource ID of a managed identity, or NULL */
};
/* False when the tenant does not know it. */
bool cmg__sb_client_find(const struct cmg__sb_cloud *cloud, const char *client_id,
                         struct cmg__sb_client *out);

/* What a token is for. */
struct cmg__sb_target {
    const char *audience;          /* as asked for; borrowed */
    struct cmg__json *application; /* a registered one, or NULL */
    struct cmg__json *principal;
    const struct cmg__sb_first_party *party; /* Microsoft's, or NULL */
};
/* resource: an App ID URI, a client ID, or base (what a custom cloud calls itself). */
bool cmg__sb_target_find(const struct cmg__sb_cloud *cloud, const char *resource,
                         const char *base, struct cmg__sb_target *out);

/* The scopes the administrator has consented to for client on target, as an array of
   texts; every scope for Microsoft's public clients on Microsoft's resources. */
struct cmg__json *cmg__sb_consented(const struct cmg__sb_cloud *cloud,
                                    const struct cmg__sb_client *client,
                                    const struct cmg__sb_target *target);

/* A signed access token; scopes NULL: as the application itself. */
cmg_status cmg__sb_token_make(struct cmg__sb_cloud *cloud,
                              const struct cmg__sb_client *client,
                              const struct cmg__sb_target *target, const char *scopes,
                              struct cmg__buf *out, cmg_error **err);
/* A signed ID token of the administrator for a client; nonce NULL or "": without one. */
cmg_status cmg__sb_id_token_make(struct cmg__sb_cloud *cloud, const char *client_id,
                                 const char *nonce, struct cmg__buf *out,
                                 cmg_error **err);

/* Checks the call's bearer token for its service; on refusal the answer is set. Calls
   that need none are admitted. */
bool cmg__sb_token_admits(struct cmg__sb_call *call);

/* ---- graph_right.c ---- */
/* May the caller do this in Graph, by one of these permissions? Otherwise the answer is
   set. */
bool cmg__sb_graph_permits(struct cmg__sb_call *call, const char *const *permissions);
/* The built-in application has what a setting says, instead of everything. */
bool cmg__sb_app_is_limited(const struct cmg__sb_cloud *cloud);
bool cmg__sb_app_has_permission(const struct cmg__sb_cloud *cloud,
                                const char *permission);
/* What the settings of these may be. */
bool cmg__sb_directory_role_is_good(const char *value);
bool cmg__sb_app_permissions_are_good(const char *value);
bool cmg__sb_person_refusal_is_good(const char *value);

#endif
