/*
 * Stands for the service program of an instance where only the control plane is tested:
 * listens on two ports, says so in the ready file, and waits to be ended.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static unsigned listen_anywhere(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)(void *)&address, size) != 0 ||
        listen(fd, 8) != 0 ||
        getsockname(fd, (struct sockaddr *)(void *)&address, &size) != 0)
        return 0;
    return ntohs(address.sin_port);
}

static int write_ready(const char *path)
{
    char temporary[4096];
    FILE *file = NULL;

    (void)snprintf(temporary, sizeof temporary, "%s.tmp", path);
    file = fopen(temporary, "w");
    if (file == NULL)
        return 1;
    (void)fprintf(file, "{\"client\":%u,\"channel\":%u}\n", listen_anywhere(),
                  listen_anywhere());
    return fclose(file) != 0 || rename(temporary, path) != 0;
}

int main(int argc, char **argv)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 1; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--ready-file") == 0 && write_ready(argv[i + 1]) != 0)
            return 1;
    }
    for (;;)
        (void)pause();
}
