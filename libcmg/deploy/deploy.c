/*
 * The public functions of cmg_deploy: arguments are checked, the journal is opened, and
 * the engine is set going; what it does is in engine.c.
 */
#include <stddef.h>
#include <string.h>

#include "azure/endpoint.h"
#include "deploy/consent.h"
#include "deploy/engine.h"

static cmg_status check(const cmg_deploy *deploy, cmg_error **err)
{
    return cmg__check(deploy == NULL ? NULL : &deploy->head, CMG__TAG_DEPLOY, err);
}

void cmg__deploy_free(cmg_deploy *deploy)
{
    cmg_context *ctx = cmg_context_ref(deploy->head.ctx);

    cmg__engine_free_execs(deploy);
    cmg__journal_done(&deploy->journal);
    cmg__file_store_done(&deploy->files);
    cmg__free(&ctx->alloc, deploy->consent_redirect);
    cmg__metrics_clear(deploy);
    if (deploy->work_ready)
        cmg__work_done(&deploy->work);
    cmg__json_clear(&deploy->intents);
    cmg__discovery_done(&deploy->discovery, &ctx->alloc);
    cmg_error_unref(deploy->error);
    cmg_gateway_unref(deploy->replacement.old_gateway);
    cmg_gateway_unref(deploy->gateway);
    cmg__handle_done(&deploy->head);
    cmg__free(&ctx->alloc, deploy);
    cmg_context_unref(ctx);
}

static void on_task(struct cmg__task *task, void *user)
{
    cmg_deploy *deploy = user;

    (void)task;
    cmg__engine_enter(deploy);
    cmg__engine_settle(deploy);
    cmg__engine_leave(deploy);
}

cmg_status cmg_deploy_new(cmg_gateway *gateway, cmg_deploy_operation operation,
                          cmg_deploy **out_deploy, cmg_error **err)
{
    cmg_status rc =
        cmg__check(gateway == NULL ? NULL : &gateway->head, CMG__TAG_GATEWAY, err);

    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = gateway->head.ctx;
    const struct cmg__operation *row = cmg__operation_for(operation, gateway);
    if (out_deploy == NULL || row == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "operation",
                         "pass one of cmg_deploy_operation, CMG_DEPLOY_CREATE for one",
                         "cmg_deploy_new does not know operation %d", (int)operation);
    cmg_deploy *deploy = cmg__alloc0(&ctx->alloc, sizeof *deploy);
    if (deploy == NULL)
        return cmg__fail_nomem(err);
    cmg__handle_init(&deploy->head, CMG__TAG_DEPLOY, ctx);
    deploy->gateway = cmg_gateway_ref(gateway);
    deploy->operation = row;
    deploy->transport = cmg__transport_http(ctx);
    deploy->table = &row->steps;
    deploy->consent.wait_ms = CMG__CONSENT_WAIT_MS;
    cmg__journal_init(&deploy->journal, &ctx->alloc);
    cmg__task_init(&deploy->task, on_task, deploy);
    *out_deploy = deploy;
    return CMG_OK;
}

cmg_status cmg__deploy_check_may_set(const cmg_deploy *deploy, const char *what,
                                     cmg_error **err)
{
    cmg_status rc = check(deploy, err);

    if (rc != CMG_OK || (!deploy->running && deploy->state == CMG_DEPLOY_IDLE))
        return rc;
    return cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_STATE, what,
                     "set it before cmg_deploy_start()", "%s cannot be set in state %s",
                     what, cmg_deploy_state_name(deploy->state));
}

cmg_status cmg_deploy_set_journal_file(cmg_deploy *deploy, const char *path,
                                       cmg_error **err)
{
    struct cmg__file_store files;
    cmg_status rc = cmg__deploy_check_may_set(deploy, "journal file", err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__str_is_empty(path))
        return cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_INVAL, "path",
                         "pass the path of a file", "the journal's path is empty");
    if (cmg__file_store_init(&files, deploy->head.ctx, path) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__file_store_done(&deploy->files);
    deploy->files = files;
    deploy->journal.store = cmg__file_store_journal(&deploy->files);
    deploy->journal.where = deploy->files.path;
    return CMG_OK;
}

cmg_status cmg_deploy_set_journal_store(cmg_deploy *deploy,
                                        const cmg_journal_store *store, cmg_error **err)
{
    cmg_journal_store copy;
    cmg_status rc = cmg__deploy_check_may_set(deploy, "journal store", err);

    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&copy, sizeof copy, offsetof(cmg_journal_store, claim),
                              store, "cmg_journal_store", err);
    if (rc != CMG_OK)
        return rc;
    if (copy.load == NULL || copy.save == NULL || copy.lock == NULL ||
        copy.unlock == NULL)
        return cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_INVAL, "store",
                         "fill in load, save, lock and unlock",
                         "cmg_journal_store lacks a function");
    if ((copy.claim == NULL) != (copy.save_as == NULL) ||
        (copy.claim == NULL) != (copy.check == NULL))
        return cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_INVAL, "store",
                         "fill in claim, save_as and check together, or none of them",
                         "cmg_journal_store has one of claim, save_as and check without "
                         "the others");
    deploy->journal.store = copy;
    deploy->journal.where = "of the host";
    return CMG_OK;
}

cmg_status cmg_deploy_set_secret_store(cmg_deploy *deploy, const cmg_secret_store *store,
                                       cmg_error **err)
{
    cmg_secret_store copy;
    cmg_status rc = cmg__deploy_check_may_set(deploy, "secret store", err);

    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, store, "cmg_secret_store",
                              err);
    if (rc != CMG_OK)
        return rc;
    if (copy.put == NULL || copy.get == NULL || copy.remove == NULL)
        return cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_INVAL, "store",
                         "fill in put, get and remove",
                         "cmg_secret_store lacks a function");
    deploy->host_secrets = copy;
    return CMG_OK;
}

cmg_status cmg_deploy_set_old_secret(cmg_deploy *deploy, const char *key_id,
                                     cmg_error **err)
{
    cmg_status rc = cmg__deploy_check_may_set(deploy, "old secret", err);

    if (rc != CMG_OK)
        return rc;
    if (key_id == NULL || !cmg__guid_is_valid(key_id))
        return cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_INVAL, "key_id",
                         "pass what the portal calls \"Secret ID\", a GUID",
                         "%s is not the ID of a secret", cmg__str_or(key_id, "NULL"));
    memcpy(deploy->old_secret, key_id, sizeof deploy->old_secret);
    return CMG_OK;
}

cmg_status cmg_deploy_set_events(cmg_deploy *deploy, const cmg_deploy_events *events,
                                 cmg_error **err)
{
    cmg_deploy_events copy = { 0 };
    cmg_status rc = cmg__deploy_check_may_set(deploy, "events", err);

    if (rc == CMG_OK && events != NULL)
        rc = cmg__tagged_copy(&copy, sizeof copy, offsetof(cmg_deploy_events, on_consent),
                              events, "cmg_deploy_events", err);
    if (rc == CMG_OK)
        deploy->events = copy;
    return rc;
}

static cmg_status check_consent(const cmg_deploy *deploy, const cmg_consent_options *o,
                                cmg_error **err)
{
    const struct cmg__alloc *alloc = &deploy->head.ctx->alloc;

    if (o->mode != CMG_CONSENT_GRANT && o->mode != CMG_CONSENT_ASK)
        return cmg__fail(err, alloc, CMG_E_INVAL, "options.mode",
                         "use one of cmg_consent_mode", "%d is no way to get consent",
                         (int)o->mode);
    if (o->wait_ms != 0 && (o->wait_ms < 1000 || o->wait_ms > CMG__CONSENT_MAX_MS))
        return cmg__fail(err, alloc, CMG_E_INVAL, "options.wait_ms",
                         "pass 0 for one hour, or 1000 to 2592000000",
                         "an administrator cannot be waited for %lld ms",
                         (long long)o->wait_ms);
    return CMG_OK;
}

cmg_status cmg_deploy_set_consent(cmg_deploy *deploy, const cmg_consent_options *options,
                                  cmg_error **err)
{
    cmg_consent_options copy = { .mode = CMG_CONSENT_GRANT };
    cmg_status rc = cmg__deploy_check_may_set(deploy, "consent", err);

    if (rc == CMG_OK && options != NULL)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, options,
                              "cmg_consent_options", err);
    if (rc == CMG_OK)
        rc = check_consent(deploy, &copy, err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &deploy->head.ctx->alloc;
    char *uri = cmg__strdup(alloc, copy.redirect_uri);
    if (copy.redirect_uri != NULL && uri == NULL)
        return cmg__fail_nomem(err);
    cmg__free(alloc, deploy->consent_redirect);
    deploy->consent_redirect = uri;
    deploy->consent.ask = copy.mode == CMG_CONSENT_ASK;
    deploy->consent.wait_ms = copy.wait_ms == 0 ? CMG__CONSENT_WAIT_MS : copy.wait_ms;
    return CMG_OK;
}

cmg_status cmg_deploy_set_include_imported(cmg_deploy *deploy, bool include,
                                           cmg_error **err)
{
    cmg_status rc = cmg__deploy_check_may_set(deploy, "include imported", err);

    if (rc == CMG_OK && !deploy->operation->removes_apps)
        rc = cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_INVAL, "operation",
                       "use it with CMG_DEPLOY_DELETE_APPS or CMG_DEPLOY_PURGE_APPS",
                       "%s leaves applications of others alone", deploy->operation->name);
    if (rc == CMG_OK)
        deploy->include_imported = include;
    return rc;
}

cmg_status cmg_deploy_set_discovery(cmg_deploy *deploy, const cmg_discovery *discovery,
                                    cmg_error **err)
{
    cmg_status rc = cmg__deploy_check_may_set(deploy, "discovery", err);

    if (rc != CMG_OK)
        return rc;
    const cmg_context *ctx = deploy->head.ctx;
    deploy->discovery.deploy = deploy;
    return cmg__discovery_set(&deploy->discovery, &ctx->alloc,
                              cmg__endpoint_get(ctx, CMG_ENDPOINT_GRAPH), discovery, err);
}

static cmg_status check_may_start(const cmg_deploy *deploy, cmg_error **err)
{
    const struct cmg__alloc *alloc = &deploy->head.ctx->alloc;

    if (deploy->running || deploy->state == CMG_DEPLOY_READY ||
        deploy->state == CMG_DEPLOY_DELETED)
        return cmg__fail(err, alloc, CMG_E_STATE, "deployment",
                         "make a new one for another run",
                         "the deployment cannot be started in state %s",
                         cmg_deploy_state_name(deploy->state));
    if (deploy->journal.store.load == NULL && !deploy->operation->reads_only)
        return cmg__fail(err, alloc, CMG_E_STATE, "journal",
                         "call cmg_deploy_set_journal_file() first",
                         "the deployment has no journal");
    if (deploy->host_secrets.put == NULL && deploy->files.path == NULL &&
        !deploy->operation->reads_only)
        return cmg__fail(err, alloc, CMG_E_STATE, "secret store",
                         "call cmg_deploy_set_secret_store() too",
                         "the deployment has no secret store");
    return CMG_OK;
}

static const char *owner_name(const cmg_gateway *gateway)
{
    return cmg__gateway_is_whole(gateway) ? gateway->name : gateway->server_app->name;
}

static cmg_status make_owner(cmg_deploy *deploy, struct cmg__journal_owner *owner,
                             cmg_error **err)
{
    const bool whole = cmg__gateway_is_whole(deploy->gateway);

    *owner = (struct cmg__journal_owner){
        .any_spec = deploy->operation->any_spec || deploy->operation->reads_only,
        .bringer = whole ? "CMG_DEPLOY_MODIFY_GATEWAY" : "CMG_DEPLOY_CORRECT_APPS",
    };
    if (whole)
        (void)strncpy(owner->region, deploy->gateway->region, sizeof owner->region - 1);
    memcpy(owner->deployment, deploy->work.deployment_id, sizeof owner->deployment);
    (void)strncpy(owner->gateway, owner_name(deploy->gateway), sizeof owner->gateway - 1);
    (void)strncpy(owner->operation, deploy->operation->name, sizeof owner->operation - 1);
    return cmg__gateway_digest(deploy->gateway, owner->spec, err);
}

static cmg_status make_work(cmg_deploy *deploy, cmg_error **err)
{
    if (deploy->work_ready)
        cmg__work_done(&deploy->work);
    deploy->work_ready = false;
    deploy->work = (struct cmg__work){ 0 };
    cmg_status rc = cmg__work_init(&deploy->work, deploy->gateway, err);
    if (rc != CMG_OK)
        return rc;
    deploy->work_ready = true;
    deploy->work.journal = &deploy->journal;
    deploy->work.steps = &deploy->operation->steps;
    deploy->work.problems.collect = deploy->operation->collects;
    deploy->work.problems.keep = deploy->operation->finds;
    deploy->work.must_restore = deploy->operation->must_restore;
    deploy->work.include_imported = deploy->include_imported;
    deploy->work.discovery = &deploy->discovery;
    deploy->work.replacement = deploy->replacement;
    deploy->work.consent = deploy->consent;
    deploy->work.consent.redirect_uri = deploy->consent_redirect;
    deploy->work.consent.can_ask = deploy->events.on_consent != NULL;
    memcpy(deploy->work.old_secret, deploy->old_secret, sizeof deploy->old_secret);
    if (deploy->host_secrets.put != NULL)
        deploy->work.secrets = deploy->host_secrets;
    else if (deploy->files.path != NULL)
        deploy->work.secrets = cmg__file_store_secrets(&deploy->files);
    rc = cmg__metrics_apply(deploy, &deploy->work);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* The first record of this run shows at once whether the journal can be written. */
static cmg_status begin_journal(cmg_deploy *deploy, cmg_error **err)
{
    struct cmg__journal_owner owner;
    struct cmg__journal_content content;
    cmg_status rc = make_owner(deploy, &owner, err);

    if (rc == CMG_OK)
        rc = cmg__journal_open(&deploy->journal, &owner, &content, err);
    if (rc != CMG_OK)
        return rc;
    if (content.facts != NULL &&
        cmg__json_merge(deploy->work.facts, content.facts) != CMG_OK)
        rc = cmg__fail_nomem(err);
    deploy->work.begun = content.owner.begun[0] != '\0';
    cmg__json_clear(&deploy->intents);
    deploy->intents = cmg__json_ref(content.intents);
    cmg__journal_content_done(&content);
    if (rc == CMG_OK)
        rc = cmg__journal_write(&deploy->journal, cmg__json_pack("{s:s}", "t", "start"),
                                err);
    if (rc != CMG_OK)
        cmg__journal_close(&deploy->journal);
    return rc;
}

cmg_status cmg_deploy_start(cmg_deploy *deploy, cmg_error **err)
{
    cmg_status rc = check(deploy, err);

    if (rc == CMG_OK)
        rc = check_may_start(deploy, err);
    if (rc == CMG_OK)
        rc = make_work(deploy, err);
    if (rc == CMG_OK)
        rc = cmg__engine_prepare(deploy, err);
    if (rc == CMG_OK && deploy->journal.store.load != NULL)
        rc = begin_journal(deploy, err);
    if (rc != CMG_OK)
        return rc;
    deploy->running = true;
    deploy->gateway->deployments_running++;
    cmg__task_post(deploy->head.ctx->loop, &deploy->task);
    return CMG_OK;
}

static cmg_status outcome(cmg_deploy *deploy, cmg_error **err)
{
    if (deploy->state == CMG_DEPLOY_READY || deploy->state == CMG_DEPLOY_DELETED)
        return CMG_OK;
    cmg_error *error = cmg_error_ref(deploy->error);
    return cmg__error_move(err, &error);
}

cmg_status cmg_deploy_run(cmg_deploy *deploy, cmg_error **err)
{
    cmg_status rc = check(deploy, err);

    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = deploy->head.ctx;
    if (ctx->callback_depth > 0)
        return cmg__fail(err, &ctx->alloc, CMG_E_REENTRANT, "deployment",
                         "call cmg_deploy_start() there",
                         "cmg_deploy_run was called from inside a callback");
    cmg_deploy_ref(deploy);
    rc = cmg_deploy_start(deploy, err);
    if (rc == CMG_OK) {
        while (rc == CMG_OK && deploy->running)
            rc = cmg_context_wait(ctx, CMG_FOREVER, err);
        if (rc == CMG_OK)
            rc = outcome(deploy, err);
    }
    cmg_deploy_unref(deploy);
    return rc;
}

cmg_status cmg_deploy_cancel(cmg_deploy *deploy, cmg_error **err)
{
    cmg_status rc = check(deploy, err);

    if (rc != CMG_OK)
        return rc;
    if (!deploy->running)
        return cmg__fail(err, &deploy->head.ctx->alloc, CMG_E_STATE, "deployment", NULL,
                         "the deployment does not run: its state is %s",
                         cmg_deploy_state_name(deploy->state));
    deploy->cancel = true;
    cmg__task_post(deploy->head.ctx->loop, &deploy->task);
    return CMG_OK;
}

cmg_deploy_state cmg_deploy_get_state(const cmg_deploy *deploy)
{
    return check(deploy, NULL) == CMG_OK ? deploy->state : CMG_DEPLOY_IDLE;
}

static const char *const state_names[] = {
    [CMG_DEPLOY_IDLE] = "IDLE",
    [CMG_DEPLOY_PREFLIGHT] = "PREFLIGHT",
    [CMG_DEPLOY_SIGN_IN] = "SIGN_IN",
    [CMG_DEPLOY_PLAN] = "PLAN",
    [CMG_DEPLOY_CONFIRM] = "CONFIRM",
    [CMG_DEPLOY_APPLY] = "APPLY",
    [CMG_DEPLOY_VERIFY] = "VERIFY",
    [CMG_DEPLOY_READY] = "READY",
    [CMG_DEPLOY_PAUSED] = "PAUSED",
    [CMG_DEPLOY_CANCELLING] = "CANCELLING",
    [CMG_DEPLOY_ROLLING_BACK] = "ROLLING_BACK",
    [CMG_DEPLOY_FAILED] = "FAILED",
    [CMG_DEPLOY_DELETED] = "DELETED",
};

const char *cmg_deploy_state_name(cmg_deploy_state state)
{
    if ((unsigned)state >= CMG__ARRAY_LEN(state_names))
        return "UNKNOWN";
    return state_names[state];
}

cmg_deploy *cmg_deploy_ref(cmg_deploy *deploy)
{
    if (deploy != NULL)
        cmg__handle_ref(&deploy->head);
    return deploy;
}

/* In a forked child requests and lock are the parent's: only memory may go. */
static void forget(cmg_deploy *deploy)
{
    for (size_t i = 0; i < deploy->exec_count; i++)
        deploy->execs[i].call = NULL;
    deploy->journal.locked = false;
    deploy->files.lock_fd = deploy->files.fd = -1;
}

void cmg_deploy_unref(cmg_deploy *deploy)
{
    if (deploy == NULL || !cmg__handle_unref(&deploy->head))
        return;
    if (cmg__handle_is_foreign(&deploy->head))
        forget(deploy);
    cmg__engine_enter(deploy);
    cmg__engine_abort(deploy);
    cmg__engine_leave(deploy);
}
