/* A gateway gets a new server certificate, against the sandbox. */
#include "place.h"

#include <stdio.h>
#include <string.h>

#include "deploy/work.h"
#include "model/authority.h"
#include "sandbox/sandbox.h"

static cmg_sandbox *sandbox;
static struct site site;

static void setup(void)
{
    sandbox = place_sandbox(20);
    place_site(sandbox, &site);
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

/* What the vault holds: how many versions, how many of them enabled, and the thumbprint
   of the newest. */
struct held {
    size_t versions, enabled;
    char x5t[64];
    bool newest_enabled;
};

static struct held look_into_vault(void)
{
    struct held held = { 0 };
    void *iter = NULL, *inner = NULL;
    const char *key = NULL;
    struct cmg__json *vault = NULL, *versions = NULL;

    (void)pthread_mutex_lock(&sandbox->lock);
    while (cmg__json_next(cmg__sb_table(sandbox->cloud, "vaults"), &iter, &key, &vault)) {
        inner = NULL;
        while (cmg__json_next(cmg__json_key(vault, "certificates"), &inner, &key,
                              &versions)) {
            for (size_t i = 0; i < cmg__json_size(versions); i++) {
                const struct cmg__json *entry = cmg__json_item(versions, i);
                held.newest_enabled = cmg__json_bool(entry, "/attributes/enabled", true);
                held.enabled += held.newest_enabled;
                held.versions++;
                (void)snprintf(held.x5t, sizeof held.x5t, "%s",
                               cmg__json_str(entry, "/x5t"));
            }
        }
    }
    (void)pthread_mutex_unlock(&sandbox->lock);
    return held;
}

/* One current certificate: the newest version alone is enabled, all instances have it,
   and the store keeps it and no other. */
static void check_rotated(const struct party *p, size_t versions)
{
    const struct held held = look_into_vault();
    cmg_gateway_status status = { .size = sizeof status };
    cmg_error *err = NULL;

    ck_assert_uint_eq(held.versions, versions);
    ck_assert_uint_eq(held.enabled, 1);
    ck_assert(held.newest_enabled);
    ck_assert_str_eq(held.x5t, cmg__fact(&p->deploy->work, "certificate_x5t"));
    ck_assert_ptr_null(
        support_read_file(support_path("contoso.journal.secrets/server-pfx-next"), NULL));
    ck_ok(cmg_gateway_get_status(p->gateway, &status, &err), err);
    ck_assert_uint_eq(status.outdated, 0);
    ck_assert_uint_eq(status.healthy, 2);
}

/* A process of its own, as far as memory goes; the gateway is created before. */
static void begin(struct party *p)
{
    cmg_error *err = NULL;

    ck_ok(party_init(p, &site, NULL, &err), err);
    ck_ok(party_deploy(p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
}

static void rotate(struct party *p)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(p, &site, CMG_DEPLOY_ROTATE_CERTIFICATE, NULL, &err), err);
}

static void sha256_of(const struct party *p, char out[65])
{
    (void)snprintf(out, 65, "%s",
                   cmg_certificate_sha256(cmg_gateway_certificate(p->gateway)));
}

START_TEST(a_rotation_ends_with_one_current_certificate)
{
    struct party p;
    char before[65], after[65], kept[65];
    cmg_error *err = NULL;

    begin(&p);
    sha256_of(&p, before);
    rotate(&p);
    sha256_of(&p, after);
    ck_assert_str_ne(before, after);
    check_rotated(&p, 2);
    place_check_one_of_each(sandbox);
    /* Nothing brings the old one back. */
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    sha256_of(&p, kept);
    ck_assert_str_eq(kept, after);
    check_rotated(&p, 2);
    rotate(&p);
    check_rotated(&p, 3);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_DELETE, NULL, &err), err);
    place_check_nothing(sandbox);
    party_done(&p);
}
END_TEST

/* ---- cut off ---- */

struct cut {
    unsigned left;
};

static int cut_off(cmg_deploy *deploy, const cmg_step_progress *progress, void *user)
{
    struct cut *cut = user;

    (void)deploy;
    (void)progress;
    return cut->left > 0 && --cut->left == 0;
}

/* The same in another process: nothing but journal and secrets is left of the first. */
START_TEST(a_rotation_that_was_cut_off_at_any_step_goes_on)
{
    struct party p;
    size_t versions = 1;
    cmg_status rc = CMG_E_CALLBACK;
    unsigned at = 1 + (unsigned)_i;

    begin(&p);
    party_done(&p);
    while (rc != CMG_OK) {
        struct cut cut = { .left = at };
        const cmg_deploy_events events = { .size = sizeof events,
                                           .user = &cut,
                                           .on_step = cut_off };
        cmg_error *err = NULL;

        ck_ok(party_init(&p, &site, NULL, &err), err);
        rc = party_deploy(&p, &site, CMG_DEPLOY_ROTATE_CERTIFICATE, &events, &err);
        ck_assert_msg(rc == CMG_OK || rc == CMG_E_CALLBACK, "event %u: %s", at,
                      cmg_error_message(err));
        cmg_error_unref(err);
        party_done(&p);
        ck_ok(party_init(&p, &site, NULL, &err), err);
        rotate(&p);
        versions = look_into_vault().versions;
        check_rotated(&p, versions);
        party_done(&p);
        at += 10;
    }
    ck_assert_uint_gt(at, 40);
    /* Each round is one rotation, but for those that were cut off before they began or
       after they had ended. */
    ck_assert_uint_ge(versions, 2);
}
END_TEST

/* ---- answers that are lost ---- */

START_TEST(an_answer_that_is_lost_makes_no_second_version)
{
    struct party p;
    cmg_error *err = NULL;
    uint64_t sent = 0;
    size_t versions = 1;

    begin(&p);
    for (uint32_t nth = 1; nth == 1 || nth <= sent + 1; nth++) {
        const uint64_t before = cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS);

        ck_ok(cmg_sandbox_inject(sandbox, NULL, NULL, nth, CMG_SANDBOX_FAULT_LOST_ANSWER,
                                 0, &err),
              err);
        rotate(&p);
        check_rotated(&p, ++versions);
        sent = cmg_sandbox_count(sandbox, CMG_SANDBOX_REQUESTS) - before;
    }
    ck_assert_uint_gt(versions, 12);
    place_check_one_of_each(sandbox);
    party_done(&p);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(a_stopped_gateway_is_not_rotated)
{
    struct party p;
    cmg_error *err = NULL;

    begin(&p);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_STOP_GATEWAY, NULL, &err), err);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_ROTATE_CERTIFICATE, NULL, &err),
                     CMG_E_STATE);
    ck_assert_str_eq(cmg_error_remedy(err), "start it first");
    cmg_error_unref(err);
    ck_assert_uint_eq(look_into_vault().versions, 1);
    ck_assert_ptr_null(
        support_read_file(support_path("contoso.journal.secrets/server-pfx-next"), NULL));
    party_done(&p);
}
END_TEST

/* ---- the host's own ---- */

static cmg_certificate *own_certificate(const struct party *p, const char *name)
{
    const char *names[] = { name, NULL };
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_WEB_SERVER,
                                              .common_name = name,
                                              .dns_names = names };
    cmg_authority *other = NULL;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_new(p->ctx, "Other CA", &other, &err), err);
    ck_ok(cmg_authority_issue(other, &request, &cert, &err), err);
    cmg_authority_unref(other);
    return cert;
}

START_TEST(a_certificate_of_the_host_is_brought_in_once)
{
    struct party p;
    char in_use[65];
    cmg_error *err = NULL;

    begin(&p);
    cmg_certificate *own = own_certificate(&p, "granitefalls.contoso.com");
    ck_ok(cmg_gateway_set_certificate(p.gateway, own, &err), err);
    for (int i = 0; i < 2; i++) {
        rotate(&p);
        sha256_of(&p, in_use);
        ck_assert_str_eq(in_use, cmg_certificate_sha256(own));
        check_rotated(&p, 2);
    }
    /* A handle that was not given it keeps what is there. */
    party_done(&p);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    sha256_of(&p, in_use);
    ck_assert_str_eq(in_use, cmg_certificate_sha256(own));
    cmg_certificate_unref(own);
    party_done(&p);
}
END_TEST

START_TEST(a_create_takes_the_certificate_of_the_host_without_an_authority)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    cmg_authority_unref(p.gateway->authority);
    p.gateway->authority = NULL;
    cmg_certificate *own = own_certificate(&p, "granitefalls.contoso.com");
    ck_ok(cmg_gateway_set_certificate(p.gateway, own, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ck_assert_str_eq(cmg_certificate_sha256(cmg_gateway_certificate(p.gateway)),
                     cmg_certificate_sha256(own));
    ck_assert_uint_eq(look_into_vault().versions, 1);
    cmg_certificate_unref(own);
    party_done(&p);
}
END_TEST

static const struct place_fixture fixture = { setup, teardown };

int main(void)
{
    Suite *suite = suite_create("rotate");

    place_add_case(suite, &fixture, "rotated",
                   a_rotation_ends_with_one_current_certificate, 1);
    place_add_case(suite, &fixture, "cut",
                   a_rotation_that_was_cut_off_at_any_step_goes_on, 3);
    place_add_case(suite, &fixture, "lost",
                   an_answer_that_is_lost_makes_no_second_version, 1);
    place_add_case(suite, &fixture, "stopped", a_stopped_gateway_is_not_rotated, 1);
    place_add_case(suite, &fixture, "own", a_certificate_of_the_host_is_brought_in_once,
                   1);
    place_add_case(suite, &fixture, "own_create",
                   a_create_takes_the_certificate_of_the_host_without_an_authority, 1);
    return support_run((Suite *[]){ suite, NULL });
}
