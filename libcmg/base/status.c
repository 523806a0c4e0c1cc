/* Names of status codes, and what the library says of itself. */
#include <cmg/version.h>
#include <string.h>

#include "base/compiler.h"

static const char *const status_names[] = {
    "CMG_OK",          "CMG_E_INVAL",    "CMG_E_NOMEM",    "CMG_E_STATE",
    "CMG_E_REENTRANT", "CMG_E_CALLBACK", "CMG_E_CANCELED", "CMG_E_TIMEOUT",
    "CMG_E_LIMIT",     "CMG_E_NOTFOUND", "CMG_E_EXISTS",   "CMG_E_CONFLICT",
    "CMG_E_AUTH",      "CMG_E_DENIED",   "CMG_E_PROTO",    "CMG_E_PARSE",
    "CMG_E_TLS",       "CMG_E_CERT",     "CMG_E_IO",       "CMG_E_UNSUPPORTED",
    "CMG_E_ABI",       "CMG_E_FORKED",   "CMG_E_INTERNAL",
};

const char *cmg_status_name(cmg_status status)
{
    int64_t index = -(int64_t)status;

    if (index < 0 || index >= (int64_t)CMG__ARRAY_LEN(status_names))
        return "CMG_E_UNKNOWN";
    return status_names[index];
}

const char *cmg_version(void)
{
    return CMG_VERSION;
}

uint32_t cmg_version_number(void)
{
    return CMG_VERSION_NUMBER;
}

static const char *const features[] = {
#ifdef CMG__RELAY
    "relay",
#endif
#ifdef CMG__MBEDTLS3
    "mbedtls3",
#endif
    NULL,
};

bool cmg_has_feature(const char *feature)
{
    if (feature == NULL)
        return false;
    for (const char *const *name = features; *name != NULL; name++) {
        if (strcmp(*name, feature) == 0)
            return true;
    }
    return false;
}
