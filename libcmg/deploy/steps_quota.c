/*
 * Is there room for the gateway: is there the region, does it offer the size to this
 * subscription, and do its quotas allow what is wanted more than is there? A set that is
 * there counts with what it has.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

/* ---- region ---- */

/* Fails even where all is collected: what hangs on the region has nothing to look at. */
static cmg_status refuse_region(const struct cmg__run *run, cmg_error **err)
{
    static const struct cmg__error_info info = {
        .code = CMG_E_INVAL,
        .subject = "/gateway/region",
        .cause = "it is not among the locations of the subscription",
        .remedy = "write the short name of a region, such as westeurope, in the cloud "
                  "that the context is for",
    };

    return cmg__error_set(err, run->work->alloc, &info, "there is no region \"%s\"",
                          run->work->gateway->region);
}

/* Logical ones ("europe") have no machines. */
static const struct cmg__json *find_region(const struct cmg__json *list, const char *name)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *one = cmg__json_item(list, i);
        const char *kind = cmg__str_or(cmg__json_str(one, "/metadata/regionType"), "");
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(one, "/name"), ""), name) &&
            !cmg__str_ieq(kind, "Logical"))
            return one;
    }
    return NULL;
}

/* Who has rights on a group only may not ask. */
static cmg_status read_regions(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *region =
        find_region(cmg__json_at(answer->json, "/value"), run->work->gateway->region);

    if (answer->status != 403 && region == NULL)
        return refuse_region(run, err);
    cmg__run_say(run, "%s",
                 cmg__str_or(cmg__json_str(region, "/displayName"), "not asked"));
    return cmg__next_done(next);
}

static const struct cmg__exchange region_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_LOCATIONS,
      .also = { 403 },
      .read = read_regions },
};

const struct cmg__step cmg__step_check_region = {
    .name = "check_region",
    .title = "region",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(region_exchanges),
};

/* ---- size ---- */

static const struct cmg__json *find_size(const struct cmg__json *list, const char *name)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *sku = cmg__json_item(list, i);
        const char *type = cmg__str_or(cmg__json_str(sku, "/resourceType"), "");
        const char *found = cmg__str_or(cmg__json_str(sku, "/name"), "");
        if (cmg__str_ieq(type, "virtualMachines") && cmg__str_ieq(found, name))
            return sku;
    }
    return NULL;
}

/* A zone that lacks it does not matter, for the instances are in none. */
static const char *restriction_of(const struct cmg__json *sku)
{
    const struct cmg__json *list = cmg__json_at(sku, "/restrictions");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *one = cmg__json_item(list, i);
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(one, "/type"), ""), "Location"))
            return cmg__str_or(cmg__json_str(one, "/reasonCode"), "restricted");
    }
    return NULL;
}

static const char *capability(const struct cmg__json *sku, const char *name)
{
    const struct cmg__json *list = cmg__json_at(sku, "/capabilities");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *one = cmg__json_item(list, i);
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(one, "/name"), ""), name))
            return cmg__str_or(cmg__json_str(one, "/value"), "");
    }
    return "";
}

/* To scale keeps the size that is there. */
static const char *size_wanted(const struct cmg__run *run)
{
    const char *now = run->work->room.size_now;

    return now[0] != '\0' && cmg__run_has_step(run, "scale")
               ? now
               : run->work->gateway->vm_size;
}

static void copy(char out[CMG__ROOM_NAME], const char *text)
{
    (void)snprintf(out, CMG__ROOM_NAME, "%s", cmg__str_or(text, ""));
}

static cmg_status read_set(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    struct cmg__room *room = &run->work->room;

    (void)err;
    *room = (struct cmg__room){ 0 };
    if (answer->status != 404) {
        copy(room->size_now, cmg__json_str(answer->json, "/sku/name"));
        room->count_now = cmg__json_int(answer->json, "/sku/capacity", 0);
    }
    return cmg__next_go(next, "inspect");
}

static cmg_status refuse_size(struct cmg__run *run, const char *code, cmg_error **err)
{
    const cmg_gateway *gateway = run->work->gateway;
    const cmg_problem problem = {
        .severity = CMG_SEVERITY_REFUSAL,
        .subject = "/gateway/vm_size",
        .cause = code == NULL ? "the region's list of sizes does not have it"
                              : "the subscription may not use it there",
        .remedy = "choose another size or region, or ask Azure's support to lift the "
                  "restriction",
        .service_code = code,
    };

    return cmg__run_problem(run, CMG_E_UNSUPPORTED, &problem, err,
                            "size %s is not available in %s", size_wanted(run),
                            gateway->region);
}

static int64_t cores_of(const struct cmg__json *sku)
{
    const char *text = capability(sku, "vCPUs");
    uint64_t cores = 0;

    return cmg__parse_u64(text, strlen(text), &cores) && cores <= 1024 ? (int64_t)cores
                                                                       : 0;
}

/* What it takes of the quotas, and what is taken already, is looked at next. */
static void keep_size(struct cmg__run *run, const struct cmg__json *sku,
                      const struct cmg__json *now)
{
    struct cmg__room *room = &run->work->room;

    room->cores = cores_of(sku);
    copy(room->family, cmg__json_str(sku, "/family"));
    room->cores_now = cores_of(now);
    copy(room->family_now, cmg__json_str(now, "/family"));
    cmg__run_say(run, "%s, %lld cores", size_wanted(run), (long long)room->cores);
}

/* Those that run go on to, whatever was restricted since. */
static bool runs_already(const struct cmg__run *run)
{
    const struct cmg__room *room = &run->work->room;

    return cmg__str_ieq(size_wanted(run), room->size_now) &&
           run->work->gateway->instance_count <= room->count_now;
}

static cmg_status read_sizes(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    const struct cmg__json *sku = find_size(list, size_wanted(run));
    const char *restriction = sku == NULL ? NULL : restriction_of(sku);
    cmg_status rc = CMG_OK;

    if ((sku == NULL || restriction != NULL) && !runs_already(run))
        rc = refuse_size(run, restriction, err);
    if (rc == CMG_OK && sku != NULL)
        keep_size(run, sku, find_size(list, run->work->room.size_now));
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange size_exchanges[] = {
    { .name = "set",
      .call = CMG__CALL_SCALE_SET_GET,
      .also = { 404 },
      .bind = { { "name", "label" } },
      .read = read_set },
    { .name = "inspect", .call = CMG__CALL_SIZES, .read = read_sizes },
};

const struct cmg__step cmg__step_check_size = {
    .name = "check_size",
    .title = "VM size",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription", "check_region" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(size_exchanges),
};

/* ---- quotas ---- */

static const struct cmg__json *find_usage(const struct cmg__json *list, const char *name)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *usage = cmg__json_item(list, i);
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(usage, "/name/value"), ""), name))
            return usage;
    }
    return NULL;
}

/* Names come and go; what is not listed is not judged. */
static cmg_status judge_usage(struct cmg__run *run, const struct cmg__json *list,
                              const char *name, int64_t more, cmg_error **err)
{
    const struct cmg__json *usage = find_usage(list, name);
    const int64_t used = cmg__json_int(usage, "/currentValue", 0);
    const int64_t limit = cmg__json_int(usage, "/limit", -1);

    if (usage == NULL || limit < 0 || more <= 0 || used + more <= limit)
        return CMG_OK;
    const cmg_problem problem = {
        .severity = CMG_SEVERITY_REFUSAL,
        .subject = name,
        .cause = "what is there and what is wanted are more than the quota",
        .remedy = "have the quota raised, remove what is not needed, or take a smaller "
                  "size, fewer instances or another region",
        .service_code = "QuotaExceeded",
    };
    return cmg__run_problem(run, CMG_E_LIMIT, &problem, err,
                            "%lld more of %s are needed in %s, %lld of %lld are used",
                            (long long)more, name, run->work->gateway->region,
                            (long long)used, (long long)limit);
}

/* How many more the gateway takes than it does now, of a family or (NULL) at all. */
static int64_t more_cores(const struct cmg__run *run, const char *family)
{
    const struct cmg__room *room = &run->work->room;
    const bool same = family == NULL || cmg__str_ieq(family, room->family_now);

    return room->cores * run->work->gateway->instance_count -
           (same ? room->cores_now * room->count_now : 0);
}

static bool is_new(const struct cmg__run *run)
{
    return run->work->room.size_now[0] == '\0';
}

static cmg_status read_compute(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    const char *family = run->work->room.family;
    const int64_t cores = more_cores(run, NULL);
    cmg_status rc = judge_usage(run, list, "cores", cores, err);

    if (rc == CMG_OK)
        rc = judge_usage(run, list, family, more_cores(run, family), err);
    if (rc == CMG_OK)
        rc = judge_usage(run, list, "virtualMachineScaleSets", is_new(run), err);
    cmg__run_say(run, "room for %lld more cores", (long long)(cores > 0 ? cores : 0));
    return rc == CMG_OK ? cmg__next_go(next, "network") : rc;
}

/* Two spellings of one thing are about. */
static const char *const network_names[] = {
    "PublicIPAddresses",
    "StandardSkuPublicIpAddresses",
    "IPv4StandardSkuPublicIpAddresses",
    "StandardSkuLoadBalancers",
    "NetworkSecurityGroups",
    "VirtualNetworks",
};

static cmg_status read_network(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(network_names); i++)
        rc = judge_usage(run, list, network_names[i], is_new(run), err);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange quota_exchanges[] = {
    { .name = "compute", .call = CMG__CALL_COMPUTE_USAGES, .read = read_compute },
    { .name = "network", .call = CMG__CALL_NETWORK_USAGES, .read = read_network },
};

const struct cmg__step cmg__step_check_quota = {
    .name = "check_quota",
    .title = "quotas",
    .phase = CMG__PHASE_APPLY,
    .needs = { "check_size", "provider_compute", "provider_network" },
    .judges = true,
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(quota_exchanges),
};
