/*
 * ACME against a real server: certificates of both kinds of key by both kinds of proof,
 * wildcards, an external account, half of all nonces refused, killed on the way; what was
 * issued is judged by openssl.
 */
#include "pebble.h"

#include <cmg/key.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct place {
    struct support_alloc memory;
    struct pebble pebble;
    cmg_context *ctx;
    cmg_key *account;
    cmg_enrolment *e;
    unsigned shown, removed;
    const char *lie;  /* shown instead of what was asked for */
    unsigned kill_in; /* the n-th transition drops the enrolment; 0: none */
    unsigned transitions;
    cmg_error *why;
};

static cmg_status enrol(cmg_context *ctx, const void *data, size_t n, cmg_enrolment **out,
                        cmg_error **err)
{
    cmg_csr *csr = NULL;
    cmg_status rc = cmg_csr_new_from_bytes(ctx, data, n, &csr, err);

    if (rc == CMG_OK)
        rc = cmg_enrolment_new(csr, out, err);
    cmg_csr_unref(csr);
    return rc;
}

static int on_state(cmg_enrolment *e, cmg_enrolment_state now, const cmg_error *why,
                    void *user)
{
    struct place *p = user;

    (void)now;
    if (why != NULL && p->why == NULL)
        p->why = cmg_error_ref(why);
    if (++p->transitions == p->kill_in) {
        cmg_enrolment_unref(e);
        p->e = NULL;
    }
    return 0;
}

static int on_challenge(cmg_enrolment *e, const cmg_challenge *challenge, void *user)
{
    struct place *p = user;

    pebble_show(&p->pebble, challenge, p->lie != NULL ? p->lie : challenge->value);
    if (challenge->action != CMG_CHALLENGE_PRESENT) {
        p->removed++;
        return 0;
    }
    p->shown++;
    ck_assert_int_eq(cmg_enrolment_challenge_done(e, NULL), CMG_OK);
    return 0;
}

static void place_init(struct place *p, const struct pebble_setup *setup)
{
    cmg_error *err = NULL;

    memset(p, 0, sizeof *p);
    support_alloc_init(&p->memory);
    pebble_start(&p->pebble, setup);
    ck_ok(cmg_context_new(&p->memory.alloc.table, &p->ctx, &err), err);
    pebble_trust(p->ctx);
    ck_ok(cmg_key_generate(p->ctx, CMG_KEY_EC_P256, &p->account, &err), err);
}

static void place_done(struct place *p)
{
    pebble_stop(&p->pebble);
    cmg_error_unref(p->why);
    cmg_enrolment_unref(p->e);
    cmg_key_unref(p->account);
    cmg_context_unref(p->ctx);
    ck_assert_uint_eq(p->memory.live, 0);
    support_dir_done();
}

/* A request by openssl: the words choose the key, the names are openssl's. */
static void make_request(const char *key, const char *names)
{
    char command[1024];
    char *out = NULL;

    (void)snprintf(command, sizeof command,
                   "openssl req -new -newkey %s -nodes -subj / -addext subjectAltName=%s "
                   "-keyout %s -out %s 2>&1",
                   key, names, support_path("leaf.key"), support_path("csr.pem"));
    const char *const argv[] = { "sh", "-c", command, NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "%s", out);
    free(out);
}

#define EC  "ec -pkeyopt ec_paramgen_curve:P-256"
#define RSA "rsa:2048"

static void make_enrolment(struct place *p, const cmg_acme_options *options)
{
    const cmg_enrolment_events events = { .size = sizeof events,
                                          .user = p,
                                          .on_state = on_state,
                                          .on_challenge = on_challenge };
    cmg_error *err = NULL;
    size_t n = 0;
    char *csr = support_read_file(support_path("csr.pem"), &n);

    ck_assert_ptr_null(p->e);
    p->transitions = 0;
    ck_ok(enrol(p->ctx, csr, n, &p->e, &err), err);
    free(csr);
    ck_ok(cmg_enrolment_set_events(p->e, &events, &err), err);
    ck_ok(cmg_enrolment_set_checkpoint_file(p->e, support_path("enrol"), &err), err);
    ck_ok(cmg_enrolment_set_poll_interval_ms(p->e, 50, &err), err);
    ck_ok(cmg_enrolment_set_budget_ms(p->e, 90000, &err), err);
    ck_ok(cmg_enrolment_use_acme(p->e, p->pebble.directory, p->account, options, &err),
          err);
}

static cmg_status run(struct place *p)
{
    cmg_error *err = NULL;
    const cmg_status rc = cmg_enrolment_run(p->e, &err);

    if (p->why == NULL)
        p->why = err;
    else
        cmg_error_unref(err);
    return rc;
}

static void must_run(struct place *p)
{
    const cmg_status rc = run(p);

    ck_assert_msg(rc == CMG_OK, "%s: %s", cmg_error_message(p->why),
                  cmg_error_cause(p->why));
}

/* The chain to the server's root, and the key of the request. */
static void judge(struct place *p, unsigned root)
{
    cmg_bytes *pem = NULL;
    char command[1024];
    char *out = NULL;

    ck_assert_int_eq(
        cmg_certificate_export_pem(cmg_enrolment_get_certificate(p->e), &pem, NULL),
        CMG_OK);
    support_write_file(support_path("chain.pem"), cmg_bytes_data(pem),
                       cmg_bytes_size(pem));
    cmg_bytes_unref(pem);
    pebble_write_root(&p->pebble, root, support_path("root.pem"));
    (void)snprintf(command, sizeof command,
                   "openssl verify -x509_strict -CAfile %s -untrusted %s %s && "
                   "test \"$(openssl x509 -in %s -noout -pubkey)\" = "
                   "\"$(openssl pkey -in %s -pubout)\"",
                   support_path("root.pem"), support_path("chain.pem"),
                   support_path("chain.pem"), support_path("chain.pem"),
                   support_path("leaf.key"));
    const char *const argv[] = { "sh", "-c", command, NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "openssl says %s", out);
    free(out);
}

static const cmg_acme_options agreed = { .size = sizeof agreed, .terms_agreed = 1 };

static const struct issue_case {
    const char *key;
    const char *names;
    const char *challenge;
    unsigned shown;
} issue_cases[] = {
    { EC, "DNS:gateway.contoso.com", "dns-01", 1 },
    { RSA, "DNS:gateway.contoso.com", "http-01", 1 },
    { EC, "DNS:contoso.com,DNS:*.contoso.com,DNS:www.contoso.com", "dns-01", 3 },
    { RSA, "DNS:a.contoso.com,DNS:b.contoso.com", "http-01", 2 },
};

/* Half of all nonces are refused, as real servers do now and then. */
START_TEST(real_authority_issues_and_openssl_verifies)
{
    const struct issue_case *c = &issue_cases[_i];
    const struct pebble_setup setup = { .bad_nonces = "50" };
    cmg_acme_options options = agreed;
    struct place p;

    place_init(&p, &setup);
    make_request(c->key, c->names);
    options.challenge = c->challenge;
    options.contact = "admin@contoso.com";
    make_enrolment(&p, &options);
    must_run(&p);
    judge(&p, 0);
    ck_assert_uint_eq(p.shown, c->shown);
    ck_assert_uint_eq(p.removed, c->shown);
    ck_assert_ptr_nonnull(strstr(cmg_enrolment_request_id(p.e), "https://127.0.0.1"));
    place_done(&p);
}
END_TEST

static const cmg_key_kind account_cases[] = { CMG_KEY_RSA_2048, CMG_KEY_EC_P384 };

START_TEST(account_keys_of_other_kinds_serve)
{
    const struct pebble_setup setup = { .bad_nonces = NULL };
    struct place p;
    cmg_error *err = NULL;

    place_init(&p, &setup);
    cmg_key_unref(p.account);
    ck_ok(cmg_key_generate(p.ctx, account_cases[_i], &p.account, &err), err);
    make_request(EC, "DNS:contoso.com");
    make_enrolment(&p, &agreed);
    must_run(&p);
    judge(&p, 0);
    place_done(&p);
}
END_TEST

/* The host's key store: openssl, which alone reads the key. */
static int64_t sign_outside(cmg_hash hash, const void *digest, size_t digest_size,
                            void *out, size_t max, void *user)
{
    unsigned *count = user;
    char command[512];
    size_t n = 0;

    ck_assert_int_eq(hash, CMG_HASH_SHA256);
    support_write_file(support_path("digest"), digest, digest_size);
    (void)snprintf(
        command, sizeof command,
        "openssl pkeyutl -sign -inkey %s -pkeyopt digest:sha256 -in %s -out %s",
        support_path("account.key"), support_path("digest"), support_path("signature"));
    const char *const argv[] = { "sh", "-c", command, NULL };
    if (support_command(argv, NULL) != 0)
        return -1;
    char *signature = support_read_file(support_path("signature"), &n);
    ck_assert_uint_le(n, max);
    memcpy(out, signature, n);
    free(signature);
    ++*count;
    return (int64_t)n;
}

START_TEST(account_key_may_stay_with_the_host)
{
    const struct pebble_setup setup = { .bad_nonces = NULL };
    unsigned count = 0;
    const cmg_key_holder holder = { .size = sizeof holder,
                                    .user = &count,
                                    .sign = sign_outside };
    struct place p;
    cmg_error *err = NULL;
    char command[512];
    size_t n = 0;

    place_init(&p, &setup);
    cmg_key_unref(p.account);
    (void)snprintf(command, sizeof command,
                   "openssl ecparam -name prime256v1 -genkey -noout -out %s && "
                   "openssl pkey -in %s -pubout -out %s",
                   support_path("account.key"), support_path("account.key"),
                   support_path("account.pub"));
    const char *const argv[] = { "sh", "-c", command, NULL };
    ck_assert_int_eq(support_command(argv, NULL), 0);
    char *pub = support_read_file(support_path("account.pub"), &n);
    ck_ok(cmg_key_new_held(p.ctx, pub, n, &holder, &p.account, &err), err);
    free(pub);
    make_request(EC, "DNS:contoso.com");
    make_enrolment(&p, &agreed);
    must_run(&p);
    judge(&p, 0);
    ck_assert_uint_ge(count, 8);
    place_done(&p);
}
END_TEST

START_TEST(wrong_record_is_reported_by_name_and_reason)
{
    const struct pebble_setup setup = { .bad_nonces = NULL };
    struct place p;

    place_init(&p, &setup);
    make_request(EC, "DNS:gateway.contoso.com");
    p.lie = "a-lie";
    make_enrolment(&p, &agreed);
    ck_assert_int_eq(run(&p), CMG_E_AUTH);
    ck_assert_str_eq(cmg_error_subject(p.why), "gateway.contoso.com");
    ck_assert_str_eq(cmg_error_service_code(p.why), "unauthorized");
    ck_assert_msg(strstr(cmg_error_message(p.why),
                         "gateway.contoso.com is not proved: Correct value not found") !=
                      NULL,
                  "%s", cmg_error_message(p.why));
    ck_assert_str_ne(cmg_error_remedy(p.why), "");
    ck_assert_uint_eq(p.removed, 1);
    /* Put right, the same enrolment goes on. */
    p.lie = NULL;
    must_run(&p);
    judge(&p, 0);
    place_done(&p);
}
END_TEST

START_TEST(what_was_proved_is_used_again)
{
    const struct pebble_setup setup = { .reuse = "100" };
    struct place p;

    place_init(&p, &setup);
    make_request(EC, "DNS:contoso.com");
    make_enrolment(&p, &agreed);
    must_run(&p);
    cmg_enrolment_unref(p.e);
    p.e = NULL;
    p.shown = 0;
    make_request(RSA, "DNS:contoso.com");
    (void)remove(support_path("enrol"));
    make_enrolment(&p, &agreed);
    must_run(&p);
    judge(&p, 0);
    ck_assert_uint_eq(p.shown, 0);
    place_done(&p);
}
END_TEST

START_TEST(alternate_chains_are_left_alone)
{
    const struct pebble_setup setup = { .roots = "2" };
    struct place p;

    place_init(&p, &setup);
    make_request(EC, "DNS:contoso.com");
    make_enrolment(&p, &agreed);
    must_run(&p);
    judge(&p, 0);
    place_done(&p);
}
END_TEST

static const struct {
    const char *kid;
    const char *key;
    cmg_status code;
    const char *message;
} eab_cases[] = {
    { "kid-1", PEBBLE_EAB_KEY, CMG_OK, "" },
    { NULL, NULL, CMG_E_INVAL, "customers" },
    { "kid-1", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", CMG_E_AUTH, "HTTP 403" },
    { "kid-2", PEBBLE_EAB_KEY, CMG_E_AUTH, "HTTP 403" },
};

START_TEST(external_account_is_bound)
{
    const struct pebble_setup setup = { .external_account = true };
    cmg_acme_options options = agreed;
    struct place p;

    place_init(&p, &setup);
    make_request(EC, "DNS:contoso.com");
    options.eab_kid = eab_cases[_i].kid;
    options.eab_key = eab_cases[_i].key;
    make_enrolment(&p, &options);
    const cmg_status rc = run(&p);
    ck_assert_msg(rc == eab_cases[_i].code, "%s: %s", cmg_status_name(rc),
                  cmg_error_message(p.why));
    ck_assert_msg(strstr(cmg_error_message(p.why), eab_cases[_i].message) != NULL, "%s",
                  cmg_error_message(p.why));
    if (rc == CMG_OK)
        judge(&p, 0);
    place_done(&p);
}
END_TEST

/* Dropped at every transition, then taken up with the same checkpoint: one order. */
START_TEST(killed_enrolment_goes_on_with_its_order)
{
    const struct pebble_setup setup = { .bad_nonces = "20" };
    struct place p;
    cmg_error *err = NULL;

    place_init(&p, &setup);
    make_request(EC, "DNS:contoso.com");
    p.kill_in = 1 + (unsigned)_i;
    make_enrolment(&p, &agreed);
    ck_ok(cmg_enrolment_start(p.e, &err), err);
    while (p.e != NULL && cmg_enrolment_get_state(p.e) != CMG_ENROLMENT_ISSUED)
        ck_ok(cmg_context_wait(p.ctx, 1000, &err), err);
    if (p.e == NULL) {
        p.kill_in = 0;
        make_enrolment(&p, &agreed);
        must_run(&p);
    }
    judge(&p, 0);
    ck_assert_uint_eq(pebble_count("Added order "), 1);
    place_done(&p);
}
END_TEST

START_TEST(unknown_terms_and_contacts_are_refused)
{
    static const struct {
        cmg_acme_options options;
        cmg_status code;
        const char *subject;
    } cases[] = {
        { { .size = 1 }, CMG_E_ABI, "" },
        { { .size = sizeof agreed, .challenge = "tls-alpn-01" },
          CMG_E_INVAL,
          "challenge" },
        { { .size = sizeof agreed, .contact = "a@b.example,c@d.example" },
          CMG_E_INVAL,
          "contact" },
        { { .size = sizeof agreed, .contact = "nobody" }, CMG_E_INVAL, "contact" },
        { { .size = sizeof agreed, .eab_kid = "kid-1" }, CMG_E_INVAL, "eab_key" },
        { { .size = sizeof agreed, .eab_kid = "kid-1", .eab_key = "no base64!" },
          CMG_E_INVAL,
          "eab_key" },
    };
    struct support_alloc memory;
    cmg_context *ctx = NULL;
    cmg_key *account = NULL;
    cmg_enrolment *e = NULL;
    cmg_error *err = NULL;
    size_t n = 0;

    support_alloc_init(&memory);
    make_request(EC, "DNS:contoso.com");
    char *csr = support_read_file(support_path("csr.pem"), &n);
    ck_ok(cmg_context_new(&memory.alloc.table, &ctx, &err), err);
    ck_ok(cmg_key_generate(ctx, CMG_KEY_EC_P256, &account, &err), err);
    ck_ok(enrol(ctx, csr, n, &e, &err), err);
    ck_assert_int_eq(cmg_enrolment_use_acme(e, "https://ca.test/dir", account,
                                            &cases[_i].options, &err),
                     cases[_i].code);
    if (cases[_i].subject[0] != '\0')
        ck_assert_str_eq(cmg_error_subject(err), cases[_i].subject);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(cmg_enrolment_use_acme(e, "http://ca.test/dir", account, NULL, &err),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "directory_url");
    cmg_error_unref(err);
    ck_assert_int_eq(cmg_enrolment_use_acme(e, "https://ca.test/dir", NULL, NULL, NULL),
                     CMG_E_INVAL);
    cmg_enrolment_unref(e);
    cmg_key_unref(account);
    cmg_context_unref(ctx);
    free(csr);
    ck_assert_uint_eq(memory.live, 0);
    support_dir_done();
}
END_TEST

START_TEST(key_of_the_request_is_no_account_key)
{
    cmg_context *ctx = NULL;
    cmg_key *key = NULL;
    cmg_enrolment *e = NULL;
    cmg_error *err = NULL;
    size_t n = 0;
    size_t key_n = 0;

    make_request(EC, "DNS:contoso.com");
    char *csr = support_read_file(support_path("csr.pem"), &n);
    char *pem = support_read_file(support_path("leaf.key"), &key_n);
    ck_ok(cmg_context_new(NULL, &ctx, &err), err);
    ck_ok(cmg_key_new_from_bytes(ctx, pem, key_n, NULL, &key, &err), err);
    ck_ok(enrol(ctx, csr, n, &e, &err), err);
    ck_assert_int_eq(cmg_enrolment_use_acme(e, "https://ca.test/dir", key, &agreed, &err),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), "account_key");
    cmg_error_unref(err);
    cmg_enrolment_unref(e);
    cmg_key_unref(key);
    cmg_context_unref(ctx);
    free(csr);
    free(pem);
    support_dir_done();
}
END_TEST

static Suite *suite_acme_pebble(void)
{
    Suite *s = suite_create("acme pebble");
    TCase *t = tcase_create("arguments");

    tcase_add_loop_test(t, unknown_terms_and_contacts_are_refused, 0, 6);
    tcase_add_test(t, key_of_the_request_is_no_account_key);
    suite_add_tcase(s, t);
    t = tcase_create("pebble");
    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, real_authority_issues_and_openssl_verifies, 0, 4);
    tcase_add_loop_test(t, account_keys_of_other_kinds_serve, 0, 2);
    tcase_add_test(t, account_key_may_stay_with_the_host);
    tcase_add_test(t, wrong_record_is_reported_by_name_and_reason);
    tcase_add_test(t, what_was_proved_is_used_again);
    tcase_add_test(t, alternate_chains_are_left_alone);
    tcase_add_loop_test(t, external_account_is_bound, 0, 4);
    tcase_add_loop_test(t, killed_enrolment_goes_on_with_its_order, 0, 8);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite_acme_pebble(), NULL };

    if (!pebble_is_there()) {
        puts("SKIP: the package with pebble and its challenge server is missing");
        return 77;
    }
    return support_run(suites);
}
