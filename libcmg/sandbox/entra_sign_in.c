/*
 * What a person does, ordered by the host: sign-ins are approved by themselves, or when
 * somebody decides; and what services demand of a sign-in.
 */
#include <string.h>

#include "sandbox/entra_grant.h"
#include "sandbox/sandbox.h"

#define CODE_MAX 256

void cmg__sb_demanded_acrs(const struct cmg__sb_cloud *cloud, const char *claims,
                           char out[16])
{
    struct cmg__json *json = NULL;

    out[0] = '\0';
    if (claims == NULL || cmg__json_parse(cloud->alloc, "claims", claims, strlen(claims),
                                          &json, NULL) != CMG_OK)
        return;
    const char *acrs = cmg__json_str(json, "/access_token/acrs/value");
    if (acrs != NULL && strlen(acrs) < 16)
        memcpy(out, acrs, strlen(acrs) + 1);
    cmg__json_unref(json);
}

bool cmg__sb_sign_in_is_decided(const struct cmg__sb_cloud *cloud, const char *code,
                                bool *approved)
{
    const struct cmg__json *decision = cmg__json_key(cloud->decisions, code);

    *approved = decision == NULL || cmg__json_bool(decision, "", false);
    return decision != NULL || !cloud->by_call;
}

/* ---- the host's orders ---- */

cmg_status cmg_sandbox_set_sign_in(cmg_sandbox *sandbox, cmg_sandbox_sign_in how,
                                   cmg_error **err)
{
    const cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);

    if (rc != CMG_OK)
        return rc;
    if (how != CMG_SANDBOX_SIGN_IN_AT_ONCE && how != CMG_SANDBOX_SIGN_IN_BY_CALL)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "how",
                         "use one of cmg_sandbox_sign_in", "%d is not one of them",
                         (int)how);
    (void)pthread_mutex_lock(&sandbox->lock);
    sandbox->cloud->by_call = how == CMG_SANDBOX_SIGN_IN_BY_CALL;
    (void)pthread_mutex_unlock(&sandbox->lock);
    return CMG_OK;
}

static cmg_status keep(struct cmg__sb_cloud *cloud, const char *code, bool approve)
{
    if (cloud->decisions == NULL)
        cloud->decisions = cmg__json_object();
    return cmg__json_set(cloud->decisions, code, cmg__json_boolean(approve));
}

cmg_status cmg_sandbox_decide_sign_in(cmg_sandbox *sandbox, const char *code,
                                      bool approve, cmg_error **err)
{
    cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__str_is_empty(code) || strlen(code) > CODE_MAX)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "code",
                         "pass the code that was shown, or the state of the page",
                         "there is no code");
    (void)pthread_mutex_lock(&sandbox->lock);
    rc = keep(sandbox->cloud, code, approve);
    (void)pthread_mutex_unlock(&sandbox->lock);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg_sandbox_rollover_keys(cmg_sandbox *sandbox, cmg_error **err)
{
    const cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);

    if (rc != CMG_OK)
        return rc;
    (void)pthread_mutex_lock(&sandbox->lock);
    sandbox->cloud->rollover = true;
    (void)pthread_mutex_unlock(&sandbox->lock);
    return CMG_OK;
}
