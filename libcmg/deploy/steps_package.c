/*
 * The service package in the gateway's storage account. It is named after its digest and
 * put on the condition that it is not there, so that a lost answer or another run makes
 * no second one and never changes what instances start from. Account, container and the
 * role of whoever writes come first, each named, so each is simply put.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"

/* A role takes a while to work. */
#define ROLE_DELAY_MS (10 * CMG__MINUTE_MS)
/* Storage Blob Data Contributor, Storage Blob Data Reader */
#define BLOB_WRITER "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
#define BLOB_READER "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"

/* It is what the instances are to have from now on. */
static cmg_status keep(struct cmg__run *run, const char *sha256, struct cmg__next *next,
                       cmg_error **err)
{
    struct cmg__work *work = run->work;
    cmg_status rc = cmg__observe(work->alloc, &work->gateway->package_sha256, sha256);

    if (rc == CMG_OK)
        rc = cmg__fact_set(work, "package_sha256", sha256);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "%.12s", sha256[0] == '\0' ? "none" : sha256);
    return cmg__next_done(next);
}

/* Keeps the name of a role assignment, which follows from who gets it, as a fact. */
static cmg_status name_assignment(struct cmg__work *work, const char *fact,
                                  const char *principal)
{
    char assignment[CMG__GUID_SIZE];
    char *seed = cmg__format(work->alloc, "%s|%s", work->deployment_id, principal);
    cmg_status rc = seed == NULL ? CMG_E_NOMEM : cmg__work_guid(fact, seed, assignment);

    cmg__free(work->alloc, seed);
    return rc == CMG_OK ? cmg__fact_set(work, fact, assignment) : rc;
}

/* Facts for the requests. */
static cmg_status name_parts(struct cmg__run *run)
{
    struct cmg__work *work = run->work;
    char *blob = cmg__format(work->alloc, "%s.tar.gz", work->gateway->package.sha256);
    cmg_status rc =
        blob == NULL ? CMG_E_NOMEM : cmg__fact_set(work, "package_blob", blob);

    cmg__free(work->alloc, blob);
    return rc == CMG_OK
               ? name_assignment(work, "package_role", cmg__fact(work, "principal_id"))
               : rc;
}

/* What the instances have is seen where they get it from; before there are any, it is
   what an earlier run put. */
static cmg_status inspect(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    const struct cmg__package *given = &run->work->gateway->package;
    char is[65] = "";
    cmg_status rc = cmg__user_data_package(run->work->alloc, answer->json, is);

    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    const char *there = is[0] != '\0' ? is : cmg__fact(run->work, "package_sha256");
    if (given->size == 0 || strcmp(given->sha256, there) == 0) {
        if (run->plan == CMG__PLAN_UNKNOWN)
            run->plan = CMG__PLAN_KEEP;
        return keep(run, given->size == 0 ? there : given->sha256, next, err);
    }
    run->plan = there[0] == '\0' ? CMG__PLAN_CREATE : CMG__PLAN_CHANGE;
    return name_parts(run) == CMG_OK ? cmg__next_go(next, "account")
                                     : cmg__fail_nomem(err);
}

/* ---- the account ---- */

/* One whose making has failed stays so until it is asked for once more. */
static cmg_status mend_account(struct cmg__run *run, struct cmg__next *next,
                               cmg_error **err)
{
    const char *name = cmg__work_value(run->work, "account");

    if (run->bits != 0)
        return cmg__fail(err, run->work->alloc, CMG_E_IO, name,
                         "look at the storage account's activity log, then start again "
                         "with the same journal",
                         "storage account \"%s\" could not be made", name);
    run->bits = 1;
    return cmg__next_go(next, "account_put");
}

static cmg_status read_account(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const char *state = cmg__json_str(answer->json, "/properties/provisioningState");

    if (answer->status == 404)
        return cmg__next_go(next, "account_put");
    if (!cmg__tags_are_ours(run->work, answer->json))
        return cmg__fail(
            err, run->work->alloc, CMG_E_EXISTS, "/gateway/name",
            "choose another name for the gateway",
            "storage account \"%s\" exists and belongs to another deployment",
            cmg__work_value(run->work, "account"));
    if (cmg__resource_is_broken(answer->json))
        return mend_account(run, next, err);
    if (state != NULL && !cmg__str_ieq(state, "Succeeded"))
        return cmg__next_again(next, -1);
    return cmg__next_go(next, "container");
}

static cmg_status build_account(struct cmg__run *run, struct cmg__ask *ask,
                                cmg_error **err)
{
    const struct cmg__work *work = run->work;

    return cmg__template_storage(work->gateway, work->deployment_id, &ask->body, err);
}

static cmg_status build_container(struct cmg__run *run, struct cmg__ask *ask,
                                  cmg_error **err)
{
    (void)run;
    ask->body = cmg__json_pack("{s:{s:s}}", "properties", "publicAccess", "None");
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

/* Without the principal's ID somebody else has to have given the role. */
static cmg_status read_container(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    return cmg__next_go(next, cmg__fact(run->work, "principal_id")[0] == '\0' ? "head"
                                                                              : "role");
}

static cmg_status build_assignment(const struct cmg__run *run, const char *role,
                                   const char *principal, struct cmg__ask *ask,
                                   cmg_error **err)
{
    const struct cmg__work *work = run->work;
    char *id = cmg__format(work->alloc,
                           "/subscriptions/%s/providers/Microsoft.Authorization/"
                           "roleDefinitions/%s",
                           work->gateway->tenant->subscription_id, role);

    if (id != NULL)
        ask->body = cmg__json_pack("{s:{s:s, s:s}}", "properties", "roleDefinitionId", id,
                                   "principalId", principal);
    cmg__free(work->alloc, id);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status build_role(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err)
{
    return build_assignment(run, BLOB_WRITER, cmg__fact(run->work, "principal_id"), ask,
                            err);
}

/* Who may not give roles may have been given this one. */
static cmg_status read_role(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    (void)run;
    (void)answer;
    (void)err;
    return cmg__next_go(next, "head");
}

/* ---- the blob ---- */

static cmg_status wait_for_role(struct cmg__run *run, struct cmg__next *next,
                                cmg_error **err)
{
    const int64_t now = cmg__env_now_ms(&run->work->ctx->env);

    if (run->number == 0)
        run->number = now;
    if (now - run->number > ROLE_DELAY_MS)
        return cmg__fail(
            err, run->work->alloc, CMG_E_DENIED, cmg__work_value(run->work, "account"),
            "have the role Storage Blob Data Contributor assigned to who signs in, on "
            "the storage account or above it",
            "%s: whoever signed in may not write into storage account \"%s\"",
            run->step->title, cmg__work_value(run->work, "account"));
    cmg__run_say(run, "waiting for the role Storage Blob Data Contributor");
    return cmg__next_again(next, -1);
}

static cmg_status read_head(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 403)
        return wait_for_role(run, next, err);
    if (answer->status == 404)
        return cmg__next_go(next, "upload");
    return keep(run, run->work->gateway->package.sha256, next, err);
}

static cmg_status build_upload(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    const struct cmg__package *package = &run->work->gateway->package;

    (void)err;
    ask->blob = package->data;
    ask->blob_size = package->size;
    return CMG_OK;
}

/* 409: it is there, which a look confirms. */
static cmg_status read_upload(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 403)
        return wait_for_role(run, next, err);
    return answer->status == 409
               ? cmg__next_go(next, "head")
               : keep(run, run->work->gateway->package.sha256, next, err);
}

static const struct cmg__exchange package_exchanges[] = {
    { .name = "inspect",
      .call = CMG__CALL_SCALE_SET_USER_DATA,
      .also = { 404 },
      .bind = { { "name", "label" } },
      .read = inspect },
    { .name = "account",
      .call = CMG__CALL_STORAGE_GET,
      .also = { 404 },
      .read = read_account },
    { .name = "account_put",
      .call = CMG__CALL_STORAGE_PUT,
      .effect = true,
      .then = "account",
      .build = build_account,
      .read = cmg__lro_start },
    { .name = "poll",
      .call = CMG__CALL_POLL,
      .also = { 404 },
      .look = "account",
      .then = "account",
      .bind = { { "url", "poll" } },
      .read = cmg__lro_poll },
    { .name = "container",
      .call = CMG__CALL_CONTAINER_PUT,
      .effect = true,
      .build = build_container,
      .read = read_container },
    { .name = "role",
      .call = CMG__CALL_BLOB_ROLE_PUT,
      .effect = true,
      .also = { 403, 409 },
      .bind = { { "assignment", "package_role" } },
      .build = build_role,
      .read = read_role },
    { .name = "head",
      .call = CMG__CALL_BLOB_HEAD,
      .also = { 403, 404 },
      .bind = { { "blob", "package_blob" } },
      .read = read_head },
    { .name = "upload",
      .call = CMG__CALL_BLOB_PUT,
      .effect = true,
      .also = { 403, 409 },
      .bind = { { "blob", "package_blob" } },
      .build = build_upload,
      .read = read_upload },
};

const struct cmg__step cmg__step_package = {
    .name = "package",
    .title = "service package",
    .phase = CMG__PHASE_APPLY,
    .what = "service package in the storage account",
    .needs = { "resource_group", "provider_storage", "tenant", "upgradable" },
    .budget_ms = 30 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(package_exchanges),
};

/* ---- whether there is one at all ---- */

static cmg_status is_one_known(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    const struct cmg__package *given = &run->work->gateway->package;
    const char *known =
        given->size > 0 ? given->sha256 : cmg__fact(run->work, "package_sha256");

    (void)answer;
    (void)err;
    if (known[0] == '\0')
        return cmg__next_go(next, "inspect");
    cmg__run_say(run, "%.12s", known);
    return cmg__next_done(next);
}

/* No refusal: a sandbox whose instances are a program of the host's needs none. */
static cmg_status judge_package(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    static const cmg_problem problem = {
        .severity = CMG_SEVERITY_WARNING,
        .subject = "package",
        .cause = "the machines start from an image that has no service, and no instance "
                 "would become healthy",
        .remedy = "give the gateway the bytes of cmg-service.tar.gz with "
                  "cmg_gateway_set_package()",
    };
    char is[65] = "";
    cmg_status rc = cmg__user_data_package(run->work->alloc, answer->json, is);

    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__run_say(run, "%.12s", is[0] == '\0' ? "none" : is);
    if (is[0] == '\0')
        rc = cmg__run_problem(run, CMG_E_STATE, &problem, err,
                              "the gateway has no service package");
    return rc == CMG_OK ? cmg__next_done(next) : rc;
}

static const struct cmg__exchange known_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = is_one_known },
    { .name = "inspect",
      .call = CMG__CALL_SCALE_SET_USER_DATA,
      .also = { 404 },
      .bind = { { "name", "label" } },
      .read = judge_package },
};

const struct cmg__step cmg__step_check_package = {
    .name = "check_package",
    .title = "service package at hand",
    .phase = CMG__PHASE_APPLY,
    .needs = { "subscription" },
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(known_exchanges),
};

/* ---- who reads it ---- */

static cmg_status is_there_one(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    run->plan = CMG__PLAN_KEEP;
    return run->work->gateway->package_sha256[0] == '\0' ? cmg__next_done(next)
                                                         : cmg__next_go(next, "identity");
}

/* Who was given the role, and who was to be given it: a run may have died in between. */
static const char *const readers[] = { "package_read_by", "package_reader" };

/* A set that is made anew has another identity; the role of the former one, whose name
   followed from it, would be left to nobody. */
static const char *left_over(const struct cmg__work *work, const char *id)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(readers); i++) {
        const char *reader = cmg__fact(work, readers[i]);
        if (reader[0] != '\0' && strcmp(reader, id) != 0)
            return reader;
    }
    return NULL;
}

static cmg_status read_identity(struct cmg__run *run, const struct cmg__answer *answer,
                                struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    const char *id = cmg__json_str(answer->json, "/identity/principalId");

    if (cmg__str_is_empty(id))
        return cmg__answer_lacks(run, "/identity/principalId", err);
    const char *former = left_over(work, id);
    if (former == NULL && strcmp(cmg__fact(work, "package_read_by"), id) == 0)
        return cmg__next_done(next);
    const char *whose = former != NULL ? "package_former" : "package_reader";
    const char *role = former != NULL ? "package_former_role" : "package_reader_role";
    const char *principal = former != NULL ? former : id;
    if (name_assignment(work, role, principal) != CMG_OK ||
        cmg__fact_set(work, whose, principal) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, former != NULL ? "former" : "role");
}

/* Who may not take it away has to leave it. */
static cmg_status read_former(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;
    cmg_status rc = CMG_OK;

    if (answer->status == 403)
        cmg__run_say(run, "the role of instances that are gone stays");
    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(readers); i++) {
        if (strcmp(cmg__fact(work, readers[i]), cmg__fact(work, "package_former")) == 0)
            rc = cmg__fact_set(work, readers[i], NULL);
    }
    if (rc == CMG_OK)
        rc = cmg__fact_set(work, "package_former", NULL);
    return rc == CMG_OK ? cmg__next_go(next, "identity") : cmg__fail_nomem(err);
}

static cmg_status build_reader(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    return build_assignment(run, BLOB_READER, cmg__fact(run->work, "package_reader"), ask,
                            err);
}

/* 400: the directory does not know the new identity everywhere yet. 409: it has the role
   already, by another name. */
static cmg_status read_reader(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    struct cmg__work *work = run->work;

    if (answer->status == 403)
        return cmg__fail(err, work->alloc, CMG_E_DENIED, cmg__work_value(work, "account"),
                         "sign in as an Owner or User Access Administrator of the "
                         "resource group",
                         "%s: whoever signed in may not let the instances read storage "
                         "account \"%s\"",
                         run->step->title, cmg__work_value(work, "account"));
    if (answer->status == 400)
        return cmg__str_ieq(cmg_error_service_code(answer->error), "PrincipalNotFound")
                   ? cmg__next_again(next, -1)
                   : cmg__answer_fail(run, answer, err);
    return cmg__fact_set(work, "package_read_by", cmg__fact(work, "package_reader")) ==
                   CMG_OK
               ? cmg__next_done(next)
               : cmg__fail_nomem(err);
}

static const struct cmg__exchange reader_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = is_there_one },
    { .name = "identity",
      .call = CMG__CALL_SCALE_SET_GET,
      .bind = { { "name", "label" } },
      .read = read_identity },
    { .name = "former",
      .call = CMG__CALL_BLOB_ROLE_DELETE,
      .effect = true,
      .also = { 403 },
      .bind = { { "assignment", "package_former_role" } },
      .read = read_former },
    { .name = "role",
      .call = CMG__CALL_BLOB_ROLE_PUT,
      .effect = true,
      .also = { 400, 403, 409 },
      .bind = { { "assignment", "package_reader_role" } },
      .build = build_reader,
      .read = read_reader },
};

const struct cmg__step cmg__step_package_reader = {
    .name = "package_reader",
    .title = "right to the service package",
    .phase = CMG__PHASE_APPLY,
    .needs = { "package", "deployment" },
    .budget_ms = 10 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(reader_exchanges),
};
