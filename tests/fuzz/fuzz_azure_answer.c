/*
 * Answers of services: a status line's number, headers, an empty line and a body, as an
 * error, as the first answer of a long-running operation, and as a polling answer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "azure/call.h"
#include "base/str.h"

#define SELF "https://management.azure.com/subscriptions/1/x"

/* "202\nLocation: https://...\n\nbody" */
static void read_answer(struct cmg__http_response *resp, const char *text)
{
    resp->status = 200;
    if (strlen(text) > 3 && cmg__is_digit(text[0]) && cmg__is_digit(text[1]) &&
        cmg__is_digit(text[2]))
        resp->status = (text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0';
    text += strcspn(text, "\n");
    text += *text == '\n';
    while (*text != '\0' && *text != '\n') {
        size_t line = strcspn(text, "\n");
        size_t name = strcspn(text, ":\n");

        if (name + 2 <= line && name > 0 &&
            cmg__headers_addn(&resp->headers, text, name, text + name + 2,
                              line - name - 2) != CMG_OK)
            abort();
        text += line + (text[line] == '\n');
    }
    if (cmg__buf_add_str(&resp->body, text + (*text == '\n')) != CMG_OK)
        abort();
}

static void check_error(cmg_error *err)
{
    const char *message = cmg_error_message(err);

    if (message[0] == '\0' || strpbrk(message, "\r\n") != NULL ||
        !cmg__utf8_is_valid(message, strlen(message)))
        abort();
    cmg_error_unref(err);
}

static void poll(enum cmg__lro_mode mode, const struct cmg__http_response *resp)
{
    struct cmg__lro lro = { mode, cmg__strdup(&cmg__alloc_libc, SELF) };
    enum cmg__lro_state state = CMG__LRO_RUNNING;
    int percent = 0;
    cmg_error *err = NULL;

    if (cmg__lro_read(&cmg__alloc_libc, &lro, resp, &state, &percent, &err) != CMG_OK)
        check_error(err);
    if (!cmg__url_same_host(lro.url, SELF))
        abort();
    cmg__free(&cmg__alloc_libc, lro.url);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const methods[] = { "PUT", "POST", "DELETE" };
    char *text = cmg__strndup(&cmg__alloc_libc, (const char *)data, size);
    struct cmg__http_response resp;
    cmg_error *err = NULL;

    cmg__http_response_init(&resp, &cmg__alloc_libc);
    read_answer(&resp, text);
    (void)cmg__azure_error(&cmg__alloc_libc, cmg__call_get(CMG__CALL_TOKEN_SECRET), &resp,
                           &err);
    check_error(err);
    for (size_t i = 0; i < CMG__ARRAY_LEN(methods); i++) {
        struct cmg__lro lro = { 0 };

        if (cmg__lro_begin(&cmg__alloc_libc, SELF, methods[i], &resp, &lro, NULL) ==
                CMG_OK &&
            lro.url != NULL && !cmg__url_same_host(lro.url, SELF))
            abort();
        cmg__free(&cmg__alloc_libc, lro.url);
    }
    poll(CMG__LRO_STATUS, &resp);
    poll(CMG__LRO_LOCATION, &resp);
    poll(CMG__LRO_BODY, &resp);
    cmg__http_response_done(&resp);
    cmg__free(&cmg__alloc_libc, text);
    return 0;
}
