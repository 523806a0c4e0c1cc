/* See court.h. */
#include "crypto/court.h"

void court_init(struct court *court, const struct forge_cert *links)
{
    pki_init(&court->pki, CMG__PROFILE_CLIENT);
    court->count = forge_chain(&court->pki, links, court->certs);
    court->trust = cmg__x509_trust_new_empty(&court->pki.a.alloc);
    cmg__report_init(&court->report, &court->pki.a.alloc);
}

void court_done(struct court *court)
{
    cmg__report_done(&court->report);
    for (size_t i = 0; i < court->count; i++)
        cmg__x509_free(court->certs[i]);
    cmg__x509_trust_free(court->trust);
    pki_done(&court->pki);
}

/* A copy for the trust list, which takes it over. */
static struct cmg__x509 *copy(struct court *court, const struct cmg__x509 *cert)
{
    struct cmg__x509_info info;
    struct cmg__x509 *made = NULL;

    cmg__x509_info(cert, &info);
    ck_assert_int_eq(
        cmg__x509_parse(&court->pki.a.alloc, info.der, info.der_len, &made, NULL),
        CMG_OK);
    return made;
}

void court_trust(struct court *court, const struct cmg__x509 *cert,
                 enum cmg__trust_kind kind)
{
    struct cmg__x509 *one = copy(court, cert);

    ck_assert_int_eq(cmg__x509_trust_add(court->trust, kind, &one, 1), CMG_OK);
}

void court_judge(struct court *court, const struct cmg__x509_question *q)
{
    struct cmg__x509 *chain[FORGE_MAX];
    size_t n = 0;

    for (size_t i = court->count; i > (court->count > 1 ? 1U : 0U); i--)
        chain[n++] = court->certs[i - 1];
    ck_assert_int_eq(cmg__x509_judge(court->trust, q, chain, n, &court->report), CMG_OK);
}
