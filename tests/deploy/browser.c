/* See browser.h. */
#include "browser.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/http.h"

const char *browser_parameter(const struct world *w, const char *name)
{
    static char values[4][2048];
    static unsigned next;
    char *value = values[next++ % 4];
    const char *query = strchr(w->browser_url, '?');
    struct cmg__buf text;

    ck_assert_ptr_nonnull(query);
    cmg__buf_init(&text, &cmg__alloc_libc, sizeof values[0] - 1);
    ck_assert_int_ge(cmg__form_get(query + 1, strlen(query + 1), name, &text), 0);
    (void)snprintf(value, sizeof values[0], "%s", cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return value;
}

static unsigned port_of(const struct world *w)
{
    unsigned port = 0;
    char rest[4] = "";

    ck_assert_int_eq(sscanf(browser_parameter(w, "redirect_uri"),
                            "http://localhost:%u%3s", &port, rest),
                     2);
    ck_assert_str_eq(rest, "/");
    return port;
}

static int connect_to(unsigned port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(inet_pton(AF_INET, "127.0.0.1", &to.sin_addr), 1);
    ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    return fd;
}

void browser_knock(struct world *w, const char *request, char *page, size_t size)
{
    char text[16384];
    size_t got = 0;
    const unsigned port = port_of(w);
    const int fd = connect_to(port);
    const int n = snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n",
                           request, port);

    ck_assert_int_eq(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
    for (unsigned i = 0; i < 20000; i++) {
        const ssize_t more = recv(fd, page + got, size - 1 - got, MSG_DONTWAIT);
        if (more == 0)
            break;
        got += more > 0 ? (size_t)more : 0;
        if (w->deploy != NULL && w->deploy->running)
            world_turns(w, 1);
    }
    page[got] = '\0';
    (void)close(fd);
}

int browser_ask(struct world *w, const char *request, char *page, size_t size)
{
    int status = 0;

    browser_knock(w, request, page, size);
    ck_assert_int_eq(sscanf(page, "HTTP/1.1 %d", &status), 1);
    return status;
}

int browser_return(struct world *w, const char *query)
{
    char request[4096];
    char page[4096];

    (void)snprintf(request, sizeof request, "GET /?%s&state=%s", query,
                   browser_parameter(w, "state"));
    return browser_ask(w, request, page, sizeof page);
}

void browser_wait(struct world *w, unsigned n)
{
    for (unsigned i = 0; i < 1000 && w->prompts < n; i++)
        world_turns(w, 1);
    ck_assert_uint_eq(w->prompts, n);
}
