/*
 * What a person would read on a page: tags, scripts and comments gone, character
 * references resolved, white space collapsed, cut at a length. Never fails; bytes that
 * are not UTF-8 count as Latin 1.
 */
#ifndef CMG_ENROL_HTML_H
#define CMG_ENROL_HTML_H

#include <stddef.h>

/* out holds size bytes and is always terminated. */
void cmg__html_text(const char *html, size_t n, char *out, size_t size);

#endif
