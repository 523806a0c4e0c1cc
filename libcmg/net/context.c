/*
 * A context's birth, end and driving: the part of it that needs the loop and the HTTP
 * engine. Settings are in base/context.c.
 */
#include "base/context.h"
#include "net/http_client.h"
#include "net/loop_uv.h"

/* Which allocator the context itself is made from, before there is a context. */
static cmg_status choose_alloc(const cmg_allocator *table, struct cmg__alloc *out,
                               cmg_error **err)
{
    *out = cmg__alloc_libc;
    if (table == NULL)
        return CMG_OK;
    cmg_status rc = cmg__tagged_copy(&out->table, sizeof out->table, sizeof out->table,
                                     table, "cmg_allocator", err);
    if (rc != CMG_OK)
        return rc;
    if (out->table.alloc != NULL && out->table.realloc != NULL && out->table.free != NULL)
        return CMG_OK;
    return cmg__fail(err, &cmg__alloc_libc, CMG_E_INVAL, "allocator",
                     "fill in alloc, realloc and free, or pass NULL",
                     "cmg_allocator lacks a function");
}

/* In a forked child descriptors are shared with the parent: only memory may go. */
static void destroy(cmg_context *ctx)
{
    struct cmg__alloc alloc = ctx->alloc;
    if (cmg__handle_is_foreign(&ctx->head)) {
        cmg__http_forget(ctx->http);
        cmg__loop_forget(ctx->loop);
    } else {
        cmg__http_free(ctx->http);
        cmg__loop_free(ctx->loop);
    }
    cmg__context_done_base(ctx);
    cmg__free(&alloc, ctx);
}

cmg_status cmg_context_new(const cmg_allocator *allocator, cmg_context **out_ctx,
                           cmg_error **err)
{
    struct cmg__alloc alloc;
    if (out_ctx == NULL)
        return cmg__fail(err, &cmg__alloc_libc, CMG_E_INVAL, "out_ctx",
                         "pass the address of a pointer", "out_ctx is NULL");
    cmg_status rc = choose_alloc(allocator, &alloc, err);
    if (rc != CMG_OK)
        return rc;
    cmg_context *ctx = cmg__alloc0(&alloc, sizeof *ctx);
    if (ctx == NULL)
        return cmg__fail_nomem(err);
    rc = cmg__context_init_base(ctx, allocator, err);
    if (rc != CMG_OK) {
        cmg__free(&alloc, ctx);
        return rc;
    }
    rc = cmg__loop_new(ctx, &ctx->loop, err);
    if (rc == CMG_OK)
        rc = cmg__http_new(ctx->loop, &ctx->http, err);
    if (rc != CMG_OK) {
        destroy(ctx);
        return rc;
    }
    *out_ctx = ctx;
    return CMG_OK;
}

cmg_context *cmg_context_ref(cmg_context *ctx)
{
    if (ctx != NULL)
        cmg__handle_ref(&ctx->head);
    return ctx;
}

void cmg_context_unref(cmg_context *ctx)
{
    if (ctx != NULL && cmg__handle_unref(&ctx->head))
        destroy(ctx);
}

int cmg_context_get_fd(cmg_context *ctx)
{
    if (cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, NULL) != CMG_OK)
        return -1;
    return cmg__loop_fd(ctx->loop);
}

int cmg_context_get_timeout_ms(cmg_context *ctx)
{
    /* 0 for a bad handle: the following call reports it. */
    if (cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, NULL) != CMG_OK)
        return 0;
    return cmg__loop_timeout_ms(ctx->loop);
}

static cmg_status check_may_drive(cmg_context *ctx, cmg_error **err)
{
    cmg_status rc = cmg__check(ctx == NULL ? NULL : &ctx->head, CMG__TAG_CONTEXT, err);
    if (rc != CMG_OK)
        return rc;
    if (ctx->callback_depth == 0 && !cmg__loop_is_turning(ctx->loop))
        return CMG_OK;
    return cmg__fail(err, &ctx->alloc, CMG_E_REENTRANT, "context",
                     "return from the callback first",
                     "the context is driven from inside one of its callbacks");
}

/* The reference lets a callback drop the last one of the host. */
cmg_status cmg_context_process(cmg_context *ctx, cmg_error **err)
{
    cmg_status rc = check_may_drive(ctx, err);
    if (rc != CMG_OK)
        return rc;
    cmg_context_ref(ctx);
    cmg__loop_turn(ctx->loop);
    cmg_context_unref(ctx);
    return CMG_OK;
}

cmg_status cmg_context_wait(cmg_context *ctx, int timeout_ms, cmg_error **err)
{
    cmg_status rc = check_may_drive(ctx, err);
    if (rc != CMG_OK)
        return rc;
    cmg_context_ref(ctx);
    cmg__loop_wait(ctx->loop, timeout_ms);
    cmg_context_unref(ctx);
    return CMG_OK;
}

void cmg_context_wakeup(cmg_context *ctx)
{
    if (ctx != NULL)
        cmg__loop_wakeup(ctx->loop);
}
