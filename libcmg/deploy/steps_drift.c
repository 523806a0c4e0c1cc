/*
 * What has been changed behind the library's back: Resource Manager compares the template
 * with what is there (what-if), the certificate in the vault is compared with ours, and
 * instances that have not taken the newest settings are counted. Reads only; what differs
 * goes on the gateway. A correction looks again at its end.
 */
#include <string.h>

#include "base/error.h"
#include "deploy/steps.h"
#include "model/drift.h"

#define WARN_S ((int64_t)30 * 24 * 3600)
/* Never deployed: what-if wants something that could be a password. */
#define PLACEHOLDER "Cm9!what-if-only"

enum { OURS = 1 }; /* the stored certificate can be used */

/* ---- differences ---- */

struct finding {
    cmg_app_part part;
    cmg_severity severity;
    cmg_correctable correctable;
    const char *fix;
};

static const struct finding absent_gateway = { CMG_APP_RESOURCE, CMG_SEVERITY_REFUSAL,
                                               CMG_CORRECTABLE_NO, "create the gateway" };
static const struct finding absent_vault = { CMG_APP_RESOURCE, CMG_SEVERITY_REFUSAL,
                                             CMG_CORRECTABLE_YES, "make it again" };
static const struct finding lost_certificate = {
    CMG_APP_CERTIFICATE, CMG_SEVERITY_REFUSAL, CMG_CORRECTABLE_YES, "issue another one"
};
static const struct finding other_certificate = { CMG_APP_CERTIFICATE,
                                                  CMG_SEVERITY_REFUSAL,
                                                  CMG_CORRECTABLE_YES,
                                                  "import the gateway's own" };
static const struct finding expiring = { CMG_APP_CERTIFICATE, CMG_SEVERITY_WARNING,
                                         CMG_CORRECTABLE_NO,
                                         "rotate the certificate before it expires" };
static const struct finding outdated = {
    CMG_APP_INSTANCE, CMG_SEVERITY_WARNING, CMG_CORRECTABLE_NO,
    "wait until the upgrade under way has reached them"
};

/* Takes the three texts over; NULL: memory ran out. */
static cmg_status note(struct cmg__run *run, const struct finding *finding, char *path,
                       char *found, char *should_be, cmg_error **err)
{
    const struct cmg__difference one = {
        .part = finding->part,
        .severity = finding->severity,
        .correctable = finding->correctable,
        .own_path = path,
        .fix = finding->fix,
        .found = found,
        .should_be = should_be,
    };
    cmg_gateway *gateway = run->work->gateway;

    return cmg__differences_add(run->work->alloc, &gateway->differences, &one) == CMG_OK
               ? CMG_OK
               : cmg__fail_nomem(err);
}

static cmg_status note_texts(struct cmg__run *run, const struct finding *finding,
                             char *path, const char *found, const char *should_be,
                             cmg_error **err)
{
    const struct cmg__alloc *alloc = run->work->alloc;

    return note(run, finding, path, cmg__strdup(alloc, found),
                cmg__strdup(alloc, should_be), err);
}

static bool can_correct(const struct cmg__difference *one)
{
    return one->correctable == CMG_CORRECTABLE_YES;
}

static bool must_redeploy(const struct cmg__differences *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].part == CMG_APP_RESOURCE && can_correct(&list->items[i]))
            return true;
    }
    return false;
}

static cmg_status finish(struct cmg__run *run, struct cmg__next *next)
{
    struct cmg__differences *list = &run->work->gateway->differences;
    bool change = false;

    cmg__differences_sort(list);
    run->work->redeploy = must_redeploy(list);
    for (size_t i = 0; i < list->count; i++)
        change = change || can_correct(&list->items[i]);
    run->plan = change ? CMG__PLAN_CHANGE : CMG__PLAN_KEEP;
    if (list->count == 0)
        cmg__run_say(run, "as it should be");
    else
        cmg__run_say(run, "%zu difference%s", list->count, list->count == 1 ? "" : "s");
    return cmg__next_done(next);
}

static cmg_status detail(const struct cmg__run *run, struct cmg__buf *out)
{
    const struct cmg__differences *list = &run->work->gateway->differences;
    cmg_status rc = CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < list->count; i++) {
        const struct cmg__difference *one = &list->items[i];
        if (can_correct(one))
            rc = cmg__buf_addf(out, "  %s: %s (%s -> %s)\n", one->path, one->fix,
                               one->found, one->should_be);
    }
    return rc;
}

/* ---- exchanges ---- */

static bool is_there(const struct cmg__run *run)
{
    const cmg_gateway_state state = run->work->gateway->seen.state;

    return state != CMG_GATEWAY_ABSENT && state != CMG_GATEWAY_DELETING;
}

static cmg_status look_at_certificate(struct cmg__run *run, cmg_error **err)
{
    bool usable = false;
    cmg_status rc = cmg__certificate_look(run, &usable, err);

    if (rc != CMG_OK || usable) {
        run->bits |= OURS;
        return rc;
    }
    return note_texts(run, &lost_certificate,
                      cmg__strdup(run->work->alloc, "/certificate"),
                      "not stored, expired, or of another authority", "valid", err);
}

static cmg_status begin(struct cmg__run *run, const struct cmg__answer *answer,
                        struct cmg__next *next, cmg_error **err)
{
    const struct cmg__alloc *alloc = run->work->alloc;
    cmg_status rc;

    (void)answer;
    cmg__differences_clear(alloc, &run->work->gateway->differences);
    run->bits = 0;
    run->work->set_is_there = is_there(run);
    if (!is_there(run)) {
        rc = note_texts(run, &absent_gateway, cmg__strdup(alloc, "/"), "absent", "there",
                        err);
        return rc == CMG_OK ? finish(run, next) : rc;
    }
    rc = look_at_certificate(run, err);
    return rc == CMG_OK ? cmg__next_go(next, "vault") : rc;
}

/* What-if is asked with the ID that it would have. */
static cmg_status without_vault(struct cmg__run *run, struct cmg__next *next,
                                cmg_error **err)
{
    struct cmg__work *work = run->work;
    char *id = cmg__vault_id(work);
    cmg_status rc = id == NULL ? CMG_E_NOMEM : cmg__fact_set(work, "vault_id", id);

    cmg__free(work->alloc, id);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    rc =
        note_texts(run, &absent_vault,
                   cmg__format(work->alloc, "/vaults/%s", cmg__work_value(work, "vault")),
                   "absent", "there", err);
    return rc == CMG_OK ? cmg__next_go(next, "what_if") : rc;
}

static cmg_status read_vault(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, cmg_error **err)
{
    if (answer->status == 404)
        return without_vault(run, next, err);
    cmg_status rc = cmg__answer_keep(run, answer->json, "/id", "vault_id", err);
    return rc == CMG_OK ? cmg__next_go(next, "certificate") : rc;
}

static char *certificate_path(const struct cmg__run *run, const char *below)
{
    return cmg__format(run->work->alloc, "/vaults/%s/certificates/%s%s",
                       cmg__work_value(run->work, "vault"),
                       cmg__work_value(run->work, "certificate"), below);
}

static cmg_status compare_thumbprint(struct cmg__run *run,
                                     const struct cmg__answer *answer, cmg_error **err)
{
    const char *ours = cmg__fact(run->work, "certificate_x5t");
    const char *found = answer->status == 404
                            ? "absent"
                            : cmg__str_or(cmg__json_str(answer->json, "/x5t"), "unknown");

    if ((run->bits & OURS) == 0 || strcmp(found, ours) == 0)
        return CMG_OK;
    return note_texts(run, &other_certificate, certificate_path(run, ""), found, ours,
                      err);
}

static cmg_status compare_expiry(struct cmg__run *run,
                                 const struct cmg__json *certificate, cmg_error **err)
{
    const int64_t until = cmg__json_int(certificate, "/attributes/exp", INT64_MAX);
    char text[CMG__TIME_SIZE];

    if (until == INT64_MAX || until - cmg__env_unix_s(&run->work->ctx->env) >= WARN_S)
        return CMG_OK;
    cmg__time_format(until, text);
    return note_texts(run, &expiring, certificate_path(run, "/attributes/exp"), text,
                      "30 days from now, or later", err);
}

static cmg_status read_certificate(struct cmg__run *run, const struct cmg__answer *answer,
                                   struct cmg__next *next, cmg_error **err)
{
    cmg_status rc = compare_thumbprint(run, answer, err);

    if (rc == CMG_OK && answer->status != 404)
        rc = compare_expiry(run, answer->json, err);
    if (rc == CMG_OK && answer->status != 404)
        rc = cmg__answer_keep(run, answer->json, "/sid", "cert_secret_url", err);
    return rc == CMG_OK ? cmg__next_go(next, "what_if") : rc;
}

cmg_status cmg__what_if_build(struct cmg__run *run, const char *vault_id,
                              const char *cert_secret_url, struct cmg__ask *ask,
                              cmg_error **err)
{
    struct cmg__json *properties = NULL;
    const cmg_status rc = cmg__deployment_properties(run->work, PLACEHOLDER, vault_id,
                                                     cert_secret_url, &properties, err);

    if (rc != CMG_OK)
        return rc;
    struct cmg__json *settings =
        cmg__json_pack("{s:s}", "resultFormat", "FullResourcePayloads");
    if (settings == NULL ||
        cmg__json_set(properties, "whatIfSettings", settings) != CMG_OK) {
        cmg__json_unref(properties);
        return cmg__fail_nomem(err);
    }
    ask->body = cmg__json_pack("{s:o}", "properties", properties);
    return ask->body == NULL ? cmg__fail_nomem(err) : CMG_OK;
}

static cmg_status build_what_if(struct cmg__run *run, struct cmg__ask *ask,
                                cmg_error **err)
{
    return cmg__what_if_build(run, cmg__fact(run->work, "vault_id"),
                              cmg__fact(run->work, "cert_secret_url"), ask, err);
}

static cmg_status compare_instances(struct cmg__run *run, cmg_error **err)
{
    const struct cmg__gateway_seen *seen = &run->work->gateway->seen;
    const struct cmg__alloc *alloc = run->work->alloc;

    if (seen->outdated == 0)
        return CMG_OK;
    return note(run, &outdated, cmg__strdup(alloc, "/instances"),
                cmg__format(alloc, "%u of %u without the newest settings", seen->outdated,
                            seen->instances),
                cmg__strdup(alloc, "all with the newest settings"), err);
}

static cmg_status read_result(struct cmg__run *run, const struct cmg__answer *answer,
                              struct cmg__next *next, cmg_error **err)
{
    const struct cmg__alloc *alloc = run->work->alloc;
    const struct cmg__json *error = cmg__json_at(answer->json, "/error");
    cmg_status rc;

    if (cmg__json_type(error) == CMG__JSON_OBJECT) {
        rc = cmg__azure_error_value(alloc, NULL, error, err);
        (void)cmg__error_wrap(err, alloc, run->step->title);
        return rc;
    }
    rc = cmg__drift_read(alloc, answer->json, &run->work->gateway->differences, err);
    if (rc == CMG_OK)
        rc = compare_instances(run, err);
    return rc == CMG_OK ? finish(run, next) : rc;
}

/* The last answer of those that are polled for is the result. */
cmg_status cmg__what_if_read(struct cmg__run *run, const struct cmg__answer *answer,
                             struct cmg__next *next, bool *ready, cmg_error **err)
{
    const bool polled = run->exchange->call == CMG__CALL_POLL;

    *ready = !polled && answer->status != 202;
    if (*ready)
        return CMG_OK;
    const cmg_status rc = polled ? cmg__lro_poll(run, answer, next, err)
                                 : cmg__lro_start(run, answer, next, err);
    *ready = rc == CMG_OK && polled && next->kind == CMG__NEXT_DONE;
    return rc;
}

static cmg_status read_what_if(struct cmg__run *run, const struct cmg__answer *answer,
                               struct cmg__next *next, cmg_error **err)
{
    bool ready = false;
    const cmg_status rc = cmg__what_if_read(run, answer, next, &ready, err);

    return ready ? read_result(run, answer, next, err) : rc;
}

static const struct cmg__exchange exchanges[] = {
    { .name = "begin", .call = CMG__CALL_LOCAL, .read = begin },
    { .name = "vault", .call = CMG__CALL_VAULT_GET, .also = { 404 }, .read = read_vault },
    { .name = "certificate",
      .call = CMG__CALL_CERT_GET,
      .also = { 404 },
      .bind = { { "name", "certificate" } },
      .read = read_certificate },
    { .name = "what_if",
      .call = CMG__CALL_DEPLOYMENT_WHAT_IF,
      .build = build_what_if,
      .read = read_what_if },
    { .name = "poll",
      .call = CMG__CALL_POLL,
      .also = { 404 },
      .look = "what_if",
      .bind = { { "url", "poll" } },
      .read = read_what_if },
};

#define DRIFT(...)                                                                       \
    {                                                                                    \
        .title = "comparison with the specification", .budget_ms = 15 * CMG__MINUTE_MS,  \
        .usual_ms = 20 * CMG__SECOND_MS, .param = { "deployment", "libcmg-what-if" },    \
        .detail = detail, CMG__STEP_EXCHANGES(exchanges), __VA_ARGS__                    \
    }

const struct cmg__step cmg__step_drift =
    DRIFT(.name = "drift", .phase = CMG__PHASE_APPLY, .what = "resources that differ",
          .needs = { "gateway", "correctable" });
const struct cmg__step cmg__step_drift_again =
    DRIFT(.name = "drift_again", .phase = CMG__PHASE_VERIFY, .needs = { "instances" });
