/*
 * What becomes of an enrolment whose request was refused: some refusals only change the
 * way, the others are told. A nonce that is not taken is replaced at once, a few times.
 */
#include "enrol/acme_data.h"

#include <string.h>

#include "base/str.h"

#define NONCES_MAX 3

/* What a refusal means in a phase; the first row that fits. */
enum turn {
    TURN_FAIL,
    TURN_ACCOUNT,
    TURN_NEW_ACCOUNT,
    TURN_NEW_ORDER,
    TURN_ORDER,
    TURN_NO_RENEWAL,
    TURN_DOUBT
};

static const struct turn_rule {
    enum cmg__acme_phase phase;
    const char *type; /* NULL: any that says no for good */
    enum turn turn;
} turn_rules[] = {
    { CMG__ACME_RENEWAL, NULL, TURN_ACCOUNT },
    { CMG__ACME_NEW_ORDER, "alreadyReplaced", TURN_NO_RENEWAL },
    { CMG__ACME_FINALIZE, "orderNotReady", TURN_ORDER },
    { CMG__ACME_ANSWER, "malformed", TURN_DOUBT },
    { CMG__ACME_LOOK, NULL, TURN_NEW_ORDER },
    { CMG__ACME_LIST, NULL, TURN_NEW_ORDER },
    { CMG__ACME_CANDIDATE, NULL, TURN_NEW_ORDER },
};

static enum turn turn_of(const struct cmg__acme *m, const char *type, int status)
{
    const bool final = status < 500 && status != 429 && strcmp(type, "rateLimited") != 0;

    /* Of an earlier run, and not there any more: the account, the order. */
    if (m->known && strcmp(type, "accountDoesNotExist") == 0)
        return TURN_NEW_ACCOUNT;
    if (m->phase == CMG__ACME_ORDER && m->found && (status == 404 || status == 410))
        return TURN_NEW_ORDER;
    for (size_t i = 0; i < CMG__ARRAY_LEN(turn_rules); i++) {
        const struct turn_rule *rule = &turn_rules[i];

        if (rule->phase == m->phase &&
            (rule->type == NULL ? final : strcmp(rule->type, type) == 0))
            return rule->turn;
    }
    return TURN_FAIL;
}

static void take_turn(struct cmg__acme *m, struct cmg__enrol_case *c, enum turn turn)
{
    if (turn == TURN_NEW_ORDER) {
        cmg__acme_forget_order(m);
        m->look = false;
        m->phase = CMG__ACME_NEW_ORDER;
    } else if (turn == TURN_NEW_ACCOUNT) {
        cmg__acme_forget_order(m);
        cmg__free(m->alloc, m->account);
        m->account = NULL;
        m->known = false;
        m->look = false;
        m->phase = CMG__ACME_ACCOUNT;
    } else if (turn == TURN_ACCOUNT) {
        cmg__acme_go_to_account(m);
    } else if (turn == TURN_ORDER) {
        m->phase = CMG__ACME_ORDER;
        m->wait_ms = cmg__enrol_poll_ms(c, NULL, 1000);
    } else if (turn == TURN_NO_RENEWAL) {
        cmg__free(m->alloc, m->replaces);
        m->replaces = NULL;
    }
}

cmg_status cmg__acme_refused(struct cmg__acme *m, struct cmg__enrol_case *c,
                             const struct cmg__http_response *resp,
                             const struct cmg__json *json, const char *what,
                             cmg_error **err)
{
    const int64_t wait_ms = cmg__http_retry_after_ms(resp, cmg__env_unix_s(c->env));
    struct cmg__acme_problem problem;

    cmg__acme_problem_read(json, &problem);
    if (strcmp(problem.type, "badNonce") == 0 && m->bad_nonces++ < NONCES_MAX)
        return CMG_OK;
    m->bad_nonces = 0;
    const enum turn turn =
        m->asked_nonce ? TURN_FAIL : turn_of(m, problem.type, resp->status);
    cmg__acme_line(problem.detail, c->message, sizeof c->message);
    cmg_error **to = turn == TURN_DOUBT ? &m->doubt : err;
    if (turn == TURN_FAIL || turn == TURN_DOUBT) {
        const cmg_status rc = cmg__acme_problem_fail(m, &problem, resp->status,
                                                     wait_ms > 0 ? wait_ms : 0, what, to);

        return turn == TURN_FAIL ? rc : cmg__acme_read_answer(m, c, resp, json, err);
    }
    take_turn(m, c, turn);
    return CMG_OK;
}
