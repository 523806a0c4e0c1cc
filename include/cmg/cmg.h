/**
 * @file cmg.h
 * @brief Everything of libcmg but the sandbox, which has cmg/sandbox.h.
 */
#ifndef CMG_CMG_H
#define CMG_CMG_H

#include <cmg/apps.h>
#include <cmg/authority.h>
#include <cmg/certificate.h>
#include <cmg/check.h>
#include <cmg/context.h>
#include <cmg/crl.h>
#include <cmg/csr.h>
#include <cmg/deploy.h>
#include <cmg/discover.h>
#include <cmg/enrol.h>
#include <cmg/error.h>
#include <cmg/expiry.h>
#include <cmg/gateway.h>
#include <cmg/import.h>
#include <cmg/inspect.h>
#include <cmg/drift.h>
#include <cmg/inventory.h>
#include <cmg/key.h>
#include <cmg/pfx.h>
#include <cmg/preflight.h>
#include <cmg/names.h>
#include <cmg/relay.h>
#include <cmg/replace.h>
#include <cmg/rights.h>
#include <cmg/template.h>
#include <cmg/tenant.h>
#include <cmg/types.h>
#include <cmg/usage.h>
#include <cmg/version.h>

#endif
