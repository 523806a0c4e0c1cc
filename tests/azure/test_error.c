/* Refusals in every shape the services use, and hints how long to wait. */
#include <string.h>

#include "azure/answer.h"
#include "azure/call.h"
#include "azure/error_codes.h"
#include "base/str.h"
#include "support/support.h"

static const struct shape {
    enum cmg__call_id call;
    int status;
    const char *headers;
    const char *body;
    cmg_status code;
    cmg_retry retry;
    const char *service_code;
    const char *message; /* begins with */
} shapes[] = {
    /* ARM: error object */
    { CMG__CALL_GROUP_GET, 404, "",
      "{\"error\":{\"code\":\"ResourceGroupNotFound\",\"message\":\"Resource group 'x' "
      "could not be found.\"}}",
      CMG_E_NOTFOUND, CMG_RETRY_NEVER, "ResourceGroupNotFound",
      "Resource group 'x' could not be found (HTTP 404 ResourceGroupNotFound)" },
    /* flat, as DNS and Insights write */
    { CMG__CALL_GROUP_GET, 404, "", "{\"code\":\"NotFound\",\"message\":\"gone\"}",
      CMG_E_NOTFOUND, CMG_RETRY_NEVER, "NotFound", "gone (HTTP 404 NotFound)" },
    /* capitals */
    { CMG__CALL_GROUP_DELETE, 409, "",
      "{\"Error\":{\"Code\":\"ResourceGroupDeletionTimeout\",\"Message\":\"slow\","
      "\"Target\":null,\"Details\":[{\"Message\":\"slow\"}]}}",
      CMG_E_TIMEOUT, CMG_RETRY_LATER, "ResourceGroupDeletionTimeout", "slow" },
    /* OAuth */
    { CMG__CALL_TOKEN_SECRET, 401, "",
      "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid "
      "client "
      "secret provided. Trace ID: 1\\r\\nCorrelation ID: 2\",\"error_codes\":[7000215],"
      "\"correlation_id\":\"aaaa-bbbb\"}",
      CMG_E_AUTH, CMG_RETRY_NEVER, "AADSTS7000215",
      "Invalid client secret provided (HTTP 401 AADSTS7000215)" },
    { CMG__CALL_TOKEN_SECRET, 400, "",
      "{\"error\":\"unauthorized_client\",\"error_description\":\"AADSTS700016: no such "
      "app\"}",
      CMG_E_AUTH, CMG_RETRY_NEVER, "AADSTS700016", "no such app" },
    { CMG__CALL_TOKEN_SECRET, 400, "",
      "{\"error\":\"invalid_request\",\"error_description\":\"AADSTS90002: Tenant 'x' "
      "not "
      "found.\",\"error_codes\":[90002]}",
      CMG_E_NOTFOUND, CMG_RETRY_NEVER, "AADSTS90002", "Tenant 'x' not found (" },
    { CMG__CALL_TOKEN_DEVICE, 400, "",
      "{\"error\":\"authorization_pending\",\"error_description\":\"AADSTS70016: "
      "pending\",\"error_codes\":[70016]}",
      CMG_E_AUTH, CMG_RETRY_LATER, "authorization_pending", "pending" },
    { CMG__CALL_TOKEN_REFRESH, 400, "", "{\"error\":\"something_new\"}", CMG_E_AUTH,
      CMG_RETRY_NEVER, "something_new", "something_new (HTTP 400 something_new)" },
    /* the oldest: odata.error */
    { CMG__CALL_APP_GET, 404, "",
      "{\"odata.error\":{\"code\":\"Request_ResourceNotFound\",\"message\":{\"lang\":"
      "\"en\","
      "\"value\":\"Resource 'x' does not exist\"}}}",
      CMG_E_NOTFOUND, CMG_RETRY_NEVER, "Request_ResourceNotFound",
      "Resource 'x' does not exist" },
    /* XML of blob storage, with a byte order mark */
    { CMG__CALL_POLL, 409, "",
      "\xef\xbb\xbf<?xml version=\"1.0\"?><Error><Code>ContainerBeingDeleted</Code>"
      "<Message>The container is being deleted.\nRequestId:1\nTime:2</Message></Error>",
      CMG_E_CONFLICT, CMG_RETRY_LATER, "ContainerBeingDeleted",
      "The container is being deleted (HTTP 409 ContainerBeingDeleted)" },
    /* only a header, as HEAD gives */
    { CMG__CALL_POLL, 404, "x-ms-error-code: BlobNotFound", "", CMG_E_NOTFOUND,
      CMG_RETRY_NEVER, "BlobNotFound", "poll was refused (HTTP 404 BlobNotFound)" },
    /* a bare JSON string */
    { CMG__CALL_GROUP_GET, 400, "", "\"The request is bad.\"", CMG_E_INVAL,
      CMG_RETRY_NEVER, "", "The request is bad (HTTP 400)" },
    /* nothing that can be read: the page of some proxy stays out of the message */
    { CMG__CALL_GROUP_GET, 502, "", "<html>Bad Gateway</html>", CMG_E_IO,
      CMG_RETRY_TRANSIENT, "", "arm.group.get was refused (HTTP 502)" },
    { CMG__CALL_GROUP_GET, 400, "", "{\"error\":", CMG_E_INVAL, CMG_RETRY_NEVER, "",
      "arm.group.get was refused (HTTP 400)" },
    { CMG__CALL_GROUP_GET, 400, "", "[]", CMG_E_INVAL, CMG_RETRY_NEVER, "",
      "arm.group.get was refused (HTTP 400)" },
    /* Graph, the detail and innerError carry nothing better */
    { CMG__CALL_APP_ADD_PASSWORD, 400, "",
      "{\"error\":{\"code\":\"CredentialInvalidLifetimeAsPerAppPolicy\",\"message\":"
      "\"too "
      "long\",\"details\":[{\"code\":\"InvalidKeyEndDate\",\"target\":\"EndDate\","
      "\"message\":\"m\"}],\"innerError\":{\"date\":\"2026\",\"request-id\":\"r\"}}}",
      CMG_E_INVAL, CMG_RETRY_NEVER, "CredentialInvalidLifetimeAsPerAppPolicy",
      "too long" },
    { CMG__CALL_SP_UPSERT, 400, "",
      "{\"error\":{\"code\":\"Request_BadRequest\",\"message\":\"The appId 'x' of the "
      "service principal does not reference a valid application object.\"}}",
      CMG_E_NOTFOUND, CMG_RETRY_LATER, "Request_BadRequest", "The appId" },
    { CMG__CALL_ROLE_GRANT, 400, "",
      "{\"error\":{\"code\":\"Request_BadRequest\",\"message\":\"Permission being "
      "assigned "
      "already exists on the object\"}}",
      CMG_E_EXISTS, CMG_RETRY_NEVER, "Request_BadRequest", "Permission being" },
    /* Key Vault: the inner error is the better code */
    { CMG__CALL_CERT_IMPORT, 409, "",
      "{\"error\":{\"code\":\"Conflict\",\"message\":\"Certificate x is currently in a "
      "deleted but recoverable state\",\"innererror\":{\"code\":"
      "\"ObjectIsDeletedButRecoverable\"}}}",
      CMG_E_CONFLICT, CMG_RETRY_NEVER, "ObjectIsDeletedButRecoverable",
      "Certificate x is currently" },
    /* a deployment: the cause is in a message that is JSON, in a detail */
    { CMG__CALL_DEPLOYMENT_PUT, 400, "",
      "{\"error\":{\"code\":\"DeploymentFailed\",\"message\":\"At least one resource "
      "deployment operation failed.\",\"details\":[{\"code\":\"BadRequest\",\"message\":"
      "\"{\\r\\n  \\\"error\\\": {\\\"code\\\": \\\"DnsRecordInUse\\\",\\\"message\\\": "
      "\\\"DNS record granitefalls.westeurope is already used.\\\"}}\"}]}}",
      CMG_E_EXISTS, CMG_RETRY_NEVER, "DnsRecordInUse",
      "DNS record granitefalls.westeurope is already used (HTTP 400 DnsRecordInUse)" },
    /* of several details the known one counts */
    { CMG__CALL_DEPLOYMENT_PUT, 409, "",
      "{\"error\":{\"code\":\"DeploymentFailed\",\"message\":\"m\",\"details\":["
      "{\"code\":\"Peculiar\",\"message\":\"p\"},{\"code\":\"QuotaExceeded\",\"message\":"
      "\"cores\"}]}}",
      CMG_E_LIMIT, CMG_RETRY_NEVER, "QuotaExceeded", "cores" },
    { CMG__CALL_DEPLOYMENT_PUT, 409, "",
      "{\"error\":{\"code\":\"OperationNotAllowed\",\"message\":\"Operation results in "
      "exceeding approved Total Regional Cores quota.\"}}",
      CMG_E_LIMIT, CMG_RETRY_NEVER, "OperationNotAllowed", "Operation results" },
    /* challenges and policies */
    { CMG__CALL_GROUP_PUT, 401,
      "WWW-Authenticate: Bearer error=\"insufficient_claims\", claims=\"eyJ\"",
      "{\"error\":{\"code\":\"InvalidAuthenticationToken\",\"message\":\"claims\"}}",
      CMG_E_AUTH, CMG_RETRY_NEVER, "insufficient_claims", "claims" },
    { CMG__CALL_GROUP_PUT, 403, "",
      "{\"error\":{\"code\":\"RequestDisallowedByPolicy\",\"message\":\"MFA is "
      "required\"}}",
      CMG_E_AUTH, CMG_RETRY_NEVER, "RequestDisallowedByPolicy", "MFA is required" },
    { CMG__CALL_GROUP_PUT, 403, "",
      "{\"error\":{\"code\":\"RequestDisallowedByPolicy\",\"message\":\"tags are "
      "wanted\"}}",
      CMG_E_DENIED, CMG_RETRY_NEVER, "RequestDisallowedByPolicy", "tags are wanted" },
};

/* An answer to some call, for tests that look at one thing only. */
static struct shape answer(int status, const char *headers, const char *body)
{
    return (struct shape){
        .call = CMG__CALL_GROUP_GET, .status = status, .headers = headers, .body = body
    };
}

static cmg_status decode(const struct shape *s, cmg_error **err)
{
    struct cmg__http_response resp;

    answer_make(&resp, s->status, s->headers, s->body);
    cmg_status rc =
        cmg__azure_error(&cmg__alloc_libc, cmg__call_get(s->call), &resp, err);
    cmg__http_response_done(&resp);
    return rc;
}

START_TEST(every_shape_gives_code_and_message)
{
    const struct shape *s = &shapes[_i];
    cmg_error *err = NULL;

    ck_assert_int_eq(decode(s, &err), s->code);
    ck_assert_int_eq(cmg_error_code(err), s->code);
    ck_assert_int_eq(cmg_error_retry(err), s->retry);
    ck_assert_str_eq(cmg_error_service_code(err), s->service_code);
    ck_assert_int_eq(cmg_error_origin_number(err), s->status);
    ck_assert_msg(cmg__str_starts(cmg_error_message(err), s->message), "\"%s\"",
                  cmg_error_message(err));
    ck_assert_ptr_null(strpbrk(cmg_error_message(err), "\r\n"));
    cmg_error_unref(err);
}
END_TEST

static const struct {
    int status;
    cmg_status code;
    cmg_retry retry;
} statuses[] = {
    { 400, CMG_E_INVAL, CMG_RETRY_NEVER },    { 401, CMG_E_AUTH, CMG_RETRY_NEVER },
    { 403, CMG_E_DENIED, CMG_RETRY_NEVER },   { 404, CMG_E_NOTFOUND, CMG_RETRY_NEVER },
    { 405, CMG_E_INVAL, CMG_RETRY_NEVER },    { 408, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT },
    { 409, CMG_E_CONFLICT, CMG_RETRY_NEVER }, { 412, CMG_E_CONFLICT, CMG_RETRY_NEVER },
    { 429, CMG_E_LIMIT, CMG_RETRY_LATER },    { 500, CMG_E_IO, CMG_RETRY_TRANSIENT },
    { 501, CMG_E_IO, CMG_RETRY_NEVER },       { 502, CMG_E_IO, CMG_RETRY_TRANSIENT },
    { 503, CMG_E_IO, CMG_RETRY_LATER },       { 504, CMG_E_TIMEOUT, CMG_RETRY_TRANSIENT },
    { 302, CMG_E_PROTO, CMG_RETRY_NEVER },
};

START_TEST(without_a_body_the_status_decides)
{
    const struct shape bare = answer(statuses[_i].status, "", "");
    cmg_error *err = NULL;

    ck_assert_int_eq(decode(&bare, &err), statuses[_i].code);
    ck_assert_int_eq(cmg_error_retry(err), statuses[_i].retry);
    ck_assert_int_eq(cmg_error_origin(err), CMG_ORIGIN_HTTP);
    cmg_error_unref(err);
}
END_TEST

START_TEST(the_correlation_id_is_in_the_cause)
{
    const struct shape told[] = {
        answer(401, "",
               "{\"error\":\"invalid_client\",\"error_codes\":[7000222],"
               "\"correlation_id\":\"1b2c\"}"),
        answer(403, "x-ms-correlation-request-id: 1b2c", ""),
        answer(403, "request-id: 1b2c", ""),
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(told); i++) {
        cmg_error *err = NULL;
        (void)decode(&told[i], &err);
        ck_assert_ptr_nonnull(strstr(cmg_error_cause(err), "; correlation id 1b2c"));
        ck_assert_str_ne(cmg_error_remedy(err), "");
        cmg_error_unref(err);
    }
}
END_TEST

START_TEST(the_services_time_is_beside_the_correlation_id)
{
    static const struct {
        const char *header, *body, *wanted;
    } told[] = {
        { "",
          "{\"error\":\"invalid_client\",\"correlation_id\":\"1b2c\","
          "\"timestamp\":\"2026-08-20 10:00:00Z\"}",
          "correlation id 1b2c at 2026-08-20 10:00:00Z" },
        { "Date: Thu, 20 Aug 2026 10:00:00 GMT",
          "{\"error\":\"invalid_client\",\"correlation_id\":\"1b2c\"}",
          "correlation id 1b2c at Thu, 20 Aug 2026 10:00:00 GMT" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(told); i++) {
        const struct shape shape = answer(401, told[i].header, told[i].body);
        cmg_error *err = NULL;
        (void)decode(&shape, &err);
        ck_assert_ptr_nonnull(strstr(cmg_error_cause(err), told[i].wanted));
        cmg_error_unref(err);
    }
}
END_TEST

START_TEST(messages_are_one_short_line)
{
    char body[3000] = "{\"code\":\"X\",\"message\":\"a\\r\\n\\tb\\u0007";
    cmg_error *err = NULL;

    for (int i = 0; i < 900; i++)
        strncat(body, "\xc3\xa9", sizeof body - strlen(body) - 1);
    strncat(body, "\"}", sizeof body - strlen(body) - 1);
    const struct shape s = answer(400, "", body);
    (void)decode(&s, &err);
    const char *message = cmg_error_message(err);
    ck_assert(cmg__str_starts(message, "a b \xc3\xa9"));
    ck_assert_uint_lt(strlen(message), 400);
    ck_assert(cmg__utf8_is_valid(message, strlen(message)));
    cmg_error_unref(err);
}
END_TEST

START_TEST(a_deep_or_wide_tree_ends)
{
    struct cmg__buf body;
    cmg_error *err = NULL;
    cmg__buf_init(&body, &cmg__alloc_libc, CMG__HTTP_BODY_MAX);

    for (int i = 0; i < 30; i++)
        ck_assert_int_eq(cmg__buf_add_str(&body, "{\"code\":\"C\",\"details\":["),
                         CMG_OK);
    for (int i = 0; i < 5000; i++)
        ck_assert_int_eq(
            cmg__buf_add_str(&body, i == 0 ? "{\"code\":\"D\"}" : ",{\"code\":\"D\"}"),
            CMG_OK);
    for (int i = 0; i < 30; i++)
        ck_assert_int_eq(cmg__buf_add_str(&body, "]}"), CMG_OK);
    const struct shape s = answer(400, "", cmg__buf_cstr(&body));
    ck_assert_int_eq(decode(&s, &err), CMG_E_INVAL);
    ck_assert_str_eq(cmg_error_service_code(err), "C");
    cmg_error_unref(err);
    cmg__buf_done(&body);
}
END_TEST

START_TEST(an_error_inside_a_good_answer_is_read_too)
{
    struct cmg__json *value =
        cmg__json_pack("{s:s, s:{s:s, s:s, s:s}}", "status", "Failed", "error", "code",
                       "SkuNotAvailable", "message", "no room", "target", "vmss");
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg__azure_error_value(&cmg__alloc_libc, NULL, value, &err),
                     CMG_E_UNSUPPORTED);
    ck_assert_str_eq(cmg_error_message(err), "no room (SkuNotAvailable)");
    ck_assert_str_eq(cmg_error_subject(err), "vmss");
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "vm_size"));
    cmg_error_unref(err);
    cmg__json_unref(value);
}
END_TEST

START_TEST(nothing_known_still_gives_an_error)
{
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg__azure_error_value(&cmg__alloc_libc, NULL, NULL, &err),
                     CMG_E_IO);
    ck_assert_str_eq(cmg_error_message(err), "the request was refused");
    cmg_error_unref(err);
}
END_TEST

/* The request was accepted: it is not its values that are wrong. */
START_TEST(an_operation_that_fails_for_unknown_reasons_helps_nevertheless)
{
    struct cmg__json *value =
        cmg__json_pack("{s:s, s:s}", "code", "NeverSeen", "message", "it did not work");
    cmg_error *err = NULL;

    ck_assert_int_eq(cmg__azure_error_value(&cmg__alloc_libc, NULL, value, &err),
                     CMG_E_IO);
    ck_assert_str_ne(cmg_error_cause(err), "");
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "activity log"));
    cmg_error_unref(err);
    cmg__json_unref(value);
}
END_TEST

static const struct {
    const char *headers;
    int64_t ms;
} waits[] = {
    { "", -1 },
    { "Retry-After: 0", 0 },
    { "Retry-After: 17", 17000 },
    { "Retry-After: 2.128", 2128 },
    { "Retry-After: 2.1289", 2128 },
    { "Retry-After: 0.5", 500 },
    { "Retry-After: 99999999999999999999999", 86400000 },
    { "Retry-After: soon", -1 },
    { "Retry-After: -5", -1 },
    { "Retry-After: 5s", -1 },
    { "Retry-After: 1.x", -1 },
    { "Retry-After: ", -1 },
    { "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT", 60000 },
    { "Retry-After: Sun, 06 Nov 1994 08:00:00 GMT", 0 },
    { "Retry-After: Sun, 06 Nov 2094 08:00:00 GMT", 86400000 },
    { "Retry-After: Sun, 36 Nov 1994 08:50:37 GMT", -1 },
    { "Retry-After: Sun, 06 Xyz 1994 08:50:37 GMT", -1 },
    { "Retry-After: Sun, 06 Nov 1994 24:50:37 GMT", -1 },
    { "Retry-After: Sunday, 06-Nov-94 08:49:37 GMT", -1 },
};

START_TEST(retry_after_is_understood)
{
    struct cmg__http_response resp;

    answer_make(&resp, 429, waits[_i].headers, "");
    ck_assert_int_eq(cmg__http_retry_after_ms(&resp, 784111777), waits[_i].ms);
    cmg__http_response_done(&resp);
}
END_TEST

START_TEST(the_error_carries_the_wait)
{
    static const struct {
        const char *headers;
        int64_t ms;
    } hints[] = {
        { "Retry-After: 7", 7000 },
        { "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT\nDate: Sun, 06 Nov 1994 08:49:37 "
          "GMT",
          60000 },
        { "Retry-After: Sun, 06 Nov 1994 08:50:37 GMT", 0 },
        { "", 0 },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(hints); i++) {
        const struct shape s = answer(429, hints[i].headers, "");
        cmg_error *err = NULL;
        (void)decode(&s, &err);
        ck_assert_int_eq(cmg_error_retry_after_ms(err), hints[i].ms);
        cmg_error_unref(err);
    }
}
END_TEST

START_TEST(codes_are_found_whatever_their_case)
{
    ck_assert_ptr_nonnull(cmg__azure_known_find("dnsrecordinuse", ""));
    ck_assert_ptr_nonnull(cmg__azure_known_find("AADSTS50076", ""));
    ck_assert_ptr_null(cmg__azure_known_find("AADSTS", ""));
    ck_assert_ptr_null(cmg__azure_known_find("AADSTS0", ""));
    ck_assert_ptr_null(cmg__azure_known_find("AADSTS1", ""));
    ck_assert_ptr_null(cmg__azure_known_find("", ""));
    ck_assert_ptr_null(cmg__azure_known_find("OperationNotAllowed", "another reason"));
}
END_TEST

static cmg_status decode_and_free(struct support_alloc *a, void *user)
{
    struct cmg__http_response resp;
    cmg_error *err = NULL;
    (void)user;

    answer_make(&resp, 403, "x-ms-correlation-request-id: 1",
                "{\"error\":{\"code\":\"AuthorizationFailed\",\"message\":\"m\"}}");
    cmg_status rc = cmg__azure_error(&a->alloc, NULL, &resp, &err);
    cmg__http_response_done(&resp);
    cmg_error_unref(err);
    return rc == CMG_E_DENIED ? CMG_OK : rc;
}

START_TEST(running_out_of_memory_leaves_nothing_behind)
{
    support_torture(decode_and_free, NULL, 1);
}
END_TEST

/* The sign-in errors that are told with cause and remedy. */
static const char *const sign_in_errors[] = {
    "AADSTS700016",  "AADSTS7000215", "AADSTS7000222", "AADSTS7000216", "AADSTS7000218",
    "AADSTS700025",  "AADSTS700027",  "AADSTS50013",   "AADSTS50027",   "AADSTS500011",
    "AADSTS650052",  "AADSTS650056",  "AADSTS650057",  "AADSTS65001",   "AADSTS65004",
    "AADSTS90094",   "AADSTS90095",   "AADSTS70011",   "AADSTS28002",   "AADSTS1002012",
    "AADSTS90002",   "AADSTS50059",   "AADSTS90013",   "AADSTS50128",   "AADSTS90038",
    "AADSTS900432",  "AADSTS50034",   "AADSTS50020",   "AADSTS51004",   "AADSTS16003",
    "AADSTS50053",   "AADSTS50055",   "AADSTS50056",   "AADSTS50126",   "AADSTS50144",
    "AADSTS50057",   "AADSTS50072",   "AADSTS50074",   "AADSTS50076",   "AADSTS50079",
    "AADSTS50158",   "AADSTS50078",   "AADSTS50089",   "AADSTS50173",   "AADSTS70008",
    "AADSTS70043",   "AADSTS700082",  "AADSTS50132",   "AADSTS50133",   "AADSTS50097",
    "AADSTS50129",   "AADSTS53000",   "AADSTS53001",   "AADSTS53002",   "AADSTS53003",
    "AADSTS530032",  "AADSTS53004",   "AADSTS53011",   "AADSTS530034",  "AADSTS530035",
    "AADSTS50105",   "AADSTS50194",   "AADSTS90130",   "AADSTS9002332", "AADSTS50011",
    "AADSTS900971",  "AADSTS50196",   "AADSTS90055",   "AADSTS90033",   "AADSTS90090",
    "AADSTS90006",   "AADSTS50033",   "AADSTS90024",   "AADSTS7000112", "AADSTS70001",
    "AADSTS1000031", "AADSTS50048",   "AADSTS70018",   "AADSTS70019",   "AADSTS70020",
};

START_TEST(each_sign_in_error_has_a_cause_and_a_remedy)
{
    const struct cmg__azure_known *known = cmg__azure_known_find(sign_in_errors[_i], "");

    ck_assert_msg(known != NULL, "%s is not in the table", sign_in_errors[_i]);
    ck_assert(!cmg__str_is_empty(known->cause));
    ck_assert(!cmg__str_is_empty(known->remedy));
    ck_assert_int_ne(known->status, CMG_OK);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("azure/error");
    TCase *decoding = tcase_create("decoding");
    TCase *waiting = tcase_create("waiting");

    tcase_add_loop_test(decoding, every_shape_gives_code_and_message, 0,
                        CMG__ARRAY_LEN(shapes));
    tcase_add_loop_test(decoding, without_a_body_the_status_decides, 0,
                        CMG__ARRAY_LEN(statuses));
    tcase_add_test(decoding, the_correlation_id_is_in_the_cause);
    tcase_add_test(decoding, the_services_time_is_beside_the_correlation_id);
    tcase_add_test(decoding, messages_are_one_short_line);
    tcase_add_test(decoding, a_deep_or_wide_tree_ends);
    tcase_add_test(decoding, an_error_inside_a_good_answer_is_read_too);
    tcase_add_test(decoding, nothing_known_still_gives_an_error);
    tcase_add_test(decoding,
                   an_operation_that_fails_for_unknown_reasons_helps_nevertheless);
    tcase_add_test(decoding, codes_are_found_whatever_their_case);
    tcase_add_test(decoding, running_out_of_memory_leaves_nothing_behind);
    tcase_add_loop_test(waiting, retry_after_is_understood, 0, CMG__ARRAY_LEN(waits));
    tcase_add_test(waiting, the_error_carries_the_wait);
    tcase_add_loop_test(decoding, each_sign_in_error_has_a_cause_and_a_remedy, 0,
                        CMG__ARRAY_LEN(sign_in_errors));
    suite_add_tcase(suite, decoding);
    suite_add_tcase(suite, waiting);
    return support_run((Suite *[]){ suite, NULL });
}
