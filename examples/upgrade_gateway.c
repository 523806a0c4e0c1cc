/*
 * Brings changed settings to the instances of a gateway that serves, and with a file the
 * service package that it holds: build/examples/cmg-service.tar.gz. Settings change while
 * the instances run; a package comes a part at a time.
 *
 *   upgrade_gateway [--sandbox] DIRECTORY [PACKAGE]
 */
#include "session.h"

#include <stdlib.h>

static cmg_status give(struct session *s, const char *path, cmg_error **err)
{
    size_t size = 0;
    char *package = host_read_file(path, &size);
    cmg_status rc = package == NULL
                        ? CMG_E_IO
                        : cmg_gateway_set_package(s->gateway, package, size, err);

    free(package);
    return rc;
}

static cmg_status upgrade(struct session *s, const char *path, cmg_error **err)
{
    cmg_status rc = path == NULL ? CMG_OK : give(s, path, err);

    if (rc == CMG_OK)
        rc = path == NULL
                 ? session_run(s, CMG_DEPLOY_SYNCHRONISE_GATEWAY, "synchronise", err)
                 : session_run(s, CMG_DEPLOY_UPGRADE_GATEWAY, "upgrade", err);
    if (rc != CMG_OK)
        return rc;
    if (path == NULL)
        printf("%s has its settings\n", cmg_gateway_name(s->gateway));
    else
        printf("%s runs %s\n", cmg_gateway_name(s->gateway),
               cmg_gateway_package_sha256(s->gateway));
    return CMG_OK;
}

int main(int argc, char **argv)
{
    static const struct session_usage usage = { .line = "DIRECTORY [PACKAGE]",
                                                .most = 1,
                                                .has_authority = true };
    struct session s = { 0 };
    cmg_error *err = NULL;
    cmg_status rc = session_open(&s, argc, argv, &usage, &err);

    if (rc == CMG_OK)
        rc = upgrade(&s, s.arguments[0], &err);
    return session_close(&s, rc, err);
}
