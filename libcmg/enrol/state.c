/*
 * What of an enrolment is in its checkpoint:
 *
 *   method, origin, csr_sha256   whose it is: another's is refused
 *   announced                    a request that must not be doubled may be under way
 *   request_id, message, orphans what the host can ask for
 *   state                        the method's own
 *   certificate                  the answer, PEM; the end
 */
#include <string.h>

#include "base/str.h"
#include "enrol/enrolment.h"
#include "model/certificate.h"

static const char *method_name(const cmg_enrolment *e)
{
    return e->method == NULL ? "none" : e->method->ops->name;
}

static cmg_status add_state(const cmg_enrolment *e, struct cmg__json *content)
{
    struct cmg__json *state = cmg__json_object();
    cmg_status rc = state == NULL ? CMG_E_NOMEM : CMG_OK;

    if (rc == CMG_OK && e->method != NULL)
        rc = e->method->ops->save(e->method, state);
    if (rc == CMG_OK)
        return cmg__json_set(content, "state", state);
    cmg__json_unref(state);
    return rc;
}

static cmg_status add_certificate(const cmg_enrolment *e, struct cmg__json *content)
{
    struct cmg__buf pem;

    if (e->certificate == NULL)
        return CMG_OK;
    cmg__buf_init(&pem, &e->head.ctx->alloc, CMG__CHECKPOINT_MAX);
    cmg_status rc = cmg__certificate_chain_pem(e->certificate, &pem);
    if (rc == CMG_OK)
        rc = cmg__json_set_str(content, "certificate", cmg__buf_cstr(&pem));
    cmg__buf_done(&pem);
    return rc;
}

cmg_status cmg__enrol_save(cmg_enrolment *e, cmg_error **err)
{
    const struct cmg__enrol_case *c = &e->c;

    if (e->checkpoint.path == NULL)
        return CMG_OK;
    struct cmg__json *content =
        cmg__json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:i}", "method", method_name(e),
                       "origin", cmg__str_or(e->origin, ""), "csr_sha256", c->csr_sha256,
                       "announced", e->announced, "request_id", c->request_id, "message",
                       c->message, "orphans", (int)c->orphans);
    cmg_status rc = content == NULL ? CMG_E_NOMEM : add_state(e, content);
    if (rc == CMG_OK)
        rc = add_certificate(e, content);
    rc = rc == CMG_OK ? cmg__checkpoint_write(&e->checkpoint, content, err)
                      : cmg__fail_nomem(err);
    cmg__json_unref(content);
    return rc;
}

static cmg_status check_owner(const cmg_enrolment *e, const struct cmg__json *content,
                              cmg_error **err)
{
    const struct {
        const char *path;
        const char *mine;
        const char *what;
    } rows[] = {
        { "/method", method_name(e), "way" },
        { "/origin", cmg__str_or(e->origin, ""), "server" },
        { "/csr_sha256", e->c.csr_sha256, "request" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(rows); i++) {
        const char *theirs = cmg__str_or(cmg__json_str(content, rows[i].path), "");
        if (strcmp(theirs, rows[i].mine) != 0)
            return cmg__fail(err, &e->head.ctx->alloc, CMG_E_CONFLICT, e->checkpoint.path,
                             "give each enrolment a checkpoint of its own",
                             "checkpoint %s belongs to another %s: %.60s, not %.60s",
                             e->checkpoint.path, rows[i].what, theirs, rows[i].mine);
    }
    return CMG_OK;
}

static bool copy_text(const struct cmg__json *content, const char *path, char *out,
                      size_t size)
{
    const char *text = cmg__json_str(content, path);

    if (text == NULL || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static cmg_status load_certificate(cmg_enrolment *e, const char *pem, cmg_error **err)
{
    struct cmg__x509 **certs = NULL;
    size_t count = 0;
    cmg_status rc =
        cmg__x509_parse_pem(&e->head.ctx->alloc, pem, strlen(pem), &certs, &count, err);

    return rc == CMG_OK ? cmg__enrol_take(e, certs, count, err) : rc;
}

static cmg_status load(cmg_enrolment *e, const struct cmg__json *content, cmg_error **err)
{
    struct cmg__enrol_case *c = &e->c;
    const char *pem = cmg__json_str(content, "/certificate");
    int64_t orphans = cmg__json_int(content, "/orphans", -1);
    const struct cmg__json *state = cmg__json_at(content, "/state");
    cmg_status rc = CMG_OK;

    if (!copy_text(content, "/request_id", c->request_id, sizeof c->request_id) ||
        !copy_text(content, "/message", c->message, sizeof c->message) || orphans < 0 ||
        orphans > INT32_MAX || cmg__json_type(state) != CMG__JSON_OBJECT)
        rc = CMG_E_PARSE;
    else if (e->method != NULL)
        rc = e->method->ops->load(e->method, c, state);
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(err);
    if (rc != CMG_OK)
        return cmg__checkpoint_damaged(&e->checkpoint,
                                       "a member is not as it was written", err);
    c->orphans = (uint32_t)orphans;
    e->announced = cmg__json_bool(content, "/announced", false);
    return pem == NULL ? CMG_OK : load_certificate(e, pem, err);
}

/* A request of a run that was killed: what is known now is durable at once. */
static cmg_status resolve(cmg_enrolment *e, cmg_error **err)
{
    if (!e->announced || e->method == NULL)
        return CMG_OK;
    cmg_status rc = e->method->ops->lost(e->method, &e->c, err);
    if (rc != CMG_OK)
        return rc;
    e->announced = false;
    return cmg__enrol_save(e, err);
}

cmg_status cmg__enrol_open(cmg_enrolment *e, cmg_error **err)
{
    struct cmg__json *content = NULL;
    cmg_status rc = cmg__checkpoint_open(&e->checkpoint, &content, err);

    if (rc == CMG_OK && content != NULL) {
        rc = check_owner(e, content, err);
        if (rc == CMG_OK)
            rc = load(e, content, err);
        if (rc == CMG_OK)
            rc = resolve(e, err);
        if (rc != CMG_OK)
            cmg__checkpoint_close(&e->checkpoint);
    }
    cmg__json_unref(content);
    return rc;
}
