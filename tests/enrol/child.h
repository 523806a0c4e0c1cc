/* Peers that are programs of their own: they listen on loopback and end with the test. */
#ifndef TESTS_ENROL_CHILD_H
#define TESTS_ENROL_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Ports that were free a moment ago, all different; at most 8. */
void child_choose_ports(uint16_t *ports, size_t count);
/* The child ends with its parent; what it says goes to a file. */
pid_t child_spawn(const char *const *argv, const char *log);
bool child_is_open(uint16_t port);

#endif
