/* JSON over jansson: parsing, writing, making and changing values. */
#include "base/json.h"

#include "base/secret.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

enum { DEPTH_MAX = 64 };

static json_t *j(struct cmg__json *v)
{
    return (json_t *)(void *)v;
}

/* jansson takes some read-only arguments without const. */
static json_t *jc(const struct cmg__json *v)
{
    union {
        const struct cmg__json *in;
        json_t *out;
    } cast = { .in = v };

    return cast.out;
}

static struct cmg__json *wrap(json_t *v)
{
    return (struct cmg__json *)(void *)v;
}

/* The deepest nesting of brackets outside strings; jansson's own limit is too generous.
 */
static unsigned nesting(const char *text, size_t n)
{
    unsigned depth = 0;
    unsigned deepest = 0;
    bool in_string = false;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!in_string && (c == '}' || c == ']') && depth > 0)
            depth--;
    }
    return deepest;
}

static cmg_status fail_limit(const struct cmg__alloc *alloc, const char *name,
                             cmg_error **err, const char *what, size_t limit)
{
    return cmg__fail(err, alloc, CMG_E_LIMIT, name, "check that it is the right document",
                     "%s is more than %zu %s", name, limit, what);
}

cmg_status cmg__json_parse(const struct cmg__alloc *alloc, const char *name,
                           const char *text, size_t n, struct cmg__json **out,
                           cmg_error **err)
{
    static const char bom[] = "\xef\xbb\xbf";
    json_error_t where;

    if (n >= 3 && memcmp(text, bom, 3) == 0) {
        text += 3;
        n -= 3;
    }
    if (n > CMG__JSON_MAX)
        return fail_limit(alloc, name, err, "bytes long", CMG__JSON_MAX);
    if (nesting(text, n) > DEPTH_MAX)
        return fail_limit(alloc, name, err, "levels deep", DEPTH_MAX);
    json_t *value = json_loadb(n == 0 ? "" : text, n,
                               JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &where);

    if (value != NULL) {
        *out = wrap(value);
        return CMG_OK;
    }
    if (json_error_code(&where) == json_error_out_of_memory)
        return cmg__fail_nomem(err);
    const struct cmg__error_info info = { .code = CMG_E_PARSE,
                                          .origin = CMG_ORIGIN_JSON,
                                          .origin_number = where.line,
                                          .subject = name,
                                          .remedy = "correct the document there" };

    return cmg__error_set(err, alloc, &info, "%s is not JSON at line %d, column %d: %s",
                          name, where.line, where.column,
                          json_error_code(&where) == json_error_invalid_utf8
                              ? "not UTF-8"
                              : "unexpected text");
}

struct cmg__json *cmg__json_ref(struct cmg__json *v)
{
    return wrap(json_incref(j(v)));
}

void cmg__json_unref(struct cmg__json *v)
{
    json_decref(j(v));
}

void cmg__json_clear(struct cmg__json **v)
{
    json_decref(j(*v));
    *v = NULL;
}

/* The first failure sticks: jansson ignores what it is told about an object's key. */
struct sink {
    struct cmg__buf *out;
    cmg_status rc;
};

static int sink_add(const char *data, size_t n, void *user)
{
    struct sink *sink = user;

    if (sink->rc == CMG_OK)
        sink->rc = cmg__buf_add(sink->out, data, n);
    return sink->rc == CMG_OK ? 0 : -1;
}

cmg_status cmg__json_format(const struct cmg__json *v, enum cmg__json_style style,
                            struct cmg__buf *out)
{
    static const size_t flags[] = {
        [CMG__JSON_COMPACT] = JSON_COMPACT,
        [CMG__JSON_SORTED] = JSON_COMPACT | JSON_SORT_KEYS,
        [CMG__JSON_PRETTY] = JSON_INDENT(2),
    };
    struct sink sink = { .out = out };

    int rc = json_dump_callback(jc(v), sink_add, &sink, flags[style] | JSON_ENCODE_ANY);

    if (sink.rc != CMG_OK)
        return sink.rc;
    if (rc != 0)
        return CMG_E_NOMEM;
    return style == CMG__JSON_PRETTY ? cmg__buf_add_char(out, '\n') : CMG_OK;
}

struct cmg__json *cmg__json_pack(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    json_t *value = json_vpack_ex(NULL, 0, fmt, args);
    va_end(args);
    return wrap(value);
}

struct cmg__json *cmg__json_object(void)
{
    return wrap(json_object());
}

struct cmg__json *cmg__json_array(void)
{
    return wrap(json_array());
}

struct cmg__json *cmg__json_string(const char *s)
{
    return wrap(json_string(s));
}

struct cmg__json *cmg__json_stringn(const char *s, size_t n)
{
    return wrap(json_stringn(s, n));
}

struct cmg__json *cmg__json_integer(int64_t i)
{
    return wrap(json_integer(i));
}

struct cmg__json *cmg__json_boolean(bool b)
{
    return wrap(json_boolean(b));
}

struct cmg__json *cmg__json_copy_deep(const struct cmg__json *v)
{
    return wrap(json_deep_copy(jc(v)));
}

cmg_status cmg__json_set(struct cmg__json *object, const char *key,
                         struct cmg__json *value)
{
    return json_object_set_new(j(object), key, j(value)) == 0 ? CMG_OK : CMG_E_NOMEM;
}

cmg_status cmg__json_set_str(struct cmg__json *object, const char *key, const char *value)
{
    return cmg__json_set(object, key, cmg__json_string(value));
}

cmg_status cmg__json_append(struct cmg__json *array, struct cmg__json *value)
{
    return json_array_append_new(j(array), j(value)) == 0 ? CMG_OK : CMG_E_NOMEM;
}

void cmg__json_remove(struct cmg__json *object, const char *key)
{
    (void)json_object_del(j(object), key);
}

void cmg__json_wipe(struct cmg__json *v, const char *path)
{
    json_t *text = j(cmg__json_at(v, path));

    if (json_is_string(text))
        cmg__wipe((void *)(uintptr_t)json_string_value(text), json_string_length(text));
}

void cmg__json_remove_at(struct cmg__json *array, size_t i)
{
    (void)json_array_remove(j(array), i);
}

cmg_status cmg__json_merge(struct cmg__json *object, const struct cmg__json *from)
{
    return json_object_update(j(object), jc(from)) == 0 ? CMG_OK : CMG_E_NOMEM;
}

/* -- reading that needs jansson's eyes; paths and needs are in json_path.c -- */

enum cmg__json_type cmg__json_type(const struct cmg__json *v)
{
    static const enum cmg__json_type types[] = {
        [JSON_OBJECT] = CMG__JSON_OBJECT, [JSON_ARRAY] = CMG__JSON_ARRAY,
        [JSON_STRING] = CMG__JSON_STRING, [JSON_INTEGER] = CMG__JSON_INTEGER,
        [JSON_REAL] = CMG__JSON_REAL,     [JSON_TRUE] = CMG__JSON_TRUE,
        [JSON_FALSE] = CMG__JSON_FALSE,   [JSON_NULL] = CMG__JSON_NULL,
    };

    return v == NULL ? CMG__JSON_NONE : types[json_typeof(jc(v))];
}

struct cmg__json *cmg__json_key(const struct cmg__json *v, const char *key)
{
    return wrap(json_object_get(jc(v), key));
}

struct cmg__json *cmg__json_item(const struct cmg__json *array, size_t i)
{
    return wrap(json_array_get(jc(array), i));
}

size_t cmg__json_size(const struct cmg__json *v)
{
    return json_is_object(jc(v)) ? json_object_size(jc(v)) : json_array_size(jc(v));
}

bool cmg__json_equal(const struct cmg__json *a, const struct cmg__json *b)
{
    return a == NULL || b == NULL ? a == b : json_equal(jc(a), jc(b)) == 1;
}

const char *cmg__json_str(const struct cmg__json *v, const char *path)
{
    return json_string_value(jc(cmg__json_at(v, path)));
}

size_t cmg__json_str_len(const struct cmg__json *string)
{
    return json_string_length(jc(string));
}

int64_t cmg__json_int(const struct cmg__json *v, const char *path, int64_t otherwise)
{
    const json_t *at = jc(cmg__json_at(v, path));

    return json_is_integer(at) ? json_integer_value(at) : otherwise;
}

int64_t cmg__json_whole(const struct cmg__json *v, const char *path, int64_t otherwise)
{
    const json_t *at = jc(cmg__json_at(v, path));
    const double value = json_real_value(at); /* 0 for other kinds */

    if (!json_is_real(at))
        return cmg__json_int(v, path, otherwise);
    /* Every double below 2^53 has a whole part that fits. */
    return value > -9007199254740992.0 && value < 9007199254740992.0 ? (int64_t)value
                                                                     : otherwise;
}

bool cmg__json_bool(const struct cmg__json *v, const char *path, bool otherwise)
{
    const json_t *at = jc(cmg__json_at(v, path));

    return json_is_boolean(at) ? json_is_true(at) : otherwise;
}

bool cmg__json_next(const struct cmg__json *object, void **iter, const char **key,
                    struct cmg__json **value)
{
    json_t *o = jc(object);

    *iter = *iter == NULL ? json_object_iter(o) : json_object_iter_next(o, *iter);
    if (*iter == NULL)
        return false;
    *key = json_object_iter_key(*iter);
    *value = wrap(json_object_iter_value(*iter));
    return true;
}

#define EXPORT_MAX ((size_t)1024 * 1024)

cmg_status cmg__json_export(const struct cmg__alloc *alloc, struct cmg__json *doc,
                            cmg_bytes **out_bytes, cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = CMG_E_NOMEM;

    if (out_bytes == NULL) {
        cmg__json_unref(doc);
        return cmg__fail(err, alloc, CMG_E_INVAL, "out_bytes", NULL,
                         "there is no room for the answer");
    }
    cmg__buf_init(&text, alloc, EXPORT_MAX);
    if (doc != NULL)
        rc = cmg__json_format(doc, CMG__JSON_SORTED, &text);
    if (rc == CMG_OK)
        rc = cmg__bytes_new(alloc, text.data, text.len, out_bytes);
    cmg__buf_done(&text);
    cmg__json_unref(doc);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}
