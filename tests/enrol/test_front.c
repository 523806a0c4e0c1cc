/*
 * NTLM, Negotiate and client certificates for real: Apache with mod_auth_gssapi (and
 * gss-ntlmssp, or a KDC of MIT Kerberos) lets the library in, or not, and hands its
 * requests to the sandbox's certsrv pages.
 */
#include "child.h"
#include "sandbox/live.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmg/enrol.h>
#include "base/base64.h"
#include "base/buf.h"

#define PASSWORD "Correct-Horse-7"

static struct live l;
static cmg_key *key;
static cmg_csr *csr;
static pid_t front;
static uint16_t ports[2]; /* the server's; the KDC's, or libcurl's way to the server */

static const char *folder_of(void)
{
    return support_path("front");
}

static void write_in(const char *name, const char *text)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/%s", folder_of(), name);
    support_write_file(path, text, strlen(text));
}

static void write_basic(void)
{
    struct cmg__buf pair, digits;

    cmg__buf_init(&pair, &cmg__alloc_libc, 1024);
    cmg__buf_init(&digits, &cmg__alloc_libc, 2048);
    ck_assert_int_eq(cmg__buf_addf(&pair, "%s:%s", cmg_sandbox_client_id(l.sandbox),
                                   cmg_sandbox_client_secret(l.sandbox)),
                     CMG_OK);
    ck_assert_int_eq(cmg__base64_encode(&digits, pair.data, pair.len), CMG_OK);
    write_in("basic", cmg__buf_cstr(&digits));
    cmg__buf_done(&pair);
    cmg__buf_done(&digits);
}

static bool all_open(const char *mechanism)
{
    return child_is_open(ports[0]) &&
           (child_is_open(ports[1]) || strcmp(mechanism, "certificate") == 0);
}

static void start(const char *mechanism)
{
    char port[8], other[8], backend[8], ca_key[512];
    const struct timespec nap = { .tv_nsec = 50000000 };
    char log[512];

    child_choose_ports(ports, 2);
    (void)snprintf(port, sizeof port, "%u", ports[0]);
    (void)snprintf(other, sizeof other, "%u", ports[1]);
    (void)snprintf(backend, sizeof backend, "%u", cmg_sandbox_port(l.sandbox));
    (void)snprintf(ca_key, sizeof ca_key, "%s/ca.key", live_directory());
    (void)snprintf(log, sizeof log, "%s/log", folder_of());
    const char *const argv[] = { "/bin/bash",
                                 FRONT,
                                 folder_of(),
                                 mechanism,
                                 port,
                                 other,
                                 cmg_sandbox_ca_file(l.sandbox),
                                 ca_key,
                                 backend,
                                 NULL };
    front = child_spawn(argv, log);
    for (unsigned i = 0; i < 600 && !all_open(mechanism); i++) {
        ck_assert_msg(waitpid(front, NULL, WNOHANG) == 0, "the server ended: %s",
                      support_read_file(log, NULL));
        (void)nanosleep(&nap, NULL);
    }
    ck_assert_msg(all_open(mechanism), "%s", support_read_file(log, NULL));
}

static void setup(void)
{
    cmg_error *err = NULL;
    cmg_template *web = NULL;
    const char *const names[] = { "granitefalls.contoso.com", NULL };
    const cmg_csr_request request = { .size = sizeof request,
                                      .dns_names = names,
                                      .common_name = names[0] };
    const char *const folder[] = { "mkdir", folder_of(), NULL };
    const char *const way[] = { "chmod", "711", support_dir(), NULL };
    char *out = NULL;

    live_init(&l, NULL);
    ck_ok(cmg_key_generate(l.ctx, CMG_KEY_EC_P256, &key, &err), err);
    ck_ok(cmg_template_new_builtin(l.ctx, "client_authentication", &web, &err), err);
    ck_ok(cmg_csr_new(l.ctx, web, key, &request, &csr, &err), err);
    cmg_template_unref(web);
    ck_assert_int_eq(support_command(folder, &out), 0);
    free(out);
    ck_assert_int_eq(support_command(way, &out), 0);
    free(out);
    write_in("password", PASSWORD);
    write_basic();
}

static void teardown(void)
{
    if (front > 0) {
        (void)kill(front, SIGTERM);
        (void)waitpid(front, NULL, 0);
    }
    cmg_csr_unref(csr);
    cmg_key_unref(key);
    live_done(&l);
}

static cmg_status enrol(cmg_sign_in way, const char *user, const char *password,
                        uint16_t port, cmg_error **err)
{
    cmg_enrolment *e = NULL;
    char url[64];

    (void)snprintf(url, sizeof url, "https://localhost:%u", port);
    ck_ok(cmg_enrolment_new(csr, &e, err), *err);
    ck_ok(cmg_enrolment_set_key(e, key, err), *err);
    ck_ok(cmg_enrolment_use_certsrv(e, url, "WebServer", err), *err);
    ck_ok(cmg_enrolment_set_sign_in(e, way, user, password,
                                    password == NULL ? 0 : strlen(password), err),
          *err);
    const cmg_status rc = cmg_enrolment_run(e, err);
    if (rc == CMG_OK)
        ck_assert(cmg_certificate_has_key(cmg_enrolment_get_certificate(e)));
    ck_assert_uint_eq(cmg_enrolment_orphan_count(e), 0);
    cmg_enrolment_unref(e);
    return rc;
}

/* How often the server let somebody in under that name. */
static unsigned count_log(const char *text)
{
    char path[512];
    unsigned n = 0;

    (void)snprintf(path, sizeof path, "%s/access.log", folder_of());
    char *log = support_read_file(path, NULL);
    for (const char *p = log; p != NULL && (p = strstr(p, text)) != NULL; p++)
        n++;
    free(log);
    return n;
}

/* The server writes its log after it has answered. */
static void check_log(const char *text)
{
    const struct timespec nap = { .tv_nsec = 50000000 };

    for (unsigned i = 0; i < 200 && count_log(text) == 0; i++)
        (void)nanosleep(&nap, NULL);
    ck_assert_uint_eq(count_log(text), 1);
}

static void check_refused(cmg_sign_in way, const char *user, const char *password,
                          uint16_t port)
{
    cmg_error *err = NULL;

    ck_assert_int_eq(enrol(way, user, password, port, &err), CMG_E_AUTH);
    ck_assert_ptr_nonnull(strstr(cmg_error_cause(err), "channel binding"));
    ck_assert_ptr_null(strstr(cmg_error_message(err), PASSWORD));
    cmg_error_unref(err);
}

START_TEST(ntlm_lets_in_who_has_the_password)
{
    cmg_error *err = NULL;

    start("ntlmssp");
    check_refused(CMG_SIGN_IN_NTLM, "CMG\\cmg", "wrong", ports[1]);
    check_refused(CMG_SIGN_IN_NTLM, "CMG\\other", PASSWORD, ports[1]);
    check_refused(CMG_SIGN_IN_BASIC, "CMG\\cmg", PASSWORD, ports[1]);
    ck_assert_uint_eq(count_log("200 POST"), 0);
    ck_ok(enrol(CMG_SIGN_IN_NTLM, "CMG\\cmg", PASSWORD, ports[1], &err), err);
    check_log("200 POST /certsrv/certfnsh.asp CMG");
    check_log("200 GET /certsrv/certnew.cer CMG");
    check_log("200 GET /certsrv/certnew.p7b CMG");
}
END_TEST

static void use_tickets(const char *tickets)
{
    char path[512];

    (void)snprintf(path, sizeof path, "%s/krb5.conf", folder_of());
    ck_assert_int_eq(setenv("KRB5_CONFIG", path, 1), 0);
    (void)snprintf(path, sizeof path, "FILE:%s/%s", folder_of(), tickets);
    ck_assert_int_eq(setenv("KRB5CCNAME", path, 1), 0);
}

START_TEST(negotiate_lets_in_who_has_a_ticket)
{
    cmg_error *err = NULL;

    start("krb5");
    use_tickets("none");
    check_refused(CMG_SIGN_IN_NEGOTIATE, NULL, NULL, ports[0]);
    ck_assert_uint_eq(count_log("200 POST"), 0);
    use_tickets("tickets");
    ck_ok(enrol(CMG_SIGN_IN_NEGOTIATE, NULL, NULL, ports[0], &err), err);
    check_log("200 POST /certsrv/certfnsh.asp cmg@CMG.TEST");
    check_log("200 GET /certsrv/certnew.p7b cmg@CMG.TEST");
}
END_TEST

static cmg_certificate *read_client(void)
{
    char command[1200];
    char *out = NULL;
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    (void)snprintf(command, sizeof command, "cat %s/client.pem %s/client.key",
                   folder_of(), folder_of());
    const char *const argv[] = { "sh", "-c", command, NULL };
    ck_assert_int_eq(support_command(argv, &out), 0);
    ck_ok(cmg_certificate_new_from_pem(l.ctx, out, strlen(out), &cert, &err), err);
    free(out);
    return cert;
}

static cmg_status renew(cmg_certificate *client, cmg_error **err)
{
    cmg_enrolment *e = NULL;
    char url[64];

    (void)snprintf(url, sizeof url, "https://localhost:%u", ports[0]);
    ck_ok(cmg_enrolment_new(csr, &e, err), *err);
    ck_ok(cmg_enrolment_use_est(e, url, true, err), *err);
    ck_ok(cmg_enrolment_set_client_certificate(e, client, err), *err);
    ck_ok(cmg_enrolment_set_budget_ms(e, client == NULL ? 2000 : 60000, err), *err);
    const cmg_status rc = cmg_enrolment_run(e, err);
    cmg_enrolment_unref(e);
    return rc;
}

START_TEST(client_certificate_signs_in_for_a_renewal)
{
    cmg_error *err = NULL;

    start("certificate");
    ck_assert_int_ne(renew(NULL, &err), CMG_OK);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_uint_eq(count_log("200 POST"), 0);
    cmg_certificate *client = read_client();
    ck_ok(renew(client, &err), err);
    cmg_certificate_unref(client);
    check_log("200 POST /.well-known/est/simplereenroll -connector");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("enrol/front");
    TCase *sign_in = tcase_create("signing in");

    tcase_add_checked_fixture(sign_in, setup, teardown);
    tcase_set_timeout(sign_in, 120);
    tcase_add_test(sign_in, ntlm_lets_in_who_has_the_password);
    tcase_add_test(sign_in, negotiate_lets_in_who_has_a_ticket);
    tcase_add_test(sign_in, client_certificate_signs_in_for_a_renewal);
    suite_add_tcase(s, sign_in);
    return s;
}

int main(void)
{
    static const char *const needed[] = { "/usr/sbin/apache2", "/usr/sbin/krb5kdc",
                                          "/usr/bin/kinit",
                                          "/usr/lib/apache2/modules/mod_auth_gssapi.so" };
    Suite *suites[] = { suite(), NULL };

    for (size_t i = 0; i < CMG__ARRAY_LEN(needed); i++) {
        if (access(needed[i], R_OK) != 0) {
            printf("skipped: %s is not installed\n", needed[i]);
            return 77;
        }
    }
    return support_run(suites);
}
