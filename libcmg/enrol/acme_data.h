/* What an ACME enrolment is made of; for the acme*.c files. */
#ifndef CMG_ENROL_ACME_DATA_H
#define CMG_ENROL_ACME_DATA_H

#include "enrol/acme.h"

enum cmg__acme_phase {
    CMG__ACME_DIRECTORY,
    CMG__ACME_RENEWAL, /* whether the time has come (RFC 9773) */
    CMG__ACME_ACCOUNT,
    CMG__ACME_LOOK,      /* a new order may be lost: where the account lists its orders */
    CMG__ACME_LIST,      /* a page of that list */
    CMG__ACME_CANDIDATE, /* one of them */
    CMG__ACME_NEW_ORDER,
    CMG__ACME_ORDER,
    CMG__ACME_AUTHORIZATION,
    CMG__ACME_PRESENT,
    CMG__ACME_ANSWER,
    CMG__ACME_CHECK,
    CMG__ACME_REMOVE,
    CMG__ACME_EXPLAIN, /* the order is invalid: which authorization, and why */
    CMG__ACME_FINALIZE,
    CMG__ACME_DOWNLOAD,
    CMG__ACME_ISSUED,
    CMG__ACME_FAILED, /* all is taken away; the failure is told */
    CMG__ACME_PHASES
};

/* One name to be proved. */
struct cmg__acme_proof {
    char *url; /* of the authorization */
    char *domain;
    char *challenge_url; /* NULL: nothing to be shown */
    char *name;          /* of the TXT record, or the path */
    char *value;
    bool answered; /* the server knows that it may look */
};

#define CMG__ACME_NAMES_MAX 100

struct cmg__acme {
    struct cmg__enrol_method method;
    const struct cmg__alloc *alloc;
    /* settings */
    char *directory_url;
    struct cmg__key *key;
    struct cmg__json *jwk;
    char *thumbprint;
    char *contact;
    bool terms_agreed;
    bool dns; /* dns-01, else http-01 */
    char *eab_kid;
    struct cmg__secret eab_key;
    char *profile;
    char *replaces;
    bool await_window; /* the order waits until the authority suggests it */
    /* the request's names, in lower case */
    struct cmg__json *names;
    /* the authority, read in each run */
    char *new_nonce;
    char *new_account;
    char *new_order;
    char *renewal; /* what it says of the certificate to be replaced; NULL: nothing */
    /* where it stands */
    enum cmg__acme_phase phase;
    bool asked_nonce; /* the request under way only asks for one */
    char *nonce;      /* to be used once */
    unsigned bad_nonces;
    int64_t wait_ms; /* before the next request; 0: none */
    char *account;
    char *order;
    bool known; /* the account comes from the checkpoint and was not used yet */
    bool found; /* the order comes from the checkpoint and was not read yet */
    bool look;  /* a new order may be lost */
    char *finalize;
    char *certificate;
    /* the look-up */
    char *list;
    struct cmg__json *candidates;
    unsigned pages;
    /* proofs */
    struct cmg__acme_proof *proofs;
    size_t proof_count;
    size_t at;
    cmg_challenge *challenges;
    size_t challenge_count;
    bool presented;
    bool refused;       /* a proof was not accepted */
    bool explained;     /* failure says which one */
    cmg_error *doubt;   /* an answer was refused; the authorization decides */
    cmg_error *failure; /* what ends the run, once all was taken away */
    /* the end */
    struct cmg__x509 **certs;
    size_t cert_count;
};

/* acme_request.c */
cmg_status cmg__acme_get(struct cmg__acme *m, struct cmg__enrol_step *step,
                         const char *method, const char *url, cmg_error **err);
/* payload "" is a read (POST-as-GET); by_jwk: the account is not known yet. */
cmg_status cmg__acme_post(struct cmg__acme *m, const struct cmg__enrol_case *c,
                          struct cmg__enrol_step *step, const char *url,
                          const struct cmg__buf *payload, bool by_jwk, cmg_error **err);
/* The binding to an account elsewhere (RFC 8555, 7.3.4). */
cmg_status cmg__acme_bind(const struct cmg__acme *m, struct cmg__json **out);
/* Keeps the nonce of an answer, if it has one that is well-formed. */
cmg_status cmg__acme_take_nonce(struct cmg__acme *m,
                                const struct cmg__http_response *resp);
/* A URL of an answer; only https. what names it in the error. */
cmg_status cmg__acme_take_url(const struct cmg__acme *m, char **to, const char *url,
                              const char *what, cmg_error **err);

/* acme_account.c, acme_order.c, acme_proof.c: payloads and readers of the phases. A
   reader sees a good answer; json is NULL when its body is no JSON. */
cmg_status cmg__acme_read_directory(struct cmg__acme *m, struct cmg__enrol_case *c,
                                    const struct cmg__http_response *resp,
                                    const struct cmg__json *json, cmg_error **err);
/* acme_renewal.c: no answer is as good as "now". */
cmg_status cmg__acme_read_renewal(struct cmg__acme *m, struct cmg__enrol_case *c,
                                  const struct cmg__http_response *resp,
                                  const struct cmg__json *json, cmg_error **err);
/* To the account, or to what comes behind it. */
void cmg__acme_go_to_account(struct cmg__acme *m);
cmg_status cmg__acme_account_payload(struct cmg__acme *m, struct cmg__enrol_case *c,
                                     struct cmg__json **out, cmg_error **err);
cmg_status cmg__acme_read_account(struct cmg__acme *m, struct cmg__enrol_case *c,
                                  const struct cmg__http_response *resp,
                                  const struct cmg__json *json, cmg_error **err);
cmg_status cmg__acme_read_look(struct cmg__acme *m, struct cmg__enrol_case *c,
                               const struct cmg__http_response *resp,
                               const struct cmg__json *json, cmg_error **err);
cmg_status cmg__acme_read_list(struct cmg__acme *m, struct cmg__enrol_case *c,
                               const struct cmg__http_response *resp,
                               const struct cmg__json *json, cmg_error **err);
cmg_status cmg__acme_read_candidate(struct cmg__acme *m, struct cmg__enrol_case *c,
                                    const struct cmg__http_response *resp,
                                    const struct cmg__json *json, cmg_error **err);
const char *cmg__acme_candidate_url(const struct cmg__acme *m);
cmg_status cmg__acme_new_order_payload(struct cmg__acme *m, struct cmg__enrol_case *c,
                                       struct cmg__json **out, cmg_error **err);
cmg_status cmg__acme_read_order(struct cmg__acme *m, struct cmg__enrol_case *c,
                                const struct cmg__http_response *resp,
                                const struct cmg__json *json, cmg_error **err);
cmg_status cmg__acme_finalize_payload(struct cmg__acme *m, struct cmg__enrol_case *c,
                                      struct cmg__json **out, cmg_error **err);
cmg_status cmg__acme_read_certificate(struct cmg__acme *m, struct cmg__enrol_case *c,
                                      const struct cmg__http_response *resp,
                                      const struct cmg__json *json, cmg_error **err);
cmg_status cmg__acme_read_authorization(struct cmg__acme *m, struct cmg__enrol_case *c,
                                        const struct cmg__http_response *resp,
                                        const struct cmg__json *json, cmg_error **err);
cmg_status cmg__acme_read_answer(struct cmg__acme *m, struct cmg__enrol_case *c,
                                 const struct cmg__http_response *resp,
                                 const struct cmg__json *json, cmg_error **err);
cmg_status cmg__acme_read_check(struct cmg__acme *m, struct cmg__enrol_case *c,
                                const struct cmg__http_response *resp,
                                const struct cmg__json *json, cmg_error **err);
cmg_status cmg__acme_read_explain(struct cmg__acme *m, struct cmg__enrol_case *c,
                                  const struct cmg__http_response *resp,
                                  const struct cmg__json *json, cmg_error **err);
/* The challenges of all proofs that are to be shown, for the host. */
cmg_status cmg__acme_make_challenges(struct cmg__acme *m, cmg_error **err);
void cmg__acme_forget_proofs(struct cmg__acme *m);
/* The order is over: nothing of it is used again. */
void cmg__acme_forget_order(struct cmg__acme *m);
/* The host has put all in place, or taken all away. */
void cmg__acme_after_present(struct cmg__acme *m);
void cmg__acme_after_remove(struct cmg__acme *m);
/* Whether the request is for this name. */
bool cmg__acme_has_name(const struct cmg__acme *m, const char *name);

/* acme_problem.c: a refusal in the words of RFC 7807. */
struct cmg__acme_problem {
    char type[64]; /* behind "urn:ietf:params:acme:error:"; "" for others */
    char detail[512];
    char subject[256];  /* the identifier of the first subproblem, or "" */
    char instance[256]; /* where a person is wanted, or "" */
};
/* One line of printable text; a longer one is cut between two characters. */
void cmg__acme_line(const char *text, char *out, size_t size);
/* The same behind what is there, after a joint. */
void cmg__acme_add_line(const char *joint, const char *text, char *out, size_t size);
void cmg__acme_problem_read(const struct cmg__json *json, struct cmg__acme_problem *out);
/* status 0: the problem stood inside a good answer. */
cmg_status cmg__acme_problem_fail(const struct cmg__acme *m,
                                  const struct cmg__acme_problem *problem, int status,
                                  int64_t retry_after_ms, const char *what,
                                  cmg_error **err);
/* Cause and remedy for a type; NULLs when it is not known. */
void cmg__acme_problem_advice(const char *type, const char **cause, const char **remedy);

/* acme_refused.c: CMG_OK when the enrolment goes on. what was asked for names it. */
cmg_status cmg__acme_refused(struct cmg__acme *m, struct cmg__enrol_case *c,
                             const struct cmg__http_response *resp,
                             const struct cmg__json *json, const char *what,
                             cmg_error **err);

/* acme_names.c: the DNS names of the request as an array of strings in lower case. */
cmg_status cmg__acme_names(const struct cmg__enrol_case *c, struct cmg__json **out,
                           cmg_error **err);

/* An answer that lacks what it must have, or says what it must not. */
cmg_status cmg__acme_strange(const struct cmg__acme *m, const char *what,
                             cmg_error **err);

#endif
