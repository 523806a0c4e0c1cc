/*
 * Whether a certificate is for a host. Names compare as ASCII without case; '*' stands
 * for exactly one whole left-most label with at least two labels behind it; addresses
 * compare with iPAddress entries only, and the common name with nothing: what RFC 9525
 * leaves out cannot be forged.
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
    return false;
}

bool cmg__x509_common_name_is(const struct cmg__x509 *cert, const char *host)
{
    return cmg__str_ieq(cert->common_name, host) ||
           (cmg__host_is_valid(host, false) && matches_pattern(cert->common_name, host));
}

/* Second levels under which countries register, whatever the country. */
static bool is_registry_label(const char *label, size_t n)
{
    static const char *const labels[] = { "co",  "com", "org", "net", "edu", "gov",
                                          "gob", "gub", "ac",  "mil", "ne",  "or",
                                          "go",  "nom", "ltd", "plc", "sch", "ad" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(labels); i++) {
        if (strlen(labels[i]) == n && cmg__str_ieqn(labels[i], label, n))
            return true;
    }
    return false;
}

/* Names below which everybody may have one: clouds first, since gateways live there. */
static bool is_shared_suffix(const char *name)
{
    static const char *const suffixes[] = {
        "cloudapp.net",
        "cloudapp.azure.com",
        "azurewebsites.net",
        "azure-api.net",
        "azureedge.net",
        "azurefd.net",
        "trafficmanager.net",
        "blob.core.windows.net",
        "web.core.windows.net",
        "usgovcloudapp.net",
        "chinacloudapp.cn",
        "azurestaticapps.net",
        "azure-mobile.net",
        "servicebus.windows.net",
        "s3.amazonaws.com",
        "amazonaws.com",
        "compute.amazonaws.com",
        "elb.amazonaws.com",
        "cloudfront.net",
        "elasticbeanstalk.com",
        "appspot.com",
        "cloudfunctions.net",
        "run.app",
        "web.app",
        "firebaseapp.com",
        "github.io",
        "gitlab.io",
        "herokuapp.com",
        "netlify.app",
        "vercel.app",
        "pages.dev",
        "workers.dev",
        "fly.dev",
        "ngrok.io",
        "blogspot.com",
        "wordpress.com",
        "dyndns.org",
        "no-ip.org",
        "duckdns.org",
        "onmicrosoft.com",
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(suffixes); i++) {
        const char *dot = strchr(name, '.');

        /* "eastus.cloudapp.azure.com" is shared like what stands behind its region. */
        if (cmg__str_ieq(name, suffixes[i]) ||
            (strcmp(suffixes[i], "cloudapp.azure.com") == 0 && dot != NULL &&
             cmg__str_ieq(dot + 1, suffixes[i])))
            return true;
    }
    return false;
}

bool cmg__host_is_public_suffix(const char *name)
{
    const char *dot = strchr(name, '.');

    if (dot == NULL || is_shared_suffix(name))
        return true;
    return strlen(dot + 1) == 2 && is_registry_label(name, (size_t)(dot - name));
}
