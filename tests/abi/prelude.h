/*
 * What the fragments in the documentation take for granted; see examples.py. Nothing here
 * is ever run or linked.
 */
#ifndef TESTS_ABI_PRELUDE_H
#define TESTS_ABI_PRELUDE_H

#include <cmg/cmg.h>
#include <cmg/sandbox.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

static cmg_status rc;
static cmg_error *err;
static cmg_context *ctx;
static cmg_authority *authority;
static cmg_certificate *certificate;
static cmg_gateway *gateway, *old_gateway, *new_gateway;
static cmg_deploy *deploy;
static cmg_service *service;
static cmg_connector *connector;
static cmg_client *client;
static cmg_sandbox *sandbox;
static cmg_authority *ca;
static cmg_key *key;
static cmg_template *tmpl;
static cmg_csr *csr;
static cmg_crl *crl;
static cmg_trust *trust;
static cmg_report *report;
static cmg_names *names;
static cmg_enrolment *enrolment;
static cmg_bytes *bytes;
static cmg_deploy_events events;
static cmg_bytes *pem, *text, *json;
static cmg_pfx_file *file;
static const char *client_id, *secret, *user_data, *data;
static size_t user_data_size, size, pem_size;
static bool done, stop;
static cmg_server_app *app;
static cmg_watch *watch;
static cmg_watch_events watch_events;
static cmg_import *import;

/* Of discovery. */
static const char *stored;
int on_user(cmg_deploy *d, const cmg_directory_user *entry, void *user);
int on_removed(cmg_deploy *d, cmg_discovery_kind kind, const char *id, void *user);
int on_link(cmg_deploy *d, cmg_discovery_kind kind, const char *link, bool is_last,
            void *user);

#endif
