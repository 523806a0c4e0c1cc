/*
 * Tokens of a deployment: one for each service that is spoken to, in memory only.
 * How they are got depends on the way to sign in (sign_in.h). Builds requests and reads
 * answers; the engine sends them.
 */
#ifndef CMG_DEPLOY_TOKEN_H
#define CMG_DEPLOY_TOKEN_H

#include "deploy/step.h"

/* CMG__TOKENS for a service without a token of its own (login). */
enum cmg__token_kind cmg__token_for(enum cmg__service service);
/* A token of this kind that lives long enough for a request. */
bool cmg__token_is_fresh(const struct cmg__work *work, enum cmg__token_kind kind);
void cmg__token_forget(struct cmg__work *work, enum cmg__token_kind kind);

/* Who asks, and for what: client and scope. */
cmg_status cmg__token_form_head(const struct cmg__work *work, enum cmg__token_kind kind,
                                struct cmg__buf *form, cmg_error **err);
/* What asks for a token, at that URL of the login endpoint. */
cmg_status cmg__token_form(struct cmg__work *work, enum cmg__token_kind kind,
                           const char *url, struct cmg__buf *form, cmg_error **err);
/* Keeps the access token, and a refresh token when one came. */
cmg_status cmg__token_read(struct cmg__work *work, enum cmg__token_kind kind,
                           const struct cmg__json *answer, cmg_error **err);
/* Keeps a token that came in another way. */
cmg_status cmg__token_keep(struct cmg__work *work, enum cmg__token_kind kind,
                           const char *text, int64_t life_s);
/* The same for one of an earlier run: life_s is what is left of it. */
cmg_status cmg__token_restore(struct cmg__work *work, enum cmg__token_kind kind,
                              const char *text, size_t n, int64_t life_s);
/* When it stops to be used, by the wall clock. */
int64_t cmg__token_expires_unix_s(const struct cmg__work *work,
                                  enum cmg__token_kind kind);
/* Adds "Authorization: Bearer ..." */
cmg_status cmg__token_attach(const struct cmg__work *work, enum cmg__token_kind kind,
                             struct cmg__http_request *req);
/* Where tokens of this kind may go. */
const char *cmg__token_endpoint(const struct cmg__work *work, enum cmg__token_kind kind);
/* The resource that tokens of this kind are for: "https://graph.microsoft.com". */
cmg_status cmg__token_resource(const struct cmg__work *work, enum cmg__token_kind kind,
                               const char **out, cmg_error **err);
/* The scope that a token of this kind is asked for with. */
cmg_status cmg__token_scope(const struct cmg__work *work, enum cmg__token_kind kind,
                            struct cmg__buf *out, cmg_error **err);

const char *cmg__token_client_id(const struct cmg__work *work);

#endif
