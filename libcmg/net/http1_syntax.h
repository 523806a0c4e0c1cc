/*
 * The character classes and small grammars of RFC 9110 and 9112 that the parser and the
 * writer share: what one accepts, the other must be able to write.
 */
#ifndef CMG_NET_HTTP1_SYNTAX_H
#define CMG_NET_HTTP1_SYNTAX_H

#include "base/http.h"

/* 1*tchar */
bool cmg__http1_is_token(const char *s, size_t n);
/* HT, blank and visible characters; bytes from 0x80 only when high is set. */
bool cmg__http1_is_value(const char *s, size_t n, bool high);
/* Visible ASCII without '#', at least one byte. */
bool cmg__http1_is_target(const char *s, size_t n);
/* host[:port] by its characters: no user information, no path, no blank. */
bool cmg__http1_is_host(const char *s, size_t n);
/* True when the comma-separated list holds the member, compared without case. */
bool cmg__http1_list_has(const char *list, const char *member);
/* True when any field of that name holds the member in its list. */
bool cmg__http1_fields_have(const struct cmg__headers *headers, const char *name,
                            const char *member);
/* True when the text is one of the n names, compared without case. */
bool cmg__http1_is_one_of(const char *s, const char *const *names, size_t n);

#endif
