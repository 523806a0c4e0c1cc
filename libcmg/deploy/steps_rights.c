/*
 * What the signed-in account may do in the directory, compared with what the steps of the
 * operation need, before anything is made. A person has directory roles; an application
 * has permissions of Graph, and may have directory roles, too. Consent can be given by
 * somebody else; without a right to register applications nothing begins.
 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/rights.h"
#include "deploy/sign_in.h"
#include "deploy/steps.h"

/* A bit of the step for each grant that the account has. */
#define HAS(kind) ((uint64_t)1 << (unsigned)(kind))
#define BLIND     ((uint64_t)1 << 63) /* what it has could not be read */
#define UNSURE    ((uint64_t)1 << 62) /* nor whether users may register applications */

/* ---- what it has ---- */

static void note_permission(struct cmg__run *run, const char *permission)
{
    for (unsigned kind = 0; kind < CMG__GRANTS; kind++) {
        if (cmg__grant_is_in(cmg__grant_get(kind), permission))
            run->bits |= HAS(kind);
    }
}

/* What any member of the tenant may. */
static void note_member(struct cmg__run *run)
{
    for (unsigned kind = 0; kind < CMG__GRANTS; kind++) {
        if (cmg__grant_get(kind)->roles == 0)
            run->bits |= HAS(kind);
    }
}

/* Each of these roles reads, too. */
static void note_roles(struct cmg__run *run, const struct cmg__json *list)
{
    unsigned bits = 0;

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__directory_role *role =
            cmg__directory_role_of(cmg__json_item(list, i));
        bits |= role == NULL ? 0 : role->bit;
    }
    if (bits != 0)
        note_member(run);
    for (unsigned kind = 0; kind < CMG__GRANTS; kind++) {
        if ((cmg__grant_get(kind)->roles & bits) != 0)
            run->bits |= HAS(kind);
    }
}

/* ---- what is missing ---- */

/* What a step makes was made by an earlier run, or there is nothing that it removes. */
static bool is_dispensable(const struct cmg__run *run, const struct cmg__step_right *row)
{
    if (row->need == CMG__NEED_ALWAYS)
        return false;
    const bool known = cmg__fact(run->work, row->fact)[0] != '\0';
    return known == (row->need == CMG__NEED_UNKNOWN);
}

static cmg_severity severity_of(const struct cmg__run *run,
                                const struct cmg__step_right *row)
{
    if ((run->bits & BLIND) != 0)
        return CMG_SEVERITY_NOTE;
    if (cmg__grant_get(row->grant)->is_consent)
        return run->work->consent.can_ask ? CMG_SEVERITY_NOTE : CMG_SEVERITY_WARNING;
    if ((run->bits & UNSURE) != 0 || is_dispensable(run, row))
        return CMG_SEVERITY_WARNING;
    return CMG_SEVERITY_REFUSAL;
}

static void write_remedy(const struct cmg__run *run, const struct cmg__grant *grant,
                         char *out, size_t size)
{
    const char *or_ask = grant->is_consent ? ", or let an administrator consent" : "";

    if (cmg__sign_in_is_person(run->work))
        (void)snprintf(out, size, "have one of these directory roles assigned: %s%s",
                       grant->role_names, or_ask);
    else
        (void)snprintf(out, size,
                       "give the application the permission %s of Microsoft Graph, with "
                       "an administrator's consent%s",
                       grant->permission, or_ask);
}

static cmg_status tell(struct cmg__run *run, const struct cmg__step_right *row,
                       cmg_error **err)
{
    const struct cmg__grant *grant = cmg__grant_get(row->grant);
    const bool blind = (run->bits & BLIND) != 0;
    char remedy[400];
    const cmg_problem problem = {
        .severity = severity_of(run, row),
        .subject = grant->permission,
        .cause = blind ? "what the account may do could not be read"
                       : "the signed-in account has no right to it",
        .remedy = remedy,
        .service_code = "Authorization_RequestDenied",
    };

    write_remedy(run, grant, remedy, sizeof remedy);
    return cmg__run_problem(run, CMG_E_DENIED, &problem, err, "the account %s %s (%s)",
                            blind ? "has perhaps no right to" : "may not", grant->what,
                            row->step);
}

/* The row of the operation that can do least without the grant; NULL: none needs it. */
static const struct cmg__step_right *worst_row(const struct cmg__run *run,
                                               enum cmg__grant_kind kind)
{
    const struct cmg__step_table *steps = run->work->steps;
    const struct cmg__step_right *worst = NULL;

    for (size_t i = 0; i < steps->count; i++) {
        const char *step = steps->steps[i]->name;
        const struct cmg__step_right *row = cmg__step_right(step, 0);
        for (size_t k = 1; row != NULL; row = cmg__step_right(step, k++)) {
            if (row->grant == kind &&
                (worst == NULL || severity_of(run, row) > severity_of(run, worst)))
                worst = row;
        }
    }
    return worst;
}

static bool lacks(const struct cmg__run *run, enum cmg__grant_kind kind)
{
    return (run->bits & HAS(kind)) == 0 && worst_row(run, kind) != NULL;
}

/* What a person's sign-in brings is for Graph to judge: only a warning. */
static cmg_status judge_scopes(struct cmg__run *run, cmg_error **err)
{
    const char *scopes = run->work->tokens.graph_scopes;
    cmg_status rc = CMG_OK;

    if (scopes == NULL || !cmg__sign_in_is_person(run->work))
        return CMG_OK;
    for (unsigned kind = 0; rc == CMG_OK && kind < CMG__GRANTS; kind++) {
        const struct cmg__grant *grant = cmg__grant_get(kind);
        const cmg_problem problem = {
            .severity = CMG_SEVERITY_WARNING,
            .subject = grant->scope,
            .cause = "the application that signs the person in has no consent to it",
            .remedy = "sign in with a public client that has this delegated permission "
                      "of Microsoft Graph, or have it consented to",
            .service_code = "Authorization_RequestDenied",
        };
        if (worst_row(run, kind) == NULL || cmg__grant_is_in_scopes(grant, scopes))
            continue;
        rc = cmg__run_problem(run, CMG_E_DENIED, &problem, err,
                              "the sign-in lacks the scope %s to %s", grant->scope,
                              grant->what);
    }
    return rc;
}

/* Refusals last, for the first one ends the run. */
static cmg_status judge(struct cmg__run *run, struct cmg__next *next, cmg_error **err)
{
    unsigned missing = 0;
    const cmg_status judged = judge_scopes(run, err);

    if (judged != CMG_OK)
        return judged;
    for (int severity = CMG_SEVERITY_NOTE; severity <= CMG_SEVERITY_REFUSAL; severity++) {
        for (unsigned kind = 0; kind < CMG__GRANTS; kind++) {
            const struct cmg__step_right *row = worst_row(run, kind);
            if (!lacks(run, kind) || (int)severity_of(run, row) != severity)
                continue;
            missing++;
            const cmg_status rc = tell(run, row, err);
            if (rc != CMG_OK)
                return rc;
        }
    }
    if (missing == 0)
        cmg__run_say(run, "the account has all rights in the directory");
    else
        cmg__run_say(run, "%u rights in the directory are missing", missing);
    return cmg__next_done(next);
}

/* ---- what is asked ---- */

static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    /* The step that read the tenant has shown it. */
    run->bits |= HAS(CMG__GRANT_ORGANIZATION);
    if (!cmg__sign_in_is_person(run->work))
        return cmg__next_go(next, "graph");
    note_member(run);
    return cmg__next_go(next, "person");
}

static cmg_status read_person(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 403)
        run->bits |= BLIND;
    note_roles(run, cmg__json_at(answer->json, "/value"));
    if ((run->bits & BLIND) == 0 && lacks(run, CMG__GRANT_APPS))
        return cmg__next_go(next, "policy");
    return judge(run, next, err);
}

/* A tenant may let each of its users register applications, and keep what he made. */
static cmg_status read_policy(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const char *path = "/defaultUserRolePermissions/allowedToCreateApps";

    if (answer->status == 403)
        run->bits |= UNSURE;
    else if (cmg__json_bool(answer->json, path, false))
        run->bits |= HAS(CMG__GRANT_APPS);
    return judge(run, next, err);
}

/* Graph's own principal says what the IDs of its permissions mean. */
static cmg_status read_graph(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 403) {
        run->bits |= BLIND;
        return judge(run, next, err);
    }
    if (cmg__json_set(run->work->seen, "graph", cmg__json_ref(answer->json)) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, "granted");
}

static const char *value_of(const struct cmg__json *graph, const char *role_id)
{
    const struct cmg__json *list = cmg__json_at(graph, "/appRoles");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *role = cmg__json_item(list, i);
        if (cmg__str_ieq(cmg__str_or(cmg__json_str(role, "/id"), ""), role_id))
            return cmg__str_or(cmg__json_str(role, "/value"), "");
    }
    return "";
}

static void note_granted(struct cmg__run *run, const struct cmg__json *list)
{
    const struct cmg__json *graph = cmg__json_key(run->work->seen, "graph");
    const char *graph_id = cmg__str_or(cmg__json_str(graph, "/id"), "");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        const char *resource = cmg__str_or(cmg__json_str(entry, "/resourceId"), "");
        const char *role = cmg__str_or(cmg__json_str(entry, "/appRoleId"), "");
        if (cmg__str_ieq(resource, graph_id))
            note_permission(run, value_of(graph, role));
    }
    cmg__json_remove(run->work->seen, "graph");
}

static cmg_status read_granted(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 403)
        run->bits |= BLIND;
    note_granted(run, cmg__json_at(answer->json, "/value"));
    for (unsigned kind = 0; kind < CMG__GRANTS; kind++) {
        if ((run->bits & BLIND) == 0 && lacks(run, kind))
            return cmg__next_go(next, "roles");
    }
    return judge(run, next, err);
}

/* A directory role gives an application what it gives a person; that there is none is
   seen from the refusal, too. */
static cmg_status read_roles(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    note_roles(run, cmg__json_at(answer->json, "/value"));
    return judge(run, next, err);
}

static const struct cmg__exchange exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    { .name = "person",
      .call = CMG__CALL_MY_ROLES,
      .also = { 403 },
      .read = read_person },
    { .name = "policy",
      .call = CMG__CALL_USER_POLICY,
      .also = { 403 },
      .read = read_policy },
    { .name = "graph",
      .call = CMG__CALL_SP_BY_APP_ID,
      .also = { 403 },
      .bind = { { "app_id", "graph_app_id" } },
      .read = read_graph },
    { .name = "granted",
      .call = CMG__CALL_ROLE_GRANTS,
      .also = { 403 },
      .bind = { { "sp_id", "principal_id" } },
      .read = read_granted },
    { .name = "roles",
      .call = CMG__CALL_SP_ROLES,
      .also = { 403 },
      .bind = { { "sp_id", "principal_id" } },
      .read = read_roles },
};

const struct cmg__step cmg__step_rights = {
    .name = "rights",
    .title = "rights in the directory",
    .phase = CMG__PHASE_APPLY,
    .param = { "graph_app_id", CMG__GRAPH_APP_ID },
    .needs = { "tenant" },
    .judges = true,
    .budget_ms = 5 * CMG__MINUTE_MS,
    CMG__STEP_EXCHANGES(exchanges),
};
