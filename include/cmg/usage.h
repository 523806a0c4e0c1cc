/**
 * @file usage.h
 * @brief What a gateway uses, compared with the alerts of its specification.
 *
 * #CMG_DEPLOY_MEASURE_GATEWAY asks Azure Monitor what left the cloud in the last 14 days
 * and what the storage account holds. What it measured stands on the gateway until it is
 * measured again. An alert that has reached a level is a problem of the deployment, with
 * cause and remedy (cmg/preflight.h). With stop_service in the specification's
 * traffic_alert the operation stops the gateway when traffic is critical; then it needs a
 * journal and asks for confirmation. Without, it reads only.
 *
 * Azure has its figures each hour, some of them a day late: run it now and then.
 *
 * @code
 * cmg_usage traffic = { .size = sizeof traffic };
 * rc = cmg_gateway_get_usage(gateway, CMG_ALERT_TRAFFIC, &traffic, &err);
 * if (rc == CMG_OK)
 *     printf("%u %% of the limit: %s\n", (unsigned)traffic.percent,
 *            cmg_usage_level_name((cmg_usage_level)traffic.level));
 * @endcode
 */
#ifndef CMG_USAGE_H
#define CMG_USAGE_H

#include <cmg/deploy.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief How near an amount is to its limit. @since 0.1 */
typedef enum cmg_usage_level {
    CMG_USAGE_UNKNOWN = 0,  /**< Nobody has measured, or there is no gateway. */
    CMG_USAGE_NONE = 1,     /**< Below the warning, or the alert is off. */
    CMG_USAGE_WARNING = 2,  /**< At warning_percent, or above. */
    CMG_USAGE_CRITICAL = 3, /**< At critical_percent, or above. */
    CMG_USAGE_LEVEL_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_usage_level;

/** @brief What was measured, beside what is allowed; size-tagged. @since 0.1 */
typedef struct cmg_usage {
    size_t size;               /**< sizeof(cmg_usage) of the caller. */
    int64_t measured_unix_s;   /**< When, seconds since 1970-01-01 UTC; 0: never. */
    int64_t from_unix_s;       /**< From when on values were asked for; 0: never. */
    int64_t bytes;             /**< Traffic: of 14 days. Storage: the latest value. */
    int64_t limit_bytes;       /**< The specification's gigabytes. */
    int32_t level;             /**< A #cmg_usage_level. */
    int32_t enabled;           /**< 1: the alert is on; 0: it has no level. */
    uint32_t percent;          /**< Of the limit, rounded down; may be more than 100. */
    uint32_t warning_percent;  /**< Of the specification. */
    uint32_t critical_percent; /**< Of the specification. */
    uint32_t values;           /**< How many values Azure had; 0: none yet. */
} cmg_usage;

/**
 * @brief What the last measurement found.
 * @param[in]  gateway   The gateway.
 * @param[in]  alert     Which amount.
 * @param[out] out_usage Filled in; its size must be set.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK, also when nobody has measured; #CMG_E_INVAL, #CMG_E_ABI. Callbacks may
 *         call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_get_usage(const cmg_gateway *gateway, cmg_alert alert,
                                         cmg_usage *out_usage, cmg_error **err);

/**
 * @brief Both amounts as JSON: version 1, gateway, and traffic and storage, objects with
 *        measured_unix_s, from_unix_s, bytes, limit_bytes, percent, warning_percent,
 *        critical_percent, enabled, values and level ("UNKNOWN", "NONE", "WARNING",
 *        "CRITICAL").
 * @param[in]  gateway   The gateway.
 * @param[out] out_bytes Receives the text, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_export_usage(const cmg_gateway *gateway,
                                            cmg_bytes **out_bytes, cmg_error **err);

/**
 * @brief A level's name, for example "CRITICAL".
 * @param[in] level Any value.
 * @return A static string; "UNKNOWN" for a value this library does not know. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_usage_level_name(cmg_usage_level level);

/**
 * @brief Which metrics are asked for; size-tagged. A name is one of Azure's for the
 *        resource, or several with commas between them, whose values are added up.
 *
 * The scale set counts all that its instances send, also inside the region: an upper
 * bound of what is billed.
 * @since 0.1
 */
typedef struct cmg_usage_options {
    size_t size; /**< sizeof(cmg_usage_options) of the caller. */
    /** Traffic of the scale set, added up; NULL: "Network Out Total". */
    const char *traffic_metric;
    /** Traffic of the storage account, added up; asked for only when the specification
        has serve_content. NULL: "Egress". */
    const char *content_metric;
    /** What the storage account holds, the latest average; NULL: "UsedCapacity". */
    const char *storage_metric;
} cmg_usage_options;

/**
 * @brief Says which metrics #CMG_DEPLOY_MEASURE_GATEWAY asks for.
 * @param[in]  deploy  The deployment, not started.
 * @param[in]  options The options, copied; NULL for the defaults.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_ABI, #CMG_E_INVAL naming the member
 *         that is empty or longer than 200 bytes, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_usage(cmg_deploy *deploy,
                                        const cmg_usage_options *options,
                                        cmg_error **err);

#ifdef __cplusplus
}
#endif
#endif
