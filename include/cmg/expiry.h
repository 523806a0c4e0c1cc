/**
 * @file expiry.h
 * @brief When secret, application and certificate come to their end, in time to act.
 *
 * cmg_server_app_get_expiry() says how things stand at a moment. A watch says it unasked:
 * it lives on the context's loop, looks once an hour and whenever a threshold is due, and
 * tells each threshold of each secret, application and certificate once. What it told is
 * handed to the host in three numbers; handed back after a restart, it is not told again.
 * The console of Configuration Manager gives no notice about imported applications at
 * all.
 *
 * @code
 * rc = cmg_watch_new(gateway, &watch, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_watch_set_events(watch, &watch_events, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_watch_start(watch, &err);
 * while (rc == CMG_OK && !stop)
 *     rc = cmg_context_wait(ctx, CMG_FOREVER, &err);
 * @endcode
 */
#ifndef CMG_EXPIRY_H
#define CMG_EXPIRY_H

#include <cmg/gateway.h>
#include <cmg/names.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief The end of a server app's secret, and of the app's use; size-tagged.
    @since 0.1 */
typedef struct cmg_server_app_expiry {
    size_t size;                   /**< sizeof(cmg_server_app_expiry) of the caller. */
    cmg_expiry_level level;        /**< How near the end of the secret is. */
    int32_t must_replace;          /**< 1: older than 800 days; see replace_unix_s. */
    int64_t secret_expires_unix_s; /**< When the secret ends. */
    int64_t days_left;             /**< Whole days; negative when it is over. */
    int64_t next_change_unix_s;    /**< When the level changes next; 0: never again. */
    int64_t created_unix_s;        /**< When the application was made; 0: not known. */
    int64_t age_days;              /**< Whole days; -1: not known. */
    /** From then on Configuration Manager (release 2409) renews its secret no more:
       register another server app before. 0: not known. */
    int64_t replace_unix_s;
} cmg_server_app_expiry;

/**
 * @brief How near the end of the server app's secret is, at a given moment.
 *
 * Works on what the last operation observed; sends nothing.
 * @param[in]     app        The server app.
 * @param[in]     at_unix_s  When, seconds since 1970; 0 for now.
 * @param[in,out] out_expiry Its size is set by the caller; receives the rest.
 * @param[out]    err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE when the end is not known yet, #CMG_E_INVAL, #CMG_E_ABI.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_server_app_get_expiry(const cmg_server_app *app, int64_t at_unix_s,
                                             cmg_server_app_expiry *out_expiry,
                                             cmg_error **err);

/**
 * @brief Tells when the secret ends, as known from elsewhere: an earlier run, the portal.
 *
 * The next operation that looks at the secret overwrites it.
 * @param[in]  app    The server app.
 * @param[in]  unix_s Seconds since 1970, above 0.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_server_app_set_secret_expires(cmg_server_app *app, int64_t unix_s,
                                                     cmg_error **err);

/** @brief What a watch looks at. @since 0.1 */
typedef enum cmg_watch_subject {
    CMG_WATCH_SECRET = 1,      /**< The server app's client secret. */
    CMG_WATCH_APPLICATION = 2, /**< The server app: 800 days after it was made. */
    CMG_WATCH_CERTIFICATE = 3, /**< The gateway's server certificate. */
    CMG_WATCH_SUBJECT_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_watch_subject;

/** @brief A watch on a gateway's ends. @since 0.1 */
typedef struct cmg_watch cmg_watch;

/**
 * @brief A threshold that was reached, borrowed for the call; size-tagged.
 *
 * Store subject, end_unix_s and level, and hand them to cmg_watch_set_told() after a
 * restart.
 * @since 0.1
 */
typedef struct cmg_watch_notice {
    size_t size;               /**< sizeof(cmg_watch_notice) of the library. */
    cmg_watch_subject subject; /**< What comes to its end. */
    cmg_expiry_level level;    /**< The threshold. */
    int64_t end_unix_s;        /**< When it ends; tells one secret from the next. */
    int64_t days_left;         /**< Whole days; negative when it is over. */
} cmg_watch_notice;

/** @brief The host's callbacks; size-tagged, copied. Each may be NULL. @since 0.1 */
typedef struct cmg_watch_events {
    size_t size; /**< sizeof(cmg_watch_events) of the caller. */
    void *user;  /**< Handed to each callback. */
    /** A threshold was reached: 90, 60, 30, 14, 7, 1 days, or the end. Once for each
       secret, application or certificate and threshold; of several that were passed at
       once only the nearest to the end is told. The watch may be closed or given back
       from inside. */
    void (*on_expiry)(cmg_watch *watch, const cmg_watch_notice *notice, void *user);
    /** Exactly once after cmg_watch_close(); nothing comes after it. */
    void (*on_closed)(cmg_watch *watch, void *user);
} cmg_watch_events;

/**
 * @brief Makes a watch.
 * @param[in]  gateway   The gateway; a reference is taken. What operations observe on it,
 *                       and cmg_server_app_set_secret_expires(), is seen within an hour.
 * @param[out] out_watch Receives the watch, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_watch_new(cmg_gateway *gateway, cmg_watch **out_watch,
                                 cmg_error **err);

/**
 * @brief Installs the callbacks.
 * @param[in]  watch  The watch, not started.
 * @param[in]  events The table, copied; NULL removes all.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_ABI.
 * @since 0.1
 */
CMG_API cmg_status cmg_watch_set_events(cmg_watch *watch, const cmg_watch_events *events,
                                        cmg_error **err);

/**
 * @brief Tells what an earlier watch has told already, so that it is not told again.
 * @param[in]  watch      The watch, not started.
 * @param[in]  subject    As in the notice.
 * @param[in]  end_unix_s As in the notice; of another secret everything is told anew.
 * @param[in]  level      As in the notice.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_INVAL.
 * @since 0.1
 */
CMG_API cmg_status cmg_watch_set_told(cmg_watch *watch, cmg_watch_subject subject,
                                      int64_t end_unix_s, cmg_expiry_level level,
                                      cmg_error **err);

/**
 * @brief Starts; callbacks come while the host drives the context.
 * @param[in]  watch The watch.
 * @param[out] err   Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE when it was started before.
 * @since 0.1
 */
CMG_API cmg_status cmg_watch_start(cmg_watch *watch, cmg_error **err);

/**
 * @brief Ends the watch; on_closed comes with the next turn. Callbacks may call it.
 * @param[in]  watch The watch, started.
 * @param[out] err   Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE when it does not run.
 * @since 0.1
 */
CMG_API cmg_status cmg_watch_close(cmg_watch *watch, cmg_error **err);

/**
 * @brief Takes one more reference.
 * @param[in] watch The watch or NULL.
 * @return @p watch.
 * @since 0.1
 */
CMG_API cmg_watch *cmg_watch_ref(cmg_watch *watch);

/**
 * @brief Gives a reference back; with the last one the watch ends without a word.
 * @param[in] watch The watch; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_watch_unref(cmg_watch *watch);

#ifdef __cplusplus
}
#endif
#endif
