/* What numbers and organisations mean: certificate policies and certification authorities. Rows on which public lists
 * disagree are left out: showing the number is better than showing the wrong use. */
#include "tables.h"
#include "text.h"

#include <stddef.h>
#include <string.h>

#define YESSIGN "1.2.410.200005.1.1."
#define SIGNKOREA "1.2.410.200004.5.1.1."
#define KICA "1.2.410.200004.5.2.1."
#define NCASIGN "1.2.410.200004.5.3.1."
#define CROSSCERT "1.2.410.200004.5.4."
#define INIPASS "1.2.410.200004.5.5.1."
#define TRADESIGN "1.2.410.200012."
#define GPKI "1.2.410.100001."

#define GENERAL_PERSON "범용(개인)", "general purpose (personal)"
#define GENERAL_COMPANY "범용(사업자)", "general purpose (business)"
#define GENERAL_ANY "범용", "general purpose"
#define BANK "은행/보험용", "banking, insurance"
#define BANK_PERSON "은행/보험용(개인)", "banking, insurance (personal)"
#define BANK_CARD_PERSON "은행/신용카드/보험용(개인)", "banking, credit card, insurance (personal)"
#define BANK_CARD_COMPANY "은행/신용카드/보험용(법인)", "banking, credit card, insurance (business)"
#define STOCK "증권/보험용", "securities, insurance"
#define STOCK_PERSON "증권/보험용(개인)", "securities, insurance (personal)"
#define CARD "신용카드용", "credit card"
#define TAX "전자세금용", "electronic tax invoices"
#define NTS "국세청용", "National Tax Service"
#define SERVER "서버용", "server"
#define LIMITED "용도제한용", "limited use"
#define LIMITED_PERSON "용도제한용(개인)", "limited use (personal)"
#define LIMITED_COMPANY "용도제한용(사업자)", "limited use (business)"
#define BIDDING "전자입찰용", "electronic bidding"
#define TRADE "전자무역용", "electronic trade"
#define CIVIL "전자민원용", "electronic civil service"

static const struct table_policy POLICIES[] = {
    {YESSIGN "1", GENERAL_PERSON},
    {YESSIGN "2", BANK_CARD_COMPANY},
    {YESSIGN "3", SERVER},
    {YESSIGN "4", BANK_CARD_PERSON},
    {YESSIGN "5", GENERAL_COMPANY},
    {YESSIGN "6", LIMITED},
    {YESSIGN "6.1", "기업뱅킹용", "business banking"},
    {YESSIGN "6.2", CARD},
    {YESSIGN "6.3", "조달청 원클릭용", "public procurement"},
    {YESSIGN "6.4", "퇴직연금용", "retirement pension"},
    {YESSIGN "6.5", "CTR용", "CTR"},
    {YESSIGN "6.8", TAX},
    {SIGNKOREA "1", LIMITED_PERSON},
    {SIGNKOREA "3", LIMITED_COMPANY},
    {SIGNKOREA "5", GENERAL_PERSON},
    {SIGNKOREA "7", GENERAL_COMPANY},
    {SIGNKOREA "9", STOCK_PERSON},
    {SIGNKOREA "9.1", BANK},
    {SIGNKOREA "9.2", CARD},
    {SIGNKOREA "10", "증권/보험용(골드)", "securities, insurance (gold)"},
    {SIGNKOREA "11", "국세청용(개인)", "National Tax Service (personal)"},
    {SIGNKOREA "12", "국세청용(사업자)", "National Tax Service (business)"},
    {SIGNKOREA "12.902", TAX},
    {KICA "1", GENERAL_COMPANY},
    {KICA "2", GENERAL_PERSON},
    {KICA "3", BIDDING},
    {KICA "4", SERVER},
    {KICA "5", "특별등급", "special class"},
    {KICA "5.140", "NEIS용", "NEIS (education)"},
    {KICA "5001", NTS},
    {KICA "6", LIMITED_COMPANY},
    {KICA "7.1", BANK_PERSON},
    {KICA "7.2", STOCK},
    {KICA "7.3", CARD},
    {NCASIGN "1", "기관용", "institution"},
    {NCASIGN "2", "법인용", "business"},
    {NCASIGN "3", SERVER},
    {NCASIGN "4", LIMITED},
    {NCASIGN "5", LIMITED},
    {NCASIGN "6", LIMITED},
    {NCASIGN "7", LIMITED},
    {NCASIGN "8", LIMITED},
    {NCASIGN "9", GENERAL_PERSON},
    {CROSSCERT "1.1", GENERAL_PERSON},
    {CROSSCERT "1.2", GENERAL_COMPANY},
    {CROSSCERT "1.3", SERVER},
    {CROSSCERT "1.4", LIMITED},
    {CROSSCERT "1.5", LIMITED},
    {CROSSCERT "1.74", NTS},
    {CROSSCERT "1.101", BANK},
    {CROSSCERT "1.102", STOCK},
    {CROSSCERT "1.103", CARD},
    {CROSSCERT "1.104", CIVIL},
    {CROSSCERT "1.105", CIVIL},
    {CROSSCERT "2.52", TAX},
    {CROSSCERT "2.80", TAX},
    {INIPASS "1", GENERAL_ANY},
    {INIPASS "2", GENERAL_ANY},
    {INIPASS "1.4.1", BIDDING},
    {INIPASS "1.4.2", BIDDING},
    {TRADESIGN "1.1.1", GENERAL_PERSON},
    {TRADESIGN "1.1.2", "범용(개인) 암호용", "general purpose (personal), encryption"},
    {TRADESIGN "1.1.3", GENERAL_COMPANY},
    {TRADESIGN "1.1.4", "범용(사업자) 암호용", "general purpose (business), encryption"},
    {TRADESIGN "1.1.5", SERVER},
    {TRADESIGN "1.1.6", SERVER},
    {TRADESIGN "1.1.7", TRADE},
    {TRADESIGN "1.1.8", TRADE},
    {TRADESIGN "1.1.9", TRADE},
    {TRADESIGN "1.1.10", TRADE},
    {TRADESIGN "1.1.11", LIMITED},
    {TRADESIGN "1.1.12", TRADE},
    {TRADESIGN "1.1.101", BANK},
    {TRADESIGN "1.1.103", STOCK},
    {TRADESIGN "1.1.105", CARD},
    {TRADESIGN "5.19.1.1", TAX},
    {GPKI "2.1.1", "행정(GPKI) 전자관인", "government (GPKI), official seal"},
    {GPKI "2.1.2", "행정(GPKI) 컴퓨터용", "government (GPKI), computer"},
    {GPKI "2.1.3", "행정(GPKI) 특수목적용", "government (GPKI), special purpose"},
    {GPKI "2.1", "행정(GPKI) 공공/민간", "government (GPKI), public and private bodies"},
    {GPKI "2.2.1", "행정(GPKI) 공무원", "government (GPKI), official"},
    {GPKI "2.2.2", "행정(GPKI) 공공/민간(개인)", "government (GPKI), public and private persons"},
    {GPKI "5.3", "교육(EPKI)", "education (EPKI)"},
    {GPKI "5.5", "대검찰청", "Supreme Prosecutors' Office"},
    {GPKI "5.6", "병무청", "Military Manpower Administration"},
    {GPKI "5.7", "행정안전부", "Ministry of the Interior and Safety"},
    {GPKI "5.8", "대법원", "Supreme Court"},
    {"1.2.410.200006.2.1", "국방(MPKI)", "defence (MPKI)"},
    {"2.5.29.32.0", "용도 지정 없음", "any use"},
};

static const struct table_issuer ISSUERS[] = {
    {"yessign", "yessign", "금융결제원(yessign)", "KFTC (yessign)"},
    {"SignKorea", "SignKorea", "코스콤(SignKorea)", "Koscom (SignKorea)"},
    {"KICA", "KICA", "한국정보인증(KICA)", "KICA (signGATE)"},
    {"SignGate", "KICA", "한국정보인증(KICA)", "KICA (signGATE)"},
    {"NCASign", "NCASign", "한국전산원(NCASign)", "NIA (NCASign)"},
    {"CrossCert", "CrossCert", "한국전자인증(CrossCert)", "KECA (CrossCert)"},
    {"TradeSign", "TradeSign", "한국무역정보통신(TradeSign)", "KTNET (TradeSign)"},
    {"INIPASS", "INIPASS", "이니텍(INIPASS)", "INITECH (INIPASS)"},
    {"Government of Korea", "Government of Korea", "행정전자서명(GPKI)", "Government of Korea (GPKI)"},
};

static int is_below(const char *oid, const char *prefix, size_t length)
{
    return strncmp(oid, prefix, length) == 0 && (oid[length] == '\0' || oid[length] == '.');
}

const struct table_policy *table_policy(const char *oid)
{
    const struct table_policy *best = NULL;
    size_t best_length = 0;
    for (size_t i = 0; i < sizeof POLICIES / sizeof POLICIES[0]; i++) {
        size_t length = strlen(POLICIES[i].oid);
        if (length > best_length && is_below(oid, POLICIES[i].oid, length)) {
            best = &POLICIES[i];
            best_length = length;
        }
    }
    return best;
}

const struct table_policy *table_policy_at(size_t index)
{
    return index < sizeof POLICIES / sizeof POLICIES[0] ? &POLICIES[index] : NULL;
}

const struct table_issuer *table_issuer_at(size_t index)
{
    return index < sizeof ISSUERS / sizeof ISSUERS[0] ? &ISSUERS[index] : NULL;
}

const struct table_issuer *table_issuer(const char *organisation)
{
    for (size_t i = 0; i < sizeof ISSUERS / sizeof ISSUERS[0]; i++) {
        if (text_is_same(ISSUERS[i].organisation, organisation)) {
            return &ISSUERS[i];
        }
    }
    return NULL;
}
