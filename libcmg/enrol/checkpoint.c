/*
 * The checkpoint file. The lock is the kernel's, so that a killed process holds none. A
 * document carries a checksum of itself: what was changed by hand or cut short is refused
 * rather than followed.
 */
#include "enrol/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/str.h"
#include "crypto/hash.h"

void cmg__checkpoint_init(struct cmg__checkpoint *cp, cmg_context *ctx)
{
    *cp = (struct cmg__checkpoint){ .ctx = ctx, .lock_fd = -1 };
    cmg__buf_init(&cp->last, &ctx->alloc, CMG__CHECKPOINT_MAX);
}

void cmg__checkpoint_close(struct cmg__checkpoint *cp)
{
    const struct cmg__env *env = &cp->ctx->env;

    if (cp->lock_fd >= 0)
        (void)env->close(env->user, cp->lock_fd);
    cp->lock_fd = -1;
}

void cmg__checkpoint_done(struct cmg__checkpoint *cp)
{
    cmg__checkpoint_close(cp);
    cmg__buf_done(&cp->last);
    cmg__free(&cp->ctx->alloc, cp->path);
    cp->path = NULL;
}

cmg_status cmg__checkpoint_set_path(struct cmg__checkpoint *cp, const char *path)
{
    return cmg__str_assign(&cp->ctx->alloc, &cp->path, path);
}

static cmg_status take_lock(struct cmg__checkpoint *cp, cmg_error **err)
{
    const struct cmg__env *env = &cp->ctx->env;
    const struct cmg__alloc *alloc = &cp->ctx->alloc;
    char *path = cmg__format(alloc, "%s.lock", cp->path);

    if (path == NULL)
        return cmg__fail_nomem(err);
    int fd = env->open(env->user, path, O_RDWR | O_CREAT, 0600);
    int rc = fd < 0 ? fd : env->lock(env->user, fd);
    cmg__free(alloc, path);
    if (rc == 0) {
        cp->lock_fd = fd;
        return CMG_OK;
    }
    if (fd >= 0)
        (void)env->close(env->user, fd);
    if (rc == -EWOULDBLOCK)
        return cmg__fail(err, alloc, CMG_E_CONFLICT, cp->path,
                         "wait until the other run has ended, or stop it",
                         "checkpoint %s is in use by another run", cp->path);
    return cmg__fail_os(err, alloc, -rc, cp->path, "lock checkpoint");
}

cmg_status cmg__checkpoint_damaged(const struct cmg__checkpoint *cp, const char *what,
                                   cmg_error **err)
{
    return cmg__fail(err, &cp->ctx->alloc, CMG_E_PARSE, cp->path,
                     "restore it from a copy; moved away, the request is made anew and "
                     "what the authority issued for it is lost",
                     "checkpoint %s is damaged: %s", cp->path, what);
}

/* The text without its checksum, which is the last member. */
static bool sum_of(const struct cmg__alloc *alloc, const struct cmg__json *content,
                   char out[65], cmg_status *rc)
{
    struct cmg__json *copy = cmg__json_copy_deep(content);
    struct cmg__buf text;

    cmg__buf_init(&text, alloc, CMG__CHECKPOINT_MAX);
    *rc = copy == NULL ? CMG_E_NOMEM : CMG_OK;
    if (*rc == CMG_OK) {
        cmg__json_remove(copy, "sum");
        *rc = cmg__json_format(copy, CMG__JSON_SORTED, &text);
    }
    if (*rc == CMG_OK)
        *rc = cmg__sha256_hex(text.data, text.len, out);
    cmg__json_unref(copy);
    cmg__buf_done(&text);
    return *rc == CMG_OK;
}

static cmg_status judge(const struct cmg__checkpoint *cp, const struct cmg__json *content,
                        cmg_error **err)
{
    const struct cmg__alloc *alloc = &cp->ctx->alloc;
    const int64_t version = cmg__json_int(content, "/cmg_enrolment", 0);
    const char *said = cmg__json_str(content, "/sum");
    char sum[65];
    cmg_status rc = CMG_OK;

    if (version > CMG__CHECKPOINT_VERSION)
        return cmg__fail(err, alloc, CMG_E_UNSUPPORTED, cp->path,
                         "use the release of libcmg that wrote it, or a newer one",
                         "checkpoint %s has version %lld, this library knows up to %d",
                         cp->path, (long long)version, CMG__CHECKPOINT_VERSION);
    if (version < 1 || said == NULL)
        return cmg__checkpoint_damaged(cp, "it is not a checkpoint of an enrolment", err);
    if (!sum_of(alloc, content, sum, &rc))
        return cmg__fail_nomem(err);
    if (strcmp(said, sum) != 0)
        return cmg__checkpoint_damaged(cp, "it does not match its checksum", err);
    return CMG_OK;
}

static cmg_status parse(struct cmg__checkpoint *cp, struct cmg__json **out,
                        cmg_error **err)
{
    cmg_error *why = NULL;
    struct cmg__json *content = NULL;
    cmg_status rc = cmg__json_parse(&cp->ctx->alloc, cp->path, cmg__buf_cstr(&cp->last),
                                    cp->last.len, &content, &why);

    if (rc == CMG_E_NOMEM)
        rc = cmg__error_move(err, &why);
    else if (rc != CMG_OK)
        rc = cmg__checkpoint_damaged(cp, "it is not JSON", err);
    else
        rc = judge(cp, content, err);
    cmg_error_unref(why);
    if (rc == CMG_OK)
        *out = content;
    else
        cmg__json_unref(content);
    return rc;
}

cmg_status cmg__checkpoint_open(struct cmg__checkpoint *cp, struct cmg__json **out,
                                cmg_error **err)
{
    cmg_error *why = NULL;

    *out = NULL;
    if (cp->path == NULL)
        return CMG_OK;
    cmg_status rc = take_lock(cp, err);
    if (rc != CMG_OK)
        return rc;
    cmg__buf_clear(&cp->last);
    rc = cmg__file_read(&cp->ctx->env, &cp->ctx->alloc, cp->path, CMG__CHECKPOINT_MAX,
                        &cp->last, &why);
    if (rc == CMG_OK)
        rc = parse(cp, out, err);
    else if (rc == CMG_E_NOTFOUND)
        rc = CMG_OK;
    else
        rc = cmg__error_move(err, &why);
    cmg_error_unref(why);
    if (rc != CMG_OK)
        cmg__checkpoint_close(cp);
    return rc;
}

static cmg_status format(const struct cmg__checkpoint *cp,
                         const struct cmg__json *content, struct cmg__buf *text)
{
    char sum[65];
    cmg_status rc = CMG_OK;
    struct cmg__json *copy = cmg__json_copy_deep(content);

    if (copy == NULL)
        return CMG_E_NOMEM;
    rc = cmg__json_set(copy, "cmg_enrolment", cmg__json_integer(CMG__CHECKPOINT_VERSION));
    if (rc == CMG_OK && sum_of(&cp->ctx->alloc, copy, sum, &rc))
        rc = cmg__json_set_str(copy, "sum", sum);
    if (rc == CMG_OK)
        rc = cmg__json_format(copy, CMG__JSON_PRETTY, text);
    cmg__json_unref(copy);
    return rc;
}

cmg_status cmg__checkpoint_write(struct cmg__checkpoint *cp,
                                 const struct cmg__json *content, cmg_error **err)
{
    struct cmg__buf text;
    cmg_context *ctx = cp->ctx;

    if (cp->path == NULL)
        return CMG_OK;
    cmg__buf_init(&text, &ctx->alloc, CMG__CHECKPOINT_MAX);
    cmg_status rc = format(cp, content, &text);
    if (rc != CMG_OK)
        rc = cmg__fail_nomem(err);
    bool same = rc == CMG_OK && text.len == cp->last.len &&
                memcmp(text.data, cmg__buf_cstr(&cp->last), text.len) == 0;
    if (rc == CMG_OK && !same)
        rc = cmg__file_replace(&ctx->env, &ctx->alloc, cp->path, 0600, text.data,
                               text.len, err);
    if (rc == CMG_OK) {
        cmg__buf_done(&cp->last);
        cp->last = text;
    } else {
        cmg__buf_done(&text);
    }
    return rc;
}
