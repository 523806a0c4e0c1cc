/* What each page of AD CS web enrolment means, and the plain text of any page. */
#include <string.h>

#include "certsrv_pages.h"
#include "enrol/certsrv_page.h"
#include "enrol/html.h"
#include "support/support.h"

static const struct {
    const char *html;
    enum cmg__certsrv_verdict verdict;
    const char *id;
    uint32_t hresult;
} pages[] = {
    { ISSUED_PAGE, CMG__CERTSRV_ISSUED, "12", 0 },
    { PENDING_PAGE, CMG__CERTSRV_PENDING, "12", 0 },
    { PENDING_GERMAN, CMG__CERTSRV_PENDING, "12", 0 },
    { DENIED_PAGE, CMG__CERTSRV_DENIED, "13", 0x80094800 },
    { SUBMISSION_PAGE, CMG__CERTSRV_PENDING, "12", 0 },
    { ADMIN_PAGE, CMG__CERTSRV_DENIED, "12", 0 },
    { "<p>ID de votre demande : 4711<p>Certificat en attente", CMG__CERTSRV_PENDING,
      "4711", 0 },
    { "<p>Votre demande a \xe9t\xe9 refus\xe9"
      "e. ID : 5.",
      CMG__CERTSRV_DENIED, "5", 0 },
    { "<b>Anforderungs-ID</b> lautet&#32;<i>99</i>", CMG__CERTSRV_PENDING, "99", 0 },
    { "<a href='CERTNEW.CER?REQID=4294967295&amp;Enc=bin'>", CMG__CERTSRV_ISSUED,
      "4294967295", 0 },
    /* The RPC server is unavailable: no number, no decision. */
    { HEAD "The RPC server is unavailable. 0x800706ba (WIN32: 1722)" TAIL,
      CMG__CERTSRV_DENIED, "", 0x800706ba },
    { "", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "<html><body>Please sign in</body></html>", CMG__CERTSRV_UNKNOWN, "", 0 },
    /* Numbers that are none. */
    { "certnew.cer?ReqID=&ReqID=x", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "certnew.cer?ReqID=0&", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "certnew.cer?ReqID=4294967296&", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "certnew.cer?ReqID=99999999999999999999&", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "certnew.cer?ReqID=zz certnew.cer?ReqID=7&", CMG__CERTSRV_ISSUED, "7", 0 },
    { "Your Request Id is 12345678901", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "Your Request Id is abc7", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "valid 12", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "id <!-- 3 --><script>id 4</script> 5", CMG__CERTSRV_PENDING, "5", 0 },
    /* Codes that are none. */
    { "0x8009480", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "0x800948000", CMG__CERTSRV_UNKNOWN, "", 0 },
    { "0x8zzz 0x80094811", CMG__CERTSRV_DENIED, "", 0x80094811 },
    { "<script>0x80094811", CMG__CERTSRV_UNKNOWN, "", 0 },
};

START_TEST(page_is_understood)
{
    struct cmg__certsrv_page page;

    cmg__certsrv_page_read(pages[_i].html, strlen(pages[_i].html), &page);
    ck_assert_int_eq(page.verdict, pages[_i].verdict);
    ck_assert_str_eq(page.request_id, pages[_i].id);
    ck_assert_uint_eq(page.hresult, pages[_i].hresult);
}
END_TEST

static const struct {
    const char *html;
    const char *text;
} texts[] = {
    { "", "" },
    { "  a\r\n\tb  ", "a b" },
    { "a<b>b</b>c", "a b c" },
    { "&lt;b&gt; &amp;amp; &quot;x&quot; &apos;", "<b> &amp; \"x\" '" },
    { "&#65;&#x42;&#0;&#7;c&#1114112;d&#xd800;e", "AB c d e" },
    { "&bogus; &; &", "&bogus; &; &" },
    { "F\xc3\xbcr \xfc\xff", "F\xc3\xbcr \xc3\xbc\xc3\xbf" },
    { "&uuml;&szlig;", "\xc3\xbc\xc3\x9f" },
    { "<script>x</script>y<style>z</style><!-- <b> -->w", "y w" },
    { "a<unfinished", "a" },
    { "a<!-- unfinished", "a" },
    { "\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80" },
    { "a\x7f\x01"
      "b",
      "a b" },
};

START_TEST(text_of_a_page_is_plain)
{
    char out[CMG__ENROL_MESSAGE_SIZE];

    cmg__html_text(texts[_i].html, strlen(texts[_i].html), out, sizeof out);
    ck_assert_str_eq(out, texts[_i].text);
}
END_TEST

START_TEST(text_is_cut_between_characters)
{
    char out[8];

    for (size_t size = 1; size <= sizeof out; size++) {
        cmg__html_text("a\xe2\x82\xac\xe2\x82\xac", 7, out, size);
        ck_assert_uint_lt(strlen(out), size);
        ck_assert(cmg__utf8_is_valid(out, strlen(out)));
    }
    ck_assert_str_eq(out, "a\xe2\x82\xac\xe2\x82\xac");
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("certsrv pages");
    TCase *page = tcase_create("pages");

    tcase_add_loop_test(page, page_is_understood, 0, CMG__ARRAY_LEN(pages));
    tcase_add_loop_test(page, text_of_a_page_is_plain, 0, CMG__ARRAY_LEN(texts));
    tcase_add_test(page, text_is_cut_between_characters);
    suite_add_tcase(s, page);
    return s;
}

int main(void)
{
    Suite *suites[] = { suite(), NULL };

    return support_run(suites);
}
