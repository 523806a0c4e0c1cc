/* The App ID URI of the server app, and whether the tenant may have it. */
#ifndef CMG_DEPLOY_ID_URI_H
#define CMG_DEPLOY_ID_URI_H

#include "deploy/work.h"

/* That of the specification, else api://{tenant}/{name}; NULL when memory ran out. */
char *cmg__id_uri_make(const struct cmg__work *work, const char *tenant_id);
/* The specification's must be of the tenant with that ID, or on one of its verified
   domains, which an answer about the organization lists. */
cmg_status cmg__id_uri_check(const struct cmg__work *work, const char *tenant_id,
                             const struct cmg__json *organization, cmg_error **err);

#endif
