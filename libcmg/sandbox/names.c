/* See names.h. */
#include "sandbox/names.h"

#include <string.h>

#include "base/str.h"
#include "sandbox/pki.h"

#define HTTPS 443

cmg_status cmg__sb_names_init(struct cmg__sb_names *names, const struct cmg__alloc *alloc,
                              const struct cmg__cloud *azure)
{
    *names = (struct cmg__sb_names){ .alloc = alloc, .azure = azure };
    return pthread_mutex_init(&names->lock, NULL) == 0 ? CMG_OK : CMG_E_NOMEM;
}

void cmg__sb_names_done(struct cmg__sb_names *names)
{
    if (names->alloc == NULL)
        return;
    cmg__free(names->alloc, names->items);
    (void)pthread_mutex_destroy(&names->lock);
    names->alloc = NULL;
}

void cmg__sb_names_set(struct cmg__sb_names *names, struct cmg__sb_name *items,
                       size_t count)
{
    (void)pthread_mutex_lock(&names->lock);
    struct cmg__sb_name *old = names->items;
    names->items = items;
    names->count = count;
    (void)pthread_mutex_unlock(&names->lock);
    cmg__free(names->alloc, old);
}

/* Names that the HTTPS listener itself answers to. */
static bool is_service(const struct cmg__cloud *azure, const char *host)
{
    static const char blob[] = ".blob.";
    const char *const whole[] = { azure->login_host, azure->graph_host, azure->arm_host,
                                  "login.windows.net", CMG__SB_PKI_HOST };
    for (size_t i = 0; i < CMG__ARRAY_LEN(whole); i++) {
        if (cmg__str_ieq(whole[i], host))
            return true;
    }
    const char *dot = strchr(host, '.');
    if (dot == NULL || dot == host)
        return false;
    return cmg__str_ieq(dot + 1, azure->vault_suffix) ||
           (cmg__str_istarts(dot, blob) &&
            cmg__str_ieq(dot + strlen(blob), azure->storage_suffix));
}

uint16_t cmg__sb_names_find(struct cmg__sb_names *names, const char *host, uint16_t port)
{
    uint16_t found = 0;
    (void)pthread_mutex_lock(&names->lock);
    for (size_t i = 0; i < names->count && found == 0; i++) {
        if (names->items[i].port == port && cmg__str_ieq(names->items[i].host, host))
            found = names->items[i].loopback_port;
    }
    if (found == 0 && port == HTTPS && is_service(names->azure, host))
        found = names->https_port;
    (void)pthread_mutex_unlock(&names->lock);
    return found;
}
