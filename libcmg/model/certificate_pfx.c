/* cmg_certificate as PKCS#12. */
#include "model/certificate.h"

#include <string.h>

#include "base/str.h"
#include "crypto/pfx.h"

#define OUTPUT_MAX   ((size_t)1024 * 1024)
#define PASSWORD_MAX 127
/* 128 UTF-16 units take at most 256 bytes. */
#define NAME_MAX_BYTES 128

static bool password_is_allowed(const char *password)
{
    const size_t n = password != NULL ? strlen(password) : 0;

    for (size_t i = 0; i < n; i++) {
        if (password[i] < 0x20 || password[i] > 0x7e)
            return false;
    }
    return n >= 1 && n <= PASSWORD_MAX;
}

static cmg_status check_options(const struct cmg__alloc *alloc,
                                const cmg_pfx_options *options, cmg_error **err)
{
    if (options->profile != CMG_PFX_COMPAT && options->profile != CMG_PFX_MODERN)
        return cmg__fail(err, alloc, CMG_E_INVAL, "profile",
                         "use CMG_PFX_COMPAT or CMG_PFX_MODERN",
                         "there is no PFX profile %d", (int)options->profile);
    if (options->iterations != 0 && (options->iterations < CMG__PFX_ITERATIONS_MIN ||
                                     options->iterations > CMG__PFX_ITERATIONS_MAX))
        return cmg__fail(err, alloc, CMG_E_INVAL, "iterations",
                         "give 1,000 to 1,000,000, or 0 for 100,000",
                         "%u iterations cannot be used", (unsigned)options->iterations);
    const char *name = cmg__str_or(options->friendly_name, "");
    if (strlen(name) > NAME_MAX_BYTES || !cmg__utf8_is_valid(name, strlen(name)))
        return cmg__fail(err, alloc, CMG_E_INVAL, "friendly_name",
                         "give at most 128 bytes of UTF-8",
                         "the friendly name cannot be used for a PFX");
    return CMG_OK;
}

static cmg_status check_export(const cmg_certificate *cert,
                               const cmg_pfx_options *options, const char *password,
                               cmg_error **err)
{
    const struct cmg__alloc *alloc = &cert->head.ctx->alloc;

    if (cert->key == NULL)
        return cmg__fail(err, alloc, CMG_E_STATE, "cert",
                         "export it where its key is, or as PEM",
                         "the certificate has no private key");
    if (cmg__key_is_held(cert->key))
        return cmg__fail(err, alloc, CMG_E_UNSUPPORTED, "cert",
                         "export it with the tool of the store that holds the key",
                         "the private key is held by the host and cannot be exported");
    const cmg_status rc = check_options(alloc, options, err);
    if (rc == CMG_OK && cert->key_stays)
        return cmg__fail(
            err, alloc, CMG_E_DENIED, cert->info.subject,
            "issue it by a template with \"exportable\": true, or bring a key "
            "of your own and a request",
            "the template of the certificate does not let its key out");
    if (rc == CMG_OK && !password_is_allowed(password))
        return cmg__fail(err, alloc, CMG_E_INVAL, "password",
                         "give 1 to 127 printable ASCII characters",
                         "the password cannot be used for a PFX");
    return rc;
}

static cmg_status export_pfx(const cmg_certificate *cert, const cmg_pfx_options *options,
                             const char *password, cmg_bytes **out_bytes, cmg_error **err)
{
    struct cmg__buf pfx;
    const cmg_context *ctx = cert->head.ctx;
    const struct cmg__pfx_options inner = {
        .profile = options->profile == CMG_PFX_COMPAT ? CMG__PFX_COMPAT : CMG__PFX_MODERN,
        .iterations = options->iterations,
        .friendly_name = cmg__str_or(options->friendly_name, cert->info.common_name),
        .include_root = options->include_root != 0,
    };
    cmg_status rc = check_export(cert, options, password, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init_secret(&pfx, &ctx->alloc, OUTPUT_MAX);
    rc = cmg__pfx_write(&ctx->alloc, &ctx->env, &inner, cert->key, cert->chain,
                        cert->count, password, &pfx, err);
    if (rc == CMG_OK) {
        rc = cmg__bytes_new(&ctx->alloc, pfx.data, pfx.len, out_bytes);
        if (rc != CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    cmg__buf_done(&pfx);
    return rc;
}

cmg_status cmg_certificate_export_pfx(cmg_certificate *cert, cmg_pfx profile,
                                      const char *password, cmg_bytes **out_bytes,
                                      cmg_error **err)
{
    const cmg_pfx_options options = { .size = sizeof options, .profile = profile };
    const cmg_status rc =
        cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err);

    return rc == CMG_OK ? export_pfx(cert, &options, password, out_bytes, err) : rc;
}

cmg_status cmg_certificate_export_pfx_with(cmg_certificate *cert,
                                           const cmg_pfx_options *options,
                                           const char *password, cmg_bytes **out_bytes,
                                           cmg_error **err)
{
    cmg_pfx_options known;
    cmg_status rc =
        cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&known, sizeof known, sizeof known, options,
                              "cmg_pfx_options", err);
    return rc == CMG_OK ? export_pfx(cert, &known, password, out_bytes, err) : rc;
}
