/* See certs.h. */
#include "net/certs.h"
#include "support/support.h"

enum { DAY = 86400, PEM_MAX = 65536 };

static struct cmg__key *make_key(const cmg_context *ctx)
{
    struct cmg__key *key = NULL;
    cmg_error *err = NULL;
    ck_ok(cmg__key_generate(&ctx->alloc, &ctx->env, CMG__KEY_EC, 256, &key, &err), err);
    return key;
}

static char *cert_pem(const cmg_context *ctx, const struct cmg__x509 *cert)
{
    struct cmg__buf out;
    cmg__buf_init(&out, &ctx->alloc, PEM_MAX);
    ck_assert_int_eq(cmg__x509_write_pem(cert, &out), CMG_OK);
    return cmg__buf_steal(&out);
}

void certs_init(struct certs *c, const cmg_context *ctx, const char *name)
{
    cmg_error *err = NULL;
    int64_t now = cmg__env_unix_s(&ctx->env);
    *c = (struct certs){ .ctx = ctx, .ca_key = make_key(ctx) };
    const struct cmg__x509_request request = {
        .profile = CMG__PROFILE_ROOT,
        .common_name = name,
        .not_before_unix_s = now - 365 * DAY,
        .not_after_unix_s = now + 365 * DAY,
        .key = c->ca_key,
    };
    ck_ok(cmg__x509_issue(&ctx->alloc, &ctx->env, &request, NULL, NULL, &c->ca, &err),
          err);
    c->ca_pem = cert_pem(ctx, c->ca);
}

void certs_done(struct certs *c)
{
    cmg__x509_free(c->ca);
    cmg__key_free(c->ca_key);
    cmg__free(&c->ctx->alloc, c->ca_pem);
}

struct pair certs_issue(const struct certs *c, enum cmg__x509_profile profile,
                        const char *name, int days)
{
    const cmg_context *ctx = c->ctx;
    cmg_error *err = NULL;
    struct cmg__x509 *cert = NULL;
    struct cmg__buf key_pem;
    int64_t now = cmg__env_unix_s(&ctx->env);
    struct cmg__key *key = make_key(ctx);
    const char *const names[] = { name, NULL };
    const struct cmg__x509_request request = {
        .profile = profile,
        .common_name = name,
        .dns_names = names,
        .not_before_unix_s = now - 100 * DAY,
        .not_after_unix_s = now + days * DAY,
        .key = key,
    };
    ck_ok(
        cmg__x509_issue(&ctx->alloc, &ctx->env, &request, c->ca, c->ca_key, &cert, &err),
        err);
    cmg__buf_init_secret(&key_pem, &ctx->alloc, PEM_MAX);
    ck_assert_int_eq(cmg__key_write_pem(key, &key_pem), CMG_OK);
    struct pair p = { .cert = cert_pem(ctx, cert), .key = cmg__buf_steal(&key_pem) };
    cmg__x509_free(cert);
    cmg__key_free(key);
    return p;
}

void pair_done(const struct certs *c, struct pair *p)
{
    cmg__free(&c->ctx->alloc, p->cert);
    cmg__free(&c->ctx->alloc, p->key);
}
