/* See browser.h. */
#include "deploy/browser.h"

#include <string.h>

#include "azure/redirect.h"
#include "base/base64.h"
#include "base/log.h"
#include "crypto/hash.h"
#include "deploy/token.h"
#include "net/loopback.h"

#define WAIT_S     600 /* as long as Entra keeps a sign-in page */
#define RANDOM_LEN 32

#define PAGE(title, text)                                                                \
    "<!doctype html><html lang=\"en\"><title>" title "</title><h1>" title                \
    "</h1><p>" text "</p></html>\n"

struct cmg__browser {
    struct cmg__exec *exec;
    struct cmg__loopback *loopback;
    struct cmg__redirect landed;
};

/* ---- what comes back ---- */

static const char *on_query(void *user, const char *query, size_t n)
{
    struct cmg__browser *b = user;
    const struct cmg__work *work = b->exec->run.work;
    const cmg_status rc =
        cmg__redirect_read(&b->landed, work->alloc, query, n, work->pkce.state);

    if (rc != CMG_OK) {
        cmg__log(work->ctx, CMG_LOG_DEBUG, "deploy", "sign_in.stray", "",
                 "a request to the redirect address is not the answer: %s",
                 cmg_status_name(rc));
        return NULL;
    }
    if (b->landed.error != NULL)
        return PAGE("Not signed in",
                    "The program you came from says why. You can close this window.");
    return PAGE("Signed in", "You can close this window and go back to the program.");
}

static cmg_status read_code(struct cmg__exec *exec, struct cmg__redirect *landed,
                            struct cmg__next *next, cmg_error **err)
{
    const struct cmg__answer answer = { .status = 200 };

    cmg__secret_clear(&exec->run.work->pkce.code);
    exec->run.work->pkce.code = landed->code;
    cmg__secret_init(&landed->code, exec->run.work->alloc);
    return exec->run.exchange->read(&exec->run, &answer, next, err);
}

static cmg_status read_error(struct cmg__exec *exec, const struct cmg__redirect *landed,
                             struct cmg__next *next, cmg_error **err)
{
    cmg_error *decoded = NULL;

    (void)cmg__azure_error_value(exec->run.work->alloc,
                                 cmg__call_get(CMG__CALL_AUTHORIZE), landed->error,
                                 &decoded);
    const struct cmg__answer answer = { .status = 400,
                                        .json = landed->error,
                                        .error = decoded };
    const cmg_status rc = exec->run.exchange->read(&exec->run, &answer, next, err);
    cmg_error_unref(decoded);
    return rc;
}

/* The page has gone out: nobody has to listen any more. */
static void on_done(void *user)
{
    struct cmg__browser *b = user;
    struct cmg__exec *exec = b->exec;
    cmg_deploy *deploy = exec->deploy;
    struct cmg__redirect landed = b->landed;
    struct cmg__next next = { .kind = CMG__NEXT_DONE };
    cmg_error *err = NULL;

    cmg__redirect_init(&b->landed, exec->run.work->alloc);
    cmg__engine_enter(deploy);
    cmg__browser_close(exec);
    cmg__timer_stop(&exec->timer);
    const cmg_status rc = landed.error != NULL ? read_error(exec, &landed, &next, &err)
                                               : read_code(exec, &landed, &next, &err);
    cmg__exec_after(exec, rc, &next, -1, &err);
    cmg__redirect_done(&landed);
    cmg__engine_settle(deploy);
    cmg__engine_leave(deploy);
}

/* ---- what goes out ---- */

static cmg_status random_text(const struct cmg__work *work, struct cmg__buf *out,
                              cmg_error **err)
{
    const struct cmg__env *env = &work->ctx->env;
    uint8_t bytes[RANDOM_LEN];
    const int rc = env->random(env->user, bytes, sizeof bytes);

    cmg__buf_clear(out);
    if (rc != 0)
        return cmg__fail_os(err, work->alloc, -rc, "random numbers", "get");
    const cmg_status added = cmg__base64url_encode(out, bytes, sizeof bytes);
    cmg__wipe(bytes, sizeof bytes);
    return added == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* Verifier, state and nonce are 43 characters of 256 random bits each. */
static cmg_status make_pkce(struct cmg__work *work, uint16_t port, cmg_error **err)
{
    struct cmg__pkce *pkce = &work->pkce;
    char storage[64];
    struct cmg__buf text;
    char *uri = cmg__format(work->alloc, "http://localhost:%u/", (unsigned)port);

    if (uri == NULL)
        return cmg__fail_nomem(err);
    cmg__free(work->alloc, pkce->redirect_uri);
    pkce->redirect_uri = uri;
    cmg__buf_init_fixed(&text, storage, sizeof storage);
    cmg_status rc = random_text(work, &text, err);
    if (rc == CMG_OK)
        memcpy(pkce->state, storage, sizeof pkce->state);
    if (rc == CMG_OK)
        rc = random_text(work, &text, err);
    if (rc == CMG_OK)
        memcpy(pkce->nonce, storage, sizeof pkce->nonce);
    if (rc == CMG_OK)
        rc = random_text(work, &text, err);
    if (rc == CMG_OK && cmg__secret_set(&pkce->verifier, text.data, text.len) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__wipe(storage, sizeof storage);
    return rc;
}

static cmg_status make_challenge(const struct cmg__work *work, struct cmg__buf *out)
{
    const struct cmg__secret *verifier = &work->pkce.verifier;
    uint8_t hash[32];
    cmg_status rc = cmg__sha256(verifier->data, verifier->len, hash);

    if (rc == CMG_OK)
        rc = cmg__base64url_encode(out, hash, sizeof hash);
    return rc;
}

static cmg_status build_url(const struct cmg__work *work, struct cmg__buf *scope,
                            struct cmg__buf *challenge, struct cmg__http_request *req,
                            cmg_error **err)
{
    const cmg_status rc = cmg__token_scope(work, CMG__TOKEN_ARM, scope, err);

    if (rc != CMG_OK)
        return rc;
    if (make_challenge(work, challenge) != CMG_OK)
        return cmg__fail_nomem(err);
    const struct cmg__arg args[] = {
        { "tenant", cmg__work_value(work, "tenant") },
        { "client_id", cmg__token_client_id(work) },
        { "redirect_uri", work->pkce.redirect_uri },
        { "scope", cmg__buf_cstr(scope) },
        { "state", work->pkce.state },
        { "nonce", work->pkce.nonce },
        { "code_challenge", cmg__buf_cstr(challenge) },
    };
    return cmg__call_build(work->alloc, cmg__call_get(CMG__CALL_AUTHORIZE),
                           &work->endpoints, args, CMG__ARRAY_LEN(args), NULL, req, err);
}

/* Demanded claims stand at the end: they may be absent. */
static char *with_claims(const struct cmg__work *work, const char *url)
{
    struct cmg__buf text;

    if (work->tokens.claims == NULL)
        return cmg__strdup(work->alloc, url);
    cmg__buf_init(&text, work->alloc, 64 * 1024);
    cmg_status rc = cmg__buf_add_str(&text, url);
    if (rc == CMG_OK)
        rc = cmg__form_add(&text, "claims", work->tokens.claims);
    char *whole = rc == CMG_OK ? cmg__buf_steal(&text) : NULL;
    cmg__buf_done(&text);
    return whole;
}

static cmg_status make_prompt(struct cmg__work *work, cmg_error **err)
{
    struct cmg__buf scope, challenge;
    struct cmg__http_request req;
    struct cmg__prompt *prompt = &work->prompt;

    cmg__http_request_init(&req, work->alloc);
    cmg__buf_init(&scope, work->alloc, 1024);
    cmg__buf_init(&challenge, work->alloc, 64);
    cmg_status rc = build_url(work, &scope, &challenge, &req, err);
    if (rc == CMG_OK) {
        cmg__free(work->alloc, prompt->url);
        prompt->url = with_claims(work, req.url);
        if (prompt->url == NULL ||
            cmg__str_assign(work->alloc, &prompt->message,
                            "To sign in, open the page in a browser on this machine.") !=
                CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    prompt->kind = CMG_PROMPT_BROWSER;
    prompt->expires_unix_s = cmg__env_unix_s(&work->ctx->env) + WAIT_S;
    prompt->pending = rc == CMG_OK;
    cmg__buf_done(&challenge);
    cmg__buf_done(&scope);
    cmg__http_request_done(&req);
    return rc;
}

/* ---- life ---- */

static cmg_status fail_late(const struct cmg__exec *exec, cmg_error **err)
{
    return cmg__fail(err, exec->run.work->alloc, CMG_E_TIMEOUT, "browser",
                     "start again, and sign in within ten minutes",
                     "nobody signed in in a browser within %d seconds", WAIT_S);
}

cmg_status cmg__browser_open(struct cmg__exec *exec, cmg_error **err)
{
    static const struct cmg__loopback_events events = { on_query, on_done };
    struct cmg__work *work = exec->run.work;

    if (exec->browser != NULL) /* the timer: it waits already */
        return fail_late(exec, err);
    struct cmg__browser *b = cmg__alloc0(work->alloc, sizeof *b);
    if (b == NULL)
        return cmg__fail_nomem(err);
    b->exec = exec;
    cmg__redirect_init(&b->landed, work->alloc);
    exec->browser = b;
    cmg_status rc = cmg__loopback_new(work->ctx->loop, &events, b, &b->loopback, err);
    if (rc == CMG_OK)
        rc = make_pkce(work, cmg__loopback_port(b->loopback), err);
    if (rc == CMG_OK)
        rc = make_prompt(work, err);
    if (rc != CMG_OK) {
        cmg__browser_close(exec);
        return rc;
    }
    cmg__run_say(&exec->run, "waiting for somebody to sign in in a browser");
    exec->news = true;
    cmg__timer_start(&exec->timer, (int64_t)WAIT_S * 1000);
    return CMG_OK;
}

void cmg__browser_close(struct cmg__exec *exec)
{
    struct cmg__browser *b = exec->browser;

    if (b == NULL)
        return;
    exec->browser = NULL;
    cmg__loopback_free(b->loopback);
    cmg__redirect_done(&b->landed);
    cmg__free(exec->run.work->alloc, b);
}
