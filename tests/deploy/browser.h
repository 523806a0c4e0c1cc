/* A browser that follows a redirect to this machine: one request, one answer. */
#ifndef TESTS_DEPLOY_BROWSER_H
#define TESTS_DEPLOY_BROWSER_H

#include "world.h"

/* The decoded value of a parameter of the page that the host was to open. */
const char *browser_parameter(const struct world *w, const char *name);
/* Sends a request to the redirect URI of the page and drives the loop until the answer is
   there; its status. The first line may be anything: "GET /?code=1". */
int browser_ask(struct world *w, const char *request, char *page, size_t size);
/* The same for a peer that may not answer. */
void browser_knock(struct world *w, const char *request, char *page, size_t size);
/* Comes back with a query ("code=c"), to which the state is added. */
int browser_return(struct world *w, const char *query);
/* Drives until the host was asked to open the page number n. */
void browser_wait(struct world *w, unsigned n);

#endif
