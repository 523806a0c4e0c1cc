/*
 * The HTTP/1.1 parser: one function per state, chosen by a table. Lines are gathered
 * whole (whatever the pieces they come in) and judged when their CRLF is there; body
 * bytes are handed out as views into the input. The parser refuses instead of repairing;
 * after an error it stays in its error state for good.
 *
 *   state       | input             | next
 *   ------------+-------------------+------------------------------------------------
 *   FRESH       | empty line        | START (one is passed over, requests only)
 *   FRESH,START | start line        | FIELDS
 *   FIELDS      | field             | FIELDS
 *   FIELDS      | empty line: HEAD  | DONE, LENGTH, CHUNK_SIZE or UNTIL_CLOSE by framing
 *   LENGTH      | bytes: DATA       | LENGTH; DONE when none are left
 *   CHUNK_SIZE  | size line         | CHUNK_DATA; TRAILERS for size 0
 *   CHUNK_DATA  | bytes: DATA       | CHUNK_DATA; CHUNK_END when none are left
 *   CHUNK_END   | empty line        | CHUNK_SIZE
 *   TRAILERS    | field             | TRAILERS (checked and dropped)
 *   TRAILERS    | empty line        | DONE
 *   UNTIL_CLOSE | bytes: DATA       | UNTIL_CLOSE
 *   DONE        | nothing: END      | FRESH
 */
#include "net/http1.h"
#include "base/str.h"
#include "net/http1_head.h"
#include "net/http1_syntax.h"

#include <string.h>

enum {
    STATE_FRESH,
    STATE_START,
    STATE_FIELDS,
    STATE_LENGTH,
    STATE_CHUNK_SIZE,
    STATE_CHUNK_DATA,
    STATE_CHUNK_END,
    STATE_TRAILERS,
    STATE_UNTIL_CLOSE,
    STATE_DONE,
    STATE_ERROR
};

#define START_LINE_EXTRA    64 /* method, version and blanks beside the target */
#define MAX_CHUNK_LINE      300
#define MAX_CHUNK_EXTENSION 256
#define MAX_CHUNK           ((uint64_t)16 * 1024 * 1024)
#define MAX_TRAILERS        16

const struct cmg__http1_limits cmg__http1_default_limits = {
    .max_section = 32 * 1024,
    .max_field = 16 * 1024,
    .max_fields = 64,
    .max_target = 8 * 1024,
};

/* What is left of the input, and where the views of DATA go. */
struct cursor {
    const char *at;
    size_t left;
    const char *data;
    size_t data_len;
};

enum step {
    STEP_GO, /* look at the next state */
    STEP_MORE,
    STEP_HEAD,
    STEP_DATA,
    STEP_END,
    STEP_ERROR
};

void cmg__http1_parser_init(struct cmg__http1_parser *p, const struct cmg__alloc *alloc,
                            const struct cmg__http1_limits *limits, bool response)
{
    *p = (struct cmg__http1_parser){
        .alloc = alloc,
        .limits = limits != NULL ? *limits : cmg__http1_default_limits,
        .response = response,
        .state = STATE_FRESH,
    };
    cmg__headers_init(&p->head.headers, alloc);
    cmg__buf_init(&p->head.target, alloc, p->limits.max_target);
    /* Lines pass tokens: the buffer wipes what it gives back. */
    cmg__buf_init_secret(&p->line, alloc,
                         p->limits.max_section + p->limits.max_field + MAX_CHUNK_LINE);
}

void cmg__http1_parser_done(struct cmg__http1_parser *p)
{
    cmg__headers_done(&p->head.headers);
    cmg__buf_done(&p->head.target);
    cmg__buf_done(&p->line);
    p->state = STATE_ERROR;
}

bool cmg__http1_fail(struct cmg__http1_parser *p, int status, const char *text)
{
    p->error_status = status;
    p->error_text = text;
    return false;
}

static size_t start_line_limit(const struct cmg__http1_parser *p)
{
    size_t by_target = p->limits.max_target + START_LINE_EXTRA;
    return by_target < p->limits.max_section ? by_target : p->limits.max_section;
}

/* Judges the growing line before its end is seen, so that no split changes the answer. */
static bool line_fits(struct cmg__http1_parser *p, size_t more)
{
    size_t n = p->line.len + more;
    p->section_bytes += more;
    switch (p->state) {
    case STATE_FRESH:
    case STATE_START:
        if (n > start_line_limit(p))
            return cmg__http1_fail(p, p->response ? 400 : 414, "start line too long");
        return true;
    case STATE_FIELDS:
    case STATE_TRAILERS:
        if (n > p->limits.max_field + 2 || p->section_bytes > p->limits.max_section)
            return cmg__http1_fail(p, 431, "header fields too large");
        return true;
    default:
        if (n > MAX_CHUNK_LINE)
            return cmg__http1_fail(p, 400, "chunk line too long");
        return true;
    }
}

/* Moves input up to the next LF into the line. STEP_GO: p->line holds a whole line with
   its CRLF taken off. */
static enum step read_line(struct cmg__http1_parser *p, struct cursor *in)
{
    if (in->left == 0)
        return STEP_MORE;
    const char *lf = memchr(in->at, '\n', in->left);
    size_t n = lf != NULL ? (size_t)(lf - in->at) + 1 : in->left;
    if (!line_fits(p, n))
        return STEP_ERROR;
    if (cmg__buf_add(&p->line, in->at, n) != CMG_OK) {
        cmg__http1_fail(p, 503, "out of memory");
        return STEP_ERROR;
    }
    in->at += n;
    in->left -= n;
    if (lf == NULL)
        return STEP_MORE;
    if (p->line.len < 2 || p->line.data[p->line.len - 2] != '\r') {
        cmg__http1_fail(p, 400, "line does not end with CRLF");
        return STEP_ERROR;
    }
    p->line.len -= 2;
    p->line.data[p->line.len] = '\0';
    return STEP_GO;
}

static enum step on_start(struct cmg__http1_parser *p, struct cursor *in)
{
    enum step step = read_line(p, in);
    if (step != STEP_GO)
        return step;
    if (p->line.len == 0 && p->state == STATE_FRESH && !p->response) {
        p->state = STATE_START;
        return STEP_GO;
    }
    cmg__http1_head_reset(&p->head);
    p->head.is_response = p->response;
    bool ok = p->response ? cmg__http1_status_line(p) : cmg__http1_request_line(p);
    p->state = STATE_FIELDS;
    return ok ? STEP_GO : STEP_ERROR;
}

static int body_state(const struct cmg__http1_head *head)
{
    static const int states[] = {
        [CMG__HTTP1_NO_BODY] = STATE_DONE,
        [CMG__HTTP1_LENGTH] = STATE_LENGTH,
        [CMG__HTTP1_CHUNKED] = STATE_CHUNK_SIZE,
        [CMG__HTTP1_UNTIL_CLOSE] = STATE_UNTIL_CLOSE,
    };
    return states[head->framing];
}

static enum step on_fields(struct cmg__http1_parser *p, struct cursor *in)
{
    enum step step = read_line(p, in);
    if (step != STEP_GO)
        return step;
    if (p->line.len > 0) {
        if (p->head.headers.count >= p->limits.max_fields) {
            cmg__http1_fail(p, 431, "too many header fields");
            return STEP_ERROR;
        }
        return cmg__http1_field(p, &p->head.headers) ? STEP_GO : STEP_ERROR;
    }
    if (!cmg__http1_judge(p))
        return STEP_ERROR;
    p->left = p->head.framing == CMG__HTTP1_LENGTH ? p->head.content_length : 0;
    p->section_bytes = 0;
    p->extension_bytes = 0;
    p->state = body_state(&p->head);
    return STEP_HEAD;
}

static enum step hand_out(struct cmg__http1_parser *p, struct cursor *in, bool counted)
{
    if (in->left == 0)
        return STEP_MORE;
    size_t n = in->left;
    if (counted && p->left < n)
        n = (size_t)p->left;
    in->data = in->at;
    in->data_len = n;
    in->at += n;
    in->left -= n;
    if (counted)
        p->left -= n;
    return STEP_DATA;
}

static enum step on_length(struct cmg__http1_parser *p, struct cursor *in)
{
    if (p->left > 0)
        return hand_out(p, in, true);
    p->state = STATE_DONE;
    return STEP_GO;
}

static enum step on_until_close(struct cmg__http1_parser *p, struct cursor *in)
{
    return hand_out(p, in, false);
}

/* 1*8HEXDIG [ ";" extension ]: extensions are checked, counted and dropped. */
static bool chunk_size(struct cmg__http1_parser *p)
{
    const char *line = p->line.data;
    size_t digits = strcspn(line, ";");
    size_t extension = p->line.len - digits;
    p->extension_bytes += extension;
    if (digits > p->line.len || digits < 1 || digits > 8 ||
        !cmg__parse_hex(line, digits, &p->left))
        return cmg__http1_fail(p, 400, "bad chunk size");
    if (p->left > MAX_CHUNK)
        return cmg__http1_fail(p, 400, "chunk too large");
    if (p->extension_bytes > MAX_CHUNK_EXTENSION ||
        memchr(line + digits, '\t', extension) != NULL ||
        !cmg__http1_is_value(line + digits, extension, false))
        return cmg__http1_fail(p, 400, "bad chunk extension");
    return true;
}

static enum step on_chunk_size(struct cmg__http1_parser *p, struct cursor *in)
{
    enum step step = read_line(p, in);
    if (step != STEP_GO)
        return step;
    if (!chunk_size(p))
        return STEP_ERROR;
    p->section_bytes = 0;
    p->state = p->left > 0 ? STATE_CHUNK_DATA : STATE_TRAILERS;
    return STEP_GO;
}

static enum step on_chunk_data(struct cmg__http1_parser *p, struct cursor *in)
{
    if (p->left > 0)
        return hand_out(p, in, true);
    p->state = STATE_CHUNK_END;
    return STEP_GO;
}

static enum step on_chunk_end(struct cmg__http1_parser *p, struct cursor *in)
{
    /* Two bytes and no more: a longer "line" here is chunk data beyond its size. */
    while (p->line.len < 2 && in->left > 0) {
        if (*in->at != "\r\n"[p->line.len]) {
            cmg__http1_fail(p, 400, "chunk not followed by CRLF");
            return STEP_ERROR;
        }
        if (cmg__buf_add(&p->line, in->at, 1) != CMG_OK) {
            cmg__http1_fail(p, 503, "out of memory");
            return STEP_ERROR;
        }
        in->at++;
        in->left--;
    }
    if (p->line.len < 2)
        return STEP_MORE;
    p->state = STATE_CHUNK_SIZE;
    return STEP_GO;
}

static enum step on_trailers(struct cmg__http1_parser *p, struct cursor *in)
{
    enum step step = read_line(p, in);
    if (step != STEP_GO)
        return step;
    if (p->line.len == 0) {
        p->state = STATE_DONE;
        return STEP_GO;
    }
    if (++p->left > MAX_TRAILERS) {
        cmg__http1_fail(p, 431, "too many trailer fields");
        return STEP_ERROR;
    }
    return cmg__http1_field(p, NULL) ? STEP_GO : STEP_ERROR;
}

static enum step on_done(struct cmg__http1_parser *p, struct cursor *in)
{
    (void)in;
    p->section_bytes = 0;
    p->state = STATE_FRESH;
    return STEP_END;
}

static enum step on_error(struct cmg__http1_parser *p, struct cursor *in)
{
    (void)p;
    (void)in;
    return STEP_ERROR;
}

typedef enum step (*state_fn)(struct cmg__http1_parser *p, struct cursor *in);

static enum step run(struct cmg__http1_parser *p, struct cursor *in)
{
    static const state_fn states[] = {
        [STATE_FRESH] = on_start,
        [STATE_START] = on_start,
        [STATE_FIELDS] = on_fields,
        [STATE_LENGTH] = on_length,
        [STATE_CHUNK_SIZE] = on_chunk_size,
        [STATE_CHUNK_DATA] = on_chunk_data,
        [STATE_CHUNK_END] = on_chunk_end,
        [STATE_TRAILERS] = on_trailers,
        [STATE_UNTIL_CLOSE] = on_until_close,
        [STATE_DONE] = on_done,
        [STATE_ERROR] = on_error,
    };
    enum step step;
    do {
        step = states[p->state](p, in);
        /* A line that was judged has served its purpose. */
        if (step == STEP_GO || step == STEP_HEAD)
            cmg__buf_clear(&p->line);
    } while (step == STEP_GO);
    return step;
}

enum cmg__http1_result cmg__http1_feed(struct cmg__http1_parser *p, const char *input,
                                       size_t n, size_t *taken, const char **data,
                                       size_t *data_len)
{
    static const enum cmg__http1_result results[] = {
        [STEP_MORE] = CMG__HTTP1_MORE,   [STEP_HEAD] = CMG__HTTP1_HEAD,
        [STEP_DATA] = CMG__HTTP1_DATA,   [STEP_END] = CMG__HTTP1_END,
        [STEP_ERROR] = CMG__HTTP1_ERROR,
    };
    struct cursor in = { .at = input, .left = n };
    enum step step = run(p, &in);
    if (step == STEP_ERROR)
        p->state = STATE_ERROR;
    *taken = n - in.left;
    *data = in.data;
    *data_len = in.data_len;
    return results[step];
}

bool cmg__http1_finish(struct cmg__http1_parser *p)
{
    bool whole = p->state == STATE_UNTIL_CLOSE || p->state == STATE_DONE;
    p->state = STATE_ERROR;
    return whole;
}
