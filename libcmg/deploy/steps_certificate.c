/*
 * The gateway's server certificate. It is issued once: key and certificate go as PFX to
 * the host's secret store, and a later run takes them from there as long as they are
 * usable. The password is stored first, so that a stored PFX always has its password.
 */
#include <string.h>

#include "base/base64.h"
#include "azure/cloud.h"
#include "base/error.h"
#include "deploy/steps.h"
#include "model/authority.h"

#define PASSWORD_BYTES 24
#define MAX_CHAIN      10

/* ---- taking the stored one ---- */

static cmg_status load_stored(struct cmg__run *run, cmg_certificate **out)
{
    struct cmg__work *work = run->work;
    struct cmg__buf pfx;
    struct cmg__buf password;

    cmg__buf_init_secret(&pfx, work->alloc, CMG__SECRET_MAX);
    cmg__buf_init_secret(&password, work->alloc, CMG__SECRET_MAX);
    cmg_status rc = cmg__secret_load(work, CMG__SECRET_PFX, &pfx, NULL);
    if (rc == CMG_OK)
        rc = cmg__secret_load(work, CMG__SECRET_PFX_PASSWORD, &password, NULL);
    if (rc == CMG_OK)
        rc = cmg_certificate_new_from_pfx(work->ctx, pfx.data, pfx.len,
                                          cmg__buf_cstr(&password), out, NULL);
    cmg__buf_done(&pfx);
    cmg__buf_done(&password);
    return rc;
}

/* It chains to the authority of today, has its key, its time and its name. */
static bool is_usable(const struct cmg__run *run, const cmg_certificate *cert)
{
    const struct cmg__work *work = run->work;
    const cmg_gateway *gateway = work->gateway;
    struct cmg__x509_trust *trust = NULL;
    const uint8_t *ders[MAX_CHAIN];
    size_t lens[MAX_CHAIN];
    size_t count = cert->count < MAX_CHAIN ? cert->count : MAX_CHAIN;
    struct cmg__buf pem;

    for (size_t i = 0; i < count; i++) {
        struct cmg__x509_info info;
        cmg__x509_info(cert->chain[i], &info);
        ders[i] = info.der;
        lens[i] = info.der_len;
    }
    cmg__buf_init(&pem, work->alloc, 64 * 1024);
    bool usable =
        cert->key != NULL &&
        cmg__x509_matches_host(cert->chain[0], gateway->service_name) &&
        cmg__certificate_chain_pem(gateway->authority->certificate, &pem) == CMG_OK &&
        cmg__x509_trust_new(work->alloc, pem.data, pem.len, &trust, NULL) == CMG_OK &&
        cmg__x509_check(trust, CMG_PURPOSE_SERVER, ders, lens, count,
                        cmg__env_unix_s(&work->ctx->env), NULL) == CMG_OK;
    cmg__x509_trust_free(trust);
    cmg__buf_done(&pem);
    return usable;
}

/* The thumbprint as vaults give it: base64url of SHA-1. */
static cmg_status keep_thumbprint(struct cmg__run *run, const cmg_certificate *cert)
{
    uint8_t sha1[20];
    struct cmg__buf text;

    if (!cmg__hex_parse(cert->info.sha1_hex, sizeof sha1, sha1))
        return CMG_E_INTERNAL;
    cmg__buf_init(&text, run->work->alloc, 64);
    cmg_status rc = cmg__base64url_encode(&text, sha1, sizeof sha1);
    if (rc == CMG_OK)
        rc = cmg__fact_set(run->work, "certificate_x5t", cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return rc;
}

static cmg_status take(struct cmg__run *run, cmg_certificate *cert, cmg_error **err)
{
    char until[CMG__TIME_SIZE];

    if (keep_thumbprint(run, cert) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__gateway_set_certificate(run->work->gateway, cert);
    cmg__time_format(cmg_certificate_not_after_unix_s(cert), until);
    cmg__run_say(run, "%s, %s, until %.10s", cmg_certificate_common_name(cert),
                 cmg_certificate_key_description(cert), until);
    return CMG_OK;
}

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    cmg_certificate *cert = NULL;
    cmg_status rc = load_stored(run, &cert);
    bool usable = rc == CMG_OK && is_usable(run, cert);

    (void)answer;
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    rc = usable ? take(run, cert, err) : CMG_OK;
    cmg_certificate_unref(cert);
    if (rc != CMG_OK)
        return rc;
    run->plan = usable ? CMG__PLAN_KEEP : CMG__PLAN_CREATE;
    return usable ? cmg__next_done(next) : cmg__next_go(next, "issue");
}

/* ---- issuing ---- */

static cmg_status make_password(const struct cmg__work *work, struct cmg__buf *out,
                                cmg_error **err)
{
    uint8_t bytes[PASSWORD_BYTES];
    int rc = work->ctx->env.random(work->ctx->env.user, bytes, sizeof bytes);

    if (rc != 0)
        return cmg__fail_os(err, work->alloc, -rc, "random numbers", "get");
    cmg_status status = cmg__base64url_encode(out, bytes, sizeof bytes);
    cmg__wipe(bytes, sizeof bytes);
    return status == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status store(struct cmg__run *run, cmg_certificate *cert, cmg_error **err)
{
    struct cmg__work *work = run->work;
    struct cmg__buf password;
    cmg_bytes *pfx = NULL;

    cmg__buf_init_secret(&password, work->alloc, 128);
    cmg_status rc = make_password(work, &password, err);
    if (rc == CMG_OK)
        rc = cmg_certificate_export_pfx(cert, CMG_PFX_COMPAT, password.data, &pfx, err);
    if (rc == CMG_OK)
        rc = cmg__secret_save(work, CMG__SECRET_PFX_PASSWORD, password.data, password.len,
                              err);
    if (rc == CMG_OK)
        rc = cmg__secret_save(work, CMG__SECRET_PFX, cmg_bytes_data(pfx),
                              cmg_bytes_size(pfx), err);
    cmg_bytes_unref(pfx);
    cmg__buf_done(&password);
    return rc;
}

static cmg_status issue(struct cmg__run *run, cmg_certificate **out, cmg_error **err)
{
    const struct cmg__work *work = run->work;
    const cmg_gateway *gateway = work->gateway;
    char *public_name =
        cmg__cloud_deployment_name(work->ctx, gateway->name, gateway->region);
    if (public_name == NULL)
        return cmg__fail_nomem(err);
    bool same = cmg__str_ieq(public_name, gateway->service_name);
    const char *names[] = { gateway->service_name, same ? NULL : public_name, NULL };
    const cmg_certificate_request request = {
        .size = sizeof request,
        .profile = CMG_PROFILE_WEB_SERVER,
        .common_name = gateway->service_name,
        .dns_names = names,
    };
    cmg_status rc = cmg_authority_issue(gateway->authority, &request, out, err);
    cmg__free(work->alloc, public_name);
    return rc;
}

static cmg_status read_issue(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    cmg_certificate *cert = NULL;
    cmg_status rc = issue(run, &cert, err);

    (void)answer;
    if (rc == CMG_OK)
        rc = store(run, cert, err);
    if (rc == CMG_OK)
        rc = take(run, cert, err);
    cmg_certificate_unref(cert);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_LOCAL, .read = inspect },
    { .name = "issue", .call = CMG__CALL_LOCAL, .effect = true, .read = read_issue },
};

const struct cmg__step cmg__step_certificate = {
    .name = "certificate",
    .title = "certificate",
    .phase = CMG__PHASE_APPLY,
    .what = "server certificate",
    .needs = { "sign_in" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
