/*
 * A step is data: what it needs, and its exchanges. A step does no I/O. The engine builds
 * an exchange's request from its row of the call table, the step's arguments and body,
 * sends it, and hands the answer to read, which says what comes next. Exchanges with an
 * effect are held back until the plan is confirmed; those before them are the inspection.
 */
#ifndef CMG_DEPLOY_STEP_H
#define CMG_DEPLOY_STEP_H

#include "deploy/work.h"

struct cmg__run;

/* What an exchange sends besides its row of the call table. */
struct cmg__ask {
    const struct cmg__alloc *alloc;
    struct cmg__json *body; /* taken over; NULL for none */
    struct cmg__buf form;   /* a form instead of JSON */
    const char *blob; /* or bytes that make a blob which is not there yet; borrowed */
    size_t blob_size;
    bool secret;        /* the body must be wiped */
    const char *ca_pem; /* roots instead of the context's; lives until the answer */
};

struct cmg__answer {
    int status;
    const struct cmg__http_response *resp;
    struct cmg__json *json; /* NULL when the body is empty or no JSON */
    const cmg_error *error; /* decoded; NULL unless status >= 400 */
    const char *url;        /* of the request */
};

enum cmg__next_kind {
    CMG__NEXT_DONE,
    CMG__NEXT_GO,   /* to another exchange */
    CMG__NEXT_AGAIN /* the same exchange after a while */
};

struct cmg__next {
    enum cmg__next_kind kind;
    const char *to;
    int64_t after_ms; /* -1: as long as the polling rule says */
};

/* Argument of the call, and the name that cmg__run_value knows its value by. */
struct cmg__bind {
    const char *arg;
    const char *value;
};

/* An exchange that sends nothing: read is called with answer == NULL. */
#define CMG__CALL_LOCAL CMG__CALL_COUNT

struct cmg__exchange {
    const char *name;
    enum cmg__call_id call;
    bool effect;     /* changes something: only after the plan was confirmed */
    bool browser;    /* local: read gets what a browser's redirect brings */
    bool with_token; /* local: a fresh token of this kind is got first */
    enum cmg__token_kind token;
    bool renews_budget; /* an answer is progress: the budget begins anew */
    bool replicates; /* "not there" may mean "not there yet": repeat within the budget */
    uint16_t
        passing[2];   /* statuses that go away by themselves, like those of an overload */
    uint16_t also[3]; /* statuses beside the row's that read wants to see */
    const char *look; /* classes L and O: where an unknown outcome is looked up */
    const char *then; /* where shared readers go on */
    struct cmg__bind bind[3];
    cmg_status (*build)(struct cmg__run *run, struct cmg__ask *ask, cmg_error **err);
    cmg_status (*read)(struct cmg__run *run, const struct cmg__answer *answer,
                       struct cmg__next *next, cmg_error **err);
};

enum cmg__phase { CMG__PHASE_SIGN_IN, CMG__PHASE_APPLY, CMG__PHASE_VERIFY };

/* What the plan says about a step. */
enum cmg__plan_kind {
    CMG__PLAN_UNKNOWN, /* could not be looked at yet */
    CMG__PLAN_KEEP,
    CMG__PLAN_CREATE,
    CMG__PLAN_CHANGE,
    CMG__PLAN_REMOVE,
    CMG__PLAN_RESTORE,
    CMG__PLAN_ABSENT,
    CMG__PLAN_ADOPT /* somebody else's, used as it is */
};

#define CMG__STEP_NEEDS 8

struct cmg__step {
    const char *name;
    const char *title;
    enum cmg__phase phase;
    const char *what;       /* what the plan calls it; NULL: not in the plan */
    const char *prefix;     /* of facts: "server" or "client"; NULL for none */
    struct cmg__bind param; /* one value of its own, for example the namespace */
    const char *needs[CMG__STEP_NEEDS];
    bool judges;  /* no effect before it is done; a preflight says so when it could not
                     be looked at */
    bool enables; /* but this one's, without which some could not judge */
    int64_t budget_ms;
    int64_t usual_ms; /* how long it takes when it has something to do; 0: a moment */
    /* What the plan says of one that could not look yet, from what others saw; NULL:
       nothing. */
    enum cmg__plan_kind (*foresee)(const struct cmg__work *work);
    /* What a change consists of, one line each, for the plan; NULL: nothing to add. */
    cmg_status (*detail)(const struct cmg__run *run, struct cmg__buf *out);
    const struct cmg__exchange *exchanges;
    size_t exchange_count;
};

struct cmg__step_table {
    const struct cmg__step *const *steps;
    size_t count;
};

/* An administrator's consent that a step waits for. */
struct cmg__consent_wait {
    bool pending;           /* the host has not been told yet */
    int64_t until_ms;       /* monotonic */
    int64_t expires_unix_s; /* the same on the wall */
    cmg_error *refusal;     /* why somebody else has to do it, or NULL */
};

/* The part of a run that steps use; the engine's part is in engine.h. */
struct cmg__run {
    struct cmg__work *work;
    const struct cmg__step *step;
    enum cmg__plan_kind plan;
    unsigned polls; /* answers of "not yet" in a row */
    int percent;    /* -1 unknown */
    uint64_t bits;  /* a step's own notes, zero at its start */
    int64_t number;
    int64_t extend_ms; /* not 0: the budget is this from now on */
    struct cmg__consent_wait consent;
    const struct cmg__exchange *exchange; /* the one being built or read */
    char message[160];
    char scratch[64]; /* a name between two exchanges, reachable as "scratch" */
};

/* A value for a call's argument: the step's parameter, its scratch, names, facts. A key
   that begins with '.' is a fact with the step's prefix: ".app_id" is "server_app_id". */
const char *cmg__run_value(const struct cmg__run *run, const char *key);
const char *cmg__run_fact(const struct cmg__run *run, const char *key); /* "" unknown */
cmg_status cmg__run_fact_set(struct cmg__run *run, const char *key, const char *value);
/* Does the run's operation have that step, too? */
bool cmg__run_has_step(const struct cmg__run *run, const char *name);
void cmg__run_say(struct cmg__run *run, const char *fmt, ...) CMG__PRINTF(2, 3);

/* One line below the step's in the plan: what it makes, changes or removes. */
CMG__NODISCARD cmg_status cmg__plan_note(struct cmg__work *work, const char *step,
                                         const char *fmt, ...) CMG__PRINTF(3, 4);
void cmg__plan_forget(struct cmg__work *work, const char *step);

cmg_status cmg__next_done(struct cmg__next *next);
cmg_status cmg__next_go(struct cmg__next *next, const char *to);
cmg_status cmg__next_again(struct cmg__next *next, int64_t after_ms);

/* The decoded error of an answer as the step's own failure. */
cmg_status cmg__answer_fail(struct cmg__run *run, const struct cmg__answer *answer,
                            cmg_error **err);
/* A copy of an error under a title: "<title>: <message>". */
cmg_status cmg__error_copy(cmg_error **err, const struct cmg__alloc *alloc,
                           const char *title, const cmg_error *from);
/* An answer without something it must have. */
cmg_status cmg__answer_lacks(struct cmg__run *run, const char *path, cmg_error **err);
/* Keeps a string that an answer must have as the fact key, named as in cmg__run_value. */
cmg_status cmg__answer_keep(struct cmg__run *run, const struct cmg__json *json,
                            const char *path, const char *key, cmg_error **err);

/* Something that a step tells: kept where all are collected, else a refusal fails the
   step with code, and the rest is said to the log, and kept where the operation finds.
   fmt makes problem's what; step and size need not be set. */
cmg_status cmg__run_problem(struct cmg__run *run, cmg_status code,
                            const cmg_problem *problem, cmg_error **err, const char *fmt,
                            ...) CMG__PRINTF(5, 6);

/* Long-running operations. begin reads the first answer of a write: it goes to "poll" and
   keeps the polling URL as a fact, to exchange->then in body mode or when it is done. */
cmg_status cmg__lro_start(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err);
/* Reader of a CMG__CALL_POLL exchange: goes to then on success, to look when the URL has
   expired or the operation failed. */
cmg_status cmg__lro_poll(struct cmg__run *run, const struct cmg__answer *answer,
                         struct cmg__next *next, cmg_error **err);
/* The row of that exchange in a step that looks at the resource itself in "inspect". */
#define CMG__POLL_EXCHANGE                                                               \
    {                                                                                    \
        .name = "poll", .call = CMG__CALL_POLL, .also = { 404 }, .look = "inspect",      \
        .then = "inspect", .bind = { { "url", "poll" } }, .read = cmg__lro_poll,         \
    }

/* The fact that holds the polling URL of the run's step. */
const char *cmg__poll_url(const struct cmg__run *run);

/* Lists in pages: goes to exchange->then when the answer has a nextLink, whose URL is the
   value "page" there; *more says so. CMG_E_PROTO when it is on another host. */
cmg_status cmg__page_follow(struct cmg__run *run, const struct cmg__answer *answer,
                            struct cmg__next *next, bool *more, cmg_error **err);

/* The row of Resource Manager's further pages. */
#define CMG__PAGE_EXCHANGE(READER)                                                       \
    {                                                                                    \
        .name = "page", .call = CMG__CALL_POLL, .then = "page",                          \
        .bind = { { "url", "page" } }, .read = (READER)                                  \
    }

/* Reader for exchanges whose answer is not looked at: goes to then, or is done. */
cmg_status cmg__read_then(struct cmg__run *run, const struct cmg__answer *answer,
                          struct cmg__next *next, cmg_error **err);

#define CMG__STEP_EXCHANGES(table)                                                       \
    .exchanges = (table), .exchange_count = CMG__ARRAY_LEN(table)

#define CMG__MINUTE_MS ((int64_t)60 * 1000)
#define CMG__SECOND_MS ((int64_t)1000)

#endif
