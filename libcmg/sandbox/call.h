/*
 * One request to the cloud and its answer, as values: what the listener hands in, what
 * handlers see, what goes back. No I/O.
 */
#ifndef CMG_SANDBOX_CALL_H
#define CMG_SANDBOX_CALL_H

#include "base/http.h"
#include "sandbox/cloud.h"

enum cmg__sb_service {
    CMG__SB_NOWHERE,
    CMG__SB_LOGIN,
    CMG__SB_GRAPH,
    CMG__SB_ARM,
    CMG__SB_VAULT,
    CMG__SB_BLOB,
    CMG__SB_PKI,
    CMG__SB_IDENTITY
};

struct cmg__sb_request {
    const char *method;
    const char *host; /* the Host field */
    bool metadata;    /* came to the machine's metadata service */
    const char *target;
    const struct cmg__headers *headers;
    const char *body;
    size_t body_len;
};

struct cmg__sb_answer {
    int status;
    struct cmg__headers headers;
    struct cmg__buf body; /* secret: tokens pass through it */
};

/* Who calls, from the token; all empty where no token is asked for. */
struct cmg__sb_caller {
    char client_id[CMG__GUID_SIZE];
    char object_id[CMG__GUID_SIZE];
    bool is_admin; /* the built-in application, or the administrator by a public client */
    bool is_user;
    struct cmg__json *claims;
};

struct cmg__sb_call {
    struct cmg__sb_cloud *cloud;
    const struct cmg__sb_request *request;
    enum cmg__sb_service service;
    char *base;              /* "https://" and the Host field */
    char *path;              /* normalised, still percent-encoded */
    struct cmg__json *query; /* decoded names and values */
    struct cmg__json *args;  /* what the route's {names} stood for, decoded */
    struct cmg__json *body;  /* JSON or form; NULL without a body */
    struct cmg__sb_caller caller;
    int64_t now_ms;
    char request_id[CMG__GUID_SIZE];
    char operation_id[CMG__GUID_SIZE]; /* of what the call began; or "" */
    /* the answer */
    int status;
    struct cmg__json *reply; /* NULL: no body, or page */
    struct cmg__buf page;
    const char *page_type; /* NULL: no page */
    struct cmg__headers headers;
};

/* ---- what handlers read ---- */
const char *cmg__sb_arg(const struct cmg__sb_call *call,
                        const char *name); /* never NULL */
const char *cmg__sb_query(const struct cmg__sb_call *call,
                          const char *name);                                 /* or NULL */
const char *cmg__sb_form(const struct cmg__sb_call *call, const char *name); /* or NULL */
const char *cmg__sb_header(const struct cmg__sb_call *call, const char *name);

/* ---- what handlers answer ---- */
/* Takes the value over; NULL is answered as 500, for memory ran out making it. */
void cmg__sb_reply(struct cmg__sb_call *call, int status, struct cmg__json *value);
void cmg__sb_reply_empty(struct cmg__sb_call *call, int status);
/* Text, or bytes, of another type than JSON. */
void cmg__sb_reply_page(struct cmg__sb_call *call, int status, const char *type,
                        const char *text);
void cmg__sb_reply_bytes(struct cmg__sb_call *call, int status, const char *type,
                         const void *data, size_t n);
/* An error in the shape of the call's service. */
void cmg__sb_refuse(struct cmg__sb_call *call, int status, const char *code,
                    const char *fmt, ...) CMG__PRINTF(4, 5);
/* Entra's shape. */
void cmg__sb_refuse_entra(struct cmg__sb_call *call, int status, const char *error,
                          int64_t aadsts, const char *fmt, ...) CMG__PRINTF(5, 6);
void cmg__sb_head(struct cmg__sb_call *call, const char *name, const char *value);
void cmg__sb_headf(struct cmg__sb_call *call, const char *name, const char *fmt, ...)
    CMG__PRINTF(3, 4);

/* A formatted string value; NULL when memory ran out. */
struct cmg__json *cmg__sb_text(const struct cmg__sb_cloud *cloud, const char *fmt, ...)
    CMG__PRINTF(2, 3);

#endif
