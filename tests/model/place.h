/* A context with a counting allocator, and gateways made from variations of one
   specification. */
#ifndef TESTS_MODEL_PLACE_H
#define TESTS_MODEL_PLACE_H

#include "base/json.h"
#include "model/gateway.h"
#include "support/support.h"

struct place {
    struct support_alloc a;
    cmg_context *ctx;
};
void place_init(struct place *place);
void place_done(struct place *place); /* nothing may be left */

/* A complete specification; the optional fields are "contoso.json"'s. */
extern const char place_spec[];

/* The specification with the value at path (a member of an object) replaced by JSON text;
   NULL removes it. The caller gives the text back with free(). */
char *place_vary(const char *path, const char *json);
cmg_status place_read(struct place *place, const char *json, cmg_gateway **out,
                      cmg_error **err);
/* Must succeed. */
cmg_gateway *place_gateway(struct place *place);
/* For support_torture: reads the specification that user is, and writes what was read. */
cmg_status place_read_and_write(struct support_alloc *a, void *user);

#endif
