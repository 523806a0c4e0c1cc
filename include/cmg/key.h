/**
 * @file key.h
 * @brief Private keys: made here, read from files, or held by the host.
 *
 * A cmg_key is immutable. Its private half is either in memory of the library, wiped with
 * the last reference, or held by the host (a hardware module, the system's key store):
 * then a function of the host signs, and everything that signs with keys works the same.
 * A signature is always verified before it is used.
 *
 * @code
 * cmg_key *key = NULL;
 * cmg_bytes *pem = NULL;
 * rc = cmg_key_generate(ctx, CMG_KEY_RSA_3072, &key, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_key_export_pem(key, "a long password", &pem, &err);
 * cmg_bytes_unref(pem);
 * cmg_key_unref(key);
 * @endcode
 */
#ifndef CMG_KEY_H
#define CMG_KEY_H

#include <cmg/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A private key. @since 0.1 */
typedef struct cmg_key cmg_key;

/** @brief The keys that can be made. @since 0.1 */
typedef enum cmg_key_kind {
    CMG_KEY_RSA_2048 = 1,           /**< RSA, 2048 bits: what most of Windows expects. */
    CMG_KEY_RSA_3072 = 2,           /**< RSA, 3072 bits. */
    CMG_KEY_RSA_4096 = 3,           /**< RSA, 4096 bits: takes seconds to make. */
    CMG_KEY_EC_P256 = 4,            /**< Elliptic curve P-256. */
    CMG_KEY_EC_P384 = 5,            /**< Elliptic curve P-384. */
    CMG_KEY_KIND_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_key_kind;

/** @brief A hash. @since 0.1 */
typedef enum cmg_hash {
    CMG_HASH_SHA256 = 1,        /**< SHA-256, 32 bytes. */
    CMG_HASH_SHA384 = 2,        /**< SHA-384, 48 bytes. */
    CMG_HASH_SHA512 = 3,        /**< SHA-512, 64 bytes. */
    CMG_HASH_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_hash;

/**
 * @brief The host's side of a key that it holds; size-tagged.
 *
 * The functions are called during the calls that sign or give the last reference back, on
 * the same thread; they may call what is marked "Callbacks may call it".
 * @since 0.1
 */
typedef struct cmg_key_holder {
    size_t size; /**< sizeof(cmg_key_holder) of the caller. */
    void *user;  /**< Handed to each function. */
    /** Signs a digest and writes at most max (1024) bytes: for RSA a PKCS#1 v1.5
       signature with the hash named in it, for an elliptic curve a DER ECDSA-Sig-Value.
       Returns their number; a negative number fails the call with #CMG_E_CALLBACK. */
    int64_t (*sign)(cmg_hash hash, const void *digest, size_t digest_size, void *out,
                    size_t max, void *user);
    /** The key is no longer used; NULL when the host need not know. Not called in a
       forked child. */
    void (*release)(void *user);
    /** Signs a digest with RSASSA-PSS, MGF1 of the same hash and a salt as long as the
       hash; otherwise as sign. NULL when the key does not: sign-in with PS256 is refused
       then. */
    int64_t (*sign_pss)(cmg_hash hash, const void *digest, size_t digest_size, void *out,
                        size_t max, void *user);
} cmg_key_holder;

/**
 * @brief Makes a key from the system's random numbers.
 * @param[in]  ctx     The context.
 * @param[in]  kind    Which.
 * @param[out] out_key Receives the key, yours.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL for the kind, #CMG_E_IO without random numbers,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_key_generate(cmg_context *ctx, cmg_key_kind kind,
                                    cmg_key **out_key, cmg_error **err);

/**
 * @brief Reads a private key: PKCS#8, encrypted or not, PKCS#1 or SEC1, as PEM or DER.
 *
 * Of a PEM text with several blocks the first private key is read. Encrypted keys may use
 * PBES2 (AES or 3DES, PBKDF2 with any SHA) or the schemes of PKCS#12, and at most
 * 5,000,000 iterations. The old encryption of PEM ("Proc-Type: 4,ENCRYPTED") is refused.
 * @param[in]  ctx      The context.
 * @param[in]  data     The bytes, copied.
 * @param[in]  size     Length in bytes, at most 1 MiB.
 * @param[in]  password UTF-8, or NULL for none; used during the call only. A key that is
 *                      not encrypted ignores it.
 * @param[out] out_key  Receives the key, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_AUTH when the password is wrong or missing, #CMG_E_PARSE for
 *         damage, #CMG_E_UNSUPPORTED for another encryption, #CMG_E_CERT for a key that
 *         is too weak or of another kind, #CMG_E_LIMIT, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_key_new_from_bytes(cmg_context *ctx, const void *data, size_t size,
                                          const char *password, cmg_key **out_key,
                                          cmg_error **err);

/**
 * @brief Makes a key whose private half the host holds.
 * @param[in]  ctx         The context.
 * @param[in]  public_key  SubjectPublicKeyInfo, or a certificate that has the key, as PEM
 *                         or DER; copied.
 * @param[in]  size        Length in bytes, at most 1 MiB.
 * @param[in]  holder      The functions, copied; release is not called when this fails.
 * @param[out] out_key     Receives the key, yours.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_PARSE, #CMG_E_CERT for a key of another kind, #CMG_E_ABI,
 *         #CMG_E_INVAL without sign, #CMG_E_LIMIT, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_key_new_held(cmg_context *ctx, const void *public_key, size_t size,
                                    const cmg_key_holder *holder, cmg_key **out_key,
                                    cmg_error **err);

/**
 * @brief The private key as PKCS#8 in PEM.
 *
 * With a password it is encrypted: PBES2, AES-256-CBC, PBKDF2 with HMAC-SHA-256 and
 * 600,000 iterations.
 * @param[in]  key       The key.
 * @param[in]  password  UTF-8, 1 to 1023 bytes, or NULL to write it plain; used during
 *                       the call only.
 * @param[out] out_bytes Receives the text, yours; wiped when given back.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_UNSUPPORTED when the host holds the key, #CMG_E_INVAL for the
 *         password, #CMG_E_IO without random numbers, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_key_export_pem(cmg_key *key, const char *password,
                                      cmg_bytes **out_bytes, cmg_error **err);

/**
 * @brief The private key as PKCS#8 in DER; otherwise as cmg_key_export_pem().
 * @param[in]  key       The key.
 * @param[in]  password  UTF-8, 1 to 1023 bytes, or NULL to write it plain; used during
 *                       the call only.
 * @param[out] out_bytes Receives the bytes, yours; wiped when given back.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_UNSUPPORTED when the host holds the key, #CMG_E_INVAL for the
 *         password, #CMG_E_IO without random numbers, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_key_export_der(cmg_key *key, const char *password,
                                      cmg_bytes **out_bytes, cmg_error **err);

/**
 * @brief The public half as SubjectPublicKeyInfo in PEM.
 * @param[in]  key       The key.
 * @param[out] out_bytes Receives the text, yours.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_key_export_public_pem(cmg_key *key, cmg_bytes **out_bytes,
                                             cmg_error **err);

/**
 * @brief What it is, for example "RSA 2048" or "EC P-256".
 * @param[in] key The key.
 * @return Borrowed, as long as @p key. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_key_description(const cmg_key *key);

/**
 * @brief Whether the host holds the private half.
 * @param[in] key The key.
 * @return True or false. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_key_is_held(const cmg_key *key);

/**
 * @brief Takes one more reference.
 * @param[in] key The key or NULL.
 * @return @p key.
 * @since 0.1
 */
CMG_API cmg_key *cmg_key_ref(cmg_key *key);

/**
 * @brief Gives a reference back; the key is wiped once nothing uses it any more.
 * @param[in] key The key; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_key_unref(cmg_key *key);

#ifdef __cplusplus
}
#endif
#endif
