/*
 * The reader of certificate requests on any bytes. A request that is read can be told in
 * lines, survives its PEM form, and names nothing that could end a line.
 */
#include "crypto/csr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void use(const struct cmg__csr *csr)
{
    struct cmg__buf text;
    struct cmg__describe d;
    struct cmg__csr *again = NULL;

    cmg__buf_init(&text, &cmg__alloc_libc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__csr_describe(csr, &d);
    require(d.rc == CMG_OK || d.rc == CMG_E_LIMIT);
    for (size_t i = 0; i < csr->name_count; i++)
        require(strpbrk(csr->names[i].text, "\r\n") == NULL);
    cmg__buf_done(&text);
    cmg__buf_init(&text, &cmg__alloc_libc, (size_t)1 << 20);
    require(cmg__csr_write_pem(csr, &text) == CMG_OK);
    require(cmg__csr_parse(&cmg__alloc_libc, text.data, text.len, &again, NULL) ==
            CMG_OK);
    require(again->der_len == csr->der_len && again->verified == csr->verified);
    cmg__csr_free(again);
    cmg__buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__csr *csr = NULL;

    if (cmg__csr_parse(&cmg__alloc_libc, data, size, &csr, NULL) == CMG_OK)
        use(csr);
    cmg__csr_free(csr);
    return 0;
}
