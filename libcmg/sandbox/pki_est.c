/*
 * EST (RFC 7030) with Basic authentication. Under a label, requests wait for a decision
 * ("approval") or are refused ("denied"). The listener asks for no client certificates,
 * so a renewal signs in with Basic, too.
 */
#include "sandbox/pki.h"

#include <string.h>

#include "base/base64.h"
#include "crypto/pkcs7.h"
#include "sandbox/router.h"

#define LINE        76
#define RETRY_AFTER "1"
/* SEQUENCE { challengePassword }: what the client is told and may leave out. */
#define WISHES "MAsGCSqGSIb3DQEJBw==\r\n"

static void send(struct cmg__sb_call *call, struct cmg__x509 *cert)
{
    struct cmg__buf der, digits, lines;
    const struct cmg__alloc *alloc = call->cloud->alloc;

    cmg__buf_init(&der, alloc, (size_t)1024 * 1024);
    cmg__buf_init(&digits, alloc, (size_t)2 * 1024 * 1024);
    cmg__buf_init(&lines, alloc, (size_t)3 * 1024 * 1024);
    cmg_status rc = cmg__pkcs7_write(alloc, &cert, 1, &der);
    if (rc == CMG_OK)
        rc = cmg__base64_encode(&digits, der.data, der.len);
    for (size_t at = 0; rc == CMG_OK && at < digits.len; at += LINE)
        rc = cmg__buf_addf(&lines, "%.*s\r\n", LINE, digits.data + at);
    if (rc == CMG_OK) {
        cmg__sb_head(call, "Content-Transfer-Encoding", "base64");
        cmg__sb_reply_bytes(call, 200, "application/pkcs7-mime; smime-type=certs-only",
                            lines.data, lines.len);
    } else {
        call->cloud->oom = true;
    }
    cmg__buf_done(&der);
    cmg__buf_done(&digits);
    cmg__buf_done(&lines);
}

static void get_chain(struct cmg__sb_call *call)
{
    struct cmg__x509 *ca = call->cloud->pki->ca;

    if (ca == NULL)
        cmg__sb_reply_page(call, 404, "text/plain", "there is no authority here");
    else
        send(call, ca);
}

static void get_wishes(struct cmg__sb_call *call)
{
    cmg__sb_head(call, "Content-Transfer-Encoding", "base64");
    cmg__sb_reply_page(call, 200, "application/csrattrs", WISHES);
}

/* The body without white space, decoded. */
static struct cmg__csr *read_request(struct cmg__sb_call *call)
{
    struct cmg__buf digits, der;
    struct cmg__csr *csr = NULL;
    const struct cmg__sb_request *r = call->request;
    cmg_status rc = CMG_OK;

    cmg__buf_init(&digits, call->cloud->alloc, (size_t)256 * 1024);
    cmg__buf_init(&der, call->cloud->alloc, (size_t)256 * 1024);
    for (size_t i = 0; rc == CMG_OK && i < r->body_len; i++) {
        if (strchr(" \t\r\n", r->body[i]) == NULL)
            rc = cmg__buf_add_char(&digits, r->body[i]);
    }
    if (rc == CMG_OK)
        rc = cmg__base64_decode(&der, cmg__buf_cstr(&digits), digits.len);
    if (rc == CMG_OK &&
        cmg__csr_parse(call->cloud->alloc, der.data, der.len, &csr, NULL) != CMG_OK)
        csr = NULL;
    cmg__buf_done(&digits);
    cmg__buf_done(&der);
    return csr;
}

static const struct {
    const char *label;
    enum cmg__sb_disposition disposition;
} labels[] = {
    { "", CMG__SB_ISSUED },
    { "approval", CMG__SB_PENDING },
    { "denied", CMG__SB_DENIED },
};

static void answer(struct cmg__sb_call *call, const struct cmg__sb_pki_request *r)
{
    if (r->disposition == CMG__SB_ISSUED) {
        send(call, r->cert);
    } else if (r->disposition == CMG__SB_PENDING) {
        cmg__sb_head(call, "Retry-After", RETRY_AFTER);
        cmg__sb_reply_page(call, 202, "text/plain", "an administrator has to decide");
    } else {
        cmg__sb_reply_page(call, 400, "text/plain",
                           "the authority does not issue this certificate");
    }
}

static void enrol(struct cmg__sb_call *call)
{
    const char *label = cmg__sb_arg(call, "label");
    const char *type = cmg__sb_header(call, "Content-Type");
    struct cmg__sb_pki *pki = call->cloud->pki;
    size_t i = 0;

    if (!cmg__sb_pki_admits(call))
        return;
    while (i < CMG__ARRAY_LEN(labels) && !cmg__sb_same(labels[i].label, label))
        i++;
    struct cmg__csr *csr = read_request(call);
    if (i == CMG__ARRAY_LEN(labels) || csr == NULL ||
        !cmg__sb_same(type, "application/pkcs10")) {
        cmg__csr_free(csr);
        cmg__sb_reply_page(call, 400, "text/plain", "this is no request for here");
        return;
    }
    /* While it is undecided, the same request is the same one. */
    const struct cmg__sb_pki_request *r =
        labels[i].disposition == CMG__SB_PENDING ? cmg__sb_pki_find_csr(pki, csr) : NULL;
    if (r != NULL)
        cmg__csr_free(csr);
    else
        r = cmg__sb_pki_submit(pki, csr, labels[i].disposition, 0);
    if (r == NULL)
        call->cloud->oom = true;
    else
        answer(call, r);
}

#define EST "/.well-known/est"
static const struct cmg__sb_route items[] = {
    { "GET", EST "/cacerts", get_chain },
    { "GET", EST "/csrattrs", get_wishes },
    { "POST", EST "/simpleenroll", enrol },
    { "POST", EST "/simplereenroll", enrol },
    { "GET", EST "/{label}/cacerts", get_chain },
    { "GET", EST "/{label}/csrattrs", get_wishes },
    { "POST", EST "/{label}/simpleenroll", enrol },
    { "POST", EST "/{label}/simplereenroll", enrol },
};
const struct cmg__sb_routes cmg__sb_pki_est_routes = { items, CMG__ARRAY_LEN(items) };
