/*
 * The service package of a gateway: the archive that its instances install. The library
 * does not look into it; it is named after its digest, so that another one never takes
 * the place of one that instances still start from.
 */
#include "model/gateway.h"

#include <string.h>

#include "azure/endpoint.h"
#include "base/base64.h"
#include "crypto/hash.h"
#include "model/template_text.h"

#define PACKAGE_MAX   ((size_t)32 * 1024 * 1024)
#define USER_DATA_MAX ((size_t)128 * 1024)

static cmg_status check(cmg_gateway *gateway, const void *data, size_t size,
                        cmg_error **err)
{
    static const uint8_t gzip[] = { 0x1f, 0x8b };
    cmg_status rc =
        cmg__check(gateway == NULL ? NULL : &gateway->head, CMG__TAG_GATEWAY, err);

    if (rc == CMG_OK)
        rc = cmg__gateway_check_idle(gateway, err);
    if (rc != CMG_OK || data == NULL)
        return rc;
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    if (size > PACKAGE_MAX)
        return cmg__fail(
            err, alloc, CMG_E_LIMIT, "package", "build it without debug information",
            "the package is %zu bytes long, %zu are allowed", size, PACKAGE_MAX);
    if (size < sizeof gzip || memcmp(data, gzip, sizeof gzip) != 0)
        return cmg__fail(err, alloc, CMG_E_PARSE, "package",
                         "pass the bytes of cmg-service.tar.gz as it was built",
                         "the package is no gzip archive");
    return CMG_OK;
}

cmg_status cmg_gateway_set_package(cmg_gateway *gateway, const void *data, size_t size,
                                   cmg_error **err)
{
    struct cmg__package made = { .size = data == NULL ? 0 : size };
    cmg_status rc = check(gateway, data, size, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    if (data != NULL) {
        made.data = cmg__alloc(alloc, size);
        if (made.data == NULL || cmg__sha256_hex(data, size, made.sha256) != CMG_OK) {
            cmg__free(alloc, made.data);
            return cmg__fail_nomem(err);
        }
        memcpy(made.data, data, size);
    }
    cmg__free(alloc, gateway->package.data);
    gateway->package = made;
    return CMG_OK;
}

const char *cmg_gateway_package_sha256(const cmg_gateway *gateway)
{
    if (cmg__check(gateway == NULL ? NULL : &gateway->head, CMG__TAG_GATEWAY, NULL) !=
        CMG_OK)
        return "";
    return gateway->package_sha256;
}

char *cmg__package_url(const cmg_gateway *gateway)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    const char *endpoint = cmg__endpoint_get(gateway->head.ctx, CMG_ENDPOINT_STORAGE);

    if (strchr(endpoint, ':') != NULL)
        return cmg__format(alloc, "%s/%s/" CMG__PACKAGE_CONTAINER "/%s.tar.gz", endpoint,
                           gateway->name, gateway->package_sha256);
    return cmg__format(alloc, "https://%s.blob.%s/" CMG__PACKAGE_CONTAINER "/%s.tar.gz",
                       gateway->name, endpoint, gateway->package_sha256);
}

cmg_status cmg__user_data_package(const struct cmg__alloc *alloc,
                                  const struct cmg__json *scale_set, char out[65])
{
    static const char path[] = "/properties/virtualMachineProfile/userData";
    const char *text = cmg__str_or(cmg__json_str(scale_set, path), "");
    struct cmg__json *data = NULL;
    struct cmg__buf plain;

    out[0] = '\0';
    cmg__buf_init(&plain, alloc, USER_DATA_MAX);
    cmg_status rc = cmg__base64_decode(&plain, text, strlen(text));
    if (rc == CMG_OK && plain.len > 0)
        rc = cmg__json_parse(alloc, "user data", plain.data, plain.len, &data, NULL);
    const char *sha256 = cmg__str_or(cmg__json_str(data, "/package/sha256"), "");
    /* It becomes part of a URL. */
    if (strlen(sha256) == 64 && strspn(sha256, "0123456789abcdef") == 64)
        memcpy(out, sha256, 65);
    cmg__json_unref(data);
    cmg__buf_done(&plain);
    return rc == CMG_E_NOMEM ? rc : CMG_OK; /* other user data names no package of ours */
}

cmg_status cmg__template_storage(const cmg_gateway *gateway, const char *deployment_id,
                                 struct cmg__json **out, cmg_error **err)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    struct cmg__json *template = NULL;
    struct cmg__json *found = NULL;
    cmg_status rc = cmg__json_parse(alloc, "template", cmg__template_text,
                                    cmg__template_text_len, &template, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__json *list = cmg__json_at(template, "/resources");
    for (size_t i = 0; found == NULL && i < cmg__json_size(list); i++) {
        struct cmg__json *one = cmg__json_item(list, i);
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(one, "/type"), ""),
                         "Microsoft.Storage/storageAccounts"))
            found = one;
    }
    *out =
        cmg__json_pack("{s:s, s:o, s:O, s:O, s:O}", "location", gateway->region, "tags",
                       cmg__gateway_tags(gateway, deployment_id), "kind",
                       cmg__json_key(found, "kind"), "sku", cmg__json_key(found, "sku"),
                       "properties", cmg__json_key(found, "properties"));
    cmg__json_unref(template);
    return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
}
