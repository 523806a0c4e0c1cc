/* Long-running operations: which way to follow, and when they end. */
#include <string.h>

#include "azure/answer.h"
#include "azure/call.h"
#include "support/support.h"

#define HOST "https://management.azure.com"
#define SELF HOST "/subscriptions/1/resourceGroups/g/x?api-version=1"

static const struct {
    const char *method;
    int status;
    const char *headers;
    const char *body;
    enum cmg__lro_mode mode;
    const char *url;
} begins[] = {
    { "PUT", 201, "Azure-AsyncOperation: " HOST "/op/1\nLocation: " HOST "/loc/1",
      "{\"properties\":{\"provisioningState\":\"Accepted\"}}", CMG__LRO_STATUS,
      HOST "/op/1" },
    { "PUT", 201, "Azure-AsyncOperation: " HOST "/op/1",
      "{\"properties\":{\"provisioningState\":\"Succeeded\"}}", CMG__LRO_STATUS,
      HOST "/op/1" },
    { "DELETE", 202, "Location: " HOST "/loc/1", "", CMG__LRO_LOCATION, HOST "/loc/1" },
    { "DELETE", 202, "Location: /loc/1?t=2", "", CMG__LRO_LOCATION, HOST "/loc/1?t=2" },
    { "PUT", 201, "Location: https://elsewhere.example/", "{}", CMG__LRO_DONE, NULL },
    { "POST", 200, "Location: https://graph.microsoft.com", "{}", CMG__LRO_DONE, NULL },
    { "PUT", 200, "", "{\"properties\":{\"provisioningState\":\"RegisteringDns\"}}",
      CMG__LRO_BODY, SELF },
    { "PATCH", 200, "", "{\"properties\":{\"provisioningState\":\"\"}}", CMG__LRO_BODY,
      SELF },
    { "PUT", 200, "", "{\"properties\":{\"provisioningState\":\"Failed\"}}",
      CMG__LRO_BODY, SELF },
    { "PUT", 200, "", "{\"properties\":{\"provisioningState\":\"succeeded\"}}",
      CMG__LRO_DONE, NULL },
    { "PUT", 200, "", "{\"properties\":{}}", CMG__LRO_DONE, NULL },
    { "PUT", 200, "", "not json", CMG__LRO_DONE, NULL },
    { "POST", 200, "", "{\"properties\":{\"provisioningState\":\"Running\"}}",
      CMG__LRO_DONE, NULL },
    { "DELETE", 204, "", "", CMG__LRO_DONE, NULL },
    { "DELETE", 404, "", "", CMG__LRO_DONE, NULL },
    { "PUT", 202, "Azure-AsyncOperation: ", "", CMG__LRO_DONE, NULL },
};

START_TEST(the_first_answer_chooses_the_mode)
{
    struct cmg__http_response resp;
    struct cmg__lro lro = { 0 };
    cmg_error *err = NULL;

    answer_make(&resp, begins[_i].status, begins[_i].headers, begins[_i].body);
    ck_ok(cmg__lro_begin(&cmg__alloc_libc, SELF, begins[_i].method, &resp, &lro, &err),
          err);
    ck_assert_int_eq(lro.mode, begins[_i].mode);
    ck_assert_pstr_eq(lro.url, begins[_i].url);
    cmg__free(&cmg__alloc_libc, lro.url);
    cmg__http_response_done(&resp);
}
END_TEST

static const char *const strangers[] = {
    "Azure-AsyncOperation: https://evil.example/op",
    "Azure-AsyncOperation: https://management.azure.com.evil.example/op",
    "Azure-AsyncOperation: https://management.azure.com@evil.example/op",
    "Azure-AsyncOperation: https://management.azure.com:8443/op",
    "Azure-AsyncOperation: http://management.azure.com/op",
    "Azure-AsyncOperation: //evil.example/op",
    "Azure-AsyncOperation: op/1",
    "Location: https://evil.example/op",
};

START_TEST(a_polling_url_elsewhere_is_refused)
{
    struct cmg__http_response resp;
    struct cmg__lro lro = { .mode = CMG__LRO_BODY };
    cmg_error *err = NULL;

    answer_make(&resp, 202, strangers[_i], "");
    ck_assert_int_eq(cmg__lro_begin(&cmg__alloc_libc, SELF, "DELETE", &resp, &lro, &err),
                     CMG_E_PROTO);
    ck_assert_ptr_nonnull(strstr(cmg_error_remedy(err), "looks at what was begun"));
    ck_assert_int_eq(lro.mode, CMG__LRO_BODY); /* untouched */
    ck_assert_ptr_null(lro.url);
    cmg_error_unref(err);
    cmg__http_response_done(&resp);
}
END_TEST

static const struct {
    enum cmg__lro_mode mode;
    int status;
    const char *headers;
    const char *body;
    cmg_status rc;
    enum cmg__lro_state state;
    int percent;
    const char *url; /* afterwards; NULL: as before */
} reads[] = {
    { CMG__LRO_STATUS, 200, "", "{\"status\":\"Running\",\"percentComplete\":42}", CMG_OK,
      CMG__LRO_RUNNING, 42, NULL },
    { CMG__LRO_STATUS, 200, "", "{\"status\":\"InProgress\",\"percentComplete\":420}",
      CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_STATUS, 200, "", "{\"status\":\"\"}", CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_STATUS, 200, "", "{}", CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_STATUS, 200, "", "", CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_STATUS, 200, "", "{\"status\":\"succeeded\"}", CMG_OK, CMG__LRO_SUCCEEDED,
      -1, NULL },
    { CMG__LRO_STATUS, 404, "", "", CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_STATUS, 500, "", "{\"status\":\"Failed\"}", CMG_OK, CMG__LRO_RUNNING, -1,
      NULL },
    { CMG__LRO_STATUS, 200, "", "<html>", CMG_E_PROTO, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_STATUS, 200, "",
      "{\"status\":\"Failed\",\"error\":{\"code\":\"QuotaExceeded\",\"message\":\"m\"}}",
      CMG_E_LIMIT, CMG__LRO_FAILED, -1, NULL },
    { CMG__LRO_STATUS, 200, "", "{\"status\":\"Failed\"}", CMG_E_IO, CMG__LRO_FAILED, -1,
      NULL },
    { CMG__LRO_STATUS, 200, "", "{\"status\":\"Canceled\"}", CMG_E_CONFLICT,
      CMG__LRO_FAILED, -1, NULL },
    { CMG__LRO_STATUS, 200, "", "{\"status\":\"cancelled\",\"error\":null}",
      CMG_E_CONFLICT, CMG__LRO_FAILED, -1, NULL },
    { CMG__LRO_LOCATION, 202, "", "", CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_LOCATION, 202, "Location: " HOST "/loc/2", "", CMG_OK, CMG__LRO_RUNNING,
      -1, HOST "/loc/2" },
    { CMG__LRO_LOCATION, 202, "Location: https://evil.example/", "", CMG_E_PROTO,
      CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_LOCATION, 200, "", "", CMG_OK, CMG__LRO_SUCCEEDED, -1, NULL },
    { CMG__LRO_LOCATION, 204, "", "", CMG_OK, CMG__LRO_SUCCEEDED, -1, NULL },
    { CMG__LRO_LOCATION, 503, "", "", CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_LOCATION, 429, "", "", CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_LOCATION, 409, "",
      "{\"Error\":{\"Code\":\"ScopeLocked\",\"Message\":\"m\"}}", CMG_E_CONFLICT,
      CMG__LRO_FAILED, -1, NULL },
    { CMG__LRO_BODY, 200, "", "{\"properties\":{\"provisioningState\":\"Updating\"}}",
      CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_BODY, 200, "", "{\"properties\":{}}", CMG_OK, CMG__LRO_SUCCEEDED, -1,
      NULL },
    { CMG__LRO_BODY, 200, "",
      "{\"properties\":{\"provisioningState\":\"Failed\",\"error\":{\"code\":"
      "\"SkuNotAvailable\",\"message\":\"m\"}}}",
      CMG_E_UNSUPPORTED, CMG__LRO_FAILED, -1, NULL },
    { CMG__LRO_BODY, 404, "", "", CMG_E_NOTFOUND, CMG__LRO_FAILED, -1, NULL },
    { CMG__LRO_BODY, 500, "", "", CMG_OK, CMG__LRO_RUNNING, -1, NULL },
    { CMG__LRO_DONE, 200, "", "", CMG_OK, CMG__LRO_SUCCEEDED, -1, NULL },
};

START_TEST(a_polling_answer_is_read_by_its_mode)
{
    struct cmg__lro lro = { reads[_i].mode,
                            cmg__strdup(&cmg__alloc_libc, HOST "/loc/1") };
    struct cmg__http_response resp;
    enum cmg__lro_state state = CMG__LRO_FAILED;
    int percent = 7;
    cmg_error *err = NULL;

    answer_make(&resp, reads[_i].status, reads[_i].headers, reads[_i].body);
    ck_assert_int_eq(cmg__lro_read(&cmg__alloc_libc, &lro, &resp, &state, &percent, &err),
                     reads[_i].rc);
    ck_assert_int_eq(cmg_error_code(err), reads[_i].rc);
    ck_assert_int_eq(state, reads[_i].state);
    ck_assert_int_eq(percent, reads[_i].percent);
    ck_assert_str_eq(lro.url, reads[_i].url == NULL ? HOST "/loc/1" : reads[_i].url);
    cmg_error_unref(err);
    cmg__free(&cmg__alloc_libc, lro.url);
    cmg__http_response_done(&resp);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("azure/lro");
    TCase *begin = tcase_create("begin");
    TCase *read = tcase_create("read");

    tcase_add_loop_test(begin, the_first_answer_chooses_the_mode, 0,
                        CMG__ARRAY_LEN(begins));
    tcase_add_loop_test(begin, a_polling_url_elsewhere_is_refused, 0,
                        CMG__ARRAY_LEN(strangers));
    tcase_add_loop_test(read, a_polling_answer_is_read_by_its_mode, 0,
                        CMG__ARRAY_LEN(reads));
    suite_add_tcase(suite, begin);
    suite_add_tcase(suite, read);
    return support_run((Suite *[]){ suite, NULL });
}
