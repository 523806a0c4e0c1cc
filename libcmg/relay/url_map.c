/*
 * The published map: reading it from JSON with every limit checked, writing it back, and
 * finding an endpoint in it. A few dozen entries: linear search is the fast one.
 */
#include "relay/url_map.h"
#include "relay/refuse.h"
#include "base/http.h"
#include "base/str.h"
#include <stdio.h>
#include <string.h>

void cmg__url_map_init(struct cmg__url_map *map, const struct cmg__alloc *alloc)
{
    *map = (struct cmg__url_map){ .alloc = alloc };
}

void cmg__url_map_done(struct cmg__url_map *map)
{
    for (size_t i = 0; i < map->role_count; i++) {
        struct cmg__map_role *role = &map->roles[i];
        for (size_t k = 0; k < role->endpoint_count; k++)
            cmg__free(map->alloc, role->endpoints[k].path);
        cmg__free(map->alloc, role->endpoints);
        cmg__free(map->alloc, role->id);
        cmg__free(map->alloc, role->type);
        cmg__free(map->alloc, role->url);
    }
    cmg__free(map->alloc, map->roles);
    cmg__url_map_init(map, map->alloc);
}

/* Where a reader stands: document, role, endpoint. */
struct place {
    const struct cmg__alloc *alloc;
    const char *name;
    const struct cmg__json *doc;
    char path[64];
};

static cmg_status refuse(const struct place *at, const char *allowed, cmg_error **err)
{
    return cmg__refuse(at->alloc, at->name, at->doc, at->path, allowed, err);
}

static cmg_status read_text(const struct place *at, bool (*fits)(const char *),
                            const char *allowed, char **out, cmg_error **err)
{
    const char *text = NULL;
    cmg_status rc =
        cmg__json_need_str(at->alloc, at->name, at->doc, at->path, &text, err);

    if (rc != CMG_OK)
        return rc;
    if (!fits(text))
        return refuse(at, allowed, err);
    *out = cmg__strdup(at->alloc, text);
    return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static bool is_role_id(const char *s)
{
    uint64_t id = 0;
    size_t n = strlen(s);
    return n <= 20 && cmg__parse_u64(s, n, &id);
}

static bool is_role_type(const char *s)
{
    return strcmp(s, "management_point") == 0 || strcmp(s, "software_update_point") == 0;
}

static bool is_role_url(const char *s)
{
    struct cmg__url url;

    return strlen(s) <= 1024 && cmg__url_parse(s, &url) &&
           memchr(url.target, '?', url.target_len) == NULL &&
           memchr(url.target, '#', url.target_len) == NULL;
}

/* Segments of letters, digits, '_', '-', '$' and '.', none empty, none of dots only. */
static bool is_endpoint_path(const char *s)
{
    size_t n = strlen(s);
    bool solid = false;

    if (n == 0 || n > CMG__MAP_MAX_PATH)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '/') {
            if (!solid)
                return false;
            solid = false;
        } else if (cmg__is_alnum(s[i]) || strchr("_-$", s[i]) != NULL) {
            solid = true;
        } else if (s[i] != '.') {
            return false;
        }
    }
    return solid;
}

static void at_endpoint(struct place *at, size_t role, size_t i, const char *field)
{
    snprintf(at->path, sizeof at->path, "/roles/%zu/endpoints/%zu/%s", role, i, field);
}

static cmg_status read_endpoint(struct place *at, struct cmg__map_role *role,
                                size_t role_index, cmg_error **err)
{
    size_t i = role->endpoint_count;
    struct cmg__map_endpoint *endpoint = &role->endpoints[i];
    int64_t max_length = 0;

    at_endpoint(at, role_index, i, "path");
    cmg_status rc = read_text(at, is_endpoint_path,
                              "use segments of letters, digits, '_', '-', '$', '.'",
                              &endpoint->path, err);
    if (rc != CMG_OK)
        return rc;
    role->endpoint_count++;
    for (size_t k = 0; k < i; k++) {
        if (cmg__str_ieq(role->endpoints[k].path, endpoint->path))
            return refuse(at, "name each endpoint once", err);
    }
    at_endpoint(at, role_index, i, "max_length");
    rc = cmg__json_need_int(at->alloc, at->name, at->doc, at->path, 0,
                            (int64_t)CMG__MAP_MAX_LENGTH, &max_length, err);
    endpoint->max_length = (uint64_t)max_length;
    return rc;
}

/* The length of the array at at->path, from 1 to max. */
static cmg_status read_count(const struct place *at, size_t max, size_t *out,
                             cmg_error **err)
{
    const struct cmg__json *array = cmg__json_at(at->doc, at->path);

    *out = cmg__json_size(array);
    if (cmg__json_type(array) != CMG__JSON_ARRAY || *out == 0)
        return refuse(at, "give a list of at least one item", err);
    if (*out <= max)
        return CMG_OK;
    return cmg__fail(err, at->alloc, CMG_E_LIMIT, at->path, "leave some out",
                     "%s: %s has %zu items, at most %zu are allowed", at->name, at->path,
                     *out, max);
}

static cmg_status read_endpoints(struct place *at, struct cmg__map_role *role,
                                 size_t index, cmg_error **err)
{
    size_t count = 0;

    snprintf(at->path, sizeof at->path, "/roles/%zu/endpoints", index);
    cmg_status rc = read_count(at, CMG__MAP_MAX_ENDPOINTS, &count, err);
    if (rc != CMG_OK)
        return rc;
    role->endpoints = cmg__alloc_array(at->alloc, count, sizeof *role->endpoints);
    if (role->endpoints == NULL)
        return cmg__fail_nomem(err);
    for (size_t i = 0; i < count && rc == CMG_OK; i++)
        rc = read_endpoint(at, role, index, err);
    return rc;
}

struct role_field {
    const char *name;
    bool (*fits)(const char *);
    const char *allowed;
    size_t offset; /* of the char * in struct cmg__map_role */
};

static const struct role_field role_fields[] = {
    { "id", is_role_id, "use a decimal number below 2^64, as a string",
      offsetof(struct cmg__map_role, id) },
    { "type", is_role_type, "use management_point or software_update_point",
      offsetof(struct cmg__map_role, type) },
    { "url", is_role_url, "use an http or https URL without query",
      offsetof(struct cmg__map_role, url) },
};

static cmg_status read_role(struct place *at, struct cmg__url_map *map, bool with_urls,
                            cmg_error **err)
{
    size_t index = map->role_count;
    struct cmg__map_role *role = &map->roles[index];
    size_t count = CMG__ARRAY_LEN(role_fields) - (with_urls ? 0 : 1);
    cmg_status rc = CMG_OK;

    map->role_count++;
    for (size_t i = 0; i < count && rc == CMG_OK; i++) {
        const struct role_field *field = &role_fields[i];
        char **text = (char **)(void *)((char *)role + field->offset);
        snprintf(at->path, sizeof at->path, "/roles/%zu/%s", index, field->name);
        rc = read_text(at, field->fits, field->allowed, text, err);
    }
    snprintf(at->path, sizeof at->path, "/roles/%zu/id", index);
    for (size_t i = 0; i < index && rc == CMG_OK; i++) {
        if (strcmp(map->roles[i].id, role->id) == 0)
            rc = refuse(at, "name each role once", err);
    }
    return rc == CMG_OK ? read_endpoints(at, role, index, err) : rc;
}

cmg_status cmg__url_map_read(struct cmg__url_map *map, const char *name,
                             const struct cmg__json *doc, bool with_urls, cmg_error **err)
{
    struct place at = { .alloc = map->alloc, .name = name, .doc = doc };
    size_t count = 0;

    cmg__url_map_done(map);
    snprintf(at.path, sizeof at.path, "/roles");
    cmg_status rc = read_count(&at, CMG__MAP_MAX_ROLES, &count, err);
    if (rc != CMG_OK)
        return rc;
    map->roles = cmg__alloc_array(map->alloc, count, sizeof *map->roles);
    if (map->roles == NULL)
        return cmg__fail_nomem(err);
    for (size_t i = 0; i < count && rc == CMG_OK; i++)
        rc = read_role(&at, map, with_urls, err);
    if (rc != CMG_OK)
        cmg__url_map_done(map);
    return rc;
}

static struct cmg__json *role_json(const struct cmg__map_role *role)
{
    struct cmg__json *endpoints = cmg__json_array();
    cmg_status rc = endpoints == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; i < role->endpoint_count && rc == CMG_OK; i++) {
        const struct cmg__map_endpoint *endpoint = &role->endpoints[i];
        struct cmg__json *item = cmg__json_object();
        rc = item == NULL ? CMG_E_NOMEM : cmg__json_set_str(item, "path", endpoint->path);
        if (rc == CMG_OK)
            rc = cmg__json_set(item, "max_length",
                               cmg__json_integer((int64_t)endpoint->max_length));
        if (rc == CMG_OK)
            rc = cmg__json_append(endpoints, item);
        else
            cmg__json_unref(item);
    }
    if (rc != CMG_OK) {
        cmg__json_unref(endpoints);
        return NULL;
    }
    return cmg__json_pack("{s:s, s:s, s:o}", "id", role->id, "type", role->type,
                          "endpoints", endpoints);
}

struct cmg__json *cmg__url_map_json(const struct cmg__url_map *map)
{
    struct cmg__json *roles = cmg__json_array();

    for (size_t i = 0; i < map->role_count && roles != NULL; i++) {
        if (cmg__json_append(roles, role_json(&map->roles[i])) != CMG_OK)
            cmg__json_clear(&roles);
    }
    return roles;
}

static size_t segment_length(const char *s)
{
    return strcspn(s, "/");
}

static enum cmg__proxy proxy_of(const char *s, size_t n)
{
    static const struct {
        const char *name;
        enum cmg__proxy proxy;
    } table[] = {
        { "CCM_Proxy_MutualAuth", CMG__PROXY_MUTUAL },
        { "CCM_Proxy_ServerAuth", CMG__PROXY_SERVER },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(table); i++) {
        if (strlen(table[i].name) == n && cmg__str_ieqn(s, table[i].name, n))
            return table[i].proxy;
    }
    return CMG__PROXY_NONE;
}

bool cmg__route_parse(const char *path, struct cmg__route *out)
{
    *out = (struct cmg__route){ .proxy = CMG__PROXY_NONE };
    if (path[0] != '/')
        return false;
    size_t n = segment_length(path + 1);
    out->proxy = proxy_of(path + 1, n);
    if (out->proxy == CMG__PROXY_NONE || path[1 + n] != '/')
        return false;
    out->name = path + n + 2;
    out->name_len = segment_length(out->name);
    out->rest = out->name + out->name_len;
    return out->name_len > 0;
}

static const struct cmg__map_role *find_role(const struct cmg__url_map *map,
                                             const char *id, size_t n)
{
    for (size_t i = 0; i < map->role_count; i++) {
        const char *known = map->roles[i].id;
        if (strlen(known) == n && memcmp(known, id, n) == 0)
            return &map->roles[i];
    }
    return NULL;
}

/* True when path begins with the endpoint and goes on with nothing or a slash. */
static bool is_below(const char *endpoint, const char *path)
{
    size_t n = strlen(endpoint);

    return strlen(path) >= n && cmg__str_ieqn(path, endpoint, n) &&
           (path[n] == '\0' || path[n] == '/');
}

bool cmg__url_map_find(const struct cmg__url_map *map, const char *role_id,
                       size_t role_len, const char *rest, struct cmg__map_match *out)
{
    size_t best = 0;

    *out = (struct cmg__map_match){ .role = find_role(map, role_id, role_len) };
    if (out->role == NULL || rest[0] != '/')
        return false;
    for (size_t i = 0; i < out->role->endpoint_count; i++) {
        const struct cmg__map_endpoint *endpoint = &out->role->endpoints[i];
        size_t n = strlen(endpoint->path);
        if (n > best && is_below(endpoint->path, rest + 1)) {
            best = n;
            out->endpoint = endpoint;
            out->tail = rest + 1 + n;
        }
    }
    return out->endpoint != NULL;
}
