/* Certificates by openssl for the gateway's rules: any subject, any extension. */
#ifndef TESTS_MODEL_MINT_H
#define TESTS_MODEL_MINT_H

#include <cmg/names.h>
#include "support/support.h"

struct mint {
    const char *subject;    /* "/CN=gw.contoso.com" */
    const char *extensions; /* lines of openssl's configuration, or NULL */
    const char *key;        /* NULL: EC P-256; "rsa:2048" */
    const char *digest;     /* NULL: sha256 */
    int days;               /* 0: 365 */
    const char *name;       /* of the files; NULL: "x" */
    const char *issuer;     /* files of this name sign; NULL: self-signed */
    const char *reuse;      /* key of the files of this name; NULL: a new one */
};

/* With its key, and its issuer's certificate when there is one. */
cmg_certificate *mint(cmg_context *ctx, const struct mint *wanted);
/* The same without key and issuer. */
cmg_certificate *mint_bare(cmg_context *ctx, const struct mint *wanted);
bool mint_report_has(const cmg_report *report, cmg_finding code, cmg_severity severity);

#endif
