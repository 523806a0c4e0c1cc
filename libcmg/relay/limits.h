/*
 * Every count, size and time that a peer of the relay can run into, in one table. Service
 * and connector keep a copy each, so that a test can tighten one without touching others.
 */
#ifndef CMG_RELAY_LIMITS_H
#define CMG_RELAY_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* What a URL map may hold. */
#define CMG__MAP_MAX_ROLES     32
#define CMG__MAP_MAX_ENDPOINTS 64
#define CMG__MAP_MAX_PATH      128
/* Longest request body that a map may allow. */
#define CMG__MAP_MAX_LENGTH ((uint64_t)1 << 40)

/* Revocation lists that can be held. */
#define CMG__LISTS_MAX 100

struct cmg__relay_limits {
    size_t connections;      /* of clients, per service */
    size_t channels;         /* of connection points */
    size_t handshakes;       /* of who may become one; the oldest gives way */
    size_t streams;          /* requests under way per channel */
    size_t queue;            /* requests that wait for a connection point */
    size_t discard_bytes;    /* of a body that nobody wants, before the line is cut */
    int64_t queue_ms;        /* how long such a request waits */
    int64_t handshake_ms;    /* TLS of a channel */
    int64_t hello_ms;        /* from TLS to a valid hello */
    int64_t first_byte_ms;   /* from the request's last progress to the answer's head */
    int64_t slow_ms;         /* how long a request's body may come below... */
    uint64_t body_rate;      /* ...this many bytes a second */
    int64_t stall_ms;        /* an answer without progress */
    int64_t certificate_ms;  /* how long a client certificate's verdict is kept */
    int64_t connect_ms;      /* dialling: name and TCP */
    int64_t backoff_base_ms; /* dialling again: full jitter below base * 2^n */
    int64_t backoff_cap_ms;
    int64_t settled_ms;      /* a channel that lived as long resets the back-off */
    int64_t keys_ms;         /* refresh of token keys */
    int64_t keys_unknown_ms; /* least time between refreshes for an unknown key */
    size_t list_queue;       /* requests that wait for one, queue_ms at most */
    size_t lists;            /* revocation lists held, at most CMG__LISTS_MAX */
    size_t list_fetches;     /* of them, on their way at a time */
    size_t list_bytes;       /* one of them as it comes */
    size_t lists_bytes;      /* all of them in memory */
    int64_t list_fetch_ms;   /* from the request for one to its last byte */
    int64_t list_refresh_ms; /* the longest until it is asked for again */
    int64_t list_idle_ms;    /* one that nobody needed as long is given up */
    int64_t list_pause_ms; /* after a failure, doubled with each; the least to refresh */
    int64_t list_pause_cap_ms;
};

extern const struct cmg__relay_limits cmg__relay_default_limits;

#endif
