/*
 * AD CS web enrolment. The request is posted once; its number comes back; the certificate
 * is fetched under the number, the chain after it.
 *
 *   stage    request                         goes to
 *   -----------------------------------------------------------------------
 *   NEW      POST certfnsh.asp               ISSUED, PENDING; DENIED
 *   PENDING  wait, GET certnew.cer           ISSUED, PENDING; DENIED
 *   ISSUED   GET certnew.cer                 CHAIN
 *   CHAIN    GET certnew.p7b                 DONE, with or without it
 *   DENIED   none                            the end
 *
 * Posting is not idempotent: each makes another certificate. So an answer that is lost
 * leaves one behind that nobody has; the request is posted again and this is counted.
 */
#include "enrol/certsrv.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "crypto/pem.h"
#include "crypto/pkcs7.h"
#include "enrol/certsrv_page.h"

#define POLL_MS      60000
#define TEMPLATE_MAX 128
#define LOST_MAX     2 /* how often in a row an answer may be lost */
#define WHO          "web enrolment server"
/* Without it the certificate comes with a wrong content type. */
#define AGENT "Mozilla/5.0 (compatible; libcmg)"

enum stage { NEW, PENDING, ASKING, ISSUED, CHAIN, DONE, DENIED, STAGES };

static const char *const stage_names[STAGES] = {
    [NEW] = "new",      [PENDING] = "pending", [ASKING] = "pending", [ISSUED] = "issued",
    [CHAIN] = "issued", [DONE] = "issued",     [DENIED] = "denied",
};

struct certsrv {
    struct cmg__enrol_method base; /* first */
    const struct cmg__alloc *alloc;
    char *base_url; /* ends with '/' */
    char *template_name;
    enum stage stage;
    uint32_t hresult; /* DENIED */
    int64_t wait_ms;  /* PENDING */
    unsigned lost;
    struct cmg__x509_chain certs; /* what was fetched so far */
};

static struct certsrv *of(struct cmg__enrol_method *m)
{
    return (void *)m; /* base is its first member */
}

/* ---- requests ---- */

static cmg_status set_request(const struct certsrv *s, struct cmg__enrol_step *step,
                              const char *method, const char *page, cmg_error **err)
{
    char *url = cmg__format(s->alloc, "%s%s", s->base_url, page);
    cmg_status rc =
        url == NULL ? CMG_E_NOMEM : cmg__http_request_set(&step->request, method, url);

    cmg__free(s->alloc, url);
    if (rc == CMG_OK)
        rc = cmg__headers_add(&step->request.headers, "User-Agent", AGENT);
    step->kind = CMG__ENROL_SEND;
    step->with_credentials = true;
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status write_form(const struct certsrv *s, const struct cmg__enrol_case *c,
                             struct cmg__buf *form)
{
    struct cmg__buf pem;
    char *attributes =
        cmg__format(s->alloc, "CertificateTemplate:%s\r\n", s->template_name);

    cmg__buf_init(&pem, s->alloc, 4 * c->csr.len + 256);
    cmg_status rc = attributes == NULL ? CMG_E_NOMEM
                                       : cmg__pem_write(&pem, "CERTIFICATE REQUEST",
                                                        c->csr.data, c->csr.len);
    const struct {
        const char *name;
        const char *value;
    } fields[] = {
        { "Mode", "newreq" },         { "CertRequest", cmg__buf_cstr(&pem) },
        { "CertAttrib", attributes }, { "FriendlyType", "Saved-Request Certificate" },
        { "TargetStoreFlags", "0" },  { "SaveCert", "yes" },
    };
    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(fields); i++)
        rc = cmg__form_add(form, fields[i].name, fields[i].value);
    cmg__buf_done(&pem);
    cmg__free(s->alloc, attributes);
    return rc;
}

static cmg_status ask_submit(struct certsrv *s, struct cmg__enrol_case *c,
                             struct cmg__enrol_step *step, cmg_error **err)
{
    cmg_status rc = set_request(s, step, "POST", "certfnsh.asp", err);

    step->once = true;
    if (rc == CMG_OK &&
        (cmg__headers_add(&step->request.headers, "Content-Type",
                          "application/x-www-form-urlencoded") != CMG_OK ||
         write_form(s, c, &step->request.body) != CMG_OK))
        rc = cmg__fail_nomem(err);
    return rc;
}

/* The chain in binary: in base64, the pages put PKCS#7 into a block called CERTIFICATE.
 */
static cmg_status ask_file(struct certsrv *s, struct cmg__enrol_case *c,
                           struct cmg__enrol_step *step, cmg_error **err)
{
    const bool chain = s->stage == CHAIN;
    char *page = cmg__format(s->alloc, "certnew.%s?ReqID=%s&Enc=%s",
                             chain ? "p7b" : "cer", c->request_id, chain ? "bin" : "b64");

    if (page == NULL)
        return cmg__fail_nomem(err);
    step->pending = s->stage == ASKING;
    cmg_status rc = set_request(s, step, "GET", page, err);
    cmg__free(s->alloc, page);
    return rc;
}

static cmg_status wait(struct certsrv *s, struct cmg__enrol_case *c,
                       struct cmg__enrol_step *step, cmg_error **err)
{
    (void)c;
    (void)err;
    step->kind = CMG__ENROL_WAIT;
    step->pending = true;
    step->wait_ms = s->wait_ms;
    s->stage = ASKING;
    return CMG_OK;
}

static cmg_status give(struct certsrv *s, struct cmg__enrol_case *c,
                       struct cmg__enrol_step *step, cmg_error **err)
{
    (void)c;
    (void)err;
    step->kind = CMG__ENROL_ISSUED;
    step->certs = s->certs.items;
    step->cert_count = s->certs.count;
    cmg__x509_chain_init(&s->certs, s->alloc);
    s->stage = ISSUED;
    return CMG_OK;
}

static cmg_status refuse(struct certsrv *s, struct cmg__enrol_case *c,
                         struct cmg__enrol_step *step, cmg_error **err)
{
    const struct cmg__certsrv_code *code = cmg__certsrv_code_find(s->hresult);
    char number[16];

    (void)step;
    (void)snprintf(number, sizeof number, "0x%08lx", (unsigned long)s->hresult);
    const struct cmg__error_info info = {
        .code = CMG_E_DENIED,
        .origin = CMG_ORIGIN_SERVICE,
        .origin_number = (int64_t)s->hresult,
        .service_code = s->hresult != 0 ? number : NULL,
        .subject = s->template_name,
        .cause = code->cause,
        .remedy = code->remedy,
    };
    return cmg__error_set(err, s->alloc, &info, "the authority denied request %s%s%s%s",
                          c->request_id[0] != '\0' ? c->request_id : "without a number",
                          s->hresult != 0 ? ": " : "", s->hresult != 0 ? number : "",
                          code->name[0] != '\0' ? code->name : "");
}

static cmg_status (*const asks[STAGES])(struct certsrv *s, struct cmg__enrol_case *c,
                                        struct cmg__enrol_step *step, cmg_error **err) = {
    [NEW] = ask_submit, [PENDING] = wait, [ASKING] = ask_file, [ISSUED] = ask_file,
    [CHAIN] = ask_file, [DONE] = give,    [DENIED] = refuse,
};

static cmg_status next(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       struct cmg__enrol_step *step, cmg_error **err)
{
    struct certsrv *s = of(m);

    return asks[s->stage](s, c, step, err);
}

/* ---- answers ---- */

/* Sign-in that never succeeds has one cause that nothing on the page tells. */
static cmg_status unauthorised(const struct certsrv *s,
                               const struct cmg__http_response *resp, cmg_error **err)
{
    const struct cmg__error_info info = {
        .code = CMG_E_AUTH,
        .origin = CMG_ORIGIN_HTTP,
        .origin_number = resp->status,
        .subject = s->base_url,
        .cause = "the user, the password or the ticket is wrong, or the server requires "
                 "Extended Protection (channel binding) for NTLM and Negotiate, which "
                 "libcurl cannot give before 8.10 and without GSS-API over OpenSSL",
        .remedy = "check them; against Extended Protection use Basic over TLS, a newer "
                  "libcurl, or hand-over files",
    };
    return cmg__error_set(err, s->alloc, &info,
                          "the " WHO " refuses the sign-in (HTTP status 401)");
}

static cmg_status check_status(const struct certsrv *s, const struct cmg__enrol_case *c,
                               const struct cmg__http_response *resp, cmg_error **err)
{
    if (resp->status == 200)
        return CMG_OK;
    if (resp->status == 401)
        return unauthorised(s, resp, err);
    return cmg__enrol_http_error(c, WHO, resp, err);
}

static cmg_status not_working(const struct certsrv *s,
                              const struct cmg__certsrv_code *code, cmg_error **err)
{
    const struct cmg__error_info info = {
        .code = CMG_E_IO,
        .retry = CMG_RETRY_LATER,
        .origin = CMG_ORIGIN_SERVICE,
        .origin_number = (int64_t)code->hresult,
        .service_code = code->name,
        .subject = s->base_url,
        .cause = code->cause,
        .remedy = code->remedy,
    };
    return cmg__error_set(err, s->alloc, &info,
                          "the certification authority does not work just now");
}

/* Whether it was carried out cannot be told from such a page. */
static cmg_status not_understood(struct certsrv *s, struct cmg__enrol_case *c,
                                 cmg_error **err)
{
    if (s->stage == NEW)
        c->orphans++;
    return cmg__fail(
        err, s->alloc, CMG_E_PROTO, s->base_url,
        "check that the address leads to the certsrv pages, and look for the "
        "request in the authority's console",
        "the " WHO "'s page is not understood: \"%.200s\"", c->message);
}

/* A page instead of a file, or after a post. */
static cmg_status take_page(struct certsrv *s, struct cmg__enrol_case *c,
                            const struct cmg__http_response *resp, cmg_error **err)
{
    struct cmg__certsrv_page page;

    cmg__certsrv_page_read(cmg__buf_cstr(&resp->body), resp->body.len, &page);
    const struct cmg__certsrv_code *code = cmg__certsrv_code_find(page.hresult);
    memcpy(c->message, page.message, sizeof c->message);
    if (page.hresult != 0 && code->later)
        return not_working(s, code, err);
    if (s->stage == NEW)
        memcpy(c->request_id, page.request_id, sizeof page.request_id);
    /* A link to the certificate where the certificate should be leads nowhere. */
    if (page.verdict == CMG__CERTSRV_UNKNOWN ||
        (page.verdict == CMG__CERTSRV_ISSUED && s->stage != NEW) ||
        (page.verdict != CMG__CERTSRV_DENIED && c->request_id[0] == '\0'))
        return not_understood(s, c, err);
    s->hresult = page.hresult;
    s->wait_ms = cmg__enrol_poll_ms(c, resp, POLL_MS);
    s->stage = page.verdict == CMG__CERTSRV_DENIED   ? DENIED
               : page.verdict == CMG__CERTSRV_ISSUED ? ISSUED
                                                     : PENDING;
    return CMG_OK;
}

static cmg_status take_certificate(struct certsrv *s,
                                   const struct cmg__http_response *resp, cmg_error **err)
{
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    cmg_status rc = cmg__x509_parse_pem(s->alloc, cmg__buf_cstr(&resp->body),
                                        resp->body.len, &list, &count, err);

    if (rc != CMG_OK)
        return rc;
    cmg__x509_chain_done(&s->certs);
    s->certs.items = list;
    s->certs.count = count;
    s->stage = CHAIN;
    return CMG_OK;
}

static bool is_certificate(const struct cmg__http_response *resp)
{
    return strstr(cmg__buf_cstr(&resp->body), "-----BEGIN CERTIFICATE-----") != NULL;
}

/* The chain is welcome; without it the certificate is as good. */
static cmg_status take_chain(struct certsrv *s, const struct cmg__http_response *resp,
                             cmg_error **err)
{
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    cmg_status rc = resp->status != 200
                        ? CMG_E_NOTFOUND
                        : cmg__pkcs7_parse(s->alloc, cmg__buf_cstr(&resp->body),
                                           resp->body.len, &list, &count, NULL);

    s->stage = DONE;
    for (size_t i = 0; i < count && rc == CMG_OK; i++) {
        rc = cmg__x509_chain_take(&s->certs, list[i], NULL);
        list[i] = NULL;
    }
    cmg__x509_free_list(s->alloc, list, count);
    return rc == CMG_E_NOMEM ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status read(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       const struct cmg__http_response *resp, cmg_error **err)
{
    struct certsrv *s = of(m);

    if (s->stage == CHAIN)
        return take_chain(s, resp, err);
    cmg_status rc = check_status(s, c, resp, err);
    if (rc != CMG_OK)
        return rc;
    if (s->stage != NEW && is_certificate(resp))
        return take_certificate(s, resp, err);
    rc = take_page(s, c, resp, err);
    if (rc == CMG_OK)
        s->lost = 0;
    return rc;
}

static cmg_status lost(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       cmg_error **err)
{
    struct certsrv *s = of(m);

    c->orphans++;
    if (s->lost++ < LOST_MAX)
        return CMG_OK;
    return cmg__fail(err, s->alloc, CMG_E_IO, s->base_url,
                     "look for the requests in the authority's console before going on",
                     "the answer of the " WHO " was lost %d times in a row",
                     LOST_MAX + 1);
}

/* ---- state ---- */

static cmg_status save(const struct cmg__enrol_method *m, struct cmg__json *object)
{
    const struct certsrv *s = (const void *)m;
    cmg_status rc = cmg__json_set_str(object, "stage", stage_names[s->stage]);

    if (rc == CMG_OK)
        rc = cmg__json_set(object, "hresult", cmg__json_integer((int64_t)s->hresult));
    return rc;
}

static cmg_status load(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       const struct cmg__json *object)
{
    static const enum stage begins[] = { NEW, ASKING, ISSUED, DENIED };
    struct certsrv *s = of(m);
    const char *stage = cmg__str_or(cmg__json_str(object, "/stage"), "");
    const int64_t hresult = cmg__json_int(object, "/hresult", -1);

    if (hresult < 0 || hresult > UINT32_MAX)
        return CMG_E_PARSE;
    for (size_t i = 0; i < CMG__ARRAY_LEN(begins); i++) {
        if (strcmp(stage, stage_names[begins[i]]) != 0)
            continue;
        s->stage = begins[i];
        s->hresult = (uint32_t)hresult;
        return s->stage == NEW || s->stage == DENIED || c->request_id[0] != '\0'
                   ? CMG_OK
                   : CMG_E_PARSE;
    }
    return CMG_E_PARSE;
}

static void release(struct cmg__enrol_method *m, const struct cmg__alloc *alloc)
{
    struct certsrv *s = of(m);

    cmg__x509_chain_done(&s->certs);
    cmg__free(alloc, s->base_url);
    cmg__free(alloc, s->template_name);
    cmg__free(alloc, s);
}

static const struct cmg__enrol_ops ops = {
    .name = "certsrv",
    .next = next,
    .read = read,
    .lost = lost,
    .save = save,
    .load = load,
    .free = release,
};

/* ---- making ---- */

static bool is_name(const char *s)
{
    size_t n = 0;

    while (n <= TEMPLATE_MAX && (unsigned char)s[n] >= ' ' && s[n] != 0x7f &&
           s[n] != ':' && s[n] != '"' && s[n] != '&')
        n++;
    return n > 0 && n <= TEMPLATE_MAX && s[n] == '\0';
}

cmg_status cmg__certsrv_new(const struct cmg__alloc *alloc, const char *url,
                            const char *template_name, struct cmg__enrol_method **out,
                            cmg_error **err)
{
    if (template_name == NULL || !is_name(template_name))
        return cmg__fail(err, alloc, CMG_E_INVAL, "template",
                         "use the template's name, not its display name",
                         "a template name has 1 to %d characters and no : \" &",
                         TEMPLATE_MAX);
    struct certsrv *s = cmg__alloc0(alloc, sizeof *s);
    if (s == NULL)
        return cmg__fail_nomem(err);
    s->base.ops = &ops;
    s->alloc = alloc;
    cmg__x509_chain_init(&s->certs, alloc);
    s->template_name = cmg__strdup(alloc, template_name);
    cmg_status rc = s->template_name == NULL ? cmg__fail_nomem(err) : CMG_OK;
    if (rc == CMG_OK)
        rc = cmg__enrol_base_url(alloc, url, "/certsrv", &s->base_url, err);
    if (rc == CMG_OK)
        *out = &s->base;
    else
        release(&s->base, alloc);
    return rc;
}
