/*
 * From settings to mbedTLS's configuration: versions, suites, curves, own certificate and
 * key, trust. A server asks for a client certificate without judging it (its chain's
 * subjects only serve as hints); a client insists on a good chain. Validity is judged by
 * the context's clock, not by the machine's.
 */
#include "base/str.h"
#include "crypto/hash.h"
#include "net/tls_compat.h"
#include "net/tls_config.h"

#include <mbedtls/error.h>
#include <mbedtls/oid.h>
#include <string.h>

static const int suites[] = { MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
                              MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
                              MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
                              MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                              MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
                              MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                              0 };

static const mbedtls_x509_crt_profile profile = {
    .allowed_mds = MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA256) |
                   MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA384) |
                   MBEDTLS_X509_ID_FLAG(MBEDTLS_MD_SHA512),
    .allowed_pks = 0xfffffff, /* RSA by length, EC by curve */
    .allowed_curves = MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP256R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP384R1) |
                      MBEDTLS_X509_ID_FLAG(MBEDTLS_ECP_DP_SECP521R1),
    .rsa_min_bitlen = 2048,
};

static cmg_status refuse(cmg_context *ctx, const char *subject, int result,
                         const char *what, cmg_error **err)
{
    char cause[128] = "";
    mbedtls_strerror(result, cause, sizeof cause);
    struct cmg__error_info info = {
        .code = result == MBEDTLS_ERR_SSL_ALLOC_FAILED ? CMG_E_NOMEM : CMG_E_CERT,
        .origin = CMG_ORIGIN_TLS,
        .origin_number = result,
        .subject = subject,
        .cause = cause,
        .remedy = "give PEM text: certificates from the leaf upwards and the key of the "
                  "leaf, not encrypted",
    };
    return cmg__error_set(err, &ctx->alloc, &info, "TLS settings: %s: %s", subject, what);
}

static int64_t unix_of(const mbedtls_x509_time *t)
{
    return cmg__days_from_civil(t->year, (unsigned)t->mon, (unsigned)t->day) * 86400 +
           t->hour * 3600 + t->min * 60 + t->sec;
}

static int on_verify(void *user, mbedtls_x509_crt *cert, int depth, uint32_t *flags)
{
    const struct cmg__tls_config *config = user;
    int64_t now = cmg__env_unix_s(&config->ctx->env);
    (void)depth;
    *flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
    if (now > unix_of(&cert->valid_to))
        *flags |= MBEDTLS_X509_BADCERT_EXPIRED;
    if (now < unix_of(&cert->valid_from))
        *flags |= MBEDTLS_X509_BADCERT_FUTURE;
    return 0;
}

static int parse_certs(mbedtls_x509_crt *out, const char *pem)
{
    return mbedtls_x509_crt_parse(out, (const unsigned char *)pem, strlen(pem) + 1);
}

static cmg_status load_own(struct cmg__tls_config *config,
                           const struct cmg__tls_settings *s, cmg_error **err)
{
    cmg_context *ctx = config->ctx;
    if (s->cert_pem == NULL && s->key_pem == NULL && !s->server)
        return CMG_OK;
    if (s->cert_pem == NULL || s->key_pem == NULL)
        return refuse(ctx, s->cert_pem == NULL ? "certificate" : "key", 0, "is missing",
                      err);
    int rc = parse_certs(&config->own, s->cert_pem);
    if (rc != 0)
        return refuse(ctx, "certificate", rc, "cannot be read", err);
    /* mbedTLS would shake no hand with it, and the peer would not learn why. */
    if (s->server && mbedtls_x509_crt_check_extended_key_usage(
                         &config->own, MBEDTLS_OID_SERVER_AUTH,
                         MBEDTLS_OID_SIZE(MBEDTLS_OID_SERVER_AUTH)) != 0)
        return refuse(ctx, "certificate", 0, "is not for server authentication", err);
    rc = cmg__tls_compat_parse_key(&config->key, s->key_pem, &ctx->env);
    if (rc != 0)
        return refuse(ctx, "key", rc, "cannot be read", err);
    rc = cmg__tls_compat_check_pair(&config->own.pk, &config->key, &ctx->env);
    if (rc != 0)
        return refuse(ctx, "key", rc, "does not belong to the certificate", err);
    rc = mbedtls_ssl_conf_own_cert(&config->conf, &config->own, &config->key);
    return rc == 0 ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status load_trust(struct cmg__tls_config *config,
                             const struct cmg__tls_settings *s, cmg_error **err)
{
    int mode = !s->server               ? MBEDTLS_SSL_VERIFY_REQUIRED
               : s->request_client_cert ? MBEDTLS_SSL_VERIFY_OPTIONAL
                                        : MBEDTLS_SSL_VERIFY_NONE;
    mbedtls_ssl_conf_authmode(&config->conf, mode);
    mbedtls_ssl_conf_cert_profile(&config->conf, &profile);
    mbedtls_ssl_conf_verify(&config->conf, on_verify, config);
    if (s->ca_pem == NULL)
        return s->server ? CMG_OK
                         : cmg__fail(err, &config->ctx->alloc, CMG_E_CERT,
                                     "trusted authorities",
                                     "add the PEM certificate of the authority that the "
                                     "server's certificate chains to",
                                     "TLS settings: there is no trusted authority to "
                                     "check the server by");
    /* The number of blocks that could not be read is no failure for mbedTLS; here it is.
     */
    int rc = parse_certs(&config->ca, s->ca_pem);
    if (rc != 0)
        return refuse(config->ctx, "trusted authorities", rc, "cannot be read", err);
    mbedtls_ssl_conf_ca_chain(&config->conf, &config->ca, NULL);
    return CMG_OK;
}

static cmg_status load_alpn(struct cmg__tls_config *config,
                            const struct cmg__tls_settings *s, cmg_error **err)
{
    size_t n = 0;
    for (; s->alpn != NULL && s->alpn[n] != NULL; n++) {
        if (n == CMG__TLS_MAX_ALPN)
            return refuse(config->ctx, "ALPN", 0, "has too many names", err);
        config->alpn_names[n] = cmg__strdup(&config->ctx->alloc, s->alpn[n]);
        if (config->alpn_names[n] == NULL)
            return cmg__fail_nomem(err);
        config->alpn[n] = config->alpn_names[n];
    }
    if (n > 0 && mbedtls_ssl_conf_alpn_protocols(&config->conf, config->alpn) != 0)
        return refuse(config->ctx, "ALPN", 0, "has a name that is empty or too long",
                      err);
    return CMG_OK;
}

static cmg_status set_rules(struct cmg__tls_config *config, cmg_error **err)
{
    int rc = cmg__tls_compat_init();
    if (rc == 0)
        rc = mbedtls_ssl_config_defaults(
            &config->conf, config->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
            MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (rc != 0)
        return cmg__fail_nomem(err);
    cmg__tls_compat_versions(&config->conf);
    cmg__tls_compat_groups(&config->conf);
    mbedtls_ssl_conf_ciphersuites(&config->conf, suites);
    mbedtls_ssl_conf_rng(&config->conf, cmg__crypto_rng, &config->ctx->env);
    mbedtls_ssl_conf_renegotiation(&config->conf, MBEDTLS_SSL_RENEGOTIATION_DISABLED);
    if (config->server)
        mbedtls_ssl_conf_sni(&config->conf, cmg__tls_on_sni, NULL);
    else
        mbedtls_ssl_conf_session_tickets(&config->conf,
                                         MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
    return CMG_OK;
}

cmg_status cmg__tls_config_new(cmg_context *ctx, const struct cmg__tls_settings *settings,
                               struct cmg__tls_config **out, cmg_error **err)
{
    struct cmg__tls_config *config = cmg__alloc0(&ctx->alloc, sizeof *config);
    if (config == NULL)
        return cmg__fail_nomem(err);
    config->refs = 1;
    config->ctx = cmg_context_ref(ctx);
    config->server = settings->server;
    mbedtls_ssl_config_init(&config->conf);
    mbedtls_x509_crt_init(&config->own);
    mbedtls_x509_crt_init(&config->ca);
    mbedtls_pk_init(&config->key);
    cmg_status rc = set_rules(config, err);
    if (rc == CMG_OK)
        rc = load_own(config, settings, err);
    if (rc == CMG_OK)
        rc = load_trust(config, settings, err);
    if (rc == CMG_OK)
        rc = load_alpn(config, settings, err);
    if (rc != CMG_OK) {
        cmg__tls_config_unref(config);
        return rc;
    }
    *out = config;
    return CMG_OK;
}

struct cmg__tls_config *cmg__tls_config_ref(struct cmg__tls_config *config)
{
    if (config != NULL)
        config->refs++;
    return config;
}

void cmg__tls_config_unref(struct cmg__tls_config *config)
{
    if (config == NULL || --config->refs > 0)
        return;
    cmg_context *ctx = config->ctx;
    mbedtls_ssl_config_free(&config->conf);
    mbedtls_x509_crt_free(&config->own);
    mbedtls_x509_crt_free(&config->ca);
    mbedtls_pk_free(&config->key); /* wipes */
    for (size_t i = 0; i < CMG__TLS_MAX_ALPN; i++)
        cmg__free(&ctx->alloc, config->alpn_names[i]);
    cmg__free(&ctx->alloc, config);
    cmg_context_unref(ctx);
}
