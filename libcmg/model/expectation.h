/*
 * What the two applications, their service principals and consents should be: one table,
 * used to make them, to say what differs, and to correct it. Graph's arrays are sets:
 * entries are found by their values, not by their place, and what else stands there
 * stays. Pure.
 */
#ifndef CMG_MODEL_EXPECTATION_H
#define CMG_MODEL_EXPECTATION_H

#include "base/json.h"
#include "model/difference.h"

enum cmg__app { CMG__APP_SERVER = 1, CMG__APP_CLIENT = 2 };

#define CMG__PARTS(part) (1U << (unsigned)(part))
#define CMG__PARTS_ALL                                                                   \
    (CMG__PARTS(CMG_APP_APPLICATION) | CMG__PARTS(CMG_APP_PRINCIPAL) |                   \
     CMG__PARTS(CMG_APP_CONSENT))

struct cmg__app_view {
    const struct cmg__alloc *alloc;
    enum cmg__app app;
    struct cmg__json *wish; /* texts by name, see CMG__WISHES; "" is not known */
    unsigned parts;         /* that were looked at: CMG__PARTS */
    const struct cmg__json *application; /* as Graph tells it; NULL: absent */
    const struct cmg__json *principal;   /* NULL: absent */
    const struct cmg__json *grants;      /* list of what the principal was granted */
};

/* The names in a wish. Those that end in _given are not "" when the specification gives
   the text itself; others than that must then not be. adopted: somebody else made it. */
#define CMG__WISHES                                                                      \
    "name app_id id_uri tag app_tag adopted remove_legacy token_version new_scope_id "   \
    "scope_id server_app_id server_sp_id graph_sp_id admin_title admin_text user_title " \
    "user_text admin_title_given admin_text_given user_title_given user_text_given"

/* Everything that differs; out is empty before, and on failure, which is CMG_E_NOMEM. */
CMG__NODISCARD cmg_status cmg__app_compare(const struct cmg__app_view *view,
                                           struct cmg__differences *out);
/* Whether something differs that correct mends, in the parts of the view; true also when
   memory ran out. */
bool cmg__app_must_change(const struct cmg__app_view *view);
/* The body of the PATCH that mends the application, whole collections with everything
   that is there; of an application that is {} the body that makes it. {} when there is
   nothing to do, NULL when memory ran out. What hangs on a wish that is not known yet is
   left out. */
struct cmg__json *cmg__app_patch(const struct cmg__app_view *view);
/* The same for the service principal. */
struct cmg__json *cmg__principal_patch(const struct cmg__app_view *view);
/* The scope must be disabled before Graph lets its kind be changed: the body of that
   PATCH. NULL when it need not, or memory ran out. */
bool cmg__app_must_disable(const struct cmg__app_view *view);
struct cmg__json *cmg__app_disable(const struct cmg__app_view *view);
/* The scope user_impersonation of an application; NULL when it has none. */
const struct cmg__json *cmg__app_scope(const struct cmg__json *application);

/* Microsoft Graph itself, and its right to read the directory. */
#define CMG__GRAPH_APP_ID       "00000003-0000-0000-c000-000000000000"
#define CMG__DIRECTORY_READ_ALL "7ab1d382-f21e-4acd-a863-ba3e13f7da61"
#define CMG__SCOPE              "user_impersonation"
/* Where Windows' sign-in broker gets its answers: this and the application's ID. */
#define CMG__BROKER_URI "ms-appx-web://Microsoft.AAD.BrokerPlugin/"

#endif
