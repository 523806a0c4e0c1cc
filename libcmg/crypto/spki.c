/* Reading public keys; see spki.h. */
#include "crypto/spki.h"

#include <stdio.h>
#include <string.h>

static unsigned bit_length(struct cmg__span number)
{
    unsigned bits = (unsigned)number.n * 8;

    for (unsigned mask = 0x80; mask != 0 && bits > 0 && (number.p[0] & mask) == 0;
         mask >>= 1)
        bits--;
    return bits;
}

static bool read_rsa(struct cmg__spki *key)
{
    struct cmg__span bits = key->bits;
    struct cmg__span body;

    if (!cmg__der_take(&bits, CMG__DER_SEQUENCE, &body) || bits.n != 0 ||
        !cmg__der_take_number(&body, &key->modulus) ||
        !cmg__der_take_number(&body, &key->exponent) || body.n != 0)
        return false;
    key->size = bit_length(key->modulus);
    (void)snprintf(key->description, sizeof key->description, "RSA %u", key->size);
    return true;
}

static void read_ec(struct cmg__spki *key, struct cmg__span parameters)
{
    static const struct {
        enum cmg__oid curve;
        unsigned bits;
    } curves[] = {
        { CMG__OID_P256, 256 },
        { CMG__OID_P384, 384 },
        { CMG__OID_P521, 521 },
    };

    if (!cmg__der_take_oid(&parameters, &key->curve))
        key->curve = CMG__OID_UNKNOWN;
    for (size_t i = 0; i < CMG__ARRAY_LEN(curves); i++) {
        if (curves[i].curve == key->curve)
            key->size = curves[i].bits;
    }
    (void)snprintf(key->description, sizeof key->description, "EC %s",
                   key->size > 0 ? cmg__oid_name(key->curve) : "other");
}

bool cmg__spki_read(const struct cmg__der_item *item, struct cmg__spki *out)
{
    struct cmg__span body = item->content;
    struct cmg__span parameters;

    *out = (struct cmg__spki){ .whole = item->whole };
    if (item->tag != CMG__DER_SEQUENCE ||
        !cmg__der_take_algorithm(&body, &out->algorithm, &parameters) ||
        !cmg__der_take_bits(&body, &out->bits) || body.n != 0)
        return false;
    if (out->algorithm == CMG__OID_RSA)
        return read_rsa(out);
    if (out->algorithm == CMG__OID_EC)
        read_ec(out, parameters);
    else
        memcpy(out->description, "other", sizeof "other");
    return true;
}
