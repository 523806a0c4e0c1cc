/* See peer.h. */
#include "net/peer.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

static int listen_on_loopback(uint16_t *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(0x7f000001) } };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(listen(fd, 64), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &n), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

void peer_open(struct peer *p, const struct peer_answer *script)
{
    memset(p, 0, sizeof *p);
    p->script = script;
    p->listener = listen_on_loopback(&p->port);
    for (int i = 0; i < PEER_MAX_REQUESTS; i++)
        p->conns[i] = -1;
}

static size_t content_length(const char *head, const char *end)
{
    static const char name[] = "content-length:";
    for (const char *line = head; line != NULL && line < end;) {
        if (strncasecmp(line, name, sizeof name - 1) == 0)
            return strtoul(line + sizeof name - 1, NULL, 10);
        line = strchr(line, '\n');
        if (line != NULL)
            line++;
    }
    return 0;
}

static void hang_up(struct peer *p, int i)
{
    close(p->conns[i]);
    p->conns[i] = -1;
}

static void answer(struct peer *p, int i)
{
    const struct peer_answer *a = &p->script[p->served];
    ck_assert_uint_lt(p->served, PEER_MAX_REQUESTS);
    memcpy(p->requests[p->served], p->buffers[i], p->lens[i] + 1);
    p->served++;
    p->lens[i] = 0;
    if (a->silent)
        return;
    for (size_t done = 0, n = a->text == NULL ? 0 : strlen(a->text); done < n;) {
        ssize_t put = send(p->conns[i], a->text + done, n - done, MSG_NOSIGNAL);
        if (put < 0)
            break;
        done += (size_t)put;
    }
    if (a->then_close || a->text == NULL)
        hang_up(p, i);
}

static void serve(struct peer *p, int i)
{
    char *buffer = p->buffers[i];
    ssize_t got =
        recv(p->conns[i], buffer + p->lens[i], sizeof p->buffers[i] - 1 - p->lens[i], 0);
    if (got == 0)
        hang_up(p, i);
    if (got <= 0)
        return;
    p->lens[i] += (size_t)got;
    buffer[p->lens[i]] = '\0';
    const char *end = strstr(buffer, "\r\n\r\n");
    if (end != NULL &&
        p->lens[i] >= (size_t)(end + 4 - buffer) + content_length(buffer, end))
        answer(p, i);
}

void peer_turn(struct peer *p)
{
    int fd = accept4(p->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    for (int i = 0; fd >= 0 && i < PEER_MAX_REQUESTS; i++) {
        if (p->conns[i] < 0) {
            p->conns[i] = fd;
            p->lens[i] = 0;
            p->accepted++;
            fd = -1;
        }
    }
    ck_assert_int_lt(fd, 0);
    for (int i = 0; i < PEER_MAX_REQUESTS; i++) {
        if (p->conns[i] >= 0)
            serve(p, i);
    }
}

void peer_close(struct peer *p)
{
    for (int i = 0; i < PEER_MAX_REQUESTS; i++) {
        if (p->conns[i] >= 0)
            close(p->conns[i]);
    }
    close(p->listener);
}

uint16_t peer_dead_port(void)
{
    uint16_t port = 0;
    close(listen_on_loopback(&port));
    return port;
}
