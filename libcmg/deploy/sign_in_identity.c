/*
 * Managed identity: the metadata service of the machine (IMDS) gives the tokens. A plain
 * GET on the machine's own link, with the field "Metadata" that no browser and no proxy
 * adds, and never by a proxy. It is asked six times in two minutes: it may be away for 70
 * seconds, and off Azure nobody answers at its address.
 */
#include <string.h>

#include "base/error.h"
#include "crypto/jwt.h"
#include "deploy/sign_in.h"
#include "deploy/token.h"

#define TRIES              7
#define CONNECT_TIMEOUT_MS 2000 /* it answers at once, or nobody is there */
#define TOTAL_TIMEOUT_MS   30000

static const char *const parameters[] = {
    [CMG_IDENTITY_CLIENT_ID] = "client_id",
    [CMG_IDENTITY_OBJECT_ID] = "object_id",
    [CMG_IDENTITY_RESOURCE_ID] = "msi_res_id",
};

/* The URL with the identity, unless it is the machine's own. */
static cmg_status add_identity(const cmg_tenant *tenant, struct cmg__http_request *req)
{
    struct cmg__buf url;

    if (tenant->sign_in_identity_id == NULL)
        return CMG_OK;
    cmg__buf_init(&url, req->alloc, 16 * 1024);
    cmg_status rc =
        cmg__buf_addf(&url, "%s&%s=", req->url, parameters[tenant->sign_in_identity]);
    if (rc == CMG_OK)
        rc = cmg__url_encode(&url, tenant->sign_in_identity_id,
                             strlen(tenant->sign_in_identity_id));
    if (rc == CMG_OK)
        rc = cmg__str_assign(req->alloc, &req->url, cmg__buf_cstr(&url));
    cmg__buf_done(&url);
    return rc;
}

static cmg_status build(const struct cmg__work *work, enum cmg__token_kind kind,
                        struct cmg__http_request *req, struct cmg__http_options *options,
                        cmg_error **err)
{
    const cmg_tenant *tenant = work->gateway->tenant;
    struct cmg__arg args[] = { { "endpoint", tenant->identity_endpoint },
                               { "resource", NULL } };

    options->no_proxy = true;
    options->connect_timeout_ms = CONNECT_TIMEOUT_MS;
    options->total_timeout_ms = TOTAL_TIMEOUT_MS;
    cmg_status rc = cmg__token_resource(work, kind, &args[1].value, err);
    if (rc == CMG_OK)
        rc =
            cmg__call_build(work->alloc, cmg__call_get(CMG__CALL_TOKEN_IDENTITY),
                            &work->endpoints, args, CMG__ARRAY_LEN(args), NULL, req, err);
    if (rc == CMG_OK && (add_identity(tenant, req) != CMG_OK ||
                         cmg__headers_add(&req->headers, "Metadata", "true") != CMG_OK))
        rc = cmg__fail_nomem(err);
    return rc;
}

/* ---- who it is ---- */

/* The object ID stands in the token, for want of another place. */
static cmg_status note_token(struct cmg__work *work, const char *token)
{
    struct cmg__json *claims = NULL;
    const cmg_status rc = cmg__jwt_peek(work->alloc, token, strlen(token), &claims, NULL);
    const char *id = cmg__json_str(claims, "/oid");

    if (rc == CMG_OK && id != NULL && cmg__guid_is_valid(id))
        memcpy(work->principal_id, id, sizeof work->principal_id);
    cmg__json_unref(claims);
    return rc == CMG_E_NOMEM ? rc : CMG_OK;
}

/* Later steps name the principal. The service may say the client ID; else what was
   configured, or the token, has to do. */
static cmg_status note(struct cmg__work *work, const struct cmg__json *answer,
                       cmg_error **err)
{
    const cmg_tenant *tenant = work->gateway->tenant;
    const char *client = cmg__json_str(answer, "/client_id");
    cmg_status rc = CMG_OK;

    if (tenant->sign_in_identity == CMG_IDENTITY_OBJECT_ID)
        memcpy(work->principal_id, tenant->sign_in_identity_id,
               sizeof work->principal_id);
    else if (client != NULL && cmg__guid_is_valid(client))
        rc = cmg__json_set_str(work->spec, "sign_in_client", client);
    else if (tenant->sign_in_identity != CMG_IDENTITY_CLIENT_ID)
        rc = note_token(work, cmg__json_str(answer, "/access_token"));
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* ---- what a failure means ---- */

static const struct {
    int status; /* 0: no answer */
    const char *cause;
    const char *remedy;
} meanings[] = {
    { 0, "nobody answers as metadata service",
      "run this on a machine of Azure, or sign in another way" },
    { 400, "the machine does not have this managed identity",
      "assign the identity to the machine, or correct its ID" },
    { 404, "the metadata service is not ready, or does not know managed identities",
      "wait until the machine has started, and run this again" },
    { 410, "the metadata service is being updated",
      "wait two minutes, and run this again" },
    { 429, "the metadata service is asked too often",
      "wait a minute, and run this again" },
};

static cmg_status explain(const struct cmg__work *work, int status, cmg_error **err)
{
    cmg_error *from = *err;
    cmg_error *fresh = NULL;
    size_t i = 0;

    while (i < CMG__ARRAY_LEN(meanings) && meanings[i].status != status)
        i++;
    if (i == CMG__ARRAY_LEN(meanings) || cmg_error_code(from) == CMG_E_NOMEM)
        return CMG_OK;
    const struct cmg__error_info info = {
        .code = status == 400 ? CMG_E_AUTH : cmg_error_code(from),
        .retry = cmg_error_retry(from),
        .retry_after_ms = cmg_error_retry_after_ms(from),
        .origin = cmg_error_origin(from),
        .origin_number = cmg_error_origin_number(from),
        .service_code = cmg_error_service_code(from),
        .subject = "managed identity",
        .cause = meanings[i].cause,
        .remedy = meanings[i].remedy,
    };
    (void)cmg__error_set(&fresh, work->alloc, &info, "%s", cmg_error_message(from));
    cmg_error_unref(from);
    *err = fresh;
    return CMG_OK;
}

const struct cmg__sign_in_method cmg__sign_in_identity = {
    .exchange = { .name = "token",
                  .call = CMG__CALL_TOKEN_IDENTITY,
                  .passing = { 404, 410 } },
    .is_machine = true,
    .tries = TRIES,
    .build = build,
    .note = note,
    .explain = explain,
};
