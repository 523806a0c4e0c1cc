/*
 * The certificate reader and the judge on any bytes: DER first, else PEM. A certificate
 * that is read must survive its PEM form, and be judged, as a leaf and under itself,
 * without anything but CMG_OK or CMG_E_CERT. A bundle is judged as a chain, its first
 * certificate as the leaf, under anchors of its own, with the revocation list that may
 * stand in it; what is accepted strictly must be accepted without. Whatever is read is
 * described in lines that nothing in it can forge, and its lists are walked to the end.
 */
#include "crypto/crl.h"
#include "crypto/x509_data.h"
#include "crypto/x509_describe.h"
#include "crypto/x509_judge.h"
#include "crypto/x509_list.h"
#include "crypto/x509_trust.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void judge(const struct cmg__x509_trust *trust, const struct cmg__x509_info *info)
{
    for (int purpose = CMG_PURPOSE_SERVER; purpose <= CMG_PURPOSE_CLIENT; purpose++) {
        const uint8_t *ders[2] = { info->der, info->der };
        const size_t lens[2] = { info->der_len, info->der_len };
        const cmg_status rc = cmg__x509_check(trust, (cmg_purpose)purpose, ders, lens, 2,
                                              info->not_before_unix_s, NULL);

        require(rc == CMG_OK || rc == CMG_E_CERT);
    }
}

/* Each line begins with blanks in pairs, then something that can be seen. */
static void require_lines(const char *text)
{
    while (*text != '\0') {
        const size_t blanks = strspn(text, " ");
        const char *end = strchr(text, '\n');

        require(end != NULL && blanks % 2 == 0 && text + blanks < end);
        for (; text < end; text++)
            require((unsigned char)*text >= 0x20 && *text != 0x7f);
        text = end + 1;
    }
}

static void describe(const struct cmg__x509 *cert)
{
    struct cmg__describe d;
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__x509_describe(cert, &d);
    require(d.rc == CMG_OK && strlen(text.data) == text.len);
    require_lines(text.data);
    cmg__buf_done(&text);
}

/* A walk ends, takes from its span only, and its values have a text. */
static void walk(const struct cmg__x509 *cert)
{
    struct cmg__url_walk urls;
    struct cmg__attribute_walk attributes = { .name = cert->subject_name };
    struct cmg__attribute attribute;
    struct cmg__ms_template template;
    struct cmg__span names = cert->alternative_names;
    struct cmg__span url;
    struct cmg__gn name;
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, (size_t)1 << 20);
    cmg__url_walk_crls(&urls, cert->extensions, CMG__OID_CDP);
    while (cmg__url_next(&urls, &url))
        require(url.p >= cert->der && url.p + url.n <= cert->der + cert->der_len);
    cmg__url_walk_access(&urls, cert->extensions, CMG__OID_ACCESS_OCSP);
    while (cmg__url_next(&urls, &url))
        require(url.p >= cert->der && url.p + url.n <= cert->der + cert->der_len);
    while (cmg__gn_next(&names, &name))
        require(cmg__gn_text(&name, &text) == CMG_OK);
    while (cmg__attribute_next(&attributes, &attribute))
        require(cmg__attribute_text(&attribute, &text) == CMG_OK);
    if (cmg__ms_template_find(cert->extensions, &template))
        require(cmg__ms_template_text(&template, &text) == CMG_OK);
    require(text.len == 0 || strlen(text.data) == text.len);
    require(text.len == 0 || strchr(text.data, '\n') == NULL);
    cmg__buf_done(&text);
}

static void use(const struct cmg__x509 *cert)
{
    struct cmg__x509_info info;
    struct cmg__x509_trust *trust = NULL;
    struct cmg__buf pem;

    describe(cert);
    walk(cert);
    cmg__x509_info(cert, &info);
    require(strlen(info.sha256_hex) == 64 && strchr(info.subject, '\n') == NULL);
    for (size_t i = 0; i < info.dns_count; i++)
        (void)cmg__x509_matches_host(cert, cmg__x509_dns_name(cert, i));
    (void)cmg__x509_matches_host(cert, "gw.contoso.com");
    (void)cmg__x509_matches_host(cert, "::1");
    cmg__buf_init(&pem, &cmg__alloc_libc, (size_t)1 << 20);
    require(cmg__x509_write_pem(cert, &pem) == CMG_OK);
    const cmg_status rc =
        cmg__x509_trust_new(&cmg__alloc_libc, pem.data, pem.len, &trust, NULL);
    require(rc == CMG_OK || rc == CMG_E_CERT);
    if (rc == CMG_OK)
        judge(trust, &info);
    cmg__x509_trust_free(trust);
    cmg__buf_done(&pem);
}

static bool ask(const struct cmg__x509_trust *trust,
                const struct cmg__x509_question *question, struct cmg__x509 **list,
                size_t count)
{
    struct cmg__report report;

    cmg__report_init(&report, &cmg__alloc_libc);
    require(cmg__x509_judge(trust, question, list, count, &report) == CMG_OK);
    const bool accepted = cmg__report_is_accepted(&report);
    for (size_t i = 0; i < report.count; i++) {
        require(report.list[i].cause[0] != '\0');
        require(!accepted || report.list[i].severity != CMG_SEVERITY_REFUSAL);
    }
    cmg__report_done(&report);
    return accepted;
}

/* Each question, mild and strict: the strict one accepts no more than the mild one. */
static void ask_all(const struct cmg__x509_trust *trust, struct cmg__x509 **list,
                    size_t count)
{
    struct cmg__x509_info info;

    cmg__x509_info(list[0], &info);
    for (int purpose = 0; purpose <= CMG_PURPOSE_AUTHORITY; purpose++) {
        struct cmg__x509_question q = {
            .purpose = (cmg_purpose)purpose,
            .revocation = CMG_REVOCATION_SOFT,
            .name = purpose == CMG_PURPOSE_SERVER ? "gw.contoso.com" : NULL,
            .now_unix_s = info.not_before_unix_s,
        };
        const bool mild = ask(trust, &q, list, count);

        q.revocation = CMG_REVOCATION_HARD;
        q.flags = CMG_CHECK_STRICT | CMG_CHECK_PUBLIC;
        require(mild || !ask(trust, &q, list, count));
    }
}

static struct cmg__x509 *copy(const struct cmg__x509 *cert)
{
    struct cmg__x509_info info;
    struct cmg__x509 *made = NULL;

    cmg__x509_info(cert, &info);
    require(cmg__x509_parse(&cmg__alloc_libc, info.der, info.der_len, &made, NULL) ==
            CMG_OK);
    return made;
}

/* The last certificate is an anchor, whatever it is, the others are what came along. */
static void judge_chain(struct cmg__x509 **list, size_t count, const uint8_t *data,
                        size_t size)
{
    struct cmg__x509 *anchor = copy(list[count - 1]);
    struct cmg__x509_trust *trust = cmg__x509_trust_new_empty(&cmg__alloc_libc);
    struct cmg__crl *crl = NULL;

    require(trust != NULL);
    require(cmg__x509_trust_add(trust, CMG__TRUST_ANCHORS, &anchor, 1) == CMG_OK);
    if (cmg__crl_parse(&cmg__alloc_libc, data, size, &crl, NULL) == CMG_OK) {
        require(cmg__x509_trust_add_crl(trust, crl) == CMG_OK);
        cmg__crl_free(crl);
    }
    ask_all(trust, list, count);
    cmg__x509_trust_free(trust);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__x509 *cert = NULL;
    struct cmg__x509 **list = NULL;
    size_t count = 0;

    if (cmg__x509_parse(&cmg__alloc_libc, data, size, &cert, NULL) == CMG_OK)
        use(cert);
    cmg__x509_free(cert);
    (void)cmg__x509_parse_pem(&cmg__alloc_libc, (const char *)data, size, &list, &count,
                              NULL);
    for (size_t i = 0; i < count; i++)
        use(list[i]);
    if (count > 0)
        judge_chain(list, count, data, size);
    cmg__x509_free_list(&cmg__alloc_libc, list, count);
    return 0;
}
