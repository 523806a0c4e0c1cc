/*
 * The journal of a deployment: one JSON record a line, each line ended by a checksum. The
 * first record says whose journal it is. A torn last line is what a crash leaves and is
 * dropped; damage anywhere else, a newer version or another owner is refused, and what is
 * stored stays as it is. Each record is durable before the engine goes on.
 */
#ifndef CMG_DEPLOY_JOURNAL_H
#define CMG_DEPLOY_JOURNAL_H

#include <cmg/deploy.h>
#include "base/context.h"
#include "base/json.h"

#define CMG__JOURNAL_VERSION 1
#define CMG__JOURNAL_MAX     ((size_t)1024 * 1024)

/* Whose journal it is. */
struct cmg__journal_owner {
    char deployment[CMG__GUID_SIZE];
    char spec[65];
    char region[33]; /* "": none, or an earlier version wrote it */
    char gateway[65];
    char operation[33];  /* "create" */
    char begun[33];      /* the last one whose plan was confirmed; "" for none */
    int64_t generation;  /* counts the runs */
    bool any_spec;       /* mine: goes on with a journal of another specification */
    const char *bringer; /* mine: the operation that brings another specification */
};

/* What a journal says, as far as the next run needs it. */
struct cmg__journal_content {
    struct cmg__journal_owner owner;
    struct cmg__json *facts;   /* names and identifiers */
    struct cmg__json *intents; /* step -> exchange whose outcome is unknown */
    bool torn;                 /* the last line was dropped */
};

/* Pure. where is what errors call the journal. Empty text gives an empty content: facts
   and intents are NULL. */
cmg_status cmg__journal_parse(const struct cmg__alloc *alloc, const char *where,
                              const char *text, size_t n,
                              struct cmg__journal_content *out, cmg_error **err);
void cmg__journal_content_done(struct cmg__journal_content *content);
/* CMG_E_CONFLICT unless mine may go on with a journal of theirs. */
cmg_status cmg__journal_match(const struct cmg__alloc *alloc, const char *where,
                              const struct cmg__journal_owner *theirs,
                              const struct cmg__journal_owner *mine, cmg_error **err);
/* Appends one line. */
cmg_status cmg__journal_add(struct cmg__buf *text, const struct cmg__json *record);

struct cmg__journal {
    const struct cmg__alloc *alloc;
    cmg_journal_store store;
    const char *where; /* borrowed: the path, or what a host's store is called */
    struct cmg__buf text;
    struct cmg__journal_owner mine; /* of the run that has it open */
    bool locked;
    int64_t owner; /* what claim gave; 0: the store fences nobody off */
};

void cmg__journal_init(struct cmg__journal *journal, const struct cmg__alloc *alloc);
void cmg__journal_done(struct cmg__journal *journal);
/* Locks, loads and claims. On failure the lock is given back; what was refused is as it
   was. */
cmg_status cmg__journal_open(struct cmg__journal *journal,
                             const struct cmg__journal_owner *owner,
                             struct cmg__journal_content *out, cmg_error **err);
void cmg__journal_close(struct cmg__journal *journal);
/* Takes the record over, also on failure (NULL: memory ran out); durable on return. A
   record that cannot be stored is not in the journal. Without a store nothing is kept:
   an operation that only reads may do so. */
cmg_status cmg__journal_write(struct cmg__journal *journal, struct cmg__json *record,
                              cmg_error **err);
/* CMG_E_CONFLICT when another run took the journal over while this one was paused: asked
   before anything is changed outside. */
cmg_status cmg__journal_holds(const struct cmg__journal *journal, cmg_error **err);
/* The plan was confirmed: from now on effects leave, and this specification counts. */
cmg_status cmg__journal_confirm(struct cmg__journal *journal, cmg_error **err);
cmg_status cmg__journal_remove(struct cmg__journal *journal, cmg_error **err);

#endif
