/*
 * Which header fields pass a border of the relay, and how. Four borders: client to
 * channel, channel to upstream, upstream to channel, channel to client. Names of the
 * gateway's own and of any proxy's identity fields never pass inwards from outside.
 */
#ifndef CMG_RELAY_FIELDS_H
#define CMG_RELAY_FIELDS_H

#include "base/http.h"

enum cmg__border {
    CMG__BORDER_CLIENT_IN,    /* client's request goes into a channel */
    CMG__BORDER_UPSTREAM_IN,  /* channel's request goes to a role */
    CMG__BORDER_UPSTREAM_OUT, /* role's answer goes into the channel */
    CMG__BORDER_CLIENT_OUT    /* channel's answer goes to the client */
};

/* False when a Connection field names a field that must not be made to vanish (Host,
   Content-Length, Authorization, identity): such a request is refused. */
bool cmg__fields_connection_is_sane(const struct cmg__headers *headers);
/* Adds to out, names in lower case, the fields of in that pass the border. */
CMG__NODISCARD cmg_status cmg__fields_pass(enum cmg__border border,
                                           const struct cmg__headers *in,
                                           struct cmg__headers *out);
/* True for names that outsiders use to claim an identity or a way. */
bool cmg__fields_is_identity(const char *name);
/* A reason phrase of the gateway's own kind: 1 to 64 letters, digits, '_', '-'. */
bool cmg__fields_reason_is_valid(const char *reason);
/* "<prefix><status text without blanks>": what 2.6 of the field's conventions call it. */
CMG__NODISCARD cmg_status cmg__fields_reason(struct cmg__buf *out, const char *prefix,
                                             const char *phrase);

#endif
