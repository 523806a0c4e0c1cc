/* The table of a specification's fields, by the numbers of its rows. */
#ifndef CMG_MODEL_SPECIFICATION_TABLE_H
#define CMG_MODEL_SPECIFICATION_TABLE_H

#include "model/field.h"
#include "model/gateway.h"

#define CMG__SPECIFICATION_VERSION 1

enum cmg__specification_row {
    CMG__ROW_VERSION,
    CMG__ROW_TENANT,
    CMG__ROW_DOMAIN,
    CMG__ROW_TENANT_ID,
    CMG__ROW_SUBSCRIPTION,
    CMG__ROW_CLOUD,
    CMG__ROW_SERVER_APP,
    CMG__ROW_SERVER_NAME,
    CMG__ROW_SECRET_YEARS,
    CMG__ROW_SERVER_CLIENT_ID,
    CMG__ROW_ID_URI,
    CMG__ROW_TOKEN_VERSION,
    CMG__ROW_ADMIN_TITLE,
    CMG__ROW_ADMIN_TEXT,
    CMG__ROW_USER_TITLE,
    CMG__ROW_USER_TEXT,
    CMG__ROW_SERVER_LEGACY,
    CMG__ROW_SECRET_UNTIL,
    CMG__ROW_CLIENT_APP,
    CMG__ROW_CLIENT_NAME,
    CMG__ROW_CLIENT_CLIENT_ID,
    CMG__ROW_CLIENT_LEGACY,
    CMG__TENANT_ROWS, /* of a specification without a gateway */
    CMG__ROW_SITE = CMG__TENANT_ROWS,
    CMG__ROW_SITE_CODE,
    CMG__ROW_GATEWAY,
    CMG__ROW_NAME,
    CMG__ROW_SERVICE_NAME,
    CMG__ROW_REGION,
    CMG__ROW_RESOURCE_GROUP,
    CMG__ROW_VM_SIZE,
    CMG__ROW_INSTANCES,
    CMG__ROW_DESCRIPTION,
    CMG__ROW_ADOPT,
    CMG__ROW_REVOCATION,
    CMG__ROW_TLS,
    CMG__ROW_CONTENT,
    CMG__ROW_TRAFFIC,
    CMG__ROW_TRAFFIC_ON,
    CMG__ROW_TRAFFIC_GB,
    CMG__ROW_TRAFFIC_WARNING,
    CMG__ROW_TRAFFIC_CRITICAL,
    CMG__ROW_TRAFFIC_STOP,
    CMG__ROW_STORAGE,
    CMG__ROW_STORAGE_ON,
    CMG__ROW_STORAGE_GB,
    CMG__ROW_STORAGE_WARNING,
    CMG__ROW_STORAGE_CRITICAL,
    CMG__ROW_AUTHORITIES,
    CMG__ROW_TAGS,
    CMG__ROW_ROLES,
    CMG__SPECIFICATION_ROWS
};

extern const struct cmg__field cmg__specification_rows[CMG__SPECIFICATION_ROWS];

/* The whole table with the gateway as its target; document is what errors call it. */
struct cmg__fields cmg__specification_fields(const cmg_gateway *gateway,
                                             const char *document);

#endif
