/* See court.h. */
#include "crypto/court.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void append_pem(FILE *file, const struct cmg__x509 *cert)
{
    char *pem = pki_pem(cert);

    ck_assert_int_ge(fputs(pem, file), 0);
    free(pem);
}

/* The certificates from..to - 1 as one file; its path. */
static const char *write_bundle(const struct court *court, const char *name, size_t from,
                                size_t to)
{
    const char *path = support_path(name);
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    for (size_t i = from; i < to; i++)
        append_pem(file, court->certs[i]);
    ck_assert_int_eq(fclose(file), 0);
    return path;
}

bool court_openssl(const struct court *court, const struct cmg__x509_question *q,
                   char **out)
{
    char time[32];
    const size_t last = court->count - 1;
    const char *purpose = q->purpose == CMG_PURPOSE_SERVER      ? "sslserver"
                          : q->purpose == CMG_PURPOSE_AUTHORITY ? "any"
                          : q->purpose == CMG__PURPOSE_NONE     ? "any"
                                                                : "sslclient";
    const char *const argv[] = { "openssl",
                                 "verify",
                                 "-no-CApath",
                                 "-no-CAstore",
                                 "-purpose",
                                 purpose,
                                 "-attime",
                                 time,
                                 "-CAfile",
                                 write_bundle(court, "root.pem", 0, 1),
                                 "-untrusted",
                                 write_bundle(court, "others.pem", 0, last),
                                 write_bundle(court, "leaf.pem", last, last + 1),
                                 NULL };

    (void)snprintf(time, sizeof time, "%lld", (long long)q->now_unix_s);
    return support_command(argv, out) == 0;
}
