/* The control stream's messages: reading with every field checked, and writing. */
#include "relay/control.h"
#include "relay/refuse.h"
#include "base/str.h"
#include <string.h>

static const char *const type_names[] = {
    [CMG__CONTROL_HELLO] = "hello",
    [CMG__CONTROL_READY] = "ready",
    [CMG__CONTROL_REFUSED] = "refused",
    [CMG__CONTROL_DRAIN] = "drain",
};

void cmg__hello_init(struct cmg__hello *hello, const struct cmg__alloc *alloc)
{
    *hello = (struct cmg__hello){ .epoch = 0 };
    cmg__url_map_init(&hello->map, alloc);
}

void cmg__hello_done(struct cmg__hello *hello)
{
    cmg__url_map_done(&hello->map);
}

bool cmg__control_name_is_valid(const char *name)
{
    size_t n = strlen(name);

    if (n < 1 || n > CMG__CONTROL_NAME_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!cmg__is_alnum(name[i]) && name[i] != '-')
            return false;
    }
    return true;
}

bool cmg__control_site_is_valid(const char *site)
{
    return strlen(site) == 3 && cmg__is_alnum(site[0]) && cmg__is_alnum(site[1]) &&
           cmg__is_alnum(site[2]);
}

/* A text field that must fit; copied into out, which is large enough for one that does.
 */
static cmg_status read_text(const struct cmg__alloc *alloc,
                            const struct cmg__json *message, const char *path,
                            bool (*fits)(const char *), char *out, cmg_error **err)
{
    const char *text = NULL;
    cmg_status rc = cmg__json_need_str(alloc, "hello", message, path, &text, err);

    if (rc != CMG_OK)
        return rc;
    if (!fits(text))
        return cmg__refuse(alloc, "hello", message, path,
                           "correct the connection point's settings", err);
    memcpy(out, text, strlen(text) + 1);
    return CMG_OK;
}

cmg_status cmg__hello_read(struct cmg__hello *hello, const struct cmg__json *message,
                           cmg_error **err)
{
    const struct cmg__alloc *alloc = hello->map.alloc;
    int64_t version = 0;

    cmg_status rc =
        cmg__json_need_int(alloc, "hello", message, "/version", CMG__CONTROL_VERSION,
                           CMG__CONTROL_VERSION, &version, err);
    if (rc == CMG_OK)
        rc = read_text(alloc, message, "/name", cmg__control_name_is_valid, hello->name,
                       err);
    if (rc == CMG_OK)
        rc = read_text(alloc, message, "/site", cmg__control_site_is_valid, hello->site,
                       err);
    if (rc == CMG_OK)
        rc = cmg__json_need_int(alloc, "hello", message, "/epoch", 0, INT64_MAX,
                                &hello->epoch, err);
    if (rc == CMG_OK)
        rc = cmg__url_map_read(&hello->map, "hello", message, false, err);
    return rc;
}

/* Writes the value as one line and gives it back. */
static cmg_status write_line(struct cmg__buf *out, struct cmg__json *message)
{
    if (message == NULL)
        return CMG_E_NOMEM;
    cmg_status rc = cmg__json_format(message, CMG__JSON_COMPACT, out);
    if (rc == CMG_OK)
        rc = cmg__buf_add_char(out, '\n');
    cmg__json_unref(message);
    return rc;
}

cmg_status cmg__control_hello(struct cmg__buf *out, const char *name, const char *site,
                              int64_t epoch, const struct cmg__url_map *map)
{
    struct cmg__json *roles = cmg__url_map_json(map);

    if (roles == NULL)
        return CMG_E_NOMEM;
    return write_line(out,
                      cmg__json_pack("{s:s, s:i, s:s, s:s, s:I, s:o}", "type", "hello",
                                     "version", CMG__CONTROL_VERSION, "name", name,
                                     "site", site, "epoch", epoch, "roles", roles));
}

cmg_status cmg__control_ready(struct cmg__buf *out, int instance)
{
    return write_line(out, cmg__json_pack("{s:s, s:i, s:i}", "type", "ready", "version",
                                          CMG__CONTROL_VERSION, "instance", instance));
}

cmg_status cmg__control_refused(struct cmg__buf *out, const char *why)
{
    return write_line(out, cmg__json_pack("{s:s, s:s}", "type", "refused", "why", why));
}

cmg_status cmg__control_drain(struct cmg__buf *out)
{
    return write_line(out, cmg__json_pack("{s:s}", "type", "drain"));
}

void cmg__control_init(struct cmg__control_reader *reader, const struct cmg__alloc *alloc)
{
    cmg__buf_init(&reader->line, alloc, CMG__CONTROL_LINE_MAX);
}

void cmg__control_done(struct cmg__control_reader *reader)
{
    cmg__buf_done(&reader->line);
}

static enum cmg__control_type type_of(const struct cmg__json *message)
{
    const char *name = cmg__str_or(cmg__json_str(message, "/type"), "");

    for (size_t i = 0; i < CMG__ARRAY_LEN(type_names); i++) {
        if (strcmp(type_names[i], name) == 0)
            return (enum cmg__control_type)i;
    }
    return CMG__CONTROL_OTHER;
}

static cmg_status take_line(struct cmg__control_reader *reader, cmg__control_fn fn,
                            void *user, cmg_error **err)
{
    const struct cmg__alloc *alloc = reader->line.alloc;
    struct cmg__json *message = NULL;

    cmg_status rc =
        cmg__json_parse(alloc, "control message", cmg__buf_cstr(&reader->line),
                        reader->line.len, &message, err);
    if (rc == CMG_OK && cmg__json_type(message) != CMG__JSON_OBJECT)
        rc = cmg__fail(err, alloc, CMG_E_PARSE, "/", "run matching versions at both ends",
                       "control message is not an object");
    if (rc == CMG_OK)
        rc = fn(user, type_of(message), message, err);
    cmg__json_unref(message);
    cmg__buf_clear(&reader->line);
    return rc;
}

cmg_status cmg__control_feed(struct cmg__control_reader *reader, const char *data,
                             size_t n, cmg__control_fn fn, void *user, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    while (n > 0 && rc == CMG_OK) {
        const char *end = memchr(data, '\n', n);
        size_t part = end == NULL ? n : (size_t)(end - data);
        rc = cmg__buf_add(&reader->line, data, part);
        if (rc != CMG_OK)
            return cmg__fail(
                err, reader->line.alloc, rc, "/", "run matching versions at both ends",
                "control message of more than %zu bytes", CMG__CONTROL_LINE_MAX);
        if (end != NULL) {
            part++;
            rc = take_line(reader, fn, user, err);
        }
        data += part;
        n -= part;
    }
    return rc;
}
