/*
 * The verifier on any bytes: an AlgorithmIdentifier, a SubjectPublicKeyInfo and the rest
 * as the signature over a fixed text. An algorithm that is read must survive being
 * written, and what the strict verifier accepts the other one must accept, too.
 */
#include "crypto/signature.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void write_again(const struct cmg__signature_algorithm *algorithm)
{
    struct cmg__signature_algorithm again;
    struct cmg__der_writer w;
    struct cmg__buf der;

    cmg__buf_init(&der, &cmg__alloc_libc, 256);
    cmg__der_write_init(&w, &der);
    cmg__signature_algorithm_put(&w, algorithm);
    require(w.rc == CMG_OK);
    struct cmg__span in = cmg__span_of(der.data, der.len);
    require(cmg__signature_algorithm_take(&in, &again) && in.n == 0);
    require(again.algorithm == algorithm->algorithm && again.hash == algorithm->hash &&
            again.salt_len == algorithm->salt_len);
    cmg__buf_done(&der);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cmg__span in = cmg__span_of(data, size);
    struct cmg__signature_algorithm algorithm;
    struct cmg__der_item spki;

    if (!cmg__signature_algorithm_take(&in, &algorithm))
        return 0;
    write_again(&algorithm);
    if (!cmg__der_next(&in, &spki))
        return 0;
    const struct cmg__span text = cmg__span_of("text", 4);
    const cmg_status strict = cmg__key_verify(spki.whole, &algorithm, text, in);
    const cmg_status weak = cmg__key_verify_weak(spki.whole, &algorithm, text, in);
    require(strict == CMG_OK || strict == CMG_E_CERT);
    require(weak == CMG_OK || weak == CMG_E_CERT);
    require(strict != CMG_OK || weak == CMG_OK);
    return 0;
}
