/*
 * The fields of a JSON document as a table: where each stands, what it must be, where its
 * value goes, and the words for the message when it is not so. One engine reads a
 * document by such a table, refuses everything the table does not know, and writes the
 * document again from the values.
 */
#ifndef CMG_MODEL_FIELD_H
#define CMG_MODEL_FIELD_H

#include "base/json.h"

enum cmg__field_kind {
    CMG__FIELD_GROUP,  /* an object whose members are fields of the table */
    CMG__FIELD_TEXT,   /* char *, from the allocator */
    CMG__FIELD_NUMBER, /* uint32_t */
    CMG__FIELD_FLAG,   /* bool */
    CMG__FIELD_LIST,   /* an array, read by whoever owns the table */
    CMG__FIELD_OBJECT  /* an object of any members, read by whoever owns the table */
};

/* Read and checked, but kept nowhere. */
#define CMG__FIELD_NOWHERE SIZE_MAX
#define CMG__FIELD_OWNERS  4

struct cmg__field {
    const char *path;  /* "/gateway/name", relative to the table's object */
    const char *label; /* "gateway name" */
    enum cmg__field_kind kind;
    bool required;
    bool fold;      /* lower case before it is checked and kept */
    unsigned owner; /* which of the targets holds the value */
    size_t offset;  /* of the value in it */
    int64_t min;    /* NUMBER: the value; TEXT: bytes; LIST, OBJECT: items */
    int64_t max;
    bool (*check)(const char *text);                         /* NULL: any text */
    void (*guess)(const char *text, char *out, size_t size); /* what was meant, or NULL */
    const char *cause;   /* why not everything goes, or NULL */
    const char *allowed; /* "3 to 24 letters and digits, a letter first" */
    const char *example; /* as it stands in JSON: "\"granitefalls\"", "2" */
};

struct cmg__fields {
    const struct cmg__alloc *alloc;
    const struct cmg__field *rows;
    size_t count;
    const char *document; /* "contoso.json" */
    const char *prefix;   /* path of the table's object: "" or "/roles/0" */
    void *targets[CMG__FIELD_OWNERS];
};

/* Reads object by the table; optional fields that are absent leave their target alone. */
cmg_status cmg__fields_read(const struct cmg__fields *fields,
                            const struct cmg__json *object, cmg_error **err);
/* Puts every group and kept value into object; texts that are "" are left out. */
CMG__NODISCARD cmg_status cmg__fields_write(const struct cmg__fields *fields,
                                            struct cmg__json *object);
/* The refusal of what stands at a field, for checks that need more than one of them;
   cause NULL: the
   table's; found NULL: it is missing. */
cmg_status cmg__field_refuse(const struct cmg__fields *fields,
                             const struct cmg__field *field,
                             const struct cmg__json *found, const char *cause,
                             cmg_error **err);

#endif
