/*
 * cmg_error objects: immutable, counted, one allocation each (the texts follow the
 * struct). One static object stands for "out of memory", so that reporting never fails.
 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/str.h"

enum text {
    TEXT_MESSAGE,
    TEXT_CAUSE,
    TEXT_REMEDY,
    TEXT_SUBJECT,
    TEXT_SERVICE,
    TEXT_COUNT
};

struct cmg_error {
    struct cmg__alloc alloc; /* a copy: the error may outlive its context */
    uint32_t refs;           /* 0: static, never freed */
    cmg_status code;
    cmg_retry retry;
    cmg_origin origin;
    int64_t retry_after_ms;
    int64_t origin_number;
    const char *text[TEXT_COUNT];
};

static cmg_error no_memory = {
    .code = CMG_E_NOMEM,
    .retry = CMG_RETRY_LATER,
    .text = { "memory ran out", "", "free memory or raise the process's limit", "", "" },
};

/* Copies the texts behind the struct. */
static cmg_error *error_new(const struct cmg__alloc *alloc,
                            const char *const text[TEXT_COUNT])
{
    size_t size = sizeof(cmg_error);

    for (int i = 0; i < TEXT_COUNT; i++)
        size += strlen(cmg__str_or(text[i], "")) + 1;
    cmg_error *error = cmg__alloc0(alloc, size);

    if (error == NULL)
        return NULL;
    char *p = (char *)(error + 1);

    for (int i = 0; i < TEXT_COUNT; i++) {
        size_t n = strlen(cmg__str_or(text[i], "")) + 1;

        memcpy(p, cmg__str_or(text[i], ""), n);
        error->text[i] = p;
        p += n;
    }
    error->alloc = *alloc;
    error->refs = 1;
    return error;
}

static void replace(cmg_error **err, cmg_error *error)
{
    cmg_error *old = *err;

    *err = error != NULL ? error : &no_memory;
    cmg_error_unref(old);
}

static void error_vset(cmg_error **err, const struct cmg__alloc *alloc,
                       const struct cmg__error_info *info, const char *fmt, va_list args)
    CMG__PRINTF(4, 0);

static void error_vset(cmg_error **err, const struct cmg__alloc *alloc,
                       const struct cmg__error_info *info, const char *fmt, va_list args)
{
    char *message = cmg__vformat(alloc, fmt, args);
    const char *const text[TEXT_COUNT] = { message, info->cause, info->remedy,
                                           info->subject, info->service_code };
    cmg_error *error = message != NULL ? error_new(alloc, text) : NULL;

    cmg__free(alloc, message);
    if (error != NULL) {
        error->code = info->code;
        error->retry = info->retry;
        error->retry_after_ms = info->retry_after_ms;
        error->origin = info->origin;
        error->origin_number = info->origin_number;
    }
    replace(err, error);
}

cmg_status cmg__error_set(cmg_error **err, const struct cmg__alloc *alloc,
                          const struct cmg__error_info *info, const char *fmt, ...)
{
    va_list args;

    if (err == NULL)
        return info->code;
    va_start(args, fmt);
    error_vset(err, alloc, info, fmt, args);
    va_end(args);
    return info->code;
}

cmg_status cmg__fail(cmg_error **err, const struct cmg__alloc *alloc, cmg_status code,
                     const char *subject, const char *remedy, const char *fmt, ...)
{
    const struct cmg__error_info info = { .code = code,
                                          .subject = subject,
                                          .remedy = remedy };
    va_list args;

    if (err == NULL)
        return code;
    va_start(args, fmt);
    error_vset(err, alloc, &info, fmt, args);
    va_end(args);
    return code;
}

struct os_advice {
    int number;
    cmg_status code;
    const char *remedy;
};

static const struct os_advice os_advices[] = {
    { ENOENT, CMG_E_NOTFOUND, "check the path" },
    { EACCES, CMG_E_IO, "give the user who runs the program the right to it" },
    { EPERM, CMG_E_IO, "give the user who runs the program the right to it" },
    { ENOSPC, CMG_E_IO, "free space on that file system, then run the same again" },
    { EDQUOT, CMG_E_IO, "raise the disk quota, then run the same again" },
    { EROFS, CMG_E_IO, "choose a path on a file system that can be written" },
    { EADDRINUSE, CMG_E_IO, "end the program that uses the port, or choose another" },
    { EMFILE, CMG_E_LIMIT, "raise the limit of open files" },
    { ENFILE, CMG_E_LIMIT, "raise the system's limit of open files" },
};

static const struct os_advice *os_advice(int number)
{
    static const struct os_advice otherwise = { 0, CMG_E_IO, "" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(os_advices); i++) {
        if (os_advices[i].number == number)
            return &os_advices[i];
    }
    return &otherwise;
}

cmg_status cmg__fail_os(cmg_error **err, const struct cmg__alloc *alloc, int os_errno,
                        const char *subject, const char *what)
{
    char reason[128];
    const struct os_advice *advice = os_advice(os_errno);
    const struct cmg__error_info info = { .code = advice->code,
                                          .origin = CMG_ORIGIN_OS,
                                          .origin_number = os_errno,
                                          .subject = subject,
                                          .remedy = advice->remedy };

    if (os_errno == ENOMEM)
        return cmg__fail_nomem(err);
    return cmg__error_set(err, alloc, &info, "cannot %s %s: %s", what,
                          cmg__str_or(subject, ""),
                          strerror_r(os_errno, reason, sizeof reason));
}

cmg_status cmg__fail_nomem(cmg_error **err)
{
    if (err != NULL)
        replace(err, NULL);
    return CMG_E_NOMEM;
}

cmg_status cmg__error_wrap(cmg_error **err, const struct cmg__alloc *alloc,
                           const char *prefix)
{
    if (err == NULL || *err == NULL)
        return CMG_E_INTERNAL;
    cmg_error *inner = *err;
    const struct cmg__error_info info = { .code = inner->code,
                                          .retry = inner->retry,
                                          .retry_after_ms = inner->retry_after_ms,
                                          .origin = inner->origin,
                                          .origin_number = inner->origin_number,
                                          .service_code = inner->text[TEXT_SERVICE],
                                          .subject = inner->text[TEXT_SUBJECT],
                                          .cause = inner->text[TEXT_CAUSE],
                                          .remedy = inner->text[TEXT_REMEDY] };
    cmg_error *outer = NULL;

    (void)cmg__error_set(&outer, alloc, &info, "%s: %s", prefix,
                         inner->text[TEXT_MESSAGE]);
    replace(err, outer);
    return info.code;
}

cmg_status cmg__error_move(cmg_error **to, cmg_error **from)
{
    cmg_status code = cmg_error_code(*from);

    if (to == NULL)
        cmg_error_unref(*from);
    else if (*from != NULL)
        replace(to, *from);
    *from = NULL;
    return code;
}

/* -- public -- */

static const char *text_of(const cmg_error *error, enum text which)
{
    return error != NULL ? error->text[which] : "";
}

cmg_status cmg_error_code(const cmg_error *error)
{
    return error != NULL ? error->code : CMG_OK;
}

const char *cmg_error_message(const cmg_error *error)
{
    return text_of(error, TEXT_MESSAGE);
}

const char *cmg_error_cause(const cmg_error *error)
{
    return text_of(error, TEXT_CAUSE);
}

const char *cmg_error_remedy(const cmg_error *error)
{
    return text_of(error, TEXT_REMEDY);
}

const char *cmg_error_subject(const cmg_error *error)
{
    return text_of(error, TEXT_SUBJECT);
}

const char *cmg_error_service_code(const cmg_error *error)
{
    return text_of(error, TEXT_SERVICE);
}

cmg_origin cmg_error_origin(const cmg_error *error)
{
    return error != NULL ? error->origin : CMG_ORIGIN_LIBRARY;
}

int64_t cmg_error_origin_number(const cmg_error *error)
{
    return error != NULL ? error->origin_number : 0;
}

cmg_retry cmg_error_retry(const cmg_error *error)
{
    return error != NULL ? error->retry : CMG_RETRY_NEVER;
}

int64_t cmg_error_retry_after_ms(const cmg_error *error)
{
    return error != NULL ? error->retry_after_ms : 0;
}

bool cmg_error_is_retryable(const cmg_error *error)
{
    return cmg_error_retry(error) != CMG_RETRY_NEVER;
}

/* The count is the one member that changes; callers see a constant. */
cmg_error *cmg_error_ref(const cmg_error *error)
{
    union {
        const cmg_error *in;
        cmg_error *out;
    } cast = { .in = error };

    if (error != NULL && error->refs > 0)
        cast.out->refs++;
    return cast.out;
}

void cmg_error_unref(cmg_error *error)
{
    if (error == NULL || error->refs == 0 || --error->refs > 0)
        return;
    struct cmg__alloc alloc = error->alloc;

    cmg__free(&alloc, error);
}
