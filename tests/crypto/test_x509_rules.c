/*
 * The judge's rules. Chains are made by openssl from small configurations, so that every
 * rule can be broken one at a time, also those that our own writer cannot break. What is
 * refused must name the rule.
 */
#include "crypto/pki.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CA "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
#define CLIENT                                                                           \
    "basicConstraints=CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage="            \
    "clientAuth\n"
#define SERVER "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:gw.contoso.com\n"

/* One certificate of a chain, issued by the one before it. */
struct link {
    const char *subject;
    const char *extensions;
    const char *key;    /* NULL: P-256; "rsa", "ed25519", "rsa1024" */
    const char *digest; /* NULL: sha256 */
    int days;           /* 0: 100; negative: already expired */
};

static const struct chain_case {
    const char *name;
    struct link links[7]; /* root first, leaf last */
    cmg_purpose purpose;
    const char *cause; /* part of it; NULL: accepted */
} chain_cases[] = {
    { "root and leaf",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "one intermediate",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=I", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "server",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = SERVER } },
      CMG_PURPOSE_SERVER,
      NULL },
    { "rsa keys",
      { { .subject = "/CN=R", .extensions = CA, .key = "rsa" },
        { .subject = "/CN=L", .extensions = CLIENT, .key = "rsa" } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "five steps",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=A", .extensions = CA },
        { .subject = "/CN=B", .extensions = CA },
        { .subject = "/CN=C", .extensions = CA },
        { .subject = "/CN=D", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "six steps",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=A", .extensions = CA },
        { .subject = "/CN=B", .extensions = CA },
        { .subject = "/CN=C", .extensions = CA },
        { .subject = "/CN=D", .extensions = CA },
        { .subject = "/CN=E", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "longer than allowed" },
    { "sha1 root",
      { { .subject = "/CN=R", .extensions = CA, .digest = "sha1" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "sha1 leaf",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT, .digest = "sha1" } },
      CMG_PURPOSE_CLIENT,
      "weaker than SHA-256" },
    { "sha1 intermediate",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=I", .extensions = CA, .digest = "sha1" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "weaker than SHA-256" },
    { "rsa 1024",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT, .key = "rsa1024" } },
      CMG_PURPOSE_CLIENT,
      "its key is neither" },
    { "ed25519",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT, .key = "ed25519" } },
      CMG_PURPOSE_CLIENT,
      "its key is neither" },
    { "server only",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = SERVER } },
      CMG_PURPOSE_CLIENT,
      "lacks clientAuth" },
    { "client only",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_SERVER,
      "lacks serverAuth" },
    { "no extended key usage",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = "keyUsage=digitalSignature\n" } },
      CMG_PURPOSE_CLIENT,
      "lacks clientAuth" },
    { "any extended key usage",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = "extendedKeyUsage=anyExtendedKeyUsage\n" } },
      CMG_PURPOSE_CLIENT,
      "lacks clientAuth" },
    { "key usage",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L",
          .extensions = "keyUsage=keyEncipherment\nextendedKeyUsage=clientAuth\n" } },
      CMG_PURPOSE_CLIENT,
      "lacks digitalSignature" },
    { "authority as leaf",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = CA "extendedKeyUsage=clientAuth\n" } },
      CMG_PURPOSE_CLIENT,
      "authority's certificate" },
    { "expired leaf",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT, .days = -1 } },
      CMG_PURPOSE_CLIENT,
      "expired" },
    { "expired intermediate",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=I", .extensions = CA, .days = -1 },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "expired" },
    { "expired root",
      { { .subject = "/CN=R", .extensions = CA, .days = -1 },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "expired" },
    { "issuer is no authority",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=I", .extensions = "basicConstraints=CA:FALSE\n" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "no authority's" },
    { "issuer without basic constraints",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=I", .extensions = "keyUsage=keyCertSign\n" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "no authority's" },
    { "issuer without keyCertSign",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=I",
          .extensions = "basicConstraints=CA:TRUE\nkeyUsage=cRLSign\n" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "lacks keyCertSign" },
    { "path length kept",
      { { .subject = "/CN=R",
          .extensions = "basicConstraints=critical,CA:TRUE,pathlen:1\n" },
        { .subject = "/CN=I",
          .extensions = "basicConstraints=critical,CA:TRUE,pathlen:0\n" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "path length broken",
      { { .subject = "/CN=R",
          .extensions = "basicConstraints=critical,CA:TRUE,pathlen:0\n" },
        { .subject = "/CN=I", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "path length" },
    { "intermediate for servers",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=I", .extensions = CA "extendedKeyUsage=serverAuth\n" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "for this purpose" },
    { "intermediate for any",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=I", .extensions = CA "extendedKeyUsage=anyExtendedKeyUsage\n" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "unknown critical extension",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT "1.2.3.4=critical,ASN1:NULL\n" } },
      CMG_PURPOSE_CLIENT,
      "not understood" },
    { "unknown extension",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=L", .extensions = CLIENT "1.2.3.4=ASN1:NULL\n" } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "policy constraints",
      { { .subject = "/CN=R", .extensions = CA },
        { .subject = "/CN=I",
          .extensions = CA "policyConstraints=critical,requireExplicitPolicy:0\n" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "name a policy" },
    { "permitted dns name",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,permitted;DNS:contoso.com\n" },
        { .subject = "/CN=L", .extensions = SERVER } },
      CMG_PURPOSE_SERVER,
      NULL },
    { "dns name outside",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,permitted;DNS:fabrikam.com\n" },
        { .subject = "/CN=L", .extensions = SERVER } },
      CMG_PURPOSE_SERVER,
      "name constraints" },
    { "dns name that only ends alike",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=permitted;DNS:ontoso.com\n" },
        { .subject = "/CN=L", .extensions = SERVER } },
      CMG_PURPOSE_SERVER,
      "name constraints" },
    { "excluded dns name",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,excluded;DNS:gw.contoso.com\n" },
        { .subject = "/CN=L", .extensions = SERVER } },
      CMG_PURPOSE_SERVER,
      "name constraints" },
    { "wildcard over an excluded name",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,excluded;DNS:gw.contoso.com\n" },
        { .subject = "/CN=L",
          .extensions =
              "extendedKeyUsage=serverAuth\nsubjectAltName=DNS:*.contoso.com\n" } },
      CMG_PURPOSE_SERVER,
      "name constraints" },
    { "host name in CN outside",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,permitted;DNS:fabrikam.com\n" },
        { .subject = "/CN=pc.contoso.com", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "name constraints" },
    { "address outside",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0\n" },
        { .subject = "/CN=L", .extensions = CLIENT "subjectAltName=IP:11.0.0.1\n" } },
      CMG_PURPOSE_CLIENT,
      "name constraints" },
    { "address inside",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,permitted;IP:10.0.0.0/255.0.0.0\n" },
        { .subject = "/CN=L", .extensions = CLIENT "subjectAltName=IP:10.9.0.1\n" } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "mail address under a mail constraint",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,permitted;email:contoso.com\n" },
        { .subject = "/CN=L",
          .extensions = CLIENT "subjectAltName=email:a@contoso.com\n" } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "mail address outside of a mail constraint",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,permitted;email:contoso.com\n" },
        { .subject = "/CN=L",
          .extensions = CLIENT "subjectAltName=email:a@fabrikam.com\n" } },
      CMG_PURPOSE_CLIENT,
      "name constraints" },
    { "no mail address under a mail constraint",
      { { .subject = "/CN=R",
          .extensions = CA "nameConstraints=critical,permitted;email:contoso.com\n" },
        { .subject = "/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "directory name inside",
      { { .subject = "/CN=R",
          .extensions =
              CA "nameConstraints=critical,permitted;dirName:dn\n[dn]\nO=Contoso\n" },
        { .subject = "/O=contoso/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      NULL },
    { "directory name outside",
      { { .subject = "/CN=R",
          .extensions =
              CA "nameConstraints=critical,permitted;dirName:dn\n[dn]\nO=Contoso\n" },
        { .subject = "/O=Fabrikam/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "name constraints" },
    { "intermediate's own name outside",
      { { .subject = "/CN=R",
          .extensions =
              CA "nameConstraints=critical,permitted;dirName:dn\n[dn]\nO=Contoso\n" },
        { .subject = "/O=Fabrikam/CN=I", .extensions = CA },
        { .subject = "/O=Contoso/CN=L", .extensions = CLIENT } },
      CMG_PURPOSE_CLIENT,
      "name constraints" },
};

static void run(const char *const *argv)
{
    char *out = NULL;
    const int status = support_command(argv, &out);

    ck_assert_msg(status == 0, "%s %s says %s", argv[0], argv[1], out);
    free(out);
}

/* Paths "0.pem" and so on live in the test's directory. */
static const char *path_of(size_t i, const char *suffix)
{
    char name[32];

    (void)snprintf(name, sizeof name, "%zu.%s", i, suffix);
    return support_path(name);
}

static void make_key(const struct link *link, const char *path)
{
    const char *const rsa[] = { "openssl", "genpkey",  "-algorithm",
                                "RSA",     "-pkeyopt", "rsa_keygen_bits:2048",
                                "-out",    path,       NULL };
    const char *const small[] = { "openssl", "genpkey",  "-algorithm",
                                  "RSA",     "-pkeyopt", "rsa_keygen_bits:1024",
                                  "-out",    path,       NULL };
    const char *const ec[] = { "openssl", "genpkey",  "-algorithm",
                               "EC",      "-pkeyopt", "ec_paramgen_curve:P-256",
                               "-out",    path,       NULL };
    const char *const ed[] = { "openssl", "genpkey", "-algorithm", "ED25519",
                               "-out",    path,      NULL };
    const char *kind = link->key;

    run(kind == NULL                   ? ec
        : strcmp(kind, "rsa") == 0     ? rsa
        : strcmp(kind, "ed25519") == 0 ? ed
                                       : small);
}

/* Makes link i: request, then signed by link i - 1 or itself. */
static void make_link(const struct link *link, size_t i)
{
    char ext[1200];
    char days[16];
    char digest[16];
    char serial[16];
    const char *key = path_of(i, "key");
    const char *csr = path_of(i, "csr");
    const char *cert = path_of(i, "pem");
    const char *config = path_of(i, "ext");

    make_key(link, key);
    (void)snprintf(ext, sizeof ext, "[x]\nsubjectKeyIdentifier=hash\n%s",
                   link->extensions);
    support_write_file(config, ext, strlen(ext));
    (void)snprintf(days, sizeof days, "%d", link->days != 0 ? link->days : 100);
    (void)snprintf(digest, sizeof digest, "-%s",
                   link->digest != NULL ? link->digest : "sha256");
    (void)snprintf(serial, sizeof serial, "%zu", i + 100);
    const char *const request[] = { "openssl", "req",         "-new", "-key", key,
                                    "-subj",   link->subject, "-out", csr,    NULL };
    run(request);
    const char *const self[] = { "openssl",  "x509", "-req",     "-in",  csr,
                                 "-signkey", key,    "-days",    days,   digest,
                                 "-out",     cert,   "-extfile", config, "-extensions",
                                 "x",        NULL };
    const char *const issued[] = { "openssl",
                                   "x509",
                                   "-req",
                                   "-in",
                                   csr,
                                   "-CA",
                                   path_of(i - (i > 0), "pem"),
                                   "-CAkey",
                                   path_of(i - (i > 0), "key"),
                                   "-set_serial",
                                   serial,
                                   "-days",
                                   days,
                                   digest,
                                   "-out",
                                   cert,
                                   "-extfile",
                                   config,
                                   "-extensions",
                                   "x",
                                   NULL };
    run(i == 0 ? self : issued);
}

/* Everything made by openssl, ready to be judged. */
struct court {
    struct support_alloc a;
    struct cmg__x509_trust *trust;
    struct cmg__x509 *certs[8];
    size_t count;
    int64_t now;
};

static size_t make_chain(const struct chain_case *c, struct court *court)
{
    size_t n = 0;

    for (; n < CMG__ARRAY_LEN(c->links) && c->links[n].subject != NULL; n++) {
        size_t size = 0;
        struct cmg__x509 **one = NULL;
        size_t count = 0;
        cmg_error *err = NULL;

        make_link(&c->links[n], n);
        char *pem = support_read_file(path_of(n, "pem"), &size);
        ck_ok(cmg__x509_parse_pem(&court->a.alloc, pem, size, &one, &count, &err), err);
        court->certs[n] = one[0];
        cmg__free(&court->a.alloc, one);
        free(pem);
    }
    return n;
}

static cmg_status judge(struct court *court, cmg_purpose purpose, cmg_error **err)
{
    const uint8_t *ders[8];
    size_t lens[8];

    /* Leaf first, then the others upwards; the root is not sent. */
    for (size_t i = 0; i + 1 < court->count; i++) {
        struct cmg__x509_info info;

        cmg__x509_info(court->certs[court->count - 1 - i], &info);
        ders[i] = info.der;
        lens[i] = info.der_len;
    }
    return cmg__x509_check(court->trust, purpose, ders, lens, court->count - 1,
                           court->now, err);
}

static void court_init(struct court *court, const struct chain_case *c)
{
    struct cmg__x509_info leaf;
    cmg_error *err = NULL;

    memset(court, 0, sizeof *court);
    support_alloc_init(&court->a);
    court->count = make_chain(c, court);
    cmg__x509_info(court->certs[0], &leaf);
    /* openssl takes the system's clock: an hour after the root was made. */
    court->now = cmg__env_unix_s(&cmg__env_system);
    char *pem = pki_pem(court->certs[0]);
    ck_ok(cmg__x509_trust_new(&court->a.alloc, pem, strlen(pem), &court->trust, &err),
          err);
    free(pem);
}

static void court_done(struct court *court)
{
    for (size_t i = 0; i < court->count; i++)
        cmg__x509_free(court->certs[i]);
    cmg__x509_trust_free(court->trust);
    ck_assert_uint_eq(court->a.live, 0);
    support_dir_done();
}

/* A second opinion: whom openssl refuses is not accepted here. */
static void ask_openssl(const struct chain_case *c, const struct court *court)
{
    const char *argv[32] = {
        "openssl",    "verify",
        "-no-CApath", "-no-CAstore",
        "-purpose",   c->purpose == CMG_PURPOSE_SERVER ? "sslserver" : "sslclient",
        "-CAfile",    path_of(0, "pem")
    };
    size_t n = 8;
    char *out = NULL;

    for (size_t i = 1; i + 1 < court->count; i++) {
        argv[n++] = "-untrusted";
        argv[n++] = path_of(i, "pem");
    }
    argv[n++] = path_of(court->count - 1, "pem");
    const int status = support_command(argv, &out);
    /* RFC 5280 knows anyExtendedKeyUsage in authorities, too; openssl in leaves only. */
    ck_assert_msg(status == 0 || strcmp(c->name, "intermediate for any") == 0,
                  "%s is accepted: %s", c->name, out);
    free(out);
}

START_TEST(each_rule_is_held)
{
    const struct chain_case *c = &chain_cases[_i];
    struct court court;
    cmg_error *err = NULL;

    court_init(&court, c);
    const cmg_status rc = judge(&court, c->purpose, &err);
    if (c->cause == NULL) {
        ck_assert_msg(rc == CMG_OK, "%s: %s", c->name, cmg_error_message(err));
        ask_openssl(c, &court);
    } else {
        ck_assert_msg(rc == CMG_E_CERT, "%s was accepted", c->name);
        ck_assert_msg(strstr(cmg_error_cause(err), c->cause) != NULL, "%s: %s", c->name,
                      cmg_error_cause(err));
        ck_assert_str_ne(cmg_error_remedy(err), "");
        ck_assert_str_ne(cmg_error_subject(err), "");
    }
    cmg_error_unref(err);
    court_done(&court);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x509_rules");
    TCase *rules = tcase_create("rules");

    tcase_set_timeout(rules, 60);
    tcase_add_loop_test(rules, each_rule_is_held, 0, (int)CMG__ARRAY_LEN(chain_cases));
    suite_add_tcase(suite, rules);
    return support_run((Suite *const[]){ suite, NULL });
}
