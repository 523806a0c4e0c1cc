/*
 * When the authority wants a certificate to be renewed (RFC 9773). It names a window; the
 * instant in it follows from certificate and window, so that many hosts are spread evenly
 * and one that is started again finds the same instant.
 */
#include "enrol/acme_data.h"

#include <stdio.h>
#include <string.h>

#include "base/base64.h"
#include "base/str.h"
#include "crypto/hash.h"
#include "crypto/x509_data.h"

#define MINUTE_S INT64_C(60)
#define HOUR_S   (60 * MINUTE_S)

static bool read_window(const struct cmg__json *json, int64_t *start, int64_t *end)
{
    const char *from = cmg__json_str(json, "/suggestedWindow/start");
    const char *to = cmg__json_str(json, "/suggestedWindow/end");

    return from != NULL && to != NULL && cmg__time_parse(from, start) &&
           cmg__time_parse(to, end) && *start > 0 && *start <= *end;
}

static cmg_status choose(const struct cmg__acme *m, int64_t start, int64_t end,
                         int64_t *out)
{
    char text[256];
    uint8_t hash[32];
    uint64_t number = 0;

    (void)snprintf(text, sizeof text, "%.180s %lld %lld", m->replaces, (long long)start,
                   (long long)end);
    const cmg_status rc = cmg__sha256(text, strlen(text), hash);
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | hash[i];
    *out = start + (int64_t)(number % ((uint64_t)(end - start) + 1));
    return rc;
}

/* The window can move: it is looked at again, at least once a day. */
static int64_t wait_ms(const struct cmg__http_response *resp, int64_t now_unix_s,
                       int64_t left_s)
{
    const int64_t said_ms = cmg__http_retry_after_ms(resp, now_unix_s);
    int64_t wait_s = said_ms < 0 ? 6 * HOUR_S : said_ms / 1000;

    if (wait_s < MINUTE_S)
        wait_s = MINUTE_S;
    if (wait_s > 24 * HOUR_S)
        wait_s = 24 * HOUR_S;
    return (wait_s < left_s ? wait_s : left_s) * 1000;
}

cmg_status cmg__acme_read_renewal(struct cmg__acme *m, struct cmg__enrol_case *c,
                                  const struct cmg__http_response *resp,
                                  const struct cmg__json *json, cmg_error **err)
{
    const int64_t now = cmg__env_unix_s(c->env);
    int64_t start = 0;
    int64_t end = 0;
    char text[CMG__TIME_SIZE];

    if (!read_window(json, &start, &end)) {
        cmg__acme_go_to_account(m);
        return CMG_OK;
    }
    if (choose(m, start, end, &c->renewal_unix_s) != CMG_OK)
        return cmg__fail_nomem(err);
    cmg__time_format(c->renewal_unix_s, text);
    (void)snprintf(c->message, sizeof c->message, "renewal is suggested for %s", text);
    cmg__acme_add_line("; see ", cmg__json_str(json, "/explanationURL"), c->message,
                       sizeof c->message);
    if (c->renewal_unix_s <= now)
        cmg__acme_go_to_account(m);
    else
        m->wait_ms = wait_ms(resp, now, c->renewal_unix_s - now);
    return CMG_OK;
}

/* The number is that of the DER, with the zero that keeps it positive. */
cmg_status cmg__acme_certificate_id(const struct cmg__x509 *cert, struct cmg__buf *out)
{
    const bool zero = cert->serial.n > 0 && (cert->serial.p[0] & 0x80U) != 0;
    uint8_t serial[21] = { 0 };

    if (cert->authority_key_id.n == 0 || cert->serial.n > 20)
        return CMG_E_UNSUPPORTED;
    memcpy(serial + zero, cert->serial.p, cert->serial.n);
    cmg_status rc =
        cmg__base64url_encode(out, cert->authority_key_id.p, cert->authority_key_id.n);
    if (rc == CMG_OK)
        rc = cmg__buf_add_char(out, '.');
    return rc == CMG_OK ? cmg__base64url_encode(out, serial, cert->serial.n + zero) : rc;
}
