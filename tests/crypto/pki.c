/* See pki.h. The keys below protect nothing. */
#include "crypto/pki.h"

#include <stdlib.h>
#include <string.h>

static const char *const keys[] = {
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQCNLn2rtI4bRcDB\n"
    "I+++Tzpry1bYiyuO0KqNz8DPtAJGZBBVpXrnPFdWf3wGozxm3LYFWmudwMDHWaHD\n"
    "Aj47xYMVMqDWR6+e7osf5mskAUI3TUEa9glNLgy8ZPudpu1wsglo3UNfnXhyhrfC\n"
    "Jwv2KUldqCVlb2+WQkmwz8/jJ00qaf4JuWnvkcON78h9y06T78qTptGxv1/XeNwR\n"
    "rg5Qhfr9msLChsIiuiORXXDv8MstLKqQnPa44QqD6q6Lyja7xaSDC8amFZnHDstp\n"
    "/rZoxKB6f8qCkUeR29V8p0IWGhaQVJN85aiUaMOdeelcySVp2CLBMUuPOSn/Rj+B\n"
    "Xvuo8ObfAgMBAAECggEAKhL/2ssNSq1n+2dFTHb6FyPbNt+K1J31JhwS/xNLVkT9\n"
    "5ThSv1TpRlrp0GSXXKRMDp5a0gGesgpRPfeOKmv7W7bh3doxSXEXvyMBLRK+9BIu\n"
    "4+UM8pZVr1N89QfJXTuBuGGwcW9RdPgXDWJrmynEtoek1Wz3WVVZ9rqH3s9YnNnW\n"
    "Rmp1rMm6RDpEEq7m2gHI52s3R4nL6Bie3TWARWEcQgHuo3o6op3JSmYMvcIssDDr\n"
    "zVwdQvbOJRgDnlkWV5DcEBcalHzsA5Gg6TBSjm4EhTJlM9/MvD8jC4RdvCOevsJz\n"
    "nRUUE21aqKiExJUP8nHvsB8d7mavl/hWMB0OAHHq0QKBgQDCiQ4IBjNHBGf+2txA\n"
    "aI7HaTFasOmepkxyBtCGbC3VA4K94EfRAIC0DKhqsfFuUfhEuzntWNpWUc4Tbc3P\n"
    "kP80aifBkNr9Qj2qcSr0vfzFhSDkJTswx5H2HNimtmbNook9+tYkQ1ocECLKeJTj\n"
    "HGyxJoZiBbWpZvHwpx5hVp12BwKBgQC5ye4VrQfVPEFpBdDtd79Lef4nBnu23WkW\n"
    "uJyhRPeDMepln7bwOzbu7sR55Bhdn/OORB52vfCJs/bfo0CeKDQV/Bd1HfBTS2yn\n"
    "j5JrbINetf9oTri2xzJoE1VSNwlgJnEVu9Qtf/naG2ijvxK8jFYrNChPS8UXdyEY\n"
    "cB5q07kSaQKBgCcQLmkeFZ3lHJzoheHJHSKd1PNJIyBgdGlRRP45KtrjYZWPO9yU\n"
    "JUQCZq9GHBzzCM+EaRVoCi/bLW5pVjKgAx8bUfBkjhTdAFUBdIbAv8lJ+ljVwRUC\n"
    "fiTVlgukBPC1+qkffXC6tZV9B/9wRzVzt7+65LE6REhIC70vUcJqCiRxAoGBAIXf\n"
    "s+d6n0JQAPIkdsAmoXlJlpGYYl0KfkcZEARFJfUrarN/utqwUI0rD/ilG8mbEG1b\n"
    "OHhntYQEYcgUYuOUJLQSyvRhdmMO3mR/WAqATslYa4pF72QFdZT5GWn8rozSJnp6\n"
    "thFzPh6j0WrsrBuhJBZNpx48gvC9ruNlJwXjOmDBAoGBALqmbbaWRRmIEiFL/3GR\n"
    "NHrmObD1CCus42rKHgbvV/CvWc40JwQHQBP1ZJX1U13pETzJTvW6Yvzj/bxplz39\n"
    "xpC7Oq5WdTav/s0QbzQmL3E8DbaUNN0tiLsFQlxTUGmdzTbwYxWL1LBV37T/sdav\n"
    "XfQBcgNgdU9uPRcT9tPERvgW\n"
    "-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\n"
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDW1MUGSK1j5G2H\n"
    "Cw0MCzb+G1EwcA/5x2Xw3ecNIo3PKskfq4Ja1WqHclX0igdZaNv6h9XfPBce4BPy\n"
    "rpTLdRiUDC06b2ndS7AGqsl6m0NyrpLoVcLEYKFTGV26h65YBWzmfeWx9wSGEh6j\n"
    "YOq6XlJ8Wa+FB6PORQ7CIOyFd8t66Q8M6Nz4U0UCfiXzt2olRDMxwCz128JZKY0Z\n"
    "zDyS8s9a8fks1cAmyPZpOL+8CR6642JxgmjiosoEycvtnGFLhb6ujzkd6eDaMIPG\n"
    "4Agn30Fk0zUUW8pNqBOSCZ79ymu0QS3N9OFFL5qDgtaAnOUrYqs1pakLHuHnKg0k\n"
    "XwqBKsQxAgMBAAECggEAaqOAT5+47gqAMdYS+mUAvb8qnIwr6fWITTmhTPxXfzwC\n"
    "TQWyNcuVTzm6oCH6BvBNrb1KtT6bTXi2fjMZ6iqsciTfOJAAcVh2PsD9NS6oGt+8\n"
    "TbbwcNF0kw7W31YlfUzoIzvgTmhLJxAMhFYB/lP+xvov7a1+qs/NxSBZt+DgsRfh\n"
    "LBIkjZn1/dh/JVAu24rgPgRnwUnTokqd+ABFbJ1grgIld9ms6tH2bXqf5iUDmpv1\n"
    "BfnN4dHre/XBxZaQTgXNwVMl0pJJzr9ssHPkg/afwt8QwCDcbth3MXbqK00yOe6X\n"
    "LSBe+TSPsFyZhKHDxkLlUnBxckF0PcVcSs7NHnLGPwKBgQDyjRK9/D2z5zOkZw6u\n"
    "KOcayfDKjst4I3d5C3l2RzTY9UvfSnDka6nXWRlLR5UfzBaBMRHE3ER24OKDgqVq\n"
    "aFhgDrGmgEbfuWkftGqxerRNSJQUpZqs33RzVUZtDUhYCvkale9pOl3H3bywM40C\n"
    "WjzlKIKwy0XtAOLsaBOxj5HCVwKBgQDivjjB+8LxQlWrMPqvDwcc+HVZgTx8BX6E\n"
    "RGo8y+svXSG2UnGZvTMzq1AWjmwm8Xq1KRvgsjg+K2WlbiEkB2kZbcIvuHlecR5d\n"
    "5kyVcGtuy/AXKDqVvhVsWwrtNRUMKCjeV+RCe7VVOC4UkdZkxzgWuYXzXGrxo84b\n"
    "AFztkrbotwKBgAi94OEMCEVFnezc8gCA5ONoR89lGhw4WwP3z+bdZiAzpwpjKnJx\n"
    "Fuv2AB1gdRVyS5VYaWWI8sa+ECvhN4kAPb8oiGqR0PwbOJi17ep7m6f1Z7DezxZP\n"
    "72iAuEsR4Xua2aOFp91JBzw+16AaG4jsK6murhclHF4QXB1dGuiZXg19AoGAWV9x\n"
    "L8T0ifQDoH6l0Oqzew/T8XunQ5tGywvMdDpMcVbcOuk0Lc0NqYgVAU8SAiecnlud\n"
    "yWt2D8s7PYGzPmhNXOCOchDchgVAWvKzrROqxPlNoVMSBIPwHc2k+Oq7aRdLRJiQ\n"
    "OERarUR/pUv2nbKIwSxPSCVdYfGXA72Y42u4/PECgYEA4rsuWu2AiatQAuegMoFV\n"
    "rQGL0avq6Imx/4UqTxhdrbH3jtV4QOSWfVs1309WKRTeFwKdk74+IqY+gV+XRLvA\n"
    "ew7mlH8CKMhPJm02ayyHX6ytf0+nbKtM74iyrH/JnQ7k49BITONQg7sl6C2yiwPy\n"
    "5eqxFBU735HKJzyuxtzFLPA=\n"
    "-----END PRIVATE KEY-----\n",
};

struct cmg__key *pki_key(const struct cmg__alloc *alloc, const struct cmg__env *env,
                         unsigned number)
{
    struct cmg__key *key = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__key_parse(alloc, env, keys[number], strlen(keys[number]), &key, &err),
          err);
    return key;
}

static struct cmg__x509 *issue(struct pki *pki, enum cmg__x509_profile profile,
                               const char *name)
{
    struct cmg__x509 *cert = NULL;
    cmg_error *err = NULL;
    const bool root = profile == CMG__PROFILE_ROOT;
    const struct cmg__x509_request request = {
        .profile = profile,
        .common_name = name,
        .not_before_unix_s = PKI_NOW - PKI_DAY,
        .not_after_unix_s = PKI_NOW + 300 * PKI_DAY,
        .key = root ? pki->root_key : pki->leaf_key,
    };

    ck_ok(cmg__x509_issue(&pki->a.alloc, &pki->e.env, &request, root ? NULL : pki->root,
                          root ? NULL : pki->root_key, &cert, &err),
          err);
    return cert;
}

void pki_init(struct pki *pki, enum cmg__x509_profile profile)
{
    support_alloc_init(&pki->a);
    support_env_init(&pki->e);
    pki->root_key = pki_key(&pki->a.alloc, &pki->e.env, 0);
    pki->leaf_key = pki_key(&pki->a.alloc, &pki->e.env, 1);
    pki->root = issue(pki, CMG__PROFILE_ROOT, "Test Root");
    pki->leaf = issue(pki, profile, "granitefalls.contoso.com");
}

void pki_done(struct pki *pki)
{
    cmg__x509_free(pki->leaf);
    cmg__x509_free(pki->root);
    cmg__key_free(pki->leaf_key);
    cmg__key_free(pki->root_key);
    ck_assert_uint_eq(pki->a.live, 0);
}

char *pki_pem(const struct cmg__x509 *cert)
{
    struct cmg__buf out;

    cmg__buf_init(&out, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__x509_write_pem(cert, &out), CMG_OK);
    return cmg__buf_steal(&out);
}

void pki_write_pem(const char *path, const struct cmg__x509 *cert)
{
    char *pem = pki_pem(cert);

    support_write_file(path, pem, strlen(pem));
    free(pem);
}
