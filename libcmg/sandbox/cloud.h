/*
 * The sandbox's cloud: one JSON tree with everything that exists in it, and the few
 * values that are derived from the tree (signing key, key set). No sockets, no threads: a
 * cloud answers request values (call.h) and is tested so. One thread changes it; while
 * that thread holds the owner's mutex for a change, no other may read.
 *
 * The tree has one object per kind of thing ("applications", "resources", ...), keyed by
 * what it is looked up with. Members whose names begin with '_' are the sandbox's own and
 * leave no answer. Every request but GET and HEAD marks the cloud dirty, and so does what
 * time alone finishes; whoever asked saves it.
 */
#ifndef CMG_SANDBOX_CLOUD_H
#define CMG_SANDBOX_CLOUD_H

#include "azure/cloud.h"
#include "base/env.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto/hash.h"
#include "crypto/jwt.h"
#include "sandbox/people.h"

struct cmg__sb_pki;

struct cmg__sb_throttle {
    uint32_t every; /* 0: nobody is sent away */
    uint32_t seen;
    uint32_t retry_after_ms;
};

/* What is to become of the next long-running operation. */
enum cmg__sb_operation_fault {
    CMG__SB_OPERATION_GOOD,
    CMG__SB_OPERATION_FAILS,
    CMG__SB_OPERATION_EXPIRES,
    CMG__SB_OPERATION_STUCK,
    CMG__SB_OPERATION_CANCELED
};

/* Requests that are left of a kind, in thousandths, and when that was. */
struct cmg__sb_bucket {
    int64_t left;
    int64_t at_ms;
};

struct cmg__sb_cloud {
    const struct cmg__alloc *alloc;
    const struct cmg__env *env;
    const struct cmg__cloud *names; /* hosts of the public cloud */
    struct cmg__json *state;
    char *state_path; /* NULL: kept in memory only */
    struct cmg__key *signing_key;
    struct cmg__jwks *jwks;
    struct cmg__json *keys; /* the same key set as JSON */
    int64_t operation_ms;
    bool dirty;
    bool oom; /* a change could not be made whole; the request fails with 500 */
    /* Does instance i of a scale set answer? NULL: no processes, none does. */
    bool (*is_running)(void *user, const char *scale_set_id, unsigned instance);
    void *running_user;
    struct cmg__json *issuers; /* outside ones with their keys; NULL: none. Not kept. */
    int64_t replication_ms;    /* 0: there is one replica */
    struct cmg__json *late;    /* what the other one does not know; see replica.c */
    bool late_turn;            /* it answered last */
    struct cmg__sb_throttle throttle;
    struct cmg__sb_people people; /* not kept */
    struct cmg__json *activity;   /* what was changed by whom; NULL: nothing. Not kept. */
    struct cmg__json *settings;   /* what a host set by name; NULL: nothing. Not kept. */
    enum cmg__sb_operation_fault operation_fault; /* taken by the next one */
    struct cmg__sb_bucket buckets[3];             /* reads, writes, deletes */
    struct cmg__json *contents; /* of blobs, for a cloud in memory; see blob_content.c */
    /* Not kept either: */
    bool rollover;               /* the next request finds another signing key */
    bool by_call;                /* sign-ins wait for a decision */
    struct cmg__json *decisions; /* code -> approved; NULL: none */
    bool challenge;              /* the service of this request begins to demand */
    unsigned demanding;          /* services that demand, a bit each */
    struct cmg__sb_pki *pki;     /* beside the tree: see pki.h; never NULL */
};

struct cmg__sb_birth {
    const char *state_path; /* read when it is there; NULL for none */
    const char *tenant_id;  /* the rest as in cmg_sandbox_settings */
    const char *domain;
    const char *subscription_id;
    int64_t operation_ms;
};

cmg_status cmg__sb_cloud_new(const struct cmg__alloc *alloc, const struct cmg__env *env,
                             const struct cmg__sb_birth *birth,
                             struct cmg__sb_cloud **out, cmg_error **err);
void cmg__sb_cloud_free(struct cmg__sb_cloud *cloud);
/* Writes the tree when it is dirty. */
cmg_status cmg__sb_cloud_save(struct cmg__sb_cloud *cloud, cmg_error **err);

/* Another key signs from now on; the former ones stay published. */
void cmg__sb_cloud_rollover(struct cmg__sb_cloud *cloud);

/* Equal without case; NULL equals nothing. */
bool cmg__sb_same(const char *a, const char *b);
int64_t cmg__sb_now_ms(const struct cmg__sb_cloud *cloud); /* wall clock */
/* A text of the tree's top level: "tenant_id", "domain", ... Never NULL. */
const char *cmg__sb_fact(const struct cmg__sb_cloud *cloud, const char *name);
/* The tenant's verified domains: the initial one, then others; false beyond the last. */
bool cmg__sb_domain(const struct cmg__sb_cloud *cloud, size_t i, char out[254]);
bool cmg__sb_domain_is_known(const struct cmg__sb_cloud *cloud, const char *domain);
/* The object of one kind of thing; never NULL after cmg__sb_cloud_new. */
struct cmg__json *cmg__sb_table(const struct cmg__sb_cloud *cloud, const char *name);
/* table[key], or NULL */
struct cmg__json *cmg__sb_find(const struct cmg__sb_cloud *cloud, const char *table,
                               const char *key);
/* The entry of a table whose member has that text (compared without case), or NULL. */
struct cmg__json *cmg__sb_find_by(const struct cmg__sb_cloud *cloud, const char *table,
                                  const char *member, const char *value);

/* For the tree and for answers alike: the value's reference is taken over; failure sets
 * oom. */
void cmg__sb_set(struct cmg__sb_cloud *cloud, struct cmg__json *object, const char *key,
                 struct cmg__json *value);
void cmg__sb_set_str(struct cmg__sb_cloud *cloud, struct cmg__json *object,
                     const char *key, const char *value);
void cmg__sb_set_int(struct cmg__sb_cloud *cloud, struct cmg__json *object,
                     const char *key, int64_t value);
void cmg__sb_append(struct cmg__sb_cloud *cloud, struct cmg__json *array,
                    struct cmg__json *value);

/* A fresh random GUID; on failure of the source, oom is set and the GUID is all zeros. */
void cmg__sb_guid(struct cmg__sb_cloud *cloud, char out[CMG__GUID_SIZE]);
/* n random bytes as 2n hexadecimal digits; out holds 2n+1. n at most 64. */
void cmg__sb_random_hex(struct cmg__sb_cloud *cloud, size_t n, char *out);
/* Now (or a time in ms since 1970) as an ISO 8601 string value. */
struct cmg__json *cmg__sb_time(int64_t unix_ms);

/* A deep copy without members that begin with '_'; NULL when memory ran out. */
struct cmg__json *cmg__sb_public(const struct cmg__json *value);

#endif
