/*
 * The inspection of PKCS#12: one visitor that writes down what it is shown. Attributes
 * that are malformed are left out; they are only names.
 */
#include "crypto/pfx_info.h"

#include "base/str.h"
#include "crypto/key_data.h"
#include "crypto/pfx_file.h"
#include "crypto/x509_data.h"
#include "crypto/x509_list.h"

#define ENTRIES_MAX (2 * CMG__PFX_BAGS_MAX)
#define TEXT_MAX    1024
#define KEY_ID_MAX  64

struct look {
    struct cmg__pfx_info *info;
    struct cmg__pfx_file file;
    const struct cmg__env *env;
};

/* ---- algorithms ---- */

static char *cipher_text(const struct cmg__alloc *alloc, const struct cmg__pbe *pbe)
{
    char numbers[CMG__OID_TEXT_SIZE];

    if (pbe == NULL)
        return cmg__strdup(alloc, "");
    if (pbe->scheme == CMG__OID_PBES2 && pbe->cipher != CMG__OID_UNKNOWN)
        return cmg__format(alloc, "%s, PBKDF2, %s", cmg__oid_name(pbe->cipher),
                           cmg__oid_name(pbe->kdf.prf));
    cmg__oid_text(pbe->oid, numbers);
    return cmg__strdup(alloc, numbers);
}

static char *mac_text(const struct cmg__pfx_file *file)
{
    char numbers[CMG__OID_TEXT_SIZE];

    if (!file->has_mac)
        return cmg__strdup(file->alloc, "");
    if (file->mac_rc == CMG_OK && file->mac.hash == CMG__OID_PBMAC1)
        return cmg__format(file->alloc, "PBMAC1, %s", cmg__oid_name(file->mac.hmac));
    cmg__oid_text(file->mac.oid, numbers);
    return cmg__strdup(file->alloc, numbers);
}

/* Who cannot read what is encrypted so (the reference's table of consumers). */
static uint32_t unreadable_by(const struct cmg__pbe *pbe)
{
    static const uint32_t all = (1U << CMG__PFX_CONSUMER_COUNT) - 1;

    if (pbe == NULL)
        return 0;
    switch (pbe->scheme) {
    case CMG__OID_PBE_3DES:
    case CMG__OID_PBE_2DES:
        return 0;
    case CMG__OID_PBE_RC2_40:
    case CMG__OID_PBE_RC2_128:
        return 1U << CMG__PFX_OPENSSL_3 | 1U << CMG__PFX_KEY_VAULT;
    case CMG__OID_PBES2:
        return pbe->cipher != CMG__OID_UNKNOWN
                   ? 1U << CMG__PFX_WINDOWS_2016 | 1U << CMG__PFX_KEY_VAULT
                   : all;
    default:
        return all;
    }
}

static uint32_t unreadable_mac(const struct cmg__pfx_file *file)
{
    static const uint32_t windows = 1U << CMG__PFX_WINDOWS_2016 |
                                    1U << CMG__PFX_WINDOWS_2019 |
                                    1U << CMG__PFX_KEY_VAULT;

    if (!file->has_mac)
        return windows;
    if (file->mac.hash == CMG__OID_PBMAC1)
        return windows | 1U << CMG__PFX_OPENSSL_3; /* which reads it from 3.4 on */
    return file->mac.hash == CMG__OID_SHA1
               ? 0
               : 1U << CMG__PFX_WINDOWS_2016 | 1U << CMG__PFX_KEY_VAULT;
}

/* ---- attributes ---- */

static cmg_status assign(const struct look *look, char **text, const struct cmg__buf *buf)
{
    return cmg__str_assign(look->info->alloc, text, cmg__buf_cstr(buf));
}

static cmg_status take_text(const struct look *look, struct cmg__span value, char **text)
{
    struct cmg__der_item item;
    struct cmg__buf buf;
    cmg_status rc = CMG_OK;

    if (!cmg__der_next(&value, &item))
        return CMG_OK;
    cmg__buf_init(&buf, look->info->alloc, TEXT_MAX);
    if (cmg__der_text(&item, &buf, &rc))
        rc = assign(look, text, &buf);
    cmg__buf_done(&buf);
    return rc == CMG_E_NOMEM ? rc : CMG_OK;
}

static cmg_status take_hex(const struct look *look, struct cmg__span value, char **text)
{
    struct cmg__span bytes;
    char hex[2 * KEY_ID_MAX + 1];

    if (!cmg__der_take(&value, CMG__DER_OCTET_STRING, &bytes) || bytes.n > KEY_ID_MAX)
        return CMG_OK;
    cmg__hex_format(bytes.p, bytes.n, hex);
    return cmg__str_assign(look->info->alloc, text, hex);
}

static cmg_status take_attributes(const struct look *look, struct cmg__span list,
                                  struct cmg__pfx_entry *entry)
{
    struct cmg__span pair;
    struct cmg__span value = { NULL, 0 };
    enum cmg__oid type;
    cmg_status rc = CMG_OK;

    while (rc == CMG_OK && cmg__der_take(&list, CMG__DER_SEQUENCE, &pair)) {
        if (!cmg__der_take_oid(&pair, &type) ||
            !cmg__der_take(&pair, CMG__DER_SET, &value))
            continue;
        if (type == CMG__OID_FRIENDLY_NAME)
            rc = take_text(look, value, &entry->friendly_name);
        else if (type == CMG__OID_MS_CSP_NAME)
            rc = take_text(look, value, &entry->provider);
        else if (type == CMG__OID_LOCAL_KEY_ID)
            rc = take_hex(look, value, &entry->key_id);
        else if (type == CMG__OID_MS_LOCAL_KEY_SET)
            entry->machine_key = true;
    }
    return rc;
}

/* ---- entries ---- */

static void entry_done(const struct cmg__alloc *alloc, struct cmg__pfx_entry *entry)
{
    cmg__free(alloc, entry->cipher);
    cmg__free(alloc, entry->friendly_name);
    cmg__free(alloc, entry->key_id);
    cmg__free(alloc, entry->provider);
    cmg__free(alloc, entry->content);
    cmg__x509_free(entry->cert);
}

/* Appends an entry whose texts are there, if empty; NULL: no memory. */
static struct cmg__pfx_entry *add_entry(struct look *look, enum cmg__pfx_kind kind,
                                        const struct cmg__pbe *pbe)
{
    struct cmg__pfx_info *info = look->info;
    struct cmg__pfx_entry entry = { .kind = kind };

    if ((info->count & (info->count - 1)) == 0) {
        struct cmg__pfx_entry *more =
            cmg__realloc(info->alloc, info->entries,
                         (info->count == 0 ? 1 : 2 * info->count) * sizeof *more);

        if (more == NULL)
            return NULL;
        info->entries = more;
    }
    entry.iterations = pbe != NULL ? pbe->kdf.iterations : 0;
    entry.cipher = cipher_text(info->alloc, pbe);
    entry.friendly_name = cmg__strdup(info->alloc, "");
    entry.key_id = cmg__strdup(info->alloc, "");
    entry.provider = cmg__strdup(info->alloc, "");
    entry.content = cmg__strdup(info->alloc, "");
    if (entry.cipher == NULL || entry.friendly_name == NULL || entry.key_id == NULL ||
        entry.provider == NULL || entry.content == NULL) {
        entry_done(info->alloc, &entry);
        return NULL;
    }
    info->unreadable |= unreadable_by(pbe);
    info->entries[info->count] = entry;
    return &info->entries[info->count++];
}

static cmg_status describe_key(struct look *look, struct cmg__span der,
                               struct cmg__pfx_entry *entry)
{
    struct cmg__key *key = NULL;
    char *text = NULL;

    cmg_status rc =
        cmg__key_parse_der(look->info->alloc, look->env, der.p, der.n, &key, NULL);
    if (rc == CMG_E_NOMEM)
        return rc;
    if (rc == CMG_OK)
        text = cmg__format(look->info->alloc, "%s %u",
                           cmg__key_kind(key) == CMG__KEY_RSA ? "RSA" : "EC",
                           cmg__key_bits(key));
    else
        text = cmg__strdup(look->info->alloc, "a key that is not used here");
    cmg__key_free(key);
    if (text == NULL)
        return CMG_E_NOMEM;
    cmg__free(look->info->alloc, entry->content);
    entry->content = text;
    return CMG_OK;
}

static cmg_status look_at_key(struct look *look, const struct cmg__pfx_bag *bag)
{
    struct cmg__pfx_entry *entry = add_entry(look, CMG__PFX_KIND_KEY, bag->part);

    if (entry == NULL)
        return CMG_E_NOMEM;
    const cmg_status rc = describe_key(look, bag->value, entry);
    return rc == CMG_OK ? take_attributes(look, bag->attributes, entry) : rc;
}

static cmg_status look_at_shrouded(struct look *look, const struct cmg__pfx_bag *bag)
{
    struct cmg__pbe pbe = { .scheme = CMG__OID_UNKNOWN };
    struct cmg__span secret;
    struct cmg__buf plain;
    cmg_error **err = look->file.err;

    look->file.err = NULL;
    cmg_status opened = cmg__pfx_take_shrouded(&look->file, bag->value, &pbe, &secret);
    look->file.err = err;
    struct cmg__pfx_entry *entry = add_entry(look, CMG__PFX_KIND_ENCRYPTED_KEY, &pbe);
    if (entry == NULL)
        return CMG_E_NOMEM;
    cmg__buf_init_secret(&plain, look->info->alloc, CMG__PFX_MAX);
    if (opened == CMG_OK && look->file.unlocked)
        opened = cmg__pfx_decrypt(&look->file, &pbe, secret, &plain);
    cmg_status rc = CMG_OK;
    if (opened == CMG_E_NOMEM || opened == CMG_E_LIMIT)
        rc = cmg__pfx_fail(&look->file, opened);
    else if (opened == CMG_OK && look->file.unlocked)
        rc = describe_key(look, cmg__span_of(plain.data, plain.len), entry);
    else
        look->info->open = false;
    cmg__buf_done(&plain);
    return rc == CMG_OK ? take_attributes(look, bag->attributes, entry) : rc;
}

static cmg_status look_at_certificate(struct look *look, const struct cmg__pfx_bag *bag)
{
    struct cmg__pfx_entry *entry = add_entry(look, CMG__PFX_KIND_CERTIFICATE, bag->part);
    struct cmg__span der;
    bool is_x509 = false;

    if (entry == NULL)
        return CMG_E_NOMEM;
    cmg_status rc = cmg__pfx_take_certificate(&look->file, bag->value, &der, &is_x509);
    if (rc != CMG_OK)
        return rc;
    const char *content = "a certificate of another kind than X.509";
    if (is_x509) {
        rc = cmg__x509_parse(look->info->alloc, der.p, der.n, &entry->cert, NULL);
        content = rc == CMG_OK ? entry->cert->subject : "a certificate that is damaged";
    }
    if (rc != CMG_E_NOMEM)
        rc = cmg__str_assign(look->info->alloc, &entry->content, content);
    return rc == CMG_OK ? take_attributes(look, bag->attributes, entry) : rc;
}

static cmg_status look_at_other(struct look *look, const struct cmg__pfx_bag *bag)
{
    char numbers[CMG__OID_TEXT_SIZE];
    const enum cmg__pfx_kind kind = bag->type == CMG__OID_CRL_BAG ? CMG__PFX_KIND_CRL
                                    : bag->type == CMG__OID_SECRET_BAG
                                        ? CMG__PFX_KIND_SECRET
                                        : CMG__PFX_KIND_OTHER;
    struct cmg__pfx_entry *entry = add_entry(look, kind, bag->part);

    if (entry == NULL)
        return CMG_E_NOMEM;
    cmg__oid_text(bag->oid, numbers);
    const cmg_status rc = cmg__str_assign(look->info->alloc, &entry->content, numbers);
    return rc == CMG_OK ? take_attributes(look, bag->attributes, entry) : rc;
}

static cmg_status on_bag(void *user, const struct cmg__pfx_bag *bag)
{
    static const struct {
        enum cmg__oid type;
        cmg_status (*look)(struct look *look, const struct cmg__pfx_bag *bag);
    } kinds[] = {
        { CMG__OID_KEY_BAG, look_at_key },
        { CMG__OID_SHROUDED_KEY_BAG, look_at_shrouded },
        { CMG__OID_CERT_BAG, look_at_certificate },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        if (kinds[i].type == bag->type)
            return kinds[i].look(user, bag);
    }
    return look_at_other(user, bag);
}

/* A part that stays closed is an entry of its own. */
static cmg_status on_part(void *user, const struct cmg__pfx_part *part)
{
    struct look *look = user;

    if (part->opened == CMG_OK)
        return CMG_OK;
    if (part->opened == CMG_E_NOMEM || part->opened == CMG_E_PARSE ||
        part->opened == CMG_E_LIMIT)
        return cmg__pfx_fail(&look->file, part->opened);
    look->info->open = false;
    struct cmg__pfx_entry *entry = add_entry(look, CMG__PFX_KIND_SEALED, part->pbe);
    if (entry == NULL)
        return CMG_E_NOMEM;
    const char *why = part->type == CMG__OID_ENVELOPED_DATA ? "encrypted to a public key"
                      : part->opened == CMG_E_UNSUPPORTED   ? "not read here"
                      : look->file.unlocked ? "encrypted with another password"
                                            : "opens with the password";
    return cmg__str_assign(look->info->alloc, &entry->content, why);
}

/* ---- the whole ---- */

static cmg_status look_inside(struct look *look, const char *password, cmg_error **err)
{
    const struct cmg__pfx_visitor visitor = {
        .user = look, .on_part = on_part, .on_bag = on_bag, .passes = true
    };
    struct cmg__pfx_info *info = look->info;
    cmg_status rc = CMG_OK;

    info->mac = mac_text(&look->file);
    info->mac_iterations = look->file.has_mac && look->file.mac_rc == CMG_OK
                               ? look->file.mac.kdf.iterations
                               : 0;
    info->unreadable = unreadable_mac(&look->file);
    if (info->mac == NULL)
        return cmg__fail_nomem(err);
    if (password != NULL && look->file.mac_rc == CMG_OK)
        rc = cmg__pfx_unlock(&look->file, password);
    if (rc == CMG_OK)
        rc = cmg__pfx_walk(&look->file, &visitor);
    return rc == CMG_E_NOMEM ? cmg__fail_nomem(err) : rc;
}

cmg_status cmg__pfx_info_read(const struct cmg__alloc *alloc, const struct cmg__env *env,
                              const void *data, size_t n, const char *password,
                              struct cmg__pfx_info **out, cmg_error **err)
{
    struct look look = { .env = env };

    look.info = cmg__alloc0(alloc, sizeof *look.info);
    if (look.info == NULL)
        return cmg__fail_nomem(err);
    look.info->alloc = alloc;
    look.info->size = n;
    look.info->open = true;
    cmg_status rc = cmg__pfx_open(&look.file, alloc, data, n, err);
    if (rc == CMG_OK)
        rc = look_inside(&look, password, err);
    cmg__pfx_close(&look.file);
    if (rc == CMG_OK)
        *out = look.info;
    else
        cmg__pfx_info_free(look.info);
    return rc;
}

void cmg__pfx_info_free(struct cmg__pfx_info *info)
{
    if (info == NULL)
        return;
    const struct cmg__alloc *alloc = info->alloc;
    for (size_t i = 0; i < info->count; i++)
        entry_done(alloc, &info->entries[i]);
    cmg__free(alloc, info->entries);
    cmg__free(alloc, info->mac);
    cmg__free(alloc, info);
}
