/*
 * The parts of a context that every room may see. The event loop and the HTTP engine hang
 * on it as opaque pointers: net/context.c makes and ends them, nobody above net/ looks
 * in.
 */
#ifndef CMG_BASE_CONTEXT_H
#define CMG_BASE_CONTEXT_H

#include "base/alloc.h"
#include "base/env.h"
#include "base/error.h"
#include "base/handle.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"

struct cmg__loop;
struct cmg__http;

struct cmg__address_entry {
    char *host;
    char *address;
    uint16_t port;
    uint16_t address_port;
};

#define CMG__MAX_ADDRESSES 256

#define CMG__ENDPOINTS     ((size_t)CMG_ENDPOINT_STORAGE_AUDIENCE + 1)
#define CMG__ENDPOINT_SIZE 256

struct cmg_context {
    struct cmg__handle head;
    struct cmg__alloc alloc;
    struct cmg__env env;
    cmg_cloud cloud;
    char endpoints[CMG__ENDPOINTS][CMG__ENDPOINT_SIZE]; /* "": the cloud's own */
    /* log */
    cmg_log_fn log_fn;
    void *log_user;
    cmg_log_level log_level;
    /* HTTPS settings, read by net/ at each request */
    struct cmg__buf ca_pem;
    char *proxy;
    char *proxy_user; /* NULL: without an account */
    struct cmg__secret proxy_password;
    struct cmg__address_entry *addresses;
    size_t address_count;
    cmg_resolve_fn resolve_fn;
    void *resolve_user;
    /* net/ */
    struct cmg__loop *loop;
    struct cmg__http *http;
    unsigned callback_depth; /* > 0 while a callback of the host runs */
};

/* Bracket every call of a host callback. */
void cmg__callback_enter(cmg_context *ctx);
void cmg__callback_leave(cmg_context *ctx);

/* Everything but loop and http; used by cmg_context_new and by tests of pure rooms. */
cmg_status cmg__context_init_base(cmg_context *ctx, const cmg_allocator *allocator,
                                  cmg_error **err);
void cmg__context_done_base(cmg_context *ctx);

/* Table first, then the resolver callback. False: ask DNS. address holds 46 bytes. */
bool cmg__context_resolve(const cmg_context *ctx, const char *host, uint16_t port,
                          char *address, uint16_t *address_port);

#endif
