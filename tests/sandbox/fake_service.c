/*
 * What a test's scale set runs instead of the service host: takes the same options,
 * writes the ready file, answers every connection with one line that tells who it is,
 * echoes nothing, ends when its standard input does. "crash" as the first byte makes it
 * end badly.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *option(int argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], name) == 0)
            return argv[i + 1];
    }
    fprintf(stderr, "%s is missing\n", name);
    exit(2);
}

static int listen_somewhere(unsigned *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        exit(3);
    *port = ntohs(a.sin_port);
    return fd;
}

static void write_ready_file(const char *path, const unsigned ports[3])
{
    char beside[4096];
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *f = fopen(beside, "w");

    if (f == NULL)
        exit(4);
    fprintf(f, "{\"client\":%u,\"channel\":%u,\"channel_https\":%u}\n", ports[0],
            ports[1], ports[2]);
    if (fclose(f) != 0 || rename(beside, path) != 0)
        exit(5);
}

/* Says who it is after the first byte came; then ends the connection. */
static void serve(int listener, const char *what, const char *instance)
{
    char text[256];
    char first = 0;
    int fd = accept(listener, NULL, NULL);

    if (fd < 0 || read(fd, &first, 1) != 1) {
        close(fd);
        return;
    }
    if (first == 'c')
        _exit(6);
    int n = snprintf(text, sizeof text, "%s %s\n", what, instance);
    if (write(fd, text, (size_t)n) != n)
        exit(7);
    close(fd);
}

int main(int argc, char **argv)
{
    static const char *const names[] = { "client", "channel", "https" };
    unsigned ports[3] = { 0, 0, 0 };
    struct pollfd fds[4] = { { .fd = listen_somewhere(&ports[0]), .events = POLLIN },
                             { .fd = listen_somewhere(&ports[1]), .events = POLLIN },
                             { .fd = listen_somewhere(&ports[2]), .events = POLLIN },
                             { .fd = 0, .events = POLLIN } };
    const char *instance = option(argc, argv, "--instance");

    if (access(option(argc, argv, "--user-data"), R_OK) != 0 ||
        access(option(argc, argv, "--secrets-dir"), R_OK) != 0 ||
        access(option(argc, argv, "--ca-file"), R_OK) != 0)
        return 8;
    write_ready_file(option(argc, argv, "--ready-file"), ports);
    for (;;) {
        char c = 0;
        if (poll(fds, 4, -1) < 0)
            return 9;
        for (int i = 0; i < 3; i++) {
            if (fds[i].revents != 0)
                serve(fds[i].fd, names[i], instance);
        }
        if (fds[3].revents != 0 && read(0, &c, 1) <= 0)
            return 0;
    }
}
