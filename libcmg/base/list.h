/*
 * Intrusive doubly linked list; the head is a node that points to itself when empty.
 */
#ifndef CMG_BASE_LIST_H
#define CMG_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct cmg__list {
    struct cmg__list *next, *prev;
};

static inline void cmg__list_init(struct cmg__list *head)
{
    head->next = head->prev = head;
}

static inline bool cmg__list_is_empty(const struct cmg__list *head)
{
    return head->next == head;
}

static inline void cmg__list_add_tail(struct cmg__list *head, struct cmg__list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* Leaves the node pointing to itself, so that removing twice is harmless. */
static inline void cmg__list_remove(struct cmg__list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    cmg__list_init(node);
}

/* Safe against removal of the current node. */
#define CMG__LIST_FOREACH(node, after, head)                                             \
    for (struct cmg__list *node = (head)->next, *after = node->next; node != (head);     \
         node = after, after = node->next)

#endif
