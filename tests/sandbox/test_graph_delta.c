/* Users and groups: lists, and what has changed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/people.h"
#include "sandbox/world.h"

#define HOST   "https://" GRAPH
#define USERS  "/v1.0/users"
#define DELTA  USERS "/delta"
#define GROUPS "/v1.0/groups/delta"
#define ANNA   "aaaaaaaa-0000-4000-8000-000000000001"
#define SALES  "bbbbbbbb-0000-4000-8000-000000000001"
#define STAFF  "bbbbbbbb-0000-4000-8000-000000000002"
#define FIRST  "00000000-0000-4000-8000-000000000001"
#define SECOND "00000000-0000-4000-8000-000000000002"
#define WEEK   ((int64_t)7 * 24 * 3600 * 1000)

static struct world w;

static void setup(void)
{
    world_init(&w);
}

static void teardown(void)
{
    world_done(&w);
}

static void set(enum cmg__sb_kind kind, const char *id, const char *text)
{
    struct cmg__json *properties = NULL;

    if (text != NULL)
        ck_assert_int_eq(cmg__json_parse(&cmg__alloc_libc, "properties", text,
                                         strlen(text), &properties, NULL),
                         CMG_OK);
    ck_assert_int_eq(cmg__sb_people_set(w.cloud, kind, id, properties), CMG_OK);
    cmg__json_unref(properties);
}

static void member(const char *group, const char *user, bool in)
{
    ck_assert_int_eq(cmg__sb_people_set_member(w.cloud, group, user, in), CMG_OK);
}

/* The target of a link in an answer; "" when it has none. */
static void copy_link(const struct reply *r, const char *name, char out[2048])
{
    const char *link = cmg__json_str(cmg__json_key(r->body, name), "");

    ck_assert(link == NULL || cmg__str_starts(link, HOST "/v1.0/"));
    snprintf(out, 2048, "%s", link == NULL ? "" : link + strlen(HOST));
}

static void get(struct reply *r, int status, const char *target, const char *prefer)
{
    world_ask(&w,
              &(struct ask){ .method = "GET",
                             .host = GRAPH,
                             .target = target,
                             .token = w.graph_token,
                             .prefer = prefer },
              r);
    ck_assert_msg(r->status == status, "GET %s: %d: %s", target, r->status,
                  cmg__buf_cstr(&r->answer.body));
}

/* All pages from a target on: entries, those that came before on the same walk, and the
   link for later. */
struct walk {
    size_t entries, repeated, pages;
    char link[2048];
};

static void follow(const char *target, const char *prefer, struct walk *out)
{
    char next[2048], last[64] = "";

    *out = (struct walk){ .entries = 0 };
    snprintf(next, sizeof next, "%s", target);
    while (next[0] != '\0') {
        struct reply r;
        get(&r, 200, next, prefer);
        const struct cmg__json *list = cmg__json_key(r.body, "value");
        out->pages++;
        out->entries += cmg__json_size(list);
        out->repeated += strcmp(reply_str(&r, "/value/0/id"), last) == 0;
        for (size_t i = 0; i < cmg__json_size(list); i++)
            snprintf(last, sizeof last, "%s",
                     cmg__str_or(cmg__json_str(cmg__json_item(list, i), "/id"), ""));
        copy_link(&r, "@odata.nextLink", next);
        copy_link(&r, "@odata.deltaLink", out->link);
        ck_assert((next[0] == '\0') != (out->link[0] == '\0'));
        reply_done(&r);
    }
}

/* ---- delta ---- */

START_TEST(everything_comes_in_pages_with_entries_repeated)
{
    struct walk walk;
    struct reply r;

    w.cloud->people.computed = 450;
    set(CMG__SB_USERS, ANNA, "{\"displayName\":\"Anna\"}");
    follow(DELTA "?$select=id,displayName", NULL, &walk);
    ck_assert_uint_eq(walk.pages, 3);
    ck_assert_uint_eq(walk.repeated, 2);
    ck_assert_uint_eq(walk.entries, 451 + walk.repeated);
    get(&r, 200, walk.link, NULL);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 0);
    reply_done(&r);
}
END_TEST

START_TEST(pages_are_as_long_as_preferred)
{
    struct walk walk;

    w.cloud->people.computed = 10;
    follow(DELTA, "odata.maxpagesize=4", &walk);
    ck_assert_uint_eq(walk.entries, 10 + walk.repeated);
    ck_assert_uint_ge(walk.pages, 3);
}
END_TEST

START_TEST(only_changes_come_after_that_and_what_is_gone)
{
    struct walk walk;
    struct reply r;

    w.cloud->people.computed = 3;
    set(CMG__SB_USERS, ANNA, "{\"displayName\":\"Anna\"}");
    follow(DELTA "?$select=displayName,mail", NULL, &walk);
    ck_assert_uint_eq(walk.entries, 4);
    set(CMG__SB_USERS, SECOND, "{\"displayName\":\"Renamed\"}");
    set(CMG__SB_USERS, ANNA, NULL);
    get(&r, 200, walk.link, NULL);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 2);
    ck_assert_str_eq(reply_str(&r, "/value/0/displayName"), "Renamed");
    ck_assert_str_eq(reply_str(&r, "/value/0/mail"), "user000002@" WORLD_DOMAIN);
    ck_assert_str_eq(reply_str(&r, "/value/0/id"), SECOND);
    ck_assert_str_eq(reply_str(&r, "/value/1/id"), ANNA);
    ck_assert_str_eq(
        cmg__json_str(cmg__json_key(cmg__json_at(r.body, "/value/1"), "@removed"),
                      "/reason"),
        "changed");
    copy_link(&r, "@odata.deltaLink", walk.link);
    reply_done(&r);
    get(&r, 200, walk.link, NULL);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 0);
    reply_done(&r);
    follow(DELTA, NULL, &walk); /* who begins now does not hear of Anna */
    ck_assert_uint_eq(walk.entries, 3);
}
END_TEST

START_TEST(on_request_only_changed_properties_come)
{
    struct walk walk;
    struct reply r;

    w.cloud->people.computed = 1;
    follow(DELTA "?$select=displayName,mail", "return=minimal", &walk);
    set(CMG__SB_USERS, FIRST, "{\"displayName\":\"Renamed\"}");
    set(CMG__SB_USERS, ANNA, "{\"displayName\":\"Anna\",\"mail\":\"a@x\"}");
    get(&r, 200, walk.link, NULL);
    ck_assert_str_eq(reply_str(&r, "/value/0/displayName"), "Renamed");
    ck_assert_str_eq(reply_str(&r, "/value/0/id"), FIRST);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, "/value/0")), 2);
    ck_assert_str_eq(reply_str(&r, "/value/1/mail"), "a@x");
    reply_done(&r);
}
END_TEST

START_TEST(history_can_be_skipped)
{
    struct reply r;
    char link[2048];

    w.cloud->people.computed = 5;
    get(&r, 200, DELTA "?$deltatoken=latest&$select=id", NULL);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 0);
    copy_link(&r, "@odata.deltaLink", link);
    reply_done(&r);
    set(CMG__SB_USERS, ANNA, "{\"displayName\":\"Anna\"}");
    get(&r, 200, link, NULL);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 1);
    ck_assert_uint_eq(cmg__json_size(cmg__json_at(r.body, "/value/0")), 1);
    reply_done(&r);
}
END_TEST

START_TEST(a_link_that_is_too_old_leads_back_to_the_beginning)
{
    struct walk walk, again;
    struct reply r;

    w.cloud->people.computed = 7;
    follow(DELTA "?$select=id", NULL, &walk);
    if (_i == 0)
        w.cloud->people.epoch++;
    else
        support_env_advance_ms(&w.env, WEEK + 1);
    free(w.graph_token); /* it is too old, too */
    w.graph_token = world_sign_in_as(&w, cmg__sb_fact(w.cloud, "client_id"),
                                     cmg__sb_fact(w.cloud, "client_secret"),
                                     "https://graph.microsoft.com/.default");
    get(&r, 410, walk.link, NULL);
    ck_assert_str_eq(reply_str(&r, "/error/code"), "resyncRequired");
    const char *location = reply_head(&r, "Location");
    ck_assert(cmg__str_starts(location, HOST DELTA));
    follow(location + strlen(HOST), NULL, &again);
    ck_assert_uint_eq(again.entries, 7);
    reply_done(&r);
    get(&r, 200, again.link, NULL);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *target;
    bool with_link; /* the text is added to a link */
} refused[] = {
    { "&$select=id", true },
    { DELTA "?$top=5", false },
    { DELTA "?$orderby=displayName", false },
    { DELTA "?$select=colour", false },
    { DELTA "?$deltatoken=nonsense", false },
    { DELTA "?$filter=nonsense", false },
};

START_TEST(what_delta_does_not_know_is_refused)
{
    struct walk walk;
    struct reply r;
    char target[4096];

    w.cloud->people.computed = 1;
    follow(DELTA, NULL, &walk);
    snprintf(target, sizeof target, "%s%s", refused[_i].with_link ? walk.link : "",
             refused[_i].target);
    get(&r, 400, target, NULL);
    reply_done(&r);
}
END_TEST

START_TEST(groups_tell_who_came_and_who_went)
{
    struct walk walk;
    struct reply r;
    const struct cmg__json *who = NULL;

    w.cloud->people.computed = 3;
    set(CMG__SB_GROUPS, SALES, "{\"displayName\":\"Sales\",\"securityEnabled\":true}");
    set(CMG__SB_GROUPS, STAFF, "{\"displayName\":\"Staff\"}");
    member(SALES, FIRST, true);
    member(STAFF, FIRST, true);
    follow(GROUPS "?$select=displayName,members&$filter=id%20eq%20'" SALES "'", NULL,
           &walk);
    ck_assert_uint_eq(walk.entries, 1);
    member(SALES, SECOND, true);
    set(CMG__SB_USERS, FIRST, NULL);
    get(&r, 200, walk.link, NULL);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 1);
    who = cmg__json_key(cmg__json_at(r.body, "/value/0"), "members@delta");
    ck_assert_uint_eq(cmg__json_size(who), 2);
    for (size_t i = 0; i < 2; i++) {
        const struct cmg__json *entry = cmg__json_item(who, i);
        bool gone = cmg__json_key(entry, "@removed") != NULL;
        ck_assert_str_eq(cmg__json_str(entry, "/id"), gone ? FIRST : SECOND);
    }
    reply_done(&r);
    set(CMG__SB_GROUPS, SALES, NULL);
    get(&r, 200, walk.link, NULL);
    ck_assert_str_eq(
        cmg__json_str(cmg__json_key(cmg__json_at(r.body, "/value/0"), "@removed"),
                      "/reason"),
        "deleted");
    reply_done(&r);
}
END_TEST

/* ---- lists ---- */

START_TEST(users_are_listed_in_pages_and_read_by_name)
{
    struct reply r;
    char next[2048] = USERS "?$top=3&$select=userPrincipalName";
    size_t n = 0;

    w.cloud->people.computed = 7;
    set(CMG__SB_USERS, FIRST, NULL);
    set(CMG__SB_USERS, ANNA, "{\"userPrincipalName\":\"anna@" WORLD_DOMAIN "\"}");
    while (next[0] != '\0') {
        get(&r, 200, next, NULL);
        n += cmg__json_size(cmg__json_key(r.body, "value"));
        copy_link(&r, "@odata.nextLink", next);
        reply_done(&r);
    }
    ck_assert_uint_eq(n, 7);
    get(&r, 200, USERS "/anna@" WORLD_DOMAIN "?$select=id", NULL);
    ck_assert_str_eq(reply_str(&r, "/id"), ANNA);
    reply_done(&r);
    get(&r, 404, USERS "/" FIRST, NULL);
    reply_done(&r);
    get(&r, 200, USERS "?$filter=startswith(displayName,'User%20000003')", NULL);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 1);
    ck_assert_int_eq((int)cmg__json_type(cmg__json_at(r.body, "/value/0/businessPhones")),
                     CMG__JSON_ARRAY);
    reply_done(&r);
}
END_TEST

START_TEST(members_of_a_group_are_listed)
{
    struct reply r;

    w.cloud->people.computed = 2;
    set(CMG__SB_GROUPS, SALES, "{\"displayName\":\"Sales\"}");
    member(SALES, FIRST, true);
    member(SALES, SECOND, true);
    member(SALES, SECOND, false);
    get(&r, 200, "/v1.0/groups/" SALES "/members", NULL);
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 1);
    ck_assert_str_eq(reply_str(&r, "/value/0/id"), FIRST);
    reply_done(&r);
    ck_assert_int_eq(cmg__sb_people_set_member(w.cloud, STAFF, FIRST, true),
                     CMG_E_NOTFOUND);
    ck_assert_int_eq(cmg__sb_people_set(w.cloud, CMG__SB_USERS, ANNA, NULL),
                     CMG_E_NOTFOUND);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("graph_delta");
    TCase *t = tcase_create("delta");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, everything_comes_in_pages_with_entries_repeated);
    tcase_add_test(t, pages_are_as_long_as_preferred);
    tcase_add_test(t, only_changes_come_after_that_and_what_is_gone);
    tcase_add_test(t, on_request_only_changed_properties_come);
    tcase_add_test(t, history_can_be_skipped);
    tcase_add_loop_test(t, a_link_that_is_too_old_leads_back_to_the_beginning, 0, 2);
    tcase_add_loop_test(t, what_delta_does_not_know_is_refused, 0,
                        CMG__ARRAY_LEN(refused));
    tcase_add_test(t, groups_tell_who_came_and_who_went);
    tcase_add_test(t, users_are_listed_in_pages_and_read_by_name);
    tcase_add_test(t, members_of_a_group_are_listed);
    suite_add_tcase(s, t);
    Suite *const suites[] = { s, NULL };
    return support_run(suites);
}
