/* See authority.h. */
#include "sandbox/authority.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/pki.h"

#define MAX_PEM     ((size_t)64 * 1024)
#define DAY_S       ((int64_t)86400)
#define CA_DAYS     3650
#define SERVER_DAYS 397

struct maker {
    const struct cmg__alloc *alloc;
    const struct cmg__env *env;
    struct cmg__key *key;
    struct cmg__x509 *cert;
};

static void maker_done(struct maker *m)
{
    cmg__key_free(m->key);
    cmg__x509_free(m->cert);
    m->key = NULL;
    m->cert = NULL;
}

void cmg__sb_authority_init(struct cmg__sb_authority *a, const struct cmg__alloc *alloc)
{
    a->ca = NULL;
    a->ca_key = NULL;
    cmg__buf_init(&a->ca_pem, alloc, MAX_PEM);
    cmg__buf_init(&a->cert_pem, alloc, MAX_PEM);
    cmg__buf_init_secret(&a->key_pem, alloc, MAX_PEM);
}

void cmg__sb_authority_done(struct cmg__sb_authority *a)
{
    cmg__buf_done(&a->ca_pem);
    cmg__buf_done(&a->cert_pem);
    cmg__buf_done(&a->key_pem);
    cmg__x509_free(a->ca);
    cmg__key_free(a->ca_key);
    a->ca = NULL;
    a->ca_key = NULL;
}

/* ---- the authority ---- */

static cmg_status make_ca(struct maker *ca, struct cmg__buf *cert_pem,
                          struct cmg__buf *key_pem, cmg_error **err)
{
    int64_t now = cmg__env_unix_s(ca->env);
    cmg_status rc =
        cmg__key_generate(ca->alloc, ca->env, CMG__KEY_EC, 256, &ca->key, err);
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_ROOT,
                                               .common_name = "Sandbox Cloud Authority",
                                               .not_before_unix_s = now - DAY_S,
                                               .not_after_unix_s = now + CA_DAYS * DAY_S,
                                               .key = ca->key };
    if (rc == CMG_OK)
        rc = cmg__x509_issue(ca->alloc, ca->env, &request, NULL, NULL, &ca->cert, err);
    if (rc == CMG_OK)
        rc = cmg__x509_write_pem(ca->cert, cert_pem);
    if (rc == CMG_OK)
        rc = cmg__key_write_pem(ca->key, key_pem);
    return rc;
}

static cmg_status parse_ca(struct maker *ca, const struct cmg__buf *cert_pem,
                           const struct cmg__buf *key_pem, cmg_error **err)
{
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    struct cmg__x509_info info;
    cmg_status rc =
        cmg__x509_parse_pem(ca->alloc, cert_pem->data, cert_pem->len, &list, &count, err);
    if (rc != CMG_OK)
        return rc;
    cmg__x509_info(list[0], &info);
    rc = cmg__x509_parse(ca->alloc, info.der, info.der_len, &ca->cert, err);
    cmg__x509_free_list(ca->alloc, list, count);
    if (rc == CMG_OK)
        rc = cmg__key_parse(ca->alloc, ca->env, key_pem->data, key_pem->len, &ca->key,
                            err);
    return rc;
}

/* The key goes to disk first: a certificate without its key would be useless. */
static cmg_status open_ca(struct maker *ca, const char *cert_path, const char *key_path,
                          struct cmg__buf *cert_pem, cmg_error **err)
{
    struct cmg__buf key_pem;
    cmg_error *why = NULL;
    cmg__buf_init_secret(&key_pem, ca->alloc, MAX_PEM);
    cmg_status rc =
        cmg__file_read(ca->env, ca->alloc, cert_path, MAX_PEM, cert_pem, &why);
    if (rc == CMG_OK) {
        rc = cmg__file_read(ca->env, ca->alloc, key_path, MAX_PEM, &key_pem, &why);
        if (rc == CMG_OK)
            rc = parse_ca(ca, cert_pem, &key_pem, &why);
    } else if (rc == CMG_E_NOTFOUND) {
        cmg_error_unref(why);
        why = NULL;
        rc = make_ca(ca, cert_pem, &key_pem, &why);
        if (rc == CMG_OK)
            rc = cmg__file_replace(ca->env, ca->alloc, key_path, 0600, key_pem.data,
                                   key_pem.len, &why);
        if (rc == CMG_OK)
            rc = cmg__file_replace(ca->env, ca->alloc, cert_path, 0644, cert_pem->data,
                                   cert_pem->len, &why);
    }
    cmg__buf_done(&key_pem);
    if (rc != CMG_OK && why == NULL)
        return cmg__fail_nomem(err);
    return rc == CMG_OK ? CMG_OK : cmg__error_move(err, &why);
}

/* ---- the listener's certificate ---- */

static cmg_status make_server(struct cmg__sb_authority *a, const struct maker *ca,
                              const struct cmg__cloud *names, cmg_error **err)
{
    char vaults[128], blobs[128];
    int64_t now = cmg__env_unix_s(ca->env);
    struct maker server = { .alloc = ca->alloc, .env = ca->env };
    (void)snprintf(vaults, sizeof vaults, "*.%s", names->vault_suffix);
    (void)snprintf(blobs, sizeof blobs, "*.blob.%s", names->storage_suffix);
    const char *const dns[] = { names->login_host,
                                "login.windows.net",
                                names->sts_host,
                                names->graph_host,
                                names->arm_host,
                                vaults,
                                blobs,
                                CMG__SB_PKI_HOST,
                                "localhost",
                                NULL };
    static const char *const addresses[] = { "127.0.0.1", "::1", NULL };
    cmg_status rc =
        cmg__key_generate(ca->alloc, ca->env, CMG__KEY_EC, 256, &server.key, err);
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_WEB_SERVER,
                                               .common_name = names->arm_host,
                                               .dns_names = dns,
                                               .ip_addresses = addresses,
                                               .not_before_unix_s = now - DAY_S / 2,
                                               .not_after_unix_s =
                                                   now + SERVER_DAYS * DAY_S,
                                               .key = server.key };
    if (rc == CMG_OK)
        rc = cmg__x509_issue(ca->alloc, ca->env, &request, ca->cert, ca->key,
                             &server.cert, err);
    if (rc == CMG_OK)
        rc = cmg__x509_write_pem(server.cert, &a->cert_pem);
    if (rc == CMG_OK)
        rc = cmg__key_write_pem(server.key, &a->key_pem);
    maker_done(&server);
    return rc;
}

cmg_status cmg__sb_authority_open(struct cmg__sb_authority *a,
                                  const struct cmg__alloc *alloc,
                                  const struct cmg__env *env, const char *directory,
                                  const struct cmg__cloud *names, cmg_error **err)
{
    struct maker ca = { .alloc = alloc, .env = env };
    char *cert_path = cmg__format(alloc, "%s/ca.pem", directory);
    char *key_path = cmg__format(alloc, "%s/ca.key", directory);
    cmg_status rc = cert_path == NULL || key_path == NULL
                        ? cmg__fail_nomem(err)
                        : open_ca(&ca, cert_path, key_path, &a->ca_pem, err);
    if (rc == CMG_OK)
        rc = make_server(a, &ca, names, err);
    if (rc == CMG_OK) {
        a->ca = ca.cert;
        a->ca_key = ca.key;
    } else {
        maker_done(&ca);
    }
    cmg__free(alloc, cert_path);
    cmg__free(alloc, key_path);
    return rc;
}
