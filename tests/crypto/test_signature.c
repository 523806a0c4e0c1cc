/*
 * The verifier: algorithms read strictly, signatures of openssl accepted, and each thing
 * that mbedTLS would let pass refused.
 */
#include "support/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "crypto/signature.h"

/* ---- algorithms ---- */

#define RSA_SHA256 "06092a864886f70d01010b"
#define PSS        "06092a864886f70d01010a"
#define ECDSA_256  "06082a8648ce3d040302"
#define SHA256     "0609608648016503040201"
#define SHA384     "0609608648016503040202"
#define MGF1       "06092a864886f70d010108"
#define HASH_256   "a00f300d" SHA256 "0500"
#define HASH_BARE  "a00d300b" SHA256
#define MGF_256    "a11c301a" MGF1 "300d" SHA256 "0500"
#define MGF_384    "a11c301a" MGF1 "300d" SHA384 "0500"
#define SALT_32    "a203020120"
#define TRAILER(n) "a3030201" n
#define PSS_OF(n)  "30" n PSS "30"

static const struct algorithm_case {
    const char *name;
    const char *hex;
    enum cmg__oid algorithm; /* UNKNOWN: refused */
    enum cmg__oid hash;
    unsigned salt;
} algorithm_cases[] = {
    { "RSA with NULL", "300d" RSA_SHA256 "0500", CMG__OID_RSA_SHA256, CMG__OID_SHA256,
      0 },
    { "RSA without", "300b" RSA_SHA256, CMG__OID_RSA_SHA256, CMG__OID_SHA256, 0 },
    { "RSA with two NULL", "300f" RSA_SHA256 "05000500", 0, 0, 0 },
    { "RSA with a NULL that is not empty", "300e" RSA_SHA256 "050100", 0, 0, 0 },
    { "RSA with an empty sequence", "300d" RSA_SHA256 "3000", 0, 0, 0 },
    { "RSA with SHA-1", "300d06092a864886f70d0101050500", CMG__OID_RSA_SHA1,
      CMG__OID_SHA1, 0 },
    { "RSA with MD5", "300d06092a864886f70d0101040500", 0, 0, 0 },
    { "rsaEncryption is no signature", "300d06092a864886f70d0101010500", 0, 0, 0 },
    { "ECDSA without", "300a" ECDSA_256, CMG__OID_ECDSA_SHA256, CMG__OID_SHA256, 0 },
    { "ECDSA with NULL", "300c" ECDSA_256 "0500", 0, 0, 0 },
    { "Ed25519", "300506032b6570", 0, 0, 0 },
    { "PSS, SHA-256, salt 32", PSS_OF("41") "34" HASH_256 MGF_256 SALT_32,
      CMG__OID_RSA_PSS, CMG__OID_SHA256, 32 },
    { "PSS, the hash without NULL", PSS_OF("3f") "32" HASH_BARE MGF_256 SALT_32,
      CMG__OID_RSA_PSS, CMG__OID_SHA256, 32 },
    { "PSS, the salt's default", PSS_OF("3c") "2f" HASH_256 MGF_256, CMG__OID_RSA_PSS,
      CMG__OID_SHA256, 20 },
    { "PSS, the trailer said", PSS_OF("46") "39" HASH_256 MGF_256 SALT_32 TRAILER("01"),
      CMG__OID_RSA_PSS, CMG__OID_SHA256, 32 },
    { "PSS, another trailer", PSS_OF("46") "39" HASH_256 MGF_256 SALT_32 TRAILER("02"), 0,
      0, 0 },
    { "PSS, no trailer 0", PSS_OF("46") "39" HASH_256 MGF_256 SALT_32 TRAILER("00"), 0, 0,
      0 },
    { "PSS, another hash in MGF1", PSS_OF("41") "34" HASH_256 MGF_384 SALT_32, 0, 0, 0 },
    { "PSS, SHA-1 by default", PSS_OF("0d") "00", 0, 0, 0 },
    { "PSS, no parameters", "300b" PSS, 0, 0, 0 },
    { "PSS, NULL", "300d" PSS "0500", 0, 0, 0 },
    { "PSS, SHA-1 said", PSS_OF("18") "0ba009300706052b0e03021a", 0, 0, 0 },
    { "PSS, no MGF", PSS_OF("1e") "11" HASH_256, 0, 0, 0 },
    { "PSS, a negative salt", PSS_OF("41") "34" HASH_256 MGF_256 "a2030201e0", 0, 0, 0 },
    { "PSS, an absurd salt", PSS_OF("42") "35" HASH_256 MGF_256 "a20402027fff", 0, 0, 0 },
    { "PSS, out of order", PSS_OF("41") "34" HASH_256 SALT_32 MGF_256, 0, 0, 0 },
    { "PSS, one byte more", PSS_OF("43") "34" HASH_256 MGF_256 SALT_32 "0500", 0, 0, 0 },
    { "nothing", "", 0, 0, 0 },
    { "cut", "300d06092a864886f70d0101", 0, 0, 0 },
};

static size_t bytes_of(const char *hex, uint8_t *out)
{
    const size_t n = strlen(hex) / 2;

    for (size_t i = 0; i < n; i++) {
        unsigned byte;

        ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return n;
}

START_TEST(an_algorithm_is_read_with_every_parameter)
{
    const struct algorithm_case *c = &algorithm_cases[_i];
    struct cmg__signature_algorithm found = { .algorithm = CMG__OID_UNKNOWN };
    uint8_t der[256];
    struct cmg__span in = cmg__span_of(der, bytes_of(c->hex, der));
    const bool taken = cmg__signature_algorithm_take(&in, &found);

    ck_assert_msg(taken == (c->algorithm != CMG__OID_UNKNOWN), "%s", c->name);
    ck_assert_int_eq(found.algorithm, c->algorithm);
    ck_assert_int_eq(found.hash, c->hash);
    ck_assert_uint_eq(found.salt_len, c->salt);
    ck_assert(!taken || in.n == 0);
}
END_TEST

/* ---- signatures of openssl ---- */

struct sample {
    struct cmg__span spki;
    struct cmg__span signature;
    char *files[2];
};

static const char *const make_key[] = {
    [CMG__OID_RSA] = "openssl genrsa -out k 2048",
    [CMG__OID_EC] = "openssl ecparam -name prime256v1 -genkey -noout -out k",
    [CMG__OID_P384] = "openssl ecparam -name secp384r1 -genkey -noout -out k",
    [CMG__OID_P521] = "openssl ecparam -name secp521r1 -genkey -noout -out k",
    [CMG__OID_UNKNOWN] = "openssl genrsa -out k 1024",
};

#define PSS_SIGN(salt)                                                                   \
    " -sigopt rsa_padding_mode:pss -sigopt rsa_mgf1_md:sha256 -sigopt "                  \
    "rsa_pss_saltlen:" salt

/* Makes a key and signs "text" with it, in the directory of the test. */
static void sample_init(struct sample *s, enum cmg__oid key, const char *hash,
                        const char *options)
{
    char command[600];
    char *out = NULL;
    size_t n[2];

    (void)snprintf(command, sizeof command,
                   "cd %s && (%s && openssl pkey -in k -pubout -outform DER -out p && "
                   "printf text > t && openssl dgst -%s -sign k%s -out s t) 2>&1",
                   support_dir(), make_key[key], hash, options);
    const char *const argv[] = { "sh", "-c", command, NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "%s", out);
    free(out);
    s->files[0] = support_read_file(support_path("p"), &n[0]);
    s->files[1] = support_read_file(support_path("s"), &n[1]);
    s->spki = cmg__span_of(s->files[0], n[0]);
    s->signature = cmg__span_of(s->files[1], n[1]);
}

static void sample_done(struct sample *s)
{
    free(s->files[0]);
    free(s->files[1]);
    support_dir_done();
}

static cmg_status verify(const struct sample *s,
                         const struct cmg__signature_algorithm *algorithm)
{
    return cmg__key_verify(s->spki, algorithm, cmg__span_of("text", 4), s->signature);
}

static const struct peer_case {
    enum cmg__oid key;
    const char *hash;
    const char *options;
    struct cmg__signature_algorithm algorithm;
    cmg_status strict;
    cmg_status weak;
} peer_cases[] = {
    { CMG__OID_RSA, "sha256", "", { CMG__OID_RSA_SHA256, CMG__OID_SHA256, 0 }, 0, 0 },
    { CMG__OID_RSA, "sha384", "", { CMG__OID_RSA_SHA384, CMG__OID_SHA384, 0 }, 0, 0 },
    { CMG__OID_RSA, "sha512", "", { CMG__OID_RSA_SHA512, CMG__OID_SHA512, 0 }, 0, 0 },
    { CMG__OID_RSA,
      "sha256",
      "",
      { CMG__OID_RSA_SHA384, CMG__OID_SHA384, 0 },
      CMG_E_CERT,
      CMG_E_CERT },
    { CMG__OID_RSA, "sha1", "", { CMG__OID_RSA_SHA1, CMG__OID_SHA1, 0 }, CMG_E_CERT, 0 },
    { CMG__OID_UNKNOWN,
      "sha256",
      "",
      { CMG__OID_RSA_SHA256, CMG__OID_SHA256, 0 },
      CMG_E_CERT,
      0 },
    { CMG__OID_RSA,
      "sha256",
      PSS_SIGN("32"),
      { CMG__OID_RSA_PSS, CMG__OID_SHA256, 32 },
      0,
      0 },
    { CMG__OID_RSA,
      "sha256",
      PSS_SIGN("0"),
      { CMG__OID_RSA_PSS, CMG__OID_SHA256, 0 },
      0,
      0 },
    { CMG__OID_RSA,
      "sha256",
      PSS_SIGN("32"),
      { CMG__OID_RSA_PSS, CMG__OID_SHA256, 20 },
      CMG_E_CERT,
      CMG_E_CERT },
    { CMG__OID_RSA,
      "sha256",
      PSS_SIGN("32"),
      { CMG__OID_RSA_SHA256, CMG__OID_SHA256, 0 },
      CMG_E_CERT,
      CMG_E_CERT },
    { CMG__OID_RSA,
      "sha256",
      "",
      { CMG__OID_RSA_PSS, CMG__OID_SHA256, 32 },
      CMG_E_CERT,
      CMG_E_CERT },
    { CMG__OID_RSA,
      "sha256",
      "",
      { CMG__OID_ECDSA_SHA256, CMG__OID_SHA256, 0 },
      CMG_E_CERT,
      CMG_E_CERT },
    { CMG__OID_EC, "sha256", "", { CMG__OID_ECDSA_SHA256, CMG__OID_SHA256, 0 }, 0, 0 },
    { CMG__OID_EC, "sha512", "", { CMG__OID_ECDSA_SHA512, CMG__OID_SHA512, 0 }, 0, 0 },
    { CMG__OID_EC, "sha1", "", { CMG__OID_ECDSA_SHA1, CMG__OID_SHA1, 0 }, CMG_E_CERT, 0 },
    { CMG__OID_EC,
      "sha256",
      "",
      { CMG__OID_RSA_SHA256, CMG__OID_SHA256, 0 },
      CMG_E_CERT,
      CMG_E_CERT },
    { CMG__OID_EC,
      "sha256",
      "",
      { CMG__OID_RSA_PSS, CMG__OID_SHA256, 32 },
      CMG_E_CERT,
      CMG_E_CERT },
    { CMG__OID_P384, "sha384", "", { CMG__OID_ECDSA_SHA384, CMG__OID_SHA384, 0 }, 0, 0 },
    { CMG__OID_P521, "sha512", "", { CMG__OID_ECDSA_SHA512, CMG__OID_SHA512, 0 }, 0, 0 },
};

START_TEST(a_signature_of_openssl_is_judged)
{
    const struct peer_case *c = &peer_cases[_i];
    struct sample s;

    sample_init(&s, c->key, c->hash, c->options);
    ck_assert_int_eq(verify(&s, &c->algorithm), c->strict);
    ck_assert_int_eq(
        cmg__key_verify_weak(s.spki, &c->algorithm, cmg__span_of("text", 4), s.signature),
        c->weak);
    ck_assert_int_eq(
        cmg__key_verify_weak(s.spki, &c->algorithm, cmg__span_of("Text", 4), s.signature),
        CMG_E_CERT);
    sample_done(&s);
}
END_TEST

/* ---- every byte counts ---- */

static const struct flip_case {
    enum cmg__oid key;
    const char *options;
    struct cmg__signature_algorithm algorithm;
} flip_cases[] = {
    { CMG__OID_RSA, "", { CMG__OID_RSA_SHA256, CMG__OID_SHA256, 0 } },
    { CMG__OID_RSA, PSS_SIGN("32"), { CMG__OID_RSA_PSS, CMG__OID_SHA256, 32 } },
    { CMG__OID_EC, "", { CMG__OID_ECDSA_SHA256, CMG__OID_SHA256, 0 } },
};

START_TEST(no_changed_signature_verifies)
{
    const struct flip_case *c = &flip_cases[_i];
    struct sample s;
    uint8_t copy[600];

    sample_init(&s, c->key, "sha256", c->options);
    const struct cmg__span good = s.signature;
    ck_assert_uint_lt(good.n, sizeof copy);
    for (size_t i = 0; i < good.n; i++) {
        memcpy(copy, good.p, good.n);
        copy[i] ^= (uint8_t)(1U << (i % 8));
        s.signature = cmg__span_of(copy, good.n);
        ck_assert_int_eq(verify(&s, &c->algorithm), CMG_E_CERT);
    }
    memcpy(copy, good.p, good.n);
    copy[good.n] = 0;
    for (size_t n = 0; n <= good.n + 1; n++) {
        s.signature = cmg__span_of(copy, n);
        ck_assert_int_eq(verify(&s, &c->algorithm), n == good.n ? CMG_OK : CMG_E_CERT);
    }
    sample_done(&s);
}
END_TEST

START_TEST(no_changed_public_key_verifies)
{
    const struct flip_case *c = &flip_cases[_i];
    struct sample s;
    uint8_t copy[600];

    sample_init(&s, c->key, "sha256", c->options);
    const struct cmg__span good = s.spki;
    ck_assert_uint_lt(good.n, sizeof copy);
    for (size_t i = 0; i < good.n; i++) {
        memcpy(copy, good.p, good.n);
        copy[i] ^= (uint8_t)(1U << (i % 8));
        s.spki = cmg__span_of(copy, good.n);
        ck_assert_msg(verify(&s, &c->algorithm) == CMG_E_CERT, "byte %zu", i);
    }
    memcpy(copy, good.p, good.n);
    copy[good.n] = 0;
    for (size_t n = 0; n <= good.n + 1; n++) {
        s.spki = cmg__span_of(copy, n);
        ck_assert_int_eq(verify(&s, &c->algorithm), n == good.n ? CMG_OK : CMG_E_CERT);
    }
    sample_done(&s);
}
END_TEST

/* ---- public keys that are refused whatever the signature ---- */

START_TEST(a_forged_signature_for_exponent_one_is_refused)
{
    /* With e = 1 the padded hash is its own signature. */
    static const uint8_t digest_info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60,
                                           0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
                                           0x01, 0x05, 0x00, 0x04, 0x20 };
    static const struct cmg__signature_algorithm rs256 = { CMG__OID_RSA_SHA256,
                                                           CMG__OID_SHA256, 0 };
    uint8_t modulus[256];
    uint8_t forged[256];
    struct cmg__buf spki;
    struct cmg__der_writer w;

    memset(modulus, 0xff, sizeof modulus);
    memset(forged, 0xff, sizeof forged);
    forged[0] = 0;
    forged[1] = 1;
    forged[256 - 32 - sizeof digest_info - 1] = 0;
    memcpy(forged + 256 - 32 - sizeof digest_info, digest_info, sizeof digest_info);
    (void)bytes_of("982d9e3eb996f559e633f4d194def3761d909f5a3b647d1a851fead67c32c9d1",
                   forged + 256 - 32); /* SHA-256 of "text" */
    cmg__buf_init(&spki, &cmg__alloc_libc, 1024);
    cmg__der_write_init(&w, &spki);
    const size_t outer = cmg__der_open(&w, CMG__DER_SEQUENCE);
    cmg__der_put_algorithm(&w, CMG__OID_RSA, true);
    struct cmg__buf numbers;
    struct cmg__der_writer inner;
    cmg__buf_init(&numbers, &cmg__alloc_libc, 1024);
    cmg__der_write_init(&inner, &numbers);
    const size_t mark = cmg__der_open(&inner, CMG__DER_SEQUENCE);
    cmg__der_put_number(&inner, modulus, sizeof modulus);
    cmg__der_put_uint(&inner, 1);
    cmg__der_close(&inner, mark);
    cmg__der_put_bits(&w, numbers.data, numbers.len);
    cmg__der_close(&w, outer);
    ck_assert_int_eq(cmg__key_verify_weak(cmg__span_of(spki.data, spki.len), &rs256,
                                          cmg__span_of("text", 4),
                                          cmg__span_of(forged, sizeof forged)),
                     CMG_E_CERT);
    cmg__buf_done(&numbers);
    cmg__buf_done(&spki);
}
END_TEST

static const char *const unusable_keys[] = {
    "openssl genpkey -algorithm ED25519 -out k",
    "openssl ecparam -name secp256k1 -genkey -noout -out k",
    "openssl ecparam -name secp224r1 -genkey -noout -out k",
    /* explicit parameters, and a compressed point */
    "openssl ecparam -name prime256v1 -param_enc explicit -genkey -noout -out k",
    "openssl ecparam -name prime256v1 -genkey -noout -out j && openssl ec -in j "
    "-conv_form "
    "compressed -out k",
    "openssl genrsa -out k 512",
    /* for RSASSA-PSS with SHA-384 only */
    "openssl genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt "
    "rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha384 -pkeyopt "
    "rsa_pss_keygen_saltlen:48 -out k",
};

START_TEST(a_public_key_of_another_kind_verifies_nothing)
{
    static const struct cmg__signature_algorithm algorithms[] = {
        { CMG__OID_RSA_SHA256, CMG__OID_SHA256, 0 },
        { CMG__OID_RSA_SHA384, CMG__OID_SHA384, 0 },
        { CMG__OID_RSA_PSS, CMG__OID_SHA256, 32 },
        { CMG__OID_ECDSA_SHA256, CMG__OID_SHA256, 0 },
    };
    char command[700];
    char *out = NULL;
    size_t n[2] = { 0, 0 };

    (void)snprintf(command, sizeof command,
                   "cd %s && (%s && openssl pkey -in k -pubout -outform DER -out p && "
                   "printf text > t && (openssl dgst -sha256 -sign k -out s t || "
                   "openssl dgst -sha384 -sign k -out s t || "
                   "openssl pkeyutl -sign -rawin -inkey k -in t -out s)) 2>&1",
                   support_dir(), unusable_keys[_i]);
    const char *const argv[] = { "sh", "-c", command, NULL };
    ck_assert_msg(support_command(argv, &out) == 0, "%s", out);
    free(out);
    char *spki = support_read_file(support_path("p"), &n[0]);
    char *signature = support_read_file(support_path("s"), &n[1]);
    for (size_t i = 0; i < CMG__ARRAY_LEN(algorithms); i++) {
        ck_assert_int_eq(cmg__key_verify(cmg__span_of(spki, n[0]), &algorithms[i],
                                         cmg__span_of("text", 4),
                                         cmg__span_of(signature, n[1])),
                         CMG_E_CERT);
    }
    free(signature);
    free(spki);
    support_dir_done();
}
END_TEST

#define LOOP(tc, test, table) tcase_add_loop_test(tc, test, 0, (int)CMG__ARRAY_LEN(table))

int main(void)
{
    Suite *suite = suite_create("signature");
    TCase *own = tcase_create("algorithms");
    TCase *peer = tcase_create("openssl");

    tcase_set_timeout(peer, 60);
    LOOP(own, an_algorithm_is_read_with_every_parameter, algorithm_cases);
    tcase_add_test(own, a_forged_signature_for_exponent_one_is_refused);
    LOOP(peer, a_signature_of_openssl_is_judged, peer_cases);
    LOOP(peer, no_changed_signature_verifies, flip_cases);
    LOOP(peer, no_changed_public_key_verifies, flip_cases);
    LOOP(peer, a_public_key_of_another_kind_verifies_nothing, unusable_keys);
    suite_add_tcase(suite, own);
    suite_add_tcase(suite, peer);
    return support_run((Suite *const[]){ suite, NULL });
}
