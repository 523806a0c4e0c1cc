/*
 * Answers of an ACME authority. The first part of the input is a checkpoint's state, each
 * further one an answer: status line, header fields, an empty line, the body. Parts end
 * with a line of one dot. Nothing is signed: the engine's part is played here, and what
 * would be sent is not looked at.
 */
#include "enrol/acme_data.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DIRECTORY "https://acme.test/dir"

static struct cmg__key *key;

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct cmg__acme *new_method(void)
{
    if (key == NULL)
        require(cmg__key_generate(&cmg__alloc_libc, &cmg__env_system, CMG__KEY_EC, 256,
                                  &key, NULL) == CMG_OK);

    const struct cmg__acme_settings settings = { .directory_url = DIRECTORY,
                                                 .key = key,
                                                 .terms_agreed = true,
                                                 .challenge = "http-01",
                                                 .replaces = "a.b",
                                                 .await_window = true };
    struct cmg__enrol_method *method = NULL;

    require(cmg__acme_new(&cmg__alloc_libc, &settings, &method, NULL) == CMG_OK);
    struct cmg__acme *m = CMG__CONTAINER(method, struct cmg__acme, method);
    m->names = cmg__json_pack("[s,s]", "contoso.com", "*.contoso.com");
    require(m->names != NULL);
    return m;
}

/* Up to a line of one dot; false at the end. */
static bool next_part(const char **text, size_t *left, const char **part, size_t *n)
{
    if (*left == 0)
        return false;
    const char *end = memmem(*text, *left, "\n.\n", 3);
    *part = *text;
    *n = end != NULL ? (size_t)(end - *text) : *left;
    const size_t used = end != NULL ? *n + 3 : *n;
    *text += used;
    *left -= used;
    return true;
}

static void read_head(const char *line, size_t n, struct cmg__http_response *resp)
{
    const char *colon = memchr(line, ':', n);

    if (colon == NULL || (size_t)(colon - line) + 2 > n)
        return;
    const size_t name = (size_t)(colon - line);
    require(cmg__headers_addn(&resp->headers, line, name, colon + 2, n - name - 2) ==
            CMG_OK);
}

static void read_answer(const char *part, size_t n, struct cmg__http_response *resp)
{
    uint64_t status = 0;
    const char *end = part + n;

    for (bool first = true; part < end; first = false) {
        const char *line_end = memchr(part, '\n', (size_t)(end - part));
        const size_t line =
            line_end != NULL ? (size_t)(line_end - part) : (size_t)(end - part);

        if (first && cmg__parse_u64(part, line, &status) && status < 600)
            resp->status = (int)status;
        else if (line > 0)
            read_head(part, line, resp);
        part += line + (line_end != NULL);
        if (!first && line == 0)
            break;
    }
    require(cmg__buf_add(&resp->body, part, (size_t)(end - part)) == CMG_OK);
}

/* A token becomes a file's name at the host, whatever the authority says. */
static void check_challenges(const struct cmg__enrol_step *step)
{
    static const char front[] = "/.well-known/acme-challenge/";

    for (size_t i = 0; i < step->challenge_count; i++) {
        const cmg_challenge *c = &step->challenges[i];

        require(cmg__str_starts(c->name, front) &&
                strpbrk(c->name + strlen(front), "/.\\%") == NULL);
        require(strcmp(c->identifier, "contoso.com") == 0 ||
                strcmp(c->identifier, "*.contoso.com") == 0);
    }
}

/* Until something is to be sent; false when the enrolment is over. */
static bool go_on(struct cmg__acme *m, struct cmg__enrol_case *c)
{
    bool going = true;
    bool sending = false;

    for (unsigned i = 0; i < 16 && going && !sending; i++) {
        struct cmg__enrol_step step = { .kind = CMG__ENROL_WAIT };

        cmg__http_request_init(&step.request, c->alloc);
        cmg__free(m->alloc, m->nonce);
        m->nonce = NULL;
        going = m->method.ops->next(&m->method, c, &step, NULL) == CMG_OK &&
                step.kind != CMG__ENROL_ISSUED;
        sending = step.kind == CMG__ENROL_SEND;
        if (going && step.kind == CMG__ENROL_CHALLENGE) {
            check_challenges(&step);
            going = m->method.ops->answered(&m->method, c, NULL) == CMG_OK;
        }
        cmg__x509_free_list(c->alloc, step.certs, step.cert_count);
        cmg__http_request_done(&step.request);
    }
    m->asked_nonce = false;
    return going && sending;
}

/* What is kept is taken up again. */
static void check_state(const struct cmg__acme *m, struct cmg__enrol_case *c)
{
    struct cmg__json *object = cmg__json_object();
    struct cmg__acme *other = new_method();

    require(object != NULL && m->method.ops->save(&m->method, object) == CMG_OK);
    require(other->method.ops->load(&other->method, c, object) == CMG_OK);
    require((m->order == NULL) == (other->order == NULL));
    cmg__json_unref(object);
    other->method.ops->free(&other->method, &cmg__alloc_libc);
}

static void load_state(struct cmg__acme *m, struct cmg__enrol_case *c, const char *part,
                       size_t n)
{
    struct cmg__json *object = NULL;

    if (cmg__json_parse(c->alloc, "state", part, n, &object, NULL) != CMG_OK)
        return;
    if (cmg__json_at(object, "/account_key") != NULL)
        require(cmg__json_set_str(object, "account_key", m->thumbprint) == CMG_OK);
    (void)m->method.ops->load(&m->method, c, object);
    cmg__json_unref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *part = NULL;
    size_t n = 0;
    struct cmg__enrol_case c = { .alloc = &cmg__alloc_libc, .env = &cmg__env_system };
    struct cmg__acme *m = new_method();
    struct cmg__http_response resp;

    if (next_part(&text, &size, &part, &n))
        load_state(m, &c, part, n);
    while (go_on(m, &c) && next_part(&text, &size, &part, &n)) {
        cmg__http_response_init(&resp, c.alloc);
        read_answer(part, n, &resp);
        (void)m->method.ops->read(&m->method, &c, &resp, NULL);
        cmg__http_response_done(&resp);
        require(memchr(c.message, '\0', sizeof c.message) != NULL);
        require(cmg__utf8_is_valid(c.message, strlen(c.message)));
    }
    check_state(m, &c);
    m->method.ops->free(&m->method, &cmg__alloc_libc);
    return 0;
}
