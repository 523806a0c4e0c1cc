/* See child.h. */
#include "child.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/support.h"

void child_choose_ports(uint16_t *ports, size_t count)
{
    int fds[8];

    for (size_t i = 0; i < count; i++) {
        struct sockaddr_in at = { .sin_family = AF_INET };
        socklen_t n = sizeof at;

        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_int_ge(fds[i], 0);
        ck_assert_int_eq(bind(fds[i], (struct sockaddr *)&at, n), 0);
        ck_assert_int_eq(getsockname(fds[i], (struct sockaddr *)&at, &n), 0);
        ports[i] = ntohs(at.sin_port);
    }
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]);
}

pid_t child_spawn(const char *const *argv, const char *log)
{
    const pid_t parent = getpid();
    const pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child != 0)
        return child;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (getppid() != parent || fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(126);
    union {
        const char *const *in;
        char *const *out;
    } words = { .in = argv };

    (void)execv(words.out[0], words.out);
    _exit(127);
}

bool child_is_open(uint16_t port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_ge(fd, 0);
    const bool open = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
    (void)close(fd);
    return open;
}
