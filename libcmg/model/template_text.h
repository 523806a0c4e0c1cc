/* template.json as text, made at build time. */
#ifndef CMG_MODEL_TEMPLATE_TEXT_H
#define CMG_MODEL_TEMPLATE_TEXT_H

#include <stddef.h>

extern const char cmg__template_text[];
extern const size_t cmg__template_text_len;

#endif
