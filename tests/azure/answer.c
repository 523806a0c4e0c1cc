/* Answers of services, made from short texts. */
#include "azure/answer.h"

#include <check.h>
#include <string.h>

void answer_make(struct cmg__http_response *resp, int status, const char *headers,
                 const char *body)
{
    cmg__http_response_init(resp, &cmg__alloc_libc);
    resp->status = status;
    while (*headers != '\0') {
        size_t line = strcspn(headers, "\n");
        size_t name = strcspn(headers, ":");

        ck_assert_int_eq(cmg__headers_addn(&resp->headers, headers, name,
                                           headers + name + 2, line - name - 2),
                         CMG_OK);
        headers += line + (headers[line] == '\n');
    }
    ck_assert_int_eq(cmg__buf_add_str(&resp->body, body), CMG_OK);
}
