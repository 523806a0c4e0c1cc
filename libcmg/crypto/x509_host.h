/* Host names and addresses as certificates carry them (RFC 9525, RFC 5280). */
#ifndef CMG_CRYPTO_X509_HOST_H
#define CMG_CRYPTO_X509_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Letters, digits, '-' and '_' in labels of 1 to 63, 253 at most; an optional "*." first.
 */
bool cmg__host_is_valid(const char *name, bool wildcard);
/* 4 or 16 bytes of an IPv4 or IPv6 address in text form; 0 when it is none. */
size_t cmg__host_address(const char *text, uint8_t out[16]);
/* Whether everybody may register names below it, as far as that is known here: one label,
   what countries have as second levels, and the shared domains of clouds. */
bool cmg__host_is_public_suffix(const char *name);

#endif
