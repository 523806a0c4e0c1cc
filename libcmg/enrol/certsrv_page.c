/* See certsrv_page.h. Pure; the page may be anything. */
#include "enrol/certsrv_page.h"

#include <string.h>

#include "base/str.h"
#include "enrol/html.h"

#define LINK          "certnew.cer?ReqID="
#define ID_DIGITS_MAX 10
#define TEXT_MAX      8192

/* Parts of words that tell what kind of page it is. Pending comes first: taken for
   pending by mistake, a request is only asked for again. */
static const struct {
    const char *word;
    enum cmg__certsrv_verdict verdict;
} words[] = {
    { "pending", CMG__CERTSRV_PENDING },        { "submission", CMG__CERTSRV_PENDING },
    { "ausstehend", CMG__CERTSRV_PENDING },     { "en attente", CMG__CERTSRV_PENDING },
    { "pendiente", CMG__CERTSRV_PENDING },      { "in sospeso", CMG__CERTSRV_PENDING },
    { "in behandeling", CMG__CERTSRV_PENDING }, { "pendente", CMG__CERTSRV_PENDING },
    { "denied", CMG__CERTSRV_DENIED },          { "verweigert", CMG__CERTSRV_DENIED },
    { "abgelehnt", CMG__CERTSRV_DENIED },       { "refus", CMG__CERTSRV_DENIED },
    { "rejet", CMG__CERTSRV_DENIED },           { "deneg", CMG__CERTSRV_DENIED },
    { "rechaz", CMG__CERTSRV_DENIED },          { "negata", CMG__CERTSRV_DENIED },
    { "geweigerd", CMG__CERTSRV_DENIED },
};

/* Where word stands in text without regard to case; n when it does not. */
static size_t find(const char *text, size_t n, const char *word)
{
    const size_t len = strlen(word);

    for (size_t i = 0; i + len <= n; i++) {
        if (cmg__lower(text[i]) == cmg__lower(word[0]) &&
            cmg__str_ieqn(text + i, word, len))
            return i;
    }
    return n;
}

static size_t count_digits(const char *text, size_t n)
{
    size_t digits = 0;

    while (digits < n && cmg__is_digit(text[digits]))
        digits++;
    return digits;
}

static bool set_id(struct cmg__certsrv_page *out, const char *digits, size_t n)
{
    uint64_t id = 0;

    if (n == 0 || n > ID_DIGITS_MAX || !cmg__parse_u64(digits, n, &id) || id == 0 ||
        id > UINT32_MAX)
        return false;
    memcpy(out->request_id, digits, n);
    out->request_id[n] = '\0';
    return true;
}

/* The link is the same in every language. */
static bool find_link(const char *html, size_t n, struct cmg__certsrv_page *out)
{
    size_t at = find(html, n, LINK);

    while (at < n) {
        at += strlen(LINK);
        if (set_id(out, html + at, count_digits(html + at, n - at)))
            return true;
        at += find(html + at, n - at, LINK);
    }
    return false;
}

/* "Request Id is 12", "Anforderungs-ID lautet 12", "ID de la demande : 12": a word "id",
   and the first number within a few words after it. */
static bool number_after(const char *text, size_t n, struct cmg__certsrv_page *out)
{
    for (size_t i = 0; i < n; i++) {
        const size_t digits = count_digits(text + i, n - i);
        const bool alone = (i == 0 || !cmg__is_alnum(text[i - 1])) &&
                           (i + digits >= n || !cmg__is_alnum(text[i + digits]));
        if (digits > 0 && alone && set_id(out, text + i, digits))
            return true;
        i += digits;
    }
    return false;
}

static void find_id(const char *text, size_t n, struct cmg__certsrv_page *out)
{
    for (size_t i = 0; i + 2 <= n; i++) {
        const bool word = cmg__str_ieqn(text + i, "id", 2) &&
                          (i == 0 || !cmg__is_alnum(text[i - 1])) &&
                          !cmg__is_alnum(text[i + 2]);
        const size_t left = n - i - 2;
        if (word && number_after(text + i + 2, left < 48 ? left : 48, out))
            return;
    }
}

/* The first 0x8nnnnnnn. */
static uint32_t find_hresult(const char *html, size_t n)
{
    size_t at = find(html, n, "0x8");

    while (at < n) {
        uint64_t value = 0;
        if (n - at >= 10 && cmg__parse_hex(html + at + 2, 8, &value) &&
            (n - at == 10 || !cmg__is_alnum(html[at + 10])))
            return (uint32_t)value;
        at += 3;
        at += find(html + at, n - at, "0x8");
    }
    return 0;
}

static enum cmg__certsrv_verdict by_words(const struct cmg__certsrv_page *page,
                                          const char *text, size_t n)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(words); i++) {
        if (find(text, n, words[i].word) < n)
            return words[i].verdict;
    }
    return page->request_id[0] != '\0' ? CMG__CERTSRV_PENDING : CMG__CERTSRV_UNKNOWN;
}

/* Where the page's own title begins; what stands before is the same on all. */
static size_t find_title(const char *html, size_t n)
{
    const size_t at = find(html, n, "ID=locPageTitle");
    const char *end = at == n ? NULL : memchr(html + at, '>', n - at);

    return end == NULL ? 0 : (size_t)(end + 1 - html);
}

void cmg__certsrv_page_read(const char *html, size_t n, struct cmg__certsrv_page *out)
{
    char text[TEXT_MAX];

    *out = (struct cmg__certsrv_page){ .verdict = CMG__CERTSRV_UNKNOWN };
    cmg__html_text(html, n, text, sizeof text);
    const size_t title = find_title(html, n);
    cmg__html_text(html + title, n - title, out->message, sizeof out->message);
    if (find_link(html, n, out)) {
        out->verdict = CMG__CERTSRV_ISSUED;
        return;
    }
    find_id(text, strlen(text), out);
    out->hresult = find_hresult(text, strlen(text));
    out->verdict =
        out->hresult != 0 ? CMG__CERTSRV_DENIED : by_words(out, text, strlen(text));
}
