/*
 * Opening and unlocking PKCS#12. The MAC is checked first, with each form of the password
 * that writers are known to use. When no form fits, the encrypted parts decide whether
 * the password or the file is at fault: what a wrong password yields has neither a
 * padding nor the header of a list (one in 2^24 at best). Without a MAC they decide
 * alone.
 */
#include "crypto/pfx_file.h"

#include <string.h>

#include "base/secret.h"
#include "crypto/ber.h"
#include "crypto/pfx.h"
#include "crypto/x509_list.h"

void cmg__pfx_name_unsupported(struct cmg__pfx_file *file, struct cmg__span oid)
{
    cmg__oid_text(oid, file->unsupported);
}

cmg_status cmg__pfx_fail(struct cmg__pfx_file *file, cmg_status rc)
{
    static const struct {
        cmg_status rc;
        const char *remedy;
        const char *what;
    } texts[] = {
        { CMG_E_PARSE, "export the PFX again", "the PFX is damaged or no PFX at all" },
        { CMG_E_AUTH, "give the password that the PFX was exported with",
          "the password of the PFX is wrong" },
        { CMG_E_UNSUPPORTED, "export it again with AES-256 or 3DES, and a password",
          "the PFX is protected with an algorithm that is not read here" },
        { CMG_E_LIMIT, "export it with fewer certificates or iterations",
          "the PFX is too large, too deep, or asks for too much work" },
    };

    if (rc == CMG_E_UNSUPPORTED && file->unsupported[0] != '\0')
        return cmg__fail(file->err, file->alloc, rc, "pfx",
                         "export it again with AES-256 or 3DES, and a password",
                         "the PFX is protected with %s, which is not read here",
                         file->unsupported);
    for (size_t i = 0; i < CMG__ARRAY_LEN(texts); i++) {
        if (texts[i].rc == rc)
            return cmg__fail(file->err, file->alloc, rc, "pfx", texts[i].remedy, "%s",
                             texts[i].what);
    }
    if (rc == CMG_E_NOMEM)
        return cmg__fail_nomem(file->err);
    return cmg__fail(file->err, file->alloc, rc, "pfx", NULL,
                     "the PFX could not be read");
}

cmg_status cmg__pfx_fail_own(struct cmg__pfx_file *file)
{
    return cmg__fail(file->err, file->alloc, CMG_E_AUTH, "pfx",
                     "export it with one password for all of it",
                     "a part of the PFX has a password of its own");
}

/* PFX down to the content that the MAC covers. */
static cmg_status take_outer(struct cmg__pfx_file *file, struct cmg__span in)
{
    struct cmg__span body;
    struct cmg__span safe;
    struct cmg__span wrap;
    enum cmg__oid type;
    uint32_t version;

    if (!cmg__der_take(&in, CMG__DER_SEQUENCE, &body) || in.n != 0 ||
        !cmg__der_take_uint(&body, 3, &version) || version != 3 ||
        !cmg__der_take(&body, CMG__DER_SEQUENCE, &safe) ||
        !cmg__der_take_oid(&safe, &type))
        return CMG_E_PARSE;
    /* signedData: protected by a public key. */
    if (type != CMG__OID_DATA)
        return CMG_E_UNSUPPORTED;
    if (!cmg__der_take(&safe, CMG__DER_CONTEXT_CONS + 0, &wrap) ||
        !cmg__der_take(&wrap, CMG__DER_OCTET_STRING, &file->content) || wrap.n != 0)
        return CMG_E_PARSE;
    file->has_mac = body.n > 0;
    const cmg_status rc = file->has_mac ? cmg__pfx_mac_take(&body, &file->mac) : CMG_OK;
    return rc == CMG_OK && body.n != 0 ? CMG_E_PARSE : rc;
}

cmg_status cmg__pfx_open(struct cmg__pfx_file *file, const struct cmg__alloc *alloc,
                         const void *data, size_t n, cmg_error **err)
{
    *file = (struct cmg__pfx_file){ .alloc = alloc, .err = err };
    file->budget.left = CMG__PBE_WORK_MAX;
    /* Secret: a key bag may stand in it without encryption. */
    cmg__buf_init_secret(&file->der, alloc, 2 * CMG__PFX_MAX);
    cmg__buf_init_secret(&file->parts, alloc, 2 * CMG__PFX_MAX);
    if (n > CMG__PFX_MAX)
        return cmg__pfx_fail(file, CMG_E_LIMIT);
    cmg_status rc = cmg__ber_to_der(cmg__span_of(data, n), &file->der);
    if (rc == CMG_OK)
        rc = take_outer(file, cmg__span_of(file->der.data, file->der.len));
    if (rc == CMG_OK)
        rc = cmg__ber_to_der(file->content, &file->parts);
    return rc == CMG_OK ? CMG_OK : cmg__pfx_fail(file, rc);
}

void cmg__pfx_close(struct cmg__pfx_file *file)
{
    if (file->unlocked)
        cmg__pbe_password_done(&file->password);
    file->unlocked = false;
    cmg__buf_done(&file->parts);
    cmg__buf_done(&file->der);
}

/* ---- unlocking ---- */

/* Takes a form of the password; *used is false when it makes no difference. */
static cmg_status take_form(struct cmg__pfx_file *file, const char *password,
                            unsigned variant, bool *used)
{
    cmg_status rc = CMG_OK;

    *used = cmg__pbe_password_init(&file->password, file->alloc, password,
                                   (enum cmg__pbe_variant)variant, &rc);
    file->unlocked = true;
    return rc;
}

static void drop_form(struct cmg__pfx_file *file)
{
    cmg__pbe_password_done(&file->password);
    file->unlocked = false;
}

static cmg_status mac_fits(struct cmg__pfx_file *file, bool *fits)
{
    uint8_t value[64];
    size_t n = 0;

    if (!cmg__pbe_spend(&file->budget, file->mac.kdf.iterations))
        return CMG_E_LIMIT;
    const cmg_status rc =
        cmg__pfx_mac_compute(&file->mac, &file->password, file->content, value, &n);
    *fits = rc == CMG_OK && file->mac.value.n == n &&
            cmg__memeq_const_time(file->mac.value.p, value, n);
    return rc;
}

/* Finds the form whose MAC fits; CMG_E_AUTH when none does. */
static cmg_status find_by_mac(struct cmg__pfx_file *file, const char *password)
{
    for (unsigned i = 0; i < CMG__PBE_VARIANTS; i++) {
        bool used = false;
        bool fits = false;
        cmg_status rc = take_form(file, password, i, &used);

        if (rc == CMG_OK && used)
            rc = mac_fits(file, &fits);
        if (rc == CMG_OK && fits)
            return CMG_OK;
        drop_form(file);
        if (rc != CMG_OK)
            return rc;
    }
    return CMG_E_AUTH;
}

/* What a password makes of the encrypted parts. */
struct trial {
    struct cmg__pfx_file *file;
    bool sealed;       /* something is encrypted */
    bool opened;       /* with this password */
    cmg_status failed; /* what else than the password stood in the way */
};

static void note(struct trial *t, cmg_status rc)
{
    t->sealed = true;
    if (rc == CMG_OK)
        t->opened = true;
    else if (rc != CMG_E_AUTH && (t->failed == CMG_OK || rc != CMG_E_PARSE))
        t->failed = rc;
}

static cmg_status try_part(void *user, const struct cmg__pfx_part *part)
{
    if (part->type != CMG__OID_DATA)
        note(user, part->opened);
    return CMG_OK;
}

static cmg_status try_bag(void *user, const struct cmg__pfx_bag *bag)
{
    struct trial *t = user;
    struct cmg__pbe pbe;
    struct cmg__span secret;
    struct cmg__buf plain;

    if (bag->type != CMG__OID_SHROUDED_KEY_BAG)
        return CMG_OK;
    cmg__buf_init_secret(&plain, t->file->alloc, CMG__PFX_MAX);
    cmg_status rc = cmg__pfx_take_shrouded(t->file, bag->value, &pbe, &secret);
    if (rc == CMG_OK)
        rc = cmg__pfx_decrypt(t->file, &pbe, secret, &plain);
    note(t, rc);
    cmg__buf_done(&plain);
    return CMG_OK;
}

/* Tries the forms on the encrypted parts; the first that opens any of them stays taken,
   which t->opened tells. */
static cmg_status find_by_trial(struct cmg__pfx_file *file, const char *password,
                                struct trial *t)
{
    const struct cmg__pfx_visitor visitor = {
        .user = t, .on_part = try_part, .on_bag = try_bag, .tolerant = true
    };
    cmg_error **err = file->err;
    cmg_status rc = CMG_OK;

    *t = (struct trial){ .file = file };
    file->err = NULL;
    for (unsigned i = 0; i < CMG__PBE_VARIANTS && rc == CMG_OK && !t->opened; i++) {
        bool used = false;

        rc = take_form(file, password, i, &used);
        /* What is malformed beside the encrypted parts is not the question here. */
        if (rc == CMG_OK && used && cmg__pfx_walk(file, &visitor) == CMG_E_NOMEM)
            rc = CMG_E_NOMEM;
        if (rc == CMG_OK && (t->failed == CMG_E_NOMEM || t->failed == CMG_E_LIMIT))
            rc = t->failed;
        if (!t->opened)
            drop_form(file);
    }
    file->err = err;
    return rc;
}

static cmg_status unlock_without_mac(struct cmg__pfx_file *file, const char *password)
{
    struct trial t;
    bool used = false;
    cmg_status rc = find_by_trial(file, password, &t);

    if (rc != CMG_OK)
        return cmg__pfx_fail(file, rc);
    if (t.opened)
        return CMG_OK;
    if (t.sealed)
        return cmg__pfx_fail(file, t.failed != CMG_OK ? t.failed : CMG_E_AUTH);
    rc = take_form(file, "", CMG__PBE_BARE, &used);
    return rc == CMG_OK ? rc : cmg__pfx_fail(file, rc);
}

/* No form fits the MAC: whose fault is it? */
static cmg_status judge_mac(struct cmg__pfx_file *file, const char *password)
{
    struct trial t;
    const cmg_status rc = find_by_trial(file, password, &t);

    if (rc != CMG_OK)
        return cmg__pfx_fail(file, rc);
    if (t.opened) {
        drop_form(file);
        return cmg__fail(file->err, file->alloc, CMG_E_PARSE, "pfx",
                         "get the PFX again from where it was exported",
                         "the PFX was changed: its MAC does not fit, though the password "
                         "is right");
    }
    if (t.sealed && (t.failed == CMG_OK || t.failed == CMG_E_PARSE))
        return cmg__pfx_fail(file, t.failed != CMG_OK ? t.failed : CMG_E_AUTH);
    return cmg__fail(file->err, file->alloc, CMG_E_AUTH, "pfx",
                     "give the password that the PFX was exported with, or export it "
                     "again",
                     "the password of the PFX is wrong, or its MAC was changed: nothing "
                     "in it is encrypted in a way that would tell which");
}

cmg_status cmg__pfx_unlock(struct cmg__pfx_file *file, const char *password)
{
    if (password != NULL && strlen(password) > CMG__PBE_PASSWORD_MAX)
        return cmg__fail(file->err, file->alloc, CMG_E_LIMIT, "password",
                         "give the password that the PFX was exported with",
                         "the password is longer than %d bytes", CMG__PBE_PASSWORD_MAX);
    if (!file->has_mac)
        return unlock_without_mac(file, password);
    if (file->mac_rc != CMG_OK) {
        cmg__pfx_name_unsupported(file, file->mac.oid);
        return cmg__pfx_fail(file, file->mac_rc);
    }
    const cmg_status rc = find_by_mac(file, password);
    if (rc == CMG_E_AUTH)
        return judge_mac(file, password);
    return rc == CMG_OK ? rc : cmg__pfx_fail(file, rc);
}
