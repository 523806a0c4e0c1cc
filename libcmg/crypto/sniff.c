/*
 * Telling kinds of files apart. Only tags and the first identifiers are looked at, and of
 * BER as much of DER as a header needs: lengths may be indefinite.
 */
#include "crypto/sniff.h"

#include <string.h>

#include "base/str.h"

#define BASE64_MIN 64

/* Into the next value: its tag, and in becomes its content (as far as it is there). */
static unsigned enter(struct cmg__span *in)
{
    size_t head = 2;

    if (in->n < 2)
        return 0;
    const unsigned tag = in->p[0];
    if (in->p[1] > 0x80)
        head += in->p[1] & 0x7fU;
    if (head > in->n)
        return 0;
    *in = cmg__span_of(in->p + head, in->n - head);
    return tag;
}

/* ContentInfo: the identifier comes first. */
static enum cmg__kind kind_of_content_info(struct cmg__span body)
{
    enum cmg__oid type;

    if (!cmg__der_take_oid(&body, &type))
        return CMG__KIND_UNKNOWN;
    if (type == CMG__OID_SIGNED_DATA)
        return CMG__KIND_PKCS7;
    return type == CMG__OID_DATA || type == CMG__OID_ENVELOPED_DATA ||
                   type == CMG__OID_ENCRYPTED_DATA
               ? CMG__KIND_PKCS7_OTHER
               : CMG__KIND_UNKNOWN;
}

/* A version comes first: PFX, PKCS#8, PKCS#1 or SEC1. */
static enum cmg__kind kind_of_versioned(struct cmg__span body)
{
    uint32_t version;
    enum cmg__oid oid;

    if (!cmg__der_take_uint(&body, 3, &version))
        return CMG__KIND_UNKNOWN;
    const unsigned tag = cmg__der_peek(&body);
    if (version == 3 && tag == CMG__DER_SEQUENCE) {
        (void)enter(&body);
        return cmg__der_take_oid(&body, &oid) ? CMG__KIND_PFX : CMG__KIND_UNKNOWN;
    }
    return tag == CMG__DER_SEQUENCE || tag == CMG__DER_INTEGER ||
                   tag == CMG__DER_OCTET_STRING
               ? CMG__KIND_KEY
               : CMG__KIND_UNKNOWN;
}

/* The inside of what is signed in a certificate of version 1, a request or a list. */
static enum cmg__kind kind_of_signed(struct cmg__span tbs)
{
    struct cmg__der_item first;
    struct cmg__der_item second;
    struct cmg__der_item third;

    if (cmg__der_peek(&tbs) == CMG__DER_CONTEXT_CONS + 0)
        return CMG__KIND_CERTIFICATE;
    if (cmg__der_peek(&tbs) == CMG__DER_INTEGER && !cmg__der_next(&tbs, &first))
        return CMG__KIND_UNKNOWN;
    if (!cmg__der_next(&tbs, &second) || !cmg__der_next(&tbs, &third))
        return CMG__KIND_UNKNOWN;
    if (cmg__der_peek(&second.content) != CMG__DER_OID)
        return third.tag == CMG__DER_SEQUENCE ? CMG__KIND_CSR : CMG__KIND_UNKNOWN;
    const unsigned after = cmg__der_peek(&tbs);
    if (after == CMG__DER_UTC_TIME || after == CMG__DER_GENERALIZED_TIME)
        return CMG__KIND_CRL;
    return after == CMG__DER_SEQUENCE ? CMG__KIND_CERTIFICATE : CMG__KIND_UNKNOWN;
}

/* A SEQUENCE comes first: an algorithm, or what a signature covers. */
static enum cmg__kind kind_of_nested(struct cmg__span body)
{
    struct cmg__der_item first;

    if (!cmg__der_next(&body, &first)) {
        (void)enter(&body);
        return kind_of_signed(body);
    }
    if (cmg__der_peek(&first.content) != CMG__DER_OID)
        return kind_of_signed(first.content);
    switch (cmg__der_peek(&body)) {
    case CMG__DER_OCTET_STRING:
        return CMG__KIND_ENCRYPTED_KEY;
    case CMG__DER_BIT_STRING:
        return CMG__KIND_PUBLIC_KEY;
    default:
        return CMG__KIND_UNKNOWN;
    }
}

enum cmg__kind cmg__sniff_der(struct cmg__span der)
{
    if (enter(&der) != CMG__DER_SEQUENCE)
        return CMG__KIND_UNKNOWN;
    switch (cmg__der_peek(&der)) {
    case CMG__DER_OID:
        return kind_of_content_info(der);
    case CMG__DER_INTEGER:
        return kind_of_versioned(der);
    case CMG__DER_SEQUENCE:
        return kind_of_nested(der);
    default:
        return CMG__KIND_UNKNOWN;
    }
}

static bool contains(const char *text, size_t n, const char *needle)
{
    const size_t len = strlen(needle);

    for (size_t i = 0; i + len <= n; i++) {
        if (text[i] == needle[0] && memcmp(text + i, needle, len) == 0)
            return true;
    }
    return false;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_base64(const char *text, size_t n)
{
    size_t digits = 0;

    for (size_t i = 0; i < n; i++) {
        if (is_space(text[i]))
            continue;
        if (!cmg__is_alnum(text[i]) && text[i] != '+' && text[i] != '/' && text[i] != '=')
            return false;
        digits++;
    }
    return digits >= BASE64_MIN && digits % 4 == 0;
}

static enum cmg__kind kind_of_text(const char *text, size_t n)
{
    if (contains(text, n, "-----BEGIN "))
        return CMG__KIND_PEM;
    while (n > 0 && is_space(*text)) {
        text++;
        n--;
    }
    if (n == 0)
        return CMG__KIND_EMPTY;
    if (*text == '<')
        return CMG__KIND_HTML;
    if (*text == '{' || *text == '[')
        return CMG__KIND_JSON;
    if (n > 4 && memcmp(text, "ssh-", 4) == 0)
        return CMG__KIND_SSH_KEY;
    return is_base64(text, n) ? CMG__KIND_BASE64 : CMG__KIND_UNKNOWN;
}

enum cmg__kind cmg__sniff(const void *data, size_t n)
{
    const uint8_t *bytes = data;

    if (n == 0)
        return CMG__KIND_EMPTY;
    if (n >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) ||
                   (bytes[0] == 0xfe && bytes[1] == 0xff)))
        return CMG__KIND_UTF16;
    /* A letter 0 may begin text, too; DER says more after it. */
    const enum cmg__kind der = cmg__sniff_der(cmg__span_of(data, n));
    return der != CMG__KIND_UNKNOWN ? der : kind_of_text(data, n);
}

const char *cmg__kind_name(enum cmg__kind kind)
{
    static const char *const names[CMG__KIND_COUNT] = {
        [CMG__KIND_UNKNOWN] = "something that is not known here",
        [CMG__KIND_EMPTY] = "nothing",
        [CMG__KIND_CERTIFICATE] = "a certificate",
        [CMG__KIND_CSR] = "a certificate request (PKCS#10)",
        [CMG__KIND_CRL] = "a revocation list",
        [CMG__KIND_PKCS7] = "PKCS#7 signed data",
        [CMG__KIND_PKCS7_OTHER] = "PKCS#7 data without certificates",
        [CMG__KIND_PFX] = "a PFX (PKCS#12)",
        [CMG__KIND_KEY] = "a private key",
        [CMG__KIND_ENCRYPTED_KEY] = "an encrypted private key",
        [CMG__KIND_PUBLIC_KEY] = "a public key",
        [CMG__KIND_PEM] = "PEM text",
        [CMG__KIND_BASE64] = "base64 text",
        [CMG__KIND_UTF16] = "text in UTF-16",
        [CMG__KIND_HTML] = "a web page",
        [CMG__KIND_JSON] = "JSON text",
        [CMG__KIND_SSH_KEY] = "an SSH key",
    };

    return names[kind];
}
