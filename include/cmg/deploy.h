/**
 * @file deploy.h
 * @brief The state machine that makes, resumes and deletes a gateway.
 *
 * A deployment is a table of steps; steps that do not need one another run at the same
 * time. Each looks first at what is there and adopts it; each effect is written to the
 * journal after it was acknowledged. Kill the process anywhere, make the same deployment
 * with the same journal again: it goes on. All callbacks come from inside
 * cmg_context_process(), cmg_context_wait() or cmg_deploy_run().
 *
 * State | goes to
 * ----- | -------
 * IDLE | PREFLIGHT
 * PREFLIGHT | SIGN_IN
 * SIGN_IN | PLAN
 * PLAN | CONFIRM, APPLY
 * CONFIRM | APPLY, CANCELLING
 * APPLY | VERIFY, DELETED
 * VERIFY | READY
 * any of these | CANCELLING, FAILED
 * CANCELLING | PAUSED
 *
 * @code
 * rc = cmg_deploy_new(gateway, CMG_DEPLOY_CREATE, &deploy, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_deploy_set_journal_file(deploy, "contoso.journal", &err);
 * if (rc == CMG_OK)
 *     rc = cmg_deploy_set_events(deploy, &events, &err);
 * if (rc == CMG_OK)
 *     rc = cmg_deploy_run(deploy, &err);
 * @endcode
 */
#ifndef CMG_DEPLOY_H
#define CMG_DEPLOY_H

#include <cmg/gateway.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief One run of an operation on a gateway. @since 0.1 */
typedef struct cmg_deploy cmg_deploy;

/**
 * @brief What to do with the gateway, or with the tenant and its applications.
 *
 * Those that only read need no journal and ask for no confirmation.
 * @since 0.1
 */
typedef enum cmg_deploy_operation {
    CMG_DEPLOY_CREATE = 1, /**< Make what is missing, adopt what is there. */
    CMG_DEPLOY_DELETE = 2, /**< Remove everything that belongs to the gateway. */
    /** Sign in and find the tenant; reads only. A specification of a tenant is enough. */
    CMG_DEPLOY_FIND_TENANT = 3,
    /** Make server app and client app with principals, secret and consent, adopt what is
       there. A specification of a tenant is enough. */
    CMG_DEPLOY_REGISTER_APPS = 4,
    /** Look at both applications with principals and consents and put what differs from
       what it should be on their handles (cmg/apps.h); reads only. */
    CMG_DEPLOY_VERIFY_APPS = 5,
    /** Mend what verify finds and can be mended, and nothing else; make no application.
       The plan lists each change. */
    CMG_DEPLOY_CORRECT_APPS = 6,
    /** Delete both applications; they can be restored for 30 days. */
    CMG_DEPLOY_DELETE_APPS = 7,
    /** Restore both applications with their principals, and their consent, which a
       deletion takes away for good. */
    CMG_DEPLOY_RESTORE_APPS = 8,
    /** Remove both deleted applications for good, and the kept client secret. */
    CMG_DEPLOY_PURGE_APPS = 9,
    /** Verify imported applications by signing in as the server app with its secret of
       the secret store; reads only, and needs no other right. */
    CMG_DEPLOY_IMPORT_APPS = 10,
    /** Read users and groups, or what has changed among them (cmg/discover.h). A
       specification of a tenant is enough. */
    CMG_DEPLOY_DISCOVER = 12,
    /** Give the server app a new client secret, prove it, hand it over, remove the old
       one. A specification of a tenant is enough. */
    CMG_DEPLOY_RENEW_SECRET = 11,
    CMG_DEPLOY_STOP_GATEWAY = 20,  /**< Stop all instances and release their machines. */
    CMG_DEPLOY_START_GATEWAY = 21, /**< Start all instances, wait until they serve. */
    /** Bring the number of instances to that of the specification. */
    CMG_DEPLOY_SCALE_GATEWAY = 22,
    /** Bring a gateway that is there to a changed specification: size, settings, number.
     */
    CMG_DEPLOY_MODIFY_GATEWAY = 23,
    /** Give the gateway a new server certificate, its authority's or the host's
        (cmg_gateway_set_certificate()), while it goes on serving. */
    CMG_DEPLOY_ROTATE_CERTIFICATE = 25,
    /** Make the gateway anew from the specification: instances and network are removed
       and deployed again, its name, storage, vault, certificate and applications stay. It
       is closed meanwhile. */
    CMG_DEPLOY_SYNCHRONISE_GATEWAY = 24, /**< Brings settings to the instances that are
                                              there: trusted authorities, connection
                                              points, applications. They go on running. */
    CMG_DEPLOY_UPGRADE_GATEWAY = 26,     /**< Brings the package of
                                              cmg_gateway_set_package() to the instances,
                                              a part at a time, and the settings. */
    CMG_DEPLOY_REDEPLOY_GATEWAY = 27,
    /** Make this gateway beside an old one, which goes when clients have had the time to
        learn the new one (cmg/replace.h). */
    CMG_DEPLOY_REPLACE_GATEWAY = 28,
    /** Find everything that a create would fail at (cmg/preflight.h); reads only. */
    CMG_DEPLOY_CHECK_GATEWAY = 29,
    /** Plan a create and stop there; reads only. cmg_deploy_export_plan() gives it. */
    CMG_DEPLOY_PLAN_GATEWAY = 30,
    /** Compare what is there with the specification (cmg/drift.h); reads only. */
    CMG_DEPLOY_VERIFY_GATEWAY = 31,
    /** Bring what differs back to the specification. */
    CMG_DEPLOY_CORRECT_GATEWAY = 32,
    CMG_DEPLOY_INVENTORY_GATEWAY = 33, /**< List what is there; reads only. */
    CMG_DEPLOY_INSPECT_GATEWAY = 34,   /**< Look what it does; reads only. */
    /** Measure what the gateway uses and compare it with its alerts (cmg/usage.h). Reads
        only, unless the specification has stop_service: then it stops a gateway whose
        traffic is critical. */
    CMG_DEPLOY_MEASURE_GATEWAY = 35,
    CMG_DEPLOY_OPERATION_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_deploy_operation;

/** @brief Where a deployment stands. @since 0.1 */
typedef enum cmg_deploy_state {
    CMG_DEPLOY_IDLE = 0,          /**< Made, not started. */
    CMG_DEPLOY_PREFLIGHT = 1,     /**< Checking what can be checked offline. */
    CMG_DEPLOY_SIGN_IN = 2,       /**< Getting tokens. */
    CMG_DEPLOY_PLAN = 3,          /**< Looking at what is there. */
    CMG_DEPLOY_CONFIRM = 4,       /**< Waiting for the host's yes. */
    CMG_DEPLOY_APPLY = 5,         /**< Making or removing. */
    CMG_DEPLOY_VERIFY = 6,        /**< Checking that it answers. */
    CMG_DEPLOY_READY = 7,         /**< Done; after a create the gateway answers. */
    CMG_DEPLOY_PAUSED = 8,        /**< Stopped on request; the journal can go on. */
    CMG_DEPLOY_CANCELLING = 9,    /**< Letting what is under way come to an end. */
    CMG_DEPLOY_ROLLING_BACK = 10, /**< Undoing; not reached in this release. */
    CMG_DEPLOY_FAILED = 11,       /**< Stopped by an error; the journal can go on. */
    CMG_DEPLOY_DELETED = 12,      /**< Done: nothing is left. */
    CMG_DEPLOY_STATE_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_deploy_state;

/** @brief Where a step stands. @since 0.1 */
typedef enum cmg_step_state {
    CMG_STEP_WAITING = 0,             /**< Another step has to come first. */
    CMG_STEP_RUNNING = 1,             /**< Requests are under way or being waited for. */
    CMG_STEP_DONE = 2,                /**< Finished. */
    CMG_STEP_FAILED = 3,              /**< Gave up; the deployment fails. */
    CMG_STEP_STATE_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_step_state;

/** @brief Progress of one step, borrowed for the call; size-tagged. @since 0.1 */
typedef struct cmg_step_progress {
    size_t size;         /**< sizeof(cmg_step_progress) of the library. */
    const char *name;    /**< Stable name, for example "server_app". */
    const char *title;   /**< For a person, for example "server app". */
    const char *message; /**< What is going on or came out, one line; may be "". */
    int64_t elapsed_ms;  /**< Since the step began. */
    int32_t state;       /**< A #cmg_step_state. */
    int32_t percent;     /**< 0 to 100, or -1 when unknown. */
    uint32_t done;       /**< Steps finished so far. */
    uint32_t total;      /**< Steps of the operation. */
    int64_t usual_ms;    /**< How long such a step takes when it has something to do. */
    /** How long the operation still takes if all steps take as long as usual, those that
        do not need one another at the same time; a guess for a display. */
    int64_t remaining_ms;
    /** Of the whole operation, 0 to 100, each step counted by how long it usually takes;
        never less than what was told before. */
    int32_t whole_percent;
    uint32_t reserved; /**< 0. */
} cmg_step_progress;

/** @brief How a person is to sign in. @since 0.1 */
typedef enum cmg_prompt_kind {
    CMG_PROMPT_DEVICE_CODE = 1,   /**< Open a page anywhere and enter the code. */
    CMG_PROMPT_BROWSER = 2,       /**< Open a page in a browser on this machine. */
    CMG_PROMPT_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_prompt_kind;

/**
 * @brief What a person must do to sign in; borrowed for the call; size-tagged.
 * @since 0.1
 */
typedef struct cmg_sign_in_prompt {
    size_t size;                  /**< sizeof(cmg_sign_in_prompt) of the library. */
    const char *verification_uri; /**< Page to open for a device code; else "". */
    const char *user_code;        /**< Code to enter there; else "". */
    const char *message;          /**< One sentence, the service's own for a code. */
    int64_t expires_unix_s;       /**< When the code or the page ends. */
    int32_t kind;                 /**< A #cmg_prompt_kind. */
    int32_t reserved;             /**< 0. */
    const char *browser_url;      /**< Page to open in a browser here; else "". */
} cmg_sign_in_prompt;

/**
 * @brief What an administrator must consent to; borrowed for the call; size-tagged.
 * @since 0.1
 */
typedef struct cmg_consent_request {
    size_t size;             /**< sizeof(cmg_consent_request) of the library. */
    const char *application; /**< Display name of the application that needs it. */
    const char *client_id;   /**< Its application (client) ID. */
    const char *permission;  /**< For a person: "Microsoft Graph: Directory.Read.All". */
    const char *url;         /**< Page to open as an administrator. */
    const char *state;       /**< What the page hands back to the redirect URI. */
    int64_t expires_unix_s;  /**< Until when the deployment waits for it. */
} cmg_consent_request;

/**
 * @brief The host's callbacks; size-tagged, copied. Each may be NULL.
 *
 * Each returns 0 to go on; another value fails the deployment with #CMG_E_CALLBACK and
 * that number; #CMG_CALLBACK_PASS stands for "as if not installed".
 * @since 0.1
 */
typedef struct cmg_deploy_events {
    size_t size; /**< sizeof(cmg_deploy_events) of the caller. */
    void *user;  /**< Handed to each callback. */
    /** A transition; why is NULL unless something failed. */
    int (*on_state)(cmg_deploy *deploy, cmg_deploy_state now, const cmg_error *why,
                    void *user);
    /** A step began, went on, or ended. */
    int (*on_step)(cmg_deploy *deploy, const cmg_step_progress *progress, void *user);
    /** A person has to sign in; again when the code or page was of no use, or a service
       demands more (MFA for example). Missing: it fails with #CMG_E_AUTH. */
    int (*on_prompt)(cmg_deploy *deploy, const cmg_sign_in_prompt *prompt, void *user);
    /** The plan is made: plan is one line per change. Missing: yes. */
    int (*on_confirm)(cmg_deploy *deploy, const char *plan, void *user);
    /** Exactly once per start: the end state is reached; err is NULL on success. */
    int (*on_done)(cmg_deploy *deploy, cmg_deploy_state end, const cmg_error *err,
                   void *user);
    /** An administrator has to consent; the deployment waits and looks by itself. Once
       per application. Missing: the refusal is the error, its remedy names the page. */
    int (*on_consent)(cmg_deploy *deploy, const cmg_consent_request *request, void *user);
} cmg_deploy_events;

/** @brief How admin consent is got. @since 0.1 */
typedef enum cmg_consent_mode {
    CMG_CONSENT_GRANT = 1, /**< Granted by the account that signed in; when that is
                              refused, an administrator is asked. */
    CMG_CONSENT_ASK = 2,   /**< An administrator is asked by on_consent at once. */
    CMG_CONSENT_MODE_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_consent_mode;

/** @brief How admin consent is got, and for how long; size-tagged. @since 0.1 */
typedef struct cmg_consent_options {
    size_t size;           /**< sizeof(cmg_consent_options) of the caller. */
    cmg_consent_mode mode; /**< Default: #CMG_CONSENT_GRANT. */
    int64_t wait_ms; /**< How long an administrator is waited for: 1 s to 30 days; 0 for
                        the default, one hour. */
    const char *redirect_uri; /**< Where the page leads afterwards, registered with both
                                 applications; NULL for each application's own. */
} cmg_consent_options;

/**
 * @brief Where the host keeps the journal; size-tagged, copied.
 *
 * Each function returns 0 or a negative errno. save replaces the whole content and
 * returns only when it is durable. lock is taken at start and held until the end. A lock
 * that ends by itself (a lease) wants claim, save_as and check.
 * @since 0.1
 */
typedef struct cmg_journal_store {
    size_t size; /**< sizeof(cmg_journal_store) of the caller. */
    void *user;  /**< Handed to each function. */
    /** Reads at most max bytes; returns the length, 0 when there is no journal. */
    int64_t (*load)(void *out, size_t max, void *user);
    /** Replaces the content; size 0 removes the journal. */
    int (*save)(const void *data, size_t size, void *user);
    /** Takes the lock without waiting; -EWOULDBLOCK when someone has it. */
    int (*lock)(void *user);
    /** Gives the lock back. */
    int (*unlock)(void *user);
    /** Makes the caller the owner, with the lock held: returns his number, higher than
       all before it (1 to INT64_MAX), kept where the journal is. Optional, with the next
       two or none of them; without them nothing but the lock keeps a run away that was
       paused while another took over. */
    int64_t (*claim)(void *user);
    /** As save, for that owner only: once a higher number was given out it changes
       nothing and returns -ESTALE. Comparing and saving are one step. */
    int (*save_as)(int64_t owner, const void *data, size_t size, void *user);
    /** 0 while no higher number was given out, -ESTALE from then on. Asked before each
       request that changes something. */
    int (*check)(int64_t owner, void *user);
} cmg_journal_store;

/**
 * @brief Where the host keeps secrets that leave the library once; size-tagged, copied.
 *
 * Names: "server-app-secret", "server-app-secret-next" (a new one until it has signed
 * in; then it moves to the former), "server-pfx", "server-pfx-password". Each function
 * returns 0 or a negative errno.
 * @since 0.1
 */
typedef struct cmg_secret_store {
    size_t size; /**< sizeof(cmg_secret_store) of the caller. */
    void *user;  /**< Handed to each function. */
    /** Keeps a secret durably; data is wiped after the call. */
    int (*put)(const char *name, const void *data, size_t size, void *user);
    /** Reads at most max bytes; returns the length, -ENOENT when there is none. */
    int64_t (*get)(const char *name, void *out, size_t max, void *user);
    /** Forgets a secret; an absent one is fine. */
    int (*remove)(const char *name, void *user);
} cmg_secret_store;

/**
 * @brief Makes a deployment.
 * @param[in]  gateway    The gateway; a reference is taken.
 * @param[in]  operation  What to do.
 * @param[out] out_deploy Receives the deployment, yours.
 * @param[out] err        Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_new(cmg_gateway *gateway, cmg_deploy_operation operation,
                                  cmg_deploy **out_deploy, cmg_error **err);

/**
 * @brief Keeps the journal in a file, and secrets beside it.
 *
 * The file is written beside, fsynced and renamed; "<path>.lock" is locked while the
 * deployment runs. Unless cmg_deploy_set_secret_store() says otherwise, secrets go to
 * files of mode 0600 in the directory "<path>.secrets" of mode 0700.
 * @param[in]  deploy The deployment, not started.
 * @param[in]  path   The file; its directory must be there.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_INVAL, #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_journal_file(cmg_deploy *deploy, const char *path,
                                               cmg_error **err);

/**
 * @brief Keeps the journal where the host says.
 * @param[in]  deploy The deployment, not started.
 * @param[in]  store  The functions, copied; all are required.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_ABI, #CMG_E_INVAL.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_journal_store(cmg_deploy *deploy,
                                                const cmg_journal_store *store,
                                                cmg_error **err);

/**
 * @brief Keeps secrets where the host says.
 * @param[in]  deploy The deployment, not started.
 * @param[in]  store  The functions, copied; all are required.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_ABI, #CMG_E_INVAL.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_secret_store(cmg_deploy *deploy,
                                               const cmg_secret_store *store,
                                               cmg_error **err);

/**
 * @brief Names a secret that a renewal removes besides those the library made: the one
 *        that an imported application was used with.
 *
 * It is removed last, when the new one is proven, kept and listed.
 * @param[in]  deploy The deployment, not started.
 * @param[in]  key_id What the portal calls "Secret ID", a GUID; copied. Not its value.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_INVAL.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_old_secret(cmg_deploy *deploy, const char *key_id,
                                             cmg_error **err);

/**
 * @brief Installs the callbacks.
 * @param[in]  deploy The deployment, not started.
 * @param[in]  events The table, copied; NULL removes all.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_ABI.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_events(cmg_deploy *deploy,
                                         const cmg_deploy_events *events,
                                         cmg_error **err);

/**
 * @brief Says how admin consent for the two applications is got.
 * @param[in]  deploy  The deployment, not started.
 * @param[in]  options The options, copied; NULL for the defaults.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_ABI, #CMG_E_INVAL naming the member,
 *         #CMG_E_NOMEM.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_consent(cmg_deploy *deploy,
                                          const cmg_consent_options *options,
                                          cmg_error **err);

/**
 * @brief Lets #CMG_DEPLOY_DELETE_APPS and #CMG_DEPLOY_PURGE_APPS remove applications that
 *        somebody else made (client_id in the specification), too. Without it they are
 *        left alone.
 * @param[in]  deploy  The deployment, not started.
 * @param[in]  include Whether they are removed.
 * @param[out] err     Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE after start, #CMG_E_INVAL for another operation.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_set_include_imported(cmg_deploy *deploy, bool include,
                                                   cmg_error **err);

/**
 * @brief Starts; the work is done while the host drives the context.
 * @param[in]  deploy The deployment with a journal; PAUSED and FAILED ones go on.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE when it runs, has ended or has no journal it needs, or
 * when it is to create and the journal holds a deletion that is not finished: finish that
 * first; #CMG_E_CONFLICT when another process holds the journal or it belongs to another
 * deployment, #CMG_E_PARSE when it is damaged, #CMG_E_UNSUPPORTED when a newer version
 * wrote it, #CMG_E_IO. The journal is untouched then.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_start(cmg_deploy *deploy, cmg_error **err);

/**
 * @brief Starts and drives the context until the end.
 * @param[in]  deploy The deployment.
 * @param[out] err    Receives the error that ended it, or NULL.
 * @return #CMG_OK when READY or DELETED is reached; as cmg_deploy_start(); else the code
 * of what failed, #CMG_E_CANCELED after cmg_deploy_cancel(). #CMG_E_REENTRANT inside a
 *         callback.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_run(cmg_deploy *deploy, cmg_error **err);

/**
 * @brief Asks to stop: no new request is sent, those under way are waited for, the state
 *        becomes PAUSED. The same journal can go on later. Callbacks may call it.
 * @param[in]  deploy The deployment.
 * @param[out] err    Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE when it does not run.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_cancel(cmg_deploy *deploy, cmg_error **err);

/** @brief How a plan is written. @since 0.1 */
typedef enum cmg_plan_format {
    CMG_PLAN_TEXT = 1, /**< One line per change, as on_confirm gets it. */
    /** An object: version 1, operation, gateway, and changes, a list of objects with
       step, what, action (create, change, remove, restore, adopt, keep, absent,
       unknown), detail, lines (texts: what it makes or removes, or what it changes from
       what to what), and state: planned (nothing has been sent, or all that was sent was
       refused), sent (whether it was done is not known yet), or observed. */
    CMG_PLAN_JSON = 2,
    CMG_PLAN_FORMAT_WIDTH = 0x7fffffff /**< Holds the enumeration at 32 bits. */
} cmg_plan_format;

/**
 * @brief What the deployment is going to do, or has done.
 *
 * In on_confirm it is the plan as it was made; later, and above all after a failure, the
 * same entries tell what came of them. An entry is unknown when what it hangs on is not
 * there yet.
 * @param[in]  deploy    The deployment.
 * @param[in]  format    How it is written.
 * @param[out] out_bytes Receives the text, yours; it contains no secret.
 * @param[out] err       Receives the error, or NULL.
 * @return #CMG_OK; #CMG_E_STATE before the plan is made, unless the deployment has ended,
 *         #CMG_E_INVAL, #CMG_E_NOMEM. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_status cmg_deploy_export_plan(const cmg_deploy *deploy,
                                          cmg_plan_format format, cmg_bytes **out_bytes,
                                          cmg_error **err);

/**
 * @brief Where the deployment stands.
 * @param[in] deploy The deployment.
 * @return The state. Callbacks may call it.
 * @since 0.1
 */
CMG_API cmg_deploy_state cmg_deploy_get_state(const cmg_deploy *deploy);

/**
 * @brief A state's name, for example "APPLY".
 * @param[in] state Any value.
 * @return A static string; "UNKNOWN" for a value this library does not know. Any thread.
 * @since 0.1
 */
CMG_API const char *cmg_deploy_state_name(cmg_deploy_state state);

/**
 * @brief Takes one more reference.
 * @param[in] deploy The deployment or NULL.
 * @return @p deploy.
 * @since 0.1
 */
CMG_API cmg_deploy *cmg_deploy_ref(cmg_deploy *deploy);

/**
 * @brief Gives a reference back. One that still runs is aborted: no callback comes any
 *        more, the journal keeps what was acknowledged.
 * @param[in] deploy The deployment; NULL does nothing.
 * @since 0.1
 */
CMG_API void cmg_deploy_unref(cmg_deploy *deploy);

#ifdef __cplusplus
}
#endif
#endif
