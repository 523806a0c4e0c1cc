/* See shape.h. */
#include "shape.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox/arm.h"
#include "sandbox/sandbox.h"

#define MAX_LINES 8192

/* Records of what went on, and what chance has made. */
static const char *const left_out[] = {
    "operations", "_fault", "busy", "codes", "refresh_tokens", "hint",          "cer",
    "x5t",        "key1",   "key2", "etag",  "ipAddress",      "adminPassword",
};

/* ---- words ---- */

static bool is_guid_at(const char *p)
{
    for (size_t i = 0; i < 36; i++) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? p[i] != '-' : !isxdigit((unsigned char)p[i]))
            return false;
    }
    return true;
}

/* Digests, keys, random names: long, of one alphabet, with digits in it; or a part of a
   digest, eight digits long. */
static size_t noise_at(const char *p)
{
    static const char letters[] = "0123456789abcdefABCDEF";
    const size_t hex = strspn(p, letters);
    size_t n = 0, digits = 0;

    while (isalnum((unsigned char)p[n]) ||
           (p[n] != '\0' && strchr("+/=_-~", p[n]) != NULL))
        digits += isdigit((unsigned char)p[n++]) != 0;
    if (hex == 8 && !isalnum((unsigned char)p[8]))
        return 8;
    return n >= 24 && digits >= 1 && memchr(p, '/', n) == NULL ? n : 0;
}

static size_t time_at(const char *p)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    size_t i = 0;

    for (; form[i] != '\0'; i++) {
        if (form[i] == 'd' ? !isdigit((unsigned char)p[i]) : p[i] != form[i])
            return 0;
    }
    while (isdigit((unsigned char)p[i]) || p[i] == '.' || p[i] == 'Z')
        i++;
    return i;
}

static void add_word(struct cmg__buf *out, const char *text)
{
    size_t n = 0;

    for (const char *p = text; *p != '\0'; p += n) {
        cmg_status rc = CMG_OK;
        n = 1;
        if (strlen(p) >= 36 && is_guid_at(p)) {
            n = 36;
            rc = cmg__buf_add_str(out, "GUID");
        } else if (time_at(p) > 0) {
            n = time_at(p);
            rc = cmg__buf_add_str(out, "TIME");
        } else if ((p == text || !isalnum((unsigned char)p[-1])) && noise_at(p) > 0) {
            n = noise_at(p);
            rc = cmg__buf_add_str(out, "NOISE");
        } else {
            rc = cmg__buf_add_char(out, *p == '\n' ? ' ' : *p);
        }
        ck_assert_int_eq(rc, CMG_OK);
    }
}

/* ---- lines ---- */

struct lines {
    char *items[MAX_LINES];
    size_t count;
};

static void add_line(struct lines *lines, const char *path, const char *value)
{
    const size_t size = strlen(path) + strlen(value) + 4;
    char *line = malloc(size);

    ck_assert_ptr_nonnull(line);
    ck_assert_uint_lt(lines->count, MAX_LINES);
    (void)snprintf(line, size, "%s = %s", path, value);
    lines->items[lines->count++] = line;
}

static void add_number(struct lines *lines, const char *path, int64_t n)
{
    char text[32] = "a time";

    if (n < 1000000000)
        (void)snprintf(text, sizeof text, "%lld", (long long)n);
    add_line(lines, path, text);
}

static void walk(struct lines *lines, const char *path, const struct cmg__json *v);

static void walk_member(struct lines *lines, const char *path, const char *key,
                        const struct cmg__json *v)
{
    struct cmg__buf at;

    for (size_t i = 0; i < CMG__ARRAY_LEN(left_out); i++) {
        if (strcmp(key, left_out[i]) == 0)
            return;
    }
    cmg__buf_init(&at, &cmg__alloc_libc, 1 << 20);
    ck_assert_int_eq(cmg__buf_addf(&at, "%s/", path), CMG_OK);
    add_word(&at, key);
    walk(lines, cmg__buf_cstr(&at), v);
    cmg__buf_done(&at);
}

static void walk_text(struct lines *lines, const char *path, const char *text)
{
    struct cmg__buf word;

    cmg__buf_init(&word, &cmg__alloc_libc, CMG__JSON_MAX);
    add_word(&word, strncmp(text, "-----BEGIN", 10) == 0 ? "PEM" : text);
    add_line(lines, path, cmg__buf_cstr(&word));
    cmg__buf_done(&word);
}

static void walk(struct lines *lines, const char *path, const struct cmg__json *v)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;

    switch (cmg__json_type(v)) {
    case CMG__JSON_OBJECT:
        while (cmg__json_next(v, &iter, &key, &value))
            walk_member(lines, path, key, value);
        break;
    case CMG__JSON_ARRAY:
        for (size_t i = 0; i < cmg__json_size(v); i++)
            walk_member(lines, path, "", cmg__json_item(v, i));
        break;
    case CMG__JSON_STRING:
        walk_text(lines, path, cmg__json_str(v, ""));
        break;
    case CMG__JSON_INTEGER:
        add_number(lines, path, cmg__json_int(v, "", 0));
        break;
    default:
        add_line(lines, path, cmg__json_bool(v, "", false) ? "true" : "no");
    }
}

static void walk_cloud(struct lines *lines, const struct cmg__json *state)
{
    void *iter = NULL;
    const char *key = NULL;
    struct cmg__json *value = NULL;

    while (cmg__json_next(state, &iter, &key, &value)) {
        if (key[0] != '_')
            walk_member(lines, "", key, value);
    }
}

/* Which files the host keeps. */
static void walk_files(struct lines *lines)
{
    static const char script[] = "cd \"$0\" && ls -A -d contoso.journal* "
                                 "contoso.journal*.secrets/* 2>/dev/null; :";
    const char *const argv[] = { "sh", "-c", script, support_dir(), NULL };
    char *out = NULL;

    ck_assert_int_eq(support_command(argv, &out), 0);
    for (char *line = strtok(out, "\n"); line != NULL; line = strtok(NULL, "\n"))
        add_line(lines, "file", line);
    free(out);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct cmg__buf shape_of(cmg_sandbox *sandbox)
{
    static struct lines lines;
    struct cmg__buf out;

    lines.count = 0;
    cmg__buf_init(&out, &cmg__alloc_libc, CMG__JSON_MAX);
    (void)pthread_mutex_lock(&sandbox->lock);
    cmg__sb_arm_settle(sandbox->cloud);
    walk_cloud(&lines, sandbox->cloud->state);
    (void)pthread_mutex_unlock(&sandbox->lock);
    walk_files(&lines);
    qsort(lines.items, lines.count, sizeof lines.items[0], compare);
    for (size_t i = 0; i < lines.count; i++) {
        ck_assert_int_eq(cmg__buf_addf(&out, "%s\n", lines.items[i]), CMG_OK);
        free(lines.items[i]);
    }
    return out;
}

/* The first line of a that b does not have at the same place; both are sorted. */
static void first_difference(const char *a, const char *b, char out[512])
{
    while (*a != '\0') {
        const size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");
        const size_t least = n < m ? n : m;
        const int order = strncmp(a, b, least);

        if (*b == '\0' || order < 0 || (order == 0 && n < m)) {
            (void)snprintf(out, 512, "%.*s", (int)n, a);
            return;
        }
        if (order == 0 && n == m)
            a += n + 1;
        b += m + 1;
    }
    out[0] = '\0';
}

bool shape_is_same(const struct cmg__buf *found, const struct cmg__buf *wanted,
                   char why[1100])
{
    char more[512], less[512];

    first_difference(cmg__buf_cstr(found), cmg__buf_cstr(wanted), more);
    first_difference(cmg__buf_cstr(wanted), cmg__buf_cstr(found), less);
    (void)snprintf(why, 1100, "there is \"%s\", and not \"%s\"", more, less);
    return more[0] == '\0' && less[0] == '\0';
}

/* ---- snapshots ---- */

static void shell(const char *script)
{
    const char *const argv[] = { "sh", "-c", script, support_dir(), NULL };
    char *out = NULL;

    ck_assert_int_eq(support_command(argv, &out), 0);
    free(out);
}

void snapshot_take(struct snapshot *snapshot, cmg_sandbox *sandbox)
{
    shell("cd \"$0\" && rm -rf kept && mkdir kept && "
          "for f in ca contoso.journal*; do [ ! -e $f ] || cp -a $f kept; done");
    (void)pthread_mutex_lock(&sandbox->lock);
    snapshot->state = cmg__json_copy_deep(sandbox->cloud->state);
    (void)pthread_mutex_unlock(&sandbox->lock);
    ck_assert_ptr_nonnull(snapshot->state);
}

void snapshot_restore(const struct snapshot *snapshot, cmg_sandbox *sandbox)
{
    struct cmg__json *state = cmg__json_copy_deep(snapshot->state);

    ck_assert_ptr_nonnull(state);
    shell("cd \"$0\" && rm -rf ca contoso.journal* && cp -a kept/. .");
    (void)pthread_mutex_lock(&sandbox->lock);
    cmg__json_unref(sandbox->cloud->state);
    sandbox->cloud->state = state;
    (void)pthread_mutex_unlock(&sandbox->lock);
}

void snapshot_done(struct snapshot *snapshot)
{
    cmg__json_clear(&snapshot->state);
}
