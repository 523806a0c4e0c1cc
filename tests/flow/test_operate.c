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

static void create_with_a_refused_vault(struct party *p)
{
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_inject(sandbox, "PUT", "/vaults/", 1, CMG_SANDBOX_FAULT_STATUS, 403,
                             &err),
          err);
    ck_ok(party_init(p, &site, NULL, &err), err);
    ck_assert_int_eq(party_deploy(p, &site, CMG_DEPLOY_CREATE, NULL, &err), CMG_E_DENIED);
    cmg_error_unref(err);
}

/* A group is there, the vault is refused, the machines were never asked for. */
START_TEST(after_a_failure_the_plan_tells_what_was_done)
{
    struct party p;

    create_with_a_refused_vault(&p);
    ck_assert_str_eq(state_in_plan(&p, "resource_group"), "observed");
    ck_assert_str_eq(state_in_plan(&p, "vault"), "planned");
    ck_assert_str_eq(state_in_plan(&p, "deployment"), "planned");
    party_done(&p);
}
END_TEST

/* The vault was made, or not, for all that is known; what was sent once more was refused.
 */
START_TEST(what_may_have_been_done_counts_as_sent)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_inject(sandbox, "PUT", "/vaults/", 1, CMG_SANDBOX_FAULT_STATUS, 500,
                             &err),
          err);
    create_with_a_refused_vault(&p);
    ck_assert_str_eq(state_in_plan(&p, "vault"), "sent");
    party_done(&p);
}
END_TEST

static const cmg_deploy_operation looks[] = {
    CMG_DEPLOY_CHECK_GATEWAY,     CMG_DEPLOY_PLAN_GATEWAY,   CMG_DEPLOY_INSPECT_GATEWAY,
    CMG_DEPLOY_INVENTORY_GATEWAY, CMG_DEPLOY_VERIFY_GATEWAY, CMG_DEPLOY_MEASURE_GATEWAY,
    CMG_DEPLOY_VERIFY_APPS,       CMG_DEPLOY_FIND_TENANT,
};

static void check_refused(struct party *p, const char *remedy)
{
    cmg_error *err = NULL;

    ck_assert_int_eq(party_deploy(p, &site, CMG_DEPLOY_CREATE, NULL, &err),
                     CMG_E_CONFLICT);
    ck_assert_msg(strstr(cmg_error_remedy(err), remedy) != NULL, "%s",
                  cmg_error_remedy(err));
    cmg_error_unref(err);
}

/* And leaves the journal with the specification that is deployed. */
START_TEST(whoever_only_looks_may_have_another_specification)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    set_vm_size(&p, "Standard_A4_v2");
    for (size_t i = 0; i < CMG__ARRAY_LEN(looks); i++) {
        ck_ok(party_deploy(&p, &site, looks[i], NULL, &err), err);
        check_refused(&p, "run CMG_DEPLOY_MODIFY_GATEWAY");
    }
    set_vm_size(&p, "Standard_A2_v2");
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ck_assert_int_eq(cmg__observe(&p.ctx->alloc, &p.gateway->region, "northeurope"),
                     CMG_OK);
    check_refused(&p, "name region westeurope again");
    party_done(&p);
}
END_TEST

static int refuse(cmg_deploy *deploy, const char *plan, void *user)
{
    (void)deploy;
    (void)plan;
    (void)user;
    return 1;
}

/* A change that was refused leaves no trace in the journal; nor does a first plan. */
START_TEST(what_was_only_planned_binds_nobody)
{
    const cmg_deploy_events no = { .size = sizeof no, .on_confirm = refuse };
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    set_vm_size(&p, "Standard_A4_v2");
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_CREATE, &no, &err),
                     CMG_E_CALLBACK);
    cmg_error_unref(err);
    err = NULL;
    set_vm_size(&p, "Standard_A2_v2");
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    set_vm_size(&p, "Standard_A4_v2");
    ck_assert_int_eq(party_deploy(&p, &site, CMG_DEPLOY_MODIFY_GATEWAY, &no, &err),
                     CMG_E_CALLBACK);
    cmg_error_unref(err);
    check_refused(&p, "run CMG_DEPLOY_MODIFY_GATEWAY");
    party_done(&p);
}
END_TEST

/* Azure has no such machines left: the way on is another size, not a deletion. */
START_TEST(a_change_goes_on_with_a_create_that_was_cut_off)
{
    struct party p;
    cmg_error *err = NULL;

    ck_ok(cmg_sandbox_inject(sandbox, "PUT", "/deployments/", 1, CMG_SANDBOX_FAULT_STATUS,
                             400, &err),
          err);
    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_assert_int_ne(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), CMG_OK);
    cmg_error_unref(err);
    err = NULL;
    ck_assert_int_eq(look(&p).state, CMG_GATEWAY_ABSENT);
    set_vm_size(&p, "Standard_A4_v2");
    check_refused(&p, "run CMG_DEPLOY_MODIFY_GATEWAY");
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_MODIFY_GATEWAY, NULL, &err), err);
    ck_assert_str_eq(look(&p).vm_size, "Standard_A4_v2");
    place_check_one_of_each(sandbox);
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

/* ---- what the plan tells ---- */

struct told {
    char plan[16 * 1024];
};

static int keep_plan(cmg_deploy *deploy, const char *plan, void *user)
{
    struct told *told = user;

    (void)deploy;
    (void)snprintf(told->plan, sizeof told->plan, "%s", plan);
    return 1;
}

/* The plan that an operation asks to be confirmed; it is refused. */
static void ask(struct party *p, cmg_deploy_operation operation, struct told *told)
{
    const cmg_deploy_events events = { .size = sizeof events,
                                       .user = told,
                                       .on_confirm = keep_plan };
    cmg_error *err = NULL;

    told->plan[0] = '\0';
    ck_assert_int_eq(party_deploy(p, &site, operation, &events, &err), CMG_E_CALLBACK);
    cmg_error_unref(err);
}

static void tells(const struct told *told, const char *line)
{
    ck_assert_msg(strstr(told->plan, line) != NULL, "\"%s\" is not in:\n%s", line,
                  told->plan);
}

static void tells_not(const struct told *told, const char *line)
{
    ck_assert_msg(strstr(told->plan, line) == NULL, "\"%s\" is in:\n%s", line,
                  told->plan);
}

static const char *const made[] = {
    "  Microsoft.Network/networkSecurityGroups \"granitefalls\"\n",
    "  Microsoft.Network/virtualNetworks \"granitefalls\"\n",
    "  Microsoft.Network/publicIPAddresses \"granitefalls\"\n",
    "  Microsoft.Network/loadBalancers \"granitefalls\"\n",
    "  Microsoft.Storage/storageAccounts \"granitefalls\"\n",
    "  Microsoft.Compute/virtualMachineScaleSets \"granitefalls\"\n",
    "  Microsoft.KeyVault/vaults \"granitefalls\"\n",
};

START_TEST(a_plan_lists_what_is_made_and_what_goes)
{
    static struct told told;
    struct party p;
    cmg_error *err = NULL;

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ask(&p, CMG_DEPLOY_CREATE, &told);
    tells(&told, "create deployment of the gateway\n");
    for (size_t i = 0; i < CMG__ARRAY_LEN(made); i++)
        tells(&told, made[i]);
    check_nothing_made();
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    ask(&p, CMG_DEPLOY_DELETE, &told);
    tells(&told, "remove resources of the gateway (with resource group");
    for (size_t i = 0; i < CMG__ARRAY_LEN(made); i++)
        tells(&told, made[i]);
    ask(&p, CMG_DEPLOY_REDEPLOY_GATEWAY, &told);
    tells(&told, "remove instances, load balancer and network");
    tells(&told, "  Microsoft.Compute/virtualMachineScaleSets \"granitefalls\"\n");
    place_check_one_of_each(sandbox);
    party_done(&p);
}
END_TEST

static void set_changes(struct party *p)
{
    p->gateway->instance_count = 1;
    set_vm_size(p, "Standard_A4_v2");
    p->gateway->settings.content = !p->gateway->settings.content;
}

static const struct {
    cmg_deploy_operation operation;
    const char *lines[4];
} tellers[] = {
    { CMG_DEPLOY_MODIFY_GATEWAY,
      { "change deployment of the gateway",
        "  /virtualMachineScaleSets/granitefalls/sku/capacity: 2 -> 1\n",
        "sku/name: \"Standard_A2_v2\" -> \"Standard_A4_v2\"\n",
        "  /settings/serve_content: " } },
    { CMG_DEPLOY_SCALE_GATEWAY, { "change number of instances (from 2 to 1" } },
    { CMG_DEPLOY_SYNCHRONISE_GATEWAY,
      { "change settings that the instances are told (changed)\n"
        "  /settings/serve_content: " } },
    { CMG_DEPLOY_CORRECT_GATEWAY, { "change resources that differ", "sku/capacity: " } },
    { CMG_DEPLOY_REDEPLOY_GATEWAY, { "sku/capacity: 2 -> 1\n" } },
};

START_TEST(a_plan_tells_what_changes_from_what_to_what)
{
    static struct told told;
    struct party p;
    cmg_error *err = NULL;
    char why[1100];

    ck_ok(party_init(&p, &site, NULL, &err), err);
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    set_changes(&p);
    struct cmg__buf before = shape_of(sandbox);
    for (size_t i = 0; i < CMG__ARRAY_LEN(tellers); i++) {
        ask(&p, tellers[i].operation, &told);
        for (size_t k = 0; k < 4 && tellers[i].lines[k] != NULL; k++)
            tells(&told, tellers[i].lines[k]);
        tells_not(&told, "create");
    }
    ck_ok(party_deploy(&p, &site, CMG_DEPLOY_PLAN_GATEWAY, NULL, &err), err);
    ck_assert_ptr_nonnull(strstr(plan_of(&p, CMG_PLAN_TEXT), "sku/capacity: 2 -> 1\n"));
    ck_assert_ptr_nonnull(strstr(plan_of(&p, CMG_PLAN_JSON), "sku/capacity: 2 -> 1\""));
    struct cmg__buf after = shape_of(sandbox);
    ck_assert_msg(shape_is_same(&after, &before, why), "%s", why);
    cmg__buf_done(&before);
    cmg__buf_done(&after);
    party_done(&p);
}
END_TEST

/* A plan names nothing twice. */
START_TEST(each_line_of_a_plan_has_a_name_of_its_own)
{
    const struct cmg__operation *operation = cmg__operation_get((cmg_deploy_operation)_i);

    for (size_t i = 0; operation != NULL && i < operation->steps.count; i++) {
        const char *what = operation->steps.steps[i]->what;
        for (size_t k = 0; what != NULL && k < i; k++) {
            const char *other = operation->steps.steps[k]->what;
            ck_assert_msg(other == NULL || strcmp(what, other) != 0, "%s: %s",
                          operation->name, what);
        }
    }
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
    tcase_add_test(tc, what_may_have_been_done_counts_as_sent);
    tcase_add_test(tc, whoever_only_looks_may_have_another_specification);
    tcase_add_test(tc, what_was_only_planned_binds_nobody);
    tcase_add_test(tc, a_change_goes_on_with_a_create_that_was_cut_off);
    tcase_add_test(tc, there_is_no_plan_before_it_is_made);
    tcase_add_test(tc, a_plan_lists_what_is_made_and_what_goes);
    tcase_add_test(tc, a_plan_tells_what_changes_from_what_to_what);
    tcase_add_loop_test(tc, each_line_of_a_plan_has_a_name_of_its_own, 1, 64);
    tcase_add_loop_test(tc, what_is_absent_cannot_be_operated, 0,
                        CMG__ARRAY_LEN(operations));
    tcase_add_test(tc, who_may_only_read_changes_nothing);
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
