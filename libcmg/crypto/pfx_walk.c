/*
 * Walking a PKCS#12 file: parts, bags, bags in bags. Nothing here knows what a visitor
 * makes of them. Nesting, bags and the iterations that a file can make us spend are
 * bounded.
 */
#include "crypto/ber.h"
#include "crypto/pfx_file.h"

#define MAX_NESTING 2

struct walk {
    struct cmg__pfx_file *file;
    const struct cmg__pfx_visitor *visitor;
    const struct cmg__pbe *part; /* of the encrypted part at hand, or NULL */
};

static cmg_status walk_bags(struct walk *walk, struct cmg__span contents, unsigned depth);

static cmg_status walk_bag(struct walk *walk, struct cmg__span in, unsigned depth)
{
    struct cmg__pfx_bag bag = { .part = walk->part };

    if (!cmg__der_take(&in, CMG__DER_OID, &bag.oid) || bag.oid.n == 0 ||
        !cmg__der_take(&in, CMG__DER_CONTEXT_CONS + 0, &bag.value))
        return cmg__pfx_fail(walk->file, CMG_E_PARSE);
    cmg__der_take_if(&in, CMG__DER_SET, &bag.attributes);
    if (in.n != 0)
        return cmg__pfx_fail(walk->file, CMG_E_PARSE);
    if (++walk->file->bags > CMG__PFX_BAGS_MAX)
        return cmg__fail(walk->file->err, walk->file->alloc, CMG_E_LIMIT, "pfx",
                         "export it with fewer certificates",
                         "there are more than %d bags in the PFX", CMG__PFX_BAGS_MAX);
    bag.type = cmg__oid_find(bag.oid.p, bag.oid.n);
    if (bag.type != CMG__OID_SAFE_BAG)
        return walk->visitor->on_bag(walk->visitor->user, &bag);
    return depth < MAX_NESTING ? walk_bags(walk, bag.value, depth + 1)
                               : cmg__pfx_fail(walk->file, CMG_E_LIMIT);
}

static cmg_status walk_bags(struct walk *walk, struct cmg__span contents, unsigned depth)
{
    struct cmg__span list;
    struct cmg__span bag;
    cmg_status rc = CMG_OK;

    if (!cmg__der_take(&contents, CMG__DER_SEQUENCE, &list) || contents.n != 0)
        return cmg__pfx_fail(walk->file, CMG_E_PARSE);
    while (list.n > 0 && rc == CMG_OK) {
        if (!cmg__der_take(&list, CMG__DER_SEQUENCE, &bag))
            return cmg__pfx_fail(walk->file, CMG_E_PARSE);
        rc = walk_bag(walk, bag, depth);
    }
    return rc;
}

/* SafeContents as the file has them, perhaps BER. */
static cmg_status walk_contents(struct walk *walk, struct cmg__span contents)
{
    struct cmg__buf der;

    cmg__buf_init_secret(&der, walk->file->alloc, 2 * CMG__PFX_MAX);
    cmg_status rc = cmg__ber_to_der(contents, &der);
    rc = rc == CMG_OK ? walk_bags(walk, cmg__span_of(der.data, der.len), 0)
                      : cmg__pfx_fail(walk->file, rc);
    cmg__buf_done(&der);
    return rc;
}

/* ---- decrypting ---- */

/* One SEQUENCE from end to end: what a wrong password practically never yields. BER may
   leave the length open, and then ends with the two zeros that say so. */
static bool is_one_value(const struct cmg__buf *plain)
{
    struct cmg__span in = cmg__span_of(plain->data, plain->len);

    if (in.n < 2 || in.p[0] != CMG__DER_SEQUENCE)
        return false;
    if (in.p[1] == 0x80)
        return in.n >= 6 && in.p[in.n - 1] == 0 && in.p[in.n - 2] == 0;
    if ((in.p[1] & 0x80U) != 0 && in.n > 2 && in.p[2] == 0)
        return true; /* BER with leading zeros in its length; the walk will tell */
    return cmg__der_take(&in, CMG__DER_SEQUENCE, NULL) && in.n == 0;
}

static cmg_status decrypt_once(struct cmg__pfx_file *file, const struct cmg__pbe *pbe,
                               struct cmg__span secret, struct cmg__buf *plain)
{
    cmg__buf_clear(plain);
    const cmg_status rc =
        cmg__pbe_decrypt(pbe, &file->password, &file->budget, secret, plain);
    return rc == CMG_OK && !is_one_value(plain) ? CMG_E_AUTH : rc;
}

cmg_status cmg__pfx_decrypt(struct cmg__pfx_file *file, const struct cmg__pbe *pbe,
                            struct cmg__span secret, struct cmg__buf *plain)
{
    struct cmg__buf *wide = &file->password.wide;
    cmg_status rc = decrypt_once(file, pbe, secret, plain);

    if (rc != CMG_E_AUTH || file->password.utf8.len > 0 || pbe->scheme == CMG__OID_PBES2)
        return rc;
    /* Writers do not agree with themselves on what an empty password is: the MAC may be
       made with one form and the encryption with the other. */
    const size_t before = wide->len;
    if (before == 0)
        rc = cmg__buf_add(wide, "\0", 2);
    else
        cmg__buf_clear(wide);
    if (rc == CMG_E_NOMEM)
        return rc;
    rc = decrypt_once(file, pbe, secret, plain);
    wide->len = before;
    return rc;
}

cmg_status cmg__pfx_take_shrouded(struct cmg__pfx_file *file, struct cmg__span value,
                                  struct cmg__pbe *pbe, struct cmg__span *secret)
{
    struct cmg__span body;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &body))
        return cmg__pfx_fail(file, CMG_E_PARSE);
    cmg_status rc = cmg__pbe_take(&body, pbe);
    if (rc == CMG_E_UNSUPPORTED)
        cmg__pfx_name_unsupported(file, pbe->oid);
    if (rc == CMG_OK &&
        (!cmg__der_take(&body, CMG__DER_OCTET_STRING, secret) || body.n != 0))
        rc = CMG_E_PARSE;
    return rc == CMG_OK ? rc : cmg__pfx_fail(file, rc);
}

cmg_status cmg__pfx_take_certificate(struct cmg__pfx_file *file, struct cmg__span value,
                                     struct cmg__span *der, bool *is_x509)
{
    struct cmg__span body;
    struct cmg__span wrap;
    enum cmg__oid type;

    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take_oid(&body, &type))
        return cmg__pfx_fail(file, CMG_E_PARSE);
    *is_x509 = type == CMG__OID_X509_CERTIFICATE;
    if (!*is_x509)
        return CMG_OK;
    if (!cmg__der_take(&body, CMG__DER_CONTEXT_CONS + 0, &wrap) ||
        !cmg__der_take(&wrap, CMG__DER_OCTET_STRING, der))
        return cmg__pfx_fail(file, CMG_E_PARSE);
    return CMG_OK;
}

/* ---- parts ---- */

static cmg_status tell_part(struct walk *walk, enum cmg__oid type,
                            const struct cmg__pbe *pbe, cmg_status opened)
{
    const struct cmg__pfx_part part = { .type = type, .pbe = pbe, .opened = opened };

    if (walk->visitor->on_part == NULL)
        return CMG_OK;
    return walk->visitor->on_part(walk->visitor->user, &part);
}

static cmg_status walk_plain_part(struct walk *walk, struct cmg__span value)
{
    struct cmg__span octets;

    if (!cmg__der_take(&value, CMG__DER_OCTET_STRING, &octets))
        return cmg__pfx_fail(walk->file, CMG_E_PARSE);
    walk->part = NULL;
    const cmg_status rc = tell_part(walk, CMG__OID_DATA, NULL, CMG_OK);
    return rc == CMG_OK ? walk_contents(walk, octets) : rc;
}

/* [0] IMPLICIT OCTET STRING: primitive, or in pieces. */
static cmg_status take_ciphertext(struct cmg__span *in, struct cmg__buf *out)
{
    struct cmg__span bytes;
    struct cmg__span piece;
    cmg_status rc = CMG_OK;

    if (cmg__der_take_if(in, CMG__DER_CONTEXT + 0, &bytes))
        return bytes.n > 0 ? cmg__buf_add(out, bytes.p, bytes.n) : CMG_E_PARSE;
    if (!cmg__der_take(in, CMG__DER_CONTEXT_CONS + 0, &bytes))
        return CMG_E_PARSE;
    while (bytes.n > 0 && rc == CMG_OK) {
        if (!cmg__der_take(&bytes, CMG__DER_OCTET_STRING, &piece))
            return CMG_E_PARSE;
        rc = piece.n > 0 ? cmg__buf_add(out, piece.p, piece.n) : CMG_OK;
    }
    return rc;
}

/* EncryptedData: the algorithm and the ciphertext. */
static cmg_status take_encrypted(struct cmg__span value, struct cmg__pbe *pbe,
                                 struct cmg__buf *secret)
{
    struct cmg__span body;
    struct cmg__span content;
    enum cmg__oid type;
    uint32_t version;

    *pbe = (struct cmg__pbe){ .scheme = CMG__OID_UNKNOWN };
    if (!cmg__der_take(&value, CMG__DER_SEQUENCE, &body) ||
        !cmg__der_take_uint(&body, 2, &version) ||
        !cmg__der_take(&body, CMG__DER_SEQUENCE, &content) ||
        !cmg__der_take_oid(&content, &type) || type != CMG__OID_DATA)
        return CMG_E_PARSE;
    const cmg_status rc = cmg__pbe_take(&content, pbe);
    return rc == CMG_OK ? take_ciphertext(&content, secret) : rc;
}

/* Parts that cannot be opened are no failure. */
static bool passes(const struct walk *walk)
{
    return walk->visitor->passes || walk->visitor->tolerant || !walk->file->unlocked;
}

/* The part cannot be opened, and the visitor has been told. */
static cmg_status pass_over(struct walk *walk, cmg_status rc)
{
    if (rc != CMG_E_NOMEM && passes(walk))
        return CMG_OK;
    if (rc == CMG_E_AUTH && walk->file->has_mac)
        return cmg__pfx_fail_own(walk->file);
    return cmg__pfx_fail(walk->file, rc);
}

static cmg_status walk_encrypted_part(struct walk *walk, struct cmg__span value)
{
    struct cmg__pbe pbe;
    struct cmg__buf secret;
    struct cmg__buf plain;

    cmg__buf_init(&secret, walk->file->alloc, CMG__PFX_MAX);
    cmg__buf_init_secret(&plain, walk->file->alloc, CMG__PFX_MAX);
    cmg_status opened = take_encrypted(value, &pbe, &secret);
    if (opened == CMG_OK)
        opened = walk->file->unlocked
                     ? cmg__pfx_decrypt(walk->file, &pbe,
                                        cmg__span_of(secret.data, secret.len), &plain)
                     : CMG_E_AUTH;
    if (opened == CMG_E_UNSUPPORTED)
        cmg__pfx_name_unsupported(walk->file, pbe.oid);
    cmg_status rc = tell_part(walk, CMG__OID_ENCRYPTED_DATA, &pbe, opened);
    walk->part = &pbe;
    if (rc == CMG_OK)
        rc = opened == CMG_OK ? walk_contents(walk, cmg__span_of(plain.data, plain.len))
                              : pass_over(walk, opened);
    cmg__buf_done(&plain);
    cmg__buf_done(&secret);
    return rc;
}

static cmg_status walk_enveloped_part(struct walk *walk)
{
    const cmg_status rc =
        tell_part(walk, CMG__OID_ENVELOPED_DATA, NULL, CMG_E_UNSUPPORTED);

    if (rc != CMG_OK || passes(walk))
        return rc;
    return cmg__fail(walk->file->err, walk->file->alloc, CMG_E_UNSUPPORTED, "pfx",
                     "export it with a password", "the PFX is encrypted to a public key");
}

static cmg_status walk_part(struct walk *walk, struct cmg__span part)
{
    enum cmg__oid type;
    struct cmg__span value;

    if (!cmg__der_take_oid(&part, &type) ||
        !cmg__der_take(&part, CMG__DER_CONTEXT_CONS + 0, &value) || part.n != 0)
        return cmg__pfx_fail(walk->file, CMG_E_PARSE);
    if (type == CMG__OID_DATA)
        return walk_plain_part(walk, value);
    if (type == CMG__OID_ENCRYPTED_DATA)
        return walk_encrypted_part(walk, value);
    if (type == CMG__OID_ENVELOPED_DATA)
        return walk_enveloped_part(walk);
    return cmg__pfx_fail(walk->file, CMG_E_PARSE);
}

/* A tolerant visitor gets to see every part, whatever became of the one before. */
cmg_status cmg__pfx_walk(struct cmg__pfx_file *file,
                         const struct cmg__pfx_visitor *visitor)
{
    struct walk walk = { .file = file, .visitor = visitor };
    struct cmg__span in = cmg__span_of(file->parts.data, file->parts.len);
    struct cmg__span list;
    struct cmg__span part;
    cmg_status rc = CMG_OK;

    file->bags = 0;
    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &list) || in.n != 0)
        return cmg__pfx_fail(file, CMG_E_PARSE);
    while (list.n > 0 && (rc == CMG_OK || visitor->tolerant) && rc != CMG_E_NOMEM) {
        if (!cmg__der_take(&list, CMG__DER_SEQUENCE, &part))
            return cmg__pfx_fail(file, CMG_E_PARSE);
        rc = walk_part(&walk, part);
    }
    return rc;
}
