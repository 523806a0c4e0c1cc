/**
 * @file pfx.h
 * @brief What a PFX (PKCS#12) file is made of.
 *
 * A cmg_pfx_file tells how a file is protected and what stands in it, without using it:
 * the MAC, each certificate and key with its encryption and names, and who can read it.
 * Without a password it knows the outer part; no byte of a key is ever given out. To use
 * a PFX, read it with cmg_certificate_new_from_bytes().
 *
 * @code
 * rc = cmg_pfx_file_new(ctx, data, size, "secret", &file, &err);
 * if (rc == CMG_OK && !cmg_pfx_file_suits(file, CMG_PFX_READER_WINDOWS_2016))
 *     puts("export it with the compat profile for this server");
 * cmg_pfx_file_unref(file);
 * @endcode
 */
#ifndef CMG_PFX_H
#define CMG_PFX_H

#include <cmg/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A PFX file, looked into; immutable. @since 0.1 */
typedef struct cmg_pfx_file cmg_pfx_file;

/** @brief What an entry of a PFX is. @since 0.1 */
typedef enum cmg_pfx_kind {
    CMG_PFX_KIND_KEY = 1,           /**< A private key without encryption. */
    CMG_PFX_KIND_ENCRYPTED_KEY = 2, /**< A private key under the password. */
    CMG_PFX_KIND_CERTIFICATE = 3,   /**< A certificate. */
    CMG_PFX_KIND_CRL = 4,           /**< A revocation list. */
    CMG_PFX_KIND_SECRET = 5,        /**< A secret of another kind. */
    CMG_PFX_KIND_SEALED = 6,        /**< An encrypted part that was not opened. */
    CMG_PFX_KIND_OTHER = 7,         /**< Something else. */
    CMG_PFX_KIND_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_pfx_kind;

/** @brief Who is to read a PFX. @since 0.1 */
typedef enum cmg_pfx_reader {
    CMG_PFX_READER_WINDOWS_2016 =
        1, /**< Server 2016 and older, Windows 10 before 1709. */
    CMG_PFX_READER_WINDOWS_2019 = 2,  /**< Server 2019 and later, Windows 10 from 1709. */
    CMG_PFX_READER_KEY_VAULT = 3,     /**< Azure Key Vault. */
    CMG_PFX_READER_OPENSSL_3 = 4,     /**< OpenSSL 3 without its legacy provider. */
    CMG_PFX_READER_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_pfx_reader;

/**
 * @brief Looks into a PFX.
 * @param[in]  ctx      The context.
 * @param[in]  data     The PFX, copied as far as needed.
 * @param[in]  size     Length in bytes, at most 1 MiB.
 * @param[in]  password UTF-8, used during the call only; NULL looks at the outside alone,
 *                      "" tries the empty one.
 * @param[out] out_file Receives the file, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_AUTH for a wrong password, #CMG_E_PARSE for a damaged file,
 *         #CMG_E_LIMIT, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_pfx_file_new(cmg_context *ctx, const void *data, size_t size,
                                    const char *password, cmg_pfx_file **out_file,
                                    cmg_error **err);

/**
 * @brief Everything about the file as text for a person.
 * @param[in]  file     The file.
 * @param[out] out_text Receives the text, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_pfx_file_describe(const cmg_pfx_file *file, cmg_bytes **out_text,
                                         cmg_error **err);

/**
 * @brief Whether nothing in it stayed encrypted to the one who looked.
 * @param[in] file The file.
 * @return True or false. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_pfx_file_is_open(const cmg_pfx_file *file);

/**
 * @brief How it is protected against change, for example "sha256".
 * @param[in] file The file.
 * @return Borrowed, as long as @p file; "" when nothing protects it. Callbacks may call
 *         it.
 * @since 0.1
 */
CMG_API const char *cmg_pfx_file_mac(const cmg_pfx_file *file);

/**
 * @brief The iterations behind the MAC.
 * @param[in] file The file.
 * @return The count, 0 when there is none or it is not known. Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_pfx_file_mac_iterations(const cmg_pfx_file *file);

/**
 * @brief Whether a reader is known to read such a file.
 * @param[in] file   The file.
 * @param[in] reader Who is to read it.
 * @return True or false; false for an unknown reader. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_pfx_file_suits(const cmg_pfx_file *file, cmg_pfx_reader reader);

/**
 * @brief How many entries there are.
 * @param[in] file The file.
 * @return The count. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_pfx_file_count(const cmg_pfx_file *file);

/**
 * @brief What an entry is.
 * @param[in] file The file.
 * @param[in] i    Which, from 0.
 * @return The kind; #CMG_PFX_KIND_OTHER past the end. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_pfx_kind cmg_pfx_file_kind(const cmg_pfx_file *file, size_t i);

/**
 * @brief What it holds: a certificate's subject, a key's size, for example "RSA 2048".
 * @param[in] file The file.
 * @param[in] i    Which, from 0.
 * @return Borrowed, as long as @p file; "" past the end. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_pfx_file_content(const cmg_pfx_file *file, size_t i);

/**
 * @brief How it is encrypted, for example "AES-256-CBC, PBKDF2, hmacWithSHA256".
 * @param[in] file The file.
 * @param[in] i    Which, from 0.
 * @return Borrowed, as long as @p file; "" when it is not. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_pfx_file_cipher(const cmg_pfx_file *file, size_t i);

/**
 * @brief The iterations behind its encryption.
 * @param[in] file The file.
 * @param[in] i    Which, from 0.
 * @return The count, 0 without encryption. Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_pfx_file_iterations(const cmg_pfx_file *file, size_t i);

/**
 * @brief The name for people.
 * @param[in] file The file.
 * @param[in] i    Which, from 0.
 * @return Borrowed, as long as @p file; "" when there is none. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_pfx_file_friendly_name(const cmg_pfx_file *file, size_t i);

/**
 * @brief What ties a key to its certificate.
 * @param[in] file The file.
 * @param[in] i    Which, from 0.
 * @return Hexadecimal digits, borrowed; "" when there is none. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_pfx_file_key_id(const cmg_pfx_file *file, size_t i);

/**
 * @brief The Windows key store provider that the key is meant for.
 * @param[in] file The file.
 * @param[in] i    Which, from 0.
 * @return Borrowed, as long as @p file; "" when none is named. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_pfx_file_provider(const cmg_pfx_file *file, size_t i);

/**
 * @brief Takes one more reference.
 * @param[in] file The file or NULL.
 * @return @p file.
 * @since 0.1
 */
CMG_API cmg_pfx_file *cmg_pfx_file_ref(cmg_pfx_file *file);

/**
 * @brief Gives a reference back.
 * @param[in] file The file; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_pfx_file_unref(cmg_pfx_file *file);

#ifdef __cplusplus
}
#endif
#endif
