/*
 * From an error body of any of the shapes the services use to the one fault that matters:
 * the innermost cause. See doc/azure-errors.md.
 */
#ifndef CMG_AZURE_ERROR_BODY_H
#define CMG_AZURE_ERROR_BODY_H

#include "base/http.h"
#include "base/json.h"

/* One line each, control characters removed, shortened; "" when absent. */
struct cmg__azure_fault {
    char code[80];
    char message[360];
    char target[160];
    char correlation[64];
    char time[40]; /* the service's own, in its words */
};

/* Never fails: what cannot be read leaves fields empty. */
void cmg__azure_fault_from_json(const struct cmg__alloc *alloc,
                                const struct cmg__json *body,
                                struct cmg__azure_fault *out);
void cmg__azure_fault_from_response(const struct cmg__alloc *alloc,
                                    const struct cmg__http_response *resp,
                                    struct cmg__azure_fault *out);

#endif
