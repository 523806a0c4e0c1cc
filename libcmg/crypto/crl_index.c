/*
 * Packed entries of a revocation list. A record is one octet of serial length and flags,
 * one of reason, five of date, perhaps one of issuer and five of invalidity date, and the
 * serial number. Sorting is a heap sort over places that carry the begin of their serial,
 * so it needs no second array, no recursion, and has no bad case.
 */
#include "crypto/crl_index.h"

#include <string.h>

#include <cmg/crl.h>

#define LENGTH_BITS    0x1fU
#define NEGATIVE       0x20U
#define HAS_ISSUER     0x40U
#define HAS_INVALIDITY 0x80U
#define HEAD_SIZE      7 /* flags, reason, date */
#define TIME_SIZE      5
#define RECORD_MAX     (HEAD_SIZE + 1 + TIME_SIZE + CMG__SERIAL_MAX)
/* Moves every time that DER can say into 40 bits without sign. */
#define TIME_OFFSET (INT64_C(1) << 39)

struct place {
    uint64_t key; /* sign, length and the first seven octets of the serial */
    uint32_t at;
};

void cmg__crl_index_init(struct cmg__crl_index *index, const struct cmg__alloc *alloc,
                         size_t max_bytes)
{
    *index = (struct cmg__crl_index){ .alloc = alloc };
    cmg__buf_init(&index->filling, alloc, max_bytes);
}

void cmg__crl_index_done(struct cmg__crl_index *index)
{
    cmg__buf_done(&index->filling);
    cmg__free(index->alloc, index->records);
    cmg__free(index->alloc, index->order);
}

static void put_time(uint8_t out[TIME_SIZE], int64_t time)
{
    const uint64_t moved = (uint64_t)(time + TIME_OFFSET);

    for (unsigned i = 0; i < TIME_SIZE; i++)
        out[i] = (uint8_t)(moved >> (8 * i));
}

static int64_t get_time(const uint8_t in[TIME_SIZE])
{
    uint64_t moved = 0;

    for (unsigned i = 0; i < TIME_SIZE; i++)
        moved |= (uint64_t)in[i] << (8 * i);
    return (int64_t)moved - TIME_OFFSET;
}

cmg_status cmg__crl_index_add(struct cmg__crl_index *index,
                              const struct cmg__crl_record *record)
{
    uint8_t bytes[RECORD_MAX];
    size_t n = HEAD_SIZE;
    unsigned flags = (unsigned)record->serial.bytes.n & LENGTH_BITS;

    put_time(bytes + 2, record->date);
    if (record->serial.negative)
        flags |= NEGATIVE;
    if (record->issuer != 0) {
        flags |= HAS_ISSUER;
        bytes[n++] = record->issuer;
    }
    if (record->has_invalidity) {
        flags |= HAS_INVALIDITY;
        put_time(bytes + n, record->invalidity);
        n += TIME_SIZE;
    }
    bytes[0] = (uint8_t)flags;
    bytes[1] = record->reason;
    memcpy(bytes + n, record->serial.bytes.p, record->serial.bytes.n);
    const cmg_status rc =
        cmg__buf_add(&index->filling, bytes, n + record->serial.bytes.n);
    index->added += rc == CMG_OK;
    return rc;
}

static size_t serial_offset(const uint8_t *record)
{
    return HEAD_SIZE + ((record[0] & HAS_ISSUER) != 0 ? 1U : 0U) +
           ((record[0] & HAS_INVALIDITY) != 0 ? TIME_SIZE : 0U);
}

static size_t record_size(const uint8_t *record)
{
    return serial_offset(record) + (record[0] & LENGTH_BITS);
}

static uint8_t issuer_of(const uint8_t *record)
{
    return (record[0] & HAS_ISSUER) != 0 ? record[HEAD_SIZE] : 0;
}

unsigned cmg__crl_reason_rank(unsigned reason)
{
    if (reason == CMG_REASON_REMOVE_FROM_CRL)
        return 2;
    return reason == CMG_REASON_CERTIFICATE_HOLD ? 1 : 0;
}

static uint64_t key_of(const uint8_t *record)
{
    const uint8_t *serial = record + serial_offset(record);
    const size_t n = record[0] & LENGTH_BITS;
    uint64_t key = record[0] & (LENGTH_BITS | NEGATIVE);

    for (size_t i = 0; i < 7; i++)
        key = key << 8 | (i < n ? serial[i] : 0U);
    return key;
}

/* Order of two records by serial; both of one length and sign when keys are equal. */
static int compare_serials(const uint8_t *a, const uint8_t *b)
{
    const unsigned head_a = a[0] & (LENGTH_BITS | NEGATIVE);
    const unsigned head_b = b[0] & (LENGTH_BITS | NEGATIVE);

    if (head_a != head_b)
        return head_a < head_b ? -1 : 1;
    return memcmp(a + serial_offset(a), b + serial_offset(b), head_a & LENGTH_BITS);
}

static bool is_less(const uint8_t *records, const struct place *a, const struct place *b)
{
    const uint8_t *x = records + a->at;
    const uint8_t *y = records + b->at;

    if (a->key != b->key)
        return a->key < b->key;
    const int order = compare_serials(x, y);
    if (order != 0)
        return order < 0;
    if (issuer_of(x) != issuer_of(y))
        return issuer_of(x) < issuer_of(y);
    if (cmg__crl_reason_rank(x[1]) != cmg__crl_reason_rank(y[1]))
        return cmg__crl_reason_rank(x[1]) < cmg__crl_reason_rank(y[1]);
    return a->at < b->at;
}

/* Lets the place at i sink until no child is greater. */
static void sink(const uint8_t *records, struct place *heap, size_t i, size_t n)
{
    const struct place moving = heap[i];

    for (size_t child = 2 * i + 1; child < n; child = 2 * i + 1) {
        if (child + 1 < n && is_less(records, &heap[child], &heap[child + 1]))
            child++;
        if (!is_less(records, &moving, &heap[child]))
            break;
        heap[i] = heap[child];
        i = child;
    }
    heap[i] = moving;
}

static void sort(const uint8_t *records, struct place *places, size_t n)
{
    for (size_t i = n / 2; i > 0; i--)
        sink(records, places, i - 1, n);
    for (size_t end = n; end > 1; end--) {
        const struct place greatest = places[0];

        places[0] = places[end - 1];
        places[end - 1] = greatest;
        sink(records, places, 0, end - 1);
    }
}

/* The block gives back what it has too much; one that cannot stays as it is. */
static void take_records(struct cmg__crl_index *index)
{
    index->records_size = index->filling.cap;
    const size_t used = index->filling.len;
    index->records = (uint8_t *)cmg__buf_steal(&index->filling);
    uint8_t *smaller = cmg__realloc(index->alloc, index->records, used);
    if (smaller != NULL) {
        index->records = smaller;
        index->records_size = used;
    }
}

static void fill_places(const struct cmg__crl_index *index, struct place *places)
{
    const uint8_t *records = index->records;
    uint32_t at = 0;

    for (size_t i = 0; i < index->added; i++) {
        places[i] = (struct place){ .key = key_of(records + at), .at = at };
        at += (uint32_t)record_size(records + at);
    }
}

/* Writes the places down, each serial of one issuer once. */
static void fill_order(struct cmg__crl_index *index, const struct place *places)
{
    const uint8_t *before = NULL;

    for (size_t i = 0; i < index->added; i++) {
        const uint8_t *record = index->records + places[i].at;

        if (before == NULL || compare_serials(before, record) != 0 ||
            issuer_of(before) != issuer_of(record))
            index->order[index->count++] = places[i].at;
        else
            index->repeated++;
        before = record;
    }
}

cmg_status cmg__crl_index_finish(struct cmg__crl_index *index)
{
    if (index->added == 0)
        return CMG_OK;
    take_records(index);
    struct place *places = cmg__alloc_array(index->alloc, index->added, sizeof *places);
    index->order = cmg__alloc_array(index->alloc, index->added, sizeof *index->order);
    const bool whole = places != NULL && index->order != NULL;
    if (whole) {
        fill_places(index, places);
        sort(index->records, places, index->added);
        fill_order(index, places);
    }
    cmg__free(index->alloc, places);
    return whole ? CMG_OK : CMG_E_NOMEM;
}

void cmg__crl_index_get(const struct cmg__crl_index *index, size_t i,
                        struct cmg__crl_record *out)
{
    const uint8_t *record = index->records + index->order[i];
    const size_t serial = serial_offset(record);

    *out = (struct cmg__crl_record){
        .serial = { .bytes = cmg__span_of(record + serial, record[0] & LENGTH_BITS),
                    .negative = (record[0] & NEGATIVE) != 0 },
        .date = get_time(record + 2),
        .has_invalidity = (record[0] & HAS_INVALIDITY) != 0,
        .reason = record[1],
        .issuer = issuer_of(record),
    };
    if (out->has_invalidity)
        out->invalidity = get_time(record + serial - TIME_SIZE);
}

static int compare(const struct cmg__crl_index *index, size_t i,
                   const struct cmg__crl_serial *serial)
{
    const uint8_t *record = index->records + index->order[i];
    const unsigned have = record[0] & (LENGTH_BITS | NEGATIVE);
    const unsigned want = (unsigned)serial->bytes.n | (serial->negative ? NEGATIVE : 0U);

    if (have != want)
        return have < want ? -1 : 1;
    return memcmp(record + serial_offset(record), serial->bytes.p, serial->bytes.n);
}

size_t cmg__crl_index_lower(const struct cmg__crl_index *index,
                            const struct cmg__crl_serial *serial, unsigned *steps)
{
    size_t low = 0;
    size_t high = index->count;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (steps != NULL)
            (*steps)++;
        if (compare(index, middle, serial) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool cmg__crl_index_has(const struct cmg__crl_index *index, size_t i,
                        const struct cmg__crl_serial *serial)
{
    return i < index->count && compare(index, i, serial) == 0;
}

size_t cmg__crl_index_bytes(const struct cmg__crl_index *index)
{
    return index->records_size + index->added * sizeof *index->order;
}
