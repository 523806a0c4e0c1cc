/* See app_view.h. */
#include "deploy/app_view.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"

/* ---- what was seen ---- */

static const char *seen_key(const struct cmg__run *run, const char *what, char out[64])
{
    (void)snprintf(out, 64, "%s.%s", run->step->prefix, what);
    return out;
}

cmg_status cmg__seen_set(struct cmg__run *run, const char *what, struct cmg__json *value)
{
    char key[64];

    (void)seen_key(run, what, key);
    if (value != NULL)
        return cmg__json_set(run->work->seen, key, cmg__json_ref(value));
    cmg__json_remove(run->work->seen, key);
    return CMG_OK;
}

struct cmg__json *cmg__seen(const struct cmg__run *run, const char *what)
{
    char key[64];

    return cmg__json_key(run->work->seen, seen_key(run, what, key));
}

bool cmg__run_is_server(const struct cmg__run *run)
{
    return strcmp(run->step->prefix, "server") == 0;
}

bool cmg__run_is_given(const struct cmg__run *run)
{
    return !cmg__str_is_empty(cmg__run_value(run, ".wanted_id"));
}

bool cmg__run_corrects(const struct cmg__run *run)
{
    return !cmg__str_is_empty(cmg__run_value(run, "corrects"));
}

/* ---- what is wished ---- */

/* A scope keeps the ID it has; a new one gets one that follows from the deployment. */
static cmg_status new_scope_id(const struct cmg__work *work, char out[CMG__GUID_SIZE])
{
    return cmg__work_guid("scope", work->deployment_id, out);
}

static cmg_status wish_text(struct cmg__json *wish, const char *key, const char *given,
                            const char *ours)
{
    char name[32];

    (void)snprintf(name, sizeof name, "%s_given", key);
    cmg_status rc = cmg__json_set_str(wish, key, given[0] != '\0' ? given : ours);
    return rc == CMG_OK ? cmg__json_set_str(wish, name, given) : rc;
}

static cmg_status wish_texts(struct cmg__json *wish, const cmg_server_app *app)
{
    const struct {
        const char *key, *given, *ours;
    } texts[] = {
        { "admin_title", app->admin_title, app->name },
        { "admin_text", app->admin_text,
          "Lets devices reach Configuration Manager for the signed-in user." },
        { "user_title", app->user_title, app->name },
        { "user_text", app->user_text,
          "Lets this device reach Configuration Manager for you." },
    };
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(texts); i++)
        rc = wish_text(wish, texts[i].key, texts[i].given, texts[i].ours);
    return rc;
}

static struct cmg__json *make_wish(const struct cmg__run *run)
{
    const struct cmg__work *work = run->work;
    const cmg_server_app *server = work->gateway->server_app;
    const cmg_client_app *client = work->gateway->client_app;
    const bool is_server = cmg__run_is_server(run);
    const bool legacy = is_server ? server->remove_legacy : client->remove_legacy;
    char scope[CMG__GUID_SIZE];

    if (new_scope_id(work, scope) != CMG_OK)
        return NULL;
    struct cmg__json *wish = cmg__json_pack(
        "{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "name",
        is_server ? server->name : client->name, "app_id", cmg__run_fact(run, ".app_id"),
        "id_uri", cmg__fact(work, "server_id_uri"), "tag",
        cmg__work_value(work, "app_tag"), "app_tag", cmg__run_value(run, ".app_tag"),
        "adopted", cmg__run_is_given(run) ? "yes" : "", "remove_legacy",
        legacy ? "yes" : "", "token_version", server->token_version == 2 ? "2" : "1",
        "new_scope_id", scope, "scope_id", cmg__fact(work, "scope_id"), "server_app_id",
        cmg__fact(work, "server_app_id"), "server_sp_id", cmg__fact(work, "server_sp_id"),
        "graph_sp_id", cmg__fact(work, "graph_sp_id"));
    if (wish != NULL && wish_texts(wish, server) != CMG_OK)
        cmg__json_clear(&wish);
    return wish;
}

cmg_status cmg__app_view_init(const struct cmg__run *run, unsigned parts,
                              struct cmg__app_view *view)
{
    struct cmg__json *wish = make_wish(run);

    *view = (struct cmg__app_view){
        .alloc = run->work->alloc,
        .app = cmg__run_is_server(run) ? CMG__APP_SERVER : CMG__APP_CLIENT,
        .wish = wish,
        .parts = parts,
        .application = cmg__seen(run, "application"),
        .principal = cmg__seen(run, "principal"),
        .grants = cmg__seen(run, "grants"),
    };
    return wish == NULL ? CMG_E_NOMEM : CMG_OK;
}

void cmg__app_view_done(struct cmg__app_view *view)
{
    cmg__json_unref(view->wish);
    *view = (struct cmg__app_view){ 0 };
}

/* ---- how it compares ---- */

static struct cmg__differences *list_of(const struct cmg__run *run)
{
    cmg_gateway *gateway = run->work->gateway;

    return cmg__run_is_server(run) ? &gateway->server_app->differences
                                   : &gateway->client_app->differences;
}

bool cmg__app_is_right(const struct cmg__run *run, unsigned parts)
{
    struct cmg__app_view view;
    bool right =
        cmg__app_view_init(run, parts, &view) == CMG_OK && !cmg__app_must_change(&view);

    cmg__app_view_done(&view);
    return right;
}

/* Those of other parts stay; the texts of the others are given back. */
static cmg_status replace(const struct cmg__alloc *alloc, struct cmg__differences *list,
                          unsigned parts, struct cmg__differences *fresh)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < list->count; i++) {
        struct cmg__difference *one = &list->items[i];
        if (rc != CMG_OK || (CMG__PARTS(one->part) & parts) != 0) {
            cmg__free(alloc, one->found);
            cmg__free(alloc, one->should_be);
        } else {
            rc = cmg__differences_add(alloc, fresh, one);
        }
    }
    cmg__free(alloc, list->items);
    *list = *fresh;
    cmg__differences_sort(list);
    return rc;
}

cmg_status cmg__app_note(struct cmg__run *run, unsigned parts, cmg_error **err)
{
    const struct cmg__alloc *alloc = run->work->alloc;
    struct cmg__differences fresh = { 0 };
    struct cmg__app_view view;
    cmg_status rc = cmg__app_view_init(run, parts, &view);

    if (rc == CMG_OK)
        rc = cmg__app_compare(&view, &fresh);
    if (rc == CMG_OK)
        rc = replace(alloc, list_of(run), parts, &fresh);
    cmg__app_view_done(&view);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

size_t cmg__app_refusals(const struct cmg__run *run, unsigned parts)
{
    const struct cmg__differences *list = list_of(run);
    size_t n = 0;

    for (size_t i = 0; i < list->count; i++)
        n += list->items[i].severity == CMG_SEVERITY_REFUSAL &&
             (CMG__PARTS(list->items[i].part) & parts) != 0;
    return n;
}

cmg_status cmg__app_detail(const struct cmg__run *run, unsigned parts,
                           struct cmg__buf *out)
{
    const struct cmg__differences *list = list_of(run);
    const cmg_gateway *gateway = run->work->gateway;
    const bool legacy = cmg__run_is_server(run) ? gateway->server_app->remove_legacy
                                                : gateway->client_app->remove_legacy;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < list->count; i++) {
        const struct cmg__difference *one = &list->items[i];
        const bool asked = one->correctable == CMG_CORRECTABLE_YES ||
                           (one->correctable == CMG_CORRECTABLE_ON_REQUEST && legacy);
        if (asked && (CMG__PARTS(one->part) & parts) != 0)
            rc = cmg__buf_addf(out, "  %s: %s (%s -> %s)\n", one->path, one->fix,
                               one->found, one->should_be);
    }
    return rc;
}

/* ---- taking one that was found ---- */

/* The App ID URI of somebody else's application is what it is, unless the specification
   says what it should be; ours would be one that nobody asks for. */
static cmg_status adopt_uri(struct cmg__run *run, const struct cmg__json *app)
{
    struct cmg__work *work = run->work;
    const struct cmg__json *uris = cmg__json_at(app, "/identifierUris");
    const char *first = cmg__json_str(cmg__json_item(uris, 0), "");

    if (first == NULL || work->gateway->server_app->wanted_id_uri[0] != '\0' ||
        cmg__array_has(uris, cmg__fact(work, "server_id_uri")))
        return CMG_OK;
    cmg_status rc = cmg__observe(work->alloc, &work->gateway->server_app->id_uri, first);
    return rc == CMG_OK ? cmg__fact_set(work, "server_id_uri", first) : rc;
}

static cmg_status keep_server(struct cmg__run *run, const struct cmg__json *app)
{
    struct cmg__work *work = run->work;
    const char *scope = cmg__json_str(cmg__app_scope(app), "/id");
    cmg_status rc = cmg__fact_set(work, "scope_id", scope);

    if (rc == CMG_OK && cmg__run_is_given(run))
        rc = adopt_uri(run, app);
    if (rc == CMG_OK)
        rc = cmg__observe(work->alloc, &work->gateway->server_app->client_id,
                          cmg__run_fact(run, ".app_id"));
    return rc;
}

static cmg_status keep_client(struct cmg__run *run)
{
    return cmg__observe(run->work->alloc, &run->work->gateway->client_app->client_id,
                        cmg__run_fact(run, ".app_id"));
}

cmg_status cmg__app_take(struct cmg__run *run, struct cmg__json *app, cmg_error **err)
{
    cmg_status rc = cmg__app_keep_ids(run, app, err);

    if (rc != CMG_OK)
        return rc;
    rc = cmg__run_fact_set(run, ".adopted", cmg__run_is_given(run) ? "yes" : NULL);
    if (rc == CMG_OK)
        rc = cmg__seen_set(run, "application", app);
    if (rc == CMG_OK)
        rc = cmg__run_is_server(run) ? keep_server(run, app) : keep_client(run);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

/* Ours carries our tag; an application somebody else gave our unique name does not. */
static cmg_status check_owner(struct cmg__run *run, const struct cmg__json *app,
                              cmg_error **err)
{
    if (cmg__run_is_given(run) || cmg__app_is_ours(run->work, app))
        return CMG_OK;
    return cmg__fail(err, run->work->alloc, CMG_E_EXISTS,
                     cmg__run_value(run, ".unique_name"),
                     "choose another name for the gateway, or delete that application",
                     "%s: application \"%s\" exists and belongs to another deployment",
                     run->step->title, cmg__run_value(run, ".unique_name"));
}

cmg_status cmg__app_take_ours(struct cmg__run *run, struct cmg__json *app,
                              cmg_error **err)
{
    cmg_status rc = check_owner(run, app, err);

    return rc == CMG_OK ? cmg__app_take(run, app, err) : rc;
}

cmg_status cmg__app_fail_absent(struct cmg__run *run, cmg_error **err)
{
    const bool given = cmg__run_is_given(run);
    const char *id = cmg__run_value(run, given ? ".wanted_id" : ".unique_name");

    return cmg__fail(err, run->work->alloc, CMG_E_NOTFOUND, id,
                     given ? "correct client_id in the specification, or leave it out to "
                             "have an application made"
                           : "register the applications first (register_apps)",
                     "%s: the tenant has no application with %s %s", run->step->title,
                     given ? "client ID" : "unique name", id);
}

/* ---- finding it ---- */

cmg_status cmg__find_begin(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    static const char *const parts[] = { "application", "principal", "grants" };

    (void)answer;
    for (size_t i = 0; i < CMG__ARRAY_LEN(parts); i++) {
        if (cmg__seen_set(run, parts[i], NULL) != CMG_OK)
            return cmg__fail_nomem(err);
    }
    if (!cmg__run_corrects(run)) /* the plan still has to tell them */
        cmg__differences_clear(run->work->alloc, list_of(run));
    return cmg__next_go(next, cmg__run_is_given(run) ? "given" : "inspect");
}

/* 404: there is none; 400: services without alternate keys do not understand. */
cmg_status cmg__find_one(struct cmg__run *run, const struct cmg__answer *answer,
                         struct cmg__next *next, cmg_error **err)
{
    struct cmg__json *app = answer->status < 400 ? answer->json : NULL;

    if (cmg__seen_set(run, "application", app) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, run->exchange->then);
}

static bool is_same(const struct cmg__json *a, const struct cmg__json *b)
{
    return cmg__str_ieq(cmg__str_or(cmg__json_str(a, "/id"), ""),
                        cmg__str_or(cmg__json_str(b, "/id"), ""));
}

static cmg_status fail_twins(struct cmg__run *run, const struct cmg__json *a,
                             const struct cmg__json *b, cmg_error **err)
{
    return cmg__fail(err, run->work->alloc, CMG_E_EXISTS,
                     cmg__run_value(run, ".unique_name"),
                     "delete the one that nobody uses, or name the right one by its "
                     "client_id in the specification",
                     "%s: there are two of it: %s and %s", run->step->title,
                     cmg__str_or(cmg__json_str(a, "/appId"), "?"),
                     cmg__str_or(cmg__json_str(b, "/appId"), "?"));
}

cmg_status cmg__find_twins(struct cmg__run *run, const struct cmg__answer *answer,
                           struct cmg__next *next, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(answer->json, "/value");
    struct cmg__json *found = cmg__seen(run, "application");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        struct cmg__json *one = cmg__json_item(list, i);
        if (found == NULL)
            found = one;
        else if (!is_same(found, one))
            return fail_twins(run, found, one, err);
    }
    if (found != NULL && cmg__seen_set(run, "application", found) != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__next_go(next, run->exchange->then);
}
