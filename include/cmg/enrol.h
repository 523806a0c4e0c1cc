/**
 * @file enrol.h
 * @brief A certificate from an authority elsewhere: one interface, several ways there.
 *
 * An enrolment carries one request (PKCS#10) to an authority and brings its certificate
 * back. The way is chosen by one of the cmg_enrolment_use_ functions; everything else is
 * the same for all. With a checkpoint file, a process may be killed at any point: made
 * again with the same request and file, the enrolment goes on where it stood. Callbacks
 * come from inside cmg_context_process(), cmg_context_wait() or cmg_enrolment_run().
 *
 * State | goes to
 * ----- | -------
 * IDLE | SUBMITTING
 * SUBMITTING | CHALLENGE, PENDING, ISSUED
 * CHALLENGE | SUBMITTING
 * PENDING | SUBMITTING, ISSUED
 * any of these | DENIED, FAILED, CANCELED
 *
 * @code
 * rc = cmg_enrolment_new(csr, &enrolment, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_enrolment_use_certsrv(enrolment, "https://pki.contoso.com/certsrv",
 *                                    "CMGWebServer", &err);
 * if (rc == CMG_OK)
 *     rc = cmg_enrolment_set_checkpoint_file(enrolment, "granitefalls.enrol", &err);
 * if (rc == CMG_OK)
 *     rc = cmg_enrolment_run(enrolment, &err);
 * @endcode
 */
#ifndef CMG_ENROL_H
#define CMG_ENROL_H

#include <cmg/certificate.h>
#include <cmg/csr.h>
#include <cmg/key.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief One request on its way to an authority and back. @since 0.1 */
typedef struct cmg_enrolment cmg_enrolment;

/** @brief Where an enrolment stands. @since 0.1 */
typedef enum cmg_enrolment_state {
    CMG_ENROLMENT_IDLE = 0,       /**< Made, not started. */
    CMG_ENROLMENT_SUBMITTING = 1, /**< Requests are under way. */
    CMG_ENROLMENT_CHALLENGE = 2,  /**< The host has to prove something. */
    CMG_ENROLMENT_PENDING = 3,    /**< The authority is deciding; it is asked again. */
    CMG_ENROLMENT_ISSUED = 4,     /**< Done: the certificate is there. */
    CMG_ENROLMENT_DENIED = 5,     /**< The authority said no. */
    CMG_ENROLMENT_FAILED = 6,     /**< Stopped by an error; the checkpoint can go on. */
    CMG_ENROLMENT_CANCELED = 7,   /**< Stopped on request; the checkpoint can go on. */
    CMG_ENROLMENT_STATE_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_enrolment_state;

/** @brief How to sign in at an authority's server; over TLS only. @since 0.1 */
typedef enum cmg_sign_in {
    CMG_SIGN_IN_BASIC = 1,         /**< User and password with each request. */
    CMG_SIGN_IN_NTLM = 2,          /**< User and password, not sent themselves. */
    CMG_SIGN_IN_NEGOTIATE = 3,     /**< The Kerberos tickets of the process. */
    CMG_SIGN_IN_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_sign_in;

/** @brief What the host is to do about a challenge. @since 0.1 */
typedef enum cmg_challenge_action {
    CMG_CHALLENGE_PRESENT = 1,              /**< Put it in place. */
    CMG_CHALLENGE_REMOVE = 2,               /**< It has been looked at; take it away. */
    CMG_CHALLENGE_ACTION_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_challenge_action;

/**
 * @brief What an authority wants to see before it issues; borrowed for the call;
 *        size-tagged.
 * @since 0.1
 */
typedef struct cmg_challenge {
    size_t size;            /**< sizeof(cmg_challenge) of the library. */
    const char *type;       /**< "dns-01" or "http-01". */
    const char *identifier; /**< The name to be proved, for example "contoso.com". */
    const char *name;       /**< Where: a DNS name, or the path of a URL. */
    const char *value;      /**< What: the text of a TXT record, or the page's body. */
    int32_t action;         /**< A #cmg_challenge_action. */
} cmg_challenge;

/**
 * @brief The host's callbacks; size-tagged, copied. Each may be NULL.
 *
 * Each returns 0 to go on; another value fails the enrolment with #CMG_E_CALLBACK and
 * that number; #CMG_CALLBACK_PASS stands for "as if not installed".
 * @since 0.1
 */
typedef struct cmg_enrolment_events {
    size_t size; /**< sizeof(cmg_enrolment_events) of the caller. */
    void *user;  /**< Handed to each callback. */
    /** A transition; why is NULL unless something failed. */
    int (*on_state)(cmg_enrolment *enrolment, cmg_enrolment_state now,
                    const cmg_error *why, void *user);
    /** One challenge to put in place or to take away. When all are in place the host
        calls cmg_enrolment_challenge_done(). Missing: the enrolment fails. */
    int (*on_challenge)(cmg_enrolment *enrolment, const cmg_challenge *challenge,
                        void *user);
    /** Exactly once per start: the end state is reached; err is NULL on success. */
    int (*on_closed)(cmg_enrolment *enrolment, cmg_enrolment_state end,
                     const cmg_error *err, void *user);
} cmg_enrolment_events;

/**
 * @brief Makes an enrolment for a request.
 * @param[in]  csr           The request; a reference is taken.
 * @param[out] out_enrolment Receives the enrolment, yours.
 * @param[out] err           Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_new(cmg_csr *csr, cmg_enrolment **out_enrolment,
                                     cmg_error **err);

/**
 * @brief Gives the key of the request, so that the certificate comes with it.
 * @param[in]  enrolment The enrolment, not started.
 * @param[in]  key       The key; a reference is taken. NULL for none.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_CERT when it is another key.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_set_key(cmg_enrolment *enrolment, cmg_key *key,
                                         cmg_error **err);

/**
 * @brief Goes by the AD CS web enrolment pages ("certsrv").
 *
 * The template's rights decide whether the certificate is issued at once, after an
 * administrator's approval, or not at all. Names belong into the request: attributes
 * for them work on authorities with a dangerous setting only.
 * @param[in]  enrolment     The enrolment, not started.
 * @param[in]  url           "https://pki.contoso.com/certsrv"; the path may be left out.
 * @param[in]  template_name The template's name (not its display name), 1 to 128
 *                           characters.
 * @param[out] err           Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_use_certsrv(cmg_enrolment *enrolment, const char *url,
                                             const char *template_name, cmg_error **err);

/**
 * @brief Goes by EST (RFC 7030).
 *
 * Signing in is by client certificate, Basic, or both. The chain is asked of the server
 * first; it is not trusted for that, only passed on.
 * @param[in]  enrolment The enrolment, not started.
 * @param[in]  url       "https://est.contoso.com", then "/.well-known/est" is added; or
 *                       with a path of its own, a label for example.
 * @param[in]  renew     Whether the request replaces the certificate that signs in.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_use_est(cmg_enrolment *enrolment, const char *url,
                                         bool renew, cmg_error **err);

/**
 * @brief Says how to sign in at the authority's server.
 *
 * Credentials go to that server only, over TLS only; they are not kept in the checkpoint.
 * @param[in]  enrolment     The enrolment, not started.
 * @param[in]  way           Basic, NTLM or Negotiate.
 * @param[in]  user          "CONTOSO\\cmg" or "cmg@contoso.com", copied; NULL for
 *                           Negotiate.
 * @param[in]  password      Copied, wiped when given back; NULL for Negotiate.
 * @param[in]  password_size Length in bytes, at most 1024.
 * @param[out] err           Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_INVAL, #CMG_E_LIMIT, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_set_sign_in(cmg_enrolment *enrolment, cmg_sign_in way,
                                             const char *user, const char *password,
                                             size_t password_size, cmg_error **err);

/**
 * @brief Signs in with a client certificate.
 * @param[in]  enrolment   The enrolment, not started.
 * @param[in]  certificate With its key; a reference is taken. NULL for none.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_CERT without a key,
 *         #CMG_E_UNSUPPORTED when the host holds the key.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_set_client_certificate(cmg_enrolment *enrolment,
                                                        cmg_certificate *certificate,
                                                        cmg_error **err);

/**
 * @brief Keeps what must survive a crash in a file.
 *
 * The file (0600) is written beside, fsynced and renamed before each request that must
 * not be doubled and after each answer; "<path>.lock" is locked while the enrolment runs.
 * No password and no private key enters it.
 * @param[in]  enrolment The enrolment, not started.
 * @param[in]  path      The file; its directory must be there.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_set_checkpoint_file(cmg_enrolment *enrolment,
                                                     const char *path, cmg_error **err);

/**
 * @brief Installs the callbacks.
 * @param[in]  enrolment The enrolment, not started.
 * @param[in]  events    The table, copied; NULL removes all.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_ABI.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_set_events(cmg_enrolment *enrolment,
                                            const cmg_enrolment_events *events,
                                            cmg_error **err);

/**
 * @brief Says how often an authority that is deciding is asked.
 * @param[in]  enrolment   The enrolment, not started.
 * @param[in]  interval_ms 1 to 86400000; 0 for what the way there suggests (the default).
 *                         A server's Retry-After wins.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_INVAL.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_set_poll_interval_ms(cmg_enrolment *enrolment,
                                                      int64_t interval_ms,
                                                      cmg_error **err);

/**
 * @brief Says how long one run may take.
 * @param[in]  enrolment The enrolment, not started.
 * @param[in]  budget_ms Milliseconds, or #CMG_FOREVER (the default). A run whose time is
 *                       over ends with #CMG_E_TIMEOUT, in state PENDING when the
 *                       authority was deciding; started again, it goes on.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_INVAL.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_set_budget_ms(cmg_enrolment *enrolment,
                                               int64_t budget_ms, cmg_error **err);

/**
 * @brief What an ACME authority may want to know besides; size-tagged, copied. Zero and
 *        NULL stand for "no such thing".
 * @since 0.1
 */
typedef struct cmg_acme_options {
    size_t size;           /**< sizeof(cmg_acme_options) of the caller. */
    const char *challenge; /**< "dns-01" (also NULL; wildcards need it) or "http-01". */
    const char *contact;   /**< E-mail address for the authority's warnings. */
    const char *eab_kid;   /**< External account: its key's name at the authority. */
    const char *eab_key;   /**< External account: its key, base64url; a secret. */
    const char *profile;   /**< One of those that the authority's directory names. */
    cmg_certificate *replaces; /**< Renewal: the certificate that is to be replaced. */
    int32_t terms_agreed;      /**< 1: the terms of service were read and agreed to. */
    int32_t await_window; /**< 1: with replaces, wait until the authority suggests it. */
} cmg_acme_options;

/**
 * @brief Goes to a public authority by ACME (RFC 8555), for example Let's Encrypt.
 *
 * The DNS names of the request are proved: the host puts what on_challenge says into DNS
 * or on its web server, waits until the world sees it, and calls
 * cmg_enrolment_challenge_done(). All names are shown at once, and taken away at once
 * when the authority has looked. An order whose making was not acknowledged is looked for
 * before another one is made.
 * @param[in]  enrolment     The enrolment, not started.
 * @param[in]  directory_url The authority's directory, https.
 * @param[in]  account_key   The key of the account, of the same context; made anew when
 *                           the authority does not know it. Counted, never stored: keep
 *                           it for later orders. Not the key of the request.
 * @param[in]  options       Further wishes, or NULL.
 * @param[out] err           Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE while it runs, #CMG_E_INVAL for a value that cannot be
 * used, #CMG_E_CERT when @c replaces does not name its issuer's key, #CMG_E_ABI,
 * #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_use_acme(cmg_enrolment *enrolment,
                                          const char *directory_url, cmg_key *account_key,
                                          const cmg_acme_options *options,
                                          cmg_error **err);

/**
 * @brief Starts; the work is done while the host drives the context.
 * @param[in]  enrolment The enrolment with a way to its authority. One that is PENDING,
 *                       FAILED or CANCELED goes on.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE when it runs, was issued or denied, or knows no way;
 * #CMG_E_CONFLICT when another process holds the checkpoint or it belongs to another
 * request or way, #CMG_E_PARSE when it is damaged, #CMG_E_UNSUPPORTED when a newer
 * version wrote it, #CMG_E_IO.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_start(cmg_enrolment *enrolment, cmg_error **err);

/**
 * @brief Starts and drives the context until the end.
 * @param[in]  enrolment The enrolment.
 * @param[out] err       Receives the error that ended it, or NULL.
 * @return #CMG_OK when ISSUED is reached; as cmg_enrolment_start(); else the code of what
 *         ended it: #CMG_E_DENIED, #CMG_E_CANCELED, #CMG_E_TIMEOUT and others.
 * #CMG_E_REENTRANT inside a callback.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_run(cmg_enrolment *enrolment, cmg_error **err);

/**
 * @brief Tells that every challenge is in place. Callbacks may call it.
 * @param[in]  enrolment The enrolment, in state CHALLENGE.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE in another state.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_challenge_done(cmg_enrolment *enrolment,
                                                cmg_error **err);

/**
 * @brief Takes the authority's answer that came another way: as a file, by mail.
 * @param[in]  enrolment The enrolment, not running and not ISSUED.
 * @param[in]  data      A certificate (PEM or DER), with its chain perhaps, or PKCS#7.
 * @param[in]  size      Length in bytes, at most 1 MiB.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK: it is ISSUED, and the checkpoint says so; #CMG_E_CERT when no
 *         certificate in it is for the key of the request, #CMG_E_PARSE, #CMG_E_STATE,
 * #CMG_E_LIMIT, #CMG_E_CONFLICT and #CMG_E_IO for the checkpoint.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_accept(cmg_enrolment *enrolment, const void *data,
                                        size_t size, cmg_error **err);

/**
 * @brief Asks to stop; the state becomes CANCELED. Callbacks may call it.
 *
 * A request under way is waited for, so that its answer is not lost.
 * @param[in]  enrolment The enrolment.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE when it does not run.
 * @since 0.1
 */
CMG_API cmg_status cmg_enrolment_cancel(cmg_enrolment *enrolment, cmg_error **err);

/**
 * @brief Where the enrolment stands.
 * @param[in] enrolment The enrolment.
 * @return The state. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_enrolment_state cmg_enrolment_get_state(const cmg_enrolment *enrolment);

/**
 * @brief A state's name, for example "PENDING".
 * @param[in] state Any value.
 * @return A static string; "UNKNOWN" for a value this library does not know. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_enrolment_state_name(cmg_enrolment_state state);

/**
 * @brief The certificate, once ISSUED.
 * @param[in] enrolment The enrolment.
 * @return Borrowed, as long as @p enrolment; NULL before ISSUED. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_certificate *cmg_enrolment_get_certificate(cmg_enrolment *enrolment);

/**
 * @brief The number by which the authority knows the request.
 * @param[in] enrolment The enrolment.
 * @return Borrowed until the enrolment is driven on; "" when there is none. Callbacks may
 *         call it.
 * @since 0.1
 */
CMG_API const char *cmg_enrolment_request_id(const cmg_enrolment *enrolment);

/**
 * @brief What the authority said last, in its own words.
 * @param[in] enrolment The enrolment.
 * @return Plain text, at most 1 KiB, borrowed until the enrolment is driven on; "" when
 *         it said nothing. Callbacks may call it.
 * @since 0.1
 */
CMG_API const char *cmg_enrolment_message(const cmg_enrolment *enrolment);

/**
 * @brief How many certificates the authority may have issued that nobody knows of.
 *
 * An answer that is lost after the authority carried the request out leaves such a one
 * behind when the request has to be made again.
 * @param[in] enrolment The enrolment.
 * @return The number, kept in the checkpoint. Callbacks may call it.
 * @since 0.1
 */
CMG_API uint32_t cmg_enrolment_orphan_count(const cmg_enrolment *enrolment);

/**
 * @brief When the authority wants the certificate that is replaced to be renewed.
 *
 * Authorities with renewal information (RFC 9773) name a window; this is the instant in
 * it that the enrolment has chosen. With @c await_window it is PENDING until then.
 * @param[in] enrolment The enrolment.
 * @return Seconds since 1970; 0 when nothing was asked or nothing is known. Callbacks may
 *         call it.
 * @since 0.1
 */
CMG_API int64_t cmg_enrolment_renewal_unix_s(const cmg_enrolment *enrolment);

/**
 * @brief Takes one more reference.
 * @param[in] enrolment The enrolment or NULL.
 * @return @p enrolment.
 * @since 0.1
 */
CMG_API cmg_enrolment *cmg_enrolment_ref(cmg_enrolment *enrolment);

/**
 * @brief Gives a reference back. One that still runs is aborted: no callback comes any
 *        more, the checkpoint keeps what was acknowledged.
 * @param[in] enrolment The enrolment; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_enrolment_unref(cmg_enrolment *enrolment);

/**
 * @brief A key and a request that a Windows machine is to make; size-tagged.
 *
 * Texts are printable ASCII without quote and percent sign.
 * @since 0.1
 */
typedef struct cmg_certreq {
    size_t size;                     /**< sizeof(cmg_certreq) of the caller. */
    const char *subject;             /**< "CN=granitefalls.contoso.com, O=Contoso". */
    const char *template_name;       /**< The template's name, or NULL for none. */
    const char *friendly_name;       /**< Shown in the console, or NULL for none. */
    const char *provider;            /**< NULL for the SChannel one. */
    const char *const *dns_names;    /**< Alternative names, NULL-terminated, or NULL. */
    const char *const *ip_addresses; /**< The same for addresses, or NULL. */
    const char *const *eku;          /**< Usages, dotted; NULL for serverAuth. */
    uint32_t key_bits;               /**< 2048, 3072, 4096; 0 for 2048. */
    uint32_t not_exportable;         /**< 1: the key cannot leave the machine. */
    uint32_t user_key_set;           /**< 1: the key is the user's, not the machine's. */
    uint32_t reserved;               /**< 0. */
} cmg_certreq;

/**
 * @brief Writes the INF text from which "certreq -new" makes a key and a request.
 * @param[in]  ctx      The context.
 * @param[in]  request  What is wanted; read during the call.
 * @param[out] out_text Receives the text, with CR LF at the ends of lines; yours.
 * @param[out] err      Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL naming the member, #CMG_E_ABI, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certreq_format_inf(cmg_context *ctx, const cmg_certreq *request,
                                          cmg_bytes **out_text, cmg_error **err);

/**
 * @brief The command that submits a request file from a Windows machine.
 *
 * The answer goes to cmg_enrolment_accept(), whatever way it comes.
 * @param[in]  ctx           The context.
 * @param[in]  config        The authority, "SERVER\\Contoso CA".
 * @param[in]  template_name The template's name.
 * @param[in]  request_file  The file with the request (PEM or DER).
 * @param[in]  answer_file   Where the certificate goes.
 * @param[out] out_text      Receives the line, quoted for cmd.exe; yours.
 * @param[out] err           Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL naming the argument, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certreq_submit_command(cmg_context *ctx, const char *config,
                                              const char *template_name,
                                              const char *request_file,
                                              const char *answer_file,
                                              cmg_bytes **out_text, cmg_error **err);

/**
 * @brief The command that fetches the certificate of a pending request.
 * @param[in]  ctx         The context.
 * @param[in]  config      The authority, "SERVER\\Contoso CA".
 * @param[in]  request_id  The number that "certreq -submit" printed.
 * @param[in]  answer_file Where the certificate goes.
 * @param[out] out_text    Receives the line, quoted for cmd.exe; yours.
 * @param[out] err         Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL naming the argument, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_certreq_retrieve_command(cmg_context *ctx, const char *config,
                                                const char *request_id,
                                                const char *answer_file,
                                                cmg_bytes **out_text, cmg_error **err);

#ifdef __cplusplus
}
#endif
#endif
