/*
 * The two applications: what the specification wants of them and what the directory says.
 * They are values; creating them in the directory is the deployment's work.
 */
#include "model/tenant.h"

/* ---- Server app ---- */

static void list_server_texts(cmg_server_app *app, char **out[4 + 1])
{
    out[0] = &app->name;
    out[1] = &app->client_id;
    out[2] = &app->id_uri;
    out[3] = &app->wanted_client_id;
    out[4] = NULL;
}

static void destroy_server(cmg_server_app *app)
{
    cmg_context *ctx = cmg_context_ref(app->head.ctx);
    char **texts[4 + 1];

    list_server_texts(app, texts);
    cmg__texts_free(&ctx->alloc, texts);
    cmg__handle_done(&app->head);
    cmg__free(&ctx->alloc, app);
    cmg_context_unref(ctx);
}

cmg_server_app *cmg__server_app_new(cmg_context *ctx)
{
    cmg_server_app *app = cmg__alloc0(&ctx->alloc, sizeof *app);
    char **texts[4 + 1];

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
