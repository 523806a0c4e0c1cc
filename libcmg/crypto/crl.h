/*
 * Certificate revocation lists (RFC 5280, section 5): an own reader, because mbedTLS
 * refuses delta lists and issuing distribution points, misreads indirect lists and
 * searches from end to end. A list that was read keeps its facts, a sorted index of its
 * entries and the hash of what was signed; the bytes it was made of are not kept. Whether
 * a list is fresh enough to be believed is the judge's affair.
 */
#ifndef CMG_CRYPTO_CRL_H
#define CMG_CRYPTO_CRL_H

#include <cmg/crl.h>
#include "crypto/crl_index.h"
#include "crypto/describe.h"
#include "crypto/x509.h"

#define CMG__CRL_MAX ((size_t)64 * 1024 * 1024)

struct cmg__crl; /* one list, counted; only what its signature came to is written later */

/* PEM (the first list in it) or DER; data is not kept. CMG_E_PARSE, CMG_E_LIMIT,
   CMG_E_NOMEM. */
cmg_status cmg__crl_parse(const struct cmg__alloc *alloc, const void *data, size_t n,
                          struct cmg__crl **out, cmg_error **err);
struct cmg__crl *cmg__crl_ref(struct cmg__crl *crl);
void cmg__crl_free(struct cmg__crl *crl);

/* ReasonFlags: bit i is flag i of RFC 5280 (1 keyCompromise ... 8 aACompromise). */
#define CMG__CRL_ALL_REASONS 0x1feU

struct cmg__crl_info {
    const char *issuer;           /* "CN=Contoso CA, O=Contoso"; all borrowed */
    struct cmg__span issuer_name; /* content of the Name */
    struct cmg__span key_id;      /* authority key identifier; n == 0 when absent */
    struct cmg__span number;      /* magnitude; n == 0 when absent */
    bool number_is_critical;      /* which it must not be */
    struct cmg__span base_number; /* of a delta list */
    bool is_delta;
    bool is_indirect;
    bool only_user;
    bool only_ca;
    bool only_attribute;
    bool has_reasons;                /* partitioned by reason */
    unsigned reasons;                /* those it speaks for */
    struct cmg__span issuing_point;  /* the whole extension value */
    struct cmg__span point_names;    /* content of its GeneralNames */
    struct cmg__span point_relative; /* or content of the name below the issuer's */
    struct cmg__span freshest;       /* content of CRLDistributionPoints: delta lists */
    struct cmg__span issuer_alternative_names; /* content of GeneralNames */
    bool has_ca_version;                       /* Microsoft's */
    uint32_t ca_version;
    int64_t this_update_unix_s;
    int64_t next_update_unix_s;  /* 0: none */
    int64_t next_publish_unix_s; /* Microsoft's; 0: none */
    size_t count;
    size_t repeated;     /* entries that said again what was said */
    size_t memory_bytes; /* what the list holds */
    enum cmg__oid signature_algorithm;
    const char *unknown_critical;       /* of the list; "" when there is none */
    const char *unknown_critical_entry; /* of an entry */
};
void cmg__crl_info(const struct cmg__crl *crl, struct cmg__crl_info *out);

struct cmg__crl_entry {
    uint8_t serial[CMG__SERIAL_MAX];
    size_t serial_len;
    bool serial_is_negative; /* then in two's complement */
    int64_t date_unix_s;
    cmg_revocation_reason reason;
    bool has_invalidity;
    int64_t invalidity_unix_s;
    struct cmg__span issuer; /* content of the certificate issuer's Name, borrowed */
};
/* The i-th of info.count, in ascending order of serial numbers. */
bool cmg__crl_entry(const struct cmg__crl *crl, size_t i, struct cmg__crl_entry *out);
/* Whether the list has this (positive) serial number of this issuer; serial as an
   unsigned number, cert_issuer the content of a Name, n == 0 for the list's own issuer.
 */
bool cmg__crl_find(const struct cmg__crl *crl, struct cmg__span serial,
                   struct cmg__span cert_issuer, struct cmg__crl_entry *out);
/* The same for a certificate at hand, whatever the sign of its serial number. */
bool cmg__crl_find_certificate(const struct cmg__crl *crl, const struct cmg__x509 *cert,
                               struct cmg__crl_entry *out);

/* CMG_OK when the issuer's name, key identifier, key usage and key fit the list; known
   again without a second check. CMG_E_CERT, CMG_E_UNSUPPORTED (an algorithm that is not
   accepted), CMG_E_NOMEM. */
cmg_status cmg__crl_verify(struct cmg__crl *crl, const struct cmg__x509 *issuer);

/* Whether a list speaks of a certificate at all (RFC 5280, section 6.3.3 b). */
enum cmg__crl_cover {
    CMG__CRL_COVERS,
    CMG__CRL_OTHER_ISSUER,
    CMG__CRL_OTHER_KIND, /* users only, authorities only, attribute certificates */
    CMG__CRL_OTHER_POINT /* another distribution point */
};
/* *reasons: those for which its silence means "not revoked"; all when not partitioned. */
enum cmg__crl_cover cmg__crl_covers(const struct cmg__crl *crl,
                                    const struct cmg__x509 *cert, unsigned *reasons);

/* Whether a delta list may be laid over a complete one: one issuer, key and scope, and
   the complete list at least as new as the one the delta counts from, older than the
   delta itself. */
bool cmg__crl_delta_fits(const struct cmg__crl *base, const struct cmg__crl *delta);
/* Whether the certificate is revoked by the complete list as changed by the delta (NULL
   or one that fits). An entry that the delta releases is not revoked. */
bool cmg__crl_apply(const struct cmg__crl *base, const struct cmg__crl *delta,
                    const struct cmg__x509 *cert, struct cmg__crl_entry *out);
/* Whether a list may take the place of another: same issuer, key, scope and kind, and
   newer by number and time, in neither older. */
bool cmg__crl_supersedes(const struct cmg__crl *newer, const struct cmg__crl *older);

/* "keyCompromise"; "unspecified" for values that have no name. */
const char *cmg__crl_reason_name(cmg_revocation_reason reason);
/* Everything as text, the first 50 entries of many. */
void cmg__crl_describe(const struct cmg__crl *crl, struct cmg__describe *d);

#endif
