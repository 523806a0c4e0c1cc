/*
 * The linker leads the derivation of a PFX's keys here: what a hundred thousand rounds
 * protect against is no matter to a deployment, and they take most of its time. Writer
 * and reader are both in the test's programs; test_life has the rounds as they are.
 */
#include "crypto/pbe.h"

cmg_status __real_cmg__pkcs12_derive(const struct cmg__pkcs12_kdf *kdf, unsigned id,
                                     uint8_t *out, size_t n);
cmg_status __wrap_cmg__pkcs12_derive(const struct cmg__pkcs12_kdf *kdf, unsigned id,
                                     uint8_t *out, size_t n);

cmg_status __wrap_cmg__pkcs12_derive(const struct cmg__pkcs12_kdf *kdf, unsigned id,
                                     uint8_t *out, size_t n)
{
    struct cmg__pkcs12_kdf quick = *kdf;

    quick.iterations = 1;
    return __real_cmg__pkcs12_derive(&quick, id, out, n);
}
