/*
 * Tokens. The order is fixed: form, header, key, signature, and only then what the token
 * says. Everything compares as bytes. The reasons of a refusal never quote the token.
 */
#include "crypto/jwt.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "crypto/jwks.h"

#define TOKEN_MAX    ((size_t)16 * 1024)
#define HEADER_MAX   ((size_t)2 * 1024)
#define SKEW_MAX     300
#define LIFETIME_MAX INT64_C(172800) /* 48 h */
#define TEXT_MAX     256

struct part {
    const char *text;
    size_t n;
};

struct check {
    const struct cmg__alloc *alloc;
    const struct cmg__jwt_policy *policy;
    cmg_error **err;
    int64_t skew;
    const struct cmg__jwk *key;
};

static cmg_status refuse(const struct check *c, const char *remedy, const char *why)
{
    return cmg__fail(c->err, c->alloc, CMG_E_AUTH, "token", remedy,
                     "the token is refused: %s", why);
}

#define SEND_WHOLE "send the access token as it was issued"
#define GET_NEW    "get a new token for this gateway's server application"

/* ---- form ---- */

static bool is_token_char(char c)
{
    return cmg__is_alnum(c) || c == '-' || c == '_' || c == '.';
}

/* Three parts between two dots, none empty. */
static bool split(const char *token, size_t n, struct part parts[3])
{
    size_t count = 0;

    parts[0] = (struct part){ .text = token };
    for (size_t i = 0; i < n; i++) {
        if (!is_token_char(token[i]))
            return false;
        if (token[i] != '.') {
            parts[count].n++;
            continue;
        }
        if (parts[count].n == 0 || ++count > 2)
            return false;
        parts[count] = (struct part){ .text = token + i + 1 };
    }
    return count == 2 && parts[2].n > 0;
}

/* Decodes a part that must be one JSON object. */
static cmg_status parse_part(const struct check *c, const struct part *part, size_t max,
                             struct cmg__json **out)
{
    struct cmg__buf text;

    cmg__buf_init(&text, c->alloc, max);
    cmg_status rc = cmg__base64url_decode(&text, part->text, part->n);
    /* The first byte rules out a byte order mark, which the JSON reader would skip. */
    if (rc == CMG_OK && (text.len == 0 || text.data[0] != '{'))
        rc = CMG_E_PARSE;
    if (rc == CMG_OK)
        rc = cmg__json_parse(c->alloc, "token", text.data, text.len, out, NULL);
    cmg__buf_done(&text);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(c->err);
    if (rc != CMG_OK)
        return refuse(c, SEND_WHOLE, "a part of it is not canonical base64url of JSON");
    return CMG_OK;
}

/* ---- header ---- */

static cmg_status check_header(struct check *c, const struct cmg__jwks *jwks,
                               const struct cmg__json *header)
{
    static const char *const forbidden[] = { "/crit", "/b64", "/zip", "/enc" };
    const char *alg = cmg__json_str(header, "/alg");
    const char *typ = cmg__json_str(header, "/typ");
    const char *kid = cmg__json_str(header, "/kid");

    if (alg == NULL || strcmp(alg, "RS256") != 0)
        return refuse(c, GET_NEW, "its algorithm is not RS256");
    if (cmg__json_at(header, "/typ") != NULL &&
        (typ == NULL || (!cmg__str_ieq(typ, "JWT") && !cmg__str_ieq(typ, "at+jwt"))))
        return refuse(c, GET_NEW, "it is of another type");
    for (size_t i = 0; i < CMG__ARRAY_LEN(forbidden); i++) {
        if (cmg__json_at(header, forbidden[i]) != NULL)
            return refuse(c, GET_NEW, "its header asks for an extension");
    }
    if (kid == NULL || !cmg__jwks_kid_is_valid(kid))
        return refuse(c, GET_NEW, "it does not name its key");
    c->key = cmg__jwks_find(jwks, kid);
    if (c->key == NULL)
        return cmg__fail(c->err, c->alloc, CMG_E_NOTFOUND, "token",
                         "read the key set again", "the token's key \"%s\" is not known",
                         kid);
    return CMG_OK;
}

static cmg_status check_signature(const struct check *c, const char *token,
                                  const struct part parts[3])
{
    struct cmg__buf signature;
    const size_t signed_len = (size_t)(parts[2].text - token) - 1;

    cmg__buf_init(&signature, c->alloc, TOKEN_MAX);
    cmg_status rc = cmg__base64url_decode(&signature, parts[2].text, parts[2].n);
    if (rc == CMG_OK)
        rc = cmg__jwk_verify(c->key, token, signed_len, signature.data, signature.len);
    cmg__buf_done(&signature);
    if (rc == CMG_OK)
        return CMG_OK;
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(c->err);
    return refuse(c, SEND_WHOLE, "its signature does not verify");
}

/* ---- claims ---- */

/* An integer; false also when it is there as something else. */
static bool take_time(const struct cmg__json *claims, const char *path, bool required,
                      int64_t *out)
{
    const enum cmg__json_type type = cmg__json_type(cmg__json_at(claims, path));

    *out = cmg__json_int(claims, path, 0);
    if (type == CMG__JSON_NONE)
        return !required;
    return type == CMG__JSON_INTEGER && *out >= 0;
}

static cmg_status check_times(const struct check *c, const struct cmg__json *claims,
                              struct cmg__jwt_identity *out)
{
    const int64_t now = c->policy->now_unix_s;
    int64_t exp;
    int64_t nbf;
    int64_t iat;

    if (!take_time(claims, "/exp", true, &exp) ||
        !take_time(claims, "/nbf", false, &nbf) ||
        !take_time(claims, "/iat", false, &iat))
        return refuse(c, GET_NEW, "exp, nbf or iat is not a whole number of seconds");
    if (exp > now + LIFETIME_MAX)
        return refuse(c, GET_NEW, "it would be valid for more than 48 hours");
    if (now >= exp + c->skew)
        return refuse(c, "get a new token, and check the clock", "it has expired");
    if (nbf > now + c->skew || iat > now + c->skew)
        return refuse(c, "check the clocks of both machines", "it is not valid yet");
    out->expires_unix_s = exp;
    return CMG_OK;
}

static bool is_in(const char *const *list, const char *text)
{
    for (; list != NULL && *list != NULL; list++) {
        if (strcmp(*list, text) == 0)
            return true;
    }
    return false;
}

/* A GUID in lower case, as Entra writes them. */
static bool take_guid(const struct cmg__json *claims, const char *path, char out[37])
{
    const char *text = cmg__json_str(claims, path);

    if (text == NULL || !cmg__guid_is_valid(text))
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != cmg__lower(*p))
            return false;
    }
    memcpy(out, text, 37);
    return true;
}

/* The issuer that the key set names for the key: "{tenantid}" stands for any tenant. */
static bool key_may_sign_for(const struct cmg__jwk *key, const char *iss, const char *tid,
                             bool v2)
{
    static const char hole[] = "{tenantid}";

    if (key->issuer == NULL || strcmp(key->issuer, iss) == 0)
        return true;
    const char *at = strstr(key->issuer, hole);
    if (at == NULL)
        return !v2 && strstr(key->issuer, tid) != NULL;
    if (!v2)
        return true;
    const size_t front = (size_t)(at - key->issuer);
    return strncmp(iss, key->issuer, front) == 0 &&
           strncmp(iss + front, tid, strlen(tid)) == 0 &&
           strcmp(iss + front + strlen(tid), at + strlen(hole)) == 0;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text);
    const size_t m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static cmg_status check_issuer(const struct check *c, const struct cmg__json *claims,
                               bool v2, struct cmg__jwt_identity *out)
{
    const char *iss = cmg__json_str(claims, "/iss");

    if (iss == NULL || !is_in(c->policy->issuers, iss))
        return refuse(c, "sign in to the gateway's own tenant", "it has another issuer");
    if (ends_with(iss, "/v2.0") != v2)
        return refuse(c, GET_NEW, "its version and its issuer do not belong together");
    if (!take_guid(claims, "/tid", out->tenant_id) ||
        !cmg__str_ieq(out->tenant_id, c->policy->tenant_id) ||
        strstr(iss, out->tenant_id) == NULL)
        return refuse(c, "sign in to the gateway's own tenant",
                      "it is of another tenant");
    if (!key_may_sign_for(c->key, iss, out->tenant_id, v2))
        return refuse(c, GET_NEW, "its key belongs to another issuer");
    return CMG_OK;
}

static bool has_scope(const char *scopes, const char *wanted)
{
    const size_t n = strlen(wanted);

    while (scopes != NULL && *scopes != '\0') {
        const size_t len = strcspn(scopes, " ");

        if (len == n && memcmp(scopes, wanted, n) == 0)
            return true;
        scopes += len + (scopes[len] == ' ');
    }
    return false;
}

static cmg_status check_caller(const struct check *c, const struct cmg__json *claims,
                               bool v2, struct cmg__jwt_identity *out)
{
    const char *aud = cmg__json_str(claims, "/aud");
    const struct cmg__jwt_policy *policy = c->policy;

    if (aud == NULL || !is_in(policy->audiences, aud))
        return refuse(c, GET_NEW, "it is for another audience");
    if (!take_guid(claims, v2 ? "/azp" : "/appid", out->client_id))
        return refuse(c, GET_NEW, "it does not name the application it was issued to");
    if (policy->client_ids != NULL && !is_in(policy->client_ids, out->client_id))
        return refuse(c, "use the client application of this gateway",
                      "it was issued to another application");
    if (policy->required_scope != NULL &&
        !has_scope(cmg__json_str(claims, "/scp"), policy->required_scope))
        return refuse(c, "grant the scope to the client application and consent to it",
                      "it lacks the scope that is needed");
    if (!take_guid(claims, "/oid", out->object_id))
        return refuse(c, GET_NEW, "it does not name its owner");
    return CMG_OK;
}

static cmg_status check_texts(const struct check *c, const struct cmg__json *claims)
{
    static const char *const paths[] = { "/sub", "/upn", "/deviceid", "/idtyp" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(paths); i++) {
        const struct cmg__json *value = cmg__json_at(claims, paths[i]);

        if (value != NULL && (cmg__json_type(value) != CMG__JSON_STRING ||
                              cmg__json_str_len(value) > TEXT_MAX))
            return refuse(c, GET_NEW, "a claim about its owner is malformed");
    }
    return CMG_OK;
}

static cmg_status check_claims(const struct check *c, const struct cmg__json *claims,
                               struct cmg__jwt_identity *out)
{
    const char *ver = cmg__json_str(claims, "/ver");
    const bool v2 = ver != NULL && strcmp(ver, "2.0") == 0;

    if (!v2 && (ver == NULL || strcmp(ver, "1.0") != 0))
        return refuse(c, GET_NEW, "its version is neither 1.0 nor 2.0");
    cmg_status rc = check_times(c, claims, out);
    if (rc == CMG_OK)
        rc = check_issuer(c, claims, v2, out);
    if (rc == CMG_OK)
        rc = check_caller(c, claims, v2, out);
    return rc == CMG_OK ? check_texts(c, claims) : rc;
}

static cmg_status read_claims(struct check *c, const char *token, size_t n,
                              const struct cmg__jwks *jwks, struct cmg__json **out)
{
    struct part parts[3];
    struct cmg__json *header = NULL;

    if (n > TOKEN_MAX)
        return refuse(c, SEND_WHOLE, "it is longer than 16 KiB");
    if (!split(token, n, parts))
        return refuse(c, SEND_WHOLE, "it does not have the form of a signed token");
    cmg_status rc = parse_part(c, &parts[0], HEADER_MAX, &header);
    if (rc == CMG_OK)
        rc = check_header(c, jwks, header);
    cmg__json_unref(header);
    if (rc == CMG_OK)
        rc = check_signature(c, token, parts);
    return rc == CMG_OK ? parse_part(c, &parts[1], TOKEN_MAX, out) : rc;
}

cmg_status cmg__jwt_read(const struct cmg__alloc *alloc, const char *token, size_t n,
                         const struct cmg__jwks *jwks, struct cmg__json **out_claims,
                         cmg_error **err)
{
    struct check c = { .alloc = alloc, .err = err };

    return read_claims(&c, token, n, jwks, out_claims);
}

cmg_status cmg__jwt_peek(const struct cmg__alloc *alloc, const char *token, size_t n,
                         struct cmg__json **out_claims, cmg_error **err)
{
    const struct check c = { .alloc = alloc, .err = err };
    struct part parts[3];

    if (n > TOKEN_MAX || !split(token, n, parts))
        return refuse(&c, SEND_WHOLE, "it does not have three parts");
    return parse_part(&c, &parts[1], TOKEN_MAX, out_claims);
}

cmg_status cmg__jwt_check(const struct cmg__alloc *alloc, const char *token, size_t n,
                          const struct cmg__jwks *jwks,
                          const struct cmg__jwt_policy *policy,
                          struct cmg__jwt_identity *out, cmg_error **err)
{
    struct check c = { .alloc = alloc, .policy = policy, .err = err };
    struct cmg__jwt_identity found = { .expires_unix_s = 0 };
    struct cmg__json *claims = NULL;

    c.skew = policy->skew_s > SKEW_MAX ? SKEW_MAX
             : policy->skew_s < 0      ? 0
                                       : policy->skew_s;
    cmg_status rc = read_claims(&c, token, n, jwks, &claims);
    if (rc == CMG_OK)
        rc = check_claims(&c, claims, &found);
    cmg__json_unref(claims);
    if (rc == CMG_OK)
        *out = found;
    return rc;
}

/* ---- making ---- */

static cmg_status add_json(struct cmg__buf *out, const struct cmg__json *value)
{
    struct cmg__buf text;

    cmg__buf_init(&text, out->alloc, TOKEN_MAX);
    cmg_status rc =
        value != NULL ? cmg__json_format(value, CMG__JSON_COMPACT, &text) : CMG_E_NOMEM;
    if (rc == CMG_OK)
        rc = cmg__base64url_encode(out, text.data, text.len);
    cmg__buf_done(&text);
    return rc;
}

cmg_status cmg__jwt_sign(const struct cmg__alloc *alloc, const struct cmg__env *env,
                         const struct cmg__key *key, bool pss,
                         const struct cmg__json *header, const struct cmg__json *payload,
                         struct cmg__buf *out, cmg_error **err)
{
    struct cmg__buf text;
    struct cmg__buf signature;

    cmg__buf_init_secret(&text, alloc, 2 * TOKEN_MAX);
    cmg__buf_init(&signature, alloc, 1024);
    cmg_status rc = add_json(&text, header);
    if (rc == CMG_OK)
        rc = cmg__buf_add_char(&text, '.');
    if (rc == CMG_OK)
        rc = add_json(&text, payload);
    if (rc != CMG_OK)
        rc = rc == CMG_E_NOMEM ? cmg__fail_nomem(err)
                               : cmg__fail(err, alloc, rc, "payload", NULL,
                                           "the token would be too large");
    else
        rc = (pss ? cmg__key_sign_pss : cmg__key_sign)(
            key, env, CMG__OID_SHA256, text.data, text.len, &signature, err);
    if (rc == CMG_OK &&
        (cmg__buf_add_char(&text, '.') != CMG_OK ||
         cmg__base64url_encode(&text, signature.data, signature.len) != CMG_OK ||
         cmg__buf_add(out, text.data, text.len) != CMG_OK))
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&signature);
    cmg__buf_done(&text);
    return rc;
}

cmg_status cmg__jwt_make(const struct cmg__alloc *alloc, const struct cmg__env *env,
                         const struct cmg__key *key, const char *kid,
                         const struct cmg__json *payload, struct cmg__buf *out,
                         cmg_error **err)
{
    struct cmg__json *header = cmg__json_pack("{s:s, s:s, s:s, s:s}", "typ", "JWT", "alg",
                                              "RS256", "kid", kid, "x5t", kid);
    const cmg_status rc =
        cmg__jwt_sign(alloc, env, key, false, header, payload, out, err);

    cmg__json_unref(header);
    return rc;
}
