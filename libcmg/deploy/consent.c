/* See consent.h. */
#include "deploy/consent.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"
#include "deploy/token.h"

static bool is_server(const struct cmg__run *run)
{
    return strcmp(run->step->prefix, "server") == 0;
}

static const char *app_name(const struct cmg__run *run)
{
    const cmg_gateway *gateway = run->work->gateway;

    return is_server(run) ? gateway->server_app->name : gateway->client_app->name;
}

/* Everything that the application lists as required, of one resource. */
static char *make_scope(const struct cmg__run *run)
{
    const struct cmg__work *work = run->work;

    return is_server(run) ? cmg__format(work->alloc, "%s/.default",
                                        work->endpoints.at[CMG_ENDPOINT_GRAPH_AUDIENCE])
                          : cmg__format(work->alloc, "%s/.default",
                                        cmg__fact(work, "server_id_uri"));
}

/* One that the application has registered. */
static char *make_redirect(const struct cmg__run *run)
{
    const struct cmg__work *work = run->work;

    if (work->consent.redirect_uri != NULL)
        return cmg__strdup(work->alloc, work->consent.redirect_uri);
    return is_server(run) ? cmg__strdup(work->alloc, "http://localhost")
                          : cmg__app_broker_uri(run);
}

static cmg_status add_query(const struct cmg__run *run, struct cmg__buf *url)
{
    struct cmg__buf form;
    char *scope = make_scope(run);
    char *redirect = make_redirect(run);
    const struct {
        const char *name, *value;
    } fields[] = {
        { "client_id", cmg__run_fact(run, ".app_id") },
        { "scope", scope },
        { "redirect_uri", redirect },
        { "state", cmg__run_fact(run, ".consent_state") },
    };
    cmg_status rc = scope == NULL || redirect == NULL ? CMG_E_NOMEM : CMG_OK;

    cmg__buf_init(&form, run->work->alloc, 16 * 1024);
    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(fields); i++)
        rc = cmg__form_add(&form, fields[i].name, fields[i].value);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(url, "?%s", cmg__buf_cstr(&form));
    cmg__buf_done(&form);
    cmg__free(run->work->alloc, scope);
    cmg__free(run->work->alloc, redirect);
    return rc;
}

/* The host comes from the table of calls, as that of every request. */
static cmg_status make_url(const struct cmg__run *run, char **out, cmg_error **err)
{
    const struct cmg__work *work = run->work;
    const struct cmg__arg args[] = { { "tenant", cmg__fact(work, "tenant_id") } };
    struct cmg__http_request req;
    struct cmg__buf url;

    cmg__http_request_init(&req, work->alloc);
    cmg__buf_init(&url, work->alloc, 16 * 1024);
    cmg_status rc = cmg__call_build(work->alloc, cmg__call_get(CMG__CALL_ADMIN_CONSENT),
                                    &work->endpoints, args, CMG__ARRAY_LEN(args),
                                    work->deployment_id, &req, err);
    if (rc == CMG_OK &&
        (cmg__buf_add_str(&url, req.url) != CMG_OK || add_query(run, &url) != CMG_OK ||
         cmg__str_assign(work->alloc, out, cmg__buf_cstr(&url)) != CMG_OK))
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&url);
    cmg__http_request_done(&req);
    return rc;
}

cmg_status cmg__consent_text_make(const struct cmg__run *run,
                                  struct cmg__consent_text *out, cmg_error **err)
{
    const struct cmg__work *work = run->work;

    *out = (struct cmg__consent_text){ .alloc = work->alloc };
    cmg_status rc = make_url(run, &out->url, err);
    if (rc != CMG_OK)
        return rc;
    out->permission =
        is_server(run) ? cmg__strdup(work->alloc, "Microsoft Graph: Directory.Read.All")
                       : cmg__format(work->alloc, "%s: " CMG__SCOPE,
                                     work->gateway->server_app->name);
    if (out->permission == NULL) {
        cmg__consent_text_done(out);
        return cmg__fail_nomem(err);
    }
    out->request = (cmg_consent_request){
        .size = sizeof out->request,
        .application = app_name(run),
        .client_id = cmg__run_fact(run, ".app_id"),
        .permission = out->permission,
        .url = out->url,
        .state = cmg__run_fact(run, ".consent_state"),
        .expires_unix_s = run->consent.expires_unix_s,
    };
    return CMG_OK;
}

void cmg__consent_text_done(struct cmg__consent_text *text)
{
    cmg__free(text->alloc, text->permission);
    cmg__free(text->alloc, text->url);
}

/* An error whose remedy is to open the page. */
static cmg_status fail_with_page(const struct cmg__run *run, struct cmg__error_info *info,
                                 const char *message, cmg_error **err)
{
    char *url = NULL;
    cmg_status rc = make_url(run, &url, err);

    if (rc != CMG_OK)
        return rc;
    char *remedy = cmg__format(run->work->alloc,
                               "have an administrator open %s and accept, then start "
                               "again",
                               url);
    info->remedy = remedy;
    rc = remedy == NULL ? cmg__fail_nomem(err)
                        : cmg__error_set(err, run->work->alloc, info, "%s: %s",
                                         run->step->title, message);
    cmg__free(run->work->alloc, remedy);
    cmg__free(run->work->alloc, url);
    return rc;
}

cmg_status cmg__consent_refused(const struct cmg__run *run, cmg_error **err)
{
    const cmg_error *why = run->consent.refusal;
    struct cmg__error_info info = {
        .code = CMG_E_DENIED,
        .origin = cmg_error_origin(why),
        .origin_number = cmg_error_origin_number(why),
        .service_code = cmg_error_service_code(why),
        .subject = cmg__run_fact(run, ".app_id"),
        .cause = why == NULL ? "an administrator is to consent, but the host has no "
                               "on_consent callback"
                             : cmg_error_cause(why),
    };

    return fail_with_page(
        run, &info,
        why == NULL ? "nobody can be asked for consent" : cmg_error_message(why), err);
}

cmg_status cmg__consent_late(const struct cmg__run *run, cmg_error **err)
{
    char message[96];
    struct cmg__error_info info = {
        .code = CMG_E_TIMEOUT,
        .retry = CMG_RETRY_LATER,
        .subject = cmg__run_fact(run, ".app_id"),
        .cause = "nobody has consented in time, or the directory does not show it yet",
    };

    (void)snprintf(message, sizeof message, "no consent within %lld seconds",
                   (long long)(run->work->consent.wait_ms / 1000));
    return fail_with_page(run, &info, message, err);
}
