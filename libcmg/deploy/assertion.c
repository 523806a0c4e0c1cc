/* See assertion.h. RS256 comes with the SHA-1 thumbprint, PS256 with that of SHA-256. */
#include "deploy/assertion.h"

#include "base/base64.h"
#include "base/error.h"
#include "crypto/jwt.h"

static struct cmg__json *make_header(const struct cmg__alloc *alloc,
                                     const struct cmg__sign_in_certificate *certificate)
{
    struct cmg__json *header = NULL;
    struct cmg__buf text;
    const bool pss = certificate->pss;
    const uint8_t *thumbprint = pss ? certificate->sha256 : certificate->sha1;

    cmg__buf_init(&text, alloc, 256);
    if (cmg__base64url_encode(&text, thumbprint,
                              pss ? sizeof certificate->sha256
                                  : sizeof certificate->sha1) == CMG_OK)
        header = cmg__json_pack("{s:s, s:s, s:s}", "typ", "JWT", "alg",
                                pss ? "PS256" : "RS256", pss ? "x5t#S256" : "x5t",
                                cmg__buf_cstr(&text));
    cmg__buf_done(&text);
    return header;
}

static struct cmg__json *make_payload(const struct cmg__assertion *assertion,
                                      const char *id)
{
    const int64_t now = assertion->now_unix_s;

    return cmg__json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "aud",
                          assertion->audience, "iss", assertion->client_id, "sub",
                          assertion->client_id, "jti", id, "nbf", now, "iat", now, "exp",
                          now + CMG__ASSERTION_SECONDS);
}

cmg_status cmg__assertion_make(const struct cmg__alloc *alloc, const struct cmg__env *env,
                               const struct cmg__assertion *assertion,
                               struct cmg__buf *out, cmg_error **err)
{
    char id[CMG__GUID_SIZE];
    uint8_t bytes[16];
    const int drawn = env->random(env->user, bytes, sizeof bytes);
    cmg_status rc;

    if (drawn != 0)
        return cmg__fail_os(err, alloc, -drawn, "random numbers", "get");
    cmg__guid_format(bytes, id);
    struct cmg__json *header = make_header(alloc, assertion->certificate);
    struct cmg__json *payload = make_payload(assertion, id);
    if (header == NULL || payload == NULL)
        rc = cmg__fail_nomem(err);
    else
        rc = cmg__jwt_sign(alloc, env, assertion->certificate->key,
                           assertion->certificate->pss, header, payload, out, err);
    cmg__json_unref(header);
    cmg__json_unref(payload);
    return rc;
}
