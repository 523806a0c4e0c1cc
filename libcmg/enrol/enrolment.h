/*
 * An enrolment as the engine sees it. The transport can be replaced, so that tests script
 * every answer.
 */
#ifndef CMG_ENROL_ENROLMENT_H
#define CMG_ENROL_ENROLMENT_H

#include "base/context.h"
#include "enrol/checkpoint.h"
#include "enrol/credentials.h"
#include "enrol/method.h"
#include "model/csr.h"
#include "model/key.h"
#include "net/loop.h"
#include "net/transport.h"

struct cmg_enrolment {
    struct cmg__handle head;
    cmg_csr *csr;
    cmg_enrolment_state state;
    struct cmg__enrol_case c;
    struct cmg__enrol_method *method; /* NULL: none chosen */
    char *origin;                     /* "https://host:port": where credentials may go */
    cmg_key *key;                     /* NULL when unknown */
    struct cmg__enrol_credentials credentials;
    cmg_enrolment_events events;
    struct cmg__transport transport;
    struct cmg__checkpoint checkpoint;
    int64_t budget_ms;
    cmg_certificate *certificate;
    cmg_error *error;
    struct cmg__enrol_step step; /* the one under way */
    void *call;                  /* the request under way, or NULL */
    struct cmg__timer timer;
    struct cmg__timer deadline;
    struct cmg__task task;
    unsigned attempt; /* failures in a row */
    bool announced;   /* the checkpoint says that a request may be under way */
    bool challenged;  /* the host was asked and has not said that it is done */
    bool waiting;     /* the timer runs */
    bool running;
    bool cancel;
    bool expired;  /* the budget is over */
    bool aborted;  /* the last reference is gone */
    unsigned busy; /* > 0 while the engine is on the stack */
};

/* A failure may be repeated this often in a row. */
#define CMG__ENROL_ATTEMPTS 8

/* enrolment.c. Takes the method over, also on failure; base_url may be NULL. */
cmg_status cmg__enrolment_use(cmg_enrolment *e, struct cmg__enrol_method *method,
                              const char *base_url, cmg_error **err);
/* A setter's right: not while it runs. */
cmg_status cmg__enrolment_may_set(const cmg_enrolment *e, const char *what,
                                  cmg_error **err);
void cmg__enrolment_free(cmg_enrolment *e);

/* engine.c */
void cmg__enrol_init(cmg_enrolment *e);
void cmg__enrol_begin(cmg_enrolment *e);
void cmg__enrol_poke(cmg_enrolment *e);  /* look again, from the loop */
void cmg__enrol_abort(cmg_enrolment *e); /* and frees it, now or when it has returned */

/* state.c: takes the lock and loads; saves what changed. */
cmg_status cmg__enrol_open(cmg_enrolment *e, cmg_error **err);
cmg_status cmg__enrol_save(cmg_enrolment *e, cmg_error **err);

/* events.c: an answer of the host that fails the enrolment is in *err afterwards. */
void cmg__enrol_tell_state(cmg_enrolment *e, cmg_enrolment_state now,
                           const cmg_error *why, cmg_error **err);
void cmg__enrol_tell_challenges(cmg_enrolment *e, cmg_error **err);
void cmg__enrol_tell_closed(cmg_enrolment *e, cmg_enrolment_state end,
                            const cmg_error *why);

/* answer.c: takes the certificates over; on success e->certificate is set. */
cmg_status cmg__enrol_take(cmg_enrolment *e, struct cmg__x509 **certs, size_t count,
                           cmg_error **err);

#endif
