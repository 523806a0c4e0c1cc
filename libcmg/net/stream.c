/*
 * What is the same for every stream: the calls go to the filter's own functions once the
 * stream is fit for them.
 */
#include "net/stream.h"

bool cmg__stream_is_carried(const struct cmg__stream *s)
{
    return s->below == NULL || s->below->open;
}

void cmg__stream_set_events(struct cmg__stream *s, cmg__stream_event_fn fn, void *user)
{
    s->on_event = fn;
    s->user = user;
}

enum cmg__io cmg__stream_connect(struct cmg__stream *s)
{
    if (s->error != NULL)
        return CMG__IO_ERROR;
    return s->open ? CMG__IO_OK : s->ops->connect(s);
}

enum cmg__io cmg__stream_read(struct cmg__stream *s, void *out, size_t n, size_t *got)
{
    *got = 0;
    enum cmg__io io = cmg__stream_connect(s);
    return io == CMG__IO_OK ? s->ops->read(s, out, n, got) : io;
}

enum cmg__io cmg__stream_write(struct cmg__stream *s, const void *data, size_t n,
                               size_t *put)
{
    *put = 0;
    enum cmg__io io = cmg__stream_connect(s);
    return io == CMG__IO_OK ? s->ops->write(s, data, n, put) : io;
}

size_t cmg__stream_pending(struct cmg__stream *s)
{
    return s->open && s->error == NULL ? s->ops->pending(s) : 0;
}

void cmg__stream_want(struct cmg__stream *s, unsigned wanted)
{
    s->ops->want(s, wanted);
}

enum cmg__io cmg__stream_shutdown(struct cmg__stream *s)
{
    if (s->error != NULL)
        return CMG__IO_ERROR;
    return s->open ? s->ops->shutdown(s) : CMG__IO_AGAIN;
}

void cmg__stream_free(struct cmg__stream *s)
{
    if (s != NULL)
        s->ops->destroy(s);
}

const cmg_error *cmg__stream_error(const struct cmg__stream *s)
{
    return s->error;
}
