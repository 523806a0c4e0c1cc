/*
 * A certification authority of the organisation, beside the cloud: web enrolment as AD CS
 * has it, EST, and a place for published files. It issues with the sandbox's authority.
 *
 * Requests live as long as the sandbox runs. Everything here is read and changed under
 * the lock of the sandbox: by requests, which hold it, and by the host's functions.
 */
#ifndef CMG_SANDBOX_PKI_H
#define CMG_SANDBOX_PKI_H

#include "crypto/csr.h"
#include "crypto/x509.h"
#include "sandbox/call.h"

#define CMG__SB_PKI_HOST     "pki.contoso.com"
#define CMG__SB_PKI_REQUESTS 1000
#define CMG__SB_PKI_FILES    100

enum cmg__sb_disposition { CMG__SB_PENDING, CMG__SB_ISSUED, CMG__SB_DENIED };

struct cmg__sb_pki_request {
    uint32_t id;
    enum cmg__sb_disposition disposition;
    uint32_t hresult; /* DENIED; 0: by an administrator */
    char csr_sha256[65];
    struct cmg__csr *csr;
    struct cmg__x509 *cert; /* ISSUED */
};

struct cmg__sb_pki_file {
    char *path;
    struct cmg__buf data;
};

struct cmg__sb_pki {
    const struct cmg__alloc *alloc;
    const struct cmg__env *env;
    struct cmg__x509 *ca; /* NULL: nobody issues */
    struct cmg__key *ca_key;
    struct cmg__sb_pki_request *requests;
    size_t request_count;
    struct cmg__sb_pki_file files[CMG__SB_PKI_FILES];
    size_t file_count;
};

void cmg__sb_pki_init(struct cmg__sb_pki *pki, const struct cmg__alloc *alloc,
                      const struct cmg__env *env);
void cmg__sb_pki_done(struct cmg__sb_pki *pki);
/* Takes a certificate and a key over, which have issued nothing yet. */
void cmg__sb_pki_set_ca(struct cmg__sb_pki *pki, struct cmg__x509 *ca,
                        struct cmg__key *key);

/* How the templates behave: by name. */
struct cmg__sb_pki_template {
    const char *name;
    enum cmg__sb_disposition disposition;
    uint32_t hresult;
};
const struct cmg__sb_pki_template *cmg__sb_pki_template(const char *name); /* or NULL */

/* Takes the parsed request over. NULL: no room or no memory; the request says the rest.
 */
struct cmg__sb_pki_request *cmg__sb_pki_submit(struct cmg__sb_pki *pki,
                                               struct cmg__csr *csr,
                                               enum cmg__sb_disposition disposition,
                                               uint32_t hresult);
struct cmg__sb_pki_request *cmg__sb_pki_find(struct cmg__sb_pki *pki, const char *id);
/* The last one with the same request in it, or NULL. */
struct cmg__sb_pki_request *cmg__sb_pki_find_csr(struct cmg__sb_pki *pki,
                                                 const struct cmg__csr *csr);
/* A pending request; false when it is not pending or cannot be issued. */
bool cmg__sb_pki_decide(struct cmg__sb_pki *pki, struct cmg__sb_pki_request *request,
                        bool approve);

/* Basic credentials: the built-in application's ID and secret. Answers 401 itself. */
bool cmg__sb_pki_admits(struct cmg__sb_call *call);

/* Answers with a published file; false when there is none of that path. */
bool cmg__sb_pki_serve(struct cmg__sb_call *call);
cmg_status cmg__sb_pki_publish(struct cmg__sb_pki *pki, const char *path,
                               const void *data, size_t size);

#endif
