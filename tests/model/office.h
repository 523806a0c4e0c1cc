/*
 * An authority's office for tests: a context with a fake clock and a counting allocator,
 * two EC keys (made in no time), and what is done over and over: issue, publish, look.
 */
#ifndef TESTS_MODEL_OFFICE_H
#define TESTS_MODEL_OFFICE_H

#include "crypto/crl.h"
#include "model/authority.h"
#include "model/certificate_template.h"
#include "model/csr.h"
#include "model/key.h"
#include "support/support.h"

#define WEEK_S (INT64_C(7) * 86400)

struct office {
    struct support_alloc a;
    struct support_env e;
    cmg_context *ctx;
    cmg_key *ca_key; /* EC: made in no time */
    cmg_key *key;
};
void office_init(struct office *p);
void office_done(struct office *p); /* nothing may be left */

/* A root whose key is the office's; directory NULL: in memory. */
cmg_status office_try_root(struct office *p, const char *directory, cmg_authority **out,
                           cmg_error **err);
cmg_authority *office_root(struct office *p, const char *directory);
cmg_template *office_template(struct office *p, const char *name);
/* By "web_server", for the office's second key. */
cmg_status office_try_issue(struct office *p, cmg_authority *ca, const char *name,
                            cmg_certificate **out, cmg_error **err);
cmg_certificate *office_issue(struct office *p, cmg_authority *ca, const char *name);
const char *office_serial(const cmg_certificate *cert, char out[41]);
void office_write_pem(const char *path, cmg_certificate *cert);
/* Runs a command, gives its status; *out (may be NULL) is the caller's. */
int office_run(const char *const *argv, char **out);
/* A list, read again and its signature verified. */
struct cmg__crl *office_publish(struct office *p, cmg_authority *ca, bool delta);
/* The reason under which a list names a certificate; -1: it does not. */
int office_listed(const struct cmg__crl *crl, const cmg_certificate *cert);

#endif
