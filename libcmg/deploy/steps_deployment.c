/*
 * The ARM deployment. Its name follows from template and parameters, so that one look
 * tells whether exactly this was deployed already, is being deployed, or not yet. A
 * failure is reported with its innermost cause, which stands in the list of operations.
 */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "crypto/hash.h"
#include "deploy/steps.h"

#define USER_DATA_MAX ((size_t)1024 * 1024)

/* Never used to log in: the instances have no open port for it. It follows from the PFX
   password, so that each attempt sends the same one and nothing has to be kept for it. */
static cmg_status admin_password(struct cmg__work *work, struct cmg__buf *out,
                                 cmg_error **err)
{
    struct cmg__buf seed;
    uint8_t mac[32];

    cmg__buf_init_secret(&seed, work->alloc, CMG__SECRET_MAX);
    cmg_status rc = cmg__secret_load(work, CMG__SECRET_PFX_PASSWORD, &seed, err);
    if (rc == CMG_OK) {
        rc = cmg__hmac_sha256(seed.data, seed.len, "admin", 5, mac);
        if (rc == CMG_OK)
            rc = cmg__buf_add_str(out, "Cm9!");
        if (rc == CMG_OK)
            rc = cmg__base64url_encode(out, mac, 24);
        if (rc != CMG_OK)
            rc = cmg__fail_nomem(err);
    }
    cmg__wipe(mac, sizeof mac);
    cmg__buf_done(&seed);
    return rc;
}

cmg_status cmg__deployment_properties(struct cmg__work *work, const char *password,
                                      const char *vault_id, const char *cert_secret_url,
                                      struct cmg__json **out, cmg_error **err)
{
    struct cmg__buf user_data;

    cmg__buf_init(&user_data, work->alloc, USER_DATA_MAX);
    cmg_status rc =
        cmg__user_data_make(work->gateway, work->deployment_id, &user_data, err);
    if (rc == CMG_OK) {
        const struct cmg__template_input input = {
            .gateway = work->gateway,
            .deployment_id = work->deployment_id,
            .vault_id = vault_id,
            .cert_secret_url = cert_secret_url,
            .user_data = cmg__buf_cstr(&user_data),
            .admin_password = password,
        };
        rc = cmg__template_make(work->alloc, &input, out, err);
    }
    cmg__buf_done(&user_data);
    return rc;
}

static cmg_status properties_of(struct cmg__run *run, const char *password,
                                struct cmg__json **out, cmg_error **err)
{
    return cmg__deployment_properties(run->work, password,
                                      cmg__fact(run->work, "vault_id"),
                                      cmg__fact(run->work, "cert_secret_url"), out, err);
}

static cmg_status make_name(struct cmg__run *run, const struct cmg__json *properties)
{
    struct cmg__work *work = run->work;
    struct cmg__buf text;
    char hex[65];

    cmg__buf_init(&text, work->alloc, 4 * 1024 * 1024);
    cmg_status rc = cmg__json_format(properties, CMG__JSON_SORTED, &text);
    if (rc == CMG_OK)
        rc = cmg__sha256_hex(text.data, text.len, hex);
    cmg__buf_done(&text);
    if (rc != CMG_OK)
        return rc;
    (void)snprintf(work->deployment_name, sizeof work->deployment_name, "libcmg-%.8s",
                   hex);
    return cmg__fact_set(work, "deployment", work->deployment_name);
}

/* ---- template ---- */

static cmg_status read_name(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    struct cmg__json *properties = NULL;
    cmg_status rc = properties_of(run, "", &properties, err);

    (void)answer;
    if (rc == CMG_OK && make_name(run, properties) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__json_unref(properties);
    return rc == CMG_OK ? cmg__next_go(next, "validate") : rc;
}

static cmg_status build_deployment(struct cmg__run *run, struct cmg__ask *ask,
                                   cmg_error **err)
{
    struct cmg__json *properties = NULL;
    struct cmg__buf password;

    cmg__buf_init_secret(&password, run->work->alloc, 128);
    cmg_status rc = admin_password(run->work, &password, err);
    if (rc == CMG_OK)
        rc = properties_of(run, password.data, &properties, err);
    if (rc == CMG_OK) {
        ask->body = cmg__json_pack("{s:o}", "properties", properties);
        rc = ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
    }
    ask->secret = true;
    cmg__buf_done(&password);
    return rc;
}

static cmg_status wrapped(struct cmg__run *run, cmg_status rc, cmg_error **err)
{
    if (rc != CMG_OK)
        (void)cmg__error_wrap(err, run->work->alloc, run->step->title);
    return rc;
}

cmg_status cmg__read_validate(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *error = cmg__json_at(answer->json, "/error");

    if (cmg__json_type(error) == CMG__JSON_OBJECT)
        return wrapped(run, cmg__azure_error_value(run->work->alloc, NULL, error, err),
                       err);
    if (answer->status == 202)
        return cmg__lro_start(run, answer, next, err);
    cmg__run_say(run, "valid");
    return cmg__next_done(next);
}

static const struct cmg__exchange template_exchanges[] = {
    { .name = "name", .call = CMG__CALL_LOCAL, .read = read_name },
    { .name = "validate",
      .call = CMG__CALL_DEPLOYMENT_VALIDATE,
      .build = build_deployment,
      .read = cmg__read_validate },
    { .name = "poll",
      .call = CMG__CALL_POLL,
      .bind = { { "url", "poll" } },
      .read = cmg__lro_poll },
};

const struct cmg__step cmg__step_template = {
    .name = "template",
    .title = "template",
    .phase = CMG__PHASE_APPLY,
    .needs = { "check_template", "vault_certificate", "client_app", "provider_compute",
               "provider_network", "package" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(template_exchanges),
};

/* ---- deployment ---- */

/* A deployment that failed in this run is reported; one of an earlier run is repeated. */
enum { SENT = 1, FOLLOWED = 2 };

static bool is_state(const char *state, const char *word)
{
    return state != NULL && cmg__str_ieq(state, word);
}

static cmg_status attach(struct cmg__run *run, struct cmg__next *next)
{
    run->bits |= FOLLOWED;
    cmg__run_say(run, "%s is running", run->work->deployment_name);
    if (cmg__poll_url(run)[0] != '\0')
        return cmg__next_go(next, "poll");
    return cmg__next_again(next, -1);
}

/* It has succeeded, but what it made was changed or removed since. */
static bool must_repeat(const struct cmg__work *work)
{
    return work->redeploy || cmg__fact(work, CMG__REDEPLOY)[0] != '\0';
}

static cmg_status repeat(struct cmg__run *run, struct cmg__next *next)
{
    run->plan = CMG__PLAN_CHANGE;
    cmg__run_say(run, "%s, once more", run->work->deployment_name);
    return cmg__next_go(next, "put");
}

static cmg_status settled(struct cmg__run *run, struct cmg__next *next)
{
    if (run->plan == CMG__PLAN_UNKNOWN)
        run->plan = CMG__PLAN_KEEP;
    cmg__run_say(run, "%s", run->work->deployment_name);
    return cmg__next_done(next);
}

static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    const char *state = cmg__json_str(answer->json, "/properties/provisioningState");
    bool failed = cmg__resource_is_broken(answer->json);

    if (answer->status == 404 || (failed && (run->bits & SENT) == 0)) {
        run->plan = run->work->set_is_there ? CMG__PLAN_CHANGE : CMG__PLAN_CREATE;
        return cmg__next_go(next, "put");
    }
    if (failed)
        return cmg__next_go(next, "operations");
    if (state == NULL)
        return cmg__answer_lacks(run, "/properties/provisioningState", err);
    if (!is_state(state, "Succeeded"))
        return attach(run, next);
    if (run->bits == 0)
        return must_repeat(run->work) ? repeat(run, next) : cmg__next_go(next, "set");
    return settled(run, next);
}

/* Somebody may have removed what it made: a gateway without its scale set is none. */
static cmg_status read_set(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    (void)err;
    return answer->status == 404 ? repeat(run, next) : settled(run, next);
}

static cmg_status read_put(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 409) {
        const char *code = cmg_error_service_code(answer->error);
        if (!cmg__str_istarts(code, "DeploymentActive"))
            return cmg__answer_fail(run, answer, err);
        return cmg__next_go(next, "inspect");
    }
    run->bits |= SENT;
    cmg__run_say(run, "%s is running", run->work->deployment_name);
    return cmg__lro_start(run, answer, next, err);
}

/* The first operation that failed: its status message holds the true cause. */
static cmg_status fail_operation(struct cmg__run *run, const struct cmg__json *operation,
                                 cmg_error **err)
{
    const struct cmg__alloc *alloc = run->work->alloc;
    const char *name =
        cmg__json_str(operation, "/properties/targetResource/resourceName");
    const char *type =
        cmg__json_str(operation, "/properties/targetResource/resourceType");
    const struct cmg__json *message =
        cmg__json_at(operation, "/properties/statusMessage");
    char title[200];

    (void)snprintf(title, sizeof title, "%s: %s \"%s\"", run->step->title,
                   cmg__str_or(type, "resource"), cmg__str_or(name, "?"));
    cmg_status rc = cmg__azure_error_value(alloc, NULL, message, err);
    (void)cmg__error_wrap(err, alloc, title);
    return rc;
}

static cmg_status read_operations(struct cmg__run *run, const struct cmg__answer *answer,
                                  struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");

    (void)next;
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *operation = cmg__json_item(list, i);

        if (is_state(cmg__json_str(operation, "/properties/provisioningState"), "Failed"))
            return fail_operation(run, operation, err);
    }
    return cmg__fail(err, run->work->alloc, CMG_E_IO, run->work->deployment_name,
                     "look at the resource group's activity log, then start again with "
                     "the same journal",
                     "deployment %s failed without naming an operation",
                     run->work->deployment_name);
}

/* Another certificate, or what cannot be compared, may have it sent all the same. */
static enum cmg__plan_kind foresee(const struct cmg__work *work)
{
    const bool differs =
        cmg__json_size(cmg__json_key(work->notes, cmg__step_deployment.name)) > 0;

    if (!differs)
        return CMG__PLAN_UNKNOWN;
    return work->set_is_there ? CMG__PLAN_CHANGE : CMG__PLAN_CREATE;
}

static const struct cmg__exchange deployment_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_DEPLOYMENT_GET,
      .also = { 404 },
      .read = inspect },
    { .name = "set",
      .call = CMG__CALL_SCALE_SET_GET,
      .also = { 404 },
      .bind = { { "name", "label" } },
      .read = read_set },
    { .name = "put",
      .call = CMG__CALL_DEPLOYMENT_PUT,
      .effect = true,
      .also = { 409 },
      .then = "inspect",
      .build = build_deployment,
      .read = read_put },
    CMG__POLL_EXCHANGE,
    { .name = "operations",
      .call = CMG__CALL_DEPLOYMENT_OPERATIONS,
      .read = read_operations },
};

const struct cmg__step cmg__step_deployment = {
    .name = "deployment",
    .title = "deployment",
    .phase = CMG__PHASE_APPLY,
    .what = "deployment of the gateway",
    .needs = { "template", "making", "changes" },
    .budget_ms = 90 * CMG__MINUTE_MS,
    .usual_ms = 12 * CMG__MINUTE_MS,
    .foresee = foresee,
    CMG__STEP_EXCHANGES(deployment_exchanges),
};
