/*
 * A server certificate from a Windows authority by its web enrolment pages, or from the
 * sandbox. The directory holds key, request, checkpoint and, in the end, the certificate;
 * run it again after a crash, or days later while a request is pending: it goes on.
 *
 *   enrol_adcs DIRECTORY NAME URL TEMPLATE USER [PASSWORD-FILE]
 *   enrol_adcs --sandbox DIRECTORY NAME
 *
 * Without a file, the password is in the environment's CMG_PASSWORD. A user "-" signs in
 * with the Kerberos tickets of the process, one with a backslash by NTLM, others by
 * Basic.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmg/sandbox.h>
#include "enrol_request.h"
#include "host.h"

struct way {
    const char *url, *template_name, *user, *password;
};

static int on_state(cmg_enrolment *e, cmg_enrolment_state now, const cmg_error *why,
                    void *user)
{
    (void)why;
    (void)user;
    printf("%-10s %s%s  %s\n", cmg_enrolment_state_name(now),
           *cmg_enrolment_request_id(e) != '\0' ? "request " : "",
           cmg_enrolment_request_id(e), cmg_enrolment_message(e));
    return 0;
}

static cmg_status sign_in(cmg_enrolment *e, const struct way *by, cmg_error **err)
{
    if (strcmp(by->user, "-") == 0)
        return cmg_enrolment_set_sign_in(e, CMG_SIGN_IN_NEGOTIATE, NULL, NULL, 0, err);
    return cmg_enrolment_set_sign_in(
        e, strchr(by->user, '\\') != NULL ? CMG_SIGN_IN_NTLM : CMG_SIGN_IN_BASIC,
        by->user, by->password, strlen(by->password), err);
}

static cmg_status enrol(cmg_enrolment *e, const char *directory, const struct way *by,
                        cmg_error **err)
{
    const cmg_enrolment_events events = { .size = sizeof events, .on_state = on_state };
    cmg_bytes *pem = NULL;
    cmg_status rc = cmg_enrolment_use_certsrv(e, by->url, by->template_name, err);

    if (rc == CMG_OK)
        rc = sign_in(e, by, err);
    if (rc == CMG_OK)
        rc = cmg_enrolment_set_events(e, &events, err);
    if (rc == CMG_OK)
        rc = cmg_enrolment_run(e, err);
    if (rc == CMG_OK)
        rc = cmg_certificate_export_pem(cmg_enrolment_get_certificate(e), &pem, err);
    return rc == CMG_OK && !enrol_keep(directory, "certificate.pem", pem) ? CMG_E_IO : rc;
}

static cmg_status open_sandbox(cmg_context *ctx, const char *directory, struct way *by,
                               cmg_sandbox **sandbox, cmg_error **err)
{
    const cmg_sandbox_settings settings = { .size = sizeof settings,
                                            .directory = enrol_path(directory, "cloud") };
    cmg_status rc = cmg_sandbox_new(&settings, sandbox, err);

    if (rc == CMG_OK)
        rc = cmg_sandbox_attach(*sandbox, ctx, err);
    if (rc == CMG_OK)
        *by = (struct way){ "https://pki.contoso.com/certsrv", "WebServer",
                            cmg_sandbox_client_id(*sandbox),
                            cmg_sandbox_client_secret(*sandbox) };
    return rc;
}

int main(int argc, char **argv)
{
    const bool lab = argc == 4 && strcmp(argv[1], "--sandbox") == 0;
    const char *given = getenv("CMG_PASSWORD");
    size_t size = 0;
    char *password = argc == 7 ? host_read_file(argv[6], &size) : NULL;
    cmg_context *ctx = NULL;
    cmg_sandbox *sandbox = NULL;
    cmg_enrolment *e = NULL;
    cmg_error *err = NULL;

    if (!lab && (argc < 6 || argc > 7 || (argc == 7 && password == NULL))) {
        fprintf(stderr, "usage: see the head of enrol_adcs.c\n");
        return 2;
    }
    if (password != NULL)
        password[strcspn(password, "\r\n")] = '\0';
    const char *directory = argv[1 + lab];
    struct way by = { .user = "" };
    if (!lab)
        by = (struct way){ argv[3], argv[4], argv[5],
                           password != NULL ? password
                           : given != NULL  ? given
                                            : "" };
    mkdir(directory, 0700);
    cmg_status rc = cmg_context_new(NULL, &ctx, &err);
    if (rc == CMG_OK && lab)
        rc = open_sandbox(ctx, directory, &by, &sandbox, &err);
    if (rc == CMG_OK)
        rc = enrol_open(ctx, directory, argv[2 + lab], &e, &err);
    if (rc == CMG_OK)
        rc = enrol(e, directory, &by, &err);
    cmg_enrolment_unref(e);
    cmg_context_unref(ctx);
    cmg_sandbox_unref(sandbox);
    host_forget(password, size);
    return rc == CMG_OK ? 0 : host_report(rc, err);
}
