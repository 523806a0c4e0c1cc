/**
 * @file types.h
 * @brief Marks, status codes and byte strings that every other header uses.
 *
 * A fallible function returns a #cmg_status; #CMG_OK is its only success. What went
 * wrong in words is in the cmg_error that the last parameter receives (cmg/error.h).
 * Codes are few: they say what a caller can do, not where the fault was found.
 *
 * @code
 * cmg_context *ctx = NULL;
 * cmg_error *err = NULL;
 * if (cmg_context_new(NULL, &ctx, &err) != CMG_OK)
 *     fprintf(stderr, "%s\n", cmg_error_message(err));
 * cmg_error_unref(err);
 * cmg_context_unref(ctx);
 * @endcode
 */
#ifndef CMG_TYPES_H
#define CMG_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** @brief Marks a declaration as part of the public interface. @since 0.1 */
#if defined(__GNUC__)
#define CMG_API __attribute__((visibility("default")))
#else
#define CMG_API
#endif

/** @brief Marks a declaration as kept for old callers only. @since 0.1 */
#if defined(__GNUC__)
#define CMG_DEPRECATED(since, instead)                                                   \
    __attribute__((deprecated("since " since ": " instead)))
#else
#define CMG_DEPRECATED(since, instead)
#endif

/** @brief A duration without end, in milliseconds. @since 0.1 */
#define CMG_FOREVER (-1)

/** @brief Returned by a callback that wants the behaviour of a missing one. @since 0.1 */
#define CMG_CALLBACK_PASS (-2147483647 - 1)

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief What a call came to.
 *
 * Values are explicit, never renumbered and never reused.
 * @since 0.1
 */
typedef enum cmg_status {
    CMG_OK = 0,       /**< Done. */
    CMG_E_INVAL = -1, /**< An argument or a field is not allowed; the error names it. */
    CMG_E_NOMEM = -2, /**< Memory ran out; nothing was changed. */
    CMG_E_STATE = -3, /**< The object is in a state that does not permit the call. */
    CMG_E_REENTRANT = -4,    /**< Called inside a callback where that is not permitted. */
    CMG_E_CALLBACK = -5,     /**< A callback of the host returned non-zero. */
    CMG_E_CANCELED = -6,     /**< The host asked to stop. */
    CMG_E_TIMEOUT = -7,      /**< A time limit ran out. */
    CMG_E_LIMIT = -8,        /**< A size or count limit was reached. */
    CMG_E_NOTFOUND = -9,     /**< What was asked for does not exist. */
    CMG_E_EXISTS = -10,      /**< It exists already and belongs to someone else. */
    CMG_E_CONFLICT = -11,    /**< Another operation or owner is in the way. */
    CMG_E_AUTH = -12,        /**< Sign-in or credentials were refused. */
    CMG_E_DENIED = -13,      /**< Signed in, but a right is missing. */
    CMG_E_PROTO = -14,       /**< A peer broke its protocol. */
    CMG_E_PARSE = -15,       /**< A document is not well formed. */
    CMG_E_TLS = -16,         /**< The TLS layer failed. */
    CMG_E_CERT = -17,        /**< A certificate or key was refused. */
    CMG_E_IO = -18,          /**< File, disk or network failed. */
    CMG_E_UNSUPPORTED = -19, /**< This build or peer cannot do it. */
    CMG_E_ABI = -20,         /**< A structure has a size this library does not know. */
    CMG_E_FORKED = -21,      /**< The handle was made in another process. */
    CMG_E_INTERNAL = -22,    /**< A fault of the library itself. */
    CMG_STATUS_WIDTH = 0x7fffffff /**< 32 bits wide; never returned. */
} cmg_status;

/**
 * @brief The name of a status, for example "CMG_E_INVAL".
 * @param[in] status Any value.
 * @return A static string; "CMG_E_UNKNOWN" for a value this library does not know.
 *         Any thread may call it, callbacks too.
 * @since 0.1
 */
CMG_API const char *cmg_status_name(cmg_status status);

/**
 * @brief An immutable counted string of bytes; wiped when the last reference goes.
 * @since 0.1
 */
typedef struct cmg_bytes cmg_bytes;

/**
 * @brief The bytes.
 * @param[in] bytes The byte string, not NULL.
 * @return Borrowed, valid as long as @p bytes; one zero byte follows the last byte, so
 *         text can be used as a C string. Any thread.
 * @since 0.1
 */
CMG_API const void *cmg_bytes_data(const cmg_bytes *bytes);

/**
 * @brief The number of bytes.
 * @param[in] bytes The byte string, not NULL.
 * @return Length in bytes, without the zero byte that follows. Any thread.
 * @since 0.1
 */
CMG_API size_t cmg_bytes_size(const cmg_bytes *bytes);

/**
 * @brief Takes one more reference.
 * @param[in] bytes The byte string or NULL.
 * @return @p bytes. The thread that owns it.
 * @since 0.1
 */
CMG_API cmg_bytes *cmg_bytes_ref(cmg_bytes *bytes);

/**
 * @brief Gives a reference back; with the last one the bytes are wiped and freed.
 * @param[in] bytes The byte string; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_bytes_unref(cmg_bytes *bytes);

#ifdef __cplusplus
}
#endif
#endif
