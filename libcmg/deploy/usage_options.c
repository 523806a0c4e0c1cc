/* Which metrics a measurement asks for: the host's names in the place of ours. */
#include <cmg/usage.h>
#include <string.h>

#include "deploy/engine.h"

#define NAME_MAX_BYTES 200

static const char *const keys[CMG__METRICS] = { CMG__METRIC_TRAFFIC, CMG__METRIC_CONTENT,
                                                CMG__METRIC_STORAGE };

void cmg__metrics_clear(cmg_deploy *deploy)
{
    for (size_t i = 0; i < CMG__METRICS; i++) {
        cmg__free(&deploy->head.ctx->alloc, deploy->metrics[i]);
        deploy->metrics[i] = NULL;
    }
}

cmg_status cmg__metrics_apply(const cmg_deploy *deploy, struct cmg__work *work)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__METRICS; i++) {
        if (deploy->metrics[i] != NULL)
            rc = cmg__json_set_str(work->spec, keys[i], deploy->metrics[i]);
    }
    return rc;
}

static bool is_name(const char *name)
{
    size_t n = 0;

    while (name[n] >= ' ' && name[n] <= '~')
        n++;
    return n > 0 && n <= NAME_MAX_BYTES && name[n] == '\0';
}

static cmg_status check_name(const cmg_deploy *deploy, const char *key, const char *name,
                             cmg_error **err)
{
    if (name == NULL || is_name(name))
        return CMG_OK;
    return cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_INVAL, key,
                     "pass a name of Azure's for a metric, or NULL for the usual one",
                     "the name of a metric has 1 to %d printable characters",
                     NAME_MAX_BYTES);
}

static cmg_status replace(cmg_deploy *deploy, const char *const names[CMG__METRICS],
                          cmg_error **err)
{
    const struct cmg__alloc *alloc = &deploy->head.ctx->alloc;
    char *copies[CMG__METRICS] = { NULL };
    bool ok = true;

    for (size_t i = 0; i < CMG__METRICS; i++) {
        copies[i] = cmg__strdup(alloc, names[i]);
        ok = ok && (names[i] == NULL || copies[i] != NULL);
    }
    if (ok) {
        cmg__metrics_clear(deploy);
        memcpy(deploy->metrics, copies, sizeof copies);
        return CMG_OK;
    }
    for (size_t i = 0; i < CMG__METRICS; i++)
        cmg__free(alloc, copies[i]);
    return cmg__fail_nomem(err);
}

cmg_status cmg_deploy_set_usage(cmg_deploy *deploy, const cmg_usage_options *options,
                                cmg_error **err)
{
    cmg_usage_options copy = { 0 };
    cmg_status rc = cmg__deploy_check_may_set(deploy, "usage", err);

    if (rc == CMG_OK && options != NULL)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, options,
                              "cmg_usage_options", err);
    const char *const names[CMG__METRICS] = { copy.traffic_metric, copy.content_metric,
                                              copy.storage_metric };
    for (size_t i = 0; rc == CMG_OK && i < CMG__METRICS; i++)
        rc = check_name(deploy, keys[i], names[i], err);
    return rc == CMG_OK ? replace(deploy, names, err) : rc;
}
