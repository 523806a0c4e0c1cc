/*
 * A deployment as the engine sees it: its steps in execution, the journal, the transport,
 * the host's callbacks. The transport can be replaced, so that tests script every answer.
 */
#ifndef CMG_DEPLOY_ENGINE_H
#define CMG_DEPLOY_ENGINE_H

#include "deploy/discover.h"
#include "deploy/journal.h"
#include "deploy/operation.h"
#include "deploy/step.h"
#include "deploy/stores.h"
#include "net/transport.h"

enum cmg__exec_state {
    CMG__EXEC_WAITING, /* for other steps */
    CMG__EXEC_ACTIVE,
    CMG__EXEC_HELD, /* looked; its effect waits for the confirmation, or for judges */
    CMG__EXEC_DONE,
    CMG__EXEC_FAILED
};

/* A step in execution. */
struct cmg__exec {
    struct cmg__run run;
    cmg_deploy *deploy;
    enum cmg__exec_state state;
    void *call;     /* the request under way, or NULL */
    char *url;      /* of that request */
    bool for_token; /* it asks for a token */
    bool parked;    /* waits for another sign-in */
    bool token_renewed;
    bool waiting;     /* its message is about the wait before it is sent again */
    bool announced;   /* the intent of this exchange is in the journal */
    bool sent;        /* a request that changes something has left, perhaps done */
    bool sent_before; /* the same without the request under way: that may be refused */
    enum cmg__token_kind token;
    struct cmg__timer timer;
    struct cmg__browser *browser; /* listens for a redirect, or NULL */
    unsigned attempt;             /* failures in a row */
    unsigned looks_left;          /* looks before a request that must not be doubled */
    int64_t started_ms;
    int64_t budget_from_ms;
    int64_t budget_ms;
    int64_t told_ms; /* when the host heard of it last */
    bool news;       /* the host has not heard of the latest */
};

#define CMG__METRICS 3

struct cmg_deploy {
    struct cmg__handle head;
    cmg_gateway *gateway;
    const struct cmg__operation *operation;
    cmg_deploy_state state;
    struct cmg__work work;
    bool work_ready;
    struct cmg__journal journal;
    struct cmg__file_store files;
    cmg_secret_store host_secrets;
    cmg_deploy_events events;
    struct cmg__consent_rule consent;
    char *consent_redirect; /* or NULL */
    bool include_imported;
    struct cmg__discovery discovery;
    cmg_replacement replacement; /* old_gateway: a reference, or NULL */
    char *metrics[CMG__METRICS]; /* names that the host chose; NULL: ours */
    char old_secret[CMG__GUID_SIZE];
    struct cmg__transport transport;
    const struct cmg__step_table *table; /* the operation's, or a test's */
    struct cmg__exec *execs;
    size_t exec_count;
    struct cmg__json *intents; /* what the journal left open */
    cmg_error *error;
    struct cmg__task task;
    int percent;    /* of the whole, as the host was told last */
    unsigned again; /* how often a person was asked again in this run */
    bool running;
    bool planned;   /* the plan is complete */
    bool confirmed; /* effects are allowed */
    bool cancel;
    bool aborted;  /* the last reference is gone */
    unsigned busy; /* > 0 while the engine is on the stack */
};

/* engine.c */
void cmg__engine_settle(cmg_deploy *deploy);
void cmg__engine_enter(cmg_deploy *deploy);
void cmg__engine_leave(cmg_deploy *deploy); /* may free the deployment */
cmg_status cmg__engine_prepare(cmg_deploy *deploy, cmg_error **err);
void cmg__engine_abort(cmg_deploy *deploy);
void cmg__engine_free_execs(cmg_deploy *deploy);
/* The first failure counts; takes the error over. */
void cmg__engine_fail(cmg_deploy *deploy, cmg_error **err);
bool cmg__engine_is_stopping(const cmg_deploy *deploy);
/* May the step have its effect? The plan is confirmed, and all that judges has judged. */
bool cmg__engine_may_act(const cmg_deploy *deploy, const struct cmg__step *step);

/* exec.c */
void cmg__exec_init(struct cmg__exec *exec, cmg_deploy *deploy,
                    const struct cmg__step *step);
void cmg__exec_start(struct cmg__exec *exec);
void cmg__exec_release(struct cmg__exec *exec); /* from HELD */
void cmg__exec_stop(struct cmg__exec *exec);    /* cancels what is under way */
void cmg__exec_fail(struct cmg__exec *exec, cmg_error **err);
/* What comes after an exchange was read: rc and next as read gave them. */
void cmg__exec_after(struct cmg__exec *exec, cmg_status rc, const struct cmg__next *next,
                     int64_t hint_ms, cmg_error **err);
/* On with another exchange of the step. */
void cmg__exec_go(struct cmg__exec *exec, const char *to, int64_t delay_ms,
                  const cmg_error *why);
/* How often an effect of unknown outcome is looked for, besides the first time, before it
   is taken as not done: what was made may show up late. */
#define CMG__EXEC_LOOKS 2
/* The exchange again after a delay, unless the budget ends before. */
void cmg__exec_delay(struct cmg__exec *exec, int64_t delay_ms, const cmg_error *why);

/* send.c */
void cmg__exec_send(struct cmg__exec *exec);

/* events.c: false when the deployment was aborted by the callback. */
bool cmg__events_state(cmg_deploy *deploy, cmg_deploy_state now, const cmg_error *why);
bool cmg__events_steps(cmg_deploy *deploy);
bool cmg__events_prompt(cmg_deploy *deploy);
bool cmg__events_consent(cmg_deploy *deploy);
bool cmg__events_confirm(cmg_deploy *deploy, const char *plan);
bool cmg__events_done(cmg_deploy *deploy, const cmg_error *err);

/* plan.c */
cmg_status cmg__plan_text(const cmg_deploy *deploy, struct cmg__buf *out);

/* usage_options.c */
cmg_status cmg__metrics_apply(const cmg_deploy *deploy, struct cmg__work *work);
void cmg__metrics_clear(cmg_deploy *deploy);

/* deploy.c */
void cmg__deploy_free(cmg_deploy *deploy);
/* A setter's right: not while it runs, not after the end. */
cmg_status cmg__deploy_check_may_set(const cmg_deploy *deploy, const char *what,
                                     cmg_error **err);

#endif
