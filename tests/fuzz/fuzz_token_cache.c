/* Any bytes as a token cache: refused, or cut into words that lie inside. */
#include "deploy/token_cache.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cmg__cached_text *word, const char *text, size_t n)
{
    if (word->at < text || word->len == 0 || word->at + word->len >= text + n)
        abort();
    for (size_t i = 0; i < word->len; i++) {
        if (word->at[i] <= ' ' || word->at[i] > '~')
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct cmg__cached_tokens tokens;

    if (cmg__token_cache_parse("k", text, size, &tokens) != NULL)
        return 0;
    if (tokens.refresh.at != NULL)
        check(&tokens.refresh, text, size);
    for (size_t i = 0; i < tokens.count; i++) {
        check(&tokens.access[i].resource, text, size);
        check(&tokens.access[i].token, text, size);
        if (tokens.access[i].expires_unix_s < 0)
            abort();
    }
    return 0;
}
