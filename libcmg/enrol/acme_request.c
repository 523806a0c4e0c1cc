/*
 * Requests of ACME: all but two are messages signed by the account's key, each with a
 * nonce that the server gave before and a URL that says where it goes (RFC 8555, 6).
 */
#include "enrol/acme_data.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "crypto/jws.h"

#define BODY_MAX  ((size_t)256 * 1024)
#define NONCE_MAX 512

cmg_status cmg__acme_strange(const struct cmg__acme *m, const char *what, cmg_error **err)
{
    return cmg__fail(err, m->alloc, CMG_E_PROTO, "ACME server",
                     "check that the address is that of an ACME directory",
                     "an answer of the ACME server is not as expected: %s", what);
}

/* Of https, and of the characters that a URL has: it is stored as JSON. */
static bool is_address(const char *url)
{
    struct cmg__url parts;

    for (const char *p = url; *p != '\0'; p++) {
        if (*p <= ' ' || *p >= 0x7f)
            return false;
    }
    return cmg__url_parse(url, &parts) && parts.https;
}

cmg_status cmg__acme_take_url(const struct cmg__acme *m, char **to, const char *url,
                              const char *what, cmg_error **err)
{
    if (url == NULL)
        return cmg__fail(err, m->alloc, CMG_E_PROTO, what,
                         "check that the address is that of an ACME directory",
                         "the ACME server does not tell the address \"%s\"", what);
    if (!is_address(url))
        return cmg__fail(err, m->alloc, CMG_E_PROTO, what, NULL,
                         "the ACME server's address \"%s\" is not one of https", what);
    return cmg__str_assign(m->alloc, to, url) == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* base64url (RFC 8555, 6.5.1); another one is as good as none. */
static bool is_nonce(const char *text)
{
    size_t n = 0;

    for (; text[n] != '\0'; n++) {
        if (!cmg__is_alnum(text[n]) && text[n] != '-' && text[n] != '_')
            return false;
    }
    return n >= 1 && n <= NONCE_MAX;
}

cmg_status cmg__acme_take_nonce(struct cmg__acme *m,
                                const struct cmg__http_response *resp)
{
    const char *nonce = cmg__headers_get(&resp->headers, "Replay-Nonce");

    if (nonce == NULL || !is_nonce(nonce))
        return CMG_OK;
    return cmg__str_assign(m->alloc, &m->nonce, nonce);
}

cmg_status cmg__acme_get(struct cmg__acme *m, struct cmg__enrol_step *step,
                         const char *method, const char *url, cmg_error **err)
{
    step->kind = CMG__ENROL_SEND;
    m->asked_nonce = strcmp(method, "HEAD") == 0;
    return cmg__http_request_set(&step->request, method, url) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

/* NULL when memory ran out. */
static struct cmg__json *new_header(const struct cmg__acme *m, const char *url,
                                    bool by_jwk)
{
    struct cmg__json *header =
        cmg__json_pack("{s:s, s:s, s:s}", "alg", cmg__jws_algorithm(m->key), "nonce",
                       m->nonce, "url", url);

    if (header == NULL)
        return NULL;
    const cmg_status rc = by_jwk ? cmg__json_set(header, "jwk", cmg__json_ref(m->jwk))
                                 : cmg__json_set_str(header, "kid", m->account);
    if (rc != CMG_OK)
        cmg__json_clear(&header);
    return header;
}

static cmg_status sign(const struct cmg__acme *m, const struct cmg__enrol_case *c,
                       struct cmg__json *header, const struct cmg__buf *payload,
                       struct cmg__buf *out, cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init(&text, m->alloc, BODY_MAX);
    cmg_status rc =
        header != NULL ? cmg__json_format(header, CMG__JSON_COMPACT, &text) : CMG_E_NOMEM;
    if (rc == CMG_OK) {
        const struct cmg__jws jws = { cmg__buf_cstr(&text), text.len,
                                      cmg__buf_cstr(payload), payload->len };

        rc = cmg__jws_sign(&jws, m->key, c->env, out, err);
    } else {
        rc = cmg__fail_nomem(err);
    }
    cmg__buf_done(&text);
    return rc;
}

cmg_status cmg__acme_post(struct cmg__acme *m, const struct cmg__enrol_case *c,
                          struct cmg__enrol_step *step, const char *url,
                          const struct cmg__buf *payload, bool by_jwk, cmg_error **err)
{
    struct cmg__json *header = new_header(m, url, by_jwk);

    step->kind = CMG__ENROL_SEND;
    m->asked_nonce = false;
    cmg_status rc = sign(m, c, header, payload, &step->request.body, err);
    cmg__json_unref(header);
    cmg__free(m->alloc, m->nonce);
    m->nonce = NULL;
    if (rc == CMG_OK && (cmg__http_request_set(&step->request, "POST", url) != CMG_OK ||
                         cmg__headers_add(&step->request.headers, "Content-Type",
                                          "application/jose+json") != CMG_OK))
        rc = cmg__fail_nomem(err);
    return rc;
}

/* The account's public key, signed with the secret that the authority handed out. */
static cmg_status bind_text(const struct cmg__acme *m, struct cmg__buf *out)
{
    struct cmg__buf payload;
    struct cmg__buf text;
    struct cmg__json *header = cmg__json_pack("{s:s, s:s, s:s}", "alg", "HS256", "kid",
                                              m->eab_kid, "url", m->new_account);

    cmg__buf_init(&payload, m->alloc, BODY_MAX);
    cmg__buf_init(&text, m->alloc, BODY_MAX);
    cmg_status rc =
        header != NULL ? cmg__json_format(header, CMG__JSON_COMPACT, &text) : CMG_E_NOMEM;
    if (rc == CMG_OK)
        rc = cmg__json_format(m->jwk, CMG__JSON_SORTED, &payload);
    if (rc == CMG_OK) {
        const struct cmg__jws jws = { cmg__buf_cstr(&text), text.len,
                                      cmg__buf_cstr(&payload), payload.len };

        rc = cmg__jws_mac(&jws, m->eab_key.data, m->eab_key.len, out);
    }
    cmg__json_unref(header);
    cmg__buf_done(&text);
    cmg__buf_done(&payload);
    return rc;
}

cmg_status cmg__acme_bind(const struct cmg__acme *m, struct cmg__json **out)
{
    struct cmg__buf message;

    cmg__buf_init(&message, m->alloc, BODY_MAX);
    cmg_status rc = bind_text(m, &message);
    if (rc == CMG_OK)
        rc = cmg__json_parse(m->alloc, "binding", message.data, message.len, out, NULL);
    cmg__buf_done(&message);
    return rc;
}
