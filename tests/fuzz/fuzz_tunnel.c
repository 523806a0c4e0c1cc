/*
 * What a web proxy answers to CONNECT, of any bytes: cut anywhere, the verdict is the
 * same; a tunnel is open only behind a status line of 2xx, and a refusal says what to do.
 */
#include "net/tunnel.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

struct verdict {
    cmg_status rc;
    bool open;
};

static struct verdict hear(const char *s, size_t n, size_t cut)
{
    const size_t ends[] = { cut, n };
    struct verdict v = { CMG_OK, false };
    struct cmg__tunnel_answer a;
    cmg_error *err = NULL;

    cmg__tunnel_answer_init(&a, &cmg__alloc_libc, "proxy:1", "host:2", cut % 2 == 1);
    for (size_t i = 0, at = 0; i < 2 && v.rc == CMG_OK && !v.open; i++) {
        v.rc = cmg__tunnel_answer_feed(&a, s + at, ends[i] - at, &v.open, &err);
        at = ends[i];
    }
    require((v.rc == CMG_OK) == (err == NULL));
    require(err == NULL || cmg_error_remedy(err)[0] != '\0');
    require(!v.open || (v.rc == CMG_OK && a.parser.head.status / 100 == 2));
    cmg_error_unref(err);
    cmg__tunnel_answer_done(&a);
    return v;
}

/* Bytes behind the head are refused when they come with it; a reader stops before others.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *s = (const char *)data;
    const struct verdict whole = hear(s, size, size);
    const struct verdict pieces =
        hear(s, size, size > 0 ? (size_t)data[size / 2] * size / 256 : 0);

    require(whole.rc == pieces.rc || (pieces.open && whole.rc == CMG_E_PROTO));
    require(whole.open == pieces.open || whole.rc == CMG_E_PROTO);
    return 0;
}
