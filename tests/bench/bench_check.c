/*
 * A client's chain of three certificates (root, intermediate, leaf) before the judge and
 * before OpenSSL's X509_verify_cert, RSA 2048 and EC P-256, in one run. "whole": from the
 * bytes that a peer sends to the verdict, the trust list being there; "first": by a trust
 * list that has not seen the intermediate before; "verdict": from parsed certificates;
 * "two signatures": nothing but verifying those of leaf and intermediate. Processor time,
 * since a check never waits.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/pki.h"
#include "crypto/x509_data.h"
#include "crypto/x509_judge.h"

#ifdef BENCH_OPENSSL
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#endif

#define RUNS 1000
#define CA   "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
#define LEAF                                                                             \
    "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage="            \
    "clientAuth\n"
#define IDS "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"

static const char *const names[] = { "root", "intermediate", "leaf" };

static void run(const char *command)
{
    char *out = NULL;
    const char *const argv[] = { "sh", "-c", command, NULL };
    const int status = support_command(argv, &out);

    ck_assert_msg(status == 0, "%s", out);
    free(out);
}

/* One certificate, signed by the one above it (at == 0: by itself). */
static void make(const char *key, size_t at)
{
    char command[1024];
    char extensions[512];
    char name[32];

    (void)snprintf(name, sizeof name, "%s.ext", names[at]);
    (void)snprintf(extensions, sizeof extensions, "%s%s", IDS, at < 2 ? CA : LEAF);
    support_write_file(support_path(name), extensions, strlen(extensions));
    (void)snprintf(command, sizeof command,
                   "cd %s && openssl req -new -newkey %s -nodes -keyout %s.key -subj "
                   "/O=Contoso/CN=%s -out %s.csr && openssl x509 -req -in %s.csr -days "
                   "100 -sha256 -extfile %s.ext -outform DER -out %s.der ",
                   support_dir(), key, names[at], names[at], names[at], names[at],
                   names[at], names[at]);
    if (at == 0)
        (void)strcat(command, "-signkey root.key");
    else
        (void)snprintf(command + strlen(command), sizeof command - strlen(command),
                       "-CA %s.der -CAform DER -CAkey %s.key -set_serial 0x1234567890",
                       names[at - 1], names[at - 1]);
    run(command);
}

struct chain {
    uint8_t *ders[3]; /* root, intermediate, leaf */
    size_t lens[3];
};

static void read_chain(struct chain *chain)
{
    for (size_t i = 0; i < 3; i++) {
        char name[32];

        (void)snprintf(name, sizeof name, "%s.der", names[i]);
        chain->ders[i] =
            (uint8_t *)support_read_file(support_path(name), &chain->lens[i]);
    }
}

static struct cmg__x509 *parse(const struct chain *chain, size_t at)
{
    struct cmg__x509 *cert = NULL;

    ck_assert_int_eq(
        cmg__x509_parse(&cmg__alloc_libc, chain->ders[at], chain->lens[at], &cert, NULL),
        CMG_OK);
    return cert;
}

static struct cmg__x509_trust *trust_root(const struct chain *chain)
{
    struct cmg__x509 *root = parse(chain, 0);
    struct cmg__x509_trust *trust = NULL;
    char *pem = pki_pem(root);
    cmg_error *err = NULL;

    ck_ok(cmg__x509_trust_new(&cmg__alloc_libc, pem, strlen(pem), &trust, &err), err);
    free(pem);
    cmg__x509_free(root);
    return trust;
}

static void measure_whole(const struct chain *chain, const struct cmg__x509_trust *trust,
                          struct bench_samples *samples)
{
    const uint8_t *const ders[] = { chain->ders[2], chain->ders[1] };
    const size_t lens[] = { chain->lens[2], chain->lens[1] };
    const int64_t now = cmg__env_unix_s(&cmg__env_system);
    const int64_t begin = bench_cpu_ns();

    ck_assert_int_eq(cmg__x509_check(trust, CMG_PURPOSE_CLIENT, ders, lens, 2, now, NULL),
                     CMG_OK);
    bench_add_cpu(samples, begin);
}

static void measure_verdict(const struct cmg__x509_trust *trust,
                            struct cmg__x509 *const *list, struct bench_samples *samples)
{
    const struct cmg__x509_question q = { .purpose = CMG_PURPOSE_CLIENT,
                                          .revocation = CMG_REVOCATION_OFF,
                                          .now_unix_s =
                                              cmg__env_unix_s(&cmg__env_system) };
    struct cmg__report report;
    const int64_t begin = bench_cpu_ns();

    cmg__report_init(&report, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__x509_judge(trust, &q, list, 2, &report), CMG_OK);
    ck_assert(cmg__report_is_accepted(&report));
    cmg__report_done(&report);
    bench_add_cpu(samples, begin);
}

static void measure_signatures(struct cmg__x509 *const *list,
                               const struct cmg__x509 *root,
                               struct bench_samples *samples)
{
    const int64_t begin = bench_cpu_ns();

    ck_assert_int_eq(cmg__x509_verify_signature(list[0], list[1]), CMG_OK);
    ck_assert_int_eq(cmg__x509_verify_signature(list[1], root), CMG_OK);
    bench_add_cpu(samples, begin);
}

static void print(const char *kind, const char *what, struct bench_samples *samples)
{
    char label[64];

    (void)snprintf(label, sizeof label, "%s, %s", kind, what);
    bench_print(label, samples);
    bench_done(samples);
}

static void bench_libcmg(const char *kind, const struct chain *chain)
{
    struct cmg__x509_trust *trust = trust_root(chain);
    struct cmg__x509 *list[] = { parse(chain, 2), parse(chain, 1) };
    struct cmg__x509 *root = parse(chain, 0);
    struct bench_samples samples[4];

    for (size_t i = 0; i < CMG__ARRAY_LEN(samples); i++)
        bench_init(&samples[i], RUNS);
    for (size_t i = 0; i < RUNS; i++) {
        struct cmg__x509_trust *fresh = trust_root(chain);

        measure_whole(chain, fresh, &samples[0]);
        cmg__x509_trust_free(fresh);
        measure_whole(chain, trust, &samples[1]);
        measure_verdict(trust, list, &samples[2]);
        measure_signatures(list, root, &samples[3]);
    }
    print(kind, "first whole, libcmg", &samples[0]);
    print(kind, "whole, libcmg", &samples[1]);
    print(kind, "verdict, libcmg", &samples[2]);
    print(kind, "two signatures, libcmg", &samples[3]);
    cmg__x509_free(root);
    cmg__x509_free(list[0]);
    cmg__x509_free(list[1]);
    cmg__x509_trust_free(trust);
}

#ifdef BENCH_OPENSSL
static X509 *parse_openssl(const struct chain *chain, size_t at)
{
    const unsigned char *p = chain->ders[at];
    X509 *cert = d2i_X509(NULL, &p, (long)chain->lens[at]);

    ck_assert_ptr_nonnull(cert);
    return cert;
}

static void verify_openssl(X509_STORE *store, X509 *leaf, X509 *intermediate)
{
    STACK_OF(X509) *untrusted = sk_X509_new_null();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();

    (void)sk_X509_push(untrusted, intermediate);
    (void)X509_STORE_CTX_init(ctx, store, leaf, untrusted);
    (void)X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_CLIENT);
    ck_assert_int_eq(X509_verify_cert(ctx), 1);
    X509_STORE_CTX_free(ctx);
    sk_X509_free(untrusted);
}

static void bench_openssl(const char *kind, const struct chain *chain)
{
    X509_STORE *store = X509_STORE_new();
    X509 *root = parse_openssl(chain, 0);
    X509 *kept[] = { parse_openssl(chain, 2), parse_openssl(chain, 1) };
    struct bench_samples samples[2];

    (void)X509_STORE_add_cert(store, root);
    bench_init(&samples[0], RUNS);
    bench_init(&samples[1], RUNS);
    for (size_t i = 0; i < RUNS; i++) {
        int64_t begin = bench_cpu_ns();
        X509 *leaf = parse_openssl(chain, 2);
        X509 *intermediate = parse_openssl(chain, 1);
        verify_openssl(store, leaf, intermediate);
        X509_free(leaf);
        X509_free(intermediate);
        bench_add_cpu(&samples[0], begin);
        begin = bench_cpu_ns();
        verify_openssl(store, kept[0], kept[1]);
        bench_add_cpu(&samples[1], begin);
    }
    print(kind, "whole, OpenSSL", &samples[0]);
    print(kind, "verdict, OpenSSL", &samples[1]);
    X509_free(kept[0]);
    X509_free(kept[1]);
    X509_free(root);
    X509_STORE_free(store);
}
#endif

static void bench_kind(const char *kind, const char *key)
{
    struct chain chain;

    for (size_t i = 0; i < 3; i++)
        make(key, i);
    read_chain(&chain);
    bench_libcmg(kind, &chain);
#ifdef BENCH_OPENSSL
    bench_openssl(kind, &chain);
#endif
    for (size_t i = 0; i < 3; i++)
        free(chain.ders[i]);
}

START_TEST(chains)
{
    bench_kind("RSA 2048", "rsa:2048");
    bench_kind("P-256", "ec -pkeyopt ec_paramgen_curve:P-256");
    support_dir_done();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("bench_check");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 300);
    tcase_add_test(all, chains);
    suite_add_tcase(suite, all);
    return support_run((Suite *const[]){ suite, NULL });
}
