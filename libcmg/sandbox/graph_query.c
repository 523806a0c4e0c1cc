/*
 * What a read of Graph may ask for: $select with known names only, $top within bounds,
 * what needs the advanced query engine, and pages whose links say nothing to the client.
 */
#include <string.h>

#include "base/base64.h"
#include "sandbox/graph.h"

#define DEFAULT_PAGE 100
#define LARGEST_PAGE 999

/* The names a set's entities have, besides those that the sandbox keeps. */
static const struct {
    const char *set;
    const char *type;
    const char *names;
} schemas[] = {
    { "applications", "application",
      " id appId addIns api appRoles applicationTemplateId certification createdDateTime "
      "defaultRedirectUri deletedDateTime description disabledByMicrosoftStatus "
      "displayName groupMembershipClaims identifierUris info isDeviceOnlyAuthSupported "
      "isFallbackPublicClient keyCredentials logo notes oauth2RequirePostResponse "
      "optionalClaims owners parentalControlSettings passwordCredentials publicClient "
      "publisherDomain requestSignatureVerification requiredResourceAccess "
      "samlMetadataUrl serviceManagementReference servicePrincipalLockConfiguration "
      "signInAudience spa tags tokenEncryptionKeyId uniqueName verifiedPublisher web " },
    { "servicePrincipals", "servicePrincipal",
      " id accountEnabled addIns alternativeNames appDescription appDisplayName appId "
      "applicationTemplateId appOwnerOrganizationId appRoleAssignmentRequired appRoles "
      "createdDateTime deletedDateTime description disabledByMicrosoftStatus displayName "
      "homepage info keyCredentials loginUrl logoutUrl notes notificationEmailAddresses "
      "oauth2PermissionScopes passwordCredentials preferredSingleSignOnMode replyUrls "
      "resourceSpecificApplicationPermissions servicePrincipalNames servicePrincipalType "
      "signInAudience tags tokenEncryptionKeyId verifiedPublisher " },
    { "users", "user",
      " id accountEnabled businessPhones city companyName country createdDateTime "
      "deletedDateTime department displayName employeeId givenName jobTitle mail "
      "mailNickname mobilePhone officeLocation onPremisesDistinguishedName "
      "onPremisesDomainName onPremisesImmutableId onPremisesLastSyncDateTime "
      "onPremisesSamAccountName onPremisesSecurityIdentifier onPremisesSyncEnabled "
      "onPremisesUserPrincipalName otherMails preferredLanguage proxyAddresses "
      "securityIdentifier state streetAddress surname usageLocation userPrincipalName "
      "userType " },
    { "groups", "group",
      " id createdDateTime deletedDateTime description displayName groupTypes mail "
      "mailEnabled mailNickname members membershipRule onPremisesDomainName "
      "onPremisesLastSyncDateTime onPremisesNetBiosName onPremisesSamAccountName "
      "onPremisesSecurityIdentifier onPremisesSyncEnabled owners proxyAddresses "
      "securityEnabled securityIdentifier visibility " },
    { "organization", "organization",
      " id assignedPlans businessPhones city country countryLetterCode createdDateTime "
      "defaultUsageLocation displayName onPremisesLastSyncDateTime onPremisesSyncEnabled "
      "preferredLanguage tenantType technicalNotificationMails verifiedDomains " },
};

static bool has_word(const char *words, const char *word, size_t n)
{
    for (const char *at = words; *at != '\0';) {
        size_t len = strcspn(at, " ");
        if (len == n && len > 0 && strncmp(at, word, n) == 0)
            return true;
        at += len + (at[len] == ' ');
    }
    return false;
}

bool cmg__sb_graph_select_is_known(struct cmg__sb_call *call, const char *set)
{
    const char *list = cmg__str_or(cmg__sb_query(call, "$select"), "");
    size_t i = 0;
    while (i < CMG__ARRAY_LEN(schemas) && strcmp(schemas[i].set, set) != 0)
        i++;
    while (i < CMG__ARRAY_LEN(schemas) && *list != '\0') {
        size_t n = strcspn(list, ",");
        if (!has_word(schemas[i].names, list, n)) {
            cmg__sb_refuse(call, 400, "BadRequest",
                           "Parsing OData Select and Expand failed: Could not find a "
                           "property named '%.*s' on type 'microsoft.graph.%s'.",
                           (int)n, list, schemas[i].type);
            return false;
        }
        list += n + (list[n] == ',');
    }
    return true;
}

/* ---- pages ---- */

bool cmg__sb_graph_open(struct cmg__sb_call *call, const char *parameter)
{
    const char *text = cmg__str_or(cmg__sb_query(call, parameter), "");
    struct cmg__json *query = NULL;
    struct cmg__buf plain;
    cmg__buf_init(&plain, call->cloud->alloc, 16384);
    bool good = cmg__base64url_decode(&plain, text, strlen(text)) == CMG_OK &&
                cmg__json_parse(call->cloud->alloc, "token", cmg__buf_cstr(&plain),
                                plain.len, &query, NULL) == CMG_OK &&
                cmg__json_type(query) == CMG__JSON_OBJECT &&
                cmg__json_merge(call->query, query) == CMG_OK;
    cmg__json_unref(query);
    cmg__buf_done(&plain);
    if (!good)
        cmg__sb_refuse(call, 400, "Directory_ExpiredPageToken",
                       "The specified page token value has expired and can no longer be "
                       "included in your request.");
    return good;
}

static bool read_top(struct cmg__sb_call *call, uint64_t *out)
{
    const char *text = cmg__sb_query(call, "$top");
    *out = DEFAULT_PAGE;
    if (text == NULL ||
        (cmg__parse_u64(text, strlen(text), out) && *out >= 1 && *out <= LARGEST_PAGE))
        return true;
    cmg__sb_refuse(call, 400, "Request_UnsupportedQuery",
                   "Invalid page size specified: '%s'. Must be between 1 and %d "
                   "inclusive.",
                   text, LARGEST_PAGE);
    return false;
}

static bool check_engine(struct cmg__sb_call *call, bool advanced)
{
    if (cmg__sb_query(call, "$search") != NULL && !advanced)
        cmg__sb_refuse(call, 400, "Request_UnsupportedQuery",
                       "Request with $search query parameter only works through MSGraph "
                       "with a special request header: 'ConsistencyLevel: eventual'");
    else if (cmg__sb_query(call, "$search") != NULL ||
             cmg__sb_query(call, "$skip") != NULL)
        cmg__sb_refuse(call, 400, "Request_UnsupportedQuery",
                       "Search and skip are not supported here.");
    else if (cmg__sb_query(call, "$orderby") != NULL)
        cmg__sb_refuse(call, 400, "Request_UnsupportedQuery",
                       "Sorting not supported for current query.");
    else
        return true;
    return false;
}

bool cmg__sb_graph_query(struct cmg__sb_call *call, const char *set,
                         struct cmg__sb_page *out)
{
    const char *level = cmg__str_or(cmg__sb_header(call, "ConsistencyLevel"), "");
    if (cmg__sb_query(call, "$skiptoken") != NULL &&
        !cmg__sb_graph_open(call, "$skiptoken"))
        return false;
    const char *count = cmg__str_or(cmg__sb_query(call, "$count"), "");
    *out = (struct cmg__sb_page){
        .skip = (uint64_t)cmg__json_int(cmg__json_key(call->query, "skip"), "", 0),
        .filter = cmg__sb_query(call, "$filter"),
    };
    out->advanced = cmg__sb_same(level, "eventual") && strcmp(count, "true") == 0;
    return read_top(call, &out->top) && check_engine(call, out->advanced) &&
           cmg__sb_graph_select_is_known(call, set);
}

/* Everything that was asked for, and how far it has come, as one word. */
static cmg_status seal(struct cmg__sb_call *call, struct cmg__buf *out)
{
    static const char *const tokens[] = { "$skiptoken", "$deltatoken" };
    struct cmg__buf plain;
    struct cmg__json *query = cmg__json_copy_deep(call->query);
    cmg__buf_init(&plain, call->cloud->alloc, 16384);
    for (size_t i = 0; i < CMG__ARRAY_LEN(tokens); i++)
        cmg__json_remove(query, tokens[i]);
    cmg_status rc = cmg__json_format(query, CMG__JSON_SORTED, &plain);
    if (rc == CMG_OK)
        rc = cmg__base64url_encode(out, plain.data, plain.len);
    cmg__json_unref(query);
    cmg__buf_done(&plain);
    return rc;
}

void cmg__sb_graph_link(struct cmg__sb_call *call, struct cmg__json *body,
                        const char *member, const char *parameter)
{
    struct cmg__buf text;
    cmg__buf_init(&text, call->cloud->alloc, 32768);
    if (cmg__buf_addf(&text, "%s%s?%s=", call->base, call->path, parameter) != CMG_OK ||
        seal(call, &text) != CMG_OK)
        call->cloud->oom = true;
    cmg__sb_set_str(call->cloud, body, member, cmg__buf_cstr(&text));
    cmg__buf_done(&text);
}
