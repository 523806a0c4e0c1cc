/* See seen.h. */
#include "seen.h"

#include <stdlib.h>
#include <string.h>

static struct {
    char text[512 * 1024];
    size_t len;
} seen;

void seen_clear(void)
{
    seen.len = 0;
    seen.text[0] = '\0';
}

size_t seen_length(void)
{
    return seen.len;
}

bool seen_has(const char *text)
{
    return strstr(seen.text, text) != NULL;
}

void see(const char *text)
{
    const size_t n = strlen(text);

    ck_assert_uint_lt(seen.len + n + 2, sizeof seen.text);
    memcpy(seen.text + seen.len, text, n);
    seen.len += n;
    seen.text[seen.len++] = '\n';
    seen.text[seen.len] = '\0';
}

void see_error(const cmg_error *error)
{
    see(cmg_error_message(error));
    see(cmg_error_cause(error));
    see(cmg_error_remedy(error));
    see(cmg_error_subject(error));
}

void see_file(const char *path)
{
    size_t n = 0;
    char *text = support_read_file(path, &n);

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < n; i++)
        text[i] = text[i] == '\0' ? ' ' : text[i];
    text = realloc(text, n + 1);
    ck_assert_ptr_nonnull(text);
    text[n] = '\0';
    see(text);
    free(text);
}

void seen_log(cmg_context *ctx, const cmg_log_record *record, void *user)
{
    (void)ctx;
    (void)user;
    see(record->text);
    see(cmg__str_or(record->subject, ""));
}

static int see_step(cmg_deploy *deploy, const cmg_step_progress *progress, void *user)
{
    (void)deploy;
    (void)user;
    see(progress->message);
    return 0;
}

static int see_prompt(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user)
{
    (void)deploy;
    (void)user;
    see(prompt->verification_uri);
    see(prompt->message);
    return 0;
}

static int see_plan(cmg_deploy *deploy, const char *plan, void *user)
{
    (void)deploy;
    (void)user;
    see(plan);
    return 0;
}

const cmg_deploy_events seen_events = { .size = sizeof seen_events,
                                        .on_step = see_step,
                                        .on_prompt = see_prompt,
                                        .on_confirm = see_plan };
