/*
 * Resource Manager's opinion of the template before anything is made: what policies deny,
 * what providers refuse. A group that is not there yet is made by the template, too,
 * which then is one for the subscription. What a run knows only later has a place-holder.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

#define USER_DATA_MAX ((size_t)1024 * 1024)
/* Such as Azure takes one, and nobody's. */
#define PASSWORD   "Cm9!not-the-password-of-anything"
#define NO_VERSION "00000000000000000000000000000000"

static struct cmg__template_input input_of(const struct cmg__work *work)
{
    return (struct cmg__template_input){ .gateway = work->gateway,
                                         .deployment_id = work->deployment_id,
                                         .admin_password = PASSWORD };
}

/* ---- the vault ---- */

/* The gateway's template does not have it, for it is there before; a policy may deny it
   all the same. */
static cmg_status add_vault(const struct cmg__work *work, struct cmg__json *properties)
{
    struct cmg__json *list = cmg__json_at(properties, "/template/resources");

    if (work->vault_is_there)
        return CMG_OK;
    return cmg__json_append(
        list, cmg__json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "type",
                             "Microsoft.KeyVault/vaults", "apiVersion",
                             cmg__call_get(CMG__CALL_VAULT_PUT)->api_version, "name",
                             cmg__work_value(work, "vault"), "location",
                             cmg__work_value(work, "region"), "tags",
                             cmg__template_tags(work->gateway, work->deployment_id),
                             "properties", cmg__vault_properties(work)));
}

/* As it will look; the version is not known before the certificate is in the vault. */
static char *secret_url(const struct cmg__work *work)
{
    const char *known = cmg__fact(work, "cert_secret_url");
    const char *endpoint = work->endpoints.at[CMG_ENDPOINT_VAULT];
    const char *vault = cmg__work_value(work, "vault");

    if (known[0] != '\0')
        return cmg__strdup(work->alloc, known);
    if (strchr(endpoint, ':') != NULL)
        return cmg__format(work->alloc, "%s/%s/secrets/server/" NO_VERSION, endpoint,
                           vault);
    return cmg__format(work->alloc, "https://%s.%s/secrets/server/" NO_VERSION, vault,
                       endpoint);
}

/* ---- the template ---- */

static cmg_status make_properties(const struct cmg__work *work, struct cmg__json **out,
                                  cmg_error **err)
{
    struct cmg__template_input input = input_of(work);
    struct cmg__buf user_data;
    char *vault_id = cmg__vault_id(work);
    char *url = secret_url(work);

    cmg__buf_init(&user_data, work->alloc, USER_DATA_MAX);
    cmg_status rc =
        vault_id == NULL || url == NULL
            ? cmg__fail_nomem(err)
            : cmg__user_data_make(work->gateway, work->deployment_id, &user_data, err);
    if (rc == CMG_OK) {
        input.vault_id = vault_id;
        input.cert_secret_url = url;
        input.user_data = cmg__buf_cstr(&user_data);
        rc = cmg__template_make(work->alloc, &input, out, err);
    }
    if (rc == CMG_OK && add_vault(work, *out) != CMG_OK) {
        cmg__json_clear(out);
        rc = cmg__fail_nomem(err);
    }
    cmg__buf_done(&user_data);
    cmg__free(work->alloc, vault_id);
    cmg__free(work->alloc, url);
    return rc;
}

static cmg_status build_group(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    const struct cmg__template_input input = input_of(run->work);

    return cmg__template_with_group(&input, NULL, &ask->body, err);
}

static cmg_status build_with_group(struct cmg__run *run, struct cmg__ask *ask,
                                   cmg_error **err)
{
    const struct cmg__template_input input = input_of(run->work);
    struct cmg__json *properties = NULL;
    const cmg_status rc = make_properties(run->work, &properties, err);

    return rc == CMG_OK ? cmg__template_with_group(&input, properties, &ask->body, err)
                        : rc;
}

static cmg_status build_in_group(struct cmg__run *run, struct cmg__ask *ask,
                                 cmg_error **err)
{
    struct cmg__json *properties = NULL;
    const cmg_status rc = make_properties(run->work, &properties, err);

    if (rc != CMG_OK)
        return rc;
    ask->body = cmg__json_pack("{s:o}", "properties", properties);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

/* Who may make a group need not have the right to ask about it before. */
static cmg_status read_validate(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    static const cmg_problem unasked = {
        .severity = CMG_SEVERITY_NOTE,
        .subject = "Microsoft.Resources/deployments/validate/action",
        .cause = "the account may not have it validated in the subscription",
        .remedy = "have a role with this action assigned on the subscription, or go on: "
                  "what is wrong shows when it is made",
        .service_code = "AuthorizationFailed",
    };

    if (answer->status != 403)
        return cmg__read_validate(run, answer, next, err);
    if (!cmg__str_ieq(cmg_error_service_code(answer->error), unasked.service_code))
        return cmg__answer_fail(run, answer, err);
    const cmg_status rc = cmg__run_problem(run, CMG_E_DENIED, &unasked, err,
                                           "%s could not be looked at", run->step->title);
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

#define VALIDATE(NAME, CALL, BUILD)                                                      \
    {                                                                                    \
        .name = (NAME), .call = (CALL), .also = { 403 }, .build = (BUILD),               \
        .read = read_validate                                                            \
    }
#define POLL                                                                             \
    {                                                                                    \
        .name = "poll", .call = CMG__CALL_POLL, .bind = { { "url", "poll" } },           \
        .read = cmg__lro_poll                                                            \
    }
#define UNDER_THE_NAME                                                                   \
    {                                                                                    \
        "deployment", "libcmg-check"                                                     \
    }

/* ---- the group ---- */

/* One that goes is waited for, as the step that makes it does. */
static cmg_status read_group(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    const char *state = cmg__json_str(answer->json, "/properties/provisioningState");

    (void)err;
    run->work->group_is_there = answer->status != 404;
    if (!run->work->group_is_there)
        return cmg__next_go(next, "validate");
    if (cmg__str_ieq(cmg__str_or(state, ""), "Deleting"))
        return cmg__next_again(next, -1);
    cmg__run_say(run, "%s", "it is there");
    return cmg__next_done(next);
}

static const struct cmg__exchange group_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_GROUP_GET,
      .also = { 404 },
      .read = read_group },
    VALIDATE("validate", CMG__CALL_SUBSCRIPTION_VALIDATE, build_group),
    POLL,
};

/* By itself, since this needs no provider: what a policy wants of all resources shows
   here, even in a subscription where nothing was ever made. */
const struct cmg__step cmg__step_check_group = {
    .name = "check_group",
    .title = "group in a template",
    .phase = CMG__PHASE_APPLY,
    .param = UNDER_THE_NAME,
    .needs = { "subscription", "check_region" },
    .judges = true,
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(group_exchanges),
};

/* ---- the whole ---- */

static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    return cmg__next_go(next, run->work->group_is_there ? "inside" : "with_group");
}

static const struct cmg__exchange template_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    VALIDATE("with_group", CMG__CALL_SUBSCRIPTION_VALIDATE, build_with_group),
    VALIDATE("inside", CMG__CALL_DEPLOYMENT_VALIDATE, build_in_group),
    POLL,
};

const struct cmg__step cmg__step_check_template = {
    .name = "check_template",
    .title = "template beforehand",
    .phase = CMG__PHASE_APPLY,
    .param = UNDER_THE_NAME,
    .needs = { "check_group", "names", "provider_compute", "provider_network",
               "provider_storage", "provider_keyvault" },
    .judges = true,
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(template_exchanges),
};
