/*
 * Names asked for: checking them, composing them. A name that no client could match is
 * refused here, where the operator still reads the message, and not in the field.
 */
#include "crypto/x509_names.h"

#include <string.h>

#include "base/str.h"
#include "crypto/x509_data.h"
#include "crypto/x509_host.h"

#define URI_MAX 2048
#define UPN_MAX 256

/* ---- the subject ---- */

static const struct part {
    const char *field;
    size_t offset;
    enum cmg__oid type;
    size_t max; /* characters, upper bounds of RFC 5280 */
} parts[] = {
    { "country", offsetof(struct cmg__x509_names, country), CMG__OID_C, 2 },
    { "state", offsetof(struct cmg__x509_names, state), CMG__OID_ST, 128 },
    { "locality", offsetof(struct cmg__x509_names, locality), CMG__OID_L, 128 },
    { "organization", offsetof(struct cmg__x509_names, organization), CMG__OID_O, 64 },
    { "organizational_unit", offsetof(struct cmg__x509_names, organizational_unit),
      CMG__OID_OU, 64 },
    { "common_name", offsetof(struct cmg__x509_names, common_name), CMG__OID_CN, 64 },
};

static const char *text_of(const struct cmg__x509_names *names, const struct part *part)
{
    const char *text;

    memcpy(&text, (const char *)names + part->offset, sizeof text);
    return text;
}

static bool has_control(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    }
    return false;
}

/* Length in characters of valid UTF-8; 0 when it is not. */
static size_t utf8_length(const char *text)
{
    size_t count = 0;

    if (!cmg__utf8_is_valid(text, strlen(text)) || has_control(text))
        return 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0U) != 0x80U;
    return count;
}

static bool is_upper(char c)
{
    return cmg__is_alpha(c) && cmg__lower(c) != c;
}

static cmg_status check_part(const struct cmg__alloc *alloc, const struct part *part,
                             const char *text, cmg_error **err)
{
    const size_t n = utf8_length(text);

    if (part->type == CMG__OID_C && (n != 2 || !is_upper(text[0]) || !is_upper(text[1])))
        return cmg__fail(err, alloc, CMG_E_INVAL, part->field,
                         "give the two capital letters of ISO 3166, such as \"DE\"",
                         "\"%.40s\" is not a country", text);
    if (n >= 1 && n <= part->max)
        return CMG_OK;
    char *remedy = cmg__format(
        alloc, "give 1 to %zu characters of UTF-8 without control characters", part->max);
    if (remedy == NULL)
        return cmg__fail_nomem(err);
    const cmg_status rc = cmg__fail(err, alloc, CMG_E_INVAL, part->field, remedy,
                                    "%s has %zu characters", part->field, n);
    cmg__free(alloc, remedy);
    return rc;
}

/* ---- alternative names ---- */

static bool is_visible(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= 0x20 || *text >= 0x7f)
            return false;
    }
    return true;
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
    }
    return true;
}

static const char *judge_dns(const struct cmg__x509_template *t, const char *name)
{
    uint8_t address[16];

    if (!is_ascii(name))
        return "write internationalised names with A-labels (\"xn--...\")";
    if (cmg__host_address(name, address) != 0)
        return "put addresses into ip_addresses";
    if (name[0] == '*' && !t->wildcard)
        return "name each host: this template allows no wildcard";
    if (name[0] == '*' && (strlen(name) < 3 || strchr(name + 2, '.') == NULL))
        return "a wildcard needs at least two labels behind it: \"*.contoso.com\"";
    if (!cmg__host_is_valid(name, true))
        return "give a host name such as \"gw.contoso.com\" or \"*.contoso.com\"";
    return NULL;
}

static const char *judge_ip(const struct cmg__x509_template *t, const char *name)
{
    uint8_t address[16];

    (void)t;
    return cmg__host_address(name, address) != 0 ? NULL : "give an IPv4 or IPv6 address";
}

static const char *judge_upn(const struct cmg__x509_template *t, const char *name)
{
    static const char remedy[] =
        "give a user principal name such as \"user@contoso.com\"";
    const char *at = strchr(name, '@');

    (void)t;
    if (at == NULL || at == name || strlen(name) > UPN_MAX || utf8_length(name) == 0 ||
        strchr(name, '\\') != NULL || !cmg__host_is_valid(at + 1, false))
        return remedy;
    return NULL;
}

static const char *judge_uri(const struct cmg__x509_template *t, const char *name)
{
    static const char remedy[] =
        "give an absolute URI of ASCII characters: \"https://...\"";
    const char *p = name;

    (void)t;
    if (!cmg__is_alpha(*p) || strlen(name) > URI_MAX || !is_visible(name) ||
        strchr(name, '\\') != NULL)
        return remedy;
    while (cmg__is_alnum(*p) || *p == '+' || *p == '-' || *p == '.')
        p++;
    return *p == ':' && p[1] != '\0' ? NULL : remedy;
}

static const struct kind {
    const char *field;
    size_t offset;
    unsigned bit;
    /* NULL when it is good, else the remedy */
    const char *(*judge)(const struct cmg__x509_template *t, const char *name);
} kinds[] = {
    { "dns_names", offsetof(struct cmg__x509_names, dns_names), CMG__NAME_DNS,
      judge_dns },
    { "ip_addresses", offsetof(struct cmg__x509_names, ip_addresses), CMG__NAME_IP,
      judge_ip },
    { "upns", offsetof(struct cmg__x509_names, upns), CMG__NAME_UPN, judge_upn },
    { "uris", offsetof(struct cmg__x509_names, uris), CMG__NAME_URI, judge_uri },
};

static const char *const *list_of(const struct cmg__x509_names *names,
                                  const struct kind *kind)
{
    const char *const *list;

    memcpy(&list, (const char *)names + kind->offset, sizeof list);
    return list;
}

static cmg_status check_kind(const struct cmg__alloc *alloc,
                             const struct cmg__x509_template *t,
                             const struct cmg__x509_names *names, const struct kind *kind,
                             size_t *count, cmg_error **err)
{
    for (const char *const *p = list_of(names, kind); p != NULL && *p != NULL; p++) {
        if ((t->name_kinds & kind->bit) == 0)
            return cmg__fail(err, alloc, CMG_E_INVAL, kind->field,
                             "leave them out, or use a template that allows them",
                             "the template \"%s\" allows no %s", t->name, kind->field);
        if (++*count > CMG__NAMES_MAX)
            return cmg__fail(err, alloc, CMG_E_INVAL, kind->field,
                             "give at most 100 alternative names",
                             "there are too many alternative names");
        const char *remedy = kind->judge(t, *p);
        if (remedy != NULL)
            return cmg__fail(err, alloc, CMG_E_INVAL, kind->field, remedy,
                             "\"%.80s\" cannot be in %s", *p, kind->field);
    }
    return CMG_OK;
}

static bool list_has(const char *const *list, const char *name)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        if (cmg__str_ieq(list[i], name))
            return true;
    }
    return false;
}

static bool repeats_common_name(const struct cmg__x509_template *t,
                                const struct cmg__x509_names *names)
{
    return t->repeat_common_name && names->common_name != NULL &&
           judge_dns(t, names->common_name) == NULL &&
           !list_has(names->dns_names, names->common_name);
}

static cmg_status check_common_name(const struct cmg__alloc *alloc,
                                    const struct cmg__x509_template *t,
                                    const struct cmg__x509_names *names, cmg_error **err)
{
    const char *name = names->common_name;

    if (name == NULL && t->common_name_required)
        return cmg__fail(err, alloc, CMG_E_INVAL, "common_name",
                         "give 1 to 64 characters of UTF-8",
                         "the template \"%s\" requires a common name", t->name);
    if (name == NULL && !cmg__x509_names_has_subject(names) &&
        !cmg__x509_names_has_alternatives(t, names))
        return cmg__fail(err, alloc, CMG_E_INVAL, "common_name",
                         "give a common name or an alternative name",
                         "the certificate would be nobody's");
    const char *remedy = name != NULL && name[0] == '*' ? judge_dns(t, name) : NULL;
    if (remedy != NULL)
        return cmg__fail(err, alloc, CMG_E_INVAL, "common_name", remedy,
                         "the template \"%s\" does not allow \"%.80s\"", t->name, name);
    return CMG_OK;
}

cmg_status cmg__x509_names_check(const struct cmg__alloc *alloc,
                                 const struct cmg__x509_template *t,
                                 const struct cmg__x509_names *names, cmg_error **err)
{
    size_t count = 0;
    cmg_status rc = check_common_name(alloc, t, names, err);

    for (size_t i = CMG__ARRAY_LEN(parts); i > 0 && rc == CMG_OK; i--) {
        const char *text = text_of(names, &parts[i - 1]);

        if (text != NULL)
            rc = check_part(alloc, &parts[i - 1], text, err);
    }
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds) && rc == CMG_OK; i++)
        rc = check_kind(alloc, t, names, &kinds[i], &count, err);
    return rc;
}

/* ---- composing ---- */

bool cmg__x509_names_has_subject(const struct cmg__x509_names *names)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(parts); i++) {
        if (text_of(names, &parts[i]) != NULL)
            return true;
    }
    return false;
}

static void put_part(struct cmg__der_writer *w, const struct part *part, const char *text)
{
    const size_t set = cmg__der_open(w, CMG__DER_SET);
    const size_t pair = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, part->type);
    cmg__der_put(
        w, part->type == CMG__OID_C ? CMG__DER_PRINTABLE_STRING : CMG__DER_UTF8_STRING,
        text, strlen(text));
    cmg__der_close(w, pair);
    cmg__der_close(w, set);
}

void cmg__x509_names_put_subject(struct cmg__der_writer *w,
                                 const struct cmg__x509_template *t,
                                 const struct cmg__x509_names *names)
{
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    for (size_t i = 0; i < CMG__ARRAY_LEN(parts); i++) {
        const char *text = text_of(names, &parts[i]);

        if (text != NULL && (parts[i].type == CMG__OID_CN || !t->common_name_only))
            put_part(w, &parts[i], text);
    }
    cmg__der_close(w, mark);
}

bool cmg__x509_names_has_alternatives(const struct cmg__x509_template *t,
                                      const struct cmg__x509_names *names)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        const char *const *list = list_of(names, &kinds[i]);

        if (list != NULL && list[0] != NULL)
            return true;
    }
    return repeats_common_name(t, names);
}

static void put_upn(struct cmg__der_writer *w, const char *name)
{
    const size_t outer = cmg__der_open(w, CMG__GN_OTHER);

    cmg__der_put_oid(w, CMG__OID_UPN);
    const size_t value = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
    cmg__der_put(w, CMG__DER_UTF8_STRING, name, strlen(name));
    cmg__der_close(w, value);
    cmg__der_close(w, outer);
}

static void put_name(struct cmg__der_writer *w, unsigned bit, const char *name)
{
    uint8_t address[16];

    if (bit == CMG__NAME_UPN)
        put_upn(w, name);
    else if (bit == CMG__NAME_IP)
        cmg__der_put(w, CMG__GN_IP, address, cmg__host_address(name, address));
    else
        cmg__der_put(w, bit == CMG__NAME_DNS ? CMG__GN_DNS : CMG__GN_URI, name,
                     strlen(name));
}

void cmg__x509_names_put_alternatives(struct cmg__der_writer *w,
                                      const struct cmg__x509_template *t,
                                      const struct cmg__x509_names *names)
{
    if (repeats_common_name(t, names))
        put_name(w, CMG__NAME_DNS, names->common_name);
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        for (const char *const *p = list_of(names, &kinds[i]); p != NULL && *p != NULL;
             p++)
            put_name(w, kinds[i].bit, *p);
    }
}
