"""Which published descriptions the recorder holds, and of which operations.

A new call of the library gets its operationId here, then trim.py is run again.
"""

from __future__ import annotations

_RESOURCES = "resources/resource-manager/Microsoft.Resources/stable/"
_AUTHORIZATION = "authorization/resource-manager/Microsoft.Authorization/stable/2022-04-01/"
_COMPUTE = "compute/resource-manager/Microsoft.Compute/"
_NETWORK = "network/resource-manager/Microsoft.Network/stable/2024-01-01/"
_STORAGE = "storage/resource-manager/Microsoft.Storage/stable/2023-05-01/"
_MONITOR = "monitor/resource-manager/Microsoft.Insights/stable/"
_VAULT = "keyvault/resource-manager/Microsoft.KeyVault/stable/2023-07-01/"
_VAULT_DATA = "keyvault/data-plane/Microsoft.KeyVault/stable/7.5/"

SWAGGER: dict[str, tuple[str, ...]] = {
    _RESOURCES + "2022-12-01/subscriptions.json": (
        "Subscriptions_ListLocations", "Subscriptions_Get", "Subscriptions_List",
        "Tenants_List"),
    _RESOURCES + "2024-03-01/resources.json": (
        "Deployments_Cancel", "Deployments_CheckExistence", "Deployments_CreateOrUpdate",
        "Deployments_Delete", "Deployments_Get", "Deployments_ListByResourceGroup",
        "Deployments_Validate", "Deployments_ValidateAtSubscriptionScope",
        "Deployments_WhatIf", "DeploymentOperations_List", "Providers_Get", "Providers_List",
        "Providers_Register", "Resources_ListByResourceGroup",
        "ResourceGroups_CheckExistence", "ResourceGroups_CreateOrUpdate",
        "ResourceGroups_Delete", "ResourceGroups_Get", "ResourceGroups_List",
        "ResourceGroups_Update", "Resources_List"),
    "resources/resource-manager/Microsoft.Authorization/stable/2020-05-01/locks.json": (
        "ManagementLocks_ListAtResourceGroupLevel", "ManagementLocks_ListAtSubscriptionLevel"),
    _AUTHORIZATION + "authorization-RoleAssignmentsCalls.json": (
        "RoleAssignments_Create", "RoleAssignments_Delete", "RoleAssignments_Get",
        "RoleAssignments_ListForResourceGroup", "RoleAssignments_ListForScope",
        "RoleAssignments_ListForSubscription"),
    _AUTHORIZATION + "authorization-RoleDefinitionsCalls.json": (
        "Permissions_ListForResourceGroup", "RoleDefinitions_List"),
    _COMPUTE + "ComputeRP/stable/2024-03-01/computeRPCommon.json": ("Usage_List",),
    _COMPUTE + "ComputeRP/stable/2024-03-01/virtualMachineScaleSet.json": (
        "VirtualMachineScaleSets_CreateOrUpdate", "VirtualMachineScaleSets_Deallocate",
        "VirtualMachineScaleSets_Delete", "VirtualMachineScaleSets_DeleteInstances",
        "VirtualMachineScaleSets_Get", "VirtualMachineScaleSets_GetInstanceView",
        "VirtualMachineScaleSets_List", "VirtualMachineScaleSets_PowerOff",
        "VirtualMachineScaleSets_Reimage", "VirtualMachineScaleSets_Restart",
        "VirtualMachineScaleSets_Start", "VirtualMachineScaleSets_Update",
        "VirtualMachineScaleSets_UpdateInstances", "VirtualMachineScaleSetRollingUpgrades_GetLatest",
        "VirtualMachineScaleSetVMs_Get", "VirtualMachineScaleSetVMs_List"),
    _COMPUTE + "Skus/stable/2021-07-01/skus.json": ("ResourceSkus_List",),
    _NETWORK + "checkDnsAvailability.json": ("CheckDnsNameAvailability",),
    _NETWORK + "usage.json": ("Usages_List",),
    _NETWORK + "loadBalancer.json": (
        "LoadBalancers_Delete", "LoadBalancers_ListInboundNatRulePortMappings"),
    _NETWORK + "networkSecurityGroup.json": ("NetworkSecurityGroups_Delete",),
    _NETWORK + "virtualNetwork.json": ("VirtualNetworks_Delete",),
    _NETWORK + "publicIpAddress.json": (
        "PublicIPAddresses_CreateOrUpdate", "PublicIPAddresses_Delete",
        "PublicIPAddresses_Get", "PublicIPAddresses_List"),
    _STORAGE + "storage.json": (
        "StorageAccounts_CheckNameAvailability", "StorageAccounts_Create",
        "StorageAccounts_Delete", "StorageAccounts_GetProperties", "Usages_ListByLocation"),
    _STORAGE + "blob.json": ("BlobContainers_Create",),
    _MONITOR + "2015-04-01/activityLogs_API.json": ("ActivityLogs_List",),
    _MONITOR + "2024-02-01/metrics_API.json": ("Metrics_List",),
    _MONITOR + "2024-02-01/metricDefinitions_API.json": ("MetricDefinitions_List",),
    _VAULT + "keyvault.json": (
        "Vaults_CheckNameAvailability", "Vaults_CreateOrUpdate", "Vaults_Delete", "Vaults_Get",
        "Vaults_GetDeleted", "Vaults_ListByResourceGroup", "Vaults_ListDeleted",
        "Vaults_PurgeDeleted"),
    _VAULT_DATA + "certificates.json": (
        "DeleteCertificate", "GetCertificate", "GetCertificateVersions", "ImportCertificate",
        "UpdateCertificate"),
    _VAULT_DATA + "secrets.json": ("DeleteSecret", "GetSecret", "SetSecret"),
}

GRAPH_OPENAPI = "msgraph/graph-v1.0.trimmed.openapi.json"
GRAPH_CSDL = "msgraph/graph-v1.0-2026-08.trimmed.csdl.xml"

TEMPLATE = "arm-template-schemas/2019-04-01/deploymentTemplate.json"
TEMPLATE_TYPES = frozenset("/resourceDefinitions/" + name for name in (
    "virtualMachineScaleSets", "publicIPAddresses", "loadBalancers", "networkSecurityGroups",
    "virtualNetworks", "storageAccounts", "storageAccounts_blobServices_containers", "vaults",
    "vaults_accessPolicies", "userAssignedIdentities", "roleAssignments"))
