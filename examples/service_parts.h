/*
 * What keeps the service of an instance up to date: its settings, from a file or from the
 * machine's metadata service; its certificate, from the directory where the Azure agent
 * lays it out; and what its health is, for whoever asks on the machine.
 */
#ifndef EXAMPLES_SERVICE_PARTS_H
#define EXAMPLES_SERVICE_PARTS_H

#include <cmg/cmg.h>
#include <poll.h>
#include <time.h>

/* ---- service_certificate.c ---- */

/* What the directory looked like when it was read last. */
struct certificate_seen {
    struct timespec newest;
    size_t count;
};
/* The newest pair that a server can use, when the directory has changed since; *out stays
   NULL when it has not. CMG_E_NOTFOUND when there is none. */
cmg_status certificate_look(cmg_context *ctx, const char *dir,
                            struct certificate_seen *seen, cmg_certificate **out,
                            cmg_error **err);

/* ---- service_health.c ---- */

/* "GET anything" on a port of this machine: 200 when well, 503 when not. */
struct health {
    int listener, client; /* -1: none */
};
bool health_open(struct health *h, const char *address); /* "ADDRESS:PORT" */
/* Fills two entries of a poll set. */
void health_watch(const struct health *h, struct pollfd set[2]);
void health_go(struct health *h, const struct pollfd set[2], bool well);
void health_close(struct health *h);

/* ---- service_parts.c ---- */

struct service_parts {
    /* borrowed from the command line; NULL: not given */
    const char *user_data, *metadata, *secrets_dir, *instance, *package, *health;
    int poll_ms;
    /* its own */
    cmg_context *ctx;
    cmg_service *service;
    struct health asked;
    struct certificate_seen seen;
    char *settings; /* the file as it was taken or refused last */
    struct timespec looked;
    bool is_open, has_settings, has_certificate, is_running, is_outdated;
};
cmg_status service_parts_open(struct service_parts *p, cmg_context *ctx,
                              cmg_service *service, cmg_error **err);
/* Settings and certificate; waits for those of a metadata service. CMG_OK also when the
   program is to end. */
cmg_status service_parts_first(struct service_parts *p, cmg_error **err);
/* Drives the context until the program is to end. */
cmg_status service_parts_run(struct service_parts *p, cmg_error **err);
void service_parts_close(struct service_parts *p);

#endif
