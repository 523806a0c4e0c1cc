/* See lister.h. */
#include "crypto/lister.h"

#include <string.h>

#include "base/str.h"

#define LIST_MAX ((size_t)80 * 1024 * 1024)

void lister_put_hex(struct cmg__der_writer *w, const char *hex)
{
    const size_t n = strlen(hex) / 2;

    for (size_t i = 0; i < n; i++) {
        uint8_t byte;

        ck_assert(cmg__hex_parse(hex + 2 * i, 1, &byte));
        cmg__der_put_raw(w, &byte, 1);
    }
}

void lister_put_name(struct cmg__der_writer *w, const char *common_name)
{
    const size_t set = cmg__der_open(w, CMG__DER_SET);
    const size_t pair = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, CMG__OID_CN);
    cmg__der_put(w, CMG__DER_UTF8_STRING, common_name, strlen(common_name));
    cmg__der_close(w, pair);
    cmg__der_close(w, set);
}

static void put_whole_name(struct cmg__der_writer *w, const char *common_name)
{
    const size_t name = cmg__der_open(w, CMG__DER_SEQUENCE);

    lister_put_name(w, common_name);
    cmg__der_close(w, name);
}

void lister_init(struct lister *l)
{
    *l = (struct lister){
        .issuer = "Test Root",
        .version = 1,
        .this_update = PKI_NOW,
        .next_update = PKI_NOW + 7 * PKI_DAY,
        .algorithm = CMG__OID_RSA_SHA256,
    };
    cmg__buf_init(&l->entries, &cmg__alloc_libc, LIST_MAX);
    cmg__buf_init(&l->extensions, &cmg__alloc_libc, LIST_MAX);
}

void lister_done(struct lister *l)
{
    cmg__buf_done(&l->entries);
    cmg__buf_done(&l->extensions);
}

static size_t open_extension(struct cmg__der_writer *w, const char *oid_hex,
                             bool critical, size_t *outer)
{
    *outer = cmg__der_open(w, CMG__DER_SEQUENCE);
    const size_t oid = cmg__der_open(w, CMG__DER_OID);
    lister_put_hex(w, oid_hex);
    cmg__der_close(w, oid);
    if (critical)
        cmg__der_put_true(w);
    return cmg__der_open(w, CMG__DER_OCTET_STRING);
}

static void close_extension(struct cmg__der_writer *w, size_t outer, size_t value)
{
    cmg__der_close(w, value);
    cmg__der_close(w, outer);
}

static void put_reason(struct cmg__der_writer *w, int reason)
{
    const uint8_t value = (uint8_t)reason;
    size_t outer;
    const size_t inner = open_extension(w, "551d15", false, &outer);

    cmg__der_put(w, 0x0a, &value, 1);
    close_extension(w, outer, inner);
}

static void put_invalidity(struct cmg__der_writer *w, int64_t time)
{
    char iso[CMG__TIME_SIZE];
    char digits[16];
    size_t n = 0;
    size_t outer;
    const size_t inner = open_extension(w, "551d18", false, &outer);

    cmg__time_format(time, iso);
    for (const char *p = iso; *p != '\0'; p++) {
        if (cmg__is_alnum(*p) && *p != 'T')
            digits[n++] = *p;
    }
    cmg__der_put(w, CMG__DER_GENERALIZED_TIME, digits, n);
    close_extension(w, outer, inner);
}

static void put_issuer(struct cmg__der_writer *w, const char *common_name)
{
    size_t outer;
    const size_t inner = open_extension(w, "551d1d", true, &outer);
    const size_t names = cmg__der_open(w, CMG__DER_SEQUENCE);
    const size_t directory = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 4);

    put_whole_name(w, common_name);
    cmg__der_close(w, directory);
    cmg__der_close(w, names);
    close_extension(w, outer, inner);
}

void lister_add(struct lister *l, const struct listed *entry)
{
    struct cmg__der_writer w;

    cmg__der_write_init(&w, &l->entries);
    const size_t body = cmg__der_open(&w, CMG__DER_SEQUENCE);
    const size_t serial = cmg__der_open(&w, CMG__DER_INTEGER);
    lister_put_hex(&w, entry->serial);
    cmg__der_close(&w, serial);
    cmg__der_put_time(&w, PKI_NOW - PKI_DAY);
    if (entry->reason >= 0 || entry->invalidity != 0 || entry->issuer != NULL ||
        entry->extra != NULL) {
        const size_t list = cmg__der_open(&w, CMG__DER_SEQUENCE);

        if (entry->reason >= 0)
            put_reason(&w, entry->reason);
        if (entry->invalidity != 0)
            put_invalidity(&w, entry->invalidity);
        if (entry->issuer != NULL)
            put_issuer(&w, entry->issuer);
        if (entry->extra != NULL)
            lister_put_hex(&w, entry->extra);
        cmg__der_close(&w, list);
    }
    cmg__der_close(&w, body);
    ck_assert_int_eq(w.rc, CMG_OK);
}

void lister_serial(uint64_t seed, size_t i, uint8_t out[20])
{
    uint64_t state = seed * UINT64_C(0x9e3779b97f4a7c15) + i + 1;

    for (size_t k = 0; k < 20; k++) {
        state ^= state >> 30;
        state *= UINT64_C(0xbf58476d1ce4e5b9);
        state ^= state >> 27;
        out[k] = (uint8_t)(state >> 56);
    }
    out[0] = (uint8_t)(out[0] & 0x7f) | 0x40;
}

void lister_add_many(struct lister *l, size_t count, uint64_t seed)
{
    /* SEQUENCE { INTEGER of 20, UTCTime, { reasonCode keyCompromise } } */
    static const char time[] = "261101000000Z";
    static const uint8_t tail[] = { 0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55,
                                    0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01, 0x01 };
    struct cmg__der_writer w;

    cmg__der_write_init(&w, &l->entries);
    for (size_t i = 0; i < count; i++) {
        uint8_t serial[20];
        const size_t body = cmg__der_open(&w, CMG__DER_SEQUENCE);

        lister_serial(seed, i, serial);
        cmg__der_put(&w, CMG__DER_INTEGER, serial, sizeof serial);
        cmg__der_put(&w, CMG__DER_UTC_TIME, time, sizeof time - 1);
        cmg__der_put_raw(&w, tail, sizeof tail);
        cmg__der_close(&w, body);
    }
    ck_assert_int_eq(w.rc, CMG_OK);
}

void lister_extend(struct lister *l, const char *oid_hex, bool critical,
                   const char *value)
{
    struct cmg__der_writer w;
    size_t outer;

    cmg__der_write_init(&w, &l->extensions);
    const size_t inner = open_extension(&w, oid_hex, critical, &outer);
    lister_put_hex(&w, value);
    close_extension(&w, outer, inner);
    ck_assert_int_eq(w.rc, CMG_OK);
}

static void put_body(struct cmg__der_writer *w, const struct lister *l)
{
    const size_t body = cmg__der_open(w, CMG__DER_SEQUENCE);

    if (l->version >= 0)
        cmg__der_put_uint(w, (uint32_t)l->version);
    cmg__der_put_algorithm(w, l->algorithm, l->algorithm < CMG__OID_ECDSA_SHA1);
    put_whole_name(w, l->issuer);
    cmg__der_put_time(w, l->this_update);
    if (l->next_update != 0)
        cmg__der_put_time(w, l->next_update);
    if (l->entries.len > 0)
        cmg__der_put(w, CMG__DER_SEQUENCE, l->entries.data, l->entries.len);
    if (l->extensions.len > 0) {
        const size_t wrapped = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 0);

        cmg__der_put(w, CMG__DER_SEQUENCE, l->extensions.data, l->extensions.len);
        cmg__der_close(w, wrapped);
    }
    cmg__der_close(w, body);
}

static void put_signature(struct cmg__der_writer *w, const struct lister *l,
                          const struct cmg__buf *body)
{
    static const uint8_t zeros[256];
    struct cmg__buf signature;
    struct support_env e;
    cmg_error *err = NULL;

    cmg__buf_init(&signature, &cmg__alloc_libc, 1024);
    support_env_init(&e);
    if (l->key != NULL)
        ck_ok(cmg__key_sign(l->key, &e.env, CMG__OID_SHA256, body->data, body->len,
                            &signature, &err),
              err);
    if (l->key != NULL)
        cmg__der_put_bits(w, signature.data, signature.len);
    else
        cmg__der_put_bits(w, zeros, sizeof zeros);
    cmg__buf_done(&signature);
}

void lister_write(const struct lister *l, struct cmg__buf *out)
{
    struct cmg__buf body;
    struct cmg__der_writer w;

    cmg__buf_init(&body, &cmg__alloc_libc, LIST_MAX);
    cmg__der_write_init(&w, &body);
    put_body(&w, l);
    ck_assert_int_eq(w.rc, CMG_OK);
    cmg__buf_init(out, &cmg__alloc_libc, LIST_MAX);
    cmg__der_write_init(&w, out);
    const size_t whole = cmg__der_open(&w, CMG__DER_SEQUENCE);
    cmg__der_put_raw(&w, body.data, body.len);
    cmg__der_put_algorithm(&w, l->algorithm, l->algorithm < CMG__OID_ECDSA_SHA1);
    put_signature(&w, l, &body);
    cmg__der_close(&w, whole);
    ck_assert_int_eq(w.rc, CMG_OK);
    cmg__buf_done(&body);
}

struct cmg__crl *lister_read(const struct lister *l, const struct cmg__alloc *alloc)
{
    struct cmg__crl *crl = NULL;
    struct cmg__buf der;
    cmg_error *err = NULL;

    lister_write(l, &der);
    ck_ok(cmg__crl_parse(alloc, der.data, der.len, &crl, &err), err);
    cmg__buf_done(&der);
    return crl;
}

/* ---- certificates ---- */

static void put_certificate_extensions(struct cmg__der_writer *w, bool is_ca,
                                       const char *points)
{
    size_t outer;

    if (!is_ca && points == NULL)
        return;
    const size_t wrapped = cmg__der_open(w, CMG__DER_CONTEXT_CONS + 3);
    const size_t list = cmg__der_open(w, CMG__DER_SEQUENCE);
    if (is_ca) {
        const size_t value = open_extension(w, "551d13", true, &outer);

        lister_put_hex(w, "30030101ff");
        close_extension(w, outer, value);
    }
    if (points != NULL) {
        const size_t value = open_extension(w, "551d1f", false, &outer);

        lister_put_hex(w, points);
        close_extension(w, outer, value);
    }
    cmg__der_close(w, list);
    cmg__der_close(w, wrapped);
}

static void put_certificate_body(struct cmg__der_writer *w, const char *issuer,
                                 const char *serial)
{
    lister_put_hex(w, "a003020102");
    const size_t number = cmg__der_open(w, CMG__DER_INTEGER);
    lister_put_hex(w, serial);
    cmg__der_close(w, number);
    cmg__der_put_algorithm(w, CMG__OID_RSA_SHA256, true);
    put_whole_name(w, issuer);
    const size_t validity = cmg__der_open(w, CMG__DER_SEQUENCE);
    cmg__der_put_time(w, PKI_NOW - PKI_DAY);
    cmg__der_put_time(w, PKI_NOW + PKI_DAY);
    cmg__der_close(w, validity);
    put_whole_name(w, "subject");
    /* RSA, a modulus of two octets */
    lister_put_hex(w, "301c300d06092a864886f70d0101010500030b00300802030100010201"
                      "03");
}

struct cmg__x509 *lister_certificate(const struct cmg__alloc *alloc, const char *issuer,
                                     const char *serial, bool is_ca, const char *points)
{
    struct cmg__x509 *cert = NULL;
    struct cmg__buf der;
    struct cmg__der_writer w;
    cmg_error *err = NULL;

    cmg__buf_init(&der, &cmg__alloc_libc, 1 << 20);
    cmg__der_write_init(&w, &der);
    const size_t whole = cmg__der_open(&w, CMG__DER_SEQUENCE);
    const size_t body = cmg__der_open(&w, CMG__DER_SEQUENCE);
    put_certificate_body(&w, issuer, serial);
    put_certificate_extensions(&w, is_ca, points);
    cmg__der_close(&w, body);
    cmg__der_put_algorithm(&w, CMG__OID_RSA_SHA256, true);
    cmg__der_put_bits(&w, "0", 1);
    cmg__der_close(&w, whole);
    ck_assert_int_eq(w.rc, CMG_OK);
    ck_ok(cmg__x509_parse(alloc, der.data, der.len, &cert, &err), err);
    cmg__buf_done(&der);
    return cert;
}
