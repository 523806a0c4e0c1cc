/* A gateway in operation: looked at, stopped, started, scaled, against the sandbox. */
#include <cmg/inventory.h>
#include "place.h"
#include "shape.h"

#include <stdio.h>
#include <string.h>

static cmg_sandbox *sandbox;
static struct site site;

static void setup(void)
{
    sandbox = place_sandbox(20);
    place_site(sandbox, &site);
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

static cmg_gateway_status status_of(const struct party *p)
{
    cmg_gateway_status status = { .size = sizeof status };
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_get_status(p->gateway, &status, &err), err);
    return status;
}

static cmg_gateway_status look(struct party *p)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(p, &site, CMG_DEPLOY_INSPECT_GATEWAY, NULL, &err), err);
    return status_of(p);
}

START_TEST(a_gateway_is_stopped_started_and_scaled)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_assert_int_eq(status_of(&p).state, CMG_GATEWAY_UNKNOWN);
    ck_assert_int_eq(look(&p).state, CMG_GATEWAY_ABSENT);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    cmg_gateway_status status = look(&p);
    ck_assert_int_eq(status.state, CMG_GATEWAY_READY);
    ck_assert_uint_eq(status.instances, 2);
    ck_assert_str_eq(status.vm_size, "Standard_A2_v2");

    /* Stopped twice, the second time there is nothing to do. */
    for (int i = 0; i < 2; i++)
        ck_ok(party_deploy(&p, &site, CMG_DEPLOY_STOP_GATEWAY, NULL, &err), err);
    ck_assert_int_eq(look(&p).state, CMG_GATEWAY_STOPPED);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 0);
    p.gateway->instance_count = 3;
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_SCALE_GATEWAY, NULL, &err),
                     CMG_E_STATE);
    cmg_error_unref(err);
    err = NULL;
    for (int i = 0; i < 2; i++)
        ck_ok(party_deploy(&p, &site, CMG_DEPLOY_START_GATEWAY, NULL, &err), err);
    ck_assert_int_eq(look(&p).state, CMG_GATEWAY_READY);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 2);

    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_SCALE_GATEWAY, NULL, &err), err);
    ck_assert_uint_eq(look(&p).healthy, 3);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 3);
    p.gateway->instance_count = 1;
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_SCALE_GATEWAY, NULL, &err), err);
    ck_assert_uint_eq(look(&p).instances, 1);
    ck_assert_uint_eq(cmg_sandbox_count(sandbox, CMG_SANDBOX_INSTANCES), 1);
    party_done(&p);
}
END_TEST

static void check_nothing_made(void)
{
    static const cmg_sandbox_kind kinds[] = {
        CMG_SANDBOX_APPLICATIONS,    CMG_SANDBOX_SERVICE_PRINCIPALS, CMG_SANDBOX_GRANTS,
        CMG_SANDBOX_RESOURCE_GROUPS, CMG_SANDBOX_RESOURCES,          CMG_SANDBOX_SECRETS,
        CMG_SANDBOX_INSTANCES,
    };

    for (size_t i = 0; i < CMG__ARRAY_LEN(kinds); i++)
        ck_assert_uint_eq(cmg_sandbox_count(sandbox, kinds[i]), 0);
}

/* How many items of the last inventory are of a kind. */
static size_t count_kind(const struct party *p, cmg_inventory_kind kind)
{
    cmg_inventory_item item = { .size = sizeof item };
    cmg_error *err = NULL;
    size_t n = 0;

    for (size_t i = 0; i < cmg_gateway_inventory_count(p->gateway); i++) {
        ck_ok(cmg_gateway_inventory_item(p->gateway, i, &item, &err), err);
        n += item.kind == kind;
    }
    return n;
}

START_TEST(an_inventory_tells_present_from_missing)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_INVENTORY_GATEWAY, NULL, &err), err);
    ck_assert_uint_eq(count_kind(&p, CMG_INVENTORY_MISSING), PLACE_RESOURCES);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_INVENTORY_GATEWAY, NULL, &err), err);
    ck_assert_uint_eq(cmg_gateway_inventory_count(p.gateway), PLACE_RESOURCES);
    ck_assert_uint_eq(count_kind(&p, CMG_INVENTORY_PRESENT), PLACE_RESOURCES);
    party_done(&p);
}
END_TEST

static void set_vm_size(struct party *p, const char *size)
{
    ck_assert_int_eq(cmg__observe(&p->ctx->alloc, &p->gateway->vm_size, size), CMG_OK);
}

START_TEST(a_changed_specification_reaches_the_gateway)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_MODIFY_GATEWAY, NULL, &err),
                     CMG_E_STATE);
    check_nothing_made();
    cmg_error_unref(err);
    err = NULL;
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    set_vm_size(&p, "Standard_A4_v2");
    /* A create goes on with what was begun; a change says that it is one. */
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err),
                     CMG_E_CONFLICT);
    cmg_error_unref(err);
    err = NULL;
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_MODIFY_GATEWAY, NULL, &err), err);
    const cmg_gateway_status status = look(&p);
    ck_assert_str_eq(status.vm_size, "Standard_A4_v2");
    ck_assert_uint_eq(status.outdated, 0);
    ck_assert_int_eq(status.state, CMG_GATEWAY_READY);
    place_check_one_of_each(sandbox);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    party_done(&p);
}
END_TEST

static const char *plan_of(struct party *p, cmg_plan_format format)
{
    static char text[16 * 1024];
    cmg_bytes *plan = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_export_plan(p->deploy, format, &plan, &err), err);
    (void)snprintf(text, sizeof text, "%.*s", (int)cmg_bytes_size(plan),
                   (const char *)cmg_bytes_data(plan));
    cmg_bytes_unref(plan);
    return text;
}

START_TEST(a_plan_is_made_and_nothing_else)
{
    struct party p;
    cmg_bytes *none = NULL;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_PLAN_GATEWAY, &p.deploy, &err), err);
    ck_ok(cmg_deploy_run(p.deploy, &err), err); /* neither journal nor secret store */
    check_nothing_made();
    ck_assert_ptr_nonnull(strstr(plan_of(&p, CMG_PLAN_TEXT), "create server app\n"));
    ck_assert_ptr_nonnull(strstr(plan_of(&p, CMG_PLAN_JSON), "\"action\":\"create\""));
    ck_assert_ptr_nonnull(strstr(plan_of(&p, CMG_PLAN_JSON), "\"state\":\"planned\""));
    ck_assert_int_eq(cmg_deploy_export_plan(p.deploy, (cmg_plan_format)3, &none, NULL),
                     CMG_E_INVAL);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_PLAN_GATEWAY, NULL, &err), err);
    ck_assert_ptr_null(strstr(plan_of(&p, CMG_PLAN_TEXT), "create"));
    ck_assert_ptr_nonnull(strstr(plan_of(&p, CMG_PLAN_TEXT), "keep server app"));
    party_done(&p);
}
END_TEST

static const char *state_in_plan(struct party *p, const char *step)
{
    static char state[16];
    struct cmg__json *plan = NULL;
    cmg_error *err = NULL;
    const char *text = plan_of(p, CMG_PLAN_JSON);

    ck_ok(cmg__json_parse(&cmg__alloc_libc, "plan", text, strlen(text), &plan, &err),
          err);
    const struct cmg__json *changes = cmg__json_key(plan, "changes");
    for (size_t i = 0; i < cmg__json_size(changes); i++) {
        const struct cmg__json *change = cmg__json_item(changes, i);
        if (strcmp(cmg__json_str(change, "/step"), step) == 0)
            (void)snprintf(state, sizeof state, "%s", cmg__json_str(change, "/state"));
    }
    cmg__json_unref(plan);
    return state;
}

/* A group is there, the vault is refused, the machines were never asked for. */
START_TEST(after_a_failure_the_plan_tells_what_was_done)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_inject(sandbox, "PUT", "/vaults/", 1, CMG_SANDBOX_FAULT_STATUS, 403,
                             &err),
          err);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err),
                     CMG_E_DENIED);
    cmg_error_unref(err);
    ck_assert_str_eq(state_in_plan(&p, "resource_group"), "observed");
    ck_assert_str_eq(state_in_plan(&p, "vault"), "sent");
    ck_assert_str_eq(state_in_plan(&p, "deployment"), "planned");
    party_done(&p);
}
END_TEST

START_TEST(there_is_no_plan_before_it_is_made)
{
    struct party p;
    cmg_bytes *plan = NULL;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_PLAN_GATEWAY, &p.deploy, &err), err);
    ck_assert_int_eq(cmg_deploy_export_plan(p.deploy, CMG_PLAN_TEXT, &plan, NULL),
                     CMG_E_STATE);
    ck_assert_ptr_null(plan);
    party_done(&p);
}
END_TEST

static const cmg_deploy_operation operations[] = { CMG_DEPLOY_STOP_GATEWAY,
                                                   CMG_DEPLOY_START_GATEWAY,
                                                   CMG_DEPLOY_SCALE_GATEWAY };

START_TEST(what_is_absent_cannot_be_operated)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_assert_int_eq(party_deploy(&p, &site, operations[_i], NULL, &err), CMG_E_STATE);
    ck_assert_str_eq(cmg_error_remedy(err), "create the gateway first");
    cmg_error_unref(err);
    party_done(&p);
}
END_TEST

static const struct {
    cmg_deploy_operation operation;
    const char *action; /* that the refusal names first */
} changes[] = {
    { CMG_DEPLOY_STOP_GATEWAY, "virtualMachineScaleSets/deallocate/action" },
    { CMG_DEPLOY_START_GATEWAY, "virtualMachineScaleSets/start/action" },
    { CMG_DEPLOY_SCALE_GATEWAY, "virtualMachineScaleSets/write" },
    { CMG_DEPLOY_MODIFY_GATEWAY, "resourceGroups/write" },
    { CMG_DEPLOY_ROTATE_CERTIFICATE, "virtualMachineScaleSets/write" },
    { CMG_DEPLOY_CORRECT_GATEWAY, "resourceGroups/write" },
    { CMG_DEPLOY_DELETE, "resourceGroups/delete" },
};

START_TEST(who_may_only_read_changes_nothing)
{
    struct party p;
    char why[1100];
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    p.gateway->instance_count = 3;
    ck_ok(cmg_sandbox_set(sandbox, "admin_role", "Reader", &err), err);
    struct cmg__buf before = shape_of(sandbox);
    for (size_t i = 0; i < CMG__ARRAY_LEN(changes); i++) {
        ck_assert_int_eq(party_deploy(&p, &site, changes[i].operation, NULL, &err),
                         CMG_E_DENIED);
        ck_assert_msg(strstr(cmg_error_subject(err), changes[i].action) != NULL,
                      "%s: %s, %s", changes[i].action, cmg_error_subject(err),
                      cmg_error_message(err));
        cmg_error_unref(err);
        err = NULL;
        struct cmg__buf after = shape_of(sandbox);
        ck_assert_msg(shape_is_same(&after, &before, why), "%s: %s", changes[i].action,
                      why);
        cmg__buf_done(&after);
    }
    cmg__buf_done(&before);
    party_done(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("operate");
    TCase *tc = tcase_create("operate");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_gateway_is_stopped_started_and_scaled);
    tcase_add_test(tc, an_inventory_tells_present_from_missing);
    tcase_add_test(tc, a_changed_specification_reaches_the_gateway);
    tcase_add_test(tc, a_plan_is_made_and_nothing_else);
    tcase_add_test(tc, after_a_failure_the_plan_tells_what_was_done);
    tcase_add_test(tc, there_is_no_plan_before_it_is_made);
    tcase_add_loop_test(tc, what_is_absent_cannot_be_operated, 0,
                        CMG__ARRAY_LEN(operations));
    tcase_add_test(tc, who_may_only_read_changes_nothing);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
