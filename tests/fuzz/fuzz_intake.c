/*
 * The intake of certificates on any bytes: PEM text, DER, PKCS#7, PFX, and what the bytes
 * are said to be. What is read survives being written as PKCS#7, with the same
 * certificates, and the second writing gives the same bytes.
 */
#include "crypto/intake.h"
#include "crypto/pkcs7.h"
#include "crypto/sniff.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void write_again(struct cmg__x509 *const *certs, size_t count)
{
    struct cmg__buf first;
    struct cmg__buf second;
    struct cmg__x509 **list = NULL;
    size_t n = 0;

    cmg__buf_init(&first, &cmg__alloc_libc, 2 * CMG__INTAKE_MAX);
    cmg__buf_init(&second, &cmg__alloc_libc, 2 * CMG__INTAKE_MAX);
    require(cmg__pkcs7_write(&cmg__alloc_libc, certs, count, &first) == CMG_OK);
    if (first.len <= CMG__INTAKE_MAX) {
        require(cmg__pkcs7_parse(&cmg__alloc_libc, first.data, first.len, &list, &n,
                                 NULL) == CMG_OK);
        require(n > 0 && n <= count);
        require(cmg__pkcs7_write(&cmg__alloc_libc, list, n, &second) == CMG_OK);
        require(first.len == second.len &&
                memcmp(first.data, second.data, first.len) == 0);
    }
    cmg__x509_free_list(&cmg__alloc_libc, list, n);
    cmg__buf_done(&second);
    cmg__buf_done(&first);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__intake intake;
    struct cmg__x509 **list = NULL;
    size_t n = 0;
    cmg_error *err = NULL;

    require(cmg__kind_name(cmg__sniff(data, size))[0] != '\0');
    const cmg_status rc = cmg__intake_read(&intake, &cmg__alloc_libc, &cmg__env_system,
                                           data, size, "secret", true, &err);
    require(rc == cmg_error_code(err));
    if (rc == CMG_OK) {
        require(intake.certs.count > 0);
        write_again(intake.certs.items, intake.certs.count);
        const cmg_status sorted = cmg__intake_sort(&intake, NULL);
        require(sorted == CMG_OK || sorted == CMG_E_CERT);
        cmg__intake_done(&intake);
    }
    cmg_error_unref(err);
    if (cmg__pkcs7_parse(&cmg__alloc_libc, data, size, &list, &n, NULL) == CMG_OK)
        write_again(list, n);
    cmg__x509_free_list(&cmg__alloc_libc, list, n);
    return 0;
}
