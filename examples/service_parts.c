/* Settings, certificate and health of a running service. See service_parts.h. */
#include "service_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

static int64_t ms_since(struct timespec at)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)(now.tv_sec - at.tv_sec) * 1000 +
           (now.tv_nsec - at.tv_nsec) / 1000000;
}

/* ---- what has changed ---- */

static void say_refused(const char *what, const cmg_error *err)
{
    fprintf(stderr, "warning: %s: %s; what was before stays\n", what,
            cmg_error_message(err));
}

/* Another package than this one is named: its turn comes, and this one says so. */
static void note_settings(struct service_parts *p, const char *json, bool is_taken)
{
    p->is_outdated = p->package != NULL && strstr(json, "\"package\"") != NULL &&
                     strstr(json, p->package) == NULL;
    p->has_settings = p->has_settings || is_taken;
}

static void on_settings(cmg_service *service, const char *json, size_t size,
                        const cmg_error *why, void *user)
{
    (void)service;
    (void)size;
    note_settings(user, json, why == NULL);
    if (why != NULL)
        say_refused("settings", why);
}

/* A file that is refused is not tried again. */
static cmg_status look_at_file(struct service_parts *p, cmg_error **err)
{
    size_t size = 0;
    char *json = host_read_file(p->user_data, &size);

    if (json == NULL)
        return CMG_E_IO;
    if (p->settings != NULL && strcmp(p->settings, json) == 0) {
        free(json);
        return CMG_OK;
    }
    free(p->settings);
    p->settings = json;
    cmg_status rc = cmg_service_configure(p->service, json, size, err);
    note_settings(p, json, rc == CMG_OK);
    return rc;
}

static cmg_status look_at_certificate(struct service_parts *p, cmg_error **err)
{
    cmg_certificate *found = NULL;
    cmg_status rc = certificate_look(p->ctx, p->secrets_dir, &p->seen, &found, err);

    if (rc == CMG_OK && found != NULL)
        rc = cmg_service_set_certificate(p->service, found, err);
    p->has_certificate = p->has_certificate || (rc == CMG_OK && found != NULL);
    cmg_certificate_unref(found);
    return rc;
}

/* Both again; what cannot be taken is said, and what was before stays. A metadata service
   is the library's to ask. */
static void look(struct service_parts *p)
{
    cmg_error *err = NULL;

    clock_gettime(CLOCK_MONOTONIC, &p->looked);
    if (p->metadata == NULL && look_at_file(p, &err) != CMG_OK)
        say_refused("settings", err);
    cmg_error_unref(err);
    err = NULL;
    const cmg_status rc = look_at_certificate(p, &err);
    if (rc != CMG_OK && rc != CMG_E_NOTFOUND)
        say_refused("certificate", err);
    cmg_error_unref(err);
}

/* ---- turning ---- */

static cmg_status turn(struct service_parts *p, cmg_error **err)
{
    const int64_t left = p->poll_ms - ms_since(p->looked);
    struct pollfd set[2];

    health_watch(&p->asked, set);
    cmg_status rc = host_turn(p->ctx, set, 2, left < 0 ? 0 : left, err);
    health_go(&p->asked, set, p->is_running && !p->is_outdated);
    if (ms_since(p->looked) >= p->poll_ms)
        look(p);
    return rc;
}

cmg_status service_parts_open(struct service_parts *p, cmg_context *ctx,
                              cmg_service *service, cmg_error **err)
{
    const cmg_service_events events = { .size = sizeof events,
                                        .user = p,
                                        .on_settings = on_settings };

    p->ctx = ctx;
    p->service = service;
    p->is_open = true;
    if (!health_open(&p->asked, p->health))
        return CMG_E_INVAL;
    cmg_status rc = cmg_service_set_events(service, &events, err);
    /* The platform knows the number, and the document does not. */
    if (rc == CMG_OK && p->instance != NULL)
        rc = cmg_service_set_instance(service, (uint32_t)atoi(p->instance), err);
    if (rc == CMG_OK && p->metadata != NULL)
        rc = cmg_service_follow_metadata(service, p->metadata, p->poll_ms, err);
    return rc;
}

cmg_status service_parts_first(struct service_parts *p, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    if (p->user_data != NULL)
        rc = look_at_file(p, err);
    if (rc == CMG_OK && p->metadata == NULL) {
        rc = look_at_certificate(p, err);
        if (rc == CMG_E_NOTFOUND)
            fprintf(stderr, "error: there is no <thumbprint>.crt of a server in %s\n",
                    p->secrets_dir);
    }
    if (rc == CMG_OK)
        look(p);
    while (rc == CMG_OK && !(p->has_settings && p->has_certificate) && !host_is_ending())
        rc = turn(p, err);
    return rc;
}

cmg_status service_parts_run(struct service_parts *p, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    p->is_running = true;
    while (rc == CMG_OK && !host_is_ending())
        rc = turn(p, err);
    return rc;
}

void service_parts_close(struct service_parts *p)
{
    if (!p->is_open)
        return;
    health_close(&p->asked);
    free(p->settings);
}
