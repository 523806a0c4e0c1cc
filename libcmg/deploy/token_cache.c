/* The format, and the host's functions around it. See token_cache.h. */
#include "deploy/token_cache.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "deploy/sign_in.h"
#include "deploy/token.h"

#define CACHE_MAX  ((size_t)512 * 1024)
#define FIRST_LINE "libcmg-tokens 1"

/* ---- reading ---- */

struct text {
    const char *p;
    const char *end;
};

static bool take_line(struct text *text, struct text *line)
{
    const char *newline = memchr(text->p, '\n', (size_t)(text->end - text->p));

    if (newline == NULL)
        return false;
    *line = (struct text){ text->p, newline };
    text->p = newline + 1;
    return true;
}

/* Visible characters up to a blank or the line's end. */
static bool take_word(struct text *line, struct cmg__cached_text *out)
{
    const char *p = line->p;

    while (p<line->end && * p> ' ' && *p <= '~')
        p++;
    if (p == line->p || (p < line->end && *p != ' '))
        return false;
    *out = (struct cmg__cached_text){ line->p, (size_t)(p - line->p) };
    line->p = p < line->end ? p + 1 : p;
    return true;
}

static bool is_word(const struct cmg__cached_text *word, const char *text)
{
    return word->len == strlen(text) && memcmp(word->at, text, word->len) == 0;
}

static bool take_number(struct text *line, int64_t *out)
{
    struct cmg__cached_text word = { NULL, 0 };
    uint64_t number = 0;

    if (!take_word(line, &word) || !cmg__parse_u64(word.at, word.len, &number) ||
        number > INT64_MAX / 1000)
        return false;
    *out = (int64_t)number;
    return true;
}

static bool take_access(struct text *line, struct cmg__cached_tokens *out)
{
    if (out->count == CMG__ARRAY_LEN(out->access) ||
        !take_word(line, &out->access[out->count].resource) ||
        !take_number(line, &out->access[out->count].expires_unix_s) ||
        !take_word(line, &out->access[out->count].token))
        return false;
    out->count++;
    return true;
}

static bool take_token(struct text *line, struct cmg__cached_tokens *out)
{
    struct cmg__cached_text kind = { NULL, 0 };

    if (!take_word(line, &kind))
        return false;
    const bool taken = is_word(&kind, "refresh")
                           ? out->refresh.at == NULL && take_word(line, &out->refresh)
                           : is_word(&kind, "access") && take_access(line, out);
    return taken && line->p == line->end && line->p[-1] != ' ';
}

static bool is_line(const struct text *line, const char *head, const char *rest)
{
    const size_t n = strlen(head);
    const size_t len = (size_t)(line->end - line->p);

    return len == n + strlen(rest) && memcmp(line->p, head, n) == 0 &&
           memcmp(line->p + n, rest, len - n) == 0;
}

const char *cmg__token_cache_parse(const char *key, const char *data, size_t n,
                                   struct cmg__cached_tokens *out)
{
    struct text text = { data, data + n };
    struct text line = text;

    *out = (struct cmg__cached_tokens){ .count = 0 };
    if (!take_line(&text, &line) || !is_line(&line, FIRST_LINE, ""))
        return "it is of another format";
    if (!take_line(&text, &line) || !is_line(&line, "key ", key))
        return "it is for another tenant, client or way to sign in";
    while (text.p < text.end) {
        if (!take_line(&text, &line) || !take_token(&line, out))
            return "it is damaged";
    }
    return NULL;
}

/* ---- what is cached ---- */

/* Ways that have no tokens of their own to keep have no name. */
static const char *const ways[CMG__SIGN_INS] = {
    [CMG__SIGN_IN_DEVICE_CODE] = "device_code",
    [CMG__SIGN_IN_BROWSER] = "browser",
    [CMG__SIGN_IN_CLIENT_SECRET] = "client_secret",
    [CMG__SIGN_IN_CERTIFICATE] = "client_certificate",
    [CMG__SIGN_IN_WORKLOAD] = "workload_identity",
};

static bool is_used(const struct cmg__work *work)
{
    const cmg_tenant *tenant = work->gateway->tenant;

    return tenant->token_cache.load != NULL && ways[tenant->sign_in] != NULL;
}

static char *make_key(const struct cmg__work *work)
{
    const cmg_tenant *tenant = work->gateway->tenant;

    /* As the specification has it: what was found out must not change the key. */
    return cmg__format(work->alloc, "%s/%s/%s/%s",
                       work->endpoints.at[CMG_ENDPOINT_ISSUER],
                       tenant->domain[0] != '\0' ? tenant->domain : tenant->wanted_id,
                       cmg__token_client_id(work), ways[tenant->sign_in]);
}

static void complain(const struct cmg__work *work, const char *why)
{
    cmg__log(work->ctx, CMG_LOG_WARNING, "deploy", "token_cache", "",
             "the host's token cache is not used: %s", why);
}

static cmg_status take_kind(struct cmg__work *work, const struct cmg__cached_tokens *in,
                            enum cmg__token_kind kind)
{
    const char *resource = NULL;

    if (cmg__token_resource(work, kind, &resource, NULL) != CMG_OK)
        return CMG_OK;
    for (size_t i = 0; i < in->count; i++) {
        const int64_t left_s =
            in->access[i].expires_unix_s - cmg__env_unix_s(&work->ctx->env);
        if (left_s > 0 && is_word(&in->access[i].resource, resource))
            return cmg__token_restore(work, kind, in->access[i].token.at,
                                      in->access[i].token.len, left_s);
    }
    return CMG_OK;
}

static cmg_status take(struct cmg__work *work, const struct cmg__cached_tokens *in)
{
    cmg_status rc = CMG_OK;

    if (in->refresh.at != NULL)
        rc = cmg__secret_set(&work->tokens.refresh, in->refresh.at, in->refresh.len);
    work->tokens.is_cached = rc == CMG_OK && in->refresh.at != NULL;
    for (size_t i = 0; rc == CMG_OK && i < CMG__TOKENS; i++)
        rc = take_kind(work, in, (enum cmg__token_kind)i);
    return rc;
}

static cmg_status load(struct cmg__work *work, const char *key, struct cmg__buf *data)
{
    const cmg_token_cache *cache = &work->gateway->tenant->token_cache;
    struct cmg__cached_tokens tokens;

    cmg__callback_enter(work->ctx);
    const int64_t n = cache->load(key, data->data, CACHE_MAX, cache->user);
    cmg__callback_leave(work->ctx);
    if (n == 0)
        return CMG_OK;
    const char *why = n < 0 || n > (int64_t)CACHE_MAX
                          ? "its function load failed"
                          : cmg__token_cache_parse(key, data->data, (size_t)n, &tokens);
    data->len = n < 0 || n > (int64_t)CACHE_MAX ? CACHE_MAX : (size_t)n; /* to be wiped */
    if (why == NULL)
        return take(work, &tokens);
    complain(work, why);
    return CMG_OK;
}

cmg_status cmg__token_cache_load(struct cmg__work *work, cmg_error **err)
{
    struct cmg__buf data;

    if (!is_used(work) || work->tokens.cache_was_read)
        return CMG_OK;
    work->tokens.cache_was_read = true;
    cmg__buf_init_secret(&data, work->alloc, CACHE_MAX + 1);
    char *key = make_key(work);
    cmg_status rc = key == NULL ? CMG_E_NOMEM : cmg__buf_reserve(&data, CACHE_MAX);
    if (rc == CMG_OK)
        rc = load(work, key, &data);
    cmg__buf_done(&data);
    cmg__free(work->alloc, key);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* ---- writing ---- */

static cmg_status add_secret(struct cmg__buf *out, const struct cmg__secret *secret)
{
    cmg_status rc = cmg__buf_add(out, secret->data, secret->len);

    return rc == CMG_OK ? cmg__buf_add_char(out, '\n') : rc;
}

static cmg_status add_access(const struct cmg__work *work, enum cmg__token_kind kind,
                             struct cmg__buf *out)
{
    const struct cmg__token *token = &work->tokens.access[kind];
    const char *resource = NULL;

    if (!cmg__token_is_fresh(work, kind) ||
        cmg__token_resource(work, kind, &resource, NULL) != CMG_OK)
        return CMG_OK;
    cmg_status rc = cmg__buf_addf(out, "access %s %lld ", resource,
                                  (long long)cmg__token_expires_unix_s(work, kind));
    return rc == CMG_OK ? add_secret(out, &token->value) : rc;
}

static cmg_status format(const struct cmg__work *work, const char *key,
                         struct cmg__buf *out)
{
    cmg_status rc = cmg__buf_addf(out, FIRST_LINE "\nkey %s\n", key);

    if (rc == CMG_OK && cmg__secret_is_set(&work->tokens.refresh)) {
        rc = cmg__buf_add_str(out, "refresh ");
        if (rc == CMG_OK)
            rc = add_secret(out, &work->tokens.refresh);
    }
    for (size_t i = 0; rc == CMG_OK && i < CMG__TOKENS; i++)
        rc = add_access(work, (enum cmg__token_kind)i, out);
    return rc;
}

void cmg__token_cache_save(struct cmg__work *work)
{
    const cmg_token_cache *cache = &work->gateway->tenant->token_cache;
    struct cmg__buf data;
    int answer = -1;

    if (!is_used(work))
        return;
    cmg__buf_init_secret(&data, work->alloc, CACHE_MAX);
    char *key = make_key(work);
    if (key != NULL && format(work, key, &data) == CMG_OK) {
        cmg__callback_enter(work->ctx);
        answer = cache->save(key, data.data, data.len, cache->user);
        cmg__callback_leave(work->ctx);
    }
    if (answer != 0)
        complain(work, "the tokens could not be saved");
    cmg__buf_done(&data);
    cmg__free(work->alloc, key);
}

bool cmg__token_cache_is_stale(struct cmg__work *work, const struct cmg__json *answer)
{
    const char *error = cmg__str_or(cmg__json_str(answer, "/error"), "");

    if (!work->tokens.is_cached || strcmp(error, "invalid_grant") != 0)
        return false;
    cmg__secret_clear(&work->tokens.refresh);
    work->tokens.is_cached = false;
    complain(work, "Entra no longer takes its refresh token");
    return true;
}
