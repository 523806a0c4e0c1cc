/*
 * The walkers over extensions: one certificate by openssl that has everything, then
 * values that are cut or twisted, which must end the walk and leave the rest unread.
 */
#include "crypto/pki.h"

#include "crypto/x509_data.h"
#include "crypto/x509_list.h"

#include <stdlib.h>
#include <string.h>

static const char config[] =
    "[req]\ndistinguished_name=dn\nx509_extensions=x\nprompt=no\n"
    "[dn]\nO=Contoso\nCN=gw.contoso.com\n"
    "[x]\n"
    "basicConstraints=critical,CA:TRUE,pathlen:3\n"
    "keyUsage=critical,digitalSignature,keyAgreement,keyCertSign,decipherOnly\n"
    "extendedKeyUsage=serverAuth,clientAuth,1.3.6.1.4.1.311.20.2.2,1.2.3.4\n"
    "subjectKeyIdentifier=hash\n"
    "authorityKeyIdentifier=keyid:always,issuer:always\n"
    "subjectAltName=@san\n"
    "issuerAltName=email:ca@contoso.com\n"
    "crlDistributionPoints=near,far\n"
    "freshestCRL=URI:http://crl.contoso.com/delta.crl\n"
    "authorityInfoAccess=OCSP;URI:http://ocsp.contoso.com,"
    "caIssuers;URI:http://crt.contoso.com/ca.crt,OCSP;URI:http://ocsp2.contoso.com\n"
    "certificatePolicies=1.2.3.4.5,@policy\n"
    "nameConstraints=permitted;DNS:contoso.com,permitted;IP:10.0.0.0/255.0.0.0,"
    "excluded;email:.fabrikam.com\n"
    "1.3.6.1.4.1.311.20.2=ASN1:BMP:WebServer\n"
    "1.3.6.1.4.1.311.21.7=ASN1:SEQUENCE:template\n"
    "1.2.3.4.6=critical,ASN1:UTF8:unknown\n"
    "[template]\na=OID:1.3.6.1.4.1.311.21.8.1.2\nb=INTEGER:100\nc=INTEGER:7\n"
    "[policy]\npolicyIdentifier=1.2.3.4.6\nCPS.1=http://contoso.com/cps\n"
    "userNotice.1=@notice\n[notice]\nexplicitText=UTF8:Hello\n"
    "[near]\nfullname=URI:http://crl.contoso.com/1.crl,URI:ldap:///CN=1\n"
    "[far]\nfullname=URI:http://crl.contoso.com/2.crl\nCRLissuer=dirName:dn\n"
    "reasons=keyCompromise\n"
    "[san]\nDNS.1=gw.contoso.com\nDNS.2=*.contoso.com\nIP.1=10.0.0.1\nIP.2=2001:db8::1\n"
    "email=ops@contoso.com\nURI=https://contoso.com/a\n"
    "otherName.1=1.3.6.1.4.1.311.20.2.3;UTF8:user@contoso.com\n"
    "otherName.2=1.2.3.4;IA5:other\notherName.3=1.2.3.5;INTEGER:258\n"
    "dirName=dn\nRID=1.2.3.4\n";

static struct support_alloc a;
static struct cmg__x509 *cert;
static struct cmg__buf text;

static void setup(void)
{
    struct cmg__x509 **list = NULL;
    size_t count = 0;
    size_t n = 0;
    char *said = NULL;
    cmg_error *err = NULL;

    support_alloc_init(&a);
    support_write_file(support_path("config"), config, sizeof config - 1);
    const char *const argv[] = {
        "openssl",  "req",
        "-x509",    "-newkey",
        "ec",       "-nodes",
        "-pkeyopt", "ec_paramgen_curve:P-256",
        "-config",  support_path("config"),
        "-keyout",  support_path("key"),
        "-out",     support_path("pem"),
        NULL,
    };
    const int status = support_command(argv, &said);
    ck_assert_msg(status == 0, "openssl says %s", said);
    free(said);
    char *pem = support_read_file(support_path("pem"), &n);
    ck_ok(cmg__x509_parse_pem(&a.alloc, pem, n, &list, &count, &err), err);
    free(pem);
    cert = list[0];
    cmg__free(&a.alloc, list);
    cmg__buf_init(&text, &a.alloc, 65536);
}

static void teardown(void)
{
    cmg__buf_done(&text);
    cmg__x509_free(cert);
    ck_assert_uint_eq(a.live, 0);
    support_dir_done();
}

static void expect_text(const char *want)
{
    ck_assert_str_eq(cmg__buf_cstr(&text), want);
    cmg__buf_clear(&text);
}

static void expect_oid(struct cmg__span oid, const char *want)
{
    char out[CMG__OID_TEXT_SIZE];

    cmg__oid_text(oid, out);
    ck_assert_str_eq(out, want);
}

static void expect_name(struct cmg__span *names, enum cmg__gn_kind kind, const char *want)
{
    struct cmg__gn name;

    ck_assert(cmg__gn_next(names, &name));
    ck_assert_int_eq(name.kind, kind);
    ck_assert_int_eq(cmg__gn_text(&name, &text), CMG_OK);
    expect_text(want);
}

static struct cmg__span sequence_of(enum cmg__oid id)
{
    struct cmg__span content;

    ck_assert(cmg__ext_sequence(cert->extensions, id, &content));
    return content;
}

START_TEST(every_kind_of_alternative_name_is_told)
{
    struct cmg__span names = cert->alternative_names;

    expect_name(&names, CMG__GN_KIND_DNS, "gw.contoso.com");
    expect_name(&names, CMG__GN_KIND_DNS, "*.contoso.com");
    expect_name(&names, CMG__GN_KIND_IP, "10.0.0.1");
    expect_name(&names, CMG__GN_KIND_IP, "2001:db8::1");
    expect_name(&names, CMG__GN_KIND_EMAIL, "ops@contoso.com");
    expect_name(&names, CMG__GN_KIND_URI, "https://contoso.com/a");
    expect_name(&names, CMG__GN_KIND_UPN, "user@contoso.com");
    expect_name(&names, CMG__GN_KIND_OTHER, "1.2.3.4=other");
    expect_name(&names, CMG__GN_KIND_OTHER, "1.2.3.5=#02020102");
    expect_name(&names, CMG__GN_KIND_DIRECTORY, "CN=gw.contoso.com, O=Contoso");
    expect_name(&names, CMG__GN_KIND_REGISTERED_ID, "1.2.3.4");
    ck_assert_uint_eq(names.n, 0);
    names = sequence_of(CMG__OID_IAN);
    expect_name(&names, CMG__GN_KIND_EMAIL, "ca@contoso.com");
    for (int kind = CMG__GN_KIND_DNS; kind < CMG__GN_KIND_COUNT; kind++)
        ck_assert_uint_gt(strlen(cmg__gn_label((enum cmg__gn_kind)kind)), 2);
}
END_TEST

START_TEST(usages_are_told_by_name)
{
    struct cmg__span usages = sequence_of(CMG__OID_EKU);
    struct cmg__span oid;
    struct cmg__ext ext;
    unsigned bits = 0;

    for (size_t i = 0; i < 4; i++) {
        static const char *const want[] = { "serverAuth", "clientAuth", "smartcardLogon",
                                            "1.2.3.4" };
        ck_assert(cmg__oid_next(&usages, &oid));
        expect_oid(oid, want[i]);
    }
    ck_assert(!cmg__oid_next(&usages, &oid) && usages.n == 0);
    ck_assert(cmg__ext_find(cert->extensions, CMG__OID_KEY_USAGE, &ext) && ext.critical);
    ck_assert(cmg__key_usage_read(ext.value, &bits));
    ck_assert_uint_eq(bits, cert->key_usage);
    ck_assert_int_eq(cmg__key_usage_text(bits, &text), CMG_OK);
    expect_text("digitalSignature, keyAgreement, keyCertSign, decipherOnly");
    ck_assert_int_eq(cmg__key_usage_text(0x1ff, &text), CMG_OK);
    expect_text("digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment, "
                "keyAgreement, keyCertSign, cRLSign, encipherOnly, decipherOnly");
}
END_TEST

START_TEST(policies_carry_their_statement)
{
    struct cmg__span policies = sequence_of(CMG__OID_POLICIES);
    struct cmg__span oid;
    struct cmg__span cps;

    ck_assert(cmg__policy_next(&policies, &oid, &cps));
    expect_oid(oid, "1.2.3.4.5");
    ck_assert_uint_eq(cps.n, 0);
    ck_assert(cmg__policy_next(&policies, &oid, &cps));
    expect_oid(oid, "1.2.3.4.6");
    ck_assert(cmg__span_eq(cps, cmg__span_of("http://contoso.com/cps", 22)));
    ck_assert(!cmg__policy_next(&policies, &oid, &cps) && policies.n == 0);
}
END_TEST

START_TEST(distribution_points_are_taken_apart)
{
    struct cmg__span points = sequence_of(CMG__OID_CDP);
    struct cmg__crl_point point;

    ck_assert(cmg__crl_point_next(&points, &point));
    expect_name(&point.names, CMG__GN_KIND_URI, "http://crl.contoso.com/1.crl");
    expect_name(&point.names, CMG__GN_KIND_URI, "ldap:///CN=1");
    ck_assert_uint_eq(point.names.n + point.reasons.n + point.issuer.n, 0);
    ck_assert(cmg__crl_point_next(&points, &point));
    ck_assert_uint_eq(point.reasons.n, 2);
    expect_name(&point.issuer, CMG__GN_KIND_DIRECTORY, "CN=gw.contoso.com, O=Contoso");
    ck_assert(!cmg__crl_point_next(&points, &point) && points.n == 0);
    points = sequence_of(CMG__OID_FRESHEST_CRL);
    ck_assert(cmg__crl_point_next(&points, &point));
    expect_name(&point.names, CMG__GN_KIND_URI, "http://crl.contoso.com/delta.crl");
}
END_TEST

static void expect_urls(struct cmg__url_walk *walk, const char *const *want)
{
    struct cmg__span url;

    for (size_t i = 0; want[i] != NULL; i++) {
        ck_assert(cmg__url_next(walk, &url));
        ck_assert(cmg__span_eq(url, cmg__span_of(want[i], strlen(want[i]))));
    }
    ck_assert(!cmg__url_next(walk, &url));
}

START_TEST(every_url_is_walked)
{
    struct cmg__url_walk walk;

    cmg__url_walk_crls(&walk, cert->extensions, CMG__OID_CDP);
    expect_urls(&walk, (const char *[]){ "http://crl.contoso.com/1.crl", "ldap:///CN=1",
                                         "http://crl.contoso.com/2.crl", NULL });
    cmg__url_walk_access(&walk, cert->extensions, CMG__OID_ACCESS_OCSP);
    expect_urls(&walk, (const char *[]){ "http://ocsp.contoso.com",
                                         "http://ocsp2.contoso.com", NULL });
    cmg__url_walk_access(&walk, cert->extensions, CMG__OID_CA_ISSUERS);
    expect_urls(&walk, (const char *[]){ "http://crt.contoso.com/ca.crt", NULL });
    cmg__url_walk_crls(&walk, cmg__span_of("", 0), CMG__OID_CDP);
    expect_urls(&walk, (const char *[]){ NULL });
}
END_TEST

START_TEST(constraints_and_identifiers_are_told)
{
    struct cmg__ext ext;
    struct cmg__span permitted;
    struct cmg__span excluded;
    struct cmg__gn base;
    struct cmg__authority_id id;
    bool is_ca = false;
    int path_length = 0;

    ck_assert(cmg__ext_find(cert->extensions, CMG__OID_NAME_CONSTRAINTS, &ext));
    ck_assert(cmg__subtrees_read(ext.value, &permitted, &excluded));
    ck_assert(cmg__subtree_next(&permitted, &base) && base.kind == CMG__GN_KIND_DNS);
    ck_assert(cmg__subtree_next(&permitted, &base));
    ck_assert_int_eq(cmg__gn_text(&base, &text), CMG_OK);
    expect_text("10.0.0.0/255.0.0.0");
    ck_assert(!cmg__subtree_next(&permitted, &base) && permitted.n == 0);
    ck_assert(cmg__subtree_next(&excluded, &base) && base.kind == CMG__GN_KIND_EMAIL);
    ck_assert(cmg__ext_find(cert->extensions, CMG__OID_BASIC_CONSTRAINTS, &ext));
    ck_assert(cmg__basic_constraints_read(ext.value, &is_ca, &path_length));
    ck_assert(is_ca && path_length == 3);
    ck_assert(cmg__ext_find(cert->extensions, CMG__OID_AKI, &ext));
    ck_assert(cmg__authority_id_read(ext.value, &id));
    ck_assert(cmg__span_eq(id.key_id, cert->key_id));
    ck_assert(cmg__span_eq(id.serial, cert->serial));
    expect_name(&id.issuer, CMG__GN_KIND_DIRECTORY, "CN=gw.contoso.com, O=Contoso");
}
END_TEST

START_TEST(templates_of_both_versions_are_told)
{
    struct cmg__ms_template t;
    struct cmg__span list = cert->extensions;
    struct cmg__ext ext;

    ck_assert(cmg__ms_template_find(list, &t));
    ck_assert_int_eq(cmg__ms_template_text(&t, &text), CMG_OK);
    expect_text("1.3.6.1.4.1.311.21.8.1.2 version 100.7");
    /* Up to the second template stands the first alone. */
    while (cmg__ext_next(&list, &ext) && ext.id != CMG__OID_MS_TEMPLATE_NAME) {
    }
    const struct cmg__span before =
        cmg__span_of(cert->extensions.p, cert->extensions.n - list.n);
    ck_assert(cmg__ms_template_find(before, &t));
    ck_assert_int_eq(cmg__ms_template_text(&t, &text), CMG_OK);
    expect_text("WebServer");
}
END_TEST

START_TEST(unknown_extensions_are_handed_out)
{
    struct cmg__span list = cert->extensions;
    struct cmg__ext ext = { 0 };
    size_t count = 0;

    while (cmg__ext_next(&list, &ext))
        count++;
    ck_assert_uint_eq(list.n, 0);
    ck_assert_uint_eq(count, 15);
    ck_assert_int_eq(ext.id, CMG__OID_UNKNOWN);
    ck_assert(ext.critical);
    ck_assert_uint_eq(ext.value.n, 9);
    expect_oid(ext.oid, "1.2.3.4.6");
}
END_TEST

/* Every value cut after each of its octets: no walker reads beyond, none loops. */
START_TEST(cut_values_end_the_walk)
{
    for (size_t n = 0; n < cert->extensions.n; n++) {
        uint8_t *copy = malloc(n > 0 ? n : 1);
        struct cmg__span cut = cmg__span_of(copy, n);
        struct cmg__url_walk walk;
        struct cmg__span url;
        struct cmg__ms_template t;
        struct cmg__ext ext;

        memcpy(copy, cert->extensions.p, n);
        cmg__url_walk_crls(&walk, cut, CMG__OID_CDP);
        while (cmg__url_next(&walk, &url)) {
        }
        cmg__url_walk_access(&walk, cut, CMG__OID_ACCESS_OCSP);
        while (cmg__url_next(&walk, &url)) {
        }
        (void)cmg__ms_template_find(cut, &t);
        while (cmg__ext_next(&cut, &ext)) {
        }
        free(copy);
    }
}
END_TEST

enum walker { NAMES, OIDS, POLICIES, POINTS, ACCESSES, SUBTREES, EXTENSIONS };
static const struct broken_case {
    const char *name;
    enum walker walker;
    const char *hex;
} broken_cases[] = {
    { "a name of no kind", NAMES, "8901" },
    { "an other name without a value", NAMES, "a00306022a03" },
    { "an other name with two values", NAMES, "a00906012aa00405000500" },
    { "a directory name that is no name", NAMES, "a4020500" },
    { "a directory name with more behind", NAMES, "a40430000500" },
    { "an integer among purposes", OIDS, "020101" },
    { "an empty purpose", OIDS, "0600" },
    { "a policy without an identifier", POLICIES, "3000" },
    { "a policy with more behind", POLICIES, "300506012a0500" },
    { "a statement that is no text", POLICIES,
      "301306012a300e300c06082b06010505070201"
      "0500" },
    { "a point with an unknown member", POINTS, "3003a30100" },
    { "a point with an unknown name", POINTS, "3004a0028200" },
    { "an access without a location", ACCESSES, "300306012a" },
    { "a subtree without a base", SUBTREES, "3000" },
    { "an extension without a value", EXTENSIONS, "300306012a" },
    { "an extension with BER's true", EXTENSIONS, "300806012a0101010400" },
    { "an extension with more behind", EXTENSIONS, "300706012a04000500" },
};

static bool walk_one(enum walker walker, struct cmg__span *in)
{
    struct cmg__gn name;
    struct cmg__span oid;
    struct cmg__span cps;
    struct cmg__crl_point point;
    struct cmg__access access;
    struct cmg__ext ext;

    switch (walker) {
    case NAMES:
        return cmg__gn_next(in, &name);
    case OIDS:
        return cmg__oid_next(in, &oid);
    case POLICIES:
        return cmg__policy_next(in, &oid, &cps);
    case POINTS:
        return cmg__crl_point_next(in, &point);
    case ACCESSES:
        return cmg__access_next(in, &access);
    case SUBTREES:
        return cmg__subtree_next(in, &name);
    default:
        return cmg__ext_next(in, &ext);
    }
}

START_TEST(broken_values_are_left_unread)
{
    const struct broken_case *c = &broken_cases[_i];
    uint8_t bytes[64] = { 0 };
    const size_t n = strlen(c->hex) / 2;
    struct cmg__span in = cmg__span_of(bytes, n);

    ck_assert(cmg__hex_parse(c->hex, n, bytes));
    ck_assert_msg(!walk_one(c->walker, &in), "%s", c->name);
    ck_assert_uint_eq(in.n, n);
}
END_TEST

static const struct value_case {
    const char *name;
    const char *hex; /* of one GeneralName */
    const char *text;
} value_cases[] = {
    { "a new line in a mail address", "81036a0a62", "j\\x0ab" },
    { "a zero byte in a host name", "82036a0062", "j\\x00b" },
    { "an address of three octets", "8703010203", "#010203" },
    { "a directory name that is malformed", "a40430020500", "#0500" },
    { "a principal name that is no string",
      "a012060a2b060104018237140203a0040202"
      "0102",
      "#02020102" },
    { "an X.400 address", "a3020500", "#0500" },
    { "an EDI party", "a5020500", "#0500" },
};

START_TEST(odd_names_stay_one_line)
{
    const struct value_case *c = &value_cases[_i];
    uint8_t bytes[64] = { 0 };
    const size_t n = strlen(c->hex) / 2;
    struct cmg__span in = cmg__span_of(bytes, n);
    struct cmg__gn name;

    ck_assert(cmg__hex_parse(c->hex, n, bytes));
    ck_assert_msg(cmg__gn_next(&in, &name), "%s", c->name);
    ck_assert_int_eq(cmg__gn_text(&name, &text), CMG_OK);
    expect_text(c->text);
}
END_TEST

static const struct oid_case {
    const char *name;
    const char *hex;
    const char *text;
} oid_cases[] = {
    { "one with a name", "2b06010505070301", "serverAuth" },
    { "the first arcs", "00", "0.0" },
    { "the root of joint arcs", "883703", "2.999.3" },
    { "64 bits", "2a81ffffffffffffffff7f", "1.2.18446744073709551615" },
    { "more than 64 bits", "2a82808080808080808001", "#2a82808080808080808001" },
    { "a serverAuth with 2^64 on top", "2b06010505070382808080808080808001",
      "#2b06010505070382808080808080808001" },
    { "a serverAuth with a leading zero", "2b0601050507038001", "#2b0601050507038001" },
    { "a cut arc", "2b0681", "#2b0681" },
    { "a template's long one",
      "2b060104018237150886f2b00d84c2b60e82c2b60e84c2b60e82c2b60e8142838a5d83b3ca0e",
      "1.3.6.1.4.1.311.21.8.14456845.9476878.5282574.9476878.5282574.194.50525.7136526" },
};

START_TEST(identifiers_have_one_text)
{
    const struct oid_case *c = &oid_cases[_i];
    uint8_t bytes[64] = { 0 };
    const size_t n = strlen(c->hex) / 2;

    ck_assert(cmg__hex_parse(c->hex, n, bytes));
    expect_oid(cmg__span_of(bytes, n), c->text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("x509_list");
    TCase *walks = tcase_create("walks");

    tcase_add_checked_fixture(walks, setup, teardown);
    tcase_add_test(walks, every_kind_of_alternative_name_is_told);
    tcase_add_test(walks, usages_are_told_by_name);
    tcase_add_test(walks, policies_carry_their_statement);
    tcase_add_test(walks, distribution_points_are_taken_apart);
    tcase_add_test(walks, every_url_is_walked);
    tcase_add_test(walks, constraints_and_identifiers_are_told);
    tcase_add_test(walks, templates_of_both_versions_are_told);
    tcase_add_test(walks, unknown_extensions_are_handed_out);
    tcase_add_test(walks, cut_values_end_the_walk);
    tcase_add_loop_test(walks, broken_values_are_left_unread, 0,
                        (int)CMG__ARRAY_LEN(broken_cases));
    tcase_add_loop_test(walks, odd_names_stay_one_line, 0,
                        (int)CMG__ARRAY_LEN(value_cases));
    tcase_add_loop_test(walks, identifiers_have_one_text, 0,
                        (int)CMG__ARRAY_LEN(oid_cases));
    suite_add_tcase(suite, walks);
    return support_run((Suite *const[]){ suite, NULL });
}
