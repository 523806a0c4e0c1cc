/* The site system roles that a gateway publishes, and what of each. */
#ifndef CMG_MODEL_ROLES_H
#define CMG_MODEL_ROLES_H

#include "model/gateway.h"

#define CMG__MAX_ROLES 64

/* "management_point" */
const char *cmg__role_type_name(enum cmg__role_type type);
/* Reads the list into gateway->roles, which is empty. */
cmg_status cmg__roles_read(cmg_gateway *gateway, const char *document,
                           const struct cmg__json *list, cmg_error **err);
/* The list as a specification says it; NULL when memory ran out. */
struct cmg__json *cmg__roles_write(const cmg_gateway *gateway);
/* The list as a connection point wants it: endpoints with their limits. */
struct cmg__json *cmg__roles_write_config(const cmg_gateway *gateway);
void cmg__roles_free(cmg_gateway *gateway);

#endif
