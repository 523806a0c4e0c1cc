/* Making the handles that belong to a gateway; all their texts are "" at first. */
#ifndef CMG_MODEL_TENANT_H
#define CMG_MODEL_TENANT_H

#include "model/gateway.h"

/* NULL when memory ran out. */
cmg_tenant *cmg__tenant_new(cmg_context *ctx);
cmg_server_app *cmg__server_app_new(cmg_context *ctx);
cmg_client_app *cmg__client_app_new(cmg_context *ctx);
/* An empty text in each of the fields, NULL-terminated list; false: memory ran out. */
bool cmg__texts_init(const struct cmg__alloc *alloc, char **const *fields);
void cmg__texts_free(const struct cmg__alloc *alloc, char **const *fields);

/* Azure PowerShell's public client, known in every tenant. */
#define CMG__PUBLIC_CLIENT "1950a258-227b-4e31-a9cf-717495945fc2"
/* Where a machine of Azure finds the metadata service. */
#define CMG__IDENTITY_ENDPOINT "http://169.254.169.254"
/* Wipes and gives back every credential to sign in with. */
void cmg__sign_in_forget(cmg_tenant *tenant);
void cmg__token_cache_forget(cmg_tenant *tenant);

#endif
