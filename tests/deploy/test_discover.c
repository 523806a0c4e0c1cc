/* Discovery with scripted answers: pages, links, what is told and when it ends. */
#include <stdio.h>
#include <string.h>

#include <cmg/discover.h>
#include "canned.h"

#define HOST   "https://graph.microsoft.com"
#define STORED HOST "/v1.0/users/delta?$deltatoken=stored"
#define GROUP  "aaaaaaaa-bbbb-4ccc-8ddd-000000000001"
#define OTHER  "aaaaaaaa-bbbb-4ccc-8ddd-000000000002"

static struct world w;

/* What the host was told, as one text. */
static char told[4096];
static int answer_user, answer_link;
static cmg_deploy_state on_first_user; /* CANCELLING, or IDLE: gives the handle back */

static void tell(const char *a, const char *b, const char *c)
{
    size_t n = strlen(told);

    snprintf(told + n, sizeof told - n, "%s:%s:%s ", a, b == NULL ? "-" : b, c);
}

static int on_user(cmg_deploy *deploy, const cmg_directory_user *e, void *user)
{
    ck_assert_ptr_eq(user, &w);
    ck_assert_uint_eq(e->size, sizeof *e);
    tell("user", e->id,
         e->account_enabled < 0    ? "?"
         : e->account_enabled == 0 ? "off"
                                   : "on");
    tell("name", e->user_principal_name, "");
    if (on_first_user == CMG_DEPLOY_CANCELLING)
        (void)cmg_deploy_cancel(deploy, NULL);
    if (on_first_user == CMG_DEPLOY_DELETED) {
        w.deploy = NULL;
        cmg_deploy_unref(deploy);
    }
    return answer_user;
}

static int on_group(cmg_deploy *deploy, const cmg_directory_group *e, void *user)
{
    (void)deploy;
    (void)user;
    tell("group", e->display_name, e->security_enabled == 1 ? "security" : "other");
    return 0;
}

static int on_member(cmg_deploy *deploy, const cmg_directory_member *e, void *user)
{
    (void)deploy;
    (void)user;
    tell(e->is_member ? "in" : "out", e->member_id, e->type == NULL ? "-" : e->type);
    return CMG_CALLBACK_PASS;
}

static int on_removed(cmg_deploy *deploy, cmg_discovery_kind kind, const char *id,
                      void *user)
{
    (void)deploy;
    (void)user;
    tell("removed", id, kind == CMG_DISCOVER_USERS ? "user" : "group");
    return 0;
}

static int on_link(cmg_deploy *deploy, cmg_discovery_kind kind, const char *link,
                   bool is_last, void *user)
{
    (void)deploy;
    (void)kind;
    (void)user;
    tell("link", strrchr(link, '='), is_last ? "last" : "more");
    return answer_link;
}

static int on_resync(cmg_deploy *deploy, cmg_discovery_kind kind, void *user)
{
    (void)deploy;
    (void)user;
    tell("resync", NULL, kind == CMG_DISCOVER_USERS ? "user" : "group");
    return 0;
}

static cmg_discovery table(uint32_t kinds)
{
    return (cmg_discovery){ .size = sizeof(cmg_discovery),
                            .user = &w,
                            .kinds = kinds,
                            .on_user = on_user,
                            .on_group = on_group,
                            .on_member = on_member,
                            .on_removed = on_removed,
                            .on_link = on_link,
                            .on_resync = on_resync };
}

static void prepare(struct rule *rules, const cmg_discovery *discovery)
{
    cmg_error *err = NULL;

    told[0] = '\0';
    world_init(&w, CMG_DEPLOY_DISCOVER, rules);
    ck_ok(cmg_deploy_set_discovery(w.deploy, discovery, &err), err);
}

static void discover(struct rule *rules, const cmg_discovery *discovery)
{
    prepare(rules, discovery);
    world_start(&w);
    world_drive(&w);
}

/* ---- pages ---- */

#define LAST "\"@odata.deltaLink\":\"" HOST "/v1.0/users/delta?$deltatoken=d1\""
#define NEXT "\"@odata.nextLink\":\"" HOST "/v1.0/users/delta?$skiptoken=s1\""
#define PAGE_1                                                                           \
    "{" NEXT ",\"value\":[{\"id\":\"u1\",\"userPrincipalName\":\"a@x\","                 \
    "\"accountEnabled\":true},{\"id\":\"u2\",\"accountEnabled\":false}]}"
#define PAGE_2                                                                           \
    "{" LAST ",\"value\":[{\"id\":\"u3\",\"userPrincipalName\":null},"                   \
    "{\"id\":\"u4\",\"@removed\":{\"reason\":\"changed\"}}]}"
#define PAGES                                                                            \
    ANSWER("GET", "users/delta?$select=", 0, 200, PAGE_1),                               \
        ANSWER("GET", "$skiptoken=s1", 0, 200, PAGE_2)

START_TEST(everything_is_told_page_by_page_with_the_links)
{
    struct rule rules[] = { TOKEN, PAGES, { 0 } };
    const cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_READY);
    ck_assert_str_eq(told, "user:u1:on name:a@x: user:u2:off name:-: link:=s1:more "
                           "user:u3:? name:-: removed:u4:user link:=d1:last ");
    ck_assert_uint_eq(world_count(&w, "groups"), 0);
    ck_assert_ptr_null(strstr(w.journal, "delta")); /* links are the host's */
    world_done(&w);
}
END_TEST

START_TEST(a_stored_link_is_where_it_goes_on)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "$deltatoken=stored", 0, 200, "{" LAST ",\"value\":[]}"),
        { 0 },
    };
    cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    discovery.users_link = STORED;
    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_READY);
    ck_assert_str_eq(told, "link:=d1:last ");
    ck_assert_uint_eq(world_count(&w, "$select"), 0);
    world_done(&w);
}
END_TEST

START_TEST(groups_tell_their_members_and_chosen_ones_are_asked_for)
{
    static const char *const ids[] = { GROUP, OTHER };
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "groups/delta?$select=", 0, 200,
               "{\"@odata.deltaLink\":\"" HOST "/v1.0/groups/delta?$deltatoken=g\","
               "\"value\":[{\"id\":\"g1\",\"displayName\":\"Sales\",\"securityEnabled\":"
               "true,\"members@delta\":[{\"@odata.type\":\"#microsoft.graph.user\","
               "\"id\":\"u1\"},{\"id\":\"u2\",\"@removed\":{\"reason\":\"deleted\"}}]},"
               "{\"id\":\"g1\",\"members@delta\":[{\"id\":\"u3\"}]},"
               "{\"id\":\"g2\",\"@removed\":{\"reason\":\"deleted\"}}]}"),
        { 0 },
    };
    cmg_discovery discovery = table(CMG_DISCOVER_GROUPS);

    discovery.group_ids = ids;
    discovery.group_count = 2;
    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_READY);
    ck_assert_str_eq(told, "group:Sales:security in:u1:user out:u2:- in:u3:- "
                           "removed:g2:group link:=g:last ");
    ck_assert_uint_eq(
        world_count(&w, "id%20eq%20%27" GROUP "%27%20or%20id%20eq%20%27" OTHER "%27"), 1);
    world_done(&w);
}
END_TEST

/* ---- links that are too old ---- */

static const struct {
    int status;
    const char *header, *body;
    const char *again; /* what is asked for then */
} old[] = {
    { 410, "Location: " HOST "/v1.0/users/delta?$skiptoken=fresh", NULL,
      "$skiptoken=fresh" },
    { 410, NULL, "{\"error\":{\"code\":\"resyncRequired\",\"message\":\"x\"}}",
      "users/delta?$select=" },
    { 410, "Location: https://evil.example/x", NULL, "users/delta?$select=" },
    { 400, NULL, "{\"error\":{\"code\":\"syncStateNotFound\",\"message\":\"x\"}}",
      "users/delta?$select=" },
};

START_TEST(a_link_that_is_too_old_starts_from_the_beginning)
{
    struct rule rules[] = {
        TOKEN,
        { .method = "GET",
          .path = "$deltatoken=stored",
          .status = old[_i].status,
          .header = old[_i].header,
          .body = old[_i].body },
        ANSWER("GET", old[_i].again, 0, 200,
               "{" LAST ",\"value\":[{\"id\":\"u1\",\"accountEnabled\":true}]}"),
        { 0 },
    };
    cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    discovery.users_link = STORED;
    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_READY);
    ck_assert_str_eq(told, "resync:-:user user:u1:on name:-: link:=d1:last ");
    ck_assert_uint_eq(world_count(&w, "evil"), 0);
    world_done(&w);
}
END_TEST

START_TEST(a_beginning_that_is_too_old_is_an_error)
{
    struct rule rules[] = {
        TOKEN,
        { .method = "GET",
          .path = "token=",
          .status = 410,
          .header = "Location: " HOST "/v1.0/users/delta?$skiptoken=fresh" },
        { 0 },
    };
    cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    discovery.users_link = STORED;
    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_uint_eq(world_count(&w, "delta?"), 2);
    world_done(&w);
}
END_TEST

START_TEST(another_bad_request_is_an_error_at_once)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "$deltatoken=stored", 0, 400,
               "{\"error\":{\"code\":\"Request_BadRequest\",\"message\":\"x\"}}"),
        { 0 },
    };
    cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    discovery.users_link = STORED;
    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_str_eq(told, "");
    world_done(&w);
}
END_TEST

/* ---- pages that are none ---- */

#define FOREIGN "\"@odata.nextLink\":\"https://evil.example/v1.0/users/delta?a=b\""
#define PLAIN   "\"@odata.nextLink\":\"http://graph.microsoft.com/v1.0/users/delta?a=b\""
#define PORT    "\"@odata.nextLink\":\"https://graph.microsoft.com:444/v1.0/users?a=b\""

static const char *const bad_pages[] = {
    "{\"value\":[]}",
    "{" NEXT "," LAST ",\"value\":[]}",
    "{" FOREIGN ",\"value\":[{\"id\":\"u1\"}]}",
    "{" PLAIN ",\"value\":[{\"id\":\"u1\"}]}",
    "{" PORT ",\"value\":[{\"id\":\"u1\"}]}",
    "{" LAST "}",
    "{" LAST ",\"value\":{}}",
    "{" LAST ",\"value\":[{\"id\":\"u1\"},{\"displayName\":\"x\"}]}",
    "{" LAST ",\"value\":[{\"id\":\"u1\"},7]}",
    "{" LAST ",\"value\":[{\"id\":\"u1\",\"members@delta\":[{\"id\":\"\"}]}]}",
    "[]",
    "nonsense",
};

START_TEST(a_page_that_is_none_is_told_to_nobody)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "users/delta", 0, 200, bad_pages[_i]),
        { 0 },
    };
    const cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_PROTO);
    ck_assert_str_eq(told, "");
    ck_assert_uint_eq(world_count(&w, "evil"), 0);
    ck_assert_uint_eq(world_count(&w, "delta"), 1);
    world_done(&w);
}
END_TEST

/* ---- trouble on the way ---- */

START_TEST(a_throttled_page_is_asked_for_again_when_it_may)
{
    struct rule rules[] = {
        TOKEN,
        ANSWER("GET", "users/delta?$select=", 0, 200, PAGE_1),
        { .method = "GET",
          .path = "$skiptoken=s1",
          .times = 2,
          .status = 429,
          .header = "Retry-After: 2.128" },
        { .method = "GET", .path = "$skiptoken=s1", .times = 1, .status = 0 },
        ANSWER("GET", "$skiptoken=s1", 0, 200, PAGE_2),
        { 0 },
    };
    const cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    prepare(rules, &discovery);
    const int64_t before = w.env.unix_ms;
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_READY);
    ck_assert_int_ge(w.env.unix_ms - before, 2 * 2128);
    ck_assert_int_lt(w.env.unix_ms - before, 2 * 2128 + 5000);
    ck_assert_uint_eq(world_count(&w, "$skiptoken=s1"), 4);
    world_done(&w);
}
END_TEST

/* Each page may wait as long as a whole step of another operation. */
START_TEST(a_page_that_came_gives_the_next_one_its_full_time)
{
    struct rule rules[] = {
        TOKEN,
        { .method = "GET",
          .path = "users/delta?$select=",
          .times = 1,
          .status = 429,
          .header = "Retry-After: 400" },
        ANSWER("GET", "users/delta?$select=", 0, 200, PAGE_1),
        { .method = "GET",
          .path = "$skiptoken=s1",
          .times = 1,
          .status = 429,
          .header = "Retry-After: 400" },
        ANSWER("GET", "$skiptoken=s1", 0, 200, PAGE_2),
        { 0 },
    };
    const cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_READY);
    world_done(&w);
}
END_TEST

START_TEST(the_host_ends_it_with_its_own_number)
{
    struct rule rules[] = { TOKEN, PAGES, { 0 } };
    const cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    answer_user = _i == 0 ? 7 : 0;
    answer_link = _i == 0 ? 0 : 8;
    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_CALLBACK);
    ck_assert_ptr_nonnull(
        strstr(w.end_message, _i == 0 ? "on_user returned 7" : "on_link returned 8"));
    ck_assert_uint_eq(world_count(&w, "$skiptoken"), 0);
    world_done(&w);
}
END_TEST

START_TEST(after_a_cancel_the_page_is_told_and_no_other_asked_for)
{
    struct rule rules[] = { TOKEN, PAGES, { 0 } };
    const cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    on_first_user = CMG_DEPLOY_CANCELLING;
    discover(rules, &discovery);
    ck_assert_int_eq(w.end, CMG_DEPLOY_PAUSED);
    ck_assert_ptr_nonnull(strstr(told, "link:=s1:more"));
    ck_assert_uint_eq(world_count(&w, "$skiptoken"), 0);
    world_done(&w);
}
END_TEST

START_TEST(a_handle_given_back_in_a_callback_tells_no_more)
{
    struct rule rules[] = { TOKEN, PAGES, { 0 } };
    const cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    on_first_user = CMG_DEPLOY_DELETED;
    prepare(rules, &discovery);
    world_start(&w);
    world_turns(&w, 50);
    ck_assert_str_eq(told, "user:u1:on name:a@x: ");
    world_done(&w);
}
END_TEST

/* ---- the table ---- */

START_TEST(what_cannot_be_discovered_is_refused)
{
    static const char *const ids[] = { "x" };
    static const char *const foreign = "https://evil.example/v1.0/users/delta";
    const struct {
        cmg_discovery table;
        cmg_status rc;
        const char *subject;
    } cases[] = {
        { { .size = sizeof(cmg_discovery) }, CMG_E_INVAL, "kinds" },
        { { .size = sizeof(cmg_discovery), .kinds = 4 }, CMG_E_INVAL, "kinds" },
        { { .size = 3, .kinds = 1 }, CMG_E_ABI, "" },
        { { .size = sizeof(cmg_discovery), .kinds = 2, .group_count = 1 },
          CMG_E_INVAL,
          "group_ids" },
        { { .size = sizeof(cmg_discovery), .kinds = 2, .group_ids = ids },
          CMG_E_INVAL,
          "group_ids" },
        { { .size = sizeof(cmg_discovery),
            .kinds = 2,
            .group_ids = ids,
            .group_count = 1 },
          CMG_E_INVAL,
          "group_ids" },
        { { .size = sizeof(cmg_discovery), .kinds = 1, .users_link = foreign },
          CMG_E_INVAL,
          "users_link" },
        { { .size = sizeof(cmg_discovery), .kinds = 1, .groups_link = "" },
          CMG_E_INVAL,
          "groups_link" },
    };

    world_init(&w, CMG_DEPLOY_DISCOVER, NULL);
    for (size_t i = 0; i < CMG__ARRAY_LEN(cases); i++) {
        cmg_error *err = NULL;
        ck_assert_int_eq(cmg_deploy_set_discovery(w.deploy, &cases[i].table, &err),
                         cases[i].rc);
        if (cases[i].subject[0] != '\0')
            ck_assert_str_eq(cmg_error_subject(err), cases[i].subject);
        cmg_error_unref(err);
    }
    world_done(&w);
}
END_TEST

START_TEST(nothing_is_sent_before_it_is_said_what_to_discover)
{
    struct rule rules[] = { TOKEN, { 0 } };

    world_init(&w, CMG_DEPLOY_DISCOVER, rules);
    world_start(&w);
    world_drive(&w);
    ck_assert_int_eq(w.end, CMG_DEPLOY_FAILED);
    ck_assert_int_eq(w.end_code, CMG_E_STATE);
    ck_assert_uint_eq(w.sent, 0);
    world_done(&w);
}
END_TEST

/* ---- without memory ---- */

static struct rule starved_rules[] = { TOKEN, PAGES, { 0 } };

static void begin_starved(void)
{
    const cmg_discovery discovery = table(CMG_DISCOVER_USERS);

    memset(&w, 0, sizeof w);
    prepare(starved_rules, &discovery);
}

START_TEST(each_allocation_may_fail)
{
    canned_starve(&w, begin_starved, CMG_OK);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("discover");
    TCase *t = tcase_create("discover");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, everything_is_told_page_by_page_with_the_links);
    tcase_add_test(t, a_stored_link_is_where_it_goes_on);
    tcase_add_test(t, groups_tell_their_members_and_chosen_ones_are_asked_for);
    tcase_add_loop_test(t, a_link_that_is_too_old_starts_from_the_beginning, 0,
                        CMG__ARRAY_LEN(old));
    tcase_add_test(t, a_beginning_that_is_too_old_is_an_error);
    tcase_add_test(t, another_bad_request_is_an_error_at_once);
    tcase_add_loop_test(t, a_page_that_is_none_is_told_to_nobody, 0,
                        CMG__ARRAY_LEN(bad_pages));
    tcase_add_test(t, a_throttled_page_is_asked_for_again_when_it_may);
    tcase_add_test(t, a_page_that_came_gives_the_next_one_its_full_time);
    tcase_add_loop_test(t, the_host_ends_it_with_its_own_number, 0, 2);
    tcase_add_test(t, after_a_cancel_the_page_is_told_and_no_other_asked_for);
    tcase_add_test(t, a_handle_given_back_in_a_callback_tells_no_more);
    tcase_add_test(t, what_cannot_be_discovered_is_refused);
    tcase_add_test(t, nothing_is_sent_before_it_is_said_what_to_discover);
    tcase_add_test(t, each_allocation_may_fail);
    suite_add_tcase(s, t);
    return support_run((Suite *[]){ s, NULL });
}
