/*
 * The reader of certificate templates on any text. What is read is written as JSON that
 * reads back as the same template.
 */
#include "model/certificate_template.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__x509_template t;
    struct cmg__x509_template again;
    struct cmg__buf text;

    memset(&t, 0, sizeof t);
    memset(&again, 0, sizeof again);
    if (cmg__template_read(&cmg__alloc_libc, "fuzz", (const char *)data, size, &t,
                           NULL) != CMG_OK)
        return 0;
    cmg__buf_init(&text, &cmg__alloc_libc, (size_t)1 << 20);
    require(cmg__template_write(&t, &text) == CMG_OK);
    require(cmg__template_read(&cmg__alloc_libc, "fuzz", text.data, text.len, &again,
                               NULL) == CMG_OK);
    require(strcmp(t.name, again.name) == 0 && t.key_usage == again.key_usage &&
            t.name_kinds == again.name_kinds && t.days_max == again.days_max &&
            memcmp(t.eku, again.eku, sizeof t.eku) == 0);
    cmg__buf_done(&text);
    return 0;
}
