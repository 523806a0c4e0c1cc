/*
 * Every operation against every state of a gateway: allowed or refused as the table in
 * libcmg/doc/operations.md says, which is read here. A refusal names the state and a
 * remedy, and nothing is changed by either: who is allowed is stopped at the plan.
 */
#include "place.h"
#include "shape.h"

#include <stdio.h>
#include <string.h>

#include "deploy/steps.h"
#include "sandbox/arm.h"
#include "sandbox/sandbox.h"

static cmg_sandbox *sandbox;
static struct site site;

/* ---- the documented table ---- */

static char page[64 * 1024];

static void read_page(void)
{
    FILE *file = fopen(OPERATIONS_PAGE, "rb");

    ck_assert_ptr_nonnull(file);
    page[fread(page, 1, sizeof page - 1, file)] = '\0';
    (void)fclose(file);
}

/* The second column of an operation's row; "the same" is the row's above. */
static void allowed_column(const char *operation, char out[200])
{
    char begin[64];

    (void)snprintf(begin, sizeof begin, "\n| `%s` | ", operation);
    const char *row = strstr(page, begin);
    ck_assert_msg(row != NULL, "%s is not documented", operation);
    row += strlen(begin);
    (void)snprintf(out, 200, "%.*s", (int)strcspn(row, "|"), row);
    if (strncmp(out, "the same", 8) == 0)
        allowed_column("SYNCHRONISE_GATEWAY", out);
}

/* ---- states ---- */

static struct cmg__json *set_of(void)
{
    char id[512];

    (void)snprintf(id, sizeof id,
                   "/subscriptions/%s/resourceGroups/cmg-granitefalls/providers/"
                   "Microsoft.Compute/virtualMachineScaleSets/granitefalls",
                   site.subscription);
    return cmg__sb_resource(sandbox->cloud, id);
}

static void set_power(size_t instance, const char *power, const char *busy)
{
    char operation[CMG__GUID_SIZE];
    struct cmg__json *vm =
        cmg__json_item(cmg__json_key(set_of(), "_instances"), instance);

    ck_assert_ptr_nonnull(vm);
    cmg__sb_set_str(sandbox->cloud, vm, "power", power);
    if (busy == NULL)
        return;
    sandbox->cloud->operation_fault = CMG__SB_OPERATION_STUCK;
    cmg__sb_operation_start(sandbox->cloud, busy, "", operation);
    cmg__sb_set_str(sandbox->cloud, vm, "busy", operation);
}

static void set_provisioning(struct cmg__json *resource, const char *state)
{
    cmg__sb_set_str(sandbox->cloud, cmg__json_key(resource, "properties"),
                    "provisioningState", state);
}

static void be_ready(void)
{
}

static void be_stopped(void)
{
    set_power(0, "deallocated", NULL);
    set_power(1, "deallocated", NULL);
}

static void be_degraded(void)
{
    set_power(1, "stopped", NULL);
}

static void be_starting(void)
{
    set_power(1, "running", "start");
}

static void be_stopping(void)
{
    set_power(1, "deallocated", "deallocate");
}

static void be_provisioning(void)
{
    set_provisioning(set_of(), "Updating");
}

static void be_in_error(void)
{
    set_power(1, "stopped", NULL);
    set_provisioning(set_of(), "Failed");
}

static void be_deleting(void)
{
    set_provisioning(cmg__sb_find(sandbox->cloud, "groups", "cmg-granitefalls"),
                     "Deleting");
}

static void be_partly_deleted(void)
{
    const char *id = cmg__json_str(set_of(), "/id");
    char key[512];
    size_t n = 0;

    for (; id[n] != '\0' && n + 1 < sizeof key; n++)
        key[n] = (char)(id[n] >= 'A' && id[n] <= 'Z' ? id[n] - 'A' + 'a' : id[n]);
    key[n] = '\0';
    cmg__sb_resource_remove(sandbox->cloud, key);
}

static const struct {
    const char *name; /* in the table */
    void (*be)(void); /* NULL: nothing was made, and there is no journal */
} states[] = {
    { "ABSENT", NULL },
    { "READY", be_ready },
    { "STOPPED", be_stopped },
    { "DEGRADED", be_degraded },
    { "STARTING", be_starting },
    { "STOPPING", be_stopping },
    { "PROVISIONING", be_provisioning },
    { "ERROR", be_in_error },
    { "DELETING", be_deleting },
    { "ABSENT", be_partly_deleted },
};

/* What stands behind a semicolon is the way on after an earlier run. */
static bool is_allowed(const char *column, size_t state)
{
    const char *rest = strchr(column, ';');
    const char *found = strstr(column, states[state].name);

    if (strncmp(column, "anything", 8) == 0)
        return true;
    if (found == NULL)
        return false;
    return rest == NULL || found < rest || states[state].be == be_partly_deleted;
}

/* ---- operations ---- */

static const struct {
    const char *name;
    cmg_deploy_operation operation;
    const char *waits; /* in this state, before there is a plan; or NULL */
} operations[] = {
    { "FIND_TENANT", CMG_DEPLOY_FIND_TENANT, NULL },
    { "REGISTER_APPS", CMG_DEPLOY_REGISTER_APPS, NULL },
    { "CREATE", CMG_DEPLOY_CREATE, "DELETING" },
    { "PLAN_GATEWAY", CMG_DEPLOY_PLAN_GATEWAY, "DELETING" },
    { "INSPECT_GATEWAY", CMG_DEPLOY_INSPECT_GATEWAY, NULL },
    { "INVENTORY_GATEWAY", CMG_DEPLOY_INVENTORY_GATEWAY, NULL },
    { "MEASURE_GATEWAY", CMG_DEPLOY_MEASURE_GATEWAY, NULL },
    { "STOP_GATEWAY", CMG_DEPLOY_STOP_GATEWAY, NULL },
    { "START_GATEWAY", CMG_DEPLOY_START_GATEWAY, NULL },
    { "SCALE_GATEWAY", CMG_DEPLOY_SCALE_GATEWAY, "PROVISIONING" },
    { "MODIFY_GATEWAY", CMG_DEPLOY_MODIFY_GATEWAY, NULL },
    { "ROTATE_CERTIFICATE", CMG_DEPLOY_ROTATE_CERTIFICATE, NULL },
    { "REDEPLOY_GATEWAY", CMG_DEPLOY_REDEPLOY_GATEWAY, NULL },
    { "SYNCHRONISE_GATEWAY", CMG_DEPLOY_SYNCHRONISE_GATEWAY, "STARTING" },
    { "UPGRADE_GATEWAY", CMG_DEPLOY_UPGRADE_GATEWAY, NULL },
    { "VERIFY_GATEWAY", CMG_DEPLOY_VERIFY_GATEWAY, NULL },
    { "CORRECT_GATEWAY", CMG_DEPLOY_CORRECT_GATEWAY, NULL },
    { "DELETE", CMG_DEPLOY_DELETE, "DELETING" },
};

static int stop_at_the_plan(cmg_deploy *deploy, const char *plan, void *user)
{
    (void)deploy;
    (void)plan;
    (void)user;
    return 1;
}

static void check_refusal(const char *operation, const char *state, cmg_status rc,
                          const cmg_error *err)
{
    ck_assert_msg(rc == CMG_E_STATE, "%s, %s: %s, %s", operation, state,
                  cmg_status_name(rc), cmg_error_message(err));
    ck_assert_msg(strstr(cmg_error_message(err), state) != NULL &&
                      cmg_error_remedy(err)[0] != '\0',
                  "%s, %s: %s, remedy: %s", operation, state, cmg_error_message(err),
                  cmg_error_remedy(err));
}

static void try(struct party *p, size_t i, size_t state)
{
    const cmg_deploy_events events = { .size = sizeof events,
                                       .on_confirm = stop_at_the_plan };
    const bool reads =
        cmg__operation_for(operations[i].operation, p->gateway)->reads_only;
    char column[200];
    cmg_error *err = NULL;

    allowed_column(operations[i].name, column);
    const cmg_status rc = party_deploy(p, &site, operations[i].operation, &events, &err);
    if (is_allowed(column, state))
        ck_assert_msg(rc == (reads ? CMG_OK : CMG_E_CALLBACK), "%s, %s: %s, %s",
                      operations[i].name, states[state].name, cmg_status_name(rc),
                      cmg_error_message(err));
    else
        check_refusal(operations[i].name, states[state].name, rc, err);
    cmg_error_unref(err);
}

static void bring_to(struct party *p, size_t state)
{
    cmg_error *err = NULL;

    if (states[state].be == NULL)
        return;
    ck_ok(party_deploy(p, &site, CMG_DEPLOY_CREATE, NULL, &err), err);
    (void)pthread_mutex_lock(&sandbox->lock);
    states[state].be();
    (void)pthread_mutex_unlock(&sandbox->lock);
}

START_TEST(each_operation_is_allowed_where_the_table_says_so)
{
    static const unsigned char package[] = { 0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3 };
    struct party p;
    char why[1100];
    cmg_error *err = NULL;

    read_page();
    ck_ok(party_init(&p, &site, NULL, &err), err);
    bring_to(&p, (size_t)_i);
    ck_ok(cmg_gateway_set_package(p.gateway, package, sizeof package, &err), err);
    struct cmg__buf before = shape_of(sandbox);
    for (size_t i = 0; i < CMG__ARRAY_LEN(operations); i++) {
        if (strcmp(cmg__str_or(operations[i].waits, ""), states[_i].name) != 0)
            try(&p, i, (size_t)_i);
    }
    struct cmg__buf after = shape_of(sandbox);
    if (states[_i].be == NULL) /* but for a journal of plans */
        place_check_nothing(sandbox);
    else
        ck_assert_msg(shape_is_same(&after, &before, why), "%s: %s", states[_i].name,
                      why);
    cmg__buf_done(&before);
    cmg__buf_done(&after);
    party_done(&p);
}
END_TEST

static void setup(void)
{
    sandbox = place_control_plane(0);
    place_site(sandbox, &site);
}

static void teardown(void)
{
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

int main(void)
{
    static const struct place_fixture fixture = { setup, teardown };
    Suite *suite = suite_create("states");

    place_add_case(suite, &fixture, "states",
                   each_operation_is_allowed_where_the_table_says_so,
                   (int)CMG__ARRAY_LEN(states));
    return support_run((Suite *[]){ suite, NULL });
}
