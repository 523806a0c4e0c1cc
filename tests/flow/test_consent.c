/* Consent that somebody else has to give, against the sandbox's consent page. */
#include "place.h"

#include <stdio.h>
#include <string.h>

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

/* What the host does with a page: opens it, or stops and keeps it for later. */
struct host {
    bool open;
    bool approve;
    unsigned asked;
    char pages[2][1024];
    char led_to[2][1024];
};

static void open_page(struct host *h, unsigned i)
{
    cmg_bytes *redirect = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_consent(sandbox, h->pages[i], h->approve, &redirect, &err), err);
    (void)snprintf(h->led_to[i], sizeof h->led_to[i], "%s",
                   (const char *)cmg_bytes_data(redirect));
    cmg_bytes_unref(redirect);
}

static int on_consent(cmg_deploy *deploy, const cmg_consent_request *request, void *user)
{
    struct host *h = user;

    (void)deploy;
    ck_assert_uint_lt(h->asked, 2);
    (void)snprintf(h->pages[h->asked], sizeof h->pages[0], "%s", request->url);
    if (h->open) {
        open_page(h, h->asked);
        if (h->approve)
            ck_assert_ptr_nonnull(strstr(h->led_to[h->asked], request->state));
    }
    h->asked++;
    return h->open ? 0 : 1;
}

/* Whoever signs in may not grant anything. */
static void refuse_grants(void)
{
    static const char *const paths[] = { "/appRoleAssignedTo",
                                         "/oauth2PermissionGrants" };
    cmg_error *err = NULL;

    for (size_t i = 0; i < CMG__ARRAY_LEN(paths); i++)
        ck_ok(cmg_sandbox_inject(sandbox, "POST", paths[i], 1, CMG_SANDBOX_FAULT_STATUS,
                                 403, &err),
              err);
}

static cmg_status register_apps(struct party *p, struct host *h, int64_t wait_ms,
                                cmg_error **err)
{
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = h,
                                       .on_consent = on_consent };
    const cmg_consent_options options = { .size = sizeof options,
                                          .mode = CMG_CONSENT_GRANT,
                                          .wait_ms = wait_ms };

    ck_ok(party_prepare(p, &site, CMG_DEPLOY_REGISTER_APPS, &events, err), *err);
    ck_ok(cmg_deploy_set_consent(p->deploy, &options, err), *err);
    return cmg_deploy_run(p->deploy, err);
}

START_TEST(an_administrator_consents_for_both_applications)
{
    struct party p;
    struct host h = { .open = true, .approve = true };
    cmg_error *err = NULL;

    refuse_grants();
    party_without_gateway(&p, &site);
    ck_ok(register_apps(&p, &h, 0, &err), err);
    ck_assert_uint_eq(h.asked, 2);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_ptr_nonnull(strstr(h.led_to[i], "admin_consent=True"));
        ck_assert_ptr_nonnull(strstr(h.led_to[i], cmg_sandbox_tenant_id(sandbox)));
    }
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_GRANTS), 2);
    party_done(&p);
}
END_TEST

START_TEST(an_administrator_who_declines_is_waited_for_until_the_end)
{
    struct party p;
    struct host h = { .open = true, .approve = false };
    cmg_error *err = NULL;

    refuse_grants();
    party_without_gateway(&p, &site);
    ck_assert_int_eq(register_apps(&p, &h, 3000, &err), CMG_E_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(h.led_to[0], "error=access_denied"));
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "/v2.0/adminconsent?client_id="));
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_GRANTS), 0);
    cmg_error_unref(err);
    party_done(&p);
}
END_TEST

START_TEST(consent_given_between_two_runs_is_found)
{
    struct party p;
    struct host h = { .open = false };
    cmg_error *err = NULL;

    refuse_grants();
    party_without_gateway(&p, &site);
    ck_assert_int_eq(register_apps(&p, &h, 0, &err), CMG_E_CALLBACK);
    cmg_error_unref(err);
    err = NULL;
    party_done(&p);
    ck_assert_uint_ge(h.asked, 1);
    h.approve = true;
    for (unsigned i = 0; i < h.asked; i++)
        open_page(&h, i);
    const unsigned before = h.asked; /* the other page may not have come up */
    h = (struct host){ .open = true, .approve = true };
    party_without_gateway(&p, &site);
    ck_ok(register_apps(&p, &h, 0, &err), err);
    ck_assert_uint_le(h.asked, 2 - before);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_GRANTS), 2);
    party_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("consent");
    TCase *consent = tcase_create("consent");

    tcase_set_timeout(consent, 60);
    tcase_add_checked_fixture(consent, setup, teardown);
    tcase_add_test(consent, an_administrator_consents_for_both_applications);
    tcase_add_test(consent, an_administrator_who_declines_is_waited_for_until_the_end);
    tcase_add_test(consent, consent_given_between_two_runs_is_found);
    suite_add_tcase(suite, consent);
    return support_run((Suite *[]){ suite, NULL });
}
