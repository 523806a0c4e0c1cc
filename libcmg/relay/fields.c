/*
 * The border tables. A name ending in '*' stands for every name with that beginning. '_'
 * counts as '-', since servers of the CGI kind cannot tell them apart.
 */
#include "relay/fields.h"
#include "base/str.h"
#include "net/http1.h"
#include <string.h>

/* What a client, or a proxy before it, could use to pose as somebody. */
static const char *const identity_names[] = { "cmg-*",
                                              "client-cert",
                                              "client-cert-chain",
                                              "forwarded",
                                              "via",
                                              "x-forwarded-*",
                                              "x-real-ip",
                                              "x-client-ip",
                                              "x-client-cert*",
                                              "x-cluster-client-ip",
                                              "x-ssl-*",
                                              "x-arr-*",
                                              "x-original-*",
                                              "x-rewrite-url",
                                              "x-ms-client-principal*",
                                              "x-ms-token-*",
                                              "true-client-ip",
                                              "cf-connecting-ip",
                                              NULL };

/* Made anew on each leg, or meaningless on the next. */
static const char *const framing_names[] = { "host",
                                             "content-length",
                                             "transfer-encoding",
                                             "connection",
                                             "keep-alive",
                                             "proxy-*",
                                             "te",
                                             "trailer",
                                             "upgrade",
                                             "http2-settings",
                                             "expect",
                                             NULL };

/* The service's own that stay between service and connection point. */
static const char *const channel_names[] = { "cmg-*", NULL };
static const char *const answer_names[] = { "cmg-*", "server", "via", NULL };

static const char *const *const dropped[][3] = {
    [CMG__BORDER_CLIENT_IN] = { framing_names, identity_names, NULL },
    [CMG__BORDER_UPSTREAM_IN] = { framing_names, channel_names, NULL },
    [CMG__BORDER_UPSTREAM_OUT] = { framing_names, answer_names, NULL },
    [CMG__BORDER_CLIENT_OUT] = { framing_names, answer_names, NULL },
};

static char fold(char c)
{
    return c == '_' ? '-' : cmg__lower(c);
}

static bool matches(const char *pattern, const char *name)
{
    size_t i = 0;

    while (pattern[i] != '\0' && pattern[i] == fold(name[i]))
        i++;
    return pattern[i] == '*' || (pattern[i] == '\0' && name[i] == '\0');
}

static bool is_listed(const char *const *list, const char *name)
{
    for (; *list != NULL; list++) {
        if (matches(*list, name))
            return true;
    }
    return false;
}

bool cmg__fields_is_identity(const char *name)
{
    return is_listed(identity_names, name);
}

/* One comma-separated member of a Connection value, as a zero-terminated name. */
static bool option_is_sane(const char *s, size_t n)
{
    static const char *const never[] = { "host",          "content-length",
                                         "authorization", "content-type",
                                         "range",         NULL };
    char name[65];

    if (n >= sizeof name)
        return false;
    memcpy(name, s, n);
    name[n] = '\0';
    return !is_listed(never, name) && !is_listed(identity_names, name);
}

static bool value_is_sane(const char *value)
{
    while (*value != '\0') {
        value += strspn(value, " \t,");
        size_t n = strcspn(value, " \t,");
        if (!option_is_sane(value, n))
            return false;
        value += n;
    }
    return true;
}

bool cmg__fields_connection_is_sane(const struct cmg__headers *headers)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (cmg__str_ieq(headers->items[i].name, "connection") &&
            !value_is_sane(headers->items[i].value))
            return false;
    }
    return true;
}

static bool passes(enum cmg__border border, const struct cmg__headers *in,
                   const char *name)
{
    for (size_t i = 0; dropped[border][i] != NULL; i++) {
        if (is_listed(dropped[border][i], name))
            return false;
    }
    return !cmg__http1_is_hop_by_hop(in, name);
}

cmg_status cmg__fields_pass(enum cmg__border border, const struct cmg__headers *in,
                            struct cmg__headers *out)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < in->count && rc == CMG_OK; i++) {
        if (!passes(border, in, in->items[i].name))
            continue;
        rc = cmg__headers_add(out, in->items[i].name, in->items[i].value);
        if (rc == CMG_OK) {
            cmg__lower_in_place(out->items[out->count - 1].name);
            out->items[out->count - 1].secret = in->items[i].secret;
        }
    }
    return rc;
}

bool cmg__fields_reason_is_valid(const char *reason)
{
    size_t n = strlen(reason);

    if (n < 1 || n > 64)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!cmg__is_alnum(reason[i]) && reason[i] != '_' && reason[i] != '-')
            return false;
    }
    return true;
}

cmg_status cmg__fields_reason(struct cmg__buf *out, const char *prefix,
                              const char *phrase)
{
    cmg_status rc = cmg__buf_add_str(out, prefix);

    for (; *phrase != '\0' && rc == CMG_OK; phrase++) {
        if (cmg__is_alnum(*phrase))
            rc = cmg__buf_add_char(out, *phrase);
    }
    return rc;
}
