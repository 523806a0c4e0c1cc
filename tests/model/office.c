/* See office.h. */
#include "model/office.h"

#include <stdlib.h>
#include <string.h>

void office_init(struct office *p)
{
    cmg_error *err = NULL;

    support_alloc_init(&p->a);
    support_env_init(&p->e);
    ck_ok(cmg_context_new(&p->a.alloc.table, &p->ctx, &err), err);
    p->ctx->env = p->e.env;
    ck_ok(cmg_key_generate(p->ctx, CMG_KEY_EC_P256, &p->ca_key, &err), err);
    ck_ok(cmg_key_generate(p->ctx, CMG_KEY_EC_P256, &p->key, &err), err);
}

void office_done(struct office *p)
{
    cmg_key_unref(p->key);
    cmg_key_unref(p->ca_key);
    cmg_context_unref(p->ctx);
    ck_assert_uint_eq(p->a.live, 0);
    support_dir_done();
}

cmg_status office_try_root(struct office *p, const char *directory, cmg_authority **out,
                           cmg_error **err)
{
    const cmg_authority_options options = { .size = sizeof options,
                                            .directory = directory,
                                            .common_name = "Contoso Root",
                                            .organization = "Contoso",
                                            .key = p->ca_key };

    return cmg_authority_new_with(p->ctx, &options, out, err);
}

cmg_authority *office_root(struct office *p, const char *directory)
{
    cmg_authority *ca = NULL;
    cmg_error *err = NULL;

    ck_ok(office_try_root(p, directory, &ca, &err), err);
    return ca;
}

cmg_template *office_template(struct office *p, const char *name)
{
    cmg_template *t = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_template_new_builtin(p->ctx, name, &t, &err), err);
    return t;
}

cmg_status office_try_issue(struct office *p, cmg_authority *ca, const char *name,
                            cmg_certificate **out, cmg_error **err)
{
    const cmg_csr_request request = { .size = sizeof request, .common_name = name };
    cmg_template *t = office_template(p, "web_server");
    const cmg_status rc =
        cmg_authority_issue_by_template(ca, t, p->key, &request, 0, out, err);

    cmg_template_unref(t);
    return rc;
}

cmg_certificate *office_issue(struct office *p, cmg_authority *ca, const char *name)
{
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;

    ck_ok(office_try_issue(p, ca, name, &cert, &err), err);
    return cert;
}

const char *office_serial(const cmg_certificate *cert, char out[41])
{
    struct cmg__x509_info info;

    cmg__x509_info(cert->chain[0], &info);
    memcpy(out, info.serial_hex, sizeof info.serial_hex);
    return out;
}

void office_write_pem(const char *path, cmg_certificate *cert)
{
    cmg_bytes *pem = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_certificate_export_pem(cert, &pem, &err), err);
    support_write_file(path, cmg_bytes_data(pem), cmg_bytes_size(pem));
    cmg_bytes_unref(pem);
}

int office_run(const char *const *argv, char **out)
{
    char *text = NULL;
    const int status = support_command(argv, &text);

    if (out != NULL)
        *out = text;
    else
        free(text);
    return status;
}

struct cmg__crl *office_publish(struct office *p, cmg_authority *ca, bool delta)
{
    cmg_bytes *der = NULL;
    struct cmg__crl *crl = NULL;
    cmg_error *err = NULL;

    ck_ok((delta ? cmg_authority_publish_delta_crl
                 : cmg_authority_publish_crl)(ca, NULL, WEEK_S, &der, &err),
          err);
    ck_ok(
        cmg__crl_parse(&p->a.alloc, cmg_bytes_data(der), cmg_bytes_size(der), &crl, &err),
        err);
    ck_assert_int_eq(cmg__crl_verify(crl, ca->certificate->chain[0]), CMG_OK);
    cmg_bytes_unref(der);
    return crl;
}

int office_listed(const struct cmg__crl *crl, const cmg_certificate *cert)
{
    struct cmg__crl_entry entry;

    return cmg__crl_find_certificate(crl, cert->chain[0], &entry) ? (int)entry.reason
                                                                  : -1;
}
