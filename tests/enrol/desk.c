/* See desk.h. */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/pkcs7.h"

const char desk_csr[] =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIICnjCCAYYCAQAwIzEhMB8GA1UEAwwYZ3Jhbml0ZWZhbGxzLmNvbnRvc28uY29t\n"
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1tTFBkitY+RthwsNDAs2\n"
    "/htRMHAP+cdl8N3nDSKNzyrJH6uCWtVqh3JV9IoHWWjb+ofV3zwXHuAT8q6Uy3UY\n"
    "lAwtOm9p3UuwBqrJeptDcq6S6FXCxGChUxlduoeuWAVs5n3lsfcEhhIeo2Dqul5S\n"
    "fFmvhQejzkUOwiDshXfLeukPDOjc+FNFAn4l87dqJUQzMcAs9dvCWSmNGcw8kvLP\n"
    "WvH5LNXAJsj2aTi/vAkeuuNicYJo4qLKBMnL7ZxhS4W+ro85Heng2jCDxuAIJ99B\n"
    "ZNM1FFvKTagTkgme/cprtEEtzfThRS+ag4LWgJzlK2KrNaWpCx7h5yoNJF8KgSrE\n"
    "MQIDAQABoDYwNAYJKoZIhvcNAQkOMScwJTAjBgNVHREEHDAaghhncmFuaXRlZmFs\n"
    "bHMuY29udG9zby5jb20wDQYJKoZIhvcNAQELBQADggEBAI41jNQ/8lzfe9cOqmYe\n"
    "j+QNgp7Ib/C2hhvhVwibn9XP07n//U+2uz4QG1SxH5sNWcxnvC9ZsXjwDgb4QDCj\n"
    "UVdAEi5yBtl4IpbEayeFa8vvI4Cs3Ohb/+oUoW9+csJaFBI7KPEiCc9Ds9ZaL3s+\n"
    "1ycAbYmnCze5Ux/CNv5BA8tQ3GIYEEAEqKRHBYnlCBJDzBjosrRNRDiOryP42dCq\n"
    "8Mhw/ba3IHbzsPD10qyKrcFk+In1hbb3LuwEpBokWFRobolswSIyTMHHxGfXU4NM\n"
    "tCYWk7b8oNDtMs5Z1bs32GvwieMg+J6wdmpqt3AdFhGXPMd2xLWFRikyy/y29Wbe\n"
    "Am0=\n"
    "-----END CERTIFICATE REQUEST-----\n";

const char desk_other_csr[] =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIIBFTCBuwIBADAjMSEwHwYDVQQDDBhncmFuaXRlZmFsbHMuY29udG9zby5jb20w\n"
    "WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARzzFx07S73EMQ6qRZWJiE1XmIniV4S\n"
    "S3tErvEpsVXIJd0o20CG3MgCKi9hgZlZHbQkq19mqGfuO0XOKX4no9jboDYwNAYJ\n"
    "KoZIhvcNAQkOMScwJTAjBgNVHREEHDAaghhncmFuaXRlZmFsbHMuY29udG9zby5j\n"
    "b20wCgYIKoZIzj0EAwIDSQAwRgIhAOY5cvL/jzlGkxN/4reoM479eFYlOj7DbW3U\n"
    "jJJqDrOnAiEA0lUYAu0CZNAnkcMCJj577UUMrX6byD1Jx0QozcpPJUY=\n"
    "-----END CERTIFICATE REQUEST-----\n";

static void append(char *text, size_t size, const char *more)
{
    size_t n = strlen(text);

    ck_assert_uint_lt(n + strlen(more) + 1, size);
    memcpy(text + n, more, strlen(more) + 1);
}

/* ---- transport ---- */

/* "POST certfnsh": the method, then a part of the URL. */
static bool fits(const struct desk_rule *rule, const struct cmg__http_request *req)
{
    size_t n = strcspn(rule->what, " ");

    return strlen(req->method) == n && memcmp(req->method, rule->what, n) == 0 &&
           strstr(req->url, rule->what + n + (rule->what[n] == ' ')) != NULL;
}

static struct desk_rule *find_rule(struct desk *d, const struct cmg__http_request *req)
{
    for (struct desk_rule *r = d->rules; r->what != NULL; r++) {
        if ((r->times == 0 || r->used < r->times) && fits(r, req)) {
            r->used++;
            return r;
        }
    }
    ck_abort_msg("the script has no answer to %s %s", req->method, req->url);
    return NULL;
}

static void break_off(struct desk *d)
{
    cmg_error *err = NULL;
    const struct cmg__error_info info = {
        .code = CMG_E_IO,
        .retry = CMG_RETRY_TRANSIENT,
        .remedy = "try again",
        .cause = d->rule->status < 0 ? "refused; the request was not sent" : "reset",
    };

    (void)cmg__error_set(&err, &cmg__alloc_libc, &info, "the connection broke");
    d->done(d->done_user, NULL, err);
    cmg_error_unref(err);
}

static void answer(struct desk *d)
{
    const struct desk_rule *rule = d->rule;
    struct cmg__http_response resp;

    d->under_way = false;
    if (rule->status <= 0) {
        break_off(d);
        return;
    }
    cmg__http_response_init(&resp, &cmg__alloc_libc);
    resp.status = rule->status;
    if (rule->header != NULL) {
        size_t n = strcspn(rule->header, ":");
        ck_assert_int_eq(cmg__headers_addn(&resp.headers, rule->header, n,
                                           rule->header + n + 2,
                                           strlen(rule->header + n + 2)),
                         CMG_OK);
    }
    ck_assert_int_eq(
        cmg__buf_add(&resp.body, cmg__str_or(rule->body, ""),
                     rule->size > 0 ? rule->size : strlen(cmg__str_or(rule->body, ""))),
        CMG_OK);
    d->done(d->done_user, &resp, NULL);
    cmg__http_response_done(&resp);
}

static void on_task(struct cmg__task *task, void *user)
{
    struct desk *d = user;

    (void)task;
    if (d->under_way && !d->hold)
        answer(d);
}

static void note(struct desk *d, const struct cmg__http_request *req)
{
    char line[8192];

    (void)snprintf(line, sizeof line, "%s %s %.6000s\n", req->method, req->url,
                   cmg__buf_cstr(&req->body));
    append(d->log, sizeof d->log, line);
    d->fields[0] = '\0';
    for (size_t i = 0; i < req->headers.count; i++) {
        (void)snprintf(line, sizeof line, "%s: %.1000s\n", req->headers.items[i].name,
                       req->headers.items[i].value);
        append(d->fields, sizeof d->fields, line);
    }
}

static cmg_status script_start(void *user, const struct cmg__http_request *req,
                               const struct cmg__http_options *options,
                               cmg__http_done_fn done, void *done_user, void **out_call,
                               cmg_error **err)
{
    struct desk *d = user;

    (void)err;
    ck_assert(!d->under_way);
    (void)snprintf(d->user, sizeof d->user, "%d %s %s", (int)options->auth,
                   cmg__str_or(options->user, ""), cmg__str_or(options->password, ""));
    note(d, req);
    d->rule = find_rule(d, req);
    d->done = done;
    d->done_user = done_user;
    d->under_way = true;
    d->sent++;
    *out_call = d;
    cmg__task_post(d->loop, &d->task);
    return CMG_OK;
}

static void script_cancel(void *user, void *call)
{
    struct desk *d = user;

    ck_assert_ptr_eq(call, d);
    ck_assert(d->under_way);
    d->under_way = false;
    d->cancelled++;
}

void desk_release(struct desk *d)
{
    d->hold = false;
    cmg__task_post(d->loop, &d->task);
}

/* ---- events ---- */

static int on_state(cmg_enrolment *e, cmg_enrolment_state now, const cmg_error *why,
                    void *user)
{
    struct desk *d = user;

    ck_assert_int_eq(cmg_enrolment_get_state(e), now);
    ck_assert_int_eq(why != NULL, now == CMG_ENROLMENT_FAILED ||
                                      now == CMG_ENROLMENT_DENIED ||
                                      now == CMG_ENROLMENT_CANCELED);
    append(d->states, sizeof d->states, cmg_enrolment_state_name(now));
    append(d->states, sizeof d->states, " ");
    if (d->cancel_in == now)
        ck_assert_int_eq(cmg_enrolment_cancel(e, NULL), CMG_OK);
    if (d->unref_in == now) {
        cmg_enrolment_unref(e);
        d->e = NULL;
    }
    return d->answer_state;
}

static int on_challenge(cmg_enrolment *e, const cmg_challenge *challenge, void *user)
{
    struct desk *d = user;
    char line[256];

    (void)snprintf(line, sizeof line, "%s %s %s %s=%s\n",
                   challenge->action == CMG_CHALLENGE_PRESENT ? "+" : "-",
                   challenge->type, challenge->identifier, challenge->name,
                   challenge->value);
    append(d->challenges, sizeof d->challenges, line);
    if (challenge->action == CMG_CHALLENGE_PRESENT && !d->slow_challenges)
        ck_assert_int_eq(cmg_enrolment_challenge_done(e, NULL), CMG_OK);
    return 0;
}

static int on_closed(cmg_enrolment *e, cmg_enrolment_state end, const cmg_error *why,
                     void *user)
{
    struct desk *d = user;

    ck_assert_int_eq(cmg_enrolment_get_state(e), end);
    ck_assert_int_eq(why == NULL, end == CMG_ENROLMENT_ISSUED);
    d->closed++;
    d->end = end;
    d->end_code = cmg_error_code(why);
    (void)snprintf(d->message, sizeof d->message, "%s", cmg_error_message(why));
    (void)snprintf(d->remedy, sizeof d->remedy, "%s", cmg_error_remedy(why));
    (void)snprintf(d->cause, sizeof d->cause, "%s", cmg_error_cause(why));
    return 0;
}

/* ---- life ---- */

const char *desk_leaf_pem(struct desk *d)
{
    if (d->leaf_pem == NULL)
        d->leaf_pem = pki_pem(d->pki.leaf);
    return d->leaf_pem;
}

void desk_pkcs7(struct desk *d, struct cmg__buf *out)
{
    struct cmg__x509 *const certs[] = { d->pki.leaf, d->pki.root };

    cmg__buf_init(out, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__pkcs7_write(&cmg__alloc_libc, certs, 2, out), CMG_OK);
}

const char *desk_checkpoint(void)
{
    return support_path("granitefalls.enrol");
}

cmg_status desk_enrolment(cmg_context *ctx, const char *csr_pem, cmg_enrolment **out,
                          cmg_error **err)
{
    cmg_csr *csr = NULL;
    cmg_status rc = cmg_csr_new_from_bytes(ctx, csr_pem, strlen(csr_pem), &csr, err);

    if (rc == CMG_OK)
        rc = cmg_enrolment_new(csr, out, err);
    cmg_csr_unref(csr);
    return rc;
}

void desk_script(struct desk *d, cmg_enrolment *e)
{
    cmg__task_cancel(&d->task);
    d->loop = e->head.ctx->loop;
    d->under_way = false;
    e->transport = (struct cmg__transport){ d, script_start, script_cancel };
}

void desk_again(struct desk *d)
{
    cmg_error *err = NULL;
    const cmg_enrolment_events events = {
        .size = sizeof events,
        .user = d,
        .on_state = on_state,
        .on_challenge = d->with_challenges ? on_challenge : NULL,
        .on_closed = on_closed,
    };

    cmg_enrolment_unref(d->e);
    d->e = NULL;
    d->states[0] = '\0';
    d->closed = 0;
    ck_ok(desk_enrolment(d->ctx, desk_csr, &d->e, &err), err);
    ck_ok(cmg_enrolment_set_events(d->e, &events, &err), err);
    ck_ok(cmg_enrolment_set_checkpoint_file(d->e, desk_checkpoint(), &err), err);
    desk_script(d, d->e);
}

void desk_init(struct desk *d, struct desk_rule *rules)
{
    cmg_error *err = NULL;

    memset(d, 0, sizeof *d);
    pki_init(&d->pki, CMG__PROFILE_WEB_SERVER);
    support_env_init(&d->env);
    support_alloc_init(&d->memory);
    d->rules = rules;
    d->with_challenges = true;
    ck_ok(cmg_context_new(&d->memory.alloc.table, &d->ctx, &err), err);
    d->ctx->env = d->env.env;
    cmg__task_init(&d->task, on_task, d);
    desk_again(d);
}

void desk_done(struct desk *d)
{
    cmg_enrolment_unref(d->e);
    cmg__task_cancel(&d->task);
    cmg_context_unref(d->ctx);
    ck_assert_uint_eq(d->memory.live, 0);
    pki_done(&d->pki);
    free(d->leaf_pem);
    support_dir_done();
}

void desk_start(struct desk *d)
{
    cmg_error *err = NULL;

    ck_ok(cmg_enrolment_start(d->e, &err), err);
    ck_assert_str_eq(d->states, "");
}

void desk_turns(struct desk *d, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++)
        ck_assert_int_eq(cmg_context_process(d->ctx, NULL), CMG_OK);
}

void desk_drive(struct desk *d)
{
    for (unsigned i = 0; i < 20000 && d->e != NULL && d->e->running; i++) {
        int wait = cmg_context_get_timeout_ms(d->ctx);
        if (wait < 0)
            return;
        support_env_advance_ms(&d->env, wait);
        desk_turns(d, 1);
    }
}

void desk_drive_until_sent(struct desk *d, unsigned sent)
{
    for (unsigned i = 0; i < 20000 && d->sent < sent; i++) {
        int wait = cmg_context_get_timeout_ms(d->ctx);
        d->hold = d->sent + 1 == sent && !d->under_way;
        support_env_advance_ms(&d->env, wait < 0 ? 0 : wait);
        desk_turns(d, 1);
    }
    ck_assert_uint_eq(d->sent, sent);
    ck_assert(d->under_way);
}

unsigned desk_count(const struct desk *d, const char *text)
{
    unsigned n = 0;

    for (const char *p = d->log; *p != '\0'; p += strcspn(p, "\n") + 1)
        n += memmem(p, strcspn(p, "\n"), text, strlen(text)) != NULL;
    return n;
}
