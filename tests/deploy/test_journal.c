/* The journal's text: what is taken back up, what is dropped, what is refused. */
#include "deploy/journal.h"
#include "support/support.h"

#include <string.h>

static struct cmg__buf text;

static void add(struct cmg__json *record)
{
    ck_assert_ptr_nonnull(record);
    ck_assert_int_eq(cmg__journal_add(&text, record), CMG_OK);
    cmg__json_unref(record);
}

static void add_open(int version)
{
    add(cmg__json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "t", "open", "cmg_journal",
                       version, "deployment", "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f",
                       "spec", "00ff", "gateway", "granitefalls", "operation", "create"));
}

static void setup(void)
{
    cmg__buf_init(&text, &cmg__alloc_libc, CMG__JOURNAL_MAX);
    add_open(CMG__JOURNAL_VERSION);
    add(cmg__json_pack("{s:s, s:s, s:{s:s, s:s}}", "t", "facts", "step", "tenant",
                       "facts", "tenant_id", "abc", "poll", "https://x"));
    add(cmg__json_pack("{s:s, s:s, s:s}", "t", "intent", "step", "server_secret",
                       "exchange", "add"));
    add(cmg__json_pack("{s:s, s:s, s:s, s:{s:n}}", "t", "result", "step", "consent",
                       "exchange", "grant", "facts", "poll"));
}

static void teardown(void)
{
    cmg__buf_done(&text);
}

static cmg_status parse(struct cmg__journal_content *content, cmg_error **err)
{
    return cmg__journal_parse(&cmg__alloc_libc, "contoso.journal", cmg__buf_cstr(&text),
                              text.len, content, err);
}

START_TEST(records_give_owner_facts_and_open_intents)
{
    struct cmg__journal_content content;
    cmg_error *err = NULL;

    ck_ok(parse(&content, &err), err);
    ck_assert(!content.torn);
    ck_assert_str_eq(content.owner.gateway, "granitefalls");
    ck_assert_str_eq(content.owner.operation, "create");
    ck_assert_str_eq(cmg__json_str(content.facts, "/tenant_id"), "abc");
    ck_assert_ptr_null(cmg__json_key(content.facts, "poll"));
    ck_assert_str_eq(cmg__json_str(content.intents, "/server_secret"), "add");
    cmg__journal_content_done(&content);
}
END_TEST

/* The linker leads the reading of documents here: in one call memory runs out. */
static unsigned parses_left;
cmg_status __real_cmg__json_parse(const struct cmg__alloc *alloc, const char *name,
                                  const char *from, size_t n, struct cmg__json **out,
                                  cmg_error **err);
cmg_status __wrap_cmg__json_parse(const struct cmg__alloc *alloc, const char *name,
                                  const char *from, size_t n, struct cmg__json **out,
                                  cmg_error **err);

cmg_status __wrap_cmg__json_parse(const struct cmg__alloc *alloc, const char *name,
                                  const char *from, size_t n, struct cmg__json **out,
                                  cmg_error **err)
{
    return parses_left > 0 && --parses_left == 0
               ? cmg__fail_nomem(err)
               : __real_cmg__json_parse(alloc, name, from, n, out, err);
}

/* Without memory a line that is whole must not pass for a torn one: what it says would be
   forgotten, and done once more. */
START_TEST(line_that_no_memory_is_left_for_is_not_dropped)
{
    for (unsigned line = 1; line <= 4; line++) {
        struct cmg__journal_content content;
        cmg_error *err = NULL;

        parses_left = line;
        ck_assert_int_eq(parse(&content, &err), CMG_E_NOMEM);
        ck_assert_int_eq(cmg_error_code(err), CMG_E_NOMEM);
        ck_assert_uint_eq(parses_left, 0);
        cmg_error_unref(err);
    }
}
END_TEST

START_TEST(result_closes_the_intent_of_its_step)
{
    struct cmg__journal_content content;
    cmg_error *err = NULL;

    add(cmg__json_pack("{s:s, s:s, s:s}", "t", "result", "step", "server_secret",
                       "exchange", "add"));
    ck_ok(parse(&content, &err), err);
    ck_assert_uint_eq(cmg__json_size(content.intents), 0);
    cmg__journal_content_done(&content);
}
END_TEST

/* Every prefix is what some crash leaves: all give the records before the torn one. */
START_TEST(every_prefix_is_read_up_to_its_last_whole_line)
{
    const size_t whole = text.len;

    for (size_t n = 0; n <= whole; n++) {
        struct cmg__journal_content content;
        size_t lines = 0;
        text.len = n;
        for (size_t i = 0; i < n; i++)
            lines += text.data[i] == '\n';
        char kept = text.data[n];
        text.data[n] = '\0';
        ck_assert_int_eq(parse(&content, NULL), CMG_OK);
        ck_assert_int_eq(content.facts != NULL, lines > 0);
        ck_assert_int_eq(cmg__json_key(content.facts, "tenant_id") != NULL, lines > 1);
        ck_assert_int_eq(cmg__json_size(content.intents) == 1, lines > 2);
        ck_assert_int_eq(content.torn, n > 0 && text.data[n - 1] != '\n');
        cmg__journal_content_done(&content);
        text.data[n] = kept;
    }
}
END_TEST

/* Journals of before tell of no confirmation: what they were opened for may have begun.
 */
static const struct {
    const char *begun; /* NULL: no such member */
    bool confirmed;
    const char *expected;
} beginnings[] = {
    { NULL, false, "create" },    { "", false, "" },
    { "", true, "create" },       { "delete", false, "delete" },
    { "delete", true, "create" },
};

START_TEST(what_has_begun_is_what_was_confirmed)
{
    struct cmg__journal_content content;
    struct cmg__json *open = cmg__json_pack(
        "{s:s, s:i, s:s, s:s, s:s, s:s, s:i}", "t", "open", "cmg_journal", 1,
        "deployment", "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f", "spec", "00ff", "gateway",
        "granitefalls", "operation", "create", "generation", 7);

    cmg__buf_clear(&text);
    if (beginnings[_i].begun != NULL)
        ck_assert_int_eq(cmg__json_set_str(open, "begun", beginnings[_i].begun), CMG_OK);
    add(open);
    if (beginnings[_i].confirmed)
        add(cmg__json_pack("{s:s}", "t", "confirmed"));
    ck_assert_int_eq(parse(&content, NULL), CMG_OK);
    ck_assert_str_eq(content.owner.begun, beginnings[_i].expected);
    ck_assert_int_eq(content.owner.generation, 7);
    cmg__journal_content_done(&content);
}
END_TEST

START_TEST(last_line_with_a_wrong_checksum_is_dropped)
{
    struct cmg__journal_content content;

    text.data[text.len - 2] ^= 1;
    ck_assert_int_eq(parse(&content, NULL), CMG_OK);
    ck_assert(content.torn);
    ck_assert_str_eq(cmg__json_str(content.facts, "/poll"), "https://x");
    cmg__journal_content_done(&content);
}
END_TEST

START_TEST(damage_before_the_last_line_is_refused_with_its_line)
{
    struct cmg__journal_content content;
    cmg_error *err = NULL;
    char *second = strchr(text.data, '\n') + 1;

    second[5] ^= 1;
    ck_assert_int_eq(parse(&content, &err), CMG_E_PARSE);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "contoso.journal"));
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "line 2"));
    ck_assert_str_ne(cmg_error_remedy(err), "");
    ck_assert_ptr_null(content.facts);
    cmg_error_unref(err);
}
END_TEST

START_TEST(newer_version_is_refused)
{
    struct cmg__journal_content content;
    cmg_error *err = NULL;

    cmg__buf_clear(&text);
    add_open(CMG__JOURNAL_VERSION + 1);
    ck_assert_int_eq(parse(&content, &err), CMG_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "version 2"));
    cmg_error_unref(err);
}
END_TEST

static const char *const foreign[] = {
    "{\"version\": 1, \"tenant\": {}}\n",
    "{}",
    "hello",
    "\n",
    "{\"t\":\"open\",\"cmg_journal\":1}\t0000000000000000\n",
};

START_TEST(files_that_are_no_journal_are_refused)
{
    struct cmg__journal_content content;

    ck_assert_int_eq(cmg__journal_parse(&cmg__alloc_libc, "x", foreign[_i],
                                        strlen(foreign[_i]), &content, NULL),
                     CMG_E_PARSE);
}
END_TEST

START_TEST(first_record_without_an_owner_is_refused)
{
    struct cmg__journal_content content;

    cmg__buf_clear(&text);
    add(cmg__json_pack("{s:s, s:i}", "t", "open", "cmg_journal", 1));
    ck_assert_int_eq(parse(&content, NULL), CMG_E_PARSE);
}
END_TEST

START_TEST(record_too_many_changes_nothing)
{
    struct cmg__buf small;
    struct cmg__json *record = cmg__json_pack("{s:s}", "t", "a rather long record");

    cmg__buf_init(&small, &cmg__alloc_libc, 40);
    ck_assert_int_eq(cmg__buf_add_str(&small, "1234567890"), CMG_OK);
    ck_assert_int_eq(cmg__journal_add(&small, record), CMG_E_LIMIT);
    ck_assert_str_eq(small.data, "1234567890");
    cmg__json_unref(record);
    cmg__buf_done(&small);
}
END_TEST

static const struct cmg__journal_owner base = {
    .deployment = "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f",
    .spec = "aaaaaaaabbbb",
    .gateway = "granitefalls",
    .region = "westeurope",
    .operation = "create",
    .bringer = "CMG_DEPLOY_MODIFY_GATEWAY",
};

static const struct {
    const char *deployment, *spec, *theirs, *mine;
    cmg_status expected;
} matches[] = {
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f", "aaaaaaaabbbb", "create", "create",
      CMG_OK },
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f", "aaaaaaaabbbb", "create", "delete",
      CMG_OK },
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f", "cccccccc", "create", "delete", CMG_OK },
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f", "aaaaaaaabbbb", "delete", "delete",
      CMG_OK },
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f", "cccccccc", "create", "create",
      CMG_E_CONFLICT },
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f", "cccccccc", "", "create", CMG_OK },
    { "7d6f2c1e-5b0a-4c8e-9f34-2a1b3c4d5e6f", "aaaaaaaabbbb", "delete", "create",
      CMG_E_STATE },
    { "00000000-5b0a-4c8e-9f34-2a1b3c4d5e6f", "aaaaaaaabbbb", "create", "create",
      CMG_E_CONFLICT },
    { "00000000-5b0a-4c8e-9f34-2a1b3c4d5e6f", "aaaaaaaabbbb", "create", "delete",
      CMG_E_CONFLICT },
};

START_TEST(only_the_owner_may_go_on)
{
    struct cmg__journal_owner theirs = base;
    struct cmg__journal_owner mine = base;
    cmg_error *err = NULL;

    strcpy(theirs.deployment, matches[_i].deployment);
    strcpy(theirs.spec, matches[_i].spec);
    strcpy(theirs.begun, matches[_i].theirs);
    strcpy(mine.operation, matches[_i].mine);
    mine.any_spec = strcmp(matches[_i].mine, "delete") == 0;
    ck_assert_int_eq(
        cmg__journal_match(&cmg__alloc_libc, "contoso.journal", &theirs, &mine, &err),
        matches[_i].expected);
    if (matches[_i].expected != CMG_OK) {
        ck_assert_ptr_nonnull(strstr(cmg_error_message(err), "contoso.journal"));
        ck_assert_str_ne(cmg_error_remedy(err), "");
    }
    cmg_error_unref(err);
}
END_TEST

static const struct {
    const char *region, *remedy;
} remedies[] = {
    { "westeurope", "run CMG_DEPLOY_MODIFY_GATEWAY" },
    { "", "run CMG_DEPLOY_MODIFY_GATEWAY" }, /* of an earlier version */
    { "northeurope", "name region northeurope again" },
};

START_TEST(a_refusal_names_what_brings_the_change)
{
    struct cmg__journal_owner theirs = base;
    cmg_error *err = NULL;

    strcpy(theirs.spec, "cccccccc");
    strcpy(theirs.begun, "create");
    strcpy(theirs.region, remedies[_i].region);
    ck_assert_int_eq(
        cmg__journal_match(&cmg__alloc_libc, "contoso.journal", &theirs, &base, &err),
        CMG_E_CONFLICT);
    ck_assert_msg(strstr(cmg_error_remedy(err), remedies[_i].remedy) ==
                      cmg_error_remedy(err),
                  "%s", cmg_error_remedy(err));
    cmg_error_unref(err);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("journal");
    TCase *tc = tcase_create("text");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, records_give_owner_facts_and_open_intents);
    tcase_add_test(tc, line_that_no_memory_is_left_for_is_not_dropped);
    tcase_add_test(tc, result_closes_the_intent_of_its_step);
    tcase_add_test(tc, every_prefix_is_read_up_to_its_last_whole_line);
    tcase_add_loop_test(tc, what_has_begun_is_what_was_confirmed, 0,
                        CMG__ARRAY_LEN(beginnings));
    tcase_add_test(tc, last_line_with_a_wrong_checksum_is_dropped);
    tcase_add_test(tc, damage_before_the_last_line_is_refused_with_its_line);
    tcase_add_test(tc, newer_version_is_refused);
    tcase_add_loop_test(tc, files_that_are_no_journal_are_refused, 0,
                        CMG__ARRAY_LEN(foreign));
    tcase_add_test(tc, first_record_without_an_owner_is_refused);
    tcase_add_test(tc, record_too_many_changes_nothing);
    tcase_add_loop_test(tc, only_the_owner_may_go_on, 0, CMG__ARRAY_LEN(matches));
    tcase_add_loop_test(tc, a_refusal_names_what_brings_the_change, 0,
                        CMG__ARRAY_LEN(remedies));
    suite_add_tcase(suite, tc);
    return support_run((Suite *[]){ suite, NULL });
}
