/* The state of an authority and what its events do to it; see ledger.h. */
#include "model/ledger.h"

#include <string.h>

#include "base/str.h"

#define FIRST_SLOTS 64

cmg_status cmg__ledger_init(struct cmg__ledger *ledger, const struct cmg__alloc *alloc,
                            const struct cmg__env *env, const char *directory,
                            cmg_error **err)
{
    *ledger = (struct cmg__ledger){ .alloc = alloc, .env = env, .lock_fd = -1 };
    if (directory == NULL)
        return CMG_OK;
    ledger->path = cmg__format(alloc, "%s/issued.jsonl", directory);
    ledger->lock_path = cmg__format(alloc, "%s/lock", directory);
    if (ledger->path != NULL && ledger->lock_path != NULL)
        return CMG_OK;
    cmg__ledger_done(ledger);
    return cmg__fail_nomem(err);
}

void cmg__ledger_forget(struct cmg__ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++) {
        cmg__free(ledger->alloc, ledger->records[i].subject);
        cmg__free(ledger->alloc, ledger->records[i].template_name);
    }
    cmg__free(ledger->alloc, ledger->records);
    cmg__free(ledger->alloc, ledger->slots);
    ledger->records = NULL;
    ledger->slots = NULL;
    ledger->count = ledger->capacity = ledger->slot_count = ledger->known_bytes = 0;
    ledger->events = ledger->list_number = ledger->list_event = 0;
    ledger->base_number = ledger->base_event = 0;
    ledger->base_unix_s = ledger->list_unix_s = 0;
}

void cmg__ledger_done(struct cmg__ledger *ledger)
{
    if (ledger->alloc == NULL)
        return;
    cmg__ledger_end(ledger);
    cmg__ledger_forget(ledger);
    cmg__free(ledger->alloc, ledger->path);
    cmg__free(ledger->alloc, ledger->lock_path);
    ledger->path = ledger->lock_path = NULL;
}

/* ---- finding ---- */

/* Our serial numbers are random, so their bytes are a hash already; those of others are
   mixed a little. */
static size_t slot_of(const struct cmg__ledger *ledger, const uint8_t *serial, size_t n)
{
    size_t hash = n;

    for (size_t i = 0; i < n; i++)
        hash = hash * 31 + serial[i];
    return hash & (ledger->slot_count - 1);
}

static bool has_serial(const struct cmg__issued *record, const uint8_t *serial, size_t n)
{
    return record->serial_len == n && memcmp(record->serial, serial, n) == 0;
}

static struct cmg__issued *find(const struct cmg__ledger *ledger, const uint8_t *serial,
                                size_t n)
{
    if (ledger->slot_count == 0)
        return NULL;
    for (size_t i = slot_of(ledger, serial, n); ledger->slots[i] != 0;
         i = (i + 1) & (ledger->slot_count - 1)) {
        struct cmg__issued *record = &ledger->records[ledger->slots[i] - 1];

        if (has_serial(record, serial, n))
            return record;
    }
    return NULL;
}

const struct cmg__issued *cmg__ledger_find(const struct cmg__ledger *ledger,
                                           const uint8_t *serial, size_t n)
{
    return find(ledger, serial, n);
}

static void put_slot(struct cmg__ledger *ledger, size_t index)
{
    const struct cmg__issued *record = &ledger->records[index];
    size_t i = slot_of(ledger, record->serial, record->serial_len);

    while (ledger->slots[i] != 0)
        i = (i + 1) & (ledger->slot_count - 1);
    ledger->slots[i] = (uint32_t)(index + 1);
}

/* Half of the slots at least stay free. */
static cmg_status reserve_slots(struct cmg__ledger *ledger)
{
    if ((ledger->count + 1) * 2 <= ledger->slot_count)
        return CMG_OK;
    const size_t wanted = ledger->slot_count > 0 ? ledger->slot_count * 2 : FIRST_SLOTS;
    uint32_t *slots = cmg__alloc_array(ledger->alloc, wanted, sizeof *slots);
    if (slots == NULL)
        return CMG_E_NOMEM;
    memset(slots, 0, wanted * sizeof *slots);
    cmg__free(ledger->alloc, ledger->slots);
    ledger->slots = slots;
    ledger->slot_count = wanted;
    for (size_t i = 0; i < ledger->count; i++)
        put_slot(ledger, i);
    return CMG_OK;
}

static cmg_status reserve_record(struct cmg__ledger *ledger)
{
    if (ledger->count < ledger->capacity)
        return CMG_OK;
    if (ledger->count >= UINT32_MAX / 4)
        return CMG_E_LIMIT;
    const size_t wanted = ledger->capacity > 0 ? ledger->capacity * 2 : FIRST_SLOTS / 2;
    struct cmg__issued *records =
        cmg__alloc_array(ledger->alloc, wanted, sizeof *records);
    if (records == NULL)
        return CMG_E_NOMEM;
    if (ledger->count > 0)
        memcpy(records, ledger->records, ledger->count * sizeof *records);
    cmg__free(ledger->alloc, ledger->records);
    ledger->records = records;
    ledger->capacity = wanted;
    return CMG_OK;
}

/* ---- events ---- */

static bool take_serial(const struct cmg__json *event,
                        uint8_t out[CMG__LEDGER_SERIAL_MAX], size_t *n)
{
    const char *hex = cmg__json_str(event, "/serial");
    const size_t digits = hex != NULL ? strlen(hex) : 0;

    *n = digits / 2;
    return digits > 0 && digits % 2 == 0 && *n <= CMG__LEDGER_SERIAL_MAX &&
           cmg__hex_parse(hex, *n, out);
}

static cmg_status apply_issue(struct cmg__ledger *ledger, const struct cmg__json *event)
{
    struct cmg__issued record = { .reason = CMG_REASON_UNSPECIFIED };
    const char *sha256 = cmg__json_str(event, "/sha256");

    if (!take_serial(event, record.serial, &record.serial_len) || sha256 == NULL ||
        strlen(sha256) != sizeof record.sha256_hex - 1 ||
        find(ledger, record.serial, record.serial_len) != NULL)
        return CMG_E_PARSE;
    memcpy(record.sha256_hex, sha256, sizeof record.sha256_hex);
    record.not_before_unix_s = cmg__json_int(event, "/not_before", 0);
    record.not_after_unix_s = cmg__json_int(event, "/not_after", 0);
    cmg_status rc = reserve_record(ledger);
    if (rc == CMG_OK)
        rc = reserve_slots(ledger);
    if (rc != CMG_OK)
        return rc;
    record.subject =
        cmg__strdup(ledger->alloc, cmg__str_or(cmg__json_str(event, "/subject"), ""));
    record.template_name =
        cmg__strdup(ledger->alloc, cmg__str_or(cmg__json_str(event, "/template"), ""));
    if (record.subject == NULL || record.template_name == NULL) {
        cmg__free(ledger->alloc, record.subject);
        cmg__free(ledger->alloc, record.template_name);
        return CMG_E_NOMEM;
    }
    ledger->records[ledger->count] = record;
    put_slot(ledger, ledger->count);
    ledger->count++;
    return CMG_OK;
}

static struct cmg__issued *find_named(const struct cmg__ledger *ledger,
                                      const struct cmg__json *event)
{
    uint8_t serial[CMG__LEDGER_SERIAL_MAX];
    size_t n;

    return take_serial(event, serial, &n) ? find(ledger, serial, n) : NULL;
}

static cmg_status apply_revoke(struct cmg__ledger *ledger, const struct cmg__json *event)
{
    struct cmg__issued *record = find_named(ledger, event);
    const int64_t reason = cmg__json_int(event, "/reason", -1);

    if (record == NULL || reason < 0 || reason > CMG_REASON_AA_COMPROMISE)
        return CMG_E_PARSE;
    record->revoked = true;
    record->reason = (cmg_revocation_reason)reason;
    record->revoked_unix_s = cmg__json_int(event, "/at", 0);
    record->changed = ledger->events + 1;
    return CMG_OK;
}

static cmg_status apply_release(struct cmg__ledger *ledger, const struct cmg__json *event)
{
    struct cmg__issued *record = find_named(ledger, event);

    if (record == NULL)
        return CMG_E_PARSE;
    record->revoked = false;
    record->reason = CMG_REASON_UNSPECIFIED;
    record->revoked_unix_s = cmg__json_int(event, "/at", 0);
    record->changed = ledger->events + 1;
    return CMG_OK;
}

static cmg_status apply_list(struct cmg__ledger *ledger, const struct cmg__json *event)
{
    const int64_t number = cmg__json_int(event, "/number", 0);

    if (number <= 0 || (uint64_t)number <= ledger->list_number)
        return CMG_E_PARSE;
    ledger->list_number = (uint64_t)number;
    ledger->list_event = ledger->events + 1;
    ledger->list_unix_s = cmg__json_int(event, "/at", 0);
    return CMG_OK;
}

/* The list counts from where its number was taken: what came between is not on it. */
static cmg_status apply_published(struct cmg__ledger *ledger,
                                  const struct cmg__json *event)
{
    if ((uint64_t)cmg__json_int(event, "/number", 0) != ledger->list_number)
        return CMG_E_PARSE;
    ledger->base_number = ledger->list_number;
    ledger->base_event = ledger->list_event;
    ledger->base_unix_s = ledger->list_unix_s;
    return CMG_OK;
}

cmg_status cmg__ledger_apply(struct cmg__ledger *ledger, const struct cmg__json *event)
{
    static const struct {
        const char *op;
        cmg_status (*apply)(struct cmg__ledger *, const struct cmg__json *);
    } kinds[] = {
        { "issue", apply_issue },         { "revoke", apply_revoke },
        { "release", apply_release },     { "list", apply_list },
        { "published", apply_published },
    };
    const char *op = cmg__str_or(cmg__json_str(event, "/op"), "");

    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        if (strcmp(kinds[i].op, op) != 0)
            continue;
        const cmg_status rc = kinds[i].apply(ledger, event);

        ledger->events += rc == CMG_OK;
        return rc;
    }
    return CMG_E_PARSE;
}
