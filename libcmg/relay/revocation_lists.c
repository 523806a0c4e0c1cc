/*
 * One entry for each address and issuer, in the order of their use: the first one gives
 * way when room is needed. An entry's timer means: time for the next attempt. Lists that
 * nobody has asked for in a while are forgotten by it instead.
 */
#include "relay/revocation_lists.h"

#include <string.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/str.h"
#include "crypto/x509_data.h"

#define URL_MAX ((size_t)2048)

struct entry {
    struct cmg__revocation_lists *lists;
    struct cmg__list node;
    char *url;
    struct cmg__x509 *issuer;
    struct cmg__crl *crl; /* NULL: none that was good has come yet */
    size_t bytes;         /* what it holds */
    int64_t ends_unix_s;
    struct cmg__http_call *call;
    struct cmg__timer timer;
    unsigned failures; /* since a list came */
    int64_t again_ms;  /* not before, after a failure */
    int64_t used_ms;
    uint64_t question; /* the last one it was asked for in */
};

struct cmg__revocation_lists {
    cmg_context *ctx;
    const struct cmg__alloc *alloc;
    const struct cmg__relay_limits *limits;
    void (*on_end)(void *user, bool replaced);
    void *user;
    struct cmg__list entries; /* least recently used first */
    size_t count;
    size_t fetching;
    size_t bytes;
    uint64_t question;
};

/* ---- life ---- */

cmg_status cmg__revocation_lists_new(cmg_context *ctx,
                                     const struct cmg__relay_limits *limits,
                                     void (*on_end)(void *user, bool replaced),
                                     void *user, struct cmg__revocation_lists **out,
                                     cmg_error **err)
{
    struct cmg__revocation_lists *lists = cmg__alloc0(&ctx->alloc, sizeof *lists);

    if (lists == NULL)
        return cmg__fail_nomem(err);
    *lists = (struct cmg__revocation_lists){
        .ctx = ctx, .alloc = &ctx->alloc, .limits = limits, .on_end = on_end, .user = user
    };
    cmg__list_init(&lists->entries);
    *out = lists;
    return CMG_OK;
}

static void hold(struct entry *e, struct cmg__crl *crl)
{
    struct cmg__crl_info info = { 0 };

    cmg__crl_free(e->crl);
    if (crl != NULL)
        cmg__crl_info(crl, &info);
    e->lists->bytes += info.memory_bytes - e->bytes;
    e->crl = crl;
    e->bytes = info.memory_bytes;
    e->ends_unix_s = info.next_update_unix_s;
}

static void forget(struct entry *e)
{
    struct cmg__revocation_lists *lists = e->lists;

    if (e->call != NULL) {
        cmg__http_cancel(e->call);
        lists->fetching--;
    }
    cmg__timer_stop(&e->timer);
    hold(e, NULL);
    cmg__x509_free(e->issuer);
    cmg__free(lists->alloc, e->url);
    cmg__list_remove(&e->node);
    cmg__free(lists->alloc, e);
    lists->count--;
}

void cmg__revocation_lists_clear(struct cmg__revocation_lists *lists)
{
    CMG__LIST_FOREACH (node, after, &lists->entries)
        forget(CMG__CONTAINER(node, struct entry, node));
}

void cmg__revocation_lists_free(struct cmg__revocation_lists *lists)
{
    if (lists == NULL)
        return;
    cmg__revocation_lists_clear(lists);
    cmg__free(lists->alloc, lists);
}

/* ---- room ---- */

/* The one that was used longest ago gives way, unless it is being fetched, or the
   question at hand needs it. */
static bool make_way(struct cmg__revocation_lists *lists, const struct entry *but,
                     bool with_list)
{
    CMG__LIST_FOREACH (node, after, &lists->entries) {
        struct entry *e = CMG__CONTAINER(node, struct entry, node);

        if (e == but || e->call != NULL || e->question == lists->question ||
            (with_list && e->crl == NULL))
            continue;
        forget(e);
        return true;
    }
    return false;
}

static bool fits(struct entry *e, size_t bytes)
{
    const size_t most = e->lists->limits->lists_bytes;

    if (bytes > most)
        return false;
    while (e->lists->bytes - e->bytes > most - bytes) {
        if (!make_way(e->lists, e, true))
            return false;
    }
    return true;
}

/* ---- when to ask ---- */

static int64_t now_ms(const struct entry *e)
{
    return cmg__loop_now_ms(e->lists->ctx->loop);
}

static int64_t now_unix_s(const struct entry *e)
{
    return cmg__env_unix_s(&e->lists->ctx->env);
}

static void ask_again(struct entry *e, int64_t after_ms)
{
    e->again_ms = now_ms(e) + after_ms;
    cmg__timer_start(&e->timer, after_ms);
}

/* Doubled with each failure; up to a quarter less, so that instances part. */
static int64_t pause_ms(const struct entry *e)
{
    const struct cmg__relay_limits *limits = e->lists->limits;
    int64_t most = limits->list_pause_ms;

    for (unsigned i = 1; i < e->failures && most < limits->list_pause_cap_ms; i++)
        most *= 2;
    if (most > limits->list_pause_cap_ms)
        most = limits->list_pause_cap_ms;
    return most - most * cmg__backoff_jitter(&e->lists->ctx->env) / 1024;
}

/* When four fifths of its time are over, or some less; authorities that say when the next
   list comes are believed. */
static int64_t refresh_ms(const struct entry *e)
{
    const struct cmg__relay_limits *limits = e->lists->limits;
    const int64_t now = now_unix_s(e);
    struct cmg__crl_info info;

    cmg__crl_info(e->crl, &info);
    int64_t end = info.next_update_unix_s;
    if (info.next_publish_unix_s > now && info.next_publish_unix_s < end)
        end = info.next_publish_unix_s;
    int64_t life = limits->list_refresh_ms;
    if (end - now < life / 1000)
        life = (end - now) * 1000;
    life = life / 5 * 4 - life / 10 * cmg__backoff_jitter(&e->lists->ctx->env) / 256;
    return life < limits->list_pause_ms ? limits->list_pause_ms : life;
}

static bool is_current(const struct entry *e)
{
    return e->crl != NULL && now_unix_s(e) <= e->ends_unix_s;
}

/* ---- what comes ---- */

/* With its signature verified: the judge, who verifies again, finds it done. */
static cmg_status check_list(struct entry *e, struct cmg__crl *crl, cmg_error **err)
{
    struct cmg__crl_info info;
    char end[CMG__TIME_SIZE] = "unknown";

    cmg__crl_info(crl, &info);
    cmg_status rc = cmg__crl_verify(crl, e->issuer);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc != CMG_OK)
        return cmg__fail(err, e->lists->alloc, CMG_E_CERT, e->url,
                         "publish the list of the authority that issued the certificate",
                         "the list was not signed by \"%.200s\"", e->issuer->subject);
    if (info.next_update_unix_s >= now_unix_s(e))
        return CMG_OK;
    if (info.next_update_unix_s != 0)
        cmg__time_format(info.next_update_unix_s, end);
    return cmg__fail(err, e->lists->alloc, CMG_E_CERT, e->url,
                     "publish a new list in time, with its next update in it",
                     "the list is out of date, its end: %s", end);
}

/* Whether it takes the place of the one in hand, which also when it has ended gives way
   to no older one: that might release somebody. */
static cmg_status compare(struct entry *e, struct cmg__crl *crl, bool *replaces,
                          cmg_error **err)
{
    struct cmg__crl_info info;

    if (e->crl != NULL && cmg__crl_supersedes(e->crl, crl))
        return cmg__fail(err, e->lists->alloc, CMG_E_CERT, e->url,
                         "publish the newest list",
                         "the list is older than one that was there before");
    *replaces = !is_current(e) || cmg__crl_supersedes(crl, e->crl);
    cmg__crl_info(crl, &info);
    if (*replaces && !fits(e, info.memory_bytes))
        return cmg__fail(err, e->lists->alloc, CMG_E_LIMIT, e->url,
                         "let its authority partition its lists",
                         "there is no room for a list of %zu entries", info.count);
    return CMG_OK;
}

static cmg_status take(struct entry *e, const struct cmg__http_response *resp,
                       bool *replaces, cmg_error **err)
{
    struct cmg__crl *crl = NULL;

    if (resp->status != 200)
        return cmg__fail(err, e->lists->alloc, CMG_E_IO, e->url,
                         "publish the list where its certificates say that it is",
                         "status %d", resp->status);
    cmg_status rc = cmg__crl_parse(e->lists->alloc, cmg__buf_cstr(&resp->body),
                                   resp->body.len, &crl, err);
    if (rc == CMG_OK)
        rc = check_list(e, crl, err);
    if (rc == CMG_OK)
        rc = compare(e, crl, replaces, err);
    if (rc == CMG_OK && *replaces)
        hold(e, crl);
    else
        cmg__crl_free(crl);
    return rc;
}

/* An attempt has ended: plan the next one. */
static void settle(struct entry *e, cmg_status rc, const cmg_error *why)
{
    cmg_context *ctx = e->lists->ctx;
    struct cmg__crl_info info;

    if (rc != CMG_OK) {
        e->failures++;
        ask_again(e, pause_ms(e));
        cmg__log(ctx, CMG_LOG_WARNING, "relay", "revocation.list", e->url,
                 "revocation list cannot be had, %s: %s",
                 is_current(e) ? "the last one still counts"
                               : "there is none that counts",
                 cmg_error_message(why));
        return;
    }
    e->failures = 0;
    ask_again(e, refresh_ms(e));
    cmg__crl_info(e->crl, &info);
    cmg__log(ctx, CMG_LOG_DEBUG, "relay", "revocation.list", e->url,
             "revocation list of %zu entries is in hand", info.count);
}

static void on_fetched(void *user, const struct cmg__http_response *resp,
                       const cmg_error *err)
{
    struct entry *e = user;
    struct cmg__revocation_lists *lists = e->lists;
    cmg_error *why = NULL;
    bool replaced = false;

    e->call = NULL;
    lists->fetching--;
    cmg_status rc = resp == NULL ? cmg_error_code(err) : take(e, resp, &replaced, &why);
    settle(e, rc, resp == NULL ? err : why);
    cmg_error_unref(why);
    lists->on_end(lists->user, rc == CMG_OK && replaced);
}

/* ---- asking ---- */

static cmg_status fetch(struct entry *e)
{
    const struct cmg__relay_limits *limits = e->lists->limits;
    const struct cmg__http_options options = { .total_timeout_ms = limits->list_fetch_ms,
                                               .max_body = limits->list_bytes };
    struct cmg__http_request req;
    cmg_error *why = NULL;

    cmg__timer_stop(&e->timer);
    cmg__http_request_init(&req, e->lists->alloc);
    cmg_status rc = cmg__http_request_set(&req, "GET", e->url);
    if (rc == CMG_OK)
        rc = cmg__http_start(e->lists->ctx->http, &req, &options, on_fetched, e, &e->call,
                             &why);
    cmg__http_request_done(&req);
    if (rc == CMG_OK)
        e->lists->fetching++;
    else
        settle(e, rc, why);
    cmg_error_unref(why);
    return rc;
}

static void on_timer(struct cmg__timer *timer, void *user)
{
    struct entry *e = user;
    const struct cmg__relay_limits *limits = e->lists->limits;

    (void)timer;
    if (now_ms(e) - e->used_ms >= limits->list_idle_ms)
        forget(e);
    else if (e->lists->fetching >= limits->list_fetches)
        ask_again(e, limits->list_pause_ms);
    else
        (void)fetch(e);
}

static bool is_address(struct cmg__span url)
{
    if (url.n == 0 || url.n > URL_MAX)
        return false;
    for (size_t i = 0; i < url.n; i++) {
        if (url.p[i] <= ' ' || url.p[i] >= 0x7f)
            return false;
    }
    return true;
}

/* NULL: there is no room, or no memory. */
static struct entry *add(struct cmg__revocation_lists *lists, char *url,
                         const struct cmg__x509 *issuer)
{
    size_t most = lists->limits->lists;
    struct entry *e = NULL;

    if (most > CMG__LISTS_MAX)
        most = CMG__LISTS_MAX;
    if (lists->count < most || make_way(lists, NULL, false))
        e = cmg__alloc0(lists->alloc, sizeof *e);
    if (e == NULL)
        return NULL;
    if (cmg__x509_parse(lists->alloc, issuer->der, issuer->der_len, &e->issuer, NULL) !=
        CMG_OK) {
        cmg__free(lists->alloc, e);
        return NULL;
    }
    e->lists = lists;
    e->url = url;
    cmg__timer_init(&e->timer, lists->ctx->loop, on_timer, e);
    cmg__list_add_tail(&lists->entries, &e->node);
    lists->count++;
    return e;
}

/* Two authorities may share an address by mistake: neither takes the other's list for its
   own. */
static struct entry *find(struct cmg__revocation_lists *lists, const char *url,
                          const struct cmg__x509 *issuer)
{
    CMG__LIST_FOREACH (node, after, &lists->entries) {
        struct entry *e = CMG__CONTAINER(node, struct entry, node);

        if (strcmp(e->url, url) == 0 && cmg__span_eq(e->issuer->spki, issuer->spki) &&
            cmg__span_eq(e->issuer->subject_name, issuer->subject_name))
            return e;
    }
    return NULL;
}

static void touch(struct entry *e)
{
    e->question = e->lists->question;
    e->used_ms = now_ms(e);
    cmg__list_remove(&e->node);
    cmg__list_add_tail(&e->lists->entries, &e->node);
}

/* Takes the text over. */
static struct entry *entry_of(struct cmg__revocation_lists *lists, char *url,
                              const struct cmg__x509 *issuer, bool may_add)
{
    struct entry *e = find(lists, url, issuer);
    const bool is_new = e == NULL && may_add;

    if (is_new)
        e = add(lists, url, issuer);
    if (!is_new || e == NULL)
        cmg__free(lists->alloc, url);
    if (e != NULL)
        touch(e);
    return e;
}

void cmg__revocation_lists_begin(struct cmg__revocation_lists *lists)
{
    lists->question++;
}

enum cmg__list_state cmg__revocation_lists_want(struct cmg__revocation_lists *lists,
                                                struct cmg__span url,
                                                const struct cmg__x509 *issuer,
                                                bool may_fetch, struct cmg__crl **held)
{
    struct cmg__url parts;

    *held = NULL;
    if (!is_address(url))
        return CMG__LIST_NOWHERE;
    char *text = cmg__strndup(lists->alloc, (const char *)url.p, url.n);
    if (text == NULL)
        return CMG__LIST_MISSING;
    if (!cmg__url_parse(text, &parts)) {
        cmg__free(lists->alloc, text);
        return CMG__LIST_NOWHERE;
    }
    struct entry *e = entry_of(lists, text, issuer, may_fetch);
    if (e == NULL)
        return CMG__LIST_MISSING;
    *held = e->crl;
    if (is_current(e))
        return CMG__LIST_HELD;
    if (e->call != NULL)
        return CMG__LIST_PENDING;
    if (!may_fetch || (e->failures > 0 && now_ms(e) < e->again_ms))
        return CMG__LIST_MISSING;
    if (lists->fetching >= lists->limits->list_fetches)
        return CMG__LIST_PENDING;
    return fetch(e) == CMG_OK ? CMG__LIST_PENDING : CMG__LIST_MISSING;
}

size_t cmg__revocation_lists_all(const struct cmg__revocation_lists *lists,
                                 struct cmg__crl *out[CMG__LISTS_MAX])
{
    size_t count = 0;

    CMG__LIST_FOREACH (node, after, &lists->entries) {
        const struct entry *e = CMG__CONTAINER(node, struct entry, node);

        if (e->crl != NULL && count < CMG__LISTS_MAX)
            out[count++] = e->crl;
    }
    return count;
}
