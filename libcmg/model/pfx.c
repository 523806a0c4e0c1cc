/* cmg_pfx_file: the inspection of a PKCS#12 file behind the public interface. */
#include <cmg/pfx.h>

#include "base/context.h"
#include "crypto/pfx_info.h"

#define INPUT_MAX ((size_t)1024 * 1024)

struct cmg_pfx_file {
    struct cmg__handle head;
    struct cmg__pfx_info *info;
};

static cmg_status check(const cmg_pfx_file *file, cmg_error **err)
{
    return cmg__check(file != NULL ? &file->head : NULL, CMG__TAG_PFX, err);
}

static const struct cmg__pfx_entry *entry_of(const cmg_pfx_file *file, size_t i)
{
    return check(file, NULL) == CMG_OK && i < file->info->count ? &file->info->entries[i]
                                                                : NULL;
}

static cmg_status check_input(cmg_context *ctx, const void *data, size_t size,
                              cmg_error **err)
{
    const cmg_status rc =
        cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (data == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "data", "give the bytes of a PFX",
                         "there is no PFX to look into");
    if (size > INPUT_MAX)
        return cmg__fail(err, &ctx->alloc, CMG_E_LIMIT, "size", "give at most 1 MiB",
                         "%zu bytes are too many for a PFX", size);
    return CMG_OK;
}

cmg_status cmg_pfx_file_new(cmg_context *ctx, const void *data, size_t size,
                            const char *password, cmg_pfx_file **out_file,
                            cmg_error **err)
{
    struct cmg__pfx_info *info = NULL;
    cmg_status rc = check_input(ctx, data, size, err);

    if (rc == CMG_OK)
        rc = cmg__pfx_info_read(&ctx->alloc, &ctx->env, data, size, password, &info, err);
    if (rc != CMG_OK)
        return rc;
    cmg_pfx_file *file = cmg__alloc0(&ctx->alloc, sizeof *file);
    if (file == NULL) {
        cmg__pfx_info_free(info);
        return cmg__fail_nomem(err);
    }
    cmg__handle_init(&file->head, CMG__TAG_PFX, ctx);
    file->info = info;
    *out_file = file;
    return CMG_OK;
}

cmg_status cmg_pfx_file_describe(const cmg_pfx_file *file, cmg_bytes **out_text,
                                 cmg_error **err)
{
    struct cmg__buf text;
    struct cmg__describe d;
    cmg_status rc = check(file, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &file->head.ctx->alloc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__pfx_describe(file->info, &d);
    rc = d.rc;
    if (rc == CMG_OK)
        rc = cmg__bytes_new(&file->head.ctx->alloc, text.data, text.len, out_text);
    cmg__buf_done(&text);
    return rc == CMG_OK ? rc : cmg__fail_nomem(err);
}

bool cmg_pfx_file_is_open(const cmg_pfx_file *file)
{
    return check(file, NULL) == CMG_OK && file->info->open;
}

const char *cmg_pfx_file_mac(const cmg_pfx_file *file)
{
    return check(file, NULL) == CMG_OK ? file->info->mac : "";
}

uint32_t cmg_pfx_file_mac_iterations(const cmg_pfx_file *file)
{
    return check(file, NULL) == CMG_OK ? file->info->mac_iterations : 0;
}

bool cmg_pfx_file_suits(const cmg_pfx_file *file, cmg_pfx_reader reader)
{
    static const struct {
        cmg_pfx_reader reader;
        enum cmg__pfx_consumer consumer;
    } readers[] = {
        { CMG_PFX_READER_WINDOWS_2016, CMG__PFX_WINDOWS_2016 },
        { CMG_PFX_READER_WINDOWS_2019, CMG__PFX_WINDOWS_2019 },
        { CMG_PFX_READER_KEY_VAULT, CMG__PFX_KEY_VAULT },
        { CMG_PFX_READER_OPENSSL_3, CMG__PFX_OPENSSL_3 },
    };

    if (check(file, NULL) != CMG_OK)
        return false;
    for (size_t i = 0; i < CMG__ARRAY_LEN(readers); i++) {
        if (readers[i].reader == reader)
            return (file->info->unreadable & 1U << readers[i].consumer) == 0;
    }
    return false;
}

size_t cmg_pfx_file_count(const cmg_pfx_file *file)
{
    return check(file, NULL) == CMG_OK ? file->info->count : 0;
}

cmg_pfx_kind cmg_pfx_file_kind(const cmg_pfx_file *file, size_t i)
{
    static const cmg_pfx_kind kinds[CMG__PFX_KIND_COUNT] = {
        [CMG__PFX_KIND_KEY] = CMG_PFX_KIND_KEY,
        [CMG__PFX_KIND_ENCRYPTED_KEY] = CMG_PFX_KIND_ENCRYPTED_KEY,
        [CMG__PFX_KIND_CERTIFICATE] = CMG_PFX_KIND_CERTIFICATE,
        [CMG__PFX_KIND_CRL] = CMG_PFX_KIND_CRL,
        [CMG__PFX_KIND_SECRET] = CMG_PFX_KIND_SECRET,
        [CMG__PFX_KIND_SEALED] = CMG_PFX_KIND_SEALED,
        [CMG__PFX_KIND_OTHER] = CMG_PFX_KIND_OTHER,
    };
    const struct cmg__pfx_entry *entry = entry_of(file, i);

    return entry != NULL ? kinds[entry->kind] : CMG_PFX_KIND_OTHER;
}

const char *cmg_pfx_file_content(const cmg_pfx_file *file, size_t i)
{
    const struct cmg__pfx_entry *entry = entry_of(file, i);

    return entry != NULL ? entry->content : "";
}

const char *cmg_pfx_file_cipher(const cmg_pfx_file *file, size_t i)
{
    const struct cmg__pfx_entry *entry = entry_of(file, i);

    return entry != NULL ? entry->cipher : "";
}

uint32_t cmg_pfx_file_iterations(const cmg_pfx_file *file, size_t i)
{
    const struct cmg__pfx_entry *entry = entry_of(file, i);

    return entry != NULL ? entry->iterations : 0;
}

const char *cmg_pfx_file_friendly_name(const cmg_pfx_file *file, size_t i)
{
    const struct cmg__pfx_entry *entry = entry_of(file, i);

    return entry != NULL ? entry->friendly_name : "";
}

const char *cmg_pfx_file_key_id(const cmg_pfx_file *file, size_t i)
{
    const struct cmg__pfx_entry *entry = entry_of(file, i);

    return entry != NULL ? entry->key_id : "";
}

const char *cmg_pfx_file_provider(const cmg_pfx_file *file, size_t i)
{
    const struct cmg__pfx_entry *entry = entry_of(file, i);

    return entry != NULL ? entry->provider : "";
}

cmg_pfx_file *cmg_pfx_file_ref(cmg_pfx_file *file)
{
    if (file != NULL)
        cmg__handle_ref(&file->head);
    return file;
}

void cmg_pfx_file_unref(cmg_pfx_file *file)
{
    if (file == NULL || !cmg__handle_unref(&file->head))
        return;
    /* The context's allocator must outlive what was taken from it. */
    cmg_context *ctx = cmg_context_ref(file->head.ctx);
    cmg__pfx_info_free(file->info);
    cmg__handle_done(&file->head);
    cmg__free(&ctx->alloc, file);
    cmg_context_unref(ctx);
}
