/*
 * Directory and account. Asking for the account of a key that has one gives that account,
 * so this may be repeated at will (RFC 8555, 7.3.1).
 */
#include "enrol/acme_data.h"

#include "base/str.h"

/* What the authority wants from whoever makes an account. */
static cmg_status check_demands(const struct cmg__acme *m, const struct cmg__json *json,
                                cmg_error **err)
{
    const char *terms = cmg__json_str(json, "/meta/termsOfService");

    if (m->account != NULL)
        return CMG_OK;
    if (terms != NULL && !m->terms_agreed)
        return cmg__fail(err, m->alloc, CMG_E_INVAL, "terms_agreed",
                         "read them, and set terms_agreed to 1",
                         "the authority's terms of service were not agreed to: %.200s",
                         terms);
    if (cmg__json_bool(json, "/meta/externalAccountRequired", false) &&
        m->eab_kid == NULL)
        return cmg__fail(err, m->alloc, CMG_E_INVAL, "eab_kid",
                         "get key identifier and key from the authority, and set "
                         "eab_kid and eab_key",
                         "the authority makes accounts only for customers it knows");
    return CMG_OK;
}

/* The profiles are told by the directory (draft-ietf-acme-profiles). */
static cmg_status check_profile(const struct cmg__acme *m, const struct cmg__json *json,
                                cmg_error **err)
{
    const struct cmg__json *profiles = cmg__json_at(json, "/meta/profiles");

    if (m->profile == NULL || cmg__json_key(profiles, m->profile) != NULL)
        return CMG_OK;
    return cmg__fail(err, m->alloc, CMG_E_INVAL, "profile",
                     "use one that its directory names, or none",
                     "the authority does not offer the profile \"%.60s\"", m->profile);
}

static enum cmg__acme_phase after_account(const struct cmg__acme *m)
{
    if (m->order != NULL)
        return CMG__ACME_ORDER;
    return m->look ? CMG__ACME_LOOK : CMG__ACME_NEW_ORDER;
}

void cmg__acme_go_to_account(struct cmg__acme *m)
{
    m->phase = m->account == NULL ? CMG__ACME_ACCOUNT : after_account(m);
}

/* Where it says when the certificate is to be replaced. */
static cmg_status take_renewal(struct cmg__acme *m, const char *url, cmg_error **err)
{
    if (url == NULL || m->replaces == NULL)
        return CMG_OK;
    char *full = cmg__format(m->alloc, "%s/%s", url, m->replaces);
    const cmg_status rc =
        full != NULL ? cmg__acme_take_url(m, &m->renewal, full, "renewalInfo", err)
                     : cmg__fail_nomem(err);
    cmg__free(m->alloc, full);
    return rc;
}

cmg_status cmg__acme_read_directory(struct cmg__acme *m, struct cmg__enrol_case *c,
                                    const struct cmg__http_response *resp,
                                    const struct cmg__json *json, cmg_error **err)
{
    (void)c;
    (void)resp;
    if (cmg__json_type(json) != CMG__JSON_OBJECT)
        return cmg__acme_strange(m, "the directory is no JSON object", err);
    cmg_status rc = cmg__acme_take_url(m, &m->new_nonce, cmg__json_str(json, "/newNonce"),
                                       "newNonce", err);
    if (rc == CMG_OK)
        rc = cmg__acme_take_url(m, &m->new_account, cmg__json_str(json, "/newAccount"),
                                "newAccount", err);
    if (rc == CMG_OK)
        rc = cmg__acme_take_url(m, &m->new_order, cmg__json_str(json, "/newOrder"),
                                "newOrder", err);
    if (rc == CMG_OK)
        rc = check_demands(m, json, err);
    if (rc == CMG_OK)
        rc = check_profile(m, json, err);
    if (rc != CMG_OK)
        return rc;
    rc = take_renewal(m, cmg__json_str(json, "/renewalInfo"), err);
    if (rc != CMG_OK)
        return rc;
    cmg__acme_go_to_account(m);
    if (m->await_window && m->renewal != NULL && m->order == NULL && !m->look)
        m->phase = CMG__ACME_RENEWAL;
    return CMG_OK;
}

cmg_status cmg__acme_account_payload(struct cmg__acme *m, struct cmg__enrol_case *c,
                                     struct cmg__json **out, cmg_error **err)
{
    struct cmg__json *payload = cmg__json_object();
    struct cmg__json *binding = NULL;
    cmg_status rc = payload != NULL ? CMG_OK : CMG_E_NOMEM;

    (void)c;
    if (rc == CMG_OK && m->terms_agreed)
        rc = cmg__json_set(payload, "termsOfServiceAgreed", cmg__json_boolean(true));
    if (rc == CMG_OK && m->contact != NULL)
        rc = cmg__json_set(payload, "contact", cmg__json_pack("[s]", m->contact));
    if (rc == CMG_OK && m->eab_kid != NULL) {
        rc = cmg__acme_bind(m, &binding);
        if (rc == CMG_OK)
            rc = cmg__json_set(payload, "externalAccountBinding", binding);
    }
    if (rc != CMG_OK) {
        cmg__json_unref(payload);
        return cmg__fail_nomem(err);
    }
    *out = payload;
    return CMG_OK;
}

cmg_status cmg__acme_read_account(struct cmg__acme *m, struct cmg__enrol_case *c,
                                  const struct cmg__http_response *resp,
                                  const struct cmg__json *json, cmg_error **err)
{
    const char *status = cmg__json_str(json, "/status");

    (void)c;
    if (status != NULL && !cmg__str_ieq(status, "valid"))
        return cmg__fail(err, m->alloc, CMG_E_AUTH, "account_key",
                         "use another account key",
                         "the account of this key is %.40s at the authority", status);
    const cmg_status rc = cmg__acme_take_url(
        m, &m->account, cmg__headers_get(&resp->headers, "Location"), "account", err);
    if (rc == CMG_OK)
        m->phase = after_account(m);
    return rc;
}
