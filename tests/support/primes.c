/*
 * Most of the time of many tests would go into the search for the primes of RSA keys: the
 * sandbox alone makes such a key at each start. A program is linked with
 * --wrap=mbedtls_rsa_gen_key for this: the first test that needs a key searches, later
 * ones (processes forked from the same runner) take its primes. No process gets the same
 * primes twice, and no other program gets them.
 */
#include <mbedtls/rsa.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

int __real_mbedtls_rsa_gen_key(mbedtls_rsa_context *rsa,
                               int (*rng)(void *, unsigned char *, size_t), void *rng_ctx,
                               unsigned bits, int exponent);
int __wrap_mbedtls_rsa_gen_key(mbedtls_rsa_context *rsa,
                               int (*rng)(void *, unsigned char *, size_t), void *rng_ctx,
                               unsigned bits, int exponent);

enum { PAIRS = 64, PRIME_BYTES_MAX = 256, EXPONENT = 65537 };
enum state { FREE, SEARCHED, FOUND };

struct pair {
    _Atomic enum state state;
    unsigned bits;
    uint8_t p[PRIME_BYTES_MAX], q[PRIME_BYTES_MAX];
};

/* Shared by the runner and its tests; all zero at first. */
static struct pair *pairs;
/* By this process. */
static atomic_bool taken[PAIRS];

__attribute__((constructor)) static void share(void)
{
    void *memory = mmap(NULL, PAIRS * sizeof *pairs, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    pairs = memory != MAP_FAILED ? memory : NULL;
}

/* A pair of that size which this process has not had, or NULL. */
static struct pair *take(unsigned bits)
{
    for (size_t i = 0; i < PAIRS; i++)
        if (atomic_load(&pairs[i].state) == FOUND && pairs[i].bits == bits &&
            !atomic_exchange(&taken[i], true))
            return &pairs[i];
    return NULL;
}

/* Where a pair can be left, taken already, or NULL. */
static struct pair *reserve(void)
{
    for (size_t i = 0; i < PAIRS; i++) {
        enum state expected = FREE;
        if (atomic_compare_exchange_strong(&pairs[i].state, &expected, SEARCHED)) {
            atomic_store(&taken[i], true);
            return &pairs[i];
        }
    }
    return NULL;
}

static int compose(mbedtls_rsa_context *rsa, const struct pair *pair)
{
    static const uint8_t exponent[] = { 1, 0, 1 };
    const size_t n = pair->bits / 16;
    const int ret = mbedtls_rsa_import_raw(rsa, NULL, 0, pair->p, n, pair->q, n, NULL, 0,
                                           exponent, sizeof exponent);

    return ret != 0 ? ret : mbedtls_rsa_complete(rsa);
}

int __wrap_mbedtls_rsa_gen_key(mbedtls_rsa_context *rsa,
                               int (*rng)(void *, unsigned char *, size_t), void *rng_ctx,
                               unsigned bits, int exponent)
{
    if (pairs == NULL || exponent != EXPONENT || bits / 16 > PRIME_BYTES_MAX)
        return __real_mbedtls_rsa_gen_key(rsa, rng, rng_ctx, bits, exponent);
    const struct pair *found = take(bits);
    if (found != NULL)
        return compose(rsa, found);
    struct pair *pair = reserve();
    int ret = __real_mbedtls_rsa_gen_key(rsa, rng, rng_ctx, bits, exponent);
    if (pair == NULL)
        return ret;
    pair->bits = bits;
    if (ret == 0)
        ret = mbedtls_rsa_export_raw(rsa, NULL, 0, pair->p, bits / 16, pair->q, bits / 16,
                                     NULL, 0, NULL, 0);
    atomic_store(&pair->state, ret == 0 ? FOUND : FREE);
    return ret;
}
