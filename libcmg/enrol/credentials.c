/* See credentials.h. */
#include "enrol/credentials.h"

#include <string.h>

#include "base/str.h"
#include "enrol/enrolment.h"
#include "model/certificate.h"

#define PEM_MAX  ((size_t)1024 * 1024)
#define USER_MAX 256
#define PASS_MAX 1024

void cmg__enrol_credentials_init(struct cmg__enrol_credentials *c,
                                 const struct cmg__alloc *alloc)
{
    *c = (struct cmg__enrol_credentials){ .alloc = alloc };
    cmg__secret_init(&c->password, alloc);
}

void cmg__enrol_credentials_done(struct cmg__enrol_credentials *c)
{
    cmg__free(c->alloc, c->user);
    cmg__secret_clear(&c->password);
    cmg_certificate_unref(c->certificate);
    cmg__enrol_credentials_init(c, c->alloc);
}

void cmg__enrol_signed_in_init(struct cmg__enrol_signed_in *kept,
                               const struct cmg__alloc *alloc)
{
    cmg__buf_init(&kept->cert, alloc, PEM_MAX);
    cmg__buf_init_secret(&kept->key, alloc, PEM_MAX);
}

void cmg__enrol_signed_in_done(struct cmg__enrol_signed_in *kept)
{
    cmg__buf_done(&kept->cert);
    cmg__buf_done(&kept->key);
}

char *cmg__enrol_origin(const struct cmg__alloc *alloc, const char *url)
{
    struct cmg__url parts;

    if (!cmg__url_parse(url, &parts))
        return NULL;
    char *origin = cmg__format(alloc, "%s://%.*s:%u", parts.https ? "https" : "http",
                               (int)parts.host_len, parts.host, (unsigned)parts.port);
    if (origin != NULL)
        cmg__lower_in_place(origin);
    return origin;
}

static cmg_status add_certificate(const struct cmg__enrol_credentials *c,
                                  struct cmg__http_options *options,
                                  struct cmg__enrol_signed_in *kept, cmg_error **err)
{
    if (cmg__certificate_chain_pem(c->certificate, &kept->cert) != CMG_OK ||
        cmg__certificate_key_pem(c->certificate, &kept->key) != CMG_OK)
        return cmg__fail_nomem(err);
    options->cert_pem = cmg__buf_cstr(&kept->cert);
    options->key_pem = cmg__buf_cstr(&kept->key);
    return CMG_OK;
}

cmg_status cmg__enrol_sign_in(const struct cmg__enrol_credentials *c, const char *origin,
                              const char *url, struct cmg__http_options *options,
                              struct cmg__enrol_signed_in *kept, cmg_error **err)
{
    char *wanted = cmg__enrol_origin(c->alloc, url);
    cmg_status rc = wanted == NULL ? cmg__fail_nomem(err) : CMG_OK;
    const bool same = rc == CMG_OK && origin != NULL && strcmp(wanted, origin) == 0;

    cmg__free(c->alloc, wanted);
    if (!same)
        return rc;
    options->auth = c->auth;
    options->user = c->user;
    options->password = c->password.data;
    return c->certificate == NULL ? CMG_OK : add_certificate(c, options, kept, err);
}

/* ---- setters ---- */

static const enum cmg__http_auth auths[] = {
    [CMG_SIGN_IN_BASIC] = CMG__HTTP_AUTH_BASIC,
    [CMG_SIGN_IN_NTLM] = CMG__HTTP_AUTH_NTLM,
    [CMG_SIGN_IN_NEGOTIATE] = CMG__HTTP_AUTH_NEGOTIATE,
};

static bool is_user(const char *user, cmg_sign_in way)
{
    size_t n = 0;

    while (n <= USER_MAX && (unsigned char)user[n] >= ' ' && user[n] != 0x7f &&
           (user[n] != ':' || way != CMG_SIGN_IN_BASIC))
        n++;
    return n <= USER_MAX && user[n] == '\0';
}

static cmg_status check_credentials(const cmg_enrolment *e, cmg_sign_in way,
                                    const char *user, size_t password_size,
                                    cmg_error **err)
{
    const struct cmg__alloc *alloc = &e->head.ctx->alloc;
    const bool tickets = way == CMG_SIGN_IN_NEGOTIATE;

    if (way < CMG_SIGN_IN_BASIC || way > CMG_SIGN_IN_NEGOTIATE)
        return cmg__fail(err, alloc, CMG_E_INVAL, "way", "use a CMG_SIGN_IN_ constant",
                         "there is no way %d to sign in", (int)way);
    if (tickets && (user[0] != '\0' || password_size > 0))
        return cmg__fail(err, alloc, CMG_E_INVAL, "user",
                         "pass neither user nor password; get a ticket with kinit or a "
                         "keytab",
                         "Negotiate signs in with the tickets of the process");
    if (!is_user(user, way) || (!tickets && user[0] == '\0'))
        return cmg__fail(err, alloc, CMG_E_INVAL, "user",
                         "use 1 to 256 characters, without a colon for Basic",
                         "the user's name is not allowed");
    if (password_size > PASS_MAX)
        return cmg__fail(err, alloc, CMG_E_LIMIT, "password", "use at most 1024 bytes",
                         "a password of %zu bytes is too long", password_size);
    return CMG_OK;
}

cmg_status cmg_enrolment_set_sign_in(cmg_enrolment *enrolment, cmg_sign_in way,
                                     const char *user, const char *password,
                                     size_t password_size, cmg_error **err)
{
    cmg_status rc = cmg__enrolment_may_set(enrolment, "sign-in", err);

    if (rc == CMG_OK)
        rc = check_credentials(enrolment, way, cmg__str_or(user, ""),
                               password == NULL ? 0 : password_size, err);
    if (rc != CMG_OK)
        return rc;
    struct cmg__enrol_credentials *c = &enrolment->credentials;
    if (password != NULL && memchr(password, '\0', password_size) != NULL)
        return cmg__fail(err, c->alloc, CMG_E_INVAL, "password", "remove it",
                         "the password has a zero byte inside");
    if (cmg__str_assign(c->alloc, &c->user, cmg__str_or(user, "")) != CMG_OK ||
        cmg__secret_set(&c->password, cmg__str_or(password, ""),
                        password == NULL ? 0 : password_size) != CMG_OK)
        return cmg__fail_nomem(err);
    c->auth = auths[way];
    return CMG_OK;
}

cmg_status cmg_enrolment_set_client_certificate(cmg_enrolment *enrolment,
                                                cmg_certificate *certificate,
                                                cmg_error **err)
{
    cmg_status rc = cmg__enrolment_may_set(enrolment, "client certificate", err);

    if (rc == CMG_OK && certificate != NULL)
        rc = cmg__check(&certificate->head, CMG__TAG_CERTIFICATE, err);
    if (rc != CMG_OK)
        return rc;
    if (certificate != NULL && !cmg_certificate_has_key(certificate))
        return cmg__fail(err, &enrolment->head.ctx->alloc, CMG_E_CERT, "certificate",
                         "read it from a PFX, or from PEM with its key",
                         "a certificate without its key cannot sign in");
    if (certificate != NULL)
        rc = cmg__certificate_check_key(certificate, err);
    if (rc != CMG_OK)
        return rc;
    cmg_certificate_unref(enrolment->credentials.certificate);
    enrolment->credentials.certificate = cmg_certificate_ref(certificate);
    return CMG_OK;
}
