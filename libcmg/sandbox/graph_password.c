/*
 * Client secrets of applications and of service principals: shown once, when they are
 * made.
 */
#include <string.h>

#include "base/secret.h"
#include "sandbox/graph.h"

#define TWO_YEARS_MS ((int64_t)730 * 24 * 3600 * 1000)

static struct cmg__json *make_credential(struct cmg__sb_call *call,
                                         const struct cmg__json *wish, const char *secret)
{
    char key_id[CMG__GUID_SIZE];
    const char *start = cmg__json_str(wish, "/startDateTime");
    const char *end = cmg__json_str(wish, "/endDateTime");
    cmg__sb_guid(call->cloud, key_id);
    return cmg__json_pack(
        "{s:n, s:s?, s:o, s:o, s:s, s:o, s:n}", "customKeyIdentifier", "displayName",
        cmg__json_str(wish, "/displayName"), "startDateTime",
        start != NULL ? cmg__json_string(start) : cmg__sb_time(call->now_ms),
        "endDateTime",
        end != NULL ? cmg__json_string(end) : cmg__sb_time(call->now_ms + TWO_YEARS_MS),
        "keyId", key_id, "hint", cmg__json_stringn(secret, 3), "secretText");
}

static bool times_are_good(struct cmg__sb_call *call, const struct cmg__json *wish)
{
    static const char *const members[] = { "/startDateTime", "/endDateTime" };
    int64_t t[2] = { call->now_ms / 1000, INT64_MAX };
    bool good = true;
    for (size_t i = 0; i < 2; i++) {
        const char *text = cmg__json_str(wish, members[i]);
        if (text != NULL && !cmg__time_parse(text, &t[i]))
            good = false;
    }
    if (good && t[1] > t[0])
        return true;
    cmg__sb_refuse(call, 400, "Request_BadRequest",
                   "Key credential end date is invalid.");
    return false;
}

void cmg__sb_graph_add_password(struct cmg__sb_call *call, struct cmg__json *entity)
{
    char secret[41];
    struct cmg__sb_cloud *cloud = call->cloud;
    const struct cmg__json *wish = cmg__json_key(call->body, "passwordCredential");
    if (!times_are_good(call, wish))
        return;
    cmg__sb_random_hex(cloud, 20, secret);
    struct cmg__json *stored = make_credential(call, wish, secret);
    struct cmg__json *shown = cmg__json_copy_deep(stored);
    cmg__sb_set_str(cloud, stored, "_secret", secret);
    cmg__sb_set_str(cloud, shown, "secretText", secret);
    cmg__sb_set(cloud, shown, "@odata.context",
                cmg__sb_text(cloud,
                             "%s/v1.0/$metadata#microsoft.graph.passwordCredential",
                             call->base));
    cmg__sb_append(cloud, cmg__json_key(entity, "passwordCredentials"), stored);
    cmg__sb_reply(call, 200, shown);
    cmg__wipe(secret, sizeof secret);
}

void cmg__sb_graph_remove_password(struct cmg__sb_call *call, struct cmg__json *entity)
{
    const char *key_id = cmg__json_str(call->body, "/keyId");
    struct cmg__json *list = cmg__json_key(entity, "passwordCredentials");
    for (size_t i = 0; key_id != NULL && i < cmg__json_size(list); i++) {
        const char *id = cmg__json_str(cmg__json_item(list, i), "/keyId");
        if (id != NULL && cmg__sb_same(id, key_id)) {
            cmg__json_remove_at(list, i);
            cmg__sb_reply_empty(call, 204);
            return;
        }
    }
    cmg__sb_refuse(call, 400, "Request_BadRequest",
                   "No password credential found with keyId '%s'. No credentials found "
                   "to be removed.",
                   cmg__str_or(key_id, ""));
}
