/*
 * What the steps of a deployment share: the gateway, the names that follow from its
 * specification, the facts found so far, the tokens, the host's secret store. Facts are
 * names and identifiers, never a secret: they go into the journal as they are.
 */
#ifndef CMG_DEPLOY_WORK_H
#define CMG_DEPLOY_WORK_H

#include <cmg/replace.h>
#include "azure/call.h"
#include "base/secret.h"
#include "deploy/problem.h"
#include "model/gateway.h"

enum cmg__token_kind {
    CMG__TOKEN_ARM,
    CMG__TOKEN_GRAPH,
    CMG__TOKEN_VAULT,
    CMG__TOKEN_STORAGE,
    CMG__TOKENS
};

struct cmg__token {
    struct cmg__secret value;
    int64_t expires_ms; /* monotonic */
};

struct cmg__tokens {
    struct cmg__token access[CMG__TOKENS];
    struct cmg__secret refresh; /* a person's */
    char *graph_scopes;         /* what a token for Graph was given; NULL: not said */
    char *claims; /* what the next token must bring, word for word; NULL: nothing */
    struct cmg__secret device_code; /* while a person signs in */
    bool cache_was_read;
    bool is_cached; /* refresh is what the host had kept */
};

/* A sign-in prompt on its way to the host. */
struct cmg__prompt {
    cmg_prompt_kind kind;
    char *url; /* of the page to open here */
    char *uri;
    char *code;
    char *message;
    int64_t expires_unix_s;
    bool pending;
};

/* How admin consent is got; the texts are the deployment's. */
struct cmg__consent_rule {
    bool ask;     /* an administrator, without trying first */
    bool can_ask; /* the host has a callback for it */
    int64_t wait_ms;
    const char *redirect_uri; /* NULL: the application's own */
};

/* A sign-in by a browser (RFC 7636). */
struct cmg__pkce {
    char *redirect_uri; /* as it was sent: comes again with the code, letter for letter */
    struct cmg__secret verifier, code;
    char state[44], nonce[44];
};

/* What the gateway takes of the region, and what its scale set has now: "" and 0 without
   one, or not known. */
#define CMG__ROOM_NAME 64
struct cmg__room {
    char size_now[CMG__ROOM_NAME];
    char family[CMG__ROOM_NAME], family_now[CMG__ROOM_NAME];
    int64_t count_now;
    int64_t cores, cores_now; /* of one instance */
};

struct cmg__discovery;
struct cmg__journal;
struct cmg__step_table;

struct cmg__work {
    cmg_context *ctx;
    const struct cmg__alloc *alloc;
    struct cmg__endpoints endpoints;
    cmg_gateway *gateway;
    char deployment_id[CMG__GUID_SIZE];
    char deployment_name[24];
    struct cmg__json *spec;  /* names that follow from the specification */
    struct cmg__json *facts; /* what was found or made; journaled */
    struct cmg__json *fresh; /* changes since the last record; null: forgotten */
    struct cmg__json *seen;  /* what the directory says of the applications; app_view.h */
    struct cmg__json *notes; /* of the plan: lists of lines by the step's name */
    struct cmg__tokens tokens;
    cmg_secret_store secrets;
    const struct cmg__journal *journal; /* whoever owns it may change secrets; or NULL */
    struct cmg__prompt prompt;
    struct cmg__discovery *discovery;        /* the deployment's */
    struct cmg__usage measured[CMG__ALERTS]; /* so far; the gateway's at the end */
    cmg_replacement replacement;         /* the deployment's; old_gateway may be NULL */
    const struct cmg__step_table *steps; /* of the operation */
    struct cmg__problems problems;
    struct cmg__consent_rule consent;
    struct cmg__pkce pkce;
    struct cmg__secret server_secret; /* signs in as the server app when it is set */
    struct cmg__room room;
    bool group_is_there;
    bool vault_is_there;   /* or its remains, which are ours */
    bool must_restore;     /* nothing to restore is a failure */
    bool begun;            /* an earlier run's plan was confirmed with this journal */
    bool set_is_there;     /* the scale set, when the plan was made */
    bool redeploy;         /* what was deployed has been changed since: once more */
    bool include_imported; /* applications of others may be deleted, too */
    char principal_id[CMG__GUID_SIZE]; /* of who signed in, when the sign-in says so */
    char old_secret[CMG__GUID_SIZE];   /* the host wants it removed; "" for none */
    struct cmg__buf probe_roots;       /* what the last request of a create trusts */
};

cmg_status cmg__work_init(struct cmg__work *work, cmg_gateway *gateway, cmg_error **err);
void cmg__work_done(struct cmg__work *work);

/* Names of metrics, among those of the specification; the host may choose others. */
#define CMG__METRIC_TRAFFIC "traffic_metric"
#define CMG__METRIC_CONTENT "content_metric"
#define CMG__METRIC_STORAGE "storage_metric"

/* A name of the specification, else a fact; NULL when neither is known. */
const char *cmg__work_value(const struct cmg__work *work, const char *key);
/* "" when the fact is not known. */
const char *cmg__fact(const struct cmg__work *work, const char *key);
/* An empty or NULL value forgets the fact. */
cmg_status cmg__fact_set(struct cmg__work *work, const char *key, const char *value);

/* The ID of a gateway's deployment, which follows from its specification. */
cmg_status cmg__work_deployment_id(const cmg_gateway *gateway, char out[CMG__GUID_SIZE]);

/* A version 8 style GUID that depends on the purpose and the deployment only. */
cmg_status cmg__work_guid(const char *purpose, const char *seed,
                          char out[CMG__GUID_SIZE]);

/* Secrets through the host's store. The buffer must be a secret one. CMG_E_NOTFOUND when
   there is none. */
cmg_status cmg__secret_load(struct cmg__work *work, const char *name,
                            struct cmg__buf *out, cmg_error **err);
/* The same where none is no failure. A store that cannot be read is one: who took it for
   an empty store would make anew what is kept there. */
cmg_status cmg__secret_find(struct cmg__work *work, const char *name,
                            struct cmg__buf *out, bool *found, cmg_error **err);
cmg_status cmg__secret_save(struct cmg__work *work, const char *name, const void *data,
                            size_t n, cmg_error **err);
cmg_status cmg__secret_remove(struct cmg__work *work, const char *name, cmg_error **err);

#define CMG__SECRET_SERVER_APP      "server-app-secret"
#define CMG__SECRET_SERVER_APP_NEXT "server-app-secret-next"
#define CMG__SECRET_PFX             "server-pfx"
/* The certificate of a rotation under way; the one before it stays until it serves. */
#define CMG__SECRET_PFX_NEXT     "server-pfx-next"
#define CMG__SECRET_PFX_PASSWORD "server-pfx-password"
#define CMG__SECRET_MAX          ((size_t)64 * 1024)

#endif
