/*
 * TLS streams (mbedTLS 2.28 and 3.6; tls_compat.* hides the difference). TLS 1.2 at
 * least, ECDHE AEAD suites, curves X25519 P-256 P-384, no renegotiation, no resumption. A
 * server asks for a client certificate without requiring it: deciding is the caller's,
 * after the handshake, on the peer's DER chain. A client always checks the server's chain
 * and name.
 */
#ifndef CMG_NET_TLS_H
#define CMG_NET_TLS_H

#include "net/stream.h"

struct cmg__tls_config; /* counted, immutable once made; may be shared by streams */

struct cmg__tls_settings {
    bool server;
    /* Own certificate chain (leaf first) and key, PEM. Required for a server. */
    const char *cert_pem;
    const char *key_pem;
    /* Client: roots for the server's chain, PEM. Server: subjects become CA hints. */
    const char *ca_pem;
    bool request_client_cert; /* server only */
    const char *const *alpn;  /* NULL-terminated, or NULL; copied */
};

cmg_status cmg__tls_config_new(cmg_context *ctx, const struct cmg__tls_settings *settings,
                               struct cmg__tls_config **out, cmg_error **err);
struct cmg__tls_config *cmg__tls_config_ref(struct cmg__tls_config *config);
void cmg__tls_config_unref(struct cmg__tls_config *config);

/* Wraps an open or connecting stream, which it takes over also on failure. server_name
   (client only) is sent as SNI and checked by the rules of RFC 9525. */
cmg_status cmg__tls_stream_new(struct cmg__stream *below, struct cmg__tls_config *config,
                               const char *server_name, struct cmg__stream **out,
                               cmg_error **err);
/* After the handshake; each is NULL or 0 when there is none. Borrowed. */
const char *cmg__tls_alpn(struct cmg__stream *tls);
const char *cmg__tls_sni(struct cmg__stream *tls); /* server: what the client asked for */
size_t cmg__tls_peer_count(struct cmg__stream *tls); /* certificates the peer sent */
const uint8_t *cmg__tls_peer_der(struct cmg__stream *tls, size_t i, size_t *out_len);

#endif
