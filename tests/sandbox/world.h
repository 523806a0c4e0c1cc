/*
 * A cloud without network: requests go in as values, answers come out. The clock is the
 * test's own.
 */
#ifndef TESTS_SANDBOX_WORLD_H
#define TESTS_SANDBOX_WORLD_H

#include "sandbox/router.h"
#include "support/support.h"

#define WORLD_TENANT       "11111111-2222-3333-4444-555555555555"
#define WORLD_SUBSCRIPTION "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f"
#define WORLD_DOMAIN       "contoso.onmicrosoft.com"
#define WORLD_OPERATION_MS 1000
#define LOGIN              "login.microsoftonline.com"
#define GRAPH              "graph.microsoft.com"
#define ARM                "management.azure.com"
#define VAULT              "granitefalls.vault.azure.net"
#define POWERSHELL         "1950a258-227b-4e31-a9cf-717495945fc2"
#define GRAPH_APP          "00000003-0000-0000-c000-000000000000"
#define DIRECTORY_READ_ALL "7ab1d382-f21e-4acd-a863-ba3e13f7da61"

struct world {
    struct support_alloc alloc;
    struct support_env env;
    struct cmg__sb_cloud *cloud;
    char *graph_token, *arm_token, *vault_token; /* the built-in application's */
};

/* One answer; done with reply_done. */
struct reply {
    int status;
    struct cmg__json *body; /* NULL without one, and for a page */
    struct cmg__sb_answer answer;
};

void world_init(struct world *w);
void world_done(struct world *w);

struct ask {
    const char *method, *host, *target;
    const char *token;  /* NULL: none */
    const char *prefer; /* NULL: none */
    const char *level;  /* ConsistencyLevel; NULL: none */
    const char *body;
    const char *field; /* "Name: value"; NULL: none */
    bool metadata;     /* to the machine's metadata service */
};
void world_ask(struct world *w, const struct ask *ask, struct reply *out);
void reply_done(struct reply *r);
/* Texts and numbers of the body; "" and -1 when absent. */
const char *reply_str(const struct reply *r, const char *path);
int64_t reply_int(const struct reply *r, const char *path);
const char *reply_head(const struct reply *r, const char *name); /* "" when absent */

#define WORLD_TOKEN "/" WORLD_TENANT "/oauth2/v2.0/token"
/* To the login host, with a form and without a token. */
void world_post(struct world *w, struct reply *out, const char *target, const char *form);
void world_get(struct world *w, struct reply *out, const char *host, const char *target);
/* The payload of a token; cmg__json_unref. */
struct cmg__json *world_claims(struct world *w, const char *token);
void world_claim_is(const struct cmg__json *claims, const char *path, const char *value);

/* The token endpoint of the tenant with a form body; the access token (yours), or NULL.
 */
char *world_sign_in(struct world *w, const char *form);
char *world_sign_in_as(struct world *w, const char *client_id, const char *secret,
                       const char *scope);

/* Short forms with the built-in application's token of the service. A printf form for
   the target; the reply's status is checked. */
void world_graph(struct world *w, struct reply *out, int status, const char *method,
                 const char *body, const char *target, ...) CMG__PRINTF(6, 7);
/* ARM: target without api-version, below /subscriptions/<id>. */
void world_arm(struct world *w, struct reply *out, int status, const char *method,
               const char *body, const char *target, ...) CMG__PRINTF(6, 7);
/* The same, the answer thrown away. */
void world_arm_do(struct world *w, int status, const char *method, const char *body,
                  const char *target, ...) CMG__PRINTF(5, 6);
/* Lets running operations finish. */
void world_pass(struct world *w);
/* Registers the four providers that a gateway needs. */
void world_register(struct world *w);

/* An application with a service principal; ids and secret are copied out. */
struct app {
    char id[64], app_id[64], sp_id[64], secret[64];
};
void world_make_app(struct world *w, const char *name, const char *extra,
                    struct app *out);

#endif
