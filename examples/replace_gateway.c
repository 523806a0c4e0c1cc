/*
 * Puts a second gateway, that of SPECIFICATION, beside the one of the directory, and
 * removes the old one when clients have had a day to learn the new one: run it again
 * then. "wait" stays until that time, "now" does not wait. The new one's journal is
 * NAME.journal in the directory.
 *
 *   replace_gateway [--sandbox] [--package FILE] DIRECTORY SPECIFICATION [wait|now]
 */
#include "session.h"

#include <stdlib.h>

static const struct {
    const char *word;
    cmg_replace_mode mode;
} words[] = {
    { "wait", CMG_REPLACE_WAIT },
    { "now", CMG_REPLACE_NOW },
};

static cmg_status read_mode(const char *word, cmg_replace_mode *out)
{
    *out = CMG_REPLACE_WHEN_DUE;
    if (word == NULL)
        return CMG_OK;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(word, words[i].word) == 0) {
            *out = words[i].mode;
            return CMG_OK;
        }
    }
    fprintf(stderr, "error: %s is neither wait nor now\n", word);
    return CMG_E_INVAL;
}

static cmg_status replace(struct session *s, const cmg_replacement *what, cmg_error **err)
{
    char name[80], day[16];
    cmg_status rc = session_prepare(s, CMG_DEPLOY_REPLACE_GATEWAY, err);

    snprintf(name, sizeof name, "%s.journal", cmg_gateway_name(s->gateway));
    if (rc == CMG_OK)
        rc = cmg_deploy_set_journal_file(s->deploy, session_path(s, name), err);
    if (rc == CMG_OK)
        rc = cmg_deploy_set_replacement(s->deploy, what, err);
    if (rc == CMG_OK)
        rc = session_follow(s, "replace", err);
    if (rc != CMG_OK)
        return rc;
    const int64_t due = cmg_deploy_replacement_due_unix_s(s->deploy);
    if (due == 0)
        printf("%s has taken the place of %s\n", cmg_gateway_name(s->gateway),
               cmg_gateway_name(what->old_gateway));
    else
        printf("%s and %s both serve, the second may go on %s\n",
               cmg_gateway_name(s->gateway), cmg_gateway_name(what->old_gateway),
               session_day(due, day));
    return CMG_OK;
}

/* The session's gateway becomes the new one. */
static cmg_status load(struct session *s, cmg_error **err)
{
    size_t size = 0;
    char *json = host_read_file(s->arguments[0], &size);
    const cmg_status rc = json == NULL ? CMG_E_IO : session_load(s, json, size, err);

    free(json);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY SPECIFICATION "
                                                        "[wait|now]",
                                                .least = 1,
                                                .most = 2,
                                                .has_authority = true,
                                                .package = SESSION_PACKAGE_NEEDED };
    struct session s = { 0 };
    cmg_replacement what = { .size = sizeof what };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = read_mode(s.arguments[1], &what.mode);
    if (rc == CMG_OK)
        rc = session_await_machines(&s, &err);
    if (rc == CMG_OK) {
        what.old_gateway = cmg_gateway_ref(s.gateway);
        rc = load(&s, &err);
    }
    if (rc == CMG_OK)
        rc = replace(&s, &what, &err);
    cmg_gateway_unref(what.old_gateway);
    return session_close(&s, rc, err);
}
