/*
 * Two streams joined: what comes from one goes to the other, the end of one direction
 * too. One buffer each way; a full one stops reading, which is the back-pressure.
 */
#include <string.h>

#include "sandbox/balancer.h"

#define BUFFER_SIZE 16384

struct way {
    struct cmg__stream *from, *to;
    char data[BUFFER_SIZE];
    size_t at, len;
    bool ended;  /* from said end of file */
    bool passed; /* and to was told */
};

struct pair {
    struct cmg__list node;
    const struct cmg__alloc *alloc;
    struct way ways[2];
};

static struct pair *pair_of(struct cmg__list *node)
{
    return CMG__CONTAINER(node, struct pair, node);
}

static void destroy(struct pair *pair)
{
    cmg__list_remove(&pair->node);
    cmg__stream_free(pair->ways[0].from);
    cmg__stream_free(pair->ways[1].from);
    cmg__free(pair->alloc, pair);
}

/* Writes what is there; false when the pair is broken. */
static bool drain(struct way *way)
{
    while (way->len > 0) {
        size_t put = 0;
        enum cmg__io io = cmg__stream_write(way->to, way->data + way->at, way->len, &put);
        if (io == CMG__IO_AGAIN)
            return true;
        if (io != CMG__IO_OK)
            return false;
        way->at += put;
        way->len -= put;
    }
    if (way->ended && !way->passed) {
        enum cmg__io io = cmg__stream_shutdown(way->to);
        way->passed = io == CMG__IO_OK;
        return io != CMG__IO_ERROR;
    }
    return true;
}

/* Moves bytes one way until one side would wait; bounded, so that others get a turn. */
static bool move(struct way *way)
{
    for (unsigned turn = 0; turn < 8; turn++) {
        if (!drain(way))
            return false;
        if (way->len > 0 || way->ended)
            return true;
        size_t got = 0;
        enum cmg__io io = cmg__stream_read(way->from, way->data, BUFFER_SIZE, &got);
        if (io == CMG__IO_AGAIN)
            return true;
        if (io == CMG__IO_ERROR)
            return false;
        way->ended = io == CMG__IO_EOF;
        way->at = 0;
        way->len = got;
    }
    return true;
}

static unsigned wants(const struct way *out, const struct way *in)
{
    unsigned wanted = 0;
    if (!out->ended && out->len == 0)
        wanted |= CMG__READABLE;
    if (in->len > 0 || (in->ended && !in->passed))
        wanted |= CMG__WRITABLE;
    return wanted;
}

static void on_event(struct cmg__stream *stream, void *user)
{
    struct pair *pair = user;
    struct way *there = &pair->ways[0], *back = &pair->ways[1];
    (void)stream;
    if (!move(there) || !move(back) || (there->passed && back->passed)) {
        destroy(pair);
        return;
    }
    cmg__stream_want(there->from, wants(there, back));
    cmg__stream_want(back->from, wants(back, there));
}

cmg_status cmg__sb_pair_new(struct cmg__stream *a, struct cmg__stream *b,
                            struct cmg__list *list, cmg_error **err)
{
    const struct cmg__alloc *alloc = cmg__loop_alloc(a->loop);
    struct pair *pair = cmg__alloc0(alloc, sizeof *pair);
    if (pair == NULL) {
        cmg__stream_free(a);
        cmg__stream_free(b);
        return cmg__fail_nomem(err);
    }
    pair->alloc = alloc;
    pair->ways[0].from = pair->ways[1].to = a;
    pair->ways[0].to = pair->ways[1].from = b;
    cmg__list_add_tail(list, &pair->node);
    cmg__stream_set_events(a, on_event, pair);
    cmg__stream_set_events(b, on_event, pair);
    cmg__stream_want(a, CMG__READABLE);
    cmg__stream_want(b, CMG__READABLE);
    return CMG_OK;
}

void cmg__sb_pairs_free(struct cmg__list *list)
{
    CMG__LIST_FOREACH (node, after, list)
        destroy(pair_of(node));
}
