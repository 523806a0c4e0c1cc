/**
 * @file replace.h
 * @brief A second gateway that takes the place of the first.
 *
 * #CMG_DEPLOY_REPLACE_GATEWAY makes the gateway of its handle beside an old one, which
 * goes on serving. Clients learn of the new one with their next policy, within a day or
 * longer; only then may the old one go. When the new one has answered for the first time
 * is kept in the journal, so the time counts over any number of runs and processes.
 * Afterwards #CMG_DEPLOY_DELETE on the old gateway finds its resources gone, and removes
 * its applications, secrets and journal.
 *
 * @code
 * cmg_replacement what = { .size = sizeof what, .old_gateway = old_gateway };
 * rc = cmg_deploy_new(new_gateway, CMG_DEPLOY_REPLACE_GATEWAY, &deploy, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_deploy_set_journal_file(deploy, "new.journal", &err);
 * if (rc == CMG_OK)
 *     rc = cmg_deploy_set_replacement(deploy, &what, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_deploy_run(deploy, &err);
 * @endcode
 */
#ifndef CMG_REPLACE_H
#define CMG_REPLACE_H

#include <cmg/deploy.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief When the old gateway is removed. @since 0.1 */
typedef enum cmg_replace_mode {
    /** When its time has passed; a run before that ends with both in service. */
    CMG_REPLACE_WHEN_DUE = 1,
    CMG_REPLACE_WAIT = 2, /**< The run lasts until its time has passed. */
    CMG_REPLACE_NOW = 3,  /**< As soon as the new one serves: clients know it already. */
    CMG_REPLACE_MODE_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_replace_mode;

/** @brief Which gateway is replaced, and when it goes; size-tagged. @since 0.1 */
typedef struct cmg_replacement {
    size_t size; /**< sizeof(cmg_replacement) of the caller. */
    /** The old one, of the same tenant; only its names are read. */
    cmg_gateway *old_gateway;
    /** From the first answer of the new one: 1 s to 90 days; 0 for what the journal says,
        and that is a day when nothing else was said before. */
    int64_t wait_ms;
    cmg_replace_mode mode; /**< 0 for #CMG_REPLACE_WHEN_DUE. */
    uint32_t reserved;     /**< 0. */
} cmg_replacement;

/**
 * @brief Says which gateway is replaced.
 *
 * It need not be said again to a run that goes on with a journal: which gateway and when
 * are in it.
 * @param[in]  deploy      A deployment of #CMG_DEPLOY_REPLACE_GATEWAY, not started.
 * @param[in]  replacement Read during the call; the old gateway is referenced.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_ABI, #CMG_E_INVAL naming the member,
 *         for another operation, and when the old gateway is the new one, shares its
 *         resource group or is of another tenant.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_replacement(cmg_deploy *deploy,
                                              const cmg_replacement *replacement,
                                              cmg_error **err);

/**
 * @brief When the old gateway may be removed.
 * @param[in] deploy A deployment of #CMG_DEPLOY_REPLACE_GATEWAY.
 * @return Seconds since 1970; 0 before the new one has answered, and when the old one is
 *         gone. Callbacks may call it.
 * @since 0.1
 */
CMG_API int64_t cmg_deploy_replacement_due_unix_s(const cmg_deploy *deploy);

#ifdef __cplusplus
}
#endif
#endif
