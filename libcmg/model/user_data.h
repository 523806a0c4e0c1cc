/* The settings of a connection point; the user data is declared in model/gateway.h. */
#ifndef CMG_MODEL_USER_DATA_H
#define CMG_MODEL_USER_DATA_H

#include "model/gateway.h"

cmg_status cmg__connector_config_make(const cmg_gateway *gateway, struct cmg__buf *out,
                                      cmg_error **err);

#endif
