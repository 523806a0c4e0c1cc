/*
 * Tokens between two runs, kept by the host: bytes out, bytes in. One line for the
 * format, one for what they are for, one for each token:
 *
 *   libcmg-tokens 1
 *   key https://login.microsoftonline.com/contoso.com/1950a258-.../device_code
 *   refresh <token>
 *   access https://graph.microsoft.com 1795000000 <token>
 *
 * A cache is a help, never a condition: one that cannot be read, or is for something
 * else, is as good as none.
 */
#ifndef CMG_DEPLOY_TOKEN_CACHE_H
#define CMG_DEPLOY_TOKEN_CACHE_H

#include "deploy/work.h"

/* What the bytes say, as views into them. */
struct cmg__cached_text {
    const char *at; /* NULL: none */
    size_t len;
};
struct cmg__cached_tokens {
    struct cmg__cached_text refresh;
    struct {
        struct cmg__cached_text resource;
        struct cmg__cached_text token;
        int64_t expires_unix_s;
    } access[CMG__TOKENS];
    size_t count;
};
/* NULL when they are well formed and for that key, else why they are not used. */
const char *cmg__token_cache_parse(const char *key, const char *data, size_t n,
                                   struct cmg__cached_tokens *out);

/* Once a run, before the first token is needed. CMG_E_NOMEM only. */
cmg_status cmg__token_cache_load(struct cmg__work *work, cmg_error **err);
/* After each token that came. */
void cmg__token_cache_save(struct cmg__work *work);
/* A refusal of what came out of the cache: forgets it; true when that was so. */
bool cmg__token_cache_is_stale(struct cmg__work *work, const struct cmg__json *answer);

#endif
