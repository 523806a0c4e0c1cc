/*
 * Base64 and base64url (RFC 4648), strict: no white space, no missing or extra padding,
 * unused bits of the last character zero. mbedTLS's decoder accepts all of those and is
 * unfit for tokens.
 */
#ifndef CMG_BASE_BASE64_H
#define CMG_BASE_BASE64_H

#include "base/buf.h"

/* Appends to out. */
CMG__NODISCARD cmg_status cmg__base64_encode(struct cmg__buf *out, const void *data,
                                             size_t n);
CMG__NODISCARD cmg_status cmg__base64url_encode(struct cmg__buf *out, const void *data,
                                                size_t n);
/* Append to out; CMG_E_PARSE when s is not canonical. The url form takes no padding. */
CMG__NODISCARD cmg_status cmg__base64_decode(struct cmg__buf *out, const char *s,
                                             size_t n);
CMG__NODISCARD cmg_status cmg__base64url_decode(struct cmg__buf *out, const char *s,
                                                size_t n);

#endif
