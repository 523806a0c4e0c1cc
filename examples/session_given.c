/* What a person gives beside the specification: see session.h. */
#include "session.h"

#include <stdlib.h>
#include <unistd.h>

cmg_status session_give_package(struct session *s, const char *path, cmg_error **err)
{
    size_t size = 0;
    char *package = host_read_file(path, &size);
    cmg_status rc = package == NULL
                        ? CMG_E_IO
                        : cmg_gateway_set_package(s->gateway, package, size, err);

    free(package);
    return rc;
}

/* The one of the build stands beside this program. Who only looks can do without. */
static cmg_status give_built_package(struct session *s, cmg_error **err)
{
    const char *built = host_beside("cmg-service.tar.gz");

    if (access(built, R_OK) == 0)
        return session_give_package(s, built, err);
    if (s->usage->package == SESSION_PACKAGE_WANTED)
        return CMG_OK;
    host_complain("the machines' image has no service: the gateway would not serve",
                  "build it (ninja -C build examples/cmg-service.tar.gz), or name one "
                  "with --package FILE",
                  "there is no service package %s", built);
    return CMG_E_IO;
}

cmg_status session_give_pfx(struct session *s, const char *path, cmg_error **err)
{
    const char *password = getenv("CMG_PASSWORD");
    size_t size = 0;
    cmg_certificate *own = NULL;

    if (password == NULL) {
        host_complain("a PFX is opened by its password",
                      "set CMG_PASSWORD to the password of the file; to nothing when it "
                      "has none",
                      "the environment's CMG_PASSWORD is not set, which %s needs", path);
        return CMG_E_INVAL;
    }
    char *pfx = host_read_file(path, &size);
    cmg_status rc = pfx == NULL ? CMG_E_IO
                                : cmg_certificate_new_from_pfx(s->ctx, pfx, size,
                                                               password, &own, err);

    if (rc == CMG_OK)
        rc = cmg_gateway_set_certificate(s->gateway, own, err);
    cmg_certificate_unref(own);
    host_forget(pfx, size);
    return rc;
}

cmg_status session_give(struct session *s, cmg_error **err)
{
    cmg_status rc = CMG_OK;

    if (s->authority != NULL)
        rc = cmg_gateway_set_authority(s->gateway, s->authority, err);
    if (rc == CMG_OK && s->package != NULL)
        rc = session_give_package(s, s->package, err);
    else if (rc == CMG_OK && s->usage->package >= SESSION_PACKAGE_WANTED)
        rc = give_built_package(s, err);
    if (rc == CMG_OK && s->pfx != NULL)
        rc = session_give_pfx(s, s->pfx, err);
    return rc;
}
