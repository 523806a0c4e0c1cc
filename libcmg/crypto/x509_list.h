/*
 * What the extensions of a certificate or a request list, taken apart one value at a
 * time. A walker takes from the front of its span: false with nothing left is the end,
 * false with something left means that the rest is malformed. Nothing allocates but the
 * functions that give text; what is not understood is handed out as bytes.
 */
#ifndef CMG_CRYPTO_X509_LIST_H
#define CMG_CRYPTO_X509_LIST_H

#include "crypto/der_read.h"

struct cmg__ext {
    struct cmg__span oid;
    enum cmg__oid id; /* CMG__OID_UNKNOWN: only oid tells */
    bool critical;
    struct cmg__span value; /* the DER inside the OCTET STRING */
};
/* list is the content of Extensions, for example cert->extensions. */
bool cmg__ext_next(struct cmg__span *list, struct cmg__ext *out);
bool cmg__ext_find(struct cmg__span list, enum cmg__oid id, struct cmg__ext *out);
/* Whether the content of a list is well formed, at most 64 long, and names none twice. */
bool cmg__ext_are_distinct(struct cmg__span list);
/* Content of the SEQUENCE that the value of an extension is; false: absent or something
   else. */
bool cmg__ext_sequence(struct cmg__span list, enum cmg__oid id,
                       struct cmg__span *content);

/* ---- names: SAN, issuerAltName, distribution points, subtrees ---- */
enum cmg__gn_kind {
    CMG__GN_KIND_DNS = 1,
    CMG__GN_KIND_IP,
    CMG__GN_KIND_EMAIL,
    CMG__GN_KIND_URI,
    CMG__GN_KIND_UPN,
    CMG__GN_KIND_DIRECTORY,
    CMG__GN_KIND_REGISTERED_ID,
    CMG__GN_KIND_OTHER, /* an otherName that is no UPN */
    CMG__GN_KIND_X400,
    CMG__GN_KIND_EDI,
    CMG__GN_KIND_COUNT
};
struct cmg__gn {
    enum cmg__gn_kind kind;
    struct cmg__span type;  /* the OID of a UPN or OTHER */
    struct cmg__span value; /* text, address, content of Name, OID; DER of UPN, OTHER */
};
bool cmg__gn_next(struct cmg__span *names, struct cmg__gn *out);
/* "DNS name" */
const char *cmg__gn_label(enum cmg__gn_kind kind);
/* Appends it as text: "gw.contoso.com", "10.0.0.1" (of a subtree "10.0.0.0/255.0.0.0"),
   "CN=Contoso", "1.2.3.4=value". Control characters are escaped, so one name is one line.
 */
cmg_status cmg__gn_text(const struct cmg__gn *name, struct cmg__buf *out);

/* ---- distinguished names ---- */
/* The attributes of a Name (its content), from the first part to the last. */
struct cmg__attribute_walk {
    struct cmg__span name;
    struct cmg__span set;
};
struct cmg__attribute {
    struct cmg__span type; /* OID */
    struct cmg__der_item value;
};
bool cmg__attribute_next(struct cmg__attribute_walk *walk, struct cmg__attribute *out);
/* Appends the value as text, "#" and hexadecimal when it is none; escaped. */
cmg_status cmg__attribute_text(const struct cmg__attribute *attribute,
                               struct cmg__buf *out);

/* ---- purposes and policies ---- */
/* The next of a SEQUENCE OF OBJECT IDENTIFIER (extendedKeyUsage). */
bool cmg__oid_next(struct cmg__span *in, struct cmg__span *oid);
/* certificatePolicies, applicationPolicies; cps: the first CPS address, n == 0: none. */
bool cmg__policy_next(struct cmg__span *in, struct cmg__span *oid, struct cmg__span *cps);
/* "serverAuth", or dotted decimal when it has no name here. */
void cmg__oid_text(struct cmg__span oid, char out[CMG__OID_TEXT_SIZE]);
/* keyUsage: digitalSignature is 0x80, as CMG__KU_ has it, decipherOnly 0x100. */
bool cmg__key_usage_read(struct cmg__span value, unsigned *bits);
/* "digitalSignature, keyEncipherment" */
cmg_status cmg__key_usage_text(unsigned bits, struct cmg__buf *out);
bool cmg__basic_constraints_read(struct cmg__span value, bool *is_ca, int *path_length);

/* ---- where to ask ---- */
struct cmg__crl_point {
    struct cmg__span names;    /* content of GeneralNames, n == 0: none */
    struct cmg__span relative; /* to the list issuer's name, n == 0: none */
    struct cmg__span reasons;  /* bits with the count of unused ones, n == 0: all */
    struct cmg__span issuer;   /* content of GeneralNames, n == 0: the issuer itself */
};
/* cRLDistributionPoints and freshestCRL. */
bool cmg__crl_point_next(struct cmg__span *points, struct cmg__crl_point *out);
struct cmg__access {
    struct cmg__span oid;
    enum cmg__oid method; /* CMG__OID_ACCESS_OCSP, CMG__OID_CA_ISSUERS or other */
    struct cmg__gn location;
};
bool cmg__access_next(struct cmg__span *in, struct cmg__access *out);
/* Every URL of the distribution points of one extension, or of the accesses of one
   method; what is malformed ends the walk. */
struct cmg__url_walk {
    struct cmg__span points;
    struct cmg__span names;
    struct cmg__span accesses;
    enum cmg__oid method;
};
/* id: CMG__OID_CDP or CMG__OID_FRESHEST_CRL */
void cmg__url_walk_crls(struct cmg__url_walk *walk, struct cmg__span extensions,
                        enum cmg__oid id);
/* method: CMG__OID_ACCESS_OCSP or CMG__OID_CA_ISSUERS */
void cmg__url_walk_access(struct cmg__url_walk *walk, struct cmg__span extensions,
                          enum cmg__oid method);
bool cmg__url_next(struct cmg__url_walk *walk, struct cmg__span *url);

/* ---- the rest ---- */
struct cmg__authority_id {
    struct cmg__span key_id; /* n == 0: absent, as the others */
    struct cmg__span issuer; /* content of GeneralNames */
    struct cmg__span serial;
};
bool cmg__authority_id_read(struct cmg__span value, struct cmg__authority_id *out);
/* The name constraints' next permitted or excluded subtree. */
bool cmg__subtrees_read(struct cmg__span value, struct cmg__span *permitted,
                        struct cmg__span *excluded);
bool cmg__subtree_next(struct cmg__span *subtrees, struct cmg__gn *base);
/* Microsoft's certificate template: version 1 has a name, version 2 an OID and numbers.
 */
struct cmg__ms_template {
    struct cmg__der_item name; /* tag 0: none */
    struct cmg__span oid;
    uint32_t major;
    uint32_t minor;
};
/* value: of the extension of version 2. */
bool cmg__ms_template_read(struct cmg__span value, struct cmg__ms_template *out);
/* False: there is none, or it is malformed. */
bool cmg__ms_template_find(struct cmg__span extensions, struct cmg__ms_template *out);
/* "WebServer", or "1.3.6.1.4.1.311.21.8.1 version 100.3". */
cmg_status cmg__ms_template_text(const struct cmg__ms_template *t, struct cmg__buf *out);

#endif
