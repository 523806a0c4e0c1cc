/*
 * What the host is told, from a task of its own: settings that came, requests that are
 * done, channels that came and went, the end. After each callback the service may be gone
 * for its owner; then everything stops and it is taken apart here.
 */
#include "relay/service.h"

void cmg__report_soon(struct cmg_service *service)
{
    cmg__task_post(service->loop, &service->task);
}

static bool is_dropped(const struct cmg_service *service)
{
    return service->head.refs == 0;
}

static void tell_request(struct cmg_service *service, const struct cmg__exchange *x)
{
    const cmg_request_record record = {
        .size = sizeof record,
        .method = x->method,
        .role_id = x->role_id,
        .endpoint = x->endpoint,
        .client = x->client,
        .connector = x->connector,
        .bytes_in = x->bytes_in,
        .bytes_out = x->bytes_out,
        .elapsed_ms = x->elapsed_ms,
        .status = x->status,
    };

    if (service->events.on_request == NULL)
        return;
    cmg__callback_enter(service->head.ctx);
    service->events.on_request(service, &record, service->events.user);
    cmg__callback_leave(service->head.ctx);
}

static void tell_settings(struct cmg_service *service)
{
    const struct cmg__news news = service->news;

    if (!news.is_pending)
        return;
    service->news = (struct cmg__news){ .is_pending = false };
    if (service->events.on_settings != NULL) {
        cmg__callback_enter(service->head.ctx);
        service->events.on_settings(service, news.json, news.size, news.why,
                                    service->events.user);
        cmg__callback_leave(service->head.ctx);
    }
    cmg_error_unref(news.why);
}

static void tell_requests(struct cmg_service *service)
{
    while (!cmg__list_is_empty(&service->done) && !is_dropped(service)) {
        struct cmg__exchange *x =
            CMG__CONTAINER(service->done.next, struct cmg__exchange, node);
        cmg__list_remove(&x->node);
        tell_request(service, x);
        cmg__exchange_free(x);
    }
}

static void tell_channel(struct cmg__channel *channel, int ready)
{
    struct cmg_service *service = channel->service;

    if (service->events.on_channel == NULL)
        return;
    cmg__callback_enter(service->head.ctx);
    service->events.on_channel(service, channel->hello.name, ready,
                               ready ? NULL : channel->why, service->events.user);
    cmg__callback_leave(service->head.ctx);
}

static void tell_channels(struct cmg_service *service)
{
    CMG__LIST_FOREACH (node, after, &service->channels) {
        struct cmg__channel *channel = CMG__CONTAINER(node, struct cmg__channel, node);
        if (channel->ready_pending && !is_dropped(service)) {
            channel->ready_pending = false;
            tell_channel(channel, 1);
        }
        if (channel->lost_pending && !is_dropped(service)) {
            channel->lost_pending = false;
            tell_channel(channel, 0);
        }
        if (channel->state == CMG__CHANNEL_DEAD && !is_dropped(service))
            cmg__channel_free(channel);
    }
}

/* The last client gone, channels drain; the last channel gone, closed. */
static void go_on_closing(struct cmg_service *service)
{
    if (service->state != CMG__SERVICE_DRAINING || service->front_count > 0)
        return;
    CMG__LIST_FOREACH (node, after, &service->channels)
        cmg__channel_drain(CMG__CONTAINER(node, struct cmg__channel, node), 1000);
    if (service->channel_count > 0)
        return;
    service->state = CMG__SERVICE_CLOSED;
    cmg__timer_stop(&service->grace);
    if (service->events.on_closed == NULL)
        return;
    cmg__callback_enter(service->head.ctx);
    service->events.on_closed(service, service->events.user);
    cmg__callback_leave(service->head.ctx);
}

void cmg__report_run(struct cmg__task *task, void *user)
{
    struct cmg_service *service = user;

    (void)task;
    service->is_delivering = true;
    tell_settings(service);
    tell_requests(service);
    tell_channels(service);
    if (!is_dropped(service))
        go_on_closing(service);
    service->is_delivering = false;
    if (is_dropped(service))
        cmg__service_destroy(service);
}
