/*
 * Hand-over to a Windows machine: the INF text from which certreq makes a key and a
 * request there, and the command lines for a request that was made here. What would end
 * its quotes or be expanded is refused, since the administrator pastes it.
 */
#include <string.h>

#include <cmg/enrol.h>

#include "base/context.h"
#include "base/str.h"

#define TEXT_LIMIT ((size_t)64 * 1024)
#define VALUE_MAX  1024
#define SAN_MAX    255

static cmg_status refuse(cmg_context *ctx, const char *field, const char *remedy,
                         cmg_error **err)
{
    return cmg__fail(err, &ctx->alloc, CMG_E_INVAL, field, remedy,
                     "%s cannot be written for certreq", field);
}

/* Printable ASCII; neither quote nor percent sign, which cmd.exe and INF expand. */
static bool is_plain(const char *s)
{
    size_t n = 0;

    while (n <= VALUE_MAX && s[n] >= ' ' && s[n] < 0x7f && s[n] != '"' && s[n] != '%')
        n++;
    return n > 0 && n <= VALUE_MAX && s[n] == '\0';
}

static cmg_status check_plain(cmg_context *ctx, const char *field, const char *value,
                              cmg_error **err)
{
    if (value != NULL && is_plain(value))
        return CMG_OK;
    return refuse(ctx, field, "use 1 to 1024 printable ASCII characters without \" and %",
                  err);
}

/* What may stand between '=' and '&' of an alternative name. */
static bool is_name(const char *s, const char *more)
{
    size_t n = 0;

    while (n <= SAN_MAX &&
           (cmg__is_alnum(s[n]) || (s[n] != '\0' && strchr(more, s[n]) != NULL)))
        n++;
    return n > 0 && n <= SAN_MAX && s[n] == '\0';
}

static cmg_status check_names(cmg_context *ctx, const char *field,
                              const char *const *names, const char *more, cmg_error **err)
{
    for (; names != NULL && *names != NULL; names++) {
        if (!is_name(*names, more))
            return refuse(ctx, field, "use DNS names as A-labels, and plain addresses",
                          err);
    }
    return CMG_OK;
}

static cmg_status check_inf(cmg_context *ctx, const cmg_certreq *r, cmg_error **err)
{
    cmg_status rc = check_plain(ctx, "subject", r->subject, err);

    if (rc == CMG_OK && r->template_name != NULL)
        rc = check_plain(ctx, "template_name", r->template_name, err);
    if (rc == CMG_OK && r->provider != NULL)
        rc = check_plain(ctx, "provider", r->provider, err);
    if (rc == CMG_OK && r->friendly_name != NULL)
        rc = check_plain(ctx, "friendly_name", r->friendly_name, err);
    if (rc == CMG_OK)
        rc = check_names(ctx, "dns_names", r->dns_names, ".-*_", err);
    if (rc == CMG_OK)
        rc = check_names(ctx, "ip_addresses", r->ip_addresses, ".:", err);
    if (rc == CMG_OK)
        rc = check_names(ctx, "eku", r->eku, ".", err);
    if (rc == CMG_OK && r->key_bits != 0 && r->key_bits != 2048 && r->key_bits != 3072 &&
        r->key_bits != 4096)
        rc = refuse(ctx, "key_bits", "use 2048, 3072 or 4096", err);
    return rc;
}

static cmg_status add_new_request(struct cmg__buf *out, const cmg_certreq *r)
{
    cmg_status rc = cmg__buf_addf(
        out,
        "[Version]\r\nSignature=\"$Windows NT$\"\r\n\r\n[NewRequest]\r\n"
        "Subject=\"%s\"\r\nExportable=%s\r\nKeyLength=%u\r\nKeySpec=1\r\n"
        "KeyUsage=0xA0\r\nMachineKeySet=%s\r\nProviderName=\"%s\"\r\n"
        "RequestType=PKCS10\r\nHashAlgorithm=SHA256\r\nSMIME=FALSE\r\n",
        r->subject, r->not_exportable != 0 ? "FALSE" : "TRUE",
        r->key_bits == 0 ? 2048U : (unsigned)r->key_bits,
        r->user_key_set != 0 ? "FALSE" : "TRUE",
        cmg__str_or(r->provider, "Microsoft RSA SChannel Cryptographic Provider"));

    if (rc == CMG_OK && r->friendly_name != NULL)
        rc = cmg__buf_addf(out, "FriendlyName=\"%s\"\r\n", r->friendly_name);
    return rc;
}

static cmg_status add_each(struct cmg__buf *out, const char *before,
                           const char *const *values, const char *after)
{
    cmg_status rc = CMG_OK;

    for (; rc == CMG_OK && values != NULL && *values != NULL; values++)
        rc = cmg__buf_addf(out, "%s%s%s", before, *values, after);
    return rc;
}

static cmg_status add_extensions(struct cmg__buf *out, const cmg_certreq *r)
{
    static const char *const server[] = { "1.3.6.1.5.5.7.3.1", NULL };
    const bool names = (r->dns_names != NULL && r->dns_names[0] != NULL) ||
                       (r->ip_addresses != NULL && r->ip_addresses[0] != NULL);
    cmg_status rc = cmg__buf_add_str(out, "\r\n[EnhancedKeyUsageExtension]\r\n");

    if (rc == CMG_OK)
        rc = add_each(out, "OID=", r->eku != NULL ? r->eku : server, "\r\n");
    if (rc == CMG_OK && names)
        rc = cmg__buf_add_str(out, "\r\n[Extensions]\r\n2.5.29.17=\"{text}\"\r\n");
    if (rc == CMG_OK)
        rc = add_each(out, "_continue_=\"dns=", r->dns_names, "&\"\r\n");
    if (rc == CMG_OK)
        rc = add_each(out, "_continue_=\"ipaddress=", r->ip_addresses, "&\"\r\n");
    if (rc == CMG_OK && r->template_name != NULL)
        rc = cmg__buf_addf(out,
                           "\r\n[RequestAttributes]\r\nCertificateTemplate=\"%s\"\r\n",
                           r->template_name);
    return rc;
}

/* rc is what filling the buffer came to. */
static cmg_status give(cmg_context *ctx, struct cmg__buf *text, cmg_status rc,
                       cmg_bytes **out_text, cmg_error **err)
{
    if (rc == CMG_OK)
        rc = cmg__bytes_new(&ctx->alloc, text->data, text->len, out_text);
    cmg__buf_done(text);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status check_context(cmg_context *ctx, const void *out, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, err);

    return rc == CMG_OK && out == NULL
               ? refuse(ctx, "out_text", "pass a place for it", err)
               : rc;
}

cmg_status cmg_certreq_format_inf(cmg_context *ctx, const cmg_certreq *request,
                                  cmg_bytes **out_text, cmg_error **err)
{
    cmg_certreq copy;
    struct cmg__buf text;
    cmg_status rc = check_context(ctx, out_text, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, request, "cmg_certreq",
                              err);
    if (rc == CMG_OK)
        rc = check_inf(ctx, &copy, err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &ctx->alloc, TEXT_LIMIT);
    rc = add_new_request(&text, &copy);
    if (rc == CMG_OK)
        rc = add_extensions(&text, &copy);
    return give(ctx, &text, rc, out_text, err);
}

/* A backslash before the closing quote would escape it. */
static cmg_status add_quoted(struct cmg__buf *out, const char *before, const char *value)
{
    size_t n = strlen(value);
    cmg_status rc = cmg__buf_addf(out, " \"%s%s", before, value);

    while (rc == CMG_OK && n > 0 && value[n - 1] == '\\') {
        rc = cmg__buf_add_char(out, '\\');
        n--;
    }
    return rc == CMG_OK ? cmg__buf_add_char(out, '"') : rc;
}

cmg_status cmg_certreq_submit_command(cmg_context *ctx, const char *config,
                                      const char *template_name, const char *request_file,
                                      const char *answer_file, cmg_bytes **out_text,
                                      cmg_error **err)
{
    struct cmg__buf text;
    cmg_status rc = check_context(ctx, out_text, err);

    if (rc == CMG_OK)
        rc = check_plain(ctx, "config", config, err);
    if (rc == CMG_OK)
        rc = check_plain(ctx, "template_name", template_name, err);
    if (rc == CMG_OK)
        rc = check_plain(ctx, "request_file", request_file, err);
    if (rc == CMG_OK)
        rc = check_plain(ctx, "answer_file", answer_file, err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &ctx->alloc, TEXT_LIMIT);
    rc = cmg__buf_add_str(&text, "certreq -submit -config");
    if (rc == CMG_OK)
        rc = add_quoted(&text, "", config);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(&text, " -attrib");
    if (rc == CMG_OK)
        rc = add_quoted(&text, "CertificateTemplate:", template_name);
    if (rc == CMG_OK)
        rc = add_quoted(&text, "", request_file);
    if (rc == CMG_OK)
        rc = add_quoted(&text, "", answer_file);
    return give(ctx, &text, rc, out_text, err);
}

cmg_status cmg_certreq_retrieve_command(cmg_context *ctx, const char *config,
                                        const char *request_id, const char *answer_file,
                                        cmg_bytes **out_text, cmg_error **err)
{
    struct cmg__buf text;
    uint64_t id = 0;
    cmg_status rc = check_context(ctx, out_text, err);

    if (rc == CMG_OK)
        rc = check_plain(ctx, "config", config, err);
    if (rc == CMG_OK &&
        (request_id == NULL || !cmg__parse_u64(request_id, strlen(request_id), &id)))
        rc =
            refuse(ctx, "request_id", "use the number that certreq -submit printed", err);
    if (rc == CMG_OK)
        rc = check_plain(ctx, "answer_file", answer_file, err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, &ctx->alloc, TEXT_LIMIT);
    rc = cmg__buf_add_str(&text, "certreq -retrieve -config");
    if (rc == CMG_OK)
        rc = add_quoted(&text, "", config);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(&text, " %llu", (unsigned long long)id);
    if (rc == CMG_OK)
        rc = add_quoted(&text, "", answer_file);
    return give(ctx, &text, rc, out_text, err);
}
