/*
 * The gateway's server certificate: the host's own, or one that the authority issues
 * once. Key and certificate go as PFX to the host's secret store, and a later run takes
 * them from there as long as they are usable. The password is stored first, so that a
 * stored PFX always has its password; it stays the same from then on.
 *
 * A rotation stores the new one beside the old one, which goes when the new one serves.
 * As long as there are two, the new one is the gateway's for every operation: none brings
 * the old one back.
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

/* One that does not open any more is as good as none. */
static cmg_status load(struct cmg__run *run, const char *name, cmg_certificate **out,
                       cmg_error **err)
{
    struct cmg__work *work = run->work;
    struct cmg__buf pfx;
    struct cmg__buf password;
    bool found = false;

    cmg__buf_init_secret(&pfx, work->alloc, CMG__SECRET_MAX);
    cmg__buf_init_secret(&password, work->alloc, CMG__SECRET_MAX);
    cmg_status rc = cmg__secret_find(work, name, &pfx, &found, err);
    if (rc == CMG_OK && found)
        rc = cmg__secret_find(work, CMG__SECRET_PFX_PASSWORD, &password, &found, err);
    if (rc == CMG_OK && found &&
        cmg_certificate_new_from_pfx(work->ctx, pfx.data, pfx.len,
                                     cmg__buf_cstr(&password), out, NULL) == CMG_E_NOMEM)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&pfx);
    cmg__buf_done(&password);
    return rc;
}

static bool same(const cmg_certificate *a, const cmg_certificate *b)
{
    return a != NULL && b != NULL && strcmp(a->info.sha256_hex, b->info.sha256_hex) == 0;
}

/* One that the host gave, now or in an earlier run, was judged then. */
static bool is_given(const struct cmg__run *run, const cmg_certificate *cert)
{
    const cmg_certificate *given = run->work->gateway->given_certificate;

    if (given != NULL)
        return same(cert, given);
    return strcmp(cert->info.sha256_hex, cmg__fact(run->work, "certificate_given")) ==
               0 &&
           cmg_certificate_not_after_unix_s(cert) > cmg__env_unix_s(&run->work->ctx->env);
}

/* It chains to the authority of today, has its key, its time and its name. */
static cmg_status suits_authority(const struct cmg__run *run, const cmg_certificate *cert,
                                  bool *out, cmg_error **err)
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
    cmg_status rc = cmg__certificate_chain_pem(gateway->authority->certificate, &pem);
    if (rc == CMG_OK)
        rc = cmg__x509_trust_new(work->alloc, pem.data, pem.len, &trust, NULL);
    if (rc == CMG_OK)
        rc = cmg__x509_check(trust, CMG_PURPOSE_SERVER, ders, lens, count,
                             cmg__env_unix_s(&work->ctx->env), NULL);
    cmg__x509_trust_free(trust);
    cmg__buf_done(&pem);
    *out = rc == CMG_OK && cmg__x509_matches_host(cert->chain[0], gateway->service_name);
    return rc == CMG_E_NOMEM ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status judge(const struct cmg__run *run, const cmg_certificate *cert,
                        bool *usable, cmg_error **err)
{
    const cmg_gateway *gateway = run->work->gateway;

    *usable = false;
    if (cert == NULL || cert->key == NULL)
        return CMG_OK;
    *usable = is_given(run, cert);
    if (*usable || gateway->given_certificate != NULL || gateway->authority == NULL)
        return CMG_OK;
    return suits_authority(run, cert, usable, err);
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

/* name is the secret that holds it. */
static cmg_status take(struct cmg__run *run, cmg_certificate *cert, const char *name,
                       cmg_error **err)
{
    char until[CMG__TIME_SIZE];
    const char *given = is_given(run, cert) ? cert->info.sha256_hex : NULL;

    if (keep_thumbprint(run, cert) != CMG_OK ||
        cmg__fact_set(run->work, "certificate_kept", name) != CMG_OK ||
        cmg__fact_set(run->work, "certificate_given", given) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__gateway_set_certificate(run->work->gateway, cert);
    cmg__time_format(cmg_certificate_not_after_unix_s(cert), until);
    cmg__run_say(run, "%s, %s, until %.10s", cmg_certificate_common_name(cert),
                 cmg_certificate_key_description(cert), until);
    return CMG_OK;
}

/* What is stored: the one before, and the one of a rotation under way. */
struct stored {
    cmg_certificate *current, *next;
    bool current_is_usable, next_is_usable;
};

static cmg_status load_both(struct cmg__run *run, struct stored *out, cmg_error **err)
{
    *out = (struct stored){ 0 };
    cmg_status rc = load(run, CMG__SECRET_PFX, &out->current, err);
    if (rc == CMG_OK)
        rc = load(run, CMG__SECRET_PFX_NEXT, &out->next, err);
    if (rc == CMG_OK)
        rc = judge(run, out->current, &out->current_is_usable, err);
    if (rc == CMG_OK)
        rc = judge(run, out->next, &out->next_is_usable, err);
    return rc;
}

static void stored_done(struct stored *stored)
{
    cmg_certificate_unref(stored->current);
    cmg_certificate_unref(stored->next);
}

static cmg_status keep(struct cmg__run *run, cmg_certificate *cert, const char *name,
                       struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = take(run, cert, name, err);

    run->plan = CMG__PLAN_KEEP;
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

cmg_status cmg__certificate_look(struct cmg__run *run, bool *usable, cmg_error **err)
{
    struct stored stored;
    cmg_status rc = load_both(run, &stored, err);

    *usable = true;
    if (rc == CMG_OK && stored.next_is_usable)
        rc = take(run, stored.next, CMG__SECRET_PFX_NEXT, err);
    else if (rc == CMG_OK && stored.current_is_usable)
        rc = take(run, stored.current, CMG__SECRET_PFX, err);
    else
        *usable = false;
    stored_done(&stored);
    return rc;
}

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    bool usable = false;
    const cmg_status rc = cmg__certificate_look(run, &usable, err);

    (void)answer;
    run->plan = usable ? CMG__PLAN_KEEP : CMG__PLAN_CREATE;
    if (rc != CMG_OK)
        return rc;
    return usable ? cmg__next_done(next) : cmg__next_go(next, "issue");
}

/* Which certificate a rotation brings, from when it is kept until all is done: one that
   died when it had taken the place of the former goes on, instead of beginning anew. */
#define ROTATION "rotation"

static bool is_rotation(const struct cmg__run *run, const cmg_certificate *cert)
{
    return cert != NULL &&
           strcmp(cert->info.sha256_hex, cmg__fact(run->work, ROTATION)) == 0;
}

static cmg_status note_rotation(struct cmg__run *run, const cmg_certificate *cert,
                                cmg_error **err)
{
    return cmg__fact_set(run->work, ROTATION, cert->info.sha256_hex) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

cmg_status cmg__rotation_end(struct cmg__run *run, cmg_error **err)
{
    return cmg__fact_set(run->work, ROTATION, NULL) == CMG_OK ? CMG_OK
                                                              : cmg__fail_nomem(err);
}

/* A rotation goes on with the new one that is there; what the host gave needs none when
   it is in use. */
static cmg_status inspect_renewal(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    struct stored stored;
    cmg_status rc = load_both(run, &stored, err);

    (void)answer;
    run->plan = CMG__PLAN_CREATE;
    if (rc == CMG_OK && stored.next_is_usable && !same(stored.next, stored.current)) {
        rc = keep(run, stored.next, CMG__SECRET_PFX_NEXT, next, err);
        if (rc == CMG_OK)
            rc = note_rotation(run, stored.next, err);
    } else if (rc == CMG_OK &&
               ((is_rotation(run, stored.current) && stored.current_is_usable) ||
                same(stored.current, run->work->gateway->given_certificate))) {
        rc = keep(run, stored.current, CMG__SECRET_PFX, next, err);
    } else if (rc == CMG_OK) {
        rc = cmg__next_go(next, "issue");
    }
    stored_done(&stored);
    return rc;
}

/* ---- issuing ---- */

static cmg_status make_password(struct cmg__work *work, struct cmg__buf *out,
                                cmg_error **err)
{
    uint8_t bytes[PASSWORD_BYTES];
    int rc = work->ctx->env.random(work->ctx->env.user, bytes, sizeof bytes);

    if (rc != 0)
        return cmg__fail_os(err, work->alloc, -rc, "random numbers", "get");
    cmg_status status = cmg__base64url_encode(out, bytes, sizeof bytes);
    cmg__wipe(bytes, sizeof bytes);
    if (status != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__secret_save(work, CMG__SECRET_PFX_PASSWORD, out->data, out->len, err);
}

/* The one that is there: it opens the certificate before, too. */
static cmg_status get_password(struct cmg__work *work, struct cmg__buf *out,
                               cmg_error **err)
{
    bool found = false;
    const cmg_status rc =
        cmg__secret_find(work, CMG__SECRET_PFX_PASSWORD, out, &found, err);

    return rc != CMG_OK || found ? rc : make_password(work, out, err);
}

static cmg_status store(struct cmg__run *run, cmg_certificate *cert, const char *name,
                        cmg_error **err)
{
    struct cmg__work *work = run->work;
    struct cmg__buf password;
    cmg_bytes *pfx = NULL;

    cmg__buf_init_secret(&password, work->alloc, CMG__SECRET_MAX);
    cmg_status rc = get_password(work, &password, err);
    if (rc == CMG_OK)
        rc = cmg_certificate_export_pfx(cert, CMG_PFX_COMPAT, cmg__buf_cstr(&password),
                                        &pfx, err);
    if (rc == CMG_OK)
        rc = cmg__secret_save(work, name, cmg_bytes_data(pfx), cmg_bytes_size(pfx), err);
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

static cmg_status make(struct cmg__run *run, const char *name, struct cmg__next *next,
                       cmg_error **err)
{
    const bool rotates = strcmp(name, CMG__SECRET_PFX_NEXT) == 0;
    cmg_certificate *cert = cmg_certificate_ref(run->work->gateway->given_certificate);
    cmg_status rc = cert != NULL ? CMG_OK : issue(run, &cert, err);

    if (rc == CMG_OK)
        rc = store(run, cert, name, err);
    if (rc == CMG_OK)
        rc = take(run, cert, name, err);
    if (rc == CMG_OK && rotates)
        rc = note_rotation(run, cert, err);
    cmg_certificate_unref(cert);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static cmg_status read_issue(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    return make(run, CMG__SECRET_PFX, next, err);
}

static cmg_status read_renew(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    return make(run, CMG__SECRET_PFX_NEXT, next, err);
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
    .needs = { "sign_in", "drift" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};

static const struct cmg__exchange renewal_exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_LOCAL, .read = inspect_renewal },
    { .name = "issue", .call = CMG__CALL_LOCAL, .effect = true, .read = read_renew },
};

/* The same step of a rotation, so that those after it are the same ones. */
const struct cmg__step cmg__step_renewal = {
    .name = "certificate",
    .title = "new certificate",
    .phase = CMG__PHASE_APPLY,
    .what = "new server certificate",
    .needs = { "sign_in" },
    .budget_ms = CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(renewal_exchanges),
};
