/* Certificates by openssl; see mint.h. */
#include "model/mint.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/key.h"

struct paths {
    char key[256];
    char csr[256];
    char pem[256];
    char config[256];
};

static void path(char out[256], const char *name, const char *suffix)
{
    char file[64];

    (void)snprintf(file, sizeof file, "%s.%s", name, suffix);
    (void)snprintf(out, 256, "%s", support_path(file));
}

static void fill_paths(struct paths *paths, const char *name)
{
    path(paths->key, name, "key");
    path(paths->csr, name, "csr");
    path(paths->pem, name, "pem");
    path(paths->config, name, "ext");
}

static void run(const char *const *argv)
{
    char *out = NULL;
    const int status = support_command(argv, &out);

    ck_assert_msg(status == 0, "%s %s says %s", argv[0], argv[1], out);
    free(out);
}

/* RSA keys of the sizes that the library makes are its own, whose primes are looked for
   once per program. */
static bool make_rsa(unsigned bits, const char *file)
{
    struct cmg__key *key = NULL;
    struct cmg__buf pem;

    if (cmg__key_generate(&cmg__alloc_libc, &cmg__env_system, CMG__KEY_RSA, bits, &key,
                          NULL) != CMG_OK)
        return false;
    cmg__buf_init_secret(&pem, &cmg__alloc_libc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_pem(key, &pem), CMG_OK);
    support_write_file(file, pem.data, pem.len);
    cmg__buf_done(&pem);
    cmg__key_free(key);
    return true;
}

static void make_key(const char *key, const char *file)
{
    const bool rsa = key != NULL && strncmp(key, "rsa:", 4) == 0;
    char option[64];

    if (rsa && make_rsa((unsigned)strtoul(key + 4, NULL, 10), file))
        return;
    (void)snprintf(option, sizeof option,
                   rsa ? "rsa_keygen_bits:%s" : "ec_paramgen_curve:%s",
                   rsa ? key + 4 : "P-256");
    run((const char *[]){ "openssl", "genpkey", "-algorithm", rsa ? "RSA" : "EC",
                          "-pkeyopt", option, "-out", file, NULL });
}

static void make(const struct mint *wanted, const struct paths *own,
                 const struct paths *issuer)
{
    char ext[1200];
    char days[16];
    char digest[16];
    const char *key = own->key;
    char reused[256];

    if (wanted->reuse != NULL) {
        path(reused, wanted->reuse, "key");
        key = reused;
    } else {
        make_key(wanted->key, own->key);
    }
    (void)snprintf(ext, sizeof ext, "[x]\nsubjectKeyIdentifier=hash\n%s",
                   wanted->extensions != NULL ? wanted->extensions : "");
    support_write_file(own->config, ext, strlen(ext));
    (void)snprintf(days, sizeof days, "%d", wanted->days != 0 ? wanted->days : 365);
    (void)snprintf(digest, sizeof digest, "-%s",
                   wanted->digest != NULL ? wanted->digest : "sha256");
    run((const char *[]){ "openssl", "req", "-new", "-utf8", "-key", key, "-subj",
                          wanted->subject, "-out", own->csr, NULL });
    if (issuer == NULL)
        run((const char *[]){ "openssl", "x509", "-req", "-in", own->csr, "-signkey", key,
                              "-days", days, digest, "-out", own->pem, "-extfile",
                              own->config, "-extensions", "x", NULL });
    else
        run((const char *[]){
            "openssl",  "x509",      "-req",        "-in",       own->csr,
            "-CA",      issuer->pem, "-CAkey",      issuer->key, "-CAcreateserial",
            "-days",    days,        digest,        "-out",      own->pem,
            "-extfile", own->config, "-extensions", "x",         NULL });
}

static cmg_certificate *load(cmg_context *ctx, const char *const *files)
{
    cmg_certificate *cert = NULL;
    cmg_error *err = NULL;
    struct cmg__buf all;

    cmg__buf_init_secret(&all, &cmg__alloc_libc, (size_t)1 << 20);
    for (; *files != NULL; files++) {
        size_t n = 0;
        char *text = support_read_file(*files, &n);

        ck_assert_ptr_nonnull(text);
        ck_assert_int_eq(cmg__buf_add(&all, text, n), CMG_OK);
        free(text);
    }
    ck_ok(cmg_certificate_new_from_bytes(ctx, all.data, all.len, NULL, &cert, &err), err);
    cmg__buf_done(&all);
    return cert;
}

static void make_all(const struct mint *wanted, struct paths *own, struct paths *issuer)
{
    fill_paths(own, wanted->name != NULL ? wanted->name : "x");
    if (wanted->issuer != NULL)
        fill_paths(issuer, wanted->issuer);
    make(wanted, own, wanted->issuer != NULL ? issuer : NULL);
}

cmg_certificate *mint(cmg_context *ctx, const struct mint *wanted)
{
    struct paths own;
    struct paths issuer;
    char reused[256];

    make_all(wanted, &own, &issuer);
    if (wanted->reuse != NULL)
        path(reused, wanted->reuse, "key");
    return load(ctx,
                (const char *[]){ own.pem, wanted->reuse != NULL ? reused : own.key,
                                  wanted->issuer != NULL ? issuer.pem : NULL, NULL });
}

cmg_certificate *mint_bare(cmg_context *ctx, const struct mint *wanted)
{
    struct paths own;
    struct paths issuer;

    make_all(wanted, &own, &issuer);
    return load(ctx, (const char *[]){ own.pem, NULL });
}

bool mint_report_has(const cmg_report *report, cmg_finding code, cmg_severity severity)
{
    for (size_t i = 0; i < cmg_report_count(report); i++) {
        if (cmg_report_finding_code(report, i) == code &&
            cmg_report_severity(report, i) == severity)
            return true;
    }
    return false;
}
