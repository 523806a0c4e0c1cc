/* What an inventory found, kept on the gateway and handed out. */
#include "model/inventory.h"

#define MOST_ROWS ((size_t)1000)
#define VERSION   1

static const char *const names[] = {
    [0] = "unknown",
    [CMG_INVENTORY_PRESENT] = "present",
    [CMG_INVENTORY_MISSING] = "missing",
    [CMG_INVENTORY_ORPHAN] = "orphan",
    [CMG_INVENTORY_FOREIGN] = "foreign",
    [CMG_INVENTORY_DELETED] = "deleted",
    [CMG_INVENTORY_CLASSIC] = "classic",
};

const char *cmg_inventory_kind_name(cmg_inventory_kind kind)
{
    return names[(unsigned)kind < CMG__ARRAY_LEN(names) ? (unsigned)kind : 0];
}

static void row_done(const struct cmg__alloc *alloc, struct cmg__inventory_row *row)
{
    cmg__free(alloc, row->type);
    cmg__free(alloc, row->name);
    cmg__free(alloc, row->id);
}

void cmg__inventory_clear(cmg_gateway *gateway)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;

    for (size_t i = 0; i < gateway->inventory_count; i++)
        row_done(alloc, &gateway->inventory[i]);
    cmg__free(alloc, gateway->inventory);
    gateway->inventory = NULL;
    gateway->inventory_count = 0;
}

void cmg__inventory_forget(cmg_gateway *gateway,
                           bool (*is)(const struct cmg__inventory_row *row,
                                      const void *user),
                           const void *user)
{
    size_t kept = 0;

    for (size_t i = 0; i < gateway->inventory_count; i++) {
        if (is(&gateway->inventory[i], user))
            row_done(&gateway->head.ctx->alloc, &gateway->inventory[i]);
        else
            gateway->inventory[kept++] = gateway->inventory[i];
    }
    gateway->inventory_count = kept;
}

/* Cloud services, from before scale sets; "extended support" ones look the same. */
cmg_inventory_kind cmg__inventory_kind_of_other(const char *type)
{
    static const char *const classic[] = { "Microsoft.ClassicCompute/",
                                           "Microsoft.ClassicStorage/",
                                           "Microsoft.ClassicNetwork/",
                                           "Microsoft.Compute/cloudServices" };

    for (size_t i = 0; i < CMG__ARRAY_LEN(classic); i++) {
        if (cmg__str_istarts(type, classic[i]))
            return CMG_INVENTORY_CLASSIC;
    }
    return CMG_INVENTORY_FOREIGN;
}

static bool grow(cmg_gateway *gateway)
{
    const size_t count = gateway->inventory_count;

    if (count == MOST_ROWS)
        return false;
    struct cmg__inventory_row *more =
        cmg__realloc(&gateway->head.ctx->alloc, gateway->inventory,
                     (count + 1) * sizeof *gateway->inventory);
    if (more == NULL)
        return false;
    gateway->inventory = more;
    return true;
}

cmg_status cmg__inventory_add(cmg_gateway *gateway, cmg_inventory_kind kind,
                              const char *type, const char *name, const char *id)
{
    const struct cmg__alloc *alloc = &gateway->head.ctx->alloc;
    const struct cmg__inventory_row row = { .kind = kind,
                                            .type = cmg__strdup(alloc, type),
                                            .name = cmg__strdup(alloc, name),
                                            .id = cmg__strdup(alloc, id) };

    if (row.type != NULL && row.name != NULL && row.id != NULL && grow(gateway)) {
        gateway->inventory[gateway->inventory_count++] = row;
        return CMG_OK;
    }
    cmg__free(alloc, row.type);
    cmg__free(alloc, row.name);
    cmg__free(alloc, row.id);
    return CMG_E_NOMEM;
}

bool cmg__inventory_has(const cmg_gateway *gateway, const char *type)
{
    for (size_t i = 0; i < gateway->inventory_count; i++) {
        if (gateway->inventory[i].kind == CMG_INVENTORY_PRESENT &&
            cmg__str_ieq(gateway->inventory[i].type, type))
            return true;
    }
    return false;
}

static cmg_status check(const cmg_gateway *gateway, cmg_error **err)
{
    return cmg__check(gateway != NULL ? &gateway->head : NULL, CMG__TAG_GATEWAY, err);
}

size_t cmg_gateway_inventory_count(const cmg_gateway *gateway)
{
    return check(gateway, NULL) == CMG_OK ? gateway->inventory_count : 0;
}

static cmg_status check_out(const cmg_gateway *gateway, size_t index,
                            const cmg_inventory_item *out, cmg_error **err)
{
    const cmg_status rc = cmg__tagged_room(out, sizeof *out, "out_item", err);

    if (rc != CMG_OK)
        return rc;
    if (index >= gateway->inventory_count)
        return cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_NOTFOUND, "index", NULL,
                         "the inventory has %zu items, %zu was asked for",
                         gateway->inventory_count, index);
    return CMG_OK;
}

cmg_status cmg_gateway_inventory_item(const cmg_gateway *gateway, size_t index,
                                      cmg_inventory_item *out_item, cmg_error **err)
{
    cmg_status rc = check(gateway, err);

    if (rc == CMG_OK)
        rc = check_out(gateway, index, out_item, err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__inventory_row *row = &gateway->inventory[index];
    out_item->kind = row->kind;
    out_item->reserved = 0;
    out_item->type = row->type;
    out_item->name = row->name;
    out_item->id = row->id;
    return CMG_OK;
}

static struct cmg__json *list_of(const cmg_gateway *gateway)
{
    struct cmg__json *list = cmg__json_array();
    cmg_status rc = list == NULL ? CMG_E_NOMEM : CMG_OK;

    for (size_t i = 0; rc == CMG_OK && i < gateway->inventory_count; i++) {
        const struct cmg__inventory_row *row = &gateway->inventory[i];
        rc = cmg__json_append(list, cmg__json_pack("{s:s, s:s, s:s, s:s}", "kind",
                                                   cmg_inventory_kind_name(row->kind),
                                                   "type", row->type, "name", row->name,
                                                   "id", row->id));
    }
    if (rc != CMG_OK)
        cmg__json_clear(&list);
    return list;
}

cmg_status cmg_gateway_export_inventory(const cmg_gateway *gateway, cmg_bytes **out_bytes,
                                        cmg_error **err)
{
    const cmg_status rc = check(gateway, err);

    if (rc != CMG_OK)
        return rc;
    return cmg__json_export(&gateway->head.ctx->alloc,
                            cmg__json_pack("{s:i, s:s, s:o}", "version", VERSION,
                                           "gateway", gateway->name, "resources",
                                           list_of(gateway)),
                            out_bytes, err);
}
