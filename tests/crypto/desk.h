/* A desk that signs tokens and checks them; for the suites of tokens and key sets. */
#ifndef TESTS_CRYPTO_DESK_H
#define TESTS_CRYPTO_DESK_H

#include "crypto/pki.h"

#include "crypto/jwt.h"

#define TENANT "11111111-2222-3333-4444-555555555555"
#define OTHER  "99999999-2222-3333-4444-555555555555"
#define CLIENT "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
#define OBJECT "12345678-bbbb-cccc-dddd-eeeeeeeeeeee"
#define ISS_V1 "https://sts.windows.net/" TENANT "/"
#define ISS_V2 "https://login.microsoftonline.com/" TENANT "/v2.0"
#define AUD    "https://ConfigMgrService"
#define HEADER "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"kid\":\"key-1\",\"x5t\":\"key-1\"}"
/* 1795392000 is now; the times stand one minute before and one hour after it. */
#define TIMES "\"iat\":1795391940,\"nbf\":1795391940,\"exp\":1795395600"
#define CLAIMS(ver, iss, app)                                                            \
    "{\"aud\":\"" AUD "\",\"iss\":\"" iss "\"," TIMES ",\"" app "\":\"" CLIENT           \
    "\",\"oid\":\"" OBJECT "\",\"tid\":\"" TENANT                                        \
    "\",\"scp\":\"other user_impersonation\",\"ver\":\"" ver "\"}"
#define GOOD_V1 CLAIMS("1.0", ISS_V1, "appid")
#define GOOD_V2 CLAIMS("2.0", ISS_V2, "azp")

struct desk {
    struct support_alloc a;
    struct support_env e;
    struct cmg__key *key;
    struct cmg__jwks *jwks;
    struct cmg__jwt_policy policy;
};

void desk_init(struct desk *d);
void desk_done(struct desk *d);
/* A key set of one key; the caller frees. */
char *desk_key_set(const struct cmg__key *key, const char *kid);
/* Base64url of both texts and a true signature over them; out is initialised here. */
void desk_sign(struct desk *d, const char *header, const char *claims,
               struct cmg__buf *out);
/* Checks, and that a refusal has a remedy and does not quote the token. */
cmg_status desk_check(struct desk *d, const char *token, size_t n,
                      struct cmg__jwt_identity *out);
cmg_status desk_check_claims(struct desk *d, const char *header, const char *claims);
/* text with the first from replaced; the caller frees. */
char *desk_replaced(const char *text, const char *from, const char *to);

#endif
