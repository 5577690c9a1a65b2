"""What mail programs write above other people's words, in English, Danish, Romanian and Chinese.

All entries are NFKC and casefolded, as the text is that they are compared with; Romanian stands
with and without its diacritics because half of the mail is typed without them.
"""

from typing import Final, Literal

Role = Literal["from", "sent", "to", "cc", "subject", "other", "form"]

ROLES: Final[dict[str, Role]] = {
    **dict.fromkeys(("from", "fra", "de la", "发件人", "寄件者", "寄件人", "von", "från"), "from"),
    **dict.fromkeys(
        (
            *("sent", "date", "sendt", "dato", "trimis", "data", "dată", "data trimiterii"),
            *(
                "发送时间",
                "日期",
                "时间",
                "傳送日期",
                "寄件日期",
                "發送時間",
                "gesendet",
                "skickat",
            ),
        ),
        "sent",
    ),
    **dict.fromkeys(("to", "til", "către", "catre", "la", "收件人", "收件者", "an", "till"), "to"),
    **dict.fromkeys(("cc", "bcc", "抄送", "副本", "密送", "kopi"), "cc"),
    **dict.fromkeys(("subject", "emne", "subiect", "主题", "主題", "betreff", "ämne"), "subject"),
    **dict.fromkeys(
        (
            *(
                "reply-to",
                "importance",
                "attachments",
                "vedhæftet",
                "vedhæftede filer",
                "prioritet",
            ),
            *("svar til", "atașamente", "importanță", "răspuns la", "附件", "回复", "重要性"),
        ),
        "other",
    ),
    # A contact form prints its fields like a header; these never stand in one.
    **dict.fromkeys(
        (
            *("message", "name", "phone", "order", "besked", "meddelelse", "navn", "telefon"),
            *("mesaj", "nume", "comandă", "留言", "内容", "姓名", "电话", "您的留言"),
        ),
        "form",
    ),
}

ORIGINAL: Final = frozenset(
    {
        *("original message", "original email", "original mail", "reply message"),
        *("oprindelig meddelelse", "oprindelig besked", "oprindelig mail", "original besked"),
        *("mesaj original", "mesajul original", "mesaj inițial", "mesaj initial"),
        *("原始邮件", "邮件原件", "原邮件", "回复的原邮件", "原始郵件", "原始信息", "回复邮件"),
        *("original meddelelse", "ursprungligt meddelande", "ursprüngliche nachricht"),
    }
)
REPLY_ABOVE: Final = (
    *("above this line", "over denne linje", "deasupra acestei linii", "此行上方", "此线上方"),
)
FORWARDED: Final = frozenset(
    {
        *("forwarded message", "forwarded email", "begin forwarded message", "forwarded by"),
        *("videresendt meddelelse", "videresendt besked", "start på videresendt besked"),
        *("starten på videresendt besked", "begynd videresendt besked", "videresendt mail"),
        *("mesaj redirecționat", "mesaj redirectionat", "mesaj transmis mai departe"),
        *("începutul mesajului redirecționat", "inceputul mesajului redirectionat"),
        *("început mesaj redirecționat", "mesaj redirijat", "începeți mesajul redirecționat"),
        *("转发的邮件", "转发邮件", "转发邮件信息", "转发的邮件信息", "开始转发的邮件"),
        *("下面是被转发的邮件", "轉寄郵件", "轉寄的郵件", "已转发邮件", "开始转发邮件"),
    }
)

REPLY_PREFIXES: Final = frozenset(
    {"re", "sv", "aw", "antw", "svar", "răsp", "rasp", "răspuns", "回复", "答复", "回覆", "答覆"}
)
FORWARD_PREFIXES: Final = frozenset(
    {"fw", "fwd", "vs", "videresendt", "redirecționat", "转发", "轉寄", "轉發", "vb", "wg", "tr"}
)
