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

static void say_refused(const char *what, cmg_error *err)
{
    fprintf(stderr, "warning: %s: %s; what was before stays\n", what,
            cmg_error_message(err));
    cmg_error_unref(err);
}

/* The user data with the instance's own number, which the platform knows and it does not.
 */
static cmg_status configure(struct service_parts *p, const char *json, cmg_error **err)
{
    const char *open = strchr(json, '{');
    char *merged = NULL;
    int n = -1;

    if (p->instance != NULL && open != NULL)
        n = asprintf(&merged, "{\"instance\":%d,%s", atoi(p->instance), open + 1);
    const char *text = n >= 0 ? merged : json;
    cmg_status rc = cmg_service_configure(p->service, text, strlen(text), err);

    if (n >= 0)
        free(merged);
    return rc;
}

/* Takes the document over. One that is refused is not tried again. */
static cmg_status take_settings(struct service_parts *p, char *json, cmg_error **err)
{
    if (p->settings != NULL && strcmp(p->settings, json) == 0) {
        free(json);
        return CMG_OK;
    }
    free(p->settings);
    p->settings = json;
    /* Another package than this one is named: its turn comes, and this one says so. */
    p->is_outdated = p->package != NULL && strstr(json, "\"package\"") != NULL &&
                     strstr(json, p->package) == NULL;
    cmg_status rc = configure(p, json, err);
    p->has_settings = p->has_settings || rc == CMG_OK;
    return rc;
}

static cmg_status look_at_file(struct service_parts *p, cmg_error **err)
{
    size_t size = 0;
    char *json = host_read_file(p->user_data, &size);

    return json == NULL ? CMG_E_IO : take_settings(p, json, err);
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

/* Both again; what cannot be taken is said, and what was before stays. */
static void look(struct service_parts *p)
{
    cmg_error *err = NULL;

    clock_gettime(CLOCK_MONOTONIC, &p->looked);
    if (p->from != NULL)
        metadata_begin(p->from);
    else if (look_at_file(p, &err) != CMG_OK)
        say_refused("settings", err);
    err = NULL;
    const cmg_status rc = look_at_certificate(p, &err);
    if (rc != CMG_OK && rc != CMG_E_NOTFOUND)
        say_refused("certificate", err);
    else
        cmg_error_unref(err);
}

static void look_at_metadata(struct service_parts *p)
{
    char *json = NULL;
    cmg_error *err = NULL;

    if (metadata_go(p->from, &json) != METADATA_DONE)
        return;
    if (*json == '\0')
        free(json);
    else if (take_settings(p, json, &err) != CMG_OK)
        say_refused("settings", err);
}

/* ---- turning ---- */

static cmg_status turn(struct service_parts *p, cmg_error **err)
{
    const int64_t left = p->poll_ms - ms_since(p->looked);
    struct pollfd set[3];

    health_watch(&p->asked, set);
    set[2] = (struct pollfd){ .fd = p->from == NULL ? -1 : p->from->fd };
    if (set[2].fd >= 0)
        set[2].events = metadata_events(p->from);
    cmg_status rc = host_turn(p->ctx, set, 3, left < 0 ? 0 : left, err);
    health_go(&p->asked, set, p->is_running && !p->is_outdated);
    if (set[2].fd >= 0)
        look_at_metadata(p);
    if (ms_since(p->looked) >= p->poll_ms)
        look(p);
    return rc;
}

cmg_status service_parts_open(struct service_parts *p, cmg_context *ctx,
                              cmg_service *service, cmg_error **err)
{
    (void)err;
    p->ctx = ctx;
    p->service = service;
    p->is_open = true;
    p->from = p->metadata == NULL ? NULL : calloc(1, sizeof *p->from);
    const bool good =
        health_open(&p->asked, p->health) &&
        (p->metadata == NULL || (p->from != NULL && metadata_open(p->from, p->metadata)));
    return good ? CMG_OK : CMG_E_INVAL;
}

cmg_status service_parts_first(struct service_parts *p, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    if (p->user_data != NULL)
        rc = look_at_file(p, err);
    if (rc == CMG_OK && p->from == NULL) {
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
    if (p->from != NULL)
        metadata_end(p->from);
    free(p->from);
    free(p->settings);
}
