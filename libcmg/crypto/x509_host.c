/*
 * Whether a certificate is for a host. Names compare as ASCII without case; '*' stands
 * for exactly one whole left-most label with at least two labels behind it; addresses
 * compare with iPAddress entries only.
 */
#include "crypto/x509_host.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"
#include "crypto/x509_data.h"

static bool is_label_char(char c)
{
    return cmg__is_alnum(c) || c == '-' || c == '_';
}

bool cmg__host_is_valid(const char *name, bool wildcard)
{
    size_t label = 0;
    size_t n = strlen(name);

    if (wildcard && cmg__str_starts(name, "*.")) {
        name += 2;
        n -= 2;
    }
    if (n == 0 || n > 253)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (name[i] == '.') {
            if (label == 0 || name[i - 1] == '-')
                return false;
            label = 0;
        } else if (!is_label_char(name[i]) || (label == 0 && name[i] == '-') ||
                   ++label > 63) {
            return false;
        }
    }
    return label > 0 && name[n - 1] != '-';
}

size_t cmg__host_address(const char *text, uint8_t out[16])
{
    if (inet_pton(AF_INET, text, out) == 1)
        return 4;
    return inet_pton(AF_INET6, text, out) == 1 ? 16 : 0;
}

static bool has_address(const struct cmg__x509 *cert, const uint8_t *address, size_t n)
{
    struct cmg__span in = cert->alternative_names;
    struct cmg__der_item name;

    while (in.n > 0 && cmg__der_next(&in, &name)) {
        if (name.tag == CMG__GN_IP &&
            cmg__span_eq(name.content, cmg__span_of(address, n)))
            return true;
    }
    return false;
}

static bool matches_pattern(const char *pattern, const char *host)
{
    if (!cmg__host_is_valid(pattern, true))
        return false;
    if (!cmg__str_starts(pattern, "*."))
        return cmg__str_ieq(pattern, host);
    const char *rest = strchr(host, '.');
    return rest != NULL && strchr(rest + 1, '.') != NULL &&
           cmg__str_ieq(pattern + 1, rest);
}

bool cmg__x509_matches_host(const struct cmg__x509 *cert, const char *host)
{
    uint8_t address[16];
    char name[256];
    size_t n = strlen(host);

    const size_t address_len = cmg__host_address(host, address);
    if (address_len > 0)
        return has_address(cert, address, address_len);
    if (n > 0 && host[n - 1] == '.')
        n--;
    if (n == 0 || n > 253)
        return false;
    memcpy(name, host, n);
    name[n] = '\0';
    if (!cmg__host_is_valid(name, false))
        return false;
    for (size_t i = 0; i < cert->dns_count; i++) {
        if (matches_pattern(cert->dns_names[i], name))
            return true;
    }
    return cert->dns_count == 0 && matches_pattern(cert->common_name, name);
}
