/*
 * Discovery: everything, or the changes since a link, page by page. Both kinds follow one
 * course; a page is told before the next is asked for. A link that is too old leads back
 * to the beginning, once; where there is a second refusal at once, something is wrong.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/discover.h"
#include "deploy/steps.h"

/* Bits of a step. */
#define RESTARTED ((uint64_t)1)

static cmg_discovery_kind kind_of(const struct cmg__run *run)
{
    return strcmp(run->step->name, "users") == 0 ? CMG_DISCOVER_USERS
                                                 : CMG_DISCOVER_GROUPS;
}

static cmg_status ask_next(struct cmg__run *run, struct cmg__next *next)
{
    if (cmg__discovery_link(run, kind_of(run)) != NULL)
        return cmg__next_go(next, "page");
    if (kind_of(run) == CMG_DISCOVER_GROUPS && run->work->discovery->filter != NULL)
        return cmg__next_go(next, "chosen");
    return cmg__next_go(next, "first");
}

static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    if (cmg__discovery_wants(run, kind_of(run)))
        return ask_next(run, next);
    cmg__run_say(run, "not wanted");
    return cmg__next_done(next);
}

/* Graph says so by 410, and some of its parts by 400 with a code. */
static bool is_too_old(const struct cmg__answer *answer)
{
    static const char *const codes[] = { "resyncRequired", "syncStateNotFound",
                                         "syncStateInvalid",
                                         "Directory_ExpiredPageToken" };
    const char *code = cmg__str_or(cmg__json_str(answer->json, "/error/code"), "");

    for (size_t i = 0; answer->status == 400 && i < CMG__ARRAY_LEN(codes); i++) {
        if (cmg__str_ieq(code, codes[i]))
            return true;
    }
    return answer->status == 410;
}

static cmg_status restart(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    if (!is_too_old(answer) || (run->bits & RESTARTED) != 0)
        return cmg__answer_fail(run, answer, err);
    run->bits |= RESTARTED;
    run->number = 0;
    cmg__run_say(run, "the link is too old: everything again");
    cmg_status rc = cmg__discovery_restart(
        run, kind_of(run), cmg__headers_get(&answer->resp->headers, "Location"), err);
    return rc == CMG_OK ? ask_next(run, next) : rc;
}

static cmg_status read_page(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, cmg_error **err)
{
    bool last = false;

    if (answer->status >= 400)
        return restart(run, answer, next, err);
    cmg_status rc = cmg__discovery_page(run, kind_of(run), answer->json, &last, err);
    if (rc != CMG_OK)
        return rc;
    run->bits &= ~RESTARTED;
    run->number += (int64_t)cmg__json_size(cmg__json_key(answer->json, "value"));
    cmg__run_say(run, "%lld entries%s", (long long)run->number, last ? "" : " so far");
    return last ? cmg__next_done(next) : cmg__next_go(next, "page");
}

#define PAGE(key)                                                                        \
    {                                                                                    \
        .name = "page", .call = CMG__CALL_DELTA_PAGE, .with_token = true,                \
        .token = CMG__TOKEN_GRAPH, .renews_budget = true, .also = { 400, 410 },          \
        .bind = { { "url", (key) } }, .read = read_page                                  \
    }

static const struct cmg__exchange users_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    { .name = "first",
      .call = CMG__CALL_USERS_DELTA,
      .renews_budget = true,
      .read = read_page },
    PAGE("users_link"),
};

static const struct cmg__exchange groups_exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    { .name = "first",
      .call = CMG__CALL_GROUPS_DELTA,
      .renews_budget = true,
      .read = read_page },
    { .name = "chosen",
      .call = CMG__CALL_GROUPS_CHOSEN,
      .renews_budget = true,
      .bind = { { "filter", "groups_filter" } },
      .read = read_page },
    PAGE("groups_link"),
};

const struct cmg__step cmg__step_discover_users = {
    .name = "users",
    .title = "users",
    .phase = CMG__PHASE_APPLY,
    .needs = { "sign_in" },
    .budget_ms = 10 * CMG__MINUTE_MS, /* of a page */
    CMG__STEP_EXCHANGES(users_exchanges),
};

const struct cmg__step cmg__step_discover_groups = {
    .name = "groups",
    .title = "groups",
    .phase = CMG__PHASE_APPLY,
    .needs = { "sign_in" },
    .budget_ms = 10 * CMG__MINUTE_MS, /* of a page */
    CMG__STEP_EXCHANGES(groups_exchanges),
};
