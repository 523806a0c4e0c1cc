/*
 * PKCS#7 as a bag of certificates: what is written is read by openssl, what others write
 * is read here in every form, and damage is told from emptiness.
 */
#include "crypto/tray.h"

#include "crypto/pem.h"
#include "crypto/pkcs7.h"
#include "crypto/x509_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTORS "/usr/lib/python3/dist-packages/cryptography_vectors/pkcs7/"

static void write_p7(struct tray *b, struct cmg__buf *der)
{
    struct cmg__x509 *const certs[] = { b->pki.root, b->pki.leaf };

    cmg__buf_init(der, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__pkcs7_write(&cmg__alloc_libc, certs, 2, der), CMG_OK);
}

START_TEST(openssl_reads_the_pkcs7_that_is_written)
{
    struct tray b;
    struct cmg__buf der;
    char *out = NULL;

    tray_init(&b);
    write_p7(&b, &der);
    const char *path = support_path("certs.p7b");
    support_write_file(path, der.data, der.len);
    const char *const argv[] = { "openssl", "pkcs7", "-in",          path,
                                 "-inform", "DER",   "-print_certs", NULL };
    const int status = support_command(argv, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    ck_assert_ptr_nonnull(strstr(out, "subject=CN = granitefalls.contoso.com"));
    ck_assert_ptr_nonnull(strstr(out, "subject=CN = Test Root"));
    free(out);
    cmg__buf_done(&der);
    support_dir_done();
    tray_done(&b);
}
END_TEST

START_TEST(the_same_certificates_give_the_same_pkcs7)
{
    struct tray b;
    struct cmg__buf one;
    struct cmg__buf other;

    tray_init(&b);
    struct cmg__x509 *const turned[] = { b.pki.leaf, b.pki.root, b.pki.leaf };
    write_p7(&b, &one);
    cmg__buf_init(&other, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__pkcs7_write(&cmg__alloc_libc, turned, 3, &other), CMG_OK);
    ck_assert_uint_eq(one.len, other.len);
    ck_assert_mem_eq(one.data, other.data, one.len);
    cmg__buf_done(&one);
    cmg__buf_done(&other);
    tray_done(&b);
}
END_TEST

static void add_p7_der(struct tray *b, const struct cmg__buf *der)
{
    ck_assert_int_eq(cmg__buf_add(&b->text, der->data, der->len), CMG_OK);
}

static void add_p7_pem(struct tray *b, const struct cmg__buf *der)
{
    ck_assert_int_eq(cmg__pem_write(&b->text, "PKCS7", der->data, der->len), CMG_OK);
}

static void add_p7_cms(struct tray *b, const struct cmg__buf *der)
{
    ck_assert_int_eq(cmg__pem_write(&b->text, "CMS", der->data, der->len), CMG_OK);
}

/* As certification authorities label it. */
static void add_p7_mislabelled(struct tray *b, const struct cmg__buf *der)
{
    ck_assert_int_eq(cmg__pem_write(&b->text, "CERTIFICATE", der->data, der->len),
                     CMG_OK);
}

/* The body of the PEM form alone, as EST sends it. */
static void add_p7_base64(struct tray *b, const struct cmg__buf *der)
{
    add_p7_pem(b, der);
    char *body = strchr(b->text.data, '\n');
    char *end = strstr(b->text.data, "-----END");
    const size_t n = (size_t)(end - body);

    memmove(b->text.data, body, n);
    b->text.len = n;
}

static void (*const p7_forms[])(struct tray *b, const struct cmg__buf *der) = {
    add_p7_der, add_p7_pem, add_p7_cms, add_p7_mislabelled, add_p7_base64,
};

START_TEST(pkcs7_is_read_in_every_form)
{
    struct tray b;
    struct cmg__buf der;
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    cmg_error *err = NULL;

    tray_init(&b);
    write_p7(&b, &der);
    p7_forms[_i](&b, &der);
    ck_ok(cmg__pkcs7_parse(&b.pki.a.alloc, b.text.data, b.text.len, &list, &count, &err),
          err);
    ck_assert_uint_eq(count, 2);
    cmg__x509_free_list(&b.pki.a.alloc, list, count);
    /* The file's order is one of bytes; the key says which is the leaf. */
    struct cmg__intake intake;
    ck_ok(tray_take(&b, &intake, &err), err);
    ck_assert_uint_eq(intake.certs.count, 2);
    cmg__intake_done(&intake);
    cmg__buf_done(&der);
    tray_done(&b);
}
END_TEST

START_TEST(every_truncation_of_pkcs7_is_damage)
{
    struct tray b;
    struct cmg__buf der;
    struct cmg__x509 **list = NULL;
    size_t count = 0;

    tray_init(&b);
    write_p7(&b, &der);
    for (size_t n = 0; n < der.len; n++)
        ck_assert_int_eq(
            cmg__pkcs7_parse(&b.pki.a.alloc, der.data, n, &list, &count, NULL),
            CMG_E_PARSE);
    ck_assert_ptr_null(list);
    cmg__buf_done(&der);
    tray_done(&b);
}
END_TEST

static const struct vector {
    const char *file;
    cmg_status status;
    size_t count;
    const char *first;
} vectors[] = {
    { "amazon-roots.der", CMG_OK, 2, "Amazon Root CA 3" },
    { "amazon-roots.p7b", CMG_OK, 2, "Amazon Root CA 3" },
    { "isrg.pem", CMG_OK, 1, "ISRG Root X1" },
    { "enveloped.pem", CMG_E_UNSUPPORTED, 0, "" },
};

START_TEST(pkcs7_of_others_is_read)
{
    const struct vector *c = &vectors[_i];
    struct support_alloc a;
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    size_t n = 0;
    char path[256];

    support_alloc_init(&a);
    (void)snprintf(path, sizeof path, "%s%s", VECTORS, c->file);
    char *data = support_read_file(path, &n);
    ck_assert_ptr_nonnull(data);
    ck_assert_int_eq(cmg__pkcs7_parse(&a.alloc, data, n, &list, &count, NULL), c->status);
    ck_assert_uint_eq(count, c->count);
    if (count > 0)
        ck_assert_str_eq(list[0]->common_name, c->first);
    cmg__x509_free_list(&a.alloc, list, count);
    free(data);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

START_TEST(signed_data_with_a_signer_gives_its_certificates)
{
    struct tray b;
    struct cmg__buf key;
    char *out = NULL;
    size_t n = 0;

    tray_init(&b);
    const char *leaf = support_path("leaf.pem");
    const char *root = support_path("root.pem");
    const char *prv = support_path("leaf.key");
    const char *text = support_path("text");
    const char *signature = support_path("signed.p7m");
    pki_write_pem(leaf, b.pki.leaf);
    pki_write_pem(root, b.pki.root);
    cmg__buf_init(&key, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_pem(b.pki.leaf_key, &key), CMG_OK);
    support_write_file(prv, key.data, key.len);
    support_write_file(text, "hello", 5);
    cmg__buf_done(&key);
    const char *const argv[] = { "openssl",  "cms",
                                 "-sign",    "-in",
                                 text,       "-signer",
                                 leaf,       "-inkey",
                                 prv,        "-certfile",
                                 root,       "-nodetach",
                                 "-outform", _i == 0 ? "DER" : "PEM",
                                 "-stream",  "-out",
                                 signature,  NULL };
    const int status = support_command(argv, &out);
    ck_assert_msg(status == 0, "openssl says %s", out);
    free(out);
    char *data = support_read_file(signature, &n);
    ck_assert_int_eq(cmg__buf_add(&b.text, data, n), CMG_OK);
    free(data);
    tray_add_text(&b, "\n");
    if (_i == 0)
        b.text.len--;
    else
        tray_add_part(&b, 'k');
    struct cmg__intake intake;
    cmg_error *err = NULL;
    ck_ok(tray_take(&b, &intake, &err), err);
    ck_assert_uint_eq(intake.certs.count, 2);
    if (_i == 1)
        ck_assert_str_eq(intake.certs.items[0]->common_name, "granitefalls.contoso.com");
    cmg__intake_done(&intake);
    support_dir_done();
    tray_done(&b);
}
END_TEST

START_TEST(pkcs7_without_certificates_says_so)
{
    static const uint8_t empty[] = { 0x30, 0x23, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                     0xf7, 0x0d, 0x01, 0x07, 0x02, 0xa0, 0x16, 0x30,
                                     0x14, 0x02, 0x01, 0x01, 0x31, 0x00, 0x30, 0x0b,
                                     0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d,
                                     0x01, 0x07, 0x01, 0x31, 0x00 };
    struct tray b;

    tray_init(&b);
    ck_assert_int_eq(cmg__buf_add(&b.text, empty, sizeof empty), CMG_OK);
    tray_refuse(&b, CMG_E_PARSE, "no certificate in the PKCS#7");
    tray_done(&b);
}
END_TEST

static cmg_status parse_once(struct support_alloc *a, void *user)
{
    const struct tray *b = user;
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    const cmg_status rc =
        cmg__pkcs7_parse(&a->alloc, b->text.data, b->text.len, &list, &count, NULL);

    cmg__x509_free_list(&a->alloc, list, count);
    return rc;
}

START_TEST(reading_survives_every_failed_allocation)
{
    struct tray b;
    struct cmg__buf der;

    tray_init(&b);
    write_p7(&b, &der);
    p7_forms[_i](&b, &der);
    support_torture(parse_once, &b, 1);
    cmg__buf_done(&der);
    tray_done(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pkcs7");
    TCase *p7 = tcase_create("pkcs7");

    tcase_set_timeout(p7, 30);
    tcase_add_test(p7, openssl_reads_the_pkcs7_that_is_written);
    tcase_add_test(p7, the_same_certificates_give_the_same_pkcs7);
    tcase_add_loop_test(p7, pkcs7_is_read_in_every_form, 0,
                        (int)CMG__ARRAY_LEN(p7_forms));
    tcase_add_test(p7, every_truncation_of_pkcs7_is_damage);
    tcase_add_loop_test(p7, pkcs7_of_others_is_read, 0, (int)CMG__ARRAY_LEN(vectors));
    tcase_add_loop_test(p7, signed_data_with_a_signer_gives_its_certificates, 0, 2);
    tcase_add_test(p7, pkcs7_without_certificates_says_so);
    tcase_add_loop_test(p7, reading_survives_every_failed_allocation, 0,
                        (int)CMG__ARRAY_LEN(p7_forms));
    suite_add_tcase(suite, p7);
    return support_run((Suite *const[]){ suite, NULL });
}
