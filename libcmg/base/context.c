/*
 * The parts of a context that need no loop: memory, log, cloud, HTTPS settings. The rest
 * is in net/context.c.
 */
#include "base/context.h"

#include <arpa/inet.h>
#include <string.h>

enum { CA_PEM_MAX = 1024 * 1024, PROXY_USER_MAX = 255, PROXY_PASSWORD_MAX = 1024 };

void cmg__callback_enter(cmg_context *ctx)
{
    ctx->callback_depth++;
}

void cmg__callback_leave(cmg_context *ctx)
{
    ctx->callback_depth--;
}

cmg_status cmg__context_init_base(cmg_context *ctx, const cmg_allocator *allocator,
                                  cmg_error **err)
{
    *ctx = (struct cmg_context){ .alloc = cmg__alloc_libc, .env = cmg__env_system };
    if (allocator != NULL) {
        cmg_status rc =
            cmg__tagged_copy(&ctx->alloc.table, sizeof ctx->alloc.table,
                             sizeof(cmg_allocator), allocator, "cmg_allocator", err);

        if (rc != CMG_OK)
            return rc;
    }
    const cmg_allocator *table = &ctx->alloc.table;

    if (table->alloc == NULL || table->realloc == NULL || table->free == NULL)
        return cmg__fail(err, &cmg__alloc_libc, CMG_E_INVAL, "allocator",
                         "set alloc, realloc and free", "a function of it is NULL");
    cmg__buf_init(&ctx->ca_pem, &ctx->alloc, CA_PEM_MAX);
    cmg__secret_init(&ctx->proxy_password, &ctx->alloc);
    cmg__handle_init(&ctx->head, CMG__TAG_CONTEXT, NULL);
    return CMG_OK;
}

void cmg__context_done_base(cmg_context *ctx)
{
    cmg__buf_done(&ctx->ca_pem);
    cmg__free(&ctx->alloc, ctx->proxy);
    cmg__free(&ctx->alloc, ctx->proxy_user);
    cmg__secret_clear(&ctx->proxy_password);
    for (size_t i = 0; i < ctx->address_count; i++) {
        cmg__free(&ctx->alloc, ctx->addresses[i].host);
        cmg__free(&ctx->alloc, ctx->addresses[i].address);
    }
    cmg__free(&ctx->alloc, ctx->addresses);
    cmg__handle_done(&ctx->head);
}

/* "*.suffix" stands for every name that ends in ".suffix". */
static bool host_matches(const char *pattern, const char *host)
{
    if (pattern[0] == '*')
        return strlen(host) > strlen(pattern + 1) && cmg__str_iends(host, pattern + 1);
    return cmg__str_ieq(pattern, host);
}

static bool resolve_by_callback(const cmg_context *ctx, const char *host, uint16_t port,
                                char *address, uint16_t *address_port)
{
    cmg_address answer = { .size = sizeof answer };

    if (ctx->resolve_fn == NULL ||
        ctx->resolve_fn(host, port, &answer, ctx->resolve_user) != 1)
        return false;
    answer.address[sizeof answer.address - 1] = '\0';
    memcpy(address, answer.address, sizeof answer.address);
    *address_port = answer.port;
    return true;
}

bool cmg__context_resolve(const cmg_context *ctx, const char *host, uint16_t port,
                          char *address, uint16_t *address_port)
{
    for (size_t i = 0; i < ctx->address_count; i++) {
        const struct cmg__address_entry *entry = &ctx->addresses[i];

        if ((entry->port != 0 && entry->port != port) || !host_matches(entry->host, host))
            continue;
        memcpy(address, entry->address, strlen(entry->address) + 1);
        *address_port = entry->address_port != 0 ? entry->address_port : port;
        return true;
    }
    return resolve_by_callback(ctx, host, port, address, address_port);
}

/* -- public setters -- */

cmg_status cmg_context_set_log(cmg_context *ctx, cmg_log_level level, cmg_log_fn fn,
                               void *user, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (level < CMG_LOG_NONE || level > CMG_LOG_DEBUG)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "level", "use a cmg_log_level",
                         "log level %d is not allowed, 0 to 4 are", (int)level);
    ctx->log_fn = fn;
    ctx->log_user = user;
    ctx->log_level = level;
    return CMG_OK;
}

cmg_status cmg_context_set_cloud(cmg_context *ctx, cmg_cloud cloud, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (cloud < CMG_CLOUD_PUBLIC || cloud > CMG_CLOUD_CUSTOM)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "cloud", "use a cmg_cloud",
                         "cloud %d is not known, 0 to 4 are", (int)cloud);
    ctx->cloud = cloud;
    return CMG_OK;
}

static const char pem_begin[] = "-----BEGIN CERTIFICATE-----";

cmg_status cmg_context_add_ca_pem(cmg_context *ctx, const char *pem, size_t size,
                                  cmg_error **err)
{
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (pem == NULL || memmem(pem, size, pem_begin, sizeof pem_begin - 1) == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "pem",
                         "pass text with at least one BEGIN CERTIFICATE block",
                         "there is no PEM certificate in %zu bytes", size);
    size_t before = ctx->ca_pem.len;

    rc = cmg__buf_add(&ctx->ca_pem, pem, size);
    if (rc == CMG_OK)
        rc = cmg__buf_add_char(&ctx->ca_pem, '\n');
    if (rc == CMG_OK)
        return rc;
    if (ctx->ca_pem.data != NULL)
        ctx->ca_pem.data[ctx->ca_pem.len = before] = '\0';
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    return cmg__fail(err, &ctx->alloc, rc, "pem", "add only the authorities needed",
                     "the authorities are larger than %d bytes together", CA_PEM_MAX);
}

cmg_status cmg_context_add_ca_file(cmg_context *ctx, const char *path, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (path == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "path", "pass a file's path",
                         "the path is NULL");
    struct cmg__buf text;

    cmg__buf_init(&text, &ctx->alloc, CA_PEM_MAX);
    rc = cmg__file_read(&ctx->env, &ctx->alloc, path, CA_PEM_MAX, &text, err);
    if (rc == CMG_OK)
        rc = cmg_context_add_ca_pem(ctx, cmg__buf_cstr(&text), text.len, err);
    cmg__buf_done(&text);
    return rc;
}

/* "http://host[:port]", nothing else: no path, no credentials. */
static bool proxy_is_valid(const char *url)
{
    static const char scheme[] = "http://";
    const char *p = url + sizeof scheme - 1;

    if (!cmg__str_istarts(url, scheme) || *p == '\0')
        return false;
    for (; *p != '\0'; p++) {
        if (!cmg__is_alnum(*p) && strchr(".-:[]", *p) == NULL)
            return false;
    }
    return true;
}

cmg_status cmg_context_set_proxy(cmg_context *ctx, const char *url, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (url != NULL && !proxy_is_valid(url))
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "url",
                         "write http://host:port, without path or credentials",
                         "the proxy is not an http URL of host and port");
    return cmg__str_assign(&ctx->alloc, &ctx->proxy, url) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

/* What Basic (RFC 7617) can carry. */
static bool is_account_text(const char *s, size_t n, const char *without)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c < ' ' || c == 0x7f || strchr(without, s[i]) != NULL)
            return false;
    }
    return true;
}

static cmg_status check_account(const cmg_context *ctx, const char *user,
                                const char *password, size_t size, cmg_error **err)
{
    if (user[0] == '\0' || strlen(user) > PROXY_USER_MAX ||
        !is_account_text(user, strlen(user), ":"))
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "user",
                         "use 1 to 255 bytes without colons and control characters",
                         "the name of the proxy's account is not allowed");
    if (password == NULL || size > PROXY_PASSWORD_MAX ||
        !is_account_text(password, size, ""))
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "password",
                         "use at most 1024 bytes without control characters",
                         "the password of the proxy's account is not allowed");
    return CMG_OK;
}

cmg_status cmg_context_set_proxy_account(cmg_context *ctx, const char *user,
                                         const char *password, size_t size,
                                         cmg_error **err)
{
    char *name = NULL;
    struct cmg__secret fresh;
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc == CMG_OK && user != NULL)
        rc = check_account(ctx, user, password, size, err);
    if (rc != CMG_OK)
        return rc;
    cmg__secret_init(&fresh, &ctx->alloc);
    if (user != NULL) {
        name = cmg__strdup(&ctx->alloc, user);
        if (name == NULL || cmg__secret_set(&fresh, password, size) != CMG_OK) {
            cmg__free(&ctx->alloc, name);
            return cmg__fail_nomem(err);
        }
    }
    cmg__free(&ctx->alloc, ctx->proxy_user);
    cmg__secret_clear(&ctx->proxy_password);
    ctx->proxy_user = name;
    ctx->proxy_password = fresh;
    return CMG_OK;
}

static bool address_is_valid(const char *address)
{
    unsigned char scratch[16];

    return address != NULL && (inet_pton(AF_INET, address, scratch) == 1 ||
                               inet_pton(AF_INET6, address, scratch) == 1);
}

static cmg_status address_append(cmg_context *ctx, const char *host, uint16_t port,
                                 const char *address, uint16_t address_port)
{
    size_t size = (ctx->address_count + 1) * sizeof *ctx->addresses;
    struct cmg__address_entry *list = cmg__realloc(&ctx->alloc, ctx->addresses, size);

    if (list == NULL)
        return CMG_E_NOMEM;
    ctx->addresses = list;
    struct cmg__address_entry entry = { .host = cmg__strdup(&ctx->alloc, host),
                                        .address = cmg__strdup(&ctx->alloc, address),
                                        .port = port,
                                        .address_port = address_port };

    if (entry.host == NULL || entry.address == NULL) {
        cmg__free(&ctx->alloc, entry.host);
        cmg__free(&ctx->alloc, entry.address);
        return CMG_E_NOMEM;
    }
    list[ctx->address_count++] = entry;
    return CMG_OK;
}

cmg_status cmg_context_add_address(cmg_context *ctx, const char *host, uint16_t port,
                                   const char *address, uint16_t address_port,
                                   cmg_error **err)
{
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__str_is_empty(host) || (host[0] == '*' && host[1] != '.'))
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "host",
                         "write a host name or *.suffix", "host \"%s\" is not allowed",
                         cmg__str_or(host, ""));
    if (!address_is_valid(address))
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "address",
                         "write an IPv4 or IPv6 address such as 127.0.0.1",
                         "address \"%.64s\" is not allowed", cmg__str_or(address, ""));
    if (ctx->address_count >= CMG__MAX_ADDRESSES)
        return cmg__fail(err, &ctx->alloc, CMG_E_LIMIT, "host", "use *.suffix entries",
                         "there are %d addresses already", CMG__MAX_ADDRESSES);
    if (address_append(ctx, host, port, address, address_port) != CMG_OK)
        return cmg__fail_nomem(err);
    return CMG_OK;
}

cmg_status cmg_context_set_resolver(cmg_context *ctx, cmg_resolve_fn fn, void *user,
                                    cmg_error **err)
{
    cmg_status rc = cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);

    if (rc != CMG_OK)
        return rc;
    ctx->resolve_fn = fn;
    ctx->resolve_user = user;
    return CMG_OK;
}
