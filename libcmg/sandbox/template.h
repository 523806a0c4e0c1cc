/*
 * The template language of Resource Manager, as far as gateway templates use it:
 * parameters, variables, expressions, dependsOn, outputs. Pure: what exists in the cloud
 * comes in through one callback. Input is a stranger's: depth, length and the number of
 * evaluations are bounded.
 */
#ifndef CMG_SANDBOX_TEMPLATE_H
#define CMG_SANDBOX_TEMPLATE_H

#include "base/error.h"
#include "base/json.h"

#define CMG__SB_EXPRESSION_MAX 24576
#define CMG__SB_TEMPLATE_DEPTH 32
#define CMG__SB_TEMPLATE_STEPS 200000

struct cmg__sb_template {
    const struct cmg__alloc *alloc;
    const char *subscription_id; /* borrowed, like all texts here */
    const char *tenant_id;
    const char *group;
    const char *location; /* the group's */
    /* A resource that exists (borrowed), or NULL. While check is set it
       is not asked: references then stand for something unknown. */
    const struct cmg__json *(*reference)(void *user, const char *id);
    void *user;
    bool check;
    /* set by cmg__sb_template_open */
    const struct cmg__json *source;
    struct cmg__json *parameters; /* resolved values by name */
    unsigned depth;
    unsigned steps;
};

/* Resolves the parameters (the deployment's "parameters" object, may be NULL) against the
   template's declarations. The alloc to location members are set by the caller. */
cmg_status cmg__sb_template_open(struct cmg__sb_template *t,
                                 const struct cmg__json *source,
                                 const struct cmg__json *given, cmg_error **err);
void cmg__sb_template_close(struct cmg__sb_template *t);
/* Any value with every expression in it replaced by what it means. */
cmg_status cmg__sb_template_value(struct cmg__sb_template *t,
                                  const struct cmg__json *value, struct cmg__json **out,
                                  cmg_error **err);
/* The template's resources in an order that keeps dependsOn, each as {"index": in the
   template, "after": [places in this order that it depends on]}; those whose condition is
   false are left out. */
cmg_status cmg__sb_template_order(struct cmg__sb_template *t, struct cmg__json **out,
                                  cmg_error **err);
/* The ID a resource of the template will have; cmg__free. */
cmg_status cmg__sb_template_id(struct cmg__sb_template *t,
                               const struct cmg__json *resource, char **out,
                               cmg_error **err);
/* The outputs with their values; secure ones without. An empty object without outputs. */
cmg_status cmg__sb_template_outputs(struct cmg__sb_template *t, struct cmg__json **out,
                                    cmg_error **err);

/* ---- between the template_* files ---- */
/* One expression without its brackets. */
cmg_status cmg__sb_expression(struct cmg__sb_template *t, const char *text, size_t n,
                              struct cmg__json **out, cmg_error **err);
#define CMG__SB_TEXT_MAX ((size_t)1024 * 1024)
struct cmg__sb_function_row {
    const char *name;
    uint8_t min, max; /* arguments */
    cmg_status (*run)(struct cmg__sb_template *t, const struct cmg__json *args,
                      struct cmg__json **out, cmg_error **err);
};
/* ---- template_library.c ---- */
const struct cmg__sb_function_row *cmg__sb_library_find(const char *name);
/* Is the result unknown because an argument is? */
bool cmg__sb_library_is_unknown(const struct cmg__sb_template *t,
                                const struct cmg__sb_function_row *row,
                                const struct cmg__json *args);
/* Calls a function by name with evaluated arguments. */
cmg_status cmg__sb_function(struct cmg__sb_template *t, const char *name,
                            const struct cmg__json *args, struct cmg__json **out,
                            cmg_error **err);
cmg_status cmg__sb_template_fail(const struct cmg__sb_template *t, cmg_error **err,
                                 const char *fmt, ...) CMG__PRINTF(3, 4);

#endif
