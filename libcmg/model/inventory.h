/* The resources that an inventory found, and those that should be there. */
#ifndef CMG_MODEL_INVENTORY_H
#define CMG_MODEL_INVENTORY_H

#include <cmg/inventory.h>
#include "model/gateway.h"

struct cmg__inventory_row {
    cmg_inventory_kind kind;
    char *type;
    char *name;
    char *id;
};

void cmg__inventory_clear(cmg_gateway *gateway);
CMG__NODISCARD cmg_status cmg__inventory_add(cmg_gateway *gateway,
                                             cmg_inventory_kind kind, const char *type,
                                             const char *name, const char *id);
/* Takes out those that the test is true for. */
void cmg__inventory_forget(cmg_gateway *gateway,
                           bool (*is)(const struct cmg__inventory_row *row,
                                      const void *user),
                           const void *user);
/* What a resource without the gateway's tag is: somebody else's, or part of a classic
   deployment. */
cmg_inventory_kind cmg__inventory_kind_of_other(const char *type);
/* False when nothing of this type was found with the gateway's tag. */
bool cmg__inventory_has(const cmg_gateway *gateway, const char *type);

/* Calls each for every type of resource that a gateway consists of. */
cmg_status cmg__template_types(const struct cmg__alloc *alloc,
                               cmg_status (*each)(const char *type, void *user),
                               void *user, cmg_error **err);

#endif
