/* See forge.h. */
#include "crypto/forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "crypto/der_write.h"
#include "crypto/x509_data.h"

#define TEXT_MAX 2048

/* ---- pieces of text ---- */

/* Cuts the next piece off; NULL at the end. */
static char *cut(char **rest, char separator)
{
    char *piece = *rest;

    if (piece == NULL || *piece == '\0')
        return NULL;
    char *end = strchr(piece, separator);
    *rest = end != NULL ? end + 1 : NULL;
    if (end != NULL)
        *end = '\0';
    return piece;
}

static size_t from_hex(const char *hex, uint8_t *out)
{
    const size_t n = strlen(hex) / 2;

    ck_assert_msg(cmg__hex_parse(hex, n, out), "%s", hex);
    return n;
}

/* ---- names ---- */

static enum cmg__oid attribute_of(const char *name)
{
    static const struct {
        const char *name;
        enum cmg__oid oid;
    } known[] = { { "CN", CMG__OID_CN },
                  { "O", CMG__OID_O },
                  { "OU", CMG__OID_OU },
                  { "E", CMG__OID_EMAIL } };

    for (size_t i = 0; i < CMG__ARRAY_LEN(known); i++) {
        if (strcmp(known[i].name, name) == 0)
            return known[i].oid;
    }
    ck_abort_msg("%s", name);
}

static void put_name(struct cmg__der_writer *w, const char *text)
{
    char copy[TEXT_MAX];
    char *rest = copy;
    const size_t name = cmg__der_open(w, CMG__DER_SEQUENCE);

    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *part = cut(&rest, '/'); part != NULL; part = cut(&rest, '/')) {
        char *value = part;
        char *type = cut(&value, '=');
        const size_t set = cmg__der_open(w, CMG__DER_SET);
        const size_t pair = cmg__der_open(w, CMG__DER_SEQUENCE);

        cmg__der_put_oid(w, attribute_of(type));
        cmg__der_put(w, CMG__DER_UTF8_STRING, value, strlen(value));
        cmg__der_close(w, pair);
        cmg__der_close(w, set);
    }
    cmg__der_close(w, name);
}

/* "dns=a.b" as a GeneralName. */
static void put_general_name(struct cmg__der_writer *w, char *text)
{
    uint8_t bytes[64];
    char *value = text;
    const char *kind = cut(&value, '=');

    if (strcmp(kind, "ip") == 0) {
        cmg__der_put(w, CMG__GN_IP, bytes, from_hex(value, bytes));
    } else if (strcmp(kind, "dn") == 0) {
        const size_t mark = cmg__der_open(w, CMG__GN_DIRECTORY);
        put_name(w, value);
        cmg__der_close(w, mark);
    } else if (strcmp(kind, "other") == 0) {
        /* 1.2.3 with a UTF8String */
        cmg__der_put(w, CMG__GN_OTHER, "\x06\x02\x2a\x03\xa0\x03\x0c\x01x", 9);
    } else {
        cmg__der_put(w,
                     strcmp(kind, "dns") == 0     ? CMG__GN_DNS
                     : strcmp(kind, "email") == 0 ? CMG__GN_EMAIL
                                                  : CMG__GN_URI,
                     cmg__str_or(value, ""), strlen(cmg__str_or(value, "")));
    }
}

/* ---- extensions ---- */

static void put_basic_constraints(struct cmg__der_writer *w, char *arguments)
{
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    for (char *one = cut(&arguments, ','); one != NULL; one = cut(&arguments, ',')) {
        if (strcmp(one, "ca") == 0)
            cmg__der_put_true(w);
        else
            cmg__der_put_uint(w, (uint32_t)strtoul(one, NULL, 10));
    }
    cmg__der_close(w, mark);
}

static void put_key_usage(struct cmg__der_writer *w, char *arguments)
{
    uint8_t bits[2] = { 0, 0 };
    uint8_t unused = 0;

    (void)from_hex(arguments, bits + 1);
    while (unused < 7 && (bits[1] >> unused & 1) == 0)
        unused++;
    bits[0] = unused;
    cmg__der_put(w, CMG__DER_BIT_STRING, bits, sizeof bits);
}

static void put_eku(struct cmg__der_writer *w, char *arguments)
{
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    for (char *one = cut(&arguments, ','); one != NULL; one = cut(&arguments, ','))
        cmg__der_put_oid(w, strcmp(one, "server") == 0   ? CMG__OID_SERVER_AUTH
                            : strcmp(one, "client") == 0 ? CMG__OID_CLIENT_AUTH
                                                         : CMG__OID_ANY_EKU);
    cmg__der_close(w, mark);
}

static void put_alternative_names(struct cmg__der_writer *w, char *arguments)
{
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    for (char *one = cut(&arguments, ','); one != NULL; one = cut(&arguments, ','))
        put_general_name(w, one);
    cmg__der_close(w, mark);
}

static void put_subtrees(struct cmg__der_writer *w, const char *arguments, char sign,
                         unsigned tag)
{
    char copy[TEXT_MAX];
    char *rest = copy;

    (void)snprintf(copy, sizeof copy, "%s", arguments);
    if (strchr(copy, sign) == NULL)
        return;
    const size_t list = cmg__der_open(w, tag);
    for (char *one = cut(&rest, ','); one != NULL; one = cut(&rest, ',')) {
        if (one[0] != sign || one[1] == '\0')
            continue;
        const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);
        put_general_name(w, one + 1);
        cmg__der_close(w, mark);
    }
    cmg__der_close(w, list);
}

static void put_name_constraints(struct cmg__der_writer *w, char *arguments)
{
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    put_subtrees(w, arguments, '+', CMG__DER_CONTEXT_CONS + 0);
    put_subtrees(w, arguments, '-', CMG__DER_CONTEXT_CONS + 1);
    cmg__der_close(w, mark);
}

/* The identifier of a key is the name of who has it. */
static void put_key_id(struct cmg__der_writer *w, unsigned tag, const char *name,
                       const char *hex)
{
    uint8_t bytes[64];
    const size_t n = hex != NULL && *hex != '\0' ? from_hex(hex, bytes) : 0;

    if (n > 0)
        cmg__der_put(w, tag, bytes, n);
    else
        cmg__der_put(w, tag, name, strlen(name));
}

static void put_authority_key_id(struct cmg__der_writer *w, const char *issuer,
                                 const char *arguments)
{
    const bool all = arguments != NULL && strcmp(arguments, "all") == 0;
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    put_key_id(w, CMG__DER_CONTEXT + 0, issuer, all ? NULL : arguments);
    if (all) {
        const size_t names = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 1);
        const size_t name = cmg__der_open(w, CMG__GN_DIRECTORY);
        put_name(w, issuer);
        cmg__der_close(w, name);
        cmg__der_close(w, names);
        cmg__der_put(w, CMG__DER_CONTEXT + 2, "\x11", 1);
    }
    cmg__der_close(w, mark);
}

struct context {
    struct cmg__der_writer *w;
    const char *subject;
    const char *issuer;
};

static const struct known {
    const char *name;
    enum cmg__oid oid;
    void (*put)(struct cmg__der_writer *w, char *arguments);
} known[] = {
    { "bc", CMG__OID_BASIC_CONSTRAINTS, put_basic_constraints },
    { "ku", CMG__OID_KEY_USAGE, put_key_usage },
    { "eku", CMG__OID_EKU, put_eku },
    { "san", CMG__OID_SAN, put_alternative_names },
    { "nc", CMG__OID_NAME_CONSTRAINTS, put_name_constraints },
    { "ski", CMG__OID_SKI, NULL },
    { "aki", CMG__OID_AKI, NULL },
};

static const struct known *find(const char *name)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(known); i++) {
        if (strcmp(known[i].name, name) == 0)
            return &known[i];
    }
    return NULL;
}

static void put_value(const struct context *c, const struct known *kind, char *arguments)
{
    if (kind->oid == CMG__OID_SKI)
        put_key_id(c->w, CMG__DER_OCTET_STRING, c->subject, arguments);
    else if (kind->oid == CMG__OID_AKI)
        put_authority_key_id(c->w, c->issuer, arguments);
    else
        kind->put(c->w, arguments);
}

static void put_extension(const struct context *c, char *entry)
{
    uint8_t bytes[512];
    const bool critical = entry[0] == '!';
    char *arguments = entry + critical;
    char *name = cut(&arguments, ':');
    const struct known *kind = find(name);
    const size_t mark = cmg__der_open(c->w, CMG__DER_SEQUENCE);

    if (kind != NULL) {
        cmg__der_put_oid(c->w, kind->oid);
    } else {
        const char *oid = cut(&arguments, '=');
        cmg__der_put(c->w, CMG__DER_OID, bytes, from_hex(oid, bytes));
    }
    if (critical)
        cmg__der_put_true(c->w);
    const size_t value = cmg__der_open(c->w, CMG__DER_OCTET_STRING);
    if (kind != NULL)
        put_value(c, kind, arguments);
    else
        cmg__der_put_raw(c->w, bytes, from_hex(cmg__str_or(arguments, ""), bytes));
    cmg__der_close(c->w, value);
    cmg__der_close(c->w, mark);
}

static void put_extensions(const struct context *c, const char *text)
{
    char copy[TEXT_MAX];
    char *rest = copy;

    if (cmg__str_is_empty(text))
        return;
    (void)snprintf(copy, sizeof copy, "%s", text);
    const size_t outer = cmg__der_open(c->w, CMG__DER_CONTEXT_CONS + 3);
    const size_t list = cmg__der_open(c->w, CMG__DER_SEQUENCE);
    for (char *one = cut(&rest, ';'); one != NULL; one = cut(&rest, ';'))
        put_extension(c, one);
    cmg__der_close(c->w, list);
    cmg__der_close(c->w, outer);
}

/* ---- the certificate ---- */

static void put_validity(struct cmg__der_writer *w, const struct forge_cert *cert)
{
    const bool whole = cert->from_days != 0 || cert->to_days != 0;
    const int64_t from = whole ? cert->from_days : -1;
    const int64_t to = whole ? cert->to_days : 300;
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_time(w, PKI_NOW + from * PKI_DAY);
    cmg__der_put_time(w, PKI_NOW + to * PKI_DAY);
    cmg__der_close(w, mark);
}

static void put_tbs(struct cmg__der_writer *w, const struct pki *pki,
                    const struct forge_cert *cert, const char *issuer)
{
    uint8_t serial[64];
    struct cmg__buf spki;
    const struct context c = { .w = w, .subject = cert->subject, .issuer = issuer };
    const unsigned version = cert->version != 0 ? cert->version : 3;
    const size_t tbs = cmg__der_open(w, CMG__DER_SEQUENCE);

    if (version > 1) {
        const size_t mark = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);
        cmg__der_put_uint(w, version - 1);
        cmg__der_close(w, mark);
    }
    cmg__der_put(w, CMG__DER_INTEGER, serial,
                 from_hex(cmg__str_or(cert->serial, "11"), serial));
    cmg__der_put_algorithm(w, CMG__OID_RSA_SHA256, true);
    put_name(w, issuer);
    put_validity(w, cert);
    put_name(w, cert->subject);
    cmg__buf_init(&spki, &cmg__alloc_libc, 4096);
    ck_assert_int_eq(cmg__key_write_public_der(pki->root_key, &spki), CMG_OK);
    cmg__der_put_raw(w, spki.data, spki.len);
    cmg__buf_done(&spki);
    put_extensions(&c, cert->extensions);
    cmg__der_close(w, tbs);
}

struct cmg__x509 *forge(const struct pki *pki, const struct forge_cert *cert,
                        const struct forge_cert *above)
{
    const char *issuer = cert->issuer != NULL ? cert->issuer
                         : above != NULL      ? above->subject
                                              : cert->subject;
    struct cmg__der_writer w;
    struct cmg__buf tbs;
    struct cmg__buf signature;
    struct cmg__buf der;
    struct cmg__x509 *made = NULL;
    cmg_error *err = NULL;

    cmg__buf_init(&tbs, &cmg__alloc_libc, 1 << 16);
    cmg__buf_init(&signature, &cmg__alloc_libc, 1 << 12);
    cmg__buf_init(&der, &cmg__alloc_libc, 1 << 17);
    cmg__der_write_init(&w, &tbs);
    put_tbs(&w, pki, cert, issuer);
    ck_assert_int_eq(w.rc, CMG_OK);
    ck_ok(cmg__key_sign(cert->signer == 0 ? pki->root_key : pki->leaf_key, &pki->e.env,
                        CMG__OID_SHA256, tbs.data, tbs.len, &signature, &err),
          err);
    cmg__der_write_init(&w, &der);
    const size_t mark = cmg__der_open(&w, CMG__DER_SEQUENCE);
    cmg__der_put_raw(&w, tbs.data, tbs.len);
    cmg__der_put_algorithm(&w, CMG__OID_RSA_SHA256, true);
    cmg__der_put_bits(&w, signature.data, signature.len);
    cmg__der_close(&w, mark);
    ck_assert_int_eq(w.rc, CMG_OK);
    (void)cmg__x509_parse(&pki->a.alloc, der.data, der.len, &made, NULL);
    cmg__buf_done(&tbs);
    cmg__buf_done(&signature);
    cmg__buf_done(&der);
    return made;
}

size_t forge_chain(const struct pki *pki, const struct forge_cert *chain,
                   struct cmg__x509 **out)
{
    size_t n = 0;

    for (; n < FORGE_MAX && chain[n].subject != NULL; n++)
        out[n] = forge(pki, &chain[n], n > 0 ? &chain[n - 1] : NULL);
    return n;
}
