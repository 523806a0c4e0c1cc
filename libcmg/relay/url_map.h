/*
 * What is published: roles by their decimal ID, endpoints below them, the longest body of
 * each. A connection point makes the map from its settings and sends it in its hello; the
 * service matches clients' paths against it. Endpoints compare without case and only at
 * segment boundaries; the longest one wins.
 */
#ifndef CMG_RELAY_URL_MAP_H
#define CMG_RELAY_URL_MAP_H

#include "base/json.h"
#include "relay/limits.h"

struct cmg__map_endpoint {
    char *path; /* "SMS_MP", without a slash at either end */
    uint64_t max_length;
};

struct cmg__map_role {
    char *id;
    char *type;
    char *url; /* internal base URL; NULL at the service, which must not know it */
    struct cmg__map_endpoint *endpoints;
    size_t endpoint_count;
};

struct cmg__url_map {
    const struct cmg__alloc *alloc;
    struct cmg__map_role *roles;
    size_t role_count;
};

void cmg__url_map_init(struct cmg__url_map *map, const struct cmg__alloc *alloc);
void cmg__url_map_done(struct cmg__url_map *map);
/* Reads doc's "/roles"; with_urls tells whether each role must have its "url". The map is
   empty on failure. */
cmg_status cmg__url_map_read(struct cmg__url_map *map, const char *name,
                             const struct cmg__json *doc, bool with_urls,
                             cmg_error **err);
/* The "roles" array without URLs; NULL when memory ran out. */
struct cmg__json *cmg__url_map_json(const struct cmg__url_map *map);

enum cmg__proxy { CMG__PROXY_NONE, CMG__PROXY_MUTUAL, CMG__PROXY_SERVER };

/* A normalised path "/CCM_Proxy_MutualAuth/<name>/<rest>", cut; views into it. */
struct cmg__route {
    enum cmg__proxy proxy;
    const char *name; /* a role ID, or "ServiceMetadata" */
    size_t name_len;
    const char *rest; /* "" or begins with '/' */
};
/* False when it is no such path. */
bool cmg__route_parse(const char *path, struct cmg__route *out);

struct cmg__map_match {
    const struct cmg__map_role *role;
    const struct cmg__map_endpoint *endpoint;
    const char *tail; /* behind the endpoint: "" or begins with '/' */
};
/* rest as in cmg__route. */
bool cmg__url_map_find(const struct cmg__url_map *map, const char *role_id,
                       size_t role_len, const char *rest, struct cmg__map_match *out);

#endif
