/* Any bytes as a journal: read, refused, or read up to a torn line; what was read can be
   written again and reads the same. */
#include "deploy/journal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__journal_content content;
    struct cmg__buf text;
    cmg_error *err = NULL;

    if (size > CMG__JOURNAL_MAX)
        return 0;
    cmg__buf_init(&text, &cmg__alloc_libc, CMG__JOURNAL_MAX);
    if (cmg__buf_add(&text, data, size) == CMG_OK &&
        cmg__journal_parse(&cmg__alloc_libc, "fuzz", cmg__buf_cstr(&text), text.len,
                           &content, &err) == CMG_OK) {
        cmg__buf_clear(&text);
        if (content.facts != NULL && cmg__journal_add(&text, content.facts) == CMG_OK &&
            text.data[text.len - 1] != '\n')
            abort();
        cmg__journal_content_done(&content);
    }
    cmg_error_unref(err);
    cmg__buf_done(&text);
    return 0;
}
