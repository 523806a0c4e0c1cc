/* See maker.h. */
#include "crypto/maker.h"

#include "crypto/pfx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *maker_run(const char *const *argv)
{
    char *out = NULL;
    const int status = support_command(argv, &out);

    ck_assert_msg(status == 0, "%s %s ends with %d: %s", argv[0], argv[1], status, out);
    return out;
}

void maker_write_parts(const struct pki *pki)
{
    struct cmg__buf key;

    pki_write_pem(support_path("leaf.pem"), pki->leaf);
    pki_write_pem(support_path("root.pem"), pki->root);
    cmg__buf_init(&key, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_pem(pki->leaf_key, &key), CMG_OK);
    support_write_file(support_path("leaf.key"), key.data, key.len);
    cmg__buf_done(&key);
}

void maker_openssl(const struct pki *pki, const char *name, const char *password,
                   const char *const *arguments)
{
    char pass[80];
    const char *argv[32] = { "openssl",
                             "pkcs12",
                             "-export",
                             "-in",
                             support_path("leaf.pem"),
                             "-inkey",
                             support_path("leaf.key"),
                             "-certfile",
                             support_path("root.pem"),
                             "-name",
                             "gw",
                             "-passout",
                             pass,
                             "-out",
                             support_path(name) };

    maker_write_parts(pki);
    (void)snprintf(pass, sizeof pass, "pass:%s", password);
    for (size_t i = 0; arguments[i] != NULL; i++)
        argv[15 + i] = arguments[i];
    free(maker_run(argv));
}

static cmg_status read_with_words(struct pki *pki, const void *data, size_t n,
                                  const char *password, const char *words,
                                  struct got *got)
{
    cmg_error *err = NULL;

    memset(got, 0, sizeof *got);
    const cmg_status rc = cmg__pfx_read(&pki->a.alloc, &pki->e.env, data, n, password,
                                        &got->key, &got->certs, &got->count, &err);
    const char *message = cmg_error_message(err);
    ck_assert_int_eq(cmg_error_code(err), rc);
    if (rc != CMG_OK) {
        ck_assert_str_ne(message, "");
        ck_assert_str_ne(cmg_error_remedy(err), "");
        ck_assert_msg(strstr(message, words) != NULL, "\"%s\" lacks \"%s\"", message,
                      words);
    }
    if (password != NULL && password[0] != '\0')
        ck_assert_ptr_null(strstr(message, password));
    cmg_error_unref(err);
    return rc;
}

cmg_status maker_read(struct pki *pki, const void *data, size_t n, const char *password,
                      struct got *got)
{
    return read_with_words(pki, data, n, password, "", got);
}

cmg_status maker_read_file(struct pki *pki, const char *path, const char *password,
                           const char *words, struct got *got)
{
    size_t n = 0;
    char *data = support_read_file(path, &n);

    ck_assert_msg(data != NULL, "%s cannot be read", path);
    const cmg_status rc = read_with_words(pki, data, n, password, words, got);
    free(data);
    return rc;
}

void got_done(struct pki *pki, struct got *got)
{
    cmg__x509_free_list(&pki->a.alloc, got->certs, got->count);
    cmg__key_free(got->key);
}
