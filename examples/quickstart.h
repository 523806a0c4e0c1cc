/* The parts of the quickstart: see quickstart.c. */
#ifndef EXAMPLES_QUICKSTART_H
#define EXAMPLES_QUICKSTART_H

#include <cmg/cmg.h>
#include <cmg/sandbox.h>

#include "host.h"

struct quickstart {
    const char *spec;             /* specification of the gateway */
    const char *directory;        /* where everything of this run is kept */
    const char *programs;         /* directory of service_host and connector_host */
    const char *package;          /* what instances install; NULL: the one among them */
    const char *management_point; /* script that runs nginx */
    bool keep;
    cmg_context *ctx;
    cmg_sandbox *sandbox;
    cmg_gateway *gateway;
    cmg_authority *authority;
    cmg_certificate *connector; /* the connection point's */
    cmg_certificate *client;    /* the internet client's */
    struct host_child site;     /* nginx */
    struct host_child dialler;  /* connector_host */
    char site_port[8];
};

/* "<directory>/<name>", from a small ring of static buffers. */
const char *quickstart_path(const struct quickstart *q, const char *name);
/* Drives the context for up to so long. */
cmg_status quickstart_turn(struct quickstart *q, int timeout_ms, cmg_error **err);

/* quickstart_parts.c: what stands around the gateway. */
cmg_status quickstart_start_cloud(struct quickstart *q, cmg_error **err);
cmg_status quickstart_make_certificates(struct quickstart *q, cmg_error **err);
bool quickstart_start_site(struct quickstart *q);
cmg_status quickstart_start_connector(struct quickstart *q, cmg_error **err);
/* Writes what curl needs and prints the line to type. */
cmg_status quickstart_print_curl(struct quickstart *q, cmg_error **err);

/* quickstart_requests.c: the internet client's requests and their table. */
cmg_status quickstart_send_requests(struct quickstart *q, cmg_error **err);

#endif
