/* The growable byte buffer, and the public counted byte string. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"

void cmg__buf_init(struct cmg__buf *buf, const struct cmg__alloc *alloc, size_t max)
{
    *buf = (struct cmg__buf){ .alloc = alloc, .max = max };
}

void cmg__buf_init_secret(struct cmg__buf *buf, const struct cmg__alloc *alloc,
                          size_t max)
{
    cmg__buf_init(buf, alloc, max);
    buf->secret = true;
}

void cmg__buf_init_fixed(struct cmg__buf *buf, char *storage, size_t n)
{
    *buf = (struct cmg__buf){ .data = storage, .cap = n, .max = n - 1 };
    storage[0] = '\0';
}

static void release(struct cmg__buf *buf)
{
    if (buf->data == NULL)
        return;
    if (buf->secret)
        cmg__wipe(buf->data, buf->cap);
    if (buf->alloc != NULL)
        cmg__free(buf->alloc, buf->data);
    buf->data = NULL;
}

void cmg__buf_done(struct cmg__buf *buf)
{
    release(buf);
    buf->len = buf->cap = 0;
}

void cmg__buf_clear(struct cmg__buf *buf)
{
    if (buf->data == NULL)
        return;
    if (buf->secret)
        cmg__wipe(buf->data, buf->len);
    buf->len = 0;
    buf->data[0] = '\0';
}

const char *cmg__buf_cstr(const struct cmg__buf *buf)
{
    return buf->data != NULL ? buf->data : "";
}

/* A secret buffer grows by copying, so that the old block can be wiped. */
static char *grow(struct cmg__buf *buf, size_t cap)
{
    if (!buf->secret)
        return cmg__realloc(buf->alloc, buf->data, cap);
    char *data = cmg__alloc(buf->alloc, cap);

    if (data != NULL && buf->data != NULL) {
        memcpy(data, buf->data, buf->len);
        release(buf);
    }
    return data;
}

cmg_status cmg__buf_reserve(struct cmg__buf *buf, size_t more)
{
    if (more > buf->max || buf->len > buf->max - more)
        return CMG_E_LIMIT;
    size_t need = buf->len + more + 1;

    if (need <= buf->cap)
        return CMG_OK;
    size_t cap = buf->cap < 64 ? 64 : buf->cap;

    while (cap < need)
        cap = cap > SIZE_MAX / 2 ? need : cap * 2;
    if (cap > buf->max + 1)
        cap = buf->max + 1;
    char *data = grow(buf, cap);

    if (data == NULL)
        return CMG_E_NOMEM;
    buf->data = data;
    buf->cap = cap;
    buf->data[buf->len] = '\0';
    return CMG_OK;
}

cmg_status cmg__buf_add(struct cmg__buf *buf, const void *data, size_t n)
{
    cmg_status rc = cmg__buf_reserve(buf, n);

    if (rc != CMG_OK)
        return rc;
    if (n > 0)
        memcpy(buf->data + buf->len, data, n);
    buf->len += n;
    buf->data[buf->len] = '\0';
    return CMG_OK;
}

cmg_status cmg__buf_add_str(struct cmg__buf *buf, const char *s)
{
    return cmg__buf_add(buf, s, strlen(s));
}

cmg_status cmg__buf_add_char(struct cmg__buf *buf, char c)
{
    return cmg__buf_add(buf, &c, 1);
}

cmg_status cmg__buf_addf(struct cmg__buf *buf, const char *fmt, ...)
{
    va_list args;
    va_list again;

    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    cmg_status rc = n < 0 ? CMG_E_INTERNAL : cmg__buf_reserve(buf, (size_t)n);

    if (rc == CMG_OK) {
        (void)vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, again);
        buf->len += (size_t)n;
    }
    va_end(again);
    va_end(args);
    return rc;
}

void cmg__buf_consume(struct cmg__buf *buf, size_t n)
{
    if (n == 0)
        return;
    if (n >= buf->len) {
        cmg__buf_clear(buf);
        return;
    }
    memmove(buf->data, buf->data + n, buf->len - n);
    buf->len -= n;
    buf->data[buf->len] = '\0';
}

char *cmg__buf_steal(struct cmg__buf *buf)
{
    char *data = buf->data;

    buf->data = NULL;
    buf->len = buf->cap = 0;
    return data;
}

struct cmg_bytes {
    struct cmg__alloc alloc; /* a copy: the string may outlive its context */
    uint32_t refs;
    size_t size;
    char data[];
};

cmg_status cmg__bytes_new(const struct cmg__alloc *alloc, const void *data, size_t n,
                          cmg_bytes **out)
{
    if (n > SIZE_MAX - sizeof(cmg_bytes) - 1)
        return CMG_E_LIMIT;
    cmg_bytes *bytes = cmg__alloc(alloc, sizeof *bytes + n + 1);

    if (bytes == NULL)
        return CMG_E_NOMEM;
    bytes->alloc = *alloc;
    bytes->refs = 1;
    bytes->size = n;
    if (n > 0)
        memcpy(bytes->data, data, n);
    bytes->data[n] = '\0';
    *out = bytes;
    return CMG_OK;
}

const void *cmg_bytes_data(const cmg_bytes *bytes)
{
    return bytes->data;
}

size_t cmg_bytes_size(const cmg_bytes *bytes)
{
    return bytes->size;
}

cmg_bytes *cmg_bytes_ref(cmg_bytes *bytes)
{
    if (bytes != NULL)
        bytes->refs++;
    return bytes;
}

void cmg_bytes_unref(cmg_bytes *bytes)
{
    if (bytes == NULL || --bytes->refs > 0)
        return;
    struct cmg__alloc alloc = bytes->alloc;

    cmg__wipe(bytes->data, bytes->size);
    cmg__free(&alloc, bytes);
}
