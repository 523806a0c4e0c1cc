/* See redirect.h. */
#include "azure/redirect.h"

#include <string.h>

#include "base/http.h"
#include "base/str.h"

enum name { NAME_CODE, NAME_STATE, NAME_ERROR, NAME_TEXT, NAMES };

static const struct {
    const char *text;
    size_t max; /* of its value, decoded */
} names[NAMES] = {
    [NAME_CODE] = { "code", CMG__REDIRECT_MAX },
    [NAME_STATE] = { "state", 256 },
    [NAME_ERROR] = { "error", 64 },
    [NAME_TEXT] = { "error_description", CMG__REDIRECT_MAX },
};

struct values {
    struct cmg__buf of[NAMES];
    bool there[NAMES];
};

static enum name find_name(const char *text, size_t n)
{
    enum name name = NAME_CODE;

    while (name < NAMES &&
           (strlen(names[name].text) != n || memcmp(names[name].text, text, n) != 0))
        name++;
    return name;
}

/* Names that are not known are passed over: session_state, client_info, what may come. */
static cmg_status take_pair(struct values *values, const char *pair, size_t n)
{
    const char *equals = memchr(pair, '=', n);
    const size_t len = equals == NULL ? n : (size_t)(equals - pair);
    const enum name name = find_name(pair, len);

    if (name == NAMES)
        return CMG_OK;
    if (equals == NULL || values->there[name])
        return CMG_E_PARSE;
    values->there[name] = true;
    if (cmg__url_decode(&values->of[name], equals + 1, n - len - 1, true))
        return CMG_OK;
    return CMG_E_PARSE;
}

static cmg_status take_pairs(struct values *values, const char *query, size_t n)
{
    cmg_status rc = n > CMG__REDIRECT_MAX ? CMG_E_PARSE : CMG_OK;

    while (rc == CMG_OK && n > 0) {
        const char *amp = memchr(query, '&', n);
        const size_t pair = amp == NULL ? n : (size_t)(amp - query);

        rc = take_pair(values, query, pair);
        query += pair + (amp != NULL);
        n -= pair + (amp != NULL);
    }
    return rc;
}

static bool is_word(const struct cmg__buf *text)
{
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] <= ' ' || text->data[i] > '~')
            return false;
    }
    return text->len > 0;
}

static cmg_status judge(const struct values *values, const char *state)
{
    const bool code = values->there[NAME_CODE];
    const enum name answer = code ? NAME_CODE : NAME_ERROR;

    if (code == values->there[NAME_ERROR] || !values->there[NAME_STATE] ||
        !is_word(&values->of[answer]))
        return CMG_E_PARSE;
    if (values->of[NAME_STATE].len != strlen(state) ||
        !cmg__memeq_const_time(values->of[NAME_STATE].data, state, strlen(state)))
        return CMG_E_AUTH;
    return CMG_OK;
}

static cmg_status keep(struct cmg__redirect *redirect, struct values *values)
{
    if (values->there[NAME_CODE])
        return cmg__secret_set(&redirect->code, values->of[NAME_CODE].data,
                               values->of[NAME_CODE].len);
    const struct cmg__buf *text = &values->of[NAME_TEXT];
    const bool good = cmg__utf8_is_valid(cmg__buf_cstr(text), text->len);

    redirect->error =
        cmg__json_pack("{s:s, s:s}", "error", cmg__buf_cstr(&values->of[NAME_ERROR]),
                       "error_description", good ? cmg__buf_cstr(text) : "");
    return redirect->error == NULL ? CMG_E_NOMEM : CMG_OK;
}

void cmg__redirect_init(struct cmg__redirect *redirect, const struct cmg__alloc *alloc)
{
    cmg__secret_init(&redirect->code, alloc);
    redirect->error = NULL;
}

void cmg__redirect_done(struct cmg__redirect *redirect)
{
    cmg__secret_clear(&redirect->code);
    cmg__json_clear(&redirect->error);
}

cmg_status cmg__redirect_read(struct cmg__redirect *redirect,
                              const struct cmg__alloc *alloc, const char *query, size_t n,
                              const char *state)
{
    struct values values = { .there = { false } };
    bool starved = false;

    for (size_t i = 0; i < NAMES; i++) {
        cmg__buf_init_secret(&values.of[i], alloc, names[i].max);
        /* Decoding does not tell short memory from bad text: the room is made first. */
        starved = starved || cmg__buf_reserve(&values.of[i], names[i].max) != CMG_OK;
    }
    cmg_status rc = starved ? CMG_E_NOMEM : take_pairs(&values, query, n);
    if (rc == CMG_OK)
        rc = judge(&values, state);
    if (rc == CMG_OK)
        rc = keep(redirect, &values);
    for (size_t i = 0; i < NAMES; i++)
        cmg__buf_done(&values.of[i]);
    return rc;
}
