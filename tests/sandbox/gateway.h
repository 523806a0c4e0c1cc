/*
 * The product's own deployment template with its parameters, and a certificate as
 * PKCS#12: what a real deployment sends.
 */
#ifndef TESTS_SANDBOX_GATEWAY_H
#define TESTS_SANDBOX_GATEWAY_H

#include "support/support.h"

#define GATEWAY_GROUP    "rg-1"
#define GATEWAY_NAME     "granitefalls"
#define GATEWAY_HOST     "granitefalls.westeurope.cloudapp.azure.com"
#define GATEWAY_SERVICE  "granitefalls.contoso.com"
#define GATEWAY_PASSWORD "pfx password"
#define GATEWAY_SECRET   "Canary-1-admin-password"

/* All texts are the caller's (free). */
/* {"properties":{...}} of the deployment of the gateway. */
char *gateway_deployment(const char *subscription_id, const char *secret_url);
/* The body of a vault's PUT that lets object_id import certificates. */
char *gateway_vault(const char *tenant_id, const char *object_id);
/* The body of a certificate import: a fresh certificate for the gateway. */
char *gateway_import(const char *password_sent);

#endif
