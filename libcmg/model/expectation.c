/* See expectation.h. The table comes first; what walks along it after it. */
#include "model/expectation_kind.h"

#include <string.h>

#include "base/error.h"

#define SERVER CMG__APP_SERVER
#define CLIENT CMG__APP_CLIENT
#define BOTH   ((unsigned)CMG__APP_SERVER | CMG__APP_CLIENT)
#define SCOPES "/api/oauth2PermissionScopes"
#define SCOPE  SCOPES "/" CMG__SCOPE
#define LEGACY                                                                           \
    "00000002-0000-0000-c000-000000000000 5778995a-e1bf-45b8-affa-663a9f3f4d04 Any"
#define USER_READ CMG__GRAPH_APP_ID " e1fe6dd8-ba31-4d61-89e7-88639da4683d Scope"

#define ROW(apps_, part_, path_, how_, severity_, correctable_)                          \
    .apps = (apps_), .part = CMG_APP_##part_, .path = (path_), .how = CMG__HOW_##how_,   \
    .severity = CMG_SEVERITY_##severity_, .correctable = CMG_CORRECTABLE_##correctable_

/* Redirect addresses, URIs, scopes, permissions and tags beside ours are left alone: the
   approval of applications by e-mail adds a redirect address, other software its own
   permissions. One secret on the client app would be too many, but only a person can say
   who uses it. */
static const struct cmg__expectation rows[] = {
    { ROW(BOTH, APPLICATION, "/", THERE, REFUSAL, NO), .value = "",
      .words = "an application \"{name}\"",
      .fix = "register the applications (register_apps)" },
    { ROW(BOTH, APPLICATION, "/displayName", TEXT, NOTE, YES), .value = "{name}",
      .fix = "rename it, or correct the name in the specification" },
    { ROW(BOTH, APPLICATION, "/signInAudience", TEXT, WARNING, YES),
      .value = "AzureADMyOrg", .fix = "accept accounts of this directory only" },
    { ROW(BOTH, APPLICATION, "/web/implicitGrantSettings/enableIdTokenIssuance", TRUE,
          WARNING, YES),
      .value = "true", .fix = "let the authorization endpoint issue ID tokens" },
    { ROW(SERVER, APPLICATION, "/identifierUris", HAS, REFUSAL, YES), .value = "{id_uri}",
      .fix = "add the App ID URI" },
    { ROW(SERVER, APPLICATION, SCOPE, SCOPE, REFUSAL, YES), .value = "{new_scope_id}",
      .words = "the scope " CMG__SCOPE, .fix = "add the scope" },
    { ROW(SERVER, APPLICATION, SCOPE "/isEnabled", SCOPE_TRUE, REFUSAL, YES),
      .value = "true", .fix = "enable the scope" },
    { ROW(SERVER, APPLICATION, SCOPE "/type", SCOPE_TEXT, WARNING, YES), .value = "User",
      .fix = "let administrators and users consent to the scope" },
    { ROW(SERVER, APPLICATION, SCOPE "/adminConsentDisplayName", SCOPE_WORDS, NOTE, YES),
      .value = "{admin_title}", .fix = "give the scope its title for administrators" },
    { ROW(SERVER, APPLICATION, SCOPE "/adminConsentDescription", SCOPE_WORDS, NOTE, YES),
      .value = "{admin_text}",
      .fix = "give the scope its description for administrators" },
    { ROW(SERVER, APPLICATION, SCOPE "/userConsentDisplayName", SCOPE_WORDS, NOTE, YES),
      .value = "{user_title}", .fix = "give the scope its title for users" },
    { ROW(SERVER, APPLICATION, SCOPE "/userConsentDescription", SCOPE_WORDS, NOTE, YES),
      .value = "{user_text}", .fix = "give the scope its description for users" },
    { ROW(SERVER, APPLICATION, "/api/requestedAccessTokenVersion", VERSION, REFUSAL, YES),
      .value = "{token_version}", .fix = "have tokens of this version issued" },
    /* Instructions name either platform. */
    { ROW(SERVER, APPLICATION, "/publicClient/redirectUris", HAS_EITHER, WARNING, YES),
      .value = "http://localhost", .fix = "add the redirect address" },
    { ROW(SERVER, APPLICATION, "/requiredResourceAccess", ASKS, WARNING, YES),
      .value = CMG__GRAPH_APP_ID " " CMG__DIRECTORY_READ_ALL " Role",
      .words = "Microsoft Graph Directory.Read.All (application)",
      .fix = "ask for the permission" },
    { ROW(SERVER, APPLICATION, "/requiredResourceAccess", ASKS_NOT, NOTE, YES),
      .value = USER_READ, .words = "no Microsoft Graph User.Read (delegated)",
      .fix = "no longer ask for the permission" },
    { ROW(CLIENT, APPLICATION, "/isFallbackPublicClient", TRUE, REFUSAL, YES),
      .value = "true", .fix = "allow public client flows" },
    { ROW(CLIENT, APPLICATION, "/publicClient/redirectUris", HAS, REFUSAL, YES),
      .value = CMG__BROKER_URI "{app_id}", .fix = "add the redirect address" },
    { ROW(CLIENT, APPLICATION, "/requiredResourceAccess", ASKS, WARNING, YES),
      .value = "{server_app_id} {scope_id} Scope",
      .words = CMG__SCOPE " of the server app (delegated)",
      .fix = "ask for the permission" },
    { ROW(CLIENT, APPLICATION, "/passwordCredentials", EMPTY, WARNING, NO), .value = "",
      .words = "no client secret",
      .fix = "find out who uses the client secrets, then remove them" },
    { ROW(BOTH, APPLICATION, "/requiredResourceAccess", ASKS_NOT, WARNING, ON_REQUEST),
      .value = LEGACY, .words = "no Azure AD Graph Directory.Read.All",
      .fix = "no longer ask for a permission on the retired Azure AD Graph "
             "(remove_legacy_permission)" },
    { ROW(BOTH, APPLICATION, "/tags", HAS, REFUSAL, NO), .value = "{tag}",
      .fix = "choose another name, or give the application's client_id",
      .unless = "adopted" },
    { ROW(BOTH, APPLICATION, "/tags", HAS, NOTE, YES), .value = "{app_tag}",
      .fix = "mark the application as this one", .unless = "adopted" },
    { ROW(BOTH, APPLICATION, "/tags", HAS, NOTE, YES), .value = "libcmg",
      .fix = "mark the application as one of this library", .unless = "adopted" },
    { ROW(BOTH, PRINCIPAL, "/", THERE, REFUSAL, YES), .value = "",
      .words = "a service principal", .fix = "make the service principal" },
    { ROW(BOTH, PRINCIPAL, "/accountEnabled", TRUE, REFUSAL, YES), .value = "true",
      .fix = "let users and devices sign in to it" },
    { ROW(SERVER, CONSENT, "/appRoleAssignments", ROLE, WARNING, YES),
      .value = "{graph_sp_id} " CMG__DIRECTORY_READ_ALL,
      .words = "Microsoft Graph Directory.Read.All (application)",
      .fix = "have an administrator consent to it" },
    { ROW(CLIENT, CONSENT, "/oauth2PermissionGrants", DELEGATED, REFUSAL, YES),
      .value = "{server_sp_id} " CMG__SCOPE,
      .words = CMG__SCOPE " of the server app, for everybody",
      .fix = "have an administrator consent to it" },
};

/* ---- values ---- */

const char *cmg__wish(const struct cmg__app_view *view, const char *name)
{
    return cmg__str_or(cmg__json_str(cmg__json_key(view->wish, name), ""), "");
}

static cmg_status expand_name(const struct cmg__app_view *view, const char *name,
                              size_t n, struct cmg__buf *out, bool *known)
{
    char key[32] = "";

    if (n >= sizeof key)
        return CMG_E_INTERNAL;
    memcpy(key, name, n);
    const char *value = cmg__wish(view, key);
    *known = *known && value[0] != '\0';
    return cmg__buf_add_str(out, value);
}

static cmg_status expand(const struct cmg__app_view *view, const char *text,
                         struct cmg__buf *out, bool *known)
{
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && *text != '\0') {
        size_t n = strcspn(text, "{");
        rc = cmg__buf_add(out, text, n);
        text += n;
        if (rc != CMG_OK || *text == '\0')
            break;
        n = strcspn(text, "}");
        rc = expand_name(view, text + 1, n - 1, out, known);
        text += n + 1;
    }
    return rc;
}

/* NULL when memory ran out. */
static char *expanded(const struct cmg__app_view *view, const char *text, bool *known)
{
    struct cmg__buf out;

    cmg__buf_init(&out, view->alloc, 4096);
    cmg_status rc = cmg__buf_reserve(&out, 1);
    if (rc == CMG_OK)
        rc = expand(view, text, &out, known);
    char *found = rc == CMG_OK ? cmg__buf_steal(&out) : NULL;
    cmg__buf_done(&out);
    return found;
}

/* ---- rows ---- */

static const struct cmg__json *object_of(const struct cmg__app_view *view,
                                         cmg_app_part part)
{
    return part == CMG_APP_APPLICATION ? view->application
           : part == CMG_APP_PRINCIPAL ? view->principal
                                       : view->grants;
}

static bool is_of_scope(const struct cmg__expectation *row)
{
    return row->how == CMG__HOW_SCOPE_TRUE || row->how == CMG__HOW_SCOPE_TEXT ||
           row->how == CMG__HOW_SCOPE_WORDS;
}

const struct cmg__json *cmg__expected_at(const struct cmg__app_view *view,
                                         const struct cmg__expectation *row)
{
    const struct cmg__json *object = object_of(view, row->part);

    if (is_of_scope(row))
        return cmg__json_at(cmg__app_scope(object), strrchr(row->path, '/'));
    if (row->part == CMG_APP_CONSENT || row->how == CMG__HOW_THERE)
        return object;
    if (row->how == CMG__HOW_SCOPE)
        return cmg__app_scope(object);
    return cmg__json_at(object, row->path);
}

/* Of what is absent only that is told, not what it lacks besides. */
static bool applies(const struct cmg__app_view *view, const struct cmg__expectation *row)
{
    if ((row->apps & (unsigned)view->app) == 0 ||
        (view->parts & CMG__PARTS(row->part)) == 0 ||
        (row->unless != NULL && cmg__wish(view, row->unless)[0] != '\0'))
        return false;
    if (row->part != CMG_APP_APPLICATION && view->application == NULL &&
        (view->parts & CMG__PARTS(CMG_APP_APPLICATION)) != 0)
        return false;
    if (row->how != CMG__HOW_THERE && row->part != CMG_APP_CONSENT &&
        object_of(view, row->part) == NULL)
        return false;
    return !is_of_scope(row) || cmg__app_scope(view->application) != NULL;
}

/* One that is being made gets everything, the mark of its owner included. */
static bool is_mended(const struct cmg__app_view *view,
                      const struct cmg__expectation *row)
{
    const bool made = view->application != NULL && cmg__json_size(view->application) == 0;

    return made || row->correctable == CMG_CORRECTABLE_YES ||
           (row->correctable == CMG_CORRECTABLE_ON_REQUEST &&
            cmg__wish(view, "remove_legacy")[0] != '\0');
}

/* False with e->want NULL when memory ran out. */
static bool holds(const struct cmg__app_view *view, const struct cmg__expectation *row,
                  struct cmg__expected *e)
{
    *e = (struct cmg__expected){ .view = view, .row = row, .known = true };
    e->want = expanded(view, row->value, &e->known);
    return e->want != NULL && e->known &&
           cmg__kind_get(row->how)->holds(e, cmg__expected_at(view, row));
}

/* ---- what differs ---- */

static char *tell_found(const struct cmg__expected *e)
{
    struct cmg__buf out;

    cmg__buf_init(&out, e->view->alloc, 4096);
    cmg_status rc =
        cmg__kind_get(e->row->how)->tell(e, cmg__expected_at(e->view, e->row), &out);
    char *found = rc == CMG_OK ? cmg__buf_steal(&out) : NULL;
    cmg__buf_done(&out);
    return found;
}

static char *tell_should_be(const struct cmg__expected *e)
{
    bool known = true;

    if (e->row->words != NULL)
        return expanded(e->view, e->row->words, &known);
    return cmg__format(
        e->view->alloc,
        strcmp(e->want, "true") == 0 || e->row->how == CMG__HOW_VERSION ? "%s" : "\"%s\"",
        e->want);
}

static cmg_status add(const struct cmg__expected *e, struct cmg__differences *out)
{
    const struct cmg__difference one = {
        .part = e->row->part,
        .severity = e->row->severity,
        .correctable = e->row->correctable,
        .path = e->row->path,
        .fix = e->row->fix,
        .found = tell_found(e),
        .should_be = tell_should_be(e),
    };

    return cmg__differences_add(e->view->alloc, out, &one);
}

cmg_status cmg__app_compare(const struct cmg__app_view *view,
                            struct cmg__differences *out)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(rows); i++) {
        struct cmg__expected e = { 0 };
        if (!applies(view, &rows[i]) || holds(view, &rows[i], &e))
            rc = CMG_OK;
        else
            rc = e.want == NULL ? CMG_E_NOMEM : add(&e, out);
        cmg__free(view->alloc, e.want);
    }
    if (rc != CMG_OK)
        cmg__differences_clear(view->alloc, out);
    else
        cmg__differences_sort(out);
    return rc;
}

bool cmg__app_must_change(const struct cmg__app_view *view)
{
    bool found = false;

    for (size_t i = 0; !found && i < CMG__ARRAY_LEN(rows); i++) {
        struct cmg__expected e = { 0 };
        if (!applies(view, &rows[i]) || !is_mended(view, &rows[i]))
            continue;
        found = !holds(view, &rows[i], &e) && (e.known || e.want == NULL);
        cmg__free(view->alloc, e.want);
    }
    return found;
}

/* ---- what mends it ---- */

static struct cmg__json *patch_of(const struct cmg__app_view *view, cmg_app_part part)
{
    struct cmg__json *patch = cmg__json_object();
    cmg_status rc = patch == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(rows); i++) {
        const struct cmg__kind *kind = cmg__kind_get(rows[i].how);
        struct cmg__expected e = { 0 };
        if (rows[i].part != part || kind->mend == NULL || !applies(view, &rows[i]) ||
            !is_mended(view, &rows[i]))
            continue;
        if (!holds(view, &rows[i], &e))
            rc = e.want == NULL ? CMG_E_NOMEM : e.known ? kind->mend(&e, patch) : CMG_OK;
        cmg__free(view->alloc, e.want);
    }
    if (rc != CMG_OK)
        cmg__json_clear(&patch);
    return patch;
}

struct cmg__json *cmg__app_patch(const struct cmg__app_view *view)
{
    return patch_of(view, CMG_APP_APPLICATION);
}

struct cmg__json *cmg__principal_patch(const struct cmg__app_view *view)
{
    return patch_of(view, CMG_APP_PRINCIPAL);
}
