/*
 * EST. What the server would like to see and its chain are asked for first, so that the
 * answer to the request is the end of it.
 *
 *   stage    request                              goes to
 *   --------------------------------------------------------------------------
 *   WISHES   GET csrattrs                         CHAIN, whatever the answer
 *   CHAIN    GET cacerts                          NEW, with or without it
 *   NEW      POST simpleenroll or simplereenroll  ISSUED (200), PENDING (202); DENIED
 *   PENDING  wait, the same POST                  ISSUED, PENDING; DENIED
 *   ISSUED   none                                 the end
 *   DENIED   none                                 the end
 *
 * While a request is pending, the same one is sent again (RFC 7030, 4.2.3); the server
 * knows it by its content, so this makes no second one.
 */
#include "enrol/est.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "crypto/pkcs7.h"
#include "enrol/html.h"

#define POLL_MS  30000
#define LOST_MAX 2
#define WHO      "EST server"
#define LINE     64 /* characters of base64 in a line */

enum stage { WISHES, CHAIN, NEW, PENDING, ASKING, ISSUED, DENIED, STAGES };

static const char *const stage_names[STAGES] = {
    [WISHES] = "new",     [CHAIN] = "new",     [NEW] = "new",       [PENDING] = "pending",
    [ASKING] = "pending", [ISSUED] = "issued", [DENIED] = "denied",
};

struct est {
    struct cmg__enrol_method base; /* first */
    const struct cmg__alloc *alloc;
    char *base_url;
    bool renew;
    enum stage stage;
    int64_t wait_ms;
    unsigned lost;
    struct cmg__x509_chain issued;
    struct cmg__x509_chain chain;
};

static struct est *of(struct cmg__enrol_method *m)
{
    return (void *)m; /* base is its first member */
}

/* ---- requests ---- */

static cmg_status set_request(const struct est *s, struct cmg__enrol_step *step,
                              const char *method, const char *operation, cmg_error **err)
{
    char *url = cmg__format(s->alloc, "%s%s", s->base_url, operation);
    cmg_status rc =
        url == NULL ? CMG_E_NOMEM : cmg__http_request_set(&step->request, method, url);

    cmg__free(s->alloc, url);
    step->kind = CMG__ENROL_SEND;
    step->with_credentials = true;
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status ask_wishes(struct est *s, struct cmg__enrol_case *c,
                             struct cmg__enrol_step *step, cmg_error **err)
{
    (void)c;
    return set_request(s, step, "GET", "csrattrs", err);
}

static cmg_status ask_chain(struct est *s, struct cmg__enrol_case *c,
                            struct cmg__enrol_step *step, cmg_error **err)
{
    (void)c;
    return set_request(s, step, "GET", "cacerts", err);
}

static cmg_status write_body(const struct cmg__enrol_case *c, struct cmg__buf *body)
{
    struct cmg__buf digits;

    cmg__buf_init(&digits, c->alloc, 2 * c->csr.len + 8);
    cmg_status rc = cmg__base64_encode(&digits, c->csr.data, c->csr.len);
    for (size_t at = 0; rc == CMG_OK && at < digits.len; at += LINE) {
        const size_t left = digits.len - at;
        rc = cmg__buf_add(body, digits.data + at, left < LINE ? left : LINE);
        if (rc == CMG_OK)
            rc = cmg__buf_add_str(body, "\r\n");
    }
    cmg__buf_done(&digits);
    return rc;
}

static cmg_status ask_enrol(struct est *s, struct cmg__enrol_case *c,
                            struct cmg__enrol_step *step, cmg_error **err)
{
    cmg_status rc =
        set_request(s, step, "POST", s->renew ? "simplereenroll" : "simpleenroll", err);

    step->once = s->stage == NEW;
    step->pending = s->stage == ASKING;
    if (rc != CMG_OK)
        return rc;
    rc = cmg__headers_add(&step->request.headers, "Content-Type", "application/pkcs10");
    if (rc == CMG_OK)
        rc = cmg__headers_add(&step->request.headers, "Content-Transfer-Encoding",
                              "base64");
    if (rc == CMG_OK)
        rc = write_body(c, &step->request.body);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status wait(struct est *s, struct cmg__enrol_case *c,
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

/* What was issued, and the chain behind it, as one heap. */
static cmg_status give(struct est *s, struct cmg__enrol_case *c,
                       struct cmg__enrol_step *step, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    (void)c;
    for (size_t i = 0; i < s->chain.count && rc == CMG_OK; i++) {
        rc = cmg__x509_chain_take(&s->issued, s->chain.items[i], err);
        s->chain.items[i] = NULL;
    }
    cmg__x509_chain_done(&s->chain);
    if (rc != CMG_OK)
        return rc;
    step->kind = CMG__ENROL_ISSUED;
    step->certs = s->issued.items;
    step->cert_count = s->issued.count;
    cmg__x509_chain_init(&s->issued, s->alloc);
    return CMG_OK;
}

static cmg_status refuse(struct est *s, struct cmg__enrol_case *c,
                         struct cmg__enrol_step *step, cmg_error **err)
{
    (void)step;
    return cmg__fail(err, s->alloc, CMG_E_DENIED, s->base_url,
                     "ask the authority's administrator; compare the request with what "
                     "the server would like to see",
                     "the " WHO " denied the request%s%.300s",
                     c->message[0] != '\0' ? ": " : "", c->message);
}

static cmg_status (*const asks[STAGES])(struct est *s, struct cmg__enrol_case *c,
                                        struct cmg__enrol_step *step, cmg_error **err) = {
    [WISHES] = ask_wishes, [CHAIN] = ask_chain, [NEW] = ask_enrol, [PENDING] = wait,
    [ASKING] = ask_enrol,  [ISSUED] = give,     [DENIED] = refuse,
};

static cmg_status next(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       struct cmg__enrol_step *step, cmg_error **err)
{
    struct est *s = of(m);

    return asks[s->stage](s, c, step, err);
}

/* ---- answers ---- */

/* Both are a help, not a need: only what will not get better on the way is an end. */
static cmg_status is_fatal(const struct est *s, const struct cmg__enrol_case *c,
                           const struct cmg__http_response *resp, cmg_error **err)
{
    (void)s;
    if (resp->status == 401 || resp->status == 503 || resp->status == 429)
        return cmg__enrol_http_error(c, WHO, resp, err);
    return CMG_OK;
}

static cmg_status read_wishes(struct est *s, struct cmg__enrol_case *c,
                              const struct cmg__http_response *resp, cmg_error **err)
{
    cmg_status rc = is_fatal(s, c, resp, err);

    if (rc != CMG_OK)
        return rc;
    if (resp->status == 200)
        (void)cmg__est_attributes(s->alloc, cmg__buf_cstr(&resp->body), resp->body.len,
                                  c->message, sizeof c->message);
    s->stage = CHAIN;
    return CMG_OK;
}

static cmg_status parse(const struct est *s, const struct cmg__http_response *resp,
                        struct cmg__x509_chain *out, cmg_error **err)
{
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    cmg_status rc = cmg__pkcs7_parse(s->alloc, cmg__buf_cstr(&resp->body), resp->body.len,
                                     &list, &count, err);

    if (rc != CMG_OK)
        return rc;
    cmg__x509_chain_done(out);
    out->items = list;
    out->count = count;
    return CMG_OK;
}

static cmg_status read_chain(struct est *s, struct cmg__enrol_case *c,
                             const struct cmg__http_response *resp, cmg_error **err)
{
    cmg_status rc = is_fatal(s, c, resp, err);

    if (rc != CMG_OK)
        return rc;
    if (resp->status == 200)
        rc = parse(s, resp, &s->chain, NULL);
    s->stage = NEW;
    return rc == CMG_E_NOMEM ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status issued(struct est *s, struct cmg__enrol_case *c,
                         const struct cmg__http_response *resp, cmg_error **err)
{
    cmg_status rc = parse(s, resp, &s->issued, err);

    if (rc == CMG_OK)
        s->stage = ISSUED;
    else if (s->stage == NEW)
        c->orphans++; /* a certificate may be in what cannot be read */
    return rc;
}

static cmg_status read_enrol(struct est *s, struct cmg__enrol_case *c,
                             const struct cmg__http_response *resp, cmg_error **err)
{
    if (resp->status == 200)
        return issued(s, c, resp, err);
    if (resp->status == 202) {
        s->wait_ms = cmg__enrol_poll_ms(c, resp, POLL_MS);
        s->stage = PENDING;
        return CMG_OK;
    }
    if (resp->status == 400 || resp->status == 403 || resp->status == 422) {
        cmg__html_text(cmg__buf_cstr(&resp->body), resp->body.len, c->message,
                       sizeof c->message);
        s->stage = DENIED;
        return CMG_OK;
    }
    return cmg__enrol_http_error(c, WHO, resp, err);
}

static cmg_status read(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       const struct cmg__http_response *resp, cmg_error **err)
{
    struct est *s = of(m);

    if (s->stage == WISHES)
        return read_wishes(s, c, resp, err);
    if (s->stage == CHAIN)
        return read_chain(s, c, resp, err);
    return read_enrol(s, c, resp, err);
}

static cmg_status lost(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       cmg_error **err)
{
    struct est *s = of(m);

    c->orphans++;
    if (s->lost++ < LOST_MAX)
        return CMG_OK;
    return cmg__fail(err, s->alloc, CMG_E_IO, s->base_url,
                     "find out from the authority what it issued before going on",
                     "the answer of the " WHO " was lost %d times in a row",
                     LOST_MAX + 1);
}

/* ---- state ---- */

/* What was issued is kept: asked again, the server would issue another. */
static cmg_status save_chain(const struct est *s, const struct cmg__x509_chain *chain,
                             const char *member, struct cmg__json *object)
{
    struct cmg__buf pem;
    cmg_status rc = CMG_OK;

    cmg__buf_init(&pem, s->alloc, (size_t)1024 * 1024);
    for (size_t i = 0; i < chain->count && rc == CMG_OK; i++)
        rc = cmg__x509_write_pem(chain->items[i], &pem);
    if (rc == CMG_OK && chain->count > 0)
        rc = cmg__json_set_str(object, member, cmg__buf_cstr(&pem));
    cmg__buf_done(&pem);
    return rc;
}

static cmg_status save(const struct cmg__enrol_method *m, struct cmg__json *object)
{
    const struct est *s = (const void *)m;
    cmg_status rc = cmg__json_set_str(object, "stage", stage_names[s->stage]);

    if (rc == CMG_OK)
        rc = save_chain(s, &s->issued, "issued", object);
    if (rc == CMG_OK)
        rc = save_chain(s, &s->chain, "chain", object);
    return rc;
}

static cmg_status load_chain(struct est *s, const struct cmg__json *object,
                             const char *path, struct cmg__x509_chain *out)
{
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    const char *pem = cmg__json_str(object, path);

    cmg__x509_chain_done(out);
    if (pem == NULL)
        return CMG_OK;
    const cmg_status rc =
        cmg__x509_parse_pem(s->alloc, pem, strlen(pem), &list, &count, NULL);
    if (rc != CMG_OK)
        return rc == CMG_E_NOMEM ? rc : CMG_E_PARSE;
    out->items = list;
    out->count = count;
    return CMG_OK;
}

static cmg_status load(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       const struct cmg__json *object)
{
    static const enum stage begins[] = { WISHES, ASKING, ISSUED, DENIED };
    struct est *s = of(m);
    const char *stage = cmg__str_or(cmg__json_str(object, "/stage"), "");

    (void)c;
    cmg_status rc = load_chain(s, object, "/issued", &s->issued);
    if (rc == CMG_OK)
        rc = load_chain(s, object, "/chain", &s->chain);
    if (rc != CMG_OK)
        return rc;
    for (size_t i = 0; i < CMG__ARRAY_LEN(begins); i++) {
        if (strcmp(stage, stage_names[begins[i]]) == 0) {
            s->stage = begins[i];
            return s->stage != ISSUED || s->issued.count > 0 ? CMG_OK : CMG_E_PARSE;
        }
    }
    return CMG_E_PARSE;
}

static void release(struct cmg__enrol_method *m, const struct cmg__alloc *alloc)
{
    struct est *s = of(m);

    cmg__x509_chain_done(&s->issued);
    cmg__x509_chain_done(&s->chain);
    cmg__free(alloc, s->base_url);
    cmg__free(alloc, s);
}

static const struct cmg__enrol_ops ops = {
    .name = "est",
    .next = next,
    .read = read,
    .lost = lost,
    .save = save,
    .load = load,
    .free = release,
};

cmg_status cmg__est_new(const struct cmg__alloc *alloc, const char *url, bool renew,
                        struct cmg__enrol_method **out, cmg_error **err)
{
    struct est *s = cmg__alloc0(alloc, sizeof *s);

    if (s == NULL)
        return cmg__fail_nomem(err);
    s->base.ops = &ops;
    s->alloc = alloc;
    s->renew = renew;
    cmg__x509_chain_init(&s->issued, alloc);
    cmg__x509_chain_init(&s->chain, alloc);
    cmg_status rc =
        cmg__enrol_base_url(alloc, url, "/.well-known/est", &s->base_url, err);
    if (rc == CMG_OK)
        *out = &s->base;
    else
        release(&s->base, alloc);
    return rc;
}
