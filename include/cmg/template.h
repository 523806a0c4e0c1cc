/**
 * @file template.h
 * @brief Certificate templates: what a certificate of a kind is like.
 *
 * A cmg_template is a named profile such as the gateway's copy of "Web Server" in a
 * Windows authority: usages, keys, validity, rules for names, hash. It decides what a
 * request asks for and what the built-in authority issues; the request supplies names and
 * a key, nothing else. Templates are immutable, built in or read from JSON.
 *
 * @code
 * rc = cmg_template_new_builtin(ctx, "web_server", &tmpl, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_template_to_json(tmpl, &json, &err);
 * @endcode
 */
#ifndef CMG_TEMPLATE_H
#define CMG_TEMPLATE_H

#include <cmg/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A certificate template. @since 0.1 */
typedef struct cmg_template cmg_template;

/**
 * @brief A built-in template.
 *
 * "web_server" (gateway server authentication), "client_authentication" (internet
 * client), "connector" (connection point), "sub_ca" and "root" (authorities).
 * @param[in]  ctx          The context.
 * @param[in]  name         Its name.
 * @param[out] out_tmpl Receives the template, yours.
 * @param[out] err          Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOTFOUND when there is none of that name, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_template_new_builtin(cmg_context *ctx, const char *name,
                                            cmg_template **out_tmpl, cmg_error **err);

/**
 * @brief Reads a template from JSON text.
 *
 * Members: version (1), name, enrolment_name, authority, path_length, key { rsa_bits_min,
 * ec_bits_min, exportable }, key_usage [ ], extended_key_usage [ ], validity { days,
 * days_max }, subject { source, common_name_required }, alternative_names { kinds [ ],
 * wildcard, repeat_common_name }, hash. A member that is not known is an error.
 * @param[in]  ctx          The context.
 * @param[in]  document     Name of the text in errors, or NULL.
 * @param[in]  json         UTF-8, copied.
 * @param[in]  size         Length in bytes, at most 64 KiB.
 * @param[out] out_tmpl Receives the template, yours.
 * @param[out] err          Receives the error, which names the place in the document, or
 *                          NULL.
 * @return #CMG_OK; #CMG_E_PARSE when it is not JSON, #CMG_E_INVAL for a member that is
 *         wrong, missing or not known, #CMG_E_LIMIT, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_template_new_from_json(cmg_context *ctx, const char *document,
                                              const char *json, size_t size,
                                              cmg_template **out_tmpl, cmg_error **err);

/**
 * @brief The template as JSON, complete, keys sorted; it reads back as the same.
 * @param[in]  t        The template.
 * @param[out] out_json Receives the text, yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_template_to_json(const cmg_template *t, cmg_bytes **out_json,
                                        cmg_error **err);

/**
 * @brief The template's name.
 * @param[in] t The template.
 * @return Borrowed, as long as @p t. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_template_name(const cmg_template *t);

/**
 * @brief The name that requests carry for a Windows authority, or "".
 * @param[in] t The template.
 * @return Borrowed, as long as @p t. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_template_enrolment_name(const cmg_template *t);

/**
 * @brief The hash that is signed: "sha256", "sha384" or "sha512".
 * @param[in] t The template.
 * @return Borrowed, as long as @p t. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_template_hash(const cmg_template *t);

/**
 * @brief The usual validity.
 * @param[in] t The template.
 * @return Days. Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_template_days(const cmg_template *t);

/**
 * @brief The longest validity.
 * @param[in] t The template.
 * @return Days. Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_template_days_max(const cmg_template *t);

/**
 * @brief The smallest RSA key.
 * @param[in] t The template.
 * @return Bits; 0 when RSA keys are not allowed. Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_template_rsa_bits_min(const cmg_template *t);

/**
 * @brief The smallest key on an elliptic curve.
 * @param[in] t The template.
 * @return Bits; 0 when such keys are not allowed. Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_template_ec_bits_min(const cmg_template *t);

/**
 * @brief Whether its certificates are authorities'.
 * @param[in] t The template.
 * @return True or false. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_template_is_authority(const cmg_template *t);

/**
 * @brief Whether a key made for it may leave the machine, for example in a PFX.
 * @param[in] t The template.
 * @return True or false. Callbacks may call it.
 * @since 0.1
 */
CMG_API bool cmg_template_is_exportable(const cmg_template *t);

/**
 * @brief How many extended key usages there are.
 * @param[in] t The template.
 * @return The number. Callbacks may call it.
 * @since 0.1
 */
CMG_API size_t cmg_template_eku_count(const cmg_template *t);

/**
 * @brief An extended key usage: "serverAuth", or a dotted identifier.
 * @param[in] t     The template.
 * @param[in] index From 0 to the number less one.
 * @return Borrowed, as long as @p t; "" beyond the last. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_template_eku(const cmg_template *t, size_t index);

/**
 * @brief Takes one more reference.
 * @param[in] t The template or NULL.
 * @return @p t.
 * @since 0.1
 */
CMG_API cmg_template *cmg_template_ref(cmg_template *t);

/**
 * @brief Gives a reference back.
 * @param[in] t The template; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_template_unref(cmg_template *t);

#ifdef __cplusplus
}
#endif
#endif
