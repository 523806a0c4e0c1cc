/* The site's certificates and token key: made once, before the first test forks. */
#include "relay/site.h"
#include "model/certificate.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char ca_pem[8192];
static char cert_pems[SITE_CERT_COUNT][16384];
static char token_key_pem[8192];

/* ---- keys, once; before the first test, where Check's own assertions do not work ----
 */

static void need(cmg_status rc, const cmg_error *err)
{
    if (rc == CMG_OK)
        return;
    fprintf(stderr, "%s: %s\n", cmg_status_name(rc), cmg_error_message(err));
    exit(1);
}

static void keep(char *out, size_t size, const void *text, size_t n)
{
    need(n < size ? CMG_OK : CMG_E_LIMIT, NULL);
    memcpy(out, text, n);
    out[n] = '\0';
}

static void issue(cmg_authority *ca, cmg_profile profile, const char *const *names,
                  char *out, size_t size)
{
    const cmg_certificate_request request = {
        .size = sizeof request,
        .profile = profile,
        .common_name = names[0],
        .dns_names = profile == CMG_PROFILE_WEB_SERVER ? names : NULL,
    };
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    struct cmg__buf pem;

    need(cmg_authority_issue(ca, &request, &cert, &err), err);
    cmg__buf_init_secret(&pem, &cmg__alloc_libc, size);
    need(cmg__certificate_chain_pem(cert, &pem), NULL);
    need(cmg__certificate_key_pem(cert, &pem), NULL);
    keep(out, size, pem.data, pem.len);
    cmg__buf_done(&pem);
    cmg_certificate_unref(cert);
}

static void make_token_key(cmg_context *ctx)
{
    struct cmg__key *key = NULL;
    struct cmg__buf pem;
    cmg_error *err = NULL;

    need(cmg__key_generate(&ctx->alloc, &ctx->env, CMG__KEY_RSA, 2048, &key, &err), err);
    cmg__buf_init_secret(&pem, &cmg__alloc_libc, sizeof token_key_pem - 1);
    need(cmg__key_write_pem(key, &pem), NULL);
    keep(token_key_pem, sizeof token_key_pem, pem.data, pem.len);
    cmg__buf_done(&pem);
    cmg__key_free(key);
}

void site_make_keys(void)
{
    static const struct {
        cmg_profile profile;
        const char *names[3];
    } wanted[SITE_CERT_COUNT] = {
        [SITE_CERT_GATEWAY] = { CMG_PROFILE_WEB_SERVER, { "cmg.test", NULL } },
        [SITE_CERT_RENEWED] = { CMG_PROFILE_WEB_SERVER, { "cmg.test", NULL } },
        [SITE_CERT_CLIENT] = { CMG_PROFILE_CLIENT, { "client-1", NULL } },
        [SITE_CERT_CONNECTOR] = { CMG_PROFILE_CONNECTOR, { "connector-1", NULL } },
        [SITE_CERT_ROLE] = { CMG_PROFILE_WEB_SERVER, { "mp.test", "login.test", NULL } },
        [SITE_CERT_FOREIGN] = { CMG_PROFILE_CLIENT, { "client-2", NULL } },
    };
    cmg_context *ctx = NULL;
    cmg_authority *ca = NULL, *other = NULL;
    cmg_bytes *pem = NULL;
    cmg_error *err = NULL;

    need(cmg_context_new(NULL, &ctx, &err), err);
    need(cmg_authority_new(ctx, "Site CA", &ca, &err), err);
    need(cmg_authority_new(ctx, "Foreign CA", &other, &err), err);
    for (size_t i = 0; i < SITE_CERT_COUNT; i++)
        issue(i == SITE_CERT_FOREIGN ? other : ca, wanted[i].profile, wanted[i].names,
              cert_pems[i], sizeof cert_pems[i]);
    need(cmg_certificate_export_pem(cmg_authority_certificate(ca), &pem, &err), err);
    keep(ca_pem, sizeof ca_pem, cmg_bytes_data(pem), cmg_bytes_size(pem));
    make_token_key(ctx);
    cmg_bytes_unref(pem);
    cmg_authority_unref(other);
    cmg_authority_unref(ca);
    cmg_context_unref(ctx);
}

const char *site_ca_pem(void)
{
    return ca_pem;
}

const char *site_pem(enum site_cert which)
{
    return cert_pems[which];
}

cmg_certificate *site_certificate(struct site *site, enum site_cert which)
{
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    const char *pem = cert_pems[which];

    ck_ok(cmg_certificate_new_from_pem(site->ctx, pem, strlen(pem), &cert, &err), err);
    return cert;
}

struct cmg__key *site_token_key(struct site *site)
{
    struct cmg__key *key = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__key_parse(&site->ctx->alloc, &site->ctx->env, token_key_pem,
                         strlen(token_key_pem), &key, &err),
          err);
    return key;
}
