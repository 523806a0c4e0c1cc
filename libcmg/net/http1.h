/*
 * Strict HTTP/1.1 (RFC 9112): a parser for message heads and bodies, and the one writer
 * of heads. Pure: bytes in, values out. What is not exactly right is refused; what goes
 * on is written anew from the parsed form. Line ends are CRLF only; Content-Length and
 * Transfer-Encoding together, repeated Content-Length, obs-fold, bare CR or LF, control
 * bytes, names with '_' are refused.
 */
#ifndef CMG_NET_HTTP1_H
#define CMG_NET_HTTP1_H

#include "base/http.h"

struct cmg__http1_limits {
    size_t max_section; /* request line and fields: 32 KiB */
    size_t max_field;   /* 16 KiB */
    size_t max_fields;  /* 64 */
    size_t max_target;  /* 8 KiB */
};
extern const struct cmg__http1_limits cmg__http1_default_limits;

enum cmg__http1_framing {
    CMG__HTTP1_NO_BODY,
    CMG__HTTP1_LENGTH,
    CMG__HTTP1_CHUNKED,
    CMG__HTTP1_UNTIL_CLOSE /* responses only */
};

struct cmg__http1_head {
    bool is_response;
    char method[33];
    struct cmg__buf target; /* requests */
    int status;             /* responses: 100..599 */
    int minor;              /* HTTP/1.minor: 0 or 1 */
    struct cmg__headers headers;
    enum cmg__http1_framing framing;
    uint64_t content_length; /* when CMG__HTTP1_LENGTH */
    bool keep_alive;
    bool expect_continue;
};

enum cmg__http1_result {
    CMG__HTTP1_MORE, /* all input taken, more is needed */
    CMG__HTTP1_HEAD, /* the head is complete: see head */
    CMG__HTTP1_DATA, /* *data, *data_len point into the input */
    CMG__HTTP1_END,  /* the message is complete; the parser is ready for the next */
    CMG__HTTP1_ERROR /* see error_status (400, 414, 417, 431, 501, 505) and error_text */
};

struct cmg__http1_parser {
    const struct cmg__alloc *alloc;
    struct cmg__http1_limits limits;
    struct cmg__http1_head head;
    struct cmg__buf line; /* bytes of the head or chunk line so far */
    bool response;
    bool head_request; /* response side: the request was HEAD, no body follows */
    int state;
    uint64_t left;
    size_t section_bytes;
    size_t extension_bytes;
    int error_status;
    const char *error_text; /* static */
};

void cmg__http1_parser_init(struct cmg__http1_parser *p, const struct cmg__alloc *alloc,
                            const struct cmg__http1_limits *limits, bool response);
void cmg__http1_parser_done(struct cmg__http1_parser *p);
/* Call again with what was not taken until MORE, END or ERROR. A message without body
   gives HEAD, then END. */
enum cmg__http1_result cmg__http1_feed(struct cmg__http1_parser *p, const char *input,
                                       size_t n, size_t *taken, const char **data,
                                       size_t *data_len);
/* Response side: the peer closed. True when that ends the message properly. */
bool cmg__http1_finish(struct cmg__http1_parser *p);

/* The only writers of heads. Values with CR, LF or NUL are CMG_E_INVAL. framing fields
   (Content-Length, Transfer-Encoding, Connection) are made here, not taken from headers.
 */
CMG__NODISCARD cmg_status cmg__http1_write_request(struct cmg__buf *out,
                                                   const char *method, const char *target,
                                                   const char *host,
                                                   const struct cmg__headers *headers,
                                                   enum cmg__http1_framing framing,
                                                   uint64_t length, bool close);
CMG__NODISCARD cmg_status cmg__http1_write_response(struct cmg__buf *out, int status,
                                                    const char *reason,
                                                    const struct cmg__headers *headers,
                                                    enum cmg__http1_framing framing,
                                                    uint64_t length, bool close);
/* "size CRLF data CRLF"; n == 0 writes the last chunk. */
CMG__NODISCARD cmg_status cmg__http1_write_chunk(struct cmg__buf *out, const void *data,
                                                 size_t n);
/* The standard reason phrase, or "". */
const char *cmg__http1_reason(int status);

/* Hop-by-hop by RFC 9110 7.6.1: fixed names plus those a Connection field names. */
bool cmg__http1_is_hop_by_hop(const struct cmg__headers *headers, const char *name);

#endif
