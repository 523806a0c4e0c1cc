/*
 * Key and request of an enrolment, as files of a directory: the same every time the
 * program runs, so that what was begun can be gone on with.
 */
#ifndef EXAMPLES_ENROL_REQUEST_H
#define EXAMPLES_ENROL_REQUEST_H

#include <cmg/cmg.h>

/* "DIRECTORY/NAME", valid until the next call. */
const char *enrol_path(const char *directory, const char *name);
/* Writes a file (mode 0600) and gives the bytes back; false and a message on failure. */
bool enrol_keep(const char *directory, const char *name, cmg_bytes *bytes);
/* An enrolment with key.pem, request.pem (each made when it is not there) and the
   checkpoint enrolment.json. */
cmg_status enrol_open(cmg_context *ctx, const char *directory, const char *name,
                      cmg_enrolment **e, cmg_error **err);

#endif
