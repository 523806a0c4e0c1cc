/*
 * cmg_key: the public handle of a private key. The functions of a host that holds one are
 * kept beside the key and bracketed like every callback.
 */
#include "model/key.h"

#include <string.h>

#include "crypto/pem.h"

#define INPUT_MAX    ((size_t)1024 * 1024)
#define OUTPUT_MAX   ((size_t)64 * 1024)
#define PASSWORD_MAX 1023

cmg_status cmg__key_check(const cmg_key *key, cmg_error **err)
{
    return cmg__check(key != NULL ? &key->head : NULL, CMG__TAG_KEY, err);
}

cmg_status cmg__key_wrap(cmg_context *ctx, struct cmg__key *key, cmg_key **out,
                         cmg_error **err)
{
    cmg_key *handle = cmg__alloc0(&ctx->alloc, sizeof *handle);

    if (handle == NULL) {
        cmg__key_free(key);
        return cmg__fail_nomem(err);
    }
    cmg__handle_init(&handle->head, CMG__TAG_KEY, ctx);
    handle->key = key;
    cmg__key_describe(key, handle->description);
    *out = handle;
    return CMG_OK;
}

cmg_status cmg_key_generate(cmg_context *ctx, cmg_key_kind kind, cmg_key **out_key,
                            cmg_error **err)
{
    static const struct {
        cmg_key_kind name;
        enum cmg__key_kind kind;
        unsigned bits;
    } kinds[] = {
        { CMG_KEY_RSA_2048, CMG__KEY_RSA, 2048 },
        { CMG_KEY_RSA_3072, CMG__KEY_RSA, 3072 },
        { CMG_KEY_RSA_4096, CMG__KEY_RSA, 4096 },
        { CMG_KEY_EC_P256, CMG__KEY_EC, 256 },
        { CMG_KEY_EC_P384, CMG__KEY_EC, 384 },
    };
    struct cmg__key *key = NULL;
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        if (kinds[i].name != kind)
            continue;
        rc = cmg__key_generate(&ctx->alloc, &ctx->env, kinds[i].kind, kinds[i].bits, &key,
                               err);
        return rc == CMG_OK ? cmg__key_wrap(ctx, key, out_key, err) : rc;
    }
    return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "kind", "use one of CMG_KEY_...",
                     "there is no kind of key with the number %d", (int)kind);
}

static cmg_status check_input(cmg_context *ctx, const void *data, size_t size,
                              const char *name, cmg_error **err)
{
    const cmg_status rc =
        cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (data == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, name, NULL,
                         "there is no key to read");
    if (size > INPUT_MAX)
        return cmg__fail(err, &ctx->alloc, CMG_E_LIMIT, "size", "give at most 1 MiB",
                         "%zu bytes are too many for a key", size);
    return CMG_OK;
}

cmg_status cmg_key_new_from_bytes(cmg_context *ctx, const void *data, size_t size,
                                  const char *password, cmg_key **out_key,
                                  cmg_error **err)
{
    struct cmg__key *key = NULL;
    cmg_status rc = check_input(ctx, data, size, "data", err);

    if (rc == CMG_OK)
        rc = cmg__key_parse_encrypted(&ctx->alloc, &ctx->env, data, size, password, &key,
                                      err);
    return rc == CMG_OK ? cmg__key_wrap(ctx, key, out_key, err) : rc;
}

/* ---- held by the host ---- */

struct held {
    cmg_context *ctx; /* not counted: every object that has the key holds it */
    cmg_key_holder table;
};

typedef int64_t sign_fn(cmg_hash hash, const void *digest, size_t digest_size, void *out,
                        size_t max, void *user);

static int64_t ask(const struct held *held, sign_fn *function, enum cmg__oid hash,
                   struct cmg__span digest, uint8_t *signature, size_t max)
{
    static const cmg_hash hashes[CMG__OID_COUNT] = {
        [CMG__OID_SHA256] = CMG_HASH_SHA256,
        [CMG__OID_SHA384] = CMG_HASH_SHA384,
        [CMG__OID_SHA512] = CMG_HASH_SHA512,
    };

    cmg__callback_enter(held->ctx);
    const int64_t answer =
        function(hashes[hash], digest.p, digest.n, signature, max, held->table.user);
    cmg__callback_leave(held->ctx);
    return answer;
}

static int64_t held_sign(void *user, enum cmg__oid hash, const uint8_t *digest, size_t n,
                         uint8_t *signature, size_t max)
{
    const struct held *held = user;

    return ask(held, held->table.sign, hash, cmg__span_of(digest, n), signature, max);
}

static int64_t held_sign_pss(void *user, enum cmg__oid hash, const uint8_t *digest,
                             size_t n, uint8_t *signature, size_t max)
{
    const struct held *held = user;

    return ask(held, held->table.sign_pss, hash, cmg__span_of(digest, n), signature, max);
}

static void held_release(void *user)
{
    struct held *held = user;
    cmg_context *ctx = held->ctx;
    const cmg_key_holder table = held->table;

    cmg__free(&ctx->alloc, held);
    /* In a forked child the module is still the parent's. */
    if (table.release == NULL || cmg__handle_is_foreign(&ctx->head))
        return;
    cmg__callback_enter(ctx);
    table.release(table.user);
    cmg__callback_leave(ctx);
}

static cmg_status copy_holder(cmg_context *ctx, const cmg_key_holder *holder,
                              struct cmg__key_holder *out, cmg_error **err)
{
    cmg_key_holder table;
    cmg_status rc = CMG_OK;

    if (holder == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "holder", NULL,
                         "there are no functions for the key");
    rc = cmg__tagged_copy(&table, sizeof table, offsetof(cmg_key_holder, sign_pss),
                          holder, "cmg_key_holder", err);
    if (rc != CMG_OK)
        return rc;
    if (table.sign == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "sign", NULL,
                         "the key has no function that signs");
    struct held *held = cmg__alloc(&ctx->alloc, sizeof *held);
    if (held == NULL)
        return cmg__fail_nomem(err);
    *held = (struct held){ .ctx = ctx, .table = table };
    *out = (struct cmg__key_holder){
        .user = held,
        .sign = held_sign,
        .sign_pss = table.sign_pss != NULL ? held_sign_pss : NULL,
        .release = held_release,
    };
    return CMG_OK;
}

cmg_status cmg_key_new_held(cmg_context *ctx, const void *public_key, size_t size,
                            const cmg_key_holder *holder, cmg_key **out_key,
                            cmg_error **err)
{
    struct cmg__key_holder inner = { .user = NULL };
    struct cmg__key *key = NULL;
    struct cmg__buf spki;
    cmg_status rc = check_input(ctx, public_key, size, "public_key", err);

    if (rc == CMG_OK)
        rc = copy_holder(ctx, holder, &inner, err);
    if (rc != CMG_OK)
        return rc;
    struct held *held = inner.user;
    cmg__buf_init(&spki, &ctx->alloc, INPUT_MAX);
    rc = cmg__key_find_public(&ctx->alloc, public_key, size, &spki, err);
    if (rc == CMG_OK)
        rc = cmg__key_new_held(&ctx->alloc, cmg__span_of(spki.data, spki.len), &inner,
                               &key, err);
    cmg__buf_done(&spki);
    if (rc != CMG_OK) {
        cmg__free(&ctx->alloc, held);
        return rc;
    }
    void (*const release)(void *) = held->table.release;
    held->table.release = NULL; /* not before this has succeeded */
    rc = cmg__key_wrap(ctx, key, out_key, err);
    if (rc == CMG_OK)
        held->table.release = release;
    return rc;
}

/* ---- out ---- */

static cmg_status check_export(const cmg_key *key, const char *password, cmg_error **err)
{
    const cmg_status rc = cmg__key_check(key, err);

    if (rc != CMG_OK)
        return rc;
    const size_t n = password != NULL ? strlen(password) : 1;
    if (n < 1 || n > PASSWORD_MAX)
        return cmg__fail(err, &key->head.ctx->alloc, CMG_E_INVAL, "password",
                         "give 1 to 1023 bytes of UTF-8, or NULL to write the key plain",
                         "a password of %zu bytes cannot be used", n);
    return CMG_OK;
}

static cmg_status export_key(const cmg_key *key, const char *password, bool pem,
                             cmg_bytes **out, cmg_error **err)
{
    const struct cmg__env *env = &key->head.ctx->env;
    struct cmg__buf buf;
    cmg_status rc;

    cmg__buf_init_secret(&buf, &key->head.ctx->alloc, OUTPUT_MAX);
    if (password != NULL)
        rc = pem ? cmg__key_write_encrypted_pem(key->key, env, password,
                                                CMG__KEY_ITERATIONS, &buf, err)
                 : cmg__key_write_encrypted_der(key->key, env, password,
                                                CMG__KEY_ITERATIONS, &buf, err);
    else {
        rc =
            pem ? cmg__key_write_pem(key->key, &buf) : cmg__key_write_der(key->key, &buf);
        if (rc != CMG_OK)
            rc = cmg__key_fail_write(err, key->key, rc);
    }
    if (rc == CMG_OK &&
        cmg__bytes_new(&key->head.ctx->alloc, buf.data, buf.len, out) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&buf);
    return rc;
}

cmg_status cmg_key_export_pem(cmg_key *key, const char *password, cmg_bytes **out_bytes,
                              cmg_error **err)
{
    const cmg_status rc = check_export(key, password, err);

    return rc == CMG_OK ? export_key(key, password, true, out_bytes, err) : rc;
}

cmg_status cmg_key_export_der(cmg_key *key, const char *password, cmg_bytes **out_bytes,
                              cmg_error **err)
{
    const cmg_status rc = check_export(key, password, err);

    return rc == CMG_OK ? export_key(key, password, false, out_bytes, err) : rc;
}

cmg_status cmg_key_export_public_pem(cmg_key *key, cmg_bytes **out_bytes, cmg_error **err)
{
    struct cmg__buf der;
    struct cmg__buf pem;
    cmg_status rc = cmg__key_check(key, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &key->head.ctx->alloc;
    cmg__buf_init(&der, alloc, OUTPUT_MAX);
    cmg__buf_init(&pem, alloc, OUTPUT_MAX);
    rc = cmg__key_write_public_der(key->key, &der);
    if (rc == CMG_OK)
        rc = cmg__pem_write(&pem, "PUBLIC KEY", der.data, der.len);
    if (rc == CMG_OK)
        rc = cmg__bytes_new(alloc, pem.data, pem.len, out_bytes);
    cmg__buf_done(&pem);
    cmg__buf_done(&der);
    return rc == CMG_OK ? rc : cmg__key_fail_write(err, key->key, rc);
}

const char *cmg_key_description(const cmg_key *key)
{
    return cmg__key_check(key, NULL) == CMG_OK ? key->description : "";
}

bool cmg_key_is_held(const cmg_key *key)
{
    return cmg__key_check(key, NULL) == CMG_OK && cmg__key_is_held(key->key);
}

cmg_key *cmg_key_ref(cmg_key *key)
{
    if (key != NULL)
        cmg__handle_ref(&key->head);
    return key;
}

void cmg_key_unref(cmg_key *key)
{
    if (key == NULL || !cmg__handle_unref(&key->head))
        return;
    /* The context's allocator must outlive what was taken from it. */
    cmg_context *ctx = cmg_context_ref(key->head.ctx);
    cmg__key_free(key->key);
    cmg__handle_done(&key->head);
    cmg__free(&ctx->alloc, key);
    cmg_context_unref(ctx);
}
