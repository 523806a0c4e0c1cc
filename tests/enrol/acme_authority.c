/* See acme_authority.h. */
#include "acme_authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"

#define HOST "https://acme.test"

static const struct cmg__alloc *const libc = &cmg__alloc_libc;

/* ---- answers ---- */

static void give(struct cmg__http_response *resp, int status, const char *fmt, ...)
    CMG__PRINTF(3, 4);

static void give(struct cmg__http_response *resp, int status, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    char *text = cmg__vformat(libc, fmt, args);
    va_end(args);
    resp->status = status;
    cmg__buf_clear(&resp->body);
    ck_assert_int_eq(cmg__buf_add_str(&resp->body, text), CMG_OK);
    cmg__free(libc, text);
}

static void head(struct cmg__http_response *resp, const char *name, const char *value)
{
    ck_assert_int_eq(cmg__headers_add(&resp->headers, name, value), CMG_OK);
}

static void headf(struct cmg__http_response *resp, const char *name, const char *fmt,
                  unsigned number)
{
    char value[128];

    (void)snprintf(value, sizeof value, "%s%s%u", HOST, fmt, number);
    head(resp, name, value);
}

static void problem(struct cmg__http_response *resp, int status, const char *type)
{
    give(resp, status,
         "{\"type\":\"urn:ietf:params:acme:error:%s\",\"detail\":\"no, %s\"}", type,
         type);
}

/* ---- resources ---- */

static void give_directory(struct authority *a, struct cmg__http_response *resp)
{
    give(resp, 200,
         "{\"newNonce\":\"%s/nonce\",\"newAccount\":\"%s/new-account\",\"newOrder\":"
         "\"%s/new-order\"%s,\"meta\":{\"x\":1%s%s,\"profiles\":{\"short\":\"few "
         "days\"}}}",
         HOST, HOST, HOST,
         a->knows_renewal ? ",\"renewalInfo\":\"https://acme.test/renewal\"" : "",
         a->wants_terms ? ",\"termsOfService\":\"https://acme.test/terms\"" : "",
         a->wants_eab ? ",\"externalAccountRequired\":true" : "");
}

static void give_account(struct authority *a, struct cmg__http_response *resp, int status)
{
    give(resp, status, "{\"status\":\"valid\"%s}",
         a->no_list ? "" : ",\"orders\":\"https://acme.test/orders/0\"");
    headf(resp, "Location", "/account/", 1);
}

static void settle(struct authority_order *o)
{
    size_t valid = 0;

    for (size_t i = 0; i < o->name_count; i++) {
        if (strcmp(o->proofs[i], "invalid") == 0)
            memcpy(o->status, "invalid", 8);
        valid += strcmp(o->proofs[i], "valid") == 0;
    }
    if (valid == o->name_count && strcmp(o->status, "pending") == 0)
        memcpy(o->status, "ready", 6);
    if (strcmp(o->status, "processing") == 0 && o->polls++ > 0)
        memcpy(o->status, "valid", 6);
}

static void give_order(struct authority *a, struct cmg__http_response *resp,
                       unsigned number, int status)
{
    struct authority_order *o = &a->order[number];
    struct cmg__buf names;
    struct cmg__buf proofs;

    settle(o);
    cmg__buf_init(&names, libc, 4096);
    cmg__buf_init(&proofs, libc, 4096);
    for (size_t i = 0; i < o->name_count; i++) {
        ck_assert_int_eq(cmg__buf_addf(&names, "%s{\"type\":\"dns\",\"value\":\"%s\"}",
                                       i > 0 ? "," : "", o->names[i]),
                         CMG_OK);
        ck_assert_int_eq(cmg__buf_addf(&proofs, "%s\"%s/proof/%u\"", i > 0 ? "," : "",
                                       HOST, number * 10 + (unsigned)i),
                         CMG_OK);
    }
    give(resp, status,
         "{\"status\":\"%s\",\"identifiers\":[%s],\"authorizations\":[%s],"
         "\"finalize\":\"%s/finalize/%u\",\"certificate\":\"%s/certificate/%u\"}",
         o->status, cmg__buf_cstr(&names), cmg__buf_cstr(&proofs), HOST, number, HOST,
         number);
    cmg__buf_done(&names);
    cmg__buf_done(&proofs);
}

static void make_order(struct authority *a, const struct cmg__json *payload,
                       struct cmg__http_response *resp)
{
    struct authority_order *o = &a->order[a->orders];
    const struct cmg__json *list = cmg__json_at(payload, "/identifiers");

    ck_assert_uint_lt(a->orders, CMG__ARRAY_LEN(a->order));
    memset(o, 0, sizeof *o);
    memcpy(o->status, "pending", 8);
    o->name_count = cmg__json_size(list);
    ck_assert_uint_le(o->name_count, 4);
    for (size_t i = 0; i < o->name_count; i++) {
        (void)snprintf(o->names[i], sizeof o->names[i], "%s",
                       cmg__json_str(cmg__json_item(list, i), "/value"));
        memcpy(o->proofs[i], a->proved ? "valid\0\0" : "pending", 8);
    }
    give_order(a, resp, a->orders, 201);
    headf(resp, "Location", "/order/", a->orders);
    a->orders++;
}

/* Three on a page, the oldest first. */
static void give_list(struct authority *a, struct cmg__http_response *resp, unsigned page)
{
    struct cmg__buf list;

    cmg__buf_init(&list, libc, 4096);
    for (unsigned i = page * 3; i < page * 3 + 3 && i < a->orders; i++)
        ck_assert_int_eq(
            cmg__buf_addf(&list, "%s\"%s/order/%u\"", list.len > 0 ? "," : "", HOST, i),
            CMG_OK);
    give(resp, 200, "{\"orders\":[%s]}", cmg__buf_cstr(&list));
    cmg__buf_done(&list);
    head(resp, "Link", "<https://acme.test/dir>;rel=\"index\"");
    if (page * 3 + 3 < a->orders) {
        char value[96];

        (void)snprintf(value, sizeof value, "<%s/orders/%u>;rel=\"next\"", HOST,
                       page + 1);
        head(resp, "Link", value);
    }
}

static void look(struct authority *a, struct authority_order *o, size_t i)
{
    if (o->looks[i] == 0 || strcmp(o->proofs[i], "pending") != 0 || o->looks[i]++ < 2)
        return;
    const bool wrong = a->wrong_name != NULL && strcmp(a->wrong_name, o->names[i]) == 0;

    memcpy(o->proofs[i], wrong ? "invalid" : "valid\0\0", 8);
}

static void give_proof(struct authority *a, struct cmg__http_response *resp,
                       unsigned number)
{
    struct authority_order *o = &a->order[number / 10];
    const size_t i = number % 10;
    const bool wildcard = o->names[i][0] == '*';
    static const char error[] =
        ",\"error\":{\"type\":\"urn:ietf:params:acme:error:unauthorized\",\"detail\":"
        "\"Incorrect TXT record\\u0007 found.\"}";

    look(a, o, i);
    const char *status = strcmp(o->proofs[i], "pending") == 0 && o->looks[i] > 0
                             ? "processing"
                             : o->proofs[i];
    const char *fault = strcmp(o->proofs[i], "invalid") == 0 ? error : "";
    give(resp, 200,
         "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\",\"value\":\"%s\"}%s,"
         "\"challenges\":[{\"type\":\"tls-alpn-01\",\"token\":\"no\",\"status\":"
         "\"pending\",\"url\":\"%s/answer/99\"},{\"type\":\"%s\",\"token\":\"token-%u\","
         "\"status\":\"%s\",\"url\":\"%s/answer/%u\"%s}]}",
         o->proofs[i], o->names[i] + (wildcard ? 2 : 0),
         wildcard ? ",\"wildcard\":true" : "", HOST, cmg__str_or(a->offers, "dns-01"),
         number, status, HOST, number, fault);
}

static void take_answer(struct authority *a, struct cmg__http_response *resp,
                        unsigned number)
{
    struct authority_order *o = &a->order[number / 10];
    const size_t i = number % 10;

    if (o->looks[i] > 0) {
        problem(resp, 400, "malformed");
        return;
    }
    o->looks[i] = 1;
    give(resp, 200, "{\"status\":\"processing\"}");
}

static void finalize(struct authority *a, struct cmg__http_response *resp,
                     unsigned number, const struct cmg__json *payload)
{
    struct authority_order *o = &a->order[number];

    ck_assert_ptr_nonnull(cmg__json_str(payload, "/csr"));
    if (strcmp(o->status, "ready") != 0) {
        problem(resp, 403, "orderNotReady");
        return;
    }
    a->finals++;
    memcpy(o->status, "processing", 11);
    give_order(a, resp, number, 200);
}

static void give_certificate(struct authority *a, struct cmg__http_response *resp)
{
    struct cmg__buf pem;

    a->downloads++;
    cmg__buf_init(&pem, libc, 1 << 16);
    ck_assert_int_eq(cmg__x509_write_pem(a->d->pki.leaf, &pem), CMG_OK);
    ck_assert_int_eq(cmg__x509_write_pem(a->d->pki.root, &pem), CMG_OK);
    give(resp, 200, "%s", cmg__buf_cstr(&pem));
    cmg__buf_done(&pem);
}

/* ---- messages ---- */

static struct cmg__json *decode(const struct cmg__json *message, const char *path)
{
    const char *text = cmg__json_str(message, path);
    struct cmg__json *json = NULL;
    struct cmg__buf bytes;

    ck_assert_ptr_nonnull(text);
    cmg__buf_init(&bytes, libc, 1 << 20);
    ck_assert_int_eq(cmg__base64url_decode(&bytes, text, strlen(text)), CMG_OK);
    if (bytes.len > 0)
        ck_assert_int_eq(cmg__json_parse(libc, path, bytes.data, bytes.len, &json, NULL),
                         CMG_OK);
    cmg__buf_done(&bytes);
    return json;
}

/* Each nonce counts once. */
static bool take_nonce(struct authority *a, const char *text)
{
    uint64_t number = 0;

    ck_assert(text != NULL && cmg__str_starts(text, "nonce"));
    ck_assert(cmg__parse_u64(text + 5, strlen(text) - 5, &number));
    ck_assert_uint_lt(number, CMG__ARRAY_LEN(a->used));
    const bool stale = a->used[number] != 0;

    a->stale_nonces += stale;
    a->used[number] = 1;
    if (a->bad_nonces == 0)
        return !stale;
    a->bad_nonces--;
    return false;
}

static bool is_path(const char *path, const char *prefix, unsigned *number)
{
    uint64_t value = 0;
    const size_t n = strlen(prefix);

    if (!cmg__str_starts(path, prefix) ||
        !cmg__parse_u64(path + n, strlen(path + n), &value))
        return false;
    *number = (unsigned)value;
    return true;
}

static void keep(char *out, size_t size, const struct cmg__json *payload)
{
    struct cmg__buf text;

    cmg__buf_init(&text, libc, 1 << 16);
    ck_assert_int_eq(cmg__json_format(payload, CMG__JSON_SORTED, &text), CMG_OK);
    (void)snprintf(out, size, "%s", cmg__buf_cstr(&text));
    cmg__buf_done(&text);
}

static void route(struct authority *a, const char *path, const struct cmg__json *payload,
                  struct cmg__http_response *resp)
{
    unsigned n = 0;

    if (strcmp(path, "/new-account") == 0) {
        keep(a->last_account, sizeof a->last_account, payload);
        give_account(a, resp, a->accounts++ == 0 ? 201 : 200);
    } else if (strcmp(path, "/account/1") == 0) {
        give_account(a, resp, 200);
    } else if (is_path(path, "/orders/", &n)) {
        give_list(a, resp, n);
    } else if (strcmp(path, "/new-order") == 0) {
        keep(a->last_order, sizeof a->last_order, payload);
        make_order(a, payload, resp);
    } else if (is_path(path, "/order/", &n)) {
        give_order(a, resp, n, 200);
    } else if (is_path(path, "/proof/", &n)) {
        give_proof(a, resp, n);
    } else if (is_path(path, "/answer/", &n)) {
        take_answer(a, resp, n);
    } else if (is_path(path, "/finalize/", &n)) {
        finalize(a, resp, n, payload);
    } else if (is_path(path, "/certificate/", &n)) {
        give_certificate(a, resp);
    } else {
        ck_abort_msg("there is no %s", path);
    }
}

static void on_post(struct authority *a, const struct cmg__http_request *req,
                    struct cmg__http_response *resp)
{
    struct cmg__json *message = NULL;
    const char *path = req->url + strlen(HOST);

    ck_assert_str_eq(cmg__headers_get(&req->headers, "Content-Type"),
                     "application/jose+json");
    ck_assert_int_eq(
        cmg__json_parse(libc, "message", req->body.data, req->body.len, &message, NULL),
        CMG_OK);
    struct cmg__json *header = decode(message, "/protected");
    struct cmg__json *payload = decode(message, "/payload");
    ck_assert_str_eq(cmg__json_str(header, "/url"), req->url);
    ck_assert_ptr_nonnull(cmg__json_str(message, "/signature"));
    const bool by_key = cmg__json_at(header, "/jwk") != NULL;
    ck_assert_int_eq(by_key, strcmp(path, "/new-account") == 0);
    if (!by_key)
        ck_assert_str_eq(cmg__json_str(header, "/kid"), HOST "/account/1");
    if (take_nonce(a, cmg__json_str(header, "/nonce")))
        route(a, path, payload, resp);
    else
        problem(resp, 400, "badNonce");
    cmg__json_unref(payload);
    cmg__json_unref(header);
    cmg__json_unref(message);
}

/* "POST /new-order": the method, then the beginning of the path. */
static bool is_refused(struct authority *a, const struct cmg__http_request *req)
{
    char line[256];

    if (a->refuse == NULL)
        return false;
    (void)snprintf(line, sizeof line, "%s %s", req->method, req->url + strlen(HOST));
    return cmg__str_starts(line, a->refuse);
}

static void refuse(struct authority *a, struct cmg__http_response *resp)
{
    give(resp, a->refuse_status, "%s", a->refuse_body);
    if (a->refuse_header != NULL) {
        const size_t n = strcspn(a->refuse_header, ":");

        ck_assert_int_eq(cmg__headers_addn(&resp->headers, a->refuse_header, n,
                                           a->refuse_header + n + 2,
                                           strlen(a->refuse_header + n + 2)),
                         CMG_OK);
    }
    a->refuse = NULL;
}

void authority_answer(struct authority *a, const struct cmg__http_request *req,
                      struct cmg__http_response *resp)
{
    char nonce[32];

    ck_assert(cmg__str_starts(req->url, HOST));
    if (is_refused(a, req))
        refuse(a, resp);
    else if (strcmp(req->method, "POST") == 0)
        on_post(a, req, resp);
    else if (strcmp(req->url, AUTHORITY_DIR) == 0)
        give_directory(a, resp);
    else if (cmg__str_starts(req->url, HOST "/renewal/"))
        give(resp, a->window != NULL ? 200 : 404, "%s", cmg__str_or(a->window, "{}"));
    else
        give(resp, 200, "%s", "");
    if (strcmp(req->method, "GET") == 0)
        return;
    (void)snprintf(nonce, sizeof nonce, "nonce%u", ++a->nonce);
    head(resp, "Replay-Nonce", nonce);
}

/* ---- transport ---- */

static void on_task(struct cmg__task *task, void *user)
{
    struct authority *a = user;
    cmg_error *err = NULL;
    const struct cmg__error_info info = { .code = CMG_E_IO,
                                          .retry = CMG_RETRY_TRANSIENT,
                                          .cause = "reset" };

    (void)task;
    if (!a->under_way)
        return;
    a->under_way = false;
    if (a->broken) {
        (void)cmg__error_set(&err, libc, &info, "the connection broke");
        a->done(a->done_user, NULL, err);
        cmg_error_unref(err);
    } else {
        a->done(a->done_user, &a->resp, NULL);
    }
}

static cmg_status start(void *user, const struct cmg__http_request *req,
                        const struct cmg__http_options *options, cmg__http_done_fn done,
                        void *done_user, void **out_call, cmg_error **err)
{
    struct authority *a = user;
    const size_t n = strlen(a->shown);

    (void)options;
    (void)err;
    ck_assert(!a->under_way);
    a->exchanges++;
    (void)snprintf(a->shown + n, sizeof a->shown - n, "%s %s\n", req->method,
                   req->url + strlen(HOST));
    const bool now = a->fault_at == a->exchanges;
    const enum authority_fault fault = now ? a->fault : AUTHORITY_WELL;

    cmg__http_response_clear(&a->resp);
    a->done = done;
    a->done_user = done_user;
    a->under_way = true;
    a->broken = fault != AUTHORITY_WELL;
    *out_call = a;
    if (fault == AUTHORITY_WELL || fault == AUTHORITY_LOST_ANSWER)
        authority_answer(a, req, &a->resp);
    if (fault != AUTHORITY_HANG)
        cmg__task_post(a->d->ctx->loop, &a->task);
    return CMG_OK;
}

static void cancel(void *user, void *call)
{
    struct authority *a = user;

    ck_assert_ptr_eq(call, a);
    ck_assert(a->under_way);
    a->under_way = false;
}

/* ---- life ---- */

void authority_init(struct authority *a, struct desk *d)
{
    cmg_error *err = NULL;

    memset(a, 0, sizeof *a);
    a->d = d;
    a->wants_terms = true;
    cmg__http_response_init(&a->resp, libc);
    cmg__task_init(&a->task, on_task, a);
    ck_ok(cmg__key_generate(libc, &d->env.env, CMG__KEY_EC, 256, &a->key, &err), err);
    authority_use(a, NULL);
}

void authority_done(struct authority *a)
{
    cmg_enrolment_unref(a->d->e);
    a->d->e = NULL;
    cmg__task_cancel(&a->task);
    cmg__http_response_done(&a->resp);
    cmg__key_free(a->key);
    ck_assert_uint_eq(a->stale_nonces, 0);
}

void authority_use(struct authority *a, const struct cmg__acme_settings *settings)
{
    const struct cmg__acme_settings usual = { .directory_url = AUTHORITY_DIR,
                                              .key = a->key,
                                              .contact = "mailto:admin@contoso.com",
                                              .terms_agreed = true,
                                              .challenge = "dns-01" };
    struct cmg__enrol_method *method = NULL;
    cmg_error *err = NULL;

    a->d->e->transport = (struct cmg__transport){ a, start, cancel };
    ck_ok(cmg__acme_new(&a->d->ctx->alloc, settings != NULL ? settings : &usual, &method,
                        &err),
          err);
    ck_ok(cmg__enrolment_use(a->d->e, method, AUTHORITY_DIR, &err), err);
}

void authority_again(struct authority *a)
{
    desk_again(a->d);
    authority_use(a, NULL);
}

void authority_run(struct desk *d)
{
    desk_start(d);
    desk_drive(d);
}

void authority_ask_for(struct desk *d, const char *names)
{
    struct cmg__buf pem;
    char command[1024];
    char *out = NULL;
    size_t n = 0;

    cmg__buf_init_secret(&pem, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_pem(d->pki.leaf_key, &pem), CMG_OK);
    support_write_file(support_path("leaf.key"), pem.data, pem.len);
    cmg__buf_done(&pem);
    (void)snprintf(command, sizeof command,
                   "openssl req -new -key %s -subj /CN=x -addext subjectAltName=%s "
                   "-outform DER -out %s",
                   support_path("leaf.key"), names, support_path("csr"));
    const char *const argv[] = { "sh", "-c", command, NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "%s", out);
    free(out);
    char *csr = support_read_file(support_path("csr"), &n);
    cmg__buf_clear(&d->e->c.csr);
    ck_assert_int_eq(cmg__buf_add(&d->e->c.csr, csr, n), CMG_OK);
    free(csr);
}
