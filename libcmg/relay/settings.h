/*
 * The two documents that drive the relay, read and checked: the user data of an instance
 * (doc/user-data.md) and the settings of a connection point (doc/connector-config.md).
 * Fields that this version does not know are passed over: an instance may be older than
 * what deployed it.
 */
#ifndef CMG_RELAY_SETTINGS_H
#define CMG_RELAY_SETTINGS_H

#include "relay/control.h"

#define CMG__SETTINGS_MAX ((size_t)64 * 1024)
#define CMG__MAX_PINS     16

/* A NULL-terminated list of texts. */
struct cmg__names {
    char **items;
    size_t count;
};

struct cmg__service_settings {
    const struct cmg__alloc *alloc;
    char *deployment_id;
    struct cmg__names service_names; /* lower case */
    uint16_t client_port;
    uint16_t channel_port;
    uint16_t channel_https_port; /* 0: not told, not listened */
    int instance;                /* 0-based; -1 when not told */
    char *client_roots_pem;
    bool verify_revocation;       /* of clients' certificates; true when not told */
    char pins[CMG__MAX_PINS][65]; /* lower case */
    size_t pin_count;
    char *tenant_id; /* lower case */
    struct cmg__names issuers;
    struct cmg__names audiences;
    struct cmg__names client_ids;
    char *scope; /* NULL: none required */
    char *jwks_uri;
};
void cmg__service_settings_init(struct cmg__service_settings *s,
                                const struct cmg__alloc *alloc);
void cmg__service_settings_done(struct cmg__service_settings *s);
/* *s is empty on failure. */
cmg_status cmg__service_settings_read(struct cmg__service_settings *s, const char *json,
                                      size_t n, cmg_error **err);

struct cmg__connector_settings {
    const struct cmg__alloc *alloc;
    char *name;
    char *site;
    char *host;
    char *server_name;
    uint32_t instances;
    uint16_t first_port;
    uint16_t https_port; /* of instance 0, like first_port; 0: there is none */
    char *gateway_ca_pem;
    struct cmg__url_map map; /* with URLs */
};
void cmg__connector_settings_init(struct cmg__connector_settings *s,
                                  const struct cmg__alloc *alloc);
void cmg__connector_settings_done(struct cmg__connector_settings *s);
cmg_status cmg__connector_settings_read(struct cmg__connector_settings *s,
                                        const char *json, size_t n, cmg_error **err);

#endif
