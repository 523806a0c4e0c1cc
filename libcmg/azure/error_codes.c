/*
 * The table of known codes, grouped by service. Rows with a text stand before the row of
 * the same code without one: the first that fits is taken. Codes are compared without
 * case, since the services are not of one mind about it.
 */
#include "azure/error_codes.h"

#include <string.h>
#include "azure/error_aadsts.h"
#include "base/compiler.h"
#include "base/str.h"

#define ASK_ADMIN  "ask an administrator of the tenant"
#define SIGN_AGAIN "sign in again"
#define WAIT_AGAIN "wait a minute and run the same command again"
#define OTHER_NAME "choose another gateway name"
#define OTHER_SIZE "choose another vm_size or region, or try again later"
#define QUOTA                                                                            \
    "ask for a higher quota in the Azure portal (Usage + quotas), or choose a smaller "  \
    "vm_size or fewer instances"
#define NOT_REPLICATED "the directory has not copied the new object everywhere yet"
#define REGISTER       "register the resource provider for the subscription and wait"

/* OAuth and device code */
static const struct cmg__azure_known oauth[] = {
    { "authorization_pending", NULL, CMG_E_AUTH, true,
      "the code has not been entered yet", "open the page and enter the code" },
    { "slow_down", NULL, CMG_E_AUTH, true, "the sign-in was polled too often",
      "wait five seconds longer between polls" },
    { "authorization_declined", NULL, CMG_E_AUTH, false,
      "the sign-in was declined in the browser", "start again and accept the sign-in" },
    { "access_denied", NULL, CMG_E_AUTH, false, "the sign-in was declined in the browser",
      "start again and accept the sign-in" },
    { "expired_token", NULL, CMG_E_AUTH, false, "the code was not entered in time",
      "start again and enter the new code within 15 minutes" },
    { "code_expired", NULL, CMG_E_AUTH, false, "the code was not entered in time",
      "start again and enter the new code within 15 minutes" },
    { "bad_verification_code", NULL, CMG_E_AUTH, false, "the device code is not known",
      "start the sign-in again" },
    { "invalid_grant", NULL, CMG_E_AUTH, false, "the sign-in is no longer valid",
      SIGN_AGAIN },
    { "interaction_required", NULL, CMG_E_AUTH, false, "the directory asks for a person",
      "sign in by device code" },
    { "temporarily_unavailable", NULL, CMG_E_IO, true, "Entra ID is busy", WAIT_AGAIN },
    { "insufficient_claims", NULL, CMG_E_AUTH, false,
      "conditional access wants a fresh sign-in, most often with multi-factor "
      "authentication",
      "sign in again in a browser with multi-factor authentication" },
};

/* Microsoft Graph */
static const struct cmg__azure_known graph[] = {
    { "Request_BadRequest", "does not reference a valid application", CMG_E_NOTFOUND,
      true, NOT_REPLICATED, WAIT_AGAIN },
    { "NoBackingApplicationObject", NULL, CMG_E_NOTFOUND, true, NOT_REPLICATED,
      WAIT_AGAIN },
    { "Authorization_RequestDenied", "must in the local tenant", CMG_E_NOTFOUND, true,
      NOT_REPLICATED, WAIT_AGAIN },
    { "Request_BadRequest", "being assigned already exists", CMG_E_EXISTS, false,
      "the permission is granted already", "nothing needs to be done" },
    { "Request_BadRequest", "verified domain", CMG_E_INVAL, false,
      "the tenant's policy wants a verified domain, the tenant ID or the app ID in an "
      "App ID URI",
      "use an App ID URI of the form api://{tenant ID}/{name}" },
    { "Request_BadRequest", "identifierUris already exists", CMG_E_EXISTS, false,
      "another application, perhaps a deleted one, has the same App ID URI",
      "choose another server_app name, or purge the deleted application" },
    { "ObjectConflict", NULL, CMG_E_EXISTS, false,
      "another object has the same value in a field that must be unique",
      "choose another name, or purge the deleted object that holds it" },
    { "CredentialInvalidLifetimeAsPerAppPolicy", NULL, CMG_E_INVAL, false,
      "the tenant's policy limits how long a client secret may live",
      "set server_app.secret_years to 1 or an earlier server_app.secret_until, "
      "or " ASK_ADMIN },
    { "CredentialTypeNotAllowedAsPerAppPolicy", NULL, CMG_E_DENIED, false,
      "the tenant's policy forbids client secrets",
      ASK_ADMIN " to exempt the server app from the policy" },
    { "SignInAudienceNotAllowedAsPerAppPolicy", NULL, CMG_E_DENIED, false,
      "the tenant's policy refuses the sign-in audience", ASK_ADMIN },
    { "HostNameNotOnVerifiedDomain", NULL, CMG_E_INVAL, false,
      "the App ID URI is not on a verified domain",
      "use an App ID URI of the form api://{tenant ID}/{name}" },
    { "CannotDeleteOrUpdateEnabledEntitlement", NULL, CMG_E_CONFLICT, false,
      "a scope must be disabled before it is changed or removed",
      "disable the scope first, then change it" },
    { "Authorization_RequestDenied", NULL, CMG_E_DENIED, false,
      "the account lacks a permission or a directory role",
      "sign in with an account that has the role Application Administrator or Global "
      "Administrator" },
    { "Directory_QuotaExceeded", NULL, CMG_E_LIMIT, false,
      "the account or the tenant may not own more objects",
      "delete applications that are not needed and purge them, or " ASK_ADMIN },
    { "Request_ResourceNotFound", NULL, CMG_E_NOTFOUND, false,
      "it does not exist, or the directory has not copied it everywhere yet",
      WAIT_AGAIN },
    { "Request_MultipleObjectsWithSameKeyValue", NULL, CMG_E_EXISTS, false,
      "the same grant or object exists already", "nothing needs to be done" },
    { "Directory_ConcurrencyViolation", NULL, CMG_E_CONFLICT, true,
      "someone changed the object at the same time", WAIT_AGAIN },
    { "ConditionNotMet", NULL, CMG_E_CONFLICT, true,
      "someone changed the object at the same time", WAIT_AGAIN },
    { "activityLimitReached", NULL, CMG_E_LIMIT, true,
      "the service throttles this tenant", WAIT_AGAIN },
    { "TooManyRequests", NULL, CMG_E_LIMIT, true, "the service throttles this tenant",
      WAIT_AGAIN },
};

/* Resource Manager: rights, subscription, groups, deployments */
static const struct cmg__azure_known arm[] = {
    { "AuthorizationFailed", NULL, CMG_E_DENIED, false,
      "the account lacks a right on this scope, or the right was given minutes ago",
      "assign the role Contributor on the resource group or subscription, wait ten "
      "minutes, sign in again" },
    { "LinkedAuthorizationFailed", NULL, CMG_E_DENIED, false,
      "the account lacks a right on a resource that the request refers to",
      "assign the role Contributor on that resource, wait ten minutes, sign in again" },
    { "InvalidAuthenticationToken", NULL, CMG_E_AUTH, false,
      "the token has expired or is meant for another service", SIGN_AGAIN },
    { "ExpiredAuthenticationToken", NULL, CMG_E_AUTH, false, "the token has expired",
      SIGN_AGAIN },
    { "InvalidAuthenticationTokenTenant", NULL, CMG_E_AUTH, false,
      "the subscription belongs to another tenant",
      "sign in to the tenant of the subscription" },
    { "AuthenticationFailed", NULL, CMG_E_AUTH, false,
      "the token is missing or meant for another service", SIGN_AGAIN },
    { "RequestDisallowedByPolicy", "MFA", CMG_E_AUTH, false,
      "Azure wants multi-factor authentication for changes by a person",
      "sign in with multi-factor authentication, or with a service principal" },
    { "RequestDisallowedByPolicy", NULL, CMG_E_DENIED, false,
      "an Azure Policy of the organisation forbids it",
      "ask for an exemption, or change the specification to comply" },
    { "RequestDisallowedByAzure", NULL, CMG_E_DENIED, false,
      "the subscription's offer does not permit this region", "choose another region" },
    { "SubscriptionNotFound", NULL, CMG_E_NOTFOUND, false,
      "the subscription does not exist or the account cannot see it",
      "check tenant.subscription_id and the account" },
    { "InvalidSubscriptionId", NULL, CMG_E_INVAL, false,
      "the subscription ID is malformed", "check tenant.subscription_id" },
    { "ReadOnlyDisabledSubscription", NULL, CMG_E_DENIED, false,
      "the subscription is disabled", "enable the subscription or pay its bill" },
    { "MissingSubscriptionRegistration", NULL, CMG_E_CONFLICT, true,
      "a resource provider is not registered for the subscription yet", REGISTER },
    { "NoRegisteredProviderFound", NULL, CMG_E_CONFLICT, false,
      "no resource provider serves this type, version or region", REGISTER },
    { "MissingRegistrationForLocation", NULL, CMG_E_CONFLICT, false,
      "the subscription is not registered for this region", REGISTER },
    { "InvalidResourceGroup", NULL, CMG_E_INVAL, false,
      "the resource group's name is malformed",
      "use letters, digits, '-', '_', '.', at most 90, not ending in '.'" },
    { "InvalidResourceGroupLocation", NULL, CMG_E_EXISTS, false,
      "the resource group exists in another region",
      "name another resource_group, or use the group's region" },
    { "ResourceGroupNotFound", NULL, CMG_E_NOTFOUND, false,
      "the resource group does not exist", "deploy the gateway first" },
    { "ResourceGroupBeingDeleted", NULL, CMG_E_CONFLICT, true,
      "the resource group is being deleted", "wait until it is gone, then run again" },
    { "ScopeLocked", NULL, CMG_E_CONFLICT, false, "a lock protects the resource",
      "remove the lock (Azure portal: Locks) and run again" },
    { "InvalidTemplate", NULL, CMG_E_INVAL, false,
      "Resource Manager does not accept the template", NULL },
    { "InvalidTemplateDeployment", NULL, CMG_E_INVAL, false,
      "Resource Manager does not accept the template or one of its values", NULL },
    { "DeploymentActive", NULL, CMG_E_CONFLICT, true,
      "a deployment of the same name is running", "wait for it, or cancel it" },
    { "DeploymentActiveAndUneditable", NULL, CMG_E_CONFLICT, true,
      "a deployment of the same name is running", "wait for it, or cancel it" },
    { "DeploymentQuotaExceeded", NULL, CMG_E_LIMIT, false,
      "the resource group keeps 800 deployments already",
      "delete old deployments of the resource group" },
    { "AnotherOperationInProgress", NULL, CMG_E_CONFLICT, true,
      "another operation works on the same resource", WAIT_AGAIN },
    { "RetryableError", NULL, CMG_E_CONFLICT, true,
      "another operation works on the same resource", WAIT_AGAIN },
    { "OperationPreempted", NULL, CMG_E_CONFLICT, false,
      "a newer operation took its place, or somebody canceled it",
      "run the same command again" },
    { "RetryableErrorDueToAnotherOperation", NULL, CMG_E_CONFLICT, true,
      "another operation works on the same resource", WAIT_AGAIN },
    { "OperationInProgress", NULL, CMG_E_CONFLICT, true,
      "another operation works on the same resource", WAIT_AGAIN },
    { "PropertyChangeNotAllowed", NULL, CMG_E_CONFLICT, false,
      "the property cannot be changed on an existing resource",
      "delete the gateway and deploy it again" },
    { "PrincipalNotFound", NULL, CMG_E_NOTFOUND, true, NOT_REPLICATED, WAIT_AGAIN },
    { "RoleAssignmentExists", NULL, CMG_E_EXISTS, false, "the role is assigned already",
      "nothing needs to be done" },
    { "ResourceGroupDeletionTimeout", NULL, CMG_E_TIMEOUT, true,
      "something in the resource group could not be deleted in time",
      "look for locks and foreign resources in the group, then delete again" },
};

/* Compute, network, storage, key vault */
static const struct cmg__azure_known resources[] = {
    { "QuotaExceeded", NULL, CMG_E_LIMIT, false, "a quota of the subscription is used up",
      QUOTA },
    { "OperationNotAllowed", "quota", CMG_E_LIMIT, false,
      "a quota of the subscription is used up", QUOTA },
    { "OperationNotAllowed", "in progress", CMG_E_CONFLICT, true,
      "another operation works on the same resource", WAIT_AGAIN },
    { "ResourceQuotaExceeded", NULL, CMG_E_LIMIT, false,
      "a quota of the subscription is used up", QUOTA },
    { "PublicIPCountLimitReached", NULL, CMG_E_LIMIT, false,
      "the subscription may not have more public addresses in this region", QUOTA },
    { "SkuNotAvailable", NULL, CMG_E_UNSUPPORTED, false,
      "the VM size is not offered to this subscription in this region", OTHER_SIZE },
    { "AllocationFailed", NULL, CMG_E_LIMIT, false,
      "the region has no room for this VM size now", OTHER_SIZE },
    { "ZonalAllocationFailed", NULL, CMG_E_LIMIT, false,
      "the zone has no room for this VM size now", OTHER_SIZE },
    { "OverconstrainedAllocationRequest", NULL, CMG_E_LIMIT, false,
      "no hardware fits all conditions of the request", OTHER_SIZE },
    { "DnsRecordInUse", NULL, CMG_E_EXISTS, false,
      "the gateway's DNS name is taken in this region", OTHER_NAME },
    { "InvalidDomainNameLabel", NULL, CMG_E_INVAL, false,
      "the gateway's name is not possible as a DNS label", OTHER_NAME },
    { "StorageAccountAlreadyTaken", NULL, CMG_E_EXISTS, false,
      "someone else's storage account has this name", OTHER_NAME },
    { "StorageAccountAlreadyExists", NULL, CMG_E_EXISTS, false,
      "a storage account of this name exists in the subscription", OTHER_NAME },
    { "AccountNameInvalid", NULL, CMG_E_INVAL, false,
      "the name is not possible for a storage account",
      "use 3 to 24 lower-case letters and digits, a letter first" },
    { "VaultAlreadyExists", NULL, CMG_E_EXISTS, false,
      "the key vault's name is used, or held by a deleted vault",
      "choose another gateway name, or purge the deleted key vault" },
    { "ConflictError", NULL, CMG_E_CONFLICT, false,
      "the name is used, or held by a deleted key vault",
      "choose another gateway name, or purge the deleted key vault" },
    { "ObjectIsDeletedButRecoverable", NULL, CMG_E_CONFLICT, false,
      "a deleted certificate or secret holds the name",
      "recover or purge the deleted object" },
    { "ForbiddenByRbac", NULL, CMG_E_DENIED, false,
      "the account has no role on the key vault's data, or got it minutes ago",
      "assign Key Vault Certificates Officer, wait ten minutes, run again" },
    { "ForbiddenByFirewall", NULL, CMG_E_DENIED, false,
      "the key vault's firewall refuses this address",
      "permit the address in the key vault's network settings" },
    { "AuthorizationPermissionMismatch", NULL, CMG_E_DENIED, false,
      "the account has no role on the storage account's data, or got it minutes ago",
      "assign Storage Blob Data Contributor, wait ten minutes, run again" },
    { "PublicIPAddressCannotBeDeleted", NULL, CMG_E_CONFLICT, false,
      "another resource uses the public address", "delete the resource group instead" },
    { "InUseSubnetCannotBeDeleted", NULL, CMG_E_CONFLICT, false,
      "another resource uses the subnet", "delete the resource group instead" },
    { "InUseNetworkSecurityGroupCannotBeDeleted", NULL, CMG_E_CONFLICT, false,
      "another resource uses the network security group",
      "delete the resource group instead" },
    { "NicInUse", NULL, CMG_E_CONFLICT, false, "another resource uses the network card",
      "delete the resource group instead" },
    { "ResourceAvailabilityZonesCannotBeModified", NULL, CMG_E_CONFLICT, false,
      "zones are chosen when a resource is made",
      "delete the gateway and deploy it again" },
    { "MarketplacePurchaseEligibilityFailed", NULL, CMG_E_DENIED, false,
      "the image wants terms that the subscription may not accept",
      "choose another image, or " ASK_ADMIN },
    { "MarketplaceTermsNotAccepted", NULL, CMG_E_DENIED, false,
      "the image's terms have not been accepted", "accept the terms, then run again" },
    { "ContainerBeingDeleted", NULL, CMG_E_CONFLICT, true,
      "a container of the same name is being deleted", WAIT_AGAIN },
    { "ServerBusy", NULL, CMG_E_IO, true, "the storage service is busy", WAIT_AGAIN },
};

static const struct group {
    const struct cmg__azure_known *rows;
    size_t count;
} groups[] = {
    { oauth, CMG__ARRAY_LEN(oauth) },
    { graph, CMG__ARRAY_LEN(graph) },
    { arm, CMG__ARRAY_LEN(arm) },
    { resources, CMG__ARRAY_LEN(resources) },
};

static const char *const wrappers[] = {
    "DeploymentFailed",
    "ResourceDeploymentFailure",
    "InvalidTemplateDeployment",
    "Conflict",
    "BadRequest",
    "Forbidden",
    "NotFound",
    "invalid_grant",
    "VMExtensionProvisioningError",
};

static bool contains(const char *text, const char *part)
{
    size_t n = strlen(part);

    for (; *text != '\0'; text++) {
        if (cmg__str_ieqn(text, part, n))
            return true;
    }
    return false;
}

static bool fits(const struct cmg__azure_known *row, const char *code,
                 const char *message)
{
    return cmg__str_ieq(row->code, code) &&
           (row->text == NULL || contains(message, row->text));
}

const struct cmg__azure_known *cmg__azure_known_find(const char *code,
                                                     const char *message)
{
    const struct cmg__azure_known *aadsts = cmg__azure_aadsts_find(code);

    if (aadsts != NULL)
        return aadsts;
    for (size_t g = 0; g < CMG__ARRAY_LEN(groups); g++) {
        for (size_t i = 0; i < groups[g].count; i++) {
            if (fits(&groups[g].rows[i], code, message))
                return &groups[g].rows[i];
        }
    }
    return NULL;
}

bool cmg__azure_code_is_wrapper(const char *code)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(wrappers); i++) {
        if (cmg__str_ieq(wrappers[i], code))
            return true;
    }
    return false;
}
