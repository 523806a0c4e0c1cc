/*
 * What the texts of a specification must look like. Each function says yes or no; the
 * words for it stand in the field tables.
 */
#ifndef CMG_MODEL_PATTERN_H
#define CMG_MODEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

bool cmg__pattern_gateway_name(const char *s);   /* ^[a-z][a-z0-9]{2,23}$ */
bool cmg__pattern_region(const char *s);         /* ^[a-z0-9]+$ */
bool cmg__pattern_site_code(const char *s);      /* ^[A-Za-z0-9]{3}$ */
bool cmg__pattern_host_name(const char *s);      /* two labels or more, RFC 1123 */
bool cmg__pattern_resource_group(const char *s); /* ^[-\w.()]{1,90}$, no '.' at the end */
bool cmg__pattern_vm_size(const char *s);        /* ^[A-Za-z0-9_]+$ */
bool cmg__pattern_display_name(const char *s);   /* printable, no blank at the ends */
bool cmg__pattern_uri_name(const char *s);       /* letters, digits, '-', '_', '.' */
bool cmg__pattern_id_uri(const char *s);  /* api://GUID/text, https://host[/text] */
bool cmg__pattern_role_id(const char *s); /* decimal, 64 bits, canonical */
bool cmg__pattern_date(const char *s);    /* a day there is: 2028-02-29 */
bool cmg__pattern_origin(const char *s);  /* http(s)://host[:port], no path */

/* What is left of s in lower case when only letters and digits stay, from the first
   letter on, cut to size - 1: a guess at what was meant. */
void cmg__pattern_squeeze(const char *s, char *out, size_t size);

#endif
