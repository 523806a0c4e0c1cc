/* The text about a PKCS#12 file; see pfx_info.h for what there is to say. */
#include "crypto/pfx_info.h"

#include <string.h>

#include "crypto/x509_describe.h"

static void put(struct cmg__describe *d, const char *label, const char *text)
{
    if (text[0] != '\0')
        cmg__describe_text(d, label, text, strlen(text));
}

const char *cmg__pfx_kind_name(enum cmg__pfx_kind kind)
{
    static const char *const names[CMG__PFX_KIND_COUNT] = {
        [CMG__PFX_KIND_KEY] = "key without encryption",
        [CMG__PFX_KIND_ENCRYPTED_KEY] = "encrypted key",
        [CMG__PFX_KIND_CERTIFICATE] = "certificate",
        [CMG__PFX_KIND_CRL] = "revocation list",
        [CMG__PFX_KIND_SECRET] = "secret",
        [CMG__PFX_KIND_SEALED] = "encrypted part",
        [CMG__PFX_KIND_OTHER] = "something else",
    };

    return names[kind];
}

static void describe_entry(const struct cmg__pfx_entry *entry, size_t number,
                           struct cmg__describe *d)
{
    cmg__describe_title(d, "Entry %zu: %s", number, cmg__pfx_kind_name(entry->kind));
    put(d, "content", entry->content);
    put(d, "friendly name", entry->friendly_name);
    put(d, "local key id", entry->key_id);
    put(d, "provider", entry->provider);
    if (entry->machine_key)
        cmg__describe_line(d, "key set", "of the machine");
    if (entry->cipher[0] == '\0')
        cmg__describe_line(d, "encryption", "none");
    else if (entry->iterations == 0)
        cmg__describe_line(d, "encryption", "%s", entry->cipher);
    else
        cmg__describe_line(d, "encryption", "%s, %u iterations", entry->cipher,
                           (unsigned)entry->iterations);
    if (entry->cert != NULL)
        cmg__x509_describe(entry->cert, d);
    cmg__describe_end(d);
}

static void describe_consumers(const struct cmg__pfx_info *info, struct cmg__describe *d)
{
    static const char *const names[CMG__PFX_CONSUMER_COUNT] = {
        [CMG__PFX_WINDOWS_2016] = "Windows Server 2016",
        [CMG__PFX_WINDOWS_2019] = "Windows Server 2019",
        [CMG__PFX_KEY_VAULT] = "Azure Key Vault",
        [CMG__PFX_OPENSSL_3] = "OpenSSL 3",
    };

    cmg__describe_title(d, "Read by");
    for (unsigned i = 0; i < CMG__PFX_CONSUMER_COUNT; i++) {
        const bool yes = (info->unreadable & 1U << i) == 0;

        cmg__describe_line(d, names[i], "%s",
                           yes ? "yes"
                           : i == CMG__PFX_WINDOWS_2016
                               ? "no: it says that the password "
                                 "is wrong; use the compat profile"
                           : i == CMG__PFX_OPENSSL_3 ? "not without its legacy provider"
                                                     : "not for certain; use the compat "
                                                       "profile");
    }
    cmg__describe_end(d);
}

void cmg__pfx_describe(const struct cmg__pfx_info *info, struct cmg__describe *d)
{
    cmg__describe_title(d, "PFX (PKCS#12)");
    cmg__describe_line(d, "size", "%zu bytes", info->size);
    if (info->mac[0] == '\0')
        cmg__describe_line(d, "MAC", "none: nothing protects it against change");
    else if (info->mac_iterations == 0)
        cmg__describe_line(d, "MAC", "%s, which is not read here", info->mac);
    else
        cmg__describe_line(d, "MAC", "%s, %u iterations", info->mac,
                           (unsigned)info->mac_iterations);
    if (!info->open)
        cmg__describe_line(d, "contents", "in part encrypted, and not opened");
    for (size_t i = 0; i < info->count; i++)
        describe_entry(&info->entries[i], i + 1, d);
    describe_consumers(info, d);
    cmg__describe_end(d);
}
