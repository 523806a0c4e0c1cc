/*
 * The DER writer. It writes forward: close moves the content up when its length needs
 * more than one octet. That costs a few moves of at most some kilobytes and lets every
 * composer read in the order of the standard it follows.
 */
#include "crypto/der_write.h"

#include <string.h>

#include "base/str.h"

void cmg__der_write_init(struct cmg__der_writer *w, struct cmg__buf *out)
{
    w->out = out;
    w->rc = CMG_OK;
}

size_t cmg__der_open(struct cmg__der_writer *w, unsigned tag)
{
    const uint8_t head[2] = { (uint8_t)tag, 0 };

    cmg__der_put_raw(w, head, sizeof head);
    return w->out->len;
}

void cmg__der_close(struct cmg__der_writer *w, size_t mark)
{
    static const uint8_t zeros[sizeof(size_t)];
    size_t extra = 0;

    if (w->rc != CMG_OK)
        return;
    const size_t n = w->out->len - mark;
    if (n >= 0x80) {
        for (size_t rest = n; rest > 0; rest >>= 8)
            extra++;
    }
    cmg__der_put_raw(w, zeros, extra);
    if (w->rc != CMG_OK)
        return;
    uint8_t *content = (uint8_t *)w->out->data + mark;
    if (extra > 0)
        memmove(content + extra, content, n);
    content[-1] = (uint8_t)(extra == 0 ? n : 0x80U | extra);
    for (size_t i = 0; i < extra; i++)
        content[i] = (uint8_t)(n >> (8 * (extra - 1 - i)));
}

void cmg__der_put(struct cmg__der_writer *w, unsigned tag, const void *data, size_t n)
{
    const size_t mark = cmg__der_open(w, tag);

    cmg__der_put_raw(w, data, n);
    cmg__der_close(w, mark);
}

void cmg__der_put_raw(struct cmg__der_writer *w, const void *data, size_t n)
{
    if (w->rc == CMG_OK && n > 0)
        w->rc = cmg__buf_add(w->out, data, n);
}

void cmg__der_put_oid(struct cmg__der_writer *w, enum cmg__oid oid)
{
    size_t n;
    const uint8_t *bytes = cmg__oid_bytes(oid, &n);

    cmg__der_put(w, CMG__DER_OID, bytes, n);
}

void cmg__der_put_number(struct cmg__der_writer *w, const uint8_t *bytes, size_t n)
{
    static const uint8_t zero = 0;

    while (n > 0 && bytes[0] == 0) {
        bytes++;
        n--;
    }
    const size_t mark = cmg__der_open(w, CMG__DER_INTEGER);
    if (n == 0 || (bytes[0] & 0x80U) != 0)
        cmg__der_put_raw(w, &zero, 1);
    cmg__der_put_raw(w, bytes, n);
    cmg__der_close(w, mark);
}

void cmg__der_put_uint(struct cmg__der_writer *w, uint32_t value)
{
    const uint8_t bytes[4] = { (uint8_t)(value >> 24), (uint8_t)(value >> 16),
                               (uint8_t)(value >> 8), (uint8_t)value };

    cmg__der_put_number(w, bytes, sizeof bytes);
}

void cmg__der_put_true(struct cmg__der_writer *w)
{
    static const uint8_t yes = 0xff;

    cmg__der_put(w, CMG__DER_BOOLEAN, &yes, 1);
}

void cmg__der_put_bits(struct cmg__der_writer *w, const void *data, size_t n)
{
    static const uint8_t unused = 0;
    const size_t mark = cmg__der_open(w, CMG__DER_BIT_STRING);

    cmg__der_put_raw(w, &unused, 1);
    cmg__der_put_raw(w, data, n);
    cmg__der_close(w, mark);
}

void cmg__der_put_time(struct cmg__der_writer *w, int64_t unix_s)
{
    char iso[CMG__TIME_SIZE];
    char text[CMG__TIME_SIZE];
    size_t n = 0;

    /* The digits of 2026-11-23T10:00:00Z are those of a GeneralizedTime. */
    cmg__time_format(unix_s, iso);
    for (const char *p = iso; *p != '\0'; p++) {
        if (cmg__is_digit(*p) || *p == 'Z')
            text[n++] = *p;
    }
    if (memcmp(text, "1950", 4) >= 0 && memcmp(text, "2050", 4) < 0)
        cmg__der_put(w, CMG__DER_UTC_TIME, text + 2, n - 2);
    else
        cmg__der_put(w, CMG__DER_GENERALIZED_TIME, text, n);
}

void cmg__der_put_algorithm(struct cmg__der_writer *w, enum cmg__oid oid, bool null)
{
    const size_t mark = cmg__der_open(w, CMG__DER_SEQUENCE);

    cmg__der_put_oid(w, oid);
    if (null)
        cmg__der_put(w, CMG__DER_NULL, NULL, 0);
    cmg__der_close(w, mark);
}
