/* See difference.h. */
#include "difference.h"

#include <stdio.h>

#include "display.h"

void difference_print_head(void)
{
    printf("owner    severity  object       mended      property\n");
}

static void print_difference(const char *owner, const cmg_difference *one)
{
    static const char *const severities[] = { "", "note", "warning", "refusal" };
    static const char *const parts[] = { "",        "application", "principal",
                                         "consent", "resource",    "certificate",
                                         "instance" };
    static const char *const mended[] = { "by hand", "--correct", "on request" };

    printf("%-7s  %-8s  %-11s  %-10s  %s\n", owner, severities[one->severity],
           parts[one->part], mended[one->correctable], one->path);
    const struct {
        const char *label, *text;
    } lines[] = { { "is", one->found },
                  { "should be", one->should_be },
                  { "fix", one->fix } };

    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        printf("%9s%-11s", "", lines[i].label);
        display_wrap(stdout, 20, lines[i].text);
    }
}

cmg_status difference_print_all(cmg_gateway *gateway, const char *owner, size_t count,
                                difference_getter get, cmg_error **err)
{
    cmg_difference one = { .size = sizeof one };
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < count; i++) {
        rc = get(gateway, i, &one, err);
        if (rc == CMG_OK)
            print_difference(owner, &one);
    }
    return rc;
}
