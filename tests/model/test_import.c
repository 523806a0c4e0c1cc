/* The import record: made of a gateway, read, written, used by another gateway. */
#include <cmg/import.h>

#include "model/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TENANT "11111111-2222-3333-4444-555555555555"
#define SERVER "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f"
#define CLIENT "0c0c0c0c-1111-4222-8333-444444444444"
#define URI    "api://" TENANT "/CMG-ServerApp"
#define RECORD                                                                           \
    "{\"version\":1,\"tenant_name\":\"Contoso\",\"tenant_id\":\"" TENANT                 \
    "\",\"server_app\":{\"app_name\":\"CMG-ServerApp\",\"client_id\":\"" SERVER          \
    "\",\"app_id_uri\":\"" URI "\",\"secret_key_expiry\":\"2028-11-22T00:00:00Z\"},"     \
    "\"client_app\":{\"app_name\":\"CMG-ClientApp\",\"client_id\":\"" CLIENT "\"}}"

static cmg_status read(struct place *place, const char *json, cmg_import **out,
                       cmg_error **err)
{
    return cmg_import_new_from_json(place->ctx, "import.json", json, strlen(json), out,
                                    err);
}

static void learn(cmg_gateway *g)
{
    const struct cmg__alloc *alloc = &g->head.ctx->alloc;

    ck_assert_int_eq(cmg__observe(alloc, &g->tenant->id, TENANT), CMG_OK);
    ck_assert_int_eq(cmg__observe(alloc, &g->tenant->display_name, "Contoso"), CMG_OK);
    ck_assert_int_eq(cmg__observe(alloc, &g->server_app->client_id, SERVER), CMG_OK);
    ck_assert_int_eq(cmg__observe(alloc, &g->server_app->id_uri, URI), CMG_OK);
    ck_assert_int_eq(cmg__observe(alloc, &g->client_app->client_id, CLIENT), CMG_OK);
    g->server_app->secret_expires_unix_s = 1858464000;
}

START_TEST(record_of_a_gateway_says_what_the_console_asks_for)
{
    struct place place;
    cmg_import *import = NULL, *again = NULL;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    learn(g);
    ck_ok(cmg_import_new_from_gateway(g, &import, &err), err);
    cmg_gateway_unref(g);
    ck_ok(cmg_import_to_json(import, &text, &err), err);
    ck_ok(read(&place, cmg_bytes_data(text), &again, &err), err);
    cmg_bytes_unref(text);
    for (int i = 0; i < 2; i++) {
        const cmg_import *r = i == 0 ? import : again;
        ck_assert_str_eq(cmg_import_tenant_name(r), "Contoso");
        ck_assert_str_eq(cmg_import_tenant_id(r), TENANT);
        ck_assert_str_eq(cmg_import_server_app_name(r), "CMG-ServerApp");
        ck_assert_str_eq(cmg_import_server_app_client_id(r), SERVER);
        ck_assert_str_eq(cmg_import_server_app_id_uri(r), URI);
        ck_assert_int_eq(cmg_import_secret_expires_unix_s(r), 1858464000);
        ck_assert_str_eq(cmg_import_client_app_name(r), "CMG-ClientApp");
        ck_assert_str_eq(cmg_import_client_app_client_id(r), CLIENT);
    }
    cmg_import_unref(cmg_import_ref(again));
    cmg_import_unref(again);
    cmg_import_unref(import);
    place_done(&place);
}
END_TEST

START_TEST(gateway_whose_applications_are_not_known_has_no_record)
{
    struct place place;
    cmg_import *import = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    learn(g);
    ck_assert_int_eq(cmg__observe(&place.ctx->alloc, &g->client_app->client_id, ""),
                     CMG_OK);
    ck_assert_int_eq(cmg_import_new_from_gateway(g, &import, &err), CMG_E_STATE);
    ck_assert_str_eq(cmg_error_subject(err), "client app's client ID");
    ck_assert_ptr_null(import);
    cmg_error_unref(err);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

static const struct {
    const char *from, *to; /* in RECORD */
    const char *subject;
    cmg_status code;
} refused[] = {
    { "\"version\":1", "\"version\":2", "import.json: /version", CMG_E_INVAL },
    { "\"version\":1,", "", "import.json: /version", CMG_E_INVAL },
    { TENANT "\",\"server_app", "x\",\"server_app", "import.json: /tenant_id",
      CMG_E_INVAL },
    { "\"app_id_uri\":\"api", "\"app_id_uri\":\"urn",
      "import.json: /server_app/app_id_uri", CMG_E_INVAL },
    { "2028-11-22T00:00:00Z", "never......", "import.json: /server_app/secret_key_expiry",
      CMG_E_INVAL },
    { "\"app_id_uri\"", "\"secret_key\":\"x\",\"app_id_uri\"",
      "import.json: /server_app/secret_key", CMG_E_INVAL },
    { "\"client_app\":{", "\"client_app\":[{", "import.json", CMG_E_PARSE },
};

START_TEST(record_that_is_not_right_is_refused_by_field)
{
    struct place place;
    char json[2048];
    cmg_import *import = NULL;
    cmg_error *err = NULL;
    const char *at = strstr(RECORD, refused[_i].from);

    ck_assert_ptr_nonnull(at);
    (void)snprintf(json, sizeof json, "%.*s%s%s", (int)(at - RECORD), RECORD,
                   refused[_i].to, at + strlen(refused[_i].from));
    place_init(&place);
    ck_assert_int_eq(read(&place, json, &import, &err), refused[_i].code);
    if (refused[_i].code == CMG_E_INVAL)
        ck_assert_str_eq(cmg_error_subject(err), refused[_i].subject);
    ck_assert_ptr_null(import);
    cmg_error_unref(err);
    place_done(&place);
}
END_TEST

START_TEST(gateway_uses_the_applications_of_a_record)
{
    struct place place;
    cmg_import *import = NULL;
    cmg_bytes *text = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_ok(read(&place, RECORD, &import, &err), err);
    ck_ok(cmg_gateway_set_import(g, import, &err), err);
    ck_assert_str_eq(cmg_tenant_id(cmg_gateway_tenant(g)), TENANT);
    ck_assert_str_eq(cmg_server_app_client_id(cmg_gateway_server_app(g)), SERVER);
    ck_assert_str_eq(cmg_server_app_id_uri(cmg_gateway_server_app(g)), URI);
    ck_assert_str_eq(cmg_client_app_client_id(cmg_gateway_client_app(g)), CLIENT);
    ck_assert_int_eq(cmg_server_app_secret_expires_unix_s(cmg_gateway_server_app(g)),
                     1858464000);
    ck_ok(cmg_gateway_to_json(g, &text, &err), err);
    ck_assert_ptr_nonnull(strstr(cmg_bytes_data(text), SERVER));
    cmg_bytes_unref(text);
    g->deployments_running = 1;
    ck_assert_int_eq(cmg_gateway_set_import(g, import, &err), CMG_E_STATE);
    cmg_error_unref(err);
    g->deployments_running = 0;
    cmg_import_unref(import);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

START_TEST(record_of_another_tenant_is_refused_and_changes_nothing)
{
    struct place place;
    cmg_import *import = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    cmg_gateway *g = place_gateway(&place);
    ck_assert_int_eq(cmg__observe(&place.ctx->alloc, &g->tenant->wanted_id,
                                  "22222222-2222-3333-4444-555555555555"),
                     CMG_OK);
    ck_ok(read(&place, RECORD, &import, &err), err);
    ck_assert_int_eq(cmg_gateway_set_import(g, import, &err), CMG_E_CONFLICT);
    ck_assert_str_eq(cmg_server_app_client_id(cmg_gateway_server_app(g)), "");
    cmg_error_unref(err);
    cmg_import_unref(import);
    cmg_gateway_unref(g);
    place_done(&place);
}
END_TEST

static cmg_status read_with(struct support_alloc *a, void *user)
{
    cmg_context *ctx = NULL;
    cmg_gateway *g = NULL;
    cmg_import *import = NULL;
    cmg_bytes *text = NULL;

    (void)user;
    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, NULL);
    if (rc == CMG_OK)
        rc = cmg_import_new_from_json(ctx, "import.json", RECORD, sizeof RECORD - 1,
                                      &import, NULL);
    if (rc == CMG_OK)
        rc = cmg_import_to_json(import, &text, NULL);
    if (rc == CMG_OK)
        rc = cmg_gateway_new_from_json(ctx, "contoso.json", place_spec,
                                       strlen(place_spec), &g, NULL);
    if (rc == CMG_OK)
        rc = cmg_gateway_set_import(g, import, NULL);
    cmg_bytes_unref(text);
    cmg_import_unref(import);
    cmg_gateway_unref(g);
    cmg_context_unref(ctx);
    return rc;
}

START_TEST(failed_allocation_is_reported_and_nothing_is_lost)
{
    support_torture(read_with, NULL, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("import");
    TCase *tc = tcase_create("import");

    tcase_add_test(tc, record_of_a_gateway_says_what_the_console_asks_for);
    tcase_add_test(tc, gateway_whose_applications_are_not_known_has_no_record);
    tcase_add_loop_test(tc, record_that_is_not_right_is_refused_by_field, 0,
                        CMG__ARRAY_LEN(refused));
    tcase_add_test(tc, gateway_uses_the_applications_of_a_record);
    tcase_add_test(tc, record_of_another_tenant_is_refused_and_changes_nothing);
    tcase_add_test(tc, failed_allocation_is_reported_and_nothing_is_lost);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
