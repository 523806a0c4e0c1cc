/*
 * The user data of a scale set beside that of the specification. Resource Manager's
 * what-if never tells it, so this is how a plan knows of changed settings. Objects are
 * walked, everything else is compared as a whole.
 */
#include "model/told.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"

#define TEXT_MAX  ((size_t)1024 * 1024)
#define MAX_DEPTH 4

struct comparison {
    const struct cmg__alloc *alloc;
    struct cmg__differences *list;
    char path[128];
    unsigned depth;
};

/* IDs in them are known only when the applications are there, whose own lines tell it. */
static bool is_skipped(const char *path)
{
    return strcmp(path, "/tokens") == 0 || strcmp(path, "/deployment_id") == 0;
}

static char *described(const struct comparison *c, const struct cmg__json *value)
{
    struct cmg__buf text;
    char *out = NULL;

    if (value == NULL)
        return cmg__strdup(c->alloc, "absent");
    cmg__buf_init(&text, c->alloc, TEXT_MAX);
    if (cmg__json_describe(value, &text) == CMG_OK)
        out = cmg__strdup(c->alloc, cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return out;
}

static cmg_status note(const struct comparison *c, const struct cmg__json *is,
                       const struct cmg__json *wanted)
{
    const struct cmg__difference one = {
        .part = CMG_APP_INSTANCE,
        .severity = CMG_SEVERITY_WARNING,
        .correctable = CMG_CORRECTABLE_YES,
        .own_path = cmg__strdup(c->alloc, c->path),
        .fix = "tell the instances",
        .found = described(c, is),
        .should_be = described(c, wanted),
    };

    return cmg__differences_add(c->alloc, c->list, &one);
}

static cmg_status compare(struct comparison *c, const struct cmg__json *is,
                          const struct cmg__json *wanted)
{
    const size_t length = strlen(c->path);
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    cmg_status rc = CMG_OK;

    if (is_skipped(c->path) || cmg__json_equal(is, wanted))
        return CMG_OK;
    if (cmg__json_type(wanted) != CMG__JSON_OBJECT || c->depth == MAX_DEPTH)
        return note(c, is, wanted);
    c->depth++;
    while (rc == CMG_OK && cmg__json_next(wanted, &iter, &key, &value)) {
        (void)snprintf(c->path + length, sizeof c->path - length, "/%s", key);
        rc = compare(c, cmg__json_key(is, key), value);
        c->path[length] = '\0';
    }
    c->depth--;
    return rc;
}

static cmg_status read_told(const struct cmg__alloc *alloc,
                            const struct cmg__json *scale_set, struct cmg__json **out)
{
    static const char path[] = "/properties/virtualMachineProfile/userData";
    const char *text = cmg__str_or(cmg__json_str(scale_set, path), "");
    struct cmg__buf plain;

    cmg__buf_init(&plain, alloc, TEXT_MAX);
    cmg_status rc = cmg__base64_decode(&plain, text, strlen(text));
    if (rc == CMG_OK && plain.len > 0)
        rc = cmg__json_parse(alloc, "user data", plain.data, plain.len, out, NULL);
    cmg__buf_done(&plain);
    return rc == CMG_E_NOMEM ? rc : CMG_OK; /* what nobody can read was not told */
}

cmg_status cmg__told_compare(const struct cmg__alloc *alloc,
                             const struct cmg__json *scale_set, const char *wanted,
                             struct cmg__differences *list)
{
    struct comparison c = { .alloc = alloc, .list = list };
    struct cmg__json *is = NULL;
    struct cmg__json *should = NULL;
    cmg_status rc =
        cmg__json_parse(alloc, "user data", wanted, strlen(wanted), &should, NULL);

    if (rc == CMG_OK)
        rc = read_told(alloc, scale_set, &is);
    if (rc == CMG_OK)
        rc = compare(&c, is, should);
    cmg__json_unref(is);
    cmg__json_unref(should);
    return rc;
}
