/*
 * Reading a settings document field by field with one shape of error: the path, what
 * stood there, what is allowed.
 */
#ifndef CMG_RELAY_READER_H
#define CMG_RELAY_READER_H

#include "relay/settings.h"

struct cmg__reader {
    const struct cmg__alloc *alloc;
    const char *name; /* of the document */
    struct cmg__json *doc;
};

/* Parses and checks that it is an object with version 1. */
cmg_status cmg__reader_open(struct cmg__reader *reader, const struct cmg__alloc *alloc,
                            const char *name, const char *json, size_t n,
                            cmg_error **err);
void cmg__reader_close(struct cmg__reader *reader);

struct cmg__rule {
    bool (*fits)(const char *text);
    const char *allowed; /* the remedy */
};
/* A text that fits, copied. */
cmg_status cmg__reader_text(const struct cmg__reader *reader, const char *path,
                            const struct cmg__rule *rule, char **out, cmg_error **err);
/* A list of at most max such texts. */
cmg_status cmg__reader_texts(const struct cmg__reader *reader, const char *path,
                             const struct cmg__rule *rule, size_t max,
                             struct cmg__names *out, cmg_error **err);
cmg_status cmg__reader_port(const struct cmg__reader *reader, const char *path,
                            uint16_t *out, cmg_error **err);
/* *out stays as it is when the port is not told. */
cmg_status cmg__reader_port_if_told(const struct cmg__reader *reader, const char *path,
                                    uint16_t *out, cmg_error **err);
void cmg__names_done(const struct cmg__alloc *alloc, struct cmg__names *names);

/* The usual rules. */
bool cmg__rule_host(const char *text); /* a DNS name */
bool cmg__rule_guid(const char *text);
bool cmg__rule_pin(const char *text); /* 64 hexadecimal digits */
bool cmg__rule_https_url(const char *text);
bool cmg__rule_token(const char *text); /* printable ASCII, 1 to 512 */
bool cmg__rule_pem(const char *text);   /* "" or something with a certificate in it */

#endif
