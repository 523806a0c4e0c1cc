/*
 * A method as simple as can be, for tests of the engine: POST /submit, then GET /poll,
 * answered by a word: issued, pending, denied, prove.
 */
#ifndef TESTS_ENROL_PLAIN_H
#define TESTS_ENROL_PLAIN_H

#include "desk.h"

#define PLAIN_URL "https://ca.test/plain"

/* Gives the desk's enrolment such a method; it issues pki's leaf and root. */
void plain_use(struct desk *d);

#endif
