/*
 * The journal in use: locked, loaded, and saved whole after each record. The text in
 * memory is what is stored; a record that could not be stored is taken back.
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

/* The new text begins with what is still worth knowing of the old one. */
static cmg_status begin_text(struct cmg__journal *journal,
                             const struct cmg__journal_owner *owner,
                             const struct cmg__journal_content *old)
{
    struct cmg__json *open = cmg__json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:s}", "t", "open", "cmg_journal",
        CMG__JOURNAL_VERSION, "deployment", owner->deployment, "spec", owner->spec,
        "gateway", owner->gateway, "operation", owner->operation);
    cmg_status rc = CMG_E_NOMEM;
    void *iter = NULL;
    const char *step = NULL;
    struct cmg__json *exchange = NULL;

    cmg__buf_clear(&journal->text);
    if (open != NULL && old->facts != NULL)
        rc = cmg__json_set(open, "facts", cmg__json_ref(old->facts));
    else if (open != NULL)
        rc = CMG_OK;
    if (rc == CMG_OK)
        rc = cmg__journal_add(&journal->text, open);
    cmg__json_unref(open);
    while (rc == CMG_OK && cmg__json_next(old->intents, &iter, &step, &exchange)) {
        struct cmg__json *intent = cmg__json_pack("{s:s, s:s, s:O}", "t", "intent",
                                                  "step", step, "exchange", exchange);
        rc = intent == NULL ? CMG_E_NOMEM : cmg__journal_add(&journal->text, intent);
        cmg__json_unref(intent);
    }
    return rc;
}

cmg_status cmg__journal_open(struct cmg__journal *journal,
                             const struct cmg__journal_owner *owner,
                             struct cmg__journal_content *out, cmg_error **err)
{
    struct cmg__buf old;

    *out = (struct cmg__journal_content){ 0 };
    cmg__buf_init(&old, journal->alloc, CMG__JOURNAL_MAX);
    cmg_status rc = take_lock(journal, err);
    if (rc == CMG_OK)
        rc = load(journal, &old, err);
    if (rc == CMG_OK)
        rc = cmg__journal_parse(journal->alloc, journal->where, cmg__buf_cstr(&old),
                                old.len, out, err);
    if (rc == CMG_OK && out->facts != NULL)
        rc = cmg__journal_match(journal->alloc, journal->where, &out->owner, owner, err);
    if (rc == CMG_OK && begin_text(journal, owner, out) != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc != CMG_OK) {
        cmg__journal_content_done(out);
        cmg__journal_close(journal);
    }
    cmg__buf_done(&old);
    return rc;
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
    int saved =
        journal->store.save(journal->text.data, journal->text.len, journal->store.user);
    if (saved == 0)
        return CMG_OK;
    journal->text.len = before;
    journal->text.data[before] = '\0';
    return cmg__fail_os(err, journal->alloc, -saved, journal->where, "write journal");
}

cmg_status cmg__journal_remove(struct cmg__journal *journal, cmg_error **err)
{
    int rc = journal->store.save(NULL, 0, journal->store.user);

    return rc == 0
               ? CMG_OK
               : cmg__fail_os(err, journal->alloc, -rc, journal->where, "remove journal");
}
