/*
 * Every Azure, Graph and Entra call as a row of data: service, method, path with {names},
 * api-version, statuses that mean success, retry class. A request is the row, a set of
 * named arguments and a JSON or form body. Pure.
 */
#ifndef CMG_AZURE_CALL_H
#define CMG_AZURE_CALL_H

#include "azure/endpoint.h"
#include "base/error.h"
#include "base/http.h"
#include "base/json.h"

enum cmg__service { /* which host, which token */
                    CMG__SERVICE_LOGIN,
                    CMG__SERVICE_GRAPH,
                    CMG__SERVICE_ARM,
                    CMG__SERVICE_VAULT,
                    CMG__SERVICE_BLOB, /* argument "account"; its version is a header */
                    CMG__SERVICE_IDENTITY, /* the metadata service of the machine:
                                              argument "endpoint" */
                    CMG__SERVICE_URL /* an absolute URL given as argument "url" (polling,
                                        paging) */
};

/* Retry classes (R, P, L, O of the field's call table). Outcome unknown: R and P are sent
   again; L and O run their look-up first. */
enum cmg__retry_class {
    CMG__CLASS_READ,
    CMG__CLASS_NAMED,
    CMG__CLASS_LOOK_FIRST,
    CMG__CLASS_ONCE
};

enum cmg__call_id {
    CMG__CALL_TOKEN_SECRET,    /* form: client_id client_secret scope */
    CMG__CALL_DEVICE_CODE,     /* form: client_id scope */
    CMG__CALL_TOKEN_DEVICE,    /* form: client_id device_code */
    CMG__CALL_TOKEN_REFRESH,   /* form: client_id refresh_token scope */
    CMG__CALL_TOKEN_ASSERTION, /* form: client_id client_assertion scope */
    CMG__CALL_TOKEN_CODE,      /* form: client_id code redirect_uri code_verifier scope */
    CMG__CALL_AUTHORIZE,       /* for a browser: client_id redirect_uri scope state nonce
                                  code_challenge */
    CMG__CALL_TOKEN_IDENTITY,  /* endpoint resource */
    CMG__CALL_OPENID_CONFIG,   /* tenant */
    CMG__CALL_ADMIN_CONSENT,   /* tenant; for a browser, never sent from here */
    CMG__CALL_JWKS,            /* url */
    CMG__CALL_ORGANIZATION,
    CMG__CALL_ME,
    CMG__CALL_MY_ROLES,
    CMG__CALL_USER_POLICY,
    CMG__CALL_APP_UPSERT,       /* unique_name; body */
    CMG__CALL_APP_BY_NAME,      /* unique_name */
    CMG__CALL_APP_BY_APP_ID,    /* app_id */
    CMG__CALL_APPS_BY_TAG,      /* app_tag */
    CMG__CALL_APPS_BY_URI,      /* id_uri */
    CMG__CALL_APP_CREATE,       /* body; where upsert is not known */
    CMG__CALL_APP_GET,          /* object_id */
    CMG__CALL_APP_PATCH,        /* object_id; body */
    CMG__CALL_APP_ADD_PASSWORD, /* object_id; body */
    CMG__CALL_APP_REMOVE_PASSWORD,
    CMG__CALL_APP_DELETE,         /* object_id */
    CMG__CALL_SP_UPSERT,          /* app_id; body */
    CMG__CALL_SP_CREATE,          /* body; where upsert is not known */
    CMG__CALL_SP_PATCH,           /* object_id; body */
    CMG__CALL_SP_BY_APP_ID,       /* app_id */
    CMG__CALL_SP_DELETE,          /* object_id */
    CMG__CALL_SP_ROLES,           /* sp_id: directory roles */
    CMG__CALL_ROLE_GRANTS,        /* sp_id: appRoleAssignments */
    CMG__CALL_ROLE_GRANT,         /* resource_sp_id; body: appRoleAssignedTo */
    CMG__CALL_SCOPE_GRANTS,       /* sp_id */
    CMG__CALL_SCOPE_GRANT,        /* body: oauth2PermissionGrants */
    CMG__CALL_SCOPE_PATCH,        /* grant_id; body */
    CMG__CALL_DELETED_GET,        /* object_id */
    CMG__CALL_DELETED_PURGE,      /* object_id */
    CMG__CALL_DELETED_RESTORE,    /* object_id */
    CMG__CALL_DELETED_APPS_NAMED, /* display_name */
    CMG__CALL_DELETED_APPS_GIVEN, /* app_id */
    CMG__CALL_DELETED_PRINCIPALS, /* app_id */
    CMG__CALL_USERS_DELTA,
    CMG__CALL_GROUPS_DELTA,
    CMG__CALL_GROUPS_CHOSEN, /* filter */
    CMG__CALL_DELTA_PAGE,    /* url */
    CMG__CALL_SUBSCRIPTION,  /* subscription in every ARM call below */
    CMG__CALL_LOCATIONS,
    CMG__CALL_SUBSCRIPTION_LOCKS,
    CMG__CALL_PERMISSIONS,
    CMG__CALL_SIZES,          /* region */
    CMG__CALL_COMPUTE_USAGES, /* region */
    CMG__CALL_NETWORK_USAGES, /* region */
    CMG__CALL_PROVIDER,       /* namespace */
    CMG__CALL_PROVIDER_REGISTER,
    CMG__CALL_CHECK_DNS,     /* region label */
    CMG__CALL_CHECK_STORAGE, /* body */
    CMG__CALL_CHECK_VAULT,   /* body */
    CMG__CALL_GROUP_GET,     /* group in every call below */
    CMG__CALL_GROUP_PUT,
    CMG__CALL_GROUP_DELETE,
    CMG__CALL_GROUP_RESOURCES,
    CMG__CALL_GROUP_PERMISSIONS,
    CMG__CALL_GROUP_LOCKS,
    CMG__CALL_TAGGED_RESOURCES, /* deployment_id */
    CMG__CALL_VAULT_GET,        /* vault */
    CMG__CALL_VAULT_PUT,
    CMG__CALL_VAULT_DELETE,
    CMG__CALL_VAULT_DELETED,         /* region vault */
    CMG__CALL_VAULT_PURGE,           /* region vault */
    CMG__CALL_SUBSCRIPTION_VALIDATE, /* deployment: a template that makes a group */
    CMG__CALL_DEPLOYMENT_VALIDATE,   /* deployment */
    CMG__CALL_DEPLOYMENT_WHAT_IF,
    CMG__CALL_DEPLOYMENT_PUT,
    CMG__CALL_DEPLOYMENT_GET,
    CMG__CALL_DEPLOYMENT_CANCEL,
    CMG__CALL_DEPLOYMENT_OPERATIONS,
    CMG__CALL_PUBLIC_IP_GET,       /* name */
    CMG__CALL_SCALE_SET_GET,       /* name */
    CMG__CALL_SCALE_SET_USER_DATA, /* name: with what GET keeps to itself else */
    CMG__CALL_SCALE_SET_PATCH,     /* name; body */
    CMG__CALL_SCALE_SET_INSTANCES,
    CMG__CALL_SCALE_SET_START,      /* name */
    CMG__CALL_SCALE_SET_DEALLOCATE, /* name */
    CMG__CALL_SCALE_SET_ROLLING,    /* name: how the last rolling upgrade goes */
    CMG__CALL_SCALE_SET_UPGRADE,    /* name; body: instances to the newest model */
    CMG__CALL_SCALE_SET_TOTALS,     /* name metric timespan: sums of each hour */
    CMG__CALL_STORAGE_TOTALS,       /* account metric timespan */
    CMG__CALL_STORAGE_LEVELS,       /* account metric timespan: means of each hour */
    CMG__CALL_CERT_GET,             /* vault name */
    CMG__CALL_CERT_IMPORT,          /* vault name; body */
    CMG__CALL_CERT_VERSIONS,        /* vault name */
    CMG__CALL_CERT_VERSIONS_PAGE,   /* url: a nextLink */
    CMG__CALL_CERT_PATCH,           /* vault name version; body */
    CMG__CALL_RESOURCE_DELETE,      /* url: a resource's ID, with its api-version */
    CMG__CALL_STORAGE_GET,          /* account */
    CMG__CALL_STORAGE_PUT,          /* account; body */
    CMG__CALL_CONTAINER_PUT,        /* account container; body */
    CMG__CALL_BLOB_ROLE_PUT,        /* account assignment; body */
    CMG__CALL_BLOB_ROLE_DELETE,     /* account assignment */
    CMG__CALL_BLOB_HEAD,            /* account container blob */
    CMG__CALL_BLOB_PUT,             /* account container blob; bytes */
    CMG__CALL_POLL,                 /* url */
    CMG__CALL_COUNT
};

struct cmg__call {
    enum cmg__call_id id;
    const char *name; /* "graph.app.upsert": for logs and the journal */
    enum cmg__service service;
    const char *method;
    const char *path;        /* "/v1.0/applications(uniqueName='{unique_name}')" */
    const char *api_version; /* NULL for none */
    const char *prefer;      /* Prefer header or NULL */
    enum cmg__retry_class retry;
    uint16_t ok[4]; /* statuses that mean success, 0-terminated unless full */
};
const struct cmg__call *cmg__call_get(enum cmg__call_id id);
bool cmg__call_is_ok(const struct cmg__call *call, int status);

struct cmg__arg {
    const char *name;
    const char *value;
};
/* Fills req (initialised): URL from endpoint and arguments (each percent-encoded, OData
   quotes doubled; "url" as it is), api-version, Prefer, Accept, client-request-id (GUID
   text). A missing argument is CMG_E_INTERNAL. Body and token are the caller's. */
cmg_status cmg__call_build(const struct cmg__alloc *alloc, const struct cmg__call *call,
                           const struct cmg__endpoints *endpoints,
                           const struct cmg__arg *args, size_t arg_count,
                           const char *request_id, struct cmg__http_request *req,
                           cmg_error **err);
cmg_status cmg__call_set_json(struct cmg__http_request *req, const struct cmg__json *body,
                              bool secret);

/* Decodes any of the error shapes the services use (see doc/azure-errors.md): code,
   innermost message, cause, remedy from the table of known codes; status decides the
   retry class (408 500 502 504 TRANSIENT, 429 503 LATER with Retry-After, otherwise
   NEVER). */
cmg_status cmg__azure_error(const struct cmg__alloc *alloc, const struct cmg__call *call,
                            const struct cmg__http_response *resp, cmg_error **err);
/* The same for an error that stands inside a good answer: the "error" of a status
   document, the "statusMessage" of a deployment operation, or the object around one. call
   may be NULL. */
cmg_status cmg__azure_error_value(const struct cmg__alloc *alloc,
                                  const struct cmg__call *call,
                                  const struct cmg__json *value, cmg_error **err);
/* Long-running operations: how to follow the first answer of a write. STATUS: GET the
   status document; LOCATION: GET until it is no longer 202; BODY: GET the resource itself
   until its provisioningState is final. */
enum cmg__lro_mode { CMG__LRO_DONE, CMG__LRO_STATUS, CMG__LRO_LOCATION, CMG__LRO_BODY };
struct cmg__lro {
    enum cmg__lro_mode mode;
    char *url; /* polling URL, the resource's own in BODY mode, NULL in DONE; cmg__free */
};
/* CMG_E_PROTO when the URL leaves the host of original_url; out is untouched on failure.
 */
cmg_status cmg__lro_begin(const struct cmg__alloc *alloc, const char *original_url,
                          const char *method, const struct cmg__http_response *resp,
                          struct cmg__lro *out, cmg_error **err);
enum cmg__lro_state { CMG__LRO_RUNNING, CMG__LRO_SUCCEEDED, CMG__LRO_FAILED };
/* Reads one polling answer (may update lro->url from a new Location). On FAILED *err is
   set and its code returned; a failure with *state RUNNING means that the answer could
   not be read. Percentage -1 when unknown. 408, 429 and 5xx, and any failure to read a
   status document, say nothing about the operation: RUNNING. How often such answers are
   borne, and that a 404 on a stored polling URL means to read the resource instead (mode
   BODY), is the caller's business. */
cmg_status cmg__lro_read(const struct cmg__alloc *alloc, struct cmg__lro *lro,
                         const struct cmg__http_response *resp,
                         enum cmg__lro_state *state, int *percent, cmg_error **err);

#endif
