/*
 * What a person does, ordered by the host: sign-ins are approved by themselves, or when
 * somebody decides; and what services demand of a sign-in.
 */
#include <string.h>

#include "sandbox/entra_grant.h"
#include "sandbox/sandbox.h"
#include "sandbox/setting.h"

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

/* ---- whom Entra does not let in ---- */

static const struct {
    const char *value; /* of the setting */
    int64_t aadsts;
    const char *text;
} refusals[] = {
    { "disabled", 50057, "The user account is disabled." },
    { "locked", 50053,
      "The account is locked, you've tried to sign in too many times with an incorrect "
      "user ID or password." },
    { "expired", 50055, "The password is expired." },
    { "mfa", 50076,
      "Due to a configuration change made by your administrator, or because you moved to "
      "a new location, you must use multi-factor authentication." },
    { "device", 53000,
      "Device is not in required device state. Conditional Access policy requires a "
      "compliant device, and the device is not compliant." },
    { "blocked", 53003, "Access has been blocked by Conditional Access policies." },
    { "unassigned", 50105,
      "The signed in user is not assigned to a role for the application." },
};

static size_t refusal_of(const char *value)
{
    size_t i = 0;

    while (i < CMG__ARRAY_LEN(refusals) && !cmg__sb_same(refusals[i].value, value))
        i++;
    return i;
}

bool cmg__sb_person_refusal_is_good(const char *value)
{
    return refusal_of(value) < CMG__ARRAY_LEN(refusals);
}

bool cmg__sb_person_is_refused(struct cmg__sb_call *call)
{
    const char *value = cmg__sb_setting(call->cloud, "person_refusal");
    const size_t i = refusal_of(cmg__str_or(value, ""));

    if (i == CMG__ARRAY_LEN(refusals))
        return false;
    cmg__sb_refuse_entra(
        call, 400, refusals[i].aadsts == 50076 ? "interaction_required" : "invalid_grant",
        refusals[i].aadsts, "%s", refusals[i].text);
    return true;
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
