/*
 * The names of a request as an order wants them: DNS names of the subjectAltName, or the
 * common name where there is none, in lower case, each once. Other kinds of names cannot
 * be proved here.
 */
#include "enrol/acme_data.h"

#include <string.h>

#include "base/str.h"
#include "crypto/csr.h"

static bool has(const struct cmg__json *names, const char *name)
{
    for (size_t i = 0; i < cmg__json_size(names); i++) {
        if (strcmp(cmg__json_str(cmg__json_item(names, i), ""), name) == 0)
            return true;
    }
    return false;
}

static cmg_status add(const struct cmg__alloc *alloc, struct cmg__json *names,
                      const char *name)
{
    char *lower = cmg__strdup(alloc, name);
    cmg_status rc = lower != NULL ? CMG_OK : CMG_E_NOMEM;

    if (rc == CMG_OK) {
        cmg__lower_in_place(lower);
        if (!has(names, lower))
            rc = cmg__json_append(names, cmg__json_string(lower));
    }
    cmg__free(alloc, lower);
    return rc;
}

static cmg_status add_all(const struct cmg__csr *csr, struct cmg__json *names,
                          cmg_error **err)
{
    cmg_status rc = CMG_OK;

    for (size_t i = 0; i < csr->name_count && rc == CMG_OK; i++) {
        const struct cmg__csr_name *name = &csr->names[i];

        if (name->kind != CMG__GN_KIND_DNS)
            return cmg__fail(err, csr->alloc, CMG_E_UNSUPPORTED, "csr",
                             "make a request with DNS names only",
                             "the request has the %s %.100s, which cannot be proved by "
                             "ACME here",
                             cmg__gn_label(name->kind), name->text);
        rc = add(csr->alloc, names, name->text);
    }
    if (rc == CMG_OK && csr->name_count == 0 && csr->common_name[0] != '\0')
        rc = add(csr->alloc, names, csr->common_name);
    if (rc != CMG_OK)
        return cmg__fail_nomem(err);
    const size_t count = cmg__json_size(names);
    if (count >= 1 && count <= CMG__ACME_NAMES_MAX)
        return CMG_OK;
    return cmg__fail(err, csr->alloc, CMG_E_INVAL, "csr",
                     "make a request with 1 to 100 DNS names",
                     "the request has %zu names to be proved", count);
}

cmg_status cmg__acme_names(const struct cmg__enrol_case *c, struct cmg__json **out,
                           cmg_error **err)
{
    struct cmg__csr *csr = NULL;
    struct cmg__json *names = cmg__json_array();
    cmg_status rc = names != NULL
                        ? cmg__csr_parse(c->alloc, c->csr.data, c->csr.len, &csr, err)
                        : cmg__fail_nomem(err);

    if (rc == CMG_OK)
        rc = add_all(csr, names, err);
    cmg__csr_free(csr);
    if (rc == CMG_OK)
        *out = names;
    else
        cmg__json_unref(names);
    return rc;
}
