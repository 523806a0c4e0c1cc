/*
 * The phases of an ACME enrolment. A row says where a phase's request goes, what it
 * carries and who reads the answer; next() and read() do what is the same for all: the
 * nonce before each message, the refusals after it.
 *
 *   phase          request                  goes to
 *   --------------------------------------------------------------------------------
 *   DIRECTORY      GET                      RENEWAL, ACCOUNT, ORDER, LOOK, NEW_ORDER
 *   RENEWAL        GET, until it is time    as DIRECTORY
 *   ACCOUNT        newAccount               as DIRECTORY
 *   LOOK           the account              LIST, NEW_ORDER
 *   LIST           a page of its orders     CANDIDATE
 *   CANDIDATE      one of them              as ORDER, CANDIDATE, LIST, NEW_ORDER
 *   NEW_ORDER      newOrder                 as ORDER
 *   ORDER          the order                AUTHORIZATION, FINALIZE, ORDER, DOWNLOAD,
 *                                           EXPLAIN, NEW_ORDER
 *   AUTHORIZATION  each one                 PRESENT, ORDER, EXPLAIN
 *   PRESENT        (the host)               ANSWER, CHECK
 *   ANSWER         each challenge           CHECK
 *   CHECK          each authorization       REMOVE
 *   REMOVE         (the host)               ORDER, EXPLAIN, FAILED
 *   EXPLAIN        each authorization       FAILED
 *   FINALIZE       the request              as ORDER
 *   DOWNLOAD       the certificate          ISSUED
 */
#include "enrol/acme_data.h"

#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "crypto/jws.h"

#define PAYLOAD_MAX ((size_t)160 * 1024)
#define THUMB_MAX   ((size_t)256)
#define SECRET_MAX  ((size_t)1024)

/* ---- where the requests go ---- */

static const char *url_account(const struct cmg__acme *m)
{
    return m->new_account;
}

static const char *url_look(const struct cmg__acme *m)
{
    return m->account;
}

static const char *url_list(const struct cmg__acme *m)
{
    return m->list;
}

static const char *url_new_order(const struct cmg__acme *m)
{
    return m->new_order;
}

static const char *url_order(const struct cmg__acme *m)
{
    return m->order;
}

static const char *url_proof(const struct cmg__acme *m)
{
    return m->proofs[m->at].url;
}

static const char *url_challenge(const struct cmg__acme *m)
{
    return m->proofs[m->at].challenge_url;
}

static const char *url_finalize(const struct cmg__acme *m)
{
    return m->finalize;
}

static const char *url_certificate(const struct cmg__acme *m)
{
    return m->certificate;
}

/* An empty object: the server may look now. */
static cmg_status answer_payload(struct cmg__acme *m, struct cmg__enrol_case *c,
                                 struct cmg__json **out, cmg_error **err)
{
    (void)m;
    (void)c;
    *out = cmg__json_object();
    return *out != NULL ? CMG_OK : cmg__fail_nomem(err);
}

static const struct phase {
    const char *what; /* in errors */
    const char *(*url)(const struct cmg__acme *m);
    /* NULL: nothing is sent but the signature */
    cmg_status (*payload)(struct cmg__acme *m, struct cmg__enrol_case *c,
                          struct cmg__json **out, cmg_error **err);
    cmg_status (*read)(struct cmg__acme *m, struct cmg__enrol_case *c,
                       const struct cmg__http_response *resp,
                       const struct cmg__json *json, cmg_error **err);
} phases[CMG__ACME_PHASES] = {
    [CMG__ACME_DIRECTORY] = { "the directory", NULL, NULL, cmg__acme_read_directory },
    [CMG__ACME_RENEWAL] = { "the time of renewal", NULL, NULL, cmg__acme_read_renewal },
    [CMG__ACME_ACCOUNT] = { "the account", url_account, cmg__acme_account_payload,
                            cmg__acme_read_account },
    [CMG__ACME_LOOK] = { "the account", url_look, NULL, cmg__acme_read_look },
    [CMG__ACME_LIST] = { "the list of orders", url_list, NULL, cmg__acme_read_list },
    [CMG__ACME_CANDIDATE] = { "an order", cmg__acme_candidate_url, NULL,
                              cmg__acme_read_candidate },
    [CMG__ACME_NEW_ORDER] = { "the order", url_new_order, cmg__acme_new_order_payload,
                              cmg__acme_read_order },
    [CMG__ACME_ORDER] = { "the order", url_order, NULL, cmg__acme_read_order },
    [CMG__ACME_AUTHORIZATION] = { "an authorization", url_proof, NULL,
                                  cmg__acme_read_authorization },
    [CMG__ACME_ANSWER] = { "a challenge", url_challenge, answer_payload,
                           cmg__acme_read_answer },
    [CMG__ACME_CHECK] = { "an authorization", url_proof, NULL, cmg__acme_read_check },
    [CMG__ACME_EXPLAIN] = { "an authorization", url_proof, NULL, cmg__acme_read_explain },
    [CMG__ACME_FINALIZE] = { "the request", url_finalize, cmg__acme_finalize_payload,
                             cmg__acme_read_order },
    [CMG__ACME_DOWNLOAD] = { "the certificate", url_certificate, NULL,
                             cmg__acme_read_certificate },
};

static struct cmg__acme *acme_of(struct cmg__enrol_method *method)
{
    return CMG__CONTAINER(method, struct cmg__acme, method);
}

/* ---- next ---- */

/* "" or the phase's JSON. */
static cmg_status add_payload(struct cmg__acme *m, struct cmg__enrol_case *c,
                              struct cmg__buf *out, cmg_error **err)
{
    const struct phase *phase = &phases[m->phase];
    struct cmg__json *payload = NULL;

    if (phase->payload == NULL)
        return CMG_OK;
    cmg_status rc = phase->payload(m, c, &payload, err);
    if (rc != CMG_OK)
        return rc;
    rc = cmg__json_format(payload, CMG__JSON_COMPACT, out);
    cmg__json_unref(payload);
    return rc == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static cmg_status next_post(struct cmg__acme *m, struct cmg__enrol_case *c,
                            struct cmg__enrol_step *step, cmg_error **err)
{
    struct cmg__buf payload;

    cmg__buf_init(&payload, m->alloc, PAYLOAD_MAX);
    cmg_status rc = add_payload(m, c, &payload, err);
    if (rc == CMG_OK)
        rc = cmg__acme_post(m, c, step, phases[m->phase].url(m), &payload,
                            m->phase == CMG__ACME_ACCOUNT, err);
    cmg__buf_done(&payload);
    step->once = m->phase == CMG__ACME_NEW_ORDER;
    step->pending = m->phase == CMG__ACME_ORDER;
    return rc;
}

static cmg_status next_challenge(struct cmg__acme *m, struct cmg__enrol_step *step,
                                 cmg_error **err)
{
    const cmg_status rc = cmg__acme_make_challenges(m, err);

    step->kind = CMG__ENROL_CHALLENGE;
    step->challenges = m->challenges;
    step->challenge_count = m->challenge_count;
    return rc;
}

static cmg_status next_issued(struct cmg__acme *m, struct cmg__enrol_step *step)
{
    step->kind = CMG__ENROL_ISSUED;
    step->certs = m->certs;
    step->cert_count = m->cert_count;
    m->certs = NULL;
    m->cert_count = 0;
    m->phase = CMG__ACME_DOWNLOAD; /* should the certificate not be the one */
    return CMG_OK;
}

/* Whoever starts again starts with the directory, and with another order. */
static cmg_status next_failed(struct cmg__acme *m, cmg_error **err)
{
    cmg__acme_forget_order(m);
    m->phase = CMG__ACME_DIRECTORY;
    if (m->failure == NULL)
        return cmg__acme_strange(m, "the order is invalid, and nobody says why", err);
    return cmg__error_move(err, &m->failure);
}

/* Behind the last order of a page comes the next page, behind the last page a new order.
 */
static void turn_page(struct cmg__acme *m)
{
    if (m->phase != CMG__ACME_CANDIDATE || cmg__acme_candidate_url(m) != NULL)
        return;
    m->phase = m->list != NULL ? CMG__ACME_LIST : CMG__ACME_NEW_ORDER;
}

static cmg_status next_wait(struct cmg__acme *m, struct cmg__enrol_step *step)
{
    step->kind = CMG__ENROL_WAIT;
    step->pending = m->phase == CMG__ACME_ORDER || m->phase == CMG__ACME_RENEWAL;
    step->wait_ms = m->wait_ms;
    m->wait_ms = 0;
    return CMG_OK;
}

static cmg_status acme_next(struct cmg__enrol_method *method, struct cmg__enrol_case *c,
                            struct cmg__enrol_step *step, cmg_error **err)
{
    struct cmg__acme *m = acme_of(method);
    const cmg_status rc = m->names != NULL ? CMG_OK : cmg__acme_names(c, &m->names, err);

    if (rc != CMG_OK)
        return rc;
    if (m->wait_ms > 0)
        return next_wait(m, step);
    turn_page(m);
    if (m->phase == CMG__ACME_PRESENT || m->phase == CMG__ACME_REMOVE)
        return next_challenge(m, step, err);
    if (m->phase == CMG__ACME_ISSUED)
        return next_issued(m, step);
    if (m->phase == CMG__ACME_FAILED)
        return next_failed(m, err);
    if (m->phase == CMG__ACME_DIRECTORY)
        return cmg__acme_get(m, step, "GET", m->directory_url, err);
    if (m->phase == CMG__ACME_RENEWAL) {
        step->pending = c->renewal_unix_s != 0;
        return cmg__acme_get(m, step, "GET", m->renewal, err);
    }
    if (m->nonce == NULL)
        return cmg__acme_get(m, step, "HEAD", m->new_nonce, err);
    return next_post(m, c, step, err);
}

/* ---- read ---- */

static cmg_status read_nonce(struct cmg__acme *m, cmg_error **err)
{
    return m->nonce != NULL
               ? CMG_OK
               : cmg__acme_strange(m, "it has no nonce that can be used", err);
}

/* Out of memory must not look like an answer that is no JSON. */
static cmg_status parse(const struct cmg__acme *m, const struct cmg__http_response *resp,
                        struct cmg__json **out, cmg_error **err)
{
    const cmg_status rc = cmg__json_parse(m->alloc, "answer", cmg__buf_cstr(&resp->body),
                                          resp->body.len, out, NULL);

    return rc == CMG_E_NOMEM ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status read_good(struct cmg__acme *m, struct cmg__enrol_case *c,
                            const struct cmg__http_response *resp,
                            const struct cmg__json *json, cmg_error **err)
{
    m->bad_nonces = 0;
    if (phases[m->phase].url != NULL)
        m->known = false;
    return phases[m->phase].read(m, c, resp, json, err);
}

static void look_for_order(struct cmg__acme *m)
{
    m->look = true;
    if (m->phase == CMG__ACME_NEW_ORDER)
        m->phase = CMG__ACME_LOOK;
}

/* An order was made, and its address could not be kept: it has to be looked for. */
static bool lost_order(const struct cmg__acme *m, const struct cmg__http_response *resp)
{
    return m->phase == CMG__ACME_NEW_ORDER && m->order == NULL && resp->status < 300;
}

static cmg_status read_answer(struct cmg__acme *m, struct cmg__enrol_case *c,
                              const struct cmg__http_response *resp, cmg_error **err)
{
    struct cmg__json *json = NULL;
    cmg_status rc = CMG_OK;

    if (cmg__acme_take_nonce(m, resp) != CMG_OK)
        return cmg__fail_nomem(err);
    if (resp->status < 400 && m->asked_nonce)
        return read_nonce(m, err);
    if (m->phase != CMG__ACME_DOWNLOAD || resp->status >= 400)
        rc = parse(m, resp, &json, err);
    if (rc == CMG_OK && resp->status >= 400)
        rc = cmg__acme_refused(m, c, resp, json,
                               m->asked_nonce ? "a nonce" : phases[m->phase].what, err);
    else if (rc == CMG_OK && (resp->status < 200 || resp->status > 299))
        rc = cmg__enrol_http_error(c, "ACME server", resp, err);
    else if (rc == CMG_OK)
        rc = read_good(m, c, resp, json, err);
    cmg__json_unref(json);
    return rc;
}

static cmg_status acme_read(struct cmg__enrol_method *method, struct cmg__enrol_case *c,
                            const struct cmg__http_response *resp, cmg_error **err)
{
    struct cmg__acme *m = acme_of(method);
    const cmg_status rc = read_answer(m, c, resp, err);

    if (rc != CMG_OK && !m->asked_nonce && lost_order(m, resp))
        look_for_order(m);
    return rc;
}

static cmg_status acme_lost(struct cmg__enrol_method *method, struct cmg__enrol_case *c,
                            cmg_error **err)
{
    (void)c;
    (void)err;
    look_for_order(acme_of(method));
    return CMG_OK;
}

static cmg_status acme_answered(struct cmg__enrol_method *method,
                                struct cmg__enrol_case *c, cmg_error **err)
{
    struct cmg__acme *m = acme_of(method);

    (void)c;
    (void)err;
    if (m->phase == CMG__ACME_PRESENT)
        cmg__acme_after_present(m);
    else
        cmg__acme_after_remove(m);
    return CMG_OK;
}

/* ---- the checkpoint ---- */

static cmg_status acme_save(const struct cmg__enrol_method *method,
                            struct cmg__json *object)
{
    const struct cmg__acme *m = (const void *)method; /* its first member */
    cmg_status rc = cmg__json_set_str(object, "directory", m->directory_url);

    if (rc == CMG_OK)
        rc = cmg__json_set_str(object, "account_key", m->thumbprint);
    if (rc == CMG_OK && m->account != NULL)
        rc = cmg__json_set_str(object, "account", m->account);
    if (rc == CMG_OK && m->order != NULL)
        rc = cmg__json_set_str(object, "order", m->order);
    if (rc == CMG_OK && m->look)
        rc = cmg__json_set(object, "look", cmg__json_boolean(true));
    return rc;
}

static void forget(struct cmg__acme *m)
{
    cmg__acme_forget_order(m);
    cmg__free(m->alloc, m->account);
    cmg__free(m->alloc, m->nonce);
    cmg_error_unref(m->failure);
    m->account = NULL;
    m->nonce = NULL;
    m->failure = NULL;
    m->wait_ms = 0;
    m->bad_nonces = 0;
    m->look = false;
    m->phase = CMG__ACME_DIRECTORY;
}

/* Absent, or an https URL. */
static cmg_status load_url(struct cmg__acme *m, const struct cmg__json *object,
                           const char *path, char **to)
{
    if (cmg__json_at(object, path) == NULL)
        return CMG_OK;
    const cmg_status rc =
        cmg__acme_take_url(m, to, cmg__json_str(object, path), path, NULL);
    return rc == CMG_OK || rc == CMG_E_NOMEM ? rc : CMG_E_PARSE;
}

/* What another account or another directory of the same server left is of no use. */
static cmg_status acme_load(struct cmg__enrol_method *method, struct cmg__enrol_case *c,
                            const struct cmg__json *object)
{
    struct cmg__acme *m = acme_of(method);
    const char *directory = cmg__json_str(object, "/directory");
    const char *key = cmg__json_str(object, "/account_key");

    (void)c;
    forget(m);
    if (directory == NULL || key == NULL)
        return CMG_E_PARSE;
    if (strcmp(directory, m->directory_url) != 0 || strcmp(key, m->thumbprint) != 0)
        return CMG_OK;
    cmg_status rc = load_url(m, object, "/account", &m->account);
    if (rc == CMG_OK)
        rc = load_url(m, object, "/order", &m->order);
    if (rc != CMG_OK)
        return rc;
    m->look = cmg__json_bool(object, "/look", false);
    m->known = m->account != NULL;
    m->found = m->order != NULL;
    return CMG_OK;
}

/* ---- life ---- */

static void acme_free(struct cmg__enrol_method *method, const struct cmg__alloc *alloc)
{
    struct cmg__acme *m = acme_of(method);
    char *const texts[] = { m->directory_url, m->thumbprint, m->contact,   m->eab_kid,
                            m->profile,       m->replaces,   m->new_nonce, m->new_account,
                            m->new_order,     m->list,       m->renewal };

    forget(m);
    for (size_t i = 0; i < CMG__ARRAY_LEN(texts); i++)
        cmg__free(alloc, texts[i]);
    cmg__x509_free_list(alloc, m->certs, m->cert_count);
    cmg__json_unref(m->candidates);
    cmg__json_unref(m->names);
    cmg__json_unref(m->jwk);
    cmg__key_free(m->key);
    cmg__secret_clear(&m->eab_key);
    cmg__free(alloc, m);
}

static const struct cmg__enrol_ops acme_ops = {
    .name = "acme",
    .next = acme_next,
    .read = acme_read,
    .lost = acme_lost,
    .answered = acme_answered,
    .save = acme_save,
    .load = acme_load,
    .free = acme_free,
};

/* Authorities hand the key out as base64url, some with padding. */
static cmg_status decode_secret(struct cmg__acme *m, const char *text, cmg_error **err)
{
    struct cmg__buf bytes;
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == '=')
        n--;
    cmg__buf_init_secret(&bytes, m->alloc, SECRET_MAX);
    cmg_status rc = cmg__base64url_decode(&bytes, text, n);
    if (rc == CMG_OK && bytes.len == 0)
        rc = CMG_E_PARSE;
    if (rc == CMG_OK)
        rc = cmg__secret_set(&m->eab_key, bytes.data, bytes.len);
    cmg__buf_done(&bytes);
    if (rc == CMG_OK || rc == CMG_E_NOMEM)
        return rc;
    return cmg__fail(err, m->alloc, CMG_E_INVAL, "eab_key",
                     "give the key as the authority shows it",
                     "the key of the external account is not base64url");
}

static cmg_status copy_texts(struct cmg__acme *m, const struct cmg__acme_settings *s)
{
    const struct {
        char **to;
        const char *from;
    } rows[] = {
        { &m->directory_url, s->directory_url },
        { &m->contact, s->contact },
        { &m->eab_kid, s->eab_kid },
        { &m->profile, s->profile },
        { &m->replaces, s->replaces },
    };
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < CMG__ARRAY_LEN(rows) && rc == CMG_OK; i++)
        rc = cmg__str_assign(m->alloc, rows[i].to, rows[i].from);
    return rc;
}

static cmg_status take_key(struct cmg__acme *m, struct cmg__key *key, cmg_error **err)
{
    struct cmg__buf text;

    m->key = cmg__key_ref(key);
    cmg_status rc = cmg__jwk_new(m->alloc, key, &m->jwk, err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&text, m->alloc, THUMB_MAX);
    rc = cmg__jwk_thumbprint(m->jwk, &text);
    if (rc == CMG_OK)
        m->thumbprint = cmg__buf_steal(&text);
    cmg__buf_done(&text);
    return rc;
}

cmg_status cmg__acme_new(const struct cmg__alloc *alloc,
                         const struct cmg__acme_settings *settings,
                         struct cmg__enrol_method **out, cmg_error **err)
{
    struct cmg__acme *m = cmg__alloc0(alloc, sizeof *m);

    if (m == NULL)
        return cmg__fail_nomem(err);
    m->method.ops = &acme_ops;
    m->alloc = alloc;
    m->terms_agreed = settings->terms_agreed;
    m->await_window = settings->await_window;
    m->dns = strcmp(settings->challenge, "dns-01") == 0;
    cmg__secret_init(&m->eab_key, alloc);
    cmg_status rc = copy_texts(m, settings);
    if (rc == CMG_OK && settings->eab_key != NULL)
        rc = decode_secret(m, settings->eab_key, err);
    if (rc == CMG_OK)
        rc = take_key(m, settings->key, err);
    if (rc == CMG_OK) {
        *out = &m->method;
        return CMG_OK;
    }
    acme_free(&m->method, alloc);
    return rc == CMG_E_NOMEM ? cmg__fail_nomem(err) : rc;
}
