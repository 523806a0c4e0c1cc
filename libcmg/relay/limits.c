/* The defaults of the relay's limits; doc/relay.md tells where they come from. */
#include "relay/limits.h"

const struct cmg__relay_limits cmg__relay_default_limits = {
    .connections = 10000,
    .channels = 64,
    .handshakes = 256,
    .streams = 248,
    .queue = 100,
    .discard_bytes = 64 * 1024,
    .queue_ms = 5000,
    .handshake_ms = 10000,
    .hello_ms = 10000,
    .first_byte_ms = 120000,
    .slow_ms = 60000,
    .body_rate = 1024,
    .stall_ms = 120000,
    .certificate_ms = 300000,
    .connect_ms = 10000,
    .backoff_base_ms = 1000,
    .backoff_cap_ms = 60000,
    .settled_ms = 60000,
    .keys_ms = 12 * 3600 * 1000,
    .keys_unknown_ms = 300000,
};
