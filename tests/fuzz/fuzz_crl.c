/*
 * The reader of revocation lists on any bytes, DER or PEM. A list that is read must give
 * its entries in ascending order, find each of them again, never be newer than itself,
 * and have a text of whole lines.
 */
#include "crypto/crl.h"

#include <stdlib.h>
#include <string.h>

#define ENTRIES_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void find_again(const struct cmg__crl *crl, const struct cmg__crl_entry *entry)
{
    struct cmg__crl_entry found;

    if (entry->serial_is_negative)
        return;
    require(cmg__crl_find(crl, cmg__span_of(entry->serial, entry->serial_len),
                          entry->issuer, &found));
    require(found.serial_len == entry->serial_len &&
            memcmp(found.serial, entry->serial, entry->serial_len) == 0);
}

static void walk(const struct cmg__crl *crl, size_t count)
{
    struct cmg__crl_entry entry;
    struct cmg__crl_entry before = { .serial_len = 0 };

    for (size_t i = 0; i < count && i < ENTRIES_MAX; i++) {
        require(cmg__crl_entry(crl, i, &entry));
        require(entry.serial_len > 0 && entry.serial_len <= CMG__SERIAL_MAX);
        require(entry.serial_is_negative || entry.serial_len >= before.serial_len);
        require(before.serial_len != entry.serial_len ||
                before.serial_is_negative != entry.serial_is_negative ||
                memcmp(before.serial, entry.serial, entry.serial_len) <= 0);
        find_again(crl, &entry);
        before = entry;
    }
    require(!cmg__crl_entry(crl, count, &entry));
}

static void describe(const struct cmg__crl *crl)
{
    struct cmg__describe d;
    struct cmg__buf text;

    cmg__buf_init(&text, &cmg__alloc_libc, CMG__DESCRIBE_MAX);
    cmg__describe_init(&d, &text);
    cmg__crl_describe(crl, &d);
    require(d.rc == CMG_OK && text.len > 0 && text.data[text.len - 1] == '\n');
    cmg__buf_done(&text);
}

/* A certificate with the list's issuer and points taken from its bytes, if it is one. */
static void match(struct cmg__crl *crl, const uint8_t *data, size_t size)
{
    struct cmg__x509 *cert = NULL;
    struct cmg__crl_entry entry;
    unsigned reasons;

    for (size_t i = 0; i + 1 < size && i < 64; i++) {
        if (cmg__x509_parse(&cmg__alloc_libc, data + i, size - i, &cert, NULL) != CMG_OK)
            continue;
        (void)cmg__crl_covers(crl, cert, &reasons);
        (void)cmg__crl_apply(crl, crl, cert, &entry);
        (void)cmg__crl_verify(crl, cert);
        cmg__x509_free(cert);
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__crl *crl = NULL;
    struct cmg__crl_info info;

    /* A certificate may stand behind two octets that tell the list's length. */
    const size_t split = size > 2 ? (size_t)data[0] << 8 | data[1] : size;
    const bool pair = size > 2 && data[0] < 0x30 && split <= size - 2;
    const uint8_t *list = pair ? data + 2 : data;
    const size_t n = pair ? split : size;

    if (cmg__crl_parse(&cmg__alloc_libc, list, n, &crl, NULL) != CMG_OK)
        return 0;
    cmg__crl_info(crl, &info);
    require(strchr(info.issuer, '\n') == NULL && info.next_update_unix_s >= 0);
    require((info.reasons & ~CMG__CRL_ALL_REASONS) == 0);
    require(!cmg__crl_supersedes(crl, crl) && !cmg__crl_delta_fits(crl, crl));
    walk(crl, info.count);
    describe(crl);
    if (pair)
        match(crl, list + n, size - 2 - n);
    cmg__crl_free(crl);
    return 0;
}
