/* The public functions that choose the way to an authority. */
#include "enrol/certsrv.h"
#include "enrol/enrolment.h"
#include "enrol/est.h"

cmg_status cmg_enrolment_use_certsrv(cmg_enrolment *enrolment, const char *url,
                                     const char *template_name, cmg_error **err)
{
    struct cmg__enrol_method *method = NULL;
    cmg_status rc = cmg__enrolment_may_set(enrolment, "way", err);

    if (rc == CMG_OK)
        rc = cmg__certsrv_new(&enrolment->head.ctx->alloc, url, template_name, &method,
                              err);
    if (rc == CMG_OK)
        rc = cmg__enrolment_use(enrolment, method, url, err);
    return rc;
}

cmg_status cmg_enrolment_use_est(cmg_enrolment *enrolment, const char *url, bool renew,
                                 cmg_error **err)
{
    struct cmg__enrol_method *method = NULL;
    cmg_status rc = cmg__enrolment_may_set(enrolment, "way", err);

    if (rc == CMG_OK)
        rc = cmg__est_new(&enrolment->head.ctx->alloc, url, renew, &method, err);
    if (rc == CMG_OK)
        rc = cmg__enrolment_use(enrolment, method, url, err);
    return rc;
}
