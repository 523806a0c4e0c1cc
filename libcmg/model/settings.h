/*
 * The settings of a gateway that are no single value of the specification's table: lists
 * of authorities, tags, alerts; their defaults, and the cloud.
 */
#ifndef CMG_MODEL_SETTINGS_H
#define CMG_MODEL_SETTINGS_H

#include "model/gateway.h"

/* Before the document is read. */
void cmg__settings_init(struct cmg__settings *settings);
void cmg__settings_free(cmg_gateway *gateway);
/* What the table has not read, and what needs more than one field. */
cmg_status cmg__settings_read(cmg_gateway *gateway, const char *document,
                              const struct cmg__json *doc, cmg_error **err);
/* CMG_E_INVAL when the context works with another cloud than the document names. */
cmg_status cmg__settings_check_cloud(const cmg_gateway *gateway, const char *document,
                                     const struct cmg__json *doc, cmg_error **err);
/* Puts authorities and tags into the object "/gateway" of a document. */
CMG__NODISCARD cmg_status cmg__settings_write(const cmg_gateway *gateway,
                                              struct cmg__json *object);
/* "AzurePublicCloud", as the vendor calls them. */
bool cmg__cloud_name_is_known(const char *name);
/* Appends the authorities of clients that the settings name as PEM. */
CMG__NODISCARD cmg_status cmg__settings_authorities_pem(const cmg_gateway *gateway,
                                                        struct cmg__buf *out);

#endif
