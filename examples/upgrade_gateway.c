/*
 * Brings changed settings to the instances of a gateway that serves, and with a file the
 * service package that it holds: build/examples/cmg-service.tar.gz. Settings change while
 * the instances run; a package comes a part at a time. What is no setting of the
 * instances, as their size and number, stays: it is listed, for modify_gateway.
 *
 *   upgrade_gateway [--sandbox] DIRECTORY [PACKAGE]
 */
#include "session.h"

static cmg_status print_rest(struct session *s, cmg_error **err)
{
    cmg_status rc = session_run(s, CMG_DEPLOY_VERIFY_GATEWAY, "verify", err);
    const size_t count = cmg_gateway_difference_count(s->gateway);
    cmg_difference one = { .size = sizeof one };

    for (size_t i = 0; rc == CMG_OK && i < count; i++) {
        rc = cmg_gateway_difference(s->gateway, i, &one, err);
        if (rc == CMG_OK)
            printf("left for modify_gateway: %s is %s, should be %s\n", one.path,
                   one.found, one.should_be);
    }
    return rc;
}

static cmg_status synchronise(struct session *s, cmg_error **err)
{
    cmg_status rc = session_run(s, CMG_DEPLOY_SYNCHRONISE_GATEWAY, "synchronise", err);

    if (rc != CMG_OK)
        return rc;
    printf("the instances of %s have their settings\n", cmg_gateway_name(s->gateway));
    return print_rest(s, err);
}

static cmg_status upgrade(struct session *s, const char *path, cmg_error **err)
{
    cmg_status rc = session_give_package(s, path, err);

    if (rc == CMG_OK)
        rc = session_run(s, CMG_DEPLOY_UPGRADE_GATEWAY, "upgrade", err);
    if (rc == CMG_OK)
        printf("%s runs %s\n", cmg_gateway_name(s->gateway),
               cmg_gateway_package_sha256(s->gateway));
    return rc;
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
        rc = s.arguments[0] == NULL ? synchronise(&s, &err)
                                    : upgrade(&s, s.arguments[0], &err);
    return session_close(&s, rc, err);
}
