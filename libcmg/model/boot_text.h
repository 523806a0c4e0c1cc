/* package/cmg-package as text, made at build time. */
#ifndef CMG_MODEL_BOOT_TEXT_H
#define CMG_MODEL_BOOT_TEXT_H

#include <stddef.h>

extern const char cmg__boot_text[];
extern const size_t cmg__boot_text_len;

#endif
