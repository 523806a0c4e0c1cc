/* Lists of containers and blobs in XML, and the two forms that everything XML here has.
 */
#include <stdio.h>
#include <string.h>

#include "sandbox/blob.h"

#define MAX_RESULTS 5000
#define HEAD        "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?>"

cmg_status cmg__sb_xml_add(struct cmg__buf *out, const char *text)
{
    static const struct {
        char c;
        const char *as;
    } reserved[] = {
        { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }
    };
    cmg_status rc = CMG_OK;
    for (; rc == CMG_OK && *text != '\0'; text++) {
        const char *as = NULL;
        for (size_t i = 0; i < CMG__ARRAY_LEN(reserved); i++) {
            if (reserved[i].c == *text)
                as = reserved[i].as;
        }
        rc = as != NULL ? cmg__buf_add_str(out, as) : cmg__buf_add_char(out, *text);
    }
    return rc;
}

void cmg__sb_date_format(int64_t unix_s, char out[CMG__SB_DATE_SIZE])
{
    static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    int64_t year = 0;
    unsigned month = 1, day = 1;
    int64_t whole = unix_s / 86400;
    int64_t rest = unix_s % 86400;
    cmg__civil_from_days(whole, &year, &month, &day);
    (void)snprintf(out, CMG__SB_DATE_SIZE, "%s, %02u %s %04lld %02lld:%02lld:%02lld GMT",
                   days[(whole + 4) % 7], day % 100, months[(month - 1) % 12],
                   (long long)year % 10000, (long long)(rest / 3600),
                   (long long)(rest / 60 % 60), (long long)(rest % 60));
}

static cmg_status add_element(struct cmg__buf *out, const char *name, const char *text)
{
    cmg_status rc = cmg__buf_addf(out, "<%s>", name);
    if (rc == CMG_OK)
        rc = cmg__sb_xml_add(out, cmg__str_or(text, ""));
    return rc == CMG_OK ? cmg__buf_addf(out, "</%s>", name) : rc;
}

static cmg_status add_times(struct cmg__buf *out, const struct cmg__json *entry)
{
    char date[CMG__SB_DATE_SIZE];
    cmg__sb_date_format(cmg__json_int(entry, "/modified_ms", 0) / 1000, date);
    cmg_status rc = add_element(out, "Last-Modified", date);
    return rc == CMG_OK ? add_element(out, "Etag", cmg__json_str(entry, "/etag")) : rc;
}

static cmg_status add_blob(struct cmg__buf *out, const char *name,
                           const struct cmg__json *blob)
{
    cmg_status rc = cmg__buf_add_str(out, "<Blob>");
    if (rc == CMG_OK)
        rc = add_element(out, "Name", name);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(out, "<Properties>");
    if (rc == CMG_OK)
        rc = add_times(out, blob);
    if (rc == CMG_OK)
        rc = cmg__buf_addf(out, "<Content-Length>%lld</Content-Length>",
                           (long long)cmg__json_int(blob, "/size", 0));
    if (rc == CMG_OK)
        rc = add_element(out, "Content-Type", cmg__json_str(blob, "/heads/Content-Type"));
    if (rc == CMG_OK)
        rc = add_element(out, "Content-MD5", cmg__json_str(blob, "/heads/Content-MD5"));
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(
            out, "<BlobType>BlockBlob</BlobType><AccessTier>Hot</AccessTier>"
                 "<LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"
                 "<ServerEncrypted>true</ServerEncrypted></Properties></Blob>");
    return rc;
}

/* ---- in order, from a marker on ---- */

struct listing {
    const char *prefix;
    const char *delimiter; /* "": none */
    const char *marker;    /* the first name to show; "": from the beginning */
    size_t max;
};

/* The smallest name of a table behind `after` that fits, or NULL. */
static const char *next_name(const struct cmg__json *table, const struct listing *l,
                             const char *after)
{
    void *iter = NULL;
    const char *key = NULL, *best = NULL;
    struct cmg__json *value = NULL;
    while (cmg__json_next(table, &iter, &key, &value)) {
        if (cmg__str_starts(key, l->prefix) && strcmp(key, l->marker) >= 0 &&
            (after == NULL || strcmp(key, after) > 0) &&
            (best == NULL || strcmp(key, best) < 0))
            best = key;
    }
    return best;
}

static void read_listing(const struct cmg__sb_call *call, struct listing *l)
{
    uint64_t max = MAX_RESULTS;
    const char *text = cmg__sb_query(call, "maxresults");
    if (text != NULL &&
        (!cmg__parse_u64(text, strlen(text), &max) || max == 0 || max > MAX_RESULTS))
        max = MAX_RESULTS;
    *l = (struct listing){ .prefix = cmg__str_or(cmg__sb_query(call, "prefix"), ""),
                           .delimiter = cmg__str_or(cmg__sb_query(call, "delimiter"), ""),
                           .marker = cmg__str_or(cmg__sb_query(call, "marker"), ""),
                           .max = (size_t)max };
}

static void finish(const struct cmg__sb_blob_call *b, struct cmg__buf *out, cmg_status rc,
                   const char *element, const char *next)
{
    if (rc == CMG_OK)
        rc = cmg__buf_addf(out, "</%s>", element);
    if (rc == CMG_OK)
        rc = add_element(out, "NextMarker", next);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(out, "</EnumerationResults>");
    if (rc != CMG_OK)
        b->call->cloud->oom = true;
    cmg__sb_reply_page(b->call, 200, "application/xml", cmg__buf_cstr(out));
}

static cmg_status begin(const struct cmg__sb_blob_call *b, const struct listing *l,
                        struct cmg__buf *out)
{
    const struct cmg__sb_call *call = b->call;
    cmg_status rc = cmg__buf_addf(out, HEAD "<EnumerationResults ServiceEndpoint=\"%s/\"",
                                  call->base);
    if (rc == CMG_OK && b->container[0] != '\0')
        rc = cmg__buf_addf(out, " ContainerName=\"%s\"", b->container);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(out, ">");
    if (rc == CMG_OK && l->prefix[0] != '\0')
        rc = add_element(out, "Prefix", l->prefix);
    if (rc == CMG_OK && l->delimiter[0] != '\0')
        rc = add_element(out, "Delimiter", l->delimiter);
    return rc == CMG_OK ? cmg__buf_addf(out, "<MaxResults>%zu</MaxResults>", l->max) : rc;
}

/* ---- containers ---- */

void cmg__sb_container_list(const struct cmg__sb_blob_call *b)
{
    struct listing l;
    struct cmg__buf out;
    const struct cmg__json *table = cmg__json_key(b->account, "containers");
    read_listing(b->call, &l);
    cmg__buf_init(&out, b->call->cloud->alloc, CMG__JSON_MAX);
    cmg_status rc = begin(b, &l, &out);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(&out, "<Containers>");
    const char *name = next_name(table, &l, NULL);
    for (size_t i = 0; rc == CMG_OK && name != NULL && i < l.max; i++) {
        rc = cmg__buf_add_str(&out, "<Container>");
        if (rc == CMG_OK)
            rc = add_element(&out, "Name", name);
        if (rc == CMG_OK)
            rc = cmg__buf_add_str(&out, "<Properties>");
        if (rc == CMG_OK)
            rc = add_times(&out, cmg__json_key(table, name));
        if (rc == CMG_OK)
            rc =
                cmg__buf_add_str(&out, "<LeaseStatus>unlocked</LeaseStatus><LeaseState>"
                                       "available</LeaseState></Properties></Container>");
        name = next_name(table, &l, name);
    }
    finish(b, &out, rc, "Containers", name);
    cmg__buf_done(&out);
}

/* ---- blobs ---- */

/* The length of a name up to and with its first delimiter behind the prefix, or 0. */
static size_t folded(const struct listing *l, const char *name)
{
    const char *at =
        l->delimiter[0] == '\0' ? NULL : strstr(name + strlen(l->prefix), l->delimiter);
    return at == NULL ? 0 : (size_t)(at - name) + strlen(l->delimiter);
}

/* Past all names that begin like this one up to n. */
static const char *skip_folded(const struct cmg__json *table, const struct listing *l,
                               const char *name, size_t n)
{
    const char *next = name;
    while (next != NULL && strncmp(next, name, n) == 0)
        next = next_name(table, l, next);
    return next;
}

static cmg_status add_prefix(struct cmg__buf *out, const struct cmg__alloc *alloc,
                             const char *name, size_t n)
{
    char *text = cmg__strndup(alloc, name, n);
    cmg_status rc = text == NULL ? CMG_E_NOMEM : cmg__buf_add_str(out, "<BlobPrefix>");
    if (rc == CMG_OK)
        rc = add_element(out, "Name", text);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(out, "</BlobPrefix>");
    cmg__free(alloc, text);
    return rc;
}

void cmg__sb_blob_list(const struct cmg__sb_blob_call *b)
{
    struct listing l;
    struct cmg__buf out;
    const struct cmg__json *table =
        cmg__json_key(cmg__sb_container(b->account, b->container), "blobs");
    read_listing(b->call, &l);
    cmg__buf_init(&out, b->call->cloud->alloc, CMG__JSON_MAX);
    cmg_status rc = begin(b, &l, &out);
    if (rc == CMG_OK)
        rc = cmg__buf_add_str(&out, "<Blobs>");
    const char *name = next_name(table, &l, NULL);
    for (size_t i = 0; rc == CMG_OK && name != NULL && i < l.max; i++) {
        const struct cmg__json *blob = cmg__json_key(table, name);
        size_t n = folded(&l, name);
        if (n > 0) {
            rc = add_prefix(&out, b->call->cloud->alloc, name, n);
            name = skip_folded(table, &l, name, n);
            continue;
        }
        if (cmg__json_key(blob, "content") != NULL) /* else only blocks so far */
            rc = add_blob(&out, name, blob);
        name = next_name(table, &l, name);
    }
    finish(b, &out, rc, "Blobs", name);
    cmg__buf_done(&out);
}
