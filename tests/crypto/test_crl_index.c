/*
 * The sorted index of revocation lists: what it holds in memory and how many comparisons
 * a search takes are exact, so they are tests and no measurements.
 */
#include "crypto/lister.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/crl_data.h"

#define MANY      ((size_t)100000)
#define SEED      7
#define MAX_STEPS 20
#define MAX_BYTES 40

static struct cmg__crl *many(struct support_alloc *a, size_t count)
{
    struct lister l;

    support_alloc_init(a);
    lister_init(&l);
    lister_add_many(&l, count, SEED);
    struct cmg__crl *crl = lister_read(&l, &a->alloc);
    lister_done(&l);
    return crl;
}

START_TEST(a_hundred_thousand_entries_take_forty_bytes_each_at_most)
{
    struct support_alloc a;
    struct cmg__crl_info info;
    struct cmg__crl *crl = many(&a, MANY);

    cmg__crl_info(crl, &info);
    ck_assert_uint_eq(info.count, MANY);
    ck_assert_uint_eq(info.repeated, 0);
    ck_assert_uint_le(a.live_bytes, MAX_BYTES * MANY);
    ck_assert_uint_eq(info.memory_bytes, a.live_bytes);
    /* Growth in steps that double, not by the entry. */
    ck_assert_uint_le(a.count, 64);
    cmg__crl_free(crl);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

START_TEST(the_largest_entry_takes_no_more)
{
    struct support_alloc a;
    struct cmg__crl_index index;

    support_alloc_init(&a);
    cmg__crl_index_init(&index, &a.alloc, CMG__CRL_MAX);
    for (size_t i = 0; i < MANY; i++) {
        uint8_t serial[20];

        lister_serial(SEED, i, serial);
        const struct cmg__crl_record record = {
            .serial = { .bytes = cmg__span_of(serial, sizeof serial) },
            .date = PKI_NOW,
            .has_invalidity = true,
            .invalidity = PKI_NOW,
            .reason = CMG_REASON_AA_COMPROMISE,
            .issuer = (uint8_t)(1 + i % 255),
        };
        ck_assert_int_eq(cmg__crl_index_add(&index, &record), CMG_OK);
    }
    ck_assert_int_eq(cmg__crl_index_finish(&index), CMG_OK);
    ck_assert_uint_le(a.live_bytes, MAX_BYTES * MANY);
    ck_assert_uint_eq(cmg__crl_index_bytes(&index), a.live_bytes);
    cmg__crl_index_done(&index);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

START_TEST(every_entry_is_found_in_twenty_comparisons)
{
    static const struct cmg__span own = { NULL, 0 };
    struct support_alloc a;
    struct cmg__crl_entry entry;
    struct cmg__crl *crl = many(&a, MANY);

    for (size_t i = 0; i < MANY; i++) {
        uint8_t serial[20];
        unsigned steps = 1; /* one more tells whether it is the one */

        lister_serial(SEED, i, serial);
        const struct cmg__crl_serial key = { .bytes = cmg__span_of(serial, 20) };
        (void)cmg__crl_index_lower(&crl->index, &key, &steps);
        ck_assert_uint_le(steps, MAX_STEPS);
        ck_assert(cmg__crl_find(crl, key.bytes, own, &entry));
        ck_assert_uint_eq(entry.serial_len, 20);
        ck_assert_mem_eq(entry.serial, serial, 20);
        ck_assert_int_eq(entry.reason, CMG_REASON_KEY_COMPROMISE);
        ck_assert_int_eq(entry.date_unix_s, INT64_C(1793491200));
    }
    cmg__crl_free(crl);
}
END_TEST

START_TEST(what_is_not_listed_is_not_found)
{
    static const struct cmg__span own = { NULL, 0 };
    struct support_alloc a;
    struct cmg__crl_entry entry;
    struct cmg__crl *crl = many(&a, 1000);

    for (size_t i = 1000; i < 3000; i++) {
        uint8_t serial[20];

        lister_serial(SEED, i, serial);
        ck_assert(!cmg__crl_find(crl, cmg__span_of(serial, 20), own, &entry));
        ck_assert(!cmg__crl_find(crl, cmg__span_of(serial, 19), own, &entry));
    }
    cmg__crl_free(crl);
}
END_TEST

/* Orders in which entries may come. */
enum order { ASCENDING, DESCENDING, EQUAL, SHUFFLED, ORDERS };

static uint32_t number_at(enum order order, uint32_t i, uint32_t n)
{
    switch (order) {
    case ASCENDING:
        return i;
    case DESCENDING:
        return n - i;
    case EQUAL:
        return 5;
    default:
        return (i * 7919U) % n;
    }
}

static void add_number(struct cmg__crl_index *index, uint32_t number, uint8_t reason)
{
    uint8_t bytes[4];
    size_t n = 0;

    for (unsigned shift = 32; shift > 0; shift -= 8) {
        const uint8_t byte = (uint8_t)(number >> (shift - 8));

        if (byte != 0 || n > 0 || shift == 8)
            bytes[n++] = byte;
    }
    const struct cmg__crl_record record = { .serial.bytes = cmg__span_of(bytes, n),
                                            .date = number,
                                            .reason = reason };
    ck_assert_int_eq(cmg__crl_index_add(index, &record), CMG_OK);
}

START_TEST(entries_come_out_in_ascending_order)
{
    const uint32_t n = 5000;
    struct support_alloc a;
    struct cmg__crl_index index;
    struct cmg__crl_record record;
    int64_t before = -1;

    support_alloc_init(&a);
    cmg__crl_index_init(&index, &a.alloc, CMG__CRL_MAX);
    for (uint32_t i = 0; i < n; i++)
        add_number(&index, number_at((enum order)_i, i, n), 0);
    ck_assert_int_eq(cmg__crl_index_finish(&index), CMG_OK);
    ck_assert_uint_eq(index.count, _i == EQUAL ? 1 : n);
    ck_assert_uint_eq(index.repeated, n - index.count);
    for (size_t i = 0; i < index.count; i++) {
        cmg__crl_index_get(&index, i, &record);
        ck_assert_int_gt(record.date, before);
        before = record.date;
    }
    cmg__crl_index_done(&index);
    ck_assert_uint_eq(a.live, 0);
}
END_TEST

static const struct repeated_case {
    uint8_t reasons[3];
    uint8_t stays;
} repeated_cases[] = {
    { { CMG_REASON_CERTIFICATE_HOLD, CMG_REASON_SUPERSEDED, CMG_REASON_KEY_COMPROMISE },
      CMG_REASON_SUPERSEDED },
    { { CMG_REASON_REMOVE_FROM_CRL, CMG_REASON_CERTIFICATE_HOLD,
        CMG_REASON_REMOVE_FROM_CRL },
      CMG_REASON_CERTIFICATE_HOLD },
    { { CMG_REASON_REMOVE_FROM_CRL, CMG_REASON_REMOVE_FROM_CRL, CMG_REASON_UNSPECIFIED },
      CMG_REASON_UNSPECIFIED },
};

START_TEST(of_repeated_entries_the_gravest_stays)
{
    const struct repeated_case *c = &repeated_cases[_i];
    struct cmg__crl_index index;
    struct cmg__crl_record record;

    cmg__crl_index_init(&index, &cmg__alloc_libc, CMG__CRL_MAX);
    for (size_t i = 0; i < 3; i++)
        add_number(&index, 5, c->reasons[i]);
    ck_assert_int_eq(cmg__crl_index_finish(&index), CMG_OK);
    ck_assert_uint_eq(index.count, 1);
    ck_assert_uint_eq(index.repeated, 2);
    cmg__crl_index_get(&index, 0, &record);
    ck_assert_uint_eq(record.reason, c->stays);
    cmg__crl_index_done(&index);
}
END_TEST

START_TEST(entries_of_two_issuers_are_repeated_each_by_itself)
{
    static const uint8_t issuers[] = { 1, 2, 1, 2, 0, 1 };
    struct cmg__crl_index index;
    struct cmg__crl_record record;

    cmg__crl_index_init(&index, &cmg__alloc_libc, CMG__CRL_MAX);
    for (size_t i = 0; i < CMG__ARRAY_LEN(issuers); i++) {
        const struct cmg__crl_record given = { .serial.bytes = cmg__span_of("a", 1),
                                               .issuer = issuers[i] };

        ck_assert_int_eq(cmg__crl_index_add(&index, &given), CMG_OK);
    }
    ck_assert_int_eq(cmg__crl_index_finish(&index), CMG_OK);
    ck_assert_uint_eq(index.count, 3);
    ck_assert_uint_eq(index.repeated, 3);
    for (size_t i = 0; i < index.count; i++) {
        cmg__crl_index_get(&index, i, &record);
        ck_assert_uint_eq(record.issuer, i);
    }
    cmg__crl_index_done(&index);
}
END_TEST

static const int64_t times[] = { 0, -1, INT64_C(-62167219200), INT64_C(253402300799) };

START_TEST(every_time_comes_back)
{
    struct cmg__crl_index index;
    struct cmg__crl_record record;
    const struct cmg__crl_record given = { .serial.bytes = cmg__span_of("a", 1),
                                           .date = times[_i],
                                           .has_invalidity = true,
                                           .invalidity = times[_i] };

    cmg__crl_index_init(&index, &cmg__alloc_libc, CMG__CRL_MAX);
    ck_assert_int_eq(cmg__crl_index_add(&index, &given), CMG_OK);
    ck_assert_int_eq(cmg__crl_index_finish(&index), CMG_OK);
    cmg__crl_index_get(&index, 0, &record);
    ck_assert_int_eq(record.date, times[_i]);
    ck_assert_int_eq(record.invalidity, times[_i]);
    cmg__crl_index_done(&index);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("crl_index");
    TCase *size = tcase_create("size");
    TCase *order = tcase_create("order");

    tcase_set_timeout(size, 60);
    tcase_add_test(size, a_hundred_thousand_entries_take_forty_bytes_each_at_most);
    tcase_add_test(size, the_largest_entry_takes_no_more);
    tcase_add_test(size, every_entry_is_found_in_twenty_comparisons);
    tcase_add_test(size, what_is_not_listed_is_not_found);
    tcase_add_loop_test(order, entries_come_out_in_ascending_order, 0, ORDERS);
    tcase_add_loop_test(order, of_repeated_entries_the_gravest_stays, 0,
                        CMG__ARRAY_LEN(repeated_cases));
    tcase_add_test(order, entries_of_two_issuers_are_repeated_each_by_itself);
    tcase_add_loop_test(order, every_time_comes_back, 0, CMG__ARRAY_LEN(times));
    suite_add_tcase(suite, size);
    suite_add_tcase(suite, order);
    Suite *const suites[] = { suite, NULL };
    return support_run(suites);
}
