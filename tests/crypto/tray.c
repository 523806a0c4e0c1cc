/* See tray.h. */
#include "crypto/tray.h"

#include "crypto/x509_data.h"

#include <string.h>

void tray_init(struct tray *b)
{
    pki_init(&b->pki, CMG__PROFILE_WEB_SERVER);
    cmg__buf_init(&b->text, &cmg__alloc_libc, (size_t)8 << 20);
}

void tray_done(struct tray *b)
{
    cmg__buf_done(&b->text);
    pki_done(&b->pki);
}

void tray_add_text(struct tray *b, const char *text)
{
    ck_assert_int_eq(cmg__buf_add_str(&b->text, text), CMG_OK);
}

void tray_add(struct tray *b, const void *data, size_t n)
{
    if (n > 0)
        ck_assert_int_eq(cmg__buf_add(&b->text, data, n), CMG_OK);
}

void tray_add_part(struct tray *b, char part)
{
    cmg_error *err = NULL;

    switch (part) {
    case 'r':
        ck_assert_int_eq(cmg__x509_write_pem(b->pki.root, &b->text), CMG_OK);
        break;
    case 'l':
        ck_assert_int_eq(cmg__x509_write_pem(b->pki.leaf, &b->text), CMG_OK);
        break;
    case 'k':
        ck_assert_int_eq(cmg__key_write_pem(b->pki.leaf_key, &b->text), CMG_OK);
        break;
    case 'e':
        ck_ok(cmg__key_write_encrypted_pem(b->pki.leaf_key, &b->pki.e.env, "secret", 1000,
                                           &b->text, &err),
              err);
        break;
    default:
        ck_assert_int_eq(cmg__key_write_pem(b->pki.root_key, &b->text), CMG_OK);
    }
}

cmg_status tray_take(struct tray *b, struct cmg__intake *intake, cmg_error **err)
{
    cmg_status rc = cmg__intake_read(intake, &b->pki.a.alloc, &b->pki.e.env, b->text.data,
                                     b->text.len, "secret", true, err);

    if (rc == CMG_OK) {
        rc = cmg__intake_sort(intake, err);
        if (rc != CMG_OK)
            cmg__intake_done(intake);
    }
    return rc;
}

void tray_expect(struct tray *b, const char *first, bool key, size_t count)
{
    struct cmg__intake intake;
    cmg_error *err = NULL;

    ck_ok(tray_take(b, &intake, &err), err);
    ck_assert_str_eq(intake.certs.items[0]->common_name, first);
    ck_assert_int_eq(intake.key != NULL, key);
    ck_assert_uint_eq(intake.certs.count, count);
    cmg__intake_done(&intake);
}

void tray_refuse(struct tray *b, cmg_status status, const char *words)
{
    struct cmg__intake intake;
    cmg_error *err = NULL;

    ck_assert_int_eq(tray_take(b, &intake, &err), status);
    ck_assert_int_eq(cmg_error_code(err), status);
    ck_assert_msg(strstr(cmg_error_message(err), words) != NULL, "\"%s\" lacks \"%s\"",
                  cmg_error_message(err), words);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
}
