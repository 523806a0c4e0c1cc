/* Imported applications verified, with canned answers. */
#include "canned.h"

#include <string.h>

static struct world w;

#define SERVER_RIGHT                                                                     \
    "{\"identifierUris\":[\"api://x/CMG\"],\"api\":{\"oauth2PermissionScopes\":[{"       \
    "\"id\":\"scope-1\",\"value\":\"user_impersonation\",\"isEnabled\":true}]}}"
#define SERVER(status, body) ANSWER("GET", "/applications(appId='sa')", 0, status, body)
#define CLIENT(status, body) ANSWER("GET", "/applications(appId='ca')", 0, status, body)
#define SP(status, body)     ANSWER("GET", "/servicePrincipals(appId='", 0, status, body)
#define PUBLIC               "{\"isFallbackPublicClient\":true}"
#define GRANTS(body)         ANSWER("GET", "/oauth2PermissionGrants", 0, 200, body)
#define GRANTED                                                                          \
    "{\"value\":[{\"id\":\"g\",\"resourceId\":\"ssp\",\"scope\":\"user_impersonation\"}" \
    "]}"

static void name_client(struct world *world)
{
    ck_assert_int_eq(cmg__fact_set(&world->deploy->work, "client_app_id", "ca"), CMG_OK);
}

static struct {
    const struct cmg__step *step;
    struct rule rules[5];
    cmg_status code;
    const char *words;
} looks[] = {
    { &cmg__step_import_server,
      { TOKEN, SERVER(200, SERVER_RIGHT), SP(200, "{\"id\":\"ssp\"}") },
      CMG_OK,
      NULL },
    { &cmg__step_import_server,
      { TOKEN, SERVER(404, NOT_FOUND) },
      CMG_E_NOTFOUND,
      "no application" },
    { &cmg__step_import_server,
      { TOKEN, SERVER(200, "{\"identifierUris\":[]}") },
      CMG_E_CONFLICT,
      "App ID URI" },
    { &cmg__step_import_server,
      { TOKEN, SERVER(200, "{\"identifierUris\":[\"api://x\"]}") },
      CMG_E_CONFLICT,
      "offers no" },
    { &cmg__step_import_server,
      { TOKEN, SERVER(200, SERVER_RIGHT), SP(404, NOT_FOUND) },
      CMG_E_CONFLICT,
      "service principal" },
    { &cmg__step_import_tenant,
      { TOKEN, ANSWER("GET", "/organization", 0, 403, NOT_FOUND) },
      CMG_E_CONFLICT,
      "may not read" },
    { &cmg__step_import_client,
      { TOKEN, CLIENT(200, PUBLIC), SP(200, "{\"id\":\"csp\"}"), GRANTS(GRANTED) },
      CMG_OK,
      NULL },
    { &cmg__step_import_client,
      { TOKEN, CLIENT(200, "{}") },
      CMG_E_CONFLICT,
      "no public client" },
    { &cmg__step_import_client,
      { TOKEN, CLIENT(200, PUBLIC), SP(200, "{\"id\":\"csp\"}"), GRANTS("{}") },
      CMG_E_CONFLICT,
      "may not call" },
};

START_TEST(each_thing_that_is_wrong_is_an_error_of_its_own)
{
    canned_begin(&w, looks[_i].rules, looks[_i].step);
    name_client(&w);
    canned_finish(&w);
    ck_assert_int_eq(w.end_code, looks[_i].code);
    if (looks[_i].words != NULL) {
        ck_assert_msg(strstr(w.end_message, looks[_i].words) != NULL, "%s",
                      w.end_message);
        ck_assert_str_ne(w.end_remedy, "");
    }
    world_done(&w);
}
END_TEST

START_TEST(failed_allocation_is_reported_and_nothing_is_lost)
{
    const size_t i = _i == 0 ? 0 : 6;

    canned_starve_step(&w, looks[i].rules, looks[i].step, name_client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steps_import");
    TCase *tc = tcase_create("import");

    tcase_add_loop_test(tc, each_thing_that_is_wrong_is_an_error_of_its_own, 0,
                        CMG__ARRAY_LEN(looks));
    tcase_add_loop_test(tc, failed_allocation_is_reported_and_nothing_is_lost, 0, 2);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
