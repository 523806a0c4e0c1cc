/*
 * What the readers of steps have in common: values by name, what comes next, failures in
 * the step's words, long-running operations. Knows no service and no step.
 */
#include "deploy/step.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/discover.h"
#include "base/log.h"

static void prefixed(const struct cmg__run *run, const char *key, char *out, size_t size)
{
    (void)snprintf(out, size, "%s_%s", cmg__str_or(run->step->prefix, "step"), key + 1);
}

static const char *own_key(const struct cmg__run *run, const char *key, char buf[64])
{
    if (key[0] != '.')
        return key;
    prefixed(run, key, buf, 64);
    return buf;
}

#define POLL_URL  "poll"
#define POLL_MODE "poll_mode"
#define PAGE_URL  "page"

static const char *poll_key(const struct cmg__run *run, const char *what, char out[64])
{
    (void)snprintf(out, 64, "%s:%s", what, run->step->name);
    return out;
}

const char *cmg__poll_url(const struct cmg__run *run)
{
    char key[64];

    return cmg__fact(run->work, poll_key(run, POLL_URL, key));
}

const char *cmg__run_value(const struct cmg__run *run, const char *key)
{
    char buf[64];

    if (run->step->param.arg != NULL && strcmp(run->step->param.arg, key) == 0)
        return run->step->param.value;
    if (run->work->discovery != NULL && strcmp(key, "users_link") == 0)
        return run->work->discovery->links[0];
    if (run->work->discovery != NULL && strcmp(key, "groups_link") == 0)
        return run->work->discovery->links[1];
    if (run->work->discovery != NULL && strcmp(key, "groups_filter") == 0)
        return run->work->discovery->filter;
    if (strcmp(key, "scratch") == 0)
        return run->scratch;
    if (strcmp(key, POLL_URL) == 0)
        return cmg__poll_url(run);
    if (strcmp(key, PAGE_URL) == 0)
        return cmg__fact(run->work, poll_key(run, PAGE_URL, buf));
    return cmg__work_value(run->work, own_key(run, key, buf));
}

const char *cmg__run_fact(const struct cmg__run *run, const char *key)
{
    char buf[64];

    return cmg__fact(run->work, own_key(run, key, buf));
}

cmg_status cmg__run_fact_set(struct cmg__run *run, const char *key, const char *value)
{
    char buf[64];

    return cmg__fact_set(run->work, own_key(run, key, buf), value);
}

bool cmg__run_has_step(const struct cmg__run *run, const char *name)
{
    const struct cmg__step_table *steps = run->work->steps;

    for (size_t i = 0; steps != NULL && i < steps->count; i++) {
        if (strcmp(steps->steps[i]->name, name) == 0)
            return true;
    }
    return false;
}

void cmg__run_say(struct cmg__run *run, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(run->message, sizeof run->message, fmt, args);
    va_end(args);
}

cmg_status cmg__plan_note(struct cmg__work *work, const char *step, const char *fmt, ...)
{
    struct cmg__json *list = cmg__json_key(work->notes, step);
    cmg_status rc = CMG_OK;
    char text[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (list == NULL)
        rc = cmg__json_set(work->notes, step, cmg__json_array());
    return rc != CMG_OK ? rc
                        : cmg__json_append(cmg__json_key(work->notes, step),
                                           cmg__json_string(text));
}

void cmg__plan_forget(struct cmg__work *work, const char *step)
{
    cmg__json_remove(work->notes, step);
}

cmg_status cmg__next_done(struct cmg__next *next)
{
    next->kind = CMG__NEXT_DONE;
    return CMG_OK;
}

cmg_status cmg__next_go(struct cmg__next *next, const char *to)
{
    next->kind = CMG__NEXT_GO;
    next->to = to;
    return CMG_OK;
}

cmg_status cmg__next_again(struct cmg__next *next, int64_t after_ms)
{
    next->kind = CMG__NEXT_AGAIN;
    next->after_ms = after_ms;
    return CMG_OK;
}

cmg_status cmg__error_copy(cmg_error **err, const struct cmg__alloc *alloc,
                           const char *title, const cmg_error *from)
{
    const struct cmg__error_info info = {
        .code = cmg_error_code(from),
        .retry = cmg_error_retry(from),
        .retry_after_ms = cmg_error_retry_after_ms(from),
        .origin = cmg_error_origin(from),
        .origin_number = cmg_error_origin_number(from),
        .service_code = cmg_error_service_code(from),
        .subject = cmg_error_subject(from),
        .cause = cmg_error_cause(from),
        .remedy = cmg_error_remedy(from),
    };

    return cmg__error_set(err, alloc, &info, "%s: %s", title, cmg_error_message(from));
}

cmg_status cmg__answer_fail(struct cmg__run *run, const struct cmg__answer *answer,
                            cmg_error **err)
{
    if (answer->error == NULL)
        return cmg__answer_lacks(run, "/error", err);
    return cmg__error_copy(err, run->work->alloc, run->step->title, answer->error);
}

cmg_status cmg__answer_lacks(struct cmg__run *run, const char *path, cmg_error **err)
{
    return cmg__fail(err, run->work->alloc, CMG_E_PROTO, path,
                     "run the deployment again; if it stays, report it with the log",
                     "%s: the answer to %s has no usable %s", run->step->title,
                     cmg__call_get(run->exchange->call)->name, path);
}

cmg_status cmg__answer_keep(struct cmg__run *run, const struct cmg__json *json,
                            const char *path, const char *key, cmg_error **err)
{
    const char *value = cmg__json_str(json, path);

    if (value == NULL)
        return cmg__answer_lacks(run, path, err);
    return cmg__run_fact_set(run, key, value) == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status tell_problem(struct cmg__run *run, cmg_status code,
                               const cmg_problem *problem, cmg_error **err)
{
    const struct cmg__error_info info = {
        .code = code,
        .service_code = problem->service_code,
        .subject = problem->subject,
        .cause = problem->cause,
        .remedy = problem->remedy,
    };

    if (problem->severity == CMG_SEVERITY_REFUSAL)
        return cmg__error_set(err, run->work->alloc, &info, "%s", problem->what);
    cmg__log(run->work->ctx, CMG_LOG_INFO, "deploy", "problem", problem->subject, "%s",
             problem->what);
    return CMG_OK;
}

cmg_status cmg__run_problem(struct cmg__run *run, cmg_status code,
                            const cmg_problem *problem, cmg_error **err, const char *fmt,
                            ...)
{
    struct cmg__work *work = run->work;
    cmg_problem whole = *problem;
    char what[256];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    whole.step = run->step->name;
    whole.what = what;
    if (!work->problems.collect) {
        const cmg_status rc = tell_problem(run, code, &whole, err);
        if (rc != CMG_OK || !work->problems.keep)
            return rc;
    }
    return cmg__problems_add(&work->problems, work->alloc, &whole) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

/* url NULL forgets both. */
static cmg_status poll_keep(struct cmg__run *run, const char *url, const char *mode)
{
    char key[64];
    cmg_status rc = cmg__fact_set(run->work, poll_key(run, POLL_MODE, key), mode);

    if (rc == CMG_OK)
        rc = cmg__fact_set(run->work, poll_key(run, POLL_URL, key), url);
    return rc;
}

static cmg_status go_then(struct cmg__run *run, struct cmg__next *next)
{
    if (run->exchange->then == NULL)
        return cmg__next_done(next);
    return cmg__next_go(next, run->exchange->then);
}

cmg_status cmg__lro_start(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    struct cmg__lro lro = { .mode = CMG__LRO_DONE };
    cmg_status rc = cmg__lro_begin(run->work->alloc, answer->url,
                                   cmg__call_get(run->exchange->call)->method,
                                   answer->resp, &lro, err);

    if (rc == CMG_OK && (lro.mode == CMG__LRO_STATUS || lro.mode == CMG__LRO_LOCATION)) {
        rc = poll_keep(run, lro.url, lro.mode == CMG__LRO_STATUS ? "status" : "location");
        if (rc != CMG_OK)
            rc = cmg__fail_nomem(err);
        run->polls = 0;
        next->after_ms = -1;
        (void)cmg__next_go(next, "poll");
    } else if (rc == CMG_OK) {
        (void)go_then(run, next);
    }
    cmg__free(run->work->alloc, lro.url);
    return rc;
}

static enum cmg__lro_mode poll_mode(const struct cmg__run *run)
{
    char key[64];
    const char *mode = cmg__fact(run->work, poll_key(run, POLL_MODE, key));

    return strcmp(mode, "location") == 0 ? CMG__LRO_LOCATION : CMG__LRO_STATUS;
}

static cmg_status poll_progress(struct cmg__run *run, const struct cmg__lro *lro,
                                int percent, struct cmg__next *next)
{
    if (percent >= 0)
        run->percent = percent;
    (void)cmg__next_again(next, -1);
    /* A new Location replaces the old one. */
    if (strcmp(lro->url, cmg__poll_url(run)) == 0)
        return CMG_OK;
    return poll_keep(run, lro->url, "location");
}

cmg_status cmg__lro_poll(struct cmg__run *run, const struct cmg__answer *answer,
                         struct cmg__next *next, cmg_error **err)
{
    struct cmg__lro lro = { .mode = poll_mode(run) };
    enum cmg__lro_state state = CMG__LRO_RUNNING;
    cmg_error *why = NULL;
    int percent = -1;
    cmg_status rc;

    if (answer->status == 404 && run->exchange->look != NULL) {
        if (poll_keep(run, NULL, NULL) != CMG_OK)
            return cmg__fail_nomem(err);
        return cmg__next_go(next, run->exchange->look);
    }
    lro.url = cmg__strdup(run->work->alloc, answer->url);
    if (lro.url == NULL)
        return cmg__fail_nomem(err);
    rc = cmg__lro_read(run->work->alloc, &lro, answer->resp, &state, &percent, &why);
    if (state == CMG__LRO_FAILED && run->exchange->look != NULL) {
        /* The resource itself tells more about the failure than the operation does. */
        cmg_error_unref(why);
        rc = cmg__next_go(next, run->exchange->look);
    } else if (rc != CMG_OK) {
        (void)cmg__error_move(err, &why);
    } else if (state == CMG__LRO_RUNNING) {
        rc = poll_progress(run, &lro, percent, next);
    } else {
        rc = go_then(run, next);
    }
    if (state != CMG__LRO_RUNNING && poll_keep(run, NULL, NULL) != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__free(run->work->alloc, lro.url);
    return rc;
}

/* A link carries the token to wherever it points. */
static cmg_status check_page(struct cmg__run *run, const struct cmg__answer *answer,
                             const char *link, cmg_error **err)
{
    if (strncmp(link, "https://", 8) == 0 && cmg__url_same_host(answer->url, link))
        return CMG_OK;
    return cmg__fail(err, run->work->alloc, CMG_E_PROTO, "nextLink",
                     "check that the endpoint is Azure's",
                     "%s: the next page of a list is not on the host of the first",
                     run->step->title);
}

cmg_status cmg__page_follow(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, bool *more, cmg_error **err)
{
    const char *link = cmg__str_or(cmg__json_str(answer->json, "/nextLink"), "");
    char key[64];

    *more = link[0] != '\0';
    cmg_status rc = *more ? check_page(run, answer, link, err) : CMG_OK;
    if (rc == CMG_OK &&
        cmg__fact_set(run->work, poll_key(run, PAGE_URL, key), link) != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK && *more)
        rc = go_then(run, next);
    return rc;
}

cmg_status cmg__read_then(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err)
{
    (void)answer;
    (void)err;
    return go_then(run, next);
}
