/* See challenge.h. */
#include "azure/challenge.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"

#define VALUE_MAX CMG__CLAIMS_MAX * 4 / 3 + 4

/* ---- fields of the header (RFC 9110, 11.2) ---- */

struct reader {
    const char *at;
    struct cmg__buf value; /* of the parameter just read */
};

static bool is_token_char(char c)
{
    return cmg__is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static void skip(struct reader *r, const char *what)
{
    r->at += strspn(r->at, what);
}

static size_t take_token(struct reader *r)
{
    size_t n = 0;

    while (is_token_char(r->at[n]))
        n++;
    r->at += n;
    return n;
}

static cmg_status take_quoted(struct reader *r)
{
    cmg_status rc = CMG_OK;

    for (r->at++; rc == CMG_OK && *r->at != '"' && *r->at != '\0'; r->at++) {
        if (*r->at == '\\' && r->at[1] != '\0')
            r->at++;
        rc = cmg__buf_add_char(&r->value, *r->at);
    }
    if (rc == CMG_OK && *r->at != '"')
        return CMG_E_PARSE;
    r->at += *r->at == '"';
    return rc;
}

/* A value that begins at "=": quoted, or up to the next comma, for base64 ends in '='. */
static cmg_status take_value(struct reader *r)
{
    cmg__buf_clear(&r->value);
    r->at++;
    skip(r, " \t");
    if (*r->at == '"')
        return take_quoted(r);
    const size_t n = strcspn(r->at, ", \t");
    const cmg_status rc = cmg__buf_add(&r->value, r->at, n);
    r->at += n;
    return rc;
}

struct challenge {
    bool insufficient;
    struct cmg__buf claims; /* base64 */
};

static cmg_status take_parameter(struct reader *r, const char *name, size_t n,
                                 struct challenge *c)
{
    cmg_status rc = take_value(r);

    if (rc == CMG_OK && n == strlen("error") && cmg__str_ieqn(name, "error", n))
        c->insufficient = strcmp(cmg__buf_cstr(&r->value), "insufficient_claims") == 0;
    if (rc == CMG_OK && n == strlen("claims") && cmg__str_ieqn(name, "claims", n)) {
        cmg__buf_clear(&c->claims);
        rc = cmg__buf_add(&c->claims, r->value.data, r->value.len);
    }
    return rc;
}

/* A word without "=" begins the challenge of another scheme: only Bearer's counts. */
static cmg_status read_field(struct reader *r, struct challenge *c)
{
    bool bearer = false;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK) {
        skip(r, ", \t");
        const char *word = r->at;
        const size_t n = take_token(r);
        if (n == 0)
            return *r->at == '\0' ? CMG_OK : CMG_E_PARSE;
        skip(r, " \t");
        if (*r->at != '=')
            bearer = n == strlen("Bearer") && cmg__str_ieqn(word, "Bearer", n);
        else if (bearer)
            rc = take_parameter(r, word, n, c);
        else
            rc = take_value(r);
    }
    return rc;
}

/* ---- the claims ---- */

/* One JSON object, since it becomes part of a request. */
static bool is_object(const struct cmg__alloc *alloc, const char *text, size_t n,
                      cmg_status *rc)
{
    struct cmg__json *json = NULL;

    *rc = n == 0 || n > CMG__CLAIMS_MAX || text[0] != '{'
              ? CMG_E_PARSE
              : cmg__json_parse(alloc, "claims", text, n, &json, NULL);
    cmg__json_unref(json);
    return *rc == CMG_OK;
}

static cmg_status keep(const struct cmg__alloc *alloc, const char *text, size_t n,
                       char **out)
{
    cmg_status rc = CMG_OK;

    if (!is_object(alloc, text, n, &rc))
        return rc;
    *out = cmg__strndup(alloc, text, n);
    return *out == NULL ? CMG_E_NOMEM : CMG_OK;
}

static cmg_status decode(const struct cmg__alloc *alloc, const struct cmg__buf *base64,
                         char **out)
{
    struct cmg__buf text;

    cmg__buf_init(&text, alloc, CMG__CLAIMS_MAX);
    cmg_status rc = cmg__base64_decode(&text, cmg__buf_cstr(base64), base64->len);
    if (rc == CMG_E_PARSE) {
        cmg__buf_clear(&text);
        rc = cmg__base64url_decode(&text, cmg__buf_cstr(base64), base64->len);
    }
    if (rc == CMG_OK)
        rc = keep(alloc, cmg__buf_cstr(&text), text.len, out);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status read_header(const struct cmg__alloc *alloc, const char *field,
                              char **out)
{
    struct reader r = { .at = field };
    struct challenge c = { .insufficient = false };

    cmg__buf_init(&r.value, alloc, VALUE_MAX);
    cmg__buf_init(&c.claims, alloc, VALUE_MAX);
    cmg_status rc = read_field(&r, &c);
    if (rc == CMG_OK && c.insufficient && c.claims.len > 0)
        rc = decode(alloc, &c.claims, out);
    cmg__buf_done(&r.value);
    cmg__buf_done(&c.claims);
    return rc;
}

/* A demand that cannot be read is none: the refusal itself is told then. */
cmg_status cmg__challenge_read(const struct cmg__alloc *alloc,
                               const struct cmg__headers *headers,
                               const struct cmg__json *body, char **out)
{
    const char *claims = cmg__json_str(body, "/claims");
    cmg_status rc = CMG_OK;

    *out = NULL;
    for (size_t i = 0; rc != CMG_E_NOMEM && *out == NULL && i < headers->count; i++) {
        if (cmg__str_ieq(headers->items[i].name, "WWW-Authenticate"))
            rc = read_header(alloc, headers->items[i].value, out);
    }
    if (rc != CMG_E_NOMEM && *out == NULL && claims != NULL)
        rc = keep(alloc, claims, strlen(claims), out);
    return rc == CMG_E_NOMEM ? rc : CMG_OK;
}

/* ---- for people ---- */

static cmg_status add_clean(struct cmg__buf *out, const char *text)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && text[i] != '\0' && i < 60; i++)
        rc = cmg__buf_add_char(out, text[i] < ' ' || text[i] > '~' ? '?' : text[i]);
    return rc;
}

static cmg_status add_claim(struct cmg__buf *out, const char *name,
                            const struct cmg__json *demand)
{
    const char *value = cmg__json_str(demand, "/value");
    cmg_status rc = out->len > 0 ? cmg__buf_add_str(out, ", ") : CMG_OK;

    if (value == NULL)
        value = cmg__json_str(demand, "/values/0");
    if (rc == CMG_OK)
        rc = add_clean(out, name);
    if (rc == CMG_OK && value != NULL)
        rc = cmg__buf_add_str(out, " (");
    if (rc == CMG_OK && value != NULL)
        rc = add_clean(out, value);
    if (rc == CMG_OK && value != NULL)
        rc = cmg__buf_add_char(out, ')');
    return rc;
}

cmg_status cmg__challenge_describe(const struct cmg__alloc *alloc, const char *claims,
                                   struct cmg__buf *out)
{
    struct cmg__json *json = NULL;
    void *iter = NULL;
    const char *name = NULL;
    struct cmg__json *demand = NULL;
    cmg_status rc = cmg__json_parse(alloc, "claims", claims, strlen(claims), &json, NULL);

    cmg__buf_clear(out);
    while (rc == CMG_OK &&
           cmg__json_next(cmg__json_key(json, "access_token"), &iter, &name, &demand))
        rc = add_claim(out, name, demand);
    cmg__json_unref(json);
    if (rc == CMG_E_NOMEM)
        return rc;
    return out->len > 0 ? CMG_OK : cmg__buf_add_str(out, "a fresh sign-in");
}
