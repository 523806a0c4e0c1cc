/*
 * The page of a sign-in by browser. The sandbox's administrator is signed in already, so
 * it goes back at once, or when somebody decides. What is wrong with the request itself,
 * client and redirect URI, is told on the page; everything else by the redirect.
 */
#include <string.h>

#include "base/secret.h"
#include "sandbox/entra.h"
#include "sandbox/entra_grant.h"
#include "sandbox/router.h"

#define CODE_SECONDS 600
#define PAGE_MAX     ((size_t)64 * 1024)
#define HTML         "text/html; charset=utf-8"
#define WAITING                                                                          \
    "<!doctype html><meta http-equiv=\"refresh\" content=\"1\"><title>Sign in</title>"   \
    "<p>Waiting for somebody to decide about this sign-in.\n"

static const char *given(const struct cmg__sb_call *call, const char *name)
{
    return cmg__str_or(cmg__sb_query(call, name), "");
}

/* ---- where it may go back to ---- */

/* "/" or the path of a loopback URI, whatever its port; NULL for other URIs. */
static const char *loopback_path(const char *uri, const char **host)
{
    static const char *const hosts[] = { "http://localhost", "http://127.0.0.1" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(hosts); i++) {
        if (!cmg__str_istarts(uri, hosts[i]))
            continue;
        const char *at = uri + strlen(hosts[i]);
        if (*at == ':')
            at += 1 + strspn(at + 1, "0123456789");
        *host = hosts[i];
        return *at == '\0' ? "/" : *at == '/' ? at : NULL;
    }
    return NULL;
}

static bool same_uri(const char *registered, const char *uri)
{
    const char *host_a = NULL;
    const char *host_b = NULL;
    const char *a = loopback_path(registered, &host_a);
    const char *b = loopback_path(uri, &host_b);

    if (a == NULL || b == NULL)
        return strcmp(registered, uri) == 0;
    return host_a == host_b && strcmp(a, b) == 0;
}

static bool is_registered(const struct cmg__sb_client *client, const char *uri)
{
    static const char *const places[] = { "/publicClient/redirectUris",
                                          "/web/redirectUris", "/spa/redirectUris" };

    if (client->application == NULL)
        return same_uri("http://localhost", uri);
    for (size_t i = 0; i < CMG__ARRAY_LEN(places); i++) {
        const struct cmg__json *list = cmg__json_at(client->application, places[i]);
        for (size_t k = 0; k < cmg__json_size(list); k++) {
            if (same_uri(cmg__str_or(cmg__json_str(cmg__json_item(list, k), ""), ""),
                         uri))
                return true;
        }
    }
    return false;
}

/* ---- the answers ---- */

static void show(struct cmg__sb_call *call, int64_t aadsts, const char *text)
{
    char *page = cmg__format(call->cloud->alloc,
                             "<!doctype html><title>Sign in</title><p>AADSTS%lld: %s\n",
                             (long long)aadsts, text);

    cmg__sb_reply_page(call, 400, HTML, cmg__str_or(page, ""));
    cmg__free(call->cloud->alloc, page);
}

struct field {
    const char *name, *value;
};

static void go_back(struct cmg__sb_call *call, const struct field *fields, size_t n)
{
    const char *uri = given(call, "redirect_uri");
    const char *host = NULL;
    const char *path = loopback_path(uri, &host);
    struct cmg__buf query, target;
    cmg_status rc = CMG_OK;

    cmg__buf_init_secret(&query, call->cloud->alloc, PAGE_MAX);
    cmg__buf_init_secret(&target, call->cloud->alloc, PAGE_MAX);
    for (size_t i = 0; rc == CMG_OK && i < n; i++)
        rc = cmg__form_add(&query, fields[i].name, fields[i].value);
    if (rc == CMG_OK && cmg__sb_query(call, "state") != NULL)
        rc = cmg__form_add(&query, "state", given(call, "state"));
    if (rc == CMG_OK) /* a URI without a path gets one */
        rc = cmg__buf_addf(
            &target, "%s%s%c%s", uri,
            path != NULL && strcmp(path, "/") == 0 && uri[strlen(uri) - 1] != '/' ? "/"
                                                                                  : "",
            strchr(uri, '?') == NULL ? '?' : '&', cmg__buf_cstr(&query));
    cmg__sb_reply_empty(call, 302);
    if (rc == CMG_OK)
        cmg__sb_head(call, "Location", cmg__buf_cstr(&target));
    else
        call->cloud->oom = true;
    cmg__buf_done(&query);
    cmg__buf_done(&target);
}

static void refuse(struct cmg__sb_call *call, const char *error, const char *text)
{
    const struct field fields[] = { { "error", error }, { "error_description", text } };

    go_back(call, fields, CMG__ARRAY_LEN(fields));
}

/* A refusal that was made for the token endpoint goes back by the redirect. */
static void refuse_as_replied(struct cmg__sb_call *call)
{
    struct cmg__json *reply = cmg__json_ref(call->reply);

    refuse(call, cmg__str_or(cmg__json_str(reply, "/error"), "server_error"),
           cmg__str_or(cmg__json_str(reply, "/error_description"), ""));
    cmg__json_unref(reply);
}

/* ---- the code ---- */

static void send_code(struct cmg__sb_call *call, const struct cmg__sb_grant *g)
{
    struct cmg__sb_cloud *cloud = call->cloud;
    char code[65];
    char acrs[16];

    cmg__sb_random_hex(cloud, 32, code);
    cmg__sb_demanded_acrs(cloud, cmg__sb_query(call, "claims"), acrs);
    cmg__sb_set(cloud, cmg__sb_table(cloud, "auth_codes"), code,
                cmg__json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "client_id",
                               g->client.id, "redirect_uri", given(call, "redirect_uri"),
                               "scope", given(call, "scope"), "resource",
                               given(call, "resource"), "challenge",
                               given(call, "code_challenge"), "nonce",
                               given(call, "nonce"), "acrs", acrs, "expires_ms",
                               call->now_ms + CODE_SECONDS * 1000));
    const struct field fields[] = { { "code", code },
                                    { "session_state", call->request_id } };
    go_back(call, fields, CMG__ARRAY_LEN(fields));
    cmg__wipe(code, sizeof code);
    cloud->dirty = true; /* although it is a GET */
}

static bool is_none(const struct cmg__sb_call *call)
{
    return strcmp(given(call, "prompt"), "none") == 0;
}

static void decide(struct cmg__sb_call *call, const struct cmg__sb_grant *g)
{
    bool approved = false;

    if (cmg__sb_sign_in_is_decided(call->cloud, given(call, "state"), &approved)) {
        if (approved)
            send_code(call, g);
        else
            refuse(call, "access_denied",
                   "AADSTS65004: User declined to consent to access the app.");
    } else if (is_none(call)) {
        refuse(
            call, "login_required",
            "AADSTS50058: A silent sign-in request was sent but no user is signed in.");
    } else {
        cmg__sb_reply_page(call, 200, HTML, WAITING);
    }
}

/* ---- the request ---- */

static const struct {
    const char *name;
    const char *values[3];
    const char *error, *text;
} rules[] = {
    { "response_type",
      { "code" },
      "unsupported_response_type",
      "AADSTS70005: response_type is not supported for the application." },
    { "response_mode",
      { "query", "" },
      "invalid_request",
      "AADSTS70007: response_mode is not a supported value." },
    { "code_challenge_method",
      { "S256", "" },
      "invalid_request",
      "AADSTS50147: Invalid size of Code_Challenge parameter." },
};

static bool check_rules(struct cmg__sb_call *call)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(rules); i++) {
        const char *value = given(call, rules[i].name);
        bool good = false;
        for (size_t k = 0; k < CMG__ARRAY_LEN(rules[i].values); k++)
            good = good ||
                   (rules[i].values[k] != NULL && strcmp(rules[i].values[k], value) == 0);
        if (!good) {
            refuse(call, rules[i].error, rules[i].text);
            return false;
        }
    }
    return true;
}

/* SHA-256 in base64url, or nothing. */
static bool check_challenge(struct cmg__sb_call *call)
{
    const size_t n = strlen(given(call, "code_challenge"));

    if (n == 43 || n == 0)
        return true;
    refuse(call, "invalid_request",
           "AADSTS50147: Invalid size of Code_Challenge parameter.");
    return false;
}

static bool check_scope(struct cmg__sb_call *call, struct cmg__sb_grant *g)
{
    struct cmg__buf scopes;

    cmg__buf_init(&scopes, call->cloud->alloc, 8192);
    const bool good = cmg__sb_grant_find_target(g, g->v2 ? given(call, "scope") : NULL) &&
                      cmg__sb_grant_settle_scopes(g, &scopes);
    cmg__buf_done(&scopes);
    if (!good)
        refuse_as_replied(call);
    return good;
}

static void authorize(struct cmg__sb_call *call, bool v2)
{
    struct cmg__sb_grant g = { .call = call, .v2 = v2 };

    if (!cmg__sb_tenant_is_known(call))
        return;
    if (!cmg__sb_client_find(call->cloud, given(call, "client_id"), &g.client))
        show(call, 700016, "Application was not found in the directory.");
    else if (!is_registered(&g.client, given(call, "redirect_uri")))
        show(call, 50011,
             "The redirect URI specified in the request does not match the redirect URIs "
             "configured for the application.");
    else if (check_rules(call) && check_challenge(call) && check_scope(call, &g))
        decide(call, &g);
}

static void get_v2(struct cmg__sb_call *call)
{
    authorize(call, true);
}

static void get_v1(struct cmg__sb_call *call)
{
    authorize(call, cmg__sb_same(cmg__sb_arg(call, "tenant"), "adfs"));
}

static const struct cmg__sb_route routes[] = {
    { "GET", "/{tenant}/oauth2/v2.0/authorize", get_v2 },
    { "GET", "/{tenant}/oauth2/authorize", get_v1 },
};
const struct cmg__sb_routes cmg__sb_entra_authorize_routes = { routes,
                                                               CMG__ARRAY_LEN(routes) };
