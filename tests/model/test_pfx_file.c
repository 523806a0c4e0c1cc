/*
 * The public view of PFX files: what is told with the password, without it, and for whom
 * the file is fit.
 */
#include "support/support.h"

#include <cmg/certificate.h>
#include <cmg/pfx.h>

#include <string.h>

struct shelf {
    struct support_alloc a;
    cmg_context *ctx;
    cmg_certificate *cert;
    cmg_bytes *pfx;
};

static void shelf_init(struct shelf *s, cmg_pfx profile)
{
    static const char *const names[] = { "gw.contoso.com", NULL };
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_WEB_SERVER,
                                              .common_name = names[0],
                                              .dns_names = names };
    const cmg_pfx_options options = { .size = sizeof options,
                                      .profile = profile,
                                      .iterations = 1000,
                                      .friendly_name = "Gr\xc3\xbc\xc3\x9f\ngw",
                                      .include_root = 1 };
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;

    *s = (struct shelf){ .ctx = NULL };
    support_alloc_init(&s->a);
    ck_ok(cmg_context_new(&s->a.alloc.table, &s->ctx, &err), err);
    ck_ok(cmg_authority_new(s->ctx, "Contoso CMG CA", &ca, &err), err);
    ck_ok(cmg_authority_issue(ca, &request, &s->cert, &err), err);
    ck_ok(cmg_certificate_export_pfx_with(s->cert, &options, "secret", &s->pfx, &err),
          err);
    cmg_authority_unref(ca);
}

static void shelf_done(struct shelf *s)
{
    cmg_bytes_unref(s->pfx);
    cmg_certificate_unref(s->cert);
    cmg_context_unref(s->ctx);
    ck_assert_uint_eq(s->a.live, 0);
}

static cmg_pfx_file *look(struct shelf *s, const char *password)
{
    cmg_pfx_file *file = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_pfx_file_new(s->ctx, cmg_bytes_data(s->pfx), cmg_bytes_size(s->pfx),
                           password, &file, &err),
          err);
    return file;
}

static const struct profile_case {
    cmg_pfx profile;
    const char *mac;
    const char *cipher;
    bool old_windows;
} profile_cases[] = {
    { CMG_PFX_COMPAT, "sha1", "PBE-SHA1-3DES", true },
    { CMG_PFX_MODERN, "sha256", "AES-256-CBC, PBKDF2, hmacWithSHA256", false },
};

START_TEST(with_the_password_everything_is_told)
{
    const struct profile_case *c = &profile_cases[_i];
    struct shelf s;

    shelf_init(&s, c->profile);
    cmg_pfx_file *file = look(&s, "secret");
    ck_assert(cmg_pfx_file_is_open(file));
    ck_assert_str_eq(cmg_pfx_file_mac(file), c->mac);
    ck_assert_uint_eq(cmg_pfx_file_mac_iterations(file), 1000);
    ck_assert_uint_eq(cmg_pfx_file_count(file), 3);
    ck_assert_int_eq(cmg_pfx_file_kind(file, 0), CMG_PFX_KIND_CERTIFICATE);
    ck_assert_int_eq(cmg_pfx_file_kind(file, 1), CMG_PFX_KIND_CERTIFICATE);
    ck_assert_int_eq(cmg_pfx_file_kind(file, 2), CMG_PFX_KIND_ENCRYPTED_KEY);
    ck_assert_str_eq(cmg_pfx_file_content(file, 0), "CN=gw.contoso.com");
    ck_assert_str_eq(cmg_pfx_file_content(file, 1), "CN=Contoso CMG CA");
    ck_assert_str_eq(cmg_pfx_file_content(file, 2), "RSA 2048");
    for (size_t i = 0; i < 3; i++) {
        ck_assert_str_eq(cmg_pfx_file_cipher(file, i), c->cipher);
        ck_assert_uint_eq(cmg_pfx_file_iterations(file, i), 1000);
        ck_assert_str_eq(cmg_pfx_file_provider(file, i), "");
        ck_assert_str_eq(cmg_pfx_file_friendly_name(file, i),
                         i == 1 ? "" : "Gr\xc3\xbc\xc3\x9f\ngw");
    }
    ck_assert_uint_eq(strlen(cmg_pfx_file_key_id(file, 0)), 40);
    ck_assert_str_eq(cmg_pfx_file_key_id(file, 0), cmg_pfx_file_key_id(file, 2));
    ck_assert_int_eq(cmg_pfx_file_suits(file, CMG_PFX_READER_WINDOWS_2016),
                     c->old_windows);
    ck_assert_int_eq(cmg_pfx_file_suits(file, CMG_PFX_READER_KEY_VAULT), c->old_windows);
    ck_assert(cmg_pfx_file_suits(file, CMG_PFX_READER_WINDOWS_2019));
    ck_assert(cmg_pfx_file_suits(file, CMG_PFX_READER_OPENSSL_3));
    ck_assert(!cmg_pfx_file_suits(file, (cmg_pfx_reader)99));
    cmg_pfx_file_unref(file);
    shelf_done(&s);
}
END_TEST

START_TEST(without_a_password_the_outside_is_told)
{
    struct shelf s;

    shelf_init(&s, CMG_PFX_MODERN);
    cmg_pfx_file *file = look(&s, NULL);
    ck_assert(!cmg_pfx_file_is_open(file));
    ck_assert_str_eq(cmg_pfx_file_mac(file), "sha256");
    ck_assert_uint_eq(cmg_pfx_file_count(file), 2);
    ck_assert_int_eq(cmg_pfx_file_kind(file, 0), CMG_PFX_KIND_SEALED);
    ck_assert_int_eq(cmg_pfx_file_kind(file, 1), CMG_PFX_KIND_ENCRYPTED_KEY);
    ck_assert_str_eq(cmg_pfx_file_cipher(file, 0), "AES-256-CBC, PBKDF2, hmacWithSHA256");
    ck_assert_str_eq(cmg_pfx_file_content(file, 1), "");
    /* The key's names stand outside of its encryption. */
    ck_assert_uint_eq(strlen(cmg_pfx_file_key_id(file, 1)), 40);
    ck_assert(!cmg_pfx_file_suits(file, CMG_PFX_READER_WINDOWS_2016));
    cmg_pfx_file_unref(file);
    shelf_done(&s);
}
END_TEST

START_TEST(the_text_says_it_line_by_line)
{
    static const char *const words[] = {
        "PFX (PKCS#12)\n",
        "sha1, 1000 iterations\n",
        "Entry 1: certificate\n",
        "CN=gw.contoso.com\n",
        "Entry 3: encrypted key\n",
        "RSA 2048\n",
        "PBE-SHA1-3DES, 1000 iterations\n",
        "Windows Server 2016",
        "Gr\xc3\xbc\xc3\x9f\\x0agw\n",
    };
    struct shelf s;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    shelf_init(&s, CMG_PFX_COMPAT);
    cmg_pfx_file *file = look(&s, "secret");
    ck_ok(cmg_pfx_file_describe(file, &text, &err), err);
    for (size_t i = 0; i < CMG__ARRAY_LEN(words); i++)
        ck_assert_msg(strstr(cmg_bytes_data(text), words[i]) != NULL,
                      "\"%s\" lacks \"%s\"", (const char *)cmg_bytes_data(text),
                      words[i]);
    cmg_bytes_unref(text);
    cmg_pfx_file_unref(file);
    shelf_done(&s);
}
END_TEST

START_TEST(what_cannot_be_looked_into_is_refused)
{
    static const char rubbish[] = "rubbish";
    struct shelf s;
    cmg_pfx_file *file = NULL;

    shelf_init(&s, CMG_PFX_MODERN);
    const void *data = cmg_bytes_data(s.pfx);
    const size_t size = cmg_bytes_size(s.pfx);
    ck_assert_int_eq(cmg_pfx_file_new(s.ctx, data, size, "Secret", &file, NULL),
                     CMG_E_AUTH);
    ck_assert_int_eq(cmg_pfx_file_new(s.ctx, data, size, "", &file, NULL), CMG_E_AUTH);
    ck_assert_int_eq(cmg_pfx_file_new(s.ctx, data, size - 1, NULL, &file, NULL),
                     CMG_E_PARSE);
    ck_assert_int_eq(cmg_pfx_file_new(s.ctx, rubbish, sizeof rubbish, NULL, &file, NULL),
                     CMG_E_PARSE);
    ck_assert_int_eq(cmg_pfx_file_new(s.ctx, data, 1024 * 1024 + 1, NULL, &file, NULL),
                     CMG_E_LIMIT);
    ck_assert_int_eq(cmg_pfx_file_new(s.ctx, NULL, 1, NULL, &file, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_pfx_file_new(NULL, data, size, NULL, &file, NULL), CMG_E_INVAL);
    ck_assert_ptr_null(file);
    shelf_done(&s);
}
END_TEST

START_TEST(getters_of_nothing_give_nothing)
{
    struct shelf s;
    cmg_bytes *text = NULL;

    shelf_init(&s, CMG_PFX_COMPAT);
    cmg_pfx_file *file = cmg_pfx_file_ref(look(&s, NULL));
    cmg_pfx_file_unref(file);
    const cmg_pfx_file *const files[] = { NULL, file };
    for (size_t i = 0; i < CMG__ARRAY_LEN(files); i++) {
        ck_assert_int_eq(cmg_pfx_file_kind(files[i], 99), CMG_PFX_KIND_OTHER);
        ck_assert_str_eq(cmg_pfx_file_content(files[i], 99), "");
        ck_assert_str_eq(cmg_pfx_file_cipher(files[i], 99), "");
        ck_assert_uint_eq(cmg_pfx_file_iterations(files[i], 99), 0);
        ck_assert_str_eq(cmg_pfx_file_friendly_name(files[i], 99), "");
        ck_assert_str_eq(cmg_pfx_file_key_id(files[i], 99), "");
        ck_assert_str_eq(cmg_pfx_file_provider(files[i], 99), "");
    }
    ck_assert(!cmg_pfx_file_is_open(NULL));
    ck_assert_str_eq(cmg_pfx_file_mac(NULL), "");
    ck_assert_uint_eq(cmg_pfx_file_mac_iterations(NULL), 0);
    ck_assert_uint_eq(cmg_pfx_file_count(NULL), 0);
    ck_assert(!cmg_pfx_file_suits(NULL, CMG_PFX_READER_OPENSSL_3));
    ck_assert_int_eq(cmg_pfx_file_describe(NULL, &text, NULL), CMG_E_INVAL);
    ck_assert_ptr_null(text);
    ck_assert_ptr_null(cmg_pfx_file_ref(NULL));
    cmg_pfx_file_unref(NULL);
    cmg_pfx_file_unref(file);
    shelf_done(&s);
}
END_TEST

static cmg_status look_once(struct support_alloc *a, void *user)
{
    struct shelf *s = user;
    const struct cmg__alloc before = s->ctx->alloc;
    cmg_pfx_file *file = NULL;
    cmg_bytes *text = NULL;

    s->ctx->alloc = a->alloc;
    cmg_status rc = cmg_pfx_file_new(s->ctx, cmg_bytes_data(s->pfx),
                                     cmg_bytes_size(s->pfx), "secret", &file, NULL);
    if (rc == CMG_OK)
        rc = cmg_pfx_file_describe(file, &text, NULL);
    cmg_bytes_unref(text);
    cmg_pfx_file_unref(file);
    s->ctx->alloc = before;
    return rc;
}

START_TEST(looking_survives_every_failed_allocation)
{
    struct shelf s;

    shelf_init(&s, CMG_PFX_COMPAT);
    support_torture(look_once, &s, 1);
    shelf_done(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pfx_file");
    TCase *view = tcase_create("view");

    tcase_set_timeout(view, 60);
    tcase_add_loop_test(view, with_the_password_everything_is_told, 0,
                        (int)CMG__ARRAY_LEN(profile_cases));
    tcase_add_test(view, without_a_password_the_outside_is_told);
    tcase_add_test(view, the_text_says_it_line_by_line);
    tcase_add_test(view, what_cannot_be_looked_into_is_refused);
    tcase_add_test(view, getters_of_nothing_give_nothing);
    tcase_add_test(view, looking_survives_every_failed_allocation);
    suite_add_tcase(suite, view);
    return support_run((Suite *const[]){ suite, NULL });
}
