/*
 * Runs an operation and shows its progress: each finished step as a line that stays and,
 * on a terminal, one line beneath that updates in place; plain lines elsewhere.
 */
#include "quickstart.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

struct display {
    const char *name;
    bool terminal;
    bool over;
    cmg_deploy_state state;
    cmg_error *failure;
    struct timespec began;
    unsigned done, total;
    char current[256];
};

static double seconds_since(const struct timespec *began)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) +
           (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

static int columns(void)
{
    struct winsize size;

    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col
                                                                            : 80;
}

/* The line that updates in place; nothing where there is no terminal. */
static void draw(const struct display *d)
{
    char line[512];
    int elapsed = (int)seconds_since(&d->began);

    if (!d->terminal)
        return;
    snprintf(line, sizeof line, "%s  %s  step %u of %u  %02d:%02d  %s", d->name,
             cmg_deploy_state_name(d->state), d->done, d->total, elapsed / 60,
             elapsed % 60, d->current);
    printf("\r\033[K%.*s", columns() - 1, line);
    fflush(stdout);
}

static void clear_line(const struct display *d)
{
    if (d->terminal)
        printf("\r\033[K");
}

static int on_state(cmg_deploy *deploy, cmg_deploy_state now, const cmg_error *why,
                    void *user)
{
    struct display *d = user;

    (void)deploy;
    (void)why;
    d->state = now;
    if (!d->terminal)
        printf("%s  %s\n", d->name, cmg_deploy_state_name(now));
    return 0;
}

static int on_step(cmg_deploy *deploy, const cmg_step_progress *p, void *user)
{
    static const char *const words[] = { "waiting", "running", "done", "failed" };
    struct display *d = user;

    (void)deploy;
    d->done = p->done;
    d->total = p->total;
    if (p->state == CMG_STEP_DONE || p->state == CMG_STEP_FAILED) {
        clear_line(d);
        printf("  %-31s %-7s %5.1f s   step %2u of %u   %s\n", p->title, words[p->state],
               (double)p->elapsed_ms / 1000, p->done, p->total, p->message);
    } else if (!d->terminal) {
        if (*p->message != '\0' && strcmp(d->current, p->message) != 0)
            printf("  %-31s %-7s %5.1f s   %s\n", p->title, words[p->state],
                   (double)p->elapsed_ms / 1000, p->message);
        snprintf(d->current, sizeof d->current, "%s", p->message);
    } else if (p->percent >= 0) {
        snprintf(d->current, sizeof d->current, "%s: %s %d %%", p->title, p->message,
                 (int)p->percent);
    } else {
        snprintf(d->current, sizeof d->current, "%s%s%s", p->title,
                 *p->message != '\0' ? ": " : "", p->message);
    }
    draw(d);
    return 0;
}

static int on_prompt(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    struct display *d = user;

    (void)deploy;
    clear_line(d);
    printf("  To sign in, open %s and enter %s (the sandbox does it for you)\n",
           prompt->verification_uri, prompt->user_code);
    return 0;
}

static int on_done(cmg_deploy *deploy, cmg_deploy_state end, const cmg_error *err,
                   void *user)
{
    struct display *d = user;

    (void)deploy;
    d->state = end;
    d->failure = cmg_error_ref(err);
    d->over = true;
    return 0;
}

/* Drives the context in short turns, so that the elapsed time moves. */
static cmg_status follow(struct quickstart *q, cmg_deploy *deploy, struct display *d,
                         cmg_error **err)
{
    bool cancelled = false;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && !d->over) {
        rc = cmg_context_wait(q->ctx, 200, err);
        if (rc == CMG_OK && host_is_ending() && !cancelled) {
            cancelled = true;
            rc = cmg_deploy_cancel(deploy, err);
        }
        draw(d);
    }
    return rc;
}

cmg_status quickstart_deploy(struct quickstart *q, cmg_deploy_operation operation,
                             cmg_error **err)
{
    struct display d = { .name = cmg_gateway_name(q->gateway),
                         .terminal = isatty(STDOUT_FILENO) != 0 };
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = &d,
                                       .on_state = on_state,
                                       .on_step = on_step,
                                       .on_prompt = on_prompt,
                                       .on_done = on_done };
    cmg_deploy *deploy = NULL;

    clock_gettime(CLOCK_MONOTONIC, &d.began);
    printf("\n%s  %s\n", d.name, operation == CMG_DEPLOY_CREATE ? "create" : "delete");
    cmg_status rc = cmg_deploy_new(q->gateway, operation, &deploy, err);

    if (rc == CMG_OK)
        rc = cmg_deploy_set_journal_file(deploy, quickstart_path(q, "journal"), err);
    if (rc == CMG_OK)
        rc = cmg_deploy_set_events(deploy, &events, err);
    if (rc == CMG_OK)
        rc = cmg_deploy_start(deploy, err);
    if (rc == CMG_OK)
        rc = follow(q, deploy, &d, err);
    clear_line(&d);
    if (d.failure != NULL) {
        rc = cmg_error_code(d.failure);
        *err = d.failure;
    }
    if (rc == CMG_OK)
        printf("%s  %s  after %.1f s\n", d.name, cmg_deploy_state_name(d.state),
               seconds_since(&d.began));
    cmg_deploy_unref(deploy);
    return rc;
}
