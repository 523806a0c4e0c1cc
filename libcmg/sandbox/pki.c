/* See pki.h: requests, what becomes of them, who may make them. */
#include "sandbox/pki.h"

#include <string.h>

#include "base/base64.h"
#include "base/secret.h"

#define DAY_S      ((int64_t)86400)
#define VALID_DAYS 365
#define SKEW_S     600

static const struct cmg__sb_pki_template templates[] = {
    { "WebServer", CMG__SB_ISSUED, 0 },
    { "ApprovedWebServer", CMG__SB_PENDING, 0 },
    { "DeniedWebServer", CMG__SB_DENIED, 0x80094012 },
};

const struct cmg__sb_pki_template *cmg__sb_pki_template(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(templates); i++) {
        if (cmg__sb_same(templates[i].name, name))
            return &templates[i];
    }
    return NULL;
}

/* ---- life ---- */

void cmg__sb_pki_init(struct cmg__sb_pki *pki, const struct cmg__alloc *alloc,
                      const struct cmg__env *env)
{
    *pki = (struct cmg__sb_pki){ .alloc = alloc, .env = env };
}

void cmg__sb_pki_set_ca(struct cmg__sb_pki *pki, struct cmg__x509 *ca,
                        struct cmg__key *key)
{
    pki->ca = ca;
    pki->ca_key = key;
}

void cmg__sb_pki_done(struct cmg__sb_pki *pki)
{
    for (size_t i = 0; i < pki->request_count; i++) {
        cmg__csr_free(pki->requests[i].csr);
        cmg__x509_free(pki->requests[i].cert);
    }
    for (size_t i = 0; i < pki->file_count; i++) {
        cmg__free(pki->alloc, pki->files[i].path);
        cmg__buf_done(&pki->files[i].data);
    }
    cmg__free(pki->alloc, pki->requests);
    cmg__x509_free(pki->ca);
    cmg__key_free(pki->ca_key);
    cmg__sb_pki_init(pki, pki->alloc, pki->env);
}

/* ---- issuing ---- */

/* The texts of one kind of name, NULL-terminated. */
static void collect(const struct cmg__csr *csr, enum cmg__gn_kind kind,
                    const char *out[CMG__NAMES_MAX + 1])
{
    size_t n = 0;

    for (size_t i = 0; i < csr->name_count && n < CMG__NAMES_MAX; i++) {
        if (csr->names[i].kind == kind)
            out[n++] = csr->names[i].text;
    }
    out[n] = NULL;
}

static struct cmg__x509 *issue(const struct cmg__sb_pki *pki, const struct cmg__csr *csr)
{
    const char *dns[CMG__NAMES_MAX + 1];
    const char *addresses[CMG__NAMES_MAX + 1];
    struct cmg__x509_template web = *cmg__x509_builtin(CMG__PROFILE_WEB_SERVER);
    struct cmg__x509 *cert = NULL;
    const int64_t now = cmg__env_unix_s(pki->env);

    web.allows_ec = true;
    web.ec_bits_min = 256;
    collect(csr, CMG__GN_KIND_DNS, dns);
    collect(csr, CMG__GN_KIND_IP, addresses);
    const struct cmg__x509_request request = {
        .template = &web,
        .common_name = csr->common_name[0] != '\0' ? csr->common_name : NULL,
        .dns_names = dns,
        .ip_addresses = addresses,
        .not_before_unix_s = now - SKEW_S,
        .not_after_unix_s = now + VALID_DAYS * DAY_S,
        .spki = csr->spki,
    };
    if (pki->ca == NULL || cmg__x509_issue(pki->alloc, pki->env, &request, pki->ca,
                                           pki->ca_key, &cert, NULL) != CMG_OK)
        return NULL;
    return cert;
}

static bool make_room(struct cmg__sb_pki *pki)
{
    struct cmg__sb_pki_request *more = NULL;

    if (pki->request_count == CMG__SB_PKI_REQUESTS)
        return false;
    more = cmg__realloc(pki->alloc, pki->requests,
                        (pki->request_count + 1) * sizeof *pki->requests);
    if (more != NULL)
        pki->requests = more;
    return more != NULL;
}

struct cmg__sb_pki_request *cmg__sb_pki_submit(struct cmg__sb_pki *pki,
                                               struct cmg__csr *csr,
                                               enum cmg__sb_disposition disposition,
                                               uint32_t hresult)
{
    struct cmg__sb_pki_request fresh = {
        .id = (uint32_t)pki->request_count + 1,
        .disposition = disposition,
        .hresult = hresult,
        .csr = csr,
    };

    if (cmg__sha256_hex(csr->der, csr->der_len, fresh.csr_sha256) != CMG_OK ||
        !make_room(pki)) {
        cmg__csr_free(csr);
        return NULL;
    }
    if (disposition == CMG__SB_ISSUED)
        fresh.cert = issue(pki, csr);
    if (disposition == CMG__SB_ISSUED && fresh.cert == NULL) {
        fresh.disposition = CMG__SB_DENIED;
        fresh.hresult = 0x80094811;
    }
    pki->requests[pki->request_count++] = fresh;
    return &pki->requests[pki->request_count - 1];
}

struct cmg__sb_pki_request *cmg__sb_pki_find(struct cmg__sb_pki *pki, const char *id)
{
    uint64_t number = 0;

    if (id == NULL || !cmg__parse_u64(id, strlen(id), &number) || number == 0 ||
        number > pki->request_count)
        return NULL;
    return &pki->requests[number - 1];
}

struct cmg__sb_pki_request *cmg__sb_pki_find_csr(struct cmg__sb_pki *pki,
                                                 const struct cmg__csr *csr)
{
    char sum[65];

    if (cmg__sha256_hex(csr->der, csr->der_len, sum) != CMG_OK)
        return NULL;
    for (size_t i = pki->request_count; i > 0; i--) {
        if (strcmp(pki->requests[i - 1].csr_sha256, sum) == 0)
            return &pki->requests[i - 1];
    }
    return NULL;
}

bool cmg__sb_pki_decide(struct cmg__sb_pki *pki, struct cmg__sb_pki_request *request,
                        bool approve)
{
    if (request->disposition != CMG__SB_PENDING)
        return false;
    if (approve)
        request->cert = issue(pki, request->csr);
    if (approve && request->cert == NULL)
        return false;
    request->disposition = approve ? CMG__SB_ISSUED : CMG__SB_DENIED;
    return true;
}

/* ---- who may ---- */

static bool is_right(const struct cmg__sb_cloud *cloud, const struct cmg__buf *pair)
{
    const char *user = cmg__sb_fact(cloud, "client_id");
    const char *secret = cmg__sb_fact(cloud, "client_secret");
    const size_t n = strlen(user);

    return pair->len == n + 1 + strlen(secret) &&
           cmg__str_ieqn(cmg__buf_cstr(pair), user, n) && pair->data[n] == ':' &&
           cmg__memeq_const_time(pair->data + n + 1, secret, strlen(secret));
}

bool cmg__sb_pki_admits(struct cmg__sb_call *call)
{
    const char *field = cmg__sb_header(call, "Authorization");
    struct cmg__buf pair;
    bool good = false;

    cmg__buf_init_secret(&pair, call->cloud->alloc, 4096);
    if (field != NULL && cmg__str_istarts(field, "Basic ") &&
        cmg__base64_decode(&pair, field + 6, strlen(field + 6)) == CMG_OK)
        good = is_right(call->cloud, &pair);
    cmg__buf_done(&pair);
    if (good)
        return true;
    cmg__sb_head(call, "WWW-Authenticate", "Basic realm=\"" CMG__SB_PKI_HOST "\"");
    cmg__sb_reply_page(call, 401, "text/html",
                       "<html><body>401 - Unauthorized: Access is denied due to invalid "
                       "credentials.</body></html>");
    return false;
}
