/*
 * The certificate reader and the judge on any bytes: DER first, else PEM. A certificate
 * that is read must survive its PEM form, and be judged, as a leaf and under itself,
 * without anything but CMG_OK or CMG_E_CERT.
 */
#include "crypto/x509.h"

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
    for (int purpose = CMG__PURPOSE_CLIENT; purpose <= CMG__PURPOSE_SERVER; purpose++) {
        const uint8_t *ders[2] = { info->der, info->der };
        const size_t lens[2] = { info->der_len, info->der_len };
        const cmg_status rc =
            cmg__x509_check(trust, (enum cmg__x509_purpose)purpose, ders, lens, 2,
                            info->not_before_unix_s, NULL);

        require(rc == CMG_OK || rc == CMG_E_CERT);
    }
}

static void use(const struct cmg__x509 *cert)
{
    struct cmg__x509_info info;
    struct cmg__x509_trust *trust = NULL;
    struct cmg__buf pem;

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
    cmg__x509_free_list(&cmg__alloc_libc, list, count);
    return 0;
}
