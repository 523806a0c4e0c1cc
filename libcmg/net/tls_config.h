/*
 * A TLS configuration as tls*.c see it: settings turned into mbedTLS's own form, shared
 * by many streams and never changed after it was made. And the one place where results of
 * mbedTLS become errors. Included by tls*.c only.
 */
#ifndef CMG_NET_TLS_CONFIG_H
#define CMG_NET_TLS_CONFIG_H

#include "net/tls.h"

#include <mbedtls/ssl.h>

#define CMG__TLS_MAX_ALPN 8

struct cmg__tls_config {
    uint32_t refs;
    cmg_context *ctx; /* counted: the configuration draws on its env */
    bool server;
    mbedtls_ssl_config conf;
    mbedtls_x509_crt own;
    mbedtls_pk_context key;
    mbedtls_x509_crt ca;
    char *alpn_names[CMG__TLS_MAX_ALPN];
    const char *alpn[CMG__TLS_MAX_ALPN + 1]; /* what mbedTLS points to */
};

/* What a result of a handshake, a read or a write means; peer names the other side.
   verify_flags are those of mbedTLS, 0 where there are none. */
cmg_status cmg__tls_explain(const struct cmg__tls_config *config, const char *peer,
                            int result, uint32_t verify_flags, cmg_error **err);
/* The server name callback; in tls_stream.c, where the ssl context's owner is known. */
int cmg__tls_on_sni(void *user, mbedtls_ssl_context *ssl, const unsigned char *name,
                    size_t n);

#endif
