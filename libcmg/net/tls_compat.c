/* See tls_compat.h. */
#include "net/tls_compat.h"

#include "crypto/hash.h"

#include <mbedtls/version.h>
#include <pthread.h>
#include <string.h>

#if MBEDTLS_VERSION_NUMBER >= 0x03000000

#include <psa/crypto.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static psa_status_t psa_result = PSA_ERROR_BAD_STATE;

static void init_psa(void)
{
    psa_result = psa_crypto_init();
}

int cmg__tls_compat_init(void)
{
    return pthread_once(&once, init_psa) == 0 && psa_result == PSA_SUCCESS
               ? 0
               : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
}

void cmg__tls_compat_versions(mbedtls_ssl_config *conf)
{
    mbedtls_ssl_conf_min_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
    mbedtls_ssl_conf_max_tls_version(conf, MBEDTLS_SSL_VERSION_TLS1_2);
}

void cmg__tls_compat_groups(mbedtls_ssl_config *conf)
{
    static const uint16_t groups[] = { MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
                                       MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1,
                                       MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1,
                                       MBEDTLS_SSL_IANA_TLS_GROUP_NONE };
    static const uint16_t signatures[] = { MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256,
                                           MBEDTLS_TLS1_3_SIG_ECDSA_SECP384R1_SHA384,
                                           MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA256,
                                           MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA384,
                                           MBEDTLS_TLS1_3_SIG_RSA_PKCS1_SHA512,
                                           MBEDTLS_TLS1_3_SIG_NONE };
    mbedtls_ssl_conf_groups(conf, groups);
    mbedtls_ssl_conf_sig_algs(conf, signatures);
}

int cmg__tls_compat_parse_key(mbedtls_pk_context *pk, const char *pem,
                              struct cmg__env *env)
{
    return mbedtls_pk_parse_key(pk, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0,
                                cmg__crypto_rng, env);
}

int cmg__tls_compat_check_pair(const mbedtls_pk_context *pub,
                               const mbedtls_pk_context *prv, struct cmg__env *env)
{
    return mbedtls_pk_check_pair(pub, prv, cmg__crypto_rng, env);
}

bool cmg__tls_compat_is_again(int result)
{
    return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE ||
           result == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET;
}

bool cmg__tls_compat_is_no_common(int result)
{
    return result == MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE ||
           result == MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION;
}

#else

int cmg__tls_compat_init(void)
{
    return 0;
}

void cmg__tls_compat_versions(mbedtls_ssl_config *conf)
{
    mbedtls_ssl_conf_min_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(conf, MBEDTLS_SSL_MAJOR_VERSION_3,
                                 MBEDTLS_SSL_MINOR_VERSION_3);
}

void cmg__tls_compat_groups(mbedtls_ssl_config *conf)
{
    static const mbedtls_ecp_group_id groups[] = { MBEDTLS_ECP_DP_CURVE25519,
                                                   MBEDTLS_ECP_DP_SECP256R1,
                                                   MBEDTLS_ECP_DP_SECP384R1,
                                                   MBEDTLS_ECP_DP_NONE };
    static const int hashes[] = { MBEDTLS_MD_SHA256, MBEDTLS_MD_SHA384, MBEDTLS_MD_SHA512,
                                  MBEDTLS_MD_NONE };
    mbedtls_ssl_conf_curves(conf, groups);
    mbedtls_ssl_conf_sig_hashes(conf, hashes);
}

int cmg__tls_compat_parse_key(mbedtls_pk_context *pk, const char *pem,
                              struct cmg__env *env)
{
    (void)env;
    return mbedtls_pk_parse_key(pk, (const unsigned char *)pem, strlen(pem) + 1, NULL, 0);
}

int cmg__tls_compat_check_pair(const mbedtls_pk_context *pub,
                               const mbedtls_pk_context *prv, struct cmg__env *env)
{
    (void)env;
    return mbedtls_pk_check_pair(pub, prv);
}

bool cmg__tls_compat_is_again(int result)
{
    return result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE;
}

bool cmg__tls_compat_is_no_common(int result)
{
    return result == MBEDTLS_ERR_SSL_NO_CIPHER_CHOSEN ||
           result == MBEDTLS_ERR_SSL_BAD_HS_PROTOCOL_VERSION;
}

#endif
