/*
 * A deployment's template: what checking it and running it share.
 */
#ifndef CMG_SANDBOX_ARM_DEPLOYMENT_H
#define CMG_SANDBOX_ARM_DEPLOYMENT_H

#include "sandbox/arm.h"
#include "sandbox/template.h"

/* What a template has to know of the cloud and the group; check: nothing is there yet. */
void cmg__sb_deployment_fill(struct cmg__sb_cloud *cloud, const struct cmg__json *group,
                             bool check, struct cmg__sb_template *t);
/* Why a template cannot be read. */
void cmg__sb_deployment_fault(struct cmg__sb_fault *fault, const cmg_error *why);
/* What a provider refuses, as told inside of a refusal of the template. */
void cmg__sb_deployment_inside(struct cmg__sb_fault *fault);

#endif
