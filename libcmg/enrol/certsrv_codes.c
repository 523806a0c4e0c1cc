/* The failure codes of a certification authority, and what to do about each. */
#include "enrol/certsrv_page.h"

#define ASK_TEMPLATE "compare the template's settings on the authority with the request"

static const struct cmg__certsrv_code codes[] = {
    { 0x80070005, "E_ACCESSDENIED", "the user may not request certificates there",
      "give the user the right Request Certificates on the authority", false },
    { 0x80070057, "E_INVALIDARG", "the authority does not accept a part of the request",
      "check the request and its attributes", false },
    { 0x800706ba, "RPC_S_SERVER_UNAVAILABLE",
      "the pages cannot reach the certification authority's service",
      "start the service (certsvc) and check the firewall between the two", true },
    { 0x800706be, "RPC_S_CALL_FAILED", "the authority's service stopped answering",
      "see the event log of the authority", true },
    { 0x80090008, "NTE_BAD_ALGID", "the authority does not know an algorithm in use",
      "use RSA with SHA-256", false },
    { 0x80092012, "CRYPT_E_NO_REVOCATION_CHECK",
      "the authority cannot check its own chain for revocation",
      "make the revocation lists of its parent reachable", true },
    { 0x80092013, "CRYPT_E_REVOCATION_OFFLINE",
      "the authority cannot reach the revocation list of its own chain",
      "publish the parent's list anew and restart the authority's service", true },
    { 0x8009310b, "CRYPT_E_ASN1_BADTAG", "the request is damaged",
      "make the request anew", false },
    { 0x80094001, "CERTSRV_E_BAD_REQUESTSUBJECT", "the subject is missing or too long",
      "give the request a common name of at most 64 characters, or permit an empty one "
      "on the template",
      false },
    { 0x80094003, "CERTSRV_E_BAD_REQUESTSTATUS",
      "the request is not in a state that permits this",
      "look the request up in the authority's console", false },
    { 0x80094004, "CERTSRV_E_PROPERTY_EMPTY", "a property of the request is empty",
      "check the request and its attributes", false },
    { 0x80094006, "CERTSRV_E_SERVER_SUSPENDED", "the authority is starting up",
      "try again later", true },
    { 0x80094009, "CERTSRV_E_RESTRICTEDOFFICER",
      "the officer may not decide on this template", "ask another certificate manager",
      false },
    { 0x80094012, "CERTSRV_E_TEMPLATE_DENIED",
      "the user has no right to enrol by this template",
      "give the user Read and Enroll on the template's Security page", false },
    { 0x80094014, "CERTSRV_E_ADMIN_DENIED_REQUEST",
      "an administrator of the authority denied the request",
      "ask the administrator for the reason", false },
    { 0x80094800, "CERTSRV_E_UNSUPPORTED_CERT_TYPE",
      "the authority does not offer this template, or cannot read it",
      "add it under Certificate Templates of the authority, and use its name, not its "
      "display name",
      false },
    { 0x80094801, "CERTSRV_E_NO_CERT_TYPE", "the request names no template",
      "name a template", false },
    { 0x80094802, "CERTSRV_E_TEMPLATE_CONFLICT",
      "the request names another template than its attributes",
      "name the template in one place only", false },
    { 0x80094803, "CERTSRV_E_SUBJECT_ALT_NAME_REQUIRED",
      "the template wants an alternative name", "add the DNS name to the request",
      false },
    { 0x80094806, "CERTSRV_E_BAD_RENEWAL_SUBJECT",
      "a renewal must keep the subject of the old certificate",
      "request a new certificate instead", false },
    { 0x80094807, "CERTSRV_E_BAD_TEMPLATE_VERSION",
      "the request was made for another version of the template", "make the request anew",
      false },
    { 0x80094809, "CERTSRV_E_SIGNATURE_POLICY_REQUIRED",
      "the template wants a signature of an enrolment agent",
      "use a template without authorised signatures", false },
    { 0x8009480a, "CERTSRV_E_SIGNATURE_COUNT",
      "the template wants more signatures of enrolment agents",
      "use a template without authorised signatures", false },
    { 0x8009480d, "CERTSRV_E_SUBJECT_UPN_REQUIRED",
      "the template builds the subject from the user's UPN, which is missing",
      "let the template take the subject from the request", false },
    { 0x8009480f, "CERTSRV_E_SUBJECT_DNS_REQUIRED",
      "the template builds the subject from the computer's DNS name, which is missing",
      "let the template take the subject from the request", false },
    { 0x80094811, "CERTSRV_E_KEY_LENGTH", "the key is shorter than the template permits",
      "make a longer key, or lower the template's minimum key size", false },
    { 0x80094812, "CERTSRV_E_SUBJECT_EMAIL_REQUIRED",
      "the template wants the user's mail address, which is missing",
      "let the template take the subject from the request", false },
    { 0x800b0101, "CERT_E_EXPIRED",
      "the authority's own certificate would end before the new one begins or has ended",
      "renew the authority's certificate", false },
};

const struct cmg__certsrv_code *cmg__certsrv_code_find(uint32_t hresult)
{
    static const struct cmg__certsrv_code other = {
        0, "", "the authority refused the request", ASK_TEMPLATE, false,
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(codes); i++) {
        if (codes[i].hresult == hresult)
            return &codes[i];
    }
    return &other;
}
