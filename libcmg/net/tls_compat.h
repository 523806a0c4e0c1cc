/*
 * What differs between mbedTLS 2.28 and 3.6 in the TLS part. Nothing else in this room
 * asks for a version of mbedTLS. Included by tls*.c only.
 */
#ifndef CMG_NET_TLS_COMPAT_H
#define CMG_NET_TLS_COMPAT_H

#include "base/env.h"

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>

/* What the library must do once per process before its TLS is used. */
int cmg__tls_compat_init(void);
/* TLS 1.2 and nothing else, the same on both lines: 3.6 draws the randomness of TLS 1.3
   from a generator of its own, past the context's env, and copies its state on fork. */
void cmg__tls_compat_versions(mbedtls_ssl_config *conf);
/* X25519, P-256, P-384 in this order; SHA-256, SHA-384, SHA-512 for signatures. */
void cmg__tls_compat_groups(mbedtls_ssl_config *conf);
/* A private key of PEM text, not encrypted. */
int cmg__tls_compat_parse_key(mbedtls_pk_context *pk, const char *pem,
                              struct cmg__env *env);
/* 0 when both are halves of one key. */
int cmg__tls_compat_check_pair(const mbedtls_pk_context *pub,
                               const mbedtls_pk_context *prv, struct cmg__env *env);
/* True for a result of a read that only says: call again. */
bool cmg__tls_compat_is_again(int result);
/* True when the peer offered nothing that we accept. */
bool cmg__tls_compat_is_no_common(int result);

#endif
