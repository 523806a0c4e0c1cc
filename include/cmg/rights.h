/**
 * @file rights.h
 * @brief What an account must be allowed to do, step by step, before anything is tried.
 *
 * Each operation has a list of rights: for steps in the directory a permission of
 * Microsoft Graph (an application's) or a scope together with directory roles (a
 * person's), for steps in the subscription an action of Resource Manager. The list is
 * known without signing in: print it for whoever assigns roles. A run compares the
 * directory's part with what the signed-in account has before it makes anything; a create
 * does so with the subscription's part, too.
 *
 * @code
 * cmg_right right = { .size = sizeof right };
 * for (size_t i = 0; i < cmg_deploy_right_count(CMG_DEPLOY_REGISTER_APPS); i++) {
 *     rc = cmg_deploy_right(CMG_DEPLOY_REGISTER_APPS, i, &right, &err);
 *     if (rc == CMG_OK)
 *         printf("%s: %s\n", right.what, right.app_permission);
 * }
 * @endcode
 */
#ifndef CMG_RIGHTS_H
#define CMG_RIGHTS_H

#include <cmg/deploy.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief One right that a step needs; size-tagged.
 *
 * Texts are constant; "" where there is nothing to say.
 * @since 0.1
 */
typedef struct cmg_right {
    size_t size;                /**< sizeof(cmg_right) of the caller. */
    const char *step;           /**< Stable name of the step: "server_consent". */
    const char *what;           /**< What it is for, one line: "register applications". */
    const char *app_permission; /**< Graph's application permission, by its value. */
    const char *app_permission_id; /**< The same by its ID. */
    const char *delegated_scope;   /**< Graph's delegated permission, for a person. */
    const char *directory_roles;   /**< Of which a person needs one, separated by ", ";
                                      "" when any member of the tenant may. */
    const char *action; /**< Resource Manager's action; then the others are "". */
} cmg_right;

/**
 * @brief How many rights an operation needs.
 * @param[in] operation The operation.
 * @return The count, in the order of the steps; 0 for a number that is no operation. Any
 *         thread and any callback may call it.
 * @since 0.1
 */
CMG_API size_t cmg_deploy_right_count(cmg_deploy_operation operation);

/**
 * @brief One of them.
 * @param[in]     operation The operation.
 * @param[in]     index     From 0.
 * @param[in,out] out_right Its size is set by the caller.
 * @param[out]    err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND when there are fewer, #CMG_E_ABI, #CMG_E_INVAL. Any
 *         thread and any callback may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_right(cmg_deploy_operation operation, size_t index,
                                    cmg_right *out_right, cmg_error **err);

#ifdef __cplusplus
}
#endif
#endif
