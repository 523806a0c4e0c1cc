/*
 * The web enrolment pages of AD CS, as IIS writes them: status 200 in every case, the
 * text in the server's language. Under /certsrv in English, under /certsrv-de in German.
 */
#include "sandbox/pki.h"

#include <string.h>

#include "base/base64.h"
#include "crypto/pem.h"
#include "crypto/pkcs7.h"
#include "sandbox/router.h"

#define HEAD                                                                             \
    "<!DOCTYPE html>\r\n<HTML>\r\n<Head>\r\n<Meta HTTP-Equiv=\"Content-Type\" "          \
    "Content=\"text/html; charset=UTF-8\">\r\n<Title>Microsoft Active Directory "        \
    "Certificate Services</Title>\r\n</Head>\r\n<Body BgColor=#FFFFFF Link=#0000FF "     \
    "VLink=#0000FF ALink=#0000FF><Font ID=locPageFont Face=\"Arial\">\r\n<Table "        \
    "Border=0 CellSpacing=0 CellPadding=4 Width=100%% BgColor=#008080>\r\n<TR><TD>"      \
    "<Font Color=#FFFFFF><LocID ID=locMSCertSrv><B><I>Microsoft</I></B> Active "         \
    "Directory Certificate Services &nbsp;--&nbsp; Sandbox Cloud Authority &nbsp;"       \
    "</LocID></Font></TD></TR>\r\n</Table>\r\n<P ID=locPageTitle> <Font "                \
    "Color=#000000><B> %s </B></Font>\r\n<!-- -->\r\n"
#define TAIL "\r\n</Font>\r\n</Body>\r\n</HTML>\r\n"

enum text {
    WELCOME,
    ISSUED_TITLE,
    ISSUED_TEXT,
    PENDING_TITLE,
    PENDING_TEXT,
    DENIED_TITLE,
    DENIED_TEXT, /* number, disposition message */
    UNDER_SUBMISSION,
    DENIED_BY_POLICY, /* code */
    DENIED_BY_ADMIN,
    ERROR_TITLE,
    ERROR_TEXT,
    TEXTS
};

static const char *const texts[2][TEXTS] = {
    { "Welcome", "Certificate Issued", "The certificate you requested was issued to you.",
      "Certificate Pending",
      "Your certificate request has been received. However, you must wait for an "
      "administrator to issue the certificate you requested.\r\n<P ID=locInfoReqID> Your "
      "Request Id is %u.",
      "Certificate Request Denied",
      "Your certificate request was denied.\r\n<P ID=locInfoReqID> Your Request Id is "
      "%u. The disposition message is &quot;%s&quot;.",
      "Taken Under Submission", "Denied by Policy Module  0x%08lx",
      "Denied by CONTOSO\\administrator", "Error",
      "The request contains no certificate request that can be read. 0x8009310b (ASN: "
      "267)" },
    { "Willkommen", "Zertifikat wurde ausgestellt",
      "Das angeforderte Zertifikat wurde f\xc3\xbcr Sie ausgestellt.",
      "Ausstehendes Zertifikat",
      "Ihre Zertifikatanforderung wurde empfangen. Ein Administrator muss das "
      "angeforderte Zertifikat ausstellen.\r\n<P ID=locInfoReqID> Ihre Anforderungs-ID "
      "lautet %u.",
      "Zertifikatanforderung wurde verweigert",
      "Ihre Zertifikatanforderung wurde verweigert.\r\n<P ID=locInfoReqID> Ihre "
      "Anforderungs-ID lautet %u. Die Dispositionsmeldung ist &quot;%s&quot;.",
      "\xc3\x9c"
      "bermittelt zur weiteren Bearbeitung",
      "Vom Richtlinienmodul verweigert  0x%08lx", "Verweigert von CONTOSO\\administrator",
      "Fehler", "Die Anforderung ist nicht lesbar. 0x8009310b (ASN: 267)" },
};

static const char *const *language_of(const struct cmg__sb_call *call)
{
    return texts[cmg__str_istarts(call->path, "/certsrv-de")];
}

/* A page of a title and a body that is HTML already. */
static void page(struct cmg__sb_call *call, const char *title, const char *body)
{
    char *text = cmg__format(call->cloud->alloc, HEAD "<P> %s" TAIL, title, body);

    cmg__sb_reply_page(call, text == NULL ? 500 : 200, "text/html",
                       cmg__str_or(text, ""));
    cmg__free(call->cloud->alloc, text);
}

/* Formats of the table are known to the compiler only as data. */
static char *fill(const struct cmg__sb_call *call, const char *format, uint32_t id,
                  const char *message)
{
    const struct cmg__alloc *alloc = call->cloud->alloc;
    const char *number = strstr(format, "%u");
    const char *text = strstr(format, "%s");
    int n = number == NULL ? (int)strlen(format) : (int)(number - format);

    if (number == NULL)
        return cmg__strdup(alloc, format);
    if (text == NULL)
        return cmg__format(alloc, "%.*s%u%s", n, format, (unsigned)id, number + 2);
    return cmg__format(alloc, "%.*s%u%.*s%s%s", n, format, (unsigned)id,
                       (int)(text - number - 2), number + 2, message, text + 2);
}

static char *disposition_of(const struct cmg__sb_call *call,
                            const struct cmg__sb_pki_request *r)
{
    const char *const *t = language_of(call);
    const char *format = t[DENIED_BY_POLICY];
    const char *number = strstr(format, "0x%08lx");

    if (r->disposition == CMG__SB_PENDING)
        return cmg__strdup(call->cloud->alloc, t[UNDER_SUBMISSION]);
    if (r->hresult == 0)
        return cmg__strdup(call->cloud->alloc, t[DENIED_BY_ADMIN]);
    return cmg__format(call->cloud->alloc, "%.*s0x%08lx", (int)(number - format), format,
                       (unsigned long)r->hresult);
}

static void answer_submitted(struct cmg__sb_call *call,
                             const struct cmg__sb_pki_request *r)
{
    const char *const *t = language_of(call);
    char *message = disposition_of(call, r);
    char *body = NULL;

    if (r->disposition == CMG__SB_ISSUED)
        body = cmg__format(call->cloud->alloc,
                           "%s\r\n<Script Language=\"JavaScript\">\r\nfunction getCert() "
                           "{\r\nlocation=\"certnew.cer?ReqID=%u&\"+getEncoding();\r\n}"
                           "\r\n</Script>",
                           t[ISSUED_TEXT], (unsigned)r->id);
    else
        body =
            fill(call, t[r->disposition == CMG__SB_PENDING ? PENDING_TEXT : DENIED_TEXT],
                 r->id, cmg__str_or(message, ""));
    page(call,
         t[r->disposition == CMG__SB_ISSUED    ? ISSUED_TITLE
           : r->disposition == CMG__SB_PENDING ? PENDING_TITLE
                                               : DENIED_TITLE],
         cmg__str_or(body, ""));
    cmg__free(call->cloud->alloc, message);
    cmg__free(call->cloud->alloc, body);
}

/* "CertificateTemplate:NAME" in lines of attributes. */
static void template_of(const char *attributes, char out[128])
{
    static const char key[] = "CertificateTemplate:";
    size_t n = 0;

    out[0] = '\0';
    while (attributes != NULL && *attributes != '\0') {
        if (cmg__str_istarts(attributes, key)) {
            attributes += strlen(key);
            while (n + 1 < 128 && attributes[n] != '\0' && attributes[n] != '\r' &&
                   attributes[n] != '\n')
                n++;
            memcpy(out, attributes, n);
            out[n] = '\0';
            return;
        }
        attributes += strcspn(attributes, "\n");
        attributes += *attributes == '\n';
    }
}

static void submit(struct cmg__sb_call *call)
{
    char name[128];
    struct cmg__csr *csr = NULL;
    const char *text = cmg__sb_form(call, "CertRequest");

    if (!cmg__sb_pki_admits(call))
        return;
    template_of(cmg__sb_form(call, "CertAttrib"), name);
    if (text == NULL ||
        cmg__csr_parse(call->cloud->alloc, text, strlen(text), &csr, NULL) != CMG_OK) {
        page(call, language_of(call)[ERROR_TITLE], language_of(call)[ERROR_TEXT]);
        return;
    }
    const struct cmg__sb_pki_template *t = cmg__sb_pki_template(name);
    const struct cmg__sb_pki_request *r = cmg__sb_pki_submit(
        call->cloud->pki, csr, t == NULL ? CMG__SB_DENIED : t->disposition,
        t == NULL ? 0x80094800 : t->hresult);
    if (r == NULL)
        call->cloud->oom = true;
    else
        answer_submitted(call, r);
}

static void answer_undecided(struct cmg__sb_call *call,
                             const struct cmg__sb_pki_request *r)
{
    char *message = disposition_of(call, r);
    char *body = cmg__format(call->cloud->alloc,
                             "Disposition message: %s <P ID=locInfoReqID> ID %u",
                             cmg__str_or(message, ""), (unsigned)r->id);

    page(call, language_of(call)[ERROR_TITLE], cmg__str_or(body, ""));
    cmg__free(call->cloud->alloc, message);
    cmg__free(call->cloud->alloc, body);
}

/* With Enc=b64 the pages call whatever they send a CERTIFICATE. */
static void send(struct cmg__sb_call *call, const char *type, const void *der, size_t n)
{
    struct cmg__buf out;
    cmg_status rc = CMG_OK;

    cmg__buf_init(&out, call->cloud->alloc, (size_t)1024 * 1024);
    rc = cmg__sb_same(cmg__sb_query(call, "Enc"), "b64")
             ? cmg__pem_write(&out, "CERTIFICATE", der, n)
             : cmg__buf_add(&out, der, n);
    if (rc == CMG_OK)
        cmg__sb_reply_bytes(call, 200, type, out.data, out.len);
    else
        call->cloud->oom = true;
    cmg__buf_done(&out);
}

/* NULL: answered already. */
static const struct cmg__x509 *wanted(struct cmg__sb_call *call)
{
    struct cmg__sb_pki *pki = call->cloud->pki;
    const char *id = cmg__sb_query(call, "ReqID");

    if (!cmg__sb_pki_admits(call))
        return NULL;
    if (cmg__sb_same(id, "CACert") && pki->ca != NULL)
        return pki->ca;
    const struct cmg__sb_pki_request *r = cmg__sb_pki_find(pki, id);
    if (r == NULL)
        page(call, language_of(call)[ERROR_TITLE],
             "The request ID does not exist. 0x80070057");
    else if (r->cert == NULL)
        answer_undecided(call, r);
    return r == NULL ? NULL : r->cert;
}

static void get_certificate(struct cmg__sb_call *call)
{
    struct cmg__x509_info info;
    const struct cmg__x509 *cert = wanted(call);

    if (cert == NULL)
        return;
    cmg__x509_info(cert, &info);
    send(call, "application/pkix-cert", info.der, info.der_len);
}

static void get_chain(struct cmg__sb_call *call)
{
    struct cmg__buf der;
    struct cmg__sb_pki *pki = call->cloud->pki;
    const struct cmg__x509 *cert = wanted(call);

    if (cert == NULL)
        return;
    struct cmg__sb_pki_request *r = cmg__sb_pki_find(pki, cmg__sb_query(call, "ReqID"));
    struct cmg__x509 *const both[] = { pki->ca, r == NULL ? NULL : r->cert };
    cmg__buf_init(&der, call->cloud->alloc, (size_t)1024 * 1024);
    if (cmg__pkcs7_write(call->cloud->alloc, both, r == NULL ? 1 : 2, &der) == CMG_OK)
        send(call, "application/x-pkcs7-certificates", der.data, der.len);
    else
        call->cloud->oom = true;
    cmg__buf_done(&der);
}

static void welcome(struct cmg__sb_call *call)
{
    if (cmg__sb_pki_admits(call))
        page(call, language_of(call)[WELCOME], "");
}

static void authority_page(struct cmg__sb_call *call)
{
    if (cmg__sb_pki_admits(call))
        page(call, language_of(call)[WELCOME],
             "<Script Language=\"JavaScript\">\r\nvar nRenewals=0;\r\n</Script>");
}

static const struct cmg__sb_route items[] = {
    { "GET", "/certsrv", welcome },
    { "POST", "/certsrv/certfnsh.asp", submit },
    { "GET", "/certsrv/certnew.cer", get_certificate },
    { "GET", "/certsrv/certnew.p7b", get_chain },
    { "GET", "/certsrv/certcarc.asp", authority_page },
    { "GET", "/certsrv-de", welcome },
    { "POST", "/certsrv-de/certfnsh.asp", submit },
    { "GET", "/certsrv-de/certnew.cer", get_certificate },
    { "GET", "/certsrv-de/certnew.p7b", get_chain },
    { "GET", "/certsrv-de/certcarc.asp", authority_page },
};
const struct cmg__sb_routes cmg__sb_pki_certsrv_routes = { items, CMG__ARRAY_LEN(items) };
