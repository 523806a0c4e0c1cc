/*
 * Federated assertions: a token of an outside issuer signs an application in. The keys of
 * issuers are handed to the sandbox, which asks nobody on the internet.
 */
#include <string.h>

#include "sandbox/entra.h"
#include "sandbox/sandbox.h"

#define AUDIENCE "api://AzureADTokenExchange"
#define SKEW_S   300
#define KEYS_MAX ((size_t)256 * 1024)

static bool refuse(struct cmg__sb_call *call, int64_t aadsts, const char *text)
{
    cmg__sb_refuse_entra(call, 401, "invalid_client", aadsts, "%s", text);
    return false;
}

static const char *text_at(const struct cmg__json *v, const char *path)
{
    return cmg__str_or(cmg__json_str(v, path), "");
}

/* ---- which credential ---- */

/* What an issuer was told to do for the built-in application. */
static bool built_in_matches(const struct cmg__json *issuer,
                             const struct cmg__json *payload)
{
    const char *subject = cmg__json_str(issuer, "/subject");

    return subject != NULL && strcmp(subject, text_at(payload, "/sub")) == 0 &&
           strcmp(AUDIENCE, text_at(payload, "/aud")) == 0;
}

/* Compared with case, as the real service does. */
static bool check_credentials(struct cmg__sb_call *call, const struct cmg__json *list,
                              const struct cmg__json *payload)
{
    int64_t worst = 700211;

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        if (strcmp(text_at(entry, "/issuer"), text_at(payload, "/iss")) != 0)
            continue;
        if (strcmp(text_at(entry, "/subject"), text_at(payload, "/sub")) != 0)
            worst = 700213;
        else if (strcmp(text_at(entry, "/audiences/0"), text_at(payload, "/aud")) != 0)
            worst = 700212;
        else
            return true;
    }
    return refuse(call, worst,
                  worst == 700211   ? "No matching federated identity record found for "
                                      "presented assertion issuer."
                  : worst == 700213 ? "No matching federated identity record found for "
                                      "presented assertion subject."
                                    : "No matching federated identity record found for "
                                      "presented assertion audience.");
}

static bool is_trusted(struct cmg__sb_call *call, const struct cmg__sb_client *client,
                       const struct cmg__json *issuer, const struct cmg__json *payload)
{
    if (client->is_built_in && built_in_matches(issuer, payload))
        return true;
    return check_credentials(call, cmg__json_key(client->application, "_federated"),
                             payload);
}

/* ---- the token ---- */

static bool verify(const struct cmg__sb_call *call, const struct cmg__json *issuer,
                   const char *token)
{
    const struct cmg__alloc *alloc = call->cloud->alloc;
    const char *keys = text_at(issuer, "/keys");
    struct cmg__json *payload = NULL;
    struct cmg__jwks *jwks = NULL;
    cmg_status rc = cmg__jwks_parse(alloc, keys, strlen(keys), &jwks, NULL);

    if (rc == CMG_OK)
        rc = cmg__jwt_read(alloc, token, strlen(token), jwks, &payload, NULL);
    cmg__json_unref(payload);
    cmg__jwks_free(jwks);
    return rc == CMG_OK;
}

static bool is_current(const struct cmg__sb_call *call, const struct cmg__json *payload)
{
    const int64_t now = call->now_ms / 1000;

    return cmg__json_whole(payload, "/exp", 0) + SKEW_S > now &&
           cmg__json_whole(payload, "/nbf", 0) - SKEW_S <= now;
}

bool cmg__sb_federated_admits(struct cmg__sb_call *call,
                              const struct cmg__sb_client *client, const char *token,
                              const struct cmg__json *payload)
{
    const struct cmg__json *issuer =
        cmg__json_key(call->cloud->issuers, text_at(payload, "/iss"));

    if (!is_trusted(call, client, issuer, payload))
        return false;
    if (!verify(call, issuer, token))
        return refuse(call, 50013, "Assertion failed signature validation.");
    if (!is_current(call, payload))
        return refuse(call, 700024,
                      "Client assertion is not within its valid time range.");
    return true;
}

/* ---- issuers ---- */

static cmg_status keep_issuer(struct cmg__sb_cloud *cloud, const char *issuer,
                              struct cmg__json *entry)
{
    if (cloud->issuers == NULL)
        cloud->issuers = cmg__json_object();
    return cmg__json_set(cloud->issuers, issuer, entry);
}

cmg_status cmg_sandbox_add_issuer(cmg_sandbox *sandbox, const char *issuer,
                                  const char *keys, size_t size, const char *subject,
                                  cmg_error **err)
{
    struct cmg__jwks *jwks = NULL;
    cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__str_is_empty(issuer) || keys == NULL || size > KEYS_MAX)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "issuer",
                         "pass an issuer and its JSON Web Key Set of at most 256 KiB",
                         "an argument is missing or too long");
    rc = cmg__jwks_parse(sandbox->alloc, keys, size, &jwks, err);
    cmg__jwks_free(jwks);
    if (rc != CMG_OK)
        return rc;
    struct cmg__json *entry = cmg__json_pack(
        "{s:o, s:s?}", "keys", cmg__json_stringn(keys, size), "subject", subject);
    (void)pthread_mutex_lock(&sandbox->lock);
    rc = keep_issuer(sandbox->cloud, issuer, entry);
    (void)pthread_mutex_unlock(&sandbox->lock);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}
