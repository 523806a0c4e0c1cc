/*
 * What is known about the codes that Entra ID, Graph, Resource Manager, Key Vault and
 * Blob storage put into their refusals: the cause in our words, and what to do.
 */
#ifndef CMG_AZURE_ERROR_CODES_H
#define CMG_AZURE_ERROR_CODES_H

#include <stdbool.h>
#include <cmg/types.h>

struct cmg__azure_known {
    const char *code;  /* "DnsRecordInUse"; NULL in rows of the AADSTS table */
    const char *text;  /* must also stand in the message, without case; NULL for any */
    cmg_status status; /* CMG_OK: the HTTP status decides */
    bool later;        /* goes away by itself, although the HTTP status does not say so */
    const char *cause;
    const char *remedy;
};

/* NULL when nothing is known. code may be "AADSTS" and a number. */
const struct cmg__azure_known *cmg__azure_known_find(const char *code,
                                                     const char *message);
/* A code that only says that something below it failed. */
bool cmg__azure_code_is_wrapper(const char *code);

#endif
