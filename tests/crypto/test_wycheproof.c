/*
 * Project Wycheproof against the verifier and the password based encryption: what is
 * valid must pass, what is invalid must not. The vectors are read from the folder
 * "wycheproof" in the one that the environment's CMG_VECTORS names; what this library
 * does not do is counted as not applicable, with the reason.
 */
#include "support/support.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "crypto/pbe.h"
#include "crypto/signature.h"

#define FILES_MAX      128
#define SKIPPED        77
#define ITERATIONS_MAX 5000000
#define REASONS_MAX    4

static const char *folder;
static char *names[FILES_MAX];
static int name_count;

struct tally {
    unsigned total;
    unsigned passed;
    unsigned not_applicable;
    struct {
        const char *why;
        unsigned count;
    } reasons[REASONS_MAX];
    unsigned acceptable_yes;
    unsigned acceptable_no;
    const char *flag; /* of the acceptable ones */
    unsigned wrong;
};

static void pass_over(struct tally *t, const char *why, size_t count)
{
    size_t i = 0;

    while (i < REASONS_MAX - 1 && t->reasons[i].why != NULL &&
           strcmp(t->reasons[i].why, why) != 0)
        i++;
    t->reasons[i].why = why;
    t->reasons[i].count += (unsigned)count;
    t->not_applicable += (unsigned)count;
}

static void print_tally(const char *name, const struct tally *t)
{
    printf("%s: passed %u of %u", name, t->passed, t->total - t->not_applicable);
    for (size_t i = 0; i < REASONS_MAX && t->reasons[i].why != NULL; i++)
        printf(", %u not applicable (%s)", t->reasons[i].count, t->reasons[i].why);
    if (t->flag != NULL)
        printf(", acceptable with flag %s: %u accepted, %u refused", t->flag,
               t->acceptable_yes, t->acceptable_no);
    printf("\n");
}

/* ---- reading ---- */

struct bytes {
    uint8_t *p;
    size_t n;
};

static struct bytes hex_of(const struct cmg__json *v, const char *path)
{
    const char *text = cmg__json_str(v, path);
    struct bytes out = { .n = 0 };

    ck_assert_msg(text != NULL, "there is no %s", path);
    out.n = strlen(text) / 2;
    out.p = malloc(out.n + 1);
    ck_assert_ptr_nonnull(out.p);
    for (size_t i = 0; i < out.n; i++) {
        unsigned byte;

        ck_assert_int_eq(sscanf(text + 2 * i, "%2x", &byte), 1);
        out.p[i] = (uint8_t)byte;
    }
    return out;
}

static struct cmg__span span_of(const struct bytes *b)
{
    return cmg__span_of(b->p, b->n);
}

static enum cmg__oid hash_of(const char *name)
{
    static const struct {
        const char *name;
        enum cmg__oid oid;
    } hashes[] = { { "SHA-256", CMG__OID_SHA256 },
                   { "SHA-384", CMG__OID_SHA384 },
                   { "SHA-512", CMG__OID_SHA512 } };

    for (size_t i = 0; name != NULL && i < CMG__ARRAY_LEN(hashes); i++) {
        if (strcmp(hashes[i].name, name) == 0)
            return hashes[i].oid;
    }
    return CMG__OID_UNKNOWN;
}

/* ---- signatures ---- */

/* The algorithm of a group, or why there is none. */
static const char *algorithm_of(const struct cmg__json *group,
                                struct cmg__signature_algorithm *out)
{
    const char *type = cmg__json_str(group, "/type");
    const char *sha = cmg__json_str(group, "/sha");
    const enum cmg__oid hash = hash_of(sha);
    const unsigned i = (unsigned)(hash - CMG__OID_SHA1);

    if (strcmp(type, "EcdsaP1363Verify") == 0)
        return "signatures of fixed length are not in X.509";
    if (hash == CMG__OID_UNKNOWN)
        return "a hash other than SHA-256, SHA-384 and SHA-512";
    out->hash = hash;
    if (strcmp(type, "RsassaPkcs1Verify") == 0) {
        out->algorithm = (enum cmg__oid)(CMG__OID_RSA_SHA1 + i);
    } else if (strcmp(type, "EcdsaVerify") == 0) {
        out->algorithm = (enum cmg__oid)(CMG__OID_ECDSA_SHA1 + i);
    } else {
        if (strcmp(cmg__json_str(group, "/mgf"), "MGF1") != 0 ||
            strcmp(cmg__json_str(group, "/mgfSha"), sha) != 0)
            return "RSASSA-PSS whose MGF1 has another hash";
        out->algorithm = CMG__OID_RSA_PSS;
        out->salt_len = (unsigned)cmg__json_int(group, "/sLen", 0);
    }
    return NULL;
}

/* The same algorithm through its AlgorithmIdentifier. */
static void through_der(const struct cmg__signature_algorithm *in,
                        struct cmg__signature_algorithm *out)
{
    struct cmg__buf der;
    struct cmg__der_writer w;

    cmg__buf_init(&der, &cmg__alloc_libc, 256);
    cmg__der_write_init(&w, &der);
    cmg__signature_algorithm_put(&w, in);
    struct cmg__span span = cmg__span_of(der.data, der.len);
    ck_assert(cmg__signature_algorithm_take(&span, out));
    ck_assert_uint_eq(span.n, 0);
    cmg__buf_done(&der);
}

static void judge(struct tally *t, const struct cmg__json *test, bool accepted)
{
    const char *result = cmg__json_str(test, "/result");

    if (strcmp(result, "acceptable") == 0) {
        t->flag = cmg__json_str(test, "/flags/0");
        t->acceptable_yes += accepted;
        t->acceptable_no += !accepted;
        t->passed++;
    } else if (accepted == (strcmp(result, "valid") == 0)) {
        t->passed++;
    } else {
        t->wrong++;
        printf("case %lld (%s): %s, but was %s\n",
               (long long)cmg__json_int(test, "/tcId", 0),
               cmg__json_str(test, "/comment"), result,
               accepted ? "accepted" : "refused");
    }
}

static void run_signatures(const struct cmg__json *group, struct tally *t)
{
    const struct cmg__json *tests = cmg__json_at(group, "/tests");
    struct cmg__signature_algorithm stated = { .algorithm = CMG__OID_UNKNOWN };
    struct cmg__signature_algorithm algorithm;
    const char *why = algorithm_of(group, &stated);

    if (why != NULL) {
        pass_over(t, why, cmg__json_size(tests));
        return;
    }
    through_der(&stated, &algorithm);
    struct bytes key = hex_of(group, "/publicKeyDer");
    for (size_t i = 0; i < cmg__json_size(tests); i++) {
        const struct cmg__json *test = cmg__json_item(tests, i);
        struct bytes data = hex_of(test, "/msg");
        struct bytes signature = hex_of(test, "/sig");

        judge(t, test,
              cmg__key_verify(span_of(&key), &algorithm, span_of(&data),
                              span_of(&signature)) == CMG_OK);
        free(data.p);
        free(signature.p);
    }
    free(key.p);
}

/* ---- passwords ---- */

/* The HMAC that a file's name says, "..._hmacsha256_...". */
static enum cmg__oid prf_of(const char *file)
{
    static const struct {
        const char *name;
        enum cmg__oid oid;
    } prfs[] = { { "hmacsha1_", CMG__OID_HMAC_SHA1 },
                 { "hmacsha256_", CMG__OID_HMAC_SHA256 },
                 { "hmacsha384_", CMG__OID_HMAC_SHA384 },
                 { "hmacsha512_", CMG__OID_HMAC_SHA512 } };

    for (size_t i = 0; i < CMG__ARRAY_LEN(prfs); i++) {
        if (strstr(file, prfs[i].name) != NULL)
            return prfs[i].oid;
    }
    return CMG__OID_UNKNOWN;
}

static enum cmg__oid cipher_of(const char *file)
{
    return strstr(file, "aes_128") != NULL   ? CMG__OID_AES128_CBC
           : strstr(file, "aes_192") != NULL ? CMG__OID_AES192_CBC
                                             : CMG__OID_AES256_CBC;
}

static bool password_of(struct cmg__pbe_password *out, const char *text)
{
    cmg_status rc;

    for (unsigned i = 0; i < CMG__PBE_VARIANTS; i++) {
        if (cmg__pbe_password_init(out, &cmg__alloc_libc, text, (enum cmg__pbe_variant)i,
                                   &rc) &&
            rc == CMG_OK)
            return true;
        cmg__pbe_password_done(out);
    }
    return false;
}

/* Derives a key, or decrypts and encrypts again. */
static bool keeps_password_test(const struct cmg__json *test, const struct cmg__pbe *pbe,
                                const struct cmg__pbe_password *password)
{
    struct cmg__pbe_budget budget = { .left = ITERATIONS_MAX };
    const bool derive = cmg__json_at(test, "/dk") != NULL;
    struct bytes wanted = hex_of(test, derive ? "/dk" : "/msg");
    struct cmg__buf plain;
    struct cmg__buf secret;
    bool same = false;

    cmg__buf_init_secret(&plain, &cmg__alloc_libc, 1 << 16);
    cmg__buf_init_secret(&secret, &cmg__alloc_libc, 1 << 16);
    if (derive) {
        ck_assert_int_eq(cmg__buf_reserve(&plain, wanted.n), CMG_OK);
        same = cmg__pbkdf2_derive(&pbe->kdf, &password->utf8, (uint8_t *)plain.data,
                                  wanted.n) == CMG_OK &&
               memcmp(plain.data, wanted.p, wanted.n) == 0;
    } else {
        struct bytes ct = hex_of(test, "/ct");

        same = cmg__pbe_decrypt(pbe, password, &budget, span_of(&ct), &plain) == CMG_OK &&
               plain.len == wanted.n &&
               (wanted.n == 0 || memcmp(plain.data, wanted.p, wanted.n) == 0) &&
               cmg__pbe_encrypt(pbe, password, span_of(&wanted), &secret) == CMG_OK &&
               secret.len == ct.n && memcmp(secret.data, ct.p, ct.n) == 0;
        free(ct.p);
    }
    cmg__buf_done(&secret);
    cmg__buf_done(&plain);
    free(wanted.p);
    return same;
}

static void run_password(const char *file, const struct cmg__json *test, struct tally *t)
{
    const int64_t iterations = cmg__json_int(test, "/iterationCount", 0);
    struct bytes password = hex_of(test, "/password");
    struct bytes salt = hex_of(test, "/salt");
    struct bytes iv = { .n = 0 };
    struct cmg__pbe_password p;

    password.p[password.n] = '\0';
    const char *why = prf_of(file) == CMG__OID_UNKNOWN ? "HMAC with SHA-224"
                      : iterations > ITERATIONS_MAX    ? "more than 5,000,000 iterations"
                      : strlen((char *)password.p) != password.n
                          ? "a password with a zero byte"
                          : NULL;
    if (why != NULL) {
        pass_over(t, why, 1);
    } else {
        if (cmg__json_at(test, "/iv") != NULL)
            iv = hex_of(test, "/iv");
        const struct cmg__pbe pbe = {
            .scheme = CMG__OID_PBES2,
            .cipher = cipher_of(file),
            .kdf = { .salt = span_of(&salt),
                     .iterations = (uint32_t)iterations,
                     .prf = prf_of(file) },
            .iv = span_of(&iv),
        };
        ck_assert(password_of(&p, (char *)password.p));
        judge(t, test, keeps_password_test(test, &pbe, &p));
        cmg__pbe_password_done(&p);
    }
    free(iv.p);
    free(salt.p);
    free(password.p);
}

/* ---- one file ---- */

START_TEST(a_set_of_vectors_gives_the_results_it_states)
{
    struct tally t = { .total = 0 };
    struct cmg__json *document = NULL;
    char path[1024];
    cmg_error *err = NULL;
    size_t n = 0;

    (void)snprintf(path, sizeof path, "%s/wycheproof/%s", folder, names[_i]);
    char *text = support_read_file(path, &n);
    ck_assert_ptr_nonnull(text);
    ck_ok(cmg__json_parse(&cmg__alloc_libc, names[_i], text, n, &document, &err), err);
    free(text);
    const struct cmg__json *groups = cmg__json_at(document, "/testGroups");
    for (size_t i = 0; i < cmg__json_size(groups); i++) {
        const struct cmg__json *group = cmg__json_item(groups, i);
        const struct cmg__json *tests = cmg__json_at(group, "/tests");

        t.total += (unsigned)cmg__json_size(tests);
        if (strncmp(names[_i], "pb", 2) != 0)
            run_signatures(group, &t);
        for (size_t j = 0; strncmp(names[_i], "pb", 2) == 0 && j < cmg__json_size(tests);
             j++)
            run_password(names[_i], cmg__json_item(tests, j), &t);
    }
    print_tally(names[_i], &t);
    (void)fflush(stdout); /* a failed test ends its process at once */
    ck_assert_uint_eq(t.wrong, 0);
    ck_assert_uint_eq(t.passed + t.not_applicable, t.total);
    cmg__json_unref(document);
}
END_TEST

/* ---- the sets ---- */

static int is_wanted(const struct dirent *entry)
{
    static const char *const begins[] = { "rsa_signature_", "rsa_pss_", "ecdsa_secp",
                                          "pbes2_", "pbkdf2_" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(begins); i++) {
        if (strncmp(entry->d_name, begins[i], strlen(begins[i])) == 0)
            return 1;
    }
    return 0;
}

/* False when there are none. */
static bool find_sets(void)
{
    struct dirent **found = NULL;
    char path[1024];

    folder = getenv("CMG_VECTORS");
    if (folder == NULL || folder[0] == '\0')
        return false;
    (void)snprintf(path, sizeof path, "%s/wycheproof", folder);
    const int n = scandir(path, &found, is_wanted, alphasort);
    for (int i = 0; i < n; i++) {
        if (name_count < FILES_MAX)
            names[name_count++] = strdup(found[i]->d_name);
        free(found[i]);
    }
    free(found);
    return name_count > 0;
}

int main(void)
{
    if (!find_sets()) {
        printf("SKIP: set CMG_VECTORS to a folder that has Wycheproof's testvectors_v1 "
               "as \"wycheproof\"\n");
        return SKIPPED;
    }
    Suite *suite = suite_create("wycheproof");
    TCase *sets = tcase_create("sets");

    tcase_set_timeout(sets, 120);
    tcase_add_loop_test(sets, a_set_of_vectors_gives_the_results_it_states, 0,
                        name_count);
    suite_add_tcase(suite, sets);
    return support_run((Suite *const[]){ suite, NULL });
}
