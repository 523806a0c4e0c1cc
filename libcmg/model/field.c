/*
 * The engine behind the field tables. Order of complaints: a group before its members, an
 * unknown member of an object before a wrong one, then the table's order. A message names
 * what stood there and the document with the path; the remedy says what is allowed with
 * an example, made from what stood there where a guess is possible.
 */
#include "model/field.h"

#include <string.h>
#include "base/str.h"

#define DESCRIPTION_MAX 512 /* of what stood there */
#define NAME_SHOWN      80  /* of an unknown field */

/* Path within the document: what errors call the subject. */
static char *subject_of(const struct cmg__fields *fields, const char *path)
{
    return cmg__format(fields->alloc, "%s: %s%s", fields->document, fields->prefix, path);
}

/* "use <allowed>, for example <example>" */
static char *remedy_of(const struct cmg__fields *fields, const struct cmg__field *field,
                       const struct cmg__json *found, const char *verb)
{
    const char *text = cmg__json_str(found, "");
    char guess[64] = "";

    if (text != NULL && field->guess != NULL)
        field->guess(text, guess, sizeof guess);
    if (guess[0] != '\0' && (field->check == NULL || field->check(guess)))
        return cmg__format(fields->alloc, "%s %s, for example \"%s\"", verb,
                           field->allowed, guess);
    return cmg__format(fields->alloc, "%s %s, for example %s", verb, field->allowed,
                       field->example);
}

struct complaint {
    const struct cmg__fields *fields;
    const char *path;
    const char *cause;
    char *remedy; /* given to complain(); NULL: memory ran out */
};

static cmg_status complain(const struct complaint *c, cmg_error **err, const char *what,
                           const char *found, const char *verdict)
{
    const struct cmg__alloc *alloc = c->fields->alloc;
    char *subject = subject_of(c->fields, c->path);
    cmg_status rc = CMG_E_NOMEM;

    if (subject != NULL && c->remedy != NULL) {
        const struct cmg__error_info info = {
            .code = CMG_E_INVAL,
            .origin = CMG_ORIGIN_JSON,
            .subject = subject,
            .cause = c->cause,
            .remedy = c->remedy,
        };
        rc = cmg__error_set(err, alloc, &info, "%s%s%s %s (%s)", what,
                            found[0] == '\0' ? "" : " ", found, verdict, subject);
    } else {
        rc = cmg__fail_nomem(err);
    }
    cmg__free(alloc, subject);
    cmg__free(alloc, c->remedy);
    return rc;
}

static cmg_status refuse_missing(const struct cmg__fields *fields,
                                 const struct cmg__field *field, cmg_error **err)
{
    const struct complaint c = {
        .fields = fields,
        .path = field->path,
        .remedy = remedy_of(fields, field, NULL, "add"),
    };

    return complain(&c, err, field->label, "", "is missing");
}

cmg_status cmg__field_refuse(const struct cmg__fields *fields,
                             const struct cmg__field *field,
                             const struct cmg__json *found, const char *cause,
                             cmg_error **err)
{
    if (found == NULL)
        return refuse_missing(fields, field, err);
    const struct complaint c = {
        .fields = fields,
        .path = field->path,
        .cause = cause == NULL ? field->cause : cause,
        .remedy = remedy_of(fields, field, found, "use"),
    };
    struct cmg__buf text;

    cmg__buf_init(&text, fields->alloc, DESCRIPTION_MAX);
    cmg_status rc = cmg__json_type(found) == CMG__JSON_ARRAY
                        ? cmg__buf_addf(&text, "of %zu items", cmg__json_size(found))
                        : cmg__json_describe(found, &text);
    if (rc == CMG_E_NOMEM) {
        cmg__free(fields->alloc, c.remedy);
        rc = cmg__fail_nomem(err);
    } else {
        rc = complain(&c, err, field->label, cmg__buf_cstr(&text), "is not allowed");
    }
    cmg__buf_done(&text);
    return rc;
}

/* The part of path below parent when it is a direct member, else NULL. */
static const char *member_of(const char *path, const char *parent, size_t parent_len)
{
    if (strncmp(path, parent, parent_len) != 0 || path[parent_len] != '/' ||
        strchr(path + parent_len + 1, '/') != NULL)
        return NULL;
    return path + parent_len + 1;
}

/* "remove it, or use one of: name, region" */
static char *known_members(const struct cmg__fields *fields, const char *parent)
{
    struct cmg__buf text;

    cmg__buf_init(&text, fields->alloc, 2048);
    cmg_status rc = cmg__buf_add_str(&text, "remove it; fields that may stand there: ");
    const char *joint = "";
    for (size_t i = 0; i < fields->count && rc == CMG_OK; i++) {
        const char *name = member_of(fields->rows[i].path, parent, strlen(parent));

        if (name == NULL)
            continue;
        rc = cmg__buf_addf(&text, "%s%s", joint, name);
        joint = ", ";
    }
    char *stolen = rc == CMG_OK ? cmg__buf_steal(&text) : NULL;
    cmg__buf_done(&text);
    return stolen;
}

static bool is_known(const struct cmg__fields *fields, const char *parent,
                     const char *name)
{
    for (size_t i = 0; i < fields->count; i++) {
        const char *known = member_of(fields->rows[i].path, parent, strlen(parent));

        if (known != NULL && strcmp(known, name) == 0)
            return true;
    }
    return false;
}

static cmg_status refuse_unknown(const struct cmg__fields *fields, const char *parent,
                                 const char *name, cmg_error **err)
{
    size_t shown = strlen(name);

    if (shown > NAME_SHOWN) {
        shown = NAME_SHOWN;
        while (((unsigned char)name[shown] & 0xc0) == 0x80)
            shown--;
    }
    char *path = cmg__format(fields->alloc, "%s/%.*s", parent, (int)shown, name);
    if (path == NULL)
        return cmg__fail_nomem(err);
    for (char *p = path; *p != '\0'; p++)
        *p = (unsigned char)*p < ' ' ? '?' : *p; /* a message is one line */
    const struct complaint c = {
        .fields = fields,
        .path = path,
        .cause = "an unknown field is most often a misspelt one",
        .remedy = known_members(fields, parent),
    };
    cmg_status rc = complain(&c, err, "field", "", "is not known");
    cmg__free(fields->alloc, path);
    return rc;
}

static cmg_status check_members(const struct cmg__fields *fields, const char *parent,
                                const struct cmg__json *object, cmg_error **err)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;

    while (cmg__json_next(object, &iter, &key, &value)) {
        if (!is_known(fields, parent, key))
            return refuse_unknown(fields, parent, key, err);
    }
    return CMG_OK;
}

static char **text_at(const struct cmg__fields *fields, const struct cmg__field *field)
{
    return (char **)(void *)((char *)fields->targets[field->owner] + field->offset);
}

static uint32_t *number_at(const struct cmg__fields *fields,
                           const struct cmg__field *field)
{
    return (uint32_t *)(void *)((char *)fields->targets[field->owner] + field->offset);
}

static cmg_status read_text(const struct cmg__fields *fields,
                            const struct cmg__field *field, const struct cmg__json *found,
                            cmg_error **err)
{
    const char *text = cmg__json_str(found, "");
    size_t len = text == NULL ? 0 : cmg__json_str_len(found);

    if (text == NULL)
        return cmg__field_refuse(fields, field, found, "a text in quotes is wanted", err);
    if ((int64_t)len < field->min || (int64_t)len > field->max || strlen(text) != len)
        return cmg__field_refuse(fields, field, found, NULL, err);
    char *copy = cmg__strdup(fields->alloc, text);
    if (copy == NULL)
        return cmg__fail_nomem(err);
    if (field->fold)
        cmg__lower_in_place(copy);
    cmg_status rc = CMG_OK;
    if (field->check != NULL && !field->check(copy))
        rc = cmg__field_refuse(fields, field, found, NULL, err);
    if (rc == CMG_OK && field->offset != CMG__FIELD_NOWHERE) {
        char **target = text_at(fields, field);
        cmg__free(fields->alloc, *target);
        *target = copy;
        return CMG_OK;
    }
    cmg__free(fields->alloc, copy);
    return rc;
}

static cmg_status read_number(const struct cmg__fields *fields,
                              const struct cmg__field *field,
                              const struct cmg__json *found, cmg_error **err)
{
    int64_t value = cmg__json_int(found, "", 0);

    if (cmg__json_type(found) != CMG__JSON_INTEGER)
        return cmg__field_refuse(fields, field, found,
                                 "a whole number without quotes is wanted", err);
    if (value < field->min || value > field->max)
        return cmg__field_refuse(fields, field, found, NULL, err);
    if (field->offset != CMG__FIELD_NOWHERE)
        *number_at(fields, field) = (uint32_t)value;
    return CMG_OK;
}

static bool *flag_at(const struct cmg__fields *fields, const struct cmg__field *field)
{
    return (bool *)(void *)((char *)fields->targets[field->owner] + field->offset);
}

static cmg_status read_flag(const struct cmg__fields *fields,
                            const struct cmg__field *field, const struct cmg__json *found,
                            cmg_error **err)
{
    const enum cmg__json_type type = cmg__json_type(found);

    if (type != CMG__JSON_TRUE && type != CMG__JSON_FALSE)
        return cmg__field_refuse(fields, field, found, NULL, err);
    *flag_at(fields, field) = type == CMG__JSON_TRUE;
    return CMG_OK;
}

static cmg_status read_list(const struct cmg__fields *fields,
                            const struct cmg__field *field, const struct cmg__json *found,
                            cmg_error **err)
{
    int64_t count = (int64_t)cmg__json_size(found);

    if (cmg__json_type(found) != CMG__JSON_ARRAY)
        return cmg__field_refuse(fields, field, found, "a list in [ ] is wanted", err);
    if (count < field->min || count > field->max)
        return cmg__field_refuse(fields, field, found, NULL, err);
    return CMG_OK;
}

static cmg_status read_object(const struct cmg__fields *fields,
                              const struct cmg__field *field,
                              const struct cmg__json *found, cmg_error **err)
{
    int64_t count = (int64_t)cmg__json_size(found);

    if (cmg__json_type(found) != CMG__JSON_OBJECT)
        return cmg__field_refuse(fields, field, found, "an object in { } is wanted", err);
    if (count < field->min || count > field->max)
        return cmg__field_refuse(fields, field, found, NULL, err);
    return CMG_OK;
}

static cmg_status read_group(const struct cmg__fields *fields,
                             const struct cmg__field *field,
                             const struct cmg__json *found, cmg_error **err)
{
    if (cmg__json_type(found) != CMG__JSON_OBJECT)
        return cmg__field_refuse(fields, field, found, "an object in { } is wanted", err);
    return check_members(fields, field->path, found, err);
}

typedef cmg_status (*read_fn)(const struct cmg__fields *fields,
                              const struct cmg__field *field,
                              const struct cmg__json *found, cmg_error **err);

static const read_fn readers[] = {
    [CMG__FIELD_GROUP] = read_group,   [CMG__FIELD_TEXT] = read_text,
    [CMG__FIELD_NUMBER] = read_number, [CMG__FIELD_FLAG] = read_flag,
    [CMG__FIELD_LIST] = read_list,     [CMG__FIELD_OBJECT] = read_object,
};

cmg_status cmg__fields_read(const struct cmg__fields *fields,
                            const struct cmg__json *object, cmg_error **err)
{
    cmg_status rc = check_members(fields, "", object, err);

    for (size_t i = 0; i < fields->count && rc == CMG_OK; i++) {
        const struct cmg__field *field = &fields->rows[i];
        const struct cmg__json *found = cmg__json_at(object, field->path);

        if (found != NULL)
            rc = readers[field->kind](fields, field, found, err);
        else if (field->required)
            rc = refuse_missing(fields, field, err);
    }
    return rc;
}

/* The value of a row as JSON; *absent when it is not to be written. */
static struct cmg__json *value_of(const struct cmg__fields *fields,
                                  const struct cmg__field *field, bool *absent)
{
    *absent = field->offset == CMG__FIELD_NOWHERE;
    if (field->kind == CMG__FIELD_GROUP) {
        *absent = false;
        return cmg__json_object();
    }
    if (*absent)
        return NULL;
    if (field->kind == CMG__FIELD_NUMBER) {
        *absent = *number_at(fields, field) < field->min; /* not given */
        return *absent ? NULL : cmg__json_integer(*number_at(fields, field));
    }
    if (field->kind == CMG__FIELD_FLAG)
        return cmg__json_boolean(*flag_at(fields, field));
    const char *text = *text_at(fields, field);
    *absent = text[0] == '\0';
    return *absent ? NULL : cmg__json_string(text);
}

cmg_status cmg__fields_write(const struct cmg__fields *fields, struct cmg__json *object)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < fields->count && rc == CMG_OK; i++) {
        const struct cmg__field *field = &fields->rows[i];
        const char *name = strrchr(field->path, '/') + 1;
        bool absent = false;
        struct cmg__json *value = value_of(fields, field, &absent);

        if (absent)
            continue;
        char *parent =
            cmg__strndup(fields->alloc, field->path, (size_t)(name - 1 - field->path));
        struct cmg__json *at = parent == NULL ? NULL : cmg__json_at(object, parent);
        cmg__free(fields->alloc, parent);
        if (at != NULL)
            rc = cmg__json_set(at, name, value);
        else
            cmg__json_unref(value);
        if (at == NULL)
            rc = CMG_E_NOMEM;
    }
    return rc;
}
