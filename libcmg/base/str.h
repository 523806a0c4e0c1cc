/*
 * Text: copies, formatting into fresh memory, comparison without case or locale, GUIDs,
 * times, hexadecimal. Nothing here knows what a text means to the rest of the library.
 */
#ifndef CMG_BASE_STR_H
#define CMG_BASE_STR_H

#include <stdarg.h>
#include "base/alloc.h"

/* NULL when memory ran out; s == NULL gives NULL. */
char *cmg__strdup(const struct cmg__alloc *alloc, const char *s);
char *cmg__strndup(const struct cmg__alloc *alloc, const char *s, size_t n);
char *cmg__format(const struct cmg__alloc *alloc, const char *fmt, ...) CMG__PRINTF(2, 3);
char *cmg__vformat(const struct cmg__alloc *alloc, const char *fmt, va_list args)
    CMG__PRINTF(2, 0);
/* Frees *dst and stores a copy of src (NULL allowed); *dst is unchanged on CMG_E_NOMEM.
 */
CMG__NODISCARD cmg_status cmg__str_assign(const struct cmg__alloc *alloc, char **dst,
                                          const char *src);

/* ASCII only, whatever the locale. */
bool cmg__is_alpha(char c);
bool cmg__is_digit(char c);
bool cmg__is_alnum(char c);
char cmg__lower(char c);
void cmg__lower_in_place(char *s);
bool cmg__str_ieq(const char *a, const char *b);
bool cmg__str_ieqn(const char *a, const char *b, size_t n);
bool cmg__str_starts(const char *s, const char *prefix);
bool cmg__str_istarts(const char *s, const char *prefix);
bool cmg__str_iends(const char *s, const char *suffix);
bool cmg__str_is_empty(const char *s); /* NULL or "" */
const char *cmg__str_or(const char *s, const char *otherwise);

/* Decimal digits only, no sign, no blanks, no overflow; false otherwise. */
bool cmg__parse_u64(const char *s, size_t n, uint64_t *out);
/* 1*HEXDIG, at most 16 digits. */
bool cmg__parse_hex(const char *s, size_t n, uint64_t *out);
/* Well-formed UTF-8 without NUL. */
bool cmg__utf8_is_valid(const char *s, size_t n);

/* Lower-case hexadecimal of n bytes; out holds 2n+1 characters. */
void cmg__hex_format(const void *bytes, size_t n, char *out);
/* 2n hexadecimal digits of either case to n bytes. */
bool cmg__hex_parse(const char *hex, size_t n, void *out);

/* 8-4-4-4-12 hexadecimal, either case. */
bool cmg__guid_is_valid(const char *s);
#define CMG__GUID_SIZE 37
/* A version 4 GUID of 16 random bytes, lower case. */
void cmg__guid_format(const uint8_t random[16], char out[CMG__GUID_SIZE]);

/* "2026-11-23T10:00:00Z"; out holds 21 characters. */
#define CMG__TIME_SIZE 21
void cmg__time_format(int64_t unix_s, char out[CMG__TIME_SIZE]);
/* ISO 8601 with Z or offset and any number of fractional digits. */
bool cmg__time_parse(const char *s, int64_t *out_unix_s);
/* Days from 1970-01-01 of a proleptic Gregorian date, and back. */
int64_t cmg__days_from_civil(int64_t year, unsigned month, unsigned day);
void cmg__civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
