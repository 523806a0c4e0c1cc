/*
 * What is said on stream 1 of a channel: JSON objects, one a line, both ways. The
 * connection point begins with "hello" (who it is, what it publishes); the service
 * answers "ready" or "refused"; either may say "drain". Unknown types are passed over, so
 * that later versions can say more.
 */
#ifndef CMG_RELAY_CONTROL_H
#define CMG_RELAY_CONTROL_H

#include "relay/url_map.h"

#define CMG__CONTROL_VERSION  1
#define CMG__CONTROL_PATH     "/.cmg/control"
#define CMG__CONTROL_LINE_MAX ((size_t)512 * 1024)
#define CMG__CONTROL_NAME_MAX 63

struct cmg__hello {
    char name[CMG__CONTROL_NAME_MAX + 1];
    char site[4];
    int64_t epoch;
    struct cmg__url_map map;
};
void cmg__hello_init(struct cmg__hello *hello, const struct cmg__alloc *alloc);
void cmg__hello_done(struct cmg__hello *hello);
/* Everything is checked; on failure the error names the field. */
cmg_status cmg__hello_read(struct cmg__hello *hello, const struct cmg__json *message,
                           cmg_error **err);
/* Letters, digits and '-', 1 to 63; three letters or digits. */
bool cmg__control_name_is_valid(const char *name);
bool cmg__control_site_is_valid(const char *site);

/* Lines to write, each with its end. */
CMG__NODISCARD cmg_status cmg__control_hello(struct cmg__buf *out, const char *name,
                                             const char *site, int64_t epoch,
                                             const struct cmg__url_map *map);
CMG__NODISCARD cmg_status cmg__control_ready(struct cmg__buf *out, int instance);
CMG__NODISCARD cmg_status cmg__control_refused(struct cmg__buf *out, const char *why);
CMG__NODISCARD cmg_status cmg__control_drain(struct cmg__buf *out);

enum cmg__control_type {
    CMG__CONTROL_HELLO,
    CMG__CONTROL_READY,
    CMG__CONTROL_REFUSED,
    CMG__CONTROL_DRAIN,
    CMG__CONTROL_OTHER
};

/* Cuts bytes into lines and reads each. */
struct cmg__control_reader {
    struct cmg__buf line;
};
/* May end the reader's owner's channel, but not free the reader. */
typedef cmg_status (*cmg__control_fn)(void *user, enum cmg__control_type type,
                                      const struct cmg__json *message, cmg_error **err);
void cmg__control_init(struct cmg__control_reader *reader,
                       const struct cmg__alloc *alloc);
void cmg__control_done(struct cmg__control_reader *reader);
/* CMG_E_LIMIT for a line too long, CMG_E_PARSE, or what fn failed with. */
cmg_status cmg__control_feed(struct cmg__control_reader *reader, const char *data,
                             size_t n, cmg__control_fn fn, void *user, cmg_error **err);

#endif
