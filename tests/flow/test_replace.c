/* A second gateway takes the place of the first, against the sandbox. */
#include <cmg/replace.h>
#include "place.h"

#include <stdio.h>
#include <string.h>

static cmg_sandbox *sandbox;
static struct site old_site, new_site;

static void setup(void)
{
    sandbox = place_sandbox(20);
    place_site(sandbox, &old_site);
    new_site = old_site;
    (void)snprintf(new_site.journal, sizeof new_site.journal, "%s",
                   support_path("new.journal"));
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

/* ---- two gateways ---- */

static cmg_gateway *new_gateway(cmg_context *ctx, const char *name, const char *group)
{
    cmg_gateway *gateway = NULL;
    cmg_error *err = NULL;

    ck_ok(place_other_gateway(ctx, &new_site, name, group, &gateway, &err), err);
    return gateway;
}

/* A party whose gateway is the new one; the old one is handed out, to be given back. */
static void begin(struct party *p, cmg_gateway **out_old)
{
    cmg_error *err = NULL;

    ck_ok(party_init(p, &new_site, NULL, &err), err);
    *out_old = p->gateway;
    p->gateway = new_gateway(p->ctx, "heronlake", "cmg-heronlake");
    ck_ok(cmg_gateway_set_authority(p->gateway, (*out_old)->authority, &err), err);
}

static void end(struct party *p, cmg_gateway *old)
{
    cmg_gateway_unref(old);
    party_done(p);
}

/* The old one is made, by a process of its own. */
static void make_old(void)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &old_site, NULL, &err), err);
    ck_ok(party_deploy(&p, &old_site, CMG_DEPLOY_CREATE, NULL, &err), err);
    party_done(&p);
}

static cmg_status replace(struct party *p, const cmg_replacement *what, cmg_error **err)
{
    cmg_error *why = NULL;

    ck_ok(party_prepare(p, &new_site, CMG_DEPLOY_REPLACE_GATEWAY, NULL, &why), why);
    if (what != NULL)
        ck_ok(cmg_deploy_set_replacement(p->deploy, what, &why), why);
    return cmg_deploy_run(p->deploy, err);
}

static void check_gateways(uint64_t count)
{
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCE_GROUPS), count);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_RESOURCES),
                      count * PLACE_RESOURCES);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 2 * count);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_DELETED), 0);
}

/* ---- time passes ---- */

static int64_t (*real_unix_ms)(void *user);

static int64_t two_days_later(void *user)
{
    return real_unix_ms(user) + INT64_C(2) * 24 * 60 * 60 * 1000;
}

START_TEST(the_old_gateway_goes_when_clients_have_had_their_time)
{
    struct party p;
    cmg_gateway *old;
    cmg_error *err = NULL;

    make_old();
    begin(&p, &old);
    const cmg_replacement what = { .size = sizeof what, .old_gateway = old };
    ck_ok(replace(&p, &what, &err), err);
    const int64_t due = cmg_deploy_replacement_due_unix_s(p.deploy);
    ck_assert_int_gt(due, cmg__env_unix_s(&p.ctx->env) + 86000);
    check_gateways(2);
    end(&p, old);

    /* Another process, which need not know the old one's specification. */
    begin(&p, &old);
    ck_ok(replace(&p, NULL, &err), err);
    ck_assert_int_eq(cmg_deploy_replacement_due_unix_s(p.deploy), due);
    check_gateways(2);
    end(&p, old);

    begin(&p, &old);
    real_unix_ms = p.ctx->env.unix_ms;
    p.ctx->env.unix_ms = two_days_later;
    ck_ok(replace(&p, NULL, &err), err);
    check_gateways(1);
    ck_assert_int_eq(cmg_deploy_replacement_due_unix_s(p.deploy), 0);
    end(&p, old);

    /* It had died before it could say so: the same once more. */
    begin(&p, &old);
    const cmg_replacement same = { .size = sizeof same, .old_gateway = old };
    ck_ok(replace(&p, &same, &err), err);
    check_gateways(1);
    ck_assert_int_eq(cmg_deploy_replacement_due_unix_s(p.deploy), 0);
    end(&p, old);

    /* What is left of the old one is its own to remove. */
    ck_ok(party_init(&p, &old_site, NULL, &err), err);
    ck_ok(party_deploy(&p, &old_site, CMG_DEPLOY_DELETE, NULL, &err), err);
    party_done(&p);
    check_gateways(1);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_APPLICATIONS), 2);
}
END_TEST

/* Whoever makes the old one again has it for another day. */
START_TEST(a_gateway_that_comes_back_has_its_time_once_more)
{
    struct party p;
    cmg_gateway *old;
    cmg_error *err = NULL;

    for (unsigned i = 0; i < 2; i++) {
        make_old();
        begin(&p, &old);
        cmg_replacement what = { .size = sizeof what, .old_gateway = old };
        ck_ok(replace(&p, &what, &err), err);
        check_gateways(2);
        ck_assert_int_gt(cmg_deploy_replacement_due_unix_s(p.deploy),
                         cmg__env_unix_s(&p.ctx->env) + 86000);
        what.mode = CMG_REPLACE_NOW;
        ck_ok(replace(&p, &what, &err), err);
        check_gateways(1);
        end(&p, old);
    }
}
END_TEST

static const cmg_replacement modes[] = {
    { .size = sizeof modes[0], .mode = CMG_REPLACE_NOW },
    { .size = sizeof modes[0], .mode = CMG_REPLACE_WAIT, .wait_ms = 1000 },
};

START_TEST(a_host_may_shorten_the_time_or_wait_for_it)
{
    struct party p;
    cmg_gateway *old;
    cmg_error *err = NULL;

    make_old();
    begin(&p, &old);
    cmg_replacement what = modes[_i];
    what.old_gateway = old;
    ck_ok(replace(&p, &what, &err), err);
    check_gateways(1);
    end(&p, old);
}
END_TEST

/* ---- refused ---- */

START_TEST(a_gateway_that_does_not_serve_is_not_replaced)
{
    struct party p;
    cmg_gateway *old;
    cmg_error *err = NULL;

    begin(&p, &old);
    ck_assert_int_eq(replace(&p, NULL, &err), CMG_E_STATE);
    ck_assert_str_eq(cmg_error_remedy(err), "call cmg_deploy_set_replacement() first");
    cmg_error_unref(err);
    err = NULL;
    const cmg_replacement what = { .size = sizeof what, .old_gateway = old };
    ck_assert_int_eq(replace(&p, &what, &err), CMG_E_STATE);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "\"granitefalls\""));
    cmg_error_unref(err);
    err = NULL;
    place_check_nothing(sandbox);
    /* The journal is about that one now. */
    cmg_gateway *third = new_gateway(p.ctx, "third", "cmg-third");
    const cmg_replacement other = { .size = sizeof other, .old_gateway = third };
    ck_assert_int_eq(replace(&p, &other, &err), CMG_E_CONFLICT);
    cmg_error_unref(err);
    cmg_gateway_unref(third);
    end(&p, old);
}
END_TEST

static const struct {
    const char *name, *group;
    int64_t wait_ms;
    cmg_replace_mode mode;
    const char *subject;
} bad[] = {
    { .name = "heronlake",
      .group = "cmg-other",
      .wait_ms = 0,
      .subject = "replacement.old_gateway" },
    { .name = "other",
      .group = "CMG-heronlake",
      .wait_ms = 0,
      .subject = "replacement.old_gateway" },
    { .name = "other",
      .group = "cmg-other",
      .wait_ms = 999,
      .subject = "replacement.wait_ms" },
    { .name = "other",
      .group = "cmg-other",
      .wait_ms = INT64_C(7776000001),
      .subject = "replacement.wait_ms" },
    { "other", "cmg-other", 0, (cmg_replace_mode)4, "replacement.mode" },
};

START_TEST(a_replacement_that_cannot_be_is_refused)
{
    struct party p;
    cmg_gateway *old;
    cmg_error *err = NULL;

    begin(&p, &old);
    cmg_gateway *other = new_gateway(p.ctx, bad[_i].name, bad[_i].group);
    const cmg_replacement what = { .size = sizeof what,
                                   .old_gateway = other,
                                   .wait_ms = bad[_i].wait_ms,
                                   .mode = bad[_i].mode };
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_REPLACE_GATEWAY, &p.deploy, &err), err);
    ck_assert_int_eq(cmg_deploy_set_replacement(p.deploy, &what, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), bad[_i].subject);
    cmg_error_unref(err);
    err = NULL;
    cmg_deploy_unref(p.deploy);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_CREATE, &p.deploy, &err), err);
    ck_assert_int_eq(cmg_deploy_set_replacement(p.deploy, &what, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_deploy_replacement_due_unix_s(NULL), 0);
    cmg_gateway_unref(other);
    end(&p, old);
}
END_TEST

static const struct place_fixture fixture = { setup, teardown };

int main(void)
{
    Suite *suite = suite_create("replace");

    place_add_case(suite, &fixture, "time",
                   the_old_gateway_goes_when_clients_have_had_their_time, 1);
    place_add_case(suite, &fixture, "again",
                   a_gateway_that_comes_back_has_its_time_once_more, 1);
    place_add_case(suite, &fixture, "modes", a_host_may_shorten_the_time_or_wait_for_it,
                   (int)CMG__ARRAY_LEN(modes));
    place_add_case(suite, &fixture, "idle", a_gateway_that_does_not_serve_is_not_replaced,
                   1);
    place_add_case(suite, &fixture, "refused", a_replacement_that_cannot_be_is_refused,
                   (int)CMG__ARRAY_LEN(bad));
    return support_run((Suite *[]){ suite, NULL });
}
