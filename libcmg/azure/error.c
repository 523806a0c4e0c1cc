/*
 * From a service's refusal to a cmg_error: message in the service's words with HTTP
 * status and code, cause and remedy in ours, retry class by the HTTP status unless the
 * table of known codes says that the fault goes away by itself. Nothing of the body but
 * the fields of the fault gets into the error.
 */
#include "azure/call.h"

#include <string.h>
#include "azure/error_body.h"
#include "azure/error_codes.h"
#include "base/http_date.h"
#include "base/str.h"

/* What an HTTP status means when nothing better is known. */
struct meaning {
    int status;
    cmg_status code;
    cmg_retry retry;
    const char *cause;
    const char *remedy;
};

#define AGAIN "wait a minute and run the same command again"

static const struct meaning meanings[] = {
    { 400, CMG_E_INVAL, CMG_RETRY_NEVER, "the service does not accept a value", NULL },
    { 401, CMG_E_AUTH, CMG_RETRY_NEVER, "the token was refused", "sign in again" },
    { 403, CMG_E_DENIED, CMG_RETRY_NEVER, "the account lacks a right",
      "ask for the right, or use another account" },
    { 404, CMG_E_NOTFOUND, CMG_RETRY_NEVER, "it does not exist", NULL },
    { 408, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT, "the service gave up waiting", AGAIN },
    { 409, CMG_E_CONFLICT, CMG_RETRY_NEVER,
      "the request conflicts with the state of the resource", NULL },
    { 410, CMG_E_NOTFOUND, CMG_RETRY_NEVER, "it is gone", NULL },
    { 412, CMG_E_CONFLICT, CMG_RETRY_NEVER, "the resource was changed meanwhile", AGAIN },
    { 413, CMG_E_LIMIT, CMG_RETRY_NEVER, "the request is too large", NULL },
    { 423, CMG_E_CONFLICT, CMG_RETRY_LATER, "the resource is locked", AGAIN },
    { 429, CMG_E_LIMIT, CMG_RETRY_LATER, "the service throttles", AGAIN },
    { 500, CMG_E_IO, CMG_RETRY_TRANSIENT, "the service failed inside", AGAIN },
    { 502, CMG_E_IO, CMG_RETRY_TRANSIENT, "the service failed inside", AGAIN },
    { 503, CMG_E_IO, CMG_RETRY_LATER, "the service is overloaded", AGAIN },
    { 504, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT, "the service gave up waiting", AGAIN },
};

static const struct meaning other_client = { 0, CMG_E_INVAL, CMG_RETRY_NEVER, NULL,
                                             NULL };
/* Inside a good answer: the request was accepted, and what it began failed. */
static const struct meaning operation = {
    0, CMG_E_IO, CMG_RETRY_NEVER, "what the request began did not end well",
    "look at the resource group's activity log, then run the same command again"
};
static const struct meaning other_server = { 0, CMG_E_IO, CMG_RETRY_NEVER,
                                             "the service failed inside", AGAIN };
static const struct meaning unexpected = { 0, CMG_E_PROTO, CMG_RETRY_NEVER,
                                           "the answer is not one the call can have",
                                           NULL };

static const struct meaning *meaning_of(int status)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(meanings); i++) {
        if (meanings[i].status == status)
            return &meanings[i];
    }
    if (status >= 500)
        return &other_server;
    return status >= 400 ? &other_client : &unexpected;
}

struct report {
    const struct cmg__azure_fault *fault;
    const char *call; /* name, or "" */
    int status;       /* 0: the fault came inside a good answer */
    int64_t retry_after_ms;
    bool login;
};

/* Entra ID answers 400 to what is a refused sign-in. */
static cmg_status code_of(const struct report *r, const struct meaning *meaning,
                          const struct cmg__azure_known *known)
{
    if (known != NULL && known->status != CMG_OK)
        return known->status;
    if (r->login && r->status >= 400 && r->status < 404)
        return CMG_E_AUTH;
    return meaning->code;
}

static cmg_retry retry_of(const struct meaning *meaning,
                          const struct cmg__azure_known *known)
{
    if (meaning->retry == CMG_RETRY_NEVER && known != NULL && known->later)
        return CMG_RETRY_LATER;
    return meaning->retry;
}

/* "DNS record x is already used (HTTP 400 DnsRecordInUse)"; without a message of the
   service the call is named instead. */
static cmg_status set(const struct cmg__alloc *alloc, const struct report *r,
                      const struct cmg__error_info *info, cmg_error **err)
{
    const struct cmg__azure_fault *fault = r->fault;
    bool bare = fault->message[0] == '\0';
    const char *text = bare ? cmg__str_or(r->call, "") : fault->message;
    const char *was = bare ? " was refused" : "";
    const char *joint = fault->code[0] == '\0' ? "" : " ";

    if (bare && text[0] == '\0')
        text = "the request";
    if (r->status != 0)
        return cmg__error_set(err, alloc, info, "%s%s (HTTP %d%s%s)", text, was,
                              r->status, joint, fault->code);
    if (fault->code[0] == '\0')
        return cmg__error_set(err, alloc, info, "%s%s", text, was);
    return cmg__error_set(err, alloc, info, "%s%s (%s)", text, was, fault->code);
}

static cmg_status tell(const struct cmg__alloc *alloc, const struct report *r,
                       cmg_error **err)
{
    const struct cmg__azure_fault *fault = r->fault;
    const struct meaning *meaning = r->status == 0 ? &operation : meaning_of(r->status);
    const struct cmg__azure_known *known =
        cmg__azure_known_find(fault->code, fault->message);
    const char *cause = known != NULL ? known->cause : meaning->cause;
    const char *remedy = known != NULL ? known->remedy : meaning->remedy;
    char *told = NULL;

    if (fault->correlation[0] != '\0') {
        told = cmg__format(alloc, "%s%scorrelation id %s%s%s", cmg__str_or(cause, ""),
                           cause == NULL ? "" : "; ", fault->correlation,
                           fault->time[0] == '\0' ? "" : " at ", fault->time);
        if (told == NULL)
            return cmg__fail_nomem(err);
    }
    const struct cmg__error_info info = {
        .code = code_of(r, meaning, known),
        .retry = retry_of(meaning, known),
        .retry_after_ms = r->retry_after_ms,
        .origin = fault->code[0] == '\0' ? CMG_ORIGIN_HTTP : CMG_ORIGIN_SERVICE,
        .origin_number = r->status,
        .service_code = fault->code,
        .subject = fault->target[0] == '\0' ? r->call : fault->target,
        .cause = told == NULL ? cause : told,
        .remedy = remedy,
    };
    cmg_status rc = set(alloc, r, &info, err);
    cmg__free(alloc, told);
    return rc;
}

cmg_status cmg__azure_error(const struct cmg__alloc *alloc, const struct cmg__call *call,
                            const struct cmg__http_response *resp, cmg_error **err)
{
    struct cmg__azure_fault fault;
    const char *date = cmg__headers_get(&resp->headers, "Date");
    int64_t sent_unix_s = INT64_MAX; /* without a Date, a date as hint tells nothing */

    if (date != NULL && !cmg__http_date_parse(date, &sent_unix_s))
        sent_unix_s = INT64_MAX;
    int64_t wait_ms = cmg__http_retry_after_ms(resp, sent_unix_s);
    cmg__azure_fault_from_response(alloc, resp, &fault);
    const struct report report = {
        .fault = &fault,
        .call = call == NULL ? "" : call->name,
        .status = resp->status,
        .retry_after_ms = wait_ms < 0 ? 0 : wait_ms,
        .login = call != NULL && call->service == CMG__SERVICE_LOGIN,
    };
    return tell(alloc, &report, err);
}

cmg_status cmg__azure_error_value(const struct cmg__alloc *alloc,
                                  const struct cmg__call *call,
                                  const struct cmg__json *value, cmg_error **err)
{
    struct cmg__azure_fault fault;

    cmg__azure_fault_from_json(alloc, value, &fault);
    const struct report report = {
        .fault = &fault,
        .call = call == NULL ? "" : call->name,
    };
    return tell(alloc, &report, err);
}
