/* What the files of Microsoft Graph share. */
#ifndef CMG_SANDBOX_GRAPH_H
#define CMG_SANDBOX_GRAPH_H

#include "sandbox/call.h"

/* ---- graph_query.c: what a read asks for ---- */
struct cmg__sb_page {
    uint64_t top, skip;
    const char *filter; /* NULL: all */
    bool advanced;      /* ConsistencyLevel: eventual with $count=true */
};
/* Reads the options of a list, those of a page's token included; otherwise the answer is
   set. set is Graph's name, "applications" for one. */
bool cmg__sb_graph_query(struct cmg__sb_call *call, const char *set,
                         struct cmg__sb_page *out);
/* Does $select name properties of the set only? Otherwise the answer is set. */
bool cmg__sb_graph_select_is_known(struct cmg__sb_call *call, const char *set);
/* Adds a link to the call's path, on the host that was asked, whose one parameter holds
   the call's query as it is now, unreadable; and opens such a parameter again. */
void cmg__sb_graph_link(struct cmg__sb_call *call, struct cmg__json *body,
                        const char *member, const char *parameter);
bool cmg__sb_graph_open(struct cmg__sb_call *call, const char *parameter);

/* ---- graph_list.c: lists and $select ---- */
struct cmg__sb_wanted {
    const char *table;
    const char *member; /* that must have the text value; NULL: no such condition */
    const char *value;
};
/* Answers 200 with the wanted entries that $filter admits, $top and $select applied. */
void cmg__sb_graph_list(struct cmg__sb_call *call, const struct cmg__sb_wanted *wanted);
/* The members that $select names; the whole without $select. */
struct cmg__json *cmg__sb_graph_selected(struct cmg__sb_call *call,
                                         const struct cmg__json *entity);
/* Answers one entity, $select applied; context is "applications/$entity" and so on. */
void cmg__sb_graph_entity(struct cmg__sb_call *call, int status, const char *context,
                          const struct cmg__json *entity);
void cmg__sb_graph_not_found(struct cmg__sb_call *call, const char *id);
/* The call's body when it is an object; otherwise the answer is set and NULL comes. */
struct cmg__json *cmg__sb_graph_body(struct cmg__sb_call *call);

/* ---- graph_filter.c ---- */
/* Does the entity satisfy an OData filter? -1 when the filter is not understood, or is an
   advanced one and the query is not. */
int cmg__sb_graph_filter(const struct cmg__alloc *alloc, const char *filter,
                         bool advanced, const struct cmg__json *entity);

/* ---- graph_property.c: which properties an entity may be given ---- */
enum cmg__sb_entity { CMG__SB_APPLICATION, CMG__SB_PRINCIPAL, CMG__SB_GRANT };
/* Refuses unknown properties, wrong types and texts that are too long. */
bool cmg__sb_graph_properties(struct cmg__sb_call *call, enum cmg__sb_entity kind,
                              const struct cmg__json *body);
/* ---- graph_rule.c ---- */
/* Does the application as it will be keep the rules? before is NULL for a new one. */
bool cmg__sb_graph_rules(struct cmg__sb_call *call, const struct cmg__json *before,
                         const struct cmg__json *after);

/* ---- graph_right.c ---- */
/* Answers with what the administrator's own principal is assigned, which is in no table;
   false when who is another one. */
bool cmg__sb_graph_own_assignments(struct cmg__sb_call *call,
                                   const struct cmg__json *who);

/* ---- graph_owner.c ---- */
/* The caller, when a person, owns what the call makes. */
void cmg__sb_graph_own(struct cmg__sb_call *call, struct cmg__json *entity);

/* ---- graph_people.c ---- */
extern const char *const cmg__sb_graph_people_roles[]; /* who may read them */
/* A user or a group as it is shown, $select applied. */
struct cmg__json *cmg__sb_graph_person(struct cmg__sb_call *call, enum cmg__sb_kind kind,
                                       const struct cmg__json *entry);

/* ---- graph_credential.c ---- */
/* Reads the certificates of the application as it will be, and brings them into the form
   they are kept in; before is NULL for a new one. */
bool cmg__sb_graph_key_credentials(struct cmg__sb_call *call,
                                   const struct cmg__json *before,
                                   const struct cmg__json *after);
/* Of an answer's copy of an entity. */
void cmg__sb_graph_hide_keys(struct cmg__sb_call *call, const struct cmg__json *entity);

/* ---- graph_password.c: what the actions of these names do to an entity ---- */
void cmg__sb_graph_add_password(struct cmg__sb_call *call, struct cmg__json *entity);
void cmg__sb_graph_remove_password(struct cmg__sb_call *call, struct cmg__json *entity);

/* ---- graph_principal.c ---- */
/* Moves a service principal to the deleted items, with its grants gone. */
void cmg__sb_graph_drop_principal(struct cmg__sb_call *call, const char *id);
/* Moves an entry of a table to the deleted items under a type. */
void cmg__sb_graph_soft_delete(struct cmg__sb_call *call, const char *table,
                               const char *id, const char *type);
/* Roles and scopes of the application, as its service principal shows them. */
void cmg__sb_graph_mirror(struct cmg__sb_cloud *cloud,
                          const struct cmg__json *application);

/* ---- graph_grant.c: what an administrator's consent does ---- */
/* who gets an application permission of what; false when what has no such permission. */
bool cmg__sb_graph_consent_role(struct cmg__sb_call *call, const struct cmg__json *who,
                                const struct cmg__json *what, const char *role);
/* The same for a delegated permission, for everybody. */
bool cmg__sb_graph_consent_scope(struct cmg__sb_call *call, const struct cmg__json *who,
                                 const struct cmg__json *what, const char *scope_id);

#endif
