/*
 * Compiler attributes and tiny macros. The only place where the source uses what C17 does
 * not have.
 */
#ifndef CMG_BASE_COMPILER_H
#define CMG_BASE_COMPILER_H

#if defined(__GNUC__)
#define CMG__PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CMG__UNUSED            __attribute__((unused))
#define CMG__NODISCARD         __attribute__((warn_unused_result))
#else
#define CMG__PRINTF(fmt, args)
#define CMG__UNUSED
#define CMG__NODISCARD
#endif

#define CMG__ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* From a member's address to its container's. */
#define CMG__CONTAINER(ptr, type, member)                                                \
    ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
