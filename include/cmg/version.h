/**
 * @file version.h
 * @brief Which library is loaded, and what it can do.
 *
 * @code
 * if (cmg_version_number() < CMG_VERSION_NUMBER)
 *     fprintf(stderr, "libcmg %s is too old\n", cmg_version());
 * @endcode
 */
#ifndef CMG_VERSION_H
#define CMG_VERSION_H

#include <cmg/types.h>

/** @brief The version these headers belong to, as text. @since 0.1 */
#define CMG_VERSION "0.1.0"
/** @brief The same as a number: major * 1000000 + minor * 1000 + patch. @since 0.1 */
#define CMG_VERSION_NUMBER 1000

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief The version of the loaded library.
 * @return A static string such as "0.1.0". Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_version(void);

/**
 * @brief The version of the loaded library as a number.
 * @return major * 1000000 + minor * 1000 + patch. Any thread.
 * @since 0.1
 */
CMG_API uint32_t cmg_version_number(void);

/**
 * @brief Whether the loaded library was built with a feature.
 * @param[in] feature "relay" (service and connector) or "mbedtls3"; NULL gives false.
 * @return True when it was; false for a name it does not know. Any thread.
 * @since 0.1
 */
CMG_API bool cmg_has_feature(const char *feature);

#ifdef __cplusplus
}
#endif
#endif
