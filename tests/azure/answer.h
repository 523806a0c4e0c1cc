/* Answers of services, made from short texts. */
#ifndef TESTS_AZURE_ANSWER_H
#define TESTS_AZURE_ANSWER_H

#include "base/http.h"

/* headers: "Name: value\nName: value" or ""; the caller ends it with
   cmg__http_response_done. */
void answer_make(struct cmg__http_response *resp, int status, const char *headers,
                 const char *body);

#endif
