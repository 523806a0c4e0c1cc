/* An authority beside the site's own, and the server that its lists are published at. */
#ifndef TESTS_RELAY_LISTS_H
#define TESTS_RELAY_LISTS_H

#include <cmg/authority.h>
#include "relay/site.h"

struct lists_file {
    const char *path;
    cmg_bytes *data; /* NULL: not published */
    int status;      /* instead; 0: 200 or 404 */
    bool hangs;      /* nothing is answered until lists_release() */
    struct cmg__http1_conn *waiting;
    unsigned asked;
};

struct lists {
    struct site *site;
    struct site_server server;
    cmg_authority *ca;
    struct lists_file complete, delta;
    char ca_pem[16384]; /* with those above it */
};

/* Certificates name http://<host>/ca.crl; parent NULL: a root. */
void lists_open(struct lists *lists, struct site *site, const char *host,
                cmg_authority *parent);
void lists_close(struct lists *lists);
/* Whether certificates and lists name the delta list, too, from now on. */
void lists_name_delta(struct lists *lists, const char *host, bool named);
cmg_certificate *lists_issue(struct lists *lists, const char *name);
void lists_publish(struct lists *lists, int64_t validity_s);
void lists_publish_delta(struct lists *lists, int64_t validity_s);
/* Another list in its place; taken over. */
void lists_put(struct lists_file *file, cmg_bytes *data);
/* Answers what waits, and does not hang any more. */
void lists_release(struct lists_file *file);
/* The site's user data, with this authority among its roots and the setting. */
const char *lists_user_data(struct lists *lists, bool verify);
/* Certificate, chain and key; static. */
const char *lists_pem(const cmg_certificate *cert);

/* ---- a stage for tests: one site, one authority, one client ---- */

#define STAGE_HOST          "crl.test"
#define STAGE_WEEK          (INT64_C(7) * 86400)
#define STAGE_NOT_AVAILABLE "CMGService_Revocation_List_Not_Available"
#define STAGE_REVOKED       "CMGService_Client_Certificate_Revoked"
#define STAGE_INVALID       "CMGService_Client_Certificate_Invalid"

struct stage {
    struct site site;
    struct lists lists;
    struct site_answer answer;
    cmg_certificate *client; /* shown by site.client */
    char warning[1024];      /* the last that was logged of lists */
    unsigned warnings;
    unsigned refused; /* certificates, as the log says */
};
extern struct stage stage;

/* Everything is up, the setting on, nothing published; pauses are such that a test can
   wait for them. */
void stage_begin(void);
void stage_end(void);
void stage_configure(bool verify);
void stage_use(cmg_certificate *cert);
void stage_revoke(struct lists *from, const cmg_certificate *cert);
/* One request and what it is answered with; reason NULL: any. */
void stage_ask(int status, const char *reason);
/* The wall clock of the site from now on. */
void stage_shift(int64_t ms);

#endif
