/*
 * The parts of the parser that judge one line or a whole head; the parser's states call
 * them. Each returns false with error_status and error_text set.
 */
#ifndef CMG_NET_HTTP1_HEAD_H
#define CMG_NET_HTTP1_HEAD_H

#include "net/http1.h"

/* Always false. */
bool cmg__http1_fail(struct cmg__http1_parser *p, int status, const char *text);
void cmg__http1_head_reset(struct cmg__http1_head *head);
/* p->line is the line without CRLF. */
bool cmg__http1_request_line(struct cmg__http1_parser *p);
bool cmg__http1_status_line(struct cmg__http1_parser *p);
/* Adds the field of p->line to the headers; NULL only checks it. */
bool cmg__http1_field(struct cmg__http1_parser *p, struct cmg__headers *headers);
/* All fields are there: framing, host, expectation, persistence. */
bool cmg__http1_judge(struct cmg__http1_parser *p);

#endif
