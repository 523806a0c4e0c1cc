/*
 * Problem documents (RFC 7807) with the types of RFC 8555, 6.7, and of what extends it.
 * The words are the authority's, cause and remedy ours.
 */
#include "enrol/acme_data.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define URN   "urn:ietf:params:acme:error:"
#define LATER "try again later"

static const struct rule {
    const char *type;
    cmg_status code;
    cmg_retry retry;
    const char *cause;
    const char *remedy;
} rules[] = {
    { "accountDoesNotExist", CMG_E_AUTH, CMG_RETRY_NEVER,
      "the authority does not know the account of this key",
      "start anew without the old checkpoint, so that an account is made" },
    { "alreadyReplaced", CMG_E_CONFLICT, CMG_RETRY_NEVER,
      "the certificate was renewed before", "leave out what is to be replaced" },
    { "alreadyRevoked", CMG_E_CONFLICT, CMG_RETRY_NEVER, "it is revoked already", NULL },
    { "badCSR", CMG_E_INVAL, CMG_RETRY_NEVER, "the authority does not accept the request",
      "check its key size and that it names DNS names only; the key must not be that of "
      "the account" },
    { "badNonce", CMG_E_PROTO, CMG_RETRY_LATER,
      "the authority did not take any of several nonces", LATER },
    { "badPublicKey", CMG_E_INVAL, CMG_RETRY_NEVER,
      "the authority does not accept keys of this kind",
      "make the key with RSA 2048 or EC P-256" },
    { "badSignatureAlgorithm", CMG_E_UNSUPPORTED, CMG_RETRY_NEVER,
      "the authority does not accept signatures of the account key",
      "use an account key of EC P-256" },
    { "caa", CMG_E_DENIED, CMG_RETRY_NEVER,
      "a CAA record forbids this authority to issue for the name",
      "add the authority to the CAA records of the domain" },
    { "compound", CMG_E_DENIED, CMG_RETRY_NEVER, "several names were refused",
      "see the authority's message for each" },
    { "connection", CMG_E_AUTH, CMG_RETRY_NEVER,
      "the authority could not reach the server of the name",
      "let port 80 of the name be reached from the internet, or use dns-01" },
    { "dns", CMG_E_AUTH, CMG_RETRY_NEVER,
      "the authority's look-up of the name or of its TXT record failed",
      "check the record at the domain's name servers, and wait until all of them have "
      "it" },
    { "externalAccountRequired", CMG_E_INVAL, CMG_RETRY_NEVER,
      "the authority makes accounts only for customers it knows",
      "set eab_kid and eab_key as the authority handed them out" },
    { "incorrectResponse", CMG_E_AUTH, CMG_RETRY_NEVER,
      "what the authority found is not what it asked for",
      "put exactly the value given in place, and take old ones away" },
    { "invalidContact", CMG_E_INVAL, CMG_RETRY_NEVER,
      "the authority does not accept the contact", "give another e-mail address" },
    { "invalidProfile", CMG_E_INVAL, CMG_RETRY_NEVER,
      "the authority does not offer the profile", "use one that its directory names" },
    { "malformed", CMG_E_PROTO, CMG_RETRY_NEVER,
      "the authority does not understand the message", NULL },
    { "orderNotReady", CMG_E_STATE, CMG_RETRY_NEVER,
      "the order does not wait for the request", NULL },
    { "rateLimited", CMG_E_LIMIT, CMG_RETRY_LATER,
      "the authority limits how much is asked", "wait as long as it says" },
    { "rejectedIdentifier", CMG_E_DENIED, CMG_RETRY_NEVER,
      "the authority does not issue for the name",
      "use a name of a domain of your own; names of cloudapp.net and cloudapp.azure.com "
      "are Microsoft's" },
    { "serverInternal", CMG_E_IO, CMG_RETRY_TRANSIENT, "the authority failed inside",
      LATER },
    { "tls", CMG_E_AUTH, CMG_RETRY_NEVER,
      "the authority met a TLS error at the server of the name", NULL },
    { "unauthorized", CMG_E_AUTH, CMG_RETRY_NEVER,
      "what the authority looked for is not there, or the account may not do this",
      "check that exactly the value given is in place and seen from the internet" },
    { "unsupportedContact", CMG_E_INVAL, CMG_RETRY_NEVER,
      "the authority does not take contacts of this kind", "give an e-mail address" },
    { "unsupportedIdentifier", CMG_E_UNSUPPORTED, CMG_RETRY_NEVER,
      "the authority does not issue for names of this kind", NULL },
    { "userActionRequired", CMG_E_AUTH, CMG_RETRY_NEVER,
      "a person has to do something at the authority first",
      "visit the address that the authority names" },
};

static const struct rule other = { "", CMG_E_PROTO, CMG_RETRY_NEVER, NULL, NULL };

static const struct rule *find(const char *type)
{
    for (size_t i = 0; i < CMG__ARRAY_LEN(rules); i++) {
        if (strcmp(rules[i].type, type) == 0)
            return &rules[i];
    }
    return &other;
}

void cmg__acme_problem_advice(const char *type, const char **cause, const char **remedy)
{
    const struct rule *rule = find(type);

    *cause = rule->cause;
    *remedy = rule->remedy;
}

void cmg__acme_line(const char *text, char *out, size_t size)
{
    size_t n = 0;

    for (; text != NULL && text[n] != '\0' && n + 1 < size; n++)
        out[n] = (unsigned char)text[n] < ' ' || text[n] == 0x7f ? ' ' : text[n];
    while (n > 0 && text[n] != '\0' && ((unsigned char)text[n] & 0xc0U) == 0x80)
        n--;
    while (n > 0 && (out[n - 1] == '.' || out[n - 1] == ' '))
        n--;
    out[n] = '\0';
}

void cmg__acme_add_line(const char *joint, const char *text, char *out, size_t size)
{
    size_t n = strlen(out);

    if (n > 0 && n + strlen(joint) + 1 < size) {
        memcpy(out + n, joint, strlen(joint) + 1);
        n += strlen(joint);
    }
    cmg__acme_line(text, out + n, size - n);
}

/* Words of our own alphabet only: they are compared, and shown. */
static void take_type(const char *urn, char *out, size_t size)
{
    out[0] = '\0';
    if (urn != NULL && cmg__str_starts(urn, URN))
        cmg__acme_line(urn + strlen(URN), out, size);
}

void cmg__acme_problem_read(const struct cmg__json *json, struct cmg__acme_problem *out)
{
    const struct cmg__json *first = cmg__json_at(json, "/subproblems/0");
    const char *inner = cmg__json_str(first, "/type");

    take_type(cmg__json_str(json, "/type"), out->type, sizeof out->type);
    cmg__acme_line(cmg__json_str(json, "/detail"), out->detail, sizeof out->detail);
    cmg__acme_line(cmg__json_str(json, "/instance"), out->instance, sizeof out->instance);
    cmg__acme_line(cmg__json_str(first, "/identifier/value"), out->subject,
                   sizeof out->subject);
    if (inner != NULL && (out->type[0] == '\0' || strcmp(out->type, "compound") == 0))
        take_type(inner, out->type, sizeof out->type);
    if (cmg__json_str(first, "/detail") != NULL)
        cmg__acme_add_line(": ", cmg__json_str(first, "/detail"), out->detail,
                           sizeof out->detail);
}

/* What an HTTP status says when the problem has no type that is known. */
static struct rule by_status(const struct rule *rule, int status)
{
    struct rule meaning = *rule;

    if (rule != &other)
        return meaning;
    if (status == 429 || status == 503)
        meaning = (struct rule){ "", CMG_E_LIMIT, CMG_RETRY_LATER, NULL, LATER };
    else if (status >= 500)
        meaning = (struct rule){ "", CMG_E_IO, CMG_RETRY_TRANSIENT, NULL, LATER };
    return meaning;
}

cmg_status cmg__acme_problem_fail(const struct cmg__acme *m,
                                  const struct cmg__acme_problem *problem, int status,
                                  int64_t retry_after_ms, const char *what,
                                  cmg_error **err)
{
    const struct rule rule = by_status(find(problem->type), status);
    const bool wanted = problem->instance[0] != '\0';
    char tail[80] = "";
    const struct cmg__error_info info = {
        .code = rule.code,
        .retry = rule.retry,
        .retry_after_ms = retry_after_ms,
        .origin = problem->type[0] != '\0' ? CMG_ORIGIN_SERVICE : CMG_ORIGIN_HTTP,
        .origin_number = status,
        .service_code = problem->type,
        .subject = problem->subject[0] != '\0' ? problem->subject : what,
        .cause = rule.cause,
        .remedy = rule.remedy,
    };

    if (status != 0)
        (void)snprintf(tail, sizeof tail, " (HTTP %d%s%s)", status,
                       problem->type[0] != '\0' ? " " : "", problem->type);
    return cmg__error_set(err, m->alloc, &info, "the authority refuses %s%s%s%s%s%s",
                          what, problem->detail[0] != '\0' ? ": " : "", problem->detail,
                          tail, wanted ? "; see " : "", problem->instance);
}
