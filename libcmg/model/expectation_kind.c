/*
 * See expectation_kind.h. A patch is a part of the object as it will be: collections are
 * copied into it whole when the first of their entries is changed, since Graph replaces
 * them whole.
 */
#include "model/expectation_kind.h"

#include <string.h>

#define SCOPES_PATH "/api/oauth2PermissionScopes"
#define ACCESS_PATH "/requiredResourceAccess"

/* ---- places in a patch ---- */

/* The object at the first n bytes of path, made when it is not there. */
static struct cmg__json *make_object(struct cmg__json *patch, const char *path, size_t n)
{
    struct cmg__json *at = patch;

    for (size_t i = 0; at != NULL && i < n;) {
        char key[64] = "";
        size_t len = strcspn(path + i + 1, "/");
        if (len >= sizeof key)
            return NULL;
        memcpy(key, path + i + 1, len);
        if (cmg__json_key(at, key) == NULL &&
            cmg__json_set(at, key, cmg__json_object()) != CMG_OK)
            return NULL;
        at = cmg__json_key(at, key);
        i += len + 1;
    }
    return at;
}

static cmg_status put(struct cmg__json *patch, const char *path, struct cmg__json *value)
{
    const char *name = strrchr(path, '/');
    struct cmg__json *at = make_object(patch, path, (size_t)(name - path));

    if (at != NULL)
        return cmg__json_set(at, name + 1, value);
    cmg__json_unref(value);
    return CMG_E_NOMEM;
}

/* The collection as it will be; NULL when memory ran out. */
static struct cmg__json *collection(const struct cmg__expected *e,
                                    struct cmg__json *patch, const char *path)
{
    struct cmg__json *there = cmg__json_at(patch, path);

    if (there != NULL)
        return there;
    const struct cmg__json *now = cmg__json_at(e->view->application, path);
    struct cmg__json *copy = cmg__json_type(now) == CMG__JSON_ARRAY
                                 ? cmg__json_copy_deep(now)
                                 : cmg__json_array();
    return put(patch, path, copy) == CMG_OK ? cmg__json_at(patch, path) : NULL;
}

/* ---- single values ---- */

static bool holds_there(const struct cmg__expected *e, const struct cmg__json *at)
{
    (void)e;
    return at != NULL;
}

static cmg_status tell_absent(const struct cmg__expected *e, const struct cmg__json *at,
                              struct cmg__buf *out)
{
    (void)e;
    (void)at;
    return cmg__buf_add_str(out, "absent");
}

static cmg_status tell_value(const struct cmg__expected *e, const struct cmg__json *at,
                             struct cmg__buf *out)
{
    (void)e;
    return cmg__json_describe(at, out);
}

static bool holds_text(const struct cmg__expected *e, const struct cmg__json *at)
{
    const char *text = cmg__json_str(at, "");

    return text != NULL && strcmp(text, e->want) == 0;
}

static cmg_status mend_text(const struct cmg__expected *e, struct cmg__json *patch)
{
    return put(patch, e->row->path, cmg__json_string(e->want));
}

static bool holds_true(const struct cmg__expected *e, const struct cmg__json *at)
{
    (void)e;
    return cmg__json_type(at) == CMG__JSON_TRUE;
}

static cmg_status mend_true(const struct cmg__expected *e, struct cmg__json *patch)
{
    return put(patch, e->row->path, cmg__json_boolean(true));
}

static bool wants_version_2(const struct cmg__expected *e)
{
    return strcmp(e->want, "2") == 0;
}

static bool holds_version(const struct cmg__expected *e, const struct cmg__json *at)
{
    return cmg__json_int(at, "", 1) == (wants_version_2(e) ? 2 : 1);
}

/* Null is what the vendor's procedure leaves there for version 1. */
static cmg_status mend_version(const struct cmg__expected *e, struct cmg__json *patch)
{
    return put(patch, e->row->path,
               wants_version_2(e) ? cmg__json_integer(2) : cmg__json_pack("n"));
}

/* ---- lists of texts ---- */

static bool list_has(const struct cmg__json *list, const char *text)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const char *item = cmg__json_str(cmg__json_item(list, i), "");
        if (item != NULL && strcmp(item, text) == 0)
            return true;
    }
    return false;
}

static bool holds_has(const struct cmg__expected *e, const struct cmg__json *at)
{
    return list_has(at, e->want);
}

static bool holds_either(const struct cmg__expected *e, const struct cmg__json *at)
{
    return list_has(at, e->want) ||
           list_has(cmg__json_at(e->view->application, "/web/redirectUris"), e->want);
}

#define TELL_MAX 300

static cmg_status tell_list(const struct cmg__expected *e, const struct cmg__json *at,
                            struct cmg__buf *out)
{
    cmg_status rc = cmg__json_size(at) == 0 ? cmg__buf_add_str(out, "nothing") : CMG_OK;

    (void)e;
    for (size_t i = 0; rc == CMG_OK && i < cmg__json_size(at); i++) {
        if (i > 0)
            rc = cmg__buf_add_str(out, ", ");
        if (rc == CMG_OK && out->len > TELL_MAX)
            return cmg__buf_add_str(out, "...");
        if (rc == CMG_OK)
            rc = cmg__json_describe(cmg__json_item(at, i), out);
    }
    return rc;
}

static cmg_status mend_has(const struct cmg__expected *e, struct cmg__json *patch)
{
    struct cmg__json *list = collection(e, patch, e->row->path);

    return list == NULL ? CMG_E_NOMEM : cmg__json_append(list, cmg__json_string(e->want));
}

static bool holds_empty(const struct cmg__expected *e, const struct cmg__json *at)
{
    (void)e;
    return cmg__json_size(at) == 0;
}

static cmg_status tell_count(const struct cmg__expected *e, const struct cmg__json *at,
                             struct cmg__buf *out)
{
    (void)e;
    return cmg__buf_addf(out, "%zu of them", cmg__json_size(at));
}

/* ---- permissions ---- */

/* "resource id kind" in pieces. */
struct permission {
    char word[3][64];
};

static struct permission permission_of(const char *want)
{
    struct permission p = { 0 };

    for (size_t i = 0; i < 3 && *want != '\0'; i++) {
        size_t n = strcspn(want, " ");
        if (n < sizeof p.word[i])
            memcpy(p.word[i], want, n);
        want += n + (want[n] == ' ');
    }
    return p;
}

static bool is_text(const struct cmg__json *object, const char *path, const char *text)
{
    const char *found = cmg__json_str(object, path);

    return found != NULL && cmg__str_ieq(found, text);
}

static bool is_right(const struct cmg__json *entry, const struct permission *p)
{
    return is_text(entry, "/id", p->word[1]) &&
           (strcmp(p->word[2], "Any") == 0 || is_text(entry, "/type", p->word[2]));
}

/* The place of the right in a resource's entry; its size when it is not there. */
static size_t find_right(const struct cmg__json *entry, const struct permission *p)
{
    const struct cmg__json *rights = cmg__json_at(entry, "/resourceAccess");
    size_t i = 0;

    while (i < cmg__json_size(rights) && !is_right(cmg__json_item(rights, i), p))
        i++;
    return i;
}

static bool asks(const struct cmg__json *list, const struct permission *p)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *entry = cmg__json_item(list, i);
        if (is_text(entry, "/resourceAppId", p->word[0]) &&
            find_right(entry, p) < cmg__json_size(cmg__json_at(entry, "/resourceAccess")))
            return true;
    }
    return false;
}

static bool holds_asks(const struct cmg__expected *e, const struct cmg__json *at)
{
    const struct permission p = permission_of(e->want);

    return asks(at, &p);
}

static bool holds_asks_not(const struct cmg__expected *e, const struct cmg__json *at)
{
    return !holds_asks(e, at);
}

static cmg_status tell_not_asked(const struct cmg__expected *e,
                                 const struct cmg__json *at, struct cmg__buf *out)
{
    (void)e;
    (void)at;
    return cmg__buf_add_str(out, "not asked for");
}

static cmg_status tell_asked(const struct cmg__expected *e, const struct cmg__json *at,
                             struct cmg__buf *out)
{
    (void)e;
    (void)at;
    return cmg__buf_add_str(out, "asked for");
}

static cmg_status mend_asks(const struct cmg__expected *e, struct cmg__json *patch)
{
    const struct permission p = permission_of(e->want);
    struct cmg__json *list = collection(e, patch, ACCESS_PATH);

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        struct cmg__json *rights =
            cmg__json_at(cmg__json_item(list, i), "/resourceAccess");
        if (rights != NULL &&
            is_text(cmg__json_item(list, i), "/resourceAppId", p.word[0]))
            return cmg__json_append(
                rights, cmg__json_pack("{s:s, s:s}", "id", p.word[1], "type", p.word[2]));
    }
    return list == NULL
               ? CMG_E_NOMEM
               : cmg__json_append(list,
                                  cmg__json_pack("{s:s, s:[{s:s, s:s}]}", "resourceAppId",
                                                 p.word[0], "resourceAccess", "id",
                                                 p.word[1], "type", p.word[2]));
}

/* A resource of which nothing is asked any more is left out. */
static cmg_status mend_asks_not(const struct cmg__expected *e, struct cmg__json *patch)
{
    const struct permission p = permission_of(e->want);
    struct cmg__json *list = collection(e, patch, ACCESS_PATH);

    for (size_t i = cmg__json_size(list); i > 0; i--) {
        struct cmg__json *entry = cmg__json_item(list, i - 1);
        struct cmg__json *rights = cmg__json_at(entry, "/resourceAccess");
        if (!is_text(entry, "/resourceAppId", p.word[0]))
            continue;
        for (size_t k = find_right(entry, &p); k < cmg__json_size(rights);
             k = find_right(entry, &p))
            cmg__json_remove_at(rights, k);
        if (cmg__json_size(rights) == 0)
            cmg__json_remove_at(list, i - 1);
    }
    return list == NULL ? CMG_E_NOMEM : CMG_OK;
}

/* ---- the scope ---- */

static struct cmg__json *scope_in(const struct cmg__json *list)
{
    for (size_t i = 0; i < cmg__json_size(list); i++) {
        if (is_text(cmg__json_item(list, i), "/value", CMG__SCOPE))
            return cmg__json_item(list, i);
    }
    return NULL;
}

const struct cmg__json *cmg__app_scope(const struct cmg__json *application)
{
    return scope_in(cmg__json_at(application, SCOPES_PATH));
}

static cmg_status mend_scope(const struct cmg__expected *e, struct cmg__json *patch)
{
    const struct cmg__app_view *view = e->view;
    struct cmg__json *list = collection(e, patch, SCOPES_PATH);

    if (list == NULL)
        return CMG_E_NOMEM;
    return cmg__json_append(
        list, cmg__json_pack("{s:s, s:s, s:s, s:b, s:s, s:s, s:s, s:s}", "id", e->want,
                             "type", "User", "value", CMG__SCOPE, "isEnabled", 1,
                             "adminConsentDisplayName", cmg__wish(view, "admin_title"),
                             "adminConsentDescription", cmg__wish(view, "admin_text"),
                             "userConsentDisplayName", cmg__wish(view, "user_title"),
                             "userConsentDescription", cmg__wish(view, "user_text")));
}

static cmg_status set_in_scope(const struct cmg__expected *e, struct cmg__json *patch,
                               struct cmg__json *value)
{
    struct cmg__json *scope = scope_in(collection(e, patch, SCOPES_PATH));

    if (scope != NULL)
        return cmg__json_set(scope, strrchr(e->row->path, '/') + 1, value);
    cmg__json_unref(value);
    return CMG_E_NOMEM;
}

static cmg_status mend_scope_true(const struct cmg__expected *e, struct cmg__json *patch)
{
    return set_in_scope(e, patch, cmg__json_boolean(true));
}

static cmg_status mend_scope_text(const struct cmg__expected *e, struct cmg__json *patch)
{
    return set_in_scope(e, patch, cmg__json_string(e->want));
}

/* Somebody else's words are as good, unless the specification gives its own. The wish is
   named in the braces of the row. */
static bool holds_words(const struct cmg__expected *e, const struct cmg__json *at)
{
    char key[48] = "";
    size_t n = strlen(e->row->value) - 2;

    if (n + sizeof "_given" > sizeof key)
        return false;
    memcpy(key, e->row->value + 1, n);
    memcpy(key + n, "_given", sizeof "_given");
    if (cmg__wish(e->view, key)[0] != '\0')
        return holds_text(e, at);
    return !cmg__str_is_empty(cmg__json_str(at, ""));
}

bool cmg__app_must_disable(const struct cmg__app_view *view)
{
    const struct cmg__json *scope = cmg__app_scope(view->application);

    return scope != NULL && cmg__json_bool(scope, "/isEnabled", false) &&
           !is_text(scope, "/type", "User");
}

struct cmg__json *cmg__app_disable(const struct cmg__app_view *view)
{
    struct cmg__json *list =
        cmg__json_copy_deep(cmg__json_at(view->application, SCOPES_PATH));
    struct cmg__json *scope = scope_in(list);

    if (scope != NULL &&
        cmg__json_set(scope, "isEnabled", cmg__json_boolean(false)) == CMG_OK)
        return cmg__json_pack("{s:{s:o}}", "api", "oauth2PermissionScopes", list);
    cmg__json_unref(list);
    return NULL;
}

/* ---- what was granted ---- */

static bool words_have(const char *words, const char *word)
{
    const size_t len = strlen(word);

    for (const char *p = words; *p != '\0';) {
        size_t n = strcspn(p, " ");
        if (n == len && memcmp(p, word, n) == 0)
            return true;
        p += n + strspn(p + n, " ");
    }
    return false;
}

static bool holds_role(const struct cmg__expected *e, const struct cmg__json *at)
{
    const struct permission p = permission_of(e->want);

    for (size_t i = 0; i < cmg__json_size(at); i++) {
        const struct cmg__json *grant = cmg__json_item(at, i);
        if (is_text(grant, "/resourceId", p.word[0]) &&
            is_text(grant, "/appRoleId", p.word[1]))
            return true;
    }
    return false;
}

static bool holds_delegated(const struct cmg__expected *e, const struct cmg__json *at)
{
    const struct permission p = permission_of(e->want);

    for (size_t i = 0; i < cmg__json_size(at); i++) {
        const struct cmg__json *grant = cmg__json_item(at, i);
        if (is_text(grant, "/resourceId", p.word[0]) &&
            words_have(cmg__str_or(cmg__json_str(grant, "/scope"), ""), p.word[1]))
            return true;
    }
    return false;
}

static cmg_status tell_not_granted(const struct cmg__expected *e,
                                   const struct cmg__json *at, struct cmg__buf *out)
{
    (void)e;
    (void)at;
    return cmg__buf_add_str(out, "not granted");
}

static const struct cmg__kind kinds[CMG__HOWS] = {
    [CMG__HOW_THERE] = { holds_there, tell_absent, NULL },
    [CMG__HOW_TEXT] = { holds_text, tell_value, mend_text },
    [CMG__HOW_TRUE] = { holds_true, tell_value, mend_true },
    [CMG__HOW_VERSION] = { holds_version, tell_value, mend_version },
    [CMG__HOW_HAS] = { holds_has, tell_list, mend_has },
    [CMG__HOW_HAS_EITHER] = { holds_either, tell_list, mend_has },
    [CMG__HOW_EMPTY] = { holds_empty, tell_count, NULL },
    [CMG__HOW_ASKS] = { holds_asks, tell_not_asked, mend_asks },
    [CMG__HOW_ASKS_NOT] = { holds_asks_not, tell_asked, mend_asks_not },
    [CMG__HOW_SCOPE] = { holds_there, tell_absent, mend_scope },
    [CMG__HOW_SCOPE_TRUE] = { holds_true, tell_value, mend_scope_true },
    [CMG__HOW_SCOPE_TEXT] = { holds_text, tell_value, mend_scope_text },
    [CMG__HOW_SCOPE_WORDS] = { holds_words, tell_value, mend_scope_text },
    [CMG__HOW_ROLE] = { holds_role, tell_not_granted, NULL },
    [CMG__HOW_DELEGATED] = { holds_delegated, tell_not_granted, NULL },
};

const struct cmg__kind *cmg__kind_get(enum cmg__how how)
{
    return &kinds[how];
}
