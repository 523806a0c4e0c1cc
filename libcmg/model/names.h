/* The data behind cmg_names, and the rules of names that others ask for, too. */
#ifndef CMG_MODEL_NAMES_H
#define CMG_MODEL_NAMES_H

#include <cmg/names.h>
#include "base/context.h"
#include "model/certificate.h"

struct cmg_names {
    struct cmg__handle head;
    char **offered;
    size_t offered_count;
    char *service_name;
    char *prefix;
    char *deployment_name;
    char *dns_record;
    cmg_name_domain domain;
};

/* Why the first label of a host name cannot be a gateway's name; NULL: it can. */
const char *cmg__names_prefix_fault(const char *host);
cmg_name_domain cmg__names_domain(const char *host);
/* Whether one of the certificate's names is the host's (a '*' stands for one label). */
bool cmg__names_covers(const char *pattern, const char *host);
/* The default service name of a certificate, perhaps a wildcard, borrowed; "" when it
   offers none. */
const char *cmg__names_default(const cmg_certificate *cert);

#endif
