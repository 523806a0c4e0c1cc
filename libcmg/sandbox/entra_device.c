/*
 * The device code flow: codes are approved by the second poll, or when somebody decides.
 */
#include <string.h>

#include "sandbox/entra.h"
#include "sandbox/entra_grant.h"
#include "sandbox/router.h"

#define DEVICE_SECONDS  900
#define DEVICE_INTERVAL 1
#define KEEP_CODE_MS    (3600 * 1000)

/* ---- redeeming ---- */

static void poll_device_code(struct cmg__sb_grant *g, struct cmg__json *entry)
{
    struct cmg__sb_call *call = g->call;
    int64_t polls = cmg__json_int(entry, "/polls", 0) + 1;
    bool approved = false;
    const bool decided = cmg__sb_sign_in_is_decided(
        call->cloud, cmg__str_or(cmg__json_str(entry, "/user_code"), ""), &approved);
    cmg__sb_set_int(call->cloud, entry, "polls", polls);
    if (cmg__json_int(entry, "/expires_ms", 0) < call->now_ms) {
        cmg__sb_refuse_entra(call, 400, "expired_token", 70020,
                             "The provided value for the input parameter 'device_code' "
                             "is not valid. This code has expired.");
    } else if (cmg__json_bool(entry, "/redeemed", false)) {
        cmg__sb_refuse_entra(call, 400, "invalid_grant", 54005,
                             "OAuth2 Authorization code was already redeemed, please "
                             "retry with a new valid code.");
    } else if (!approved) {
        cmg__sb_refuse_entra(call, 400, "authorization_declined", 65004,
                             "User declined to consent to access the app.");
    } else if (!decided || (polls < 2 && !call->cloud->by_call)) {
        cmg__sb_refuse_entra(call, 400, "authorization_pending", 70016,
                             "OAuth 2.0 device flow error. Authorization is pending. "
                             "Continue polling.");
    } else if (cmg__sb_grant_find_target(g, cmg__json_str(entry, "/scope"))) {
        cmg__sb_set(call->cloud, entry, "redeemed", cmg__json_boolean(true));
        g->client.acrs = cmg__json_str(entry, "/acrs");
        cmg__sb_grant_send_user(g);
    }
}

void cmg__sb_grant_device_code(struct cmg__sb_grant *g)
{
    struct cmg__sb_call *call = g->call;
    const char *code = cmg__sb_form(call, "device_code");
    if (code == NULL)
        code = cmg__sb_form(call, "code"); /* v1 */
    struct cmg__json *entry = cmg__sb_find(call->cloud, "device_codes", code);
    if (!cmg__sb_grant_check_secret(g, !g->client.is_public))
        return;
    if (entry == NULL || !cmg__sb_same(cmg__json_str(entry, "/client_id"), g->client.id))
        cmg__sb_refuse_entra(call, 400, "bad_verification_code", 70018,
                             "The provided device code is not known.");
    else
        poll_device_code(g, entry);
}

/* ---- the codes ---- */

/* Codes that nobody can use any more are kept for their refusal, not for ever. */
static void forget_old_codes(struct cmg__sb_call *call)
{
    struct cmg__json *codes = cmg__sb_table(call->cloud, "device_codes");
    bool again = true;
    while (again) { /* removing ends an iteration */
        void *iter = NULL;
        const char *key = NULL;
        struct cmg__json *entry = NULL;
        again = false;
        while (!again && cmg__json_next(codes, &iter, &key, &entry)) {
            again = cmg__json_int(entry, "/expires_ms", 0) + KEEP_CODE_MS < call->now_ms;
            if (again)
                cmg__json_remove(codes, key);
        }
    }
}

static void send_device_code(struct cmg__sb_grant *g, const char *scope)
{
    struct cmg__sb_call *call = g->call;
    struct cmg__sb_cloud *cloud = call->cloud;
    static const char uri[] = "https://microsoft.com/devicelogin";
    char code[65];
    char user_code[10];
    char acrs[16];
    cmg__sb_demanded_acrs(cloud, cmg__sb_form(call, "claims"), acrs);
    forget_old_codes(call);
    cmg__sb_random_hex(cloud, 32, code);
    for (size_t i = 0; i < 9; i++) /* letters of "0-9a-f" moved into A-P */
        user_code[i] =
            (char)('A' + (cmg__is_digit(code[i]) ? code[i] - '0' : code[i] - 'a' + 10));
    user_code[9] = '\0';
    cmg__sb_set(cloud, cmg__sb_table(cloud, "device_codes"), code,
                cmg__json_pack("{s:s, s:s, s:I, s:i, s:s, s:s}", "client_id",
                               g->client.id, "scope", scope, "expires_ms",
                               call->now_ms + DEVICE_SECONDS * 1000, "polls", 0,
                               "user_code", user_code, "acrs", acrs));
    cmg__sb_reply(
        call, 200,
        cmg__json_pack("{s:s, s:s, s:s, s:i, s:i, s:o}", "user_code", user_code,
                       "device_code", code, "verification_uri", uri, "expires_in",
                       DEVICE_SECONDS, "interval", DEVICE_INTERVAL, "message",
                       cmg__sb_text(cloud,
                                    "To sign in, use a web browser to open the page %s "
                                    "and enter the code %s to authenticate.",
                                    uri, user_code)));
}

static void post_device_code(struct cmg__sb_call *call)
{
    struct cmg__sb_grant g = { .call = call, .v2 = true };
    if (!cmg__sb_tenant_is_known(call) ||
        !cmg__sb_grant_find_client(&g, cmg__sb_form(call, "client_id")))
        return;
    if (cmg__sb_form(call, "scope") == NULL && cmg__sb_form(call, "resource") != NULL)
        g.v2 = false;
    if (!cmg__sb_grant_find_target(&g, NULL))
        return;
    struct cmg__json *scope =
        g.v2 ? cmg__json_string(cmg__sb_form(call, "scope"))
             : cmg__sb_text(call->cloud,
                            "%s" CMG__SB_DEFAULT_SUFFIX " openid offline_access",
                            g.resource);
    if (scope == NULL)
        call->cloud->oom = true;
    else
        send_device_code(&g, cmg__json_str(scope, ""));
    cmg__json_unref(scope);
}

static const struct cmg__sb_route routes[] = {
    { "POST", "/{tenant}/oauth2/v2.0/devicecode", post_device_code },
    { "POST", "/{tenant}/oauth2/devicecode", post_device_code },
};
const struct cmg__sb_routes cmg__sb_entra_device_routes = { routes,
                                                            CMG__ARRAY_LEN(routes) };
