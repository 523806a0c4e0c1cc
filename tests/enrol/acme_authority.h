/*
 * An ACME authority in this process: it keeps accounts, orders and nonces, and checks of
 * each message what RFC 8555 lets it check, but for the signature (the flow tests against
 * a real server do that). Any exchange can be refused, lost on its way there or on its
 * way back, or left hanging, so that the enrolment can be killed there.
 */
#ifndef TESTS_ENROL_ACME_AUTHORITY_H
#define TESTS_ENROL_ACME_AUTHORITY_H

#include "desk.h"
#include "enrol/acme.h"

#define AUTHORITY_DIR "https://acme.test/dir"

enum authority_fault {
    AUTHORITY_WELL,
    AUTHORITY_LOST_REQUEST, /* the connection breaks; nothing was done */
    AUTHORITY_LOST_ANSWER,  /* it was done, the answer is lost */
    AUTHORITY_HANG          /* nothing was done, nothing comes */
};

struct authority_order {
    char status[16];
    char names[4][64];
    size_t name_count;
    char proofs[4][16]; /* status of each authorization */
    unsigned looks[4];  /* of an authorization since its challenge was answered */
    unsigned polls;
};

struct authority {
    struct desk *d;
    struct cmg__key *key; /* of the account */
    /* what it does */
    unsigned fault_at; /* number of the exchange, from 1; 0: never */
    enum authority_fault fault;
    unsigned bad_nonces; /* so many nonces are refused */
    const char *refuse;  /* "POST /new-order": the first such request is refused */
    int refuse_status;   /* with */
    const char *refuse_body;
    const char *refuse_header; /* "Retry-After: 3" or NULL */
    const char *wrong_name;    /* this name is not proved */
    const char *offers;        /* kinds of challenges; NULL: both */
    bool proved;               /* every authorization is valid from the start */
    bool no_list;              /* accounts do not list orders */
    bool wants_terms, wants_eab, knows_renewal;
    const char *window;   /* JSON of renewal information; NULL: 404 */
    unsigned done_orders; /* so many orders of the past are listed first */
    /* what it saw */
    unsigned exchanges, accounts, orders, finals, downloads, stale_nonces;
    struct authority_order order[12];
    char last_order[2048]; /* the payload of newOrder */
    char last_account[2048];
    char shown[2048]; /* "METHOD path\n" of each request */
    /* transport */
    unsigned nonce; /* the last one given; those used are in used */
    uint8_t used[4096];
    cmg__http_done_fn done;
    void *done_user;
    struct cmg__http_response resp;
    bool under_way, broken;
    struct cmg__task task;
};

void authority_init(struct authority *a, struct desk *d);
void authority_done(struct authority *a);
/* Gives the desk's enrolment this way; settings NULL: dns-01, terms agreed. */
void authority_use(struct authority *a, const struct cmg__acme_settings *settings);
/* As after a crash: a new enrolment for the same checkpoint. */
void authority_again(struct authority *a);
/* For targets that hand answers over themselves: what it answers to a request. */
void authority_answer(struct authority *a, const struct cmg__http_request *req,
                      struct cmg__http_response *resp);

/* Starts the desk's enrolment and drives it as far as it goes. */
void authority_run(struct desk *d);
/* Makes openssl write a request of pki's leaf key for these names, as openssl has them.
 */
void authority_ask_for(struct desk *d, const char *names);

#define AUTHORITY_OPEN                                                                   \
    struct desk d;                                                                       \
    struct authority a;                                                                  \
    desk_init(&d, NULL);                                                                 \
    authority_init(&a, &d)

#define AUTHORITY_CLOSE                                                                  \
    authority_done(&a);                                                                  \
    desk_done(&d)

#endif
