/*
 * Signing in with a certificate: what the library makes is admitted for the built-in
 * application and for a registered one; everything that is not right about an assertion
 * is refused in Entra's words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/hash.h"
#include "crypto/x509.h"
#include "deploy/assertion.h"
#include "sandbox/entra.h"
#include "sandbox/world.h"

#define TYPE     "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#define ENDPOINT "https://" LOGIN WORLD_TOKEN
#define DAY_S    ((int64_t)86400)

static struct world w;
static struct app app;

/* Made once: RSA keys take their time. The second one is nobody's. */
static struct identity {
    struct cmg__key *key;
    struct cmg__x509 *cert;
    struct cmg__sign_in_certificate named;
} mine, other, old;

/* Outside of a test Check cannot report. */
static void must(cmg_status rc)
{
    if (rc != CMG_OK)
        abort();
}

static void make_identity(struct identity *out, int64_t ends_unix_s)
{
    struct cmg__x509_info info;

    must(cmg__key_generate(&cmg__alloc_libc, &cmg__env_system, CMG__KEY_RSA, 2048,
                           &out->key, NULL));
    const struct cmg__x509_request request = {
        .profile = CMG__PROFILE_CLIENT,
        .common_name = "signs in",
        .not_before_unix_s = ends_unix_s - 300 * DAY_S,
        .not_after_unix_s = ends_unix_s,
        .key = out->key,
    };
    must(cmg__x509_issue(&cmg__alloc_libc, &cmg__env_system, &request, NULL, NULL,
                         &out->cert, NULL));
    cmg__x509_info(out->cert, &info);
    out->named.key = out->key;
    must(cmg__sha1(info.der, info.der_len, out->named.sha1));
    must(cmg__sha256(info.der, info.der_len, out->named.sha256));
}

static void free_identity(struct identity *identity)
{
    cmg__key_free(identity->key);
    cmg__x509_free(identity->cert);
}

static void add_credential(char *out, size_t size, const struct identity *identity,
                           const char *comma)
{
    struct cmg__x509_info info;
    struct cmg__buf text;
    const size_t used = strlen(out);

    cmg__x509_info(identity->cert, &info);
    cmg__buf_init(&text, &cmg__alloc_libc, 8192);
    ck_assert_int_eq(cmg__base64_encode(&text, info.der, info.der_len), CMG_OK);
    ck_assert_int_lt(snprintf(out + used, size - used,
                              "%s{\"type\":\"AsymmetricX509Cert\",\"usage\":\"Verify\","
                              "\"key\":\"%s\"}",
                              comma, cmg__buf_cstr(&text)),
                     (int)(size - used));
    cmg__buf_done(&text);
}

static void setup(void)
{
    static char body[16384];

    world_init(&w);
    world_make_app(&w, "signs in", "", &app);
    (void)snprintf(body, sizeof body, "{\"keyCredentials\":[");
    add_credential(body, sizeof body, &old, "");
    add_credential(body, sizeof body, &mine, ",");
    strcat(body, "]}");
    struct reply r;
    world_graph(&w, &r, 204, "PATCH", body, "/v1.0/applications/%s", app.id);
    reply_done(&r);
}

static void teardown(void)
{
    world_done(&w);
}

/* Posts an assertion for the client. */
static void post(struct reply *r, const char *client_id, const char *type,
                 const char *assertion)
{
    static char form[16384];

    ck_assert_int_lt(snprintf(form, sizeof form,
                              "grant_type=client_credentials&client_id=%s&scope=https://"
                              "graph.microsoft.com/.default&client_assertion_type=%s&"
                              "client_assertion=%s",
                              client_id, type, assertion),
                     (int)sizeof form);
    world_post(&w, r, WORLD_TOKEN, form);
}

static void make(const char *client_id, const struct identity *identity, bool pss,
                 struct cmg__buf *out)
{
    struct cmg__sign_in_certificate named = identity->named;
    const struct cmg__assertion assertion = { .client_id = client_id,
                                              .audience = ENDPOINT,
                                              .certificate = &named,
                                              .now_unix_s = w.env.unix_ms / 1000 };
    cmg_error *err = NULL;

    named.pss = pss;
    ck_ok(cmg__assertion_make(&cmg__alloc_libc, &w.env.env, &assertion, out, &err), err);
}

START_TEST(registered_certificate_signs_the_application_in)
{
    struct reply r;
    struct cmg__buf text;

    cmg__buf_init_secret(&text, &cmg__alloc_libc, 65536);
    make(app.app_id, &mine, _i == 1, &text);
    for (int again = 0; again < 2; again++) { /* clients keep theirs */
        post(&r, app.app_id, TYPE, cmg__buf_cstr(&text));
        ck_assert_int_eq(r.status, 200);
        struct cmg__json *claims = world_claims(&w, reply_str(&r, "/access_token"));
        world_claim_is(claims, "/appid", app.app_id);
        world_claim_is(claims, "/appidacr", "2");
        cmg__json_unref(claims);
        reply_done(&r);
    }
    cmg__buf_done(&text);
}
END_TEST

START_TEST(the_built_in_application_has_a_certificate_of_its_own)
{
    struct reply r;
    struct cmg__buf text;
    struct identity built_in = { .key = NULL };
    struct cmg__x509 **list = NULL;
    struct cmg__x509_info info;
    size_t count = 0;
    cmg_error *err = NULL;

    ck_ok(cmg__sb_client_certificate_make(w.cloud, &err), err);
    const char *pem = cmg__sb_fact(w.cloud, "_client_certificate");
    const char *key = cmg__sb_fact(w.cloud, "_client_key");
    ck_ok(cmg__sb_client_certificate_make(w.cloud, &err), err);
    ck_assert_ptr_eq(cmg__sb_fact(w.cloud, "_client_key"), key); /* the first one stays */
    ck_ok(cmg__x509_parse_pem(&cmg__alloc_libc, pem, strlen(pem), &list, &count, &err),
          err);
    ck_ok(cmg__key_parse(&cmg__alloc_libc, &cmg__env_system, key, strlen(key),
                         &built_in.key, &err),
          err);
    cmg__x509_info(list[0], &info);
    built_in.named.key = built_in.key;
    ck_assert_int_eq(cmg__sha1(info.der, info.der_len, built_in.named.sha1), CMG_OK);
    ck_assert_int_eq(cmg__sha256(info.der, info.der_len, built_in.named.sha256), CMG_OK);
    cmg__buf_init_secret(&text, &cmg__alloc_libc, 65536);
    make(cmg__sb_fact(w.cloud, "client_id"), &built_in, true, &text);
    post(&r, cmg__sb_fact(w.cloud, "client_id"), TYPE, cmg__buf_cstr(&text));
    ck_assert_int_eq(r.status, 200);
    reply_done(&r);
    cmg__buf_done(&text);
    cmg__key_free(built_in.key);
    cmg__x509_free_list(&cmg__alloc_libc, list, count);
}
END_TEST

/* ---- what is wrong with an assertion ---- */

/* NULL and 0: as it should be. */
static const struct flaw {
    const char *alg;
    const char *audience;
    const char *issuer, *subject;
    int from_s, to_s; /* from now */
    struct identity *named, *signed_by;
    const char *thumbprint; /* name of the header's member */
    const char *type;
    int64_t aadsts; /* 0: admitted */
    bool padded;
    bool fraction; /* in the times */
} flaws[] = {
    { .aadsts = 0 },
    { .thumbprint = "x5t", .aadsts = 0 },
    { .padded = true, .aadsts = 0 },
    { .fraction = true, .aadsts = 0 },
    { .fraction = true, .from_s = -1200, .to_s = -600, .aadsts = 700024 },
    { .audience = "https://" LOGIN "/" WORLD_DOMAIN "/oauth2/v2.0/token", .aadsts = 0 },
    { .audience = "https://sts.windows.net/" WORLD_TENANT "/", .aadsts = 0 },
    { .audience = "https://" LOGIN "/" WORLD_TENANT "/v2.0", .aadsts = 0 },
    { .alg = "none", .aadsts = 50027 },
    { .alg = "HS256", .aadsts = 50027 },
    { .alg = "RS256", .aadsts = 700027 },      /* but it is signed by RSASSA-PSS */
    { .thumbprint = "kid", .aadsts = 700211 }, /* as of an outside issuer */
    { .named = &other, .signed_by = &other, .aadsts = 700027 },
    { .signed_by = &other, .aadsts = 700027 },
    { .named = &old, .signed_by = &old, .aadsts = 7000222 },
    { .audience = "https://" LOGIN "/fabrikam.com/oauth2/v2.0/token", .aadsts = 700023 },
    { .audience = "https://login.example/" WORLD_TENANT "/v2.0", .aadsts = 700023 },
    { .audience = "https://" LOGIN "/" WORLD_TENANT "/else", .aadsts = 700023 },
    { .issuer = POWERSHELL, .aadsts = 50048 },
    { .issuer = POWERSHELL, .subject = POWERSHELL, .aadsts = 700021 },
    { .from_s = -1200, .to_s = -600, .aadsts = 700024 },
    { .from_s = 600, .to_s = 1200, .aadsts = 700024 },
    { .to_s = -2000000000, .aadsts = 50027 }, /* no time at all */
    { .type = "jwt-bearer", .aadsts = 50027 },
};

static struct cmg__json *header_of(const struct flaw *flaw)
{
    const struct identity *named = flaw->named != NULL ? flaw->named : &mine;
    const char *member = cmg__str_or(flaw->thumbprint, "x5t#S256");
    const bool sha1 = strcmp(member, "x5t") == 0;
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, 256);
    ck_assert_int_eq(
        (flaw->padded ? cmg__base64_encode : cmg__base64url_encode)(
            &text, sha1 ? named->named.sha1 : named->named.sha256, sha1 ? 20 : 32),
        CMG_OK);
    struct cmg__json *header =
        cmg__json_pack("{s:s, s:s, s:s}", "typ", "JWT", "alg",
                       cmg__str_or(flaw->alg, "PS256"), member, cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return header;
}

static struct cmg__json *payload_of(const struct flaw *flaw)
{
    const int64_t now = w.env.unix_ms / 1000;
    struct cmg__json *payload = cmg__json_pack(
        "{s:s, s:s, s:s, s:I}", "aud", cmg__str_or(flaw->audience, ENDPOINT), "iss",
        cmg__str_or(flaw->issuer, app.app_id), "sub",
        cmg__str_or(flaw->subject, app.app_id), "nbf", now + flaw->from_s);

    const int64_t end = now + (flaw->to_s != 0 ? flaw->to_s : 600);
    if (end > 0)
        ck_assert_int_eq(cmg__json_set(payload, "exp",
                                       flaw->fraction
                                           ? cmg__json_pack("f", (double)end + 0.25)
                                           : cmg__json_integer(end)),
                         CMG_OK);
    return payload;
}

START_TEST(assertion_is_checked_for_real)
{
    const struct flaw *flaw = &flaws[_i];
    struct cmg__json *header = header_of(flaw);
    struct cmg__json *payload = payload_of(flaw);
    struct cmg__buf text;
    struct reply r;
    cmg_error *err = NULL;

    cmg__buf_init_secret(&text, &cmg__alloc_libc, 65536);
    ck_ok(cmg__jwt_sign(&cmg__alloc_libc, &w.env.env,
                        flaw->signed_by != NULL ? flaw->signed_by->key : mine.key, true,
                        header, payload, &text, &err),
          err);
    post(&r, app.app_id, cmg__str_or(flaw->type, TYPE), cmg__buf_cstr(&text));
    ck_assert_int_eq(r.status, flaw->aadsts == 0 ? 200 : 401);
    if (flaw->aadsts != 0) {
        ck_assert_str_eq(reply_str(&r, "/error"), "invalid_client");
        ck_assert_int_eq(reply_int(&r, "/error_codes/0"), flaw->aadsts);
        ck_assert_str_ne(reply_str(&r, "/correlation_id"), "");
    }
    reply_done(&r);
    cmg__buf_done(&text);
    cmg__json_unref(header);
    cmg__json_unref(payload);
}
END_TEST

static const char *const malformed[] = { "",         "a.b",        "a.b.c",
                                         "e30.e30.", "e30.e30.AA", "e30.!.AA",
                                         "e30",      "....",       "W10.W10.AA" };

START_TEST(what_is_no_token_is_refused)
{
    struct reply r;

    post(&r, app.app_id, TYPE, malformed[_i]);
    ck_assert_int_eq(r.status, 401);
    ck_assert_int_eq(reply_int(&r, "/error_codes/0"), 50027);
    reply_done(&r);
}
END_TEST

/* ---- tokens of an outside issuer ---- */

#define ISSUER   "https://issuer.example/"
#define SUBJECT  "system:serviceaccount:site:cmg"
#define EXCHANGE "api://AzureADTokenExchange"
#define FEDERATED                                                                        \
    "{\"name\":\"site\",\"issuer\":\"" ISSUER "\",\"subject\":\"" SUBJECT                \
    "\",\"audiences\":[\"" EXCHANGE "\"]}"

static void add_issuer(void)
{
    struct cmg__json *keys = cmg__json_array();
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, 8192);
    ck_assert_int_eq(cmg__jwks_append(keys, mine.key, "k1"), CMG_OK);
    struct cmg__json *set = cmg__json_pack("{s:o}", "keys", keys);
    ck_assert_int_eq(cmg__json_format(set, CMG__JSON_COMPACT, &text), CMG_OK);
    cmg__json_unref(set);
    w.cloud->issuers = cmg__json_pack("{s:{s:s, s:s}}", ISSUER, "keys",
                                      cmg__buf_cstr(&text), "subject", "built-in");
    cmg__buf_done(&text);
}

static void federate(const char *body, int status)
{
    struct reply r;

    world_graph(&w, &r, status, "POST", body,
                "/v1.0/applications/%s/federatedIdentityCredentials", app.id);
    reply_done(&r);
}

static const struct {
    const char *issuer, *subject, *audience, *kid; /* NULL: as it should be */
    struct identity *signed_by;
    int from_s, to_s;
    bool built_in;
    int64_t aadsts;
} federated[] = {
    { .aadsts = 0 },
    { .built_in = true, .subject = "built-in", .aadsts = 0 },
    { .built_in = true, .aadsts = 700211 },
    { .built_in = true, .subject = "built-in", .audience = "x", .aadsts = 700211 },
    { .issuer = "https://issuer.example", .aadsts = 700211 },
    { .issuer = "https://other.example/", .aadsts = 700211 },
    { .subject = "system:serviceaccount:site:other", .aadsts = 700213 },
    { .audience = "api://else", .aadsts = 700212 },
    { .kid = "k2", .aadsts = 50013 },
    { .signed_by = &other, .aadsts = 50013 },
    { .from_s = -1200, .to_s = -600, .aadsts = 700024 },
    { .from_s = 600, .to_s = 1200, .aadsts = 700024 },
};

START_TEST(token_of_an_outside_issuer_is_checked_for_real)
{
    const int64_t now = w.env.unix_ms / 1000;
    struct cmg__buf text;
    struct reply r;
    cmg_error *err = NULL;

    add_issuer();
    federate(FEDERATED, 201);
    struct cmg__json *header = cmg__json_pack("{s:s, s:s}", "alg", "RS256", "kid",
                                              cmg__str_or(federated[_i].kid, "k1"));
    struct cmg__json *payload = cmg__json_pack(
        "{s:s, s:s, s:s, s:I, s:I}", "iss", cmg__str_or(federated[_i].issuer, ISSUER),
        "sub", cmg__str_or(federated[_i].subject, SUBJECT), "aud",
        cmg__str_or(federated[_i].audience, EXCHANGE), "nbf", now + federated[_i].from_s,
        "exp", now + (federated[_i].to_s != 0 ? federated[_i].to_s : 600));
    cmg__buf_init_secret(&text, &cmg__alloc_libc, 65536);
    ck_ok(cmg__jwt_sign(&cmg__alloc_libc, &w.env.env,
                        federated[_i].signed_by != NULL ? federated[_i].signed_by->key
                                                        : mine.key,
                        false, header, payload, &text, &err),
          err);
    post(&r, federated[_i].built_in ? cmg__sb_fact(w.cloud, "client_id") : app.app_id,
         TYPE, cmg__buf_cstr(&text));
    ck_assert_int_eq(r.status, federated[_i].aadsts == 0 ? 200 : 401);
    if (federated[_i].aadsts != 0)
        ck_assert_int_eq(reply_int(&r, "/error_codes/0"), federated[_i].aadsts);
    reply_done(&r);
    cmg__buf_done(&text);
    cmg__json_unref(header);
    cmg__json_unref(payload);
}
END_TEST

START_TEST(federated_credentials_are_made_listed_and_removed)
{
    struct reply r;
    char id[64];
    char body[512];

    federate("{\"name\":\"x\"}", 400);
    federate(FEDERATED, 201);
    federate(FEDERATED, 409);
    for (int i = 1; i <= 20; i++) {
        snprintf(body, sizeof body,
                 "{\"name\":\"n%d\",\"issuer\":\"i\",\"subject\":\"s%d\",\"audiences\":["
                 "\"a\"]}",
                 i, i);
        federate(body, i < 20 ? 201 : 403);
    }
    world_graph(&w, &r, 200, "GET", NULL,
                "/v1.0/applications/%s/federatedIdentityCredentials", app.id);
    ck_assert_str_eq(reply_str(&r, "/value/0/subject"), SUBJECT);
    snprintf(id, sizeof id, "%s", reply_str(&r, "/value/0/id"));
    reply_done(&r);
    world_graph(&w, &r, 204, "DELETE", NULL,
                "/v1.0/applications/%s/federatedIdentityCredentials/%s", app.id, id);
    reply_done(&r);
    world_graph(&w, &r, 404, "DELETE", NULL,
                "/v1.0/applications/%s/federatedIdentityCredentials/%s", app.id, id);
    reply_done(&r);
    world_graph(&w, &r, 404, "GET", NULL,
                "/v1.0/applications/" WORLD_TENANT "/federatedIdentityCredentials");
    reply_done(&r);
    world_graph(&w, &r, 200, "GET", NULL, "/v1.0/applications/%s", app.id);
    ck_assert_ptr_null(cmg__json_key(r.body, "_federated")); /* not in the application */
    reply_done(&r);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("assertion");
    TCase *all = tcase_create("certificate");

    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, registered_certificate_signs_the_application_in, 0, 2);
    tcase_add_test(all, the_built_in_application_has_a_certificate_of_its_own);
    tcase_add_loop_test(all, assertion_is_checked_for_real, 0, CMG__ARRAY_LEN(flaws));
    tcase_add_loop_test(all, what_is_no_token_is_refused, 0, CMG__ARRAY_LEN(malformed));
    tcase_add_loop_test(all, token_of_an_outside_issuer_is_checked_for_real, 0,
                        CMG__ARRAY_LEN(federated));
    tcase_add_test(all, federated_credentials_are_made_listed_and_removed);
    suite_add_tcase(s, all);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    const int64_t now = cmg__env_unix_s(&cmg__env_system);

    make_identity(&mine, now + 400 * DAY_S);
    make_identity(&other, now + 400 * DAY_S);
    make_identity(&old, now - 30 * DAY_S);
    const int status = support_run(suites);
    free_identity(&mine);
    free_identity(&other);
    free_identity(&old);
    return status;
}
