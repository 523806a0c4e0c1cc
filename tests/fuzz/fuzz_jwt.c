/*
 * Tokens on any bytes, by the check, by the reader that looks at the signature alone, and
 * by the one that does not. Three ways in: the bytes as a token; as a key set; as claims
 * that are signed with the right key first, so that the checks behind the signature are
 * reached.
 */
#include "crypto/jwt.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TENANT "11111111-2222-3333-4444-555555555555"
#define NOW    INT64_C(1795392000)

static struct cmg__key *key;
static struct cmg__jwks *keys;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void make_keys(void)
{
    struct cmg__json *list = cmg__json_array();
    struct cmg__buf text;

    require(cmg__key_generate(&cmg__alloc_libc, &cmg__env_system, CMG__KEY_RSA, 2048,
                              &key, NULL) == CMG_OK);
    require(cmg__jwks_append(list, key, "key-1") == CMG_OK);
    struct cmg__json *set = cmg__json_pack("{s:o}", "keys", list);
    cmg__buf_init(&text, &cmg__alloc_libc, (size_t)1 << 16);
    require(cmg__json_format(set, CMG__JSON_COMPACT, &text) == CMG_OK);
    require(cmg__jwks_parse(&cmg__alloc_libc, text.data, text.len, &keys, NULL) ==
            CMG_OK);
    cmg__buf_done(&text);
    cmg__json_unref(set);
}

/* The three readers are stricter in this order: what one takes, the former took. */
static void check_readers(const char *token, size_t n, bool passed)
{
    struct cmg__json *seen = NULL;
    struct cmg__json *read = NULL;
    const cmg_status peek = cmg__jwt_peek(&cmg__alloc_libc, token, n, &seen, NULL);
    const cmg_status rc = cmg__jwt_read(&cmg__alloc_libc, token, n, keys, &read, NULL);

    require(peek == CMG_OK || peek == CMG_E_AUTH);
    require(rc == CMG_OK || rc == CMG_E_AUTH || rc == CMG_E_NOTFOUND);
    require((peek == CMG_OK) == (seen != NULL));
    require((rc == CMG_OK) == (read != NULL));
    require(!passed || rc == CMG_OK);
    require(rc != CMG_OK || peek == CMG_OK);
    cmg__json_unref(seen);
    cmg__json_unref(read);
}

static void check(const char *token, size_t n)
{
    static const char *const issuers[] = { "https://sts.windows.net/" TENANT "/",
                                           "https://login.microsoftonline.com/" TENANT
                                           "/v2.0",
                                           NULL };
    static const char *const audiences[] = { "https://ConfigMgrService", NULL };
    const struct cmg__jwt_policy policy = { .tenant_id = TENANT,
                                            .issuers = issuers,
                                            .audiences = audiences,
                                            .required_scope = "user_impersonation",
                                            .now_unix_s = NOW,
                                            .skew_s = 300 };
    struct cmg__jwt_identity who = { .tenant_id = "" };
    const cmg_status rc =
        cmg__jwt_check(&cmg__alloc_libc, token, n, keys, &policy, &who, NULL);

    require(rc == CMG_OK || rc == CMG_E_AUTH || rc == CMG_E_NOTFOUND);
    require(rc != CMG_OK ||
            (strcmp(who.tenant_id, TENANT) == 0 && who.expires_unix_s > NOW - 300));
    check_readers(token, n, rc == CMG_OK);
}

static void check_signed(const char *text, size_t n)
{
    struct cmg__json *claims = NULL;
    struct cmg__buf token;

    if (cmg__json_parse(&cmg__alloc_libc, "claims", text, n, &claims, NULL) != CMG_OK)
        return;
    cmg__buf_init(&token, &cmg__alloc_libc, (size_t)1 << 20);
    if (cmg__jwt_make(&cmg__alloc_libc, &cmg__env_system, key, "key-1", claims, &token,
                      NULL) == CMG_OK)
        check(token.data, token.len);
    cmg__buf_done(&token);
    cmg__json_unref(claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__jwks *set = NULL;
    const char *text = (const char *)data;

    if (key == NULL)
        make_keys();
    check(text, size);
    check_signed(text, size);
    (void)cmg__jwks_parse(&cmg__alloc_libc, text, size, &set, NULL);
    cmg__jwks_free(set);
    return 0;
}
