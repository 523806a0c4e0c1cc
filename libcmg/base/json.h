/*
 * JSON values over jansson, the only file that sees it. Values are counted. Getters take
 * a path such as "/gateway/region" or "/value/0/id" (RFC 6901 without escapes) relative
 * to the value given. "need" getters fail with an error whose subject is the path and
 * whose text tells what stood there and what is allowed; "get" getters return a default.
 * jansson allocates with malloc: its process-wide hook is not ours to set.
 */
#ifndef CMG_BASE_JSON_H
#define CMG_BASE_JSON_H

#include "base/buf.h"
#include "base/error.h"

struct cmg__json; /* opaque: a json_t */

enum cmg__json_type {
    CMG__JSON_NONE, /* NULL or absent */
    CMG__JSON_NULL,
    CMG__JSON_OBJECT,
    CMG__JSON_ARRAY,
    CMG__JSON_STRING,
    CMG__JSON_INTEGER,
    CMG__JSON_REAL,
    CMG__JSON_TRUE,
    CMG__JSON_FALSE
};

/* Parsing refuses duplicate keys, trailing bytes, depth above 64 and more than max bytes.
   name is used in errors ("contoso.json"). A UTF-8 byte order mark is skipped. */
#define CMG__JSON_MAX ((size_t)32 * 1024 * 1024)
cmg_status cmg__json_parse(const struct cmg__alloc *alloc, const char *name,
                           const char *text, size_t n, struct cmg__json **out,
                           cmg_error **err);
struct cmg__json *cmg__json_ref(struct cmg__json *v);
void cmg__json_unref(struct cmg__json *v);
/* unref of *v and set to NULL */
void cmg__json_clear(struct cmg__json **v);

enum cmg__json_style {
    CMG__JSON_COMPACT = 0,
    CMG__JSON_SORTED = 1, /* deterministic: keys sorted, compact */
    CMG__JSON_PRETTY = 2  /* two blanks, insertion order, newline at the end */
};
CMG__NODISCARD cmg_status cmg__json_format(const struct cmg__json *v,
                                           enum cmg__json_style style,
                                           struct cmg__buf *out);

/* Making. Each returns a new value or NULL when memory ran out. json_pack language:
   {s:s, s:i, s:I, s:b, s:o, s:O, s:n, s:s?, ...}; 'o' takes the reference over, 'O' adds
   one. */
struct cmg__json *cmg__json_pack(const char *fmt, ...);
struct cmg__json *cmg__json_object(void);
struct cmg__json *cmg__json_array(void);
struct cmg__json *cmg__json_string(const char *s);
struct cmg__json *cmg__json_stringn(const char *s, size_t n);
struct cmg__json *cmg__json_integer(int64_t i);
struct cmg__json *cmg__json_boolean(bool b);
struct cmg__json *cmg__json_copy_deep(const struct cmg__json *v);

/* Changing. The new value's reference is taken over, also on failure; NULL value fails.
 */
CMG__NODISCARD cmg_status cmg__json_set(struct cmg__json *object, const char *key,
                                        struct cmg__json *value);
CMG__NODISCARD cmg_status cmg__json_set_str(struct cmg__json *object, const char *key,
                                            const char *value);
CMG__NODISCARD cmg_status cmg__json_append(struct cmg__json *array,
                                           struct cmg__json *value);
void cmg__json_remove(struct cmg__json *object, const char *key);
/* Overwrites a text that is a secret, where it stands; its length stays. */
void cmg__json_wipe(struct cmg__json *v, const char *path);
void cmg__json_remove_at(struct cmg__json *array, size_t i);
/* Copies every member of from into object (replacing). */
CMG__NODISCARD cmg_status cmg__json_merge(struct cmg__json *object,
                                          const struct cmg__json *from);

/* Reading. Results are borrowed. All accept v == NULL. */
enum cmg__json_type cmg__json_type(const struct cmg__json *v);
const char *cmg__json_type_name(const struct cmg__json *v);
struct cmg__json *cmg__json_at(const struct cmg__json *v, const char *path); /* or NULL */
struct cmg__json *cmg__json_key(const struct cmg__json *v, const char *key); /* or NULL */
struct cmg__json *cmg__json_item(const struct cmg__json *array, size_t i);
size_t cmg__json_size(const struct cmg__json *v); /* members or items; 0 otherwise */
bool cmg__json_equal(const struct cmg__json *a, const struct cmg__json *b);
const char *cmg__json_str(const struct cmg__json *v, const char *path); /* or NULL */
size_t cmg__json_str_len(const struct cmg__json *string);
int64_t cmg__json_int(const struct cmg__json *v, const char *path, int64_t otherwise);
/* The same, and of a number with a fraction its whole part: times of RFC 7519. */
int64_t cmg__json_whole(const struct cmg__json *v, const char *path, int64_t otherwise);
bool cmg__json_bool(const struct cmg__json *v, const char *path, bool otherwise);

/* Walking an object: *iter starts NULL; false at the end. */
bool cmg__json_next(const struct cmg__json *object, void **iter, const char **key,
                    struct cmg__json **value);

/* name is the document's name for the message; errors are CMG_E_INVAL. */
cmg_status cmg__json_need_str(const struct cmg__alloc *alloc, const char *name,
                              const struct cmg__json *v, const char *path,
                              const char **out, cmg_error **err);
cmg_status cmg__json_need_int(const struct cmg__alloc *alloc, const char *name,
                              const struct cmg__json *v, const char *path, int64_t min,
                              int64_t max, int64_t *out, cmg_error **err);
/* A document for the host, keys sorted; doc is taken over, NULL: memory ran out making
   it. CMG_E_INVAL without out_bytes. */
cmg_status cmg__json_export(const struct cmg__alloc *alloc, struct cmg__json *doc,
                            cmg_bytes **out_bytes, cmg_error **err);
/* What stood at a place, shortened to 60 characters, for messages: 17, "abc", nothing. */
CMG__NODISCARD cmg_status cmg__json_describe(const struct cmg__json *v,
                                             struct cmg__buf *out);

#endif
