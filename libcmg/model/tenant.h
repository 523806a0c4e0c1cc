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

/* When a secret that begins now is to end, as the specification says; CMG_E_INVAL when
   its day is over or too far away. */
cmg_status cmg__server_app_secret_end(const cmg_server_app *app, int64_t now_unix_s,
                                      int64_t *out_unix_s, cmg_error **err);

/* From release 2409 on the console renews no secret of an application older than that. */
#define CMG__APP_MAX_DAYS 800

/* Azure PowerShell's public client, known in every tenant. */
#define CMG__PUBLIC_CLIENT "1950a258-227b-4e31-a9cf-717495945fc2"
/* Where a machine of Azure finds the metadata service. */
#define CMG__IDENTITY_ENDPOINT "http://169.254.169.254"
/* Wipes and gives back every credential to sign in with. */
void cmg__sign_in_forget(cmg_tenant *tenant);
void cmg__token_cache_forget(cmg_tenant *tenant);

#endif
