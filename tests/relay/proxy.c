/* See proxy.h. */
#include "relay/proxy.h"
#include "sandbox/balancer.h"
#include "support/support.h"
#include <stdio.h>
#include <string.h>

static void hang_up(struct proxy *proxy)
{
    cmg__stream_free(proxy->client);
    proxy->client = NULL;
}

static void lead_on(struct proxy *proxy)
{
    struct cmg__stream *to = NULL;
    cmg_error *err = NULL;

    ck_ok(
        cmg__tcp_connect(proxy->ctx->loop, "127.0.0.1", proxy->leads_to, 5000, &to, &err),
        err);
    ck_ok(cmg__sb_pair_new(proxy->client, to, &proxy->pairs, &err), err);
    proxy->client = NULL;
}

static void answer(struct proxy *proxy)
{
    size_t put = 0;

    if (proxy->answer == NULL) {
        hang_up(proxy);
        return;
    }
    if (proxy->answer[0] != '\0')
        ck_assert_int_eq(
            cmg__stream_write(proxy->client, proxy->answer, strlen(proxy->answer), &put),
            CMG__IO_OK);
    if (proxy->leads_to != 0)
        lead_on(proxy);
    else
        cmg__stream_want(proxy->client, 0);
}

static void on_client(struct cmg__stream *client, void *user)
{
    struct proxy *proxy = user;
    size_t got = 0;

    switch (cmg__stream_read(client, proxy->head + proxy->len,
                             sizeof proxy->head - 1 - proxy->len, &got)) {
    case CMG__IO_OK:
        proxy->len += got;
        proxy->head[proxy->len] = '\0';
        if (strstr(proxy->head, "\r\n\r\n") != NULL)
            answer(proxy);
        break;
    case CMG__IO_AGAIN:
        break;
    default:
        hang_up(proxy);
    }
}

static void on_accept(void *user, int fd, const char *peer)
{
    struct proxy *proxy = user;
    cmg_error *err = NULL;

    (void)peer;
    hang_up(proxy);
    proxy->connections++;
    proxy->len = 0;
    ck_ok(cmg__tcp_adopt(proxy->ctx->loop, fd, &proxy->client, &err), err);
    cmg__stream_set_events(proxy->client, on_client, proxy);
    cmg__stream_want(proxy->client, CMG__READABLE);
}

void proxy_open(struct proxy *proxy, cmg_context *ctx, const char *text,
                uint16_t leads_to)
{
    cmg_error *err = NULL;
    char url[64];

    *proxy = (struct proxy){ .ctx = ctx, .answer = text, .leads_to = leads_to };
    cmg__list_init(&proxy->pairs);
    ck_ok(cmg__listener_new(ctx->loop, "127.0.0.1", 0, on_accept, proxy, &proxy->listener,
                            &err),
          err);
    snprintf(url, sizeof url, "http://127.0.0.1:%u",
             (unsigned)cmg__listener_port(proxy->listener));
    ck_ok(cmg_context_set_proxy(ctx, url, &err), err);
}

void proxy_close(struct proxy *proxy)
{
    hang_up(proxy);
    cmg__sb_pairs_free(&proxy->pairs);
    cmg__listener_free(proxy->listener);
}
