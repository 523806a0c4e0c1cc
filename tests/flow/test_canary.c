/* What a sign-in and a gateway are made of is seen nowhere: tokens, the key of a
   certificate, the password of the PFX. Not in logs, errors, callbacks, the journal, the
   command line, nor in memory that was given back. */
#include "seen.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static cmg_sandbox *sandbox;
static struct site site;
static struct support_alloc memory;

static void setup(void)
{
    sandbox = place_sandbox(0);
    place_site(sandbox, &site);
    seen_clear();
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

/* A party whose given back memory is searched for a text. */
static void begin(struct party *p, const char *canary)
{
    cmg_error *err = NULL;

    support_alloc_init(&memory);
    memory.canary = canary;
    ck_ok(party_init(p, &site, &memory.alloc.table, &err), err);
    ck_ok(cmg_context_set_log(p->ctx, CMG_LOG_DEBUG, seen_log, NULL, &err), err);
}

static void end(struct party *p)
{
    party_done(p);
    ck_assert(!memory.canary_seen);
    ck_assert_uint_eq(memory.live, 0);
}

static void run(struct party *p, cmg_deploy_operation operation)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(p, &site, operation, &seen_events, &err), err);
    ck_assert_uint_gt(seen_length(), 100);
}

static void check_unseen(const char *secret)
{
    see_file("/proc/self/cmdline");
    if (access(site.journal, F_OK) == 0)
        see_file(site.journal);
    ck_assert_uint_gt(strlen(secret), 8);
    ck_assert(!seen_has(secret));
}

/* ---- tokens ---- */

static struct {
    char text[64 * 1024];
    size_t len;
    bool keep; /* takes what is saved */
} cache;

static int64_t load(const char *key, void *out, size_t max, void *user)
{
    (void)key;
    (void)user;
    ck_assert_uint_le(cache.len, max);
    memcpy(out, cache.text, cache.len);
    return (int64_t)cache.len;
}

static int save(const char *key, const void *data, size_t size, void *user)
{
    (void)key;
    (void)user;
    ck_assert_uint_lt(size, sizeof cache.text);
    if (!cache.keep)
        return 0;
    memcpy(cache.text, data, size);
    cache.text[size] = '\0';
    cache.len = size;
    return 0;
}

static void be_a_person(struct party *p)
{
    const cmg_token_cache table = { .size = sizeof table, .load = load, .save = save };
    cmg_error *err = NULL;

    ck_ok(cmg_tenant_set_device_code(cmg_gateway_tenant(p->gateway), NULL, &err), err);
    ck_ok(cmg_tenant_set_token_cache(cmg_gateway_tenant(p->gateway), &table, &err), err);
}

/* The last word of the cache's line that begins so. */
static char *token_of(const char *line)
{
    const char *at = strstr(cache.text, line);

    ck_assert_ptr_nonnull(at);
    at += strlen(line);
    const char *end = strchr(at, '\n');
    ck_assert_ptr_nonnull(end);
    const char *from = end;
    while (from > at && from[-1] != ' ')
        from--;
    ck_assert_int_gt(end - from, 20);
    return strndup(from, (size_t)(end - from));
}

/* So that the refresh token has to be used. */
static void forget_access_tokens(void)
{
    char *at = strstr(cache.text, "\naccess ");

    ck_assert_ptr_nonnull(at);
    at[1] = '\0';
    cache.len = strlen(cache.text);
}

static const struct {
    const char *line; /* of the token in the cache */
    bool refreshes;
} tokens[] = { { "\nrefresh ", true },
               { "\naccess https://management.azure.com ", false },
               { "\naccess https://graph.microsoft.com ", false } };

START_TEST(a_token_is_seen_nowhere)
{
    struct party p;

    cache.keep = true;
    begin(&p, NULL);
    be_a_person(&p);
    run(&p, CMG_DEPLOY_FIND_TENANT);
    end(&p);
    char *token = token_of(tokens[_i].line);
    check_unseen(token);
    if (tokens[_i].refreshes)
        forget_access_tokens();
    cache.keep = false;
    begin(&p, token);
    be_a_person(&p);
    run(&p, CMG_DEPLOY_REGISTER_APPS);
    end(&p);
    check_unseen(token);
    free(token);
}
END_TEST

/* ---- the key of a certificate ---- */

/* A line from the middle of a PEM text. */
static char *line_of(const cmg_bytes *pem)
{
    const char *text = cmg_bytes_data(pem);
    const char *at = strchr(text + cmg_bytes_size(pem) / 2, '\n');

    ck_assert_ptr_nonnull(at);
    return strndup(at + 1, strcspn(at + 1, "\n"));
}

static void sign_in_with_certificate(struct party *p, const cmg_bytes *pem,
                                     const cmg_bytes *secret)
{
    cmg_certificate *certificate = NULL;
    cmg_key *key = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_certificate_new_from_bytes(p->ctx, cmg_bytes_data(pem), cmg_bytes_size(pem),
                                         NULL, &certificate, &err),
          err);
    ck_ok(cmg_key_new_from_bytes(p->ctx, cmg_bytes_data(secret), cmg_bytes_size(secret),
                                 NULL, &key, &err),
          err);
    ck_ok(cmg_tenant_set_client_certificate(cmg_gateway_tenant(p->gateway),
                                            site.client_id, certificate, key,
                                            CMG_ASSERTION_PS256, &err),
          err);
    cmg_key_unref(key);
    cmg_certificate_unref(certificate);
}

START_TEST(the_key_of_a_certificate_is_seen_nowhere)
{
    struct party p;
    cmg_bytes *pem = NULL;
    cmg_bytes *secret = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_client_certificate(sandbox, &pem, &secret, &err), err);
    char *line = line_of(secret);
    begin(&p, line);
    sign_in_with_certificate(&p, pem, secret);
    run(&p, CMG_DEPLOY_REGISTER_APPS);
    end(&p);
    check_unseen(line);
    free(line);
    cmg_bytes_unref(secret);
    cmg_bytes_unref(pem);
}
END_TEST

/* ---- the PFX ---- */

START_TEST(the_password_of_the_pfx_is_seen_nowhere)
{
    struct party p;
    size_t n = 0;

    begin(&p, NULL);
    run(&p, CMG_DEPLOY_CREATE);
    end(&p);
    char *text = support_read_file(
        support_path("contoso.journal.secrets/server-pfx-password"), &n);
    ck_assert_ptr_nonnull(text);
    char *password = strndup(text, n);
    free(text);
    begin(&p, password);
    run(&p, CMG_DEPLOY_CREATE);
    run(&p, CMG_DEPLOY_DELETE);
    end(&p);
    check_unseen(password);
    free(password);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("canary");
    TCase *tc = tcase_create("canary");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, a_token_is_seen_nowhere, 0, CMG__ARRAY_LEN(tokens));
    tcase_add_test(tc, the_key_of_a_certificate_is_seen_nowhere);
    tcase_add_test(tc, the_password_of_the_pfx_is_seen_nowhere);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
