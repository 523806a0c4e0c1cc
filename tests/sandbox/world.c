/* See world.h. */
#include "sandbox/world.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"

void world_init(struct world *w)
{
    cmg_error *err = NULL;
    const struct cmg__sb_birth birth = { .tenant_id = WORLD_TENANT,
                                         .domain = WORLD_DOMAIN,
                                         .subscription_id = WORLD_SUBSCRIPTION,
                                         .operation_ms = WORLD_OPERATION_MS };

    *w = (struct world){ .cloud = NULL };
    support_alloc_init(&w->alloc);
    support_env_init(&w->env);
    ck_ok(cmg__sb_cloud_new(&w->alloc.alloc, &w->env.env, &birth, &w->cloud, &err), err);
    const char *id = cmg__sb_fact(w->cloud, "client_id");
    const char *secret = cmg__sb_fact(w->cloud, "client_secret");
    w->graph_token =
        world_sign_in_as(w, id, secret, "https://graph.microsoft.com/.default");
    w->arm_token =
        world_sign_in_as(w, id, secret, "https://management.azure.com/.default");
    w->vault_token = world_sign_in_as(w, id, secret, "https://vault.azure.net/.default");
    ck_assert_ptr_nonnull(w->graph_token);
    ck_assert_ptr_nonnull(w->arm_token);
    ck_assert_ptr_nonnull(w->vault_token);
}

void world_done(struct world *w)
{
    free(w->graph_token);
    free(w->arm_token);
    free(w->vault_token);
    cmg__sb_cloud_free(w->cloud);
    ck_assert_uint_eq(w->alloc.live, 0);
}

void world_ask(struct world *w, const struct ask *ask, struct reply *out)
{
    const struct cmg__alloc *alloc = &w->alloc.alloc;
    struct cmg__headers headers;
    char bearer[8192];

    cmg__headers_init(&headers, alloc);
    if (ask->token != NULL) {
        snprintf(bearer, sizeof bearer, "Bearer %s", ask->token);
        ck_assert_int_eq(cmg__headers_add(&headers, "Authorization", bearer), CMG_OK);
    }
    if (ask->prefer != NULL)
        ck_assert_int_eq(cmg__headers_add(&headers, "Prefer", ask->prefer), CMG_OK);
    if (ask->level != NULL)
        ck_assert_int_eq(cmg__headers_add(&headers, "ConsistencyLevel", ask->level),
                         CMG_OK);
    if (ask->field != NULL) {
        const size_t n = strcspn(ask->field, ":");
        ck_assert_int_eq(cmg__headers_addn(&headers, ask->field, n, ask->field + n + 2,
                                           strlen(ask->field + n + 2)),
                         CMG_OK);
    }
    const struct cmg__sb_request request = { .method = ask->method,
                                             .host = ask->host,
                                             .metadata = ask->metadata,
                                             .target = ask->target,
                                             .headers = &headers,
                                             .body = ask->body == NULL ? "" : ask->body,
                                             .body_len = ask->body == NULL
                                                             ? 0
                                                             : strlen(ask->body) };
    *out = (struct reply){ .body = NULL };
    cmg__sb_answer_init(&out->answer, alloc);
    ck_assert_int_eq(cmg__sb_answer(w->cloud, &request, &out->answer), CMG_OK);
    out->status = out->answer.status;
    if (out->answer.body.len > 0 && out->answer.body.data[0] != '<')
        ck_assert_int_eq(cmg__json_parse(alloc, "answer", out->answer.body.data,
                                         out->answer.body.len, &out->body, NULL),
                         CMG_OK);
    cmg__headers_done(&headers);
}

void reply_done(struct reply *r)
{
    cmg__json_unref(r->body);
    cmg__sb_answer_done(&r->answer);
}

const char *reply_str(const struct reply *r, const char *path)
{
    return cmg__str_or(cmg__json_str(r->body, path), "");
}

int64_t reply_int(const struct reply *r, const char *path)
{
    return cmg__json_int(r->body, path, -1);
}

const char *reply_head(const struct reply *r, const char *name)
{
    return cmg__str_or(cmg__headers_get(&r->answer.headers, name), "");
}

void world_post(struct world *w, struct reply *out, const char *target, const char *form)
{
    const struct ask ask = {
        .method = "POST", .host = LOGIN, .target = target, .body = form
    };
    world_ask(w, &ask, out);
}

void world_get(struct world *w, struct reply *out, const char *host, const char *target)
{
    const struct ask ask = { .method = "GET", .host = host, .target = target };
    world_ask(w, &ask, out);
}

struct cmg__json *world_claims(struct world *w, const char *token)
{
    struct cmg__buf text;
    struct cmg__json *claims = NULL;
    const char *dot = strchr(token, '.');
    const char *end = strchr(dot + 1, '.');

    cmg__buf_init(&text, &w->alloc.alloc, 16384);
    ck_assert_int_eq(cmg__base64url_decode(&text, dot + 1, (size_t)(end - dot - 1)),
                     CMG_OK);
    ck_assert_int_eq(
        cmg__json_parse(&w->alloc.alloc, "t", text.data, text.len, &claims, NULL),
        CMG_OK);
    cmg__buf_done(&text);
    return claims;
}

void world_claim_is(const struct cmg__json *claims, const char *path, const char *value)
{
    ck_assert_str_eq(cmg__str_or(cmg__json_str(claims, path), "(absent)"), value);
}

char *world_sign_in(struct world *w, const char *form)
{
    struct reply r;
    const struct ask ask = { .method = "POST",
                             .host = LOGIN,
                             .target = "/" WORLD_TENANT "/oauth2/v2.0/token",
                             .body = form };

    world_ask(w, &ask, &r);
    const char *token = cmg__json_str(r.body, "/access_token");
    char *copy = token == NULL ? NULL : strdup(token);
    reply_done(&r);
    return copy;
}

char *world_sign_in_as(struct world *w, const char *client_id, const char *secret,
                       const char *scope)
{
    struct cmg__buf form;

    cmg__buf_init(&form, &w->alloc.alloc, 4096);
    ck_assert_int_eq(cmg__form_add(&form, "grant_type", "client_credentials"), CMG_OK);
    ck_assert_int_eq(cmg__form_add(&form, "client_id", client_id), CMG_OK);
    ck_assert_int_eq(cmg__form_add(&form, "client_secret", secret), CMG_OK);
    ck_assert_int_eq(cmg__form_add(&form, "scope", scope), CMG_OK);
    char *token = world_sign_in(w, cmg__buf_cstr(&form));
    cmg__buf_done(&form);
    return token;
}

static void check_status(const struct reply *r, int status, const struct ask *ask)
{
    if (r->status != status)
        ck_abort_msg("%s %s: %d instead of %d: %s", ask->method, ask->target, r->status,
                     status, cmg__buf_cstr(&r->answer.body));
}

void world_graph(struct world *w, struct reply *out, int status, const char *method,
                 const char *body, const char *target, ...)
{
    char text[2048];
    va_list args;

    va_start(args, target);
    vsnprintf(text, sizeof text, target, args);
    va_end(args);
    const struct ask ask = { .method = method,
                             .host = GRAPH,
                             .target = text,
                             .token = w->graph_token,
                             .prefer = strcmp(method, "PATCH") == 0 ? "create-if-missing"
                                                                    : NULL,
                             .body = body };
    world_ask(w, &ask, out);
    check_status(out, status, &ask);
}

static void arm(struct world *w, struct reply *out, int status, const char *method,
                const char *body, const char *target, va_list args)
    __attribute__((format(printf, 6, 0)));

static void arm(struct world *w, struct reply *out, int status, const char *method,
                const char *body, const char *target, va_list args)
{
    char path[2048], text[4096];

    vsnprintf(path, sizeof path, target, args);
    snprintf(text, sizeof text, "/subscriptions/" WORLD_SUBSCRIPTION "%s%sapi-version=%s",
             path, strchr(path, '?') == NULL ? "?" : "&", "2024-03-01");
    const struct ask ask = {
        .method = method, .host = ARM, .target = text, .token = w->arm_token, .body = body
    };
    world_ask(w, &ask, out);
    check_status(out, status, &ask);
}

void world_arm(struct world *w, struct reply *out, int status, const char *method,
               const char *body, const char *target, ...)
{
    va_list args;

    va_start(args, target);
    arm(w, out, status, method, body, target, args);
    va_end(args);
}

void world_arm_do(struct world *w, int status, const char *method, const char *body,
                  const char *target, ...)
{
    struct reply r;
    va_list args;

    va_start(args, target);
    arm(w, &r, status, method, body, target, args);
    va_end(args);
    reply_done(&r);
}

void world_pass(struct world *w)
{
    support_env_advance_ms(&w->env, WORLD_OPERATION_MS + 1);
}

void world_register(struct world *w)
{
    static const char *const spaces[] = { "Microsoft.Network", "Microsoft.Compute",
                                          "Microsoft.KeyVault", "Microsoft.Storage" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(spaces); i++)
        world_arm_do(w, 200, "POST", NULL, "/providers/%s/register", spaces[i]);
    world_pass(w);
}

void world_make_app(struct world *w, const char *name, const char *extra, struct app *out)
{
    struct reply r;
    char body[4096];

    snprintf(body, sizeof body,
             "{\"displayName\":\"%s\",\"signInAudience\":\"AzureADMyOrg\"%s}", name,
             extra);
    world_graph(w, &r, 201, "POST", body, "/v1.0/applications");
    snprintf(out->id, sizeof out->id, "%s", reply_str(&r, "/id"));
    snprintf(out->app_id, sizeof out->app_id, "%s", reply_str(&r, "/appId"));
    reply_done(&r);
    snprintf(body, sizeof body, "{\"appId\":\"%s\"}", out->app_id);
    world_graph(w, &r, 201, "POST", body, "/v1.0/servicePrincipals");
    snprintf(out->sp_id, sizeof out->sp_id, "%s", reply_str(&r, "/id"));
    reply_done(&r);
    world_graph(w, &r, 200, "POST", "{\"passwordCredential\":{\"displayName\":\"t\"}}",
                "/v1.0/applications/%s/addPassword", out->id);
    snprintf(out->secret, sizeof out->secret, "%s", reply_str(&r, "/secretText"));
    reply_done(&r);
}
