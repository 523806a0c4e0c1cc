/*
 * Reads error bodies. JSON of five shapes is walked as one tree: "error" (object, or an
 * OAuth word), "odata.error", "details" and "innererror" lead down, and so does a message
 * that is itself a JSON document, as nested deployments and policies write. The best node
 * wins: a code we know before one we do not, both before a wrapper ("DeploymentFailed"),
 * and of equals the deepest, the first. Depth and number of nodes are bounded. Blob
 * storage's XML is read by its two elements. Whatever is taken is cleaned and cut, so
 * that it can go into a message.
 */
#include "azure/error_body.h"

#include <stdio.h>
#include <string.h>
#include "azure/error_codes.h"
#include "base/str.h"

#define MAX_DEPTH 12
#define MAX_NODES 200
#define NAME      "error body"

struct walk {
    const struct cmg__alloc *alloc;
    struct cmg__azure_fault *out;
    int best;
    unsigned nodes;
};

static void visit(struct walk *w, const struct cmg__json *node, const char *message,
                  unsigned depth);

/* One printable line: runs of blanks and control characters become one blank, no full
   stop at the end, cut between two UTF-8 characters. */
static void clean(char *out, size_t size, const char *s, size_t n)
{
    size_t len = 0;

    for (size_t i = 0; i < n && s[i] != '\0' && len + 1 < size; i++) {
        bool blank = (unsigned char)s[i] <= ' ' || s[i] == 0x7f;

        if (!blank)
            out[len++] = s[i];
        else if (len > 0 && out[len - 1] != ' ')
            out[len++] = ' ';
    }
    if (len + 1 == size) {
        while (len > 0 && ((unsigned char)out[len - 1] & 0xc0) == 0x80)
            len--;
        if (len > 0 && (unsigned char)out[len - 1] >= 0xc0)
            len--;
    }
    while (len > 0 && (out[len - 1] == ' ' || out[len - 1] == '.'))
        len--;
    out[len] = '\0';
    if (!cmg__utf8_is_valid(out, len))
        out[0] = '\0';
}

#define CLEAN(field, text) clean(field, sizeof(field), text, strlen(text))

/* Services disagree about capitals. */
static struct cmg__json *member(const struct cmg__json *object, const char *name)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;

    while (cmg__json_next(object, &iter, &key, &value)) {
        if (cmg__str_ieq(key, name))
            return value;
    }
    return NULL;
}

static const char *text_of(const struct cmg__json *object, const char *name)
{
    const char *s = cmg__json_str(member(object, name), "");
    return s == NULL ? "" : s;
}

static int score(const char *code, const char *message, unsigned depth)
{
    int kind = code[0] == '\0'                                ? 0
               : cmg__azure_code_is_wrapper(code)             ? 1
               : cmg__azure_known_find(code, message) == NULL ? 2
                                                              : 3;
    return kind * 100 + (int)depth;
}

static void take(struct walk *w, const char *code, const char *message,
                 const char *target, unsigned depth)
{
    int points = score(code, message, depth);

    if (points <= w->best)
        return;
    w->best = points;
    CLEAN(w->out->code, code);
    CLEAN(w->out->message, message);
    CLEAN(w->out->target, target);
}

/* A message that holds a JSON document; true when it did. */
static bool visit_text(struct walk *w, const char *text, unsigned depth)
{
    struct cmg__json *inner = NULL;

    text += strspn(text, " \r\n\t");
    if (text[0] != '{' ||
        cmg__json_parse(w->alloc, NAME, text, strlen(text), &inner, NULL) != CMG_OK)
        return false;
    visit(w, inner, "", depth + 1);
    cmg__json_unref(inner);
    return true;
}

/* The words by which the device code flow is steered: they are the code, whatever number
   stands beside them. */
static bool is_flow_word(const char *word)
{
    static const char *const words[] = {
        "authorization_pending", "slow_down",    "authorization_declined",
        "access_denied",         "code_expired", "expired_token",
        "bad_verification_code",
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(words); i++) {
        if (strcmp(words[i], word) == 0)
            return true;
    }
    return false;
}

/* {"error":"invalid_client","error_description":"AADSTS7000215: Invalid ... Trace ID:
 * ..."} */
static void visit_oauth(struct walk *w, const struct cmg__json *body, const char *word)
{
    const char *text = text_of(body, "error_description");
    int64_t number = cmg__json_int(body, "/error_codes/0", 0);
    char code[sizeof w->out->code];
    char line[sizeof w->out->message];

    CLEAN(code, word);
    if (number == 0 && cmg__str_starts(text, "AADSTS")) {
        uint64_t parsed = 0;
        if (cmg__parse_u64(text + 6, strspn(text + 6, "0123456789"), &parsed))
            number = (int64_t)(parsed & INT32_MAX);
    }
    if (number > 0 && !is_flow_word(word))
        snprintf(code, sizeof code, "AADSTS%lld", (long long)number);
    if (cmg__str_starts(text, "AADSTS") && strstr(text, ": ") != NULL)
        text = strstr(text, ": ") + 2;
    const char *end = strstr(text, "Trace ID:");
    clean(line, sizeof line, text, end == NULL ? strlen(text) : (size_t)(end - text));
    take(w, code, line[0] == '\0' ? word : line, "", 1);
    CLEAN(w->out->correlation, text_of(body, "correlation_id"));
    CLEAN(w->out->time, text_of(body, "timestamp"));
}

static void visit_details(struct walk *w, const struct cmg__json *details, unsigned depth)
{
    for (size_t i = 0; i < cmg__json_size(details); i++)
        visit(w, cmg__json_item(details, i), "", depth + 1);
}

static void visit_object(struct walk *w, const struct cmg__json *node,
                         const char *message, unsigned depth)
{
    const struct cmg__json *text = member(node, "message");
    const char *own = cmg__json_str(text, "");

    if (own == NULL) /* {"lang":"en","value":"..."} of the oldest shape */
        own = cmg__json_str(text, "/value");
    if (own == NULL)
        own = message;
    if (visit_text(w, own, depth))
        own = "";
    const char *code = text_of(node, "code");
    if (code[0] != '\0' || own[0] != '\0')
        take(w, code, own, text_of(node, "target"), depth);
    visit_details(w, member(node, "details"), depth);
    visit(w, member(node, "innererror"), own, depth + 1);
}

/* message: what an object without one of its own stands for. */
static void visit(struct walk *w, const struct cmg__json *node, const char *message,
                  unsigned depth)
{
    static const char *const roads[] = { "error", "odata.error", "statusMessage" };
    const char *text = cmg__json_str(node, "");

    if (node == NULL || depth > MAX_DEPTH || ++w->nodes > MAX_NODES)
        return;
    if (text != NULL && !visit_text(w, text, depth))
        take(w, "", text, "", depth);
    if (cmg__json_type(node) != CMG__JSON_OBJECT)
        return;
    for (size_t i = 0; i < CMG__ARRAY_LEN(roads); i++) {
        const struct cmg__json *inner = member(node, roads[i]);
        const char *word = cmg__json_str(inner, "");

        if (word != NULL && i == 0)
            visit_oauth(w, node, word);
        else if (inner != NULL)
            visit(w, inner, "", depth + 1);
    }
    visit_object(w, node, message, depth);
}

void cmg__azure_fault_from_json(const struct cmg__alloc *alloc,
                                const struct cmg__json *body,
                                struct cmg__azure_fault *out)
{
    struct walk w = { .alloc = alloc, .out = out, .best = -1 };

    *out = (struct cmg__azure_fault){ 0 };
    visit(&w, body, "", 0);
}

/* The text of one XML element without children, first line only. */
static void xml_element(const char *xml, const char *open, char *out, size_t size)
{
    const char *start = strstr(xml, open);

    if (start == NULL)
        return;
    start += strlen(open);
    clean(out, size, start, strcspn(start, "<\r\n"));
}

static void read_body(const struct cmg__alloc *alloc, const struct cmg__buf *body,
                      struct cmg__azure_fault *out)
{
    const char *text = cmg__buf_cstr(body);
    struct cmg__json *json = NULL;

    if (cmg__json_parse(alloc, NAME, text, body->len, &json, NULL) == CMG_OK) {
        cmg__azure_fault_from_json(alloc, json, out);
        cmg__json_unref(json);
    } else if (strstr(text, "<Error>") != NULL) {
        xml_element(text, "<Code>", out->code, sizeof out->code);
        xml_element(text, "<Message>", out->message, sizeof out->message);
    }
}

static void read_headers(const struct cmg__http_response *resp,
                         struct cmg__azure_fault *out)
{
    static const char *const ids[] = { "x-ms-correlation-request-id", "request-id",
                                       "x-ms-request-id" };
    const char *code = cmg__headers_get(&resp->headers, "x-ms-error-code");
    const char *challenge = cmg__headers_get(&resp->headers, "WWW-Authenticate");

    if (out->code[0] == '\0' && code != NULL)
        CLEAN(out->code, code);
    if (resp->status == 401 && challenge != NULL &&
        strstr(challenge, "insufficient_claims") != NULL)
        CLEAN(out->code, "insufficient_claims");
    for (size_t i = 0; i < CMG__ARRAY_LEN(ids) && out->correlation[0] == '\0'; i++) {
        const char *id = cmg__headers_get(&resp->headers, ids[i]);
        if (id != NULL)
            CLEAN(out->correlation, id);
    }
    const char *date = cmg__headers_get(&resp->headers, "Date");
    if (out->time[0] == '\0' && date != NULL)
        CLEAN(out->time, date);
}

void cmg__azure_fault_from_response(const struct cmg__alloc *alloc,
                                    const struct cmg__http_response *resp,
                                    struct cmg__azure_fault *out)
{
    *out = (struct cmg__azure_fault){ 0 };
    read_body(alloc, &resp->body, out);
    read_headers(resp, out);
}
