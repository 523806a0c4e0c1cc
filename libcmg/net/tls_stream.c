/*
 * The TLS filter. mbedTLS pulls ciphertext from the stream beneath and pushes into a
 * buffer of ours in front of it, so that it never meets a half-written record: a write is
 * taken whole or not at all, and what could not go out yet is sent before anything else.
 *
 * Reading below is wanted while shaking hands and whenever the owner wants it; writing
 * below also while the buffer is not empty. Plaintext that mbedTLS holds raises no event
 * beneath: the task stands in for it.
 */
#include "base/str.h"
#include "crypto/x509.h"
#include "net/tls_compat.h"
#include "net/tls_config.h"

#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <string.h>

#define MAX_OUT   ((size_t)128 * 1024)
#define MAX_PEERS 10
#define MAX_NAME  255

struct peer_cert {
    uint8_t *der;
    size_t len;
};

struct tls {
    struct cmg__stream base;
    struct cmg__tls_config *config;
    mbedtls_ssl_context ssl;
    struct cmg__task task;
    struct cmg__buf out; /* ciphertext on its way */
    unsigned wanted;
    bool closing;            /* close_notify was written */
    char name[MAX_NAME + 1]; /* client: the server's; server: what was asked for */
    struct peer_cert peers[MAX_PEERS];
    size_t peer_count;
};

static struct tls *tls_of(struct cmg__stream *s)
{
    return CMG__CONTAINER(s, struct tls, base);
}

static const struct cmg__alloc *alloc_of(const struct tls *tls)
{
    return cmg__loop_alloc(tls->base.loop);
}

static const char *peer_of(const struct tls *tls)
{
    return tls->config->server ? "a client" : tls->name;
}

/* --- the stream beneath --- */

static enum cmg__io fail(struct tls *tls, int result)
{
    const cmg_error *below = cmg__stream_error(tls->base.below);
    if (tls->base.error != NULL)
        return CMG__IO_ERROR;
    if (below != NULL) {
        tls->base.error = cmg_error_ref(tls->base.below->error);
        return CMG__IO_ERROR;
    }
    (void)cmg__tls_explain(tls->config, peer_of(tls), result,
                           tls->base.open ? 0 : mbedtls_ssl_get_verify_result(&tls->ssl),
                           &tls->base.error);
    return CMG__IO_ERROR;
}

/* OK when nothing is left. */
static enum cmg__io flush(struct tls *tls)
{
    while (tls->out.len > 0) {
        size_t put = 0;
        enum cmg__io io =
            cmg__stream_write(tls->base.below, tls->out.data, tls->out.len, &put);
        if (io == CMG__IO_AGAIN)
            return io;
        if (io != CMG__IO_OK)
            return fail(tls, 0);
        cmg__buf_consume(&tls->out, put);
    }
    /* Rarely needed, and up to a record large: not kept for idle connections. */
    if (tls->out.cap > 0) {
        cmg__buf_done(&tls->out);
        cmg__buf_init(&tls->out, alloc_of(tls), MAX_OUT);
    }
    return CMG__IO_OK;
}

static int on_send(void *user, const unsigned char *data, size_t n)
{
    struct tls *tls = user;
    size_t put = 0;
    if (tls->out.len == 0 &&
        cmg__stream_write(tls->base.below, data, n, &put) == CMG__IO_ERROR)
        return MBEDTLS_ERR_NET_SEND_FAILED;
    if (put < n && cmg__buf_add(&tls->out, data + put, n - put) != CMG_OK)
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    return (int)n; /* at most a record */
}

static int on_recv(void *user, unsigned char *out, size_t n)
{
    struct tls *tls = user;
    size_t got = 0;
    switch (cmg__stream_read(tls->base.below, out, n, &got)) {
    case CMG__IO_OK:
        return (int)got; /* at most a record */
    case CMG__IO_AGAIN:
        return MBEDTLS_ERR_SSL_WANT_READ;
    case CMG__IO_EOF:
        return 0;
    default:
        return MBEDTLS_ERR_NET_RECV_FAILED;
    }
}

static void want_below(struct tls *tls)
{
    unsigned wanted = tls->base.open ? tls->wanted : (unsigned)CMG__READABLE;
    if (tls->base.error != NULL)
        wanted = 0;
    if (tls->out.len > 0)
        wanted |= CMG__WRITABLE;
    cmg__stream_want(tls->base.below, wanted);
}

/* --- the handshake --- */

int cmg__tls_on_sni(void *user, mbedtls_ssl_context *ssl, const unsigned char *name,
                    size_t n)
{
    struct tls *tls = CMG__CONTAINER(ssl, struct tls, ssl);
    (void)user;
    if (n > MAX_NAME || memchr(name, '\0', n) != NULL)
        return -1;
    memcpy(tls->name, name, n);
    tls->name[n] = '\0';
    cmg__lower_in_place(tls->name);
    return 0;
}

/* Copied, so that nobody above needs to know mbedTLS. */
static cmg_status copy_peers(struct tls *tls)
{
    const mbedtls_x509_crt *cert = mbedtls_ssl_get_peer_cert(&tls->ssl);
    for (; cert != NULL && cert->raw.len > 0; cert = cert->next) {
        if (tls->peer_count == MAX_PEERS)
            return cmg__fail(&tls->base.error, alloc_of(tls), CMG_E_LIMIT, peer_of(tls),
                             "send only the certificates between leaf and root",
                             "TLS with %s: more than %d certificates", peer_of(tls),
                             MAX_PEERS);
        uint8_t *der = cmg__alloc(alloc_of(tls), cert->raw.len);
        if (der == NULL)
            return cmg__fail_nomem(&tls->base.error);
        memcpy(der, cert->raw.p, cert->raw.len);
        tls->peers[tls->peer_count++] = (struct peer_cert){ der, cert->raw.len };
    }
    return CMG_OK;
}

/* mbedTLS has checked the name already; its rules are looser than those of RFC 9525. */
static cmg_status check_name(struct tls *tls)
{
    struct cmg__x509 *leaf = NULL;
    if (tls->peer_count == 0)
        return cmg__tls_explain(tls->config, peer_of(tls),
                                MBEDTLS_ERR_X509_CERT_VERIFY_FAILED,
                                MBEDTLS_X509_BADCERT_MISSING, &tls->base.error);
    cmg_status rc = cmg__x509_parse(alloc_of(tls), tls->peers[0].der, tls->peers[0].len,
                                    &leaf, &tls->base.error);
    if (rc != CMG_OK)
        return rc;
    if (!cmg__x509_matches_host(leaf, tls->name))
        rc = cmg__tls_explain(tls->config, peer_of(tls),
                              MBEDTLS_ERR_X509_CERT_VERIFY_FAILED,
                              MBEDTLS_X509_BADCERT_CN_MISMATCH, &tls->base.error);
    cmg__x509_free(leaf);
    return rc;
}

static enum cmg__io finish_handshake(struct tls *tls)
{
    cmg_status rc = copy_peers(tls);
    if (rc == CMG_OK && !tls->config->server)
        rc = check_name(tls);
    if (rc != CMG_OK)
        return CMG__IO_ERROR;
    tls->base.open = true;
    return CMG__IO_OK;
}

static enum cmg__io tls_connect(struct cmg__stream *s)
{
    struct tls *tls = tls_of(s);
    enum cmg__io io = cmg__stream_connect(s->below);
    if (io == CMG__IO_ERROR)
        return fail(tls, 0);
    if (io == CMG__IO_OK)
        io = flush(tls);
    if (io != CMG__IO_OK)
        return io;
    int rc = mbedtls_ssl_handshake(&tls->ssl);
    if (cmg__tls_compat_is_again(rc))
        io = CMG__IO_AGAIN;
    else
        io = rc == 0 ? finish_handshake(tls) : fail(tls, rc);
    want_below(tls);
    return io;
}

/* --- events --- */

/* Last: the owner may free the stream inside. */
static void tell(struct tls *tls)
{
    if (tls->base.on_event != NULL)
        tls->base.on_event(&tls->base, tls->base.user);
}

static void on_below(struct cmg__stream *below, void *user)
{
    struct tls *tls = user;
    (void)below;
    if (tls->base.error != NULL)
        return; /* it was told once */
    if (!tls->base.open) {
        if (tls_connect(&tls->base) != CMG__IO_AGAIN)
            tell(tls);
        return;
    }
    bool had = tls->out.len > 0;
    enum cmg__io io = flush(tls);
    if (had)
        want_below(tls);
    if (io == CMG__IO_ERROR || tls->wanted != 0)
        tell(tls);
}

/* The first step of the handshake, and plaintext that is there already. */
static void on_task(struct cmg__task *task, void *user)
{
    struct tls *tls = user;
    (void)task;
    if (!tls->base.open)
        on_below(tls->base.below, tls);
    else if ((tls->wanted & CMG__READABLE) != 0 && cmg__stream_pending(&tls->base) > 0)
        tell(tls);
}

/* --- the operations --- */

static size_t tls_pending(struct cmg__stream *s)
{
    return mbedtls_ssl_get_bytes_avail(&tls_of(s)->ssl);
}

static enum cmg__io tls_read(struct cmg__stream *s, void *out, size_t n, size_t *got)
{
    struct tls *tls = tls_of(s);
    int rc = mbedtls_ssl_read(&tls->ssl, out, n);
    if (rc > 0) {
        *got = (size_t)rc;
        /* The owner may stop reading here, and the rest raises no event beneath. */
        if ((tls->wanted & CMG__READABLE) != 0 && tls_pending(s) > 0)
            cmg__task_post(s->loop, &tls->task);
        return CMG__IO_OK;
    }
    if (cmg__tls_compat_is_again(rc))
        return CMG__IO_AGAIN;
    if (rc == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
        return CMG__IO_EOF;
    enum cmg__io io = fail(tls, rc);
    want_below(tls);
    return io;
}

static enum cmg__io tls_write(struct cmg__stream *s, const void *data, size_t n,
                              size_t *put)
{
    struct tls *tls = tls_of(s);
    enum cmg__io io = flush(tls);
    if (io != CMG__IO_OK || n == 0)
        return io;
    int rc = mbedtls_ssl_write(&tls->ssl, data, n);
    if (rc <= 0)
        return fail(tls, rc);
    *put = (size_t)rc;
    if (tls->out.len > 0)
        want_below(tls);
    return CMG__IO_OK;
}

static void tls_want(struct cmg__stream *s, unsigned wanted)
{
    struct tls *tls = tls_of(s);
    tls->wanted = wanted;
    if ((wanted & CMG__READABLE) != 0 && cmg__stream_pending(s) > 0)
        cmg__task_post(s->loop, &tls->task);
    want_below(tls);
}

static enum cmg__io tls_shutdown(struct cmg__stream *s)
{
    struct tls *tls = tls_of(s);
    enum cmg__io io = flush(tls);
    if (io == CMG__IO_OK && !tls->closing) {
        tls->closing = true;
        int rc = mbedtls_ssl_close_notify(&tls->ssl);
        io = rc == 0 ? flush(tls) : fail(tls, rc);
    }
    want_below(tls);
    return io == CMG__IO_OK ? cmg__stream_shutdown(s->below) : io;
}

static void tls_destroy(struct cmg__stream *s)
{
    struct tls *tls = tls_of(s);
    const struct cmg__alloc *alloc = alloc_of(tls);
    cmg__task_cancel(&tls->task);
    cmg__stream_free(s->below);
    mbedtls_ssl_free(&tls->ssl);
    cmg__buf_done(&tls->out);
    for (size_t i = 0; i < tls->peer_count; i++)
        cmg__free(alloc, tls->peers[i].der);
    cmg_error_unref(s->error);
    struct cmg__tls_config *config = tls->config;
    cmg__free(alloc, tls);
    cmg__tls_config_unref(config); /* it may hold the context */
}

static const struct cmg__stream_ops tls_ops = {
    .connect = tls_connect,
    .read = tls_read,
    .write = tls_write,
    .pending = tls_pending,
    .want = tls_want,
    .shutdown = tls_shutdown,
    .destroy = tls_destroy,
};

static cmg_status set_up(struct tls *tls, const char *server_name, cmg_error **err)
{
    if (!tls->config->server &&
        (cmg__str_is_empty(server_name) || strlen(server_name) > MAX_NAME))
        return cmg__fail(err, alloc_of(tls), CMG_E_INVAL, "server name",
                         "give the DNS name of the server, at most 255 characters",
                         "a TLS client needs the name of the server");
    if (mbedtls_ssl_setup(&tls->ssl, &tls->config->conf) != 0)
        return cmg__fail_nomem(err);
    if (!tls->config->server) {
        memcpy(tls->name, server_name, strlen(server_name) + 1);
        if (mbedtls_ssl_set_hostname(&tls->ssl, tls->name) != 0)
            return cmg__fail_nomem(err);
    }
    mbedtls_ssl_set_bio(&tls->ssl, tls, on_send, on_recv, NULL);
    return CMG_OK;
}

cmg_status cmg__tls_stream_new(struct cmg__stream *below, struct cmg__tls_config *config,
                               const char *server_name, struct cmg__stream **out,
                               cmg_error **err)
{
    const struct cmg__alloc *alloc = cmg__loop_alloc(below->loop);
    struct tls *tls = cmg__alloc0(alloc, sizeof *tls);
    if (tls == NULL) {
        cmg__stream_free(below);
        return cmg__fail_nomem(err);
    }
    tls->base.ops = &tls_ops;
    tls->base.loop = below->loop;
    tls->base.below = below;
    tls->config = cmg__tls_config_ref(config);
    mbedtls_ssl_init(&tls->ssl);
    cmg__buf_init(&tls->out, alloc, MAX_OUT);
    cmg__task_init(&tls->task, on_task, tls);
    cmg_status rc = set_up(tls, server_name, err);
    if (rc != CMG_OK) {
        tls_destroy(&tls->base);
        return rc;
    }
    cmg__stream_set_events(below, on_below, tls);
    cmg__task_post(below->loop, &tls->task);
    *out = &tls->base;
    return CMG_OK;
}

/* --- what the handshake told --- */

const char *cmg__tls_alpn(struct cmg__stream *tls)
{
    return tls->open ? mbedtls_ssl_get_alpn_protocol(&tls_of(tls)->ssl) : NULL;
}

const char *cmg__tls_sni(struct cmg__stream *tls)
{
    const struct tls *t = tls_of(tls);
    return t->config->server && t->name[0] != '\0' ? t->name : NULL;
}

size_t cmg__tls_peer_count(struct cmg__stream *tls)
{
    return tls_of(tls)->peer_count;
}

const uint8_t *cmg__tls_peer_der(struct cmg__stream *tls, size_t i, size_t *out_len)
{
    const struct tls *t = tls_of(tls);
    if (i >= t->peer_count) {
        *out_len = 0;
        return NULL;
    }
    *out_len = t->peers[i].len;
    return t->peers[i].der;
}
