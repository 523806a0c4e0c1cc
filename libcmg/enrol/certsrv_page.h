/*
 * Reading what the AD CS web enrolment pages say. The status is 200 in every case and the
 * text is in the server's language: what counts is the link to the certificate, a failure
 * code, a known word, in this order; a page with a number and none of these is pending.
 */
#ifndef CMG_ENROL_CERTSRV_PAGE_H
#define CMG_ENROL_CERTSRV_PAGE_H

#include "enrol/method.h"

enum cmg__certsrv_verdict {
    CMG__CERTSRV_UNKNOWN, /* none of the pages that are known */
    CMG__CERTSRV_ISSUED,
    CMG__CERTSRV_PENDING,
    CMG__CERTSRV_DENIED
};

struct cmg__certsrv_page {
    enum cmg__certsrv_verdict verdict;
    char request_id[12]; /* decimal; "" when there is none */
    uint32_t hresult;    /* the first failure code; 0 when there is none */
    char message[CMG__ENROL_MESSAGE_SIZE];
};

void cmg__certsrv_page_read(const char *html, size_t n, struct cmg__certsrv_page *out);

/* What a failure code means. cause and remedy are never NULL. */
struct cmg__certsrv_code {
    uint32_t hresult;
    const char *name; /* "CERTSRV_E_TEMPLATE_DENIED" */
    const char *cause;
    const char *remedy;
    bool later; /* the authority does not work just now: no decision */
};
const struct cmg__certsrv_code *cmg__certsrv_code_find(uint32_t hresult);

#endif
