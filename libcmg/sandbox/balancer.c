/*
 * Frontends of load balancers. See balancer.h.
 */
#include "sandbox/balancer.h"

#include <stdio.h>
#include <string.h>

#include "model/gateway.h"
#include "sandbox/arm.h"
#include "sandbox/fleet.h"

#define CONNECT_MS 5000
#define MAX_NAT    64
#define MAX_NAMES  512
#define MAX_HOSTS  16

struct front {
    struct cmg__list node;
    struct cmg__sb_balancer *owner;
    char *set_id;
    char host[254]; /* the public IP's name */
    uint16_t port;
    int index; /* the ID of the instance of a NAT port; -1: round robin to the client port
                */
    uint16_t backend; /* port of the instance that a NAT port leads to */
    unsigned next;
    bool wanted;
    struct cmg__listener *listener;
    struct cmg__list pairs;
};

struct cmg__sb_balancer {
    struct cmg__loop *loop;
    struct cmg__sb_cloud *cloud;
    struct cmg__sb_instances *instances;
    struct cmg__sb_names *names;
    struct cmg__list fronts;
};

static struct front *front_of(struct cmg__list *node)
{
    return CMG__CONTAINER(node, struct front, node);
}

static void destroy(struct front *f)
{
    cmg__list_remove(&f->node);
    cmg__listener_free(f->listener);
    cmg__sb_pairs_free(&f->pairs);
    cmg__free(f->owner->cloud->alloc, f->set_id);
    cmg__free(f->owner->cloud->alloc, f);
}

/* ---- accepting ---- */

/* The loopback port to go on to; 0 when no instance is ready, or none listens there. */
static uint16_t choose(struct front *f)
{
    struct cmg__sb_instances *all = f->owner->instances;
    const struct cmg__json *fleet =
        cmg__sb_fleet(cmg__sb_resource(f->owner->cloud, f->set_id));
    unsigned count = (unsigned)cmg__json_size(fleet);
    if (f->index >= 0)
        return cmg__sb_instances_port(all, f->set_id, (unsigned)f->index, f->backend);
    for (unsigned i = 0; i < count; i++) {
        const struct cmg__json *vm = cmg__json_item(fleet, f->next++ % count);
        uint16_t port = cmg__sb_instances_port(
            all, f->set_id, (unsigned)cmg__json_int(vm, "/id", 0), CMG__PORT_CLIENT);
        if (port != 0)
            return port;
    }
    return 0;
}

static void on_accept(void *user, int fd, const char *peer)
{
    struct front *f = user;
    struct cmg__stream *a = NULL, *b = NULL;
    uint16_t port = choose(f);
    (void)peer;
    if (cmg__tcp_adopt(f->owner->loop, fd, &a, NULL) != CMG_OK)
        return;
    if (port == 0 || cmg__tcp_connect(f->owner->loop, "127.0.0.1", port, CONNECT_MS, &b,
                                      NULL) != CMG_OK) {
        cmg__stream_free(a);
        return;
    }
    if (cmg__sb_pair_new(a, b, &f->pairs, NULL) != CMG_OK)
        return; /* both are closed; the client tries again */
}

/* ---- what the tree wants ---- */

struct wish {
    const char *set_id;
    const char *host;
    uint16_t port;
    uint16_t backend;
    int index;
};

static void want(struct cmg__sb_balancer *balancer, const struct wish *wish)
{
    CMG__LIST_FOREACH (node, after, &balancer->fronts) {
        struct front *f = front_of(node);
        if (f->port == wish->port && f->index == wish->index &&
            cmg__str_ieq(f->host, wish->host) && cmg__str_ieq(f->set_id, wish->set_id)) {
            f->wanted = true;
            return;
        }
    }
    struct front *f = cmg__alloc0(balancer->cloud->alloc, sizeof *f);
    if (f == NULL)
        return; /* the next sync tries again */
    f->owner = balancer;
    f->wanted = true;
    f->port = wish->port;
    f->index = wish->index;
    f->backend = wish->backend;
    (void)snprintf(f->host, sizeof f->host, "%s", wish->host);
    f->set_id = cmg__strdup(balancer->cloud->alloc, wish->set_id);
    cmg__list_init(&f->pairs);
    cmg__list_add_tail(&balancer->fronts, &f->node);
    if (f->set_id == NULL || cmg__listener_new(balancer->loop, "127.0.0.1", 0, on_accept,
                                               f, &f->listener, NULL) != CMG_OK)
        destroy(f);
}

/* The scale set whose instances stand behind a load balancer, or NULL. */
static const struct cmg__json *set_behind(const struct cmg__sb_cloud *cloud,
                                          const struct cmg__json *balancer)
{
    const char *user = cmg__sb_resource_user(cloud, cmg__json_str(balancer, "/id"));
    const struct cmg__json *set = user == NULL ? NULL : cmg__sb_resource(cloud, user);
    return cmg__sb_is_scale_set(set) ? set : NULL;
}

static const char *name_of(const struct cmg__sb_cloud *cloud,
                           const struct cmg__json *balancer)
{
    const char *id = cmg__json_str(
        balancer, "/properties/frontendIPConfigurations/0/properties/publicIPAddress/id");
    return id == NULL ? NULL
                      : cmg__json_str(cmg__sb_resource(cloud, id),
                                      "/properties/dnsSettings/fqdn");
}

static void want_rules(struct cmg__sb_balancer *b, const struct cmg__json *rules,
                       struct wish wish)
{
    for (size_t i = 0; i < cmg__json_size(rules); i++) {
        wish.port = (uint16_t)cmg__json_int(cmg__json_item(rules, i),
                                            "/properties/frontendPort", 0);
        wish.index = -1;
        if (wish.port != 0)
            want(b, &wish);
    }
}

static void want_range(struct cmg__sb_balancer *b, const struct cmg__json *rules,
                       struct wish wish, const struct cmg__json *fleet)
{
    for (size_t i = 0; i < cmg__json_size(rules); i++) {
        const struct cmg__json *rule = cmg__json_item(rules, i);
        int64_t first = cmg__json_int(rule, "/properties/frontendPortRangeStart", 0);
        int64_t last = cmg__json_int(rule, "/properties/frontendPortRangeEnd", -1);
        wish.backend = (uint16_t)cmg__json_int(rule, "/properties/backendPort", 0);
        for (size_t k = 0; first > 0 && k < cmg__json_size(fleet) && k < MAX_NAT; k++) {
            const struct cmg__json *vm = cmg__json_item(fleet, k);
            int64_t port = first + cmg__json_int(vm, "/slot", 0);
            if (port > last || port > 65535)
                continue;
            wish.port = (uint16_t)port;
            wish.index = (int)cmg__json_int(vm, "/id", 0);
            want(b, &wish);
        }
    }
}

static void want_balancer(struct cmg__sb_balancer *b, const struct cmg__json *balancer)
{
    const struct cmg__json *properties = cmg__json_key(balancer, "properties");
    const struct cmg__json *set = set_behind(b->cloud, balancer);
    const char *host = name_of(b->cloud, balancer);
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    if (set == NULL || host == NULL)
        return;
    const struct wish wish = { .set_id = cmg__json_str(set, "/id"), .host = host };
    want_rules(b, cmg__json_key(properties, "loadBalancingRules"), wish);
    want_range(b, cmg__json_key(properties, "inboundNatRules"), wish, fleet);
    want_range(b, cmg__json_key(properties, "inboundNatPools"), wish, fleet);
}

/* ---- names ---- */

struct table {
    struct cmg__sb_name *items;
    size_t count;
};

static void add_name(struct table *table, const char *host, uint16_t port,
                     uint16_t loopback_port)
{
    if (host == NULL || table->count == MAX_NAMES || strlen(host) > 253)
        return;
    struct cmg__sb_name *name = &table->items[table->count++];
    (void)snprintf(name->host, sizeof name->host, "%s", host);
    name->port = port;
    name->loopback_port = loopback_port;
}

/* The public name, and what the instances' user data calls themselves: in real life those
   are aliases (CNAME) of the public name. */
static void add_front(struct cmg__sb_balancer *b, const struct front *f,
                      struct table *table)
{
    const struct cmg__json *set = cmg__sb_resource(b->cloud, f->set_id);
    struct cmg__json *data = cmg__sb_user_data(
        b->cloud,
        cmg__str_or(cmg__json_str(set, "/properties/virtualMachineProfile/userData"),
                    ""));
    const struct cmg__json *aliases = cmg__json_key(data, "service_names");
    uint16_t port = cmg__listener_port(f->listener);
    add_name(table, f->host, f->port, port);
    for (size_t i = 0; i < cmg__json_size(aliases) && i < MAX_HOSTS; i++)
        add_name(table, cmg__json_str(cmg__json_item(aliases, i), ""), f->port, port);
    cmg__json_unref(data);
}

static void publish(struct cmg__sb_balancer *b)
{
    struct table table = { .count = 0 };
    if (!cmg__list_is_empty(&b->fronts)) {
        table.items = cmg__alloc_array(b->cloud->alloc, MAX_NAMES, sizeof *table.items);
        if (table.items == NULL)
            return; /* the old names stay until the next sync */
    }
    CMG__LIST_FOREACH (node, after, &b->fronts)
        add_front(b, front_of(node), &table);
    cmg__sb_names_set(b->names, table.items, table.count);
}

void cmg__sb_balancer_sync(struct cmg__sb_balancer *b)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    CMG__LIST_FOREACH (node, after, &b->fronts)
        front_of(node)->wanted = false;
    while (cmg__json_next(cmg__sb_table(b->cloud, "resources"), &iter, &key, &resource)) {
        if (cmg__sb_same(cmg__json_str(resource, "/type"),
                         "Microsoft.Network/loadBalancers"))
            want_balancer(b, resource);
    }
    CMG__LIST_FOREACH (node, after, &b->fronts) {
        if (!front_of(node)->wanted)
            destroy(front_of(node));
    }
    publish(b);
}

/* ---- life ---- */

cmg_status cmg__sb_balancer_new(struct cmg__loop *loop, struct cmg__sb_cloud *cloud,
                                struct cmg__sb_instances *instances,
                                struct cmg__sb_names *names,
                                struct cmg__sb_balancer **out, cmg_error **err)
{
    struct cmg__sb_balancer *b = cmg__alloc0(cloud->alloc, sizeof *b);
    if (b == NULL)
        return cmg__fail_nomem(err);
    b->loop = loop;
    b->cloud = cloud;
    b->instances = instances;
    b->names = names;
    cmg__list_init(&b->fronts);
    *out = b;
    return CMG_OK;
}

void cmg__sb_balancer_free(struct cmg__sb_balancer *b)
{
    if (b == NULL)
        return;
    CMG__LIST_FOREACH (node, after, &b->fronts)
        destroy(front_of(node));
    cmg__free(b->cloud->alloc, b);
}
