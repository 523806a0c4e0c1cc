/* Storage accounts and containers as data. See blob.h. */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/secret.h"
#include "sandbox/arm.h"
#include "sandbox/blob.h"

#define KEY_BYTES 64

struct cmg__json *cmg__sb_account(const struct cmg__sb_cloud *cloud, const char *name)
{
    return cmg__sb_find(cloud, "storage", name);
}

static struct cmg__json *fresh_key(struct cmg__sb_cloud *cloud)
{
    uint8_t bytes[KEY_BYTES] = { 0 };
    struct cmg__buf text;
    cmg__buf_init_secret(&text, cloud->alloc, 256);
    if (cloud->env->random(cloud->env->user, bytes, sizeof bytes) != 0 ||
        cmg__base64_encode(&text, bytes, sizeof bytes) != CMG_OK)
        cloud->oom = true;
    struct cmg__json *key = cmg__json_string(cmg__buf_cstr(&text));
    cmg__wipe(bytes, sizeof bytes);
    cmg__buf_done(&text);
    return key;
}

struct cmg__json *cmg__sb_account_make(struct cmg__sb_cloud *cloud, const char *name)
{
    if (cmg__sb_account(cloud, name) == NULL)
        cmg__sb_set(cloud, cmg__sb_table(cloud, "storage"), name,
                    cmg__json_pack("{s:o, s:o, s:{}}", "key1", fresh_key(cloud), "key2",
                                   fresh_key(cloud), "containers"));
    return cmg__sb_account(cloud, name);
}

void cmg__sb_account_remove(struct cmg__sb_cloud *cloud, const char *name)
{
    cmg__sb_content_drop_all(cloud, cmg__sb_account(cloud, name));
    cmg__json_remove(cmg__sb_table(cloud, "storage"), name);
}

struct cmg__json *cmg__sb_account_resource(const struct cmg__sb_cloud *cloud,
                                           const char *name)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(cmg__sb_table(cloud, "resources"), &iter, &key, &entry)) {
        if (cmg__sb_same(cmg__json_str(entry, "/type"), CMG__SB_STORAGE) &&
            cmg__sb_same(cmg__json_str(entry, "/name"), name))
            return entry;
    }
    return NULL;
}

const char *cmg__sb_account_key(struct cmg__sb_cloud *cloud, struct cmg__json *account,
                                const char *key_name, bool renew)
{
    const char *name = cmg__sb_same(key_name, "key1")   ? "key1"
                       : cmg__sb_same(key_name, "key2") ? "key2"
                                                        : NULL;
    if (name == NULL || account == NULL)
        return NULL;
    if (renew)
        cmg__sb_set(cloud, account, name, fresh_key(cloud));
    return cmg__json_str(cmg__json_key(account, name), "");
}

bool cmg__sb_container_name_is_good(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    return name[n] == '\0' && n >= 3 && n <= 63 && name[0] != '-' && name[n - 1] != '-' &&
           strstr(name, "--") == NULL;
}

struct cmg__json *cmg__sb_container(const struct cmg__json *account, const char *name)
{
    return cmg__json_key(cmg__json_key(account, "containers"), name);
}

void cmg__sb_blob_touch(struct cmg__sb_cloud *cloud, struct cmg__json *entry)
{
    char hex[17];
    cmg__sb_random_hex(cloud, 7, hex);
    cmg__sb_set(cloud, entry, "etag", cmg__sb_text(cloud, "\"0x8%s\"", hex));
    cmg__sb_set_int(cloud, entry, "modified_ms", cmg__sb_now_ms(cloud));
}

bool cmg__sb_container_make(struct cmg__sb_cloud *cloud, struct cmg__json *account,
                            const char *name)
{
    if (cmg__sb_container(account, name) != NULL)
        return false;
    struct cmg__json *container = cmg__json_pack("{s:{}, s:{}}", "blobs", "meta");
    cmg__sb_blob_touch(cloud, container);
    cmg__sb_set(cloud, cmg__json_key(account, "containers"), name, container);
    return true;
}

void cmg__sb_container_remove(struct cmg__sb_cloud *cloud, struct cmg__json *account,
                              const char *name)
{
    cmg__sb_content_drop_all(cloud, cmg__sb_container(account, name));
    cmg__json_remove(cmg__json_key(account, "containers"), name);
}
