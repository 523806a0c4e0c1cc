/*
 * What an EST server would like to see in requests:
 *
 *   CsrAttrs  ::= SEQUENCE SIZE (0..MAX) OF AttrOrOID
 *   AttrOrOID ::= CHOICE { OBJECT IDENTIFIER, SEQUENCE { type, SET OF value } }
 *
 * The request is made already; so this is told, not followed.
 */
#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "crypto/der_read.h"
#include "enrol/est.h"

#define DER_MAX ((size_t)16 * 1024)

static cmg_status decode(const char *body, size_t n, struct cmg__buf *der)
{
    struct cmg__buf digits;
    cmg_status rc = CMG_OK;

    cmg__buf_init(&digits, der->alloc, 2 * DER_MAX);
    for (size_t i = 0; i < n && rc == CMG_OK; i++) {
        if (strchr(" \t\r\n", body[i]) == NULL)
            rc = cmg__buf_add_char(&digits, body[i]);
    }
    if (rc == CMG_OK)
        rc = cmg__base64_decode(der, cmg__buf_cstr(&digits), digits.len);
    cmg__buf_done(&digits);
    return rc;
}

/* The name of one entry, dotted when it has none. */
static bool add_entry(const struct cmg__der_item *item, struct cmg__buf *text)
{
    struct cmg__span in = item->content;
    struct cmg__span oid = item->content;
    char dotted[CMG__OID_TEXT_SIZE];

    if (item->tag == CMG__DER_SEQUENCE &&
        (!cmg__der_take(&in, CMG__DER_OID, &oid) ||
         !cmg__der_take(&in, CMG__DER_SET, NULL) || in.n != 0))
        return false;
    if (item->tag != CMG__DER_SEQUENCE && item->tag != CMG__DER_OID)
        return false;
    cmg__oid_format(oid.p, oid.n, dotted);
    const cmg_status rc = cmg__buf_addf(text, "%s %s", text->len > 0 ? "," : "", dotted);
    return rc == CMG_OK || rc == CMG_E_LIMIT;
}

static bool walk(const struct cmg__buf *der, struct cmg__buf *text)
{
    struct cmg__span in = cmg__span_of(der->data, der->len);
    struct cmg__span list;
    struct cmg__der_item item;

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &list) || in.n != 0)
        return false;
    while (list.n > 0) {
        if (!cmg__der_next(&list, &item) || !add_entry(&item, text))
            return false;
    }
    return true;
}

bool cmg__est_attributes(const struct cmg__alloc *alloc, const char *body, size_t n,
                         char *out, size_t size)
{
    struct cmg__buf der;
    struct cmg__buf text;

    cmg__buf_init(&der, alloc, DER_MAX);
    cmg__buf_init(&text, alloc, size / 2);
    const bool good = decode(body, n, &der) == CMG_OK && walk(&der, &text);
    out[0] = '\0';
    if (good && text.len > 0)
        (void)snprintf(out, size, "the server would like to see in requests:%s",
                       cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    cmg__buf_done(&der);
    return good;
}
