/*
 * Faults that a host orders: the n-th request that matches fails, once.
 */
#include <string.h>

#include "sandbox/sandbox.h"

static void forget(struct cmg_sandbox *sandbox, size_t i)
{
    cmg__free(sandbox->alloc, sandbox->faults[i].method);
    cmg__free(sandbox->alloc, sandbox->faults[i].path);
    sandbox->fault_count--;
    memmove(&sandbox->faults[i], &sandbox->faults[i + 1],
            (sandbox->fault_count - i) * sizeof sandbox->faults[0]);
}

void cmg__sb_inject_done(struct cmg_sandbox *sandbox)
{
    while (sandbox->fault_count > 0)
        forget(sandbox, 0);
}

static bool matches(const struct cmg__sb_injection *fault, const char *method,
                    const char *path)
{
    return (fault->method == NULL || strcmp(fault->method, method) == 0) &&
           (fault->path == NULL || strstr(path, fault->path) != NULL);
}

/* Every fault that matches counts the request; the first that is due is taken. */
static bool take(struct cmg_sandbox *sandbox, const char *method, const char *path,
                 struct cmg__sb_injection *out)
{
    bool taken = false;
    for (size_t i = 0; i < sandbox->fault_count; i++) {
        struct cmg__sb_injection *fault = &sandbox->faults[i];
        if (!matches(fault, method, path))
            continue;
        if (fault->left > 1) {
            fault->left--;
        } else if (!taken) {
            *out = *fault;
            out->method = out->path = NULL;
            taken = true;
            forget(sandbox, i--);
        }
    }
    return taken;
}

bool cmg__sb_inject_take(struct cmg_sandbox *sandbox, const char *method,
                         const char *target, struct cmg__sb_injection *out)
{
    struct cmg__buf path;
    if (sandbox->fault_count == 0)
        return false;
    cmg__buf_init(&path, sandbox->alloc, 16384);
    bool decoded = cmg__url_decode(&path, target, strcspn(target, "?"), false);
    bool taken = take(sandbox, method, decoded ? cmg__buf_cstr(&path) : target, out);
    cmg__buf_done(&path);
    return taken;
}

bool cmg__sb_inject_works(cmg_sandbox_fault fault)
{
    return fault != CMG_SANDBOX_FAULT_STATUS && fault != CMG_SANDBOX_FAULT_CUT;
}

enum cmg__sb_fate cmg__sb_inject_fate(cmg_sandbox_fault fault)
{
    if (fault == CMG_SANDBOX_FAULT_HALF_ANSWER)
        return CMG__SB_HALF;
    return fault == CMG_SANDBOX_FAULT_CUT || fault == CMG_SANDBOX_FAULT_LOST_ANSWER
               ? CMG__SB_CUT
               : CMG__SB_ANSWER;
}

#define ELSEWHERE "https://elsewhere.invalid"

static const char *const polls[] = { "Azure-AsyncOperation", "Location" };

cmg_status cmg__sb_inject_elsewhere(const struct cmg__alloc *alloc,
                                    struct cmg__headers *headers)
{
    cmg_status rc = CMG_OK;
    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(polls); i++) {
        const char *url = cmg__headers_get(headers, polls[i]);
        const char *path = url == NULL ? NULL : strstr(url, "://");
        path = path == NULL ? NULL : strchr(path + 3, '/');
        if (path == NULL)
            continue;
        char *other = cmg__format(alloc, ELSEWHERE "%s", path);
        if (other == NULL)
            return CMG_E_NOMEM;
        cmg__headers_remove(headers, polls[i]);
        rc = cmg__headers_add(headers, polls[i], other);
        cmg__free(alloc, other);
    }
    return rc;
}

static bool leads_elsewhere(const struct cmg__headers *headers)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(polls); i++) {
        const char *url = cmg__headers_get(headers, polls[i]);
        if (url != NULL && cmg__str_starts(url, ELSEWHERE))
            return true;
    }
    return false;
}

bool cmg__sb_inject_has_met(const struct cmg_sandbox *sandbox, cmg_sandbox_fault fault,
                            const struct cmg__sb_answer *answer)
{
    if (cmg__sb_inject_operation(fault) != CMG__SB_OPERATION_GOOD)
        return sandbox->cloud->operation_fault == CMG__SB_OPERATION_GOOD; /* taken */
    if (fault == CMG_SANDBOX_FAULT_ELSEWHERE)
        return leads_elsewhere(&answer->headers);
    if (fault == CMG_SANDBOX_FAULT_HALF_ANSWER)
        return answer->body.len > 0;
    return fault != CMG_SANDBOX_FAULT_CHALLENGE || answer->status == 401;
}

enum cmg__sb_operation_fault cmg__sb_inject_operation(cmg_sandbox_fault fault)
{
    static const struct {
        cmg_sandbox_fault fault;
        enum cmg__sb_operation_fault operation;
    } kinds[] = {
        { CMG_SANDBOX_FAULT_OPERATION_FAILS, CMG__SB_OPERATION_FAILS },
        { CMG_SANDBOX_FAULT_OPERATION_EXPIRES, CMG__SB_OPERATION_EXPIRES },
        { CMG_SANDBOX_FAULT_OPERATION_STUCK, CMG__SB_OPERATION_STUCK },
        { CMG_SANDBOX_FAULT_OPERATION_CANCELED, CMG__SB_OPERATION_CANCELED },
    };
    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        if (kinds[i].fault == fault)
            return kinds[i].operation;
    }
    return CMG__SB_OPERATION_GOOD;
}

static cmg_status check(const struct cmg_sandbox *sandbox, uint32_t nth,
                        cmg_sandbox_fault fault, int32_t status, cmg_error **err)
{
    if (nth == 0)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "nth",
                         "1 stands for the next request", "nth is 0");
    bool known =
        (fault >= CMG_SANDBOX_FAULT_STATUS && fault <= CMG_SANDBOX_FAULT_ELSEWHERE) ||
        cmg__sb_inject_operation(fault) != CMG__SB_OPERATION_GOOD;
    if (!known)
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "fault",
                         "use one of cmg_sandbox_fault", "%d is not a fault", (int)fault);
    if (fault == CMG_SANDBOX_FAULT_STATUS && (status < 400 || status > 599))
        return cmg__fail(err, sandbox->alloc, CMG_E_INVAL, "status",
                         "use a status from 400 to 599", "%d is not a failure", status);
    return CMG_OK;
}

static cmg_status copy(const struct cmg_sandbox *sandbox, const char *method,
                       const char *path, struct cmg__sb_injection *out, cmg_error **err)
{
    out->method = cmg__strdup(sandbox->alloc, method);
    out->path = cmg__strdup(sandbox->alloc, path);
    if ((method == NULL || out->method != NULL) && (path == NULL || out->path != NULL))
        return CMG_OK;
    cmg__free(sandbox->alloc, out->method);
    cmg__free(sandbox->alloc, out->path);
    return cmg__fail_nomem(err);
}

cmg_status cmg_sandbox_inject(cmg_sandbox *sandbox, const char *method, const char *path,
                              uint32_t nth, cmg_sandbox_fault fault, int32_t status,
                              cmg_error **err)
{
    cmg_status rc =
        cmg__check(sandbox == NULL ? NULL : &sandbox->head, CMG__TAG_SANDBOX, err);
    if (rc == CMG_OK)
        rc = check(sandbox, nth, fault, status, err);
    struct cmg__sb_injection entry = { .left = nth, .fault = fault, .status = status };
    if (rc == CMG_OK)
        rc = copy(sandbox, method, path, &entry, err);
    if (rc != CMG_OK)
        return rc;
    (void)pthread_mutex_lock(&sandbox->lock);
    bool full = sandbox->fault_count == CMG__SB_MAX_FAULTS;
    if (!full)
        sandbox->faults[sandbox->fault_count++] = entry;
    (void)pthread_mutex_unlock(&sandbox->lock);
    if (!full)
        return CMG_OK;
    cmg__free(sandbox->alloc, entry.method);
    cmg__free(sandbox->alloc, entry.path);
    return cmg__fail(err, sandbox->alloc, CMG_E_LIMIT, "faults",
                     "let requests meet those that are waiting",
                     "%d faults are waiting already", CMG__SB_MAX_FAULTS);
}
