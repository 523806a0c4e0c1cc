/*
 * The stream at the bottom: a non-blocking TCP socket. Dialling looks the name up
 * (address table and resolver of the context, then DNS in libuv's worker threads) and
 * tries what it got one after the other, each with a fair share of the time that is left.
 * What only dialling needs is given back once the stream is open.
 *
 * state       event                 next
 * looking up  addresses             trying the first
 * looking up  none, out of time     failed
 * trying      connected             open
 * trying      refused, share over   trying the next, or failed after the last
 */
#include "base/str.h"
#include "net/loop_uv.h"
#include "net/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_ADDRESSES 8
#define LATE          "no answer in time"

struct tcp;

/* A name lookup belongs to libuv until it ends, also when nobody waits for it any more.
 */
struct lookup {
    uv_getaddrinfo_t request;
    const struct cmg__alloc *alloc;
    struct tcp *tcp; /* NULL: orphaned */
};

struct dial {
    struct cmg__task start;
    struct cmg__timer timer;
    int64_t deadline_ms;
    char *host;
    uint16_t port;
    struct lookup *lookup;
    struct sockaddr_storage addresses[MAX_ADDRESSES];
    size_t count;
    size_t next; /* the one to try after the present one */
};

struct tcp {
    struct cmg__stream base;
    char *name; /* "host:port" or the peer's address, for messages */
    int fd;
    struct cmg__watch *watch;
    unsigned wanted;
    struct dial *dial; /* while connecting */
};

static struct tcp *tcp_of(struct cmg__stream *s)
{
    return CMG__CONTAINER(s, struct tcp, base);
}

static const struct cmg__alloc *alloc_of(const struct tcp *tcp)
{
    return cmg__loop_alloc(tcp->base.loop);
}

static void close_socket(struct tcp *tcp)
{
    cmg__watch_free(tcp->watch);
    tcp->watch = NULL;
    if (tcp->fd >= 0)
        (void)close(tcp->fd);
    tcp->fd = -1;
}

static void drop_dial(struct tcp *tcp)
{
    struct dial *dial = tcp->dial;
    if (dial == NULL)
        return;
    cmg__task_cancel(&dial->start);
    cmg__timer_stop(&dial->timer);
    if (dial->lookup != NULL) {
        dial->lookup->tcp = NULL;
        (void)uv_cancel((uv_req_t *)&dial->lookup->request);
    }
    cmg__free(alloc_of(tcp), dial->host);
    cmg__free(alloc_of(tcp), dial);
    tcp->dial = NULL;
}

/* --- failing --- */

static const struct {
    int os_errno;
    const char *remedy;
} remedies[] = {
    { ECONNREFUSED, "check that the service runs there and listens on this port" },
    { ETIMEDOUT, "check the address and that no firewall is in the way" },
    { EHOSTUNREACH, "check the address and this machine's routes" },
    { ENETUNREACH, "check the address and this machine's routes" },
    { ECONNRESET, "check why the other side ended the connection" },
    { EPIPE, "check why the other side ended the connection" },
    { EMFILE, "raise the limit of open descriptors of this process" },
    { ENFILE, "raise the limit of open descriptors of this machine" },
};

static const char *remedy_of(int os_errno)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(remedies); i++) {
        if (remedies[i].os_errno == os_errno)
            return remedies[i].remedy;
    }
    return "check the address and the network";
}

static enum cmg__io fail(struct tcp *tcp, cmg_status code, int os_errno, const char *what,
                         const char *cause)
{
    struct cmg__error_info info = {
        .code = code,
        .retry = CMG_RETRY_TRANSIENT,
        .origin = CMG_ORIGIN_OS,
        .origin_number = os_errno,
        .subject = tcp->name,
        .cause = cause,
        .remedy = remedy_of(os_errno),
    };
    (void)cmg__error_set(&tcp->base.error, alloc_of(tcp), &info, "%s: %s (%s)", tcp->name,
                         what, cause);
    return CMG__IO_ERROR;
}

static enum cmg__io fail_errno(struct tcp *tcp, int os_errno, const char *what)
{
    return fail(tcp, CMG_E_IO, os_errno, what, uv_strerror(-os_errno));
}

/* Last: the owner may free the stream inside. */
static void tell(struct tcp *tcp)
{
    if (tcp->base.on_event != NULL)
        tcp->base.on_event(&tcp->base, tcp->base.user);
}

/* Dialling is over without a connection; the error is set. */
static void give_up(struct tcp *tcp)
{
    close_socket(tcp);
    drop_dial(tcp);
    tell(tcp);
}

/* --- dialling --- */

static void try_next(struct tcp *tcp);

static void become_open(struct tcp *tcp)
{
    int one = 1;
    (void)setsockopt(tcp->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    drop_dial(tcp);
    tcp->base.open = true;
    cmg__watch_set(tcp->watch, tcp->wanted);
    tell(tcp);
}

static void on_dialled(struct tcp *tcp)
{
    int error = 0;
    socklen_t n = sizeof error;
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
        error = errno;
    if (error == 0) {
        become_open(tcp);
        return;
    }
    (void)fail_errno(tcp, error, "cannot connect");
    try_next(tcp);
}

static void on_ready(void *user, unsigned ready)
{
    struct tcp *tcp = user;
    (void)ready;
    if (tcp->dial != NULL)
        on_dialled(tcp);
    else
        tell(tcp);
}

static bool open_socket(struct tcp *tcp, const struct sockaddr_storage *address)
{
    tcp->fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (tcp->fd < 0) {
        (void)fail_errno(tcp, errno, "cannot open a socket");
        return false;
    }
    socklen_t n = address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                : sizeof(struct sockaddr_in6);
    int rc = connect(tcp->fd, (const struct sockaddr *)address, n);
    if (rc != 0 && errno != EINPROGRESS) {
        (void)fail_errno(tcp, errno, "cannot connect");
        return false;
    }
    if (cmg__watch_new(tcp->base.loop, tcp->fd, on_ready, tcp, &tcp->watch,
                       &tcp->base.error) != CMG_OK)
        return false;
    cmg__watch_set(tcp->watch, CMG__WRITABLE);
    return true;
}

/* A failed address only counts when it was the last: then its error stays. */
static void try_next(struct tcp *tcp)
{
    struct dial *dial = tcp->dial;
    while (dial->next < dial->count) {
        close_socket(tcp);
        cmg_error_unref(tcp->base.error);
        tcp->base.error = NULL;
        size_t left = dial->count - dial->next;
        int64_t time_left = dial->deadline_ms - cmg__loop_now_ms(tcp->base.loop);
        if (time_left <= 0) {
            (void)fail(tcp, CMG_E_TIMEOUT, ETIMEDOUT, "cannot connect", LATE);
            break;
        }
        if (open_socket(tcp, &dial->addresses[dial->next++])) {
            cmg__timer_start(&dial->timer, time_left / (int64_t)left);
            return;
        }
    }
    give_up(tcp);
}

static void on_time_over(struct cmg__timer *timer, void *user)
{
    struct tcp *tcp = user;
    (void)timer;
    (void)fail(tcp, CMG_E_TIMEOUT, ETIMEDOUT, "cannot connect",
               tcp->dial->lookup != NULL ? "the name was not looked up in time" : LATE);
    try_next(tcp);
}

static bool add_address(struct dial *dial, int family, const void *bytes)
{
    if (dial->count == MAX_ADDRESSES)
        return false;
    struct sockaddr_storage *out = &dial->addresses[dial->count];
    if (family == AF_INET) {
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(dial->port) };
        memcpy(&a.sin_addr, bytes, sizeof a.sin_addr);
        memcpy(out, &a, sizeof a);
    } else {
        struct sockaddr_in6 a = { .sin6_family = AF_INET6,
                                  .sin6_port = htons(dial->port) };
        memcpy(&a.sin6_addr, bytes, sizeof a.sin6_addr);
        memcpy(out, &a, sizeof a);
    }
    dial->count++;
    return true;
}

static bool add_literal(struct dial *dial, const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];
    if (inet_pton(AF_INET, text, bytes) == 1)
        return add_address(dial, AF_INET, bytes);
    return inet_pton(AF_INET6, text, bytes) == 1 && add_address(dial, AF_INET6, bytes);
}

static void take_addresses(struct dial *dial, const struct addrinfo *list)
{
    for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        if (a->ai_family == AF_INET) {
            memcpy(&v4, a->ai_addr, sizeof v4);
            (void)add_address(dial, AF_INET, &v4.sin_addr);
        } else if (a->ai_family == AF_INET6) {
            memcpy(&v6, a->ai_addr, sizeof v6);
            (void)add_address(dial, AF_INET6, &v6.sin6_addr);
        }
    }
}

static void on_looked_up(uv_getaddrinfo_t *request, int status, struct addrinfo *list)
{
    struct lookup *lookup = request->data;
    struct tcp *tcp = lookup->tcp;
    cmg__free(lookup->alloc, lookup);
    if (tcp != NULL) {
        tcp->dial->lookup = NULL;
        take_addresses(tcp->dial, list);
        if (tcp->dial->count == 0)
            (void)fail(tcp, CMG_E_IO, 0, "the name cannot be looked up",
                       status == 0 ? "it has no address" : uv_strerror(status));
        try_next(tcp);
    }
    uv_freeaddrinfo(list);
}

static bool look_up(struct tcp *tcp)
{
    struct dial *dial = tcp->dial;
    struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    struct lookup *lookup = cmg__alloc0(alloc_of(tcp), sizeof *lookup);
    if (lookup == NULL) {
        (void)cmg__fail_nomem(&tcp->base.error);
        return false;
    }
    lookup->alloc = alloc_of(tcp);
    lookup->tcp = tcp;
    lookup->request.data = lookup;
    int rc = uv_getaddrinfo(cmg__loop_uv(tcp->base.loop), &lookup->request, on_looked_up,
                            dial->host, NULL, &hints);
    if (rc != 0) {
        cmg__free(alloc_of(tcp), lookup);
        (void)fail(tcp, CMG_E_IO, -rc, "the name cannot be looked up", uv_strerror(rc));
        return false;
    }
    dial->lookup = lookup;
    return true;
}

static void start_dialling(struct cmg__task *task, void *user)
{
    struct tcp *tcp = user;
    struct dial *dial = tcp->dial;
    char address[INET6_ADDRSTRLEN];
    (void)task;
    bool fixed = cmg__context_resolve(cmg__loop_context(tcp->base.loop), dial->host,
                                      dial->port, address, &dial->port);
    if (add_literal(dial, fixed ? address : dial->host))
        try_next(tcp);
    else if (!look_up(tcp))
        give_up(tcp);
    else
        cmg__timer_start(&dial->timer,
                         dial->deadline_ms - cmg__loop_now_ms(tcp->base.loop));
}

/* --- the operations --- */

static enum cmg__io tcp_connect(struct cmg__stream *s)
{
    (void)s; /* open and failed were looked at before */
    return CMG__IO_AGAIN;
}

static enum cmg__io tcp_read(struct cmg__stream *s, void *out, size_t n, size_t *got)
{
    struct tcp *tcp = tcp_of(s);
    ssize_t rc = 0;
    do
        rc = recv(tcp->fd, out, n, 0);
    while (rc < 0 && errno == EINTR);
    if (rc > 0) {
        *got = (size_t)rc;
        return CMG__IO_OK;
    }
    if (rc == 0)
        return CMG__IO_EOF;
    if (errno == EAGAIN)
        return CMG__IO_AGAIN;
    return fail_errno(tcp, errno, "the connection broke");
}

static enum cmg__io tcp_write(struct cmg__stream *s, const void *data, size_t n,
                              size_t *put)
{
    struct tcp *tcp = tcp_of(s);
    ssize_t rc = 0;
    if (n == 0)
        return CMG__IO_OK;
    do
        rc = send(tcp->fd, data, n, MSG_NOSIGNAL);
    while (rc < 0 && errno == EINTR);
    if (rc >= 0) {
        *put = (size_t)rc;
        return CMG__IO_OK;
    }
    if (errno == EAGAIN)
        return CMG__IO_AGAIN;
    return fail_errno(tcp, errno, "the connection broke");
}

static size_t tcp_pending(struct cmg__stream *s)
{
    (void)s; /* the kernel's bytes raise an event by themselves */
    return 0;
}

static void tcp_want(struct cmg__stream *s, unsigned wanted)
{
    struct tcp *tcp = tcp_of(s);
    tcp->wanted = wanted;
    if (s->open && tcp->watch != NULL)
        cmg__watch_set(tcp->watch, wanted);
}

static enum cmg__io tcp_shutdown(struct cmg__stream *s)
{
    struct tcp *tcp = tcp_of(s);
    if (shutdown(tcp->fd, SHUT_WR) == 0 || errno == ENOTCONN)
        return CMG__IO_OK;
    return fail_errno(tcp, errno, "the connection broke");
}

static void tcp_destroy(struct cmg__stream *s)
{
    struct tcp *tcp = tcp_of(s);
    const struct cmg__alloc *alloc = alloc_of(tcp);
    drop_dial(tcp);
    close_socket(tcp);
    cmg_error_unref(s->error);
    cmg__free(alloc, tcp->name);
    cmg__free(alloc, tcp);
}

static const struct cmg__stream_ops tcp_ops = {
    .connect = tcp_connect,
    .read = tcp_read,
    .write = tcp_write,
    .pending = tcp_pending,
    .want = tcp_want,
    .shutdown = tcp_shutdown,
    .destroy = tcp_destroy,
};

static struct tcp *make(struct cmg__loop *loop, char *name)
{
    struct tcp *tcp =
        name == NULL ? NULL : cmg__alloc0(cmg__loop_alloc(loop), sizeof *tcp);
    if (tcp == NULL) {
        cmg__free(cmg__loop_alloc(loop), name);
        return NULL;
    }
    tcp->base.ops = &tcp_ops;
    tcp->base.loop = loop;
    tcp->name = name;
    tcp->fd = -1;
    return tcp;
}

cmg_status cmg__tcp_connect(struct cmg__loop *loop, const char *host, uint16_t port,
                            int64_t timeout_ms, struct cmg__stream **out, cmg_error **err)
{
    const struct cmg__alloc *alloc = cmg__loop_alloc(loop);
    struct tcp *tcp = make(loop, cmg__format(alloc, "%s:%u", host, (unsigned)port));
    if (tcp == NULL)
        return cmg__fail_nomem(err);
    struct dial *dial = cmg__alloc0(alloc, sizeof *dial);
    char *copy = cmg__strdup(alloc, host);
    if (dial == NULL || copy == NULL) {
        cmg__free(alloc, dial);
        cmg__free(alloc, copy);
        tcp_destroy(&tcp->base);
        return cmg__fail_nomem(err);
    }
    cmg__lower_in_place(copy);
    dial->host = copy;
    dial->port = port;
    dial->deadline_ms = cmg__loop_now_ms(loop) + timeout_ms;
    cmg__timer_init(&dial->timer, loop, on_time_over, tcp);
    cmg__task_init(&dial->start, start_dialling, tcp);
    tcp->dial = dial;
    cmg__task_post(loop, &dial->start);
    *out = &tcp->base;
    return CMG_OK;
}

static char *peer_name(const struct cmg__alloc *alloc, int fd)
{
    struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
    socklen_t n = sizeof a;
    char text[INET6_ADDRSTRLEN] = "?";
    if (getpeername(fd, (struct sockaddr *)&a, &n) == 0 &&
        (a.ss_family == AF_INET || a.ss_family == AF_INET6))
        (void)uv_ip_name((const struct sockaddr *)&a, text, sizeof text);
    return cmg__strdup(alloc, text);
}

cmg_status cmg__tcp_adopt(struct cmg__loop *loop, int fd, struct cmg__stream **out,
                          cmg_error **err)
{
    struct tcp *tcp = make(loop, peer_name(cmg__loop_alloc(loop), fd));
    if (tcp == NULL) {
        (void)close(fd);
        return cmg__fail_nomem(err);
    }
    tcp->fd = fd;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    cmg_status rc = cmg__watch_new(loop, fd, on_ready, tcp, &tcp->watch, err);
    if (rc != CMG_OK) {
        tcp_destroy(&tcp->base);
        return rc;
    }
    int one = 1;
    /* No TCP (a socket pair) is fine too. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    tcp->base.open = true;
    *out = &tcp->base;
    return CMG_OK;
}
