/* See replacement.h, and the public functions of cmg/replace.h. */
#include "deploy/replacement.h"

#include <stdio.h>
#include <string.h>

#include "deploy/engine.h"

#define DAY_MS   ((int64_t)24 * 60 * 60 * 1000)
#define MOST_MS  (90 * DAY_MS)
#define LEAST_MS INT64_C(1000)

/* ---- facts ---- */

static int64_t number(const struct cmg__work *work, const char *key)
{
    const char *text = cmg__fact(work, key);
    uint64_t n = 0;

    return cmg__parse_u64(text, strlen(text), &n) && n <= INT64_MAX / 1000 ? (int64_t)n
                                                                           : 0;
}

static cmg_status set_number(struct cmg__work *work, const char *key, int64_t n)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", (long long)n);
    return cmg__fact_set(work, key, text);
}

static cmg_status keep_names(struct cmg__work *work, const char *id, cmg_error **err)
{
    const cmg_gateway *old = work->replacement.old_gateway;
    const struct {
        const char *key, *value;
    } facts[] = {
        { CMG__OLD_ID, id },
        { CMG__OLD_NAME, old->name },
        { CMG__OLD_GROUP, old->resource_group },
        { CMG__OLD_REGION, old->region },
        { CMG__OLD_SUBSCRIPTION, old->tenant->subscription_id },
    };
    cmg_status rc =
        cmg__replacement_is_done(work) && strcmp(cmg__fact(work, CMG__OLD_ID), id) != 0
            ? cmg__fact_set(work, CMG__OLD_GONE, NULL)
            : CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(facts); i++)
        rc = cmg__fact_set(work, facts[i].key, facts[i].value);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg__replacement_begin(struct cmg__work *work, cmg_error **err)
{
    const cmg_gateway *old = work->replacement.old_gateway;
    const char *known = cmg__fact(work, CMG__OLD_ID);
    char id[CMG__GUID_SIZE];

    if (old == NULL && known[0] != '\0')
        return CMG_OK;
    if (old == NULL)
        return cmg__fail(
            err, work->alloc, CMG_E_STATE, "replacement",
            "call cmg_deploy_set_replacement() first",
            "neither the host nor the journal say which gateway is replaced");
    if (cmg__work_deployment_id(old, id) != CMG_OK)
        return cmg__fail_nomem(err);
    if (known[0] != '\0' && strcmp(known, id) != 0 && !cmg__replacement_is_done(work))
        return cmg__fail(err, work->alloc, CMG_E_CONFLICT, "old_gateway",
                         "finish that one first: run it without another old gateway",
                         "the journal is about the replacement of \"%s\", not of \"%s\"",
                         cmg__fact(work, CMG__OLD_NAME), old->name);
    return keep_names(work, id, err);
}

bool cmg__replacement_serves_already(const struct cmg__work *work)
{
    return number(work, CMG__OLD_SINCE) != 0;
}

/* A wait that is said anew counts from the same beginning. */
cmg_status cmg__replacement_serves(struct cmg__work *work, cmg_error **err)
{
    const int64_t wait_ms = work->replacement.wait_ms;
    const bool first = !cmg__replacement_serves_already(work);
    cmg_status rc = CMG_OK;

    if (first)
        rc = set_number(work, CMG__OLD_SINCE, cmg__env_unix_s(&work->ctx->env));
    if (rc == CMG_OK && (first || wait_ms != 0))
        rc = set_number(work, CMG__OLD_DUE,
                        number(work, CMG__OLD_SINCE) +
                            (wait_ms != 0 ? wait_ms : DAY_MS) / 1000);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

int64_t cmg__replacement_left_ms(const struct cmg__work *work)
{
    const int64_t left_s = number(work, CMG__OLD_DUE) - cmg__env_unix_s(&work->ctx->env);

    return work->replacement.mode == CMG_REPLACE_NOW || left_s <= 0 ? 0 : left_s * 1000;
}

cmg_status cmg__replacement_end(struct cmg__work *work, cmg_error **err)
{
    cmg_status rc = cmg__fact_set(work, CMG__OLD_SINCE, NULL);

    if (rc == CMG_OK)
        rc = cmg__fact_set(work, CMG__OLD_DUE, NULL);
    if (rc == CMG_OK)
        rc = cmg__fact_set(work, CMG__OLD_GONE, "yes");
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

bool cmg__replacement_is_done(const struct cmg__work *work)
{
    return cmg__fact(work, CMG__OLD_GONE)[0] != '\0';
}

cmg_status cmg__replacement_anew(struct cmg__work *work, cmg_error **err)
{
    return cmg__fact_set(work, CMG__OLD_GONE, NULL) == CMG_OK ? CMG_OK
                                                              : cmg__fail_nomem(err);
}

/* ---- public functions ---- */

static cmg_status check_options(const cmg_deploy *deploy, const cmg_replacement *r,
                                cmg_error **err)
{
    const struct cmg__alloc *alloc = &deploy->head.ctx->alloc;

    if (r->mode < CMG_REPLACE_WHEN_DUE || r->mode > CMG_REPLACE_NOW)
        return cmg__fail(err, alloc, CMG_E_INVAL, "replacement.mode",
                         "use one of cmg_replace_mode, or 0",
                         "%d is no way to replace a gateway", (int)r->mode);
    if (r->wait_ms != 0 && (r->wait_ms < LEAST_MS || r->wait_ms > MOST_MS))
        return cmg__fail(err, alloc, CMG_E_INVAL, "replacement.wait_ms",
                         "pass 0 for a day, or 1000 to 7776000000",
                         "the old gateway cannot be left in service for %lld ms",
                         (long long)r->wait_ms);
    return cmg__check(r->old_gateway == NULL ? NULL : &r->old_gateway->head,
                      CMG__TAG_GATEWAY, err);
}

static bool same_tenant(const cmg_tenant *a, const cmg_tenant *b)
{
    if (a->wanted_id[0] != '\0' && b->wanted_id[0] != '\0')
        return cmg__str_ieq(a->wanted_id, b->wanted_id);
    return cmg__str_ieq(a->domain, b->domain);
}

/* One group is removed as a whole, so the two may not share it. */
static bool same_group(const cmg_gateway *a, const cmg_gateway *b)
{
    return cmg__str_ieq(a->resource_group, b->resource_group) &&
           cmg__str_ieq(a->tenant->subscription_id, b->tenant->subscription_id);
}

static cmg_status check_pair(const cmg_gateway *now, const cmg_gateway *old,
                             cmg_error **err)
{
    const struct cmg__alloc *alloc = &now->head.ctx->alloc;
    const char *why = NULL;

    if (!cmg__gateway_is_whole(old) || !cmg__gateway_is_whole(now))
        why = "one of the two is no gateway";
    else if (cmg__str_ieq(now->name, old->name))
        why = "both have the same name, which Azure gives away once: for that there is "
              "CMG_DEPLOY_REDEPLOY_GATEWAY";
    else if (same_group(now, old))
        why = "both are in the same resource group, which goes with the old one";
    else if (!same_tenant(now->tenant, old->tenant))
        why = "they are of different tenants";
    if (why == NULL)
        return CMG_OK;
    return cmg__fail(err, alloc, CMG_E_INVAL, "replacement.old_gateway",
                     "pass a whole gateway of the same tenant with another name and "
                     "resource group",
                     "\"%s\" cannot take the place of \"%s\": %s", now->name, old->name,
                     why);
}

cmg_status cmg_deploy_set_replacement(cmg_deploy *deploy,
                                      const cmg_replacement *replacement, cmg_error **err)
{
    cmg_replacement copy = { .mode = CMG_REPLACE_WHEN_DUE };
    cmg_status rc = cmg__deploy_check_may_set(deploy, "replacement", err);

    if (rc == CMG_OK &&
        deploy->operation != cmg__operation_get(CMG_DEPLOY_REPLACE_GATEWAY))
        rc = cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_INVAL, "operation",
                       "use it with CMG_DEPLOY_REPLACE_GATEWAY", "%s replaces no gateway",
                       deploy->operation->name);
    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, replacement,
                              "cmg_replacement", err);
    if (rc == CMG_OK && copy.mode == 0)
        copy.mode = CMG_REPLACE_WHEN_DUE;
    if (rc == CMG_OK)
        rc = check_options(deploy, &copy, err);
    if (rc == CMG_OK)
        rc = check_pair(deploy->gateway, copy.old_gateway, err);
    if (rc != CMG_OK)
        return rc;
    copy.old_gateway = cmg_gateway_ref(copy.old_gateway);
    cmg_gateway_unref(deploy->replacement.old_gateway);
    deploy->replacement = copy;
    return CMG_OK;
}

int64_t cmg_deploy_replacement_due_unix_s(const cmg_deploy *deploy)
{
    if (cmg__check(deploy == NULL ? NULL : &deploy->head, CMG__TAG_DEPLOY, NULL) !=
            CMG_OK ||
        !deploy->work_ready)
        return 0;
    return number(&deploy->work, CMG__OLD_DUE);
}
