/**
 * @file error.h
 * @brief What went wrong, why, and what to do about it.
 *
 * An error is immutable and counted. A function that fails stores one through its last
 * parameter when that is not NULL; the caller gives it back with cmg_error_unref(). A
 * callback receives errors borrowed. Texts are one line of UTF-8 without a trailing full
 * stop and never contain a secret or a response body.
 *
 * @code
 * cmg_error *err = NULL;
 * cmg_gateway *gateway = NULL;
 * if (cmg_gateway_new_from_file(ctx, "contoso.json", &gateway, &err) != CMG_OK)
 *     fprintf(stderr, "error: %s\n  remedy: %s\n", cmg_error_message(err),
 *             cmg_error_remedy(err));
 * cmg_error_unref(err);
 * cmg_gateway_unref(gateway);
 * @endcode
 */
#ifndef CMG_ERROR_H
#define CMG_ERROR_H

#include <cmg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief An immutable counted description of a failure. @since 0.1 */
typedef struct cmg_error cmg_error;

/** @brief Whether and when repeating makes sense. @since 0.1 */
typedef enum cmg_retry {
    CMG_RETRY_NEVER = 0,     /**< Repeating the same call gives the same answer. */
    CMG_RETRY_TRANSIENT = 1, /**< Outcome unknown; repeat only idempotent work. */
    CMG_RETRY_LATER = 2,     /**< The peer is overloaded or throttles; honour the hint. */
    CMG_RETRY_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_retry;

/** @brief Who found the fault. @since 0.1 */
typedef enum cmg_origin {
    CMG_ORIGIN_LIBRARY = 0,       /**< libcmg itself; no number. */
    CMG_ORIGIN_OS = 1,            /**< The operating system; the number is an errno. */
    CMG_ORIGIN_HTTP = 2,          /**< An HTTP answer; the number is its status. */
    CMG_ORIGIN_TLS = 3,           /**< The TLS layer; the number is its own code. */
    CMG_ORIGIN_JSON = 4,          /**< A JSON document; the number is the line. */
    CMG_ORIGIN_SERVICE = 5,       /**< A cloud service; see cmg_error_service_code(). */
    CMG_ORIGIN_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_origin;

/**
 * @brief The status that belongs to the error.
 * @param[in] error The error or NULL.
 * @return The code; #CMG_OK for NULL. Any thread, callbacks too.
 * @since 0.1
 */
CMG_API cmg_status cmg_error_code(const cmg_error *error);

/**
 * @brief What happened, one line.
 * @param[in] error The error or NULL.
 * @return Borrowed, as long as the error lives; "" for NULL, never NULL. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_error_message(const cmg_error *error);

/**
 * @brief Why it happened, one line.
 * @param[in] error The error or NULL.
 * @return Borrowed; "" when nothing is known beyond the message. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_error_cause(const cmg_error *error);

/**
 * @brief What to do about it, one line.
 * @param[in] error The error or NULL.
 * @return Borrowed; "" when there is nothing to advise. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_error_remedy(const cmg_error *error);

/**
 * @brief The thing that the error is about: a JSON path, a file, a host, an argument.
 * @param[in] error The error or NULL.
 * @return Borrowed; "" when there is none. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_error_subject(const cmg_error *error);

/**
 * @brief The service's own code, for example "DnsRecordInUse" or "AADSTS7000215".
 * @param[in] error The error or NULL.
 * @return Borrowed; "" when no service was involved. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_error_service_code(const cmg_error *error);

/**
 * @brief Who found the fault.
 * @param[in] error The error or NULL.
 * @return The origin; #CMG_ORIGIN_LIBRARY for NULL. Any thread.
 * @since 0.1
 */
CMG_API cmg_origin cmg_error_origin(const cmg_error *error);

/**
 * @brief The origin's own number: an errno, an HTTP status, a TLS code, a line.
 * @param[in] error The error or NULL.
 * @return The number; 0 when there is none. Any thread.
 * @since 0.1
 */
CMG_API int64_t cmg_error_origin_number(const cmg_error *error);

/**
 * @brief Whether and when repeating makes sense.
 * @param[in] error The error or NULL.
 * @return The class; #CMG_RETRY_NEVER for NULL. Any thread.
 * @since 0.1
 */
CMG_API cmg_retry cmg_error_retry(const cmg_error *error);

/**
 * @brief How long the peer asked to wait.
 * @param[in] error The error or NULL.
 * @return Milliseconds; 0 when the peer gave no hint. Any thread.
 * @since 0.1
 */
CMG_API int64_t cmg_error_retry_after_ms(const cmg_error *error);

/**
 * @brief True when cmg_error_retry() is not #CMG_RETRY_NEVER.
 * @param[in] error The error or NULL.
 * @return True or false. Any thread.
 * @since 0.1
 */
CMG_API bool cmg_error_is_retryable(const cmg_error *error);

/**
 * @brief Takes one more reference; a callback keeps a borrowed error this way.
 * @param[in] error The error or NULL.
 * @return @p error, yours.
 * @since 0.1
 */
CMG_API cmg_error *cmg_error_ref(const cmg_error *error);

/**
 * @brief Gives a reference back.
 * @param[in] error The error; NULL does nothing. It may outlive every other handle.
 * @since 0.1
 */
CMG_API void cmg_error_unref(cmg_error *error);

#ifdef __cplusplus
}
#endif
#endif
