/* The user data of this machine from its metadata service. See service_parts.h. */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service_parts.h"

#define ANSWER_S 5
#define TARGET   "/metadata/instance/compute/userData?api-version=2021-01-01&format=text"

bool metadata_open(struct metadata *m, const char *url)
{
    m->fd = -1;
    m->path[0] = '\0';
    snprintf(m->port, sizeof m->port, "80");
    if (sscanf(url, "http://%63[0-9.]:%7[0-9]%255s", m->host, m->port, m->path) >= 2 ||
        sscanf(url, "http://%63[0-9.]%255s", m->host, m->path) >= 1) {
        snprintf(m->request, sizeof m->request,
                 "GET %s" TARGET " HTTP/1.1\r\nHost: %s\r\nMetadata: true\r\n"
                 "Connection: close\r\n\r\n",
                 m->path, m->host);
        return true;
    }
    fprintf(stderr, "error: --metadata %s is not http://ADDRESS[:PORT][/PATH]\n", url);
    return false;
}

void metadata_end(struct metadata *m)
{
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
}

void metadata_begin(struct metadata *m)
{
    const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                    .ai_socktype = SOCK_STREAM };
    struct addrinfo *at = NULL;

    metadata_end(m);
    m->sent = 0;
    m->have = 0;
    clock_gettime(CLOCK_MONOTONIC, &m->since);
    if (getaddrinfo(m->host, m->port, &hints, &at) != 0)
        return;
    m->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (m->fd >= 0 && connect(m->fd, at->ai_addr, at->ai_addrlen) != 0 &&
        errno != EINPROGRESS)
        metadata_end(m);
    freeaddrinfo(at);
}

short metadata_events(const struct metadata *m)
{
    return m->sent < strlen(m->request) ? POLLOUT : POLLIN;
}

static bool is_late(const struct metadata *m)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec - m->since.tv_sec > ANSWER_S;
}

static int value_of(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)(at - digits);
}

/* Base64 as a text of its own; NULL when it is none. */
static char *decode(const char *text)
{
    char *out = calloc(1, strlen(text) + 1);
    unsigned bits = 0;
    int have = 0;
    size_t n = 0;

    for (; out != NULL && *text != '\0' && strchr("=\r\n", *text) == NULL; text++) {
        const int value = value_of(*text);
        if (value < 0) {
            free(out);
            return NULL;
        }
        bits = bits << 6 | (unsigned)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have);
        }
    }
    return out;
}

/* A whole answer is one with the length it tells. */
static char *read_answer(const struct metadata *m)
{
    const char *body = strstr(m->answer, "\r\n\r\n");
    const char *length = strcasestr(m->answer, "\r\nContent-Length:");

    if (strncmp(m->answer, "HTTP/1.1 200", 12) != 0 || body == NULL || length == NULL ||
        length > body)
        return NULL;
    body += 4;
    const size_t told = strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
    return strlen(body) == told ? decode(body) : NULL;
}

static bool send_rest(struct metadata *m)
{
    const size_t left = strlen(m->request) - m->sent;
    ssize_t n = left == 0 ? 0 : send(m->fd, m->request + m->sent, left, MSG_NOSIGNAL);

    if (n > 0)
        m->sent += (size_t)n;
    return n >= 0 || errno == EAGAIN;
}

enum metadata_state metadata_go(struct metadata *m, char **text)
{
    *text = NULL;
    if (m->fd < 0 || is_late(m) || !send_rest(m)) {
        metadata_end(m);
        return METADATA_FAILED;
    }
    for (;;) {
        if (m->have + 1 >= sizeof m->answer)
            break; /* more than a machine's user data can be */
        ssize_t n = recv(m->fd, m->answer + m->have, sizeof m->answer - m->have - 1, 0);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN))
            return METADATA_BUSY;
        if (n <= 0) {
            m->answer[m->have] = '\0';
            *text = n == 0 ? read_answer(m) : NULL;
            break;
        }
        m->have += (size_t)n;
    }
    metadata_end(m);
    return *text == NULL ? METADATA_FAILED : METADATA_DONE;
}
