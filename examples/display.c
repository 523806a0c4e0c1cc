/* See display.h. */
#include "display.h"

#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "host.h"

struct display {
    const struct display_options *options;
    int columns; /* 0: no terminal */
    bool over;
    cmg_deploy_state state;
    cmg_error *failure;
    struct timespec began;
    unsigned done, total;
    int percent;
    int64_t remaining_ms;
    char current[256];
};

static double seconds_since(const struct timespec *began)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) +
           (double)(now.tv_nsec - began->tv_nsec) / 1e9;
}

int display_columns(FILE *out)
{
    struct winsize size;

    if (isatty(fileno(out)) == 0)
        return 0;
    return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col
                                                                          : 80;
}

/* The line that updates in place; nothing where there is no terminal. */
static void draw(const struct display *d)
{
    char line[512];
    const int left = (int)(d->remaining_ms / 1000);
    int elapsed = (int)seconds_since(&d->began);

    if (d->columns == 0)
        return;
    snprintf(line, sizeof line,
             "%s  %s  step %u of %u  %d %%  %02d:%02d, about %02d:%02d left  %s",
             d->options->name, cmg_deploy_state_name(d->state), d->done, d->total,
             d->percent, elapsed / 60, elapsed % 60, left / 60, left % 60, d->current);
    fprintf(d->options->out, "\r\033[K%.*s", d->columns - 1, line);
    fflush(d->options->out);
}

static void clear_line(const struct display *d)
{
    if (d->columns > 0)
        fprintf(d->options->out, "\r\033[K");
}

void display_wrap(FILE *out, int indent, const char *text)
{
    const int columns = display_columns(out);
    int at = indent;

    while (*text != '\0') {
        int word = (int)strcspn(text, " ");

        if (columns > 0 && at > indent && at + 1 + word >= columns) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        }
        at += fprintf(out, "%s%.*s", at > indent ? " " : "", word, text);
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_step(const struct display *d, const cmg_step_progress *p)
{
    static const char *const words[] = { "waiting", "running", "done", "failed" };
    int n = fprintf(d->options->out, "  %3d %%  %-35s %-7s %5.1f s", d->percent, p->title,
                    words[p->state], (double)p->elapsed_ms / 1000);

    if (*p->message != '\0')
        n += fprintf(d->options->out, "   ");
    display_wrap(d->options->out, n, p->message);
}

static int on_state(cmg_deploy *deploy, cmg_deploy_state now, const cmg_error *why,
                    void *user)
{
    struct display *d = user;

    (void)deploy;
    (void)why;
    d->state = now;
    if (d->columns == 0)
        fprintf(d->options->out, "%s  %s\n", d->options->name,
                cmg_deploy_state_name(now));
    return 0;
}

static int on_step(cmg_deploy *deploy, const cmg_step_progress *p, void *user)
{
    struct display *d = user;

    (void)deploy;
    d->done = p->done;
    d->total = p->total;
    d->percent = p->whole_percent;
    d->remaining_ms = p->remaining_ms;
    if (p->state == CMG_STEP_DONE || p->state == CMG_STEP_FAILED) {
        clear_line(d);
        print_step(d, p);
    } else if (d->columns == 0) {
        if (*p->message != '\0' && strcmp(d->current, p->message) != 0)
            print_step(d, p);
        snprintf(d->current, sizeof d->current, "%s", p->message);
    } else {
        snprintf(d->current, sizeof d->current, "%s%s%s", p->title,
                 *p->message != '\0' ? ": " : "", p->message);
    }
    draw(d);
    return 0;
}

static int on_prompt(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    const struct display *d = user;

    (void)deploy;
    clear_line(d);
    if (prompt->kind == CMG_PROMPT_BROWSER)
        fprintf(d->options->out,
                "  To sign in, open this page in a browser here:\n  %s\n",
                prompt->browser_url);
    else
        fprintf(d->options->out, "  To sign in, open %s and enter %s%s\n",
                prompt->verification_uri, prompt->user_code,
                d->options->sandbox ? " (the sandbox does)" : "");
    fflush(d->options->out);
    return 0;
}

static int on_confirm(cmg_deploy *deploy, const char *plan, void *user)
{
    const struct display *d = user;

    clear_line(d);
    return d->options->on_confirm == NULL
               ? 0
               : d->options->on_confirm(deploy, plan, d->options->user);
}

static int on_consent(cmg_deploy *deploy, const cmg_consent_request *request, void *user)
{
    const struct display *d = user;

    (void)deploy;
    clear_line(d);
    fprintf(d->options->out, "  %s needs an administrator's consent to %s; open\n  %s\n",
            request->application, request->permission, request->url);
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
static cmg_status follow(cmg_context *ctx, cmg_deploy *deploy, struct display *d,
                         cmg_error **err)
{
    bool cancelled = false;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && !d->over) {
        rc = cmg_context_wait(ctx, 200, err);
        if (rc == CMG_OK && host_is_ending() && !cancelled) {
            cancelled = true;
            rc = cmg_deploy_cancel(deploy, err);
        }
        draw(d);
    }
    return rc;
}

cmg_status display_run(cmg_context *ctx, cmg_deploy *deploy,
                       const struct display_options *options, cmg_error **err)
{
    struct display d = { .options = options, .columns = display_columns(options->out) };
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = &d,
                                       .on_state = on_state,
                                       .on_step = on_step,
                                       .on_prompt = on_prompt,
                                       .on_confirm = on_confirm,
                                       .on_consent = on_consent,
                                       .on_done = on_done };

    clock_gettime(CLOCK_MONOTONIC, &d.began);
    fprintf(options->out, "\n%s  %s\n", options->name, options->verb);
    cmg_status rc = cmg_deploy_set_events(deploy, &events, err);

    if (rc == CMG_OK)
        rc = cmg_deploy_start(deploy, err);
    if (rc == CMG_OK)
        rc = follow(ctx, deploy, &d, err);
    clear_line(&d);
    if (d.failure != NULL) {
        rc = cmg_error_code(d.failure);
        *err = d.failure;
    }
    if (rc == CMG_OK)
        fprintf(options->out, "%s  %s  after %.1f s\n", options->name,
                cmg_deploy_state_name(d.state), seconds_since(&d.began));
    return rc;
}
