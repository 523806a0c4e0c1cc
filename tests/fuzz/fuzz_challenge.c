/* Claims challenges: the input as a WWW-Authenticate field and as the claims of a body.
   What comes out is one JSON object, and what is told of it is one printable line. */
#include "azure/challenge.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_claims(char *claims)
{
    struct cmg__buf text;

    if (claims == NULL)
        return;
    require(claims[0] == '{' && strlen(claims) <= CMG__CLAIMS_MAX);
    cmg__buf_init(&text, &cmg__alloc_libc, (size_t)1 << 20);
    require(cmg__challenge_describe(&cmg__alloc_libc, claims, &text) == CMG_OK);
    require(text.len > 0);
    for (size_t i = 0; i < text.len; i++)
        require(text.data[i] >= ' ' && text.data[i] <= '~');
    cmg__buf_done(&text);
    cmg__free(&cmg__alloc_libc, claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct cmg__alloc *alloc = &cmg__alloc_libc;
    char *text =
        cmg__strndup(alloc, (const char *)data, strnlen((const char *)data, size));
    struct cmg__json *body = cmg__json_pack("{s:o}", "claims", cmg__json_string(text));
    struct cmg__headers headers;
    char *claims = NULL;

    cmg__headers_init(&headers, alloc);
    require(text != NULL &&
            cmg__headers_add(&headers, "www-authenticate", text) == CMG_OK);
    require(cmg__challenge_read(alloc, &headers, NULL, &claims) == CMG_OK);
    check_claims(claims);
    cmg__headers_clear(&headers);
    require(cmg__challenge_read(alloc, &headers, body, &claims) == CMG_OK);
    check_claims(claims);
    cmg__headers_done(&headers);
    cmg__json_unref(body);
    cmg__free(alloc, text);
    return 0;
}
