/*
 * The service package of a gateway: the archive that its instances install. The library
 * does not look into it; it is named after its digest, so that another one never takes
 * the place of one that instances still start from.
 */
#include "model/gateway.h"

#include <string.h>

#include "azure/endpoint.h"
#include "crypto/hash.h"

#define PACKAGE_MAX ((size_t)32 * 1024 * 1024)

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
