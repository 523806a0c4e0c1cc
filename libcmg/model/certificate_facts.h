/*
 * What a certificate lists, as texts that live as long as it: taken apart once, when the
 * handle is made, so that getters can lend them out.
 */
#ifndef CMG_MODEL_CERTIFICATE_FACTS_H
#define CMG_MODEL_CERTIFICATE_FACTS_H

#include "base/buf.h"
#include "crypto/x509.h"

enum cmg__fact {
    CMG__FACT_SIGNATURE, /* one; the others as many as there are */
    CMG__FACT_KEY_ID,
    CMG__FACT_AUTHORITY_KEY_ID,
    CMG__FACT_TEMPLATE,
    CMG__FACT_EKU,
    CMG__FACT_POLICY,
    CMG__FACT_NAME,
    CMG__FACT_CRL_URL,
    CMG__FACT_DELTA_CRL_URL,
    CMG__FACT_OCSP_URL,
    CMG__FACT_ISSUER_URL,
    CMG__FACT_COUNT
};

struct cmg__facts {
    struct cmg__buf text; /* the texts, each with its zero byte */
    struct cmg__fact_item {
        size_t at;
        uint32_t kind; /* of a name: enum cmg__gn_kind */
    } * items;
    size_t count;
    size_t capacity;
    size_t first[CMG__FACT_COUNT + 1]; /* items of fact f: first[f] up to first[f + 1] */
};

/* CMG_E_NOMEM leaves nothing behind. */
cmg_status cmg__facts_init(struct cmg__facts *facts, const struct cmg__alloc *alloc,
                           const struct cmg__x509 *cert);
void cmg__facts_done(struct cmg__facts *facts);
size_t cmg__facts_count(const struct cmg__facts *facts, enum cmg__fact fact);
/* "" and 0 when there is none. */
const char *cmg__facts_text(const struct cmg__facts *facts, enum cmg__fact fact,
                            size_t i);
uint32_t cmg__facts_kind(const struct cmg__facts *facts, enum cmg__fact fact, size_t i);

#endif
