/*
 * A server certificate from a public authority by ACME, the names proved in DNS. A
 * program of yours changes the zone; it is called once for each name, twice: to put a TXT
 * record there and wait until the world sees it, and to take it away.
 *
 *   enrol_acme DIRECTORY NAME ACME-DIRECTORY-URL E-MAIL PROGRAM [CA-FILE]
 *
 *   PROGRAM present|remove dns-01 _acme-challenge.NAME VALUE
 *
 * The directory holds account key, key, request, checkpoint and, in the end, the
 * certificate; run it again after a crash: it goes on with the same order. By running it
 * you agree to the authority's terms of service.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "enrol_request.h"
#include "host.h"

/* Without a shell: the values come from the authority. */
static int call_program(const char *program, const char *word, const cmg_challenge *c)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        execlp(program, program, word, c->type, c->name, c->value, (char *)NULL);
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

static int on_challenge(cmg_enrolment *e, const cmg_challenge *c, void *user)
{
    bool present = c->action == CMG_CHALLENGE_PRESENT;

    printf("%s %s %s\n", present ? "proving" : "done with", c->identifier, c->name);
    if (call_program(user, present ? "present" : "remove", c) != 0)
        return present ? -1 : 0; /* a record left behind does no harm */
    if (present)
        (void)cmg_enrolment_challenge_done(e, NULL);
    return 0;
}

/* One account for all orders: the authority's limits and proofs hang on it. */
static cmg_status open_account(cmg_context *ctx, const char *directory, cmg_key **key,
                               cmg_error **err)
{
    struct stat there;
    size_t size = 0;
    cmg_bytes *pem = NULL;

    if (stat(enrol_path(directory, "account.pem"), &there) != 0) {
        cmg_status rc = cmg_key_generate(ctx, CMG_KEY_EC_P256, key, err);
        if (rc == CMG_OK)
            rc = cmg_key_export_pem(*key, NULL, &pem, err);
        return rc == CMG_OK && !enrol_keep(directory, "account.pem", pem) ? CMG_E_IO : rc;
    }
    char *text = host_read_file(enrol_path(directory, "account.pem"), &size);
    cmg_status rc = CMG_E_IO;
    if (text != NULL)
        rc = cmg_key_new_from_bytes(ctx, text, size, NULL, key, err);
    host_forget(text, size);
    return rc;
}

static cmg_status enrol(cmg_enrolment *e, cmg_key *account, char **argv, cmg_error **err)
{
    const cmg_enrolment_events events = { .size = sizeof events,
                                          .user = argv[5],
                                          .on_challenge = on_challenge };
    const cmg_acme_options options = { .size = sizeof options,
                                       .contact = argv[4],
                                       .terms_agreed = 1 };
    cmg_bytes *pem = NULL;
    cmg_status rc = cmg_enrolment_use_acme(e, argv[3], account, &options, err);

    if (rc == CMG_OK)
        rc = cmg_enrolment_set_events(e, &events, err);
    if (rc == CMG_OK)
        rc = cmg_enrolment_run(e, err);
    printf("%s %s\n", cmg_enrolment_state_name(cmg_enrolment_get_state(e)),
           cmg_enrolment_request_id(e));
    if (rc == CMG_OK)
        rc = cmg_certificate_export_pem(cmg_enrolment_get_certificate(e), &pem, err);
    return rc == CMG_OK && !enrol_keep(argv[1], "certificate.pem", pem) ? CMG_E_IO : rc;
}

int main(int argc, char **argv)
{
    cmg_context *ctx = NULL;
    cmg_key *account = NULL;
    cmg_enrolment *e = NULL;
    cmg_error *err = NULL;

    if (argc < 6 || argc > 7) {
        fprintf(stderr, "usage: see the head of enrol_acme.c\n");
        return 2;
    }
    mkdir(argv[1], 0700);
    setvbuf(stdout, NULL, _IOLBF, 0);
    cmg_status rc = cmg_context_new(NULL, &ctx, &err);
    if (rc == CMG_OK && argc == 7)
        rc = cmg_context_add_ca_file(ctx, argv[6], &err);
    if (rc == CMG_OK)
        rc = open_account(ctx, argv[1], &account, &err);
    if (rc == CMG_OK)
        rc = enrol_open(ctx, argv[1], argv[2], &e, &err);
    if (rc == CMG_OK)
        rc = enrol(e, account, argv, &err);
    cmg_enrolment_unref(e);
    cmg_key_unref(account);
    cmg_context_unref(ctx);
    return rc == CMG_OK ? 0 : host_report(rc, err);
}
