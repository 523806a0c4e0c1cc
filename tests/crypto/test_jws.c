/*
 * Signed messages and public keys as JSON: the examples of RFC 7515 and RFC 7638, and
 * openssl as the judge of signatures that differ each time.
 */
#include "support/support.h"

#include "base/base64.h"
#include "base/str.h"
#include "crypto/der_write.h"
#include "crypto/jws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* RFC 7515, appendices A.2 and A.3. */
static const char rfc_rsa[] =
    "-----BEGIN RSA PRIVATE KEY-----\n"
    "MIIEowIBAAKCAQEAofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd/wWJcyQoTbji9k0\n"
    "l8W26mPddxHmfHQp+Vaw+4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL+yRT+SFd2lZS+pC\n"
    "gNMsD1W/YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb/7OMg0LOL+bSf63kpaSHSX\n"
    "ndS5z5rexMdbBYUsLA9e+KXBdQOS+UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uD\n"
    "Zlxvb3qCo5ZwKh9kG4LT6/I5IhlJH7aGhyxXFvUK+DWNmoudF8NAco9/h9iaGNj8\n"
    "q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQIDAQABAoIBABKucaRpzQorw35S\n"
    "bEUAVx8dYXUdZOlJcHtiWQ+dC6V8ljxAHj/PLyzTveyI5QO/xkObCyjIL303l2cf\n"
    "UhPu2MFaJdjVzqACXuOrLot/eSFvxjvqVidTtAZExqFRJ9mylUVAoLvhowVWmC1O\n"
    "n95fZCXxTUtxNEG1Xcc7m0rtzJKs45J+N/V9DP1edYH6USyPSWGp6wuA+KgHRnKK\n"
    "Vf9GRx80JQY7nVNkL17eHoTWEwga+lwi0FEoW9Y7lDtWXYmKBWhUE+U8PGxlJf8f\n"
    "40493HDw1WRQ/aSLoS4QTp3rn7gYgeHEvfJdkkf0UMhlknlo53M09EFPdadQ4TlU\n"
    "bjqKc50CgYEA4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH/5IB3jw3bcxGn6QLvnE\n"
    "tfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw/Py5PJdTJNPY8cQn7ouZ2KKDcmnPG\n"
    "BY5t7yLc1QlQ5xHdwW1VhvKn+nXqhJTBgIPgtldC+KDV5z+y2XDwGUcCgYEAuQPE\n"
    "fgmVtjL0Uyyx88GZFF1fOunH3+7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYs\n"
    "p1ZSe7zFYHj7C6ul7TjeLQeZD/YwD66t62wDmpe/HlB+TnBA+njbglfIsRLtXlnD\n"
    "zQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdcCgYAHAp9XcCSrn8wVkMVkKdb7\n"
    "DOX4IKjzdahm+ctDAJN4O/y7OW5FKebvUjdAIt2GuoTZ71iTG+7F0F+lP88jtjP4\n"
    "U4qe7VHoewl4MKOfXZKTe+YCS1XbNvfgwJ3Ltyl1OH9hWvu2yza7q+d5PCsDzqtm\n"
    "27kxuvULVeya+TEdAB1ijQKBgQCH/3r6YrVH/uCWGy6bzV1nGNOdjKc9tmkfOJmN\n"
    "54dxdixdpozCQ6U4OxZrsj3FcOhHBsqAHvX2uuYjagqvo3cOj1TRqNocX40omfCC\n"
    "Mx3bD1yPPf/6TI2XECva/ggqEY2mYzmIiA5LVVmc5nrybr+lssFKneeyxN2Wq93S\n"
    "0iJMdQKBgCGHewxzoa1r8ZMD0LETNrToK423K377UCYqXfg5XMclbrjPbEC3YI1Z\n"
    "NqMtuhdBJqUnBi6tjKMF+34Xf0CUN8ncuXGO2CAYvO8PdyCixHX52ybaDjy1FtCE\n"
    "6yUXjoKNXKvUm7MWGsAYH6f4IegOetN5NvmUMFStCSkh7ixZLkN1\n"
    "-----END RSA PRIVATE KEY-----\n";
static const char rfc_ec[] =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEII6bEJ5xkJi/mASH3x9dd+nLKWBuvtImO19XwhPfhPSyoAoGCCqGSM49\n"
    "AwEHoUQDQgAEf83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEXH8UTNG72b\n"
    "focs3+257rn0s2ldbqkLJK2KRiMohYjlrQ==\n"
    "-----END EC PRIVATE KEY-----\n";
#define RFC_N                                                                            \
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-"              \
    "4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9"   \
    "wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-"                           \
    "UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-"       \
    "DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
static const char rfc_payload[] = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n "
                                  "\"http://example.com/is_root\":true}";
#define RFC_PAYLOAD64                                                                    \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb2" \
    "90Ijp0cnVlfQ"

struct desk_of_jws {
    struct support_alloc a;
    struct cmg__key *key;
    struct cmg__buf out;
};

static void desk_open(struct desk_of_jws *d, const char *pem)
{
    cmg_error *err = NULL;

    support_alloc_init(&d->a);
    d->key = NULL;
    if (pem != NULL)
        ck_ok(cmg__key_parse(&d->a.alloc, &cmg__env_system, pem, strlen(pem), &d->key,
                             &err),
              err);
    cmg__buf_init(&d->out, &d->a.alloc, 1 << 16);
}

static void desk_close(struct desk_of_jws *d)
{
    cmg__buf_done(&d->out);
    cmg__key_free(d->key);
    ck_assert_uint_eq(d->a.live, 0);
}

static struct cmg__jws jws_of(const char *header, const char *payload)
{
    return (struct cmg__jws){ header, strlen(header), payload, strlen(payload) };
}

START_TEST(hs256_is_as_in_rfc_7515_a1)
{
    static const char key64[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtM"
        "N3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const struct cmg__jws jws =
        jws_of("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", rfc_payload);
    struct desk_of_jws d;
    struct cmg__buf secret;

    desk_open(&d, NULL);
    cmg__buf_init_secret(&secret, &d.a.alloc, 1024);
    ck_assert_int_eq(cmg__base64url_decode(&secret, key64, strlen(key64)), CMG_OK);
    ck_assert_int_eq(cmg__jws_mac(&jws, secret.data, secret.len, &d.out), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&d.out),
                     "{\"payload\":\"" RFC_PAYLOAD64 "\",\"protected\":"
                     "\"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\",\"signature\":"
                     "\"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk\"}");
    cmg__buf_done(&secret);
    desk_close(&d);
}
END_TEST

START_TEST(rs256_is_as_in_rfc_7515_a2)
{
    const struct cmg__jws jws = jws_of("{\"alg\":\"RS256\"}", rfc_payload);
    struct desk_of_jws d;
    cmg_error *err = NULL;

    desk_open(&d, rfc_rsa);
    ck_ok(cmg__jws_sign(&jws, d.key, &cmg__env_system, &d.out, &err), err);
    ck_assert_str_eq(
        cmg__buf_cstr(&d.out),
        "{\"payload\":\"" RFC_PAYLOAD64 "\",\"protected\":\"eyJhbGciOiJSUzI1NiJ9\","
        "\"signature\":\"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7"
        "AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
        "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--"
        "xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98"
        "rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw\"}");
    desk_close(&d);
}
END_TEST

START_TEST(public_keys_are_as_in_rfc_7515)
{
    static const struct {
        const char *pem;
        const char *algorithm;
        const char *jwk;
    } cases[] = {
        { rfc_rsa, "RS256", "{\"e\":\"AQAB\",\"kty\":\"RSA\",\"n\":\"" RFC_N "\"}" },
        { rfc_ec, "ES256",
          "{\"crv\":\"P-256\",\"kty\":\"EC\","
          "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
          "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}" },
    };
    struct desk_of_jws d;
    struct cmg__json *jwk = NULL;
    cmg_error *err = NULL;

    desk_open(&d, cases[_i].pem);
    ck_ok(cmg__jwk_new(&d.a.alloc, d.key, &jwk, &err), err);
    ck_assert_int_eq(cmg__json_format(jwk, CMG__JSON_SORTED, &d.out), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&d.out), cases[_i].jwk);
    ck_assert_str_eq(cmg__jws_algorithm(d.key), cases[_i].algorithm);
    cmg__json_unref(jwk);
    desk_close(&d);
}
END_TEST

START_TEST(a_thumbprint_is_as_in_rfc_7638)
{
    static const char jwk[] = "{\"kty\":\"RSA\",\"n\":"
                              "\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbf"
                              "AAtVT86zwu1RK7aPFFxuhDR1L6tSoc_"
                              "BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArw"
                              "l93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
                              "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5"
                              "hajrn1n91CbOpbISD08qNLyrdkt-"
                              "bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF"
                              "44-csFCur-kEgU8awapJzKnqDKgw\",\"e\":\"AQAB\"}";
    struct desk_of_jws d;
    struct cmg__json *value = NULL;
    cmg_error *err = NULL;

    desk_open(&d, NULL);
    ck_ok(cmg__json_parse(&d.a.alloc, "key", jwk, strlen(jwk), &value, &err), err);
    ck_assert_int_eq(cmg__jwk_thumbprint(value, &d.out), CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&d.out),
                     "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    cmg__json_unref(value);
    desk_close(&d);
}
END_TEST

/* One of both numbers of an ECDSA signature as a DER INTEGER. */
static void put_half(struct cmg__der_writer *w, const char *bytes, size_t n)
{
    while (n > 1 && *bytes == 0) {
        bytes++;
        n--;
    }
    cmg__der_put_number(w, (const uint8_t *)bytes, n);
}

/* openssl's word on the message in d->out. */
static void judge(struct desk_of_jws *d, const char *digest, size_t size)
{
    struct cmg__json *message = NULL;
    struct cmg__buf part;
    struct cmg__buf der;
    struct cmg__der_writer w;
    cmg_error *err = NULL;
    char *said = NULL;

    ck_ok(
        cmg__json_parse(&d->a.alloc, "message", d->out.data, d->out.len, &message, &err),
        err);
    cmg__buf_init(&part, &d->a.alloc, 1 << 16);
    cmg__buf_init(&der, &d->a.alloc, 1 << 16);
    const char *signature = cmg__json_str(message, "/signature");
    ck_assert_int_eq(cmg__base64url_decode(&part, signature, strlen(signature)), CMG_OK);
    ck_assert_uint_eq(part.len, 2 * size);
    cmg__der_write_init(&w, &der);
    const size_t mark = cmg__der_open(&w, CMG__DER_SEQUENCE);
    put_half(&w, part.data, size);
    put_half(&w, part.data + size, size);
    cmg__der_close(&w, mark);
    ck_assert_int_eq(w.rc, CMG_OK);
    support_write_file(support_path("signature"), der.data, der.len);
    cmg__buf_clear(&part);
    ck_assert_int_eq(cmg__buf_addf(&part, "%s.%s", cmg__json_str(message, "/protected"),
                                   cmg__json_str(message, "/payload")),
                     CMG_OK);
    support_write_file(support_path("input"), part.data, part.len);
    const char *const argv[] = { "openssl",
                                 "dgst",
                                 digest,
                                 "-prverify",
                                 support_path("key"),
                                 "-signature",
                                 support_path("signature"),
                                 support_path("input"),
                                 NULL };
    ck_assert_msg(support_command(argv, &said) == 0, "openssl says %s", said);
    free(said);
    cmg__buf_done(&part);
    cmg__buf_done(&der);
    cmg__json_unref(message);
}

static const struct {
    unsigned bits;
    const char *digest;
} curve_cases[] = {
    { 256, "-sha256" },
    { 384, "-sha384" },
};

/* Many messages: among them are numbers that begin with a zero byte. */
START_TEST(ecdsa_signatures_have_a_fixed_width_and_verify)
{
    struct desk_of_jws d;
    struct cmg__buf pem;
    cmg_error *err = NULL;
    char payload[32];

    desk_open(&d, NULL);
    ck_ok(cmg__key_generate(&d.a.alloc, &cmg__env_system, CMG__KEY_EC,
                            curve_cases[_i].bits, &d.key, &err),
          err);
    cmg__buf_init_secret(&pem, &d.a.alloc, 1 << 16);
    ck_assert_int_eq(cmg__key_write_pem(d.key, &pem), CMG_OK);
    support_write_file(support_path("key"), pem.data, pem.len);
    cmg__buf_done(&pem);
    for (int i = 0; i < 40; i++) {
        (void)snprintf(payload, sizeof payload, "{\"number\":%d}", i);
        const struct cmg__jws jws = jws_of("{\"alg\":\"ES\"}", payload);

        cmg__buf_clear(&d.out);
        ck_ok(cmg__jws_sign(&jws, d.key, &cmg__env_system, &d.out, &err), err);
        judge(&d, curve_cases[_i].digest, curve_cases[_i].bits / 8);
    }
    desk_close(&d);
    support_dir_done();
}
END_TEST

START_TEST(an_empty_payload_stays_empty)
{
    const struct cmg__jws jws = jws_of("{\"alg\":\"ES256\"}", "");
    struct desk_of_jws d;
    cmg_error *err = NULL;

    desk_open(&d, rfc_ec);
    ck_ok(cmg__jws_sign(&jws, d.key, &cmg__env_system, &d.out, &err), err);
    ck_assert(cmg__str_starts(
        cmg__buf_cstr(&d.out),
        "{\"payload\":\"\",\"protected\":\"eyJhbGciOiJFUzI1NiJ9\",\"signature\":\""));
    desk_close(&d);
}
END_TEST

static cmg_status sign_once(struct support_alloc *a, void *user)
{
    const struct cmg__jws jws = jws_of("{\"alg\":\"ES256\"}", rfc_payload);
    const char *pem = user;
    struct cmg__key *key = NULL;
    struct cmg__json *jwk = NULL;
    struct cmg__buf out;

    cmg__buf_init(&out, &a->alloc, 1 << 16);
    cmg_status rc =
        cmg__key_parse(&a->alloc, &cmg__env_system, pem, strlen(pem), &key, NULL);
    if (rc == CMG_OK)
        rc = cmg__jwk_new(&a->alloc, key, &jwk, NULL);
    if (rc == CMG_OK)
        rc = cmg__jwk_thumbprint(jwk, &out);
    if (rc == CMG_OK)
        rc = cmg__jws_sign(&jws, key, &cmg__env_system, &out, NULL);
    if (rc == CMG_OK)
        rc = cmg__jws_mac(&jws, "secret", 6, &out);
    cmg__json_unref(jwk);
    cmg__key_free(key);
    cmg__buf_done(&out);
    return rc;
}

START_TEST(memory_may_run_out_anywhere)
{
    static const char *const pems[] = { rfc_rsa, rfc_ec };
    char pem[2048];

    (void)snprintf(pem, sizeof pem, "%s", pems[_i]);
    support_torture(sign_once, pem, 1);
}
END_TEST

static Suite *suite_jws(void)
{
    Suite *s = suite_create("jws");
    TCase *t = tcase_create("signed messages");

    tcase_set_timeout(t, 60);
    tcase_add_test(t, hs256_is_as_in_rfc_7515_a1);
    tcase_add_test(t, rs256_is_as_in_rfc_7515_a2);
    tcase_add_loop_test(t, public_keys_are_as_in_rfc_7515, 0, 2);
    tcase_add_test(t, a_thumbprint_is_as_in_rfc_7638);
    tcase_add_loop_test(t, ecdsa_signatures_have_a_fixed_width_and_verify, 0, 2);
    tcase_add_test(t, an_empty_payload_stays_empty);
    tcase_add_loop_test(t, memory_may_run_out_anywhere, 0, 2);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite_jws(), NULL };

    return support_run(suites);
}
