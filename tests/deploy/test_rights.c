/* The rights that operations need: the tables are complete, and are handed out. */
#include "deploy/rights.h"
#include "deploy/steps.h"
#include "support/support.h"

#include <string.h>

#define MOST_OPERATIONS 64

static bool asks_graph(const struct cmg__step *step)
{
    for (size_t i = 0; i < step->exchange_count; i++) {
        const struct cmg__call *call = cmg__call_get(step->exchanges[i].call);
        if (call != NULL && call->service == CMG__SERVICE_GRAPH)
            return true;
    }
    return false;
}

/* A step that is new has to say what it needs. */
START_TEST(each_step_in_the_directory_has_a_right)
{
    unsigned seen = 0;

    for (int n = 1; n < MOST_OPERATIONS; n++) {
        const struct cmg__operation *operation =
            cmg__operation_get((cmg_deploy_operation)n);
        for (size_t i = 0; operation != NULL && i < operation->steps.count; i++) {
            const struct cmg__step *step = operation->steps.steps[i];
            if (!asks_graph(step))
                continue;
            seen++;
            ck_assert_msg(cmg__step_right(step->name, 0) != NULL,
                          "step %s of %s has no row in deploy/rights.c", step->name,
                          operation->name);
        }
    }
    ck_assert_uint_gt(seen, 20);
}
END_TEST

static bool is_a_step(const char *name)
{
    for (int n = 1; n < MOST_OPERATIONS; n++) {
        const struct cmg__operation *operation =
            cmg__operation_get((cmg_deploy_operation)n);
        for (size_t i = 0; operation != NULL && i < operation->steps.count; i++) {
            if (strcmp(operation->steps.steps[i]->name, name) == 0)
                return true;
        }
    }
    return false;
}

START_TEST(each_action_belongs_to_a_step)
{
    size_t count = 0;
    const struct cmg__step_action *rows = cmg__step_actions(&count);

    for (size_t i = 0; i < count; i++)
        ck_assert_msg(is_a_step(rows[i].step), "there is no step %s", rows[i].step);
}
END_TEST

/* Who changes the directory looks first whether it may. */
START_TEST(operations_that_change_the_directory_look_at_rights_first)
{
    for (int n = 1; n < MOST_OPERATIONS; n++) {
        const struct cmg__operation *operation =
            cmg__operation_get((cmg_deploy_operation)n);
        bool looked = false;
        for (size_t i = 0; operation != NULL && i < operation->steps.count; i++) {
            const struct cmg__step *step = operation->steps.steps[i];
            const struct cmg__step_right *row = cmg__step_right(step->name, 0);
            looked = looked || strcmp(step->name, "rights") == 0;
            ck_assert_msg(looked || row == NULL || row->grant != CMG__GRANT_APPS,
                          "%s comes before rights in %s", step->name, operation->name);
        }
    }
}
END_TEST

static bool has_step(const struct cmg__operation *operation, const char *name)
{
    for (size_t i = 0; i < operation->steps.count; i++) {
        if (strcmp(operation->steps.steps[i]->name, name) == 0)
            return true;
    }
    return false;
}

/* Who changes something in the subscription, too. */
START_TEST(operations_that_change_a_gateway_look_at_rights_first)
{
    size_t count = 0;
    const struct cmg__step_action *rows = cmg__step_actions(&count);

    for (int n = 1; n < MOST_OPERATIONS; n++) {
        const struct cmg__operation *operation =
            cmg__operation_get((cmg_deploy_operation)n);
        for (size_t i = 0; operation != NULL && i < count; i++)
            ck_assert_msg(operation->reads_only || !has_step(operation, rows[i].step) ||
                              has_step(operation, "check_rights"),
                          "%s does not look whether it may %s", operation->name,
                          rows[i].what);
    }
}
END_TEST

static cmg_right right_at(cmg_deploy_operation operation, size_t i)
{
    cmg_right right = { .size = sizeof right };
    cmg_error *err = NULL;

    ck_ok(cmg_deploy_right(operation, i, &right, &err), err);
    return right;
}

START_TEST(rights_are_handed_out_in_the_order_of_the_steps)
{
    const size_t count = cmg_deploy_right_count(CMG_DEPLOY_REGISTER_APPS);
    bool found = false;

    ck_assert_uint_ge(count, 9);
    ck_assert_str_eq(right_at(CMG_DEPLOY_REGISTER_APPS, 0).step, "tenant");
    for (size_t i = 0; i < count; i++) {
        const cmg_right right = right_at(CMG_DEPLOY_REGISTER_APPS, i);
        ck_assert_str_eq(right.action, "");
        ck_assert_str_ne(right.what, "");
        ck_assert(cmg__guid_is_valid(right.app_permission_id));
        ck_assert_str_ne(right.delegated_scope, "");
        if (strcmp(right.step, "server_consent") != 0)
            continue;
        found = true;
        ck_assert_str_eq(right.app_permission, "AppRoleAssignment.ReadWrite.All");
        ck_assert_str_eq(right.directory_roles,
                         "Privileged Role Administrator, Global Administrator");
    }
    ck_assert(found);
}
END_TEST

START_TEST(rights_in_the_subscription_are_actions)
{
    const size_t count = cmg_deploy_right_count(CMG_DEPLOY_STOP_GATEWAY);
    const cmg_right right = right_at(CMG_DEPLOY_STOP_GATEWAY, count - 1);

    ck_assert_str_eq(right.step, "stop");
    ck_assert_str_eq(right.action,
                     "Microsoft.Compute/virtualMachineScaleSets/deallocate/action");
    ck_assert_str_eq(right.app_permission, "");
}
END_TEST

START_TEST(what_is_asked_for_wrongly_is_refused)
{
    const cmg_deploy_operation none = (cmg_deploy_operation)9999;
    cmg_right right = { .size = sizeof right };
    const size_t count = cmg_deploy_right_count(CMG_DEPLOY_CREATE);

    ck_assert_uint_eq(cmg_deploy_right_count(none), 0);
    ck_assert_int_eq(cmg_deploy_right(none, 0, &right, NULL), CMG_E_INVAL);
    ck_assert_int_eq(cmg_deploy_right(CMG_DEPLOY_CREATE, count, &right, NULL),
                     CMG_E_NOTFOUND);
    ck_assert_int_eq(cmg_deploy_right(CMG_DEPLOY_CREATE, 0, NULL, NULL), CMG_E_INVAL);
    right.size = 8;
    ck_assert_int_eq(cmg_deploy_right(CMG_DEPLOY_CREATE, 0, &right, NULL), CMG_E_ABI);
    ck_assert_ptr_null(right.step);
}
END_TEST

static const struct {
    const char *id, *name;
    unsigned bit;
} roles[] = {
    { "62E90394-69F5-4237-9190-012177145E10", "Globaler Administrator",
      CMG__ROLE_GLOBAL },
    { "", "Company Administrator", CMG__ROLE_GLOBAL },
    { "", "privileged role administrator", CMG__ROLE_PRIVILEGED },
    { "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3", "", CMG__ROLE_APPS },
    { "158c047a-c907-4556-b7ef-446551a6b5f7", "", CMG__ROLE_CLOUD_APPS },
    { "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers", 0 },
    { "", "", 0 },
};

START_TEST(a_role_is_known_by_its_template_or_its_name)
{
    struct cmg__json *role = cmg__json_pack("{s:s, s:s}", "roleTemplateId", roles[_i].id,
                                            "displayName", roles[_i].name);
    const struct cmg__directory_role *found = cmg__directory_role_of(role);

    ck_assert_uint_eq(found == NULL ? 0 : found->bit, roles[_i].bit);
    cmg__json_unref(role);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rights");
    TCase *tc = tcase_create("tables");

    tcase_add_test(tc, each_step_in_the_directory_has_a_right);
    tcase_add_test(tc, each_action_belongs_to_a_step);
    tcase_add_test(tc, operations_that_change_the_directory_look_at_rights_first);
    tcase_add_test(tc, operations_that_change_a_gateway_look_at_rights_first);
    tcase_add_test(tc, rights_are_handed_out_in_the_order_of_the_steps);
    tcase_add_test(tc, rights_in_the_subscription_are_actions);
    tcase_add_test(tc, what_is_asked_for_wrongly_is_refused);
    tcase_add_loop_test(tc, a_role_is_known_by_its_template_or_its_name, 0,
                        CMG__ARRAY_LEN(roles));
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
