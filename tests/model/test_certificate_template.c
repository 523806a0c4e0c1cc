/* Certificate templates: the built-in ones, JSON in and out, what is refused and where.
 */
#include "base/json.h"
#include "model/certificate_template.h"
#include "support/support.h"

#include <stdlib.h>
#include <string.h>

struct place {
    struct support_alloc a;
    cmg_context *ctx;
};

static void place_init(struct place *place)
{
    cmg_error *err = NULL;

    support_alloc_init(&place->a);
    ck_ok(cmg_context_new(&place->a.alloc.table, &place->ctx, &err), err);
}

static void place_done(struct place *place)
{
    cmg_context_unref(place->ctx);
    ck_assert_uint_eq(place->a.live, 0);
}

static cmg_template *read_json(struct place *place, const char *json)
{
    cmg_template *t = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_template_new_from_json(place->ctx, "t.json", json, strlen(json), &t, &err),
          err);
    return t;
}

/* The caller frees. */
static char *write_json(const cmg_template *t)
{
    cmg_bytes *json = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_template_to_json(t, &json, &err), err);
    char *text = strndup(cmg_bytes_data(json), cmg_bytes_size(json));
    cmg_bytes_unref(json);
    return text;
}

static const char *const names[] = { "web_server", "client_authentication", "connector",
                                     "sub_ca", "root" };

START_TEST(a_built_in_template_survives_its_json)
{
    struct place place;
    cmg_template *t = NULL;
    cmg_error *err = NULL;

    place_init(&place);
    ck_ok(cmg_template_new_builtin(place.ctx, names[_i], &t, &err), err);
    ck_assert_str_eq(cmg_template_name(t), names[_i]);
    char *json = write_json(t);
    cmg_template *again = read_json(&place, json);
    char *second = write_json(again);
    ck_assert_str_eq(json, second);
    ck_assert_mem_eq(&t->data, &again->data, sizeof t->data);
    free(json);
    free(second);
    cmg_template_unref(t);
    cmg_template_unref(again);
    place_done(&place);
}
END_TEST

static const char full[] =
    "{\"version\":1,\"name\":\"CMG Web Server\",\"enrolment_name\":\"CMGWebServer\","
    "\"key\":{\"rsa_bits_min\":3072,\"exportable\":true},"
    "\"key_usage\":[\"digital_signature\",\"key_encipherment\"],"
    "\"extended_key_usage\":[\"serverAuth\",\"1.3.6.1.4.1.99999.1\"],"
    "\"validity\":{\"days\":398,\"days_max\":400},"
    "\"subject\":{\"source\":\"common_name\",\"common_name_required\":true},"
    "\"alternative_names\":{\"kinds\":[\"dns\",\"uri\"],\"wildcard\":true,"
    "\"repeat_common_name\":true},"
    "\"hash\":\"sha512\"}";

START_TEST(a_template_tells_what_it_says)
{
    struct place place;

    place_init(&place);
    cmg_template *t = read_json(&place, full);
    ck_assert_str_eq(cmg_template_name(t), "CMG Web Server");
    ck_assert_str_eq(cmg_template_enrolment_name(t), "CMGWebServer");
    ck_assert_str_eq(cmg_template_hash(t), "sha512");
    ck_assert_uint_eq(cmg_template_days(t), 398);
    ck_assert_uint_eq(cmg_template_days_max(t), 400);
    ck_assert_uint_eq(cmg_template_rsa_bits_min(t), 3072);
    ck_assert_uint_eq(cmg_template_ec_bits_min(t), 0);
    ck_assert(!cmg_template_is_authority(t) && cmg_template_is_exportable(t));
    ck_assert_uint_eq(cmg_template_eku_count(t), 2);
    ck_assert_str_eq(cmg_template_eku(t, 0), "serverAuth");
    ck_assert_str_eq(cmg_template_eku(t, 1), "1.3.6.1.4.1.99999.1");
    ck_assert_str_eq(cmg_template_eku(t, 2), "");
    ck_assert(t->data.common_name_only && t->data.wildcard);
    ck_assert_uint_eq(t->data.name_kinds, CMG__NAME_DNS | CMG__NAME_URI);
    cmg_template *same = cmg_template_ref(t);
    cmg_template_unref(t);
    ck_assert_str_eq(cmg_template_name(same), "CMG Web Server");
    cmg_template_unref(same);
    place_done(&place);
}
END_TEST

START_TEST(getters_of_nothing_give_nothing)
{
    ck_assert_str_eq(cmg_template_name(NULL), "");
    ck_assert_str_eq(cmg_template_enrolment_name(NULL), "");
    ck_assert_str_eq(cmg_template_hash(NULL), "");
    ck_assert_str_eq(cmg_template_eku(NULL, 0), "");
    ck_assert_uint_eq(cmg_template_eku_count(NULL), 0);
    ck_assert_uint_eq(cmg_template_days(NULL), 0);
    ck_assert_uint_eq(cmg_template_days_max(NULL), 0);
    ck_assert_uint_eq(cmg_template_rsa_bits_min(NULL), 0);
    ck_assert_uint_eq(cmg_template_ec_bits_min(NULL), 0);
    ck_assert(!cmg_template_is_authority(NULL) && !cmg_template_is_exportable(NULL));
    ck_assert_ptr_null(cmg_template_ref(NULL));
    cmg_template_unref(NULL);
}
END_TEST

/* The template above with the value at path replaced; NULL takes it out. */
static char *vary(const char *path, const char *json)
{
    const char *name = strrchr(path, '/') + 1;
    char *parent = strndup(path, (size_t)(name - 1 - path));
    struct cmg__json *doc = NULL;
    struct cmg__json *value = NULL;
    struct cmg__buf text;
    cmg_error *err = NULL;

    ck_ok(cmg__json_parse(&cmg__alloc_libc, "t", full, strlen(full), &doc, &err), err);
    struct cmg__json *at = cmg__json_at(doc, parent);
    ck_assert_ptr_nonnull(at);
    if (json == NULL) {
        cmg__json_remove(at, name);
    } else {
        ck_ok(cmg__json_parse(&cmg__alloc_libc, json, json, strlen(json), &value, &err),
              err);
        ck_assert_int_eq(cmg__json_set(at, name, value), CMG_OK);
    }
    cmg__buf_init(&text, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__json_format(doc, CMG__JSON_COMPACT, &text), CMG_OK);
    cmg__json_unref(doc);
    free(parent);
    return cmg__buf_steal(&text);
}

static const struct refusal {
    const char *path;
    const char *json;
    const char *subject; /* after "t.json: " */
} refusals[] = {
    { "/version", NULL, "/version" },
    { "/version", "2", "/version" },
    { "/name", NULL, "/name" },
    { "/name", "\"\"", "/name" },
    { "/name", "\"m\xc3\xbcller\"", "/name" },
    { "/name", "7", "/name" },
    { "/enrolment_name", "\" blank\"", "/enrolment_name" },
    { "/colour", "1", "/colour" },
    { "/authority", "1", "/authority" },
    { "/authority", "true", "/key_usage" },
    { "/path_length", "0", "/path_length" },
    { "/path_length", "9", "/path_length" },
    { "/key", NULL, "/key" },
    { "/key", "{}", "/key" },
    { "/key/rsa_bits_min", "1024", "/key/rsa_bits_min" },
    { "/key/ec_bits_min", "521", "/key/ec_bits_min" },
    { "/key/exportable", "\"yes\"", "/key/exportable" },
    { "/key/strength", "1", "/key/strength" },
    { "/key_usage", "{}", "/key_usage" },
    { "/key_usage", "[\"key_cert_sign\"]", "/key_usage" },
    { "/key_usage", "[\"crl_sign\",\"crl_sign\"]", "/key_usage/1" },
    { "/key_usage", "[\"everything\"]", "/key_usage/0" },
    { "/extended_key_usage", "[\"serverAuth\",\"1.3.6.1.5.5.7.3.1\"]",
      "/extended_key_usage/1" },
    { "/extended_key_usage", "[\"3.1\"]", "/extended_key_usage/0" },
    { "/extended_key_usage", "[\"1.40\"]", "/extended_key_usage/0" },
    { "/extended_key_usage", "[\"1.02\"]", "/extended_key_usage/0" },
    { "/extended_key_usage", "[\"1.2.\"]", "/extended_key_usage/0" },
    { "/extended_key_usage", "[\"1.2.99999999999\"]", "/extended_key_usage/0" },
    { "/extended_key_usage", "[\"1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17\"]",
      "/extended_key_usage/0" },
    { "/extended_key_usage", "[1]", "/extended_key_usage/0" },
    { "/validity", NULL, "/validity" },
    { "/validity/days", "0", "/validity/days" },
    { "/validity/days", "401", "/validity/days_max" },
    { "/validity/days_max", "9126", "/validity/days_max" },
    { "/subject/source", "\"directory\"", "/subject/source" },
    { "/alternative_names/kinds", "[\"email\"]", "/alternative_names/kinds/0" },
    { "/alternative_names/kinds", "[\"uri\"]", "/alternative_names/repeat_common_name" },
    { "/hash", "\"sha1\"", "/hash" },
};

START_TEST(a_wrong_member_is_refused_by_its_place)
{
    const struct refusal *c = &refusals[_i];
    struct place place;
    cmg_template *t = NULL;
    cmg_error *err = NULL;
    char subject[128] = "t.json: ";

    place_init(&place);
    char *json = vary(c->path, c->json);
    ck_assert_int_eq(
        cmg_template_new_from_json(place.ctx, "t.json", json, strlen(json), &t, &err),
        CMG_E_INVAL);
    ck_assert_ptr_null(t);
    strncat(subject, c->subject, sizeof subject - strlen(subject) - 1);
    ck_assert_str_eq(cmg_error_subject(err), subject);
    ck_assert_str_ne(cmg_error_remedy(err), "");
    cmg_error_unref(err);
    free(json);
    place_done(&place);
}
END_TEST

static const struct wrong_call {
    const char *json;
    size_t size;
    cmg_status status;
} wrong_calls[] = {
    { NULL, 0, CMG_E_INVAL },
    { "", 0, CMG_E_PARSE },
    { "[]", 2, CMG_E_INVAL },
    { "{", 1, CMG_E_PARSE },
    { "{\"version\":1,\"version\":1}", 25, CMG_E_PARSE },
    { "", 64 * 1024 + 1, CMG_E_LIMIT },
};

START_TEST(what_is_no_template_is_refused)
{
    const struct wrong_call *c = &wrong_calls[_i];
    struct place place;
    cmg_template *t = NULL;

    place_init(&place);
    ck_assert_int_eq(
        cmg_template_new_from_json(place.ctx, NULL, c->json, c->size, &t, NULL),
        c->status);
    ck_assert_int_eq(cmg_template_new_builtin(place.ctx, "web server", &t, NULL),
                     CMG_E_NOTFOUND);
    ck_assert_int_eq(cmg_template_new_builtin(place.ctx, NULL, &t, NULL), CMG_E_NOTFOUND);
    ck_assert_ptr_null(t);
    place_done(&place);
}
END_TEST

static cmg_status live_once(struct support_alloc *a, void *user)
{
    cmg_context *ctx = user;
    const struct cmg__alloc before = ctx->alloc;
    cmg_template *t = NULL;
    cmg_bytes *json = NULL;

    ctx->alloc = a->alloc;
    cmg_status rc =
        cmg_template_new_from_json(ctx, "t.json", full, strlen(full), &t, NULL);
    if (rc == CMG_OK)
        rc = cmg_template_to_json(t, &json, NULL);
    cmg_bytes_unref(json);
    cmg_template_unref(t);
    ctx->alloc = before;
    return rc;
}

START_TEST(templates_survive_every_failed_allocation)
{
    struct place place;

    place_init(&place);
    support_torture(live_once, place.ctx, 1);
    place_done(&place);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("certificate_template");
    TCase *form = tcase_create("form");
    TCase *bad = tcase_create("refused");

    tcase_add_loop_test(form, a_built_in_template_survives_its_json, 0,
                        (int)CMG__ARRAY_LEN(names));
    tcase_add_test(form, a_template_tells_what_it_says);
    tcase_add_test(form, getters_of_nothing_give_nothing);
    tcase_add_loop_test(bad, a_wrong_member_is_refused_by_its_place, 0,
                        (int)CMG__ARRAY_LEN(refusals));
    tcase_add_loop_test(bad, what_is_no_template_is_refused, 0,
                        (int)CMG__ARRAY_LEN(wrong_calls));
    tcase_add_test(bad, templates_survive_every_failed_allocation);
    suite_add_tcase(suite, form);
    suite_add_tcase(suite, bad);
    return support_run((Suite *const[]){ suite, NULL });
}
