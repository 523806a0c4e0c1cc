/* The settings of a gateway, handed out. */
#include "model/gateway.h"

static const struct cmg__settings *settings_of(const cmg_gateway *gateway)
{
    const struct cmg__handle *head = gateway == NULL ? NULL : &gateway->head;

    return cmg__check(head, CMG__TAG_GATEWAY, NULL) == CMG_OK ? &gateway->settings : NULL;
}

cmg_status cmg_gateway_get_settings(const cmg_gateway *gateway,
                                    cmg_gateway_settings *out_settings, cmg_error **err)
{
    cmg_status rc =
        cmg__check(gateway == NULL ? NULL : &gateway->head, CMG__TAG_GATEWAY, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_room(out_settings, sizeof *out_settings, "out_settings", err);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__settings *settings = &gateway->settings;
    *out_settings = (cmg_gateway_settings){
        .size = out_settings->size,
        .cloud = gateway->tenant->cloud,
        .description = settings->description,
        .vm_size = gateway->vm_size,
        .adopt_group = settings->adopt_group,
        .verify_revocation = settings->revocation,
        .enforce_tls12 = settings->tls12,
        .serve_content = settings->content,
        .client_authorities = (uint32_t)settings->authority_count,
        .tags = (uint32_t)cmg__json_size(settings->tags),
    };
    return CMG_OK;
}

cmg_status cmg_gateway_get_alert(const cmg_gateway *gateway, cmg_alert alert,
                                 cmg_alert_settings *out_alert, cmg_error **err)
{
    cmg_status rc =
        cmg__check(gateway == NULL ? NULL : &gateway->head, CMG__TAG_GATEWAY, err);

    if (rc == CMG_OK)
        rc = cmg__tagged_room(out_alert, sizeof *out_alert, "out_alert", err);
    if (rc == CMG_OK && alert != CMG_ALERT_TRAFFIC && alert != CMG_ALERT_STORAGE)
        rc = cmg__fail(err, &gateway->head.ctx->alloc, CMG_E_INVAL, "alert",
                       "use CMG_ALERT_TRAFFIC or CMG_ALERT_STORAGE",
                       "there is no alert %d", (int)alert);
    if (rc != CMG_OK)
        return rc;
    const struct cmg__alert *from = alert == CMG_ALERT_TRAFFIC
                                        ? &gateway->settings.traffic
                                        : &gateway->settings.storage;
    *out_alert = (cmg_alert_settings){
        .size = out_alert->size,
        .enabled = from->enabled,
        .stop_service = from->stop,
        .gigabytes = from->gigabytes,
        .warning_percent = from->warning_percent,
        .critical_percent = from->critical_percent,
    };
    return CMG_OK;
}

cmg_certificate *cmg_gateway_client_authority(const cmg_gateway *gateway, uint32_t index)
{
    const struct cmg__settings *settings = settings_of(gateway);

    return settings != NULL && index < settings->authority_count
               ? settings->authorities[index]
               : NULL;
}

static const char *tag_at(const cmg_gateway *gateway, uint32_t index, bool want_name)
{
    const struct cmg__settings *settings = settings_of(gateway);
    void *iter = NULL;
    const char *name = NULL;
    struct cmg__json *value = NULL;

    while (settings != NULL && cmg__json_next(settings->tags, &iter, &name, &value)) {
        if (index-- == 0)
            return want_name ? name : cmg__json_str(value, "");
    }
    return NULL;
}

const char *cmg_gateway_tag_name(const cmg_gateway *gateway, uint32_t index)
{
    return tag_at(gateway, index, true);
}

const char *cmg_gateway_tag_value(const cmg_gateway *gateway, uint32_t index)
{
    return tag_at(gateway, index, false);
}
