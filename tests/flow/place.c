/* See place.h. */
#include "place.h"

#include "deploy/steps.h"
#include "sandbox/sandbox.h"

#include <stdio.h>
#include <string.h>

cmg_sandbox *place_sandbox(uint32_t operation_ms)
{
    const cmg_sandbox_settings settings = { .size = sizeof settings,
                                            .directory = support_path("sandbox"),
                                            .service_program = IDLE_PROGRAM,
                                            .operation_ms = operation_ms };
    cmg_sandbox *sandbox = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_new(&settings, &sandbox, &err), err);
    return sandbox;
}

static bool always(void *user, const char *scale_set_id, unsigned instance)
{
    (void)user;
    (void)scale_set_id;
    (void)instance;
    return true;
}

cmg_sandbox *place_control_plane(uint32_t operation_ms)
{
    const cmg_sandbox_settings settings = { .size = sizeof settings,
                                            .directory = support_path("sandbox"),
                                            .operation_ms = operation_ms };
    cmg_sandbox *sandbox = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_new(&settings, &sandbox, &err), err);
    (void)pthread_mutex_lock(&sandbox->lock);
    sandbox->cloud->is_running = always;
    cmg__free(sandbox->cloud->alloc, sandbox->cloud->state_path);
    sandbox->cloud->state_path = NULL;
    (void)pthread_mutex_unlock(&sandbox->lock);
    return sandbox;
}

void place_site(cmg_sandbox *sandbox, struct site *out)
{
    const struct {
        char *to;
        size_t size;
        const char *from;
    } fields[] = {
        { out->ca_file, sizeof out->ca_file, cmg_sandbox_ca_file(sandbox) },
        { out->subscription, sizeof out->subscription,
          cmg_sandbox_subscription_id(sandbox) },
        { out->client_id, sizeof out->client_id, cmg_sandbox_client_id(sandbox) },
        { out->client_secret, sizeof out->client_secret,
          cmg_sandbox_client_secret(sandbox) },
        { out->authority_dir, sizeof out->authority_dir, support_path("ca") },
        { out->journal, sizeof out->journal, support_path("contoso.journal") },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(fields); i++)
        (void)snprintf(fields[i].to, fields[i].size, "%s", fields[i].from);
    out->port = cmg_sandbox_port(sandbox);
}

static cmg_status lead(cmg_context *ctx, const struct site *site, cmg_error **err)
{
    static const char *const hosts[] = { "login.microsoftonline.com",
                                         "graph.microsoft.com", "management.azure.com",
                                         "*.vault.azure.net", "*.blob.core.windows.net" };
    cmg_status rc = cmg_context_add_ca_file(ctx, site->ca_file, err);

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(hosts); i++)
        rc = cmg_context_add_address(ctx, hosts[i], 443, "127.0.0.1",
                                     (uint16_t)site->port, err);
    return rc;
}

/* By path instead of by name; Azure's own names lead nowhere. */
static cmg_status lead_by_path(cmg_context *ctx, const struct site *site, cmg_error **err)
{
    static const struct {
        cmg_endpoint which;
        const char *path;
    } endpoints[] = {
        { CMG_ENDPOINT_LOGIN, "" },
        { CMG_ENDPOINT_GRAPH, "" },
        { CMG_ENDPOINT_RESOURCE_MANAGER, "" },
        { CMG_ENDPOINT_VAULT, "/vaults" },
    };
    char url[64];
    cmg_status rc = cmg_context_add_ca_file(ctx, site->ca_file, err);

    for (size_t i = 0; rc == CMG_OK && i < CMG__ARRAY_LEN(endpoints); i++) {
        (void)snprintf(url, sizeof url, "https://localhost:%u%s", site->port,
                       endpoints[i].path);
        rc = cmg_context_set_endpoint(ctx, endpoints[i].which, url, err);
    }
    if (rc == CMG_OK)
        rc = cmg_context_add_address(ctx, "*.com", 443, "127.0.0.1", 1, err);
    if (rc == CMG_OK)
        rc = cmg_context_add_address(ctx, "*.net", 443, "127.0.0.1", 1, err);
    return rc;
}

/* One with applications of its own, signed in as the site says. */
static cmg_status make_gateway(cmg_context *ctx, const struct site *site,
                               const char *name, const char *group, const char *apps,
                               cmg_gateway **out, cmg_error **err)
{
    char json[2048];
    int n = snprintf(
        json, sizeof json,
        "{\"version\":1,\"tenant\":{\"domain\":\"contoso.onmicrosoft.com\","
        "\"subscription_id\":\"%s\"},\"site\":{\"code\":\"PS1\"},"
        "\"server_app\":{\"name\":\"%s-ServerApp\",\"secret_years\":2},"
        "\"client_app\":{\"name\":\"%s-ClientApp\"},"
        "\"gateway\":{\"name\":\"%s\","
        "\"service_name\":\"%s.contoso.com\",\"region\":\"westeurope\","
        "\"resource_group\":\"%s\",\"vm_size\":\"Standard_A2_v2\","
        "\"instances\":2},\"roles\":[{\"id\":\"72057594037937981\","
        "\"type\":\"management_point\",\"url\":\"https://mp.corp.contoso.com\"}]}",
        site->subscription, apps, apps, name, name, group);
    cmg_status rc =
        cmg_gateway_new_from_json(ctx, "contoso.json", json, (size_t)n, out, err);

    if (rc == CMG_OK)
        rc = cmg_tenant_set_client_secret(cmg_gateway_tenant(*out), site->client_id,
                                          site->client_secret,
                                          strlen(site->client_secret), err);
    return rc;
}

cmg_status place_other_gateway(cmg_context *ctx, const struct site *site,
                               const char *name, const char *group, cmg_gateway **out,
                               cmg_error **err)
{
    return make_gateway(ctx, site, name, group, "Other", out, err);
}

cmg_status place_package(cmg_gateway *gateway, unsigned char number, cmg_error **err)
{
    /* An empty gzip archive; the number stands where its time does. */
    const unsigned char archive[] = { 0x1f, 0x8b, 8, 0, number, 0, 0, 0, 0, 3,
                                      3,    0,    0, 0, 0,      0, 0, 0, 0, 0 };

    return cmg_gateway_set_package(gateway, archive, sizeof archive, err);
}

static cmg_status set_authority(struct party *p, const struct site *site, cmg_error **err)
{
    cmg_authority *ca = NULL;
    cmg_status rc =
        cmg_authority_open(p->ctx, site->authority_dir, "Contoso CMG CA", &ca, err);

    if (rc == CMG_OK)
        rc = cmg_gateway_set_authority(p->gateway, ca, err);
    cmg_authority_unref(ca);
    return rc;
}

static cmg_status
make_party(struct party *p, const struct site *site, const cmg_allocator *allocator,
           cmg_status (*to)(cmg_context *, const struct site *, cmg_error **),
           cmg_error **err)
{
    *p = (struct party){ 0 };
    cmg_status rc = cmg_context_new(allocator, &p->ctx, err);
    if (rc == CMG_OK)
        rc = to(p->ctx, site, err);
    if (rc == CMG_OK)
        rc = make_gateway(p->ctx, site, "granitefalls", "cmg-granitefalls", "CMG",
                          &p->gateway, err);
    if (rc == CMG_OK)
        rc = set_authority(p, site, err);
    if (rc != CMG_OK)
        party_done(p);
    return rc;
}

cmg_status party_init(struct party *p, const struct site *site,
                      const cmg_allocator *allocator, cmg_error **err)
{
    return make_party(p, site, allocator, lead, err);
}

cmg_status party_init_by_path(struct party *p, const struct site *site, cmg_error **err)
{
    return make_party(p, site, NULL, lead_by_path, err);
}

void party_without_gateway(struct party *p, const struct site *site)
{
    static const char json[] =
        "{\"version\":1,\"tenant\":{\"domain\":\"contoso.onmicrosoft.com\"},"
        "\"server_app\":{\"name\":\"CMG-ServerApp\"},"
        "\"client_app\":{\"name\":\"CMG-ClientApp\"}}";
    cmg_gateway *apps = NULL;
    cmg_error *err = NULL;

    ck_ok(party_init(p, site, NULL, &err), err);
    ck_ok(cmg_gateway_new_from_json(p->ctx, "apps.json", json, sizeof json - 1, &apps,
                                    &err),
          err);
    ck_ok(cmg_tenant_set_client_secret(cmg_gateway_tenant(apps), site->client_id,
                                       site->client_secret, strlen(site->client_secret),
                                       &err),
          err);
    cmg_gateway_unref(p->gateway);
    p->gateway = apps;
}

cmg_status party_prepare(struct party *p, const struct site *site,
                         cmg_deploy_operation operation, const cmg_deploy_events *events,
                         cmg_error **err)
{
    static const struct cmg__step *steps[64];
    static struct cmg__step_table shorter;

    cmg_deploy_unref(p->deploy);
    p->deploy = NULL;
    cmg_status rc = cmg_deploy_new(p->gateway, operation, &p->deploy, err);
    if (rc == CMG_OK) {
        shorter = (struct cmg__step_table){ .steps = steps };
        for (size_t i = 0; i < p->deploy->table->count; i++) {
            if (p->deploy->table->steps[i] != &cmg__step_answer)
                steps[shorter.count++] = p->deploy->table->steps[i];
        }
        p->deploy->table = &shorter;
    }
    if (rc == CMG_OK)
        rc = cmg_deploy_set_journal_file(p->deploy, site->journal, err);
    if (rc == CMG_OK)
        rc = cmg_deploy_set_events(p->deploy, events, err);
    return rc;
}

cmg_status party_deploy(struct party *p, const struct site *site,
                        cmg_deploy_operation operation, const cmg_deploy_events *events,
                        cmg_error **err)
{
    cmg_status rc = party_prepare(p, site, operation, events, err);

    return rc == CMG_OK ? cmg_deploy_run(p->deploy, err) : rc;
}

void party_done(struct party *p)
{
    cmg_deploy_unref(p->deploy);
    cmg_gateway_unref(p->gateway);
    cmg_context_unref(p->ctx);
    *p = (struct party){ 0 };
}

static void check_counts(cmg_sandbox *sandbox, const uint64_t *expected)
{
    static const struct {
        cmg_sandbox_kind kind;
        const char *name;
    } kinds[] = {
        { CMG_SANDBOX_APPLICATIONS, "applications" },
        { CMG_SANDBOX_SERVICE_PRINCIPALS, "service principals" },
        { CMG_SANDBOX_GRANTS, "grants" },
        { CMG_SANDBOX_RESOURCE_GROUPS, "resource groups" },
        { CMG_SANDBOX_RESOURCES, "resources" },
        { CMG_SANDBOX_SECRETS, "secrets" },
        { CMG_SANDBOX_DELETED, "deleted" },
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++) {
        uint64_t found = cmg_sandbox_count(sandbox, kinds[i].kind);
        ck_assert_msg(found == expected[i], "%s: %llu instead of %llu", kinds[i].name,
                      (unsigned long long)found, (unsigned long long)expected[i]);
    }
}

/* Two applications with principal and consent each; in the group a vault, and of the
   template: security group, network, public address, balancer, scale set, storage. */
void place_check_one_of_each(cmg_sandbox *sandbox)
{
    static const uint64_t expected[] = { 2, 2, 2, 1, PLACE_RESOURCES, 1, 0 };

    check_counts(sandbox, expected);
}

void place_check_nothing(cmg_sandbox *sandbox)
{
    static const uint64_t expected[7] = { 0 };

    check_counts(sandbox, expected);
}

void place_refuse_upsert(cmg_sandbox *sandbox)
{
    static const struct {
        const char *method, *path;
        int status;
        unsigned times;
    } refusals[] = {
        { "GET", "uniqueName=", 400, 2 },
        { "PATCH", "uniqueName=", 404, 2 },
        { "PATCH", "/servicePrincipals(", 405, 2 },
    };
    cmg_error *err = NULL;

    for (size_t i = 0; i < CMG__ARRAY_LEN(refusals); i++) {
        for (unsigned n = 1; n <= refusals[i].times; n++)
            ck_ok(cmg_sandbox_inject(sandbox, refusals[i].method, refusals[i].path, n,
                                     CMG_SANDBOX_FAULT_STATUS, refusals[i].status, &err),
                  err);
    }
}

void place_add_case(Suite *suite, const struct place_fixture *fixture, const char *name,
                    const TTest *test, int end)
{
    TCase *tc = tcase_create(name);

    tcase_set_timeout(tc, 240);
    tcase_add_checked_fixture(tc, fixture->setup, fixture->teardown);
    tcase_add_loop_test(tc, test, 0, end);
    suite_add_tcase(suite, tc);
}
