/* What is changed behind the library's back is found, and mended, against the sandbox. */
#include <cmg/drift.h>
#include "place.h"

#include <stdio.h>
#include <string.h>

#include "deploy/steps.h"

static cmg_sandbox *sandbox;
static struct site site;
static struct party p;

static void setup(void)
{
    cmg_error *err = NULL;

    sandbox = place_sandbox(0);
    place_site(sandbox, &site);
    ck_ok(party_init(&p, &site, NULL, &err), err);
}

static void teardown(void)
{
    party_done(&p);
    cmg_sandbox_unref(sandbox);
    support_dir_done();
}

static void run(cmg_deploy_operation operation)
{
    cmg_error *err = NULL;

    ck_ok(party_deploy(&p, &site, operation, NULL, &err), err);
}

static cmg_difference difference_at(size_t i)
{
    cmg_difference one = { .size = sizeof one };
    cmg_error *err = NULL;

    ck_ok(cmg_gateway_difference(p.gateway, i, &one, &err), err);
    return one;
}

/* All that differ, one a line: "path: found -> should be". */
static const char *all_differences(void)
{
    static char text[4096];
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < cmg_gateway_difference_count(p.gateway); i++) {
        const cmg_difference one = difference_at(i);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s: %s -> %s\n", one.path,
                              one.found, one.should_be);
        ck_assert_uint_lt(n, sizeof text);
        ck_assert_str_ne(one.fix, "");
    }
    return text;
}

/* ---- somebody who changes things in the portal ---- */

static struct {
    const char *body;
    const struct cmg__exchange *exchange;
} vandal;

static cmg_status vandal_build(struct cmg__run *run, struct cmg__ask *ask,
                               cmg_error **err)
{
    return cmg__json_parse(run->work->alloc, "vandal", vandal.body, strlen(vandal.body),
                           &ask->body, err);
}

static const struct cmg__exchange vandal_deploys[] = {
    { .name = "put",
      .call = CMG__CALL_DEPLOYMENT_PUT,
      .then = "inspect",
      .build = vandal_build,
      .read = cmg__lro_start },
    { .name = "poll",
      .call = CMG__CALL_POLL,
      .bind = { { "url", "poll" } },
      .read = cmg__lro_poll },
    { .name = "inspect", .call = CMG__CALL_DEPLOYMENT_GET, .read = cmg__read_then },
};

static const struct cmg__exchange vandal_resizes[] = {
    { .name = "patch",
      .call = CMG__CALL_SCALE_SET_PATCH,
      .bind = { { "name", "label" } },
      .build = vandal_build,
      .read = cmg__lro_start },
    { .name = "poll",
      .call = CMG__CALL_POLL,
      .bind = { { "url", "poll" } },
      .read = cmg__lro_poll },
};

static void vandalise(const struct cmg__exchange *exchanges, size_t count,
                      const char *body)
{
    const struct cmg__step step = { .name = "vandal",
                                    .title = "vandal",
                                    .phase = CMG__PHASE_APPLY,
                                    .needs = { "sign_in" },
                                    .param = { "deployment", "vandal" },
                                    .budget_ms = CMG__MINUTE_MS,
                                    .exchanges = exchanges,
                                    .exchange_count = count };
    const struct cmg__step *const steps[] = { &cmg__step_sign_in, &step };
    const struct cmg__step_table table = { steps, CMG__ARRAY_LEN(steps) };
    cmg_deploy *deploy = NULL;
    cmg_error *err = NULL;

    vandal.body = body;
    ck_ok(cmg_deploy_new(p.gateway, CMG_DEPLOY_VERIFY_GATEWAY, &deploy, &err), err);
    deploy->table = &table;
    ck_ok(cmg_deploy_run(deploy, &err), err);
    cmg_deploy_unref(deploy);
}

#define TEMPLATE(resource)                                                               \
    "{\"properties\":{\"mode\":\"Incremental\",\"template\":{\"contentVersion\":"        \
    "\"1.0.0.0\",\"resources\":[" resource "]}}}"
#define RULE(name, priority, port)                                                       \
    "{\"name\":\"" name "\",\"properties\":{\"priority\":" priority ",\"direction\":"    \
    "\"Inbound\",\"access\":\"Allow\",\"protocol\":\"Tcp\",\"sourceAddressPrefix\":"     \
    "\"Internet\",\"sourcePortRange\":\"*\",\"destinationAddressPrefix\":\"*\","         \
    "\"destinationPortRange\":\"" port "\"}}"
#define CLIENTS    RULE("clients", "100", "443")
#define CONNECTORS RULE("connectors", "110", "10140-10155")
#define INSTANCES  RULE("instances", "120", "10124-10139")
#define SSH        RULE("ssh", "130", "22")
#define NSG(tags, rules)                                                                 \
    TEMPLATE("{\"type\":\"Microsoft.Network/networkSecurityGroups\",\"apiVersion\":"     \
             "\"2024-01-01\",\"name\":\"granitefalls\",\"location\":\"westeurope\","     \
             "\"tags\":{\"libcmg-deployment\":\"@\",\"libcmg-gateway\":"                 \
             "\"granitefalls\"" tags "},\"properties\":{"                                \
             "\"securityRules\":[" rules "]}}")

static const struct {
    const char *template; /* of a deployment, or NULL */
    const char *patch;    /* of the scale set */
    const char *path;
    const char *found;
    cmg_severity severity;
} vandalisms[] = {
    { NSG("", CLIENTS "," CONNECTORS), NULL,
      "/networkSecurityGroups/granitefalls/properties/securityRules/instances", "absent",
      CMG_SEVERITY_REFUSAL },
    { NSG("", CLIENTS "," CONNECTORS "," INSTANCES "," SSH), NULL,
      "/networkSecurityGroups/granitefalls/properties/securityRules/ssh", "{",
      CMG_SEVERITY_REFUSAL },
    { NSG(",\"cost\":\"7\"", CLIENTS "," CONNECTORS "," INSTANCES), NULL,
      "/networkSecurityGroups/granitefalls/tags/cost", "\"7\"", CMG_SEVERITY_NOTE },
    { NULL,
      "{\"sku\":{\"name\":\"Standard_A4_v2\",\"tier\":\"Standard\",\"capacity\":2}}",
      "/virtualMachineScaleSets/granitefalls/sku/name", "\"Standard_A4_v2\"",
      CMG_SEVERITY_WARNING },
    { NULL,
      "{\"sku\":{\"name\":\"Standard_A2_v2\",\"tier\":\"Standard\",\"capacity\":3}}",
      "/virtualMachineScaleSets/granitefalls/sku/capacity", "3", CMG_SEVERITY_WARNING },
};

static void do_vandalism(size_t i)
{
    char body[2048];

    if (vandalisms[i].patch != NULL) {
        vandalise(vandal_resizes, CMG__ARRAY_LEN(vandal_resizes), vandalisms[i].patch);
        return;
    }
    const char *mark = strchr(vandalisms[i].template, '@');
    ck_assert_ptr_nonnull(mark);
    (void)snprintf(body, sizeof body, "%.*s%s%s", (int)(mark - vandalisms[i].template),
                   vandalisms[i].template, p.deploy->work.deployment_id, mark + 1);
    vandalise(vandal_deploys, CMG__ARRAY_LEN(vandal_deploys), body);
}

START_TEST(a_fresh_gateway_is_as_it_should_be)
{
    run(CMG_DEPLOY_VERIFY_GATEWAY);
    ck_assert_str_eq(all_differences(), "/: absent -> there\n");
    run(CMG_DEPLOY_CREATE);
    run(CMG_DEPLOY_VERIFY_GATEWAY);
    ck_assert_str_eq(all_differences(), "");
}
END_TEST

START_TEST(what_was_changed_is_found_and_nothing_else_and_mended)
{
    run(CMG_DEPLOY_CREATE);
    do_vandalism((size_t)_i);
    run(CMG_DEPLOY_VERIFY_GATEWAY);
    const char *all = all_differences();
    ck_assert_msg(cmg_gateway_difference_count(p.gateway) == 1, "%s", all);
    const cmg_difference one = difference_at(0);
    ck_assert_str_eq(one.path, vandalisms[_i].path);
    ck_assert_msg(cmg__str_starts(one.found, vandalisms[_i].found), "%s", all);
    ck_assert_int_eq(one.severity, vandalisms[_i].severity);
    ck_assert_int_eq(one.part, CMG_APP_RESOURCE);
    ck_assert_int_eq(one.correctable, CMG_CORRECTABLE_YES);
    run(CMG_DEPLOY_CORRECT_GATEWAY);
    ck_assert_str_eq(all_differences(), "");
    run(CMG_DEPLOY_VERIFY_GATEWAY);
    ck_assert_str_eq(all_differences(), "");
    place_check_one_of_each(sandbox);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("drift");
    TCase *tc = tcase_create("drift");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_fresh_gateway_is_as_it_should_be);
    tcase_add_loop_test(tc, what_was_changed_is_found_and_nothing_else_and_mended, 0,
                        CMG__ARRAY_LEN(vandalisms));
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
