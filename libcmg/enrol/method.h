/*
 * A way to an authority. A method is pure: it makes the next request, reads the answer,
 * and gives its state as JSON; the engine sends, waits, repeats, stores and tells the
 * host. So each method is tested with canned answers, the engine with a canned method.
 *
 * The engine asks next() again and again. Each answer to a SEND goes to read(), which
 * changes the state; what was asked for with WAIT or CHALLENGE is over when next() is
 * called the next time (after a challenge, answered() comes first). A failure of next()
 * or read() ends the run, DENIED for CMG_E_DENIED and FAILED for all else, unless the
 * error's retry class says that the request can be made again: then next() is asked for
 * it after a delay.
 */
#ifndef CMG_ENROL_METHOD_H
#define CMG_ENROL_METHOD_H

#include <cmg/enrol.h>
#include "base/json.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "net/http_client.h"

#define CMG__ENROL_ID_SIZE      128
#define CMG__ENROL_MESSAGE_SIZE 1025

/* What the engine knows and a method may use. */
struct cmg__enrol_case {
    const struct cmg__alloc *alloc;
    const struct cmg__env *env;
    struct cmg__buf csr; /* PKCS#10, DER */
    char csr_sha256[65];
    int64_t poll_interval_ms; /* 0: the method's own */
    /* The method's to change; kept in the checkpoint. */
    char request_id[CMG__ENROL_ID_SIZE];
    char message[CMG__ENROL_MESSAGE_SIZE]; /* the authority's words, plain text */
    uint32_t orphans;
    /* When the authority wants what is replaced to be renewed; 0: unknown. Not kept. */
    int64_t renewal_unix_s;
};

enum cmg__enrol_kind {
    CMG__ENROL_SEND,
    CMG__ENROL_WAIT,
    CMG__ENROL_CHALLENGE,
    CMG__ENROL_ISSUED
};

/* What is to happen next. The engine initialises it and gives back what is in it. */
struct cmg__enrol_step {
    enum cmg__enrol_kind kind;
    bool pending; /* SEND, WAIT: the authority is deciding */
    /* SEND. Texts in options are borrowed until the answer is read. */
    struct cmg__http_request request;
    struct cmg__http_options options;
    bool with_credentials; /* what the host gave goes along, if the origin is its own */
    /* It must not be sent twice blindly: the checkpoint announces it before, and lost()
       decides when its outcome is unknown. */
    bool once;
    int64_t wait_ms; /* WAIT */
    /* CHALLENGE: borrowed until answered(). With action REMOVE nobody is waited for. */
    const cmg_challenge *challenges;
    size_t challenge_count;
    /* ISSUED: certificates in any order, at least one; taken over by the engine. */
    struct cmg__x509 **certs;
    size_t cert_count;
};

struct cmg__enrol_method {
    const struct cmg__enrol_ops *ops; /* first member of the method's own struct */
};

struct cmg__enrol_ops {
    const char *name; /* in the checkpoint */
    cmg_status (*next)(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       struct cmg__enrol_step *step, cmg_error **err);
    /* now_unix_s is for Retry-After and the like. */
    cmg_status (*read)(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       const struct cmg__http_response *resp, cmg_error **err);
    /* The request that was announced may or may not have been carried out, in this run
       or in one that was killed. Changes the state so that next() looks, or asks again
       and counts an orphan. */
    cmg_status (*lost)(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       cmg_error **err);
    cmg_status (*answered)(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                           cmg_error **err); /* NULL: it never asks */
    /* The state as members of an object, without a secret; CMG_OK or CMG_E_NOMEM. */
    cmg_status (*save)(const struct cmg__enrol_method *m, struct cmg__json *object);
    /* Replaces the whole state. CMG_E_PARSE when the object is not what save() wrote;
       CMG_OK or CMG_E_NOMEM else. */
    cmg_status (*load)(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       const struct cmg__json *object);
    void (*free)(struct cmg__enrol_method *m, const struct cmg__alloc *alloc);
};

/* The error for an answer whose status was not wanted: code, retry class and Retry-After
   by status. who is the peer's kind, for example "EST server". */
cmg_status cmg__enrol_http_error(const struct cmg__enrol_case *c, const char *who,
                                 const struct cmg__http_response *resp, cmg_error **err);
/* When to ask again: what the server says, but a second at least; else the host's
   interval, else otherwise_ms. */
int64_t cmg__enrol_poll_ms(const struct cmg__enrol_case *c,
                           const struct cmg__http_response *resp, int64_t otherwise_ms);
/* The folder that a method's requests go to, ending with '/': an https URL without query,
   to which path is added when it has none. cmg__free. */
cmg_status cmg__enrol_base_url(const struct cmg__alloc *alloc, const char *url,
                               const char *path, char **out, cmg_error **err);

#endif
