/*
 * The public handle of a private key: made, exported, read again, held by the host, put
 * together with certificates; what cannot be done is told by the code that belongs to it.
 */
#include "support/support.h"

#include "model/certificate.h"
#include "model/key.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmg/cmg.h>

struct place {
    struct support_alloc a;
    cmg_context *ctx;
};

static void place_init(struct place *place)
{
    cmg_error *err = NULL;

    support_alloc_init(&place->a);
    ck_ok(cmg_context_new(&place->a.alloc.table, &place->ctx, &err), err);
}

static void place_done(struct place *place)
{
    cmg_context_unref(place->ctx);
    ck_assert_uint_eq(place->a.live, 0);
    support_dir_done();
}

static cmg_key *make(struct place *place, cmg_key_kind kind)
{
    cmg_key *key = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_key_generate(place->ctx, kind, &key, &err), err);
    return key;
}

static char *shell(const char *command)
{
    char line[1200];
    char *out = NULL;

    (void)snprintf(line, sizeof line, "cd %s && (%s) 2>&1", support_dir(), command);
    const char *const argv[] = { "sh", "-c", line, NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "%s: %s", command, out);
    return out;
}

/* Keeps bytes in a file and gives them back. */
static void keep(const char *name, cmg_bytes *bytes)
{
    support_write_file(support_path(name), cmg_bytes_data(bytes), cmg_bytes_size(bytes));
    cmg_bytes_unref(bytes);
}

static const struct kind_case {
    cmg_key_kind kind;
    const char *description;
    const char *openssl;
} kinds[] = {
    { CMG_KEY_RSA_2048, "RSA 2048", "Private-Key: (2048 bit" },
    { CMG_KEY_RSA_3072, "RSA 3072", "Private-Key: (3072 bit" },
    { CMG_KEY_RSA_4096, "RSA 4096", "Private-Key: (4096 bit" },
    { CMG_KEY_EC_P256, "EC P-256", "NIST CURVE: P-256" },
    { CMG_KEY_EC_P384, "EC P-384", "NIST CURVE: P-384" },
};

START_TEST(each_kind_is_made_and_exported)
{
    struct place place;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_key *key = make(&place, kinds[_i].kind);
    ck_assert_str_eq(cmg_key_description(key), kinds[_i].description);
    ck_assert(!cmg_key_is_held(key));
    ck_ok(cmg_key_export_pem(key, NULL, &bytes, &err), err);
    keep("plain.pem", bytes);
    ck_ok(cmg_key_export_der(key, NULL, &bytes, &err), err);
    keep("plain.der", bytes);
    ck_ok(cmg_key_export_public_pem(key, &bytes, &err), err);
    keep("public.pem", bytes);
    char *out = shell("openssl pkey -in plain.pem -noout -text");
    ck_assert_ptr_nonnull(strstr(out, kinds[_i].openssl));
    free(out);
    free(shell("openssl pkey -in plain.pem -outform DER -out d && "
               "openssl pkcs8 -topk8 -nocrypt -in d -inform DER -outform DER -out e && "
               "cmp plain.der e && openssl pkey -in plain.pem -pubout | "
               "cmp - public.pem"));
    cmg_key_unref(key);
    place_done(&place);
}
END_TEST

START_TEST(an_encrypted_export_has_the_promised_form)
{
    struct place place;
    cmg_bytes *pem = NULL;
    cmg_bytes *der = NULL;
    cmg_key *again = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_key *key = make(&place, CMG_KEY_EC_P256);
    ck_ok(cmg_key_export_pem(key, "secret", &pem, &err), err);
    ck_ok(cmg_key_export_der(key, "secret", &der, &err), err);
    ck_ok(cmg_key_new_from_bytes(place.ctx, cmg_bytes_data(der), cmg_bytes_size(der),
                                 "secret", &again, &err),
          err);
    cmg_key_unref(again);
    keep("k.pem", pem);
    keep("k.der", der);
    char *out = shell("openssl asn1parse -in k.pem && openssl pkey -in k.der -inform DER "
                      "-passin pass:secret -check -noout");
    ck_assert_ptr_nonnull(strstr(out, "PBES2"));
    ck_assert_ptr_nonnull(strstr(out, "PBKDF2"));
    ck_assert_ptr_nonnull(strstr(out, ":0927C0")); /* 600,000 */
    ck_assert_ptr_nonnull(strstr(out, "hmacWithSHA256"));
    ck_assert_ptr_nonnull(strstr(out, "aes-256-cbc"));
    ck_assert_ptr_nonnull(strstr(out, "Key is valid"));
    free(out);
    cmg_key_unref(key);
    place_done(&place);
}
END_TEST

START_TEST(wrong_arguments_are_named)
{
    struct place place;
    cmg_key *none = NULL;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;
    char large[1025];

    memset(large, 'x', sizeof large);
    large[1024] = '\0';
    place_init(&place);
    cmg_key *key = make(&place, CMG_KEY_EC_P256);
    ck_assert_int_eq(cmg_key_generate(NULL, CMG_KEY_EC_P256, &none, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_key_generate(place.ctx, (cmg_key_kind)0, &none, &err),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "kind");
    ck_assert_int_eq(cmg_key_new_from_bytes(place.ctx, NULL, 5, NULL, &none, &err),
                     CMG_E_INVAL);
    ck_assert_int_eq(
        cmg_key_new_from_bytes(place.ctx, large, 1024 * 1024 + 1, NULL, &none, &err),
        CMG_E_LIMIT);
    ck_assert_int_eq(cmg_key_new_from_bytes(place.ctx, "", 0, NULL, &none, &err),
                     CMG_E_PARSE);
    ck_assert_int_eq(cmg_key_export_pem(key, "", &bytes, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "password");
    ck_assert_int_eq(cmg_key_export_der(key, large, &bytes, &err), CMG_E_INVAL);
    ck_assert_int_eq(cmg_key_export_der(key, "\xff", &bytes, &err), CMG_E_INVAL);
    ck_assert_int_eq(cmg_key_export_pem(NULL, NULL, &bytes, &err), CMG_E_INVAL);
    ck_assert_int_eq(cmg_key_export_public_pem(NULL, &bytes, &err), CMG_E_INVAL);
    ck_assert_ptr_null(none);
    ck_assert_ptr_null(bytes);
    ck_assert_str_eq(cmg_key_description(NULL), "");
    ck_assert(!cmg_key_is_held(NULL));
    ck_assert_ptr_null(cmg_key_ref(NULL));
    cmg_key_unref(NULL);
    cmg_error_unref(err);
    cmg_key_unref(key);
    place_done(&place);
}
END_TEST

/* ---- held by the host ---- */

/* A second key handle of the same context stands for the module. */
struct module {
    struct place *place;
    unsigned released;
    int64_t answer;
    unsigned depth; /* of callbacks, seen from inside */
};

static int64_t sign(cmg_hash hash, const void *digest, size_t digest_size, void *out,
                    size_t max, void *user)
{
    static const char *const names[] = { "", "sha256", "sha384", "sha512" };
    struct module *m = user;
    char command[200];
    size_t n = 0;

    m->depth = m->place->ctx->callback_depth;
    if (m->answer != 0)
        return m->answer;
    support_write_file(support_path("digest"), digest, digest_size);
    (void)snprintf(command, sizeof command,
                   "openssl pkeyutl -sign -inkey k -pkeyopt digest:%s -in digest -out s",
                   names[hash]);
    free(shell(command));
    char *bytes = support_read_file(support_path("s"), &n);
    ck_assert_uint_le(n, max);
    memcpy(out, bytes, n);
    free(bytes);
    return (int64_t)n;
}

static void release(void *user)
{
    struct module *m = user;

    m->released++;
}

static cmg_certificate *read_certificate(struct place *place, const char *name)
{
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    size_t n = 0;
    char *text = support_read_file(support_path(name), &n);

    ck_ok(cmg_certificate_new_from_pem(place->ctx, text, n, &cert, &err), err);
    free(text);
    return cert;
}

static cmg_key *hold(struct place *place, struct module *m, const char *name)
{
    const cmg_key_holder holder = {
        .size = sizeof holder, .user = m, .sign = sign, .release = release
    };
    cmg_key *key = NULL;
    cmg_error *err = NULL;
    size_t n = 0;
    char *text = support_read_file(support_path(name), &n);

    m->place = place;
    ck_ok(cmg_key_new_held(place->ctx, text, n, &holder, &key, &err), err);
    free(text);
    return key;
}

START_TEST(a_held_key_lives_as_long_as_it_is_used)
{
    struct place place;
    struct module m = { .answer = 0 };
    cmg_certificate *whole = NULL;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    free(shell("openssl req -new -x509 -newkey rsa:2048 -nodes -keyout k -subj /CN=held "
               "-out c"));
    cmg_key *key = hold(&place, &m, "c");
    ck_assert(cmg_key_is_held(key));
    ck_assert_str_eq(cmg_key_description(key), "RSA 2048");
    cmg_certificate *cert = read_certificate(&place, "c");
    ck_assert(cmg_certificate_matches_key(cert, key));
    ck_ok(cmg_certificate_new_with_key(cert, key, &whole, &err), err);
    ck_assert(cmg_certificate_has_key(whole));
    ck_assert(!cmg_certificate_has_key(cert));
    ck_assert_str_eq(cmg_certificate_sha256(whole), cmg_certificate_sha256(cert));
    ck_assert_int_eq(cmg_key_export_pem(key, NULL, &bytes, &err), CMG_E_UNSUPPORTED);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_int_eq(cmg_key_export_der(key, "secret", &bytes, &err), CMG_E_UNSUPPORTED);
    ck_assert_int_eq(
        cmg_certificate_export_pfx(whole, CMG_PFX_COMPAT, "secret", &bytes, &err),
        CMG_E_UNSUPPORTED);
    ck_assert_int_eq(cmg__certificate_check_key(whole, &err), CMG_E_UNSUPPORTED);
    ck_assert_int_eq(cmg__certificate_check_key(cert, &err), CMG_E_INVAL);
    ck_ok(cmg_key_export_public_pem(key, &bytes, &err), err);
    cmg_bytes_unref(bytes);
    cmg_key_unref(key);
    cmg_certificate_unref(cert);
    ck_assert_uint_eq(m.released, 0);
    cmg_certificate_unref(whole);
    ck_assert_uint_eq(m.released, 1);
    place_done(&place);
}
END_TEST

START_TEST(a_held_key_signs_inside_a_callback)
{
    struct place place;
    struct module m = { .answer = 0 };
    struct cmg__buf signature;
    cmg_error *err = NULL;

    place_init(&place);
    free(shell("openssl ecparam -name prime256v1 -genkey -noout -out k && "
               "openssl pkey -in k -pubout -out p"));
    cmg_key *key = hold(&place, &m, "p");
    cmg__buf_init(&signature, &place.a.alloc, 1024);
    for (int hash = CMG__OID_SHA256; hash <= CMG__OID_SHA512; hash++)
        ck_ok(cmg__key_sign(key->key, &place.ctx->env, (enum cmg__oid)hash, "x", 1,
                            &signature, &err),
              err);
    ck_assert_uint_eq(m.depth, 1);
    ck_assert_uint_eq(place.ctx->callback_depth, 0);
    m.answer = -13;
    ck_assert_int_eq(cmg__key_sign(key->key, &place.ctx->env, CMG__OID_SHA256, "x", 1,
                                   &signature, &err),
                     CMG_E_CALLBACK);
    ck_assert_int_eq(cmg_error_origin_number(err), -13);
    cmg_error_unref(err);
    cmg__buf_done(&signature);
    cmg_key_unref(key);
    ck_assert_uint_eq(m.released, 1);
    place_done(&place);
}
END_TEST

START_TEST(a_forked_child_releases_nothing)
{
    struct place place;
    struct module m = { .answer = 0 };
    int status = 0;

    place_init(&place);
    free(shell("openssl ecparam -name prime256v1 -genkey -noout -out k && "
               "openssl pkey -in k -pubout -out p"));
    cmg_key *key = hold(&place, &m, "p");
    const pid_t child = fork();
    if (child == 0) {
        cmg_key_unref(key);
        _exit(m.released == 0 ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    cmg_key_unref(key);
    ck_assert_uint_eq(m.released, 1);
    place_done(&place);
}
END_TEST

START_TEST(a_holder_that_cannot_be_used_is_refused)
{
    struct place place;
    struct module m = { .answer = 0 };
    cmg_key *key = NULL;
    cmg_error *err = NULL;
    size_t n = 0;
    cmg_key_holder holder = {
        .size = sizeof holder, .user = &m, .sign = sign, .release = release
    };

    place_init(&place);
    free(shell("openssl ecparam -name prime256v1 -genkey -noout -out k && "
               "openssl pkey -in k -pubout -out p"));
    char *text = support_read_file(support_path("p"), &n);
    ck_assert_int_eq(cmg_key_new_held(place.ctx, text, n, NULL, &key, &err), CMG_E_INVAL);
    holder.size = 8;
    ck_assert_int_eq(cmg_key_new_held(place.ctx, text, n, &holder, &key, &err),
                     CMG_E_ABI);
    holder.size = sizeof holder;
    holder.sign = NULL;
    ck_assert_int_eq(cmg_key_new_held(place.ctx, text, n, &holder, &key, &err),
                     CMG_E_INVAL);
    holder.sign = sign;
    ck_assert_int_eq(cmg_key_new_held(place.ctx, NULL, n, &holder, &key, &err),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_key_new_held(place.ctx, text, n - 30, &holder, &key, &err),
                     CMG_E_PARSE);
    ck_assert_ptr_null(key);
    ck_assert_uint_eq(m.released, 0);
    holder.release = NULL;
    ck_ok(cmg_key_new_held(place.ctx, text, n, &holder, &key, &err), err);
    cmg_key_unref(key);
    free(text);
    place_done(&place);
}
END_TEST

/* ---- with certificates ---- */

START_TEST(a_certificate_takes_its_own_key_only)
{
    struct place place;
    cmg_context *other = NULL;
    cmg_certificate *whole = NULL;
    cmg_bytes *bytes = NULL;
    cmg_key *foreign = NULL;
    cmg_key *own = NULL;
    cmg_error *err = NULL;
    size_t n = 0;

    place_init(&place);
    free(shell("openssl req -new -x509 -newkey rsa:2048 -nodes -keyout k -subj /CN=c "
               "-out c"));
    cmg_certificate *cert = read_certificate(&place, "c");
    char *text = support_read_file(support_path("k"), &n);
    ck_ok(cmg_key_new_from_bytes(place.ctx, text, n, NULL, &own, &err), err);
    ck_ok(cmg_certificate_new_with_key(cert, own, &whole, &err), err);
    ck_ok(cmg_certificate_export_pfx(whole, CMG_PFX_MODERN, "secret", &bytes, &err), err);
    keep("pfx", bytes);
    free(shell("openssl pkcs12 -in pfx -passin pass:secret -nodes -nocerts | "
               "openssl pkey -pubout > a && openssl x509 -in c -noout -pubkey | "
               "cmp - a"));
    cmg_certificate_unref(whole);
    whole = NULL;
    cmg_key *another = make(&place, CMG_KEY_RSA_2048);
    ck_assert(!cmg_certificate_matches_key(cert, another));
    ck_assert_int_eq(cmg_certificate_new_with_key(cert, another, &whole, &err),
                     CMG_E_CERT);
    cmg_error_unref(err);
    err = NULL;
    ck_ok(cmg_context_new(NULL, &other, NULL), err);
    ck_ok(cmg_key_new_from_bytes(other, text, n, NULL, &foreign, NULL), err);
    ck_assert_int_eq(cmg_certificate_new_with_key(cert, foreign, &whole, &err),
                     CMG_E_INVAL);
    ck_assert_int_eq(cmg_certificate_new_with_key(NULL, own, &whole, &err), CMG_E_INVAL);
    ck_assert_int_eq(cmg_certificate_new_with_key(cert, NULL, &whole, &err), CMG_E_INVAL);
    ck_assert(!cmg_certificate_matches_key(NULL, own));
    ck_assert(!cmg_certificate_matches_key(cert, NULL));
    ck_assert_ptr_null(whole);
    cmg_error_unref(err);
    free(text);
    cmg_key_unref(foreign);
    cmg_context_unref(other);
    cmg_key_unref(another);
    cmg_key_unref(own);
    cmg_certificate_unref(cert);
    place_done(&place);
}
END_TEST

/* ---- memory ---- */

static cmg_status use_once(struct support_alloc *a, void *user)
{
    const struct cmg__buf *pem = user;
    cmg_context *ctx = NULL;
    cmg_key *key = NULL;
    cmg_key *again = NULL;
    cmg_certificate *cert = NULL;
    cmg_certificate *whole = NULL;
    cmg_bytes *bytes = NULL;
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);

    if (rc == CMG_OK)
        rc = cmg_certificate_new_from_pem(ctx, pem->data, pem->len, &cert, NULL);
    if (rc == CMG_OK)
        rc = cmg_key_new_from_bytes(ctx, pem->data, pem->len, NULL, &key, NULL);
    if (rc == CMG_OK)
        rc = cmg_key_export_der(key, NULL, &bytes, NULL);
    if (rc == CMG_OK)
        rc = cmg_key_new_from_bytes(ctx, cmg_bytes_data(bytes), cmg_bytes_size(bytes),
                                    NULL, &again, NULL);
    if (rc == CMG_OK)
        rc = cmg_certificate_new_with_key(cert, again, &whole, NULL);
    cmg_bytes_unref(bytes);
    cmg_certificate_unref(whole);
    cmg_certificate_unref(cert);
    cmg_key_unref(again);
    cmg_key_unref(key);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(handles_survive_every_failed_allocation)
{
    struct cmg__buf pem;
    size_t n = 0;

    free(shell("openssl ecparam -name prime256v1 -genkey -noout -out k && "
               "openssl req -new -x509 -key k -subj /CN=c -out c && cat c k > both"));
    char *text = support_read_file(support_path("both"), &n);
    cmg__buf_init(&pem, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__buf_add(&pem, text, n), CMG_OK);
    free(text);
    support_torture(use_once, &pem, 1);
    cmg__buf_done(&pem);
    support_dir_done();
}
END_TEST

START_TEST(an_exported_key_is_wiped_when_given_back)
{
    struct place place;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;
    char part[25];

    place_init(&place);
    cmg_key *key = make(&place, CMG_KEY_EC_P256);
    ck_ok(cmg_key_export_pem(key, NULL, &bytes, &err), err);
    const char *line = strchr(cmg_bytes_data(bytes), '\n') + 1;
    memcpy(part, line + 65 + 10, 24); /* the second line: number and point */
    part[24] = '\0';
    place.a.canary = part;
    cmg_bytes_unref(bytes);
    ck_ok(cmg_key_export_pem(key, NULL, &bytes, &err), err);
    ck_assert_ptr_nonnull(strstr(cmg_bytes_data(bytes), part));
    cmg_bytes_unref(bytes);
    cmg_key_unref(key);
    ck_assert(!place.a.canary_seen);
    place_done(&place);
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)CMG__ARRAY_LEN(table))

int main(void)
{
    Suite *suite = suite_create("key handle");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 100);
    LOOP(all, each_kind_is_made_and_exported, kinds);
    tcase_add_test(all, an_encrypted_export_has_the_promised_form);
    tcase_add_test(all, wrong_arguments_are_named);
    tcase_add_test(all, a_held_key_lives_as_long_as_it_is_used);
    tcase_add_test(all, a_held_key_signs_inside_a_callback);
    tcase_add_test(all, a_forked_child_releases_nothing);
    tcase_add_test(all, a_holder_that_cannot_be_used_is_refused);
    tcase_add_test(all, a_certificate_takes_its_own_key_only);
    tcase_add_test(all, handles_survive_every_failed_allocation);
    tcase_add_test(all, an_exported_key_is_wiped_when_given_back);
    suite_add_tcase(suite, all);
    return support_run((Suite *const[]){ suite, NULL });
}
