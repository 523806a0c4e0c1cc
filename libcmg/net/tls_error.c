/* Results of mbedTLS as errors: what failed, why, what to do. */
#include "net/tls_compat.h"
#include "net/tls_config.h"

#include <mbedtls/error.h>

static const struct {
    uint32_t flag;
    const char *cause;
    const char *remedy;
} flaws[] = {
    { MBEDTLS_X509_BADCERT_EXPIRED, "the certificate has expired",
      "renew it, or check the clock of this machine" },
    { MBEDTLS_X509_BADCERT_FUTURE, "the certificate is not valid yet",
      "check the clock of this machine" },
    { MBEDTLS_X509_BADCERT_CN_MISMATCH, "the certificate is for another name",
      "connect by the name that it was issued for, or issue one for this name" },
    { MBEDTLS_X509_BADCERT_NOT_TRUSTED, "no trusted authority issued the certificate",
      "add the authority that issued it to the trusted ones, or let the server send its "
      "intermediate certificates" },
    { MBEDTLS_X509_BADCERT_EXT_KEY_USAGE, "the certificate is for another purpose",
      "issue it for server authentication" },
    { MBEDTLS_X509_BADCERT_KEY_USAGE, "the certificate's key is for another purpose",
      "issue it with the key usage digitalSignature" },
    { MBEDTLS_X509_BADCERT_BAD_MD, "the certificate is signed with a weak hash",
      "issue it anew with SHA-256" },
    { MBEDTLS_X509_BADCERT_BAD_KEY, "the certificate's key is weak",
      "issue it anew with RSA 2048 or a P-256 key" },
};

static cmg_status explain_certificate(const struct cmg__tls_config *config,
                                      const char *peer, uint32_t flags, cmg_error **err)
{
    struct cmg__error_info info = {
        .code = CMG_E_CERT,
        .origin = CMG_ORIGIN_TLS,
        .origin_number = (int64_t)flags,
        .subject = peer,
        .cause = "the certificate or its chain is not acceptable",
        .remedy = "check the chain that the other side sends",
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(flaws); i++) {
        if ((flags & flaws[i].flag) != 0) {
            info.cause = flaws[i].cause;
            info.remedy = flaws[i].remedy;
            break;
        }
    }
    return cmg__error_set(err, &config->ctx->alloc, &info,
                          "TLS with %s: the certificate is refused: %s", peer,
                          info.cause);
}

struct meaning {
    int result;
    cmg_status code;
    const char *what;
    const char *remedy;
};

static const struct meaning meanings[] = {
    { MBEDTLS_ERR_SSL_CONN_EOF, CMG_E_IO, "the other side ended the connection early",
      "check why it does: its log knows" },
    { 0, CMG_E_IO, "the other side ended the connection early",
      "check why it does: its log knows" },
    { MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, CMG_E_TLS,
      "the other side refused the connection",
      "check which certificate, TLS version and suites it wants" },
    { MBEDTLS_ERR_SSL_INVALID_RECORD, CMG_E_PROTO, "the other side does not speak TLS",
      "check that the port is right" },
    { MBEDTLS_ERR_SSL_ALLOC_FAILED, CMG_E_NOMEM, "memory ran out",
      "free memory and try again" },
};

cmg_status cmg__tls_explain(const struct cmg__tls_config *config, const char *peer,
                            int result, uint32_t verify_flags, cmg_error **err)
{
    if (result == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED ||
        (verify_flags != 0 && verify_flags != UINT32_MAX && !config->server))
        return explain_certificate(config, peer, verify_flags, err);
    struct meaning m = { result, CMG_E_TLS, "the connection failed",
                         "check that TLS 1.2 with ECDHE and AES-GCM is permitted there" };
    if (cmg__tls_compat_is_no_common(result))
        m.what = "no common TLS version and suite";
    for (size_t i = 0; i < CMG__ARRAY_LEN(meanings); i++) {
        if (meanings[i].result == result)
            m = meanings[i];
    }
    char cause[128] = "";
    if (result != 0)
        mbedtls_strerror(result, cause, sizeof cause);
    struct cmg__error_info info = {
        .code = m.code,
        .retry = CMG_RETRY_TRANSIENT,
        .origin = CMG_ORIGIN_TLS,
        .origin_number = result,
        .subject = peer,
        .cause = cause,
        .remedy = m.remedy,
    };
    return cmg__error_set(err, &config->ctx->alloc, &info, "TLS with %s: %s", peer,
                          m.what);
}
