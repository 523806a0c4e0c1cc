/**
 * @file inventory.h
 * @brief What should be there of a gateway, and what is.
 *
 * #CMG_DEPLOY_INVENTORY_GATEWAY lists the resources of the gateway's group, and those
 * anywhere in the subscription that carry its tag, and compares them with what the
 * template makes. The items stand on the gateway until an inventory is taken again.
 * #CMG_DEPLOY_DELETE leaves what it could not or may not remove there: its leftovers.
 *
 * @code
 * cmg_inventory_item item = { .size = sizeof item };
 * for (size_t i = 0; i < cmg_gateway_inventory_count(gateway); i++) {
 *     rc = cmg_gateway_inventory_item(gateway, i, &item, &err);
 *     if (rc == CMG_OK && item.kind != CMG_INVENTORY_PRESENT)
 *         printf("%s: %s %s\n", cmg_inventory_kind_name(item.kind), item.type,
 * item.name);
 * }
 * @endcode
 */
#ifndef CMG_INVENTORY_H
#define CMG_INVENTORY_H

#include <cmg/gateway.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief How a resource stands to the gateway. @since 0.1 */
typedef enum cmg_inventory_kind {
    CMG_INVENTORY_PRESENT = 1, /**< Expected and there, with the gateway's tag. */
    CMG_INVENTORY_MISSING = 2, /**< Expected and not there: create makes it. */
    /** It has the gateway's tag but is not expected, or is in another group: nothing of
        the gateway uses it, and it may cost. */
    CMG_INVENTORY_ORPHAN = 3,
    /** In the gateway's group without its tag: a deletion leaves it and the group. */
    CMG_INVENTORY_FOREIGN = 4,
    CMG_INVENTORY_DELETED = 5, /**< A deleted key vault that keeps the name. */
    /** Part of a classic deployment (a cloud service, as gateways were made until 2022):
        left alone like what is foreign, and never made. */
    CMG_INVENTORY_CLASSIC = 6,
    CMG_INVENTORY_KIND_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_inventory_kind;

/**
 * @brief One resource; size-tagged. Texts are borrowed until an inventory is taken again.
 * @since 0.1
 */
typedef struct cmg_inventory_item {
    size_t size;             /**< sizeof(cmg_inventory_item) of the caller. */
    cmg_inventory_kind kind; /**< How it stands to the gateway. */
    uint32_t reserved;       /**< 0. */
    const char *type;        /**< "Microsoft.Network/loadBalancers" for one. */
    const char *name;        /**< Its name. */
    const char *id;          /**< Its resource ID; "" when it is missing. */
} cmg_inventory_item;

/**
 * @brief How many items the last inventory has.
 * @param[in] gateway The gateway.
 * @return The count; 0 also before the first inventory. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_gateway_inventory_count(const cmg_gateway *gateway);

/**
 * @brief One item.
 * @param[in]     gateway  The gateway.
 * @param[in]     index    From 0.
 * @param[in,out] out_item Its size is set by the caller.
 * @param[out]    err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND when there are fewer, #CMG_E_ABI, #CMG_E_INVAL.
 *         Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_inventory_item(const cmg_gateway *gateway, size_t index,
                                              cmg_inventory_item *out_item,
                                              cmg_error **err);

/**
 * @brief The inventory as JSON: version 1, gateway, and resources, a list of objects with
 *        kind, type, name and id.
 * @param[in]  gateway   The gateway.
 * @param[out] out_bytes Receives the text, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_gateway_export_inventory(const cmg_gateway *gateway,
                                                cmg_bytes **out_bytes, cmg_error **err);

/**
 * @brief A kind's name, for example "orphan".
 * @param[in] kind Any value.
 * @return A static string; "unknown" for a value this library does not know. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_inventory_kind_name(cmg_inventory_kind kind);

#ifdef __cplusplus
}
#endif
#endif
