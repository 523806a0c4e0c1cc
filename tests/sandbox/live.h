/*
 * A running sandbox in a fresh directory and a context that is attached to it; requests
 * go through the library's own HTTPS client.
 */
#ifndef TESTS_SANDBOX_LIVE_H
#define TESTS_SANDBOX_LIVE_H

#include <cmg/sandbox.h>
#include "base/json.h"
#include "base/http.h"
#include "support/support.h"

struct live {
    cmg_sandbox *sandbox;
    cmg_context *ctx;
    char *graph_token, *arm_token, *vault_token;
};

/* program: what instances run, or NULL. The directory is support_dir()'s "sandbox". */
void live_init(struct live *l, const char *program);
void live_done(struct live *l);
/* Ends the sandbox and starts one again in the same directory. */
void live_restart(struct live *l, const char *program);
const char *live_directory(void);

struct live_reply {
    int status; /* 0: the connection failed */
    cmg_retry retry;
    struct cmg__json *body;
};
void live_ask(struct live *l, const char *method, const char *url, const char *token,
              const char *body, struct live_reply *out);
void live_reply_done(struct live_reply *r);
/* Asks, checks the status, gives a text of the body (yours) or NULL. */
char *live_need(struct live *l, int status, const char *method, const char *url,
                const char *token, const char *body, const char *path);
char *live_sign_in(struct live *l, const char *resource);
/* "https://management.azure.com/subscriptions/<id><path>?api-version=..." (static). */
const char *live_arm(struct live *l, const char *path);
/* Asks again, a little later each time, until the text at path is value. */
void live_wait(struct live *l, const char *url, const char *token, const char *path,
               const char *value);

#endif
