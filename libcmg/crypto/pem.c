/*
 * PEM blocks. The body is first stripped of white space into a scratch buffer that is as
 * secret as the buffer the caller gave, then decoded by the strict base64 of base/.
 */
#include "crypto/pem.h"

#include <string.h>

#include "base/base64.h"

#define BEGIN     "-----BEGIN "
#define END       "-----END "
#define DASHES    "-----"
#define LABEL_MAX 64

/* Where needle stands in text, n when it does not. */
static size_t find(const char *text, size_t n, const char *needle)
{
    const size_t len = strlen(needle);

    for (size_t i = 0; i + len <= n; i++) {
        if (text[i] == needle[0] && memcmp(text + i, needle, len) == 0)
            return i;
    }
    return n;
}

/* The blanks of RFC 7468, section 3: line ends of every system among them. */
static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

cmg_status cmg__pem_decode_body(const char *text, size_t n, struct cmg__buf *der)
{
    struct cmg__buf digits;
    cmg_status rc = CMG_OK;

    cmg__buf_init_secret(&digits, der->alloc, n + 1);
    for (size_t i = 0; i < n && rc == CMG_OK; i++) {
        if (!is_space(text[i]))
            rc = cmg__buf_add_char(&digits, text[i]);
    }
    if (rc == CMG_OK)
        rc = cmg__base64_decode(der, cmg__buf_cstr(&digits), digits.len);
    if (rc == CMG_OK && der->len == 0)
        rc = CMG_E_PARSE;
    cmg__buf_done(&digits);
    return rc;
}

/* The end line must carry the label of the begin line; gives where the text goes on. */
static bool find_end(const struct cmg__pem_block *block, const char *text, size_t n,
                     size_t *body, size_t *after)
{
    *body = find(text, n, END);
    const size_t label = *body + strlen(END);

    if (*body == n || n - label < block->label_len + strlen(DASHES) ||
        memcmp(text + label, block->label, block->label_len) != 0 ||
        memcmp(text + label + block->label_len, DASHES, strlen(DASHES)) != 0)
        return false;
    *after = label + block->label_len + strlen(DASHES);
    return true;
}

cmg_status cmg__pem_next(struct cmg__pem_reader *in, struct cmg__pem_block *block,
                         struct cmg__buf *der)
{
    size_t body;
    size_t after;

    cmg__buf_clear(der);
    const size_t begin = find(in->text, in->left, BEGIN);
    if (begin == in->left)
        return CMG_E_NOTFOUND;
    const char *text = in->text + begin + strlen(BEGIN);
    size_t left = in->left - begin - strlen(BEGIN);
    block->label = text;
    block->label_len = find(text, left, DASHES);
    if (block->label_len == left || block->label_len > LABEL_MAX)
        return CMG_E_PARSE;
    text += block->label_len + strlen(DASHES);
    left -= block->label_len + strlen(DASHES);
    if (!find_end(block, text, left, &body, &after))
        return CMG_E_PARSE;
    in->text = text + after;
    in->left = left - after;
    block->encrypted = find(text, body, "Proc-Type:") != body;
    return block->encrypted ? CMG_OK : cmg__pem_decode_body(text, body, der);
}

bool cmg__pem_is(const struct cmg__pem_block *block, const char *label)
{
    return block->label_len == strlen(label) &&
           memcmp(block->label, label, block->label_len) == 0;
}

cmg_status cmg__pem_write(struct cmg__buf *out, const char *label, const void *der,
                          size_t n)
{
    const uint8_t *bytes = der;
    const size_t start = out->len;
    cmg_status rc = cmg__buf_addf(out, "-----BEGIN %s-----\n", label);

    for (size_t i = 0; i < n && rc == CMG_OK; i += 48) {
        rc = cmg__base64_encode(out, bytes + i, n - i < 48 ? n - i : 48);
        if (rc == CMG_OK)
            rc = cmg__buf_add_char(out, '\n');
    }
    if (rc == CMG_OK)
        rc = cmg__buf_addf(out, "-----END %s-----\n", label);
    if (rc != CMG_OK && out->data != NULL) {
        out->len = start;
        out->data[start] = '\0';
    }
    return rc;
}
