/* The server certificate among what the Azure agent laid out. See service_parts.h. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host.h"
#include "service_parts.h"

/* "<thumbprint>.crt" and "<thumbprint>.prv" become one PEM text. */
static cmg_status load_pair(cmg_context *ctx, const char *dir, const char *name,
                            cmg_certificate **out, cmg_error **err)
{
    char path[2][4096];
    size_t size[2] = { 0, 0 };

    snprintf(path[0], sizeof path[0], "%s/%.40s.crt", dir, name);
    snprintf(path[1], sizeof path[1], "%s/%.40s.prv", dir, name);
    char *chain = host_read_file(path[0], &size[0]);
    char *key = host_read_file(path[1], &size[1]);
    char *pem = calloc(1, size[0] + size[1] + 2);
    cmg_status rc = CMG_E_IO;

    if (chain != NULL && key != NULL && pem != NULL) {
        size_t n = (size_t)sprintf(pem, "%s\n%s", chain, key);

        rc = cmg_certificate_new_from_pem(ctx, pem, n, out, err);
    }
    host_forget(pem, size[0] + size[1] + 1);
    host_forget(key, size[1]);
    free(chain);
    return rc;
}

static bool is_pair(const char *dir, const char *name, struct timespec *written)
{
    char path[4096];
    struct stat there;
    const int n = snprintf(path, sizeof path, "%s/%s", dir, name);

    if (strlen(name) != 44 || strcmp(name + 40, ".crt") != 0 || n < 0 ||
        (size_t)n >= sizeof path || stat(path, &there) != 0)
        return false;
    *written = there.st_mtim;
    return true;
}

static bool is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

struct pair {
    char name[48];
    struct timespec written;
};

static int by_age(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    return is_later(x->written, y->written) ? -1 : is_later(y->written, x->written);
}

/* The newest first; how many there are in all goes to seen. */
static size_t list_pairs(const char *dir, struct pair *pairs, size_t max,
                         struct certificate_seen *seen)
{
    DIR *list = opendir(dir);
    size_t n = 0;
    struct timespec at;

    *seen = (struct certificate_seen){ .count = 0 };
    for (struct dirent *e = list != NULL ? readdir(list) : NULL; e != NULL;
         e = readdir(list)) {
        if (!is_pair(dir, e->d_name, &at))
            continue;
        seen->count++;
        if (seen->count == 1 || is_later(at, seen->newest))
            seen->newest = at;
        if (n < max) {
            snprintf(pairs[n].name, sizeof pairs[n].name, "%.44s", e->d_name);
            pairs[n++].written = at;
        }
    }
    if (list != NULL)
        closedir(list);
    qsort(pairs, n, sizeof *pairs, by_age);
    return n;
}

/* The agent lays a new certificate out beside the one before: the last one counts. It has
   one of its own there, too, for the settings of extensions; that one names no host. */
cmg_status certificate_look(cmg_context *ctx, const char *dir,
                            struct certificate_seen *seen, cmg_certificate **out,
                            cmg_error **err)
{
    struct pair pairs[64];
    struct certificate_seen now;
    size_t n = list_pairs(dir, pairs, sizeof pairs / sizeof pairs[0], &now);
    cmg_status rc = CMG_E_NOTFOUND;

    *out = NULL;
    if (n > 0 && now.count == seen->count && !is_later(now.newest, seen->newest))
        return CMG_OK;
    for (size_t i = 0; i < n && *out == NULL && rc == CMG_E_NOTFOUND; i++) {
        cmg_certificate *found = NULL;
        rc = load_pair(ctx, dir, pairs[i].name, &found, err);
        if (rc == CMG_OK && cmg_certificate_name_count(found) > 0) {
            *out = found;
            break;
        }
        cmg_certificate_unref(found);
        rc = rc == CMG_OK ? CMG_E_NOTFOUND : rc;
    }
    if (rc == CMG_OK)
        *seen = now;
    return rc;
}
