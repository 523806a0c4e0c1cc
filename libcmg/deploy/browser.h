/*
 * Signing in by a browser (authorization code with PKCE, RFC 7636 and 8252): the library
 * listens on a loopback address, the host opens the page, and the redirect brings a code
 * that is worth something only to who has the verifier.
 */
#ifndef CMG_DEPLOY_BROWSER_H
#define CMG_DEPLOY_BROWSER_H

#include "deploy/engine.h"

/* Listens, and makes the prompt; the exchange's read gets what the redirect brings: 200
   with the code in the work's pkce, or 400 with the error. */
cmg_status cmg__browser_open(struct cmg__exec *exec, cmg_error **err);
/* Stops listening; harmless when nobody does. */
void cmg__browser_close(struct cmg__exec *exec);

#endif
