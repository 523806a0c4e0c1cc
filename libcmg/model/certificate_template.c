/* cmg_template: a built-in template, or one read from JSON. Immutable. */
#include "model/certificate_template.h"

#include <string.h>

#include "base/str.h"

#define JSON_MAX ((size_t)64 * 1024)

static cmg_status check_context(const cmg_context *ctx, cmg_error **err)
{
    return cmg__check(ctx != NULL ? &ctx->head : NULL, CMG__TAG_CONTEXT, err);
}

static cmg_status make(cmg_context *ctx, const struct cmg__x509_template *data,
                       cmg_template **out, cmg_error **err)
{
    cmg_template *made = cmg__alloc0(&ctx->alloc, sizeof *made);

    if (made == NULL)
        return cmg__fail_nomem(err);
    cmg__handle_init(&made->head, CMG__TAG_TEMPLATE, ctx);
    made->data = *data;
    *out = made;
    return CMG_OK;
}

cmg_status cmg_template_new_builtin(cmg_context *ctx, const char *name,
                                    cmg_template **out_tmpl, cmg_error **err)
{
    const cmg_status rc = check_context(ctx, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__x509_template *found =
        cmg__x509_builtin_find(cmg__str_or(name, ""));
    if (found == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_NOTFOUND, "name",
                         "use web_server, client_authentication, connector, sub_ca or "
                         "root, or read one from JSON",
                         "no template \"%.64s\" is built in", cmg__str_or(name, ""));
    return make(ctx, found, out_tmpl, err);
}

cmg_status cmg_template_new_from_json(cmg_context *ctx, const char *document,
                                      const char *json, size_t size,
                                      cmg_template **out_tmpl, cmg_error **err)
{
    struct cmg__x509_template data;
    cmg_status rc = check_context(ctx, err);

    if (rc != CMG_OK)
        return rc;
    document = cmg__str_or(document, "<json>");
    if (json == NULL)
        return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, "json", NULL,
                         "there is no template to read");
    if (size > JSON_MAX)
        return cmg__fail(err, &ctx->alloc, CMG_E_LIMIT, document,
                         "check that it is a certificate template",
                         "%s is longer than 64 KiB", document);
    rc = cmg__template_read(&ctx->alloc, document, json, size, &data, err);
    return rc == CMG_OK ? make(ctx, &data, out_tmpl, err) : rc;
}

static cmg_status check(const cmg_template *t, cmg_error **err)
{
    return cmg__check(t != NULL ? &t->head : NULL, CMG__TAG_TEMPLATE, err);
}

cmg_status cmg_template_to_json(const cmg_template *t, cmg_bytes **out_json,
                                cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = check(t, err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &t->head.ctx->alloc, JSON_MAX);
    rc = cmg__template_write(&t->data, &text);
    if (rc == CMG_OK)
        rc = cmg__bytes_new(text.alloc, text.data, text.len, out_json);
    cmg__buf_done(&text);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

const char *cmg_template_name(const cmg_template *t)
{
    return check(t, NULL) == CMG_OK ? t->data.name : "";
}

const char *cmg_template_enrolment_name(const cmg_template *t)
{
    return check(t, NULL) == CMG_OK ? t->data.enrolment_name : "";
}

const char *cmg_template_hash(const cmg_template *t)
{
    return check(t, NULL) == CMG_OK ? cmg__oid_name(t->data.hash) : "";
}

uint32_t cmg_template_days(const cmg_template *t)
{
    return check(t, NULL) == CMG_OK ? t->data.days : 0;
}

uint32_t cmg_template_days_max(const cmg_template *t)
{
    return check(t, NULL) == CMG_OK ? t->data.days_max : 0;
}

uint32_t cmg_template_rsa_bits_min(const cmg_template *t)
{
    return check(t, NULL) == CMG_OK && t->data.allows_rsa ? t->data.rsa_bits_min : 0;
}

uint32_t cmg_template_ec_bits_min(const cmg_template *t)
{
    return check(t, NULL) == CMG_OK && t->data.allows_ec ? t->data.ec_bits_min : 0;
}

bool cmg_template_is_authority(const cmg_template *t)
{
    return check(t, NULL) == CMG_OK && t->data.is_ca;
}

bool cmg_template_is_exportable(const cmg_template *t)
{
    return check(t, NULL) == CMG_OK && t->data.exportable;
}

size_t cmg_template_eku_count(const cmg_template *t)
{
    size_t count = 0;

    while (check(t, NULL) == CMG_OK && count < CMG__TEMPLATE_EKU_MAX &&
           t->data.eku[count][0] != '\0')
        count++;
    return count;
}

const char *cmg_template_eku(const cmg_template *t, size_t index)
{
    return index < cmg_template_eku_count(t) ? t->data.eku[index] : "";
}

cmg_template *cmg_template_ref(cmg_template *t)
{
    if (t != NULL)
        cmg__handle_ref(&t->head);
    return t;
}

void cmg_template_unref(cmg_template *t)
{
    if (t == NULL || !cmg__handle_unref(&t->head))
        return;
    cmg_context *ctx = cmg_context_ref(t->head.ctx);
    cmg__handle_done(&t->head);
    cmg__free(&ctx->alloc, t);
    cmg_context_unref(ctx);
}
