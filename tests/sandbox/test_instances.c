/* A deployed gateway: instances that really run, behind balancers that really balance. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/arm.h"
#include "sandbox/fleet.h"
#include "sandbox/gateway.h"
#include "sandbox/live.h"
#include "sandbox/sandbox.h"

#define NET         "Microsoft.Network"
#define GROUP       "/resourceGroups/" GATEWAY_GROUP
#define VMSS        GROUP "/providers/Microsoft.Compute/virtualMachineScaleSets/" GATEWAY_NAME
#define CERTIFICATE "https://" GATEWAY_NAME ".vault.azure.net/certificates/cmg"

static struct live l;

static void arm(int status, const char *method, const char *body, const char *path)
{
    free(live_need(&l, status, method, live_arm(&l, path), l.arm_token, body, NULL));
}

static void wait_for(const char *path, const char *member, const char *value)
{
    char url[1024];

    snprintf(url, sizeof url, "%s", live_arm(&l, path));
    live_wait(&l, url, l.arm_token, member, value);
}

static void register_providers(void)
{
    static const char *const spaces[] = { NET, "Microsoft.Compute", "Microsoft.Storage",
                                          "Microsoft.KeyVault" };
    char path[128];

    for (size_t i = 0; i < CMG__ARRAY_LEN(spaces); i++) {
        snprintf(path, sizeof path, "/providers/%s/register", spaces[i]);
        arm(200, "POST", NULL, path);
    }
    for (size_t i = 0; i < CMG__ARRAY_LEN(spaces); i++) {
        snprintf(path, sizeof path, "/providers/%s", spaces[i]);
        wait_for(path, "/registrationState", "Registered");
    }
}

/* The object ID of the built-in application's service principal, found as a deployment
   finds it. */
static char *own_object_id(void)
{
    char url[256];

    snprintf(url, sizeof url,
             "https://graph.microsoft.com/v1.0/servicePrincipals(appId='%s')",
             cmg_sandbox_client_id(l.sandbox));
    return live_need(&l, 200, "GET", url, l.graph_token, NULL, "/id");
}

/* Group, vault and certificate; the certificate's secret URL (yours). */
static char *prepare(void)
{
    char *oid = own_object_id();
    char *vault = gateway_vault(cmg_sandbox_tenant_id(l.sandbox), oid);
    char *import = gateway_import(GATEWAY_PASSWORD);

    register_providers();
    arm(201, "PUT", "{\"location\":\"westeurope\"}", GROUP);
    arm(200, "PUT", vault, GROUP "/providers/Microsoft.KeyVault/vaults/" GATEWAY_NAME);
    char *sid = live_need(&l, 200, "POST", CERTIFICATE "/import?api-version=7.5",
                          l.vault_token, import, "/sid");
    ck_assert_ptr_nonnull(sid);
    free(oid);
    free(vault);
    free(import);
    return sid;
}

static void deploy(void)
{
    char *sid = prepare();
    char *body = gateway_deployment(cmg_sandbox_subscription_id(l.sandbox), sid);

    arm(201, "PUT", body, GROUP "/providers/Microsoft.Resources/deployments/d");
    wait_for(GROUP "/providers/Microsoft.Resources/deployments/d",
             "/properties/provisioningState", "Succeeded");
    wait_for(VMSS "/virtualMachines?$expand=instanceView",
             "/value/0/properties/instanceView/statuses/1/code", "PowerState/running");
    wait_for(VMSS "/virtualMachines?$expand=instanceView",
             "/value/1/properties/instanceView/statuses/1/code", "PowerState/running");
    free(sid);
    free(body);
}

static void setup(void)
{
    live_init(&l, FAKE_SERVICE);
    deploy();
}

static void teardown(void)
{
    live_done(&l);
}

/* Sends one byte to a name of the cloud; what comes back, or "" (static). */
static const char *knock(const char *host, uint16_t port, char byte)
{
    static char text[64];
    cmg_address at = { .size = sizeof at };
    struct sockaddr_in a = { .sin_family = AF_INET };
    struct timeval patience = { .tv_sec = 10 };
    cmg_error *err = NULL;
    ssize_t n = 0;
    size_t len = 0;

    ck_ok(cmg_sandbox_resolve(l.sandbox, host, port, &at, &err), err);
    ck_assert_int_eq(inet_pton(AF_INET, at.address, &a.sin_addr), 1);
    a.sin_port = htons(at.port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    ck_assert_int_eq(send(fd, &byte, 1, MSG_NOSIGNAL), 1);
    while (len < sizeof text - 1) {
        n = recv(fd, text + len, sizeof text - 1 - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    close(fd);
    text[len] = '\0';
    return text;
}

START_TEST(the_frontend_goes_round_the_instances)
{
    bool seen[2] = { false, false };

    for (int i = 0; i < 4; i++) {
        const char *who = knock(GATEWAY_HOST, 443, 'x');
        seen[0] = seen[0] || strcmp(who, "client 0\n") == 0;
        seen[1] = seen[1] || strcmp(who, "client 1\n") == 0;
    }
    ck_assert(seen[0] && seen[1]);
}
END_TEST

START_TEST(each_nat_port_leads_to_its_instance)
{
    cmg_address at = { .size = sizeof at };

    ck_assert_str_eq(knock(GATEWAY_HOST, 10140, 'x'), "channel 0\n");
    ck_assert_str_eq(knock(GATEWAY_HOST, 10141, 'x'), "channel 1\n");
    ck_assert_str_eq(knock(GATEWAY_HOST, 10124, 'x'), "https 0\n");
    ck_assert_str_eq(knock(GATEWAY_HOST, 10125, 'x'), "https 1\n");
    ck_assert_int_eq(cmg_sandbox_resolve(l.sandbox, GATEWAY_HOST, 10142, &at, NULL),
                     CMG_E_NOTFOUND);
}
END_TEST

START_TEST(the_service_name_is_an_alias)
{
    ck_assert(cmg__str_starts(knock(GATEWAY_SERVICE, 443, 'x'), "client "));
    ck_assert_str_eq(knock(GATEWAY_SERVICE, 10141, 'x'), "channel 1\n");
}
END_TEST

START_TEST(a_crashed_instance_is_repaired)
{
    ck_assert_str_eq(knock(GATEWAY_HOST, 10140, 'c'), "");
    for (int i = 0; i < 400; i++) {
        if (strcmp(knock(GATEWAY_HOST, 10140, 'x'), "channel 0\n") == 0)
            return;
        ck_assert_int_eq(cmg_context_wait(l.ctx, 25, NULL), CMG_OK);
    }
    ck_abort_msg("instance 0 did not come back");
}
END_TEST

/* The answer that tells of a newer model must not tell of the old process's health. */
START_TEST(an_instance_that_is_to_be_made_anew_is_not_up)
{
    char id[512];

    (void)snprintf(id, sizeof id, "/subscriptions/%s" VMSS,
                   cmg_sandbox_subscription_id(l.sandbox));
    (void)pthread_mutex_lock(&l.sandbox->lock);
    struct cmg__json *set = cmg__sb_resource(l.sandbox->cloud, id);
    struct cmg__json *vm = cmg__json_item(cmg__sb_fleet(set), 0);
    const bool before = cmg__sb_fleet_is_up(l.sandbox->cloud, set, vm);
    cmg__sb_fleet_renew(l.sandbox->cloud, set, vm, true);
    const bool after = cmg__sb_fleet_is_up(l.sandbox->cloud, set, vm);
    (void)pthread_mutex_unlock(&l.sandbox->lock);
    ck_assert(before);
    ck_assert(!after);
}
END_TEST

START_TEST(instances_have_what_a_vm_has)
{
    const char *const argv[] = { "sh", "-c",
                                 "cd \"$0\" && ls secrets && stat -c %a secrets/*.prv && "
                                 "openssl x509 -in secrets/*.crt -noout -subject && "
                                 "cat user-data.json",
                                 support_path("sandbox/instances/granitefalls_0"), NULL };
    char *out = NULL;

    ck_assert_int_eq(support_command(argv, &out), 0);
    ck_assert_ptr_nonnull(strstr(out, ".crt"));
    ck_assert_ptr_nonnull(strstr(out, "600"));
    ck_assert_ptr_nonnull(strstr(out, GATEWAY_SERVICE));
    ck_assert_ptr_nonnull(strstr(out, "\"service_names\""));
    free(out);
}
END_TEST

START_TEST(a_restarted_sandbox_starts_the_instances_again)
{
    live_restart(&l, FAKE_SERVICE);
    wait_for(VMSS "/virtualMachines?$expand=instanceView",
             "/value/1/properties/instanceView/statuses/1/code", "PowerState/running");
    ck_assert_str_eq(knock(GATEWAY_HOST, 10141, 'x'), "channel 1\n");
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_INSTANCES), 2);
}
END_TEST

START_TEST(scaling_starts_and_ends_instances)
{
    cmg_address at = { .size = sizeof at };

    arm(200, "PATCH", "{\"sku\":{\"capacity\":3}}", VMSS);
    wait_for(VMSS "/virtualMachines?$expand=instanceView",
             "/value/2/properties/instanceView/statuses/1/code", "PowerState/running");
    ck_assert_str_eq(knock(GATEWAY_HOST, 10142, 'x'), "channel 2\n");
    wait_for(VMSS, "/properties/provisioningState", "Succeeded");
    arm(200, "PATCH", "{\"sku\":{\"capacity\":1}}", VMSS);
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_INSTANCES), 1);
    ck_assert_int_eq(cmg_sandbox_resolve(l.sandbox, GATEWAY_HOST, 10141, &at, NULL),
                     CMG_E_NOTFOUND);
}
END_TEST

START_TEST(a_stopped_instance_keeps_its_port_and_the_next_one_gets_a_free_one)
{
    arm(202, "POST", "{\"instanceIds\":[\"0\"]}", VMSS "/deallocate");
    ck_assert_str_eq(knock(GATEWAY_HOST, 10140, 'x'), "");
    ck_assert_str_eq(knock(GATEWAY_HOST, 443, 'x'), "client 1\n");
    wait_for(VMSS, "/properties/provisioningState", "Succeeded");
    arm(202, "POST", "{\"instanceIds\":[\"0\"]}", VMSS "/delete");
    wait_for(VMSS, "/properties/provisioningState", "Succeeded");
    ck_assert_str_eq(knock(GATEWAY_HOST, 10141, 'x'), "channel 1\n");
    arm(200, "PATCH", "{\"sku\":{\"capacity\":2}}", VMSS);
    wait_for(VMSS "/virtualMachines?$expand=instanceView",
             "/value/1/properties/instanceView/statuses/1/code", "PowerState/running");
    wait_for(VMSS "/virtualMachines", "/value/1/instanceId", "2");
    ck_assert_str_eq(knock(GATEWAY_HOST, 10140, 'x'), "channel 0\n");
}
END_TEST

START_TEST(deallocated_instances_do_not_run)
{
    arm(202, "POST", NULL, VMSS "/deallocate");
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_INSTANCES), 0);
    wait_for(VMSS, "/properties/provisioningState", "Succeeded");
    arm(202, "POST", NULL, VMSS "/start");
    wait_for(VMSS "/virtualMachines?$expand=instanceView",
             "/value/0/properties/instanceView/statuses/1/code", "PowerState/running");
}
END_TEST

START_TEST(deleting_the_group_leaves_nothing_but_the_vault)
{
    cmg_address at = { .size = sizeof at };

    arm(202, "DELETE", NULL, GROUP);
    for (int i = 0; cmg_sandbox_count(l.sandbox, CMG_SANDBOX_RESOURCES) > 0; i++) {
        ck_assert_int_lt(i, 400);
        ck_assert_int_eq(cmg_context_wait(l.ctx, 25, NULL), CMG_OK);
    }
    for (int i = 0; cmg_sandbox_count(l.sandbox, CMG_SANDBOX_INSTANCES) > 0; i++) {
        ck_assert_int_lt(i, 400);
        ck_assert_int_eq(cmg_context_wait(l.ctx, 25, NULL), CMG_OK);
    }
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_RESOURCE_GROUPS), 0);
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_DELETED), 1);
    ck_assert_int_eq(cmg_sandbox_resolve(l.sandbox, GATEWAY_HOST, 443, &at, NULL),
                     CMG_E_NOTFOUND);
    arm(202, "POST", NULL,
        "/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults/" GATEWAY_NAME
        "/purge");
    ck_assert_uint_eq(cmg_sandbox_count(l.sandbox, CMG_SANDBOX_DELETED), 0);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("instances");
    TCase *t = tcase_create("deployed");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_set_timeout(t, 60);
    tcase_add_test(t, the_frontend_goes_round_the_instances);
    tcase_add_test(t, each_nat_port_leads_to_its_instance);
    tcase_add_test(t, the_service_name_is_an_alias);
    tcase_add_test(t, a_crashed_instance_is_repaired);
    tcase_add_test(t, an_instance_that_is_to_be_made_anew_is_not_up);
    tcase_add_test(t, instances_have_what_a_vm_has);
    tcase_add_test(t, a_restarted_sandbox_starts_the_instances_again);
    tcase_add_test(t, scaling_starts_and_ends_instances);
    tcase_add_test(t, a_stopped_instance_keeps_its_port_and_the_next_one_gets_a_free_one);
    tcase_add_test(t, deallocated_instances_do_not_run);
    tcase_add_test(t, deleting_the_group_leaves_nothing_but_the_vault);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
