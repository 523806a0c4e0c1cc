/* Redeeming the code of a sign-in by browser: once, by who began it, soon. */
#include <string.h>

#include "base/base64.h"
#include "base/secret.h"
#include "sandbox/entra_grant.h"

static const char *text_at(const struct cmg__json *v, const char *path)
{
    return cmg__str_or(cmg__json_str(v, path), "");
}

static bool refuse(struct cmg__sb_grant *g, int64_t aadsts, const char *text)
{
    cmg__sb_refuse_entra(g->call, 400, "invalid_grant", aadsts, "%s", text);
    return false;
}

static bool verifier_fits(const struct cmg__sb_grant *g, const char *challenge)
{
    const char *verifier = cmg__str_or(cmg__sb_form(g->call, "code_verifier"), "");
    uint8_t hash[32];
    struct cmg__buf text;

    if (challenge[0] == '\0')
        return true;
    cmg__buf_init(&text, g->call->cloud->alloc, 64);
    const bool same = cmg__sha256(verifier, strlen(verifier), hash) == CMG_OK &&
                      cmg__base64url_encode(&text, hash, sizeof hash) == CMG_OK &&
                      strcmp(cmg__buf_cstr(&text), challenge) == 0;
    cmg__buf_done(&text);
    return same;
}

static bool check(struct cmg__sb_grant *g, const struct cmg__json *entry)
{
    const char *uri = cmg__str_or(cmg__sb_form(g->call, "redirect_uri"), "");

    if (entry == NULL || !cmg__sb_same(text_at(entry, "/client_id"), g->client.id))
        return refuse(g, 70000, "The provided authorization code is not known.");
    if (cmg__json_bool(entry, "/redeemed", false))
        return refuse(g, 54005,
                      "OAuth2 Authorization code was already redeemed, please retry with "
                      "a new valid code or use an existing refresh token.");
    if (cmg__json_whole(entry, "/expires_ms", 0) < g->call->now_ms)
        return refuse(g, 70008,
                      "The provided authorization code or refresh token has expired due "
                      "to inactivity. Send a new interactive authorization request.");
    if (strcmp(uri, text_at(entry, "/redirect_uri")) != 0)
        return refuse(g, 500112,
                      "The reply address does not match the reply address provided when "
                      "requesting Authorization code.");
    if (!verifier_fits(g, text_at(entry, "/challenge")))
        return refuse(g, 501481,
                      "The Code_Verifier does not match the code_challenge supplied in "
                      "the authorization request.");
    return true;
}

/* The scope comes again, or is that of the page. */
static bool find_target(struct cmg__sb_grant *g, const struct cmg__json *entry)
{
    const bool again = cmg__sb_form(g->call, g->v2 ? "scope" : "resource") != NULL;

    return cmg__sb_grant_find_target(g,
                                     again || !g->v2 ? NULL : text_at(entry, "/scope"));
}

void cmg__sb_grant_authorization_code(struct cmg__sb_grant *g)
{
    struct cmg__json *entry =
        cmg__sb_find(g->call->cloud, "auth_codes", cmg__sb_form(g->call, "code"));
    const bool keyed = text_at(entry, "/challenge")[0] != '\0';

    if (!cmg__sb_grant_check_secret(g, !g->client.is_public && !keyed) ||
        !check(g, entry) || !find_target(g, entry))
        return;
    cmg__sb_set(g->call->cloud, entry, "redeemed", cmg__json_boolean(true));
    g->nonce = cmg__json_str(entry, "/nonce");
    g->client.acrs = cmg__json_str(entry, "/acrs");
    cmg__sb_grant_send_user(g);
}
