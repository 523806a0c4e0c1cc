/* Text or bytes laid out for the intake of certificates; for the suites of it. */
#ifndef TESTS_CRYPTO_TRAY_H
#define TESTS_CRYPTO_TRAY_H

#include "crypto/pki.h"

#include "crypto/intake.h"

struct tray {
    struct pki pki;
    struct cmg__buf text; /* what is taken in */
};

void tray_init(struct tray *b);
void tray_done(struct tray *b);
void tray_add_text(struct tray *b, const char *text);
void tray_add(struct tray *b, const void *data, size_t n);
/* PEM: r root, l leaf, k key of the leaf, e the same encrypted under "secret", K key of
   the root. */
void tray_add_part(struct tray *b, char part);
/* Takes the text in, with the password "secret", and sorts. */
cmg_status tray_take(struct tray *b, struct cmg__intake *intake, cmg_error **err);
/* The same; first is the common name of the first certificate. */
void tray_expect(struct tray *b, const char *first, bool key, size_t count);
/* The same; it must fail with words in its message. */
void tray_refuse(struct tray *b, cmg_status status, const char *words);

#endif
