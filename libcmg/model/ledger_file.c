/*
 * The ledger's file: one line an event, appended and made durable under the lock of the
 * directory. The lock has a file of its own, because the ledger's is replaced when a cut
 * line has to go.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/str.h"
#include "model/ledger.h"

#define FILE_MAX       ((size_t)256 * 1024 * 1024)
#define LINE_MAX_BYTES ((size_t)64 * 1024)

/* ---- the lock ---- */

static cmg_status fail_locked(const struct cmg__ledger *ledger, cmg_error **err)
{
    const struct cmg__error_info info = {
        .code = CMG_E_CONFLICT,
        .retry = CMG_RETRY_LATER,
        .origin = CMG_ORIGIN_OS,
        .origin_number = EWOULDBLOCK,
        .subject = ledger->lock_path,
        .cause = "two that issue at once could give one serial number twice",
        .remedy = "wait until the other process is done, then try again",
    };

    return cmg__error_set(err, ledger->alloc, &info,
                          "another process is using the authority (%s is locked)",
                          ledger->lock_path);
}

static cmg_status take_lock(struct cmg__ledger *ledger, cmg_error **err)
{
    const struct cmg__env *env = ledger->env;
    const int fd = env->open(env->user, ledger->lock_path, O_RDWR | O_CREAT, 0600);

    if (fd < 0)
        return cmg__fail_os(err, ledger->alloc, -fd, ledger->lock_path, "open");
    const int rc = env->lock(env->user, fd);
    if (rc == 0) {
        ledger->lock_fd = fd;
        return CMG_OK;
    }
    (void)env->close(env->user, fd);
    if (rc == -EWOULDBLOCK)
        return fail_locked(ledger, err);
    return cmg__fail_os(err, ledger->alloc, -rc, ledger->lock_path, "lock");
}

void cmg__ledger_end(struct cmg__ledger *ledger)
{
    if (ledger->lock_fd >= 0)
        (void)ledger->env->close(ledger->env->user, ledger->lock_fd);
    ledger->lock_fd = -1;
}

/* ---- reading ---- */

static cmg_status fail_damaged(const struct cmg__ledger *ledger, size_t offset,
                               cmg_error **err)
{
    return cmg__fail(err, ledger->alloc, CMG_E_PARSE, ledger->path,
                     "restore the file from a backup; do not issue without it",
                     "%s is damaged at byte %zu", ledger->path, offset);
}

static cmg_status read_line(struct cmg__ledger *ledger, const char *line, size_t n,
                            cmg_error **err)
{
    struct cmg__json *event = NULL;
    cmg_error *own = NULL;
    cmg_status rc = cmg__json_parse(ledger->alloc, ledger->path, line, n, &event, &own);

    cmg_error_unref(own);
    if (rc == CMG_OK)
        rc = cmg__ledger_apply(ledger, event);
    cmg__json_unref(event);
    if (rc == CMG_OK)
        ledger->known_bytes += n + 1;
    else if (rc == CMG_E_NOMEM)
        rc = cmg__fail_nomem(err);
    else
        rc = fail_damaged(ledger, ledger->known_bytes, err);
    return rc;
}

/* The last line, its bytes replaced by zeros: it was longer on the disk than what had
   been stored of it when the power went. */
static bool is_cut(const char *line, size_t n, const struct cmg__buf *text)
{
    return line + n + 1 == text->data + text->len && memchr(line, '\0', n) != NULL;
}

static cmg_status read_lines(struct cmg__ledger *ledger, const struct cmg__buf *text,
                             cmg_error **err)
{
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && ledger->known_bytes < text->len) {
        const char *line = text->data + ledger->known_bytes;
        const char *end = memchr(line, '\n', text->len - ledger->known_bytes);

        if (end == NULL || is_cut(line, (size_t)(end - line), text))
            break;
        rc = read_line(ledger, line, (size_t)(end - line), err);
    }
    return rc;
}

/* What the file has beyond what is known. A line without an end was cut by a crash or a
   full disk: nothing that it speaks of has left, so it goes. */
static cmg_status catch_up(struct cmg__ledger *ledger, cmg_error **err)
{
    struct cmg__buf text;
    cmg_error *own = NULL;

    cmg__buf_init(&text, ledger->alloc, FILE_MAX);
    cmg_status rc =
        cmg__file_read(ledger->env, ledger->alloc, ledger->path, FILE_MAX, &text, &own);
    if (rc == CMG_E_NOTFOUND) {
        cmg_error_unref(own);
        own = NULL;
        rc = cmg__file_replace(ledger->env, ledger->alloc, ledger->path, 0600, "", 0,
                               &own);
    }
    /* Who made the file may have died before its name was durable. */
    if (rc == CMG_OK && !ledger->is_named)
        rc = cmg__dir_sync(ledger->env, ledger->alloc, ledger->path, &own);
    ledger->is_named = ledger->is_named || rc == CMG_OK;
    /* An older copy was put in its place: it is read from its begin. */
    if (rc == CMG_OK && text.len < ledger->known_bytes)
        cmg__ledger_forget(ledger);
    if (rc == CMG_OK)
        rc = read_lines(ledger, &text, &own);
    /* After a failed fsync the kernel shows what it has not stored, and forgets to try
       again: only another file can be trusted. */
    if (rc == CMG_OK && (ledger->in_doubt || ledger->known_bytes < text.len))
        rc = cmg__file_replace(ledger->env, ledger->alloc, ledger->path, 0600,
                               cmg__buf_cstr(&text), ledger->known_bytes, &own);
    ledger->in_doubt = ledger->in_doubt && rc != CMG_OK;
    ledger->is_named = ledger->is_named && rc == CMG_OK;
    cmg__buf_done(&text);
    return rc == CMG_OK ? CMG_OK : cmg__error_move(err, &own);
}

cmg_status cmg__ledger_begin(struct cmg__ledger *ledger, cmg_error **err)
{
    if (ledger->path == NULL)
        return CMG_OK;
    cmg_status rc = take_lock(ledger, err);
    if (rc == CMG_OK)
        rc = catch_up(ledger, err);
    if (rc != CMG_OK)
        cmg__ledger_end(ledger);
    return rc;
}

/* ---- writing ---- */

static cmg_status append(struct cmg__ledger *ledger, const struct cmg__buf *line,
                         cmg_error **err)
{
    const struct cmg__env *env = ledger->env;
    const int fd = env->open(env->user, ledger->path, O_WRONLY | O_APPEND, 0600);

    if (fd < 0)
        return cmg__fail_os(err, ledger->alloc, -fd, ledger->path, "open");
    int rc = cmg__file_write(env, fd, line->data, line->len);
    if (rc == 0)
        rc = env->fsync(env->user, fd);
    const int closed = env->close(env->user, fd);
    if (rc == 0)
        rc = closed;
    ledger->in_doubt = rc != 0;
    return rc == 0 ? CMG_OK
                   : cmg__fail_os(err, ledger->alloc, -rc, ledger->path, "write");
}

cmg_status cmg__ledger_add(struct cmg__ledger *ledger, struct cmg__json *event,
                           cmg_error **err)
{
    struct cmg__buf line;
    cmg_status rc = event != NULL ? CMG_OK : cmg__fail_nomem(err);

    if (rc != CMG_OK)
        return rc;
    cmg__buf_init(&line, ledger->alloc, LINE_MAX_BYTES);
    rc = cmg__json_format(event, CMG__JSON_SORTED, &line);
    if (rc == CMG_OK)
        rc = cmg__buf_add_char(&line, '\n');
    if (rc == CMG_E_LIMIT)
        rc = cmg__fail(err, ledger->alloc, rc, "subject", "shorten the subject",
                       "the record of the certificate is too long");
    else if (rc != CMG_OK)
        rc = cmg__fail_nomem(err);
    if (rc == CMG_OK && ledger->path != NULL)
        rc = append(ledger, &line, err);
    if (rc == CMG_OK) {
        /* When applying fails the file is ahead, and the next begin reads it again. */
        const size_t n = line.len;

        rc = cmg__ledger_apply(ledger, event);
        if (rc == CMG_OK)
            ledger->known_bytes += n;
        else if (rc == CMG_E_NOMEM)
            rc = cmg__fail_nomem(err);
        else
            rc = cmg__fail(err, ledger->alloc, CMG_E_INTERNAL, "ledger", NULL,
                           "an event does not fit what was before");
    }
    cmg__buf_done(&line);
    cmg__json_unref(event);
    return rc;
}
