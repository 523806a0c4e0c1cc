/* See plain.h. */
#include "plain.h"

#include <string.h>

struct plain {
    struct cmg__enrol_method base;
    const struct pki *pki;
    char stage[16]; /* new, pending, prove, shown, issued, denied */
};

static struct plain *plain_of(struct cmg__enrol_method *m)
{
    return CMG__CONTAINER(m, struct plain, base);
}

static const cmg_challenge present[] = {
    { sizeof(cmg_challenge), "dns-01", "a.test", "_acme.a.test", "x",
      CMG_CHALLENGE_PRESENT },
    { sizeof(cmg_challenge), "dns-01", "b.test", "_acme.b.test", "y",
      CMG_CHALLENGE_PRESENT },
};
static const cmg_challenge take_away[] = {
    { sizeof(cmg_challenge), "dns-01", "a.test", "_acme.a.test", "x",
      CMG_CHALLENGE_REMOVE },
};

static struct cmg__x509 *copy(const struct cmg__enrol_case *c,
                              const struct cmg__x509 *cert)
{
    struct cmg__x509_info info;
    struct cmg__x509 *out = NULL;

    cmg__x509_info(cert, &info);
    return cmg__x509_parse(c->alloc, info.der, info.der_len, &out, NULL) == CMG_OK ? out
                                                                                   : NULL;
}

/* The root first: the engine has to sort. */
static cmg_status give(const struct plain *p, const struct cmg__enrol_case *c,
                       struct cmg__enrol_step *step, cmg_error **err)
{
    step->kind = CMG__ENROL_ISSUED;
    step->certs = cmg__alloc_array(c->alloc, 2, sizeof *step->certs);
    if (step->certs == NULL)
        return cmg__fail_nomem(err);
    step->cert_count = 2;
    step->certs[0] = copy(c, p->pki->root);
    step->certs[1] = copy(c, p->pki->leaf);
    return step->certs[0] == NULL || step->certs[1] == NULL ? cmg__fail_nomem(err)
                                                            : CMG_OK;
}

static cmg_status ask(const struct cmg__enrol_case *c, struct cmg__enrol_step *step,
                      bool submit, cmg_error **err)
{
    step->kind = CMG__ENROL_SEND;
    step->once = submit;
    step->pending = !submit;
    (void)c;
    return cmg__http_request_set(&step->request, submit ? "POST" : "GET",
                                 submit ? PLAIN_URL "/submit" : PLAIN_URL "/poll") ==
                   CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

static cmg_status next(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       struct cmg__enrol_step *step, cmg_error **err)
{
    struct plain *p = plain_of(m);

    if (strcmp(p->stage, "new") == 0)
        return ask(c, step, true, err);
    if (strcmp(p->stage, "issued") == 0)
        return give(p, c, step, err);
    if (strcmp(p->stage, "denied") == 0)
        return cmg__fail(err, c->alloc, CMG_E_DENIED, "plain", "ask someone", "no");
    if (strcmp(p->stage, "pending") == 0) {
        memcpy(p->stage, "poll", 5);
        step->kind = CMG__ENROL_WAIT;
        step->pending = true;
        step->wait_ms = cmg__enrol_poll_ms(c, NULL, 60000);
        return CMG_OK;
    }
    if (strcmp(p->stage, "poll") == 0)
        return ask(c, step, false, err);
    bool shown = strcmp(p->stage, "shown") == 0;
    step->kind = CMG__ENROL_CHALLENGE;
    step->challenges = shown ? take_away : present;
    step->challenge_count = shown ? 1 : 2;
    return CMG_OK;
}

static cmg_status read(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       const struct cmg__http_response *resp, cmg_error **err)
{
    struct plain *p = plain_of(m);

    if (resp->status != 200)
        return cmg__enrol_http_error(c, "plain server", resp, err);
    ck_assert_uint_lt(resp->body.len, sizeof p->stage);
    memcpy(p->stage, cmg__buf_cstr(&resp->body), resp->body.len + 1);
    memcpy(c->request_id, "7", 2);
    memcpy(c->message, "so be it", 9);
    return CMG_OK;
}

static cmg_status lost(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       cmg_error **err)
{
    (void)m;
    (void)err;
    c->orphans++;
    return CMG_OK;
}

static cmg_status answered(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                           cmg_error **err)
{
    struct plain *p = plain_of(m);

    (void)c;
    (void)err;
    if (strcmp(p->stage, "shown") == 0)
        memcpy(p->stage, "poll", 5);
    else
        memcpy(p->stage, "shown", 6);
    return CMG_OK;
}

static cmg_status save(const struct cmg__enrol_method *m, struct cmg__json *object)
{
    const struct plain *p = (const void *)m; /* base is its first member */

    return cmg__json_set_str(object, "stage", p->stage);
}

static cmg_status load(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                       const struct cmg__json *object)
{
    struct plain *p = plain_of(m);
    const char *stage = cmg__json_str(object, "/stage");

    (void)c;
    if (stage == NULL || strlen(stage) >= sizeof p->stage)
        return CMG_E_PARSE;
    memcpy(p->stage, stage, strlen(stage) + 1);
    return CMG_OK;
}

static void release(struct cmg__enrol_method *m, const struct cmg__alloc *alloc)
{
    cmg__free(alloc, plain_of(m));
}

static const struct cmg__enrol_ops ops = {
    .name = "plain",
    .next = next,
    .read = read,
    .lost = lost,
    .answered = answered,
    .save = save,
    .load = load,
    .free = release,
};

void plain_use(struct desk *d)
{
    cmg_error *err = NULL;
    struct plain *p = cmg__alloc0(&d->ctx->alloc, sizeof *p);

    ck_assert_ptr_nonnull(p);
    p->base.ops = &ops;
    p->pki = &d->pki;
    memcpy(p->stage, "new", 4);
    ck_ok(cmg__enrolment_use(d->e, &p->base, PLAIN_URL, &err), err);
}
