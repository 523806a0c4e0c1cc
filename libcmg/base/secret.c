/* Secrets: wiped on change and free. */
#include "base/secret.h"

#include <string.h>

void cmg__wipe(void *data, size_t n)
{
    if (data != NULL && n > 0)
        explicit_bzero(data, n);
}

void cmg__secret_init(struct cmg__secret *secret, const struct cmg__alloc *alloc)
{
    *secret = (struct cmg__secret){ .alloc = alloc };
}

cmg_status cmg__secret_set(struct cmg__secret *secret, const void *data, size_t n)
{
    if (n == SIZE_MAX)
        return CMG_E_LIMIT;
    char *copy = cmg__alloc(secret->alloc, n + 1);

    if (copy == NULL)
        return CMG_E_NOMEM;
    if (n > 0)
        memcpy(copy, data, n);
    copy[n] = '\0';
    cmg__secret_clear(secret);
    secret->data = copy;
    secret->len = n;
    return CMG_OK;
}

void cmg__secret_clear(struct cmg__secret *secret)
{
    cmg__wipe(secret->data, secret->len);
    if (secret->data != NULL)
        cmg__free(secret->alloc, secret->data);
    secret->data = NULL;
    secret->len = 0;
}

bool cmg__secret_is_set(const struct cmg__secret *secret)
{
    return secret->data != NULL;
}

bool cmg__memeq_const_time(const void *a, const void *b, size_t n)
{
    const volatile uint8_t *x = a;
    const volatile uint8_t *y = b;
    uint8_t difference = 0;

    for (size_t i = 0; i < n; i++)
        difference = (uint8_t)(difference | (x[i] ^ y[i]));
    return difference == 0;
}

void cmg__wipe_free_str(const struct cmg__alloc *alloc, char *s)
{
    if (s != NULL)
        cmg__wipe(s, strlen(s));
    cmg__free(alloc, s);
}
