/* Import records: any text gives a record or a refusal; what is written reads back. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmg/import.h>

static void round_trip(cmg_context *ctx, cmg_import *import)
{
    cmg_import *again = NULL;
    cmg_bytes *one = NULL;
    cmg_bytes *two = NULL;

    if (cmg_import_to_json(import, &one, NULL) != CMG_OK ||
        cmg_import_new_from_json(ctx, "again", cmg_bytes_data(one), cmg_bytes_size(one),
                                 &again, NULL) != CMG_OK ||
        cmg_import_to_json(again, &two, NULL) != CMG_OK ||
        strcmp(cmg_bytes_data(one), cmg_bytes_data(two)) != 0)
        abort();
    cmg_bytes_unref(two);
    cmg_bytes_unref(one);
    cmg_import_unref(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cmg_context *ctx;
    cmg_import *import = NULL;
    cmg_error *err = NULL;

    if (ctx == NULL && cmg_context_new(NULL, &ctx, NULL) != CMG_OK)
        abort();
    if (cmg_import_new_from_json(ctx, "input", (const char *)data, size, &import, &err) ==
        CMG_OK)
        round_trip(ctx, import);
    else if (cmg_error_message(err)[0] == '\0' ||
             strpbrk(cmg_error_message(err), "\r\n") != NULL)
        abort();
    cmg_error_unref(err);
    cmg_import_unref(import);
    return 0;
}
