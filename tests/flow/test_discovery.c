/* Users and groups of the sandbox are discovered: all of them, and what has changed, in
   memory that does not grow with their number. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmg/discover.h>
#include "place.h"

#define SALES  "bbbbbbbb-0000-4000-8000-000000000001"
#define STAFF  "bbbbbbbb-0000-4000-8000-000000000002"
#define ANNA   "aaaaaaaa-0000-4000-8000-000000000001"
#define FIRST  "00000000-0000-4000-8000-000000000001"
#define SECOND "00000000-0000-4000-8000-000000000002"

static cmg_sandbox *sandbox;
static struct site site;

static void setup(void)
{
    sandbox = place_sandbox(0);
    place_site(sandbox, &site);
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

/* What one run told. */
struct told {
    size_t users, distinct, groups, in, out, removed, pages, resyncs;
    char last_user[64], last_name[64];
    char *links[3];     /* by kind */
    size_t least, most; /* live bytes at the ends of the pages in the middle */
    struct support_alloc *memory;
    unsigned char *seen; /* of computed users, one byte each */
    size_t seen_size;
};

static int on_user(cmg_deploy *deploy, const cmg_directory_user *e, void *user)
{
    struct told *t = user;
    unsigned long long number = strtoull(e->id + 24, NULL, 16);

    (void)deploy;
    t->users++;
    snprintf(t->last_user, sizeof t->last_user, "%s", e->id);
    snprintf(t->last_name, sizeof t->last_name, "%s", cmg__str_or(e->display_name, ""));
    if (number < t->seen_size && strncmp(e->id, FIRST, 24) == 0 && !t->seen[number]) {
        t->seen[number] = 1;
        t->distinct++;
    }
    return 0;
}

static int on_group(cmg_deploy *deploy, const cmg_directory_group *e, void *user)
{
    (void)deploy;
    (void)e;
    ((struct told *)user)->groups++;
    return 0;
}

static int on_member(cmg_deploy *deploy, const cmg_directory_member *e, void *user)
{
    struct told *t = user;

    (void)deploy;
    ck_assert_str_eq(e->group_id, SALES);
    *(e->is_member ? &t->in : &t->out) += 1;
    return 0;
}

static int on_removed(cmg_deploy *deploy, cmg_discovery_kind kind, const char *id,
                      void *user)
{
    (void)deploy;
    (void)kind;
    (void)id;
    ((struct told *)user)->removed++;
    return 0;
}

static int on_link(cmg_deploy *deploy, cmg_discovery_kind kind, const char *link,
                   bool is_last, void *user)
{
    struct told *t = user;

    (void)deploy;
    t->pages++;
    if (t->memory != NULL && t->pages > 2 && !is_last) {
        size_t now = t->memory->live_bytes;
        t->least = t->least == 0 || now < t->least ? now : t->least;
        t->most = now > t->most ? now : t->most;
    }
    free(t->links[kind]);
    t->links[kind] = strdup(link);
    return 0;
}

static int on_resync(cmg_deploy *deploy, cmg_discovery_kind kind, void *user)
{
    (void)deploy;
    (void)kind;
    ((struct told *)user)->resyncs++;
    return 0;
}

static cmg_discovery table(struct told *t, uint32_t kinds)
{
    return (cmg_discovery){ .size = sizeof(cmg_discovery),
                            .user = t,
                            .kinds = kinds,
                            .on_user = on_user,
                            .on_group = on_group,
                            .on_member = on_member,
                            .on_removed = on_removed,
                            .on_link = on_link,
                            .on_resync = on_resync };
}

static cmg_status discover(struct party *p, const cmg_discovery *discovery,
                           cmg_error **err)
{
    cmg_deploy_unref(p->deploy);
    p->deploy = NULL;
    cmg_status rc = cmg_deploy_new(p->gateway, CMG_DEPLOY_DISCOVER, &p->deploy, err);
    if (rc == CMG_OK)
        rc = cmg_deploy_set_discovery(p->deploy, discovery, err);
    if (rc == CMG_OK)
        rc = cmg_deploy_run(p->deploy, err);
    return rc;
}

/* The counts of a run that begins with the links of the one before. */
static void again(struct party *p, struct told *t, uint32_t kinds)
{
    cmg_error *err = NULL;
    cmg_discovery discovery = table(t, kinds);
    char *const links[2] = { t->links[CMG_DISCOVER_USERS],
                             t->links[CMG_DISCOVER_GROUPS] };

    *t = (struct told){ .users = 0 };
    discovery.users_link = links[0];
    discovery.groups_link = links[1];
    ck_ok(discover(p, &discovery, &err), err);
    free(links[0]);
    free(links[1]);
}

static void told_done(struct told *t)
{
    free(t->links[CMG_DISCOVER_USERS]);
    free(t->links[CMG_DISCOVER_GROUPS]);
    free(t->seen);
}

START_TEST(all_users_come_and_later_only_what_has_changed)
{
    struct told t = { .users = 0 };
    struct party p;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_add_users(sandbox, 450, &err), err);
    ck_ok(cmg_sandbox_set_user(sandbox, ANNA, "{\"displayName\":\"Anna\"}", &err), err);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    t.seen_size = 451;
    t.seen = calloc(t.seen_size, 1);
    const cmg_discovery discovery = table(&t, CMG_DISCOVER_USERS);
    ck_ok(discover(&p, &discovery, &err), err);
    ck_assert_uint_eq(t.distinct, 450);
    ck_assert_uint_eq(t.pages, 3);
    ck_assert_uint_gt(t.users, 451); /* some came twice */
    ck_assert_str_eq(t.last_user, ANNA);
    free(t.seen);
    again(&p, &t, CMG_DISCOVER_USERS);
    ck_assert_uint_eq(t.users, 0);
    ck_ok(cmg_sandbox_set_user(sandbox, SECOND, "{\"displayName\":\"New name\"}", &err),
          err);
    ck_ok(cmg_sandbox_set_user(sandbox, ANNA, NULL, &err), err);
    again(&p, &t, CMG_DISCOVER_USERS);
    ck_assert_uint_eq(t.users, 1);
    ck_assert_str_eq(t.last_name, "New name");
    ck_assert_uint_eq(t.removed, 1);
    told_done(&t);
    party_done(&p);
}
END_TEST

START_TEST(a_chosen_group_tells_who_comes_and_goes)
{
    static const char *const ids[] = { SALES };
    struct told t = { .users = 0 };
    struct party p;
    cmg_error *err = NULL;
    cmg_discovery discovery = table(&t, CMG_DISCOVER_USERS | CMG_DISCOVER_GROUPS);

    ck_ok(cmg_sandbox_add_users(sandbox, 3, &err), err);
    ck_ok(cmg_sandbox_set_group(sandbox, SALES, "{\"displayName\":\"Sales\"}", &err),
          err);
    ck_ok(cmg_sandbox_set_group(sandbox, STAFF, "{\"displayName\":\"Staff\"}", &err),
          err);
    ck_ok(cmg_sandbox_set_member(sandbox, SALES, FIRST, true, &err), err);
    ck_ok(cmg_sandbox_set_member(sandbox, STAFF, FIRST, true, &err), err);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    discovery.group_ids = ids;
    discovery.group_count = 1;
    ck_ok(discover(&p, &discovery, &err), err);
    ck_assert_uint_eq(t.users, 3);
    ck_assert_uint_eq(t.groups, 1);
    ck_assert_uint_eq(t.in, 1);
    ck_ok(cmg_sandbox_set_member(sandbox, SALES, SECOND, true, &err), err);
    ck_ok(cmg_sandbox_set_member(sandbox, SALES, FIRST, false, &err), err);
    again(&p, &t, CMG_DISCOVER_GROUPS);
    ck_assert_uint_eq(t.in, 1);
    ck_assert_uint_eq(t.out, 1);
    told_done(&t);
    party_done(&p);
}
END_TEST

START_TEST(a_link_that_is_too_old_brings_everything_again)
{
    struct told t = { .users = 0 };
    struct party p;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_add_users(sandbox, 10, &err), err);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    const cmg_discovery discovery = table(&t, CMG_DISCOVER_USERS);
    ck_ok(discover(&p, &discovery, &err), err);
    ck_ok(cmg_sandbox_expire_links(sandbox, &err), err);
    again(&p, &t, CMG_DISCOVER_USERS);
    ck_assert_uint_eq(t.resyncs, 1);
    ck_assert_uint_eq(t.users, 10);
    again(&p, &t, CMG_DISCOVER_USERS);
    ck_assert_uint_eq(t.resyncs + t.users, 0);
    told_done(&t);
    party_done(&p);
}
END_TEST

START_TEST(throttled_pages_come_late_and_once)
{
    struct told t = { .users = 0 };
    struct party p;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_add_users(sandbox, 900, &err), err);
    ck_ok(cmg_sandbox_set_throttle(sandbox, 2, 125, &err), err);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    t.seen_size = 901;
    t.seen = calloc(t.seen_size, 1);
    const cmg_discovery discovery = table(&t, CMG_DISCOVER_USERS);
    ck_ok(discover(&p, &discovery, &err), err);
    ck_assert_uint_eq(t.distinct, 900);
    ck_assert_uint_eq(t.pages, 5);
    told_done(&t);
    party_done(&p);
}
END_TEST

/* The library's memory; what curl and the JSON parser take is measured from outside. */
START_TEST(memory_does_not_grow_with_the_number_of_users)
{
    struct support_alloc memory;
    struct told t = { .users = 0 };
    struct party p;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_add_users(sandbox, 100000, &err), err);
    support_alloc_init(&memory);
    ck_ok(party_init(&p, &site, &memory.alloc.table, &err), err);
    t.memory = &memory;
    t.seen_size = 100001;
    t.seen = calloc(t.seen_size, 1);
    const cmg_discovery discovery = table(&t, CMG_DISCOVER_USERS);
    ck_ok(discover(&p, &discovery, &err), err);
    ck_assert_uint_eq(t.distinct, 100000);
    ck_assert_uint_gt(t.pages, 400);
    ck_assert_uint_le(t.most - t.least, 64 * 1024);
    ck_assert_uint_le(t.most, 1024 * 1024);
    told_done(&t);
    party_done(&p);
    ck_assert_uint_eq(memory.live, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("discovery");
    TCase *t = tcase_create("discovery");

    tcase_set_timeout(t, 240);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, all_users_come_and_later_only_what_has_changed);
    tcase_add_test(t, a_chosen_group_tells_who_comes_and_goes);
    tcase_add_test(t, a_link_that_is_too_old_brings_everything_again);
    tcase_add_test(t, throttled_pages_come_late_and_once);
    tcase_add_test(t, memory_does_not_grow_with_the_number_of_users);
    suite_add_tcase(suite, t);
    return support_run((Suite *[]){ suite, NULL });
}
