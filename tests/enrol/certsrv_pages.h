/* Pages of AD CS web enrolment, as IIS writes them. */
#ifndef TESTS_ENROL_CERTSRV_PAGES_H
#define TESTS_ENROL_CERTSRV_PAGES_H

#define HEAD                                                                             \
    "<!DOCTYPE html>\r\n<HTML>\r\n<Head>\r\n<Meta HTTP-Equiv=\"Content-Type\" "          \
    "Content=\"text/html; charset=UTF-8\">\r\n<Title>Microsoft Active Directory "        \
    "Certificate Services</Title>\r\n</Head>\r\n<Body BgColor=#FFFFFF Link=#0000FF "     \
    "VLink=#0000FF ALink=#0000FF><Font ID=locPageFont Face=\"Arial\">\r\n<Table "        \
    "Border=0 CellSpacing=0 CellPadding=4 Width=100% BgColor=#008080>\r\n<TR><TD><Font " \
    "Color=#FFFFFF><LocID ID=locMSCertSrv><B><I>Microsoft</I></B> Active Directory "     \
    "Certificate Services &nbsp;--&nbsp; Contoso CA &nbsp;</LocID></Font></TD></TR>"     \
    "\r\n</Table>\r\n"
#define TAIL "\r\n</Font>\r\n</Body>\r\n</HTML>\r\n"

#define ISSUED_PAGE                                                                      \
    HEAD "<P ID=locPageTitle> <Font Color=#000000><B> Certificate Issued </B></Font>"    \
         "\r\n<P ID=locPageDesc> The certificate you requested was issued to you.\r\n"   \
         "<Script Language=\"JavaScript\">\r\nfunction getCert() {\r\nlocation="         \
         "\"certnew.cer?ReqID=12&\"+getEncoding();\r\n}\r\n</Script>" TAIL
#define PENDING_PAGE                                                                     \
    HEAD "<P ID=locPageTitle> <Font Color=#000000><B> Certificate Pending </B></Font>"   \
         "\r\n<P ID=locPageDesc> Your certificate request has been received. However, "  \
         "you must wait for an administrator to issue the certificate you requested."    \
         "\r\n<P ID=locInfoReqID> Your Request Id is 12. \r\n<P ID=locInstructions> "    \
         "Please return to this web site in a day or two to retrieve your "              \
         "certificate.\r\n<P ID=locTimeoutWarning> <Font Size=-1><B>Note:</B> You must " \
         "return with <B>this</B> web browser within 10 days to retrieve your "          \
         "certificate</Font>" TAIL
#define PENDING_GERMAN                                                                   \
    HEAD "<P ID=locPageTitle> <B>Ausstehendes Zertifikat</B><P ID=locInfoReqID> Ihre "   \
         "Anforderungs-ID lautet 12. <P>Ein Administrator muss das Zertifikat "          \
         "ausstellen, das Sie angefordert haben.  F\xc3\xbcr 10 Tage." TAIL
#define DENIED_PAGE                                                                      \
    HEAD "<P ID=locPageTitle> <B>Certificate Request Denied</B><P ID=locPageDesc> Your " \
         "certificate request was denied. <P ID=locInfoReqID> Your Request Id is 13. "   \
         "The disposition message is &quot;Denied by Policy Module  0x80094800, The "    \
         "request was for a certificate template that is not supported by the Active "   \
         "Directory Certificate Services policy: CMGWeb.&quot;" TAIL
#define SUBMISSION_PAGE                                                                  \
    HEAD "<P> Disposition message: Taken Under Submission <P> Your Request Id is "       \
         "12." TAIL
#define ADMIN_PAGE                                                                       \
    HEAD "<P>Disposition message: Denied by CONTOSO\\admin <P> Your Request Id is "      \
         "12." TAIL

#endif
