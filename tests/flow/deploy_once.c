/*
 * One run of an operation in a process of its own, to be killed: reads where to go from
 * standard input (a site, as bytes), tells each event on standard output.
 *
 *   deploy_once create|delete
 */
#include "place.h"

#include <stdio.h>
#include <string.h>

static int on_state(cmg_deploy *deploy, cmg_deploy_state now, const cmg_error *why,
                    void *user)
{
    (void)deploy;
    (void)why;
    (void)user;
    (void)printf("state %s\n", cmg_deploy_state_name(now));
    return fflush(stdout);
}

static int on_step(cmg_deploy *deploy, const cmg_step_progress *progress, void *user)
{
    (void)deploy;
    (void)user;
    (void)printf("step %s %d\n", progress->name, (int)progress->state);
    return fflush(stdout);
}

int main(int argc, char **argv)
{
    const cmg_deploy_events events = { .size = sizeof events,
                                       .on_state = on_state,
                                       .on_step = on_step };
    struct site site;
    struct party p;
    cmg_error *err = NULL;

    if (argc != 2 || fread(&site, sizeof site, 1, stdin) != 1)
        return 2;
    cmg_deploy_operation operation =
        strcmp(argv[1], "delete") == 0 ? CMG_DEPLOY_DELETE : CMG_DEPLOY_CREATE;
    cmg_status rc = party_init(&p, &site, NULL, &err);
    if (rc == CMG_OK)
        rc = party_deploy(&p, &site, operation, &events, &err);
    if (rc != CMG_OK)
        (void)fprintf(stderr, "%s\n", cmg_error_message(err));
    cmg_error_unref(err);
    party_done(&p);
    return rc == CMG_OK ? 0 : 1;
}
