/* Header fields at the borders of the relay. */
#include "support/support.h"
#include "relay/fields.h"

static const struct {
    const char *name;
    bool passes[4]; /* by enum cmg__border */
} fields[] = {
    { "CCMClientID", { true, true, true, true } },
    { "CCMClientIDSignature", { true, true, true, true } },
    { "BITS-Packet-Type", { true, true, true, true } },
    { "Range", { true, true, true, true } },
    { "Authorization", { true, true, true, true } },
    { "Content-Type", { true, true, true, true } },
    { "ETag", { true, true, true, true } },
    { "X-Forwarded-For", { false, true, true, true } },
    { "x_forwarded_for", { false, true, true, true } },
    { "Forwarded", { false, true, true, true } },
    { "Client-Cert", { false, true, true, true } },
    { "client_cert", { false, true, true, true } },
    { "X-ARR-ClientCert", { false, true, true, true } },
    { "X-SSL-Client", { false, true, true, true } },
    { "X-MS-CLIENT-PRINCIPAL-NAME", { false, true, true, true } },
    { "X-Original-URL", { false, true, true, true } },
    { "Via", { false, true, false, false } },
    { "cmg-client", { false, false, false, false } },
    { "CMG-TID", { false, false, false, false } },
    { "cmg_oid", { false, false, false, false } },
    { "Server", { true, true, false, false } },
    { "Host", { false, false, false, false } },
    { "Content-Length", { false, false, false, false } },
    { "Transfer-Encoding", { false, false, false, false } },
    { "Connection", { false, false, false, false } },
    { "Keep-Alive", { false, false, false, false } },
    { "Proxy-Authorization", { false, false, false, false } },
    { "TE", { false, false, false, false } },
    { "Trailer", { false, false, false, false } },
    { "Upgrade", { false, false, false, false } },
    { "HTTP2-Settings", { false, false, false, false } },
    { "X-Hop", { false, false, false, false } }, /* named by Connection */
};

START_TEST(field_passes_only_where_it_may)
{
    struct cmg__headers in, out;

    for (int border = 0; border < 4; border++) {
        cmg__headers_init(&in, &cmg__alloc_libc);
        cmg__headers_init(&out, &cmg__alloc_libc);
        ck_assert_int_eq(cmg__headers_add(&in, "Connection", "close, X-Hop"), CMG_OK);
        ck_assert_int_eq(cmg__headers_add(&in, fields[_i].name, "value"), CMG_OK);
        ck_assert_int_eq(cmg__fields_pass((enum cmg__border)border, &in, &out), CMG_OK);
        ck_assert_msg((out.count == 1) == fields[_i].passes[border], "%s at border %d",
                      fields[_i].name, border);
        for (size_t i = 0; i < out.count; i++) {
            for (const char *s = out.items[i].name; *s != '\0'; s++)
                ck_assert(*s < 'A' || *s > 'Z');
        }
        cmg__headers_done(&in);
        cmg__headers_done(&out);
    }
}
END_TEST

static const struct {
    const char *value;
    bool sane;
} connections[] = {
    { "close", true },
    { "keep-alive, X-Mine", true },
    { "", true },
    { " , ,", true },
    { "Host", false },
    { "close, content-length", false },
    { "authorization", false },
    { "close,cmg-client", false },
    { "Client-Cert", false },
    { "x\tForwarded", false },
};

START_TEST(connection_must_not_remove_what_matters)
{
    struct cmg__headers in;

    cmg__headers_init(&in, &cmg__alloc_libc);
    ck_assert_int_eq(cmg__headers_add(&in, "connection", connections[_i].value), CMG_OK);
    ck_assert_int_eq(cmg__fields_connection_is_sane(&in), connections[_i].sane);
    cmg__headers_done(&in);
}
END_TEST

START_TEST(reason_is_a_plain_word)
{
    static const char *const bad[] = { "", "a b", "a\r\nX: y", "a:b", "caf\xc3\xa9" };
    struct cmg__buf out;

    for (size_t i = 0; i < CMG__ARRAY_LEN(bad); i++)
        ck_assert(!cmg__fields_reason_is_valid(bad[i]));
    cmg__buf_init(&out, &cmg__alloc_libc, 100);
    ck_assert_int_eq(cmg__fields_reason(&out, "CMGConnector_", "Internal Server Error"),
                     CMG_OK);
    ck_assert_str_eq(cmg__buf_cstr(&out), "CMGConnector_InternalServerError");
    ck_assert(cmg__fields_reason_is_valid(cmg__buf_cstr(&out)));
    cmg__buf_done(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("fields");
    TCase *borders = tcase_create("borders");

    tcase_add_loop_test(borders, field_passes_only_where_it_may, 0,
                        (int)CMG__ARRAY_LEN(fields));
    tcase_add_loop_test(borders, connection_must_not_remove_what_matters, 0,
                        (int)CMG__ARRAY_LEN(connections));
    tcase_add_test(borders, reason_is_a_plain_word);
    suite_add_tcase(suite, borders);
    return support_run((Suite *const[]){ suite, NULL });
}
