/* Certificates as text; their extensions are described in x509_describe_ext.c. */
#include "crypto/x509_describe.h"

#include <string.h>

#include "base/str.h"
#include "crypto/signature.h"
#include "crypto/x509_data.h"
#include "crypto/x509_list.h"

#define SIGNATURE_TEXT_MAX 256

cmg_status cmg__signature_text(struct cmg__span identifier, struct cmg__buf *out)
{
    char name[CMG__OID_TEXT_SIZE] = "unknown";
    struct cmg__signature_algorithm algorithm;
    struct cmg__span in = identifier;
    struct cmg__span body;
    struct cmg__span oid;

    if (cmg__der_take(&in, CMG__DER_SEQUENCE, &body) && cmg__oid_next(&body, &oid))
        cmg__oid_text(oid, name);
    const cmg_status rc = cmg__buf_add_str(out, name);
    in = identifier;
    if (rc != CMG_OK || !cmg__signature_algorithm_take(&in, &algorithm) ||
        algorithm.algorithm != CMG__OID_RSA_PSS)
        return rc;
    return cmg__buf_addf(out, ", %s, salt of %u octets", cmg__oid_name(algorithm.hash),
                         algorithm.salt_len);
}

static void describe_signature(const struct cmg__x509 *cert, struct cmg__describe *d)
{
    struct cmg__buf text;

    cmg__buf_init(&text, d->out->alloc, SIGNATURE_TEXT_MAX);
    const cmg_status rc = cmg__signature_text(cert->signature_identifier, &text);
    if (rc != CMG_OK && d->rc == CMG_OK)
        d->rc = rc;
    cmg__describe_text(d, "signature algorithm", text.data, text.len);
    cmg__buf_done(&text);
}

static void describe_name(struct cmg__describe *d, const char *label, const char *name)
{
    cmg__describe_text(d, label, name[0] != '\0' ? name : "(empty)",
                       name[0] != '\0' ? strlen(name) : strlen("(empty)"));
}

void cmg__x509_describe(const struct cmg__x509 *cert, struct cmg__describe *d)
{
    cmg__describe_title(d, "Certificate");
    describe_name(d, "subject", cert->subject);
    describe_name(d, "issuer", cert->issuer);
    cmg__describe_time(d, "valid from", cert->not_before);
    cmg__describe_time(d, "valid until", cert->not_after);
    cmg__describe_hex(d, "serial number", cert->serial);
    cmg__describe_line(d, "version", "%u", cert->version);
    describe_signature(cert, d);
    cmg__describe_line(d, "public key", "%s", cert->key_description);
    cmg__describe_line(d, "SHA-1 thumbprint", "%s", cert->sha1_hex);
    cmg__describe_line(d, "SHA-256 thumbprint", "%s", cert->sha256_hex);
    cmg__extensions_describe(cert->extensions, d);
    cmg__describe_end(d);
}
