/*
 * Looking at the applications, their service principals and consents, and nothing else:
 * what differs from the table of expectations goes on the handles. Nothing that is absent
 * is an error.
 */
#include "base/error.h"
#include "deploy/app_view.h"

static cmg_status look(struct cmg__run *run, const struct cmg__answer *answer,
                       struct cmg__next *next, cmg_error **err)
{
    struct cmg__json *app = cmg__seen(run, "application");

    (void)answer;
    if (app == NULL)
        return cmg__next_go(next, "compare");
    cmg_status rc = cmg__app_take(run, app, err);
    return rc == CMG_OK ? cmg__next_go(next, "principal") : rc;
}

static cmg_status read_principal(struct cmg__run *run, const struct cmg__answer *answer,
                                 struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return cmg__next_go(next, "compare");
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", ".sp_id", err);
    if (rc == CMG_OK && cmg__seen_set(run, "principal", answer->json) != CMG_OK)
        rc = cmg__fail_nomem(err);
    return rc == CMG_OK ? cmg__next_go(next, run->exchange->then) : rc;
}

static cmg_status read_graph(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", "graph_sp_id", err);

    return rc == CMG_OK ? cmg__next_go(next, "grants") : rc;
}

static cmg_status read_grants(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    if (cmg__seen_set(run, "grants", cmg__json_at(answer->json, "/value")) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, "compare");
}

static cmg_status compare(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = cmg__app_note(run, CMG__PARTS_ALL, err);

    (void)answer;
    if (rc != CMG_OK)
        return rc;
    const size_t count =
        cmg__run_is_server(run)
            ? cmg_server_app_difference_count(run->work->gateway->server_app)
            : cmg_client_app_difference_count(run->work->gateway->client_app);
    run->plan =
        cmg__app_is_right(run, CMG__PARTS_ALL) ? CMG__PLAN_KEEP : CMG__PLAN_CHANGE;
    if (count == 0)
        cmg__run_say(run, "as it should be");
    else
        cmg__run_say(run, "%zu difference%s", count, count == 1 ? "" : "s");
    return cmg__next_done(next);
}

static const struct cmg__exchange server_exchanges[] = {
    CMG__FIND_EXCHANGES("look"),
    { .name = "look", .call = CMG__CALL_LOCAL, .read = look },
    { .name = "principal",
      .call = CMG__CALL_SP_BY_APP_ID,
      .also = { 404 },
      .then = "graph",
      .bind = { { "app_id", ".app_id" } },
      .read = read_principal },
    { .name = "graph",
      .call = CMG__CALL_SP_BY_APP_ID,
      .bind = { { "app_id", "graph_app_id" } },
      .read = read_graph },
    { .name = "grants",
      .call = CMG__CALL_ROLE_GRANTS,
      .bind = { { "sp_id", ".sp_id" } },
      .read = read_grants },
    { .name = "compare", .call = CMG__CALL_LOCAL, .read = compare },
};

static const struct cmg__exchange client_exchanges[] = {
    CMG__FIND_EXCHANGES("look"),
    { .name = "look", .call = CMG__CALL_LOCAL, .read = look },
    { .name = "principal",
      .call = CMG__CALL_SP_BY_APP_ID,
      .also = { 404 },
      .then = "grants",
      .bind = { { "app_id", ".app_id" } },
      .read = read_principal },
    { .name = "grants",
      .call = CMG__CALL_SCOPE_GRANTS,
      .bind = { { "sp_id", ".sp_id" } },
      .read = read_grants },
    { .name = "compare", .call = CMG__CALL_LOCAL, .read = compare },
};

/* Consents have lines of their own. */
static cmg_status detail(const struct cmg__run *run, struct cmg__buf *out)
{
    return cmg__app_detail(
        run, CMG__PARTS(CMG_APP_APPLICATION) | CMG__PARTS(CMG_APP_PRINCIPAL), out);
}

#define LOOK_STEP(WHICH, WHEN, PHASE, ...)                                               \
    {                                                                                    \
        .name = WHICH "_app_" WHEN, .title = WHICH " app", .phase = CMG__PHASE_##PHASE,  \
        .prefix = WHICH, .budget_ms = 5 * CMG__MINUTE_MS, .detail = detail, __VA_ARGS__  \
    }
#define SERVER_LOOK(WHEN, PHASE, ...)                                                    \
    LOOK_STEP("server", WHEN, PHASE, .param = { "graph_app_id", CMG__GRAPH_APP_ID },     \
              .needs = { "tenant", "rights" }, CMG__STEP_EXCHANGES(server_exchanges),    \
              __VA_ARGS__)
#define CLIENT_LOOK(WHEN, PHASE, ...)                                                    \
    LOOK_STEP("client", WHEN, PHASE, .needs = { "server_app_" WHEN },                    \
              CMG__STEP_EXCHANGES(client_exchanges), __VA_ARGS__)

const struct cmg__step cmg__step_server_app_look =
    SERVER_LOOK("look", APPLY, .what = "server app");
const struct cmg__step cmg__step_client_app_look =
    CLIENT_LOOK("look", APPLY, .what = "client app");
const struct cmg__step cmg__step_server_app_again =
    SERVER_LOOK("again", VERIFY, .what = NULL);
const struct cmg__step cmg__step_client_app_again =
    CLIENT_LOOK("again", VERIFY, .what = NULL);
