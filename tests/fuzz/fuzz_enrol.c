/*
 * Answers of authorities as a hostile one would give them: certsrv pages, EST bodies, the
 * state of a checkpoint. The input is a list of exchanges:
 *
 *   way ('c' certsrv, 'e' EST) LF, then for each: "status" LF body FF
 *
 * A body that begins with '{' before the first exchange is loaded as the method's state.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "enrol/certsrv.h"
#include "enrol/certsrv_page.h"
#include "enrol/est.h"

#define EXCHANGES 8
#define END       '\f'

static const char request[] = "0\x82";

struct text {
    const char *p;
    size_t n;
};

/* Up to and without the mark. */
static struct text cut(struct text *in, char mark)
{
    const char *end = in->n == 0 ? NULL : memchr(in->p, mark, in->n);
    struct text out = { in->p, end == NULL ? in->n : (size_t)(end - in->p) };
    const size_t used = out.n + (end != NULL);

    in->p += used;
    in->n -= used;
    return out;
}

static void check_error(cmg_error *err)
{
    const char *message = cmg_error_message(err);

    if (err != NULL && (message[0] == '\0' || strpbrk(message, "\r\n") != NULL))
        abort();
    cmg_error_unref(err);
}

static void check_case(const struct cmg__enrol_case *c)
{
    if (strlen(c->message) >= sizeof c->message ||
        !cmg__utf8_is_valid(c->message, strlen(c->message)) ||
        strpbrk(c->message, "\r\n\t") != NULL || strlen(c->request_id) > 10 ||
        strspn(c->request_id, "0123456789") != strlen(c->request_id))
        abort();
}

static cmg_status answer(struct cmg__enrol_method *m, struct cmg__enrol_case *c,
                         struct text *in)
{
    struct cmg__http_response resp;
    struct text status = cut(in, '\n');
    struct text body = cut(in, END);
    uint64_t number = 200;
    cmg_error *err = NULL;

    (void)cmg__parse_u64(status.p, status.n, &number);
    cmg__http_response_init(&resp, &cmg__alloc_libc);
    resp.status = (int)(number % 1000);
    if (cmg__buf_add(&resp.body, body.p, body.n) != CMG_OK)
        abort();
    cmg_status rc = m->ops->read(m, c, &resp, &err);
    if ((rc == CMG_OK) != (err == NULL))
        abort();
    check_error(err);
    cmg__http_response_done(&resp);
    return rc;
}

/* One step of the method; false at its end. */
static bool step(struct cmg__enrol_method *m, struct cmg__enrol_case *c, struct text *in)
{
    struct cmg__enrol_step s = { .kind = CMG__ENROL_WAIT };
    cmg_error *err = NULL;

    cmg__http_request_init(&s.request, &cmg__alloc_libc);
    bool more = m->ops->next(m, c, &s, &err) == CMG_OK;
    check_error(err);
    if (more && s.kind == CMG__ENROL_SEND &&
        !cmg__str_starts(s.request.url, "https://ca.test/"))
        abort(); /* what a server says leads nowhere else */
    if (more && s.kind == CMG__ENROL_WAIT && s.wait_ms < 1000)
        abort();
    if (more && s.kind == CMG__ENROL_ISSUED && s.cert_count == 0)
        abort();
    more = more && s.kind != CMG__ENROL_ISSUED;
    if (more && s.kind == CMG__ENROL_SEND)
        more = answer(m, c, in) == CMG_OK;
    cmg__x509_free_list(&cmg__alloc_libc, s.certs, s.cert_count);
    cmg__http_request_done(&s.request);
    return more;
}

static struct cmg__enrol_method *make(bool est)
{
    struct cmg__enrol_method *m = NULL;
    const cmg_status rc =
        est ? cmg__est_new(&cmg__alloc_libc, "https://ca.test", false, &m, NULL)
            : cmg__certsrv_new(&cmg__alloc_libc, "https://ca.test", "Web", &m, NULL);

    if (rc != CMG_OK)
        abort();
    return m;
}

/* What was saved can be loaded by another process, which saves the same. */
static void round_trip(struct cmg__enrol_method *m, struct cmg__enrol_case *c, bool est)
{
    struct cmg__enrol_method *other = make(est);
    struct cmg__json *one = cmg__json_object();
    struct cmg__json *two = cmg__json_object();

    if (m->ops->save(m, one) != CMG_OK || other->ops->load(other, c, one) != CMG_OK ||
        other->ops->save(other, two) != CMG_OK || !cmg__json_equal(one, two))
        abort();
    cmg__json_unref(one);
    cmg__json_unref(two);
    other->ops->free(other, &cmg__alloc_libc);
}

static void load(struct cmg__enrol_method *m, struct cmg__enrol_case *c, struct text *in)
{
    struct cmg__json *state = NULL;

    if (in->n == 0 || in->p[0] != '{')
        return;
    struct text body = cut(in, END);
    if (cmg__json_parse(&cmg__alloc_libc, "state", body.p, body.n, &state, NULL) ==
        CMG_OK)
        (void)m->ops->load(m, c, state);
    cmg__json_unref(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text in = { (const char *)data, size };
    struct text way = cut(&in, '\n');
    struct cmg__enrol_case c = { .alloc = &cmg__alloc_libc, .env = &cmg__env_system };
    struct cmg__certsrv_page page;

    cmg__certsrv_page_read(in.p, in.n, &page);
    cmg__buf_init(&c.csr, &cmg__alloc_libc, 1024);
    if (cmg__buf_add(&c.csr, request, sizeof request) != CMG_OK)
        abort();
    const bool est = way.n > 0 && way.p[0] == 'e';
    struct cmg__enrol_method *m = make(est);
    load(m, &c, &in);
    for (unsigned i = 0; i < EXCHANGES && step(m, &c, &in); i++) {
        check_case(&c);
        round_trip(m, &c, est);
    }
    m->ops->free(m, &cmg__alloc_libc);
    cmg__buf_done(&c.csr);
    return 0;
}
