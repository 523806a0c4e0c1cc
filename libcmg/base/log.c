/* Log records of a context. */
#include "base/log.h"

#include <stdarg.h>

#include "base/context.h"

void cmg__log(cmg_context *ctx, cmg_log_level level, const char *module,
              const char *event, const char *subject, const char *fmt, ...)
{
    va_list args;

    if (ctx->log_fn == NULL || level == CMG_LOG_NONE || level > ctx->log_level)
        return;
    va_start(args, fmt);
    char *text = cmg__vformat(&ctx->alloc, fmt, args);
    va_end(args);
    const cmg_log_record record = { .size = sizeof record,
                                    .module = module,
                                    .event = event,
                                    .text = cmg__str_or(text, "(memory ran out)"),
                                    .subject = cmg__str_or(subject, ""),
                                    .unix_ms = ctx->env.unix_ms(ctx->env.user),
                                    .level = (int32_t)level };

    cmg__callback_enter(ctx);
    ctx->log_fn(ctx, &record, ctx->log_user);
    cmg__callback_leave(ctx);
    cmg__free(&ctx->alloc, text);
}
