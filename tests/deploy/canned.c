/* See canned.h. */
#include "canned.h"

#include <stdio.h>
#include <string.h>

static void give(struct world *w, const char *server_app, const char *client_app)
{
    const struct cmg__alloc *alloc = &w->ctx->alloc;

    ck_assert_int_eq(
        cmg__observe(alloc, &w->gateway->server_app->wanted_client_id, server_app),
        CMG_OK);
    ck_assert_int_eq(
        cmg__observe(alloc, &w->gateway->client_app->wanted_client_id, client_app),
        CMG_OK);
}

void canned_begin_given(struct world *w, struct rule *rules, const struct cmg__step *step,
                        const char *server_app, const char *client_app)
{
    static const struct cmg__step *steps[2];

    steps[0] = &cmg__step_sign_in;
    steps[1] = step;
    world_init(w, CMG_DEPLOY_DELETE, rules);
    give(w, server_app, client_app);
    world_table(w, steps, 2);
    world_start(w);
    world_fact(w, "tenant_id", WORLD_TENANT);
    world_fact(w, "server_id_uri", "api://" WORLD_TENANT "/CMG-ServerApp");
    world_fact(w, "server_object_id", "so");
    world_fact(w, "server_app_id", "sa");
    world_fact(w, "server_sp_id", "ssp");
    world_fact(w, "client_sp_id", "csp");
    world_fact(w, "principal_id", "me");
}

void canned_begin(struct world *w, struct rule *rules, const struct cmg__step *step)
{
    canned_begin_given(w, rules, step, "", "");
}

void canned_finish(struct world *w)
{
    world_drive(w);
    ck_assert_uint_eq(w->done_count, 1);
}

/* The number of allocations of a run in which the n-th fails; 0: none does. */
static size_t starved_run(struct world *w, void (*begin)(void), cmg_status end, size_t n)
{
    cmg_error *err = NULL;

    begin();
    const size_t before = w->memory.count;
    w->memory.fail_at = n == 0 ? 0 : before + n;
    const cmg_status rc = cmg_deploy_start(w->deploy, &err);
    if (rc == CMG_OK) {
        world_drive(w);
        ck_assert_uint_eq(w->done_count, 1);
        ck_assert_msg(w->end_code == end || (n > 0 && w->end_code == CMG_E_NOMEM),
                      "run %zu ended with %d: %s", n, (int)w->end_code, w->end_message);
    } else {
        ck_assert_int_eq(rc, CMG_E_NOMEM);
    }
    cmg_error_unref(err);
    w->memory.fail_at = 0;
    const size_t used = w->memory.count - before;
    world_done(w);
    return used;
}

void canned_starve(struct world *w, void (*begin)(void), cmg_status end)
{
    const size_t count = starved_run(w, begin, end, 0);

    ck_assert_uint_gt(count, 0);
    for (size_t n = 1; n <= count; n++)
        (void)starved_run(w, begin, end, n);
}

void canned_starve_step(struct world *w, struct rule *rules, const struct cmg__step *step,
                        void (*prepare)(struct world *w))
{
    bool starved = true;

    for (size_t n = 1; starved; n++) {
        const bool with_consent = w->with_consent;
        memset(w, 0, sizeof *w);
        w->with_consent = with_consent;
        for (struct rule *r = rules; r->method != NULL || r->path != NULL; r++)
            r->used = 0;
        canned_begin(w, rules, step);
        if (prepare != NULL)
            prepare(w);
        w->memory.fail_at = w->memory.count + n;
        const size_t before = w->memory.fail_at;
        world_drive(w);
        starved = w->memory.count >= before;
        ck_assert_uint_eq(w->done_count, 1);
        ck_assert_msg(w->end_code == CMG_OK || (starved && w->end_code == CMG_E_NOMEM),
                      "allocation %zu gave %s: %s", n, cmg_status_name(w->end_code),
                      w->end_message);
        world_done(w);
    }
}

const char *canned_with_id(const char *format)
{
    static char texts[4][4096];
    static unsigned next;
    char *text = texts[next++ % 4];
    size_t len = 0;
    char guid[CMG__GUID_SIZE];

    ck_assert_int_eq(cmg__work_guid("deployment",
                                    WORLD_SUBSCRIPTION "|cmg-granitefalls|granitefalls",
                                    guid),
                     CMG_OK);
    for (const char *at = strstr(format, "%s"); at != NULL; at = strstr(format, "%s")) {
        len += (size_t)snprintf(text + len, sizeof texts[0] - len, "%.*s%s",
                                (int)(at - format), format, guid);
        format = at + 2;
    }
    (void)snprintf(text + len, sizeof texts[0] - len, "%s", format);
    return text;
}
