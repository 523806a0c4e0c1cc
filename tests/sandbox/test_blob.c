/* Storage accounts and their blobs: keys, roles, signatures, blocks, ranges, lists. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/hash.h"
#include "sandbox/blob.h"
#include "sandbox/setting.h"
#include "sandbox/world.h"

static struct world w;
static char *token;

#define HOST    "acc1.blob.core.windows.net"
#define GROUP   "/resourceGroups/rg-1"
#define ACCOUNT GROUP "/providers/Microsoft.Storage/storageAccounts/acc1"
#define WEST    "{\"location\":\"westeurope\"}"
#define STORAGE "https://storage.azure.com/.default"

struct field {
    const char *name, *value;
};
#define FIELDS(...)                                                                      \
    (const struct field[])                                                               \
    {                                                                                    \
        __VA_ARGS__,                                                                     \
        {                                                                                \
            NULL, NULL                                                                   \
        }                                                                                \
    }
#define BLOCK_BLOB FIELDS({ "x-ms-blob-type", "BlockBlob" })

/* One answer whose body is bytes; done with ended(). */
static struct cmg__sb_answer answer;

static void send(const char *method, const char *host, const char *target,
                 const char *authorization, const struct field *fields, const char *body,
                 size_t n)
{
    struct cmg__headers headers;

    cmg__headers_init(&headers, &w.alloc.alloc);
    if (authorization != NULL)
        ck_assert_int_eq(cmg__headers_add(&headers, "Authorization", authorization),
                         CMG_OK);
    ck_assert_int_eq(cmg__headers_add(&headers, "x-ms-version", "2023-11-03"), CMG_OK);
    for (; fields != NULL && fields->name != NULL; fields++)
        ck_assert_int_eq(cmg__headers_add(&headers, fields->name, fields->value), CMG_OK);
    const struct cmg__sb_request request = { .method = method,
                                             .host = host,
                                             .target = target,
                                             .headers = &headers,
                                             .body = body == NULL ? "" : body,
                                             .body_len = n };
    cmg__sb_answer_done(&answer);
    cmg__sb_answer_init(&answer, &w.alloc.alloc);
    ck_assert_int_eq(cmg__sb_answer(w.cloud, &request, &answer), CMG_OK);
    cmg__headers_done(&headers);
}

static const char *head(const char *name)
{
    return cmg__str_or(cmg__headers_get(&answer.headers, name), "");
}

static void expect(int status, const char *code)
{
    if (answer.status != status)
        ck_abort_msg("%d instead of %d: %s", answer.status, status,
                     cmg__buf_cstr(&answer.body));
    ck_assert_str_eq(head("x-ms-error-code"), code);
}

/* As the administrator. */
static void does(int status, const char *code, const char *method, const char *target,
                 const struct field *fields, const char *body)
{
    send(method, HOST, target, token, fields, body, body == NULL ? 0 : strlen(body));
    expect(status, code);
}

static char *bearer(const char *client, const char *secret)
{
    char *plain = world_sign_in_as(&w, client, secret, STORAGE);
    char *text = NULL;

    ck_assert_ptr_nonnull(plain);
    ck_assert_int_gt(asprintf(&text, "Bearer %s", plain), 0);
    free(plain);
    return text;
}

static void make_account(const char *properties)
{
    char body[512];

    snprintf(body, sizeof body, "{\"location\":\"westeurope\",\"properties\":{%s}}",
             properties);
    world_arm_do(&w, 202, "PUT", body, ACCOUNT);
    world_pass(&w);
}

static void setup(void)
{
    world_init(&w);
    cmg__sb_answer_init(&answer, &w.alloc.alloc);
    world_register(&w);
    world_arm_do(&w, 201, "PUT", WEST, GROUP);
    make_account("");
    token = bearer(cmg__sb_fact(w.cloud, "client_id"),
                   cmg__sb_fact(w.cloud, "client_secret"));
    does(201, "", "PUT", "/box?restype=container", NULL, NULL);
}

static void teardown(void)
{
    free(token);
    cmg__sb_answer_done(&answer);
    world_done(&w);
}

START_TEST(a_blob_lives_its_life)
{
    does(201, "", "PUT", "/box/a%20b/c.txt",
         FIELDS({ "x-ms-blob-type", "BlockBlob" },
                { "x-ms-blob-content-type", "text/plain" }, { "x-ms-meta-owner", "me" }),
         "hello, blob");
    ck_assert(cmg__str_starts(head("ETag"), "\"0x8"));
    does(200, "", "GET", "/box/a%20b/c.txt", NULL, NULL);
    ck_assert_str_eq(cmg__buf_cstr(&answer.body), "hello, blob");
    ck_assert_str_eq(head("Content-Type"), "text/plain");
    ck_assert_str_eq(head("x-ms-meta-owner"), "me");
    ck_assert_str_eq(head("x-ms-version"), "2023-11-03");
    ck_assert_ptr_nonnull(strstr(head("Last-Modified"), " GMT"));
    does(200, "", "HEAD", "/box/a%20b/c.txt", NULL, NULL);
    ck_assert_str_eq(head("x-ms-blob-type"), "BlockBlob");
    does(202, "", "DELETE", "/box/a%20b/c.txt", NULL, NULL);
    does(404, "BlobNotFound", "GET", "/box/a%20b/c.txt", NULL, NULL);
    ck_assert(cmg__str_starts(cmg__buf_cstr(&answer.body), "\xEF\xBB\xBF<?xml"));
    does(404, "BlobNotFound", "DELETE", "/box/a%20b/c.txt", NULL, NULL);
}
END_TEST

START_TEST(bytes_are_bytes)
{
    static const char raw[] = "\0\xff<a>\0\n";

    send("PUT", HOST, "/box/raw", token, BLOCK_BLOB, raw, sizeof raw);
    expect(201, "");
    does(200, "", "GET", "/box/raw", NULL, NULL);
    ck_assert_uint_eq(answer.body.len, sizeof raw);
    ck_assert_mem_eq(answer.body.data, raw, sizeof raw);
}
END_TEST

static const struct {
    const char *field, *range;
    int status;
    const char *content_range, *body;
} ranges[] = {
    { "Range", "bytes=0-3", 206, "bytes 0-3/10", "0123" },
    { "x-ms-range", "bytes=8-", 206, "bytes 8-9/10", "89" },
    { "x-ms-range", "bytes=4-100", 206, "bytes 4-9/10", "456789" },
    { "Range", "bytes=10-", 416, "", NULL },
    { "Range", "bytes=5-2", 416, "", NULL },
    { "Range", "lines=1-2", 416, "", NULL },
};

START_TEST(a_part_of_a_blob_is_got)
{
    does(201, "", "PUT", "/box/n", BLOCK_BLOB, "0123456789");
    does(ranges[_i].status, ranges[_i].status == 416 ? "InvalidRange" : "", "GET",
         "/box/n", FIELDS({ ranges[_i].field, ranges[_i].range }), NULL);
    ck_assert_str_eq(head("Content-Range"), ranges[_i].content_range);
    if (ranges[_i].body != NULL)
        ck_assert_str_eq(cmg__buf_cstr(&answer.body), ranges[_i].body);
}
END_TEST

START_TEST(conditions_are_kept)
{
    char etag[64];

    does(201, "", "PUT", "/box/c", BLOCK_BLOB, "one");
    snprintf(etag, sizeof etag, "%s", head("ETag"));
    does(409, "BlobAlreadyExists", "PUT", "/box/c",
         FIELDS({ "x-ms-blob-type", "BlockBlob" }, { "If-None-Match", "*" }), "two");
    does(412, "ConditionNotMet", "PUT", "/box/c",
         FIELDS({ "x-ms-blob-type", "BlockBlob" }, { "If-Match", "\"0x8\"" }), "two");
    does(304, "", "GET", "/box/c", FIELDS({ "If-None-Match", etag }), NULL);
    does(201, "", "PUT", "/box/c",
         FIELDS({ "x-ms-blob-type", "BlockBlob" }, { "If-Match", etag }), "two");
    does(412, "ConditionNotMet", "DELETE", "/box/c", FIELDS({ "If-Match", etag }), NULL);
    does(201, "", "PUT", "/box/d",
         FIELDS({ "x-ms-blob-type", "BlockBlob" }, { "If-None-Match", "*" }), "new");
    does(400, "InvalidHeaderValue", "PUT", "/box/e",
         FIELDS({ "x-ms-blob-type", "PageBlob" }), "x");
}
END_TEST

START_TEST(blocks_become_a_blob)
{
    does(201, "", "PUT", "/box/b?comp=block&blockid=MQ%3D%3D", NULL, "one,");
    does(201, "", "PUT", "/box/b?comp=block&blockid=Mg%3D%3D", NULL, "two,");
    does(404, "BlobNotFound", "GET", "/box/b", NULL, NULL);
    does(200, "", "GET", "/box/b?comp=blocklist&blocklisttype=all", NULL, NULL);
    ck_assert_ptr_nonnull(strstr(cmg__buf_cstr(&answer.body),
                                 "<CommittedBlocks></CommittedBlocks><UncommittedBlocks>"
                                 "<Block><Name>MQ==</Name><Size>4</Size>"));
    does(400, "InvalidBlockList", "PUT", "/box/b?comp=blocklist", NULL,
         "<BlockList><Latest>OQ==</Latest></BlockList>");
    does(400, "InvalidXmlDocument", "PUT", "/box/b?comp=blocklist", NULL, "<BlockList>");
    does(400, "InvalidBlobOrBlock", "PUT", "/box/b?comp=block&blockid=MTIzNA%3D%3D", NULL,
         "other length");
    does(201, "", "PUT", "/box/b?comp=blocklist", NULL,
         "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<BlockList><Latest>Mg==</Latest>"
         "<Uncommitted>MQ==</Uncommitted></BlockList>");
    does(200, "", "GET", "/box/b", NULL, NULL);
    ck_assert_str_eq(cmg__buf_cstr(&answer.body), "two,one,");
    does(201, "", "PUT", "/box/b?comp=block&blockid=Mw%3D%3D", NULL, "three");
    does(201, "", "PUT", "/box/b?comp=blocklist", NULL,
         "<BlockList><Committed>MQ==</Committed><Latest>Mw==</Latest></BlockList>");
    does(200, "", "GET", "/box/b", NULL, NULL);
    ck_assert_str_eq(cmg__buf_cstr(&answer.body), "one,three");
    does(200, "", "GET", "/box/b?comp=blocklist", NULL, NULL);
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&answer.body), "Mg=="));
}
END_TEST

START_TEST(lists_go_by_pages_and_folders)
{
    static const char *const names[] = { "b&b", "a/1", "a/2", "c" };
    char target[64];

    for (size_t i = 0; i < CMG__ARRAY_LEN(names); i++) {
        snprintf(target, sizeof target, "/box/%s", names[i]);
        does(201, "", "PUT", target, BLOCK_BLOB, "x");
    }
    does(200, "", "GET", "/box?restype=container&comp=list&maxresults=2", NULL, NULL);
    const char *text = cmg__buf_cstr(&answer.body);
    ck_assert_ptr_nonnull(strstr(text, "<Name>a/1</Name>"));
    ck_assert_ptr_null(strstr(text, "<Name>c</Name>"));
    ck_assert_ptr_nonnull(strstr(text, "<NextMarker>b&amp;b</NextMarker>"));
    does(200, "", "GET", "/box?restype=container&comp=list&marker=b%26b", NULL, NULL);
    text = cmg__buf_cstr(&answer.body);
    ck_assert_ptr_nonnull(strstr(text, "<Name>b&amp;b</Name>"));
    ck_assert_ptr_nonnull(strstr(text, "<Name>c</Name>"));
    ck_assert_ptr_nonnull(strstr(text, "<NextMarker></NextMarker>"));
    does(200, "", "GET", "/box?restype=container&comp=list&delimiter=/", NULL, NULL);
    text = cmg__buf_cstr(&answer.body);
    ck_assert_ptr_nonnull(strstr(text, "<BlobPrefix><Name>a/</Name></BlobPrefix>"));
    ck_assert_ptr_null(strstr(text, "a/1"));
    does(200, "", "GET", "/box?restype=container&comp=list&prefix=a/", NULL, NULL);
    ck_assert_ptr_null(strstr(cmg__buf_cstr(&answer.body), "<Name>c</Name>"));
    does(200, "", "GET", "/?comp=list", NULL, NULL);
    ck_assert_ptr_nonnull(strstr(cmg__buf_cstr(&answer.body), "<Name>box</Name>"));
}
END_TEST

START_TEST(containers_come_and_go)
{
    struct reply r;

    does(409, "ContainerAlreadyExists", "PUT", "/box?restype=container", NULL, NULL);
    does(400, "InvalidResourceName", "PUT", "/Box?restype=container", NULL, NULL);
    does(404, "ContainerNotFound", "PUT", "/none/x", BLOCK_BLOB, "x");
    does(200, "", "HEAD", "/box?restype=container", NULL, NULL);
    world_arm_do(&w, 201, "PUT", "{}", ACCOUNT "/blobServices/default/containers/second");
    world_arm_do(&w, 200, "PUT", "{}", ACCOUNT "/blobServices/default/containers/second");
    does(200, "", "GET", "/second?restype=container", NULL, NULL);
    world_arm(&w, &r, 200, "GET", NULL, ACCOUNT "/blobServices/default/containers");
    ck_assert_uint_eq(cmg__json_size(cmg__json_key(r.body, "value")), 2);
    reply_done(&r);
    does(202, "", "DELETE", "/second?restype=container", NULL, NULL);
    world_arm_do(&w, 404, "GET", NULL, ACCOUNT "/blobServices/default/containers/second");
    world_arm_do(&w, 204, "DELETE", NULL,
                 ACCOUNT "/blobServices/default/containers/second");
    world_arm_do(&w, 202, "DELETE", NULL, ACCOUNT);
    world_pass(&w);
    does(404, "ResourceNotFound", "GET", "/box/x", NULL, NULL);
}
END_TEST

/* ---- who may ---- */

START_TEST(a_role_is_needed_for_the_data)
{
    struct app app;
    char body[512];

    world_make_app(&w, "Reader", "", &app);
    does(201, "", "PUT", "/box/r", BLOCK_BLOB, "data");
    char *other = bearer(app.app_id, app.secret);
    send("GET", HOST, "/box/r", other, NULL, NULL, 0);
    expect(403, "AuthorizationPermissionMismatch");
    snprintf(body, sizeof body,
             "{\"properties\":{\"roleDefinitionId\":\"x/"
             "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1\",\"principalId\":\"%s\"}}",
             app.sp_id);
    world_arm_do(&w, 201, "PUT", body,
                 ACCOUNT "/providers/Microsoft.Authorization/roleAssignments/"
                         "11111111-2222-4333-8444-555555555555");
    send("GET", HOST, "/box/r", other, NULL, NULL, 0);
    expect(200, "");
    send("GET", HOST, "/box?restype=container&comp=list", other, NULL, NULL, 0);
    expect(200, "");
    send("PUT", HOST, "/box/r", other, BLOCK_BLOB, "x", 1);
    expect(403, "AuthorizationPermissionMismatch");
    send("GET", HOST, "/box/r", NULL, NULL, NULL, 0);
    expect(401, "NoAuthenticationInformation");
    ck_assert_ptr_nonnull(
        strstr(head("WWW-Authenticate"), "resource_id=https://storage.azure.com"));
    free(other);
}
END_TEST

/* The first key of the account (yours). */
static char *account_key(void)
{
    struct reply r;

    world_arm(&w, &r, 200, "POST", NULL, ACCOUNT "/listKeys?$expand=kerb");
    ck_assert_str_eq(reply_str(&r, "/keys/0/keyName"), "key1");
    char *key = strdup(reply_str(&r, "/keys/0/value"));
    reply_done(&r);
    return key;
}

static void sign(const char *key64, const char *text, char out[64])
{
    struct cmg__buf key, mac;
    uint8_t raw[32];

    cmg__buf_init(&key, &w.alloc.alloc, 256);
    cmg__buf_init(&mac, &w.alloc.alloc, 256);
    ck_assert_int_eq(cmg__base64_decode(&key, key64, strlen(key64)), CMG_OK);
    ck_assert_int_eq(cmg__hmac_sha256(key.data, key.len, text, strlen(text), raw),
                     CMG_OK);
    ck_assert_int_eq(cmg__base64_encode(&mac, raw, sizeof raw), CMG_OK);
    snprintf(out, 64, "%s", cmg__buf_cstr(&mac));
    cmg__buf_done(&key);
    cmg__buf_done(&mac);
}

/* GET /box/k?comp=blocklist with a shared key, its date off by some seconds. */
static void get_by_key(const char *key, int64_t off_s)
{
    char date[CMG__SB_DATE_SIZE], text[1024], mac[64], field[128];

    cmg__sb_date_format(cmg__sb_now_ms(w.cloud) / 1000 + off_s, date);
    snprintf(text, sizeof text,
             "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:%s\nx-ms-version:2023-11-03\n"
             "/acc1/box/k\nblocklisttype:all\ncomp:blocklist",
             date);
    sign(key, text, mac);
    snprintf(field, sizeof field, "SharedKey acc1:%s", mac);
    send("GET", HOST, "/box/k?comp=blocklist&blocklisttype=all", field,
         FIELDS({ "x-ms-date", date }), NULL, 0);
}

START_TEST(a_shared_key_signs_each_request)
{
    char *key = account_key();

    does(201, "", "PUT", "/box/k", BLOCK_BLOB, "data");
    get_by_key(key, 0);
    expect(200, "");
    get_by_key(key, 3600);
    expect(403, "AuthenticationFailed");
    world_arm_do(&w, 200, "POST", "{\"keyName\":\"key1\"}", ACCOUNT "/regenerateKey");
    get_by_key(key, 0);
    expect(403, "AuthenticationFailed");
    world_arm_do(&w, 400, "POST", "{\"keyName\":\"key9\"}", ACCOUNT "/regenerateKey");
    free(key);
}
END_TEST

START_TEST(a_shared_key_is_refused_where_it_is_not_allowed)
{
    char *key = account_key();

    does(201, "", "PUT", "/box/k", BLOCK_BLOB, "data");
    world_arm_do(&w, 200, "PATCH", "{\"properties\":{\"allowSharedKeyAccess\":false}}",
                 ACCOUNT);
    get_by_key(key, 0);
    expect(403, "KeyBasedAuthenticationNotPermitted");
    does(200, "", "GET", "/box/k", NULL, NULL);
    free(key);
}
END_TEST

/* A service signature for reading one blob until an hour from now. */
static void get_by_signature(const char *method, const char *key, const char *permissions,
                             int64_t end_s)
{
    char end[CMG__TIME_SIZE], text[1024], mac[64], target[1024];
    struct cmg__buf sig;

    cmg__time_format(cmg__sb_now_ms(w.cloud) / 1000 + end_s, end);
    snprintf(text, sizeof text,
             "%s\n\n%s\n/blob/acc1/box/s\n\n\nhttps\n2021-06-08\nb\n\n\n\n\n\n\n",
             permissions, end);
    sign(key, text, mac);
    cmg__buf_init(&sig, &w.alloc.alloc, 1024);
    ck_assert_int_eq(cmg__url_encode(&sig, mac, strlen(mac)), CMG_OK);
    snprintf(target, sizeof target,
             "/box/s?sp=%s&se=%s&spr=https&sv=2021-06-08&sr=b&sig=%s", permissions, end,
             cmg__buf_cstr(&sig));
    cmg__buf_done(&sig);
    send(method, HOST, target, NULL, NULL, NULL, 0);
}

START_TEST(a_signature_permits_what_it_says)
{
    char *key = account_key();

    does(201, "", "PUT", "/box/s", BLOCK_BLOB, "data");
    get_by_signature("GET", key, "r", 3600);
    expect(200, "");
    get_by_signature("DELETE", key, "r", 3600);
    expect(403, "AuthorizationPermissionMismatch");
    get_by_signature("GET", key, "r", -1);
    expect(403, "AuthenticationFailed");
    get_by_signature("GET", "MTIz", "r", 3600);
    expect(403, "AuthenticationFailed");
    free(key);
}
END_TEST

START_TEST(under_localhost_the_account_is_in_the_path)
{
    send("GET", "127.0.0.1:4443", "/acc1/box/x", token, NULL, NULL, 0);
    expect(404, "BlobNotFound");
    send("PUT", "localhost:4443", "/acc1/box/x", token, BLOCK_BLOB, "x", 1);
    expect(201, "");
    does(200, "", "GET", "/box/x", NULL, NULL);
    send("GET", "localhost:4443",
         "/" CMG__SB_BLOB_ACCOUNT "?restype=account&comp="
         "properties",
         token, NULL, NULL, 0);
    expect(200, "");
    does(400, "UnsupportedQueryParameter", "PUT", "/box/x?comp=page", NULL, NULL);
    does(400, "InvalidUri", "GET",
         "/a-container-name-that-is-much-longer-than-any-container-name-may-ever-be/x",
         NULL, NULL);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("blob");
    TCase *t = tcase_create("blob");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, a_blob_lives_its_life);
    tcase_add_test(t, bytes_are_bytes);
    tcase_add_loop_test(t, a_part_of_a_blob_is_got, 0, CMG__ARRAY_LEN(ranges));
    tcase_add_test(t, conditions_are_kept);
    tcase_add_test(t, blocks_become_a_blob);
    tcase_add_test(t, lists_go_by_pages_and_folders);
    tcase_add_test(t, containers_come_and_go);
    tcase_add_test(t, a_role_is_needed_for_the_data);
    tcase_add_test(t, a_shared_key_signs_each_request);
    tcase_add_test(t, a_shared_key_is_refused_where_it_is_not_allowed);
    tcase_add_test(t, a_signature_permits_what_it_says);
    tcase_add_test(t, under_localhost_the_account_is_in_the_path);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
