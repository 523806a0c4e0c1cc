/* A certificate request as text. */
#include "crypto/csr.h"

#include <string.h>

static void describe_usages(const struct cmg__csr *csr, struct cmg__describe *d)
{
    struct cmg__buf text;

    cmg__buf_init(&text, csr->alloc, CMG__DESCRIBE_MAX);
    if (csr->has_key_usage && d->rc == CMG_OK) {
        d->rc = cmg__key_usage_text(csr->key_usage, &text);
        cmg__describe_line(d, "key usage", "%s", cmg__buf_cstr(&text));
    }
    cmg__buf_done(&text);
    for (size_t i = 0; i < csr->eku_count; i++)
        cmg__describe_line(d, "extended key usage", "%s", csr->eku[i]);
}

void cmg__csr_describe(const struct cmg__csr *csr, struct cmg__describe *d)
{
    cmg__describe_title(d, "Certificate request");
    cmg__describe_text(d, "subject", csr->subject_text, strlen(csr->subject_text));
    cmg__describe_line(d, "public key", "%s", csr->key.description);
    for (size_t i = 0; i < csr->name_count; i++)
        cmg__describe_line(d, cmg__gn_label(csr->names[i].kind), "%s",
                           csr->names[i].text);
    describe_usages(csr, d);
    if (csr->wants_ca)
        cmg__describe_line(d, "authority", "asks to be one");
    if (csr->template_name[0] != '\0')
        cmg__describe_line(d, "template", "%s", csr->template_name);
    cmg__describe_line(d, "signature", "%s, %s", csr->signature,
                       csr->verified ? "verified" : "DOES NOT VERIFY");
    cmg__describe_end(d);
}
