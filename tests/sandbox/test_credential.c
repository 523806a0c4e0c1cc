/* Certificates of applications as Graph keeps, shows and refuses them; secrets of service
   principals. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/x509.h"
#include "sandbox/world.h"

#define APPS       "/v1.0/applications"
#define PRINCIPALS "/v1.0/servicePrincipals"
#define STARTS     ((int64_t)1700000000)
#define ENDS       ((int64_t)4000000000)
#define WITHIN     "2090-01-01T00:00:00Z"
#define TOO_LATE   "2099-01-01T00:00:00Z"
#define ENTRY      "{\"type\":\"AsymmetricX509Cert\",\"usage\":\"Verify\""

static struct world w;
static struct app app;
static char base64[4096], in_lines[4096]; /* of one certificate */

/* Outside of a test Check cannot report. */
static void must(cmg_status rc)
{
    if (rc != CMG_OK)
        abort();
}

static void make_certificate(void)
{
    struct cmg__key *key = NULL;
    struct cmg__x509 *cert = NULL;
    struct cmg__x509_info info;
    struct cmg__buf text;
    size_t n = 0;

    must(cmg__key_generate(&cmg__alloc_libc, &cmg__env_system, CMG__KEY_EC, 256, &key,
                           NULL));
    const struct cmg__x509_request request = { .profile = CMG__PROFILE_CLIENT,
                                               .common_name = "automation",
                                               .not_before_unix_s = STARTS,
                                               .not_after_unix_s = ENDS,
                                               .key = key };
    must(cmg__x509_issue(&cmg__alloc_libc, &cmg__env_system, &request, NULL, NULL, &cert,
                         NULL));
    cmg__x509_info(cert, &info);
    cmg__buf_init(&text, &cmg__alloc_libc, sizeof base64);
    must(cmg__base64_encode(&text, info.der, info.der_len));
    snprintf(base64, sizeof base64, "%s", cmg__buf_cstr(&text));
    for (size_t i = 0; i < text.len; i++) { /* as JSON writes line ends */
        in_lines[n++] = base64[i];
        if (i % 64 == 63) {
            in_lines[n++] = '\\';
            in_lines[n++] = 'n';
        }
    }
    cmg__buf_done(&text);
    cmg__x509_free(cert);
    cmg__key_free(key);
}

static void setup(void)
{
    world_init(&w);
    world_make_app(&w, "certificates", "", &app);
}

static void teardown(void)
{
    world_done(&w);
}

static void patch(int status, const char *entries)
{
    struct reply r;
    char body[16384];

    snprintf(body, sizeof body, "{\"keyCredentials\":[%s]}", entries);
    world_graph(&w, &r, status, "PATCH", body, APPS "/%s", app.id);
    reply_done(&r);
}

static void add(const char *key)
{
    char entry[8192];

    snprintf(entry, sizeof entry, ENTRY ",\"key\":\"%s\"}", key);
    patch(204, entry);
}

static void read_back(struct reply *r, const char *query)
{
    world_graph(&w, r, 200, "GET", NULL, APPS "/%s%s", app.id, query);
}

START_TEST(a_certificate_is_kept_in_one_form_and_tells_the_rest_itself)
{
    const char *const forms[] = { base64, in_lines };
    struct reply r;

    add(forms[_i]);
    read_back(&r, "?$select=keyCredentials");
    ck_assert_str_eq(reply_str(&r, "/keyCredentials/0/key"), base64);
    ck_assert_str_eq(reply_str(&r, "/keyCredentials/0/displayName"), "CN=automation");
    ck_assert_uint_eq(strlen(reply_str(&r, "/keyCredentials/0/keyId")), 36);
    ck_assert_uint_eq(strlen(reply_str(&r, "/keyCredentials/0/customKeyIdentifier")), 28);
    ck_assert(cmg__str_starts(reply_str(&r, "/keyCredentials/0/startDateTime"), "2023-"));
    ck_assert(cmg__str_starts(reply_str(&r, "/keyCredentials/0/endDateTime"), "2096-"));
    reply_done(&r);
}
END_TEST

START_TEST(a_certificate_is_shown_only_when_asked_for_and_stays_when_written_back)
{
    struct reply r;
    char id[64], entry[256];

    add(base64);
    read_back(&r, "");
    ck_assert_int_eq((int)cmg__json_type(cmg__json_at(r.body, "/keyCredentials/0/key")),
                     CMG__JSON_NULL);
    snprintf(id, sizeof id, "%s", reply_str(&r, "/keyCredentials/0/keyId"));
    reply_done(&r);
    snprintf(entry, sizeof entry, ENTRY ",\"keyId\":\"%s\",\"key\":null}", id);
    patch(204, entry);
    read_back(&r, "?$select=keyCredentials");
    ck_assert_str_eq(reply_str(&r, "/keyCredentials/0/key"), base64);
    ck_assert_str_eq(reply_str(&r, "/keyCredentials/0/keyId"), id);
    reply_done(&r);
    patch(204, "");
    read_back(&r, "");
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "keyCredentials")), 0);
    reply_done(&r);
}
END_TEST

START_TEST(a_certificate_comes_with_a_new_application_too)
{
    struct reply r;
    char body[8192];

    snprintf(body, sizeof body,
             "{\"displayName\":\"x\",\"keyCredentials\":[" ENTRY
             ",\"key\":\"%s\",\"endDateTime\":\"" WITHIN "\"}]}",
             base64);
    world_graph(&w, &r, 201, "POST", body, APPS);
    ck_assert_str_eq(reply_str(&r, "/keyCredentials/0/endDateTime"), WITHIN);
    reply_done(&r);
}
END_TEST

static const struct {
    const char *before, *after; /* the certificate goes between */
} refusals[] = {
    { "{\"type\":\"Symmetric\",\"usage\":\"Sign\",\"key\":\"", "\"}" },
    { ENTRY ",\"keyId\":\"11111111-0000-0000-0000-000000000000\",\"displayName\":\"",
      "\"}" },
    { ENTRY ",\"key\":\"AAAA", "\"}" },
    { ENTRY ",\"key\":\"?", "\"}" },
    { ENTRY ",\"endDateTime\":\"" TOO_LATE "\",\"key\":\"", "\"}" },
    { ENTRY ",\"endDateTime\":\"soon\",\"key\":\"", "\"}" },
};

START_TEST(what_is_no_certificate_is_refused_and_changes_nothing)
{
    struct reply r;
    char entry[8192];

    add(base64);
    snprintf(entry, sizeof entry, "%s%s%s", refusals[_i].before, base64,
             refusals[_i].after);
    patch(400, entry);
    read_back(&r, "?$select=keyCredentials");
    ck_assert_str_eq(reply_str(&r, "/keyCredentials/0/key"), base64);
    reply_done(&r);
}
END_TEST

START_TEST(a_service_principal_has_secrets_of_its_own)
{
    static const char scope[] = "https://graph.microsoft.com/.default";
    struct reply r;
    char secret[64], body[128];

    world_graph(&w, &r, 200, "POST", "{}", PRINCIPALS "/%s/addPassword", app.sp_id);
    snprintf(secret, sizeof secret, "%s", reply_str(&r, "/secretText"));
    snprintf(body, sizeof body, "{\"keyId\":\"%s\"}", reply_str(&r, "/keyId"));
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL, PRINCIPALS "/%s", app.sp_id);
    ck_assert_uint_eq(strlen(reply_str(&r, "/passwordCredentials/0/hint")), 3);
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&r.answer.body), secret));
    reply_done(&r);
    char *token = world_sign_in_as(&w, app.app_id, secret, scope);
    ck_assert_ptr_nonnull(token);
    free(token);
    token = world_sign_in_as(&w, app.app_id, app.secret, scope); /* the application's */
    ck_assert_ptr_nonnull(token);
    free(token);
    world_graph(&w, &r, 204, "POST", body, PRINCIPALS "(appId='%s')/removePassword",
                app.app_id);
    reply_done(&r);
    ck_assert_ptr_null(world_sign_in_as(&w, app.app_id, secret, scope));
    /* Microsoft's own are not the tenant's to administer. */
    world_graph(&w, &r, 403, "POST", "{}",
                PRINCIPALS "(appId='" GRAPH_APP "')/addPassword");
    reply_done(&r);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("credential");
    TCase *t = tcase_create("certificates");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, a_certificate_is_kept_in_one_form_and_tells_the_rest_itself, 0,
                        2);
    tcase_add_test(
        t, a_certificate_is_shown_only_when_asked_for_and_stays_when_written_back);
    tcase_add_test(t, a_certificate_comes_with_a_new_application_too);
    tcase_add_loop_test(t, what_is_no_certificate_is_refused_and_changes_nothing, 0,
                        CMG__ARRAY_LEN(refusals));
    tcase_add_test(t, a_service_principal_has_secrets_of_its_own);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    make_certificate();
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
