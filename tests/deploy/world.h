/*
 * What tests of the deploy room stand on: a gateway of a specification, stores in memory,
 * a transport that plays back a script, a clock that jumps to the next thing that is due.
 */
#ifndef TESTS_DEPLOY_WORLD_H
#define TESTS_DEPLOY_WORLD_H

#include "deploy/engine.h"
#include "support/support.h"

#define WORLD_TENANT       "11111111-2222-4333-8444-555555555555"
#define WORLD_SUBSCRIPTION "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f"
#define WORLD_CLIENT       "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"

/* One answer of the script. The first rule that fits and is not used up answers. */
struct rule {
    const char *method; /* NULL: any */
    const char *path;   /* the URL or the body contains it; NULL: any */
    unsigned times;     /* 0: for ever */
    int status;         /* 0: no answer, the connection breaks */
    const char *header; /* "Name: value" or NULL */
    const char *body;   /* JSON or NULL */
    bool lost;          /* status 0 although it was carried out: counts as sent */
    unsigned used;
};

struct pending {
    cmg__http_done_fn done;
    void *user;
    struct rule *rule;
    bool open;
};

#define WORLD_CALLS 32
#define WORLD_LOG   (64 * 1024)

struct world {
    struct support_env env;
    struct support_alloc memory;
    cmg_context *ctx;
    cmg_gateway *gateway;
    cmg_deploy *deploy;
    /* transport */
    struct rule *rules; /* ended by an all-zero rule */
    struct pending calls[WORLD_CALLS];
    struct cmg__task task;
    bool hold; /* answers wait until world_release */
    unsigned open_calls, most_open_calls, sent, cancelled;
    char log[WORLD_LOG]; /* "METHOD url body\n" of each request */
    /* journal store */
    char journal[CMG__JOURNAL_MAX];
    size_t journal_len;
    bool locked;
    bool locked_by_other;
    int64_t
        owner; /* the highest number given out: more than the deployment's fences it */
    unsigned saves;
    int fail_save_errno; /* from save number fail_save_at on */
    unsigned fail_save_at;
    /* secret store */
    struct {
        char name[32];
        char data[8192];
        size_t len;
        bool there;
    } secrets[8];
    const char *unreadable; /* the secret that cannot be read; NULL: none */
    /* what the host was told */
    char states[512]; /* "PREFLIGHT SIGN_IN ..." */
    char steps[8192]; /* "name:state " */
    char waits[512];  /* what a step last said before it asked again */
    char said[512];   /* what a step last said */
    char plan[4096];
    char prompt[256];
    char consents[4096]; /* "application|client ID|permission|URL|state|until\n" */
    char browser_url[4096];
    unsigned prompts;
    unsigned done_count;
    cmg_deploy_state end;
    cmg_status end_code;
    char end_message[512];
    char end_cause[512];
    char end_remedy[1024];
    /* what the host does */
    int answer_state, answer_step, answer_prompt, answer_confirm, answer_consent;
    cmg_deploy_state cancel_in; /* cancels when this state is told; IDLE: never */
    cmg_deploy_state unref_in;
    bool with_confirm, with_consent;
};

/* Context with the fake environment and the counting allocator, gateway, deployment with
   stores, events and transport; client-secret sign-in; an authority when CREATE. */
void world_init(struct world *w, cmg_deploy_operation operation, struct rule *rules);
void world_done(struct world *w);
/* Another deployment on the same gateway and stores, as after a crash. */
void world_again(struct world *w, cmg_deploy_operation operation);
void world_table(struct world *w, const struct cmg__step *const *steps, size_t count);
/* Drives until the end or until nothing is due; the clock jumps. */
void world_drive(struct world *w);
void world_turns(struct world *w, unsigned turns);
void world_start(struct world *w);
void world_release(struct world *w);
/* How often a request that contains the text was sent. */
unsigned world_count(const struct world *w, const char *text);
void world_fact(struct world *w, const char *key, const char *value);

#endif
