/* A context with a counting allocator, and variations of one specification. */
#include "model/place.h"

#include <stdlib.h>
#include <string.h>

const char place_spec[] =
    "{\"version\":1,"
    "\"tenant\":{\"domain\":\"contoso.onmicrosoft.com\","
    "\"subscription_id\":\"7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f\"},"
    "\"site\":{\"code\":\"PS1\"},"
    "\"server_app\":{\"name\":\"CMG-ServerApp\",\"secret_years\":1},"
    "\"client_app\":{\"name\":\"CMG-ClientApp\"},"
    "\"gateway\":{\"name\":\"granitefalls\",\"service_name\":\"granitefalls.contoso."
    "com\","
    "\"region\":\"westeurope\",\"resource_group\":\"rg-1\",\"vm_size\":\"Standard_B2s\","
    "\"instances\":2},"
    "\"roles\":[{\"id\":\"72057594037937981\",\"type\":\"management_point\","
    "\"url\":\"https://mp.corp.contoso.com\"}]}";

void place_init(struct place *place)
{
    cmg_error *err = NULL;

    support_alloc_init(&place->a);
    ck_ok(cmg_context_new(&place->a.alloc.table, &place->ctx, &err), err);
}

void place_done(struct place *place)
{
    cmg_context_unref(place->ctx);
    ck_assert_uint_eq(place->a.live, 0);
}

char *place_vary(const char *path, const char *json)
{
    const char *name = strrchr(path, '/') + 1;
    struct cmg__json *doc = NULL;
    struct cmg__buf text;
    cmg_error *err = NULL;

    ck_ok(cmg__json_parse(&cmg__alloc_libc, "spec", place_spec, strlen(place_spec), &doc,
                          &err),
          err);
    char *parent = strndup(path, (size_t)(name - 1 - path));
    struct cmg__json *at = cmg__json_at(doc, parent);
    ck_assert_ptr_nonnull(at);
    if (json == NULL) {
        cmg__json_remove(at, name);
    } else {
        struct cmg__json *value = NULL;
        ck_ok(cmg__json_parse(&cmg__alloc_libc, json, json, strlen(json), &value, &err),
              err);
        ck_assert_int_eq(cmg__json_set(at, name, value), CMG_OK);
    }
    cmg__buf_init(&text, &cmg__alloc_libc, CMG__JSON_MAX);
    ck_assert_int_eq(cmg__json_format(doc, CMG__JSON_COMPACT, &text), CMG_OK);
    char *copy = strdup(cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    cmg__json_unref(doc);
    free(parent);
    return copy;
}

cmg_status place_read(struct place *place, const char *json, cmg_gateway **out,
                      cmg_error **err)
{
    return cmg_gateway_new_from_json(place->ctx, "contoso.json", json, strlen(json), out,
                                     err);
}

cmg_gateway *place_gateway(struct place *place)
{
    cmg_gateway *gateway = NULL;
    cmg_error *err = NULL;

    ck_ok(place_read(place, place_spec, &gateway, &err), err);
    return gateway;
}

cmg_status place_read_and_write(struct support_alloc *a, void *user)
{
    cmg_context *ctx = NULL;
    cmg_gateway *g = NULL;
    cmg_bytes *bytes = NULL;
    cmg_error *err = NULL;
    const char *json = user;

    cmg_status rc = cmg_context_new(&a->alloc.table, &ctx, &err);
    if (rc == CMG_OK)
        rc = cmg_gateway_new_from_json(ctx, "x", json, strlen(json), &g, &err);
    if (rc == CMG_OK)
        rc = cmg_gateway_to_json(g, &bytes, &err);
    cmg_bytes_unref(bytes);
    cmg_gateway_unref(g);
    cmg_context_unref(ctx);
    cmg_error_unref(err);
    return rc == CMG_E_INVAL ? CMG_OK : rc;
}
