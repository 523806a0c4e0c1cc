/*
 * The public functions of cmg_enrolment: arguments are checked, the checkpoint is opened,
 * and the engine is set going; what it does is in engine.c.
 */
#include "enrol/enrolment.h"

#include "base/str.h"
#include "crypto/hash.h"
#include "crypto/intake.h"

#define DAY_MS     ((int64_t)24 * 60 * 60 * 1000)
#define ACCEPT_MAX ((size_t)1024 * 1024)

static cmg_status check(const cmg_enrolment *e, cmg_error **err)
{
    return cmg__check(e == NULL ? NULL : &e->head, CMG__TAG_ENROLMENT, err);
}

void cmg__enrolment_free(cmg_enrolment *e)
{
    cmg_context *ctx = cmg_context_ref(e->head.ctx);

    if (e->method != NULL)
        e->method->ops->free(e->method, &ctx->alloc);
    cmg__http_request_done(&e->step.request);
    cmg__x509_free_list(&ctx->alloc, e->step.certs, e->step.cert_count);
    cmg__checkpoint_done(&e->checkpoint);
    cmg__buf_done(&e->c.csr);
    cmg__free(&ctx->alloc, e->origin);
    cmg_key_unref(e->key);
    cmg_csr_unref(e->csr);
    cmg__enrol_credentials_done(&e->credentials);
    cmg_certificate_unref(e->certificate);
    cmg_error_unref(e->error);
    cmg__handle_done(&e->head);
    cmg__free(&ctx->alloc, e);
    cmg_context_unref(ctx);
}

static cmg_status copy_request(struct cmg__enrol_case *c, const struct cmg__csr *csr,
                               cmg_error **err)
{
    if (cmg__buf_add(&c->csr, csr->der, csr->der_len) != CMG_OK ||
        cmg__sha256_hex(csr->der, csr->der_len, c->csr_sha256) != CMG_OK)
        return cmg__fail_nomem(err);
    return CMG_OK;
}

static void init(cmg_enrolment *e, cmg_csr *csr)
{
    cmg_context *ctx = csr->head.ctx;

    cmg__handle_init(&e->head, CMG__TAG_ENROLMENT, ctx);
    e->csr = cmg_csr_ref(csr);
    e->c.alloc = &ctx->alloc;
    e->c.env = &ctx->env;
    cmg__buf_init(&e->c.csr, &ctx->alloc, CMG__CSR_DER_MAX);
    cmg__checkpoint_init(&e->checkpoint, ctx);
    cmg__enrol_credentials_init(&e->credentials, &ctx->alloc);
    e->transport = cmg__transport_http(ctx);
    e->budget_ms = CMG_FOREVER;
    cmg__enrol_init(e);
}

cmg_status cmg_enrolment_new(cmg_csr *csr, cmg_enrolment **out_enrolment, cmg_error **err)
{
    cmg_status rc = cmg__check(csr == NULL ? NULL : &csr->head, CMG__TAG_CSR, err);

    if (rc != CMG_OK)
        return rc;
    const struct cmg__alloc *alloc = &csr->head.ctx->alloc;
    if (out_enrolment == NULL)
        return cmg__fail(err, alloc, CMG_E_INVAL, "out_enrolment", NULL,
                         "there is no place for the enrolment");
    cmg_enrolment *e = cmg__alloc0(alloc, sizeof *e);
    if (e == NULL)
        return cmg__fail_nomem(err);
    init(e, csr);
    rc = copy_request(&e->c, csr->csr, err);
    if (rc == CMG_OK)
        *out_enrolment = e;
    else
        cmg__enrolment_free(e);
    return rc;
}

cmg_status cmg__enrolment_may_set(const cmg_enrolment *e, const char *what,
                                  cmg_error **err)
{
    cmg_status rc = check(e, err);

    if (rc != CMG_OK || !e->running)
        return rc;
    return cmg__fail(err, &e->head.ctx->alloc, CMG_E_STATE, what,
                     "set it before cmg_enrolment_start()",
                     "%s cannot be set while the enrolment runs", what);
}

static cmg_status set_origin(cmg_enrolment *e, const char *base_url, cmg_error **err)
{
    struct cmg__url url;
    const struct cmg__alloc *alloc = &e->head.ctx->alloc;

    if (!cmg__url_parse(base_url, &url))
        return cmg__fail(err, alloc, CMG_E_INVAL, "url", "use an absolute https URL",
                         "\"%.200s\" is not an http or https URL", base_url);
    char *origin = cmg__enrol_origin(alloc, base_url);
    if (origin == NULL)
        return cmg__fail_nomem(err);
    cmg__free(alloc, e->origin);
    e->origin = origin;
    return CMG_OK;
}

cmg_status cmg__enrolment_use(cmg_enrolment *e, struct cmg__enrol_method *method,
                              const char *base_url, cmg_error **err)
{
    cmg_status rc = base_url == NULL ? CMG_OK : set_origin(e, base_url, err);
    struct cmg__enrol_method *old = method;

    if (rc == CMG_OK) {
        old = e->method;
        e->method = method;
    }
    if (old != NULL)
        old->ops->free(old, &e->head.ctx->alloc);
    return rc;
}

cmg_status cmg_enrolment_set_checkpoint_file(cmg_enrolment *enrolment, const char *path,
                                             cmg_error **err)
{
    cmg_status rc = cmg__enrolment_may_set(enrolment, "checkpoint file", err);

    if (rc != CMG_OK)
        return rc;
    if (cmg__str_is_empty(path))
        return cmg__fail(err, &enrolment->head.ctx->alloc, CMG_E_INVAL, "path",
                         "pass the path of a file", "the checkpoint's path is empty");
    rc = cmg__checkpoint_set_path(&enrolment->checkpoint, path);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static bool is_key_of(const cmg_enrolment *e, const cmg_key *key, cmg_status *rc)
{
    struct cmg__buf spki;

    cmg__buf_init(&spki, e->c.alloc, CMG__CSR_DER_MAX);
    *rc = cmg__key_write_public_der(key->key, &spki);
    const bool same = *rc == CMG_OK &&
                      cmg__span_eq(cmg__span_of(spki.data, spki.len), e->csr->csr->spki);
    cmg__buf_done(&spki);
    return same;
}

cmg_status cmg_enrolment_set_key(cmg_enrolment *enrolment, cmg_key *key, cmg_error **err)
{
    cmg_status rc = cmg__enrolment_may_set(enrolment, "key", err);
    cmg_status written = CMG_OK;

    if (rc == CMG_OK && key != NULL)
        rc = cmg__key_check(key, err);
    if (rc != CMG_OK)
        return rc;
    if (key != NULL && !is_key_of(enrolment, key, &written))
        return written == CMG_E_NOMEM
                   ? cmg__fail_nomem(err)
                   : cmg__fail(err, enrolment->c.alloc, CMG_E_CERT, "key",
                               "pass the key that the request was made with",
                               "the key is not the key of the request");
    cmg_key_unref(enrolment->key);
    enrolment->key = cmg_key_ref(key);
    return CMG_OK;
}

cmg_status cmg_enrolment_set_events(cmg_enrolment *enrolment,
                                    const cmg_enrolment_events *events, cmg_error **err)
{
    cmg_enrolment_events copy = { 0 };
    cmg_status rc = cmg__enrolment_may_set(enrolment, "events", err);

    if (rc == CMG_OK && events != NULL)
        rc = cmg__tagged_copy(&copy, sizeof copy, sizeof copy, events,
                              "cmg_enrolment_events", err);
    if (rc == CMG_OK)
        enrolment->events = copy;
    return rc;
}

cmg_status cmg_enrolment_set_poll_interval_ms(cmg_enrolment *enrolment,
                                              int64_t interval_ms, cmg_error **err)
{
    cmg_status rc = cmg__enrolment_may_set(enrolment, "poll interval", err);

    if (rc != CMG_OK)
        return rc;
    if (interval_ms < 0 || interval_ms > DAY_MS)
        return cmg__fail(err, &enrolment->head.ctx->alloc, CMG_E_INVAL, "interval_ms",
                         "give 0 to 86400000 milliseconds",
                         "a poll interval of %lld ms is not allowed",
                         (long long)interval_ms);
    enrolment->c.poll_interval_ms = interval_ms;
    return CMG_OK;
}

cmg_status cmg_enrolment_set_budget_ms(cmg_enrolment *enrolment, int64_t budget_ms,
                                       cmg_error **err)
{
    cmg_status rc = cmg__enrolment_may_set(enrolment, "budget", err);

    if (rc != CMG_OK)
        return rc;
    if (budget_ms < CMG_FOREVER)
        return cmg__fail(err, &enrolment->head.ctx->alloc, CMG_E_INVAL, "budget_ms",
                         "give milliseconds, or CMG_FOREVER",
                         "a budget of %lld ms is not allowed", (long long)budget_ms);
    enrolment->budget_ms = budget_ms;
    return CMG_OK;
}

static cmg_status check_not_over(const cmg_enrolment *e, cmg_error **err)
{
    if (!e->running && e->state != CMG_ENROLMENT_ISSUED &&
        e->state != CMG_ENROLMENT_DENIED)
        return CMG_OK;
    return cmg__fail(err, &e->head.ctx->alloc, CMG_E_STATE, "enrolment",
                     "make a new one, with another checkpoint, for another certificate",
                     "the enrolment cannot be started in state %s",
                     cmg_enrolment_state_name(e->state));
}

cmg_status cmg_enrolment_start(cmg_enrolment *enrolment, cmg_error **err)
{
    cmg_status rc = check(enrolment, err);

    if (rc == CMG_OK)
        rc = check_not_over(enrolment, err);
    if (rc != CMG_OK)
        return rc;
    if (enrolment->method == NULL)
        return cmg__fail(err, &enrolment->head.ctx->alloc, CMG_E_STATE, "enrolment",
                         "call one of the cmg_enrolment_use_ functions first",
                         "the enrolment knows no way to an authority");
    rc = cmg__enrol_open(enrolment, err);
    if (rc == CMG_OK)
        cmg__enrol_begin(enrolment);
    return rc;
}

static cmg_status outcome(const cmg_enrolment *e, cmg_error **err)
{
    if (e->state == CMG_ENROLMENT_ISSUED)
        return CMG_OK;
    cmg_error *error = cmg_error_ref(e->error);
    return cmg__error_move(err, &error);
}

cmg_status cmg_enrolment_run(cmg_enrolment *enrolment, cmg_error **err)
{
    cmg_status rc = check(enrolment, err);

    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = enrolment->head.ctx;
    if (ctx->callback_depth > 0)
        return cmg__fail(err, &ctx->alloc, CMG_E_REENTRANT, "enrolment",
                         "call cmg_enrolment_start() there",
                         "cmg_enrolment_run was called from inside a callback");
    cmg_enrolment_ref(enrolment);
    rc = cmg_enrolment_start(enrolment, err);
    if (rc == CMG_OK) {
        while (rc == CMG_OK && enrolment->running)
            rc = cmg_context_wait(ctx, CMG_FOREVER, err);
        if (rc == CMG_OK)
            rc = outcome(enrolment, err);
    }
    cmg_enrolment_unref(enrolment);
    return rc;
}

static cmg_status not_running(const cmg_enrolment *e, cmg_error **err)
{
    return cmg__fail(err, &e->head.ctx->alloc, CMG_E_STATE, "enrolment", NULL,
                     "the enrolment is not at that point: its state is %s",
                     cmg_enrolment_state_name(e->state));
}

cmg_status cmg_enrolment_challenge_done(cmg_enrolment *enrolment, cmg_error **err)
{
    cmg_status rc = check(enrolment, err);

    if (rc != CMG_OK)
        return rc;
    if (!enrolment->running || enrolment->state != CMG_ENROLMENT_CHALLENGE)
        return not_running(enrolment, err);
    enrolment->challenged = false;
    cmg__enrol_poke(enrolment);
    return CMG_OK;
}

cmg_status cmg_enrolment_cancel(cmg_enrolment *enrolment, cmg_error **err)
{
    cmg_status rc = check(enrolment, err);

    if (rc != CMG_OK)
        return rc;
    if (!enrolment->running)
        return not_running(enrolment, err);
    enrolment->cancel = true;
    cmg__enrol_poke(enrolment);
    return CMG_OK;
}

static cmg_status take_bytes(cmg_enrolment *e, const void *data, size_t size,
                             cmg_error **err)
{
    struct cmg__intake intake;
    cmg_status rc =
        cmg__intake_read(&intake, e->c.alloc, NULL, data, size, NULL, false, err);

    if (rc != CMG_OK)
        return rc;
    rc = cmg__enrol_take(e, intake.certs.items, intake.certs.count, err);
    cmg__x509_chain_init(&intake.certs, e->c.alloc); /* they were taken over */
    cmg__intake_done(&intake);
    return rc;
}

cmg_status cmg_enrolment_accept(cmg_enrolment *enrolment, const void *data, size_t size,
                                cmg_error **err)
{
    cmg_status rc = check(enrolment, err);

    if (rc == CMG_OK)
        rc = check_not_over(enrolment, err);
    if (rc != CMG_OK)
        return rc;
    if (data == NULL || size > ACCEPT_MAX)
        return cmg__fail(err, enrolment->c.alloc,
                         data == NULL ? CMG_E_INVAL : CMG_E_LIMIT, "data",
                         "give the authority's answer, at most 1 MiB",
                         "an answer of %zu bytes cannot be taken", size);
    rc = cmg__enrol_open(enrolment, err);
    if (rc != CMG_OK)
        return rc;
    rc = take_bytes(enrolment, data, size, err);
    if (rc == CMG_OK)
        rc = cmg__enrol_save(enrolment, err);
    if (rc == CMG_OK)
        enrolment->state = CMG_ENROLMENT_ISSUED;
    cmg__checkpoint_close(&enrolment->checkpoint);
    return rc;
}

cmg_enrolment_state cmg_enrolment_get_state(const cmg_enrolment *enrolment)
{
    return check(enrolment, NULL) == CMG_OK ? enrolment->state : CMG_ENROLMENT_IDLE;
}

static const char *const state_names[] = {
    [CMG_ENROLMENT_IDLE] = "IDLE",           [CMG_ENROLMENT_SUBMITTING] = "SUBMITTING",
    [CMG_ENROLMENT_CHALLENGE] = "CHALLENGE", [CMG_ENROLMENT_PENDING] = "PENDING",
    [CMG_ENROLMENT_ISSUED] = "ISSUED",       [CMG_ENROLMENT_DENIED] = "DENIED",
    [CMG_ENROLMENT_FAILED] = "FAILED",       [CMG_ENROLMENT_CANCELED] = "CANCELED",
};

const char *cmg_enrolment_state_name(cmg_enrolment_state state)
{
    if ((unsigned)state >= CMG__ARRAY_LEN(state_names))
        return "UNKNOWN";
    return state_names[state];
}

cmg_certificate *cmg_enrolment_get_certificate(cmg_enrolment *enrolment)
{
    return check(enrolment, NULL) == CMG_OK && enrolment->state == CMG_ENROLMENT_ISSUED
               ? enrolment->certificate
               : NULL;
}

const char *cmg_enrolment_request_id(const cmg_enrolment *enrolment)
{
    return check(enrolment, NULL) == CMG_OK ? enrolment->c.request_id : "";
}

const char *cmg_enrolment_message(const cmg_enrolment *enrolment)
{
    return check(enrolment, NULL) == CMG_OK ? enrolment->c.message : "";
}

uint32_t cmg_enrolment_orphan_count(const cmg_enrolment *enrolment)
{
    return check(enrolment, NULL) == CMG_OK ? enrolment->c.orphans : 0;
}

int64_t cmg_enrolment_renewal_unix_s(const cmg_enrolment *enrolment)
{
    return check(enrolment, NULL) == CMG_OK ? enrolment->c.renewal_unix_s : 0;
}

cmg_enrolment *cmg_enrolment_ref(cmg_enrolment *enrolment)
{
    if (enrolment != NULL)
        cmg__handle_ref(&enrolment->head);
    return enrolment;
}

void cmg_enrolment_unref(cmg_enrolment *enrolment)
{
    if (enrolment == NULL || !cmg__handle_unref(&enrolment->head))
        return;
    if (cmg__handle_is_foreign(&enrolment->head)) {
        /* In a forked child request and lock are the parent's: only memory may go. */
        enrolment->call = NULL;
        enrolment->checkpoint.lock_fd = -1;
    }
    cmg__enrol_abort(enrolment);
}
