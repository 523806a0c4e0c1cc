/*
 * What an authority has issued, revoked and published, as a list of events that only
 * grows. In a directory each event is one line of JSON, durable before what it speaks of
 * leaves the library; the state is what the events come to. A line that a crash has cut
 * was never acted upon and is dropped.
 *
 *   {"op":"issue","serial":"4f..","subject":"CN=gw","template":"web_server",
 *    "not_before":1,"not_after":2,"sha256":"..","at":1}
 *   {"op":"revoke","serial":"4f..","reason":1,"at":1}     reason 6: on hold
 *   {"op":"release","serial":"4f..","at":1}               from hold
 *   {"op":"list","number":1,"at":1}                       the number is taken
 *   {"op":"published","number":1,"at":1}                  a complete list left
 */
#ifndef CMG_MODEL_LEDGER_H
#define CMG_MODEL_LEDGER_H

#include <cmg/crl.h>
#include "base/env.h"
#include "base/json.h"

#define CMG__LEDGER_SERIAL_MAX 20

struct cmg__issued {
    uint8_t serial[CMG__LEDGER_SERIAL_MAX];
    size_t serial_len;
    char *subject;
    char *template_name;
    char sha256_hex[65];
    int64_t not_before_unix_s;
    int64_t not_after_unix_s;
    bool revoked; /* or on hold */
    cmg_revocation_reason reason;
    int64_t revoked_unix_s; /* or when it was released */
    uint64_t changed;       /* number of the event that revoked or released it; 0: none */
};

struct cmg__ledger {
    const struct cmg__alloc *alloc;
    const struct cmg__env *env;
    char *path; /* NULL: in memory only */
    char *lock_path;
    int lock_fd; /* -1 when not held */
    size_t known_bytes;
    bool in_doubt; /* an append failed: what the file shows may not be on the disk */
    bool is_named; /* its name is durable, whoever gave it */
    struct cmg__issued *records;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* index + 1 by serial number, 0 for a free one; a power of two */
    size_t slot_count;
    uint64_t events;
    uint64_t list_number; /* the last one taken */
    /* the last complete list that left; number 0: none did */
    uint64_t base_number;
    uint64_t base_event;
    int64_t base_unix_s;
    uint64_t list_event; /* where the last number was taken */
    int64_t list_unix_s;
};

/* directory NULL: in memory. Nothing is read yet. */
cmg_status cmg__ledger_init(struct cmg__ledger *ledger, const struct cmg__alloc *alloc,
                            const struct cmg__env *env, const char *directory,
                            cmg_error **err);
void cmg__ledger_done(struct cmg__ledger *ledger);

/* Between them this process alone changes the directory. begin reads what others wrote
   since; CMG_E_CONFLICT when another one is at it. end may be called without begin. */
cmg_status cmg__ledger_begin(struct cmg__ledger *ledger, cmg_error **err);
void cmg__ledger_end(struct cmg__ledger *ledger);
/* Makes the event durable, then applies it. Takes the value over; NULL: memory ran out.
 */
cmg_status cmg__ledger_add(struct cmg__ledger *ledger, struct cmg__json *event,
                           cmg_error **err);

/* NULL when it is not known; serial is a magnitude. */
const struct cmg__issued *cmg__ledger_find(const struct cmg__ledger *ledger,
                                           const uint8_t *serial, size_t n);

/* For ledger_file.c: what one event does to the state. CMG_E_PARSE: it makes no sense. */
cmg_status cmg__ledger_apply(struct cmg__ledger *ledger, const struct cmg__json *event);
void cmg__ledger_forget(struct cmg__ledger *ledger);

#endif
