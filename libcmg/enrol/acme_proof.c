/*
 * Proofs: one authorization for each name. All are read first, the host is shown all that
 * have to be proved at once, then the server is told to look at each, and asked until it
 * has made up its mind about all. What was put in place is taken away before the run goes
 * on or fails.
 */
#include "enrol/acme_data.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "crypto/hash.h"

#define POLL_MS   INT64_C(2000)
#define TOKEN_MAX 256
#define VALUE_MAX ((size_t)1024)

static void done_proof(const struct cmg__alloc *alloc, struct cmg__acme_proof *proof)
{
    cmg__free(alloc, proof->url);
    cmg__free(alloc, proof->domain);
    cmg__free(alloc, proof->challenge_url);
    cmg__free(alloc, proof->name);
    cmg__free(alloc, proof->value);
}

void cmg__acme_forget_proofs(struct cmg__acme *m)
{
    for (size_t i = 0; i < m->proof_count; i++)
        done_proof(m->alloc, &m->proofs[i]);
    cmg__free(m->alloc, m->proofs);
    cmg__free(m->alloc, m->challenges);
    cmg_error_unref(m->doubt);
    m->proofs = NULL;
    m->challenges = NULL;
    m->doubt = NULL;
    m->proof_count = 0;
    m->challenge_count = 0;
    m->at = 0;
}

static const char *wanted_type(const struct cmg__acme *m)
{
    return m->dns ? "dns-01" : "http-01";
}

static const struct cmg__json *find_challenge(const struct cmg__acme *m,
                                              const struct cmg__json *json)
{
    const struct cmg__json *list = cmg__json_at(json, "/challenges");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *item = cmg__json_item(list, i);
        const char *type = cmg__json_str(item, "/type");

        if (type != NULL && strcmp(type, wanted_type(m)) == 0)
            return item;
    }
    return NULL;
}

/* ---- what is to be shown ---- */

/* It becomes a file name at the host. */
static bool is_token(const char *text)
{
    size_t n = 0;

    for (; text[n] != '\0'; n++) {
        if (!cmg__is_alnum(text[n]) && text[n] != '-' && text[n] != '_')
            return false;
    }
    return n >= 1 && n <= TOKEN_MAX;
}

/* Nobody is asked to prove a name that the request does not have. */
static cmg_status take_domain(struct cmg__acme *m, struct cmg__acme_proof *proof,
                              const struct cmg__json *json, cmg_error **err)
{
    const char *domain = cmg__json_str(json, "/identifier/value");
    char wildcard[260];

    if (domain == NULL || strlen(domain) > 253)
        return cmg__acme_strange(m, "an authorization has no identifier", err);
    (void)snprintf(wildcard, sizeof wildcard, "*.%s", domain);
    if (!cmg__acme_has_name(m, domain) && !cmg__acme_has_name(m, wildcard))
        return cmg__acme_strange(
            m, "an authorization is for a name that is not in the request", err);
    if (cmg__str_assign(m->alloc, &proof->domain, domain) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__lower_in_place(proof->domain);
    return CMG_OK;
}

/* RFC 8555, 8.4: the record holds the hash of what http-01 shows in full. */
static cmg_status hash_value(const char *authorization, struct cmg__buf *out)
{
    uint8_t hash[32];
    const cmg_status rc = cmg__sha256(authorization, strlen(authorization), hash);

    return rc == CMG_OK ? cmg__base64url_encode(out, hash, sizeof hash) : rc;
}

static cmg_status make_value(const struct cmg__acme *m, const char *token, char **out)
{
    char *authorization = cmg__format(m->alloc, "%s.%s", token, m->thumbprint);
    struct cmg__buf text;

    if (authorization == NULL || !m->dns) {
        *out = authorization;
        return authorization != NULL ? CMG_OK : CMG_E_NOMEM;
    }
    cmg__buf_init(&text, m->alloc, VALUE_MAX);
    const cmg_status rc = hash_value(authorization, &text);
    cmg__free(m->alloc, authorization);
    if (rc == CMG_OK)
        *out = cmg__buf_steal(&text);
    cmg__buf_done(&text);
    return rc;
}

static cmg_status make_place(const struct cmg__acme *m, struct cmg__acme_proof *proof,
                             const char *token)
{
    proof->name = m->dns ? cmg__format(m->alloc, "_acme-challenge.%s", proof->domain)
                         : cmg__format(m->alloc, "/.well-known/acme-challenge/%s", token);
    return proof->name != NULL ? make_value(m, token, &proof->value) : CMG_E_NOMEM;
}

static cmg_status fail_no_challenge(const struct cmg__acme *m,
                                    const struct cmg__acme_proof *proof,
                                    const struct cmg__json *json, cmg_error **err)
{
    const bool wildcard = cmg__json_bool(json, "/wildcard", false);

    return cmg__fail(err, m->alloc, CMG_E_UNSUPPORTED, proof->domain,
                     wildcard ? "prove a wildcard by dns-01" : "choose the other kind",
                     "the authority does not offer %s for %s%s", wanted_type(m),
                     wildcard ? "*." : "", proof->domain);
}

static cmg_status take_challenge(struct cmg__acme *m, struct cmg__acme_proof *proof,
                                 const struct cmg__json *json, cmg_error **err)
{
    const struct cmg__json *challenge = find_challenge(m, json);
    const char *token = cmg__json_str(challenge, "/token");
    const char *status = cmg__str_or(cmg__json_str(challenge, "/status"), "");

    if (challenge == NULL)
        return fail_no_challenge(m, proof, json, err);
    if (token == NULL || !is_token(token))
        return cmg__acme_strange(m, "a challenge has no usable token", err);
    const cmg_status rc = cmg__acme_take_url(
        m, &proof->challenge_url, cmg__json_str(challenge, "/url"), "challenge", err);
    if (rc != CMG_OK)
        return rc;
    proof->answered = strcmp(status, "pending") != 0;
    return make_place(m, proof, token) == CMG_OK ? CMG_OK : cmg__fail_nomem(err);
}

static bool has_something_to_show(const struct cmg__acme *m)
{
    for (size_t i = 0; i < m->proof_count; i++) {
        if (m->proofs[i].challenge_url != NULL)
            return true;
    }
    return false;
}

static void begin_explaining(struct cmg__acme *m)
{
    m->at = 0;
    m->phase = CMG__ACME_EXPLAIN;
}

cmg_status cmg__acme_read_authorization(struct cmg__acme *m, struct cmg__enrol_case *c,
                                        const struct cmg__http_response *resp,
                                        const struct cmg__json *json, cmg_error **err)
{
    struct cmg__acme_proof *proof = &m->proofs[m->at];
    const char *status = cmg__str_or(cmg__json_str(json, "/status"), "");
    cmg_status rc = take_domain(m, proof, json, err);

    if (rc == CMG_OK && strcmp(status, "pending") == 0) {
        rc = take_challenge(m, proof, json, err);
    } else if (rc == CMG_OK && strcmp(status, "valid") != 0) {
        begin_explaining(m);
        return CMG_OK;
    }
    if (rc != CMG_OK || ++m->at < m->proof_count)
        return rc;
    m->at = 0;
    m->phase = CMG__ACME_PRESENT;
    if (!has_something_to_show(m)) {
        m->phase = CMG__ACME_ORDER;
        m->wait_ms = cmg__enrol_poll_ms(c, resp, POLL_MS);
    }
    return CMG_OK;
}

cmg_status cmg__acme_make_challenges(struct cmg__acme *m, cmg_error **err)
{
    const int32_t action =
        m->phase == CMG__ACME_PRESENT ? CMG_CHALLENGE_PRESENT : CMG_CHALLENGE_REMOVE;

    if (m->challenges == NULL)
        m->challenges = cmg__alloc_array(m->alloc, m->proof_count, sizeof *m->challenges);
    if (m->challenges == NULL)
        return cmg__fail_nomem(err);
    m->challenge_count = 0;
    for (size_t i = 0; i < m->proof_count; i++) {
        const struct cmg__acme_proof *proof = &m->proofs[i];

        if (proof->challenge_url != NULL)
            m->challenges[m->challenge_count++] =
                (cmg_challenge){ .size = sizeof(cmg_challenge),
                                 .type = wanted_type(m),
                                 .identifier = proof->domain,
                                 .name = proof->name,
                                 .value = proof->value,
                                 .action = action };
    }
    return CMG_OK;
}

/* ---- the server looks ---- */

/* To the next proof that the server is to be told of, or to asking what it found. */
static void next_answer(struct cmg__acme *m)
{
    while (m->at < m->proof_count &&
           (m->proofs[m->at].challenge_url == NULL || m->proofs[m->at].answered))
        m->at++;
    m->phase = CMG__ACME_ANSWER;
    if (m->at == m->proof_count) {
        m->at = 0;
        m->phase = CMG__ACME_CHECK;
    }
}

void cmg__acme_after_present(struct cmg__acme *m)
{
    m->at = 0;
    next_answer(m);
}

void cmg__acme_after_remove(struct cmg__acme *m)
{
    m->at = 0;
    m->phase = m->failure != NULL ? CMG__ACME_FAILED
               : m->refused       ? CMG__ACME_EXPLAIN
                                  : CMG__ACME_ORDER;
}

cmg_status cmg__acme_read_answer(struct cmg__acme *m, struct cmg__enrol_case *c,
                                 const struct cmg__http_response *resp,
                                 const struct cmg__json *json, cmg_error **err)
{
    (void)c;
    (void)resp;
    (void)json;
    (void)err;
    m->proofs[m->at].answered = true;
    next_answer(m);
    return CMG_OK;
}

/* A server that refused to be told, and is not looking, will never look. */
static bool is_hopeless(const struct cmg__acme *m, const struct cmg__json *json)
{
    const char *status = cmg__json_str(find_challenge(m, json), "/status");

    return m->doubt != NULL && status != NULL && strcmp(status, "pending") == 0;
}

cmg_status cmg__acme_read_check(struct cmg__acme *m, struct cmg__enrol_case *c,
                                const struct cmg__http_response *resp,
                                const struct cmg__json *json, cmg_error **err)
{
    const char *status = cmg__str_or(cmg__json_str(json, "/status"), "");

    (void)err;
    if (strcmp(status, "pending") == 0 && !is_hopeless(m, json)) {
        m->wait_ms = cmg__enrol_poll_ms(c, resp, POLL_MS);
        return CMG_OK;
    }
    if (strcmp(status, "pending") == 0) {
        (void)cmg__error_move(&m->failure, &m->doubt);
        m->at = m->proof_count;
    } else if (strcmp(status, "valid") != 0) {
        m->refused = true;
    }
    if (++m->at >= m->proof_count)
        m->phase = CMG__ACME_REMOVE;
    return CMG_OK;
}

/* ---- why not ---- */

/* The error of the challenge that failed, whichever kind it was. */
static const struct cmg__json *find_error(const struct cmg__json *json)
{
    const struct cmg__json *list = cmg__json_at(json, "/challenges");

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *error = cmg__json_at(cmg__json_item(list, i), "/error");

        if (error != NULL)
            return error;
    }
    return NULL;
}

/* The first one is the error, all of them are the authority's message. */
static void explain(struct cmg__acme *m, struct cmg__enrol_case *c,
                    const struct cmg__json *json, const char *status)
{
    const char *domain = cmg__str_or(cmg__json_str(json, "/identifier/value"), "a name");
    struct cmg__acme_problem problem;
    struct cmg__error_info info = { .code = CMG_E_AUTH,
                                    .origin = CMG_ORIGIN_SERVICE,
                                    .service_code = problem.type,
                                    .subject = domain };

    cmg__acme_problem_read(find_error(json), &problem);
    if (problem.detail[0] == '\0')
        (void)snprintf(problem.detail, sizeof problem.detail,
                       "its authorization is %.40s", status);
    if (!m->explained)
        c->message[0] = '\0';
    cmg__acme_add_line("; ", domain, c->message, sizeof c->message);
    cmg__acme_add_line(": ", problem.detail, c->message, sizeof c->message);
    if (m->explained)
        return;
    m->explained = true;
    cmg__acme_problem_advice(problem.type, &info.cause, &info.remedy);
    (void)cmg__error_set(&m->failure, m->alloc, &info, "%.253s is not proved: %s", domain,
                         problem.detail);
}

cmg_status cmg__acme_read_explain(struct cmg__acme *m, struct cmg__enrol_case *c,
                                  const struct cmg__http_response *resp,
                                  const struct cmg__json *json, cmg_error **err)
{
    const char *status = cmg__str_or(cmg__json_str(json, "/status"), "");

    (void)resp;
    (void)err;
    if (strcmp(status, "valid") != 0 && strcmp(status, "pending") != 0)
        explain(m, c, json, status);
    if (++m->at >= m->proof_count)
        m->phase = CMG__ACME_FAILED;
    return CMG_OK;
}
