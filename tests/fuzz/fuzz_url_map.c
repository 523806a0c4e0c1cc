/* Targets of requests against a published map: what comes out is always safe to pass on.
 */
#include "base/json.h"
#include "relay/target.h"
#include "relay/url_map.h"
#include <stdlib.h>
#include <string.h>

static const char roles[] =
    "{\"roles\":[{\"id\":\"7\",\"type\":\"management_point\",\"endpoints\":["
    "{\"path\":\"SMS_MP\",\"max_length\":1024},{\"path\":\"CCM_System\",\"max_length\":9}"
    ","
    "{\"path\":\"CCM_System/request\",\"max_length\":200}]}]}";

/* What a second reader makes of it is the same: nothing is decoded twice. */
static void check_again(const char *path)
{
    struct cmg__target again;
    const char *why = NULL;

    cmg__target_init(&again, &cmg__alloc_libc);
    if (strlen(path) <= CMG__TARGET_MAX &&
        (cmg__target_parse(&again, path, strlen(path), NULL, &why) != CMG_OK ||
         strcmp(cmg__buf_cstr(&again.path), path) != 0))
        abort();
    cmg__target_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_path(const char *path)
{
    if (path[0] != '/' || strstr(path, "//") != NULL || strstr(path, "/../") != NULL ||
        strstr(path, "/./") != NULL || strpbrk(path, " \\?#\r\n\t") != NULL)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__target target;
    struct cmg__url_map map;
    struct cmg__json *doc = NULL;
    struct cmg__route route;
    struct cmg__map_match match;
    const char *why = NULL;

    cmg__target_init(&target, &cmg__alloc_libc);
    cmg__url_map_init(&map, &cmg__alloc_libc);
    if (cmg__json_parse(&cmg__alloc_libc, "map", roles, sizeof roles - 1, &doc, NULL) !=
            CMG_OK ||
        cmg__url_map_read(&map, "map", doc, false, NULL) != CMG_OK)
        abort();
    if (cmg__target_parse(&target, (const char *)data, size, "cmg.test", &why) ==
        CMG_OK) {
        check_path(cmg__buf_cstr(&target.path));
        check_again(cmg__buf_cstr(&target.path));
        if (cmg__route_parse(cmg__buf_cstr(&target.path), &route) &&
            cmg__url_map_find(&map, route.name, route.name_len, route.rest, &match) &&
            match.tail[0] != '\0' && match.tail[0] != '/')
            abort();
    }
    cmg__json_unref(doc);
    cmg__url_map_done(&map);
    cmg__target_done(&target);
    return 0;
}
