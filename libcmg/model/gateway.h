/*
 * The data behind cmg_gateway, cmg_tenant, cmg_server_app and cmg_client_app: what the
 * specification wants, and beside it what a deployment has observed. Texts are never NULL
 * unless said. Only model/ allocates and frees the members; deploy/ sets observed ones
 * through cmg__observe.
 */
#ifndef CMG_MODEL_GATEWAY_H
#define CMG_MODEL_GATEWAY_H

#include <cmg/gateway.h>
#include "base/context.h"
#include "base/json.h"
#include "base/secret.h"
#include "crypto/key.h"
#include "model/difference.h"

enum cmg__sign_in {
    CMG__SIGN_IN_DEVICE_CODE,
    CMG__SIGN_IN_CLIENT_SECRET,
    CMG__SIGN_IN_CERTIFICATE,
    CMG__SIGN_IN_TOKEN_SOURCE,
    CMG__SIGN_IN_WORKLOAD,
    CMG__SIGN_IN_IDENTITY,
    CMG__SIGN_IN_BROWSER,
    CMG__SIGN_INS
};

/* A certificate to sign in with: what names it, and its key. */
struct cmg__sign_in_certificate {
    struct cmg__key *key; /* NULL: none */
    bool pss;
    uint8_t sha1[20];
    uint8_t sha256[32];
};

struct cmg_tenant {
    struct cmg__handle head;
    char *domain;
    char *wanted_id;    /* of the specification, "" when it gives only the domain */
    char *id;           /* observed, or given */
    char *display_name; /* observed */
    struct cmg__json *domains; /* verified ones, observed: texts; the initial one first */
    char *cloud;               /* as the vendor calls it; "" not said */
    char *subscription_id;
    enum cmg__sign_in sign_in;
    char *sign_in_client_id; /* "" when a person's tokens come from the host, or when only
                                the metadata service knows it */
    struct cmg__secret sign_in_secret;
    struct cmg__sign_in_certificate sign_in_certificate;
    cmg_token_source sign_in_source;
    cmg_token_cache token_cache; /* load NULL: none */
    char *sign_in_token_file;    /* of a workload identity, or NULL */
    cmg_managed_identity sign_in_identity;
    char *sign_in_identity_id; /* of a managed identity, or NULL: the machine's own */
    char *identity_endpoint;   /* of the metadata service, without a slash at its end */
};

struct cmg_server_app {
    struct cmg__handle head;
    char *name;
    uint32_t secret_years;  /* 1 or 2; 0 with secret_until */
    char *secret_until;     /* "2028-06-30", or "" */
    char *wanted_id_uri;    /* "" for api://{tenant}/{name} */
    uint32_t token_version; /* of access tokens: 1 or 2 */
    char *admin_title;      /* of the scope, as the three below; "": ours */
    char *admin_text;
    char *user_title;
    char *user_text;
    bool remove_legacy; /* correct takes the Azure AD Graph permission away */
    struct cmg__differences differences; /* of the last look */
    char *wanted_client_id;              /* of one that somebody else made, or "" */
    char *client_id;                     /* observed, or given */
    char *id_uri;                        /* observed: api://{tenant}/{name} */
    int64_t secret_expires_unix_s;       /* observed */
    int64_t created_unix_s;              /* observed */
};

struct cmg_client_app {
    struct cmg__handle head;
    char *name;
    char *wanted_client_id; /* of one that somebody else made, or "" */
    char *client_id;        /* observed, or given */
    bool remove_legacy;     /* correct takes the Azure AD Graph permission away */
    struct cmg__differences differences; /* of the last look */
};

/* One published endpoint of a role, for example SMS_MP. */
struct cmg__endpoint {
    char *path;          /* first segment below the role id, e.g. "SMS_MP" */
    uint64_t max_length; /* of a request body */
};

enum cmg__role_type { CMG__ROLE_MANAGEMENT_POINT, CMG__ROLE_SOFTWARE_UPDATE_POINT };

struct cmg__role {
    char *id; /* decimal */
    enum cmg__role_type type;
    char *url; /* internal base URL, "https://mp.corp.contoso.com" */
    struct cmg__endpoint *endpoints;
    size_t endpoint_count;
};

#define CMG__MAX_CONNECTORS  16
#define CMG__MAX_AUTHORITIES 16
#define CMG__MAX_TAGS        40

struct cmg__alert {
    bool enabled;
    bool stop;          /* the service, at the critical level */
    uint32_t gigabytes; /* 10^9 bytes; of traffic in 14 days */
    uint32_t warning_percent, critical_percent;
};

/* The rest of what the vendor's console asks for; doc/specification.md says what acts on
   each. */
struct cmg__settings {
    char *description;
    bool adopt_group; /* a resource group that is there without our tag is taken over */
    bool revocation;  /* of clients' certificates is checked */
    bool tls12;       /* nothing older */
    bool content;     /* is served */
    struct cmg__alert traffic, storage;
    cmg_certificate *authorities[CMG__MAX_AUTHORITIES]; /* that clients chain to */
    size_t authority_count;
    struct cmg__json *tags; /* names and texts; NULL without a gateway */
};

/* What an operation saw of the gateway in the cloud. */
struct cmg__gateway_seen {
    cmg_gateway_state state;
    int64_t looked_unix_s;
    uint32_t instances, running, stopped, healthy, outdated;
    char vm_size[65];
};

/* What a measurement found; the alerts say what it means. */
struct cmg__usage {
    int64_t measured_unix_s; /* 0: never */
    int64_t from_unix_s;
    int64_t bytes;
    uint32_t values; /* how many there were */
};
#define CMG__ALERTS 2 /* numbered by cmg_alert */

/* A service package; size 0: none. */
struct cmg__package {
    char *data;
    size_t size;
    char sha256[65];
};

struct cmg_gateway {
    struct cmg__handle head;
    char *source; /* what errors call the specification */
    cmg_tenant *tenant;
    cmg_server_app *server_app;
    cmg_client_app *client_app;
    char *name;
    char *service_name;
    char *region;
    char *resource_group;
    char *vm_size;
    char *site_code;
    uint32_t instance_count;
    struct cmg__settings settings;
    struct cmg__role *roles;
    size_t role_count;
    cmg_authority *authority;              /* NULL until set */
    char *connectors[CMG__MAX_CONNECTORS]; /* SHA-256, 64 hexadecimal digits */
    size_t connector_count;
    cmg_certificate *given_certificate;   /* the host's own; NULL: the authority issues */
    cmg_certificate *refused_certificate; /* offered last, for a preflight to tell why */
    cmg_certificate *certificate;         /* the one in use; NULL until then */
    char *endpoint;                       /* observed: public FQDN, "" before */
    struct cmg__package package;          /* what the host gave */
    char *package_sha256; /* the one in the storage account, "" for none */
    struct cmg__gateway_seen seen;
    struct cmg__usage usage[CMG__ALERTS];
    struct cmg__inventory_row *inventory;
    size_t inventory_count;
    struct cmg__differences differences; /* of the last look */
    unsigned deployments_running;
};

/* Ports of the relay, the same in template, user data and connector config. */
#define CMG__PORT_CLIENT   443
#define CMG__PORT_CHANNEL  10140 /* instance i (0-based) is reached at 10140 + i */
#define CMG__PORT_HTTPS    10124 /* the same over HTTPS, 10124 + i */
#define CMG__MAX_INSTANCES 16

/* Between two parts of a scale set that follow a change of its model: the template's
   pauseTimeBetweenBatches, and of whoever brings them along one by one. An instance sees
   the change at its next look, every 15 s, and may look healthy until then. */
#define CMG__PART_PAUSE_MS ((int64_t)30 * 1000)

/* The ARM template and its parameters (the deployment's "properties" object, mode
   Incremental). Deterministic: same input, same bytes. */
struct cmg__template_input {
    const cmg_gateway *gateway;
    const char *deployment_id;   /* tag libcmg-deployment */
    const char *vault_id;        /* resource id of the key vault */
    const char *cert_secret_url; /* secret URL of the server certificate, with version */
    const char *user_data;       /* JSON from cmg__user_data */
    const char *admin_password;  /* generated; secure parameter */
};
cmg_status cmg__template_make(const struct cmg__alloc *alloc,
                              const struct cmg__template_input *input,
                              struct cmg__json **out, cmg_error **err);
/* The same as a part of a template for the subscription that makes the group, too: the
   whole body. properties is taken over; NULL: the group only. */
cmg_status cmg__template_with_group(const struct cmg__template_input *input,
                                    struct cmg__json *properties, struct cmg__json **out,
                                    cmg_error **err);
/* The tags of what stands in a template, where brackets mean something; NULL: memory ran
   out. */
struct cmg__json *cmg__template_tags(const cmg_gateway *gateway,
                                     const char *deployment_id);
/* CMG_E_LIMIT when user data of this size, before base64, is more than Azure takes. */
cmg_status cmg__user_data_check(const struct cmg__alloc *alloc, size_t size,
                                cmg_error **err);
/* What an instance receives: see doc/user-data.md. Contains no secret. */
cmg_status cmg__user_data_make(const cmg_gateway *gateway, const char *deployment_id,
                               struct cmg__buf *out, cmg_error **err);
/* The tags of everything that is made: the deployment's, and the specification's. NULL:
   memory ran out. */
#define CMG__TAG_DEPLOYMENT  "libcmg-deployment"
#define CMG__TAG_NAME        "libcmg-gateway"
#define CMG__TAG_DESCRIPTION "libcmg-description"
struct cmg__json *cmg__gateway_tags(const cmg_gateway *gateway,
                                    const char *deployment_id);
/* "https://{name}.blob.../packages/{sha256}.tar.gz"; NULL when memory ran out. */
char *cmg__package_url(const cmg_gateway *gateway);
#define CMG__PACKAGE_CONTAINER "packages"
/* Which package a scale set's user data names, "" for none. */
cmg_status cmg__user_data_package(const struct cmg__alloc *alloc,
                                  const struct cmg__json *scale_set, char out[65]);
/* The storage account of the template as a resource of its own: the package is in it
   before anything of the template is made. */
cmg_status cmg__template_storage(const cmg_gateway *gateway, const char *deployment_id,
                                 struct cmg__json **out, cmg_error **err);
/* A stable digest of the specification, for the journal: 64 hexadecimal digits. */
cmg_status cmg__gateway_digest(cmg_gateway *gateway, char out[65], cmg_error **err);

/* False: the specification describes a tenant and its applications only. */
bool cmg__gateway_is_whole(const cmg_gateway *gateway);

/* CMG_E_STATE while a deployment of it runs. */
cmg_status cmg__gateway_check_idle(const cmg_gateway *gateway, cmg_error **err);
/* Observed values; each copies. */
cmg_status cmg__observe(const struct cmg__alloc *alloc, char **field, const char *value);
void cmg__gateway_set_certificate(cmg_gateway *gateway, cmg_certificate *certificate);

#endif
