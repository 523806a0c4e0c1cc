/*
 * The BER pre-pass. It recurses at most 16 deep and copies each byte once per level. What
 * is inside OCTET STRINGs stays untouched: a signature or MAC may cover it.
 */
#include "crypto/ber.h"

#define MAX_DEPTH   16
#define CONSTRUCTED 0x20U
#define OCTETS_CONS (CMG__DER_OCTET_STRING | CONSTRUCTED)

struct head {
    unsigned tag;
    bool indefinite;
    size_t length;
};

static bool take_head(struct cmg__span *in, struct head *head)
{
    size_t used = 2;

    if (in->n < 2 || (in->p[0] & 0x1fU) == 0x1fU || in->p[0] == 0)
        return false;
    *head = (struct head){ .tag = in->p[0], .length = in->p[1] };
    if (head->length == 0x80) {
        head->indefinite = true;
        head->length = 0;
    } else if (head->length > 0x80) {
        const size_t count = head->length & 0x7fU;

        if (count > sizeof(size_t) || count > in->n - 2)
            return false;
        head->length = 0;
        for (size_t i = 0; i < count; i++)
            head->length = head->length << 8 | in->p[2 + i];
        used += count;
    }
    if (head->length > in->n - used ||
        (head->indefinite && (head->tag & CONSTRUCTED) == 0))
        return false;
    *in = cmg__span_of(in->p + used, in->n - used);
    return true;
}

/* At the two zero octets that end an indefinite value. */
static bool at_end_mark(const struct cmg__span *in)
{
    return in->n >= 2 && in->p[0] == 0 && in->p[1] == 0;
}

static void convert(struct cmg__der_writer *w, struct cmg__span *in, bool pieces,
                    unsigned depth);

/* The values inside of a constructed one. */
static void convert_body(struct cmg__der_writer *w, struct cmg__span *in,
                         const struct head *head, bool pieces, unsigned depth)
{
    struct cmg__span body = cmg__span_of(in->p, head->length);

    if (!head->indefinite) {
        *in = cmg__span_of(in->p + head->length, in->n - head->length);
        while (body.n > 0 && w->rc == CMG_OK)
            convert(w, &body, pieces, depth + 1);
        return;
    }
    while (w->rc == CMG_OK && !at_end_mark(in))
        convert(w, in, pieces, depth + 1);
    if (w->rc == CMG_OK)
        *in = cmg__span_of(in->p + 2, in->n - 2);
}

/* One value; pieces: it is part of an OCTET STRING, only its content counts. */
static void convert(struct cmg__der_writer *w, struct cmg__span *in, bool pieces,
                    unsigned depth)
{
    struct head head;

    if (depth > MAX_DEPTH) {
        w->rc = CMG_E_LIMIT;
        return;
    }
    if (!take_head(in, &head) ||
        (pieces && (head.tag & ~CONSTRUCTED) != CMG__DER_OCTET_STRING)) {
        w->rc = CMG_E_PARSE;
        return;
    }
    if (pieces && head.tag == CMG__DER_OCTET_STRING) {
        cmg__der_put_raw(w, in->p, head.length);
        *in = cmg__span_of(in->p + head.length, in->n - head.length);
    } else if (pieces) {
        convert_body(w, in, &head, true, depth);
    } else if ((head.tag & CONSTRUCTED) == 0) {
        cmg__der_put(w, head.tag, in->p, head.length);
        *in = cmg__span_of(in->p + head.length, in->n - head.length);
    } else {
        const bool octets = head.tag == OCTETS_CONS;
        const size_t mark = cmg__der_open(w, octets ? CMG__DER_OCTET_STRING : head.tag);

        convert_body(w, in, &head, octets, depth);
        cmg__der_close(w, mark);
    }
}

cmg_status cmg__ber_to_der(struct cmg__span in, struct cmg__buf *out)
{
    struct cmg__der_writer w;

    cmg__der_write_init(&w, out);
    convert(&w, &in, false, 1);
    if (w.rc == CMG_OK && in.n != 0)
        return CMG_E_PARSE;
    return w.rc;
}
