/* The retry policy: the table of retry.h as code. */
#include "deploy/retry.h"

static bool is_passing(const struct cmg__exchange *exchange, int status)
{
    return status != 0 &&
           (exchange->passing[0] == status || exchange->passing[1] == status);
}

static bool is_wanted(const struct cmg__exchange *exchange, int status)
{
    const struct cmg__call *call = cmg__call_get(exchange->call);

    for (size_t i = 0; i < CMG__ARRAY_LEN(exchange->also); i++) {
        if (status != 0 && exchange->also[i] == status)
            return true;
    }
    return call != NULL && cmg__call_is_ok(call, status);
}

/* Nobody knows whether the request was carried out. */
static enum cmg__verdict judge_unknown(const struct cmg__exchange *exchange)
{
    const struct cmg__call *call = cmg__call_get(exchange->call);
    bool repeatable =
        call == NULL || call->retry == CMG__CLASS_READ || call->retry == CMG__CLASS_NAMED;

    if (repeatable)
        return CMG__VERDICT_AGAIN;
    return exchange->look != NULL ? CMG__VERDICT_LOOK : CMG__VERDICT_FAIL;
}

enum cmg__verdict cmg__retry_judge(const struct cmg__outcome *outcome)
{
    const struct cmg__exchange *exchange = outcome->exchange;
    cmg_retry retry = cmg_error_retry(outcome->error);

    if (is_wanted(exchange, outcome->status))
        return CMG__VERDICT_READ;
    if (cmg_error_code(outcome->error) == CMG_E_NOMEM)
        return CMG__VERDICT_FAIL;
    if (outcome->status == 401 && !outcome->token_renewed)
        return CMG__VERDICT_TOKEN;
    if ((outcome->status == 404 && exchange->replicates) ||
        is_passing(exchange, outcome->status))
        return CMG__VERDICT_AGAIN;
    if (retry == CMG_RETRY_LATER)
        return CMG__VERDICT_AGAIN;
    if (retry == CMG_RETRY_TRANSIENT)
        return judge_unknown(exchange);
    return CMG__VERDICT_FAIL;
}

int64_t cmg__poll_delay_ms(unsigned polls, int64_t hint_ms)
{
    if (hint_ms >= 0)
        return hint_ms < 1000 ? 1000 : hint_ms;
    return polls < 6 ? (int64_t)100 << polls : 5000;
}
