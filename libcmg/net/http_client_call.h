/*
 * One call of the HTTPS client engine, shared by the files that prepare it
 * (http_client_setup.c), run it (http_client.c) and explain its failure
 * (http_client_error.c). No other file includes this.
 */
#ifndef CMG_NET_HTTP_CLIENT_CALL_H
#define CMG_NET_HTTP_CLIENT_CALL_H

#include "net/http_client.h"

#include <curl/curl.h>

struct cmg__http_call {
    struct cmg__list node;
    struct cmg__http *http;
    cmg_context *ctx;
    cmg__http_done_fn done;
    void *user;
    CURL *easy;
    CURLcode setup; /* first failure while preparing */
    struct curl_slist *lines;
    struct curl_slist *connect_to;
    struct cmg__buf body;
    struct cmg__buf cert;
    struct cmg__buf key;
    char *where;     /* "host:port", for messages */
    bool repeatable; /* the method is idempotent: libcurl may send it again */
    bool (*may_send)(void *user); /* or NULL */
    void *may_send_user;
    bool proxied;
    bool signs_in;     /* a 401 may be the first half of a sign-in */
    unsigned sends;    /* how often the request was about to be sent */
    unsigned refusals; /* 401 answers among them: certainly not carried out */
    struct cmg__http_response resp;
    size_t header_bytes;
    bool header_done;
    bool starved;       /* memory ran out where libcurl must not be told */
    cmg_status refused; /* why one of our callbacks ended the transfer */
    const char *refused_text;
    char detail[CURL_ERROR_SIZE];
};

/* Fills in a call whose http, ctx and easy are set; on failure the caller frees it. */
cmg_status cmg__http_call_prepare(struct cmg__http_call *call,
                                  const struct cmg__http_request *req,
                                  const struct cmg__http_options *options,
                                  cmg_error **err);
void cmg__http_call_free(struct cmg__http_call *call);
/* What became of a call that gave no answer. */
cmg_status cmg__http_call_explain(const struct cmg__http_call *call, CURLcode result,
                                  cmg_error **err);

#endif
