/* CONNECT and what a proxy answers to it: bytes in, a verdict out. See tunnel.h. */
#include "base/base64.h"
#include "base/str.h"
#include "net/http1_syntax.h"
#include "net/tunnel.h"

#include <string.h>

#define MAX_INTERIM  8
#define MAX_ACCOUNT  ((size_t)4096)
#define REMEDY_PROXY "check that the address is that of a web proxy"

static const struct cmg__http1_limits limits = {
    .max_section = 16 * 1024, .max_field = 8 * 1024, .max_fields = 64, .max_target = 512
};

/* ---- asking ---- */

static cmg_status add_account(struct cmg__headers *headers, const char *user,
                              const char *password)
{
    struct cmg__buf plain, field;

    cmg__buf_init_secret(&plain, headers->alloc, MAX_ACCOUNT);
    cmg__buf_init_secret(&field, headers->alloc, 2 * MAX_ACCOUNT);
    cmg_status rc = cmg__buf_add_str(&plain, user);
    if (rc == CMG_OK)
        rc = cmg__buf_add_char(&plain, ':');
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(&plain, password);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(&field, "Basic ");
    if (rc == CMG_OK)
        rc = cmg__base64_encode(&field, plain.data, plain.len);
    if (rc == CMG_OK)
        rc = cmg__headers_add_secret(headers, "Proxy-Authorization",
                                     cmg__buf_cstr(&field));
    cmg__buf_done(&plain);
    cmg__buf_done(&field);
    return rc;
}

cmg_status cmg__tunnel_ask(struct cmg__buf *out, const char *target, const char *user,
                           const char *password)
{
    struct cmg__headers headers;
    cmg_status rc = CMG_OK;

    cmg__headers_init(&headers, out->alloc);
    if (user != NULL)
        rc = add_account(&headers, user, cmg__str_or(password, ""));
    if (rc == CMG_OK)
        rc = cmg__http1_write_request(out, "CONNECT", target, target, &headers,
                                      CMG__HTTP1_NO_BODY, 0, false);
    cmg__headers_done(&headers);
    return rc;
}

/* ---- the answer ---- */

void cmg__tunnel_answer_init(struct cmg__tunnel_answer *a, const struct cmg__alloc *alloc,
                             const char *proxy, const char *target, bool with_account)
{
    *a = (struct cmg__tunnel_answer){
        .alloc = alloc, .proxy = proxy, .target = target, .with_account = with_account
    };
    cmg__http1_parser_init(&a->parser, alloc, &limits, true);
}

void cmg__tunnel_answer_done(struct cmg__tunnel_answer *a)
{
    cmg__http1_parser_done(&a->parser);
}

static cmg_status not_an_answer(struct cmg__tunnel_answer *a, const char *why,
                                cmg_error **err)
{
    return cmg__fail(err, a->alloc, CMG_E_PROTO, a->proxy, REMEDY_PROXY,
                     "proxy %s gives no answer to CONNECT: %s", a->proxy, why);
}

/* Whether a list of challenges names the scheme, at its beginning or behind a comma. */
static bool names_basic(const char *challenges)
{
    const char *at = challenges;

    while (at != NULL) {
        at += strspn(at, " \t,");
        if (cmg__str_istarts(at, "Basic") && (at[5] == '\0' || at[5] == ' '))
            return true;
        at = strchr(at, ',');
    }
    return false;
}

static bool offers_basic(const struct cmg__headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (cmg__str_ieq(headers->items[i].name, "Proxy-Authenticate") &&
            names_basic(headers->items[i].value))
            return true;
    }
    return false;
}

static const char *account_remedy(const struct cmg__tunnel_answer *a)
{
    if (!offers_basic(&a->parser.head.headers))
        return "let the proxy take Basic authentication, or this machine without an "
               "account";
    return a->with_account
               ? "check the account given by cmg_context_set_proxy_account()"
               : "give the proxy's account by cmg_context_set_proxy_account()";
}

static const struct {
    int first, last;
    cmg_status code;
    const char *remedy;
} refusals[] = {
    { 407, 407, CMG_E_AUTH, NULL },
    { 400, 499, CMG_E_DENIED, "allow CONNECT to this host and port at the proxy" },
    { 500, 599, CMG_E_IO, "check that the proxy can look up this host and reach it" },
    { 100, 399, CMG_E_PROTO, REMEDY_PROXY },
};

static cmg_status refused(struct cmg__tunnel_answer *a, cmg_error **err)
{
    const int status = a->parser.head.status;
    size_t i = 0;

    while (status < refusals[i].first || status > refusals[i].last)
        i++;
    const char *remedy = refusals[i].remedy;
    return cmg__fail(err, a->alloc, refusals[i].code, a->proxy,
                     remedy == NULL ? account_remedy(a) : remedy,
                     "proxy %s refuses CONNECT to %s: %d %s", a->proxy, a->target, status,
                     cmg__http1_reason(status));
}

/* left: bytes behind the head. */
static cmg_status judge(struct cmg__tunnel_answer *a, size_t left, bool *open,
                        cmg_error **err)
{
    if (a->parser.head.status / 100 != 2)
        return refused(a, err);
    if (left > 0)
        return not_an_answer(a, "there are bytes behind it", err);
    *open = true;
    return CMG_OK;
}

cmg_status cmg__tunnel_answer_feed(struct cmg__tunnel_answer *a, const char *data,
                                   size_t n, bool *open, cmg_error **err)
{
    for (;;) {
        size_t taken = 0, body_len = 0;
        const char *body = NULL;
        enum cmg__http1_result result =
            cmg__http1_feed(&a->parser, data, n, &taken, &body, &body_len);
        data += taken;
        n -= taken;
        if (result == CMG__HTTP1_MORE)
            return CMG_OK;
        if (result == CMG__HTTP1_ERROR)
            return a->parser.error_status == 503
                       ? cmg__fail_nomem(err)
                       : not_an_answer(a, a->parser.error_text, err);
        if (result == CMG__HTTP1_HEAD && a->parser.head.status >= 200)
            return judge(a, n, open, err);
        if (result == CMG__HTTP1_HEAD && ++a->interim > MAX_INTERIM)
            return not_an_answer(a, "too many provisional ones", err);
    }
}
