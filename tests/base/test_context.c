/* A context's settings that need no loop; handles; log records. */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/support.h"

static struct support_alloc memory;
static cmg_context *ctx;
static cmg_error *err;

static void setup(void)
{
    support_alloc_init(&memory);
    ck_ok(cmg_context_new(&memory.alloc.table, &ctx, &err), err);
}

static void teardown(void)
{
    cmg_error_unref(err);
    err = NULL;
    cmg_context_unref(ctx);
    ck_assert_uint_eq(memory.live, 0);
}

START_TEST(an_allocator_without_a_function_is_refused)
{
    cmg_context *other = NULL;
    cmg_allocator table = memory.alloc.table;

    table.realloc = NULL;
    ck_assert_int_eq(cmg_context_new(&table, &other, &err), CMG_E_INVAL);
    table = memory.alloc.table;
    table.size = 8;
    ck_assert_int_eq(cmg_context_new(&table, &other, &err), CMG_E_ABI);
    ck_assert_ptr_null(other);
}
END_TEST

static const struct {
    const char *host;
    uint16_t port;
    const char *address;
} bad_addresses[] = {
    { "", 443, "127.0.0.1" }, { NULL, 443, "127.0.0.1" }, { "*suffix", 443, "127.0.0.1" },
    { "h", 443, "127.0.0" },  { "h", 443, "localhost" },  { "h", 443, NULL },
};

START_TEST(an_address_that_is_none_is_refused)
{
    ck_assert_int_eq(cmg_context_add_address(ctx, bad_addresses[_i].host,
                                             bad_addresses[_i].port,
                                             bad_addresses[_i].address, 1, &err),
                     CMG_E_INVAL);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_uint_eq(ctx->address_count, 0);
}
END_TEST

static int resolver(const char *host, uint16_t port, cmg_address *address, void *user)
{
    (void)user;
    if (strcmp(host, "asked.example") != 0)
        return 0;
    memcpy(address->address, "127.0.0.9", 10);
    address->port = (uint16_t)(port + 1);
    return 1;
}

START_TEST(names_go_to_the_table_then_to_the_resolver_then_to_dns)
{
    char address[46];
    uint16_t port = 0;

    ck_ok(cmg_context_add_address(ctx, "*.vault.azure.net", 443, "127.0.0.2", 8443, &err),
          err);
    ck_ok(cmg_context_add_address(ctx, "Any.Example", 0, "::1", 0, &err), err);
    ck_ok(cmg_context_set_resolver(ctx, resolver, NULL, &err), err);
    ck_assert(cmg__context_resolve(ctx, "x.VAULT.azure.net", 443, address, &port));
    ck_assert_str_eq(address, "127.0.0.2");
    ck_assert_uint_eq(port, 8443);
    ck_assert(!cmg__context_resolve(ctx, "x.vault.azure.net", 444, address, &port));
    ck_assert(!cmg__context_resolve(ctx, ".vault.azure.net", 443, address, &port));
    ck_assert(cmg__context_resolve(ctx, "any.example", 77, address, &port));
    ck_assert_str_eq(address, "::1");
    ck_assert_uint_eq(port, 77);
    ck_assert(cmg__context_resolve(ctx, "asked.example", 10, address, &port));
    ck_assert_uint_eq(port, 11);
    ck_assert(!cmg__context_resolve(ctx, "elsewhere.example", 10, address, &port));
}
END_TEST

START_TEST(the_address_table_has_a_limit)
{
    for (int i = 0; i < CMG__MAX_ADDRESSES; i++)
        ck_ok(cmg_context_add_address(ctx, "h", 1, "127.0.0.1", 1, &err), err);
    ck_assert_int_eq(cmg_context_add_address(ctx, "h", 1, "127.0.0.1", 1, &err),
                     CMG_E_LIMIT);
}
END_TEST

static const struct {
    const char *url;
    cmg_status code;
} proxies[] = {
    { "http://proxy.corp:8080", CMG_OK },
    { "http://[::1]:8080", CMG_OK },
    { NULL, CMG_OK },
    { "https://proxy:1", CMG_E_INVAL },
    { "http://", CMG_E_INVAL },
    { "http://user:secret@proxy:1", CMG_E_INVAL },
    { "http://proxy/path", CMG_E_INVAL },
};

START_TEST(a_proxy_is_host_and_port_without_credentials)
{
    ck_assert_int_eq(cmg_context_set_proxy(ctx, proxies[_i].url, &err), proxies[_i].code);
    if (proxies[_i].code != CMG_OK)
        ck_assert_ptr_null(strstr(cmg_error_message(err), "secret"));
}
END_TEST

static const struct {
    const char *user, *password;
    cmg_status code;
} accounts[] = {
    { "cmg", "secret", CMG_OK },
    { "CONTOSO\\cmg", "", CMG_OK },
    { "b\xc3\xbcro", "gr\xc3\xbc\xc3\x9f", CMG_OK },
    { NULL, NULL, CMG_OK },
    { "", "secret", CMG_E_INVAL },
    { "cmg:secret", "x", CMG_E_INVAL },
    { "cmg\r\nX: y", "secret", CMG_E_INVAL },
    { "cmg", "secret\r\nX: y", CMG_E_INVAL },
    { "cmg", NULL, CMG_E_INVAL },
};

START_TEST(the_account_of_a_proxy_is_what_basic_can_carry)
{
    const char *password = accounts[_i].password;
    const size_t n = password == NULL ? 0 : strlen(password);
    ck_ok(cmg_context_set_proxy_account(ctx, "before", "x", 1, &err), err);
    ck_assert_int_eq(
        cmg_context_set_proxy_account(ctx, accounts[_i].user, password, n, &err),
        accounts[_i].code);
    if (accounts[_i].code != CMG_OK) {
        ck_assert_ptr_null(strstr(cmg_error_message(err), "secret"));
        ck_assert_str_ne(cmg_error_subject(err), "");
        ck_assert_str_eq(ctx->proxy_user, "before");
    } else if (accounts[_i].user == NULL) {
        ck_assert_ptr_null(ctx->proxy_user);
        ck_assert(!cmg__secret_is_set(&ctx->proxy_password));
    } else {
        ck_assert_str_eq(ctx->proxy_user, accounts[_i].user);
    }
}
END_TEST

START_TEST(the_account_of_a_proxy_has_limits)
{
    static char text[1026];
    memset(text, 'x', sizeof text - 1);
    ck_assert_int_eq(cmg_context_set_proxy_account(ctx, text + 769, "p", 1, &err),
                     CMG_E_INVAL);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(cmg_context_set_proxy_account(ctx, "u", text, 1025, &err),
                     CMG_E_INVAL);
    cmg_error_unref(err);
    err = NULL;
    ck_ok(cmg_context_set_proxy_account(ctx, text + 770, text, 1024, &err), err);
}
END_TEST

START_TEST(authorities_must_be_pem_and_stay_within_the_limit)
{
    static char large[1100000] = "-----BEGIN CERTIFICATE-----";

    memset(large + 27, 'A', sizeof large - 28);
    ck_assert_int_eq(cmg_context_add_ca_pem(ctx, "no", 2, &err), CMG_E_INVAL);
    ck_ok(cmg_context_add_ca_pem(ctx, large, 100, NULL), NULL);
    ck_assert_int_eq(cmg_context_add_ca_pem(ctx, large, sizeof large - 1, &err),
                     CMG_E_LIMIT);
    ck_assert_uint_eq(ctx->ca_pem.len, 101);
    ck_assert_int_eq(cmg_context_add_ca_file(ctx, "/nonexistent/ca.pem", &err),
                     CMG_E_NOTFOUND);
}
END_TEST

START_TEST(unknown_clouds_and_levels_are_refused)
{
    ck_assert_int_eq(cmg_context_set_cloud(ctx, (cmg_cloud)9, &err), CMG_E_INVAL);
    ck_ok(cmg_context_set_cloud(ctx, CMG_CLOUD_CHINA, NULL), NULL);
    ck_assert_int_eq(cmg_context_set_log(ctx, (cmg_log_level)9, NULL, NULL, &err),
                     CMG_E_INVAL);
}
END_TEST

struct seen {
    unsigned count;
    char text[64];
};

static void on_log(cmg_context *c, const cmg_log_record *record, void *user)
{
    struct seen *seen = user;

    ck_assert_ptr_eq(c, ctx);
    ck_assert_uint_ge(record->size, sizeof *record);
    ck_assert_str_eq(record->module, "test");
    ck_assert_str_eq(record->subject, "");
    seen->count++;
    strncpy(seen->text, record->text, sizeof seen->text - 1);
}

START_TEST(log_records_come_at_the_chosen_level_and_above)
{
    struct seen seen = { 0 };

    ck_ok(cmg_context_set_log(ctx, CMG_LOG_INFO, on_log, &seen, &err), err);
    cmg__log(ctx, CMG_LOG_DEBUG, "test", "a.b", NULL, "hidden");
    cmg__log(ctx, CMG_LOG_INFO, "test", "a.b", NULL, "shown %d", 1);
    ck_assert_uint_eq(seen.count, 1);
    ck_assert_str_eq(seen.text, "shown 1");
    ck_assert_uint_eq(ctx->callback_depth, 0);
}
END_TEST

START_TEST(a_wrong_handle_is_refused)
{
    ck_assert_int_eq(cmg__check(NULL, CMG__TAG_CONTEXT, &err), CMG_E_INVAL);
    ck_assert_int_eq(cmg__check(&ctx->head, CMG__TAG_TENANT, &err), CMG_E_INVAL);
    ck_assert_int_eq(cmg_context_set_proxy(NULL, NULL, &err), CMG_E_INVAL);
}
END_TEST

START_TEST(a_handle_of_another_build_is_refused)
{
    ctx->head.layout++;
    ck_assert_int_eq(cmg__check(&ctx->head, CMG__TAG_CONTEXT, &err), CMG_E_ABI);
    ctx->head.layout--;
}
END_TEST

START_TEST(a_forked_child_cannot_use_its_parents_handle)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(cmg_context_set_proxy(ctx, NULL, NULL) == CMG_E_FORKED ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_ok(cmg_context_set_proxy(ctx, NULL, NULL), NULL);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("context settings");
    TCase *t = tcase_create("settings");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, an_allocator_without_a_function_is_refused);
    tcase_add_loop_test(t, an_address_that_is_none_is_refused, 0,
                        CMG__ARRAY_LEN(bad_addresses));
    tcase_add_test(t, names_go_to_the_table_then_to_the_resolver_then_to_dns);
    tcase_add_test(t, the_address_table_has_a_limit);
    tcase_add_loop_test(t, the_account_of_a_proxy_is_what_basic_can_carry, 0,
                        (int)CMG__ARRAY_LEN(accounts));
    tcase_add_test(t, the_account_of_a_proxy_has_limits);
    tcase_add_loop_test(t, a_proxy_is_host_and_port_without_credentials, 0,
                        CMG__ARRAY_LEN(proxies));
    tcase_add_test(t, authorities_must_be_pem_and_stay_within_the_limit);
    tcase_add_test(t, unknown_clouds_and_levels_are_refused);
    tcase_add_test(t, log_records_come_at_the_chosen_level_and_above);
    tcase_add_test(t, a_wrong_handle_is_refused);
    tcase_add_test(t, a_handle_of_another_build_is_refused);
    tcase_add_test(t, a_forked_child_cannot_use_its_parents_handle);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
