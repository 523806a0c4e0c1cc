/* Dates of HTTP headers, in the one form that may be sent (RFC 9110, 5.6.7). */
#ifndef CMG_BASE_HTTP_DATE_H
#define CMG_BASE_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT"; the day of the week is not compared. */
bool cmg__http_date_parse(const char *s, int64_t *out_unix_s);

#endif
