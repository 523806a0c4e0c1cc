/*
 * Removes everything that belongs to the gateway, applications included, and lists what
 * is left of it.
 *
 *   delete_gateway [--sandbox] DIRECTORY
 */
#include "session.h"

static cmg_status print_left(struct session *s, cmg_error **err)
{
    cmg_inventory_item item = { .size = sizeof item };
    size_t left = 0;
    cmg_status rc = session_look(s, CMG_DEPLOY_INVENTORY_GATEWAY, "inventory", err);

    for (size_t i = 0; rc == CMG_OK && i < cmg_gateway_inventory_count(s->gateway); i++) {
        rc = cmg_gateway_inventory_item(s->gateway, i, &item, err);
        if (rc == CMG_OK && item.kind != CMG_INVENTORY_MISSING) {
            left++;
            printf("%-8s %-42s %s\n", cmg_inventory_kind_name(item.kind), item.type,
                   item.name);
        }
    }
    if (rc == CMG_OK)
        printf("%zu resources are left of %s\n", left, cmg_gateway_name(s->gateway));
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY" };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = session_run(&s, CMG_DEPLOY_DELETE, "delete", &err);
    if (rc == CMG_OK)
        rc = print_left(&s, &err);
    return session_close(&s, rc, err);
}
