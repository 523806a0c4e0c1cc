/*
 * The internet client of the quickstart: what goes through the gateway, what is refused,
 * and a table of it.
 */
#include "quickstart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum identity { NONE, CERTIFICATE, TOKEN, FOREIGN };

struct request {
    const char *what;
    enum identity identity;
    const char *method;
    const char *proxy;    /* first segment */
    const char *endpoint; /* below the role id */
    size_t body_size;
    int least, most; /* status that is right */
};

static const struct request requests[] = {
    { "site signing certificate", CERTIFICATE, "GET", "CCM_Proxy_MutualAuth",
      "SMS_MP/.sms_aut?SITESIGNCERT", 0, 200, 200 },
    { "client message", CERTIFICATE, "CCM_POST", "CCM_Proxy_MutualAuth",
      "CCM_System/request", 200000, 200, 200 },
    { "site signing certificate", TOKEN, "GET", "CCM_Proxy_ServerAuth",
      "SMS_MP/.sms_aut?SITESIGNCERT", 0, 200, 200 },
    { "no certificate", NONE, "GET", "CCM_Proxy_MutualAuth",
      "SMS_MP/.sms_aut?SITESIGNCERT", 0, 401, 403 },
    { "no token", NONE, "GET", "CCM_Proxy_ServerAuth", "SMS_MP/.sms_aut?SITESIGNCERT", 0,
      401, 403 },
    { "certificate of a foreign CA", FOREIGN, "GET", "CCM_Proxy_MutualAuth",
      "SMS_MP/.sms_aut?SITESIGNCERT", 0, 401, 403 },
    { "path that is not published", CERTIFICATE, "GET", "CCM_Proxy_MutualAuth",
      "ApiRemoting30/WebServices.asmx", 0, 404, 404 },
};

static const char *const identity_names[] = { "none", "certificate", "token",
                                              "foreign CA" };

struct answer {
    bool over;
    int status;
    size_t bytes;
    double seconds;
    bool same_body; /* what was sent came back */
    char instance[32], connector[64];
    char problem[256];
};

struct exchange {
    const char *body;
    size_t body_size;
    struct answer answer;
};

/* "1.1 connector-1, 1.1 cmg-0": the last hop is the instance. */
static void read_via(const char *via, struct answer *a)
{
    char first[64] = "";
    char second[64] = "";

    switch (sscanf(via, "%*s %63[^,], %*s %63s", first, second)) {
    case 2:
        snprintf(a->connector, sizeof a->connector, "%s", first);
        snprintf(a->instance, sizeof a->instance, "%.31s", second);
        break;
    case 1:
        snprintf(a->instance, sizeof a->instance, "%.31s", first);
        break;
    default:
        break;
    }
}

static void on_answer(cmg_client *client, const cmg_client_response *response,
                      const cmg_error *err, void *user)
{
    struct exchange *x = user;

    (void)client;
    x->answer.over = true;
    if (response == NULL) {
        snprintf(x->answer.problem, sizeof x->answer.problem, "%s",
                 cmg_error_message(err));
        return;
    }
    x->answer.status = response->status;
    x->answer.bytes = response->body_size;
    x->answer.seconds = (double)response->elapsed_ms / 1000;
    x->answer.same_body = response->body_size == x->body_size && x->body_size > 0 &&
                          memcmp(response->body, x->body, x->body_size) == 0;
    read_via(response->via, &x->answer);
}

struct credentials {
    cmg_certificate *foreign;
    cmg_bytes *token;
};

static cmg_status make_credentials(struct quickstart *q, struct credentials *c,
                                   cmg_error **err)
{
    const cmg_certificate_request request = { .size = sizeof request,
                                              .profile = CMG_PROFILE_CLIENT,
                                              .common_name = "client-1",
                                              .days = 365 };
    cmg_authority *foreign = NULL;
    cmg_status rc = cmg_authority_new(q->ctx, "Foreign CA", &foreign, err);

    if (rc == CMG_OK)
        rc = cmg_authority_issue(foreign, &request, &c->foreign, err);
    if (rc == CMG_OK)
        rc = cmg_sandbox_issue_token(
            q->sandbox, cmg_client_app_client_id(cmg_gateway_client_app(q->gateway)),
            cmg_server_app_id_uri(cmg_gateway_server_app(q->gateway)), &c->token, err);
    cmg_authority_unref(foreign);
    return rc;
}

static cmg_status identify(struct quickstart *q, cmg_client *client,
                           enum identity identity, const struct credentials *c,
                           cmg_error **err)
{
    switch (identity) {
    case CERTIFICATE:
        return cmg_client_set_certificate(client, q->client, err);
    case FOREIGN:
        return cmg_client_set_certificate(client, c->foreign, err);
    case TOKEN:
        return cmg_client_set_token(client, cmg_bytes_data(c->token),
                                    cmg_bytes_size(c->token), err);
    case NONE:
    default:
        return CMG_OK;
    }
}

static cmg_status send_one(struct quickstart *q, const struct request *r,
                           const struct credentials *c, struct exchange *x,
                           cmg_error **err)
{
    char target[512];
    cmg_client *client = NULL;

    snprintf(target, sizeof target, "/%s/%s/%s", r->proxy,
             cmg_gateway_role_id(q->gateway, 0), r->endpoint);
    cmg_status rc =
        cmg_client_new(q->ctx, cmg_gateway_service_name(q->gateway), 443, &client, err);

    if (rc == CMG_OK)
        rc = identify(q, client, r->identity, c, err);
    if (rc == CMG_OK)
        rc = cmg_client_request(client, r->method, target, x->body, x->body_size,
                                on_answer, x, err);
    while (rc == CMG_OK && !x->answer.over)
        rc = quickstart_turn(q, CMG_FOREVER, err);
    cmg_client_unref(client);
    return rc;
}

static bool show(struct quickstart *q, const struct request *r, const struct answer *a)
{
    bool right = a->status >= r->least && a->status <= r->most &&
                 (r->body_size == 0 || a->same_body);

    printf("%-5s  %-27s  %-8s  %-11s  %-8s  %-11s  %-17s  %6d  %6zu  %5.3f s\n",
           right ? "right" : "WRONG", r->what, r->method, identity_names[r->identity],
           a->instance, a->connector,
           *a->connector != '\0' ? cmg_gateway_role_id(q->gateway, 0) : "", a->status,
           a->bytes, a->seconds);
    if (*a->problem != '\0')
        printf("  %s\n", a->problem);
    return right;
}

static char *make_body(size_t size)
{
    char *body = malloc(size + 1);

    for (size_t i = 0; body != NULL && i < size; i++)
        body[i] = (char)('a' + i % 23);
    return body;
}

cmg_status quickstart_send_requests(struct quickstart *q, cmg_error **err)
{
    struct credentials c = { 0 };
    cmg_bytes *root = NULL;
    unsigned wrong = 0;
    cmg_status rc = make_credentials(q, &c, err);

    /* The client trusts the authority that issued the gateway's certificate. */
    if (rc == CMG_OK)
        rc = cmg_certificate_export_pem(cmg_authority_certificate(q->authority), &root,
                                        err);
    if (rc == CMG_OK)
        rc = cmg_context_add_ca_pem(q->ctx, cmg_bytes_data(root), cmg_bytes_size(root),
                                    err);
    if (rc == CMG_OK)
        printf("\n%-5s  %-27s  %-8s  %-11s  %-8s  %-11s  %-17s  %6s  %6s  %7s\n", "",
               "request", "method", "client", "instance", "connector", "role", "status",
               "bytes", "time");
    for (size_t i = 0; i < sizeof requests / sizeof requests[0] && rc == CMG_OK; i++) {
        char *body = requests[i].body_size > 0 ? make_body(requests[i].body_size) : NULL;
        struct exchange x = { .body = body, .body_size = requests[i].body_size };

        rc = send_one(q, &requests[i], &c, &x, err);
        if (rc == CMG_OK)
            wrong += show(q, &requests[i], &x.answer) ? 0 : 1;
        free(body);
    }
    cmg_bytes_unref(root);
    cmg_bytes_unref(c.token);
    cmg_certificate_unref(c.foreign);
    if (rc == CMG_OK)
        printf("what is to be answered was answered, what is to be refused was refused: "
               "%s\n",
               wrong == 0 ? "yes" : "NO");
    if (rc == CMG_OK && wrong > 0) {
        fprintf(stderr, "error: %u requests came out wrong\n", wrong);
        rc = CMG_E_PROTO;
    }
    return rc;
}
