/*
 * Entra ID tells its errors by number. Numbers with the same remedy share a row. They
 * word the message only: the vendor says that numbers and texts change, so nothing
 * decides by them but the table's own hint that an error goes away by itself.
 */
#include "azure/error_aadsts.h"

#include <string.h>
#include "base/compiler.h"
#include "base/str.h"

static const struct row {
    uint32_t numbers[10]; /* 0 ends */
    struct cmg__azure_known known;
} rows[] = {
    { { 700016 },
      { .status = CMG_E_AUTH,
        .cause = "the application is not known in this tenant, or was made moments ago",
        .remedy = "check the client ID and the tenant; right after creation wait two "
                  "minutes" } },
    { { 7000229 },
      { .status = CMG_E_AUTH,
        .cause = "the application has no service principal in this tenant, or it was "
                 "made moments ago",
        .remedy = "create the service principal; right after creation wait two "
                  "minutes" } },
    { { 7000215 },
      { .status = CMG_E_AUTH,
        .cause = "the client secret's value is wrong, or the secret was made moments ago",
        .remedy = "use the secret's value, not its ID; right after creation wait two "
                  "minutes" } },
    { { 7000222 },
      { .status = CMG_E_AUTH,
        .cause = "the client secret or certificate has expired",
        .remedy = "make a new client secret, or register a new certificate, for the "
                  "application" } },
    { { 7000216, 7000218 },
      { .status = CMG_E_AUTH,
        .cause = "the application wants a secret, or is not marked as a public client",
        .remedy = "give the client secret, or allow public client flows on the "
                  "application" } },
    { { 700025 },
      { .status = CMG_E_AUTH,
        .cause = "the application is a public client and must not send a secret",
        .remedy = "sign in without a client secret" } },
    { { 700211, 700212, 700213 },
      { .status = CMG_E_AUTH,
        .cause = "no federated credential of the application fits the token",
        .remedy = "compare issuer, subject and audience of the token with those of the "
                  "application's federated credentials, letter by letter" } },
    { { 700024 },
      { .status = CMG_E_AUTH,
        .cause = "the signed assertion is not valid now: this machine's clock is wrong",
        .remedy = "set the clock, best by NTP" } },
    { { 700027, 50013, 50027, 50048, 700021, 700023 },
      { .status = CMG_E_AUTH,
        .cause = "the signed assertion does not match a registered certificate, or the "
                 "clock is wrong",
        .remedy = "check the application's certificate and this machine's clock" } },
    { { 500011 },
      { .status = CMG_E_AUTH,
        .cause = "the resource has no service principal in the tenant, or its App ID URI "
                 "is misspelt",
        .remedy = "create the server app's service principal, check its App ID URI" } },
    { { 650052, 650056, 650057 },
      { .status = CMG_E_AUTH,
        .cause = "the resource is not among the application's permissions",
        .remedy = "add the permission to the application and grant admin consent" } },
    { { 65001 },
      { .status = CMG_E_DENIED,
        .cause = "nobody has consented to the application's permissions",
        .remedy = "have an administrator grant admin consent" } },
    { { 65004, 90094, 90095 },
      { .status = CMG_E_DENIED,
        .cause = "consent was declined, or needs an administrator",
        .remedy = "have an administrator grant admin consent" } },
    { { 70011, 28002, 1002012 },
      { .status = CMG_E_INTERNAL,
        .cause = "the requested scope is malformed",
        .remedy = "report this as a fault of the library" } },
    { { 90002, 50059, 90013, 50128 },
      { .status = CMG_E_NOTFOUND,
        .cause = "the tenant is not known",
        .remedy = "check tenant.domain and tenant.tenant_id in the specification" } },
    { { 90038, 900432 },
      { .status = CMG_E_INVAL,
        .cause = "the tenant lives in another national cloud",
        .remedy = "choose that cloud (public, US Government, China) on the context" } },
    { { 50034, 50020, 51004, 16003 },
      { .status = CMG_E_AUTH,
        .cause = "the account does not belong to this tenant",
        .remedy = "sign in with an account of the tenant, or invite it as a guest" } },
    { { 50053 },
      { .status = CMG_E_AUTH,
        .cause = "the account is locked, or the address is blocked",
        .remedy = "wait, or ask an administrator to unblock the account" } },
    { { 50055, 50056, 50126, 50144 },
      { .status = CMG_E_AUTH,
        .cause = "the password is wrong or has expired",
        .remedy = "sign in again in a browser" } },
    { { 50057 },
      { .status = CMG_E_AUTH,
        .cause = "the account is disabled",
        .remedy = "use another account" } },
    { { 50072, 50074, 50076, 50079, 50158 },
      { .status = CMG_E_AUTH,
        .cause = "the tenant wants multi-factor authentication",
        .remedy = "sign in again in a browser with multi-factor authentication" } },
    { { 50078, 50089, 50173, 70008, 70043, 700082, 50132, 50133 },
      { .status = CMG_E_AUTH,
        .cause = "the sign-in has expired or was revoked",
        .remedy = "sign in again" } },
    { { 50097, 50129, 53000, 53001, 53002 },
      { .status = CMG_E_DENIED,
        .cause = "the tenant wants a managed or compliant device",
        .remedy = "sign in from such a device, or use a service principal" } },
    { { 53003, 530032, 53004, 53011, 530034, 530035 },
      { .status = CMG_E_DENIED,
        .cause = "conditional access blocks the sign-in, often the device code flow as "
                 "such",
        .remedy = "use a service principal with a client secret, or ask an "
                  "administrator" } },
    { { 50105 },
      { .status = CMG_E_DENIED,
        .cause = "the account is not assigned to the application",
        .remedy = "assign the account to the application in Entra ID" } },
    { { 50194, 90130, 9002332 },
      { .status = CMG_E_AUTH,
        .cause = "a single-tenant application was used without naming its tenant",
        .remedy =
            "give tenant.domain or tenant.tenant_id of the application's tenant" } },
    { { 50011, 900971 },
      { .status = CMG_E_AUTH,
        .cause = "the redirect URI is not registered on the application",
        .remedy = "register the redirect URI" } },
    { { 70018 },
      { .status = CMG_E_AUTH,
        .cause = "the device code is not known",
        .remedy = "start the sign-in again" } },
    { { 70019, 70020 },
      { .status = CMG_E_AUTH,
        .cause = "the code was not entered in time",
        .remedy = "start again and enter the new code within 15 minutes" } },
    { { 50196, 90055, 90033, 90090, 90006, 50033, 90024 },
      { .status = CMG_E_IO,
        .later = true,
        .cause = "Entra ID is busy or throttles",
        .remedy = "wait a minute and run the same command again" } },
    { { 7000112, 70001, 1000031 },
      { .status = CMG_E_DENIED,
        .cause = "the application is disabled",
        .remedy = "ask an administrator of the tenant to enable it" } },
};

const struct cmg__azure_known *cmg__azure_aadsts_find(const char *code)
{
    const size_t prefix = strlen("AADSTS");
    uint64_t number = 0;

    if (!cmg__str_istarts(code, "AADSTS") ||
        !cmg__parse_u64(code + prefix, strlen(code + prefix), &number) || number == 0)
        return NULL;
    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        for (size_t k = 0; k < CMG__ARRAY_LEN(rows[i].numbers); k++) {
            if (rows[i].numbers[k] == number)
                return &rows[i].known;
        }
    }
    return NULL;
}
