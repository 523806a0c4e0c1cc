/* See problem.h. */
#include "problem.h"

#include "display.h"

#include <string.h>

enum { TEXT = 40 }; /* the column where texts begin */

static void print_line(FILE *out, const char *label, const char *text)
{
    if (*text == '\0')
        return;
    fprintf(out, "%10s%-10s", "", label);
    display_wrap(out, 20, text);
}

static void print_one(FILE *out, const cmg_problem *problem)
{
    static const char *const severities[] = { "", "note", "warning", "refusal" };
    const char *fixable = problem->fixable != 0 ? "yes" : "no";
    int n = fprintf(out, "%-8s  %-8s  %s", severities[problem->severity], fixable,
                    problem->subject);

    if (n > TEXT - 2) {
        fputc('\n', out);
        n = 0;
    }
    fprintf(out, "%*s", TEXT - n, "");
    display_wrap(out, TEXT, problem->what);
    print_line(out, "cause", problem->cause);
    print_line(out, "remedy",
               problem->fixable != 0 ? "none needed: a deployment mends it"
                                     : problem->remedy);
}

cmg_status problem_print_all(FILE *out, const cmg_deploy *deploy, cmg_severity least,
                             size_t counts[4], cmg_error **err)
{
    cmg_problem problem = { .size = sizeof problem };
    bool has_head = false;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < cmg_deploy_problem_count(deploy); i++) {
        rc = cmg_deploy_problem(deploy, i, &problem, err);
        if (rc != CMG_OK || problem.severity < least)
            continue;
        if (!has_head)
            fprintf(out, "%-8s  %-8s  %-18s  %s\n", "severity", "fixable", "subject",
                    "what");
        has_head = true;
        counts[problem.severity]++;
        print_one(out, &problem);
    }
    return rc;
}
