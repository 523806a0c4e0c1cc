/* See child.h. */
#include "child.h"

#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void child_start(struct child *c, const char *program, const char *const *arguments,
                 const struct site *site)
{
    char copies[8][64] = { 0 };
    char *argv[8] = { 0 };
    posix_spawn_file_actions_t actions;
    int in[2], out[2];

    *c = (struct child){ 0 };
    argv[0] = strcpy(copies[0], "child");
    for (size_t i = 0; arguments[i] != NULL && i < 6; i++)
        argv[i + 1] = strncpy(copies[i + 1], arguments[i], sizeof copies[0] - 1);
    ck_assert_int_eq(pipe2(in, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(out, O_CLOEXEC), 0);
    ck_assert_int_eq(posix_spawn_file_actions_init(&actions), 0);
    ck_assert_int_eq(posix_spawn_file_actions_adddup2(&actions, in[0], 0), 0);
    ck_assert_int_eq(posix_spawn_file_actions_adddup2(&actions, out[1], 1), 0);
    ck_assert_int_eq(posix_spawn(&c->pid, program, &actions, NULL, argv, environ), 0);
    ck_assert_int_eq(posix_spawn_file_actions_destroy(&actions), 0);
    ck_assert_int_eq(write(in[1], site, sizeof *site), (int)sizeof *site);
    (void)close(in[0]);
    (void)close(in[1]);
    (void)close(out[1]);
    c->out = out[0];
}

bool child_wait_for(struct child *c, const char *text)
{
    while (text == NULL || strstr(c->text, text) == NULL) {
        ck_assert_uint_lt(c->len + 1, sizeof c->text);
        ssize_t n = read(c->out, c->text + c->len, sizeof c->text - c->len - 1);
        if (n <= 0)
            return false;
        c->len += (size_t)n;
        c->text[c->len] = '\0';
    }
    return true;
}

int child_reap(struct child *c)
{
    int status = 0;

    ck_assert_int_eq(waitpid(c->pid, &status, 0), c->pid);
    (void)close(c->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
