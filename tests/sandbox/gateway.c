/* See gateway.h. */
#include "sandbox/gateway.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/pfx.h"
#include "model/place.h"

char *gateway_deployment(const char *subscription_id, const char *secret_url)
{
    struct place place;
    struct cmg__buf data, text;
    struct cmg__json *properties = NULL;
    char vault[256];
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *gateway = place_gateway(&place);
    snprintf(vault, sizeof vault,
             "/subscriptions/%s/resourceGroups/" GATEWAY_GROUP
             "/providers/Microsoft.KeyVault/vaults/" GATEWAY_NAME,
             subscription_id);
    cmg__buf_init(&data, &cmg__alloc_libc, 65536);
    cmg__buf_init(&text, &cmg__alloc_libc, CMG__JSON_MAX);
    /* What the instances' user data says of names is all that the sandbox reads of it. */
    ck_assert_int_eq(
        cmg__buf_add_str(&data,
                         "{\"version\":1,\"service_names\":[\"" GATEWAY_SERVICE "\"]}"),
        CMG_OK);
    const struct cmg__template_input input = { .gateway = gateway,
                                               .deployment_id = "d-1",
                                               .vault_id = vault,
                                               .cert_secret_url = secret_url,
                                               .user_data = cmg__buf_cstr(&data),
                                               .admin_password = GATEWAY_SECRET };
    ck_ok(cmg__template_make(&cmg__alloc_libc, &input, &properties, &err), err);
    struct cmg__json *whole = cmg__json_pack("{s:o}", "properties", properties);
    ck_assert_int_eq(cmg__json_format(whole, CMG__JSON_COMPACT, &text), CMG_OK);
    char *copy = strdup(cmg__buf_cstr(&text));
    cmg__json_unref(whole);
    cmg__buf_done(&data);
    cmg__buf_done(&text);
    cmg_gateway_unref(gateway);
    place_done(&place);
    return copy;
}

char *gateway_vault(const char *tenant_id, const char *object_id)
{
    char *text = NULL;

    ck_assert_int_gt(
        asprintf(&text,
                 "{\"location\":\"westeurope\",\"properties\":{\"tenantId\":\"%s\","
                 "\"sku\":{\"family\":\"A\",\"name\":\"standard\"},"
                 "\"enabledForDeployment\":true,\"accessPolicies\":[{\"tenantId\":\"%s\","
                 "\"objectId\":\"%s\",\"permissions\":{\"certificates\":[\"get\","
                 "\"import\"],\"secrets\":[\"get\"]}}]}}",
                 tenant_id, tenant_id, object_id),
        0);
    return text;
}

static void make_pfx(struct cmg__buf *out)
{
    static const char *const names[] = { GATEWAY_SERVICE, NULL };
    const struct cmg__env *env = &cmg__env_system;
    const struct cmg__alloc *alloc = &cmg__alloc_libc;
    struct cmg__key *key = NULL;
    struct cmg__x509 *cert = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__key_generate(alloc, env, CMG__KEY_EC, 256, &key, &err), err);
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_WEB_SERVER,
                                               .common_name = GATEWAY_SERVICE,
                                               .dns_names = names,
                                               .not_before_unix_s =
                                                   cmg__env_unix_s(env) - 60,
                                               .not_after_unix_s =
                                                   cmg__env_unix_s(env) + 86400,
                                               .key = key };
    ck_ok(cmg__x509_issue(alloc, env, &request, NULL, NULL, &cert, &err), err);
    const struct cmg__pfx_options options = { .friendly_name = "cmg",
                                              .iterations = CMG__PFX_ITERATIONS_MIN };
    ck_ok(
        cmg__pfx_write(alloc, env, &options, key, &cert, 1, GATEWAY_PASSWORD, out, &err),
        err);
    cmg__x509_free(cert);
    cmg__key_free(key);
}

char *gateway_import(const char *password_sent)
{
    struct cmg__buf pfx, text;
    char *body = NULL;

    cmg__buf_init(&pfx, &cmg__alloc_libc, 65536);
    cmg__buf_init(&text, &cmg__alloc_libc, 65536);
    make_pfx(&pfx);
    ck_assert_int_eq(cmg__base64_encode(&text, pfx.data, pfx.len), CMG_OK);
    ck_assert_int_gt(asprintf(&body,
                              "{\"value\":\"%s\",\"pwd\":\"%s\",\"policy\":{"
                              "\"secret_props\":{\"contentType\":"
                              "\"application/x-pkcs12\"}}}",
                              cmg__buf_cstr(&text), password_sent),
                     0);
    cmg__buf_done(&pfx);
    cmg__buf_done(&text);
    return body;
}
