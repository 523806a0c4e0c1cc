/*
 * The values of x509_list.h as text. Everything that comes from the certificate is
 * escaped here, so that a name cannot end its line or turn the reading direction.
 */
#include "crypto/x509_list.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"
#include "crypto/describe.h"
#include "crypto/x509_data.h"
#include "crypto/x509_name.h"

#define HEX_MAX  64
#define TEXT_MAX (4 * CMG__X509_DER_MAX)

static const char *const labels[CMG__GN_KIND_COUNT] = {
    [CMG__GN_KIND_DNS] = "DNS name",
    [CMG__GN_KIND_IP] = "IP address",
    [CMG__GN_KIND_EMAIL] = "e-mail address",
    [CMG__GN_KIND_URI] = "URI",
    [CMG__GN_KIND_UPN] = "user principal name",
    [CMG__GN_KIND_DIRECTORY] = "directory name",
    [CMG__GN_KIND_REGISTERED_ID] = "registered ID",
    [CMG__GN_KIND_OTHER] = "other name",
    [CMG__GN_KIND_X400] = "X.400 address",
    [CMG__GN_KIND_EDI] = "EDI party",
};

const char *cmg__gn_label(enum cmg__gn_kind kind)
{
    return labels[kind];
}

void cmg__oid_text(struct cmg__span oid, char out[CMG__OID_TEXT_SIZE])
{
    const char *name = cmg__oid_name(cmg__oid_find(oid.p, oid.n));

    if (name[0] != '\0' && strlen(name) < CMG__OID_TEXT_SIZE)
        memcpy(out, name, strlen(name) + 1);
    else
        cmg__oid_format(oid.p, oid.n, out);
}

static cmg_status add_hex(struct cmg__span bytes, struct cmg__buf *out)
{
    cmg_status rc = cmg__buf_add_char(out, '#');

    for (size_t i = 0; i < bytes.n && i < HEX_MAX && rc == CMG_OK; i++)
        rc = cmg__buf_addf(out, "%02x", bytes.p[i]);
    if (rc == CMG_OK && bytes.n > HEX_MAX)
        rc = cmg__buf_addf(out, "... (%zu bytes)", bytes.n);
    return rc;
}

static cmg_status add_address(struct cmg__span bytes, struct cmg__buf *out)
{
    char text[INET6_ADDRSTRLEN];

    if (inet_ntop(bytes.n == 4 ? AF_INET : AF_INET6, bytes.p, text, sizeof text) == NULL)
        return CMG_E_INTERNAL;
    return cmg__buf_add_str(out, text);
}

static cmg_status add_ip(const struct cmg__gn *name, struct cmg__buf *out)
{
    const struct cmg__span value = name->value;
    const size_t half = value.n / 2;

    if (value.n == 4 || value.n == 16)
        return add_address(value, out);
    if (value.n != 8 && value.n != 32)
        return add_hex(value, out);
    cmg_status rc = add_address(cmg__span_of(value.p, half), out);
    if (rc == CMG_OK)
        rc = cmg__buf_add_char(out, '/');
    if (rc == CMG_OK)
        rc = add_address(cmg__span_of(value.p + half, half), out);
    return rc;
}

static cmg_status add_plain(const struct cmg__gn *name, struct cmg__buf *out)
{
    return cmg__describe_escape(out, name->value.p, name->value.n);
}

/* fill into fresh memory, then escaped; hexadecimal of raw when it is malformed. */
static cmg_status add_filled(struct cmg__buf *text, cmg_status rc, struct cmg__span raw,
                             struct cmg__buf *out)
{
    if (rc == CMG_OK)
        rc = cmg__describe_escape(out, text->data, text->len);
    else if (rc == CMG_E_PARSE)
        rc = add_hex(raw, out);
    cmg__buf_done(text);
    return rc;
}

static cmg_status add_item(struct cmg__der_item item, struct cmg__buf *out)
{
    struct cmg__buf text;
    cmg_status rc = CMG_OK;

    cmg__buf_init(&text, out->alloc, TEXT_MAX);
    if (!cmg__der_text(&item, &text, &rc) && rc == CMG_OK)
        rc = CMG_E_PARSE;
    return add_filled(&text, rc, item.whole, out);
}

cmg_status cmg__attribute_text(const struct cmg__attribute *attribute,
                               struct cmg__buf *out)
{
    return add_item(attribute->value, out);
}

static cmg_status add_directory(const struct cmg__gn *name, struct cmg__buf *out)
{
    struct cmg__buf text;

    cmg__buf_init(&text, out->alloc, TEXT_MAX);
    const cmg_status rc = cmg__x509_name_text(name->value, &text);
    return add_filled(&text, rc, name->value, out);
}

/* A string, or whatever else it is, in hexadecimal. */
static cmg_status add_wrapped(const struct cmg__gn *name, struct cmg__buf *out)
{
    struct cmg__span value = name->value;
    struct cmg__der_item item = { 0 };

    return cmg__der_next(&value, &item) ? add_item(item, out) : add_hex(value, out);
}

static cmg_status add_oid(struct cmg__span oid, struct cmg__buf *out)
{
    char text[CMG__OID_TEXT_SIZE];

    cmg__oid_text(oid, text);
    return cmg__buf_add_str(out, text);
}

static cmg_status add_registered(const struct cmg__gn *name, struct cmg__buf *out)
{
    return add_oid(name->value, out);
}

static cmg_status add_other(const struct cmg__gn *name, struct cmg__buf *out)
{
    cmg_status rc = add_oid(name->type, out);

    if (rc == CMG_OK)
        rc = cmg__buf_add_char(out, '=');
    return rc == CMG_OK ? add_wrapped(name, out) : rc;
}

static cmg_status add_bytes(const struct cmg__gn *name, struct cmg__buf *out)
{
    return add_hex(name->value, out);
}

cmg_status cmg__gn_text(const struct cmg__gn *name, struct cmg__buf *out)
{
    static cmg_status (*const add[CMG__GN_KIND_COUNT])(const struct cmg__gn *,
                                                       struct cmg__buf *) = {
        [CMG__GN_KIND_DNS] = add_plain,
        [CMG__GN_KIND_IP] = add_ip,
        [CMG__GN_KIND_EMAIL] = add_plain,
        [CMG__GN_KIND_URI] = add_plain,
        [CMG__GN_KIND_UPN] = add_wrapped,
        [CMG__GN_KIND_DIRECTORY] = add_directory,
        [CMG__GN_KIND_REGISTERED_ID] = add_registered,
        [CMG__GN_KIND_OTHER] = add_other,
        [CMG__GN_KIND_X400] = add_bytes,
        [CMG__GN_KIND_EDI] = add_bytes,
    };

    return add[name->kind](name, out);
}

cmg_status cmg__key_usage_text(unsigned bits, struct cmg__buf *out)
{
    static const struct {
        unsigned bit;
        const char *name;
    } usages[] = {
        { CMG__KU_DIGITAL_SIGNATURE, "digitalSignature" },
        { CMG__KU_NON_REPUDIATION, "nonRepudiation" },
        { CMG__KU_KEY_ENCIPHERMENT, "keyEncipherment" },
        { CMG__KU_DATA_ENCIPHERMENT, "dataEncipherment" },
        { CMG__KU_KEY_AGREEMENT, "keyAgreement" },
        { CMG__KU_KEY_CERT_SIGN, "keyCertSign" },
        { CMG__KU_CRL_SIGN, "cRLSign" },
        { CMG__KU_ENCIPHER_ONLY, "encipherOnly" },
        { CMG__KU_DECIPHER_ONLY, "decipherOnly" },
    };
    const char *separator = "";
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < CMG__ARRAY_LEN(usages) && rc == CMG_OK; i++) {
        if ((bits & usages[i].bit) == 0)
            continue;
        rc = cmg__buf_addf(out, "%s%s", separator, usages[i].name);
        separator = ", ";
    }
    return rc;
}

cmg_status cmg__ms_template_text(const struct cmg__ms_template *t, struct cmg__buf *out)
{
    if (t->name.tag != 0)
        return add_item(t->name, out);
    const cmg_status rc = add_oid(t->oid, out);
    if (rc != CMG_OK)
        return rc;
    return cmg__buf_addf(out, " version %u.%u", t->major, t->minor);
}
