/*
 * Accepting connections. A turn accepts a bounded number; when descriptors run out the
 * listener rests for a moment instead of spinning on a queue that it cannot empty.
 */
#include "base/str.h"
#include "net/loop_uv.h"
#include "net/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG         511
#define ACCEPT_PER_TURN 64
#define REST_MS         100

struct cmg__listener {
    struct cmg__loop *loop;
    int fd;
    uint16_t port;
    struct cmg__watch *watch;
    struct cmg__timer rest;
    void (*on_accept)(void *user, int fd, const char *peer);
    void *user;
    bool *freed; /* where a running callback learns that its listener is gone */
};

static void on_rested(struct cmg__timer *timer, void *user)
{
    struct cmg__listener *l = user;
    (void)timer;
    cmg__watch_set(l->watch, CMG__READABLE);
}

static void rest(struct cmg__listener *l, int os_errno)
{
    cmg__log(cmg__loop_context(l->loop), CMG_LOG_WARNING, "net", "net.accept", "",
             "port %u accepts no connection for %d ms: %s", (unsigned)l->port, REST_MS,
             uv_strerror(-os_errno));
    cmg__watch_set(l->watch, 0);
    cmg__timer_start(&l->rest, REST_MS);
}

/* IPv4 clients of an IPv6 socket appear under their IPv4 address. */
static void format_peer(const struct sockaddr_storage *a, char *out, size_t n)
{
    static const char mapped[] = "::ffff:";
    (void)uv_ip_name((const struct sockaddr *)a, out, n);
    if (cmg__str_starts(out, mapped) && strchr(out, '.') != NULL)
        memmove(out, out + sizeof mapped - 1, strlen(out + sizeof mapped - 1) + 1);
}

/* False: nothing more to accept in this turn. */
static bool accept_one(struct cmg__listener *l)
{
    struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
    socklen_t n = sizeof a;
    char peer[INET6_ADDRSTRLEN] = "";
    int fd = accept4(l->fd, (struct sockaddr *)&a, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        format_peer(&a, peer, sizeof peer);
        l->on_accept(l->user, fd, peer);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
        rest(l, errno);
    return errno == EINTR || errno == ECONNABORTED;
}

static void on_ready(void *user, unsigned ready)
{
    struct cmg__listener *l = user;
    bool freed = false;
    (void)ready;
    l->freed = &freed;
    for (int i = 0; i < ACCEPT_PER_TURN; i++) {
        bool more = accept_one(l);
        if (freed)
            return;
        if (!more)
            break;
    }
    l->freed = NULL;
}

static bool parse_address(const char *text, uint16_t port, struct sockaddr_storage *out,
                          socklen_t *n)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(port) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
    *out = (struct sockaddr_storage){ .ss_family = AF_UNSPEC };
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        memcpy(out, &v4, sizeof v4);
        *n = sizeof v4;
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
        return false;
    memcpy(out, &v6, sizeof v6);
    *n = sizeof v6;
    return true;
}

static const struct {
    int os_errno;
    cmg_status code;
    const char *remedy;
} remedies[] = {
    { EADDRINUSE, CMG_E_CONFLICT,
      "stop the program that uses it or choose another port" },
    { EACCES, CMG_E_DENIED,
      "choose a port above 1023, or run with the right to bind lower ones" },
    { EADDRNOTAVAIL, CMG_E_INVAL, "choose an address that this machine has" },
    { EMFILE, CMG_E_LIMIT, "raise the limit of open descriptors of this process" },
};

static cmg_status fail(struct cmg__loop *loop, const char *address, uint16_t port,
                       int os_errno, cmg_error **err)
{
    char subject[INET6_ADDRSTRLEN + 8];
    (void)snprintf(subject, sizeof subject, "%s:%u", address, (unsigned)port);
    struct cmg__error_info info = {
        .code = CMG_E_IO,
        .origin = CMG_ORIGIN_OS,
        .origin_number = os_errno,
        .subject = subject,
        .cause = uv_strerror(-os_errno),
        .remedy = "check the address and port",
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(remedies); i++) {
        if (remedies[i].os_errno == os_errno) {
            info.code = remedies[i].code;
            info.remedy = remedies[i].remedy;
        }
    }
    return cmg__error_set(err, cmg__loop_alloc(loop), &info,
                          "cannot listen on port %u of %s: %s", (unsigned)port, address,
                          info.cause);
}

/* A listening socket or a negative errno. */
static int open_listening(const struct sockaddr_storage *a, socklen_t n, uint16_t *port)
{
    struct sockaddr_storage bound = { .ss_family = AF_UNSPEC };
    socklen_t bound_n = sizeof bound;
    int one = 1;
    int fd = socket(a->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (const struct sockaddr *)a, n) != 0 || listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&bound, &bound_n) != 0) {
        int error = errno;
        (void)close(fd);
        return -error;
    }
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    memcpy(&v4, &bound, sizeof v4);
    memcpy(&v6, &bound, sizeof v6);
    *port = ntohs(bound.ss_family == AF_INET ? v4.sin_port : v6.sin6_port);
    return fd;
}

cmg_status cmg__listener_new(struct cmg__loop *loop, const char *address, uint16_t port,
                             void (*on_accept)(void *user, int fd, const char *peer),
                             void *user, struct cmg__listener **out, cmg_error **err)
{
    const struct cmg__alloc *alloc = cmg__loop_alloc(loop);
    struct sockaddr_storage a;
    socklen_t n = 0;
    if (!parse_address(address, port, &a, &n))
        return cmg__fail(err, alloc, CMG_E_INVAL, "address",
                         "give an IPv4 or IPv6 address, for example 127.0.0.1",
                         "\"%s\" is not an address to listen on", address);
    struct cmg__listener *l = cmg__alloc0(alloc, sizeof *l);
    if (l == NULL)
        return cmg__fail_nomem(err);
    l->loop = loop;
    l->on_accept = on_accept;
    l->user = user;
    cmg__timer_init(&l->rest, loop, on_rested, l);
    l->fd = open_listening(&a, n, &l->port);
    if (l->fd < 0) {
        cmg_status rc = fail(loop, address, port, -l->fd, err);
        cmg__free(alloc, l);
        return rc;
    }
    cmg_status rc = cmg__watch_new(loop, l->fd, on_ready, l, &l->watch, err);
    if (rc != CMG_OK) {
        (void)close(l->fd);
        cmg__free(alloc, l);
        return rc;
    }
    cmg__watch_set(l->watch, CMG__READABLE);
    *out = l;
    return CMG_OK;
}

uint16_t cmg__listener_port(const struct cmg__listener *listener)
{
    return listener->port;
}

void cmg__listener_free(struct cmg__listener *listener)
{
    if (listener == NULL)
        return;
    if (listener->freed != NULL)
        *listener->freed = true;
    cmg__timer_stop(&listener->rest);
    cmg__watch_free(listener->watch);
    (void)close(listener->fd);
    cmg__free(cmg__loop_alloc(listener->loop), listener);
}

size_t cmg__listener_max_descriptors(void)
{
    struct rlimit limit = { .rlim_cur = 0 };
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 1024;
    return (size_t)limit.rlim_cur;
}
