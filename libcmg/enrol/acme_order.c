/*
 * The order, from its making to the certificate. Its status alone says what comes next
 * (RFC 8555, 7.1.6):
 *
 *   pending     the authorizations, one after the other
 *   ready       finalize
 *   processing  ask again after a while
 *   valid       download
 *   invalid     find out which authorization it was; a leftover of an earlier run is
 *               replaced by a new order instead
 *
 * An order whose making was not acknowledged is looked for in the account's list before
 * another one is made.
 */
#include "enrol/acme_data.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"

#define POLL_MS   INT64_C(2000)
#define PAGES_MAX 20

/* ---- making one ---- */

/* [{"type":"dns","value":name}...], NULL when memory ran out. */
static struct cmg__json *identifiers(const struct cmg__acme *m)
{
    struct cmg__json *list = cmg__json_array();

    for (size_t i = 0; list != NULL && i < cmg__json_size(m->names); i++) {
        const char *name = cmg__json_str(cmg__json_item(m->names, i), "");

        if (cmg__json_append(list, cmg__json_pack("{s:s, s:s}", "type", "dns", "value",
                                                  name)) != CMG_OK)
            cmg__json_clear(&list);
    }
    return list;
}

cmg_status cmg__acme_new_order_payload(struct cmg__acme *m, struct cmg__enrol_case *c,
                                       struct cmg__json **out, cmg_error **err)
{
    struct cmg__json *payload = cmg__json_object();
    cmg_status rc = payload != NULL
                        ? cmg__json_set(payload, "identifiers", identifiers(m))
                        : CMG_E_NOMEM;

    (void)c;
    if (rc == CMG_OK && m->profile != NULL)
        rc = cmg__json_set_str(payload, "profile", m->profile);
    if (rc == CMG_OK && m->renewal != NULL && m->replaces != NULL)
        rc = cmg__json_set_str(payload, "replaces", m->replaces);
    if (rc != CMG_OK) {
        cmg__json_unref(payload);
        return cmg__fail_nomem(err);
    }
    *out = payload;
    return CMG_OK;
}

/* The order's address is what the host is told as the number of its request. */
static cmg_status adopt(struct cmg__acme *m, struct cmg__enrol_case *c, const char *url,
                        cmg_error **err)
{
    const cmg_status rc = cmg__acme_take_url(m, &m->order, url, "order", err);

    if (rc != CMG_OK)
        return rc;
    const char *text = strlen(m->order) < sizeof c->request_id ? m->order : "";
    (void)snprintf(c->request_id, sizeof c->request_id, "%s", text);
    m->look = false;
    m->found = false;
    return CMG_OK;
}

void cmg__acme_forget_order(struct cmg__acme *m)
{
    char **const texts[] = { &m->order, &m->finalize, &m->certificate };

    for (size_t i = 0; i < CMG__ARRAY_LEN(texts); i++) {
        cmg__free(m->alloc, *texts[i]);
        *texts[i] = NULL;
    }
    cmg__acme_forget_proofs(m);
    m->found = false;
    m->refused = false;
    m->explained = false;
}

/* ---- looking for one ---- */

cmg_status cmg__acme_read_look(struct cmg__acme *m, struct cmg__enrol_case *c,
                               const struct cmg__http_response *resp,
                               const struct cmg__json *json, cmg_error **err)
{
    const char *orders = cmg__json_str(json, "/orders");

    (void)c;
    (void)resp;
    m->pages = 0;
    m->phase = CMG__ACME_NEW_ORDER;
    if (orders == NULL)
        return CMG_OK;
    m->phase = CMG__ACME_LIST;
    return cmg__acme_take_url(m, &m->list, orders, "orders", err);
}

/* The target of the Link header with rel="next" (RFC 8288); NULL without one. */
static cmg_status next_page(const struct cmg__acme *m,
                            const struct cmg__http_response *resp, char **out)
{
    *out = NULL;
    for (size_t i = 0; i < resp->headers.count && *out == NULL; i++) {
        const struct cmg__header *header = &resp->headers.items[i];
        const char *end = strchr(header->value, '>');

        if (!cmg__str_ieq(header->name, "Link") || header->value[0] != '<' ||
            end == NULL || strstr(end, "rel=\"next\"") == NULL)
            continue;
        *out =
            cmg__strndup(m->alloc, header->value + 1, (size_t)(end - header->value) - 1);
        if (*out == NULL)
            return CMG_E_NOMEM;
    }
    return CMG_OK;
}

cmg_status cmg__acme_read_list(struct cmg__acme *m, struct cmg__enrol_case *c,
                               const struct cmg__http_response *resp,
                               const struct cmg__json *json, cmg_error **err)
{
    struct cmg__json *orders = cmg__json_at(json, "/orders");
    char *next = NULL;

    (void)c;
    cmg__json_clear(&m->candidates);
    if (cmg__json_type(orders) == CMG__JSON_ARRAY)
        m->candidates = cmg__json_ref(orders);
    m->at = 0;
    if (next_page(m, resp, &next) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__free(m->alloc, m->list);
    m->list = ++m->pages < PAGES_MAX ? next : NULL;
    if (m->list == NULL)
        cmg__free(m->alloc, next);
    m->phase = CMG__ACME_CANDIDATE;
    return CMG_OK;
}

const char *cmg__acme_candidate_url(const struct cmg__acme *m)
{
    return cmg__json_str(cmg__json_item(m->candidates, m->at), "");
}

bool cmg__acme_has_name(const struct cmg__acme *m, const char *name)
{
    for (size_t i = 0; name != NULL && i < cmg__json_size(m->names); i++) {
        if (cmg__str_ieq(cmg__json_str(cmg__json_item(m->names, i), ""), name))
            return true;
    }
    return false;
}

/* An order that is not done and is for the names of the request. */
static bool is_ours(const struct cmg__acme *m, const struct cmg__json *json)
{
    const char *status = cmg__str_or(cmg__json_str(json, "/status"), "");
    const struct cmg__json *list = cmg__json_at(json, "/identifiers");

    if ((strcmp(status, "pending") != 0 && strcmp(status, "ready") != 0) ||
        cmg__json_size(list) != cmg__json_size(m->names))
        return false;
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (!cmg__acme_has_name(m, cmg__json_str(cmg__json_item(list, i), "/value")))
            return false;
    }
    return true;
}

cmg_status cmg__acme_read_candidate(struct cmg__acme *m, struct cmg__enrol_case *c,
                                    const struct cmg__http_response *resp,
                                    const struct cmg__json *json, cmg_error **err)
{
    if (!is_ours(m, json)) {
        m->at++;
        return CMG_OK;
    }
    const cmg_status rc = adopt(m, c, cmg__acme_candidate_url(m), err);

    return rc == CMG_OK ? cmg__acme_read_order(m, c, resp, json, err) : rc;
}

/* ---- reading one ---- */

static cmg_status on_pending(struct cmg__acme *m, const struct cmg__json *json,
                             cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(json, "/authorizations");
    const size_t count = cmg__json_size(list);
    cmg_status rc = CMG_OK;

    cmg__acme_forget_proofs(m);
    if (cmg__json_type(list) != CMG__JSON_ARRAY || count == 0 ||
        count > CMG__ACME_NAMES_MAX)
        return cmg__acme_strange(m, "the order has no list of authorizations", err);
    m->proofs = cmg__alloc_array(m->alloc, count, sizeof *m->proofs);
    if (m->proofs == NULL)
        return cmg__fail_nomem(err);
    m->proof_count = count;
    for (size_t i = 0; i < count && rc == CMG_OK; i++)
        rc = cmg__acme_take_url(m, &m->proofs[i].url,
                                cmg__json_str(cmg__json_item(list, i), ""),
                                "authorization", err);
    m->phase = CMG__ACME_AUTHORIZATION;
    return rc;
}

static cmg_status on_ready(struct cmg__acme *m, const struct cmg__json *json,
                           cmg_error **err)
{
    if (m->phase == CMG__ACME_FINALIZE) /* not believed at once */
        m->wait_ms = POLL_MS;
    m->phase = CMG__ACME_FINALIZE;
    return cmg__acme_take_url(m, &m->finalize, cmg__json_str(json, "/finalize"),
                              "finalize", err);
}

static cmg_status on_valid(struct cmg__acme *m, const struct cmg__json *json,
                           cmg_error **err)
{
    m->phase = CMG__ACME_DOWNLOAD;
    return cmg__acme_take_url(m, &m->certificate, cmg__json_str(json, "/certificate"),
                              "certificate", err);
}

/* The order's own error is used when no authorization explains it. */
static cmg_status on_invalid(struct cmg__acme *m, const struct cmg__json *json,
                             cmg_error **err)
{
    struct cmg__acme_problem problem;
    cmg_status rc = CMG_OK;

    if (m->proof_count == 0 && cmg__json_size(cmg__json_at(json, "/authorizations")) > 0)
        rc = on_pending(m, json, err);
    if (rc != CMG_OK)
        return rc;
    cmg__acme_problem_read(cmg__json_at(json, "/error"), &problem);
    cmg_error_unref(m->failure);
    m->failure = NULL;
    rc = cmg__acme_problem_fail(m, &problem, 0, 0, "the order", &m->failure);
    m->at = 0;
    m->phase = CMG__ACME_EXPLAIN;
    return rc == CMG_E_NOMEM ? cmg__fail_nomem(err) : CMG_OK;
}

static void restart(struct cmg__acme *m)
{
    cmg__acme_forget_order(m);
    m->phase = CMG__ACME_NEW_ORDER;
}

cmg_status cmg__acme_read_order(struct cmg__acme *m, struct cmg__enrol_case *c,
                                const struct cmg__http_response *resp,
                                const struct cmg__json *json, cmg_error **err)
{
    const char *status = cmg__str_or(cmg__json_str(json, "/status"), "");
    const bool found = m->found;
    cmg_status rc = CMG_OK;

    if (m->phase == CMG__ACME_NEW_ORDER)
        rc = adopt(m, c, cmg__headers_get(&resp->headers, "Location"), err);
    if (rc != CMG_OK)
        return rc;
    m->found = false;
    m->at = 0;
    if (strcmp(status, "pending") == 0)
        return on_pending(m, json, err);
    if (strcmp(status, "ready") == 0)
        return on_ready(m, json, err);
    if (strcmp(status, "valid") == 0)
        return on_valid(m, json, err);
    if (strcmp(status, "processing") == 0) {
        m->phase = CMG__ACME_ORDER;
        m->wait_ms = cmg__enrol_poll_ms(c, resp, POLL_MS);
        return CMG_OK;
    }
    if (strcmp(status, "invalid") != 0)
        return cmg__acme_strange(m, "the order has an unknown status", err);
    if (!found)
        return on_invalid(m, json, err);
    restart(m);
    return CMG_OK;
}

/* ---- the end ---- */

cmg_status cmg__acme_finalize_payload(struct cmg__acme *m, struct cmg__enrol_case *c,
                                      struct cmg__json **out, cmg_error **err)
{
    struct cmg__buf text;

    cmg__buf_init(&text, m->alloc, 2 * c->csr.len + 8);
    if (cmg__base64url_encode(&text, c->csr.data, c->csr.len) == CMG_OK)
        *out = cmg__json_pack("{s:s}", "csr", cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return *out != NULL ? CMG_OK : cmg__fail_nomem(err);
}

cmg_status cmg__acme_read_certificate(struct cmg__acme *m, struct cmg__enrol_case *c,
                                      const struct cmg__http_response *resp,
                                      const struct cmg__json *json, cmg_error **err)
{
    (void)c;
    (void)json;
    cmg__x509_free_list(m->alloc, m->certs, m->cert_count);
    m->certs = NULL;
    m->cert_count = 0;
    const cmg_status rc =
        cmg__x509_parse_pem(m->alloc, cmg__buf_cstr(&resp->body), resp->body.len,
                            &m->certs, &m->cert_count, err);
    if (rc == CMG_OK)
        m->phase = CMG__ACME_ISSUED;
    return rc;
}
