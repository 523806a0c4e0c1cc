/* JSON paths, and getters whose errors name the path, what stood there, what is allowed.
 */
#include <string.h>

#include "base/json.h"
#include "base/str.h"

static struct cmg__json *child(const struct cmg__json *v, const char *name, size_t n)
{
    char key[128];
    uint64_t index = 0;

    if (cmg__json_type(v) == CMG__JSON_ARRAY)
        return cmg__parse_u64(name, n, &index) ? cmg__json_item(v, (size_t)index) : NULL;
    if (cmg__json_type(v) != CMG__JSON_OBJECT || n >= sizeof key)
        return NULL;
    memcpy(key, name, n);
    key[n] = '\0';
    return cmg__json_key(v, key);
}

struct cmg__json *cmg__json_at(const struct cmg__json *v, const char *path)
{
    union {
        const struct cmg__json *in;
        struct cmg__json *out;
    } at = { .in = v };

    while (at.in != NULL && *path == '/') {
        size_t n = strcspn(++path, "/");

        at.out = child(at.in, path, n);
        path += n;
    }
    return at.out;
}

const char *cmg__json_type_name(const struct cmg__json *v)
{
    static const char *const names[] = {
        [CMG__JSON_NONE] = "nothing",       [CMG__JSON_NULL] = "null",
        [CMG__JSON_OBJECT] = "an object",   [CMG__JSON_ARRAY] = "an array",
        [CMG__JSON_STRING] = "a string",    [CMG__JSON_INTEGER] = "an integer",
        [CMG__JSON_REAL] = "a real number", [CMG__JSON_TRUE] = "true",
        [CMG__JSON_FALSE] = "false",
    };

    return names[cmg__json_type(v)];
}

/* Keeps n bytes at most, and ends before a character that would be cut. */
static void cut(struct cmg__buf *text, size_t n)
{
    if (text->len <= n)
        return;
    while (n > 0 && ((unsigned char)text->data[n] & 0xc0) == 0x80)
        n--;
    text->len = n;
    text->data[n] = '\0';
}

cmg_status cmg__json_describe(const struct cmg__json *v, struct cmg__buf *out)
{
    enum { SHOWN = 60 };
    enum cmg__json_type type = cmg__json_type(v);
    struct cmg__buf text;

    if (type == CMG__JSON_NONE || type == CMG__JSON_OBJECT || type == CMG__JSON_ARRAY)
        return cmg__buf_add_str(out, cmg__json_type_name(v));
    cmg__buf_init(&text, out->alloc, CMG__JSON_MAX);
    cmg_status rc = cmg__json_format(v, CMG__JSON_COMPACT, &text);

    if (rc == CMG_OK) {
        bool longer = text.len > SHOWN;

        cut(&text, SHOWN);
        rc = cmg__buf_addf(out, "%s%s", cmg__buf_cstr(&text), longer ? "..." : "");
    }
    cmg__buf_done(&text);
    return rc;
}

static cmg_status fail_at(const struct cmg__alloc *alloc, const char *name,
                          const char *path, const struct cmg__json *found,
                          const char *allowed, cmg_error **err)
{
    struct cmg__buf text;
    char *subject = cmg__format(alloc, "%s: %s", name, path);
    char *remedy = cmg__format(alloc, "write %s there", allowed);

    cmg__buf_init(&text, alloc, 256);
    cmg_status rc = cmg__json_describe(found, &text);

    if (rc == CMG_OK && subject != NULL && remedy != NULL)
        rc = cmg__fail(err, alloc, CMG_E_INVAL, subject, remedy,
                       "%s is %s, %s is allowed (%s)", path, cmg__buf_cstr(&text),
                       allowed, name);
    else
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&text);
    cmg__free(alloc, remedy);
    cmg__free(alloc, subject);
    return rc;
}

cmg_status cmg__json_need_str(const struct cmg__alloc *alloc, const char *name,
                              const struct cmg__json *v, const char *path,
                              const char **out, cmg_error **err)
{
    const char *text = cmg__json_str(v, path);

    if (text == NULL)
        return fail_at(alloc, name, path, cmg__json_at(v, path), "a string", err);
    *out = text;
    return CMG_OK;
}

cmg_status cmg__json_need_int(const struct cmg__alloc *alloc, const char *name,
                              const struct cmg__json *v, const char *path, int64_t min,
                              int64_t max, int64_t *out, cmg_error **err)
{
    const struct cmg__json *at = cmg__json_at(v, path);
    int64_t value = cmg__json_int(v, path, 0);

    if (cmg__json_type(at) == CMG__JSON_INTEGER && value >= min && value <= max) {
        *out = value;
        return CMG_OK;
    }
    char *allowed = cmg__format(alloc, "an integer from %lld to %lld", (long long)min,
                                (long long)max);

    if (allowed == NULL)
        return cmg__fail_nomem(err);
    cmg_status rc = fail_at(alloc, name, path, at, allowed, err);

    cmg__free(alloc, allowed);
    return rc;
}
