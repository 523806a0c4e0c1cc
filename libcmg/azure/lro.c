/*
 * Long-running operations of Resource Manager. The mode is decided by headers and body of
 * the first answer, never by its status alone:
 *
 *   Azure-AsyncOperation present                  -> STATUS
 *   else Location present and the status is 202   -> LOCATION
 *   else PUT/PATCH, provisioningState not final   -> BODY
 *   else                                          -> DONE
 *
 * A Location on 200 or 201 is noise (Graph, budgets, identities send it). A first answer
 * whose provisioningState says Failed goes to BODY as well: one more GET reads the
 * failure with its cause. Words that are not known, and "", mean that the work goes on. A
 * polling URL gets the bearer token, so it must stay on the host of the request that
 * began it.
 */
#include "azure/call.h"

#include <string.h>
#include "base/str.h"

#define STATE_PATH "/properties/provisioningState"

static const struct final_word {
    const char *word;
    enum cmg__lro_state state;
} final_words[] = {
    { "Succeeded", CMG__LRO_SUCCEEDED },
    { "Failed", CMG__LRO_FAILED },
    { "Canceled", CMG__LRO_FAILED },
    { "Cancelled", CMG__LRO_FAILED },
};

static enum cmg__lro_state state_of(const char *word)
{
    for (size_t i = 0; word != NULL && i < CMG__ARRAY_LEN(final_words); i++) {
        if (cmg__str_ieq(word, final_words[i].word))
            return final_words[i].state;
    }
    return CMG__LRO_RUNNING;
}

/* The URL to poll: as given, or made absolute when it is a path of the same host. */
static cmg_status polling_url(const struct cmg__alloc *alloc, const char *base,
                              const char *given, char **out, cmg_error **err)
{
    struct cmg__url parts;
    bool is_path = given[0] == '/' && given[1] != '/';

    if (is_path && cmg__url_parse(base, &parts)) {
        int origin = (int)(parts.host - base) + (int)strcspn(parts.host, "/?");
        *out = cmg__format(alloc, "%.*s%s", origin, base, given);
        return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
    }
    if (!cmg__url_parse(given, &parts) || !parts.https ||
        !cmg__url_same_host(base, given))
        return cmg__fail(
            err, alloc, CMG_E_PROTO, "polling URL",
            "check that nothing between here and Azure changes answers, then "
            "run the same command again: it looks at what was begun",
            "the polling URL of a long-running operation is not on the host "
            "of the request");
    *out = cmg__strdup(alloc, given);
    return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static bool body_is_running(const struct cmg__alloc *alloc, const char *method,
                            const struct cmg__http_response *resp)
{
    struct cmg__json *body = NULL;
    bool running = false;

    if (strcmp(method, "PUT") != 0 && strcmp(method, "PATCH") != 0)
        return false;
    if (cmg__json_parse(alloc, "answer", cmg__buf_cstr(&resp->body), resp->body.len,
                        &body, NULL) != CMG_OK)
        return false;
    const char *word = cmg__json_str(body, STATE_PATH);
    if (word != NULL)
        running = state_of(word) != CMG__LRO_SUCCEEDED;
    cmg__json_unref(body);
    return running;
}

cmg_status cmg__lro_begin(const struct cmg__alloc *alloc, const char *original_url,
                          const char *method, const struct cmg__http_response *resp,
                          struct cmg__lro *out, cmg_error **err)
{
    const char *status_url = cmg__headers_get(&resp->headers, "Azure-AsyncOperation");
    const char *location = cmg__headers_get(&resp->headers, "Location");
    struct cmg__lro lro = { .mode = CMG__LRO_DONE };
    cmg_status rc = CMG_OK;

    if (!cmg__str_is_empty(status_url)) {
        lro.mode = CMG__LRO_STATUS;
        rc = polling_url(alloc, original_url, status_url, &lro.url, err);
    } else if (!cmg__str_is_empty(location) && resp->status == 202) {
        lro.mode = CMG__LRO_LOCATION;
        rc = polling_url(alloc, original_url, location, &lro.url, err);
    } else if (body_is_running(alloc, method, resp)) {
        lro.mode = CMG__LRO_BODY;
        rc = polling_url(alloc, original_url, original_url, &lro.url, err);
    }
    if (rc == CMG_OK)
        *out = lro;
    return rc;
}

/* Says nothing about the operation: ask again. */
static bool is_passing(int status)
{
    return status == 408 || status == 429 || status >= 500;
}

static bool is_good(int status)
{
    return status >= 200 && status < 300;
}

/* A final word other than Succeeded; the cause stands in one of several places, or
   nowhere. */
static cmg_status fail_word(const struct cmg__alloc *alloc, const struct cmg__json *doc,
                            const char *word, cmg_error **err)
{
    static const char *const places[] = { "/error", "/properties/error",
                                          "/properties/statusMessage" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(places); i++) {
        const struct cmg__json *value = cmg__json_at(doc, places[i]);
        enum cmg__json_type type = cmg__json_type(value);

        if (type == CMG__JSON_OBJECT || type == CMG__JSON_STRING)
            return cmg__azure_error_value(alloc, NULL, value, err);
    }
    bool canceled = !cmg__str_ieq(word, "Failed");
    const struct cmg__error_info info = {
        .code = canceled ? CMG_E_CONFLICT : CMG_E_IO,
        .origin = CMG_ORIGIN_SERVICE,
        .service_code = canceled ? "Canceled" : "Failed",
        .cause = canceled ? "someone cancelled it" : "the service gave no cause",
        .remedy = canceled ? "run the same command again"
                           : "look at the resource group's activity log",
    };
    return cmg__error_set(err, alloc, &info, "the operation ended as %s",
                          info.service_code);
}

static cmg_status read_word(const struct cmg__alloc *alloc, const struct cmg__json *doc,
                            const char *word, enum cmg__lro_state *state, cmg_error **err)
{
    *state = state_of(word);
    return *state == CMG__LRO_FAILED ? fail_word(alloc, doc, word, err) : CMG_OK;
}

static cmg_status parse(const struct cmg__alloc *alloc,
                        const struct cmg__http_response *resp, struct cmg__json **out,
                        cmg_error **err)
{
    if (resp->body.len == 0) {
        *out = cmg__json_object();
        return *out == NULL ? cmg__fail_nomem(err) : CMG_OK;
    }
    cmg_status rc = cmg__json_parse(alloc, "polling answer", cmg__buf_cstr(&resp->body),
                                    resp->body.len, out, err);
    return rc == CMG_E_NOMEM || rc == CMG_OK
               ? rc
               : cmg__error_set(err, alloc,
                                &(struct cmg__error_info){
                                    .code = CMG_E_PROTO,
                                    .retry = CMG_RETRY_TRANSIENT,
                                    .origin = CMG_ORIGIN_JSON,
                                },
                                "a polling answer is not a JSON document");
}

static int percent_of(const struct cmg__json *doc)
{
    int64_t percent = cmg__json_int(doc, "/percentComplete", -1);

    return percent < 0 || percent > 100 ? -1 : (int)percent;
}

static cmg_status read_status(const struct cmg__alloc *alloc,
                              const struct cmg__http_response *resp,
                              enum cmg__lro_state *state, int *percent, cmg_error **err)
{
    struct cmg__json *doc = NULL;

    if (!is_good(resp->status))
        return CMG_OK;
    cmg_status rc = parse(alloc, resp, &doc, err);
    if (rc == CMG_OK) {
        *percent = percent_of(doc);
        rc = read_word(alloc, doc, cmg__json_str(doc, "/status"), state, err);
    }
    cmg__json_unref(doc);
    return rc;
}

static cmg_status read_location(const struct cmg__alloc *alloc, struct cmg__lro *lro,
                                const struct cmg__http_response *resp,
                                enum cmg__lro_state *state, cmg_error **err)
{
    const char *location = cmg__headers_get(&resp->headers, "Location");
    char *url = NULL;

    if (resp->status == 202 && !cmg__str_is_empty(location)) {
        cmg_status rc = polling_url(alloc, lro->url, location, &url, err);
        if (rc != CMG_OK)
            return rc;
        cmg__free(alloc, lro->url);
        lro->url = url;
    }
    if (resp->status == 202)
        return CMG_OK;
    *state = is_good(resp->status) ? CMG__LRO_SUCCEEDED : CMG__LRO_FAILED;
    return is_good(resp->status) ? CMG_OK : cmg__azure_error(alloc, NULL, resp, err);
}

static cmg_status read_resource(const struct cmg__alloc *alloc,
                                const struct cmg__http_response *resp,
                                enum cmg__lro_state *state, cmg_error **err)
{
    struct cmg__json *doc = NULL;

    if (!is_good(resp->status)) {
        *state = CMG__LRO_FAILED;
        return cmg__azure_error(alloc, NULL, resp, err);
    }
    cmg_status rc = parse(alloc, resp, &doc, err);
    if (rc == CMG_OK) {
        const char *word = cmg__json_str(doc, STATE_PATH);
        rc = read_word(alloc, doc, word == NULL ? "Succeeded" : word, state, err);
    }
    cmg__json_unref(doc);
    return rc;
}

cmg_status cmg__lro_read(const struct cmg__alloc *alloc, struct cmg__lro *lro,
                         const struct cmg__http_response *resp,
                         enum cmg__lro_state *state, int *percent, cmg_error **err)
{
    *state = CMG__LRO_RUNNING;
    *percent = -1;
    if (lro->mode == CMG__LRO_DONE)
        *state = CMG__LRO_SUCCEEDED;
    if (lro->mode == CMG__LRO_DONE || is_passing(resp->status))
        return CMG_OK;
    if (lro->mode == CMG__LRO_STATUS)
        return read_status(alloc, resp, state, percent, err);
    if (lro->mode == CMG__LRO_LOCATION)
        return read_location(alloc, lro, resp, state, err);
    return read_resource(alloc, resp, state, err);
}
