"""Signatures, disclaimers and warnings in English, Danish, Romanian and Chinese.

All entries are NFKC and casefolded, as the text is that they are compared with; Romanian stands
with and without its diacritics because half of the mail is typed without them.
"""

import re
from typing import Final

# A line such as "Sent from my iPhone": an opener, a device, and at most fillers besides.
SENT_FROM: Final = (
    *("sent from my", "sent from", "sent via", "sent with", "sent using", "get", "written on my"),
    *("sendt fra min", "sendt fra mit", "sendt fra", "sendt via", "sendt med", "hent"),
    *("trimis de pe", "trimis din", "trimis cu", "trimis prin", "trimis folosind", "obțineți"),
    *("obtineti", "descărcați", "descarcati", "descarcă", "expediat de pe"),
    *(
        "发自我的",
        "發自我的",
        "发自",
        "來自我的",
        "来自我的",
        "来自",
        "从我的",
        "從我的",
        "从",
        "從",
    ),
    *("發送自", "发送自", "获取", "下載", "下载", "取得"),
)
DEVICES: Final = (
    *("iphone-ul", "iphone", "ipad", "samsung", "galaxy", "android", "huawei", "xiaomi", "redmi"),
    *("oppo", "pixel", "oneplus", "honor", "nokia", "outlook", "yahoo mail", "yahoo", "proton"),
    *("windows", "blackberry", "bluemail", "spark", "smartphone", "mobile device", "mobile phone"),
    *("mobilenhed", "mobiltelefon", "dispozitivul mobil", "telefonul mobil", "foxmail", "gmail"),
    *("thunderbird", "apple mail", "网易邮箱大师", "网易邮箱", "qq邮箱", "华为", "小米", "荣耀"),
    *("三星", "苹果", "vivo", "安卓", "手机"),
)
DEVICE_FILLERS: Final = frozenset(
    {
        *(
            "for",
            "til",
            "pentru",
            "on",
            "på",
            "pe",
            "via",
            "my",
            "min",
            "meu",
            "mea",
            "ios",
            "mail",
        ),
        *("pro", "max", "mini", "plus", "ultra", "note", "phone", "mobile", "telefonul", "tablet"),
        *(
            "email",
            "app",
            "the",
            "a",
            "secure",
            "excuse",
            "please",
            "any",
            "brevity",
            "and",
            "typos",
        ),
        *(
            "undskyld",
            "stavefejl",
            "de",
            "din",
            "5g",
            "edge",
            "device",
            "telefon",
            "enhed",
            "smart",
        ),
    }
)
DEVICE_FILLERS_HAN: Final = ("邮件应用", "邮件", "客户端", "发送", "發送", "傳送", "版", "的", "上")

SIGN_OFFS: Final = (
    *("best regards", "kind regards", "warm regards", "kindest regards", "regards", "best"),
    *("best wishes", "sincerely", "yours sincerely", "yours faithfully", "yours truly", "br"),
    *("respectfully", "with kind regards", "with best regards", "cheers", "all the best"),
    *("med venlig hilsen", "med venlige hilsner", "venlig hilsen", "venlige hilsner", "mvh", "vh"),
    *("hilsen", "hilsner", "mange hilsner", "bedste hilsner", "de bedste hilsner", "kærlig hilsen"),
    *("kh", "med hilsen", "dbh", "hav en god dag", "fortsat god dag", "m.v.h"),
    *("cu stimă", "cu stima", "cu respect", "cu deosebită considerație", "toate cele bune"),
    *("cu deosebita consideratie", "cu considerație", "numai bine", "cu drag"),
    *("cu cele mai bune gânduri", "o zi bună", "o zi buna", "o zi frumoasă", "o zi frumoasa"),
    *("此致", "敬礼", "祝好", "顺祝商祺", "顺颂商祺", "祝商祺", "致礼", "此致敬礼", "顺颂时祺"),
    *(
        "祝您工作愉快",
        "祝工作顺利",
        "祝工作愉快",
        "祝您生活愉快",
        "敬上",
        "谨上",
        "順頌商祺",
        "敬禮",
    ),
    *("祝一切顺利", "祝生活愉快", "祝您一切顺利", "致以问候"),
)
THANKS: Final = (
    *("thanks", "thank you", "many thanks", "thanks in advance", "thx", "thank you in advance"),
    *("tak", "på forhånd tak", "mange tak", "tak for hjælpen", "1000 tak", "tusind tak"),
    *("mulțumesc", "multumesc", "vă mulțumesc", "va multumesc", "mulțumim", "multumim"),
    *("mulțumesc anticipat", "multumesc anticipat", "cu mulțumiri", "vă mulțumesc anticipat"),
    *("谢谢", "多谢", "感谢", "谢谢您", "非常感谢", "謝謝", "谢谢你们", "先谢谢了"),
)
# These are words of their own too: a name behind them needs a comma before it.
LOOSE_SIGN_OFFS: Final = frozenset({"best", "br", "cheers", "sincerely", "all the best"})
# What a Chinese sentence has and a name, a title or a company does not.
SENTENCE_HAN: Final = frozenset("吗呢了么怎请我你您没不要是在有")
# Words that may stand in lower case between the names of a sign-off.
NAME_WORDS: Final = frozenset(
    {"fra", "from", "og", "and", "&", "de", "la", "din", "și", "si", "af", "von", "van", "der", "i"}
)
CONTACT_LABELS: Final = (
    *("tel", "tlf", "phone", "mobile", "mobil", "mob", "fax", "direct", "direkte", "office"),
    *("telefon", "e-mail", "email", "mail", "web", "www.", "http://", "https://", "cvr", "cui"),
    *("电话", "手机", "邮箱", "传真", "地址", "网址", "座机", "電話", "adresa", "adresse", "skype"),
)

DISCLAIMER_OPENERS: Final = (
    *("virus-free. www.", "virus-free.www.", "this email has been checked for viruses"),
    *(
        "this email has been scanned",
        "denne mail er blevet scannet",
        "please consider the environm",
    ),
    *("tænk på miljøet", "gândiți-vă la mediu", "va rugam sa va ganditi la mediu", "请考虑环境"),
    *("denne e-mail er blevet kontrolleret for virus", "fără viruși. www.", "无病毒。www."),
)
DISCLAIMER_MATTERS: Final = (
    *("confidential", "intended recipient", "intended solely", "privileged", "addressee"),
    *("intended for the", "fortrolig", "rette modtager", "tiltænkte modtager"),
    *("beregnet for modtageren", "confidențial", "destinatar", "adresează doar"),
    *(
        "保密",
        "机密",
        "機密",
        "预期的收件人",
        "預期的收件人",
        "指定收件人",
        "误收",
        "誤收",
        "特定收件人",
    ),
)
DISCLAIMER_DEMANDS: Final = (
    *(
        "notify the sender",
        "delete this",
        "delete it",
        "unauthorised",
        "unauthorized",
        "disclosure",
    ),
    *("copying", "prohibited", "received it in error", "received this", "attachments", "solely"),
    *(
        "slette mailen",
        "slet mailen",
        "giv venligst afsenderen",
        "give afsenderen besked",
        "slettes",
    ),
    *("underrette afsenderen", "videregives", "kopieres", "ved en fejl", "vedhæftede", "forbudt"),
    *("anunțați expeditorul", "anuntati expeditorul", "să ștergeți", "sa stergeti", "ștergeți-l"),
    *("sa il stergeti", "să îl ștergeți", "din greșeală", "din greseala", "interzis", "divulgarea"),
    *("copierea", "exclusiv", "fișierele atașate", "fisierele atasate"),
    *(
        "通知发件人",
        "通知寄件人",
        "删除",
        "刪除",
        "披露",
        "仅供",
        "仅限",
        "僅供",
        "不得",
        "禁止",
        "附件",
    ),
)
BANNER_OPENERS: Final = (
    *("caution", "warning", "attention", "[external", "external", "this email originated"),
    *("this message originated", "this email came from", "forsigtig", "advarsel", "obs", "bemærk"),
    *(
        "denne mail kommer",
        "denne e-mail kommer",
        "atenție",
        "atentie",
        "avertisment",
        "acest e-mail",
    ),
    *("注意", "警告", "提醒", "[外部", "【外部", "此邮件来自"),
)
BANNER_TERMS: Final = (
    *("originated from outside", "originates from outside", "came from outside", "external sender"),
    *("sent from outside", "outside of the organi", "outside your organi", "outside the organi"),
    *("uden for organisationen", "udenfor organisationen", "ekstern afsender"),
    *("din afara organizației", "din afara organizatiei", "expeditor extern"),
    *("来自组织外部", "来自外部", "組織外部", "公司外部", "外部发件人"),
)
BANNERS: Final = frozenset(
    {"external", "external email", "external sender", "ekstern mail", "ekstern", "外部邮件"}
)
# Who writes in the first person writes a message, not a disclaimer or an automatic text.
_FIRST_PERSON: Final = frozenset(
    {
        *("i", "i'm", "i've", "i'd", "my", "me", "we", "our", "jeg", "mig", "min", "mit", "mine"),
        *("vi", "am", "mi", "mi-a", "meu", "mea", "eu", "mine", "ne", "noastre", "l-am", "nostru"),
    }
)
_FIRST_PERSON_HAN: Final = "我"
_WORD: Final = re.compile(r"[^\W\d_](?:['’-]?[^\W\d_])*")


def is_personal(text: str) -> bool:
    """Tell whether casefolded text speaks in the first person."""
    return _FIRST_PERSON_HAN in text or any(word in _FIRST_PERSON for word in _WORD.findall(text))
