/* How the service is, for the health extension of this machine. See service_parts.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service_parts.h"

bool health_open(struct health *h, const char *address)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    const int yes = 1;
    char host[64];
    unsigned port = 0;

    h->client = -1;
    h->listener = -1;
    if (address == NULL)
        return true;
    if (sscanf(address, "%63[0-9.]:%u", host, &port) != 2 || port > 65535 ||
        inet_pton(AF_INET, host, &at.sin_addr) != 1) {
        fprintf(stderr, "error: --health %s is not ADDRESS:PORT\n", address);
        return false;
    }
    at.sin_port = htons((uint16_t)port);
    h->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    setsockopt(h->listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (h->listener < 0 || bind(h->listener, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(h->listener, 8) != 0) {
        perror("error: --health");
        health_close(h);
        return false;
    }
    return true;
}

void health_watch(const struct health *h, struct pollfd set[2])
{
    set[0] = (struct pollfd){ .fd = h->listener, .events = POLLIN };
    set[1] = (struct pollfd){ .fd = h->client, .events = POLLIN };
}

static void answer(struct health *h, bool well)
{
    char request[1024];
    char text[128];
    const char *state = well ? "Healthy" : "Unhealthy";

    if (recv(h->client, request, sizeof request, MSG_DONTWAIT) > 0) {
        const int n =
            snprintf(text, sizeof text,
                     "HTTP/1.1 %s\r\nContent-Length: %zu\r\n"
                     "Connection: close\r\n\r\n%s",
                     well ? "200 OK" : "503 Service Unavailable", strlen(state), state);
        (void)!send(h->client, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
    }
    close(h->client);
    h->client = -1;
}

/* One at a time: who says nothing gives way to the next. */
void health_go(struct health *h, const struct pollfd set[2], bool well)
{
    if (h->client >= 0 && set[1].revents != 0)
        answer(h, well);
    if (h->listener < 0 || set[0].revents == 0)
        return;
    if (h->client >= 0)
        close(h->client);
    h->client = accept4(h->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

void health_close(struct health *h)
{
    if (h->client >= 0)
        close(h->client);
    if (h->listener >= 0)
        close(h->listener);
    h->client = -1;
    h->listener = -1;
}
