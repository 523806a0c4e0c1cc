/* The public function that chooses ACME: what the host gives is checked here. */
#include "enrol/acme.h"

#include <string.h>

#include "base/str.h"
#include "enrol/enrolment.h"
#include "model/certificate.h"
#include "model/key.h"

#define TEXT_MAX ((size_t)256)

static cmg_status check_texts(const cmg_enrolment *e, const char *directory_url,
                              const cmg_acme_options *o, cmg_error **err)
{
    const struct cmg__alloc *alloc = e->c.alloc;
    struct cmg__url url;

    if (directory_url == NULL || !cmg__url_parse(directory_url, &url) || !url.https)
        return cmg__fail(err, alloc, CMG_E_INVAL, "directory_url",
                         "give the https address of the authority's ACME directory",
                         "\"%.200s\" is not an https URL",
                         cmg__str_or(directory_url, ""));
    if (o->challenge != NULL && strcmp(o->challenge, "dns-01") != 0 &&
        strcmp(o->challenge, "http-01") != 0)
        return cmg__fail(err, alloc, CMG_E_INVAL, "challenge", "use dns-01 or http-01",
                         "\"%.40s\" is no kind of challenge that is known here",
                         o->challenge);
    if ((o->eab_kid != NULL) != (o->eab_key != NULL))
        return cmg__fail(err, alloc, CMG_E_INVAL, "eab_key",
                         "give eab_kid and eab_key, or none of them",
                         "only one half of the external account is given");
    return CMG_OK;
}

/* "admin@contoso.com" only: a mailto address can hold more than one, and fields. */
static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');

    if (at == NULL || at == text || at[1] == '\0' || strlen(text) > 254)
        return false;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p <= ' ' || *p >= 0x7f || strchr(",?%:/\\\"<>", *p) != NULL)
            return false;
    }
    return strchr(at + 1, '@') == NULL;
}

static cmg_status contact_of(const cmg_enrolment *e, const char *address, char **out,
                             cmg_error **err)
{
    if (address == NULL)
        return CMG_OK;
    if (!is_address(address))
        return cmg__fail(err, e->c.alloc, CMG_E_INVAL, "contact",
                         "give one e-mail address, or none",
                         "\"%.100s\" is not an e-mail address", address);
    *out = cmg__format(e->c.alloc, "mailto:%s", address);
    return *out != NULL ? CMG_OK : cmg__fail_nomem(err);
}

/* RFC 8555, 11.1: whoever steals one of both must not have the other. */
static cmg_status check_key(const cmg_enrolment *e, const struct cmg__key *key,
                            cmg_error **err)
{
    struct cmg__buf own;

    cmg__buf_init(&own, e->c.alloc, TEXT_MAX * 8);
    cmg_status rc = cmg__key_write_public_der(key, &own);
    if (rc == CMG_OK && cmg__span_eq(e->csr->csr->spki, cmg__span_of(own.data, own.len)))
        rc = cmg__fail(err, e->c.alloc, CMG_E_INVAL, "account_key",
                       "make another key for the account, and keep it for later orders",
                       "the account key is the key of the request");
    else if (rc != CMG_OK)
        rc = cmg__fail_nomem(err);
    cmg__buf_done(&own);
    return rc;
}

static cmg_status predecessor_of(const cmg_enrolment *e, const cmg_certificate *replaces,
                                 struct cmg__buf *out, cmg_error **err)
{
    if (replaces == NULL)
        return CMG_OK;
    cmg_status rc = cmg__check(&replaces->head, CMG__TAG_CERTIFICATE, err);
    if (rc != CMG_OK)
        return rc;
    rc = cmg__acme_certificate_id(replaces->chain[0], out);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc != CMG_OK)
        return cmg__fail(err, e->c.alloc, CMG_E_CERT, "replaces",
                         "leave it out; the order is made without it",
                         "the certificate does not name the key of its issuer");
    return CMG_OK;
}

static cmg_status use(cmg_enrolment *e, const char *directory_url, const cmg_key *key,
                      const cmg_acme_options *o, cmg_error **err)
{
    struct cmg__acme_settings settings = { .directory_url = directory_url,
                                           .key = key->key,
                                           .terms_agreed = o->terms_agreed != 0,
                                           .challenge =
                                               cmg__str_or(o->challenge, "dns-01"),
                                           .eab_kid = o->eab_kid,
                                           .eab_key = o->eab_key,
                                           .profile = o->profile,
                                           .await_window = o->await_window != 0 };
    struct cmg__enrol_method *method = NULL;
    struct cmg__buf predecessor;
    char *contact = NULL;

    cmg__buf_init(&predecessor, e->c.alloc, TEXT_MAX);
    cmg_status rc = contact_of(e, o->contact, &contact, err);
    if (rc == CMG_OK)
        rc = predecessor_of(e, o->replaces, &predecessor, err);
    settings.contact = contact;
    settings.replaces = predecessor.len > 0 ? cmg__buf_cstr(&predecessor) : NULL;
    if (rc == CMG_OK)
        rc = cmg__acme_new(e->c.alloc, &settings, &method, err);
    if (rc == CMG_OK)
        rc = cmg__enrolment_use(e, method, directory_url, err);
    cmg__free(e->c.alloc, contact);
    cmg__buf_done(&predecessor);
    return rc;
}

cmg_status cmg_enrolment_use_acme(cmg_enrolment *enrolment, const char *directory_url,
                                  cmg_key *account_key, const cmg_acme_options *options,
                                  cmg_error **err)
{
    cmg_acme_options o = { 0 };
    cmg_status rc = cmg__enrolment_may_set(enrolment, "way", err);

    if (rc == CMG_OK)
        rc = cmg__key_check(account_key, err);
    if (rc == CMG_OK && account_key->head.ctx != enrolment->head.ctx)
        rc = cmg__fail(err, enrolment->c.alloc, CMG_E_INVAL, "account_key",
                       "make it with the context of the enrolment",
                       "the account key belongs to another context");
    if (rc == CMG_OK && options != NULL)
        rc = cmg__tagged_copy(&o, sizeof o, sizeof o, options, "cmg_acme_options", err);
    if (rc == CMG_OK)
        rc = check_texts(enrolment, directory_url, &o, err);
    if (rc == CMG_OK)
        rc = check_key(enrolment, account_key->key, err);
    return rc == CMG_OK ? use(enrolment, directory_url, account_key, &o, err) : rc;
}
