/* See problem.h. */
#include "problem.h"

#include "display.h"

#include <string.h>

static void print_line(const char *label, const char *text)
{
    if (*text == '\0')
        return;
    printf("%10s%-8s", "", label);
    display_wrap(stdout, 18, text);
}

void problem_print(const cmg_problem *problem)
{
    static const char *const severities[] = { "", "note", "warning", "refusal" };

    if (strlen(problem->subject) > 18)
        printf("%-8s  %s\n%30s", severities[problem->severity], problem->subject, "");
    else
        printf("%-8s  %-18s  ", severities[problem->severity], problem->subject);
    display_wrap(stdout, 30, problem->what);
    print_line("cause", problem->cause);
    print_line("remedy", problem->fixable != 0 ? "none needed: a deployment mends it"
                                               : problem->remedy);
}
