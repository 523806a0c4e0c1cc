/* The HTTP/1.1 response parser on any bytes; the same properties as for requests. */
#define FUZZ_RESPONSE true
#include "fuzz_http1.c"
