/* A table of what differs from what it should be. */
#ifndef EXAMPLES_DIFFERENCE_H
#define EXAMPLES_DIFFERENCE_H

#include <cmg/cmg.h>

typedef cmg_status (*difference_getter)(cmg_gateway *gateway, size_t index,
                                        cmg_difference *out, cmg_error **err);

void difference_print_head(void);
cmg_status difference_print_all(cmg_gateway *gateway, const char *owner, size_t count,
                                difference_getter get, cmg_error **err);

#endif
