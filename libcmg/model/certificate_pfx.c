/* cmg_certificate as PKCS#12. */
#include "model/certificate.h"

#include <string.h>

#include "crypto/pfx.h"

#define OUTPUT_MAX   ((size_t)1024 * 1024)
#define PASSWORD_MAX 127

static bool password_is_allowed(const char *password)
{
    const size_t n = password != NULL ? strlen(password) : 0;

    for (size_t i = 0; i < n; i++) {
        if (password[i] < 0x20 || password[i] > 0x7e)
            return false;
    }
    return n >= 1 && n <= PASSWORD_MAX;
}

static cmg_status check_export(const cmg_certificate *cert, cmg_pfx profile,
                               const char *password, cmg_error **err)
{
    const cmg_status rc =
        cmg__check(cert != NULL ? &cert->head : NULL, CMG__TAG_CERTIFICATE, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &cert->head.ctx->alloc;
    if (cert->key == NULL)
        return cmg__fail(err, alloc, CMG_E_STATE, "cert",
                         "export it where its key is, or as PEM",
                         "the certificate has no private key");
    if (profile != CMG_PFX_COMPAT && profile != CMG_PFX_MODERN)
        return cmg__fail(err, alloc, CMG_E_INVAL, "profile",
                         "use CMG_PFX_COMPAT or CMG_PFX_MODERN",
                         "there is no PFX profile %d", (int)profile);
    if (!password_is_allowed(password))
        return cmg__fail(err, alloc, CMG_E_INVAL, "password",
                         "give 1 to 127 printable ASCII characters",
                         "the password cannot be used for a PFX");
    return CMG_OK;
}

cmg_status cmg_certificate_export_pfx(cmg_certificate *cert, cmg_pfx profile,
                                      const char *password, cmg_bytes **out_bytes,
                                      cmg_error **err)
{
    struct cmg__buf pfx;
    cmg_status rc = check_export(cert, profile, password, err);

    if (rc != CMG_OK)
        return rc;
    const cmg_context *ctx = cert->head.ctx;
    cmg__buf_init_secret(&pfx, &ctx->alloc, OUTPUT_MAX);
    rc = cmg__pfx_write(&ctx->alloc, &ctx->env,
                        profile == CMG_PFX_COMPAT ? CMG__PFX_COMPAT : CMG__PFX_MODERN,
                        cert->info.common_name, cert->key, cert->chain, cert->count,
                        password, &pfx, err);
    if (rc == CMG_OK) {
        rc = cmg__bytes_new(&ctx->alloc, pfx.data, pfx.len, out_bytes);
        if (rc != CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    cmg__buf_done(&pfx);
    return rc;
}
