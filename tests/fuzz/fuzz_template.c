/* The template evaluator: any JSON as a deployment's properties. */
#include <stdint.h>
#include <string.h>

#include "sandbox/relaxed.h"
#include "sandbox/template.h"

static const struct cmg__json *reference(void *user, const char *id)
{
    return strlen(id) % 2 == 0 ? user : NULL;
}

static void run(struct cmg__json *properties, bool check)
{
    struct cmg__json *order = NULL, *outputs = NULL;
    const struct cmg__json *resources = cmg__json_at(properties, "/template/resources");
    struct cmg__sb_template t = { .alloc = &cmg__alloc_libc,
                                  .subscription_id = "s",
                                  .tenant_id = "t",
                                  .group = "g",
                                  .location = "westeurope",
                                  .reference = reference,
                                  .user = properties,
                                  .check = check };

    if (cmg__sb_template_open(&t, cmg__json_key(properties, "template"),
                              cmg__json_key(properties, "parameters"), NULL) != CMG_OK)
        return;
    if (cmg__sb_template_order(&t, &order, NULL) == CMG_OK)
        cmg__json_unref(order);
    for (size_t i = 0; i < cmg__json_size(resources); i++) {
        struct cmg__json *value = NULL;
        if (cmg__sb_template_value(&t, cmg__json_item(resources, i), &value, NULL) ==
            CMG_OK)
            cmg__json_unref(value);
    }
    if (cmg__sb_template_outputs(&t, &outputs, NULL) == CMG_OK)
        cmg__json_unref(outputs);
    cmg__sb_template_close(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__json *properties = NULL;

    if (cmg__sb_relaxed_parse(&cmg__alloc_libc, (const char *)data, size, &properties) !=
        CMG_OK)
        return 0;
    run(properties, false);
    run(properties, true);
    cmg__json_unref(properties);
    return 0;
}
