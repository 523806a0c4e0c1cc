/**
 * @file apps.h
 * @brief What differs between the two applications in the directory and what they should
 *        be.
 *
 * #CMG_DEPLOY_VERIFY_APPS reads both applications, their service principals and consents,
 * and compares them with one table of expectations; #CMG_DEPLOY_CORRECT_APPS applies the
 * fixes. What was found stands on the handles of the two applications until a deployment
 * looks again: no difference means that everything is as it should be.
 *
 * @code
 * cmg_difference one = { .size = sizeof one };
 * for (size_t i = 0; i < cmg_server_app_difference_count(app); i++) {
 *     rc = cmg_server_app_difference(app, i, &one, &err);
 *     if (rc == CMG_OK)
 *         printf("%s: %s, should be %s\n", one.path, one.found, one.should_be);
 * }
 * @endcode
 */
#ifndef CMG_APPS_H
#define CMG_APPS_H

#include <cmg/check.h>
#include <cmg/tenant.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Which object of an application or a gateway a difference is about. @since 0.1
 */
typedef enum cmg_app_part {
    CMG_APP_APPLICATION = 1,        /**< The application itself ("app registration"). */
    CMG_APP_PRINCIPAL = 2,          /**< Its service principal in the tenant. */
    CMG_APP_CONSENT = 3,            /**< What an administrator has consented to. */
    CMG_APP_RESOURCE = 4,           /**< No application: a resource of the gateway. */
    CMG_APP_CERTIFICATE = 5,        /**< Its server certificate. */
    CMG_APP_INSTANCE = 6,           /**< Its instances. */
    CMG_APP_PART_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_app_part;

/**
 * @brief Whether #CMG_DEPLOY_CORRECT_APPS, or #CMG_DEPLOY_CORRECT_GATEWAY, mends a
 *        difference.
 * @since 0.1
 */
typedef enum cmg_correctable {
    CMG_CORRECTABLE_NO = 0,            /**< No: the fix says what a person has to do. */
    CMG_CORRECTABLE_YES = 1,           /**< Yes. */
    CMG_CORRECTABLE_ON_REQUEST = 2,    /**< When the specification asks for it. */
    CMG_CORRECTABLE_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_correctable;

/**
 * @brief One difference; size-tagged.
 *
 * Texts are borrowed until a deployment of the gateway looks again.
 * @since 0.1
 */
typedef struct cmg_difference {
    size_t size;                 /**< sizeof(cmg_difference) of the caller. */
    cmg_app_part part;           /**< The object it is about. */
    cmg_severity severity;       /**< #CMG_SEVERITY_REFUSAL: devices or the site cannot
                                    work with it. */
    cmg_correctable correctable; /**< Whether it is mended on demand. */
    const char *path;            /**< Property, "/signInAudience" for one; entries of
                                    sets by their value; "/" for the whole object. */
    const char *found;           /**< What is there, as JSON or in words. */
    const char *should_be;       /**< What should be there. */
    const char *fix;             /**< What mends it, one line. */
} cmg_difference;

/**
 * @brief How many differences the last look at the server app found.
 * @param[in] app The server app.
 * @return The count, gravest first; 0 also before the first look. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_server_app_difference_count(const cmg_server_app *app);

/**
 * @brief One of them.
 * @param[in]     app            The server app.
 * @param[in]     index          From 0.
 * @param[in,out] out_difference Its size is set by the caller.
 * @param[out]    err            Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND when there are fewer, #CMG_E_ABI, #CMG_E_INVAL.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_server_app_difference(const cmg_server_app *app, size_t index,
                                             cmg_difference *out_difference,
                                             cmg_error **err);

/**
 * @brief How many differences the last look at the client app found.
 * @param[in] app The client app.
 * @return The count, gravest first; 0 also before the first look. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_client_app_difference_count(const cmg_client_app *app);

/**
 * @brief One of them.
 * @param[in]     app            The client app.
 * @param[in]     index          From 0.
 * @param[in,out] out_difference Its size is set by the caller.
 * @param[out]    err            Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND when there are fewer, #CMG_E_ABI, #CMG_E_INVAL.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_client_app_difference(const cmg_client_app *app, size_t index,
                                             cmg_difference *out_difference,
                                             cmg_error **err);

#ifdef __cplusplus
}
#endif
#endif
