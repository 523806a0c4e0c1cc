/* Key vaults: as resources with soft delete, and their content. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/gateway.h"
#include "sandbox/world.h"

static struct world w;

static void setup(void)
{
    world_init(&w);
}

static void teardown(void)
{
    world_done(&w);
}

#define GROUP  "/resourceGroups/rg-1"
#define VAULTS GROUP "/providers/Microsoft.KeyVault/vaults/" GATEWAY_NAME

static void make_group(void)
{
    world_register(&w);
    world_arm_do(&w, 201, "PUT", "{\"location\":\"westeurope\"}", GROUP);
}

static void make_vault(void)
{
    char *body = gateway_vault(WORLD_TENANT, cmg__sb_fact(w.cloud, "client_object_id"));
    struct reply r;

    make_group();
    world_arm(&w, &r, 200, "PUT", body, "%s", VAULTS);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "RegisteringDns");
    ck_assert_str_eq(reply_str(&r, "/properties/vaultUri"), "https://" VAULT "/");
    ck_assert_str_eq(reply_head(&r, "Azure-AsyncOperation"), "");
    reply_done(&r);
    world_pass(&w);
    world_arm(&w, &r, 200, "GET", NULL, "%s", VAULTS);
    ck_assert_str_eq(reply_str(&r, "/properties/provisioningState"), "Succeeded");
    reply_done(&r);
    free(body);
}

static void vault(struct reply *r, int status, const char *method, const char *body,
                  const char *target)
{
    const struct ask ask = { .method = method,
                             .host = VAULT,
                             .target = target,
                             .token = w.vault_token,
                             .body = body };

    world_ask(&w, &ask, r);
    ck_assert_int_eq(r->status, status);
}

START_TEST(a_certificate_goes_in_and_comes_out)
{
    struct reply r;
    char *body = gateway_import(GATEWAY_PASSWORD);
    char thumbprint[64], target[256];

    make_vault();
    vault(&r, 200, "POST", body, "/certificates/cmg/import?api-version=7.5");
    snprintf(thumbprint, sizeof thumbprint, "%s", reply_str(&r, "/x5t"));
    ck_assert_uint_eq(strlen(thumbprint), 27);
    ck_assert(cmg__str_starts(reply_str(&r, "/sid"), "https://" VAULT "/secrets/cmg/"));
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&r.answer.body), "PRIVATE KEY"));
    snprintf(target, sizeof target, "%s?api-version=7.5",
             reply_str(&r, "/sid") + strlen("https://" VAULT));
    reply_done(&r);
    vault(&r, 200, "GET", NULL, "/certificates/cmg/?api-version=7.5");
    ck_assert_str_eq(reply_str(&r, "/x5t"), thumbprint);
    reply_done(&r);
    vault(&r, 200, "GET", NULL, target);
    ck_assert_str_eq(reply_str(&r, "/contentType"), "application/x-pkcs12");
    ck_assert_uint_gt(strlen(reply_str(&r, "/value")), 500);
    reply_done(&r);
    free(body);
}
END_TEST

START_TEST(a_wrong_password_or_no_pfx_is_refused)
{
    struct reply r;
    char *body = gateway_import("wrong");

    make_vault();
    vault(&r, 400, "POST", body, "/certificates/cmg/import?api-version=7.5");
    ck_assert_str_eq(reply_str(&r, "/error/code"), "BadParameter");
    ck_assert_ptr_nonnull(strstr(reply_str(&r, "/error/message"), "password"));
    reply_done(&r);
    vault(&r, 400, "POST", "{\"value\":\"AAAA\",\"pwd\":\"x\"}",
          "/certificates/cmg/import?api-version=7.5");
    reply_done(&r);
    vault(&r, 400, "POST", body, "/certificates/cmg/import");
    reply_done(&r);
    vault(&r, 404, "GET", NULL, "/certificates/cmg?api-version=7.5");
    ck_assert_str_eq(reply_str(&r, "/error/code"), "CertificateNotFound");
    reply_done(&r);
    free(body);
}
END_TEST

START_TEST(who_is_in_no_policy_reads_nothing)
{
    struct reply r;

    make_group();
    char *body = gateway_vault(WORLD_TENANT, WORLD_TENANT);
    world_arm_do(&w, 200, "PUT", body, "%s", VAULTS);
    vault(&r, 403, "GET", NULL, "/certificates/cmg?api-version=7.5");
    ck_assert_str_eq(reply_str(&r, "/error/code"), "Forbidden");
    ck_assert_str_eq(reply_str(&r, "/error/innererror/code"), "AccessDenied");
    reply_done(&r);
    free(body);
}
END_TEST

START_TEST(a_deleted_vault_keeps_its_name_until_purged)
{
    struct reply r;
    char *body = gateway_vault(WORLD_TENANT, WORLD_TENANT);
    static const char deleted[] = "/providers/Microsoft.KeyVault/locations/westeurope/"
                                  "deletedVaults/" GATEWAY_NAME;

    make_vault();
    world_arm_do(&w, 404, "GET", NULL, "%s", deleted);
    world_arm_do(&w, 200, "DELETE", NULL, VAULTS);
    world_arm(&w, &r, 409, "PUT", body, "%s", VAULTS);
    ck_assert_str_eq(reply_str(&r, "/error/code"), "ConflictError");
    reply_done(&r);
    world_arm(&w, &r, 200, "GET", NULL, "%s", deleted);
    ck_assert_ptr_nonnull(strstr(reply_str(&r, "/properties/vaultId"), "/vaults/"));
    reply_done(&r);
    world_arm_do(&w, 202, "POST", NULL, "%s/purge", deleted);
    world_arm_do(&w, 200, "PUT", body, VAULTS);
    free(body);
}
END_TEST

START_TEST(a_recovered_vault_has_its_content_again)
{
    struct reply r;
    char *import = gateway_import(GATEWAY_PASSWORD);

    make_vault();
    vault(&r, 200, "POST", import, "/certificates/cmg/import?api-version=7.5");
    reply_done(&r);
    world_arm_do(&w, 200, "DELETE", NULL, VAULTS);
    vault(&r, 404, "GET", NULL, "/certificates/cmg?api-version=7.5");
    reply_done(&r);
    world_arm_do(&w, 200, "PUT",
                 "{\"location\":\"westeurope\",\"properties\":{\"createMode\":"
                 "\"recover\"}}",
                 VAULTS);
    vault(&r, 200, "GET", NULL, "/certificates/cmg?api-version=7.5");
    reply_done(&r);
    free(import);
}
END_TEST

static void add_vaults(TCase *t)
{
    tcase_add_test(t, a_certificate_goes_in_and_comes_out);
    tcase_add_test(t, a_wrong_password_or_no_pfx_is_refused);
    tcase_add_test(t, who_is_in_no_policy_reads_nothing);
    tcase_add_test(t, a_deleted_vault_keeps_its_name_until_purged);
    tcase_add_test(t, a_recovered_vault_has_its_content_again);
}

static Suite *suite(void)
{
    Suite *s = suite_create("vault");
    TCase *t = tcase_create("vaults");

    add_vaults(t);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
