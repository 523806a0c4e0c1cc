/*
 * What an instance finds on its disk: user data, boot script, certificates as the Azure
 * agent lays them out (<SHA-1>.crt with the chain, <SHA-1>.prv with the key), and where
 * it is to write its ports and its log.
 */
#include <string.h>

#include "base/base64.h"
#include "sandbox/arm.h"
#include "sandbox/fleet.h"
#include "sandbox/instances.h"

#define MAX_USER_DATA ((size_t)128 * 1024)

static cmg_status write_decoded(struct cmg__sb_cloud *cloud, const char *path, int mode,
                                const char *what, const char *text, cmg_error **err)
{
    struct cmg__buf plain;
    cmg__buf_init(&plain, cloud->alloc, MAX_USER_DATA);
    cmg_status rc = cmg__base64_decode(&plain, text, strlen(text));
    if (rc != CMG_OK)
        rc = cmg__fail(err, cloud->alloc, rc, path, "",
                       "the scale set's %s is not base64", what);
    else
        rc = cmg__file_replace(cloud->env, cloud->alloc, path, mode,
                               cmg__buf_cstr(&plain), plain.len, err);
    cmg__buf_done(&plain);
    return rc;
}

static cmg_status write_beside(struct cmg__sb_cloud *cloud, const char *directory,
                               const char *thumbprint, const char *suffix,
                               const char *text, cmg_error **err)
{
    char name[41];
    size_t n = strlen(thumbprint) < 40 ? strlen(thumbprint) : 40;
    for (size_t i = 0; i < n; i++) /* the agent writes upper case */
        name[i] = thumbprint[i] >= 'a' && thumbprint[i] <= 'f'
                      ? (char)(thumbprint[i] - 'a' + 'A')
                      : thumbprint[i];
    name[n] = '\0';
    char *path = cmg__format(cloud->alloc, "%s/%s.%s", directory, name, suffix);
    cmg_status rc = path == NULL ? cmg__fail_nomem(err)
                                 : cmg__file_replace(cloud->env, cloud->alloc, path, 0600,
                                                     text, strlen(text), err);
    cmg__free(cloud->alloc, path);
    return rc;
}

static cmg_status write_certificate(struct cmg__sb_cloud *cloud, const char *directory,
                                    const char *url, cmg_error **err)
{
    char vault[64];
    const struct cmg__json *entry =
        url == NULL ? NULL : cmg__sb_vault_secret(cloud, url, vault);
    const char *thumbprint = cmg__json_str(entry, "/_thumbprint");
    if (thumbprint == NULL)
        return cmg__fail(err, cloud->alloc, CMG_E_NOTFOUND, url, "",
                         "the vault has no such certificate any more");
    cmg_status rc =
        write_beside(cloud, directory, thumbprint, "crt",
                     cmg__str_or(cmg__json_str(entry, "/_chain_pem"), ""), err);
    if (rc == CMG_OK)
        rc = write_beside(cloud, directory, thumbprint, "prv",
                          cmg__str_or(cmg__json_str(entry, "/_key_pem"), ""), err);
    return rc;
}

static cmg_status write_certificates(struct cmg__sb_cloud *cloud, const char *directory,
                                     const struct cmg__json *list, cmg_error **err)
{
    cmg_status rc = CMG_OK;
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *certificates =
            cmg__json_key(cmg__json_item(list, i), "vaultCertificates");
        for (size_t k = 0; rc == CMG_OK && k < cmg__json_size(certificates); k++)
            rc = write_certificate(
                cloud, directory,
                cmg__json_str(cmg__json_item(certificates, k), "/certificateUrl"), err);
    }
    return rc;
}

static void free_paths(struct cmg__sb_cloud *cloud, struct cmg__sb_machine *m)
{
    cmg__free(cloud->alloc, m->directory);
    cmg__free(cloud->alloc, m->user_data);
    cmg__free(cloud->alloc, m->boot);
    cmg__free(cloud->alloc, m->secrets);
    cmg__free(cloud->alloc, m->ready);
    cmg__free(cloud->alloc, m->log);
    *m = (struct cmg__sb_machine){ .directory = NULL };
}

static cmg_status make_paths(struct cmg__sb_cloud *cloud, const char *parent,
                             const char *name, struct cmg__sb_machine *m)
{
    m->directory = cmg__format(cloud->alloc, "%s/%s", parent, name);
    m->user_data = cmg__format(cloud->alloc, "%s/%s/user-data.json", parent, name);
    m->boot = cmg__format(cloud->alloc, "%s/%s/boot", parent, name);
    m->secrets = cmg__format(cloud->alloc, "%s/%s/secrets", parent, name);
    m->ready = cmg__format(cloud->alloc, "%s/%s/ready.json", parent, name);
    m->log = cmg__format(cloud->alloc, "%s/%s/service.log", parent, name);
    bool all = m->directory != NULL && m->user_data != NULL && m->boot != NULL &&
               m->secrets != NULL && m->ready != NULL && m->log != NULL;
    return all ? CMG_OK : CMG_E_NOMEM;
}

cmg_status cmg__sb_machine_refresh(struct cmg__sb_cloud *cloud,
                                   const struct cmg__sb_machine *machine,
                                   const struct cmg__json *vm, cmg_error **err)
{
    cmg_status rc = write_decoded(cloud, machine->user_data, 0600, "userData",
                                  cmg__sb_fleet_user_data(vm), err);
    return rc == CMG_OK ? write_certificates(cloud, machine->secrets,
                                             cmg__sb_fleet_secrets(vm), err)
                        : rc;
}

cmg_status cmg__sb_machine_make(struct cmg__sb_cloud *cloud, const char *parent,
                                const char *name, const struct cmg__json *set,
                                const struct cmg__json *vm, struct cmg__sb_machine *out,
                                cmg_error **err)
{
    static const char boot[] = "/properties/virtualMachineProfile/osProfile/customData";
    struct cmg__sb_machine m = { .directory = NULL };
    cmg_status rc = make_paths(cloud, parent, name, &m);
    if (rc != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK)
        rc = cmg__dir_make(cloud->env, cloud->alloc, parent, err);
    if (rc == CMG_OK)
        rc = cmg__dir_make(cloud->env, cloud->alloc, m.directory, err);
    if (rc == CMG_OK)
        rc = cmg__dir_make(cloud->env, cloud->alloc, m.secrets, err);
    if (rc == CMG_OK)
        rc = write_decoded(cloud, m.boot, 0700, "customData",
                           cmg__str_or(cmg__json_str(set, boot), ""), err);
    if (rc == CMG_OK)
        rc = cmg__sb_machine_refresh(cloud, &m, vm, err);
    if (rc == CMG_OK)
        *out = m;
    else
        free_paths(cloud, &m);
    return rc;
}

void cmg__sb_machine_done(struct cmg__sb_cloud *cloud, struct cmg__sb_machine *machine)
{
    if (machine->ready != NULL)
        (void)cloud->env->unlink(cloud->env->user, machine->ready);
    free_paths(cloud, machine);
}
