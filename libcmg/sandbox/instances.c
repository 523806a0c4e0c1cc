/*
 * Processes of instances. See instances.h.
 *
 * state     event                    next
 * -         wanted by the tree       starting (process runs, ready file awaited)
 * starting  ready file there         ready
 * starting  process ended            waiting (back-off)
 * ready     process ended            waiting (back-off)
 * waiting   back-off over            starting
 * any       not wanted any more      gone
 */
#include "sandbox/instances.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/list.h"
#include "model/gateway.h"
#include "net/process.h"
#include "sandbox/fleet.h"

#define POLL_MS       25
#define FIRST_BACK_MS 100
#define LONGEST_MS    10000
#define HEALTHY_MS    10000
#define MAX_ARGUMENTS 48
#define SERVICE_POLL  "200" /* ms */

/* What an instance listens for: its port in the field, its name in --listen and in the
   ready file. */
enum listener { CLIENT, CHANNEL, CHANNEL_HTTPS };
static const struct {
    uint16_t port;
    const char *listen, *path;
} listeners[] = {
    [CLIENT] = { CMG__PORT_CLIENT, "client=127.0.0.1:0", "/client" },
    [CHANNEL] = { CMG__PORT_CHANNEL, "channel=127.0.0.1:0", "/channel" },
    [CHANNEL_HTTPS] = { CMG__PORT_HTTPS, "channel_https=127.0.0.1:0", "/channel_https" },
};

struct instance {
    struct cmg__list node;
    struct cmg__sb_instances *owner;
    char *set_id;
    char *unique_id; /* a set made again under its name is another one */
    unsigned index;  /* the instance ID */
    unsigned slot;   /* which port of a NAT range is its */
    int64_t generation;
    int64_t model; /* what is on its disk */
    bool wanted;
    struct cmg__sb_machine machine;
    struct cmg__process *process;
    struct cmg__timer timer; /* ready file, or back-off */
    uint16_t ports[3];       /* by enum listener; 0: not listened */
    bool ready;
    int64_t started_ms;
    int64_t back_ms;
};

struct cmg__sb_instances {
    struct cmg__loop *loop;
    struct cmg__sb_cloud *cloud;
    char *program, *directory, *ca_file, *metadata;
    uint16_t https_port;
    void (*on_change)(void *user);
    void *user;
    struct cmg__list list;
    atomic_size_t running; /* read by any thread */
};

static void start(struct instance *in);

static struct instance *instance_of(struct cmg__list *node)
{
    return CMG__CONTAINER(node, struct instance, node);
}

static const struct cmg__alloc *alloc_of(const struct cmg__sb_instances *all)
{
    return all->cloud->alloc;
}

static struct cmg__json *set_of(const struct instance *in)
{
    char *key = cmg__strdup(alloc_of(in->owner), in->set_id);
    if (key != NULL)
        cmg__lower_in_place(key);
    struct cmg__json *set = cmg__sb_find(in->owner->cloud, "resources", key);
    cmg__free(alloc_of(in->owner), key);
    return set;
}

static const struct cmg__json *vm_of(const struct instance *in)
{
    char id[24];
    (void)snprintf(id, sizeof id, "%u", in->index);
    return cmg__sb_fleet_find(set_of(in), id);
}

static void end_process(struct instance *in)
{
    if (in->process == NULL)
        return;
    cmg__process_free(in->process);
    in->process = NULL;
    atomic_fetch_sub(&in->owner->running, 1);
}

static void destroy(struct instance *in)
{
    const struct cmg__alloc *alloc = alloc_of(in->owner);
    cmg__list_remove(&in->node);
    cmg__timer_stop(&in->timer);
    end_process(in);
    cmg__sb_machine_done(in->owner->cloud, &in->machine);
    cmg__free(alloc, in->set_id);
    cmg__free(alloc, in->unique_id);
    cmg__free(alloc, in);
}

/* ---- starting ---- */

static void back_off(struct instance *in)
{
    int64_t now = cmg__loop_now_ms(in->owner->loop);
    bool was_ready = in->ready;
    if (in->started_ms != 0 && now - in->started_ms > HEALTHY_MS)
        in->back_ms = 0;
    in->back_ms = in->back_ms == 0 ? FIRST_BACK_MS : in->back_ms * 2;
    if (in->back_ms > LONGEST_MS)
        in->back_ms = LONGEST_MS;
    in->ready = false;
    cmg__timer_start(&in->timer, in->back_ms);
    if (was_ready)
        in->owner->on_change(in->owner->user);
}

static void on_exit_of(void *user, int exit_status, int signal)
{
    struct instance *in = user;
    cmg__log(cmg__loop_context(in->owner->loop), CMG_LOG_WARNING, "sandbox",
             "instance.exit", in->machine.log, "instance %u ended: status %d, signal %d",
             in->index, exit_status, signal);
    end_process(in);
    back_off(in);
}

/* The ports once the service has written them, in one piece. */
static void read_ready_file(struct instance *in)
{
    const struct cmg__sb_cloud *cloud = in->owner->cloud;
    struct cmg__buf text;
    struct cmg__json *ports = NULL;
    cmg__buf_init(&text, cloud->alloc, 4096);
    if (cmg__file_read(cloud->env, cloud->alloc, in->machine.ready, 4096, &text, NULL) ==
            CMG_OK &&
        cmg__json_parse(cloud->alloc, in->machine.ready, cmg__buf_cstr(&text), text.len,
                        &ports, NULL) == CMG_OK) {
        for (size_t i = 0; i < CMG__ARRAY_LEN(listeners); i++)
            in->ports[i] = (uint16_t)cmg__json_int(ports, listeners[i].path, 0);
        in->ready = in->ports[CLIENT] != 0 && in->ports[CHANNEL] != 0;
    }
    cmg__json_unref(ports);
    cmg__buf_done(&text);
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    struct instance *in = user;
    (void)timer;
    if (in->process == NULL) {
        start(in);
        return;
    }
    read_ready_file(in);
    if (in->ready)
        in->owner->on_change(in->owner->user);
    else
        cmg__timer_start(&in->timer, POLL_MS);
}

/* The arguments of a process; those that are made stand in texts. */
struct command {
    const char *argv[MAX_ARGUMENTS];
    size_t count;
    char names[3][128];
    char instance[16], address[32], metadata[128];
};

static void add_word(struct command *c, const char *word)
{
    if (c->count + 1 < MAX_ARGUMENTS)
        c->argv[c->count++] = word;
}

static void add_option(struct command *c, const char *name, const char *value)
{
    add_word(c, name);
    add_word(c, value);
}

static void add_names(struct command *c, const struct instance *in)
{
    const struct cmg__cloud *azure = in->owner->cloud->names;
    const char *const hosts[] = { azure->login_host, azure->graph_host, azure->arm_host };
    for (size_t i = 0; i < CMG__ARRAY_LEN(hosts); i++) {
        (void)snprintf(c->names[i], sizeof c->names[i], "%s:443:127.0.0.1:%u", hosts[i],
                       (unsigned)in->owner->https_port);
        add_option(c, "--connect-to", c->names[i]);
    }
}

/* The machine brings its service itself: its custom data runs, and becomes it. */
static void add_boot(struct command *c, const struct instance *in)
{
    (void)snprintf(c->address, sizeof c->address, "127.0.0.1:%u",
                   (unsigned)in->owner->https_port);
    add_word(c, in->machine.boot);
    add_option(c, "--root", in->machine.directory);
    add_option(c, "--metadata", c->metadata);
    add_option(c, "--connect-to", c->address);
    add_option(c, "--ca-file", in->owner->ca_file);
    add_option(c, "--pause", "0.2");
    add_word(c, "--run");
}

static void add_service(struct command *c, const struct instance *in)
{
    add_option(c, "--user-data", in->machine.user_data);
    add_option(c, "--secrets-dir", in->machine.secrets);
    add_option(c, "--instance", c->instance);
    for (size_t i = 0; i < CMG__ARRAY_LEN(listeners); i++)
        add_option(c, "--listen", listeners[i].listen);
    add_option(c, "--ready-file", in->machine.ready);
    add_option(c, "--ca-file", in->owner->ca_file);
    add_option(c, "--metadata", c->metadata);
    add_option(c, "--poll-ms", SERVICE_POLL);
    add_names(c, in);
}

static bool brings_package(const struct instance *in, const struct cmg__json *vm)
{
    struct cmg__json *data =
        cmg__sb_user_data(in->owner->cloud, cmg__sb_fleet_user_data(vm));
    const bool named = cmg__json_key(data, "package") != NULL;
    cmg__json_unref(data);
    return named;
}

static cmg_status spawn(struct instance *in, cmg_error **err)
{
    const struct cmg__json *vm = vm_of(in);
    struct command c = { .count = 0 };
    (void)snprintf(c.instance, sizeof c.instance, "%u", in->slot);
    (void)snprintf(c.metadata, sizeof c.metadata, "%s/instances/%s", in->owner->metadata,
                   cmg__str_or(cmg__json_str(vm, "/vm_id"), ""));
    if (brings_package(in, vm))
        add_boot(&c, in);
    else
        add_word(&c, in->owner->program);
    add_service(&c, in);
    const struct cmg__process_settings settings = { .argv = c.argv,
                                                    .stderr_path = in->machine.log };
    return cmg__process_start(in->owner->loop, &settings, on_exit_of, in, &in->process,
                              err);
}

static void start(struct instance *in)
{
    struct cmg__sb_cloud *cloud = in->owner->cloud;
    const struct cmg__json *set = set_of(in);
    cmg_error *why = NULL;
    char name[160];
    (void)snprintf(name, sizeof name, "%.120s_%u",
                   cmg__str_or(cmg__json_str(set, "/name"), "instance"), in->index);
    in->started_ms = cmg__loop_now_ms(in->owner->loop);
    cmg__sb_machine_done(cloud, &in->machine);
    in->model = cmg__json_int(vm_of(in), "/model", 0);
    cmg_status rc = cmg__sb_machine_make(cloud, in->owner->directory, name, set,
                                         vm_of(in), &in->machine, &why);
    if (rc == CMG_OK) {
        (void)cloud->env->unlink(cloud->env->user, in->machine.ready);
        rc = spawn(in, &why);
    }
    if (rc == CMG_OK) {
        atomic_fetch_add(&in->owner->running, 1);
        cmg__timer_start(&in->timer, POLL_MS);
    } else {
        cmg__log(cmg__loop_context(in->owner->loop), CMG_LOG_ERROR, "sandbox",
                 "instance.start", name, "the instance cannot be started: %s",
                 cmg_error_message(why));
        back_off(in);
    }
    cmg_error_unref(why);
}

/* ---- what the tree wants ---- */

static struct instance *find(const struct cmg__sb_instances *all, const char *set_id,
                             unsigned index)
{
    CMG__LIST_FOREACH (node, after, &all->list) {
        struct instance *in = instance_of(node);
        if (in->index == index && cmg__str_ieq(in->set_id, set_id))
            return in;
    }
    return NULL;
}

static void add(struct cmg__sb_instances *all, const struct cmg__json *set,
                const struct cmg__json *vm)
{
    struct instance *in = cmg__alloc0(alloc_of(all), sizeof *in);
    if (in == NULL)
        return; /* the next sync tries again */
    in->owner = all;
    in->index = (unsigned)cmg__json_int(vm, "/id", 0);
    in->slot = (unsigned)cmg__json_int(vm, "/slot", 0);
    in->generation = cmg__json_int(vm, "/generation", 0);
    in->wanted = true;
    in->set_id = cmg__strdup(alloc_of(all), cmg__json_str(set, "/id"));
    in->unique_id =
        cmg__strdup(alloc_of(all), cmg__json_str(set, "/properties/uniqueId"));
    cmg__timer_init(&in->timer, all->loop, on_timer, in);
    cmg__list_add_tail(&all->list, &in->node);
    if (in->set_id == NULL || in->unique_id == NULL)
        destroy(in);
    else
        start(in);
}

/* User data and certificates of a newer model, for a machine that stays. */
static void refresh(struct instance *in, const struct cmg__json *vm)
{
    cmg_error *why = NULL;
    const int64_t model = cmg__json_int(vm, "/model", 0);
    if (in->model == model || in->machine.directory == NULL)
        return;
    in->model = model;
    if (cmg__sb_machine_refresh(in->owner->cloud, &in->machine, vm, &why) != CMG_OK)
        cmg__log(cmg__loop_context(in->owner->loop), CMG_LOG_ERROR, "sandbox",
                 "instance.refresh", in->machine.directory,
                 "the instance keeps what it had: %s", cmg_error_message(why));
    cmg_error_unref(why);
}

static void want(struct cmg__sb_instances *all, const struct cmg__json *set)
{
    const struct cmg__json *fleet = cmg__sb_fleet(set);
    for (size_t i = 0; i < cmg__json_size(fleet); i++) {
        const struct cmg__json *vm = cmg__json_item(fleet, i);
        if (!cmg__sb_same(cmg__json_str(vm, "/power"), "running"))
            continue;
        struct instance *in =
            find(all, cmg__json_str(set, "/id"), (unsigned)cmg__json_int(vm, "/id", 0));
        bool same =
            in != NULL && in->generation == cmg__json_int(vm, "/generation", 0) &&
            cmg__sb_same(in->unique_id, cmg__json_str(set, "/properties/uniqueId"));
        if (same) {
            in->wanted = true;
            refresh(in, vm);
            continue;
        }
        if (in != NULL)
            destroy(in);
        add(all, set, vm);
    }
}

void cmg__sb_instances_sync(struct cmg__sb_instances *all)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *resource = NULL;
    CMG__LIST_FOREACH (node, after, &all->list)
        instance_of(node)->wanted = false;
    while (
        cmg__json_next(cmg__sb_table(all->cloud, "resources"), &iter, &key, &resource)) {
        if (cmg__sb_is_scale_set(resource))
            want(all, resource);
    }
    CMG__LIST_FOREACH (node, after, &all->list) {
        if (!instance_of(node)->wanted)
            destroy(instance_of(node));
    }
}

/* ---- life and questions ---- */

/* One that is about to be made anew is not up, though its process does not know yet. */
static bool is_running(void *user, const char *set_id, unsigned index)
{
    const struct instance *in = find(user, set_id, index);

    return in != NULL && in->generation == cmg__json_int(vm_of(in), "/generation", 0) &&
           cmg__sb_instances_port(user, set_id, index, CMG__PORT_CLIENT) != 0;
}

cmg_status cmg__sb_instances_new(struct cmg__loop *loop, struct cmg__sb_cloud *cloud,
                                 const struct cmg__sb_instances_settings *settings,
                                 struct cmg__sb_instances **out, cmg_error **err)
{
    struct cmg__sb_instances *all = cmg__alloc0(cloud->alloc, sizeof *all);
    if (all == NULL)
        return cmg__fail_nomem(err);
    all->loop = loop;
    all->cloud = cloud;
    cmg__list_init(&all->list);
    all->https_port = settings->https_port;
    all->on_change = settings->on_change;
    all->user = settings->user;
    all->program = cmg__strdup(cloud->alloc, settings->program);
    all->directory = cmg__strdup(cloud->alloc, settings->directory);
    all->ca_file = cmg__strdup(cloud->alloc, settings->ca_file);
    all->metadata = cmg__strdup(cloud->alloc, settings->metadata);
    if (all->program == NULL || all->directory == NULL || all->ca_file == NULL ||
        all->metadata == NULL) {
        cmg__sb_instances_free(all);
        return cmg__fail_nomem(err);
    }
    cloud->is_running = is_running;
    cloud->running_user = all;
    *out = all;
    return CMG_OK;
}

void cmg__sb_instances_free(struct cmg__sb_instances *all)
{
    if (all == NULL)
        return;
    CMG__LIST_FOREACH (node, after, &all->list)
        destroy(instance_of(node));
    all->cloud->is_running = NULL;
    cmg__free(all->cloud->alloc, all->program);
    cmg__free(all->cloud->alloc, all->directory);
    cmg__free(all->cloud->alloc, all->ca_file);
    cmg__free(all->cloud->alloc, all->metadata);
    cmg__free(all->cloud->alloc, all);
}

uint16_t cmg__sb_instances_port(struct cmg__sb_instances *all, const char *set_id,
                                unsigned index, uint16_t backend)
{
    const struct instance *in = find(all, set_id, index);
    for (size_t i = 0; i < CMG__ARRAY_LEN(listeners); i++) {
        if (in != NULL && in->ready && listeners[i].port == backend)
            return in->ports[i];
    }
    return 0;
}

size_t cmg__sb_instances_count(struct cmg__sb_instances *all)
{
    return all == NULL ? 0 : atomic_load(&all->running);
}
