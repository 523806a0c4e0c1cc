/*
 * The fields that a request carries into the channel: what the client sent, without what
 * only the service may say, and what the service says about the client.
 */
#include "relay/service.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

static cmg_status add_forwarded(const struct cmg__exchange *x, struct cmg__headers *out)
{
    const char *peer = x->front->peer;
    bool is_v6 = strchr(peer, ':') != NULL;
    char value[384];

    snprintf(value, sizeof value, "for=%s%s%s;proto=https;host=%s", is_v6 ? "\"[" : "",
             peer, is_v6 ? "]\"" : "", x->service->settings.service_names.items[0]);
    return cmg__headers_add(out, "forwarded", value);
}

static cmg_status add_certificate(const struct cmg__exchange *x, struct cmg__headers *out)
{
    struct cmg__buf value;

    cmg__buf_init(&value, x->service->alloc, 64 * 1024);
    cmg_status rc = cmg__front_client_cert(x->front, &value);
    if (rc == CMG_OK)
        rc = cmg__headers_add(out, "client-cert", cmg__buf_cstr(&value));
    if (rc == CMG_OK)
        rc = cmg__headers_add(out, "cmg-cert-sha256", x->front->cert_sha256);
    cmg__buf_done(&value);
    return rc;
}

static cmg_status add_token(const struct cmg__exchange *x, struct cmg__headers *out)
{
    cmg_status rc = cmg__headers_add(out, "cmg-tid", x->identity.tenant_id);

    if (rc == CMG_OK && x->identity.object_id[0] != '\0')
        rc = cmg__headers_add(out, "cmg-oid", x->identity.object_id);
    return rc;
}

static cmg_status add_length(const struct cmg__exchange *x, struct cmg__headers *out)
{
    char value[24];

    if (x->head->framing != CMG__HTTP1_LENGTH || x->drop_body)
        return CMG_OK;
    snprintf(value, sizeof value, "%llu", (unsigned long long)x->head->content_length);
    return cmg__headers_add(out, "content-length", value);
}

cmg_status cmg__exchange_fields(struct cmg__exchange *x, struct cmg__headers *out)
{
    bool by_certificate = strcmp(x->client, "certificate") == 0;
    char id[48];
    char via[32];

    snprintf(id, sizeof id, "%s-%llu", x->service->run_id, (unsigned long long)x->number);
    snprintf(via, sizeof via, "1.1 %s", x->service->via);
    cmg_status rc = cmg__fields_pass(CMG__BORDER_CLIENT_IN, &x->head->headers, out);
    if (rc == CMG_OK)
        rc = add_length(x, out);
    if (rc == CMG_OK)
        rc = add_forwarded(x, out);
    if (rc == CMG_OK)
        rc = cmg__headers_add(out, "via", via);
    if (rc == CMG_OK)
        rc = cmg__headers_add(out, "cmg-request-id", id);
    if (rc == CMG_OK)
        rc = cmg__headers_add(out, "cmg-client",
                              by_certificate ? "type=cert" : "type=aad");
    if (rc == CMG_OK)
        rc = by_certificate ? add_certificate(x, out) : add_token(x, out);
    return rc;
}
