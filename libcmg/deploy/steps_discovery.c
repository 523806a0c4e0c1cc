/*
 * Which tenant a domain or an ID stands for, before anybody signs in: its OpenID
 * configuration needs no token. Credentials follow what the document says, so its issuer
 * and endpoints are checked first; a tenant of another cloud is named as such here, and
 * not by whatever the wrong sign-in host says later.
 */
#include <string.h>

#include "azure/cloud.h"
#include "base/error.h"
#include "deploy/steps.h"

/* ---- where the document may lead ---- */

static bool is_alias(const cmg_context *ctx, const char *url)
{
    const struct cmg__cloud *cloud = cmg__cloud_get(ctx->cloud);
    struct cmg__url parts;

    if (!cmg__url_parse(url, &parts) || !parts.https || parts.port != 443)
        return false;
    for (size_t i = 0; i < CMG__ARRAY_LEN(cloud->aliases); i++) {
        const char *alias = cloud->aliases[i];
        if (alias != NULL && strlen(alias) == parts.host_len &&
            cmg__str_ieqn(alias, parts.host, parts.host_len))
            return true;
    }
    return false;
}

static bool is_ours(const struct cmg__work *work, const char *url)
{
    return cmg__endpoint_serves(work->endpoints.at[CMG_ENDPOINT_LOGIN], url) ||
           cmg__endpoint_serves(work->endpoints.at[CMG_ENDPOINT_ISSUER], url) ||
           is_alias(work->ctx, url);
}

static cmg_status check_places(struct cmg__run *run, const struct cmg__json *document,
                               cmg_error **err)
{
    static const char *const places[] = { "/issuer", "/token_endpoint",
                                          "/authorization_endpoint",
                                          "/device_authorization_endpoint", "/jwks_uri" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(places); i++) {
        const char *url = cmg__json_str(document, places[i]);
        if (url == NULL)
            return cmg__answer_lacks(run, places[i], err);
        if (!is_ours(run->work, url))
            return cmg__fail(
                err, run->work->alloc, CMG_E_PROTO, places[i],
                "check the cloud and the endpoints login and issuer; if they "
                "are right, somebody stands between here and Entra ID",
                "the tenant's configuration leads to %.120s, not to %s", url,
                run->work->endpoints.at[CMG_ENDPOINT_LOGIN]);
    }
    return CMG_OK;
}

/* ---- which cloud ---- */

static const struct {
    cmg_cloud cloud;
    const char *name;
} enumerators[] = {
    { CMG_CLOUD_PUBLIC, "CMG_CLOUD_PUBLIC" },
    { CMG_CLOUD_US_GOVERNMENT, "CMG_CLOUD_US_GOVERNMENT" },
    { CMG_CLOUD_CHINA, "CMG_CLOUD_CHINA" },
    { CMG_CLOUD_US_GOVERNMENT_DOD, "CMG_CLOUD_US_GOVERNMENT_DOD" },
};

/* The cloud that the document names; NULL when it names none that is known. */
static const struct cmg__cloud *cloud_of(const struct cmg__json *document)
{
    const struct cmg__cloud *cloud = cmg__cloud_of_instance(
        cmg__str_or(cmg__json_str(document, "/cloud_instance_name"), ""));
    const char *graph = cmg__str_or(cmg__json_str(document, "/msgraph_host"), "");
    const struct cmg__cloud *dod = cmg__cloud_get(CMG_CLOUD_US_GOVERNMENT_DOD);

    return cmg__str_ieq(graph, dod->graph_host) ? dod : cloud;
}

static cmg_status check_cloud(const struct cmg__run *run,
                              const struct cmg__json *document, cmg_error **err)
{
    const struct cmg__work *work = run->work;
    const struct cmg__cloud *found = cloud_of(document);
    const char *tenant = cmg__str_or(cmg__work_value(work, "tenant"), "");

    if (found == NULL || found->id == work->ctx->cloud ||
        work->ctx->cloud == CMG_CLOUD_CUSTOM)
        return CMG_OK;
    for (size_t i = 0; i < CMG__ARRAY_LEN(enumerators); i++) {
        if (enumerators[i].cloud != found->id)
            continue;
        char *remedy = cmg__format(work->alloc, "call cmg_context_set_cloud() with %s",
                                   enumerators[i].name);
        const cmg_status rc =
            remedy == NULL
                ? cmg__fail_nomem(err)
                : cmg__fail(err, work->alloc, CMG_E_CONFLICT, "cloud", remedy,
                            "tenant %s lives in %s (%s), and the context is set to %s",
                            tenant, found->name, found->graph_host,
                            cmg__cloud_get(work->ctx->cloud)->name);
        cmg__free(work->alloc, remedy);
        return rc;
    }
    return CMG_OK;
}

/* ---- the tenant's ID ---- */

/* "https://login.microsoftonline.com/{tenant}/v2.0" */
static bool id_of_issuer(const char *issuer, char out[CMG__GUID_SIZE])
{
    const char *end = strstr(issuer, "/v2.0");

    if (end == NULL || end[strlen("/v2.0")] != '\0' || end - issuer < CMG__GUID_SIZE ||
        end[-CMG__GUID_SIZE] != '/')
        return false;
    memcpy(out, end - (CMG__GUID_SIZE - 1), CMG__GUID_SIZE - 1);
    out[CMG__GUID_SIZE - 1] = '\0';
    return cmg__guid_is_valid(out);
}

static cmg_status keep_id(struct cmg__run *run, const char *id, cmg_error **err)
{
    cmg_tenant *tenant = run->work->gateway->tenant;

    if (tenant->wanted_id[0] != '\0' && !cmg__str_ieq(tenant->wanted_id, id))
        return cmg__fail(err, run->work->alloc, CMG_E_CONFLICT, "/tenant/id",
                         "correct tenant.id or tenant.domain in the specification",
                         "the tenant is %s, but the specification says %s", id,
                         tenant->wanted_id);
    return cmg__observe(run->work->alloc, &tenant->id, id) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

static cmg_status read_document(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    char id[CMG__GUID_SIZE];
    cmg_status rc = check_cloud(run, answer->json, err);

    if (rc == CMG_OK)
        rc = check_places(run, answer->json, err);
    if (rc != CMG_OK)
        return rc;
    if (!id_of_issuer(cmg__json_str(answer->json, "/issuer"), id))
        return cmg__answer_lacks(run, "/issuer", err);
    cmg__run_say(run, "tenant %s", id);
    rc = keep_id(run, id, err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange exchanges[] = {
    { .name = "inspect", .call = CMG__CALL_OPENID_CONFIG, .read = read_document },
};

const struct cmg__step cmg__step_discovery = {
    .name = "discovery",
    .title = "tenant discovery",
    .phase = CMG__PHASE_SIGN_IN,
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
