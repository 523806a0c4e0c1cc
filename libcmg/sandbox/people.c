/* See people.h. */
#include "sandbox/people.h"

#include <stdio.h>
#include <string.h>

#include "sandbox/sandbox.h"

#define PREFIX       "00000000-0000-4000-8000-"
#define PREFIX_LEN   (sizeof PREFIX - 1)
#define MOST_USERS   10000000
#define MOST_KEPT    10000
#define SYNC_DOMAIN  "corp.contoso.com"
#define SYNC_SID     "S-1-5-21-1004336348-1177238915-682003330-"
#define FIRST_SYNCED 1000

void cmg__sb_people_done(struct cmg__sb_people *people)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(people->kept); i++)
        cmg__json_clear(&people->kept[i]);
}

/* ---- users that follow from their number ---- */

/* Number 1 is "00000000-0000-4000-8000-000000000001". */
static bool number_of(const struct cmg__sb_cloud *cloud, const char *id, uint64_t *out)
{
    return strlen(id) == CMG__GUID_SIZE - 1 && cmg__str_istarts(id, PREFIX) &&
           cmg__parse_hex(id + PREFIX_LEN, strlen(id + PREFIX_LEN), out) && *out >= 1 &&
           *out <= cloud->people.computed;
}

static struct cmg__json *compute(const struct cmg__sb_cloud *cloud, uint64_t number)
{
    char id[CMG__GUID_SIZE + 16], sid[96], sam[32], name[32], upn[512];
    unsigned long long n = number;
    (void)snprintf(id, sizeof id, PREFIX "%012llx", n);
    (void)snprintf(sid, sizeof sid, SYNC_SID "%llu", n + FIRST_SYNCED);
    (void)snprintf(sam, sizeof sam, "user%06llu", n);
    (void)snprintf(name, sizeof name, "User %06llu", n);
    (void)snprintf(upn, sizeof upn, "%s@%s", sam, cmg__sb_fact(cloud, "domain"));
    return cmg__json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s, s:s, s:s}", "id", id,
                          "userPrincipalName", upn, "displayName", name, "accountEnabled",
                          1, "mail", upn, "givenName", "User", "surname", sam,
                          "onPremisesSecurityIdentifier", sid, "onPremisesSamAccountName",
                          sam, "onPremisesDomainName", SYNC_DOMAIN);
}

/* ---- walking ---- */

static struct cmg__json *next_kept(const struct cmg__sb_people *people,
                                   enum cmg__sb_kind kind, struct cmg__sb_walk *walk)
{
    struct cmg__json *best = NULL;
    int64_t best_seq = INT64_MAX;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *entry = NULL;
    while (cmg__json_next(people->kept[kind], &iter, &key, &entry)) {
        int64_t seq = cmg__json_int(entry, "/_seq", 0);
        if (seq > walk->after && seq < best_seq) {
            best = entry;
            best_seq = seq;
        }
    }
    if (best != NULL)
        walk->after = best_seq;
    return best == NULL ? NULL : cmg__json_ref(best);
}

struct cmg__json *cmg__sb_people_next(const struct cmg__sb_cloud *cloud,
                                      enum cmg__sb_kind kind, struct cmg__sb_walk *walk)
{
    const struct cmg__sb_people *people = &cloud->people;
    while (kind == CMG__SB_USERS && walk->at < people->computed) {
        struct cmg__json *user = compute(cloud, ++walk->at);
        const char *id = cmg__str_or(cmg__json_str(user, "/id"), "");
        if (user != NULL && cmg__json_key(people->kept[kind], id) == NULL)
            return user;
        cmg__json_unref(user); /* it has changed: it comes later */
    }
    return next_kept(people, kind, walk);
}

struct cmg__json *cmg__sb_people_find(const struct cmg__sb_cloud *cloud,
                                      enum cmg__sb_kind kind, const char *id)
{
    uint64_t number = 0;
    struct cmg__json *kept = cmg__json_key(cloud->people.kept[kind], id);
    if (kept != NULL)
        return cmg__json_key(kept, "_removed") != NULL ? NULL : cmg__json_ref(kept);
    return kind == CMG__SB_USERS && number_of(cloud, id, &number) ? compute(cloud, number)
                                                                  : NULL;
}

/* ---- changing ---- */

static cmg_status check(cmg_sandbox *sandbox, const char *id, cmg_error **err)
{
    cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);
    if (rc != CMG_OK || (id != NULL && cmg__guid_is_valid(id)))
        return rc;
    return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "id",
                     "use 8-4-4-4-12 hexadecimal digits", "\"%s\" is no GUID",
                     cmg__str_or(id, ""));
}

/* The kept entry, taken out of the computed ones when it is there only; NULL: memory. */
static struct cmg__json *keep(struct cmg__sb_cloud *cloud, enum cmg__sb_kind kind,
                              const char *id, bool *is_new)
{
    struct cmg__sb_people *people = &cloud->people;
    struct cmg__json *entry = cmg__json_key(people->kept[kind], id);
    *is_new = entry == NULL || cmg__json_key(entry, "_removed") != NULL;
    if (people->kept[kind] == NULL)
        people->kept[kind] = cmg__json_object();
    if (entry != NULL && !*is_new)
        return entry;
    struct cmg__json *fresh = entry == NULL ? cmg__sb_people_find(cloud, kind, id) : NULL;
    *is_new = fresh == NULL;
    if (fresh == NULL)
        fresh = cmg__json_pack("{s:s}", "id", id);
    return cmg__json_set(people->kept[kind], id, fresh) == CMG_OK ? fresh : NULL;
}

/* Remembers what has changed since it is kept, for who wants to know that only. */
static cmg_status change(struct cmg__sb_cloud *cloud, struct cmg__json *entry,
                         const struct cmg__json *properties, bool is_new)
{
    struct cmg__json *changed = cmg__json_key(entry, "_changed");
    cmg_status rc = CMG_OK;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    if (changed == NULL && !is_new) {
        changed = cmg__json_object();
        rc = cmg__json_set(entry, "_changed", changed);
    }
    while (rc == CMG_OK && cmg__json_next(properties, &iter, &key, &value)) {
        if (changed != NULL)
            rc = cmg__json_set(changed, key, cmg__json_boolean(true));
        if (rc == CMG_OK)
            rc = cmg__json_set(entry, key, cmg__json_copy_deep(value));
    }
    if (rc == CMG_OK)
        rc = cmg__json_set(entry, "_seq", cmg__json_integer(++cloud->people.seq));
    return rc;
}

/* Who goes leaves the groups. */
static cmg_status leave_groups(struct cmg__sb_cloud *cloud, const char *id)
{
    cmg_status rc = CMG_OK;
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *group = NULL;
    while (rc == CMG_OK &&
           cmg__json_next(cloud->people.kept[CMG__SB_GROUPS], &iter, &key, &group)) {
        const struct cmg__json *member =
            cmg__json_key(cmg__json_key(group, "_members"), id);
        if (cmg__json_bool(member, "/in", false) &&
            cmg__json_key(group, "_removed") == NULL)
            rc = cmg__sb_people_set_member(cloud, key, id, false);
    }
    return rc;
}

static cmg_status take_out(struct cmg__sb_cloud *cloud, enum cmg__sb_kind kind,
                           const char *id)
{
    struct cmg__json *entry = cmg__sb_people_find(cloud, kind, id);
    cmg_status rc = entry == NULL ? CMG_E_NOTFOUND : CMG_OK;
    cmg__json_unref(entry);
    if (rc == CMG_OK && kind == CMG__SB_USERS)
        rc = leave_groups(cloud, id);
    return rc;
}

cmg_status cmg__sb_people_set(struct cmg__sb_cloud *cloud, enum cmg__sb_kind kind,
                              const char *id, const struct cmg__json *properties)
{
    bool is_new = false;
    if (cmg__json_size(cloud->people.kept[kind]) >= MOST_KEPT &&
        cmg__json_key(cloud->people.kept[kind], id) == NULL)
        return CMG_E_LIMIT;
    cmg_status rc = properties == NULL ? take_out(cloud, kind, id) : CMG_OK;
    if (rc != CMG_OK)
        return rc;
    struct cmg__json *entry = keep(cloud, kind, id, &is_new);
    if (entry == NULL)
        return CMG_E_NOMEM;
    rc = change(cloud, entry, properties, is_new);
    if (rc == CMG_OK && properties == NULL)
        rc = cmg__json_set(entry, "_removed", cmg__json_boolean(true));
    return rc;
}

static cmg_status explain(cmg_sandbox *sandbox, cmg_status rc, const char *id,
                          cmg_error **err)
{
    if (rc == CMG_OK)
        return CMG_OK;
    if (rc == CMG_E_NOTFOUND)
        return cmg__fail(err, sandbox->alloc, rc, id, "add it first",
                         "there is nobody and nothing with ID %s to remove", id);
    if (rc != CMG_E_LIMIT)
        return cmg__fail_nomem(err);
    return cmg__fail(err, sandbox->alloc, rc, "users and groups",
                     "use cmg_sandbox_add_users() for many",
                     "%d of a kind have been set already", MOST_KEPT);
}

static cmg_status set_one(cmg_sandbox *sandbox, enum cmg__sb_kind kind, const char *id,
                          const char *text, cmg_error **err)
{
    struct cmg__json *properties = NULL;
    cmg_status rc = check(sandbox, id, err);
    if (rc == CMG_OK && text != NULL)
        rc = cmg__json_parse(sandbox->alloc, "properties", text, strlen(text),
                             &properties, err);
    if (rc == CMG_OK && text != NULL &&
        (cmg__json_type(properties) != CMG__JSON_OBJECT ||
         cmg__json_key(properties, "id") != NULL))
        rc = cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "properties",
                       "pass a JSON object without \"id\", or NULL",
                       "properties are no object, or give another ID");
    if (rc == CMG_OK) {
        char lower[CMG__GUID_SIZE];
        memcpy(lower, id, sizeof lower);
        cmg__lower_in_place(lower);
        (void)pthread_mutex_lock(&sandbox->lock);
        rc = cmg__sb_people_set(sandbox->cloud, kind, lower, properties);
        (void)pthread_mutex_unlock(&sandbox->lock);
        rc = explain(sandbox, rc, id, err);
    }
    cmg__json_unref(properties);
    return rc;
}

cmg_status cmg_sandbox_set_user(cmg_sandbox *sandbox, const char *id,
                                const char *properties, cmg_error **err)
{
    return set_one(sandbox, CMG__SB_USERS, id, properties, err);
}

cmg_status cmg_sandbox_set_group(cmg_sandbox *sandbox, const char *id,
                                 const char *properties, cmg_error **err)
{
    return set_one(sandbox, CMG__SB_GROUPS, id, properties, err);
}

cmg_status cmg_sandbox_add_users(cmg_sandbox *sandbox, uint32_t count, cmg_error **err)
{
    cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);
    if (rc != CMG_OK)
        return rc;
    (void)pthread_mutex_lock(&sandbox->lock);
    struct cmg__sb_people *people = &sandbox->cloud->people;
    bool fits = count <= MOST_USERS - people->computed;
    if (fits)
        people->computed += count;
    (void)pthread_mutex_unlock(&sandbox->lock);
    return fits ? CMG_OK
                : cmg__fail(err, sandbox->alloc, CMG_E_LIMIT, "count", "add fewer users",
                            "a tenant has at most %d users here", MOST_USERS);
}

/* ---- members ---- */

/* Each is kept with the number of its last change, and whether it is in or out. */
cmg_status cmg__sb_people_set_member(struct cmg__sb_cloud *cloud, const char *group,
                                     const char *user, bool is_member)
{
    struct cmg__json *entry = cmg__sb_people_find(cloud, CMG__SB_GROUPS, group);
    struct cmg__json *who = cmg__sb_people_find(cloud, CMG__SB_USERS, user);
    cmg_status rc = entry == NULL || who == NULL ? CMG_E_NOTFOUND : CMG_OK;
    struct cmg__json *members = cmg__json_key(entry, "_members");
    if (rc == CMG_OK && members == NULL) {
        members = cmg__json_object();
        rc = cmg__json_set(entry, "_members", members);
    }
    if (rc == CMG_OK)
        rc = change(cloud, entry, NULL, cmg__json_key(entry, "_changed") == NULL);
    if (rc == CMG_OK)
        rc = cmg__json_set(members, user,
                           cmg__json_pack("{s:I, s:b}", "seq", cloud->people.seq, "in",
                                          is_member ? 1 : 0));
    cmg__json_unref(entry);
    cmg__json_unref(who);
    return rc;
}

cmg_status cmg_sandbox_set_member(cmg_sandbox *sandbox, const char *group_id,
                                  const char *user_id, bool is_member, cmg_error **err)
{
    cmg_status rc = check(sandbox, group_id, err);
    if (rc == CMG_OK)
        rc = check(sandbox, user_id, err);
    if (rc != CMG_OK)
        return rc;
    (void)pthread_mutex_lock(&sandbox->lock);
    rc = cmg__sb_people_set_member(sandbox->cloud, group_id, user_id, is_member);
    (void)pthread_mutex_unlock(&sandbox->lock);
    if (rc == CMG_E_NOTFOUND)
        return cmg__fail(err, sandbox->alloc, rc, group_id, "add both first",
                         "there is no group %s, or no user %s", group_id, user_id);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg_sandbox_expire_links(cmg_sandbox *sandbox, cmg_error **err)
{
    cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);
    if (rc != CMG_OK)
        return rc;
    (void)pthread_mutex_lock(&sandbox->lock);
    sandbox->cloud->people.epoch++;
    (void)pthread_mutex_unlock(&sandbox->lock);
    return CMG_OK;
}
