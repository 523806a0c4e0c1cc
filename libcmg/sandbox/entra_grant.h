/*
 * A request for a token under way: what the grants of Entra have in common. Each function
 * that returns false has set the answer to a refusal in the words of the real service.
 */
#ifndef CMG_SANDBOX_ENTRA_GRANT_H
#define CMG_SANDBOX_ENTRA_GRANT_H

#include "sandbox/token.h"

#define CMG__SB_DEFAULT_SUFFIX "/.default"

struct cmg__sb_grant {
    struct cmg__sb_call *call;
    struct cmg__sb_client client;
    struct cmg__sb_target target;
    char resource[512]; /* the scope's part before the last '/', or v1's resource */
    char wanted[128];   /* the scope's last part; ".default" in v1 */
    bool offline;       /* offline_access was asked for */
    bool openid;
    bool v2;
    const char *nonce; /* for the ID token; NULL: none */
};

bool cmg__sb_grant_find_client(struct cmg__sb_grant *g, const char *client_id);
/* Confidential clients prove themselves; public ones must not try. */
bool cmg__sb_grant_check_secret(struct cmg__sb_grant *g, bool required);
/* Of a scope that was kept, or of the form's scope or resource. */
bool cmg__sb_grant_find_target(struct cmg__sb_grant *g, const char *stored_scope);
/* The consented scopes as one text, or the one that was asked for. */
bool cmg__sb_grant_settle_scopes(struct cmg__sb_grant *g, struct cmg__buf *out);
/* Answers with a token; scopes NULL: as the application itself. */
void cmg__sb_grant_send(struct cmg__sb_grant *g, const char *scopes);
void cmg__sb_grant_send_user(struct cmg__sb_grant *g);

/* ---- grants in files of their own ---- */
void cmg__sb_grant_device_code(struct cmg__sb_grant *g);
void cmg__sb_grant_authorization_code(struct cmg__sb_grant *g);

/* The authentication context that claims (JSON text or NULL) demand; "" for none. */
void cmg__sb_demanded_acrs(const struct cmg__sb_cloud *cloud, const char *claims,
                           char out[16]);
/* What somebody decided about a sign-in by its code; false: nobody has yet. */
bool cmg__sb_sign_in_is_decided(const struct cmg__sb_cloud *cloud, const char *code,
                                bool *approved);
/* The setting "person_refusal"; true: the answer is set. */
bool cmg__sb_person_is_refused(struct cmg__sb_call *call);

#endif
