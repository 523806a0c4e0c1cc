/*
 * Reading and judging the text of a journal. Pure: bytes in, values out.
 *
 *   line    = json TAB checksum LF
 *   json    = {"t":"open",...} first, then "start", "confirmed", "facts", "intent",
 *             "result"
 *   checksum = the first 16 hexadecimal digits of the SHA-256 of json
 */
#include "deploy/journal.h"

#include <stdio.h>
#include <string.h>

#include "crypto/hash.h"

#define SUM_DIGITS 16

static cmg_status sum_of(const char *json, size_t n, char out[65])
{
    cmg_status rc = cmg__sha256_hex(json, n, out);

    out[SUM_DIGITS] = '\0';
    return rc;
}

cmg_status cmg__journal_add(struct cmg__buf *text, const struct cmg__json *record)
{
    char sum[65];
    size_t start = text->len;
    cmg_status rc = cmg__json_format(record, CMG__JSON_COMPACT, text);

    if (rc == CMG_OK)
        rc = sum_of(text->data + start, text->len - start, sum);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(text, "\t%s\n", sum);
    if (rc != CMG_OK && text->len > start) {
        text->len = start;
        text->data[start] = '\0';
    }
    return rc;
}

static cmg_status damaged(const struct cmg__alloc *alloc, const char *where, size_t line,
                          const char *what, cmg_error **err)
{
    return cmg__fail(err, alloc, CMG_E_PARSE, where,
                     "restore it from a copy, or move it away: the next run finds again "
                     "what exists by looking",
                     "journal %s is damaged: line %zu %s", where, line, what);
}

/* The record of one line without its LF; NULL when line and checksum do not agree. A
   failure tells nothing of the line: it could not be looked at. */
static cmg_status read_line(const struct cmg__alloc *alloc, const char *where,
                            const char *line, size_t n, struct cmg__json **out)
{
    char sum[65];

    if (n < SUM_DIGITS + 3 || line[n - SUM_DIGITS - 1] != '\t')
        return CMG_OK;
    size_t len = n - SUM_DIGITS - 1;
    cmg_status rc = sum_of(line, len, sum);
    if (rc != CMG_OK || memcmp(sum, line + len + 1, SUM_DIGITS) != 0)
        return rc;
    rc = cmg__json_parse(alloc, where, line, len, out, NULL);
    if (cmg__json_type(*out) != CMG__JSON_OBJECT)
        cmg__json_clear(out);
    return rc == CMG_E_NOMEM ? rc : CMG_OK;
}

static bool copy_field(const struct cmg__json *record, const char *path, char *out,
                       size_t size)
{
    const char *text = cmg__json_str(record, path);

    if (text == NULL || text[0] == '\0' || strlen(text) >= size)
        return false;
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static cmg_status read_open(const struct cmg__alloc *alloc, const char *where,
                            const struct cmg__json *record,
                            struct cmg__journal_owner *owner, cmg_error **err)
{
    int64_t version = cmg__json_int(record, "/cmg_journal", 0);

    if (version > CMG__JOURNAL_VERSION)
        return cmg__fail(err, alloc, CMG_E_UNSUPPORTED, where,
                         "use the release of libcmg that wrote it, or a newer one",
                         "journal %s has version %lld, this library knows up to %d",
                         where, (long long)version, CMG__JOURNAL_VERSION);
    if (version < 1 ||
        !copy_field(record, "/deployment", owner->deployment, sizeof owner->deployment) ||
        !copy_field(record, "/spec", owner->spec, sizeof owner->spec) ||
        !copy_field(record, "/gateway", owner->gateway, sizeof owner->gateway) ||
        !copy_field(record, "/operation", owner->operation, sizeof owner->operation))
        return damaged(alloc, where, 1, "is not the first record of a journal", err);
    (void)copy_field(record, "/region", owner->region, sizeof owner->region);
    owner->generation = cmg__json_int(record, "/generation", 0);
    /* Journals of before told nothing of confirmations: theirs may have begun. */
    if (cmg__json_key(record, "begun") == NULL)
        memcpy(owner->begun, owner->operation, sizeof owner->begun);
    else
        (void)copy_field(record, "/begun", owner->begun, sizeof owner->begun);
    return CMG_OK;
}

/* "facts" and "result" records carry facts; null there forgets one. */
static cmg_status take_facts(struct cmg__json *facts, const struct cmg__json *from)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && cmg__json_next(from, &iter, &key, &value)) {
        const char *text = cmg__json_str(value, "");
        if (text == NULL)
            cmg__json_remove(facts, key);
        else
            rc = cmg__json_set_str(facts, key, text);
    }
    return rc;
}

/* Before, the specification was that of the run before. */
static void take_confirmed(struct cmg__journal_owner *owner,
                           const struct cmg__json *record)
{
    memcpy(owner->begun, owner->operation, sizeof owner->begun);
    (void)copy_field(record, "/spec", owner->spec, sizeof owner->spec);
    (void)copy_field(record, "/region", owner->region, sizeof owner->region);
}

static cmg_status take_record(struct cmg__journal_content *content,
                              const struct cmg__json *record)
{
    const char *type = cmg__json_str(record, "/t");
    const char *step = cmg__json_str(record, "/step");
    const char *exchange = cmg__json_str(record, "/exchange");
    cmg_status rc = take_facts(content->facts, cmg__json_at(record, "/facts"));

    if (rc == CMG_OK && type != NULL && strcmp(type, "confirmed") == 0)
        take_confirmed(&content->owner, record);
    if (rc != CMG_OK || type == NULL || step == NULL)
        return rc;
    if (strcmp(type, "intent") == 0 && exchange != NULL)
        return cmg__json_set_str(content->intents, step, exchange);
    if (strcmp(type, "result") == 0)
        cmg__json_remove(content->intents, step);
    return CMG_OK;
}

/* The very first save, torn: nothing had been done yet. Any other text without a line is
   not ours and stays. */
static bool is_torn_opening(const char *text, size_t n)
{
    static const char opening[] = "{\"t\":\"open\",\"cmg_journal\":";
    size_t len = n < sizeof opening - 1 ? n : sizeof opening - 1;

    return memcmp(text, opening, len) == 0 && memchr(text, '\n', n) == NULL;
}

static cmg_status parse_lines(const struct cmg__alloc *alloc, const char *where,
                              const char *text, size_t n,
                              struct cmg__journal_content *out, cmg_error **err)
{
    size_t number = 0;
    size_t at = 0;
    cmg_status rc = CMG_OK;

    while (at < n && rc == CMG_OK) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end == NULL ? n - at : (size_t)(end - text) - at;
        size_t next = end == NULL ? n : at + len + 1;
        struct cmg__json *record = NULL;

        number++;
        if (end != NULL && read_line(alloc, where, text + at, len, &record) != CMG_OK)
            return cmg__fail_nomem(err);
        if (record == NULL && next == n && number > 1) {
            out->torn = true;
            return CMG_OK;
        }
        if (record == NULL)
            return damaged(alloc, where, number, "does not match its checksum", err);
        rc = number == 1 ? read_open(alloc, where, record, &out->owner, err) : CMG_OK;
        if (rc == CMG_OK && take_record(out, record) != CMG_OK)
            rc = cmg__fail_nomem(err);
        cmg__json_unref(record);
        at = next;
    }
    return rc;
}

cmg_status cmg__journal_parse(const struct cmg__alloc *alloc, const char *where,
                              const char *text, size_t n,
                              struct cmg__journal_content *out, cmg_error **err)
{
    *out = (struct cmg__journal_content){ 0 };
    out->torn = n > 0 && is_torn_opening(text, n);
    if (n == 0 || out->torn)
        return CMG_OK;
    out->facts = cmg__json_object();
    out->intents = cmg__json_object();
    cmg_status rc = out->facts == NULL || out->intents == NULL
                        ? cmg__fail_nomem(err)
                        : parse_lines(alloc, where, text, n, out, err);
    if (rc != CMG_OK)
        cmg__journal_content_done(out);
    return rc;
}

void cmg__journal_content_done(struct cmg__journal_content *content)
{
    cmg__json_clear(&content->facts);
    cmg__json_clear(&content->intents);
}

/* A gateway cannot move; everything else can be brought to it. */
static cmg_status fail_spec(const struct cmg__alloc *alloc, const char *where,
                            const struct cmg__journal_owner *theirs,
                            const struct cmg__journal_owner *mine, cmg_error **err)
{
    const bool moves =
        theirs->region[0] != '\0' && strcmp(theirs->region, mine->region) != 0;
    char remedy[256];

    if (moves)
        (void)snprintf(remedy, sizeof remedy,
                       "name region %s again; to move, replace the gateway by a second "
                       "one, or delete it first",
                       theirs->region);
    else
        (void)snprintf(remedy, sizeof remedy,
                       "run %s, which brings the change to what is there, or use the "
                       "specification the journal was begun with",
                       mine->bringer);
    return cmg__fail(err, alloc, CMG_E_CONFLICT, where, remedy,
                     "journal %s was begun with another specification of gateway "
                     "\"%s\" (%.8s, now %.8s)",
                     where, theirs->gateway, theirs->spec, mine->spec);
}

cmg_status cmg__journal_match(const struct cmg__alloc *alloc, const char *where,
                              const struct cmg__journal_owner *theirs,
                              const struct cmg__journal_owner *mine, cmg_error **err)
{
    const bool deleting = strcmp(mine->operation, "delete") == 0;

    if (strcmp(theirs->deployment, mine->deployment) != 0)
        return cmg__fail(
            err, alloc, CMG_E_CONFLICT, where, "give each gateway a journal of its own",
            "journal %s belongs to gateway \"%s\" (deployment %s), not to "
            "\"%s\" (deployment %s)",
            where, theirs->gateway, theirs->deployment, mine->gateway, mine->deployment);
    if (!deleting && strcmp(theirs->begun, "delete") == 0)
        return cmg__fail(err, alloc, CMG_E_STATE, where,
                         "finish the deletion with the same journal first",
                         "journal %s holds a deletion of gateway \"%s\" that has begun",
                         where, theirs->gateway);
    /* What was only planned binds nobody. */
    if (!mine->any_spec && theirs->begun[0] != '\0' &&
        strcmp(theirs->spec, mine->spec) != 0)
        return fail_spec(alloc, where, theirs, mine, err);
    return CMG_OK;
}
