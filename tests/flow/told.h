/*
 * What a plan says about a deployment that has ended, beside what the cloud holds: what
 * is observed is there (or gone), and what is only planned is not there yet.
 */
#ifndef TESTS_FLOW_TOLD_H
#define TESTS_FLOW_TOLD_H

#include "place.h"

/* False with the first entry that is wrong. */
bool told_is_true(const cmg_deploy *deploy, cmg_sandbox *sandbox, char why[256]);

#endif
