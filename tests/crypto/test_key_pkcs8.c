/*
 * Private keys under a password: written for openssl, read from openssl, and every way of
 * failing told apart; nothing of key or password stays in memory that is given back.
 */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "crypto/key.h"

#define QUICK 1000

/* Runs a shell command in the directory of the test; its output is the caller's. */
static int shell(const char *command, char **out)
{
    char line[1200];

    (void)snprintf(line, sizeof line, "cd %s && (%s) 2>&1", support_dir(), command);
    const char *const argv[] = { "sh", "-c", line, NULL };
    return support_command(argv, out);
}

static void run(const char *command)
{
    char *out = NULL;

    ck_assert_msg(shell(command, &out) == 0, "%s: %s", command, out);
    free(out);
}

static struct cmg__key *make(const struct cmg__alloc *alloc, enum cmg__key_kind kind,
                             unsigned bits)
{
    struct cmg__key *key = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__key_generate(alloc, &cmg__env_system, kind, bits, &key, &err), err);
    return key;
}

static void ck_same(const struct cmg__key *a, const struct cmg__key *b)
{
    struct cmg__buf der[2];

    for (size_t i = 0; i < 2; i++) {
        cmg__buf_init_secret(&der[i], &cmg__alloc_libc, 1 << 16);
        ck_assert_int_eq(cmg__key_write_der(i == 0 ? a : b, &der[i]), CMG_OK);
    }
    ck_assert_uint_eq(der[0].len, der[1].len);
    ck_assert_mem_eq(der[0].data, der[1].data, der[0].len);
    cmg__buf_done(&der[0]);
    cmg__buf_done(&der[1]);
}

/* ---- out ---- */

static const struct write_case {
    enum cmg__key_kind kind;
    unsigned bits;
    bool pem;
    const char *password;
} write_cases[] = {
    { CMG__KEY_EC, 256, true, "secret" },
    { CMG__KEY_EC, 384, false, "secret" },
    { CMG__KEY_RSA, 2048, true, "a password with blanks" },
    { CMG__KEY_RSA, 3072, false, "p\xc3\xa4\xc3\x9fword \xe2\x82\xac" },
    { CMG__KEY_EC, 256, true, "x" },
};

START_TEST(openssl_opens_what_is_written)
{
    const struct write_case *c = &write_cases[_i];
    struct support_alloc a;
    struct cmg__buf out;
    cmg_error *err = NULL;
    char command[300];
    size_t n = 0;

    support_alloc_init(&a);
    struct cmg__key *key = make(&a.alloc, c->kind, c->bits);
    struct cmg__key *again = NULL;
    cmg__buf_init_secret(&out, &a.alloc, 1 << 16);
    if (c->pem)
        ck_ok(cmg__key_write_encrypted_pem(key, &cmg__env_system, c->password, QUICK,
                                           &out, &err),
              err);
    else
        ck_ok(cmg__key_write_encrypted_der(key, &cmg__env_system, c->password, QUICK,
                                           &out, &err),
              err);
    support_write_file(support_path("k"), out.data, out.len);
    support_write_file(support_path("pass"), c->password, strlen(c->password));
    const char *form = c->pem ? "PEM" : "DER";
    (void)snprintf(command, sizeof command,
                   "openssl asn1parse -inform %s -in k > dump && "
                   "grep -q :PBES2 dump && grep -q :aes-256-cbc dump && "
                   "grep -q :hmacWithSHA256 dump && grep -q :03E8 dump",
                   form);
    run(command);
    (void)snprintf(command, sizeof command,
                   "openssl pkey -inform %s -in k -passin file:pass -check -noout && "
                   "openssl pkey -inform %s -in k -passin file:pass -outform DER -out p",
                   form, form);
    run(command);
    char *plain = support_read_file(support_path("p"), &n);
    ck_ok(cmg__key_parse(&a.alloc, &cmg__env_system, plain, n, &again, &err), err);
    ck_same(key, again);
    free(plain);
    cmg__key_free(again);
    ck_ok(cmg__key_parse_encrypted(&a.alloc, &cmg__env_system, out.data, out.len,
                                   c->password, &again, &err),
          err);
    ck_same(key, again);
    cmg__key_free(again);
    cmg__key_free(key);
    cmg__buf_done(&out);
    ck_assert_uint_eq(a.live, 0);
    support_dir_done();
}
END_TEST

START_TEST(two_writings_have_nothing_in_common)
{
    struct cmg__key *key = make(&cmg__alloc_libc, CMG__KEY_EC, 256);
    struct cmg__buf out[2];

    for (size_t i = 0; i < 2; i++) {
        cmg__buf_init_secret(&out[i], &cmg__alloc_libc, 1 << 16);
        ck_assert_int_eq(cmg__key_write_encrypted_der(key, &cmg__env_system, "secret", 1,
                                                      &out[i], NULL),
                         CMG_OK);
    }
    ck_assert_uint_eq(out[0].len, out[1].len);
    /* salt and ciphertext */
    ck_assert_mem_ne(out[0].data + 36, out[1].data + 36, 16);
    ck_assert_mem_ne(out[0].data + out[0].len - 32, out[1].data + out[1].len - 32, 32);
    cmg__buf_done(&out[0]);
    cmg__buf_done(&out[1]);
    cmg__key_free(key);
}
END_TEST

static int no_random(void *user, void *out, size_t n)
{
    (void)user;
    (void)out;
    (void)n;
    return -5;
}

START_TEST(what_cannot_be_encrypted_is_said)
{
    struct cmg__key *key = make(&cmg__alloc_libc, CMG__KEY_EC, 256);
    struct cmg__env env = cmg__env_system;
    struct cmg__buf out;
    char large[1025];

    env.random = no_random;
    memset(large, 'x', sizeof large);
    large[1024] = '\0';
    cmg__buf_init_secret(&out, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_encrypted_pem(key, &env, "secret", 1, &out, NULL),
                     CMG_E_IO);
    ck_assert_int_eq(
        cmg__key_write_encrypted_pem(key, &cmg__env_system, large, 1, &out, NULL),
        CMG_E_LIMIT);
    ck_assert_int_eq(
        cmg__key_write_encrypted_pem(key, &cmg__env_system, "\xff\xfe", 1, &out, NULL),
        CMG_E_INVAL);
    ck_assert_uint_eq(out.len, 0);
    large[1023] = '\0';
    ck_assert_int_eq(
        cmg__key_write_encrypted_pem(key, &cmg__env_system, large, 1, &out, NULL),
        CMG_OK);
    cmg__buf_done(&out);
    cmg__key_free(key);
}
END_TEST

/* ---- in ---- */

#define EC_KEY "openssl ecparam -name prime256v1 -genkey -noout -out p && "
#define TOPK8  "openssl pkcs8 -topk8 -in p -passout pass:secret -out k "
#define LEGACY "-provider legacy -provider default "

static const struct read_case {
    const char *command; /* makes the file k, and p without a password */
    const char *password;
    cmg_status status;
} read_cases[] = {
    { EC_KEY TOPK8, "secret", CMG_OK },
    { EC_KEY TOPK8, "Secret", CMG_E_AUTH },
    { EC_KEY TOPK8, "", CMG_E_AUTH },
    { EC_KEY TOPK8, NULL, CMG_E_AUTH },
    { EC_KEY TOPK8 "-outform DER", "secret", CMG_OK },
    { EC_KEY TOPK8 "-outform DER", "secret ", CMG_E_AUTH },
    { "openssl genrsa -out p 4096 && " TOPK8, "secret", CMG_OK },
    { "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -aes-192-cbc "
      "-pass pass:secret -out k && openssl pkey -in k -passin pass:secret -out p",
      "secret", CMG_OK },
    { "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -aes256 "
      "-pass pass:secret -out k && openssl pkey -in k -passin pass:secret -out p",
      "secret", CMG_OK },
    { EC_KEY "openssl pkey -in p -aes128 -passout pass:secret -out k", "secret", CMG_OK },
    { EC_KEY TOPK8 "-v2 aes-128-cbc -v2prf hmacWithSHA1", "secret", CMG_OK },
    { EC_KEY TOPK8 "-v2 aes-192-cbc -v2prf hmacWithSHA384", "secret", CMG_OK },
    { EC_KEY TOPK8 "-v2 aes-256-cbc -v2prf hmacWithSHA512", "secret", CMG_OK },
    { EC_KEY TOPK8 "-v2 des3", "secret", CMG_OK },
    { EC_KEY TOPK8 "-v2 des3", "other", CMG_E_AUTH },
    { EC_KEY TOPK8 "-v1 PBE-SHA1-3DES", "secret", CMG_OK },
    { EC_KEY TOPK8 "-v1 PBE-SHA1-3DES", "other", CMG_E_AUTH },
    { EC_KEY TOPK8 LEGACY "-v1 PBE-SHA1-RC2-40", "secret", CMG_OK },
    { EC_KEY TOPK8 LEGACY "-v1 PBE-MD5-DES", "secret", CMG_E_UNSUPPORTED },
    { EC_KEY TOPK8 "-scrypt", "secret", CMG_E_UNSUPPORTED },
    { EC_KEY TOPK8 "-v2 camellia-256-cbc", "secret", CMG_E_UNSUPPORTED },
    { EC_KEY TOPK8 "-v2prf hmacWithSHA224", "secret", CMG_E_UNSUPPORTED },
    { EC_KEY "openssl ec -in p -aes256 -passout pass:secret -out k", "secret",
      CMG_E_UNSUPPORTED },
    { "openssl genrsa -traditional -aes128 -passout pass:secret -out k 2048", "secret",
      CMG_E_UNSUPPORTED },
    { EC_KEY "cp p k", "not needed", CMG_OK },
    { "openssl genpkey -algorithm ED25519 -out p && " TOPK8, "secret", CMG_E_PARSE },
    { "openssl genrsa -out p 1024 && " TOPK8, "secret", CMG_E_CERT },
    { EC_KEY TOPK8 "&& sed -i s/ENCRYPTED/UNKNOWN/ k", "secret", CMG_E_PARSE },
    { EC_KEY TOPK8 "&& head -n 4 k > j && mv j k", "secret", CMG_E_PARSE },
};

START_TEST(what_openssl_wrote_is_read_or_refused)
{
    const struct read_case *c = &read_cases[_i];
    struct support_alloc a;
    struct cmg__key *key = NULL;
    cmg_error *err = NULL;
    size_t n = 0;

    support_alloc_init(&a);
    run(c->command);
    char *text = support_read_file(support_path("k"), &n);
    const cmg_status rc = cmg__key_parse_encrypted(&a.alloc, &cmg__env_system, text, n,
                                                   c->password, &key, &err);
    ck_assert_msg(rc == c->status, "%s gave %s: %s", c->command, cmg_status_name(rc),
                  cmg_error_message(err));
    if (rc == CMG_OK) {
        struct cmg__key *plain = NULL;

        free(text);
        text = support_read_file(support_path("p"), &n);
        ck_ok(cmg__key_parse(&a.alloc, &cmg__env_system, text, n, &plain, &err), err);
        ck_same(key, plain);
        cmg__key_free(plain);
    } else {
        ck_assert_ptr_null(key);
        ck_assert_str_ne(cmg_error_message(err), "");
        ck_assert_ptr_null(strstr(cmg_error_message(err), "secret"));
        ck_assert(rc == CMG_E_PARSE || cmg_error_remedy(err)[0] != '\0');
    }
    cmg_error_unref(err);
    cmg__key_free(key);
    free(text);
    ck_assert_uint_eq(a.live, 0);
    support_dir_done();
}
END_TEST

/* ---- damage ---- */

static void write_quick(struct cmg__buf *out, enum cmg__key_kind kind, unsigned bits,
                        uint32_t iterations)
{
    struct cmg__key *key = make(&cmg__alloc_libc, kind, bits);

    cmg__buf_init(out, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_encrypted_der(key, &cmg__env_system, "secret",
                                                  iterations, out, NULL),
                     CMG_OK);
    cmg__key_free(key);
}

static cmg_status parse(const void *data, size_t n, const char *password)
{
    struct cmg__key *key = NULL;
    cmg_error *err = NULL;
    const cmg_status rc = cmg__key_parse_encrypted(&cmg__alloc_libc, &cmg__env_system,
                                                   data, n, password, &key, &err);

    ck_assert_int_eq(rc, cmg_error_code(err));
    ck_assert_int_eq(key != NULL, rc == CMG_OK);
    cmg_error_unref(err);
    cmg__key_free(key);
    return rc;
}

static const struct damage_case {
    enum cmg__key_kind kind;
    unsigned bits;
    size_t step; /* an RSA key takes long to check */
} damage_cases[] = {
    { CMG__KEY_EC, 256, 1 },
    { CMG__KEY_EC, 384, 1 },
    { CMG__KEY_RSA, 2048, 7 },
};

START_TEST(no_damaged_file_is_opened)
{
    const struct damage_case *c = &damage_cases[_i];
    struct cmg__buf file;

    write_quick(&file, c->kind, c->bits, 2);
    for (size_t n = 0; n < file.len; n++)
        ck_assert_int_eq(parse(file.data, n, "secret"), CMG_E_PARSE);
    for (size_t i = 0; i < file.len; i += c->step) {
        file.data[i] ^= (char)(1U << (i % 8));
        const cmg_status rc = parse(file.data, file.len, "secret");
        ck_assert_msg(rc == CMG_E_PARSE || rc == CMG_E_AUTH || rc == CMG_E_UNSUPPORTED ||
                          rc == CMG_E_CERT,
                      "byte %zu gave %s", i, cmg_status_name(rc));
        file.data[i] ^= (char)(1U << (i % 8));
    }
    ck_assert_int_eq(parse(file.data, file.len, "secret"), CMG_OK);
    ck_assert_int_eq(cmg__buf_add_char(&file, '\0'), CMG_OK);
    ck_assert_int_eq(parse(file.data, file.len, "secret"), CMG_E_PARSE);
    cmg__buf_done(&file);
}
END_TEST

START_TEST(no_wrong_password_looks_like_damage)
{
    struct cmg__buf file;
    char password[16];

    /* One in 256 leaves good padding behind. */
    write_quick(&file, CMG__KEY_EC, 256, 1);
    for (unsigned i = 0; i < 2000; i++) {
        (void)snprintf(password, sizeof password, "wrong %u", i);
        ck_assert_int_eq(parse(file.data, file.len, password), CMG_E_AUTH);
    }
    cmg__buf_done(&file);
}
END_TEST

START_TEST(too_many_iterations_are_not_begun)
{
    static const char before[] = { 0x02, 0x03, 0x02, 0x00, 0x00 };
    static const char limit[] = { 0x02, 0x03, 0x4c, 0x4b, 0x41 }; /* 5,000,001 */
    struct cmg__buf file;

    write_quick(&file, CMG__KEY_EC, 256, 0x20000);
    ck_assert_int_eq(parse(file.data, file.len, "secret"), CMG_OK);
    char *at = memmem(file.data, file.len, before, sizeof before);
    ck_assert_ptr_nonnull(at);
    memcpy(at, limit, sizeof limit);
    ck_assert_int_eq(parse(file.data, file.len, "secret"), CMG_E_LIMIT);
    cmg__buf_done(&file);
}
END_TEST

/* ---- memory ---- */

static cmg_status use_once(struct support_alloc *a, void *user)
{
    const struct cmg__buf *file = user;
    struct cmg__key *key = NULL;
    struct cmg__buf out;
    struct cmg__buf signature;
    cmg_status rc = cmg__key_parse_encrypted(&a->alloc, &cmg__env_system, file->data,
                                             file->len, "secret", &key, NULL);

    cmg__buf_init_secret(&out, &a->alloc, 1 << 16);
    cmg__buf_init(&signature, &a->alloc, 1024);
    if (rc == CMG_OK)
        rc = cmg__key_write_encrypted_pem(key, &cmg__env_system, "other", 1, &out, NULL);
    if (rc == CMG_OK)
        rc = cmg__key_sign(key, &cmg__env_system, CMG__OID_SHA384, "text", 4, &signature,
                           NULL);
    cmg__key_free(key);
    key = NULL;
    if (rc == CMG_OK)
        rc = cmg__key_parse_encrypted(&a->alloc, &cmg__env_system, out.data, out.len,
                                      "other", &key, NULL);
    cmg__key_free(key);
    key = NULL;
    if (rc == CMG_OK)
        rc = cmg__key_generate(&a->alloc, &cmg__env_system, CMG__KEY_EC, 256, &key, NULL);
    cmg__key_free(key);
    cmg__buf_done(&signature);
    cmg__buf_done(&out);
    return rc;
}

START_TEST(keys_survive_every_failed_allocation)
{
    struct cmg__buf file;

    write_quick(&file, CMG__KEY_EC, 256, 1);
    support_torture(use_once, &file, 1);
    cmg__buf_done(&file);
}
END_TEST

/* A key whose number is a text that can be looked for. */
#define SCALAR "wipe this number when I am freed"

static void make_canary(struct cmg__buf *der)
{
    static const uint8_t before[] = { 0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20 };
    static const uint8_t after[] = { 0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                     0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

    cmg__buf_init(der, &cmg__alloc_libc, 256);
    ck_assert_int_eq(cmg__buf_add(der, before, sizeof before), CMG_OK);
    ck_assert_int_eq(cmg__buf_add(der, SCALAR, 32), CMG_OK);
    ck_assert_int_eq(cmg__buf_add(der, after, sizeof after), CMG_OK);
}

/* What is looked for: the number, a part of it in base64, the password. */
static const char *const canaries[] = { SCALAR, NULL, "canary-password" };

START_TEST(neither_key_nor_password_stays_in_freed_memory)
{
    struct support_alloc a;
    struct cmg__key *key = NULL;
    struct cmg__buf canary;
    struct cmg__buf plain;
    struct cmg__buf out;
    cmg_error *err = NULL;
    char part[13];

    make_canary(&canary);
    support_alloc_init(&a);
    ck_ok(cmg__key_parse(&a.alloc, &cmg__env_system, canary.data, canary.len, &key, &err),
          err);
    cmg__buf_init_secret(&plain, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_pem(key, &plain), CMG_OK);
    /* The number begins at byte 36 of the PKCS#8: digits 48 to 90 of the first lines. */
    const char *digits = strchr(plain.data, '\n') + 1;
    memcpy(part, digits + 50, 12);
    part[12] = '\0';
    a.canary = canaries[_i] != NULL ? canaries[_i] : part;
    cmg__buf_init_secret(&out, &a.alloc, 1 << 16);
    ck_ok(cmg__key_write_encrypted_pem(key, &cmg__env_system, "canary-password", 1, &out,
                                       &err),
          err);
    cmg__key_free(key);
    ck_ok(cmg__key_parse_encrypted(&a.alloc, &cmg__env_system, out.data, out.len,
                                   "canary-password", &key, &err),
          err);
    cmg__key_free(key);
    ck_assert_int_eq(cmg__key_parse_encrypted(&a.alloc, &cmg__env_system, out.data,
                                              out.len, "canary-password2", &key, NULL),
                     CMG_E_AUTH);
    cmg__buf_done(&out);
    ck_ok(cmg__key_parse(&a.alloc, &cmg__env_system, plain.data, plain.len, &key, &err),
          err);
    cmg__key_free(key);
    ck_assert(!a.canary_seen);
    /* The canary would be seen: */
    char *leak = cmg__strdup(&a.alloc, _i == 0 ? SCALAR : a.canary);
    cmg__free(&a.alloc, leak);
    ck_assert(a.canary_seen);
    cmg__buf_done(&plain);
    cmg__buf_done(&canary);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)CMG__ARRAY_LEN(table))

int main(void)
{
    Suite *suite = suite_create("key_pkcs8");
    TCase *peer = tcase_create("openssl");
    TCase *own = tcase_create("own");

    tcase_set_timeout(peer, 60);
    tcase_set_timeout(own, 60);
    LOOP(peer, openssl_opens_what_is_written, write_cases);
    LOOP(peer, what_openssl_wrote_is_read_or_refused, read_cases);
    tcase_add_test(own, two_writings_have_nothing_in_common);
    tcase_add_test(own, what_cannot_be_encrypted_is_said);
    LOOP(own, no_damaged_file_is_opened, damage_cases);
    tcase_add_test(own, no_wrong_password_looks_like_damage);
    tcase_add_test(own, too_many_iterations_are_not_begun);
    tcase_add_test(own, keys_survive_every_failed_allocation);
    LOOP(own, neither_key_nor_password_stays_in_freed_memory, canaries);
    suite_add_tcase(suite, peer);
    suite_add_tcase(suite, own);
    return support_run((Suite *const[]){ suite, NULL });
}
