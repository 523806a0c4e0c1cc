/*
 * The ways in which a property can be expected: how it is compared, told and mended.
 * expectation.c has the table of what is expected.
 */
#ifndef CMG_MODEL_EXPECTATION_KIND_H
#define CMG_MODEL_EXPECTATION_KIND_H

#include "base/str.h"
#include "model/expectation.h"

enum cmg__how {
    CMG__HOW_THERE,       /* the object itself */
    CMG__HOW_TEXT,        /* this text */
    CMG__HOW_TRUE,        /* true */
    CMG__HOW_VERSION,     /* this number; null is 1 */
    CMG__HOW_HAS,         /* a list with this text, and perhaps others */
    CMG__HOW_HAS_EITHER,  /* the same, the property also of another platform */
    CMG__HOW_EMPTY,       /* a list of nothing */
    CMG__HOW_ASKS,        /* the permission "resource id kind" is asked for */
    CMG__HOW_ASKS_NOT,    /* it is not; kind Any: whatever it is */
    CMG__HOW_SCOPE,       /* the scope user_impersonation */
    CMG__HOW_SCOPE_TRUE,  /* true, in that scope */
    CMG__HOW_SCOPE_TEXT,  /* this text, in that scope */
    CMG__HOW_SCOPE_WORDS, /* the same when it is given, else any words */
    CMG__HOW_ROLE,        /* the application permission "resource id" is granted */
    CMG__HOW_DELEGATED,   /* the delegated permission "resource scope" is granted */
    CMG__HOWS
};

struct cmg__expectation {
    unsigned apps; /* enum cmg__app, several */
    cmg_app_part part;
    const char *path;
    enum cmg__how how;
    cmg_severity severity;
    cmg_correctable correctable;
    const char *value;  /* names of the wish in braces */
    const char *words;  /* what should be there, for people; NULL: the value */
    const char *fix;    /* what mends it, for people */
    const char *unless; /* a wish with which it is not expected, or NULL */
};

/* A row and the value that its names make. */
struct cmg__expected {
    const struct cmg__app_view *view;
    const struct cmg__expectation *row;
    char *want;
    bool known; /* every name in it was */
};

struct cmg__kind {
    bool (*holds)(const struct cmg__expected *e, const struct cmg__json *at);
    cmg_status (*tell)(const struct cmg__expected *e, const struct cmg__json *at,
                       struct cmg__buf *out);
    cmg_status (*mend)(const struct cmg__expected *e, struct cmg__json *patch);
};

const struct cmg__kind *cmg__kind_get(enum cmg__how how);
/* "" when it is not known. */
const char *cmg__wish(const struct cmg__app_view *view, const char *name);
/* What is looked at in a row: a part of the object, or of its scope. */
const struct cmg__json *cmg__expected_at(const struct cmg__app_view *view,
                                         const struct cmg__expectation *row);

#endif
