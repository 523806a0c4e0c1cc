/* The steps of a service package and of settings, each alone with canned answers. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"

static struct world w;

#define SHA    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define SET    "/virtualMachineScaleSets/"
#define BLOB   "/packages/" SHA ".tar.gz"
#define ROLE   "/roleAssignments/"
#define GROUP  "/containers/packages"
#define HOSTED "\"properties\":{\"provisioningState\":\"Succeeded\"}}"

/* The bytes do not matter to the step: their digest does. */
static void give(struct world *world)
{
    struct cmg__package *package = &world->deploy->gateway->package;

    package->data = cmg__strdup(world->deploy->work.alloc, "PACKAGE-BYTES");
    ck_assert_ptr_nonnull(package->data);
    package->size = strlen(package->data);
    memcpy(package->sha256, SHA, 65);
}

static void give_and_sign_in(struct world *world)
{
    give(world);
    (void)snprintf(world->deploy->work.principal_id,
                   sizeof world->deploy->work.principal_id, "%s", WORLD_CLIENT);
    world_fact(world, "principal_id", WORLD_CLIENT);
}

static const char *account(void)
{
    return canned_with_id("{\"tags\":{\"libcmg-deployment\":\"%s\"}," HOSTED);
}

START_TEST(an_upload_whose_answer_is_lost_makes_one_blob)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("HEAD", BLOB, 1, 404, NULL),
                            { .method = "PUT", .path = BLOB, .times = 1, .lost = true },
                            ANSWER("PUT", BLOB, 1, 409, NULL),
                            ANSWER("HEAD", BLOB, 0, 200, NULL),
                            ANSWER("PUT", ROLE, 0, 201, "{}"),
                            ANSWER("PUT", GROUP, 0, 201, "{}"),
                            ANSWER("GET", "/storageAccounts/", 1, 404, NOT_FOUND),
                            ANSWER("GET", "/storageAccounts/", 0, 200, account()),
                            ANSWER("PUT", "/storageAccounts/", 0, 200, "{}"),
                            ANSWER("GET", SET, 0, 404, NOT_FOUND),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package);
    give_and_sign_in(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_str_eq(cmg_gateway_package_sha256(w.gateway), SHA);
    ck_assert_uint_eq(world_count(&w, "ba92f5b4-2d11-453d-a403-e96b0029c9fe"), 1);
    world_done(&w);
}
END_TEST

START_TEST(a_role_that_does_not_work_yet_is_waited_for)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("HEAD", BLOB, 3, 403, NULL),
                            ANSWER("HEAD", BLOB, 0, 404, NULL),
                            ANSWER("PUT", BLOB, 2, 403, NULL),
                            ANSWER("PUT", BLOB, 0, 201, NULL),
                            ANSWER("PUT", ROLE, 0, 403, NOT_FOUND),
                            ANSWER("PUT", GROUP, 0, 200, "{}"),
                            ANSWER("GET", "/storageAccounts/", 0, 200, account()),
                            ANSWER("GET", SET, 0, 404, NOT_FOUND),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package);
    give_and_sign_in(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_uint_eq(world_count(&w, "HEAD"), 4);
    ck_assert_uint_eq(world_count(&w, "PUT https://granitefalls.blob."), 3);
    world_done(&w);
}
END_TEST

START_TEST(a_role_that_never_comes_is_named)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("HEAD", BLOB, 0, 403, NULL),
                            ANSWER("PUT", ROLE, 0, 403, NOT_FOUND),
                            ANSWER("PUT", GROUP, 0, 200, "{}"),
                            ANSWER("GET", "/storageAccounts/", 0, 200, account()),
                            ANSWER("GET", SET, 0, 404, NOT_FOUND),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package);
    give(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_DENIED);
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "Storage Blob Data Contributor"));
    world_done(&w);
}
END_TEST

/* Asked for once more; one that fails again ends the run instead of its budget. */
START_TEST(an_account_that_could_not_be_made_is_asked_for_again)
{
    const char *failed =
        canned_with_id("{\"tags\":{\"libcmg-deployment\":\"%s\"},"
                       "\"properties\":{\"provisioningState\":\"Failed\"}}");
    struct rule rules[] = { TOKEN,
                            ANSWER("HEAD", BLOB, 0, 200, NULL),
                            ANSWER("PUT", ROLE, 0, 201, "{}"),
                            ANSWER("PUT", GROUP, 0, 201, "{}"),
                            ANSWER("GET", "/storageAccounts/", _i == 0, 200, failed),
                            ANSWER("GET", "/storageAccounts/", 0, 200, account()),
                            ANSWER("PUT", "/storageAccounts/", 0, 200, "{}"),
                            ANSWER("GET", SET, 0, 404, NOT_FOUND),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package);
    give_and_sign_in(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, _i == 0 ? CMG_OK : CMG_E_IO);
    ck_assert_uint_eq(
        world_count(&w,
                    "PUT https://management.azure.com/subscriptions/" WORLD_SUBSCRIPTION),
        _i == 0 ? 3 : 1);
    world_done(&w);
}
END_TEST

START_TEST(an_account_of_another_deployment_is_left_alone)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", "/storageAccounts/", 0, 200,
                                   "{\"tags\":{\"libcmg-deployment\":\"x\"}," HOSTED),
                            ANSWER("GET", SET, 0, 404, NOT_FOUND),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package);
    give(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_EXISTS);
    world_done(&w);
}
END_TEST

/* {"properties":{"virtualMachineProfile":{"userData":base64}}} (static). */
static const char *set_with(const char *data)
{
    static char text[32768];
    struct cmg__buf packed;

    cmg__buf_init(&packed, &cmg__alloc_libc, sizeof text);
    ck_assert_int_eq(cmg__base64_encode(&packed, data, strlen(data)), CMG_OK);
    (void)snprintf(
        text, sizeof text,
        "{\"identity\":{\"principalId\":\"p\"},\"properties\":{\"upgradePolicy\":"
        "{\"mode\":\"Manual\"},\"virtualMachineProfile\":{\"userData\":\"%s\"}}}",
        cmg__buf_cstr(&packed));
    cmg__buf_done(&packed);
    return text;
}

/* A host that was not given the package again does not take it away. */
START_TEST(a_gateway_keeps_the_package_that_it_has)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", SET, 0, 200,
                                   set_with("{\"package\":{\"sha256\":\"" SHA "\"}}")),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_str_eq(cmg_gateway_package_sha256(w.gateway), SHA);
    ck_assert_uint_eq(world_count(&w, "/storageAccounts/"), 0);
    world_done(&w);
}
END_TEST

static const char *const strange[] = { "", "{}", "no JSON", "{\"package\":1}",
                                       "{\"package\":{\"sha256\":\"short\"}}" };

START_TEST(user_data_of_others_names_no_package)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("GET", SET, 0, 200, set_with(strange[_i])),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_str_eq(cmg_gateway_package_sha256(w.gateway), "");
    world_done(&w);
}
END_TEST

static const struct {
    bool given, known, deployed;
} packages[] = {
    { .given = true },
    { .known = true },
    { .deployed = true },
    { 0 },
};

/* The image has no service: somebody has to hear of it before the machines do. */
START_TEST(a_gateway_without_a_package_is_told_of)
{
    const bool lacks = _i == (int)CMG__ARRAY_LEN(packages) - 1;
    cmg_problem problem = { .size = sizeof problem };
    const char *set = set_with("{\"package\":{\"sha256\":\"" SHA "\"}}");
    struct rule rules[] = { TOKEN, ANSWER("GET", SET, 0, 404, NOT_FOUND), { 0 } };

    canned_begin(&w, rules, &cmg__step_check_package);
    if (packages[_i].deployed)
        rules[1] = (struct rule)ANSWER("GET", SET, 0, 200, set);
    w.deploy->work.problems.keep = true;
    if (packages[_i].given)
        give(&w);
    if (packages[_i].known)
        world_fact(&w, "package_sha256", SHA);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_uint_eq(cmg_deploy_problem_count(w.deploy), lacks ? 1 : 0);
    ck_assert_uint_eq(world_count(&w, SET), lacks || packages[_i].deployed ? 1 : 0);
    if (lacks) {
        ck_assert_int_eq(cmg_deploy_problem(w.deploy, 0, &problem, NULL), CMG_OK);
        ck_assert_int_eq(problem.severity, CMG_SEVERITY_WARNING);
        ck_assert_str_eq(problem.subject, "package");
        ck_assert_ptr_nonnull(strstr(problem.cause, "no service"));
        ck_assert_ptr_nonnull(strstr(problem.remedy, "cmg_gateway_set_package()"));
    }
    world_done(&w);
}
END_TEST

/* ---- who reads it ---- */

static void know_package(struct world *world)
{
    ck_assert_int_eq(cmg__observe(world->deploy->work.alloc,
                                  &world->deploy->gateway->package_sha256, SHA),
                     CMG_OK);
}

START_TEST(a_new_identity_is_let_read_once_the_directory_knows_it)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("PUT", ROLE, 2, 400,
                                   "{\"error\":{\"code\":\"PrincipalNotFound\"}}"),
                            ANSWER("PUT", ROLE, 0, 201, "{}"),
                            ANSWER("GET", SET, 0, 200, set_with("")),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package_reader);
    know_package(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_uint_eq(world_count(&w, "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"), 3);
    world_done(&w);
}
END_TEST

static void know_former(struct world *world)
{
    know_package(world);
    world_fact(world, "package_read_by", "former");
}

static const int removals[] = { 200, 204, 403, 404 };

START_TEST(the_role_of_a_former_identity_is_taken_away)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("DELETE", ROLE, 0, removals[_i], "{}"),
                            ANSWER("PUT", ROLE, 0, 201, "{}"),
                            ANSWER("GET", SET, 0, 200, set_with("")),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package_reader);
    know_former(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_uint_eq(world_count(&w, "DELETE https://management.azure.com/"), 1);
    ck_assert_uint_eq(world_count(&w, "PUT https://management.azure.com/"), 1);
    ck_assert_str_ne(cmg__fact(&w.deploy->work, "package_former_role"),
                     cmg__fact(&w.deploy->work, "package_reader_role"));
    ck_assert_str_eq(cmg__fact(&w.deploy->work, "package_read_by"), "p");
    world_done(&w);
}
END_TEST

/* Its role may be there, though nobody wrote down the answer. */
START_TEST(who_was_to_be_given_the_role_is_no_reader_of_a_set_made_anew)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("DELETE", ROLE, 0, 200, "{}"),
                            ANSWER("PUT", ROLE, 0, 201, "{}"),
                            ANSWER("GET", SET, 0, 200, set_with("")),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package_reader);
    know_former(&w);
    world_fact(&w, "package_reader", "between");
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_uint_eq(world_count(&w, "DELETE https://management.azure.com/"), 2);
    ck_assert_uint_eq(world_count(&w, "PUT https://management.azure.com/"), 1);
    ck_assert_str_eq(cmg__fact(&w.deploy->work, "package_read_by"), "p");
    ck_assert_str_eq(cmg__fact(&w.deploy->work, "package_reader"), "p");
    world_done(&w);
}
END_TEST

START_TEST(who_may_not_give_the_role_is_told_who_may)
{
    struct rule rules[] = { TOKEN,
                            ANSWER("PUT", ROLE, 0, 403,
                                   "{\"error\":{\"code\":\"AuthorizationFailed\"}}"),
                            ANSWER("GET", SET, 0, 200, set_with("")),
                            { 0 } };

    canned_begin(&w, rules, &cmg__step_package_reader);
    know_package(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_E_DENIED);
    ck_assert_ptr_nonnull(strstr(w.end_remedy, "User Access Administrator"));
    world_done(&w);
}
END_TEST

/* ---- settings ---- */

static void know_tenant(struct world *world)
{
    cmg_tenant *tenant = world->deploy->gateway->tenant;

    ck_assert_int_eq(cmg__observe(world->deploy->work.alloc, &tenant->id, WORLD_TENANT),
                     CMG_OK);
}

/* What the model should have. */
static const char *wanted_set(void)
{
    struct cmg__buf data;
    cmg_error *err = NULL;

    cmg__buf_init(&data, &cmg__alloc_libc, 65536);
    ck_ok(
        cmg__user_data_make(w.deploy->gateway, w.deploy->work.deployment_id, &data, &err),
        err);
    const char *text = set_with(cmg__buf_cstr(&data));
    cmg__buf_done(&data);
    return text;
}

START_TEST(settings_that_are_there_are_not_sent)
{
    struct rule rules[] = { TOKEN, ANSWER("GET", SET, 0, 200, NULL), { 0 } };

    canned_begin(&w, rules, &cmg__step_settings);
    know_tenant(&w);
    rules[1].body = wanted_set();
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_uint_eq(world_count(&w, "PATCH"), 0);
    world_done(&w);
}
END_TEST

START_TEST(changed_settings_are_sent_until_they_are_there)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", SET, 1, 200, "{\"properties\":{\"virtualMachineProfile\":{}}}"),
        ANSWER("GET", SET, 0, 200, NULL),
        ANSWER("PATCH", SET, 1, 409, "{\"error\":{\"code\":\"Conflict\"}}"),
        { .method = "PATCH", .path = SET, .times = 1, .lost = true },
        ANSWER("PATCH", SET, 0, 200, "{}"),
        { 0 }
    };

    canned_begin(&w, rules, &cmg__step_settings);
    know_tenant(&w);
    rules[2].body = wanted_set();
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, CMG_OK);
    ck_assert_uint_eq(world_count(&w, "PATCH"), 3);
    world_done(&w);
}
END_TEST

START_TEST(memory_that_runs_out_says_so)
{
    struct rule upload[] = { TOKEN,
                             ANSWER("HEAD", BLOB, 0, 404, NULL),
                             ANSWER("PUT", BLOB, 0, 201, NULL),
                             ANSWER("PUT", ROLE, 0, 201, "{}"),
                             ANSWER("PUT", GROUP, 0, 201, "{}"),
                             ANSWER("GET", "/storageAccounts/", 1, 404, NOT_FOUND),
                             ANSWER("GET", "/storageAccounts/", 0, 200, account()),
                             ANSWER("PUT", "/storageAccounts/", 0, 200, "{}"),
                             ANSWER("GET", SET, 0, 404, NOT_FOUND),
                             { 0 } };
    struct rule reader[] = { TOKEN,
                             ANSWER("PUT", ROLE, 0, 201, "{}"),
                             ANSWER("DELETE", ROLE, 0, 204, NULL),
                             ANSWER("GET", SET, 0, 200,
                                    "{\"identity\":{\"principalId\":\"p\"}}"),
                             { 0 } };
    struct rule told[] = { TOKEN,
                           ANSWER("GET", SET, 1, 200,
                                  "{\"properties\":{\"virtualMachineProfile\":{}}}"),
                           ANSWER("GET", SET, 0, 200, NULL),
                           ANSWER("PATCH", SET, 0, 200, "{}"),
                           { 0 } };

    canned_starve_step(&w, upload, &cmg__step_package, give_and_sign_in);
    canned_starve_step(&w, reader, &cmg__step_package_reader, know_former);
    canned_begin(&w, told, &cmg__step_settings);
    know_tenant(&w);
    told[2].body = wanted_set();
    world_done(&w);
    canned_starve_step(&w, told, &cmg__step_settings, know_tenant);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps of a service package");
    TCase *tc = tcase_create("package");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, an_upload_whose_answer_is_lost_makes_one_blob);
    tcase_add_test(tc, a_role_that_does_not_work_yet_is_waited_for);
    tcase_add_test(tc, a_role_that_never_comes_is_named);
    tcase_add_test(tc, an_account_of_another_deployment_is_left_alone);
    tcase_add_loop_test(tc, an_account_that_could_not_be_made_is_asked_for_again, 0, 2);
    tcase_add_test(tc, a_gateway_keeps_the_package_that_it_has);
    tcase_add_loop_test(tc, user_data_of_others_names_no_package, 0,
                        (int)CMG__ARRAY_LEN(strange));
    tcase_add_loop_test(tc, a_gateway_without_a_package_is_told_of, 0,
                        (int)CMG__ARRAY_LEN(packages));
    tcase_add_test(tc, a_new_identity_is_let_read_once_the_directory_knows_it);
    tcase_add_loop_test(tc, the_role_of_a_former_identity_is_taken_away, 0,
                        (int)CMG__ARRAY_LEN(removals));
    tcase_add_test(tc, who_was_to_be_given_the_role_is_no_reader_of_a_set_made_anew);
    tcase_add_test(tc, who_may_not_give_the_role_is_told_who_may);
    tcase_add_test(tc, settings_that_are_there_are_not_sent);
    tcase_add_test(tc, changed_settings_are_sent_until_they_are_there);
    tcase_add_test(tc, memory_that_runs_out_says_so);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
