/*
 * Tokens of a deployment: one for each service that is spoken to, in memory only. A
 * client secret gets each anew; a person signs in once, and the refresh token gets the
 * others. Builds requests and reads answers; the engine sends them.
 */
#ifndef CMG_DEPLOY_TOKEN_H
#define CMG_DEPLOY_TOKEN_H

#include "deploy/step.h"

/* CMG__TOKENS for a service without a token of its own (login). */
enum cmg__token_kind cmg__token_for(enum cmg__service service);
/* A token of this kind that lives long enough for a request. */
bool cmg__token_is_fresh(const struct cmg__work *work, enum cmg__token_kind kind);
void cmg__token_forget(struct cmg__work *work, enum cmg__token_kind kind);

/* Which call gets a token now: by client secret, or by refresh token. */
enum cmg__call_id cmg__token_call(const struct cmg__work *work);
cmg_status cmg__token_form(struct cmg__work *work, enum cmg__token_kind kind,
                           struct cmg__buf *form);
/* Keeps the access token, and a refresh token when one came. */
cmg_status cmg__token_read(struct cmg__work *work, enum cmg__token_kind kind,
                           const struct cmg__json *answer, cmg_error **err);
/* Adds "Authorization: Bearer ..." */
cmg_status cmg__token_attach(const struct cmg__work *work, enum cmg__token_kind kind,
                             struct cmg__http_request *req);
/* The scope that a token of this kind is asked for with. */
cmg_status cmg__token_scope(const struct cmg__work *work, enum cmg__token_kind kind,
                            struct cmg__buf *out);

/* Azure PowerShell: a public client that every tenant knows. */
#define CMG__DEFAULT_PUBLIC_CLIENT "1950a258-227b-4e31-a9cf-717495945fc2"
const char *cmg__token_client_id(const struct cmg__work *work);

#endif
