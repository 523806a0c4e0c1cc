/*
 * Child processes by uv_spawn. The memory of a process belongs to libuv until both of its
 * handles (process, pipe) are closed, which is some turns after it was freed.
 */
#include "net/process.h"
#include "net/loop_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

struct cmg__process {
    uv_process_t process;
    uv_pipe_t input;
    const struct cmg__alloc *alloc;
    void (*on_exit)(void *user, int exit_status, int signal);
    void *user;
    int pid;
    bool running;
    unsigned open_handles;
};

static void on_closed(uv_handle_t *handle)
{
    struct cmg__process *p = handle->data;
    p->open_handles--;
    if (p->open_handles == 0)
        cmg__free(p->alloc, p);
}

static void close_handles(struct cmg__process *p)
{
    uv_close((uv_handle_t *)&p->process, on_closed);
    uv_close((uv_handle_t *)&p->input, on_closed);
}

static void on_exited(uv_process_t *process, int64_t exit_status, int term_signal)
{
    struct cmg__process *p = process->data;
    p->running = false;
    p->on_exit(p->user, (int)exit_status, term_signal);
}

/* libuv's options have no const; it only reads what they point to. */
static char **unconst(const char *const *list)
{
    char **out = NULL;
    memcpy(&out, &list, sizeof out);
    return out;
}

static cmg_status open_output(struct cmg__loop *loop, const char *path, int *out_fd,
                              cmg_error **err)
{
    const struct cmg__env *env = &cmg__loop_context(loop)->env;
    *out_fd = -1;
    if (path == NULL)
        return CMG_OK;
    int fd = env->open(env->user, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return cmg__fail_os(err, cmg__loop_alloc(loop), -fd, path, "cannot be written");
    *out_fd = fd;
    return CMG_OK;
}

static int spawn(struct cmg__loop *loop, struct cmg__process *p,
                 const struct cmg__process_settings *settings, int output)
{
    uv_stdio_container_t stdio[3] = {
        { .flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_READABLE_PIPE),
          .data.stream = (uv_stream_t *)&p->input },
        { .flags = output < 0 ? UV_IGNORE : UV_INHERIT_FD, .data.fd = output },
        { .flags = output < 0 ? UV_IGNORE : UV_INHERIT_FD, .data.fd = output },
    };
    uv_process_options_t options = {
        .exit_cb = on_exited,
        .file = settings->argv[0],
        .args = unconst(settings->argv),
        .env = unconst(settings->env),
        .cwd = settings->cwd,
        .flags = UV_PROCESS_DETACHED,
        .stdio_count = 3,
        .stdio = stdio,
    };
    int rc = uv_spawn(cmg__loop_uv(loop), &p->process, &options);
    cmg__loop_touch(loop);
    return rc;
}

cmg_status cmg__process_start(struct cmg__loop *loop,
                              const struct cmg__process_settings *settings,
                              void (*on_exit)(void *user, int exit_status, int signal),
                              void *user, struct cmg__process **out, cmg_error **err)
{
    const struct cmg__env *env = &cmg__loop_context(loop)->env;
    const struct cmg__alloc *alloc = cmg__loop_alloc(loop);
    int output = -1;
    struct cmg__process *p = cmg__alloc0(alloc, sizeof *p);
    if (p == NULL)
        return cmg__fail_nomem(err);
    cmg_status status = open_output(loop, settings->stderr_path, &output, err);
    if (status != CMG_OK) {
        cmg__free(alloc, p);
        return status;
    }
    p->alloc = alloc;
    p->on_exit = on_exit;
    p->user = user;
    p->open_handles = 2;
    p->process.data = p;
    p->input.data = p;
    (void)uv_pipe_init(cmg__loop_uv(loop), &p->input, 0); /* cannot fail */
    int rc = spawn(loop, p, settings, output);
    if (output >= 0)
        (void)env->close(env->user, output);
    if (rc != 0) {
        close_handles(p);
        return cmg__loop_fail(loop, err, rc, settings->argv[0], "cannot be started");
    }
    p->pid = p->process.pid;
    p->running = true;
    *out = p;
    return CMG_OK;
}

int cmg__process_pid(const struct cmg__process *process)
{
    return process->pid;
}

void cmg__process_signal(struct cmg__process *process, int signal)
{
    if (process->running)
        (void)uv_process_kill(&process->process, signal);
}

void cmg__process_free(struct cmg__process *process)
{
    if (process == NULL)
        return;
    bool running = process->running;
    int pid = process->pid;
    process->running = false;
    if (running)
        (void)uv_process_kill(&process->process, SIGKILL);
    close_handles(process);
    /* libuv no longer collects it. */
    while (running && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}
