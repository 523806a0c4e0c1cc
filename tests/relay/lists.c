/* See lists.h. */
#include "relay/lists.h"
#include "model/certificate.h"
#include "relay/service.h"
#include <stdio.h>
#include <string.h>

/* Of no avail: a redirect leads to the delta list's place. */
static void answer_status(struct cmg__http1_conn *conn, int status)
{
    struct cmg__headers headers;

    cmg__headers_init(&headers, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__headers_add(&headers, "Location", "/delta.crl"), CMG_OK);
    cmg__http1_conn_reply(conn, status, &headers, NULL, 0);
    cmg__headers_done(&headers);
}

static void answer(struct lists_file *file, struct cmg__http1_conn *conn)
{
    if (file->status != 0)
        answer_status(conn, file->status);
    else if (file->data == NULL)
        cmg__http1_conn_reply(conn, 404, NULL, NULL, 0);
    else
        cmg__http1_conn_reply(conn, 200, NULL, cmg_bytes_data(file->data),
                              cmg_bytes_size(file->data));
}

static void on_request(struct site_server *server, struct cmg__http1_conn *conn,
                       const struct cmg__http1_head *head)
{
    struct lists *lists = CMG__CONTAINER(server, struct lists, server);
    const char *target = cmg__buf_cstr(&head->target);
    struct lists_file *file =
        strcmp(target, lists->complete.path) == 0 ? &lists->complete : &lists->delta;

    ck_assert_str_eq(target, file->path);
    file->asked++;
    if (file->hangs)
        file->waiting = conn;
    else
        answer(file, conn);
}

static void set_urls(struct lists *lists, const char *host, bool with_delta)
{
    char complete[128];
    char delta[128];
    const char *const complete_urls[] = { complete, NULL };
    const char *const delta_urls[] = { delta, NULL };
    cmg_error *err = NULL;

    snprintf(complete, sizeof complete, "http://%s%s", host, lists->complete.path);
    snprintf(delta, sizeof delta, "http://%s%s", host, lists->delta.path);
    ck_ok(cmg_authority_set_urls(lists->ca, complete_urls, with_delta ? delta_urls : NULL,
                                 NULL, &err),
          err);
}

void lists_open(struct lists *lists, struct site *site, const char *host,
                cmg_authority *parent)
{
    cmg_authority_options options = { .size = sizeof options,
                                      .common_name = host,
                                      .parent = parent };
    struct cmg__buf pem;
    cmg_error *err = NULL;

    memset(lists, 0, sizeof *lists);
    lists->site = site;
    lists->complete.path = "/ca.crl";
    lists->delta.path = "/delta.crl";
    lists->server.plain = true;
    lists->server.answer = on_request;
    site_start_server(site, &lists->server, host);
    ck_ok(cmg_authority_new_with(site->ctx, &options, &lists->ca, &err), err);
    set_urls(lists, host, false);
    cmg__buf_init(&pem, &cmg__alloc_libc, sizeof lists->ca_pem - 1);
    ck_assert_int_eq(
        cmg__certificate_chain_pem(cmg_authority_certificate(lists->ca), &pem), CMG_OK);
    memcpy(lists->ca_pem, pem.data, pem.len + 1);
    cmg__buf_done(&pem);
}

void lists_close(struct lists *lists)
{
    site_stop_server(&lists->server);
    cmg_bytes_unref(lists->complete.data);
    cmg_bytes_unref(lists->delta.data);
    cmg_authority_unref(lists->ca);
}

void lists_name_delta(struct lists *lists, const char *host, bool named)
{
    set_urls(lists, host, named);
}

cmg_certificate *lists_issue(struct lists *lists, const char *name)
{
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_CLIENT,
                                              .common_name = name };
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_issue(lists->ca, &request, &cert, &err), err);
    return cert;
}

void lists_put(struct lists_file *file, cmg_bytes *data)
{
    cmg_bytes_unref(file->data);
    file->data = data;
}

void lists_publish(struct lists *lists, int64_t validity_s)
{
    cmg_bytes *data = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_publish_crl(lists->ca, NULL, validity_s, &data, &err), err);
    lists_put(&lists->complete, data);
}

void lists_publish_delta(struct lists *lists, int64_t validity_s)
{
    cmg_bytes *data = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_authority_publish_delta_crl(lists->ca, NULL, validity_s, &data, &err), err);
    lists_put(&lists->delta, data);
}

void lists_release(struct lists_file *file)
{
    file->hangs = false;
    if (file->waiting != NULL)
        answer(file, file->waiting);
    file->waiting = NULL;
}

const char *lists_user_data(struct lists *lists, bool verify)
{
    static char text[131072];
    static char roots[32768];
    const char *doc;

    snprintf(roots, sizeof roots, "%s%s", site_ca_pem(), lists->ca_pem);
    doc = site_user_data_of(lists->site, roots, NULL, NULL);
    snprintf(text, sizeof text, "{\"settings\":{\"verify_client_revocation\":%s},%s",
             verify ? "true" : "false", doc + 1);
    return text;
}

const char *lists_pem(const cmg_certificate *cert)
{
    static char text[32768];
    struct cmg__buf pem;

    cmg__buf_init_secret(&pem, &cmg__alloc_libc, sizeof text - 1);
    ck_assert_int_eq(cmg__certificate_chain_pem(cert, &pem), CMG_OK);
    ck_assert_int_eq(cmg__certificate_key_pem(cert, &pem), CMG_OK);
    memcpy(text, pem.data, pem.len + 1);
    cmg__buf_done(&pem);
    return text;
}

/* ---- the stage ---- */

struct stage stage;
static int64_t shift_ms;

static void on_log(cmg_context *ctx, const cmg_log_record *record, void *user)
{
    (void)ctx;
    (void)user;
    stage.refused += strcmp(record->event, "client.certificate") == 0;
    if (strcmp(record->event, "revocation.list") != 0)
        return;
    snprintf(stage.warning, sizeof stage.warning, "%s: %s", record->subject,
             record->text);
    stage.warnings++;
}

void stage_configure(bool verify)
{
    const char *json = lists_user_data(&stage.lists, verify);
    cmg_error *err = NULL;

    ck_ok(cmg_service_configure(stage.site.service, json, strlen(json), &err), err);
}

void stage_use(cmg_certificate *cert)
{
    cmg_error *err = NULL;

    ck_ok(cmg_client_set_certificate(stage.site.client, cert, &err), err);
}

void stage_begin(void)
{
    struct site *site = &stage.site;
    cmg_error *err = NULL;

    site_start(site);
    ck_ok(cmg_context_set_log(site->ctx, CMG_LOG_INFO, on_log, NULL, &err), err);
    site->service->limits.list_pause_ms = 20;
    site->service->limits.list_pause_cap_ms = 20;
    lists_open(&stage.lists, site, STAGE_HOST, NULL);
    stage_configure(true);
    stage.client = lists_issue(&stage.lists, "client-7");
    stage_use(stage.client);
}

void stage_end(void)
{
    cmg_certificate_unref(stage.client);
    cmg_client_unref(stage.site.client);
    stage.site.client = NULL;
    cmg_service_unref(stage.site.service);
    stage.site.service = NULL;
    lists_close(&stage.lists);
    site_stop(&stage.site);
}

void stage_revoke(struct lists *from, const cmg_certificate *cert)
{
    cmg_error *err = NULL;

    ck_ok(
        cmg_authority_revoke_certificate(from->ca, cert, CMG_REASON_KEY_COMPROMISE, &err),
        err);
}

void stage_ask(int status, const char *reason)
{
    struct site_answer *answer = &stage.answer;

    site_ask(&stage.site, answer, "GET", SITE_MP "/x", NULL, 0);
    ck_assert_msg(answer->status == status, "%d %s", answer->status, answer->reason);
    if (reason != NULL)
        ck_assert_str_eq(answer->reason, reason);
}

static int64_t shifted(void *user)
{
    return cmg__env_system.unix_ms(user) + shift_ms;
}

void stage_shift(int64_t ms)
{
    shift_ms = ms;
    stage.site.ctx->env.unix_ms = shifted;
}
