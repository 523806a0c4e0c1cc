/* The page where an administrator consents: what it refuses, and what it grants. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct world w;
static struct app client;

#define EXTRA                                                                            \
    ",\"web\":{\"redirectUris\":[\"https://cm.contoso.com/done?a=1\"]},"                 \
    "\"requiredResourceAccess\":[{\"resourceAppId\":\"" GRAPH_APP                        \
    "\",\"resourceAccess\":[{\"id\":\"" DIRECTORY_READ_ALL                               \
    "\",\"type\":\"Role\"},{\"id\":\"e1fe6dd8-ba31-4d61-89e7-88639da4683d\","            \
    "\"type\":\"Scope\"}]}]"
#define PAGE     "/" WORLD_TENANT "/v2.0/adminconsent"
#define DONE     "https%3A%2F%2Fcm.contoso.com%2Fdone%3Fa%3D1"
#define ALL      "https%3A%2F%2Fgraph.microsoft.com%2F.default"
#define DECISION "redirect_uri=" DONE "&scope=" ALL "&state=s%201&decision="

static void setup(void)
{
    world_init(&w);
    world_make_app(&w, "A <b> & 'c'", EXTRA, &client);
}

static void teardown(void)
{
    world_done(&w);
}

/* {id} stands for the client ID. */
static const char *page_of(const char *pattern)
{
    static char target[1024];
    const char *at = strstr(pattern, "{id}");

    if (at == NULL)
        return pattern;
    (void)snprintf(target, sizeof target, "%.*s%s%s", (int)(at - pattern), pattern,
                   client.app_id, at + 4);
    return target;
}

START_TEST(the_page_shows_who_asks_and_carries_the_request_on)
{
    struct reply r;

    world_get(&w, &r, LOGIN,
              page_of(PAGE "?client_id={id}&redirect_uri=" DONE "&scope=" ALL
                           "&state=%3Cx%3E"));
    const char *page = cmg__buf_cstr(&r.answer.body);
    ck_assert_int_eq(r.status, 200);
    ck_assert_ptr_nonnull(strstr(page, "A &#60;b&#62; &#38; &#39;c&#39;"));
    ck_assert_ptr_nonnull(strstr(page, "name=\"state\" value=\"&#60;x&#62;\""));
    ck_assert_ptr_null(strstr(page, "<b>"));
    reply_done(&r);
}
END_TEST

static const struct {
    const char *target;
    int64_t code;
} refused[] = {
    { PAGE "?client_id=7d6f2c1e-0000-4c8e-9f34-2a1b3c4d5e6f&redirect_uri=" DONE
           "&scope=" ALL,
      700016 },
    { PAGE "?client_id={id}&redirect_uri=https%3A%2F%2Fevil.example&scope=" ALL, 50011 },
    { PAGE "?client_id={id}&scope=" ALL, 50011 },
    { PAGE "?client_id={id}&redirect_uri=" DONE, 70011 },
    { PAGE "?client_id={id}&redirect_uri=" DONE "&scope=User.Read", 70011 },
    { PAGE "?client_id={id}&redirect_uri=" DONE "&scope=api%3A%2F%2Fnobody%2F.default",
      70011 },
    { "/nowhere/v2.0/adminconsent?client_id={id}&redirect_uri=" DONE "&scope=" ALL,
      90002 },
};

START_TEST(a_request_that_is_not_right_gets_no_page)
{
    struct reply r;

    world_get(&w, &r, LOGIN, page_of(refused[_i].target));
    ck_assert_int_eq(r.status, 400);
    ck_assert_int_eq(reply_int(&r, "/error_codes/0"), refused[_i].code);
    reply_done(&r);
}
END_TEST

static void decide(const char *path, const char *decision, struct reply *r)
{
    char form[1024];

    (void)snprintf(form, sizeof form, "client_id=%s&%s%s", client.app_id, DECISION,
                   decision);
    world_post(&w, r, path, form);
}

static int64_t grants(void)
{
    return (int64_t)cmg__json_size(cmg__sb_table(w.cloud, "role_assignments")) +
           (int64_t)cmg__json_size(cmg__sb_table(w.cloud, "grants"));
}

static const char *const paths[] = { PAGE, "/" WORLD_TENANT "/adminconsent" };

START_TEST(accepting_grants_everything_that_is_required_once)
{
    struct reply r;

    const int64_t before = grants();
    for (int i = 0; i < 2; i++) {
        decide(paths[_i], "accept", &r);
        ck_assert_int_eq(r.status, 302);
        ck_assert_msg(cmg__str_starts(reply_head(&r, "Location"),
                                      "https://cm.contoso.com/done?a=1&admin_consent=True"
                                      "&tenant=" WORLD_TENANT "&state=s"),
                      "%s", reply_head(&r, "Location"));
        reply_done(&r);
        ck_assert_int_eq(grants(), before + 2);
    }
    char *token = world_sign_in_as(&w, client.app_id, client.secret,
                                   "https://graph.microsoft.com/.default");
    struct cmg__json *claims = world_claims(&w, token);
    world_claim_is(claims, "/roles/0", "Directory.Read.All");
    cmg__json_unref(claims);
    free(token);
}
END_TEST

START_TEST(cancelling_grants_nothing_and_says_so)
{
    struct reply r;

    const int64_t before = grants();
    decide(PAGE, "cancel", &r);
    ck_assert_int_eq(r.status, 302);
    ck_assert_ptr_nonnull(strstr(reply_head(&r, "Location"), "error=access_denied"));
    ck_assert_ptr_nonnull(strstr(reply_head(&r, "Location"), "state=s"));
    reply_done(&r);
    ck_assert_int_eq(grants(), before);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("consent page");
    TCase *tc = tcase_create("page");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_page_shows_who_asks_and_carries_the_request_on);
    tcase_add_loop_test(tc, a_request_that_is_not_right_gets_no_page, 0,
                        CMG__ARRAY_LEN(refused));
    tcase_add_loop_test(tc, accepting_grants_everything_that_is_required_once, 0,
                        CMG__ARRAY_LEN(paths));
    tcase_add_test(tc, cancelling_grants_nothing_and_says_so);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
