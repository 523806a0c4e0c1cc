/*
 * A whole site on one loop in one process: gateway service, connection point, management
 * point, sign-in host, each over real TLS on loopback. Keys are made once per program;
 * everything else once per test.
 */
#ifndef TESTS_RELAY_SITE_H
#define TESTS_RELAY_SITE_H

#include "support/support.h"
#include <cmg/relay.h>
#include "base/json.h"
#include "crypto/jwt.h"
#include "net/http1_server.h"
#include "net/tls.h"

#define SITE_ROLE "72057594037937981"
#define SITE_MP   "/CCM_Proxy_MutualAuth/" SITE_ROLE "/SMS_MP"
#define SITE_STS  "/CCM_Proxy_ServerAuth/" SITE_ROLE "/SMS_MP"
#define SITE_TID  "11111111-2222-3333-4444-555555555555"
#define SITE_APP  "aaaaaaaa-2222-3333-4444-555555555555"

/* Certificates with keys, as PEM; made by site_make_keys(). */
enum site_cert {
    SITE_CERT_GATEWAY,
    SITE_CERT_RENEWED, /* the gateway's next one */
    SITE_CERT_CLIENT,
    SITE_CERT_CONNECTOR,
    SITE_CERT_ROLE,    /* mp.test and login.test */
    SITE_CERT_FOREIGN, /* a client of another authority */
    SITE_CERT_COUNT
};
void site_make_keys(void);
const char *site_ca_pem(void);
const char *site_pem(enum site_cert which);

/* An HTTP server of the site: management point or sign-in host. */
struct site_server {
    struct site *site;
    bool plain; /* without TLS */
    struct cmg__listener *listener;
    struct cmg__list conns;
    void (*answer)(struct site_server *server, struct cmg__http1_conn *conn,
                   const struct cmg__http1_head *head);
    unsigned requests;
    uint64_t body_bytes;
    unsigned closed;
};

struct site_answer {
    bool done;
    int status;
    cmg_status rc;
    char reason[80];
    char via[160];
    char body[8192]; /* its beginning */
    size_t size;
    uint64_t sum; /* of all bytes */
};

struct site {
    cmg_context *ctx;
    cmg_service *service;
    cmg_connector *connector;
    cmg_client *client;
    struct cmg__tls_config *role_tls;
    struct cmg__key *token_key;
    struct site_server role;
    struct site_server login;
    uint16_t channel_port;
    bool offers_https; /* whether the connection point is told of https_port */
    /* events */
    unsigned service_up, service_down, link_up, link_down, records;
    unsigned service_closed, connector_closed;
    char why[512], remedy[256];
    cmg_request_record record;
    char record_method[33], record_role[32], record_endpoint[64], record_client[16],
        record_connector[64];
};

/* Everything is up and the channel ready. */
void site_start(struct site *site);
void site_start_parts(struct site *site, bool with_service, bool with_connector);
void site_stop(struct site *site);
void site_start_servers(struct site *site);
void site_stop_servers(struct site *site);
/* One more, at that name and any port of it. */
void site_start_server(struct site *site, struct site_server *server, const char *host);
void site_stop_server(struct site_server *server);
struct cmg__key *site_token_key(struct site *site);
void site_new_service(struct site *site);
/* Configured, not started. */
cmg_service *site_prepare_service(struct site *site, uint16_t client_port,
                                  uint16_t channel_port);
void site_new_connector(struct site *site);
/* Turns the loop until *flag is at least n; fails the test after 20 s. */
void site_until(struct site *site, const unsigned *flag, unsigned n);
void site_turn(struct site *site, int ms);
void site_use_cert(struct site *site, enum site_cert which); /* SITE_CERT_COUNT: none */
/* A token signed with the site's key; parts NULL for the right ones. */
void site_use_token(struct site *site, const char *audience, const char *tenant);
void site_use_token_of(struct site *site, const char *kid, const char *audience,
                       const char *tenant);
const char *site_user_data(struct site *site); /* static */
/* The same with other client roots and another key set; NULL for the right ones. */
const char *site_user_data_of(struct site *site, const char *roots_pem, const char *pin,
                              const char *jwks_uri);
void site_send(struct site *site, struct site_answer *answer, const char *method,
               const char *target, const void *body, size_t n);
void site_finish(struct site *site, struct site_answer *answer);
/* Both. */
void site_ask(struct site *site, struct site_answer *answer, const char *method,
              const char *target, const void *body, size_t n);
/* Bytes over a TLS connection of its own; what comes back until the peer closes or the
   text "\r\n\r\n" plus idle_ms of silence. */
void site_raw(struct site *site, enum site_cert which, const char *bytes, char *out,
              size_t size);
/* A connected TLS client that reads nothing by itself. */
struct cmg__stream *site_connect(struct site *site, enum site_cert which);
struct cmg__stream *site_connect_as(struct site *site, const char *pem);
void site_write(struct site *site, struct cmg__stream *tls, const void *data, size_t n);
cmg_certificate *site_certificate(struct site *site, enum site_cert which);

#endif
