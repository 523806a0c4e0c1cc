/* See discover.h. */
#include "deploy/discover.h"

#include <string.h>

#include "deploy/engine.h"

#define MOST_GROUPS 50
#define BOTH        ((uint32_t)(CMG_DISCOVER_USERS | CMG_DISCOVER_GROUPS))

static size_t index_of(cmg_discovery_kind kind)
{
    return kind == CMG_DISCOVER_USERS ? 0 : 1;
}

void cmg__discovery_done(struct cmg__discovery *discovery, const struct cmg__alloc *alloc)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(discovery->links); i++)
        cmg__free(alloc, discovery->links[i]);
    cmg__free(alloc, discovery->filter);
    *discovery = (struct cmg__discovery){ .deploy = NULL };
}

/* ---- the host's table ---- */

static cmg_status check_groups(const struct cmg__alloc *alloc, const cmg_discovery *table,
                               cmg_error **err)
{
    if (table->group_count > MOST_GROUPS ||
        (table->group_count > 0) != (table->group_ids != NULL))
        return cmg__fail(err, alloc, CMG_E_INVAL, "group_ids",
                         "pass 1 to 50 object IDs and their number, or NULL and 0",
                         "group_ids and group_count (%lu) do not fit",
                         (unsigned long)table->group_count);
    for (uint32_t i = 0; i < table->group_count; i++) {
        const char *id = table->group_ids[i];
        if (id == NULL || !cmg__guid_is_valid(id))
            return cmg__fail(err, alloc, CMG_E_INVAL, "group_ids",
                             "use 8-4-4-4-12 hexadecimal digits",
                             "group_ids[%lu] is \"%.60s\", which is no GUID",
                             (unsigned long)i, cmg__str_or(id, ""));
    }
    return CMG_OK;
}

static cmg_status check_link(const struct cmg__alloc *alloc, const char *name,
                             const char *link, const char *graph, cmg_error **err)
{
    if (link == NULL || cmg__delta_link_is_good(link, graph))
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_INVAL, name,
                     "pass a link as on_link told it, or NULL for everything",
                     "%s does not lead to %s", name, graph);
}

static cmg_status check_table(const struct cmg__alloc *alloc, const cmg_discovery *table,
                              const char *graph, cmg_error **err)
{
    if (table->kinds == 0 || (table->kinds & ~BOTH) != 0)
        return cmg__fail(err, alloc, CMG_E_INVAL, "kinds",
                         "join CMG_DISCOVER_USERS and CMG_DISCOVER_GROUPS as wanted",
                         "kinds is 0x%lx", (unsigned long)table->kinds);
    cmg_status rc = check_groups(alloc, table, err);
    if (rc == CMG_OK)
        rc = check_link(alloc, "users_link", table->users_link, graph, err);
    if (rc == CMG_OK)
        rc = check_link(alloc, "groups_link", table->groups_link, graph, err);
    return rc;
}

/* "id eq 'a' or id eq 'b'" */
static cmg_status make_filter(const struct cmg__alloc *alloc, const cmg_discovery *table,
                              char **out)
{
    struct cmg__buf text;
    cmg_status rc = CMG_OK;

    cmg__buf_init(&text, alloc, 8192);
    for (uint32_t i = 0; rc == CMG_OK && i < table->group_count; i++)
        rc = cmg__buf_addf(&text, "%sid eq '%s'", i == 0 ? "" : " or ",
                           table->group_ids[i]);
    if (rc == CMG_OK)
        *out = cmg__buf_steal(&text);
    cmg__buf_done(&text);
    return rc;
}

cmg_status cmg__discovery_set(struct cmg__discovery *discovery,
                              const struct cmg__alloc *alloc, const char *graph,
                              const cmg_discovery *table, cmg_error **err)
{
    struct cmg__discovery copy = { .deploy = discovery->deploy };
    cmg_status rc = cmg__tagged_copy(&copy.table, sizeof copy.table, sizeof copy.table,
                                     table, "cmg_discovery", err);

    if (rc == CMG_OK)
        rc = check_table(alloc, &copy.table, graph, err);
    if (rc != CMG_OK)
        return rc;
    rc = make_filter(alloc, &copy.table, &copy.filter);
    if (rc == CMG_OK)
        rc = cmg__str_assign(alloc, &copy.links[0], copy.table.users_link);
    if (rc == CMG_OK)
        rc = cmg__str_assign(alloc, &copy.links[1], copy.table.groups_link);
    if (rc != CMG_OK) {
        cmg__discovery_done(&copy, alloc);
        return cmg__fail_nomem(err);
    }
    copy.table.group_ids = NULL; /* the host's; the copies are what counts */
    copy.table.users_link = copy.table.groups_link = NULL;
    cmg__discovery_done(discovery, alloc);
    *discovery = copy;
    return CMG_OK;
}

/* ---- telling ---- */

/* Brackets a callback and judges its answer, as events.c does for the engine's. */
static void enter(const struct cmg__discovery *d)
{
    cmg__callback_enter(d->deploy->head.ctx);
}

static cmg_status leave(const struct cmg__discovery *d, int answer, const char *callback,
                        cmg_error **err)
{
    const struct cmg__error_info info = {
        .code = CMG_E_CALLBACK,
        .origin_number = answer,
        .subject = callback,
        .remedy = "run it again with the link that was told last",
    };

    cmg__callback_leave(d->deploy->head.ctx);
    if (!d->deploy->aborted && (answer == 0 || answer == CMG_CALLBACK_PASS))
        return CMG_OK;
    return cmg__error_set(err, &d->deploy->head.ctx->alloc, &info,
                          "the host's callback %s returned %d", callback, answer);
}

struct teller {
    const struct cmg__discovery *discovery;
    cmg_discovery_kind kind;
};

static cmg_status on_user(void *user, const cmg_directory_user *entry, cmg_error **err)
{
    const struct cmg__discovery *d = ((const struct teller *)user)->discovery;

    if (d->table.on_user == NULL)
        return CMG_OK;
    enter(d);
    return leave(d, d->table.on_user(d->deploy, entry, d->table.user), "on_user", err);
}

static cmg_status on_group(void *user, const cmg_directory_group *entry, cmg_error **err)
{
    const struct cmg__discovery *d = ((const struct teller *)user)->discovery;

    if (d->table.on_group == NULL)
        return CMG_OK;
    enter(d);
    return leave(d, d->table.on_group(d->deploy, entry, d->table.user), "on_group", err);
}

static cmg_status on_member(void *user, const cmg_directory_member *entry,
                            cmg_error **err)
{
    const struct cmg__discovery *d = ((const struct teller *)user)->discovery;

    if (d->table.on_member == NULL)
        return CMG_OK;
    enter(d);
    return leave(d, d->table.on_member(d->deploy, entry, d->table.user), "on_member",
                 err);
}

static cmg_status on_removed(void *user, const char *id, cmg_error **err)
{
    const struct teller *teller = user;
    const struct cmg__discovery *d = teller->discovery;

    if (d->table.on_removed == NULL)
        return CMG_OK;
    enter(d);
    return leave(d, d->table.on_removed(d->deploy, teller->kind, id, d->table.user),
                 "on_removed", err);
}

static cmg_status tell_link(const struct cmg__discovery *d, cmg_discovery_kind kind,
                            bool is_last, cmg_error **err)
{
    if (d->table.on_link == NULL)
        return CMG_OK;
    enter(d);
    return leave(d,
                 d->table.on_link(d->deploy, kind, d->links[index_of(kind)], is_last,
                                  d->table.user),
                 "on_link", err);
}

/* ---- for the steps ---- */

static const char *graph_of(const struct cmg__run *run)
{
    return run->work->endpoints.at[CMG_ENDPOINT_GRAPH];
}

bool cmg__discovery_wants(const struct cmg__run *run, cmg_discovery_kind kind)
{
    return (run->work->discovery->table.kinds & (uint32_t)kind) != 0;
}

const char *cmg__discovery_link(const struct cmg__run *run, cmg_discovery_kind kind)
{
    return run->work->discovery->links[index_of(kind)];
}

cmg_status cmg__discovery_page(struct cmg__run *run, cmg_discovery_kind kind,
                               const struct cmg__json *page, bool *out_last,
                               cmg_error **err)
{
    struct cmg__discovery *d = run->work->discovery;
    const struct cmg__alloc *alloc = run->work->alloc;
    struct teller teller = { d, kind };
    const struct cmg__delta_visitor visitor = { .user = &teller,
                                                .on_user = on_user,
                                                .on_group = on_group,
                                                .on_member = on_member,
                                                .on_removed = on_removed };
    struct cmg__delta_link link = { .url = NULL };
    cmg_status rc =
        cmg__delta_read(alloc, page, kind, graph_of(run), &visitor, &link, err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__str_assign(alloc, &d->links[index_of(kind)], link.url) != CMG_OK)
        return cmg__fail_nomem(err);
    *out_last = link.is_last;
    return tell_link(d, kind, link.is_last, err);
}

cmg_status cmg__discovery_restart(struct cmg__run *run, cmg_discovery_kind kind,
                                  const char *link, cmg_error **err)
{
    struct cmg__discovery *d = run->work->discovery;

    if (link != NULL && !cmg__delta_link_is_good(link, graph_of(run)))
        link = NULL;
    if (cmg__str_assign(run->work->alloc, &d->links[index_of(kind)], link) != CMG_OK)
        return cmg__fail_nomem(err);
    if (d->table.on_resync == NULL)
        return CMG_OK;
    enter(d);
    return leave(d, d->table.on_resync(d->deploy, kind, d->table.user), "on_resync", err);
}
