/*
 * Life of a sandbox: everything is opened on the caller's thread, so that every failure
 * is the constructor's; then a thread drives it until the last reference goes.
 */
#include "sandbox/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "sandbox/arm.h"
#include "sandbox/entra.h"
#include "sandbox/pki.h"
#include "sandbox/router.h"

#define MAX_OPERATION_MS 60000
#define SETTLE_MS        200
#define DEFAULT_DOMAIN   "contoso.onmicrosoft.com"

/* ---- requests ---- */

static void follow(struct cmg_sandbox *sandbox)
{
    if (sandbox->instances == NULL)
        return;
    cmg__sb_instances_sync(sandbox->instances);
    cmg__sb_balancer_sync(sandbox->balancer);
}

/* Writes the tree down. Only this thread changes it, so no lock is needed to read it. */
static cmg_status save(struct cmg_sandbox *sandbox, cmg_error **why)
{
    bool changed = sandbox->cloud->dirty;
    cmg_status rc = cmg__sb_cloud_save(sandbox->cloud, why);
    if (rc != CMG_OK)
        cmg__log(sandbox->ctx, CMG_LOG_ERROR, "sandbox", "sandbox.save",
                 sandbox->directory, "the state is not kept: %s",
                 cmg_error_message(*why));
    if (changed)
        follow(sandbox);
    return rc;
}

static void plain_error(struct cmg__sb_answer *answer, int status, const char *code,
                        const cmg_error *why)
{
    struct cmg__json *body =
        cmg__json_pack("{s:{s:s, s:s}}", "error", "code", code, "message",
                       why != NULL ? cmg_error_message(why)
                                   : "The service could not carry the request out.");
    cmg__headers_clear(&answer->headers);
    cmg__buf_clear(&answer->body);
    answer->status = status;
    if (body == NULL ||
        cmg__headers_add(&answer->headers, "Content-Type", "application/json") !=
            CMG_OK ||
        cmg__json_format(body, CMG__JSON_COMPACT, &answer->body) != CMG_OK ||
        ((status == 429 || status == 503) &&
         cmg__headers_add(&answer->headers, "Retry-After", "1") != CMG_OK))
        cmg__buf_clear(&answer->body); /* the status alone has to do */
    cmg__json_unref(body);
}

static const char *code_of(int status)
{
    static const struct {
        int status;
        const char *code;
    } codes[] = {
        { 401, "InvalidAuthenticationToken" },
        { 403, "AuthorizationFailed" },
        { 404, "ResourceNotFound" },
        { 409, "Conflict" },
        { 429, "TooManyRequests" },
        { 503, "ServiceUnavailable" },
        { 504, "GatewayTimeout" },
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(codes); i++) {
        if (codes[i].status == status)
            return codes[i].code;
    }
    return status < 500 ? "BadRequest" : "InternalServerError";
}

static enum cmg__sb_fate handle(void *user, const struct cmg__sb_request *request,
                                struct cmg__sb_answer *answer)
{
    struct cmg_sandbox *sandbox = user;
    struct cmg__sb_injection fault = { .left = 0 };
    cmg_error *why = NULL;
    cmg_status rc = CMG_OK;
    atomic_fetch_add(&sandbox->requests, 1);
    (void)pthread_mutex_lock(&sandbox->lock);
    bool hit = cmg__sb_inject_take(sandbox, request->method, request->target, &fault);
    sandbox->cloud->operation_fault =
        hit ? cmg__sb_inject_operation(fault.fault) : CMG__SB_OPERATION_GOOD;
    bool work = !hit || cmg__sb_inject_works(fault.fault);
    sandbox->cloud->challenge = hit && fault.fault == CMG_SANDBOX_FAULT_CHALLENGE;
    if (work)
        rc = cmg__sb_answer(sandbox->cloud, request, answer);
    if (rc == CMG_OK && hit && fault.fault == CMG_SANDBOX_FAULT_ELSEWHERE)
        rc = cmg__sb_inject_elsewhere(sandbox->alloc, &answer->headers);
    if (rc == CMG_OK && hit && cmg__sb_inject_has_met(sandbox, fault.fault, answer))
        atomic_fetch_add(&sandbox->met, 1);
    (void)pthread_mutex_unlock(&sandbox->lock);
    if (work && save(sandbox, &why) != CMG_OK)
        rc = CMG_E_IO;
    if (hit && fault.fault == CMG_SANDBOX_FAULT_STATUS)
        plain_error(answer, fault.status, code_of(fault.status), NULL);
    else if (rc != CMG_OK)
        plain_error(answer, 500, "InternalServerError", why);
    cmg_error_unref(why);
    return hit ? cmg__sb_inject_fate(fault.fault) : CMG__SB_ANSWER;
}

/* What time alone finishes, also while nobody asks. */
static void on_timer(struct cmg__timer *timer, void *user)
{
    struct cmg_sandbox *sandbox = user;
    cmg_error *why = NULL;
    (void)pthread_mutex_lock(&sandbox->lock);
    cmg__sb_arm_settle(sandbox->cloud);
    (void)pthread_mutex_unlock(&sandbox->lock);
    (void)save(sandbox, &why);
    cmg_error_unref(why);
    cmg__timer_start(timer, SETTLE_MS);
}

static void *run(void *user)
{
    struct cmg_sandbox *sandbox = user;
    while (!atomic_load(&sandbox->stop))
        (void)cmg_context_wait(sandbox->ctx, CMG_FOREVER, NULL);
    return NULL;
}

/* ---- opening ---- */

static cmg_status check_settings(const cmg_sandbox_settings *s, cmg_error **err)
{
    const struct {
        const char *name;
        const char *value;
    } guids[] = { { "tenant_id", s->tenant_id },
                  { "subscription_id", s->subscription_id } };
    if (cmg__str_is_empty(s->directory))
        return cmg__fail(err, &cmg__alloc_libc, CMG_E_INVAL, "directory",
                         "name a directory that the sandbox may use",
                         "settings.directory is missing");
    for (size_t i = 0; i < CMG__ARRAY_LEN(guids); i++) {
        if (guids[i].value != NULL && !cmg__guid_is_valid(guids[i].value))
            return cmg__fail(err, &cmg__alloc_libc, CMG_E_INVAL, guids[i].name,
                             "use 8-4-4-4-12 hexadecimal digits, or NULL",
                             "settings.%s is \"%s\", which is no GUID", guids[i].name,
                             guids[i].value);
    }
    if (s->operation_ms > MAX_OPERATION_MS)
        return cmg__fail(err, &cmg__alloc_libc, CMG_E_INVAL, "operation_ms",
                         "use 0 to 60000 milliseconds", "settings.operation_ms is %lu",
                         (unsigned long)s->operation_ms);
    if (s->service_program != NULL && access(s->service_program, X_OK) != 0)
        return cmg__fail(err, &cmg__alloc_libc, CMG_E_INVAL, "service_program",
                         "build the service host and give its path, or NULL for no "
                         "instances",
                         "settings.service_program is \"%s\", which cannot be run",
                         s->service_program);
    return CMG_OK;
}

/* A sandbox outlives crashes of its process, not of the machine: files are complete, but
   nobody waits for the disk. */
static int no_fsync(void *user, int fd)
{
    (void)user;
    (void)fd;
    return 0;
}

static cmg_status take_directory(struct cmg_sandbox *sandbox, cmg_error **err)
{
    const struct cmg__env *env = &sandbox->env;
    cmg_status rc = cmg__dir_make(env, sandbox->alloc, sandbox->directory, err);
    if (rc != CMG_OK)
        return rc;
    char *path = cmg__format(sandbox->alloc, "%s/lock", sandbox->directory);
    if (path == NULL)
        return cmg__fail_nomem(err);
    int fd = env->open(env->user, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int held = fd < 0 ? 0 : env->lock(env->user, fd);
    if (fd < 0)
        rc = cmg__fail_os(err, sandbox->alloc, -fd, path, "cannot be opened");
    else if (held == -EWOULDBLOCK)
        rc = cmg__fail(err, sandbox->alloc, CMG_E_CONFLICT, sandbox->directory,
                       "end the other one, or use another directory",
                       "another sandbox runs in %s", sandbox->directory);
    else if (held != 0)
        rc = cmg__fail_os(err, sandbox->alloc, -held, path, "cannot be locked");
    sandbox->lock_fd = fd;
    cmg__free(sandbox->alloc, path);
    return rc;
}

static cmg_status open_cloud(struct cmg_sandbox *sandbox, const cmg_sandbox_settings *s,
                             cmg_error **err)
{
    char *path = cmg__format(sandbox->alloc, "%s/state.json", sandbox->directory);
    const struct cmg__sb_birth birth = { .state_path = path,
                                         .tenant_id = s->tenant_id,
                                         .domain = cmg__str_or(s->domain, DEFAULT_DOMAIN),
                                         .subscription_id = s->subscription_id,
                                         .operation_ms = s->operation_ms };
    cmg_status rc = path == NULL ? cmg__fail_nomem(err)
                                 : cmg__sb_cloud_new(sandbox->alloc, &sandbox->env,
                                                     &birth, &sandbox->cloud, err);
    cmg__free(sandbox->alloc, path);
    return rc == CMG_OK ? cmg__sb_client_certificate_make(sandbox->cloud, err) : rc;
}

static cmg_status open_listener(struct cmg_sandbox *sandbox, uint16_t port,
                                cmg_error **err)
{
    struct cmg__sb_authority *a = &sandbox->authority;
    struct cmg__tls_config *tls = NULL;
    cmg_status rc = cmg__sb_authority_open(
        a, sandbox->alloc, &sandbox->env, sandbox->directory, sandbox->cloud->names, err);
    cmg__sb_pki_set_ca(sandbox->cloud->pki, a->ca, a->ca_key);
    a->ca = NULL;
    a->ca_key = NULL;
    const struct cmg__tls_settings settings = { .server = true,
                                                .cert_pem = cmg__buf_cstr(&a->cert_pem),
                                                .key_pem = cmg__buf_cstr(&a->key_pem) };
    if (rc == CMG_OK)
        rc = cmg__tls_config_new(sandbox->ctx, &settings, &tls, err);
    const struct cmg__sb_http_settings http = {
        .tls = tls, .port = port, .handle = handle, .user = sandbox
    };
    if (rc == CMG_OK)
        rc = cmg__sb_http_new(sandbox->ctx->loop, &http, &sandbox->http, err);
    if (tls != NULL)
        cmg__tls_config_unref(tls);
    if (rc == CMG_OK)
        sandbox->names.https_port = cmg__sb_http_port(sandbox->http);
    return rc;
}

static cmg_status open_metadata(struct cmg_sandbox *sandbox, cmg_error **err)
{
    const struct cmg__sb_http_settings http = { .handle = handle, .user = sandbox };
    cmg_status rc = cmg__sb_http_new(sandbox->ctx->loop, &http, &sandbox->metadata, err);

    if (rc != CMG_OK)
        return rc;
    sandbox->identity_endpoint =
        cmg__format(sandbox->alloc, "http://127.0.0.1:%u",
                    (unsigned)cmg__sb_http_port(sandbox->metadata));
    return sandbox->identity_endpoint == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static void on_change(void *user)
{
    struct cmg_sandbox *sandbox = user;
    cmg__sb_balancer_sync(sandbox->balancer);
}

static cmg_status open_instances(struct cmg_sandbox *sandbox, const char *program,
                                 cmg_error **err)
{
    if (program == NULL)
        return CMG_OK;
    char *directory = cmg__format(sandbox->alloc, "%s/instances", sandbox->directory);
    const struct cmg__sb_instances_settings settings = { .program = program,
                                                         .directory = directory,
                                                         .ca_file = sandbox->ca_file,
                                                         .metadata =
                                                             sandbox->identity_endpoint,
                                                         .https_port =
                                                             sandbox->names.https_port,
                                                         .on_change = on_change,
                                                         .user = sandbox };
    cmg_status rc = directory == NULL
                        ? cmg__fail_nomem(err)
                        : cmg__sb_instances_new(sandbox->ctx->loop, sandbox->cloud,
                                                &settings, &sandbox->instances, err);
    cmg__free(sandbox->alloc, directory);
    if (rc == CMG_OK)
        rc = cmg__sb_balancer_new(sandbox->ctx->loop, sandbox->cloud, sandbox->instances,
                                  &sandbox->names, &sandbox->balancer, err);
    return rc;
}

/* The host's signals stay with the host's threads; SIGCHLD is the loop's. */
static cmg_status start_thread(struct cmg_sandbox *sandbox, cmg_error **err)
{
    sigset_t all, old;
    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGCHLD);
    (void)pthread_sigmask(SIG_SETMASK, &all, &old);
    int rc = pthread_create(&sandbox->thread, NULL, run, sandbox);
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    sandbox->runs = rc == 0;
    return rc == 0 ? CMG_OK
                   : cmg__fail_os(err, sandbox->alloc, rc, "thread", "cannot be started");
}

static cmg_status open_all(struct cmg_sandbox *sandbox, const cmg_sandbox_settings *s,
                           cmg_error **err)
{
    sandbox->directory = cmg__strdup(sandbox->alloc, s->directory);
    sandbox->ca_file = cmg__format(sandbox->alloc, "%s/ca.pem", s->directory);
    sandbox->has_lock = pthread_mutex_init(&sandbox->lock, NULL) == 0;
    if (sandbox->directory == NULL || sandbox->ca_file == NULL || !sandbox->has_lock)
        return cmg__fail_nomem(err);
    cmg_status rc = take_directory(sandbox, err);
    if (rc == CMG_OK)
        rc = cmg_context_new(NULL, &sandbox->ctx, err);
    if (rc == CMG_OK)
        rc = open_cloud(sandbox, s, err);
    if (rc == CMG_OK && cmg__sb_names_init(&sandbox->names, sandbox->alloc,
                                           sandbox->cloud->names) != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK)
        rc = open_listener(sandbox, s->port, err);
    if (rc == CMG_OK)
        rc = open_metadata(sandbox, err);
    if (rc == CMG_OK)
        rc = open_instances(sandbox, s->service_program, err);
    if (rc != CMG_OK)
        return rc;
    cmg__sb_arm_settle(sandbox->cloud);
    follow(sandbox);
    cmg__timer_init(&sandbox->timer, sandbox->ctx->loop, on_timer, sandbox);
    cmg__timer_start(&sandbox->timer, SETTLE_MS);
    return start_thread(sandbox, err);
}

cmg_status cmg_sandbox_new(const cmg_sandbox_settings *settings,
                           cmg_sandbox **out_sandbox, cmg_error **err)
{
    cmg_sandbox_settings s;
    const struct cmg__alloc *alloc = &cmg__alloc_libc;
    cmg_status rc =
        cmg__tagged_copy(&s, sizeof s, sizeof s, settings, "cmg_sandbox_settings", err);
    if (rc == CMG_OK && out_sandbox == NULL)
        rc = cmg__fail(err, alloc, CMG_E_INVAL, "out_sandbox",
                       "pass the address of a pointer", "out_sandbox is NULL");
    if (rc == CMG_OK)
        rc = check_settings(&s, err);
    if (rc != CMG_OK)
        return rc;
    struct cmg_sandbox *sandbox = cmg__alloc0(alloc, sizeof *sandbox);
    if (sandbox == NULL)
        return cmg__fail_nomem(err);
    cmg__handle_init(&sandbox->head, CMG__TAG_SANDBOX, NULL);
    sandbox->alloc = alloc;
    sandbox->env = cmg__env_system;
    sandbox->env.fsync = no_fsync;
    sandbox->lock_fd = -1;
    cmg__sb_authority_init(&sandbox->authority, alloc);
    rc = open_all(sandbox, &s, err);
    if (rc == CMG_OK)
        *out_sandbox = sandbox;
    else
        cmg_sandbox_unref(sandbox);
    return rc;
}

/* ---- end ---- */

static void stop_thread(struct cmg_sandbox *sandbox)
{
    if (!sandbox->runs)
        return;
    atomic_store(&sandbox->stop, true);
    cmg_context_wakeup(sandbox->ctx);
    (void)pthread_join(sandbox->thread, NULL);
}

/* From the outside in: no request, then no instance, then no cloud. */
void cmg_sandbox_unref(cmg_sandbox *sandbox)
{
    if (sandbox == NULL || !cmg__handle_unref(&sandbox->head))
        return;
    const struct cmg__env *env = &sandbox->env;
    stop_thread(sandbox);
    if (sandbox->timer.loop != NULL)
        cmg__timer_stop(&sandbox->timer);
    cmg__sb_http_free(sandbox->http);
    cmg__sb_http_free(sandbox->metadata);
    cmg__sb_balancer_free(sandbox->balancer);
    cmg__sb_instances_free(sandbox->instances);
    cmg__sb_names_done(&sandbox->names);
    cmg__sb_cloud_free(sandbox->cloud);
    cmg__sb_authority_done(&sandbox->authority);
    cmg__sb_inject_done(sandbox);
    cmg_context_unref(sandbox->ctx);
    if (sandbox->lock_fd >= 0)
        (void)env->close(env->user, sandbox->lock_fd);
    if (sandbox->has_lock)
        (void)pthread_mutex_destroy(&sandbox->lock);
    cmg__free(sandbox->alloc, sandbox->directory);
    cmg__free(sandbox->alloc, sandbox->ca_file);
    cmg__free(sandbox->alloc, sandbox->identity_endpoint);
    cmg__handle_done(&sandbox->head);
    cmg__free(sandbox->alloc, sandbox);
}
