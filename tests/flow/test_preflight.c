/* The preflight against the sandbox: each thing that is wrong is found, all at once. */
#include <cmg/preflight.h>
#include "crypto/x509_data.h"
#include "model/certificate.h"
#include "place.h"
#include "sandbox/arm.h"
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <string.h>

static cmg_sandbox *sandbox;
static uint64_t of_others; /* resources that were there before */
static struct site site;
static struct party p;

static void setup(void)
{
    cmg_error *err = NULL;

    sandbox = place_sandbox(0);
    of_others = 0;
    place_site(sandbox, &site);
    ck_ok(party_init(&p, &site, NULL, &err), err);
}

static void teardown(void)
{
    party_done(&p);
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

static void set(const char *name, const char *value)
{
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_set(sandbox, name, value, &err), err);
}

/* Without a journal: it only reads. */
static void check(void)
{
    cmg_error *err = NULL;

    cmg_deploy_unref(p.deploy);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_CHECK_GATEWAY, &p.deploy, &err), err);
    ck_ok(cmg_deploy_run(p.deploy, &err), err);
    ck_assert_int_eq(cmg_deploy_get_state(p.deploy), CMG_DEPLOY_READY);
}

static cmg_problem problem_at(size_t i)
{
    cmg_problem problem = { .size = sizeof problem };
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_problem(p.deploy, i, &problem, &err), err);
    return problem;
}

static size_t count(cmg_severity severity)
{
    size_t n = 0;

    for (size_t i = 0; i < cmg_deploy_problem_count(p.deploy); i++)
        n += problem_at(i).severity == severity;
    return n;
}

/* The first problem of a step, or a failure with all there are. */
static cmg_problem problem_of(const char *step)
{
    cmg_bytes *all = NULL;

    for (size_t i = 0; i < cmg_deploy_problem_count(p.deploy); i++) {
        if (strcmp(problem_at(i).step, step) == 0)
            return problem_at(i);
    }
    ck_assert_int_eq(cmg_deploy_export_problems(p.deploy, &all, NULL), CMG_OK);
    ck_abort_msg("no problem of %s in %.*s", step, (int)cmg_bytes_size(all),
                 (const char *)cmg_bytes_data(all));
}

START_TEST(a_fresh_subscription_has_nothing_that_refuses)
{
    check();
    ck_assert_uint_eq(count(CMG_SEVERITY_REFUSAL), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 0);
    /* What a create mends is told. */
    const cmg_problem provider = problem_of("provider_compute");
    ck_assert_int_eq(provider.severity, CMG_SEVERITY_NOTE);
    ck_assert_uint_eq(provider.fixable, 1);
    /* And what could not be looked at. */
    ck_assert_ptr_nonnull(strstr(problem_of("names").what, "comes first"));
    ck_assert_ptr_nonnull(strstr(problem_of("check_quota").what, "comes first"));
}
END_TEST

/* fresh: found in a subscription where no provider is registered, too. */
static const struct {
    const char *name, *value; /* of the sandbox */
    const char *step, *subject, *service_code;
    cmg_status code; /* what a create ends with */
    bool fresh;
} faults[] = {
    { "policy/tag", "deny * without tag costcenter", "check_group",
      "arm.subscription.validate", "RequestDisallowedByPolicy", CMG_E_DENIED, true },
    { "policy/ip", "deny Microsoft.Network/publicIPAddresses", "check_template",
      "arm.subscription.validate", "RequestDisallowedByPolicy", CMG_E_DENIED, false },
    { "policy/vault", "deny Microsoft.KeyVault/vaults", "check_template",
      "arm.subscription.validate", "RequestDisallowedByPolicy", CMG_E_DENIED, false },
    { "policy/sets", "deny Microsoft.Compute/virtualMachineScaleSets", "check_template",
      "arm.subscription.validate", "RequestDisallowedByPolicy", CMG_E_DENIED, false },
    { "quota/cores/westeurope", "3", "check_quota", "cores", "QuotaExceeded", CMG_E_LIMIT,
      false },
    { "quota/standardAv2Family/westeurope", "3", "check_quota", "standardAv2Family",
      "QuotaExceeded", CMG_E_LIMIT, false },
    { "restrict/Standard_A2_v2/westeurope", "NotAvailableForSubscription", "check_size",
      "/gateway/vm_size", "NotAvailableForSubscription", CMG_E_UNSUPPORTED, true },
    { "admin_role", "Reader", "check_rights",
      "Microsoft.Resources/subscriptions/resourceGroups/write", "", CMG_E_DENIED, true },
};

static void nothing_was_made(void)
{
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 0);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCES), of_others);
}

static void create_refused(cmg_status code)
{
    cmg_error *err = NULL;
    const cmg_status rc = party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err);

    ck_assert_msg(rc == code, "%s instead of %s: %s", cmg_status_name(rc),
                  cmg_status_name(code), cmg_error_message(err));
    cmg_error_unref(err);
    nothing_was_made();
}

/* A refusal of that step, with all that a person needs. */
static cmg_problem refusal_of(const char *step)
{
    const cmg_problem problem = problem_of(step);

    ck_assert_int_eq(problem.severity, CMG_SEVERITY_REFUSAL);
    ck_assert_str_ne(problem.what, "");
    ck_assert_str_ne(problem.cause, "");
    ck_assert_str_ne(problem.remedy, "");
    return problem;
}

/* Nobody has ever made a gateway there. */
START_TEST(what_would_fail_is_found_before_anything_is_made)
{
    set(faults[_i].name, faults[_i].value);
    check();
    ck_assert(!faults[_i].fresh || count(CMG_SEVERITY_REFUSAL) > 0);
    nothing_was_made();
    create_refused(faults[_i].code);
    /* What hangs on providers is found beforehand, now that they are registered. */
    check();
    const cmg_problem problem = refusal_of(faults[_i].step);
    ck_assert_str_eq(problem.subject, faults[_i].subject);
    ck_assert_str_eq(problem.service_code, faults[_i].service_code);
    nothing_was_made();
}
END_TEST

/* ---- names ---- */

enum { LABEL = 1, ACCOUNT = 2, VAULT = 4, DELETED_VAULT = 8 };

static const struct {
    unsigned bit;
    const char *type, *properties;
    const char *told;
} places[] = {
    { LABEL, "Microsoft.Network/publicIPAddresses",
      "{\"dnsSettings\":{\"domainNameLabel\":\"granitefalls\"}}", "DNS name" },
    { ACCOUNT, "Microsoft.Storage/storageAccounts", "{}", ": storage account" },
    { VAULT, "Microsoft.KeyVault/vaults", "{}", ": key vault" },
    { DELETED_VAULT, "Microsoft.KeyVault/vaults", "{}", "deleted key vault" },
};

/* Somebody else has it. */
static void take(size_t i)
{
    struct cmg__sb_cloud *cloud = sandbox->cloud;
    struct cmg__json *properties = NULL;
    char id[256];

    (void)snprintf(id, sizeof id,
                   "/subscriptions/%s/resourcegroups/others/providers/%s/granitefalls",
                   site.subscription, places[i].type);
    char *key = cmg__sb_key(cloud, id);
    ck_assert_int_eq(cmg__json_parse(cloud->alloc, "properties", places[i].properties,
                                     strlen(places[i].properties), &properties, NULL),
                     CMG_OK);
    (void)pthread_mutex_lock(&sandbox->lock);
    cmg__sb_set(cloud, cmg__sb_table(cloud, "resources"), key,
                cmg__json_pack("{s:s, s:s, s:s, s:s, s:o}", "id", id, "name",
                               "granitefalls", "type", places[i].type, "location",
                               "westeurope", "properties", properties));
    if (places[i].bit == DELETED_VAULT)
        cmg__sb_resource_remove(cloud, key);
    else
        of_others++;
    (void)pthread_mutex_unlock(&sandbox->lock);
    cmg__free(cloud->alloc, key);
}

static const unsigned taken[] = { LABEL,
                                  ACCOUNT,
                                  VAULT,
                                  DELETED_VAULT,
                                  LABEL | ACCOUNT | VAULT,
                                  LABEL | ACCOUNT | DELETED_VAULT };

static bool is_told(const char *text)
{
    for (size_t i = 0; i < cmg_deploy_problem_count(p.deploy); i++) {
        const cmg_problem problem = problem_at(i);
        if (strcmp(problem.step, "names") == 0 && strstr(problem.what, text) != NULL)
            return true;
    }
    return false;
}

START_TEST(each_place_where_the_name_is_taken_is_told)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(places); i++) {
        if ((taken[_i] & places[i].bit) != 0)
            take(i);
    }
    create_refused(CMG_E_EXISTS);
    check();
    const cmg_problem problem = refusal_of("names");
    ck_assert_str_eq(problem.subject, "/gateway/name");
    for (size_t i = 0; i < CMG__ARRAY_LEN(places); i++) {
        if (places[i].bit == VAULT && (taken[_i] & DELETED_VAULT) != 0)
            continue;
        ck_assert_msg(is_told(places[i].told) == ((taken[_i] & places[i].bit) != 0), "%s",
                      places[i].told);
    }
}
END_TEST

/* ---- where and who ---- */

static const struct {
    const char *scope; /* below the subscription */
    const char *what, *remedy;
} locks[] = {
    { "", "subscription \"", "another subscription" },
    { "/resourceGroups/cmg-granitefalls", "resource group \"", "another resource group" },
};

static void put(const char *table, const char *key, struct cmg__json *value)
{
    (void)pthread_mutex_lock(&sandbox->lock);
    cmg__sb_set(sandbox->cloud, cmg__sb_table(sandbox->cloud, table), key, value);
    (void)pthread_mutex_unlock(&sandbox->lock);
}

START_TEST(lock_tells_where_it_is)
{
    const bool in_group = locks[_i].scope[0] != '\0';
    char scope[256], id[400];

    if (in_group)
        put("groups", "cmg-granitefalls",
            cmg__json_pack("{s:s, s:s, s:s, s:{s:s}, s:{s:s}}", "id", "g", "name",
                           "cmg-granitefalls", "location", "westeurope", "tags", "a", "b",
                           "properties", "provisioningState", "Succeeded"));
    (void)snprintf(scope, sizeof scope, "/subscriptions/%s%s", site.subscription,
                   locks[_i].scope);
    (void)snprintf(id, sizeof id, "%s/providers/Microsoft.Authorization/locks/frozen",
                   scope);
    put("locks", id,
        cmg__json_pack("{s:s, s:s, s:{s:s}, s:s}", "id", id, "name", "frozen",
                       "properties", "level", "ReadOnly", "_scope", scope));
    check();
    const cmg_problem problem = refusal_of("check_locks");
    ck_assert_ptr_nonnull(strstr(problem.what, locks[_i].what));
    ck_assert_ptr_nonnull(strstr(problem.remedy, locks[_i].remedy));
    if (!in_group)
        create_refused(CMG_E_DENIED);
}
END_TEST

START_TEST(region_that_is_none_is_told_as_such)
{
    ck_assert_int_eq(cmg__str_assign(&p.ctx->alloc, &p.gateway->region, "atlantis"),
                     CMG_OK);
    check();
    const cmg_problem problem = refusal_of("check_region");
    ck_assert_str_eq(problem.subject, "/gateway/region");
    ck_assert_ptr_nonnull(strstr(problem.what, "atlantis"));
    for (size_t i = 0; i < cmg_deploy_problem_count(p.deploy); i++)
        ck_assert_str_ne(problem_at(i).step, "check_size");
    create_refused(CMG_E_INVAL);
}
END_TEST

static int see(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    (void)deploy;
    (void)prompt;
    (void)user;
    return 0;
}

static const cmg_deploy_events seeing = { .size = sizeof seeing, .on_prompt = see };

START_TEST(person_without_a_second_factor_is_warned)
{
    cmg_tenant *tenant = cmg_gateway_tenant(p.gateway);
    cmg_error *err = NULL;

    set("mfa", _i == 0 ? "off" : "deny");
    ck_ok(cmg_tenant_set_device_code(tenant, NULL, &err), err);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_CHECK_GATEWAY, &p.deploy, &err), err);
    ck_ok(cmg_deploy_set_events(p.deploy, &seeing, &err), err);
    ck_ok(cmg_deploy_run(p.deploy, &err), err);
    if (_i == 0) {
        ck_assert_uint_eq(count(CMG_SEVERITY_REFUSAL) + count(CMG_SEVERITY_WARNING), 1);
        (void)problem_of("check_package");
        return;
    }
    const cmg_problem problem = problem_of("check_sign_in");
    ck_assert_int_eq(problem.severity, CMG_SEVERITY_WARNING);
    ck_assert_ptr_nonnull(strstr(problem.cause, "multi-factor"));
    ck_assert_ptr_nonnull(strstr(problem.remedy, "multi-factor"));
    ck_assert_int_ne(party_deploy(&p, &site, CMG_DEPLOY_CREATE, &seeing, &err), CMG_OK);
    cmg_error_unref(err);
    nothing_was_made();
}
END_TEST

/* ---- the certificate ---- */

static void expire(struct cmg__x509 *leaf)
{
    leaf->not_after = leaf->not_before + 1;
}

static void postpone(struct cmg__x509 *leaf)
{
    leaf->not_before = leaf->not_after - 1;
}

static void shorten(struct cmg__x509 *leaf)
{
    leaf->bits = 1024;
}

static void leave(struct cmg__x509 *leaf)
{
    (void)leaf;
}

static const struct {
    const char *name;
    cmg_profile profile;
    uint32_t days;
    void (*spoil)(struct cmg__x509 *leaf);
    bool alone; /* without its issuer */
    cmg_severity severity;
    const char *told;
} certificates[] = {
    { "other.contoso.com", CMG_PROFILE_WEB_SERVER, 0, leave, false, CMG_SEVERITY_REFUSAL,
      "it is not for granitefalls.contoso.com" },
    { "granitefalls.contoso.com", CMG_PROFILE_CLIENT, 0, leave, false,
      CMG_SEVERITY_REFUSAL, "lacks serverAuth" },
    { "granitefalls.contoso.com", CMG_PROFILE_WEB_SERVER, 0, shorten, false,
      CMG_SEVERITY_REFUSAL, "1024 bits" },
    { "granitefalls.contoso.com", CMG_PROFILE_WEB_SERVER, 0, expire, false,
      CMG_SEVERITY_REFUSAL, "it expired at" },
    { "granitefalls.contoso.com", CMG_PROFILE_WEB_SERVER, 0, postpone, false,
      CMG_SEVERITY_REFUSAL, "it is not valid before" },
    { "granitefalls.contoso.com", CMG_PROFILE_WEB_SERVER, 10, leave, false,
      CMG_SEVERITY_WARNING, "it expires at" },
    { "granitefalls.contoso.com", CMG_PROFILE_WEB_SERVER, 0, leave, true,
      CMG_SEVERITY_WARNING, "the chain ends here" },
};

static cmg_certificate *issue(size_t i)
{
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = certificates[i].profile,
                                              .days = certificates[i].days,
                                              .common_name = certificates[i].name };
    cmg_certificate *made = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_issue(p.gateway->authority, &request, &made, &err), err);
    certificates[i].spoil(made->chain[0]);
    return made;
}

static bool is_found(size_t i)
{
    for (size_t k = 0; k < cmg_deploy_problem_count(p.deploy); k++) {
        const cmg_problem problem = problem_at(k);
        if (strcmp(problem.step, "check_certificate") == 0 &&
            problem.severity == certificates[i].severity &&
            strstr(problem.what, certificates[i].told) != NULL)
            return problem.remedy[0] != '\0';
    }
    return false;
}

START_TEST(what_is_wrong_with_the_certificate_is_told)
{
    cmg_certificate *made = issue((size_t)_i);
    const size_t whole = made->count;
    cmg_error *err = NULL;

    if (certificates[_i].alone)
        made->count = 1;
    const cmg_status rc = cmg_gateway_set_certificate(p.gateway, made, &err);
    ck_assert_int_eq(rc, certificates[_i].severity == CMG_SEVERITY_REFUSAL ? CMG_E_CERT
                                                                           : CMG_OK);
    cmg_error_unref(err);
    check();
    ck_assert(is_found((size_t)_i));
    nothing_was_made();
    made->count = whole;
    cmg_certificate_unref(made);
}
END_TEST

/* It was of use when it was given. */
START_TEST(create_refuses_a_certificate_that_has_expired_since)
{
    cmg_certificate *made = issue(5);
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_set_certificate(p.gateway, made, &err), err);
    expire(made->chain[0]);
    create_refused(CMG_E_CERT);
    cmg_certificate_unref(made);
}
END_TEST

/* Quotas are told to who has registered the providers. */
static void register_providers(void)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_DELETE, NULL, &err), err);
}

START_TEST(several_things_are_found_in_one_run)
{
    register_providers();
    set("quota/cores/westeurope", "1");
    set("quota/PublicIPAddresses/westeurope", "0");
    set("restrict/Standard_A2_v2/westeurope", "QuotaId");
    set("admin_role", "Reader");
    check();
    (void)problem_of("check_rights");
    (void)problem_of("check_size");
    (void)problem_of("check_quota");
    ck_assert_uint_gt(count(CMG_SEVERITY_REFUSAL), 3);
}
END_TEST

/* But that it was made without a service package, which the create has told, too. */
START_TEST(a_gateway_that_is_there_has_no_problem)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ck_assert_uint_eq(count(CMG_SEVERITY_WARNING), 1);
    ck_assert_str_eq(problem_of("check_package").subject, "package");
    /* Its own instances do not count against it. */
    set("quota/cores/westeurope", "4");
    check();
    ck_assert_uint_eq(count(CMG_SEVERITY_REFUSAL) + count(CMG_SEVERITY_WARNING), 1);
    ck_assert_str_eq(problem_of("check_package").subject, "package");
}
END_TEST

/* Two instances have two cores each. */
START_TEST(a_gateway_that_grows_needs_room_for_the_difference)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    set("quota/cores/westeurope", "6");
    p.gateway->instance_count = 3;
    check();
    ck_assert_uint_eq(count(CMG_SEVERITY_REFUSAL), 0);
    p.gateway->instance_count = 16;
    check();
    const cmg_problem problem = refusal_of("check_quota");
    ck_assert_str_eq(problem.subject, "cores");
    ck_assert_ptr_nonnull(strstr(problem.what, "28 more of cores"));
    ck_assert_ptr_nonnull(strstr(problem.what, "4 of 6 are used"));
    /* Nothing of it is asked for. */
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_SCALE_GATEWAY, NULL, &err),
                     CMG_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "28 more of cores"));
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 2);
    cmg_error_unref(err);
}
END_TEST

START_TEST(what_is_asked_for_wrongly_is_refused)
{
    cmg_problem problem = { .size = sizeof problem };

    check();
    const size_t n = cmg_deploy_problem_count(p.deploy);
    ck_assert_int_eq(cmg_deploy_problem(p.deploy, n, &problem, NULL), CMG_E_NOTFOUND);
    ck_assert_int_eq(cmg_deploy_problem(p.deploy, 0, NULL, NULL), CMG_E_INVAL);
    problem.size = 4;
    ck_assert_int_eq(cmg_deploy_problem(p.deploy, 0, &problem, NULL), CMG_E_ABI);
    ck_assert_int_eq(cmg_deploy_export_problems(p.deploy, NULL, NULL), CMG_E_INVAL);
    ck_assert_uint_eq(cmg_deploy_problem_count(NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("preflight");
    TCase *tc = tcase_create("preflight");

    tcase_set_timeout(tc, 40);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_fresh_subscription_has_nothing_that_refuses);
    tcase_add_loop_test(tc, what_would_fail_is_found_before_anything_is_made, 0,
                        CMG__ARRAY_LEN(faults));
    tcase_add_loop_test(tc, each_place_where_the_name_is_taken_is_told, 0,
                        CMG__ARRAY_LEN(taken));
    tcase_add_loop_test(tc, lock_tells_where_it_is, 0, CMG__ARRAY_LEN(locks));
    tcase_add_test(tc, region_that_is_none_is_told_as_such);
    tcase_add_loop_test(tc, person_without_a_second_factor_is_warned, 0, 2);
    tcase_add_loop_test(tc, what_is_wrong_with_the_certificate_is_told, 0,
                        CMG__ARRAY_LEN(certificates));
    tcase_add_test(tc, create_refuses_a_certificate_that_has_expired_since);
    tcase_add_test(tc, several_things_are_found_in_one_run);
    tcase_add_test(tc, a_gateway_that_is_there_has_no_problem);
    tcase_add_test(tc, a_gateway_that_grows_needs_room_for_the_difference);
    tcase_add_test(tc, what_is_asked_for_wrongly_is_refused);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
