/* See desk.h. */
#include "crypto/desk.h"

#include "base/base64.h"

#include <stdlib.h>
#include <string.h>

static const char *const issuers[] = { ISS_V1, ISS_V2, NULL };
static const char *const audiences[] = { AUD, "api://other", NULL };
static const char *const clients[] = { CLIENT, NULL };

char *desk_key_set(const struct cmg__key *key, const char *kid)
{
    struct cmg__json *keys = cmg__json_array();
    struct cmg__buf out;

    ck_assert_int_eq(cmg__jwks_append(keys, key, kid), CMG_OK);
    struct cmg__json *set = cmg__json_pack("{s:o}", "keys", keys);
    cmg__buf_init(&out, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__json_format(set, CMG__JSON_COMPACT, &out), CMG_OK);
    cmg__json_unref(set);
    return cmg__buf_steal(&out);
}

void desk_init(struct desk *d)
{
    cmg_error *err = NULL;

    support_alloc_init(&d->a);
    support_env_init(&d->e);
    d->key = pki_key(&d->a.alloc, &d->e.env, 0);
    char *set = desk_key_set(d->key, "key-1");
    ck_ok(cmg__jwks_parse(&d->a.alloc, set, strlen(set), &d->jwks, &err), err);
    free(set);
    d->policy = (struct cmg__jwt_policy){ .tenant_id = TENANT,
                                          .issuers = issuers,
                                          .audiences = audiences,
                                          .client_ids = clients,
                                          .required_scope = "user_impersonation",
                                          .now_unix_s = PKI_NOW,
                                          .skew_s = 300 };
}

void desk_done(struct desk *d)
{
    cmg__jwks_free(d->jwks);
    cmg__key_free(d->key);
    ck_assert_uint_eq(d->a.live, 0);
}

/* Base64url of both texts and a true signature over them. */
void desk_sign(struct desk *d, const char *header, const char *claims,
               struct cmg__buf *out)
{
    struct cmg__buf signature;

    cmg__buf_init(out, &cmg__alloc_libc, 1 << 20);
    cmg__buf_init(&signature, &cmg__alloc_libc, 1024);
    ck_assert_int_eq(cmg__base64url_encode(out, header, strlen(header)), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_char(out, '.'), CMG_OK);
    ck_assert_int_eq(cmg__base64url_encode(out, claims, strlen(claims)), CMG_OK);
    ck_assert_int_eq(cmg__key_sign(d->key, &d->e.env, CMG__OID_SHA256, out->data,
                                   out->len, &signature, NULL),
                     CMG_OK);
    ck_assert_int_eq(cmg__buf_add_char(out, '.'), CMG_OK);
    ck_assert_int_eq(cmg__base64url_encode(out, signature.data, signature.len), CMG_OK);
    cmg__buf_done(&signature);
}

cmg_status desk_check(struct desk *d, const char *token, size_t n,
                      struct cmg__jwt_identity *out)
{
    cmg_error *err = NULL;
    const cmg_status rc =
        cmg__jwt_check(&d->a.alloc, token, n, d->jwks, &d->policy, out, &err);

    ck_assert_int_eq(cmg_error_code(err), rc);
    if (rc != CMG_OK) {
        ck_assert_str_ne(cmg_error_remedy(err), "");
        ck_assert_ptr_null(strstr(cmg_error_message(err), "eyJ"));
    }
    cmg_error_unref(err);
    return rc;
}

cmg_status desk_check_claims(struct desk *d, const char *header, const char *claims)
{
    struct cmg__jwt_identity who = { .tenant_id = "" };
    struct cmg__buf token;

    desk_sign(d, header, claims, &token);
    const cmg_status rc = desk_check(d, token.data, token.len, &who);
    if (rc != CMG_OK)
        ck_assert_str_eq(who.tenant_id, "");
    cmg__buf_done(&token);
    return rc;
}

char *desk_replaced(const char *text, const char *from, const char *to)
{
    struct cmg__buf out;
    const char *at = strstr(text, from);

    ck_assert_ptr_nonnull(at);
    cmg__buf_init(&out, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__buf_add(&out, text, (size_t)(at - text)), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_str(&out, to), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_str(&out, at + strlen(from)), CMG_OK);
    return cmg__buf_steal(&out);
}
