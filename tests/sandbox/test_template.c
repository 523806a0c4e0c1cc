/* The template language: expressions by table, parameters, order, outputs, bounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sandbox/template.h"
#include "support/support.h"

#define SUB   "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f"
#define GROUP "/subscriptions/" SUB "/resourceGroups/rg-1"

static struct support_alloc a;

static const char source[] =
    "{\"contentVersion\":\"1.0.0.0\",\"parameters\":{"
    "\"name\":{\"type\":\"string\",\"defaultValue\":\"Granite\"},"
    "\"count\":{\"type\":\"int\",\"defaultValue\":2},"
    "\"list\":{\"type\":\"array\",\"defaultValue\":[\"a\",{\"b\":[1,2]}]},"
    "\"flag\":{\"type\":\"bool\",\"defaultValue\":true},"
    "\"secret\":{\"type\":\"securestring\",\"defaultValue\":\"s3\"}},"
    "\"variables\":{\"n\":\"[toLower(parameters('name'))]\","
    "\"twice\":\"[concat(variables('n'), variables('n'))]\","
    "\"loop\":\"[variables('loop')]\",\"object\":{\"in\":\"[variables('n')]\"}},"
    "\"resources\":[{\"type\":\"Microsoft.Network/publicIPAddresses\","
    "\"apiVersion\":\"2024-01-01\",\"name\":"
    "\"[variables('n')]\"}]}";
#define ADDRESS GROUP "/providers/Microsoft.Network/publicIPAddresses/granite"

static struct cmg__json *parse(const char *text)
{
    struct cmg__json *value = NULL;
    cmg_error *err = NULL;

    ck_ok(cmg__json_parse(&a.alloc, "t", text, strlen(text), &value, &err), err);
    return value;
}

static const struct cmg__json *reference(void *user, const char *id)
{
    const struct cmg__json *all = user;
    return cmg__json_key(all, id);
}

static void fill(struct cmg__sb_template *t, struct cmg__json *existing)
{
    *t = (struct cmg__sb_template){ .alloc = &a.alloc,
                                    .subscription_id = SUB,
                                    .tenant_id = "t",
                                    .group = "rg-1",
                                    .location = "westeurope",
                                    .reference = reference,
                                    .user = existing };
}

static void setup(void)
{
    support_alloc_init(&a);
}

static void teardown(void)
{
    ck_assert_uint_eq(a.live, 0);
}

/* Evaluates a text in the template above; JSON of the value (free), or NULL. */
static char *eval(const char *text, bool check, cmg_error **err)
{
    struct cmg__sb_template t;
    struct cmg__json *doc = parse(source);
    struct cmg__json *existing =
        parse("{\"/x\":{\"identity\":{\"principalId\":\"p\"},\"properties\":"
              "{\"dns\":{\"fqdn\":\"g.example\"}}},\"" ADDRESS
              "\":{\"properties\":{\"ipAddress\":\"203.0.113.1\"}}}");
    struct cmg__json *value = NULL, *in = cmg__json_string(text);
    struct cmg__buf out;
    char *copy = NULL;

    fill(&t, existing);
    t.check = check;
    cmg__buf_init(&out, &a.alloc, 1 << 20);
    ck_assert_int_eq(cmg__sb_template_open(&t, doc, NULL, err), CMG_OK);
    if (cmg__sb_template_value(&t, in, &value, err) == CMG_OK) {
        struct cmg__json *wrapped = cmg__json_pack("[O]", value);
        ck_assert_int_eq(cmg__json_format(wrapped, CMG__JSON_COMPACT, &out), CMG_OK);
        cmg__json_unref(wrapped);
        copy = strndup(out.data + 1, out.len - 2);
    }
    ck_assert_uint_eq(t.depth, 0);
    cmg__json_unref(value);
    cmg__json_unref(in);
    cmg__sb_template_close(&t);
    cmg__json_unref(existing);
    cmg__json_unref(doc);
    cmg__buf_done(&out);
    return copy;
}

static const struct {
    const char *text, *value;
} good[] = {
    { "plain", "\"plain\"" },
    { "[", "\"[\"" },
    { "[[parameters('name')]", "\"[parameters('name')]\"" },
    { "['it''s']", "\"it's\"" },
    { "['']", "\"\"" },
    { "[42]", "42" },
    { "[-7]", "-7" },
    { "[parameters('name')]", "\"Granite\"" },
    { "[ parameters( 'count' ) ]", "2" },
    { "[variables('n')]", "\"granite\"" },
    { "[variables('twice')]", "\"granitegranite\"" },
    { "[variables('object').in]", "\"granite\"" },
    { "[concat('a', parameters('count'), 'b', true_or())]", NULL },
    { "[concat('a', parameters('count'), parameters('flag'))]", "\"a2True\"" },
    { "[concat(parameters('list'), parameters('list'))[3].b[1]]", "2" },
    { "[parameters('list')[0]]", "\"a\"" },
    { "[parameters('list')[1]['b'][0]]", "1" },
    { "[toUpper('aZ9-')]", "\"AZ9-\"" },
    { "[base64('hello')]", "\"aGVsbG8=\"" },
    { "[base64('')]", "\"\"" },
    { "[format('{0}-{1}-{0} {{x}}', 'a', 3)]", "\"a-3-a {x}\"" },
    { "[string(parameters('list'))]", "\"[\\\"a\\\",{\\\"b\\\":[1,2]}]\"" },
    { "[length('four')]", "4" },
    { "[length(parameters('list'))]", "2" },
    { "[equals('a', 'a')]", "true" },
    { "[if(equals(1, 2), 'yes', 'no')]", "\"no\"" },
    { "[resourceGroup().location]", "\"westeurope\"" },
    { "[resourceGroup().id]", "\"" GROUP "\"" },
    { "[subscription().subscriptionId]", "\"" SUB "\"" },
    { "[resourceId('Microsoft.Network/loadBalancers', 'lb')]",
      "\"" GROUP "/providers/Microsoft.Network/loadBalancers/lb\"" },
    { "[resourceId('Microsoft.Network/virtualNetworks/subnets', 'v', 's')]",
      "\"" GROUP "/providers/Microsoft.Network/virtualNetworks/v/subnets/s\"" },
    { "[resourceId('other', 'A.B/c', 'd')]",
      "\"/subscriptions/" SUB "/resourceGroups/other/providers/A.B/c/d\"" },
    { "[resourceId('sub', 'other', 'A.B/c', 'd')]",
      "\"/subscriptions/sub/resourceGroups/other/providers/A.B/c/d\"" },
    { "[reference('/x').dns.fqdn]", "\"g.example\"" },
    { "[reference('/x', '2024-03-01', 'Full').identity.principalId]", "\"p\"" },
    { "[reference('Granite').ipAddress]", "\"203.0.113.1\"" },
    { "[TOLOWER('X')]", "\"x\"" },
};

START_TEST(expressions_mean_what_the_language_says)
{
    cmg_error *err = NULL;
    char *value = eval(good[_i].text, false, &err);

    if (good[_i].value == NULL) {
        ck_assert_ptr_null(value);
        ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "true_or"));
    } else {
        ck_assert_ptr_nonnull(value);
        ck_assert_str_eq(value, good[_i].value);
    }
    cmg_error_unref(err);
    free(value);
}
END_TEST

static const struct {
    const char *text, *message;
} bad[] = {
    { "[]", "too early" },
    { "[parameters('name']", "too early" },
    { "[parameters('name'))]", "not expected" },
    { "[parameters(name)]", "not expected" },
    { "['open]", "closing quote" },
    { "[parameters('nothing')]", "'nothing'" },
    { "[variables('nothing')]", "'nothing'" },
    { "[variables('loop')]", "deeply" },
    { "[parameters('name').x]", "'x'" },
    { "[parameters('list')[9]]", "index 9" },
    { "[parameters('list')[-1]]", "index -1" },
    { "[nosuch()]", "'nosuch'" },
    { "[toLower()]", "arguments" },
    { "[toLower('a', 'b')]", "arguments" },
    { "[toLower(parameters('list'))]", "argument 1" },
    { "[concat(parameters('object'))]", "'object'" },
    { "[concat('a', parameters('list'))]", "made a text" },
    { "[format('{1}', 'a')]", "hole" },
    { "[format('{', 'a')]", "hole" },
    { "[resourceId('Microsoft.Network/a/b', 'one')]", "argument" },
    { "[resourceId('Microsoft.Network/a', 'one', 'two')]", "one name" },
    { "[reference('/nowhere')]", "'/nowhere'" },
    { "[reference('nobody')]", "'nobody'" },
    { "[if('x', 1, 2)]", "condition" },
    { "[99999999999999999999]", "out of range" },
    { "[1 2]", "not expected" },
};

START_TEST(wrong_expressions_are_refused_with_the_reason)
{
    cmg_error *err = NULL;
    char *value = eval(bad[_i].text, false, &err);

    ck_assert_ptr_null(value);
    ck_assert_int_eq(cmg_error_code(err), CMG_E_INVAL);
    ck_assert_msg(strstr(cmg_error_message(err), bad[_i].message) != NULL,
                  "\"%s\" does not say \"%s\"", cmg_error_message(err), bad[_i].message);
    cmg_error_unref(err);
}
END_TEST

START_TEST(while_checking_references_stand_for_something_unknown)
{
    cmg_error *err = NULL;
    char *value =
        eval("[concat('x', reference('/later').a.b[0], base64(reference('/l').c))]", true,
             &err);

    ck_assert_ptr_nonnull(value);
    ck_assert_str_eq(value, "\"x\"");
    free(value);
}
END_TEST

START_TEST(nesting_is_bounded)
{
    char text[4096] = "[";
    cmg_error *err = NULL;

    for (int i = 0; i < 200; i++)
        strcat(text, "toLower(");
    strcat(text, "'a'");
    for (int i = 0; i < 200; i++)
        strcat(text, ")");
    strcat(text, "]");
    ck_assert_ptr_null(eval(text, false, &err));
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "deeply"));
    cmg_error_unref(err);
}
END_TEST

START_TEST(expressions_have_a_greatest_length)
{
    size_t n = CMG__SB_EXPRESSION_MAX + 16;
    char *text = malloc(n + 1);
    cmg_error *err = NULL;

    memset(text, ' ', n);
    memcpy(text, "['a'", 4);
    text[n - 1] = ']';
    text[n] = '\0';
    ck_assert_ptr_null(eval(text, false, &err));
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "too long"));
    cmg_error_unref(err);
    free(text);
}
END_TEST

/* ---- parameters ---- */

static const struct {
    const char *declared, *given, *message; /* message NULL: good */
} parameters[] = {
    { "{\"type\":\"string\"}", "{\"p\":{\"value\":\"x\"}}", NULL },
    { "{\"type\":\"string\"}", "{}", "not provided" },
    { "{\"type\":\"string\"}", "{\"p\":{\"value\":1}}", "'string'" },
    { "{\"type\":\"int\"}", "{\"p\":{\"value\":\"1\"}}", "'int'" },
    { "{\"type\":\"bool\"}", "{\"p\":{\"value\":false}}", NULL },
    { "{\"type\":\"secureObject\"}", "{\"p\":{\"value\":{}}}", NULL },
    { "{\"type\":\"nonsense\"}", "{\"p\":{\"value\":{}}}", "'nonsense'" },
    { "{\"type\":\"string\"}", "{\"p\":{\"value\":\"x\"},\"q\":{\"value\":1}}", "'q'" },
    { "{\"type\":\"int\",\"minValue\":1,\"maxValue\":16}", "{\"p\":{\"value\":16}}",
      NULL },
    { "{\"type\":\"int\",\"minValue\":1,\"maxValue\":16}", "{\"p\":{\"value\":17}}",
      "bounds" },
    { "{\"type\":\"string\",\"minLength\":3}", "{\"p\":{\"value\":\"ab\"}}", "bounds" },
    { "{\"type\":\"string\",\"allowedValues\":[\"a\",\"b\"]}",
      "{\"p\":{\"value\":\"b\"}}", NULL },
    { "{\"type\":\"string\",\"allowedValues\":[\"a\",\"b\"]}",
      "{\"p\":{\"value\":\"c\"}}", "allowed" },
    { "{\"type\":\"string\",\"defaultValue\":\"[resourceGroup().location]\"}", "{}",
      NULL },
};

START_TEST(parameters_are_checked_against_their_declaration)
{
    struct cmg__sb_template t;
    char text[1024];
    cmg_error *err = NULL;

    snprintf(text, sizeof text,
             "{\"contentVersion\":\"1\",\"parameters\":{\"p\":%s},\"resources\":[]}",
             parameters[_i].declared);
    struct cmg__json *doc = parse(text);
    struct cmg__json *given = parse(parameters[_i].given);
    fill(&t, NULL);
    cmg_status rc = cmg__sb_template_open(&t, doc, given, &err);
    if (parameters[_i].message == NULL) {
        ck_ok(rc, err);
        cmg__sb_template_close(&t);
    } else {
        ck_assert_int_eq(rc, CMG_E_INVAL);
        ck_assert_ptr_nonnull(strstr(cmg_error_message(err), parameters[_i].message));
        cmg_error_unref(err);
    }
    cmg__json_unref(doc);
    cmg__json_unref(given);
}
END_TEST

/* ---- order ---- */

#define RESOURCE(name, rest)                                                             \
    "{\"type\":\"A.B/c\",\"apiVersion\":\"1\",\"name\":\"" name "\"" rest "}"

static const struct {
    const char *resources, *order; /* order NULL: message */
    const char *message;
} orders[] = {
    { "", "[]", NULL },
    { RESOURCE("x", "") "," RESOURCE("y", ""),
      "[{\"index\":0,\"after\":[]},{\"index\":1,\"after\":[]}]", NULL },
    { RESOURCE("x", ",\"dependsOn\":[\"[resourceId('A.B/c','y')]\"]") "," RESOURCE("y",
                                                                                   ""),

      "[{\"index\":1,\"after\":[]},{\"index\":0,\"after\":[0]}]", NULL },
    { RESOURCE("x", ",\"dependsOn\":[\"y\"]") "," RESOURCE("y", ""),
      "[{\"index\":1,\"after\":[]},{\"index\":0,\"after\":[0]}]", NULL },
    { RESOURCE("x", ",\"dependsOn\":[\"y\"]") "," RESOURCE("y", ",\"dependsOn\":[\"x\"]"),
      NULL, "circular" },
    { RESOURCE("x", ",\"dependsOn\":[\"z\"]"), NULL, "'z'" },
    { RESOURCE("x", "") "," RESOURCE("X", ""), NULL, "multiple times" },
    { RESOURCE("x", ",\"condition\":false") "," RESOURCE("y", ",\"dependsOn\":[\"x\"]"),
      "[{\"index\":1,\"after\":[]}]", NULL },
    { RESOURCE("x/y", ""), NULL, "segments" },
    { RESOURCE("", ""), NULL, "no name" },
    { "{\"type\":\"[concat('A.B','/c')]\",\"apiVersion\":\"1\",\"name\":\"x\"}", NULL,
      "literal" },
    { "{\"type\":\"A.B/c\",\"name\":\"x\"}", NULL, "apiVersion" },
};

START_TEST(resources_come_in_an_order_that_keeps_their_needs)
{
    struct cmg__sb_template t;
    char text[1024];
    struct cmg__json *order = NULL;
    cmg_error *err = NULL;
    struct cmg__buf out;

    snprintf(text, sizeof text, "{\"contentVersion\":\"1\",\"resources\":[%s]}",
             orders[_i].resources);
    struct cmg__json *doc = parse(text);
    fill(&t, NULL);
    cmg__buf_init(&out, &a.alloc, 4096);
    ck_ok(cmg__sb_template_open(&t, doc, NULL, &err), err);
    cmg_status rc = cmg__sb_template_order(&t, &order, &err);
    if (orders[_i].message == NULL) {
        ck_ok(rc, err);
        ck_assert_int_eq(cmg__json_format(order, CMG__JSON_COMPACT, &out), CMG_OK);
        ck_assert_str_eq(cmg__buf_cstr(&out), orders[_i].order);
    } else {
        ck_assert_int_eq(rc, CMG_E_INVAL);
        ck_assert_ptr_nonnull(strstr(cmg_error_message(err), orders[_i].message));
        cmg_error_unref(err);
    }
    cmg__json_unref(order);
    cmg__sb_template_close(&t);
    cmg__json_unref(doc);
    cmg__buf_done(&out);
}
END_TEST

static const struct {
    const char *text, *message;
} templates[] = {
    { "{\"resources\":[]}", "contentVersion" },
    { "{\"contentVersion\":\"1\"}", "resources" },
    { "{\"contentVersion\":\"1\",\"resources\":{}}", "resources" },
    { "[]", "contentVersion" },
};

START_TEST(what_is_no_template_is_refused)
{
    struct cmg__sb_template t;
    cmg_error *err = NULL;
    struct cmg__json *doc = parse(templates[_i].text);

    fill(&t, NULL);
    ck_assert_int_eq(cmg__sb_template_open(&t, doc, NULL, &err), CMG_E_INVAL);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), templates[_i].message));
    cmg_error_unref(err);
    cmg__json_unref(doc);
}
END_TEST

START_TEST(secure_outputs_have_no_value)
{
    struct cmg__sb_template t;
    struct cmg__json *outputs = NULL;
    cmg_error *err = NULL;
    struct cmg__json *doc =
        parse("{\"contentVersion\":\"1\",\"resources\":[],\"outputs\":{"
              "\"o\":{\"type\":\"string\",\"value\":\"[toLower('X')]\"},"
              "\"s\":{\"type\":\"securestring\",\"value\":\"hidden\"}}}");

    fill(&t, NULL);
    ck_ok(cmg__sb_template_open(&t, doc, NULL, &err), err);
    ck_ok(cmg__sb_template_outputs(&t, &outputs, &err), err);
    ck_assert_str_eq(cmg__json_str(outputs, "/o/value"), "x");
    ck_assert_ptr_null(cmg__json_at(outputs, "/s/value"));
    ck_assert_str_eq(cmg__json_str(outputs, "/s/type"), "securestring");
    cmg__json_unref(outputs);
    cmg__sb_template_close(&t);
    cmg__json_unref(doc);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("template");
    TCase *t = tcase_create("language");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, expressions_mean_what_the_language_says, 0,
                        CMG__ARRAY_LEN(good));
    tcase_add_loop_test(t, wrong_expressions_are_refused_with_the_reason, 0,
                        CMG__ARRAY_LEN(bad));
    tcase_add_test(t, while_checking_references_stand_for_something_unknown);
    tcase_add_test(t, nesting_is_bounded);
    tcase_add_test(t, expressions_have_a_greatest_length);
    tcase_add_loop_test(t, parameters_are_checked_against_their_declaration, 0,
                        CMG__ARRAY_LEN(parameters));
    tcase_add_loop_test(t, resources_come_in_an_order_that_keeps_their_needs, 0,
                        CMG__ARRAY_LEN(orders));
    tcase_add_loop_test(t, what_is_no_template_is_refused, 0, CMG__ARRAY_LEN(templates));
    tcase_add_test(t, secure_outputs_have_no_value);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    Suite *const suites[] = { suite(), NULL };
    return support_run(suites);
}
