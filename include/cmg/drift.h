/**
 * @file drift.h
 * @brief What differs between a gateway and its specification.
 *
 * #CMG_DEPLOY_VERIFY_GATEWAY has Resource Manager compare the template with what is
 * there, and looks at the server certificate in the key vault and at the instances;
 * #CMG_DEPLOY_CORRECT_GATEWAY deploys again what differs. What was found stands on the
 * gateway until a deployment looks again: no difference means that nobody has changed
 * anything.
 *
 * @code
 * cmg_difference one = { .size = sizeof one };
 * for (size_t i = 0; i < cmg_gateway_difference_count(gateway); i++) {
 *     rc = cmg_gateway_difference(gateway, i, &one, &err);
 *     if (rc == CMG_OK)
 *         printf("%s: %s, should be %s\n", one.path, one.found, one.should_be);
 * }
 * @endcode
 */
#ifndef CMG_DRIFT_H
#define CMG_DRIFT_H

#include <cmg/apps.h>
#include <cmg/gateway.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief How many differences the last look at the gateway found.
 * @param[in] gateway The gateway.
 * @return The count, gravest first; 0 also before the first look. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_gateway_difference_count(const cmg_gateway *gateway);

/**
 * @brief One of them; in front of its path stand type and name of the resource:
 *        "/virtualMachineScaleSets/granitefalls/sku/name".
 * @param[in]     gateway        The gateway.
 * @param[in]     index          From 0.
 * @param[in,out] out_difference Its size is set by the caller.
 * @param[out]    err            Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND when there are fewer, #CMG_E_ABI, #CMG_E_INVAL.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_difference(const cmg_gateway *gateway, size_t index,
                                          cmg_difference *out_difference,
                                          cmg_error **err);

#ifdef __cplusplus
}
#endif
#endif
