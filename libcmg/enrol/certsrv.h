/* AD CS web enrolment: the certsrv pages as a way to an authority. */
#ifndef CMG_ENROL_CERTSRV_H
#define CMG_ENROL_CERTSRV_H

#include "enrol/method.h"

/* url: of the pages, "https://pki.contoso.com/certsrv" (the path may be left out). */
cmg_status cmg__certsrv_new(const struct cmg__alloc *alloc, const char *url,
                            const char *template_name, struct cmg__enrol_method **out,
                            cmg_error **err);

#endif
