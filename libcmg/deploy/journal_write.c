/*
 * The journal in use: locked, loaded, claimed, and saved after each record. The text in
 * memory is what is stored; a record that could not be stored is taken back. Who loses
 * the journal to another run learns it from the next write, and before the next effect.
 */
#include "deploy/journal.h"

#include <errno.h>

void cmg__journal_init(struct cmg__journal *journal, const struct cmg__alloc *alloc)
{
    *journal = (struct cmg__journal){ .alloc = alloc };
    cmg__buf_init(&journal->text, alloc, CMG__JOURNAL_MAX);
}

void cmg__journal_close(struct cmg__journal *journal)
{
    if (journal->locked)
        (void)journal->store.unlock(journal->store.user);
    journal->locked = false;
}

void cmg__journal_done(struct cmg__journal *journal)
{
    cmg__journal_close(journal);
    cmg__buf_done(&journal->text);
}

static cmg_status take_lock(struct cmg__journal *journal, cmg_error **err)
{
    int rc = journal->store.lock(journal->store.user);

    if (rc == -EWOULDBLOCK)
        return cmg__fail(err, journal->alloc, CMG_E_CONFLICT, journal->where,
                         "wait until the other run has ended, or stop it",
                         "journal %s is in use by another run", journal->where);
    if (rc != 0)
        return cmg__fail_os(err, journal->alloc, -rc, journal->where, "lock journal");
    journal->locked = true;
    return CMG_OK;
}

static cmg_status load(struct cmg__journal *journal, struct cmg__buf *out,
                       cmg_error **err)
{
    if (cmg__buf_reserve(out, CMG__JOURNAL_MAX) != CMG_OK)
        return cmg__fail_nomem(err);
    int64_t n = journal->store.load(out->data, CMG__JOURNAL_MAX, journal->store.user);
    if (n < 0)
        return cmg__fail_os(err, journal->alloc, (int)-n, journal->where, "read journal");
    if ((uint64_t)n > CMG__JOURNAL_MAX)
        return cmg__fail(err, journal->alloc, CMG_E_LIMIT, journal->where,
                         "check that it is the right file",
                         "journal %s is larger than %zu bytes", journal->where,
                         CMG__JOURNAL_MAX);
    out->len = (size_t)n;
    out->data[n] = '\0';
    return CMG_OK;
}

/* The new text begins with what is still worth knowing of the old one, whose
   specification counts until another one is confirmed. */
static struct cmg__json *open_record(const struct cmg__journal *journal,
                                     const struct cmg__journal_owner *owner,
                                     const struct cmg__journal_content *old)
{
    const int64_t next = old->owner.generation + 1;
    const struct cmg__journal_owner *of =
        old->owner.begun[0] == '\0' ? owner : &old->owner;
    struct cmg__json *open = cmg__json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "t", "open", "cmg_journal",
        CMG__JOURNAL_VERSION, "deployment", owner->deployment, "spec", of->spec, "region",
        of->region, "gateway", owner->gateway, "operation", owner->operation, "begun",
        old->owner.begun, "generation", journal->owner > next ? journal->owner : next);

    if (open != NULL && old->facts != NULL &&
        cmg__json_set(open, "facts", cmg__json_ref(old->facts)) != CMG_OK)
        cmg__json_clear(&open);
    return open;
}

static cmg_status begin_text(struct cmg__journal *journal,
                             const struct cmg__journal_owner *owner,
                             const struct cmg__journal_content *old)
{
    struct cmg__json *open = open_record(journal, owner, old);
    void *iter = NULL;
    const char *step = NULL;
    struct cmg__json *exchange = NULL;

    cmg__buf_clear(&journal->text);
    cmg_status rc = open == NULL ? CMG_E_NOMEM : cmg__journal_add(&journal->text, open);
    cmg__json_unref(open);
    while (rc == CMG_OK && cmg__json_next(old->intents, &iter, &step, &exchange)) {
        struct cmg__json *intent = cmg__json_pack("{s:s, s:s, s:O}", "t", "intent",
                                                  "step", step, "exchange", exchange);
        rc = intent == NULL ? CMG_E_NOMEM : cmg__journal_add(&journal->text, intent);
        cmg__json_unref(intent);
    }
    return rc;
}

/* What is stored, if this owner may go on with it. */
static cmg_status read_stored(struct cmg__journal *journal,
                              const struct cmg__journal_owner *owner,
                              struct cmg__journal_content *out, cmg_error **err)
{
    struct cmg__buf old;

    cmg__buf_init(&old, journal->alloc, CMG__JOURNAL_MAX);
    cmg_status rc = load(journal, &old, err);
    if (rc == CMG_OK)
        rc = cmg__journal_parse(journal->alloc, journal->where, cmg__buf_cstr(&old),
                                old.len, out, err);
    if (rc == CMG_OK && out->facts != NULL)
        rc = cmg__journal_match(journal->alloc, journal->where, &out->owner, owner, err);
    cmg__buf_done(&old);
    return rc;
}

/* Only what this owner may go on with is touched; what is there then counts, for the
   former owner may have written until he was fenced off. */
static cmg_status claim(struct cmg__journal *journal,
                        const struct cmg__journal_owner *owner,
                        struct cmg__journal_content *out, cmg_error **err)
{
    journal->owner = 0;
    if (journal->store.claim == NULL)
        return CMG_OK;
    const int64_t number = journal->store.claim(journal->store.user);
    if (number <= 0)
        return cmg__fail_os(err, journal->alloc, number == 0 ? EINVAL : (int)-number,
                            journal->where, "take over journal");
    journal->owner = number;
    cmg__journal_content_done(out);
    return read_stored(journal, owner, out, err);
}

cmg_status cmg__journal_open(struct cmg__journal *journal,
                             const struct cmg__journal_owner *owner,
                             struct cmg__journal_content *out, cmg_error **err)
{
    *out = (struct cmg__journal_content){ 0 };
    journal->mine = *owner;
    cmg_status rc = take_lock(journal, err);
    if (rc == CMG_OK)
        rc = read_stored(journal, owner, out, err);
    if (rc == CMG_OK)
        rc = claim(journal, owner, out, err);
    if (rc == CMG_OK && begin_text(journal, owner, out) != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc != CMG_OK) {
        cmg__journal_content_done(out);
        cmg__journal_close(journal);
    }
    return rc;
}

static cmg_status lost(const struct cmg__journal *journal, cmg_error **err)
{
    return cmg__fail(err, journal->alloc, CMG_E_CONFLICT, journal->where,
                     "leave it to the other run; when that has ended, start again with "
                     "the same journal to see what is left to do",
                     "journal %s was taken over by another run", journal->where);
}

cmg_status cmg__journal_holds(const struct cmg__journal *journal, cmg_error **err)
{
    const cmg_journal_store *store = &journal->store;
    const int rc = journal->owner == 0 ? 0 : store->check(journal->owner, store->user);

    if (rc == -ESTALE)
        return lost(journal, err);
    return rc == 0
               ? CMG_OK
               : cmg__fail_os(err, journal->alloc, -rc, journal->where, "check journal");
}

static int save(const struct cmg__journal *journal, const void *data, size_t size)
{
    const cmg_journal_store *store = &journal->store;

    return journal->owner == 0 ? store->save(data, size, store->user)
                               : store->save_as(journal->owner, data, size, store->user);
}

static cmg_status save_failed(const struct cmg__journal *journal, int rc,
                              const char *what, cmg_error **err)
{
    return rc == -ESTALE && journal->owner != 0
               ? lost(journal, err)
               : cmg__fail_os(err, journal->alloc, -rc, journal->where, what);
}

cmg_status cmg__journal_write(struct cmg__journal *journal, struct cmg__json *record,
                              cmg_error **err)
{
    if (journal->store.save == NULL) {
        cmg__json_unref(record);
        return CMG_OK;
    }
    size_t before = journal->text.len;
    cmg_status rc =
        record == NULL ? CMG_E_NOMEM : cmg__journal_add(&journal->text, record);

    cmg__json_unref(record);
    if (rc == CMG_E_LIMIT)
        return cmg__fail(err, journal->alloc, rc, journal->where,
                         "start again with the same journal: it is shortened then",
                         "journal %s has reached %zu bytes", journal->where,
                         CMG__JOURNAL_MAX);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    int saved = save(journal, journal->text.data, journal->text.len);
    if (saved == 0)
        return CMG_OK;
    journal->text.len = before;
    journal->text.data[before] = '\0';
    return save_failed(journal, saved, "write journal", err);
}

cmg_status cmg__journal_confirm(struct cmg__journal *journal, cmg_error **err)
{
    return cmg__journal_write(journal,
                              cmg__json_pack("{s:s, s:s, s:s}", "t", "confirmed", "spec",
                                             journal->mine.spec, "region",
                                             journal->mine.region),
                              err);
}

cmg_status cmg__journal_remove(struct cmg__journal *journal, cmg_error **err)
{
    int rc = save(journal, NULL, 0);

    return rc == 0 ? CMG_OK : save_failed(journal, rc, "remove journal", err);
}
