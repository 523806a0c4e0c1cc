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
 *     rc = cmg_watch_set_events(watch, &events, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_watch_start(watch, &err);
 * while (rc == CMG_OK && !quit)
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

#ifdef __cplusplus
}
#endif
#endif
