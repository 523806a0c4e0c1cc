/**
 * @file preflight.h
 * @brief What would go wrong later, found before anything is made.
 *
 * #CMG_DEPLOY_CHECK_GATEWAY looks at everything that a create needs and does not stop at
 * the first thing that is wrong: each becomes a problem of the deployment, with cause and
 * remedy. It ends in READY, with problems or without. A create makes the same checks and
 * fails at the first refusal before it makes anything. #CMG_DEPLOY_MEASURE_GATEWAY tells
 * alerts that have reached a level as problems, too (cmg/usage.h).
 *
 * @code
 * cmg_problem problem = { .size = sizeof problem };
 * for (size_t i = 0; i < cmg_deploy_problem_count(deploy); i++) {
 *     rc = cmg_deploy_problem(deploy, i, &problem, &err);
 *     if (rc == CMG_OK)
 *         printf("%s\n  remedy: %s\n", problem.what, problem.remedy);
 * }
 * @endcode
 */
#ifndef CMG_PREFLIGHT_H
#define CMG_PREFLIGHT_H

#include <cmg/check.h>
#include <cmg/deploy.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief One thing that is wrong, or good to know; size-tagged.
 *
 * Texts are borrowed as long as the deployment and until it is started again.
 * @since 0.1
 */
typedef struct cmg_problem {
    size_t size;           /**< sizeof(cmg_problem) of the caller. */
    cmg_severity severity; /**< #CMG_SEVERITY_REFUSAL: a create would fail. */
    uint32_t fixable;      /**< 1 when a create mends it by itself, else 0. */
    const char *step;      /**< Stable name of the step that found it: "check_quota". */
    const char *subject;   /**< Field, resource or permission it is about; may be "". */
    const char *what;      /**< What is wrong, one line. */
    const char *cause;     /**< Why; may be "". */
    const char *remedy;    /**< What to do about it; may be "". */
    const char *service_code; /**< Azure's own word for it; "" when it has none. */
} cmg_problem;

/**
 * @brief How many problems there are.
 * @param[in] deploy The deployment.
 * @return The count, in the order in which they were found. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_deploy_problem_count(const cmg_deploy *deploy);

/**
 * @brief One of them.
 * @param[in]     deploy      The deployment.
 * @param[in]     index       From 0.
 * @param[in,out] out_problem Its size is set by the caller.
 * @param[out]    err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND when there are fewer, #CMG_E_ABI, #CMG_E_INVAL.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_problem(const cmg_deploy *deploy, size_t index,
                                      cmg_problem *out_problem, cmg_error **err);

/**
 * @brief All of them as JSON: version 1, gateway, and problems, a list of objects with
 *        severity (note, warning, refusal), fixable, step, subject, what, cause, remedy
 *        and service_code.
 * @param[in]  deploy    The deployment.
 * @param[out] out_bytes Receives the text, yours; it contains no secret.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_export_problems(const cmg_deploy *deploy,
                                              cmg_bytes **out_bytes, cmg_error **err);

#ifdef __cplusplus
}
#endif
#endif
