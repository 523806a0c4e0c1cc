/* User data and connector settings: one good document each, spoiled field by field. */
#include "support/support.h"
#include "relay/settings.h"
#include <stdio.h>
#include <string.h>

#define PIN  "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"
#define GUID "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f"
#define PEM  "-----BEGIN CERTIFICATE-----\\n"

static const char user_data[] =
    "{\"version\":1,\"deployment_id\":\"" GUID
    "\",\"service_names\":[\"CMG.contoso.com\"],"
    "\"ports\":{\"client\":443,\"channel\":10140,\"channel_https\":10124},\"client_roots_"
    "pem\":\"\","
    "\"connectors\":[\"" PIN "\"],\"instance\":1,\"tokens\":{\"tenant_id\":\"" GUID "\","
    "\"issuers\":[\"https://sts.windows.net/x/\"],\"audiences\":[\"api://x\"],"
    "\"client_ids\":[\"" GUID "\"],\"scope\":\"user_impersonation\","
    "\"jwks_uri\":\"https://login.microsoftonline.com/x/keys\"},\"later\":true}";

static const char connector[] =
    "{\"version\":1,\"name\":\"cp1\",\"site\":\"PS1\",\"host\":\"a.b.c\","
    "\"server_name\":\"cmg.contoso.com\",\"instances\":2,\"first_port\":10140,"
    "\"https_port\":10124,"
    "\"gateway_ca_pem\":\"" PEM "\",\"roles\":[{\"id\":\"7\",\"type\":"
    "\"management_point\",\"url\":\"https://mp\",\"endpoints\":[{\"path\":\"SMS_MP\","
    "\"max_length\":5}]}]}";

struct spoil {
    const char *from, *to, *subject;
};

/* The document with one part replaced. */
static char *spoiled(const char *text, const struct spoil *spoil)
{
    const char *at = strstr(text, spoil->from);
    static char out[8192];

    ck_assert_ptr_nonnull(at);
    snprintf(out, sizeof out, "%.*s%s%s", (int)(at - text), text, spoil->to,
             at + strlen(spoil->from));
    return out;
}

START_TEST(user_data_is_read_whole)
{
    struct cmg__service_settings s;
    cmg_error *err = NULL;

    cmg__service_settings_init(&s, &cmg__alloc_libc);
    ck_ok(cmg__service_settings_read(&s, user_data, strlen(user_data), &err), err);
    ck_assert_uint_eq(s.client_port, 443);
    ck_assert_uint_eq(s.channel_port, 10140);
    ck_assert_uint_eq(s.channel_https_port, 10124);
    ck_assert_int_eq(s.instance, 1);
    ck_assert_uint_eq(s.pin_count, 1);
    ck_assert_int_eq(s.pins[0][10], 'a');
    ck_assert_str_eq(s.service_names.items[0], "cmg.contoso.com");
    ck_assert_str_eq(s.scope, "user_impersonation");
    ck_assert_ptr_null(s.client_ids.items[1]);
    cmg__service_settings_done(&s);
}
END_TEST

static const struct {
    const char *settings;
    bool verify;
} revocation_cases[] = {
    { "\"later\":true", true }, /* not told: on */
    { "\"settings\":{}", true },
    { "\"settings\":{\"verify_client_revocation\":true}", true },
    { "\"settings\":{\"verify_client_revocation\":false}", false },
};

START_TEST(revocation_is_asked_for_unless_somebody_turned_it_off)
{
    const struct spoil change = { "\"later\":true", revocation_cases[_i].settings, NULL };
    const char *text = spoiled(user_data, &change);
    struct cmg__service_settings s;
    cmg_error *err = NULL;

    cmg__service_settings_init(&s, &cmg__alloc_libc);
    ck_ok(cmg__service_settings_read(&s, text, strlen(text), &err), err);
    ck_assert_int_eq(s.verify_revocation, revocation_cases[_i].verify);
    cmg__service_settings_done(&s);
}
END_TEST

START_TEST(connector_settings_are_read_whole)
{
    struct cmg__connector_settings s;
    cmg_error *err = NULL;

    cmg__connector_settings_init(&s, &cmg__alloc_libc);
    ck_ok(cmg__connector_settings_read(&s, connector, strlen(connector), &err), err);
    ck_assert_str_eq(s.name, "cp1");
    ck_assert_uint_eq(s.instances, 2);
    ck_assert_uint_eq(s.first_port, 10140);
    ck_assert_uint_eq(s.https_port, 10124);
    ck_assert_str_eq(s.map.roles[0].url, "https://mp");
    cmg__connector_settings_done(&s);
}
END_TEST

static const struct spoil bad_user_data[] = {
    { "\"version\":1", "\"version\":2", "user data: /version" },
    { "\"deployment_id\":\"7", "\"deployment_id\":\"", "user data: /deployment_id" },
    { "[\"CMG.contoso.com\"]", "[]", "user data: /service_names" },
    { "[\"CMG.contoso.com\"]", "\"cmg\"", "user data: /service_names" },
    { "[\"CMG.contoso.com\"]", "[\"a..b\"]", "user data: /service_names/0" },
    { "[\"CMG.contoso.com\"]", "[\"a b\"]", "user data: /service_names/0" },
    { "\"client\":443", "\"client\":0", "user data: /ports/client" },
    { "\"channel\":10140", "\"channel\":65536", "user data: /ports/channel" },
    { "\"channel_https\":10124", "\"channel_https\":0",
      "user data: /ports/channel_https" },
    { "\"channel_https\":10124", "\"channel_https\":\"10124\"",
      "user data: /ports/channel_https" },
    { "\"client_roots_pem\":\"\"", "\"client_roots_pem\":\"x\"",
      "user data: /client_roots_pem" },
    { "[\"0123", "[\"g123", "user data: /connectors/0" },
    { "[\"0123", "[\"123", "user data: /connectors/0" },
    { "\"instance\":1", "\"instance\":16", "user data: /instance" },
    { "\"tenant_id\":\"7", "\"tenant_id\":\"x", "user data: /tokens/tenant_id" },
    { "\"issuers\":[", "\"issuers\":[7,", "user data: /tokens/issuers/0" },
    { "[\"api://x\"]", "[]", "user data: /tokens/audiences" },
    { "\"jwks_uri\":\"https", "\"jwks_uri\":\"http", "user data: /tokens/jwks_uri" },
    { "\"scope\":\"user_impersonation\"", "\"scope\":7", "user data: /tokens/scope" },
    { "\"later\":true", "\"settings\":{\"verify_client_revocation\":1}",
      "user data: /settings/verify_client_revocation" },
    { "\"later\":true", "\"settings\":{\"verify_client_revocation\":null}",
      "user data: /settings/verify_client_revocation" },
};

START_TEST(bad_user_data_is_named_by_its_path)
{
    const char *text = spoiled(user_data, &bad_user_data[_i]);
    struct cmg__service_settings s;
    cmg_error *err = NULL;

    cmg__service_settings_init(&s, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__service_settings_read(&s, text, strlen(text), &err),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), bad_user_data[_i].subject);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_ptr_null(s.deployment_id);
    cmg_error_unref(err);
    cmg__service_settings_done(&s);
}
END_TEST

static const struct spoil bad_connector[] = {
    { "\"cp1\"", "\"cp 1\"", "connector settings: /name" },
    { "\"PS1\"", "\"P1\"", "connector settings: /site" },
    { "\"a.b.c\"", "\"https://a\"", "connector settings: /host" },
    { "\"instances\":2", "\"instances\":17", "connector settings: /instances" },
    { "\"instances\":2", "\"instances\":0", "connector settings: /instances" },
    { "10140", "65535", "connector settings: /first_port" },
    { "10124", "65535", "connector settings: /https_port" },
    { "10124", "-1", "connector settings: /https_port" },
    { "10124", "true", "connector settings: /https_port" },
    { "\"" PEM "\"", "\"\"", "connector settings: /gateway_ca_pem" },
    { "\"url\":\"https://mp\",", "", "connector settings: /roles/0/url" },
};

START_TEST(bad_connector_settings_are_named_by_their_path)
{
    const char *text = spoiled(connector, &bad_connector[_i]);
    struct cmg__connector_settings s;
    cmg_error *err = NULL;

    cmg__connector_settings_init(&s, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__connector_settings_read(&s, text, strlen(text), &err),
                     CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_subject(err), bad_connector[_i].subject);
    cmg_error_unref(err);
    cmg__connector_settings_done(&s);
}
END_TEST

/* Documents of before there were channels over HTTPS. */
START_TEST(the_ports_of_channels_over_https_may_be_missing)
{
    static const struct spoil without[] = { { ",\"channel_https\":10124", "", NULL },
                                            { "\"https_port\":10124,", "", NULL } };
    struct cmg__service_settings s;
    struct cmg__connector_settings c;
    cmg_error *err = NULL;

    cmg__service_settings_init(&s, &cmg__alloc_libc);
    cmg__connector_settings_init(&c, &cmg__alloc_libc);
    const char *text = spoiled(user_data, &without[0]);
    ck_ok(cmg__service_settings_read(&s, text, strlen(text), &err), err);
    ck_assert_uint_eq(s.channel_port, 10140);
    ck_assert_uint_eq(s.channel_https_port, 0);
    text = spoiled(connector, &without[1]);
    ck_ok(cmg__connector_settings_read(&c, text, strlen(text), &err), err);
    ck_assert_uint_eq(c.first_port, 10140);
    ck_assert_uint_eq(c.https_port, 0);
    cmg__service_settings_done(&s);
    cmg__connector_settings_done(&c);
}
END_TEST

static cmg_status read_both(struct support_alloc *a, void *user)
{
    struct cmg__service_settings s;
    struct cmg__connector_settings c;

    (void)user;
    cmg__service_settings_init(&s, &a->alloc);
    cmg__connector_settings_init(&c, &a->alloc);
    cmg_status rc = cmg__service_settings_read(&s, user_data, strlen(user_data), NULL);
    if (rc == CMG_OK)
        rc = cmg__connector_settings_read(&c, connector, strlen(connector), NULL);
    cmg__service_settings_done(&s);
    cmg__connector_settings_done(&c);
    return rc;
}

START_TEST(running_out_of_memory_is_reported)
{
    support_torture(read_both, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("settings");
    TCase *reading = tcase_create("reading");

    tcase_add_test(reading, user_data_is_read_whole);
    tcase_add_test(reading, connector_settings_are_read_whole);
    tcase_add_loop_test(reading, revocation_is_asked_for_unless_somebody_turned_it_off, 0,
                        (int)CMG__ARRAY_LEN(revocation_cases));
    tcase_add_loop_test(reading, bad_user_data_is_named_by_its_path, 0,
                        (int)CMG__ARRAY_LEN(bad_user_data));
    tcase_add_loop_test(reading, bad_connector_settings_are_named_by_their_path, 0,
                        (int)CMG__ARRAY_LEN(bad_connector));
    tcase_add_test(reading, the_ports_of_channels_over_https_may_be_missing);
    tcase_add_test(reading, running_out_of_memory_is_reported);
    suite_add_tcase(suite, reading);
    return support_run((Suite *const[]){ suite, NULL });
}
