/*
 * Certificate templates as JSON: the table of fields, the lists, and the checks that need
 * more than one field. What is written reads back as the same template.
 */
#include <string.h>

#include "base/str.h"
#include "crypto/x509_data.h"
#include "model/certificate_template.h"
#include "model/field.h"

#define VERSION  1
#define DAYS_MAX 9125

/* Where the fields go before they become a template. */
struct form {
    char *name;
    char *enrolment_name;
    char *subject;
    char *hash;
    uint32_t rsa_bits_min; /* 0: such keys are not allowed */
    uint32_t ec_bits_min;
    uint32_t days;
    uint32_t days_max;    /* 0: not given */
    uint32_t path_length; /* UINT32_MAX: not given */
    bool authority;
    bool exportable;
    bool common_name_required;
    bool wildcard;
    bool repeat_common_name;
};

struct word {
    const char *text;
    unsigned bit;
};

static const struct word usages[] = {
    { "digital_signature", CMG__KU_DIGITAL_SIGNATURE },
    { "content_commitment", 0x40 },
    { "key_encipherment", CMG__KU_KEY_ENCIPHERMENT },
    { "data_encipherment", 0x10 },
    { "key_agreement", 0x08 },
    { "key_cert_sign", CMG__KU_KEY_CERT_SIGN },
    { "crl_sign", CMG__KU_CRL_SIGN },
    { "encipher_only", 0x01 },
};

static const struct word kinds[] = {
    { "dns", CMG__NAME_DNS },
    { "ip", CMG__NAME_IP },
    { "upn", CMG__NAME_UPN },
    { "uri", CMG__NAME_URI },
};

static const struct word hashes[] = {
    { "sha256", CMG__OID_SHA256 },
    { "sha384", CMG__OID_SHA384 },
    { "sha512", CMG__OID_SHA512 },
};

static const struct word subjects[] = {
    { "request", false },
    { "common_name", true },
};

static const struct word *find_word(const struct word *words, size_t count,
                                    const char *text)
{
    for (size_t i = 0; text != NULL && i < count; i++) {
        if (strcmp(words[i].text, text) == 0)
            return &words[i];
    }
    return NULL;
}

/* The bit of a word that was checked; 0 for others. */
static unsigned bit_of(const struct word *words, size_t count, const char *text)
{
    const struct word *word = find_word(words, count, text);

    return word != NULL ? word->bit : 0;
}

static bool is_hash(const char *text)
{
    return find_word(hashes, CMG__ARRAY_LEN(hashes), text) != NULL;
}

static bool is_subject(const char *text)
{
    return find_word(subjects, CMG__ARRAY_LEN(subjects), text) != NULL;
}

/* ASCII, since requests carry such a name as characters of two octets. */
static bool is_template_name(const char *text)
{
    const size_t n = strlen(text);

    for (size_t i = 0; i < n; i++) {
        if (text[i] < ' ' || text[i] > '~')
            return false;
    }
    return text[0] != ' ' && text[n - 1] != ' ';
}

#define FLAG_ROW(at, name, member)                                                       \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_FLAG,                              \
        .offset = offsetof(struct form, member), .allowed = "true or false",             \
        .example = "true",                                                               \
    }
#define GROUP_ROW(at, name, need, like)                                                  \
    {                                                                                    \
        .path = at, .label = name, .kind = CMG__FIELD_GROUP, .required = need,           \
        .allowed = "an object in { }", .example = like,                                  \
    }

enum {
    ROW_VERSION,
    ROW_NAME,
    ROW_ENROLMENT_NAME,
    ROW_AUTHORITY,
    ROW_PATH_LENGTH,
    ROW_KEY,
    ROW_RSA,
    ROW_EC,
    ROW_EXPORTABLE,
    ROW_KEY_USAGE,
    ROW_EKU,
    ROW_VALIDITY,
    ROW_DAYS,
    ROW_DAYS_MAX,
    ROW_SUBJECT,
    ROW_SUBJECT_SOURCE,
    ROW_SUBJECT_CN,
    ROW_ALTERNATIVES,
    ROW_KINDS,
    ROW_WILDCARD,
    ROW_REPEAT,
    ROW_HASH
};

static const struct cmg__field rows[] = {
    [ROW_VERSION] = { .path = "/version",
                      .label = "template version",
                      .kind = CMG__FIELD_NUMBER,
                      .required = true,
                      .offset = CMG__FIELD_NOWHERE,
                      .min = VERSION,
                      .max = VERSION,
                      .cause = "this release of the library reads version 1 only",
                      .allowed = "version 1, or a newer release of the library",
                      .example = "1" },
    [ROW_NAME] = { .path = "/name",
                   .label = "template name",
                   .kind = CMG__FIELD_TEXT,
                   .required = true,
                   .offset = offsetof(struct form, name),
                   .min = 1,
                   .max = CMG__TEMPLATE_NAME_SIZE - 1,
                   .check = is_template_name,
                   .allowed = "1 to 64 ASCII characters",
                   .example = "\"cmg_web_server\"" },
    [ROW_ENROLMENT_NAME] = { .path = "/enrolment_name",
                             .label = "enrolment name",
                             .kind = CMG__FIELD_TEXT,
                             .offset = offsetof(struct form, enrolment_name),
                             .min = 1,
                             .max = CMG__TEMPLATE_NAME_SIZE - 1,
                             .check = is_template_name,
                             .allowed = "the template's name (not its display name) in "
                                        "the Windows authority, 1 to 64 ASCII characters",
                             .example = "\"CMGWebServer\"" },
    [ROW_AUTHORITY] = FLAG_ROW("/authority", "authority", authority),
    [ROW_PATH_LENGTH] = { .path = "/path_length",
                          .label = "path length",
                          .kind = CMG__FIELD_NUMBER,
                          .offset = offsetof(struct form, path_length),
                          .max = 8,
                          .cause = "only authorities have one: how many authorities may "
                                   "stand below",
                          .allowed = "a whole number from 0 to 8 beside \"authority\": "
                                     "true",
                          .example = "0" },
    [ROW_KEY] = GROUP_ROW("/key", "key", true, "{ \"rsa_bits_min\": 2048 }"),
    [ROW_RSA] = { .path = "/key/rsa_bits_min",
                  .label = "smallest RSA key",
                  .kind = CMG__FIELD_NUMBER,
                  .offset = offsetof(struct form, rsa_bits_min),
                  .min = 2048,
                  .max = 4096,
                  .cause = "RSA keys below 2048 bits are refused by clients",
                  .allowed = "2048 to 4096, or leave it out to allow no RSA keys",
                  .example = "2048" },
    [ROW_EC] = { .path = "/key/ec_bits_min",
                 .label = "smallest elliptic curve",
                 .kind = CMG__FIELD_NUMBER,
                 .offset = offsetof(struct form, ec_bits_min),
                 .min = 256,
                 .max = 384,
                 .allowed = "256 to 384, or leave it out to allow no EC keys",
                 .example = "256" },
    [ROW_EXPORTABLE] = FLAG_ROW("/key/exportable", "exportable", exportable),
    [ROW_KEY_USAGE] = { .path = "/key_usage",
                        .label = "key usage",
                        .kind = CMG__FIELD_LIST,
                        .offset = CMG__FIELD_NOWHERE,
                        .max = CMG__ARRAY_LEN(usages),
                        .cause = "authorities sign certificates, others never do",
                        .allowed = "digital_signature, content_commitment, "
                                   "key_encipherment, data_encipherment, key_agreement, "
                                   "key_cert_sign, crl_sign, encipher_only, each once",
                        .example = "[\"digital_signature\", \"key_encipherment\"]" },
    [ROW_EKU] = { .path = "/extended_key_usage",
                  .label = "extended key usage",
                  .kind = CMG__FIELD_LIST,
                  .offset = CMG__FIELD_NOWHERE,
                  .max = CMG__TEMPLATE_EKU_MAX,
                  .allowed = "at most 16 of serverAuth, clientAuth, codeSigning, "
                             "emailProtection, timeStamping, OCSPSigning, "
                             "anyExtendedKeyUsage or dotted identifiers, each once",
                  .example = "[\"serverAuth\", \"1.3.6.1.4.1.311.10.3.4\"]" },
    [ROW_VALIDITY] = GROUP_ROW("/validity", "validity", true, "{ \"days\": 365 }"),
    [ROW_DAYS] = { .path = "/validity/days",
                   .label = "days of validity",
                   .kind = CMG__FIELD_NUMBER,
                   .required = true,
                   .offset = offsetof(struct form, days),
                   .min = 1,
                   .max = DAYS_MAX,
                   .allowed = "1 to 9125",
                   .example = "365" },
    [ROW_DAYS_MAX] = { .path = "/validity/days_max",
                       .label = "most days of validity",
                       .kind = CMG__FIELD_NUMBER,
                       .offset = offsetof(struct form, days_max),
                       .min = 1,
                       .max = DAYS_MAX,
                       .cause = "it must not be below the usual validity",
                       .allowed = "1 to 9125, at least \"days\"",
                       .example = "825" },
    [ROW_SUBJECT] =
        GROUP_ROW("/subject", "subject", false, "{ \"source\": \"request\" }"),
    [ROW_SUBJECT_SOURCE] = { .path = "/subject/source",
                             .label = "source of the subject",
                             .kind = CMG__FIELD_TEXT,
                             .offset = offsetof(struct form, subject),
                             .min = 1,
                             .max = 32,
                             .check = is_subject,
                             .allowed = "request (all of its subject) or common_name "
                                        "(that part only)",
                             .example = "\"request\"" },
    [ROW_SUBJECT_CN] = FLAG_ROW("/subject/common_name_required", "need of a common name",
                                common_name_required),
    [ROW_ALTERNATIVES] = GROUP_ROW("/alternative_names", "alternative names", false,
                                   "{ \"kinds\": [\"dns\"] }"),
    [ROW_KINDS] = { .path = "/alternative_names/kinds",
                    .label = "kinds of names",
                    .kind = CMG__FIELD_LIST,
                    .offset = CMG__FIELD_NOWHERE,
                    .max = CMG__ARRAY_LEN(kinds),
                    .allowed = "dns, ip, upn, uri, each once",
                    .example = "[\"dns\", \"ip\"]" },
    [ROW_WILDCARD] = FLAG_ROW("/alternative_names/wildcard", "wildcard", wildcard),
    [ROW_REPEAT] = FLAG_ROW("/alternative_names/repeat_common_name",
                            "repeated common name", repeat_common_name),
    [ROW_HASH] = { .path = "/hash",
                   .label = "hash",
                   .kind = CMG__FIELD_TEXT,
                   .offset = offsetof(struct form, hash),
                   .min = 1,
                   .max = 32,
                   .check = is_hash,
                   .allowed = "sha256, sha384 or sha512",
                   .example = "\"sha256\"" },
};

/* ---- lists ---- */

struct reading {
    const struct cmg__fields *fields;
    const struct cmg__json *doc;
    struct cmg__x509_template *out;
};

/* The refusal of one item of a list. */
static cmg_status refuse_item(const struct reading *r, unsigned row, size_t i,
                              const struct cmg__json *found, cmg_error **err)
{
    struct cmg__field item = rows[row];
    char *path = cmg__format(r->fields->alloc, "%s/%zu", rows[row].path, i);

    if (path == NULL)
        return cmg__fail_nomem(err);
    item.path = path;
    const cmg_status rc = cmg__field_refuse(r->fields, &item, found, NULL, err);
    cmg__free(r->fields->alloc, path);
    return rc;
}

static cmg_status read_words(const struct reading *r, unsigned row,
                             const struct word *words, size_t count, unsigned *bits,
                             cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(r->doc, rows[row].path);

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *found = cmg__json_item(list, i);
        const struct word *word = find_word(words, count, cmg__json_str(found, ""));

        if (word == NULL || (*bits & word->bit) != 0)
            return refuse_item(r, row, i, found, err);
        *bits |= word->bit;
    }
    return CMG_OK;
}

/* Whether text is an extended key usage that is not among the first count. */
static bool is_new_eku(const struct reading *r, const char *text, size_t count)
{
    uint8_t bytes[CMG__OID_BYTES_MAX];
    uint8_t other[CMG__OID_BYTES_MAX];
    size_t n;
    size_t other_n;

    if (text == NULL || strlen(text) >= CMG__TEMPLATE_EKU_SIZE ||
        !cmg__x509_eku_parse(text, bytes, &n))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (cmg__x509_eku_parse(r->out->eku[i], other, &other_n) && n == other_n &&
            memcmp(bytes, other, n) == 0)
            return false;
    }
    return true;
}

static cmg_status read_eku(const struct reading *r, cmg_error **err)
{
    const struct cmg__json *list = cmg__json_at(r->doc, rows[ROW_EKU].path);

    for (size_t i = 0; i < cmg__json_size(list); i++) {
        const struct cmg__json *found = cmg__json_item(list, i);
        const char *text = cmg__json_str(found, "");

        if (!is_new_eku(r, text, i))
            return refuse_item(r, ROW_EKU, i, found, err);
        memcpy(r->out->eku[i], text, strlen(text) + 1);
    }
    return CMG_OK;
}

/* ---- reading ---- */

static cmg_status refuse(const struct reading *r, unsigned row, const char *cause,
                         cmg_error **err)
{
    return cmg__field_refuse(r->fields, &rows[row], cmg__json_at(r->doc, rows[row].path),
                             cause, err);
}

static cmg_status check_together(const struct reading *r, const struct form *form,
                                 cmg_error **err)
{
    const struct cmg__x509_template *t = r->out;

    if (!t->allows_rsa && !t->allows_ec)
        return refuse(r, ROW_KEY, "neither RSA nor EC keys would be allowed", err);
    if (t->days > t->days_max)
        return refuse(r, ROW_DAYS_MAX, NULL, err);
    if (form->path_length != UINT32_MAX && !t->is_ca)
        return refuse(r, ROW_PATH_LENGTH, NULL, err);
    if (((t->key_usage & CMG__KU_KEY_CERT_SIGN) != 0) != t->is_ca)
        return refuse(r, ROW_KEY_USAGE, NULL, err);
    if (t->repeat_common_name && (t->name_kinds & CMG__NAME_DNS) == 0)
        return refuse(r, ROW_REPEAT, "DNS names are not among the kinds allowed", err);
    return CMG_OK;
}

static void take_form(const struct form *form, struct cmg__x509_template *t)
{
    memcpy(t->name, form->name, strlen(form->name) + 1);
    memcpy(t->enrolment_name, form->enrolment_name, strlen(form->enrolment_name) + 1);
    t->is_ca = form->authority;
    t->path_length = form->path_length != UINT32_MAX ? (int)form->path_length : -1;
    t->allows_rsa = form->rsa_bits_min != 0;
    t->allows_ec = form->ec_bits_min != 0;
    t->rsa_bits_min = form->rsa_bits_min;
    t->ec_bits_min = form->ec_bits_min;
    t->exportable = form->exportable;
    t->days = form->days;
    t->days_max = form->days_max != 0 ? form->days_max : form->days;
    t->common_name_only = bit_of(subjects, CMG__ARRAY_LEN(subjects), form->subject) != 0;
    t->common_name_required = form->common_name_required;
    t->wildcard = form->wildcard;
    t->repeat_common_name = form->repeat_common_name;
    t->hash = (enum cmg__oid)bit_of(hashes, CMG__ARRAY_LEN(hashes), form->hash);
}

static cmg_status read_lists(const struct reading *r, cmg_error **err)
{
    cmg_status rc = read_words(r, ROW_KEY_USAGE, usages, CMG__ARRAY_LEN(usages),
                               &r->out->key_usage, err);

    if (rc == CMG_OK)
        rc = read_words(r, ROW_KINDS, kinds, CMG__ARRAY_LEN(kinds), &r->out->name_kinds,
                        err);
    return rc == CMG_OK ? read_eku(r, err) : rc;
}

static cmg_status read_form(const struct cmg__fields *fields, struct form *form,
                            const struct cmg__json *doc, cmg_error **err)
{
    static const struct cmg__field document = {
        .path = "/",
        .label = "certificate template",
        .allowed = "an object in { }",
        .example = "one that cmg_template_to_json gives",
    };

    if (cmg__json_type(doc) != CMG__JSON_OBJECT)
        return cmg__field_refuse(fields, &document, doc, NULL, err);
    /* The version first: of a newer document nothing else can be judged. */
    if (cmg__json_key(doc, "version") != NULL &&
        cmg__json_int(doc, "/version", 0) != VERSION)
        return cmg__field_refuse(fields, &rows[ROW_VERSION],
                                 cmg__json_key(doc, "version"), NULL, err);
    if (cmg__str_assign(fields->alloc, &form->enrolment_name, "") != CMG_OK ||
        cmg__str_assign(fields->alloc, &form->subject, "request") != CMG_OK ||
        cmg__str_assign(fields->alloc, &form->hash, "sha256") != CMG_OK)
        return cmg__fail_nomem(err);
    return cmg__fields_read(fields, doc, err);
}

static cmg_status read_document(const struct cmg__alloc *alloc, const char *document,
                                const struct cmg__json *doc,
                                struct cmg__x509_template *out, cmg_error **err)
{
    struct form form = { .path_length = UINT32_MAX };
    const struct cmg__fields fields = { .alloc = alloc,
                                        .rows = rows,
                                        .count = CMG__ARRAY_LEN(rows),
                                        .document = document,
                                        .prefix = "",
                                        .targets = { &form } };
    const struct reading reading = { .fields = &fields, .doc = doc, .out = out };
    cmg_status rc = read_form(&fields, &form, doc, err);

    if (rc == CMG_OK) {
        *out = (struct cmg__x509_template){ .path_length = -1 };
        take_form(&form, out);
        rc = read_lists(&reading, err);
    }
    if (rc == CMG_OK)
        rc = check_together(&reading, &form, err);
    cmg__free(alloc, form.name);
    cmg__free(alloc, form.enrolment_name);
    cmg__free(alloc, form.subject);
    cmg__free(alloc, form.hash);
    return rc;
}

cmg_status cmg__template_read(const struct cmg__alloc *alloc, const char *document,
                              const char *json, size_t size,
                              struct cmg__x509_template *out, cmg_error **err)
{
    struct cmg__json *doc = NULL;
    cmg_status rc = cmg__json_parse(alloc, document, json, size, &doc, err);

    if (rc == CMG_OK)
        rc = read_document(alloc, document, doc, out, err);
    cmg__json_unref(doc);
    return rc;
}

/* ---- writing ---- */

static struct cmg__json *write_words(const struct word *words, size_t count,
                                     unsigned bits)
{
    struct cmg__json *list = cmg__json_array();

    for (size_t i = 0; i < count && list != NULL; i++) {
        if ((bits & words[i].bit) != 0 &&
            cmg__json_append(list, cmg__json_string(words[i].text)) != CMG_OK)
            cmg__json_clear(&list);
    }
    return list;
}

static struct cmg__json *write_eku(const struct cmg__x509_template *t)
{
    struct cmg__json *list = cmg__json_array();

    for (size_t i = 0; i < CMG__TEMPLATE_EKU_MAX && t->eku[i][0] != '\0' && list != NULL;
         i++) {
        if (cmg__json_append(list, cmg__json_string(t->eku[i])) != CMG_OK)
            cmg__json_clear(&list);
    }
    return list;
}

static struct cmg__json *write_key(const struct cmg__x509_template *t)
{
    struct cmg__json *key = cmg__json_object();
    cmg_status rc = cmg__json_set(key, "exportable", cmg__json_boolean(t->exportable));

    if (rc == CMG_OK && t->allows_rsa)
        rc = cmg__json_set(key, "rsa_bits_min", cmg__json_integer(t->rsa_bits_min));
    if (rc == CMG_OK && t->allows_ec)
        rc = cmg__json_set(key, "ec_bits_min", cmg__json_integer(t->ec_bits_min));
    if (rc != CMG_OK)
        cmg__json_clear(&key);
    return key;
}

static struct cmg__json *write_alternatives(const struct cmg__x509_template *t)
{
    return cmg__json_pack("{s:o, s:b, s:b}", "kinds",
                          write_words(kinds, CMG__ARRAY_LEN(kinds), t->name_kinds),
                          "wildcard", t->wildcard, "repeat_common_name",
                          t->repeat_common_name);
}

static const char *word_of(const struct word *words, size_t count, unsigned bit)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i].bit == bit)
            return words[i].text;
    }
    return "";
}

static cmg_status fill(struct cmg__json *doc, const struct cmg__x509_template *t)
{
    cmg_status rc = cmg__json_set(doc, "version", cmg__json_integer(VERSION));

    if (rc == CMG_OK)
        rc = cmg__json_set_str(doc, "name", t->name);
    if (rc == CMG_OK && t->enrolment_name[0] != '\0')
        rc = cmg__json_set_str(doc, "enrolment_name", t->enrolment_name);
    if (rc == CMG_OK)
        rc = cmg__json_set(doc, "authority", cmg__json_boolean(t->is_ca));
    if (rc == CMG_OK && t->path_length >= 0)
        rc = cmg__json_set(doc, "path_length", cmg__json_integer(t->path_length));
    if (rc == CMG_OK)
        rc = cmg__json_set(doc, "key", write_key(t));
    if (rc == CMG_OK)
        rc = cmg__json_set(doc, "key_usage",
                           write_words(usages, CMG__ARRAY_LEN(usages), t->key_usage));
    if (rc == CMG_OK)
        rc = cmg__json_set(doc, "extended_key_usage", write_eku(t));
    if (rc == CMG_OK)
        rc = cmg__json_set(doc, "validity",
                           cmg__json_pack("{s:I, s:I}", "days", (int64_t)t->days,
                                          "days_max", (int64_t)t->days_max));
    if (rc == CMG_OK)
        rc = cmg__json_set(doc, "subject",
                           cmg__json_pack("{s:s, s:b}", "source",
                                          word_of(subjects, CMG__ARRAY_LEN(subjects),
                                                  t->common_name_only),
                                          "common_name_required",
                                          t->common_name_required));
    if (rc == CMG_OK)
        rc = cmg__json_set(doc, "alternative_names", write_alternatives(t));
    if (rc == CMG_OK)
        rc = cmg__json_set_str(doc, "hash",
                               word_of(hashes, CMG__ARRAY_LEN(hashes), t->hash));
    return rc;
}

cmg_status cmg__template_write(const struct cmg__x509_template *t, struct cmg__buf *out)
{
    struct cmg__json *doc = cmg__json_object();
    cmg_status rc = fill(doc, t);

    if (rc == CMG_OK)
        rc = cmg__json_format(doc, CMG__JSON_SORTED, out);
    cmg__json_unref(doc);
    return rc;
}
