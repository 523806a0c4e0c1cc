/* See enrol_request.h. */
#include "enrol_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "host.h"

static char path[4096];

const char *enrol_path(const char *directory, const char *name)
{
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

bool enrol_keep(const char *directory, const char *name, cmg_bytes *bytes)
{
    bool kept = host_write_file(enrol_path(directory, name), cmg_bytes_data(bytes),
                                cmg_bytes_size(bytes));

    cmg_bytes_unref(bytes);
    return kept;
}

/* The key is on disk before anything is asked for, so that no certificate is lost. */
static cmg_status open_key(cmg_context *ctx, const char *directory, cmg_key **key,
                           cmg_error **err)
{
    struct stat there;
    size_t size = 0;
    cmg_bytes *pem = NULL;

    if (stat(enrol_path(directory, "key.pem"), &there) != 0) {
        cmg_status rc = cmg_key_generate(ctx, CMG_KEY_RSA_2048, key, err);
        if (rc == CMG_OK)
            rc = cmg_key_export_pem(*key, NULL, &pem, err);
        return rc == CMG_OK && !enrol_keep(directory, "key.pem", pem) ? CMG_E_IO : rc;
    }
    char *text = host_read_file(path, &size);
    cmg_status rc =
        text == NULL ? CMG_E_IO : cmg_key_new_from_bytes(ctx, text, size, NULL, key, err);
    host_forget(text, size);
    return rc;
}

/* The same request every time: the checkpoint belongs to it. */
static cmg_status open_request(cmg_context *ctx, const char *directory, const char *name,
                               cmg_key *key, cmg_csr **csr, cmg_error **err)
{
    const char *const names[] = { name, NULL };
    const cmg_csr_request request = { .size = sizeof request,
                                      .common_name = name,
                                      .dns_names = names };
    struct stat there;
    size_t size = 0;
    cmg_template *web = NULL;
    cmg_bytes *pem = NULL;

    if (stat(enrol_path(directory, "request.pem"), &there) == 0) {
        char *text = host_read_file(path, &size);
        cmg_status rc = cmg_csr_new_from_bytes(ctx, text, size, csr, err);
        free(text);
        return rc;
    }
    cmg_status rc = cmg_template_new_builtin(ctx, "web_server", &web, err);
    if (rc == CMG_OK)
        rc = cmg_csr_new(ctx, web, key, &request, csr, err);
    if (rc == CMG_OK)
        rc = cmg_csr_export_pem(*csr, &pem, err);
    cmg_template_unref(web);
    return rc == CMG_OK && !enrol_keep(directory, "request.pem", pem) ? CMG_E_IO : rc;
}

cmg_status enrol_open(cmg_context *ctx, const char *directory, const char *name,
                      cmg_enrolment **e, cmg_error **err)
{
    cmg_key *key = NULL;
    cmg_csr *csr = NULL;
    cmg_status rc = open_key(ctx, directory, &key, err);

    if (rc == CMG_OK)
        rc = open_request(ctx, directory, name, key, &csr, err);
    if (rc == CMG_OK)
        rc = cmg_enrolment_new(csr, e, err);
    if (rc == CMG_OK)
        rc = cmg_enrolment_set_key(*e, key, err);
    if (rc == CMG_OK)
        rc = cmg_enrolment_set_checkpoint_file(
            *e, enrol_path(directory, "enrolment.json"), err);
    cmg_csr_unref(csr);
    cmg_key_unref(key);
    return rc;
}
