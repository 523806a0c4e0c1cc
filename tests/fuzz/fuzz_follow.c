/*
 * What a metadata service answers for user data, of any bytes: base64 or refused, and
 * what it holds are settings or refused. The text behind the base64 goes through anew.
 */
#include "base/base64.h"
#include "relay/follow.h"
#include "relay/settings.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void read_settings(const struct cmg__buf *text)
{
    struct cmg__service_settings s;
    cmg_error *err = NULL;

    cmg__service_settings_init(&s, &cmg__alloc_libc);
    cmg_status rc = cmg__service_settings_read(&s, cmg__buf_cstr(text), text->len, &err);
    require((rc == CMG_OK) == (err == NULL));
    require(rc != CMG_OK || s.deployment_id != NULL);
    cmg_error_unref(err);
    cmg__service_settings_done(&s);
}

/* Encoded again it is decoded to the same. */
static void go_round(const struct cmg__buf *text)
{
    struct cmg__buf digits, again;

    cmg__buf_init(&digits, &cmg__alloc_libc, (size_t)4 * 1024 * 1024);
    cmg__buf_init(&again, &cmg__alloc_libc, (size_t)4 * 1024 * 1024);
    require(cmg__base64_encode(&digits, text->data, text->len) == CMG_OK);
    require(cmg__buf_add_str(&digits, "\r\n") == CMG_OK);
    require(cmg__follow_decode(&again, digits.data, digits.len) == CMG_OK);
    require(again.len == text->len &&
            (text->len == 0 || memcmp(again.data, text->data, text->len) == 0));
    cmg__buf_done(&digits);
    cmg__buf_done(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__buf text;

    if (size > 1024 * 1024)
        return 0;
    cmg__buf_init(&text, &cmg__alloc_libc, (size_t)4 * 1024 * 1024);
    if (cmg__follow_decode(&text, (const char *)data, size) == CMG_OK) {
        go_round(&text);
        read_settings(&text);
    }
    cmg__buf_done(&text);
    return 0;
}
