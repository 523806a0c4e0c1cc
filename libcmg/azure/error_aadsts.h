/* The numbered errors of Entra ID. */
#ifndef CMG_AZURE_ERROR_AADSTS_H
#define CMG_AZURE_ERROR_AADSTS_H

#include "azure/error_codes.h"

/* code "AADSTS7000215"; NULL when it is none or not known. */
const struct cmg__azure_known *cmg__azure_aadsts_find(const char *code);

#endif
