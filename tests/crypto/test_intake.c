/*
 * Certificates from whatever holds them: bundles in any order, text that is odd, and
 * other things, which are named in the error.
 */
#include "crypto/tray.h"

#include "crypto/pem.h"
#include "crypto/pfx.h"
#include "crypto/sniff.h"
#include "crypto/x509_data.h"

#include <stdlib.h>
#include <string.h>

/* ---- bundles ---- */

static const struct bundle {
    const char *parts;
    const char *first;
    bool key;
    size_t count;
} bundles[] = {
    { "l", "granitefalls.contoso.com", false, 1 },
    { "lr", "granitefalls.contoso.com", false, 2 },
    { "rl", "Test Root", false, 2 },
    { "lrk", "granitefalls.contoso.com", true, 2 },
    { "rlk", "granitefalls.contoso.com", true, 2 },
    { "krl", "granitefalls.contoso.com", true, 2 },
    { "rkl", "granitefalls.contoso.com", true, 2 },
    { "elr", "granitefalls.contoso.com", true, 2 },
    { "rle", "granitefalls.contoso.com", true, 2 },
    { "lrK", "Test Root", true, 2 },
};

START_TEST(the_key_tells_which_certificate_is_the_leaf)
{
    const struct bundle *c = &bundles[_i];
    struct tray b;

    tray_init(&b);
    for (const char *p = c->parts; *p != '\0'; p++)
        tray_add_part(&b, *p);
    tray_expect(&b, c->first, c->key, c->count);
    tray_done(&b);
}
END_TEST

/* An authority that renewed its key has two certificates of one name. */
START_TEST(of_two_authorities_of_one_name_the_one_with_the_key_follows)
{
    struct tray b;
    struct cmg__intake intake;
    struct cmg__x509 *other = NULL;
    cmg_error *err = NULL;

    tray_init(&b);
    const struct cmg__x509_request request = {
        .profile = CMG__PROFILE_ROOT,
        .common_name = "Test Root",
        .not_before_unix_s = PKI_NOW - PKI_DAY,
        .not_after_unix_s = PKI_NOW + PKI_DAY,
        .key = b.pki.leaf_key,
    };
    ck_ok(
        cmg__x509_issue(&b.pki.a.alloc, &b.pki.e.env, &request, NULL, NULL, &other, &err),
        err);
    tray_add_part(&b, 'l');
    char *pem = pki_pem(other);
    tray_add_text(&b, pem);
    tray_add_part(&b, 'r');
    ck_ok(tray_take(&b, &intake, &err), err);
    ck_assert_uint_eq(intake.certs.count, 3);
    ck_assert(cmg__span_eq(intake.certs.items[1]->key_id, b.pki.root->key_id));
    cmg__intake_done(&intake);
    free(pem);
    cmg__x509_free(other);
    tray_done(&b);
}
END_TEST

START_TEST(a_key_of_none_of_the_certificates_is_refused)
{
    struct tray b;

    tray_init(&b);
    tray_add_part(&b, 'l');
    tray_add_part(&b, 'K');
    tray_refuse(&b, CMG_E_CERT, "none of the 1 certificates");
    tray_done(&b);
}
END_TEST

START_TEST(an_encrypted_key_wants_its_password)
{
    static const char *const passwords[] = { NULL, "", "Secret" };
    struct tray b;
    struct cmg__intake intake;

    tray_init(&b);
    tray_add_part(&b, 'l');
    tray_add_part(&b, 'e');
    ck_assert_int_eq(cmg__intake_read(&intake, &b.pki.a.alloc, &b.pki.e.env, b.text.data,
                                      b.text.len, passwords[_i], true, NULL),
                     CMG_E_AUTH);
    /* Whoever asks for certificates alone needs none. */
    ck_assert_int_eq(cmg__intake_read(&intake, &b.pki.a.alloc, NULL, b.text.data,
                                      b.text.len, NULL, false, NULL),
                     CMG_OK);
    ck_assert_ptr_null(intake.key);
    cmg__intake_done(&intake);
    tray_done(&b);
}
END_TEST

START_TEST(two_keys_are_refused)
{
    struct tray b;

    tray_init(&b);
    tray_add_part(&b, 'l');
    tray_add_part(&b, 'k');
    tray_add_part(&b, 'K');
    tray_refuse(&b, CMG_E_UNSUPPORTED, "more than one private key");
    tray_done(&b);
}
END_TEST

/* ---- odd text ---- */

/* Writes every line of the PEM text through a change. */
static void change_lines(struct tray *b, const char *before, const char *after)
{
    char *pem = pki_pem(b->pki.leaf);

    for (char *line = strtok(pem, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        const bool fence = line[0] == '-';

        if (!fence)
            tray_add_text(b, before);
        tray_add_text(b, line);
        tray_add_text(b, after);
    }
    free(pem);
}

static const struct {
    const char *before;
    const char *after;
} odd_lines[] = {
    { "", "\r\n" },     { "", "\r" },   { "  ", "\n" },   { "\t", " \t\n" },
    { "", "\n\n\r\n" }, { "\f", "\n" }, { "", "\v\r\n" }, { "", " " },
};

START_TEST(odd_white_space_does_not_matter)
{
    struct tray b;

    tray_init(&b);
    change_lines(&b, odd_lines[_i].before, odd_lines[_i].after);
    tray_expect(&b, "granitefalls.contoso.com", false, 1);
    tray_done(&b);
}
END_TEST

START_TEST(text_around_blocks_is_passed_over)
{
    struct tray b;

    tray_init(&b);
    tray_add_text(&b, "\xef\xbb\xbf"
                      "Bag Attributes\n    friendlyName: --- gw ---\nsubject=CN = x\n");
    tray_add_part(&b, 'l');
    tray_add_text(&b, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                      "-----END EC PARAMETERS-----\n-- \nA signature\n");
    tray_add_part(&b, 'r');
    tray_expect(&b, "granitefalls.contoso.com", false, 2);
    /* The last line end may be missing, and blocks may touch. */
    b.text.len--;
    tray_expect(&b, "granitefalls.contoso.com", false, 2);
    tray_add_part(&b, 'k');
    tray_expect(&b, "granitefalls.contoso.com", true, 2);
    tray_done(&b);
}
END_TEST

static const struct {
    const char *text;
    const char *words;
} damaged[] = {
    { "-----BEGIN CERTIFICATE-----\nMIIB\n", "block 1 of the PEM text is damaged" },
    { "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERT-----\n", "block 1" },
    { "-----BEGIN CERTIFICATE-----\nMI*B\n-----END CERTIFICATE-----\n", "block 1" },
    { "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "block 1" },
    { "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", "block 1" },
    { "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "block 1" },
    { "-----BEGIN CERTIFICATE", "block 1" },
};

START_TEST(a_damaged_block_is_named_by_its_number)
{
    struct tray b;

    tray_init(&b);
    tray_add_text(&b, damaged[_i].text);
    tray_refuse(&b, CMG_E_PARSE, damaged[_i].words);
    tray_done(&b);
}
END_TEST

START_TEST(too_much_is_refused)
{
    struct tray b;

    tray_init(&b);
    for (unsigned i = 0; i < 513; i++)
        tray_add_text(&b, "-----BEGIN X-----\nAAAA\n-----END X-----\n");
    tray_refuse(&b, CMG_E_LIMIT, "block 513");
    cmg__buf_clear(&b.text);
    for (unsigned i = 0; i < 257; i++)
        tray_add_part(&b, 'l');
    tray_refuse(&b, CMG_E_LIMIT, "more than 256 certificates");
    while (b.text.len <= CMG__INTAKE_MAX)
        tray_add_part(&b, 'l');
    tray_refuse(&b, CMG_E_LIMIT, "too many");
    tray_done(&b);
}
END_TEST

/* ---- other forms ---- */

START_TEST(der_is_read)
{
    struct tray b;

    tray_init(&b);
    ck_assert_int_eq(cmg__buf_add(&b.text, b.pki.leaf->der, b.pki.leaf->der_len), CMG_OK);
    tray_expect(&b, "granitefalls.contoso.com", false, 1);
    b.text.len--;
    tray_refuse(&b, CMG_E_PARSE, "");
    tray_done(&b);
}
END_TEST

START_TEST(a_pfx_is_read)
{
    struct tray b;
    cmg_error *err = NULL;

    tray_init(&b);
    struct cmg__x509 *const chain[] = { b.pki.leaf, b.pki.root };
    const struct cmg__pfx_options options = { .profile = CMG__PFX_MODERN,
                                              .include_root = true };
    ck_ok(cmg__pfx_write(&b.pki.a.alloc, &b.pki.e.env, &options, b.pki.leaf_key, chain, 2,
                         "secret", &b.text, &err),
          err);
    tray_expect(&b, "granitefalls.contoso.com", true, 2);
    tray_done(&b);
}
END_TEST

/* ---- what is none ---- */

static const struct {
    const char *text;
    size_t n;
    const char *words;
} others[] = {
    { "", 0, "but nothing" },
    { "\r\n \n", 4, "but nothing" },
    { "hello", 5, "not known here" },
    { "<html><body>Denied</body></html>", 32, "a web page" },
    { "{\"a\": 1}", 8, "JSON" },
    { "ssh-rsa AAAA", 12, "an SSH key" },
    { "\xff\xfe-\0-\0", 6, "UTF-16" },
    { "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
      76, "an SSH key" },
    { "-----BEGIN X-----\nAAAA\n-----END X-----\n", 39, "not known here" },
};

START_TEST(what_is_no_certificate_is_named)
{
    struct tray b;

    tray_init(&b);
    if (others[_i].n > 0)
        ck_assert_int_eq(cmg__buf_add(&b.text, others[_i].text, others[_i].n), CMG_OK);
    tray_refuse(&b, CMG_E_PARSE, others[_i].words);
    tray_done(&b);
}
END_TEST

static const struct openssl_kind {
    const char *argv[14]; /* "KEY" and "CERT" stand for files */
    enum cmg__kind kind;
    const char *words;
} openssl_kinds[] = {
    { { "openssl", "req", "-new", "-key", "KEY", "-subj", "/CN=x" },
      CMG__KIND_CSR,
      "a certificate request" },
    { { "openssl", "rsa", "-in", "KEY" }, CMG__KIND_KEY, "a private key" },
    { { "openssl", "rsa", "-in", "KEY", "-traditional" },
      CMG__KIND_KEY,
      "a private key" },
    { { "openssl", "rsa", "-in", "KEY", "-pubout" },
      CMG__KIND_PUBLIC_KEY,
      "a public key" },
};

START_TEST(other_structures_are_named)
{
    const struct openssl_kind *c = &openssl_kinds[_i];
    struct tray b;
    const char *argv[14] = { NULL };
    char *out = NULL;

    tray_init(&b);
    const char *key = support_path("key.pem");
    tray_add_part(&b, 'k');
    support_write_file(key, b.text.data, b.text.len);
    for (size_t i = 0; c->argv[i] != NULL; i++)
        argv[i] = strcmp(c->argv[i], "KEY") == 0 ? key : c->argv[i];
    ck_assert_int_eq(support_command(argv, &out), 0);
    const char *pem = strstr(out, "-----BEGIN");
    ck_assert_ptr_nonnull(pem);
    cmg__buf_clear(&b.text);
    tray_add_text(&b, pem);
    tray_refuse(&b, CMG_E_PARSE, c->words);
    /* The same without its PEM lines. */
    struct cmg__pem_reader in = { .text = pem, .left = strlen(pem) };
    struct cmg__pem_block block;
    struct cmg__buf der;
    cmg__buf_init(&der, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__pem_next(&in, &block, &der), CMG_OK);
    ck_assert_int_eq(cmg__sniff(der.data, der.len), c->kind);
    cmg__buf_done(&der);
    free(out);
    support_dir_done();
    tray_done(&b);
}
END_TEST

START_TEST(every_kind_has_a_name)
{
    for (unsigned i = 0; i < CMG__KIND_COUNT; i++)
        ck_assert_str_ne(cmg__kind_name((enum cmg__kind)i), "");
}
END_TEST

/* ---- memory ---- */

static cmg_status take_once(struct support_alloc *a, void *user)
{
    struct tray *b = user;
    struct cmg__intake intake;
    const cmg_status rc =
        cmg__intake_read(&intake, &a->alloc, &b->pki.e.env, b->text.data, b->text.len,
                         "secret", true, NULL);

    if (rc == CMG_OK)
        cmg__intake_done(&intake);
    return rc;
}

START_TEST(intake_survives_every_failed_allocation)
{
    struct tray b;

    tray_init(&b);
    for (const char *p = "lkr"; *p != '\0'; p++)
        tray_add_part(&b, *p);
    support_torture(take_once, &b, 1);
    tray_done(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("intake");
    TCase *bundle = tcase_create("bundle");
    TCase *other = tcase_create("other");
    TCase *memory = tcase_create("memory");

    tcase_set_timeout(bundle, 30);
    tcase_set_timeout(memory, 60);
    tcase_add_loop_test(bundle, the_key_tells_which_certificate_is_the_leaf, 0,
                        (int)CMG__ARRAY_LEN(bundles));
    tcase_add_test(bundle, of_two_authorities_of_one_name_the_one_with_the_key_follows);
    tcase_add_test(bundle, a_key_of_none_of_the_certificates_is_refused);
    tcase_add_loop_test(bundle, an_encrypted_key_wants_its_password, 0, 3);
    tcase_add_test(bundle, two_keys_are_refused);
    tcase_add_loop_test(bundle, odd_white_space_does_not_matter, 0,
                        (int)CMG__ARRAY_LEN(odd_lines));
    tcase_add_test(bundle, text_around_blocks_is_passed_over);
    tcase_add_loop_test(bundle, a_damaged_block_is_named_by_its_number, 0,
                        (int)CMG__ARRAY_LEN(damaged));
    tcase_add_test(bundle, too_much_is_refused);
    tcase_add_test(bundle, der_is_read);
    tcase_add_test(bundle, a_pfx_is_read);
    tcase_add_loop_test(other, what_is_no_certificate_is_named, 0,
                        (int)CMG__ARRAY_LEN(others));
    tcase_add_loop_test(other, other_structures_are_named, 0,
                        (int)CMG__ARRAY_LEN(openssl_kinds));
    tcase_add_test(other, every_kind_has_a_name);
    tcase_add_test(memory, intake_survives_every_failed_allocation);
    suite_add_tcase(suite, bundle);
    suite_add_tcase(suite, other);
    suite_add_tcase(suite, memory);
    return support_run((Suite *const[]){ suite, NULL });
}
