/*
 * Revocation lists of 100,000 entries: time to read one, memory an entry, time of a
 * look-up; libcmg, mbedTLS and (when it was found) OpenSSL on the same list in one run.
 */
#include "bench/bench.h"

#include <stdio.h>

#include "crypto/lister.h"

#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#ifdef BENCH_OPENSSL
#include <openssl/x509.h>
#endif

#define ENTRIES    ((size_t)100000)
#define LOOK_UPS   ((size_t)100000)
#define SLOW       ((size_t)500) /* look-ups from end to end */
#define READINGS   5
#define SEED       11
#define READ_FRONT 65521 /* a prime: the serials in another order than the list's */

/* Serials of the list and, every other time, ones that it does not have. */
static void serial_of(size_t i, uint8_t out[20])
{
    lister_serial(SEED, i % 2 == 0 ? i * READ_FRONT % ENTRIES : ENTRIES + i, out);
}

static void print_memory(const char *what, size_t bytes)
{
    printf("%-28s %.1f bytes\n", what, (double)bytes / (double)ENTRIES);
}

static struct cmg__crl *read_libcmg(const struct cmg__buf *der)
{
    struct bench_samples reading;
    struct cmg__crl *crl = NULL;
    size_t memory = 0;

    bench_init(&reading, READINGS);
    for (int i = 0; i < READINGS; i++) {
        cmg__crl_free(crl);
        const size_t before = bench_memory_bytes();
        const int64_t begin = bench_now_ns();

        ck_assert_msg(cmg__crl_parse(&cmg__alloc_libc, der->data, der->len, &crl, NULL) ==
                          CMG_OK,
                      "libcmg does not read the list");
        bench_add(&reading, begin);
        memory = bench_memory_bytes() - before;
    }
    bench_print("read, hash, sort, libcmg", &reading);
    print_memory("an entry, libcmg", memory);
    bench_done(&reading);
    return crl;
}

static void run_libcmg(const struct cmg__buf *der)
{
    static const struct cmg__span own = { NULL, 0 };
    struct cmg__crl *crl = read_libcmg(der);
    struct bench_samples finding;

    bench_init(&finding, LOOK_UPS);
    for (size_t i = 0; i < LOOK_UPS; i++) {
        struct cmg__crl_entry entry;
        uint8_t serial[20];

        serial_of(i, serial);
        const int64_t begin = bench_now_ns();
        const bool found = cmg__crl_find(crl, cmg__span_of(serial, 20), own, &entry);
        bench_add(&finding, begin);
        ck_assert_msg(found == (i % 2 == 0), "libcmg finds something else");
    }
    bench_print("look-up, libcmg", &finding);
    bench_done(&finding);
    cmg__crl_free(crl);
}

static void run_mbedtls(const struct cmg__buf *der)
{
    mbedtls_x509_crl crl;
    mbedtls_x509_crt cert;
    struct bench_samples reading;
    struct bench_samples finding;

    bench_init(&reading, 1);
    bench_init(&finding, SLOW);
    mbedtls_x509_crl_init(&crl);
    mbedtls_x509_crt_init(&cert);
    const size_t before = bench_memory_bytes();
    int64_t begin = bench_now_ns();
    ck_assert_msg(
        mbedtls_x509_crl_parse_der(&crl, (unsigned char *)der->data, der->len) == 0,
        "mbedTLS does not read the list");
    bench_add(&reading, begin);
    const size_t memory = bench_memory_bytes() - before;
    for (size_t i = 0; i < SLOW; i++) {
        uint8_t serial[20];

        serial_of(i, serial);
        cert.serial = (mbedtls_x509_buf){ .tag = 2, .len = 20, .p = serial };
        begin = bench_now_ns();
        const int found = mbedtls_x509_crt_is_revoked(&cert, &crl);
        bench_add(&finding, begin);
        ck_assert_msg(found == (i % 2 == 0), "mbedTLS finds something else");
    }
    cert.serial = (mbedtls_x509_buf){ .p = NULL };
    bench_print("read, mbedTLS", &reading);
    print_memory("an entry, mbedTLS", memory);
    bench_print("look-up, mbedTLS", &finding);
    mbedtls_x509_crt_free(&cert);
    mbedtls_x509_crl_free(&crl);
    bench_done(&finding);
    bench_done(&reading);
}

#ifdef BENCH_OPENSSL
static void find_openssl(X509_CRL *crl)
{
    struct bench_samples finding;
    ASN1_INTEGER *number = ASN1_INTEGER_new();

    bench_init(&finding, LOOK_UPS);
    for (size_t i = 0; i < LOOK_UPS; i++) {
        X509_REVOKED *revoked = NULL;
        uint8_t serial[20];

        serial_of(i, serial);
        ck_assert_msg(ASN1_STRING_set(number, serial, sizeof serial) == 1,
                      "out of memory");
        const int64_t begin = bench_now_ns();
        const int found = X509_CRL_get0_by_serial(crl, &revoked, number);
        bench_add(&finding, begin);
        ck_assert_msg(found == (i % 2 == 0), "OpenSSL finds something else");
    }
    bench_print("look-up, OpenSSL", &finding);
    ASN1_INTEGER_free(number);
    bench_done(&finding);
}

/* The first look-up sorts. */
static void run_openssl(const struct cmg__buf *der)
{
    struct bench_samples reading;
    X509_REVOKED *revoked = NULL;
    ASN1_INTEGER *one = ASN1_INTEGER_new();
    const unsigned char *p = (const unsigned char *)der->data;

    bench_init(&reading, 1);
    ck_assert_msg(ASN1_INTEGER_set(one, 1) == 1, "out of memory");
    const size_t before = bench_memory_bytes();
    const int64_t begin = bench_now_ns();
    X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der->len);
    ck_assert_msg(crl != NULL && X509_CRL_get0_by_serial(crl, &revoked, one) == 0,
                  "OpenSSL does not read the list");
    bench_add(&reading, begin);
    bench_print("read, hash, sort, OpenSSL", &reading);
    print_memory("an entry, OpenSSL", bench_memory_bytes() - before);
    find_openssl(crl);
    X509_CRL_free(crl);
    ASN1_INTEGER_free(one);
    bench_done(&reading);
}
#endif

START_TEST(a_list_of_100000_entries)
{
    struct lister l;
    struct cmg__buf der;

    lister_init(&l);
    lister_add_many(&l, ENTRIES, SEED);
    lister_write(&l, &der);
    lister_done(&l);
    printf("a list of %zu entries, %zu bytes\n", ENTRIES, der.len);
    run_libcmg(&der);
    run_mbedtls(&der);
#ifdef BENCH_OPENSSL
    run_openssl(&der);
#endif
    cmg__buf_done(&der);
}
END_TEST

/* In a test, because the writer of lists asserts. */
int main(void)
{
    Suite *suite = suite_create("bench_crl");
    TCase *lists = tcase_create("lists");

    tcase_set_timeout(lists, 300);
    tcase_add_test(lists, a_list_of_100000_entries);
    suite_add_tcase(suite, lists);
    return support_run((Suite *const[]){ suite, NULL });
}
