/*
 * The PKCS#12 reader and the inspection on any bytes, with the password of the corpus and
 * without one. What is read with its key must be writable and come back the same; what is
 * looked into must be describable, line by line.
 */
#include "crypto/pfx.h"
#include "crypto/pfx_info.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static bool same(const struct cmg__x509 *a, const struct cmg__x509 *b)
{
    struct cmg__x509_info x;
    struct cmg__x509_info y;

    cmg__x509_info(a, &x);
    cmg__x509_info(b, &y);
    return strcmp(x.sha256_hex, y.sha256_hex) == 0;
}

static void write_again(const struct cmg__key *key, struct cmg__x509 *const *certs,
                        size_t count)
{
    struct cmg__buf out;
    struct cmg__key *again = NULL;
    struct cmg__x509 **list = NULL;
    size_t n = 0;

    cmg__buf_init_secret(&out, &cmg__alloc_libc, (size_t)4 * 1024 * 1024);
    const struct cmg__pfx_options options = { .friendly_name = "x",
                                              .include_root = true,
                                              .iterations = 1 };
    if (cmg__pfx_write(&cmg__alloc_libc, &cmg__env_system, &options, key, certs, count,
                       "secret", &out, NULL) == CMG_OK) {
        require(cmg__pfx_read(&cmg__alloc_libc, &cmg__env_system, out.data, out.len,
                              "secret", &again, &list, &n, NULL) == CMG_OK);
        require(again != NULL && n == count && same(certs[0], list[0]));
    }
    cmg__x509_free_list(&cmg__alloc_libc, list, n);
    cmg__key_free(again);
    cmg__buf_done(&out);
}

/* Looks into it; every character of the text is printable or ends a line. */
static cmg_status look(const uint8_t *data, size_t size, const char *password)
{
    struct cmg__pfx_info *info = NULL;
    struct cmg__buf text;
    struct cmg__describe d;
    const cmg_status rc = cmg__pfx_info_read(&cmg__alloc_libc, &cmg__env_system, data,
                                             size, password, &info, NULL);

    cmg__buf_init(&text, &cmg__alloc_libc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    if (rc == CMG_OK) {
        cmg__pfx_describe(info, &d);
        require(d.rc == CMG_OK && text.len > 0);
    }
    for (size_t i = 0; i < text.len; i++)
        require(text.data[i] == '\n' || (unsigned char)text.data[i] >= 0x20);
    cmg__buf_done(&text);
    cmg__pfx_info_free(info);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const passwords[] = { "secret", NULL };

    for (size_t i = 0; i < CMG__ARRAY_LEN(passwords); i++) {
        struct cmg__key *key = NULL;
        struct cmg__x509 **certs = NULL;
        size_t count = 0;
        cmg_error *err = NULL;
        const cmg_status rc =
            cmg__pfx_read(&cmg__alloc_libc, &cmg__env_system, data, size, passwords[i],
                          &key, &certs, &count, &err);

        require(rc == cmg_error_code(err));
        require(rc == CMG_OK || (key == NULL && certs == NULL && count == 0));
        const cmg_status seen = look(data, size, passwords[i]);
        require(rc != CMG_OK || seen == CMG_OK || passwords[i] == NULL);
        if (key != NULL && count > 0)
            write_again(key, certs, count);
        cmg__x509_free_list(&cmg__alloc_libc, certs, count);
        cmg__key_free(key);
        cmg_error_unref(err);
    }
    return 0;
}
