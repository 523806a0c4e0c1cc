/*
 * Client assertions: an application signs in with a certificate. Its certificates are the
 * keyCredentials of the registered application; the built-in one has its own.
 */
#include <string.h>

#include "base/base64.h"
#include "crypto/hash.h"
#include "crypto/x509.h"
#include "sandbox/entra.h"
#include "sandbox/well_known.h"

#define TYPE      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define TEXT_MAX  ((size_t)64 * 1024)
#define SKEW_S    300
#define CERT_DAYS 730
#define DAY_S     ((int64_t)86400)

struct proof {
    struct cmg__sb_call *call;
    struct cmg__sb_client *client;
    const char *token;
    size_t input_len; /* of what is signed */
    struct cmg__json *header;
    struct cmg__json *payload;
    struct cmg__buf signature;
};

static bool refuse(const struct proof *p, int64_t aadsts, const char *text)
{
    cmg__sb_refuse_entra(p->call, 401, "invalid_client", aadsts, "%s", text);
    return false;
}

/* ---- the token's parts ---- */

static struct cmg__json *part(const struct proof *p, const char *text, size_t n)
{
    struct cmg__json *value = NULL;
    struct cmg__buf plain;

    cmg__buf_init_secret(&plain, p->call->cloud->alloc, TEXT_MAX);
    if (cmg__base64url_decode(&plain, text, n) != CMG_OK ||
        cmg__json_parse(p->call->cloud->alloc, "assertion", cmg__buf_cstr(&plain),
                        plain.len, &value, NULL) != CMG_OK)
        value = NULL;
    cmg__buf_done(&plain);
    return value;
}

static bool take_apart(struct proof *p)
{
    const char *dot = strchr(p->token, '.');
    const char *end = dot == NULL ? NULL : strchr(dot + 1, '.');

    if (end == NULL)
        return refuse(p, 50027, "JWT token is invalid or malformed.");
    p->input_len = (size_t)(end - p->token);
    p->header = part(p, p->token, (size_t)(dot - p->token));
    p->payload = part(p, dot + 1, (size_t)(end - dot - 1));
    if (p->header == NULL || p->payload == NULL ||
        cmg__base64url_decode(&p->signature, end + 1, strlen(end + 1)) != CMG_OK)
        return refuse(p, 50027, "JWT token is invalid or malformed.");
    return true;
}

/* ---- the certificate ---- */

/* Some clients write thumbprints in plain base64, padded: that is taken, too. */
static bool same_thumbprint(const char *given, const char *ours)
{
    for (; *ours != '\0'; given++, ours++) {
        const char c = *given == '+' ? '-' : *given == '/' ? '_' : *given;
        if (c != *ours)
            return false;
    }
    return given[strspn(given, "=")] == '\0';
}

static bool is_named(const struct proof *p, const struct cmg__buf *der)
{
    const struct cmg__json *sha1 = cmg__json_key(p->header, "x5t");
    const struct cmg__json *sha256 = cmg__json_key(p->header, "x5t#S256");
    const char *given =
        cmg__str_or(cmg__json_str(sha256 != NULL ? sha256 : sha1, ""), "");
    uint8_t hash[32];
    struct cmg__buf text;
    bool same = false;

    cmg__buf_init(&text, p->call->cloud->alloc, 256);
    if ((sha256 != NULL ? cmg__sha256 : cmg__sha1)(der->data, der->len, hash) == CMG_OK &&
        cmg__base64url_encode(&text, hash, sha256 != NULL ? 32 : 20) == CMG_OK)
        same = same_thumbprint(given, cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return same;
}

static bool take_built_in(const struct proof *p, struct cmg__buf *der)
{
    const char *pem = cmg__sb_fact(p->call->cloud, "_client_certificate");
    const struct cmg__alloc *alloc = p->call->cloud->alloc;
    struct cmg__x509 **list = NULL;
    struct cmg__x509_info info;
    size_t count = 0;

    if (cmg__x509_parse_pem(alloc, pem, strlen(pem), &list, &count, NULL) != CMG_OK)
        return false;
    cmg__x509_info(list[0], &info);
    const bool taken = cmg__buf_add(der, info.der, info.der_len) == CMG_OK;
    cmg__x509_free_list(alloc, list, count);
    return taken && is_named(p, der);
}

static bool take_credential(const struct proof *p, const struct cmg__json *entry,
                            struct cmg__buf *der)
{
    const char *key = cmg__str_or(cmg__json_str(entry, "/key"), "");

    cmg__buf_clear(der);
    return cmg__sb_same(cmg__json_str(entry, "/type"), "AsymmetricX509Cert") &&
           cmg__sb_same(cmg__json_str(entry, "/usage"), "Verify") &&
           cmg__base64_decode(der, key, strlen(key)) == CMG_OK && is_named(p, der);
}

static bool find_certificate(const struct proof *p, struct cmg__buf *der)
{
    const struct cmg__json *list =
        cmg__json_key(p->client->application, "keyCredentials");

    if (p->client->is_built_in)
        return take_built_in(p, der);
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (take_credential(p, cmg__json_item(list, i), der))
            return true;
    }
    return false;
}

static bool is_expired(const struct proof *p, const struct cmg__buf *der)
{
    struct cmg__x509 *cert = NULL;
    struct cmg__x509_info info;
    const struct cmg__sb_cloud *cloud = p->call->cloud;

    if (cmg__x509_parse(cloud->alloc, der->data, der->len, &cert, NULL) != CMG_OK)
        return true;
    cmg__x509_info(cert, &info);
    const bool expired = info.not_after_unix_s < p->call->now_ms / 1000;
    cmg__x509_free(cert);
    return expired;
}

static bool verify(const struct proof *p, const struct cmg__buf *der)
{
    const bool pss =
        strcmp(cmg__str_or(cmg__json_str(p->header, "/alg"), ""), "PS256") == 0;
    const struct cmg__signature_algorithm algorithm = {
        .algorithm = pss ? CMG__OID_RSA_PSS : CMG__OID_RSA_SHA256,
        .hash = CMG__OID_SHA256,
        .salt_len = pss ? 32 : 0,
    };
    struct cmg__buf spki;

    cmg__buf_init(&spki, p->call->cloud->alloc, TEXT_MAX);
    cmg_status rc =
        cmg__key_find_public(p->call->cloud->alloc, der->data, der->len, &spki, NULL);
    if (rc == CMG_OK)
        rc = cmg__key_verify(cmg__span_of(spki.data, spki.len), &algorithm,
                             cmg__span_of(p->token, p->input_len),
                             cmg__span_of(p->signature.data, p->signature.len));
    cmg__buf_done(&spki);
    return rc == CMG_OK;
}

static bool algorithm_is_allowed(const struct proof *p)
{
    const char *alg = cmg__str_or(cmg__json_str(p->header, "/alg"), "");

    if (strcmp(alg, "RS256") == 0 || strcmp(alg, "PS256") == 0)
        return true;
    return refuse(p, 50027,
                  "JWT token is invalid or malformed. The algorithm is not allowed.");
}

static bool check_signature(const struct proof *p)
{
    struct cmg__buf der;
    bool good = false;

    cmg__buf_init(&der, p->call->cloud->alloc, TEXT_MAX);
    if (!find_certificate(p, &der))
        (void)refuse(
            p, 700027,
            "The certificate with identifier used to sign the client assertion "
            "is not registered on application. [Reason - The key was not found.]");
    else if (is_expired(p, &der))
        (void)refuse(p, 7000222, "The provided client certificate is expired.");
    else if (!verify(p, &der))
        (void)refuse(p, 700027, "Client assertion failed signature validation.");
    else
        good = true;
    cmg__buf_done(&der);
    return good;
}

/* ---- the claims ---- */

static bool is_endpoint(const struct cmg__sb_call *call, const char *path)
{
    static const char *const ends[] = { "/oauth2/v2.0/token", "/oauth2/token", "/v2.0",
                                        "/", "" };
    const char *const tenants[] = { cmg__sb_fact(call->cloud, "tenant_id"),
                                    cmg__sb_fact(call->cloud, "domain"),
                                    cmg__sb_arg(call, "tenant") };
    const size_t n = strcspn(path, "/");

    for (size_t i = 0; i < CMG__ARRAY_LEN(tenants); i++) {
        if (strlen(tenants[i]) != n || !cmg__str_ieqn(path, tenants[i], n))
            continue;
        for (size_t k = 0; k < CMG__ARRAY_LEN(ends); k++) {
            if (strcmp(path + n, ends[k]) == 0)
                return true;
        }
    }
    return false;
}

static bool is_for_us(const struct cmg__sb_call *call, const char *audience)
{
    const struct cmg__cloud *names = call->cloud->names;
    const char *const hosts[] = { call->base + strlen("https://"), names->login_host,
                                  names->sts_host };

    if (!cmg__str_istarts(audience, "https://"))
        return false;
    audience += strlen("https://");
    for (size_t i = 0; i < CMG__ARRAY_LEN(hosts); i++) {
        const size_t n = strlen(hosts[i]);
        if (cmg__str_istarts(audience, hosts[i]) && audience[n] == '/' &&
            is_endpoint(call, audience + n + 1))
            return true;
    }
    return false;
}

static bool check_claims(const struct proof *p)
{
    const int64_t now = p->call->now_ms / 1000;
    const int64_t end = cmg__json_whole(p->payload, "/exp", -1);
    const char *issuer = cmg__str_or(cmg__json_str(p->payload, "/iss"), "");
    const char *subject = cmg__str_or(cmg__json_str(p->payload, "/sub"), "");

    if (end < 0)
        return refuse(p, 50027, "JWT token is invalid or malformed. It has no 'exp'.");
    if (!cmg__sb_same(issuer, subject))
        return refuse(p, 50048,
                      "SubjectMismatchesIssuer - Subject mismatches Issuer claim "
                      "in the client assertion.");
    if (!cmg__sb_same(issuer, p->client->id))
        return refuse(p, 700021,
                      "Client assertion application identifier doesn't match "
                      "'client_id' parameter.");
    if (!is_for_us(p->call, cmg__str_or(cmg__json_str(p->payload, "/aud"), "")))
        return refuse(p, 700023,
                      "Client assertion audience claim does not match Realm issuer.");
    if (end + SKEW_S <= now || cmg__json_whole(p->payload, "/nbf", 0) - SKEW_S > now)
        return refuse(p, 700024, "Client assertion is not within its valid time range.");
    return true;
}

/* Others are tokens of an outside issuer. */
static bool names_certificate(const struct proof *p)
{
    return cmg__json_key(p->header, "x5t") != NULL ||
           cmg__json_key(p->header, "x5t#S256") != NULL;
}

bool cmg__sb_assertion_admits(struct cmg__sb_call *call, struct cmg__sb_client *client)
{
    const char *type = cmg__str_or(cmg__sb_form(call, "client_assertion_type"), "");
    struct proof p = { .call = call,
                       .client = client,
                       .token = cmg__str_or(cmg__sb_form(call, "client_assertion"), "") };

    if (strcmp(type, TYPE) != 0)
        return refuse(&p, 50027, "'client_assertion_type' must be '" TYPE "'.");
    cmg__buf_init(&p.signature, call->cloud->alloc, 4096);
    if (take_apart(&p) && algorithm_is_allowed(&p))
        client->has_certificate =
            names_certificate(&p)
                ? check_signature(&p) && check_claims(&p)
                : cmg__sb_federated_admits(call, client, p.token, p.payload);
    cmg__json_unref(p.header);
    cmg__json_unref(p.payload);
    cmg__buf_done(&p.signature);
    return client->has_certificate;
}

/* ---- the built-in application's certificate ---- */

static cmg_status keep(struct cmg__sb_cloud *cloud, const struct cmg__x509 *cert,
                       const struct cmg__key *key)
{
    struct cmg__buf pem;

    cmg__buf_init_secret(&pem, cloud->alloc, TEXT_MAX);
    cmg_status rc = cmg__x509_write_pem(cert, &pem);
    if (rc == CMG_OK)
        cmg__sb_set_str(cloud, cloud->state, "_client_certificate", cmg__buf_cstr(&pem));
    cmg__buf_clear(&pem);
    if (rc == CMG_OK)
        rc = cmg__key_write_pem(key, &pem);
    if (rc == CMG_OK)
        cmg__sb_set_str(cloud, cloud->state, "_client_key", cmg__buf_cstr(&pem));
    cmg__buf_done(&pem);
    cloud->dirty = true;
    return cloud->oom ? CMG_E_NOMEM : rc;
}

cmg_status cmg__sb_client_certificate_make(struct cmg__sb_cloud *cloud, cmg_error **err)
{
    struct cmg__key *key = NULL;
    struct cmg__x509 *cert = NULL;
    const int64_t now = cmg__env_unix_s(cloud->env);

    if (cmg__sb_fact(cloud, "_client_certificate")[0] != '\0')
        return CMG_OK;
    cmg_status rc =
        cmg__key_generate(cloud->alloc, cloud->env, CMG__KEY_RSA, 2048, &key, err);
    const struct cmg__x509_request request = {
        .profile = CMG__PROFILE_CLIENT,
        .common_name = CMG__SB_BUILT_IN_NAME,
        .not_before_unix_s = now - DAY_S,
        .not_after_unix_s = now + CERT_DAYS * DAY_S,
        .key = key,
    };
    if (rc == CMG_OK)
        rc = cmg__x509_issue(cloud->alloc, cloud->env, &request, NULL, NULL, &cert, err);
    if (rc == CMG_OK && keep(cloud, cert, key) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__x509_free(cert);
    cmg__key_free(key);
    return rc == CMG_OK ? cmg__sb_cloud_save(cloud, err) : rc;
}
