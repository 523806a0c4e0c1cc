/**
 * @file discover.h
 * @brief Users and groups of the tenant, and what has changed among them.
 *
 * A deployment with the operation #CMG_DEPLOY_DISCOVER signs in and reads the directory,
 * page by page: everything at the first time, only changes when it is given the link that
 * the last run ended with. Each entry is told to a callback, the moment its page is here;
 * nothing is kept, however large the directory is. An entry can come more than once, and
 * says what is now: write it over what is there. After the entries of a page comes the
 * link to what follows it; store it, and hand the latest in next time.
 *
 * The signed-in account needs Directory.Read.All; the server app has it.
 *
 * @code
 * cmg_discovery discovery = { .size = sizeof discovery, .kinds = CMG_DISCOVER_USERS,
 *                             .users_link = stored, .on_user = on_user,
 *                             .on_removed = on_removed, .on_link = on_link };
 * rc = cmg_deploy_new(gateway, CMG_DEPLOY_DISCOVER, &deploy, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_deploy_set_discovery(deploy, &discovery, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_deploy_run(deploy, &err);
 * @endcode
 */
#ifndef CMG_DISCOVER_H
#define CMG_DISCOVER_H

#include <cmg/deploy.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief What is discovered; values can be joined. @since 0.1 */
typedef enum cmg_discovery_kind {
    CMG_DISCOVER_USERS = 1,              /**< Users. */
    CMG_DISCOVER_GROUPS = 2,             /**< Groups, and who is in them. */
    CMG_DISCOVER_KIND_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_discovery_kind;

/**
 * @brief A user; borrowed for the call; size-tagged. A text is NULL when the directory
 *        has none, or did not tell it.
 * @since 0.1
 */
typedef struct cmg_directory_user {
    size_t size;                     /**< sizeof(cmg_directory_user) of the library. */
    const char *id;                  /**< Object ID; never NULL. */
    const char *user_principal_name; /**< "anna@contoso.com". */
    const char *display_name;        /**< For a person. */
    const char *mail;                /**< Address. */
    const char *on_premises_sid;     /**< Security identifier in the local directory. */
    const char *on_premises_name;    /**< SAM account name there. */
    const char *on_premises_domain;  /**< DNS name of its domain. */
    int32_t account_enabled;         /**< 1, 0, or -1 when it was not told. */
    int32_t reserved;                /**< 0. */
} cmg_directory_user;

/**
 * @brief A group; borrowed for the call; size-tagged. A text is NULL when the directory
 *        has none, or did not tell it.
 * @since 0.1
 */
typedef struct cmg_directory_group {
    size_t size;                 /**< sizeof(cmg_directory_group) of the library. */
    const char *id;              /**< Object ID; never NULL. */
    const char *display_name;    /**< For a person. */
    const char *on_premises_sid; /**< Security identifier in the local directory. */
    int32_t security_enabled;    /**< 1, 0, or -1 when it was not told. */
    int32_t reserved;            /**< 0. */
} cmg_directory_group;

/**
 * @brief Somebody came into a group, or left; borrowed for the call; size-tagged.
 * @since 0.1
 */
typedef struct cmg_directory_member {
    size_t size;           /**< sizeof(cmg_directory_member) of the library. */
    const char *group_id;  /**< Object ID of the group. */
    const char *member_id; /**< Object ID of the user, group or device. */
    const char *type;      /**< "user", "group", ...; NULL when it was not told. */
    int32_t is_member;     /**< 1: is in; 0: has left. */
    int32_t reserved;      /**< 0. */
} cmg_directory_member;

/**
 * @brief What to discover, from where on, and whom to tell; size-tagged, copied.
 *
 * Each callback may be NULL. It returns 0 or #CMG_CALLBACK_PASS to go on; another value
 * ends the run with #CMG_E_CALLBACK and that number: the link that was told last is where
 * to go on. After cmg_deploy_cancel() the entries of the page that is here still come.
 * @since 0.1
 */
typedef struct cmg_discovery {
    size_t size;    /**< sizeof(cmg_discovery) of the caller. */
    void *user;     /**< Handed to each callback. */
    uint32_t kinds; /**< Of #cmg_discovery_kind, joined. */
    /** Number of group_ids, at most 50. */
    uint32_t group_count;
    /** Object IDs of the groups that are looked at; NULL for all of them. They are part
       of a link: with groups_link they are not asked for again. */
    const char *const *group_ids;
    const char *users_link;  /**< From on_link of an earlier run; NULL: everything. */
    const char *groups_link; /**< The same for groups. */
    /** A user that is new or has changed. */
    int (*on_user)(cmg_deploy *deploy, const cmg_directory_user *entry, void *user);
    /** A group that is new or has changed. */
    int (*on_group)(cmg_deploy *deploy, const cmg_directory_group *entry, void *user);
    /** Somebody came into a group or left it. */
    int (*on_member)(cmg_deploy *deploy, const cmg_directory_member *entry, void *user);
    /** A user or group is gone; kind is a #cmg_discovery_kind. */
    int (*on_removed)(cmg_deploy *deploy, cmg_discovery_kind kind, const char *id,
                      void *user);
    /** A page is told: link is where to go on, in this run or a later one. With is_last
       it leads to the changes from now on. It is valid for some days. */
    int (*on_link)(cmg_deploy *deploy, cmg_discovery_kind kind, const char *link,
                   bool is_last, void *user);
    /** The link was too old: everything comes again. What does not come by the end of the
        run is no longer there. */
    int (*on_resync)(cmg_deploy *deploy, cmg_discovery_kind kind, void *user);
} cmg_discovery;

/**
 * @brief Says what a deployment with #CMG_DEPLOY_DISCOVER is to discover.
 * @param[in]  deploy    The deployment, not started.
 * @param[in]  discovery The table; it and its texts are copied.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_ABI, #CMG_E_INVAL naming the member:
 * a link that does not lead to Microsoft Graph of the context's cloud is one.
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_discovery(cmg_deploy *deploy,
                                            const cmg_discovery *discovery,
                                            cmg_error **err);

#ifdef __cplusplus
}
#endif
#endif
