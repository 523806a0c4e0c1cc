/*
 * The two applications: what the specification wants of them and what the directory says.
 * They are values; creating them in the directory is the deployment's work.
 */
#include "model/difference.h"
#include "model/tenant.h"

/* ---- Server app ---- */

#define SERVER_TEXTS 10

static void list_server_texts(cmg_server_app *app, char **out[SERVER_TEXTS + 1])
{
    char **const list[SERVER_TEXTS + 1] = {
        &app->name,          &app->client_id,    &app->id_uri,     &app->wanted_client_id,
        &app->wanted_id_uri, &app->admin_title,  &app->admin_text, &app->user_title,
        &app->user_text,     &app->secret_until,
    };

    for (size_t i = 0; i <= SERVER_TEXTS; i++)
        out[i] = list[i];
}

static void destroy_server(cmg_server_app *app)
{
    cmg_context *ctx = cmg_context_ref(app->head.ctx);
    char **texts[SERVER_TEXTS + 1];

    list_server_texts(app, texts);
    cmg__texts_free(&ctx->alloc, texts);
    cmg__differences_clear(&ctx->alloc, &app->differences);
    cmg__handle_done(&app->head);
    cmg__free(&ctx->alloc, app);
    cmg_context_unref(ctx);
}

cmg_server_app *cmg__server_app_new(cmg_context *ctx)
{
    cmg_server_app *app = cmg__alloc0(&ctx->alloc, sizeof *app);
    char **texts[SERVER_TEXTS + 1];

    if (app == NULL)
        return NULL;
    cmg__handle_init(&app->head, CMG__TAG_SERVER_APP, ctx);
    list_server_texts(app, texts);
    if (!cmg__texts_init(&ctx->alloc, texts)) {
        destroy_server(app);
        return NULL;
    }
    return app;
}

static bool is_live_server(const cmg_server_app *app)
{
    return app != NULL && cmg__check(&app->head, CMG__TAG_SERVER_APP, NULL) == CMG_OK;
}

const char *cmg_server_app_name(const cmg_server_app *app)
{
    return is_live_server(app) ? app->name : "";
}

const char *cmg_server_app_client_id(const cmg_server_app *app)
{
    return is_live_server(app) ? app->client_id : "";
}

const char *cmg_server_app_id_uri(const cmg_server_app *app)
{
    return is_live_server(app) ? app->id_uri : "";
}

int64_t cmg_server_app_secret_expires_unix_s(const cmg_server_app *app)
{
    return is_live_server(app) ? app->secret_expires_unix_s : 0;
}

size_t cmg_server_app_difference_count(const cmg_server_app *app)
{
    return is_live_server(app) ? app->differences.count : 0;
}

cmg_status cmg_server_app_difference(const cmg_server_app *app, size_t index,
                                     cmg_difference *out_difference, cmg_error **err)
{
    cmg_status rc = cmg__check(app == NULL ? NULL : &app->head, CMG__TAG_SERVER_APP, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__differences_get(&app->head.ctx->alloc, &app->differences, index,
                                out_difference, err);
}

cmg_server_app *cmg_server_app_ref(cmg_server_app *app)
{
    if (app != NULL)
        cmg__handle_ref(&app->head);
    return app;
}

void cmg_server_app_unref(cmg_server_app *app)
{
    if (app != NULL && cmg__handle_unref(&app->head))
        destroy_server(app);
}

/* ---- Client app ---- */

static void list_client_texts(cmg_client_app *app, char **out[3 + 1])
{
    out[0] = &app->name;
    out[1] = &app->client_id;
    out[2] = &app->wanted_client_id;
    out[3] = NULL;
}

static void destroy_client(cmg_client_app *app)
{
    cmg_context *ctx = cmg_context_ref(app->head.ctx);
    char **texts[3 + 1];

    list_client_texts(app, texts);
    cmg__texts_free(&ctx->alloc, texts);
    cmg__differences_clear(&ctx->alloc, &app->differences);
    cmg__handle_done(&app->head);
    cmg__free(&ctx->alloc, app);
    cmg_context_unref(ctx);
}

cmg_client_app *cmg__client_app_new(cmg_context *ctx)
{
    cmg_client_app *app = cmg__alloc0(&ctx->alloc, sizeof *app);
    char **texts[3 + 1];

    if (app == NULL)
        return NULL;
    cmg__handle_init(&app->head, CMG__TAG_CLIENT_APP, ctx);
    list_client_texts(app, texts);
    if (!cmg__texts_init(&ctx->alloc, texts)) {
        destroy_client(app);
        return NULL;
    }
    return app;
}

static bool is_live_client(const cmg_client_app *app)
{
    return app != NULL && cmg__check(&app->head, CMG__TAG_CLIENT_APP, NULL) == CMG_OK;
}

const char *cmg_client_app_name(const cmg_client_app *app)
{
    return is_live_client(app) ? app->name : "";
}

const char *cmg_client_app_client_id(const cmg_client_app *app)
{
    return is_live_client(app) ? app->client_id : "";
}

size_t cmg_client_app_difference_count(const cmg_client_app *app)
{
    return is_live_client(app) ? app->differences.count : 0;
}

cmg_status cmg_client_app_difference(const cmg_client_app *app, size_t index,
                                     cmg_difference *out_difference, cmg_error **err)
{
    cmg_status rc = cmg__check(app == NULL ? NULL : &app->head, CMG__TAG_CLIENT_APP, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__differences_get(&app->head.ctx->alloc, &app->differences, index,
                                out_difference, err);
}

cmg_client_app *cmg_client_app_ref(cmg_client_app *app)
{
    if (app != NULL)
        cmg__handle_ref(&app->head);
    return app;
}

void cmg_client_app_unref(cmg_client_app *app)
{
    if (app != NULL && cmg__handle_unref(&app->head))
        destroy_client(app);
}
