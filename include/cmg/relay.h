/**
 * @file relay.h
 * @brief The data plane: gateway service, connection point, and an internet client.
 *
 * cmg_service is what runs on each instance: it terminates clients' TLS, authenticates
 * them, and passes requests down channels that connection points have dialled.
 * cmg_connector is such a connection point: it dials every instance and forwards to the
 * site's roles. cmg_client is an internet client, for tests and tools. All are driven by
 * their context; bodies are never held whole by service and connector.
 *
 * @code
 * rc = cmg_service_new(ctx, &service, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_service_configure(service, user_data, user_data_size, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_service_set_certificate(service, certificate, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_service_start(service, &err);
 * while (rc == CMG_OK && !stop)
 *     rc = cmg_context_wait(ctx, CMG_FOREVER, &err);
 * @endcode
 */
#ifndef CMG_RELAY_H
#define CMG_RELAY_H

#include <cmg/certificate.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief The gateway service of one instance. @since 0.1 */
typedef struct cmg_service cmg_service;
/** @brief A connection point. @since 0.1 */
typedef struct cmg_connector cmg_connector;
/** @brief An internet client of a gateway. @since 0.1 */
typedef struct cmg_client cmg_client;

/** @brief Which of the service's listeners. @since 0.1 */
typedef enum cmg_listener {
    CMG_LISTENER_CLIENT = 1,        /**< Internet clients, 443. */
    CMG_LISTENER_CHANNEL = 2,       /**< Connection points, 10140 by default. */
    CMG_LISTENER_CHANNEL_HTTPS = 3, /**< The same, where a web proxy lets them: 10124;
                                         only when the settings name its port. */
    CMG_LISTENER_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_listener;

/** @brief One request that the service has answered; borrowed; size-tagged. @since 0.1 */
typedef struct cmg_request_record {
    size_t size;           /**< sizeof(cmg_request_record) of the library. */
    const char *method;    /**< For example "CCM_POST". */
    const char *role_id;   /**< The role, or "" when none was found. */
    const char *endpoint;  /**< For example "SMS_MP", or "". */
    const char *client;    /**< "certificate", "token" or "none". */
    const char *connector; /**< The connection point that took it, or "". */
    uint64_t bytes_in;     /**< Body bytes from the client. */
    uint64_t bytes_out;    /**< Body bytes to the client. */
    int64_t elapsed_ms;    /**< From the head's end to the answer's end. */
    int32_t status;        /**< HTTP status that the client saw; 0 when it left before. */
    uint32_t reserved;     /**< 0. */
} cmg_request_record;

/** @brief Callbacks of a service; size-tagged, copied. Each may be NULL. @since 0.1 */
typedef struct cmg_service_events {
    size_t size; /**< sizeof(cmg_service_events) of the caller. */
    void *user;  /**< Handed to each callback. */
    /** A connection point's channel became ready (1) or was lost (0; why may be NULL). */
    void (*on_channel)(cmg_service *service, const char *connector, int ready,
                       const cmg_error *why, void *user);
    /** A request was answered. */
    void (*on_request)(cmg_service *service, const cmg_request_record *record,
                       void *user);
    /** After cmg_service_close(), exactly once. */
    void (*on_closed)(cmg_service *service, void *user);
    /** Other user data came from the metadata service that is followed. It was taken (why
        is NULL), or refused, and what was before stays. json is borrowed for the call and
        followed by a zero byte. */
    void (*on_settings)(cmg_service *service, const char *json, size_t size,
                        const cmg_error *why, void *user);
} cmg_service_events;

/** @brief Callbacks of a connector; size-tagged, copied. Each may be NULL. @since 0.1 */
typedef struct cmg_connector_events {
    size_t size; /**< sizeof(cmg_connector_events) of the caller. */
    void *user;  /**< Handed to each callback. */
    /** A channel became ready (1), or could not be made or was lost (0; why says which
        instance and what to do). The connector goes on trying with back-off. */
    void (*on_channel)(cmg_connector *connector, uint32_t instance, int ready,
                       const cmg_error *why, void *user);
    /** After cmg_connector_close(), exactly once. */
    void (*on_closed)(cmg_connector *connector, void *user);
} cmg_connector_events;

/** @brief What a client's request came to; borrowed for the call; size-tagged. @since 0.1
 */
typedef struct cmg_client_response {
    size_t size;              /**< sizeof(cmg_client_response) of the library. */
    const char *reason;       /**< The status line's text as far as known, or "". */
    const char *content_type; /**< Or "". */
    const char *via;          /**< The Via field: instance and connection point, or "". */
    const void *body;         /**< The body. */
    size_t body_size;         /**< Its length in bytes. */
    int64_t elapsed_ms;       /**< From start to the last byte. */
    int32_t status;           /**< HTTP status; 0 when there was no answer. */
    uint32_t reserved;        /**< 0. */
} cmg_client_response;

/**
 * @brief Receives the end of a client's request, exactly once.
 * @param[in] client   The client.
 * @param[in] response The answer, borrowed for the call; NULL when err is set.
 * @param[in] err      Why there was no answer, borrowed; NULL when there was one.
 * @param[in] user     As given to cmg_client_request().
 * @since 0.1
 */
typedef void (*cmg_client_done_fn)(cmg_client *client,
                                   const cmg_client_response *response,
                                   const cmg_error *err, void *user);

/**
 * @brief Makes a gateway service.
 * @param[in]  ctx         The context that will drive it.
 * @param[out] out_service Receives the service, yours.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_service_new(cmg_context *ctx, cmg_service **out_service,
                                   cmg_error **err);

/**
 * @brief Gives the service its settings: the user data that an instance receives.
 *
 * While it runs, changed settings hold for what comes after: connections and requests
 * that are there go on, a client's certificate is judged anew at its next request, and
 * the channel of a connection point that is not pinned any more ends after its requests.
 * The ports stay as they are; one for channels over HTTPS that comes or goes does so at
 * the next start. On failure nothing has changed.
 *
 * @param[in]  service The service, not closing.
 * @param[in]  json    JSON text, copied; libcmg/doc/user-data.md lists the fields.
 * @param[in]  size    Length in bytes, at most 64 KiB.
 * @param[out] err     Receives the error, or NULL; it names the field's path.
 * @return #CMG_OK; #CMG_E_PARSE, #CMG_E_INVAL, #CMG_E_STATE for other ports than those of
 *         a running service and when it is closing.
 * @since 0.1
 */
CMG_API cmg_status cmg_service_configure(cmg_service *service, const char *json,
                                         size_t size, cmg_error **err);

/**
 * @brief Takes the settings from the metadata service of this machine, now and whenever
 * they change.
 *
 * The instance's user data is asked for in the next turn and again after each interval,
 * before the service starts and while it runs, until cmg_service_close(); directly, never
 * by a proxy. What differs from what came last is given to cmg_service_configure(), and
 * on_settings tells what became of it. A failure is told to the log and changes nothing.
 *
 * @param[in]  service     The service, not closing.
 * @param[in]  base_url    "http://169.254.169.254" on a machine of Azure, copied; at most
 *                         512 bytes.
 * @param[in]  interval_ms Milliseconds between two requests, 50 to 3600000.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_STATE when it follows one already or is closing,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_service_follow_metadata(cmg_service *service, const char *base_url,
                                               int64_t interval_ms, cmg_error **err);

/**
 * @brief Tells which instance this is, where the settings do not; it wins over theirs.
 * @param[in]  service  The service, not started.
 * @param[in]  instance 0 to 15.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_STATE after start.
 * @since 0.1
 */
CMG_API cmg_status cmg_service_set_instance(cmg_service *service, uint32_t instance,
                                            cmg_error **err);

/**
 * @brief Gives the service its server certificate.
 *
 * While it runs, new connections get it; those that are there keep the one before.
 *
 * @param[in]  service     The service, not closing.
 * @param[in]  certificate With its key; a reference is taken.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL without a key, #CMG_E_UNSUPPORTED when the host holds the
 *         key, #CMG_E_STATE when the service is closing.
 * @since 0.1
 */
CMG_API cmg_status cmg_service_set_certificate(cmg_service *service,
                                               cmg_certificate *certificate,
                                               cmg_error **err);

/**
 * @brief Where a listener binds; the default is 0.0.0.0 and the port of the settings.
 * @param[in]  service  The service, not started.
 * @param[in]  listener Which.
 * @param[in]  address  IPv4 or IPv6 address as text, copied.
 * @param[in]  port     1 to 65535, or 0 for any free one.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_STATE after start.
 * @since 0.1
 */
CMG_API cmg_status cmg_service_set_listener(cmg_service *service, cmg_listener listener,
                                            const char *address, uint16_t port,
                                            cmg_error **err);

/**
 * @brief Installs the callbacks.
 * @param[in]  service The service, not started.
 * @param[in]  events  The table, copied; NULL removes all.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_ABI, #CMG_E_STATE after start.
 * @since 0.1
 */
CMG_API cmg_status cmg_service_set_events(cmg_service *service,
                                          const cmg_service_events *events,
                                          cmg_error **err);

/**
 * @brief Binds and listens.
 * @param[in]  service The service with settings and certificate.
 * @param[out] err     Receives the error, or NULL; a port in use is named with its
 * address.
 * @return #CMG_OK; #CMG_E_STATE, #CMG_E_CONFLICT for a port in use, #CMG_E_IO,
 *         #CMG_E_TLS, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_service_start(cmg_service *service, cmg_error **err);

/**
 * @brief The port a listener is bound to.
 * @param[in] service  The service.
 * @param[in] listener Which.
 * @return 1 to 65535; 0 before start, and for a listener that the settings do not name.
 * @since 0.1
 */
CMG_API uint16_t cmg_service_get_port(const cmg_service *service, cmg_listener listener);

/**
 * @brief Stops accepting, drains for up to a grace time, then closes; on_closed follows.
 * @param[in]  service  The service.
 * @param[in]  grace_ms Milliseconds for requests under way, 0 to 600000.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE before start or after close.
 * @since 0.1
 */
CMG_API cmg_status cmg_service_close(cmg_service *service, int64_t grace_ms,
                                     cmg_error **err);

/**
 * @brief Takes one more reference.
 * @param[in] service The service or NULL.
 * @return @p service.
 * @since 0.1
 */
CMG_API cmg_service *cmg_service_ref(cmg_service *service);

/**
 * @brief Gives a reference back; the last one closes at once, without callbacks.
 * @param[in] service The service; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_service_unref(cmg_service *service);

/**
 * @brief Makes a connection point.
 * @param[in]  ctx           The context that will drive it.
 * @param[out] out_connector Receives the connector, yours.
 * @param[out] err           Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_connector_new(cmg_context *ctx, cmg_connector **out_connector,
                                     cmg_error **err);

/**
 * @brief Gives the connector its settings, as cmg_gateway_connector_config() makes them.
 * @param[in]  connector The connector, not started.
 * @param[in]  json      JSON text, copied; libcmg/doc/connector-config.md lists the
 * fields.
 * @param[in]  size      Length in bytes, at most 64 KiB.
 * @param[out] err       Receives the error, or NULL; it names the field's path.
 * @return #CMG_OK; #CMG_E_PARSE, #CMG_E_INVAL, #CMG_E_STATE after start.
 * @since 0.1
 */
CMG_API cmg_status cmg_connector_configure(cmg_connector *connector, const char *json,
                                           size_t size, cmg_error **err);

/**
 * @brief Gives the connector its certificate, which the gateway has pinned.
 * @param[in]  connector   The connector, not started.
 * @param[in]  certificate With its key; a reference is taken.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL without a key, #CMG_E_UNSUPPORTED when the host holds the
 *         key, #CMG_E_STATE after start.
 * @since 0.1
 */
CMG_API cmg_status cmg_connector_set_certificate(cmg_connector *connector,
                                                 cmg_certificate *certificate,
                                                 cmg_error **err);

/**
 * @brief Authorities that the site's roles' (management point's) certificates chain to.
 * @param[in]  connector The connector, not started.
 * @param[in]  pem       PEM certificates, copied.
 * @param[in]  size      Length in bytes, at most 1 MiB.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL when there is no certificate in it, #CMG_E_STATE.
 * @since 0.1
 */
CMG_API cmg_status cmg_connector_set_upstream_ca(cmg_connector *connector,
                                                 const char *pem, size_t size,
                                                 cmg_error **err);

/**
 * @brief Installs the callbacks.
 * @param[in]  connector The connector, not started.
 * @param[in]  events    The table, copied; NULL removes all.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_ABI, #CMG_E_STATE after start.
 * @since 0.1
 */
CMG_API cmg_status cmg_connector_set_events(cmg_connector *connector,
                                            const cmg_connector_events *events,
                                            cmg_error **err);

/**
 * @brief Begins to dial every instance, and keeps the channels up without end.
 * @param[in]  connector The connector with settings and certificate.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE, #CMG_E_TLS, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_connector_start(cmg_connector *connector, cmg_error **err);

/**
 * @brief How many channels are ready.
 * @param[in] connector The connector.
 * @return 0 to the number of instances.
 * @since 0.1
 */
CMG_API uint32_t cmg_connector_ready_count(const cmg_connector *connector);

/**
 * @brief Drains the channels for up to a grace time, then closes; on_closed follows.
 * @param[in]  connector The connector.
 * @param[in]  grace_ms  Milliseconds for requests under way, 0 to 600000.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE before start or after close.
 * @since 0.1
 */
CMG_API cmg_status cmg_connector_close(cmg_connector *connector, int64_t grace_ms,
                                       cmg_error **err);

/**
 * @brief Takes one more reference.
 * @param[in] connector The connector or NULL.
 * @return @p connector.
 * @since 0.1
 */
CMG_API cmg_connector *cmg_connector_ref(cmg_connector *connector);

/**
 * @brief Gives a reference back; the last one closes at once, without callbacks.
 * @param[in] connector The connector; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_connector_unref(cmg_connector *connector);

/**
 * @brief Makes an internet client of one gateway.
 * @param[in]  ctx        The context; its authorities must include the one of the
 *                        gateway's certificate.
 * @param[in]  host       The gateway's service name; copied.
 * @param[in]  port       TCP port; 0 for 443.
 * @param[out] out_client Receives the client, yours.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_client_new(cmg_context *ctx, const char *host, uint16_t port,
                                  cmg_client **out_client, cmg_error **err);

/**
 * @brief Presents a certificate from now on.
 * @param[in]  client      The client.
 * @param[in]  certificate With its key; a reference is taken. NULL for none.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL without a key, #CMG_E_UNSUPPORTED when the host holds the
 *         key.
 * @since 0.1
 */
CMG_API cmg_status cmg_client_set_certificate(cmg_client *client,
                                              cmg_certificate *certificate,
                                              cmg_error **err);

/**
 * @brief Sends "Authorization: Bearer <token>" from now on.
 * @param[in]  client The client.
 * @param[in]  token  The token, copied, wiped with the client. NULL for none.
 * @param[in]  size   Its length in bytes, at most 16 KiB.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_client_set_token(cmg_client *client, const char *token,
                                        size_t size, cmg_error **err);

/**
 * @brief Sends one request on a connection of its own.
 * @param[in]  client The client.
 * @param[in]  method An HTTP method, for example "GET" or "CCM_POST"; copied.
 * @param[in]  target Path and query, begins with '/'; copied.
 * @param[in]  body   The body, copied; NULL for none.
 * @param[in]  size   Its length in bytes, at most 32 MiB.
 * @param[in]  done   Called exactly once from the loop, unless the client goes before.
 * @param[in]  user   Handed to @p done.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_LIMIT, #CMG_E_NOMEM; then @p done is not called.
 * @since 0.1
 */
CMG_API cmg_status cmg_client_request(cmg_client *client, const char *method,
                                      const char *target, const void *body, size_t size,
                                      cmg_client_done_fn done, void *user,
                                      cmg_error **err);

/**
 * @brief Takes one more reference.
 * @param[in] client The client or NULL.
 * @return @p client.
 * @since 0.1
 */
CMG_API cmg_client *cmg_client_ref(cmg_client *client);

/**
 * @brief Gives a reference back; requests under way end without callbacks.
 * @param[in] client The client; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_client_unref(cmg_client *client);

#ifdef __cplusplus
}
#endif
#endif
