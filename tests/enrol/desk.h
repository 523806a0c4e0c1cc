/*
 * What tests of the enrolment room stand on: a small public key infrastructure, a request
 * for its leaf key, an enrolment whose transport plays back a script, a clock that jumps
 * to the next thing that is due, a checkpoint in a directory that goes away.
 */
#ifndef TESTS_ENROL_DESK_H
#define TESTS_ENROL_DESK_H

#include "crypto/pki.h"
#include "enrol/enrolment.h"
#include "support/support.h"

/* PKCS#10 for pki's leaf key, "granitefalls.contoso.com". */
extern const char desk_csr[];
/* The same name, a key nobody has. */
extern const char desk_other_csr[];

/* One answer of the script. The first rule that fits and is not used up answers. */
struct desk_rule {
    const char *what;   /* "METHOD url" begins with the method and contains the rest: see
                           desk.c; NULL ends the script */
    unsigned times;     /* 0: for ever */
    int status;         /* 0: no answer, the connection breaks; -1: it was never sent */
    const char *header; /* "Name: value" or NULL */
    const char *body;   /* or NULL */
    unsigned used;
    size_t size; /* of the body; 0: it is text */
};

#define DESK_ANSWER(w, n, s, h, b)                                                       \
    {                                                                                    \
        .what = (w), .times = (n), .status = (s), .header = (h), .body = (b)             \
    }

struct desk {
    struct pki pki;
    struct support_env env;
    struct support_alloc memory;
    cmg_context *ctx;
    cmg_enrolment *e;
    /* transport */
    struct desk_rule *rules;
    struct cmg__loop *loop; /* of whom it answers for */
    cmg__http_done_fn done;
    void *done_user;
    struct desk_rule *rule;
    bool under_way;
    bool hold; /* the answer waits */
    struct cmg__task task;
    unsigned sent, cancelled;
    char log[16384];   /* "METHOD url body\n" of each request */
    char fields[4096]; /* "Name: value\n" of each request */
    char user[128];    /* "auth user password" of the last request */
    char *leaf_pem;
    /* what the host was told */
    char states[512]; /* "SUBMITTING PENDING " */
    char challenges[4096];
    unsigned closed;
    cmg_enrolment_state end;
    cmg_status end_code;
    char message[512], remedy[512], cause[512];
    /* what the host does */
    bool with_challenges;
    bool slow_challenges; /* it does not say that it is done */
    int answer_state;
    cmg_enrolment_state cancel_in; /* IDLE: never */
    cmg_enrolment_state unref_in;
};

cmg_status desk_enrolment(cmg_context *ctx, const char *csr_pem, cmg_enrolment **out,
                          cmg_error **err);
void desk_init(struct desk *d, struct desk_rule *rules);
void desk_done(struct desk *d);
/* Another enrolment for the same request and checkpoint, as after a crash. */
void desk_again(struct desk *d);
/* Lets the script answer for an enrolment of another context. */
void desk_script(struct desk *d, cmg_enrolment *e);
void desk_start(struct desk *d);
/* Drives until the end or until nothing is due; the clock jumps. */
void desk_drive(struct desk *d);
/* The same, at most until so many requests were sent, the last still unanswered. */
void desk_drive_until_sent(struct desk *d, unsigned sent);
void desk_turns(struct desk *d, unsigned turns);
void desk_release(struct desk *d);
/* How often a request that contains the text was sent. */
unsigned desk_count(const struct desk *d, const char *text);
const char *desk_checkpoint(void); /* its path */
/* What an authority answers with: pki's leaf; leaf and root as PKCS#7. */
const char *desk_leaf_pem(struct desk *d);
void desk_pkcs7(struct desk *d, struct cmg__buf *out);

#endif
