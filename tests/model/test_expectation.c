/* What applications should be: what differs, and what mends it. */
#include "model/expectation.h"

#include <string.h>
#include "support/support.h"

static struct support_alloc a;

static void setup(void)
{
    support_alloc_init(&a);
}

static void teardown(void)
{
    ck_assert_uint_eq(a.live, 0);
}

static struct cmg__json *parse(const char *text)
{
    struct cmg__json *value = NULL;

    ck_assert_int_eq(
        cmg__json_parse(&cmg__alloc_libc, "test", text, strlen(text), &value, NULL),
        CMG_OK);
    return value;
}

#define OWN_ID    "0c0c0c0c-1111-4222-8333-444444444444"
#define SERVER_ID "0d0d0d0d-1111-4222-8333-444444444444"
#define SCOPE_ID  "0e0e0e0e-1111-4222-8333-444444444444"

static const char wish_text[] =
    "{\"name\":\"CMG\",\"app_id\":\"" OWN_ID "\",\"id_uri\":\"api://t/CMG\","
    "\"tag\":\"libcmg:d\",\"app_tag\":\"libcmg:x:d\",\"adopted\":\"\","
    "\"remove_legacy\":\"\",\"token_version\":\"1\",\"new_scope_id\":\"new\","
    "\"scope_id\":\"" SCOPE_ID "\",\"server_app_id\":\"" SERVER_ID "\","
    "\"server_sp_id\":\"ssp\",\"graph_sp_id\":\"gsp\",\"admin_title\":\"at\","
    "\"admin_text\":\"ax\",\"user_title\":\"ut\",\"user_text\":\"ux\","
    "\"admin_title_given\":\"\",\"admin_text_given\":\"ax\",\"user_title_given\":\"\","
    "\"user_text_given\":\"\"}";

#define GRAPH_ROLE "{\"id\":\"" CMG__DIRECTORY_READ_ALL "\",\"type\":\"Role\"}"
#define SERVER_APP                                                                       \
    "{\"displayName\":\"CMG\",\"signInAudience\":\"AzureADMyOrg\","                      \
    "\"tags\":[\"libcmg:x:d\",\"libcmg:d\",\"libcmg\",\"other\"],"                       \
    "\"web\":{\"implicitGrantSettings\":{\"enableIdTokenIssuance\":true}},"              \
    "\"identifierUris\":[\"https://other\",\"api://t/CMG\"],"                            \
    "\"publicClient\":{\"redirectUris\":[\"http://localhost\"]},"                        \
    "\"api\":{\"requestedAccessTokenVersion\":null,\"oauth2PermissionScopes\":["         \
    "{\"id\":\"o\",\"value\":\"other\",\"isEnabled\":true,\"type\":\"Admin\"},"          \
    "{\"id\":\"" SCOPE_ID "\",\"value\":\"user_impersonation\",\"isEnabled\":true,"      \
    "\"type\":\"User\",\"adminConsentDisplayName\":\"theirs\","                          \
    "\"adminConsentDescription\":\"ax\",\"userConsentDisplayName\":\"u\","               \
    "\"userConsentDescription\":\"d\"}]},"                                               \
    "\"requiredResourceAccess\":[{\"resourceAppId\":\"" CMG__GRAPH_APP_ID                \
    "\",\"resourceAccess\":[" GRAPH_ROLE "]}]}"
#define CLIENT_APP                                                                       \
    "{\"displayName\":\"CMG\",\"signInAudience\":\"AzureADMyOrg\","                      \
    "\"tags\":[\"libcmg:x:d\",\"libcmg:d\",\"libcmg\"],"                                 \
    "\"web\":{\"implicitGrantSettings\":{\"enableIdTokenIssuance\":true}},"              \
    "\"isFallbackPublicClient\":true,\"passwordCredentials\":[],"                        \
    "\"publicClient\":{\"redirectUris\":[\"https://mail\","                              \
    "\"ms-appx-web://Microsoft.AAD.BrokerPlugin/" OWN_ID "\"]},"                         \
    "\"requiredResourceAccess\":[{\"resourceAppId\":\"" SERVER_ID                        \
    "\",\"resourceAccess\":[{\"id\":\"" SCOPE_ID "\",\"type\":\"Scope\"}]}]}"
#define PRINCIPAL "{\"id\":\"sp\",\"accountEnabled\":true}"
#define ROLES                                                                            \
    "[{\"resourceId\":\"x\",\"appRoleId\":\"y\"},{\"resourceId\":\"gsp\","               \
    "\"appRoleId\":\"" CMG__DIRECTORY_READ_ALL "\"}]"
#define SCOPES "[{\"resourceId\":\"ssp\",\"scope\":\"a user_impersonation\"}]"

struct sight {
    struct cmg__app_view view;
    struct cmg__json *application, *principal, *grants;
};

static void see(struct sight *s, enum cmg__app app, const char *application)
{
    const bool server = app == CMG__APP_SERVER;

    *s = (struct sight){ .application = application == NULL ? NULL : parse(application),
                         .principal = parse(PRINCIPAL),
                         .grants = parse(server ? ROLES : SCOPES) };
    s->view = (struct cmg__app_view){ .alloc = &a.alloc,
                                      .app = app,
                                      .wish = parse(wish_text),
                                      .parts = CMG__PARTS_ALL,
                                      .application = s->application,
                                      .principal = s->principal,
                                      .grants = s->grants };
}

static void forget(struct sight *s)
{
    cmg__json_unref(s->view.wish);
    cmg__json_unref(s->application);
    cmg__json_unref(s->principal);
    cmg__json_unref(s->grants);
}

static void patch_is(const struct sight *s, const char *text)
{
    struct cmg__json *patch = cmg__app_patch(&s->view);
    struct cmg__json *wanted = parse(text);
    struct cmg__buf said;

    cmg__buf_init(&said, &cmg__alloc_libc, 16384);
    ck_assert_int_eq(cmg__json_format(patch, CMG__JSON_COMPACT, &said), CMG_OK);
    ck_assert_msg(cmg__json_equal(patch, wanted), "%s", cmg__buf_cstr(&said));
    cmg__buf_done(&said);
    cmg__json_unref(wanted);
    cmg__json_unref(patch);
}

START_TEST(applications_that_are_right_have_no_difference)
{
    static const struct {
        enum cmg__app app;
        const char *application;
    } right[] = { { CMG__APP_SERVER, SERVER_APP }, { CMG__APP_CLIENT, CLIENT_APP } };
    struct cmg__differences found = { 0 };
    struct sight s;

    see(&s, right[_i].app, right[_i].application);
    ck_assert_int_eq(cmg__app_compare(&s.view, &found), CMG_OK);
    ck_assert_msg(found.count == 0, "%s: %s", found.count == 0 ? "" : found.items[0].path,
                  found.count == 0 ? "" : found.items[0].found);
    ck_assert(!cmg__app_must_change(&s.view));
    patch_is(&s, "{}");
    forget(&s);
}
END_TEST

/* One thing wrong at a time: from replaces to in the text of the right one. */
static const struct {
    enum cmg__app app;
    const char *from, *to;
    const char *path, *is, *should_be;
    cmg_severity severity;
    cmg_correctable correctable;
    const char *patch;
} wrong[] = {
    { CMG__APP_SERVER, "\"displayName\":\"CMG\"", "\"displayName\":\"Old\"",
      "/displayName", "\"Old\"", "\"CMG\"", CMG_SEVERITY_NOTE, CMG_CORRECTABLE_YES,
      "{\"displayName\":\"CMG\"}" },
    { CMG__APP_SERVER, "AzureADMyOrg", "AzureADMultipleOrgs", "/signInAudience",
      "\"AzureADMultipleOrgs\"", "\"AzureADMyOrg\"", CMG_SEVERITY_WARNING,
      CMG_CORRECTABLE_YES, "{\"signInAudience\":\"AzureADMyOrg\"}" },
    { CMG__APP_CLIENT, "\"enableIdTokenIssuance\":true", "\"x\":true",
      "/web/implicitGrantSettings/enableIdTokenIssuance", "nothing", "true",
      CMG_SEVERITY_WARNING, CMG_CORRECTABLE_YES,
      "{\"web\":{\"implicitGrantSettings\":{\"enableIdTokenIssuance\":true}}}" },
    { CMG__APP_SERVER, "\"api://t/CMG\"", "\"api://t/Old\"", "/identifierUris",
      "\"https://other\", \"api://t/Old\"", "\"api://t/CMG\"", CMG_SEVERITY_REFUSAL,
      CMG_CORRECTABLE_YES,
      "{\"identifierUris\":[\"https://other\",\"api://t/Old\",\"api://t/CMG\"]}" },
    { CMG__APP_SERVER, "\"requestedAccessTokenVersion\":null",
      "\"requestedAccessTokenVersion\":2", "/api/requestedAccessTokenVersion", "2", "1",
      CMG_SEVERITY_REFUSAL, CMG_CORRECTABLE_YES,
      "{\"api\":{\"requestedAccessTokenVersion\":null}}" },
    { CMG__APP_SERVER, "http://localhost", "http://localhost/x",
      "/publicClient/redirectUris", "\"http://localhost/x\"", "\"http://localhost\"",
      CMG_SEVERITY_WARNING, CMG_CORRECTABLE_YES,
      "{\"publicClient\":{\"redirectUris\":[\"http://localhost/x\",\"http://"
      "localhost\"]}}" },
    { CMG__APP_SERVER, GRAPH_ROLE,
      GRAPH_ROLE ",{\"id\":\"e1fe6dd8-ba31-4d61-89e7-88639da4683d\",\"type\":\"Scope\"}",
      "/requiredResourceAccess", "asked for", "no Microsoft Graph User.Read (delegated)",
      CMG_SEVERITY_NOTE, CMG_CORRECTABLE_YES,
      "{\"requiredResourceAccess\":[{\"resourceAppId\":\"" CMG__GRAPH_APP_ID
      "\",\"resourceAccess\":[" GRAPH_ROLE "]}]}" },
    { CMG__APP_SERVER, GRAPH_ROLE, "", "/requiredResourceAccess", "not asked for",
      "Microsoft Graph Directory.Read.All (application)", CMG_SEVERITY_WARNING,
      CMG_CORRECTABLE_YES,
      "{\"requiredResourceAccess\":[{\"resourceAppId\":\"" CMG__GRAPH_APP_ID
      "\",\"resourceAccess\":[" GRAPH_ROLE "]}]}" },
    { CMG__APP_CLIENT, "\"isFallbackPublicClient\":true",
      "\"isFallbackPublicClient\":null", "/isFallbackPublicClient", "null", "true",
      CMG_SEVERITY_REFUSAL, CMG_CORRECTABLE_YES, "{\"isFallbackPublicClient\":true}" },
    { CMG__APP_CLIENT, "BrokerPlugin/" OWN_ID, "BrokerPlugin/x",
      "/publicClient/redirectUris",
      "\"https://mail\", \"ms-appx-web://Microsoft.AAD.BrokerPlugin/x\"",
      "\"ms-appx-web://Microsoft.AAD.BrokerPlugin/" OWN_ID "\"", CMG_SEVERITY_REFUSAL,
      CMG_CORRECTABLE_YES,
      "{\"publicClient\":{\"redirectUris\":[\"https://mail\",\"ms-appx-web://"
      "Microsoft.AAD.BrokerPlugin/x\",\"ms-appx-web://Microsoft.AAD.BrokerPlugin/" OWN_ID
      "\"]}}" },
    { CMG__APP_CLIENT, "\"type\":\"Scope\"", "\"type\":\"Role\"",
      "/requiredResourceAccess", "not asked for",
      "user_impersonation of the server app (delegated)", CMG_SEVERITY_WARNING,
      CMG_CORRECTABLE_YES,
      "{\"requiredResourceAccess\":[{\"resourceAppId\":\"" SERVER_ID
      "\",\"resourceAccess\":[{\"id\":\"" SCOPE_ID "\",\"type\":\"Role\"},{\"id\":"
      "\"" SCOPE_ID "\",\"type\":\"Scope\"}]}]}" },
    { CMG__APP_CLIENT, "\"passwordCredentials\":[]",
      "\"passwordCredentials\":[{\"keyId\":\"k\"}]", "/passwordCredentials", "1 of them",
      "no client secret", CMG_SEVERITY_WARNING, CMG_CORRECTABLE_NO, "{}" },
    { CMG__APP_CLIENT, "\"requiredResourceAccess\":[",
      "\"requiredResourceAccess\":[{\"resourceAppId\":\"00000002-0000-0000-c000-"
      "000000000000\",\"resourceAccess\":[{\"id\":\"5778995a-e1bf-45b8-affa-"
      "663a9f3f4d04\",\"type\":\"Scope\"}]},",
      "/requiredResourceAccess", "asked for", "no Azure AD Graph Directory.Read.All",
      CMG_SEVERITY_WARNING, CMG_CORRECTABLE_ON_REQUEST, "{}" },
    { CMG__APP_CLIENT, "\"libcmg:d\",", "", "/tags", "\"libcmg:x:d\", \"libcmg\"",
      "\"libcmg:d\"", CMG_SEVERITY_REFUSAL, CMG_CORRECTABLE_NO, "{}" },
    { CMG__APP_CLIENT, "[\"libcmg:x:d\",", "[", "/tags", "\"libcmg:d\", \"libcmg\"",
      "\"libcmg:x:d\"", CMG_SEVERITY_NOTE, CMG_CORRECTABLE_YES,
      "{\"tags\":[\"libcmg:d\",\"libcmg\",\"libcmg:x:d\"]}" },
};

/* text with from replaced by to, once. */
static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    ck_assert_msg(at != NULL, "%s", from);
    return cmg__format(&cmg__alloc_libc, "%.*s%s%s", (int)(at - text), text, to,
                       at + strlen(from));
}

START_TEST(each_difference_is_told_and_mended_alone)
{
    const char *right = wrong[_i].app == CMG__APP_SERVER ? SERVER_APP : CLIENT_APP;
    char *text = replaced(right, wrong[_i].from, wrong[_i].to);
    struct cmg__differences found = { 0 };
    struct sight s;

    see(&s, wrong[_i].app, text);
    ck_assert_int_eq(cmg__app_compare(&s.view, &found), CMG_OK);
    ck_assert_uint_eq(found.count, 1);
    ck_assert_str_eq(found.items[0].path, wrong[_i].path);
    ck_assert_str_eq(found.items[0].found, wrong[_i].is);
    ck_assert_str_eq(found.items[0].should_be, wrong[_i].should_be);
    ck_assert_int_eq((int)found.items[0].severity, (int)wrong[_i].severity);
    ck_assert_int_eq((int)found.items[0].correctable, (int)wrong[_i].correctable);
    ck_assert_str_ne(found.items[0].fix, "");
    ck_assert_int_eq(cmg__app_must_change(&s.view),
                     wrong[_i].correctable == CMG_CORRECTABLE_YES);
    patch_is(&s, wrong[_i].patch);
    cmg__differences_clear(&a.alloc, &found);
    forget(&s);
    cmg__free(&cmg__alloc_libc, text);
}
END_TEST

#define WITHOUT_SCOPE "\"value\":\"gone\",\"isEnabled\":true,\"type\":\"User\""

START_TEST(scope_that_is_missing_is_added_beside_the_others)
{
    char *text =
        replaced(SERVER_APP,
                 "\"value\":\"user_impersonation\",\"isEnabled\":true,\"type\":\"User\"",
                 WITHOUT_SCOPE);
    struct sight s;

    see(&s, CMG__APP_SERVER, text);
    struct cmg__json *patch = cmg__app_patch(&s.view);
    const struct cmg__json *list = cmg__json_at(patch, "/api/oauth2PermissionScopes");
    ck_assert_uint_eq(cmg__json_size(list), 3);
    ck_assert_str_eq(cmg__json_str(list, "/1/value"), "gone");
    ck_assert_str_eq(cmg__json_str(list, "/2/id"), "new");
    ck_assert_str_eq(cmg__json_str(list, "/2/type"), "User");
    ck_assert_str_eq(cmg__json_str(list, "/2/userConsentDescription"), "ux");
    cmg__json_unref(patch);
    forget(&s);
    cmg__free(&cmg__alloc_libc, text);
}
END_TEST

/* Given words are compared, others need only be there. */
START_TEST(words_of_the_scope_count_when_the_specification_gives_them)
{
    static const struct {
        const char *from, *to;
        size_t count;
    } cases[] = {
        { "\"adminConsentDisplayName\":\"theirs\"", "\"adminConsentDisplayName\":\"z\"",
          0 },
        { "\"adminConsentDisplayName\":\"theirs\"", "\"adminConsentDisplayName\":\"\"",
          1 },
        { "\"adminConsentDescription\":\"ax\"", "\"adminConsentDescription\":\"z\"", 1 },
    };
    struct cmg__differences found = { 0 };
    char *text = replaced(SERVER_APP, cases[_i].from, cases[_i].to);
    struct sight s;

    see(&s, CMG__APP_SERVER, text);
    ck_assert_int_eq(cmg__app_compare(&s.view, &found), CMG_OK);
    ck_assert_uint_eq(found.count, cases[_i].count);
    cmg__differences_clear(&a.alloc, &found);
    forget(&s);
    cmg__free(&cmg__alloc_libc, text);
}
END_TEST

START_TEST(redirect_address_of_the_server_app_may_be_the_web_platforms)
{
    char *text = replaced(SERVER_APP, "\"publicClient\":{\"redirectUris\":[",
                          "\"publicClient\":{\"x\":[");
    char *both =
        replaced(text, "\"web\":{", "\"web\":{\"redirectUris\":[\"http://localhost\"],");
    struct sight s;

    see(&s, CMG__APP_SERVER, both);
    ck_assert(!cmg__app_must_change(&s.view));
    forget(&s);
    cmg__free(&cmg__alloc_libc, both);
    cmg__free(&cmg__alloc_libc, text);
}
END_TEST

START_TEST(legacy_permission_goes_when_it_is_asked_for)
{
    static const char legacy[] =
        "\"requiredResourceAccess\":[{\"resourceAppId\":\"00000002-0000-0000-c000-"
        "000000000000\",\"resourceAccess\":[{\"id\":\"5778995a-e1bf-45b8-affa-"
        "663a9f3f4d04\",\"type\":\"Role\"}]},";
    char *text = replaced(CLIENT_APP, "\"requiredResourceAccess\":[", legacy);
    struct sight s;

    see(&s, CMG__APP_CLIENT, text);
    ck_assert_int_eq(cmg__json_set_str(s.view.wish, "remove_legacy", "yes"), CMG_OK);
    ck_assert(cmg__app_must_change(&s.view));
    patch_is(&s,
             "{\"requiredResourceAccess\":[{\"resourceAppId\":\"" SERVER_ID
             "\",\"resourceAccess\":[{\"id\":\"" SCOPE_ID "\",\"type\":\"Scope\"}]}]}");
    forget(&s);
    cmg__free(&cmg__alloc_libc, text);
}
END_TEST

/* Of what is absent it is not told what it lacks. */
START_TEST(absent_application_is_one_difference)
{
    struct cmg__differences found = { 0 };
    struct sight s;

    see(&s, _i == 0 ? CMG__APP_SERVER : CMG__APP_CLIENT, NULL);
    s.view.principal = NULL;
    s.view.grants = NULL;
    ck_assert_int_eq(cmg__app_compare(&s.view, &found), CMG_OK);
    ck_assert_uint_eq(found.count, 1);
    ck_assert_str_eq(found.items[0].path, "/");
    ck_assert_str_eq(found.items[0].found, "absent");
    ck_assert_int_eq((int)found.items[0].part, (int)CMG_APP_APPLICATION);
    cmg__differences_clear(&a.alloc, &found);
    forget(&s);
}
END_TEST

START_TEST(absent_principal_and_grant_are_told)
{
    struct cmg__differences found = { 0 };
    struct sight s;

    see(&s, _i == 0 ? CMG__APP_SERVER : CMG__APP_CLIENT,
        _i == 0 ? SERVER_APP : CLIENT_APP);
    s.view.principal = NULL;
    s.view.grants = NULL;
    ck_assert_int_eq(cmg__app_compare(&s.view, &found), CMG_OK);
    ck_assert_uint_eq(found.count, 2);
    ck_assert_int_eq((int)found.items[0].part, (int)CMG_APP_PRINCIPAL);
    ck_assert_int_eq((int)found.items[1].part, (int)CMG_APP_CONSENT);
    ck_assert_str_eq(found.items[1].found, "not granted");
    cmg__differences_clear(&a.alloc, &found);
    forget(&s);
}
END_TEST

/* Somebody else's carries no mark of ours. */
START_TEST(adopted_application_needs_no_tag)
{
    char *text = replaced(CLIENT_APP, "\"libcmg:x:d\",\"libcmg:d\",\"libcmg\"", "");
    struct sight s;

    see(&s, CMG__APP_CLIENT, text);
    ck_assert_int_eq(cmg__json_set_str(s.view.wish, "adopted", "yes"), CMG_OK);
    ck_assert(!cmg__app_must_change(&s.view));
    forget(&s);
    cmg__free(&cmg__alloc_libc, text);
}
END_TEST

/* What an application is made of is the table, too. */
START_TEST(new_application_is_right_when_it_is_made_of_the_table)
{
    struct sight s;

    see(&s, _i == 0 ? CMG__APP_SERVER : CMG__APP_CLIENT, "{}");
    struct cmg__json *body = cmg__app_patch(&s.view);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(body, "/tags")), 3);
    s.view.application = body;
    ck_assert(!cmg__app_must_change(&s.view));
    cmg__json_unref(body);
    forget(&s);
}
END_TEST

START_TEST(what_hangs_on_an_unknown_id_waits)
{
    struct sight s;

    see(&s, CMG__APP_CLIENT, "{}");
    ck_assert_int_eq(cmg__json_set_str(s.view.wish, "app_id", ""), CMG_OK);
    struct cmg__json *body = cmg__app_patch(&s.view);
    ck_assert_ptr_null(cmg__json_at(body, "/publicClient"));
    ck_assert_ptr_nonnull(cmg__json_at(body, "/isFallbackPublicClient"));
    cmg__json_unref(body);
    forget(&s);
}
END_TEST

START_TEST(gravest_difference_comes_first)
{
    struct cmg__differences found = { 0 };
    struct sight s;

    see(&s, CMG__APP_SERVER, "{\"displayName\":\"x\"}");
    ck_assert_int_eq(cmg__app_compare(&s.view, &found), CMG_OK);
    for (size_t i = 1; i < found.count; i++)
        ck_assert_int_ge((int)found.items[i - 1].severity, (int)found.items[i].severity);
    ck_assert_uint_gt(found.count, 8);
    cmg__differences_clear(&a.alloc, &found);
    forget(&s);
}
END_TEST

static cmg_status compare_with(struct support_alloc *memory, void *user)
{
    struct cmg__differences found = { 0 };
    struct sight s;

    (void)user;
    see(&s, CMG__APP_SERVER, "{\"displayName\":\"x\"}");
    s.view.alloc = &memory->alloc;
    cmg_status rc = cmg__app_compare(&s.view, &found);
    struct cmg__json *patch = rc == CMG_OK ? cmg__app_patch(&s.view) : NULL;
    if (rc == CMG_OK && patch == NULL)
        rc = CMG_E_NOMEM;
    cmg__json_unref(patch);
    cmg__differences_clear(&memory->alloc, &found);
    forget(&s);
    return rc;
}

START_TEST(failed_allocation_is_reported)
{
    support_torture(compare_with, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("expectation");
    TCase *tc = tcase_create("applications");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, applications_that_are_right_have_no_difference, 0, 2);
    tcase_add_loop_test(tc, each_difference_is_told_and_mended_alone, 0,
                        CMG__ARRAY_LEN(wrong));
    tcase_add_test(tc, scope_that_is_missing_is_added_beside_the_others);
    tcase_add_loop_test(tc, words_of_the_scope_count_when_the_specification_gives_them, 0,
                        3);
    tcase_add_test(tc, redirect_address_of_the_server_app_may_be_the_web_platforms);
    tcase_add_test(tc, legacy_permission_goes_when_it_is_asked_for);
    tcase_add_loop_test(tc, absent_application_is_one_difference, 0, 2);
    tcase_add_loop_test(tc, absent_principal_and_grant_are_told, 0, 2);
    tcase_add_test(tc, adopted_application_needs_no_tag);
    tcase_add_loop_test(tc, new_application_is_right_when_it_is_made_of_the_table, 0, 2);
    tcase_add_test(tc, what_hangs_on_an_unknown_id_waits);
    tcase_add_test(tc, gravest_difference_comes_first);
    tcase_add_test(tc, failed_allocation_is_reported);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
