"""Tell automatic replies, absence notes and delivery failures from messages of people."""

from typing import Final

from triage.text.closings import is_personal

_MAX_READ = 2_000
_MAX_NOTE = 900
_ENOUGH = 2
_ABSENT = 3

# With a colon behind, before the subject that is answered.
_PREFIXES: Final = frozenset(
    {
        *("automatic reply", "auto reply", "autoreply", "auto-reply", "auto", "automated reply"),
        *("out of office", "out of the office", "ooo", "undeliverable", "undelivered"),
        *("autosvar", "automatisk svar", "fraværende", "ikke til stede", "kan ikke leveres"),
        *("ikke leveret", "fraværsbesked", "ude af kontoret", "fravær"),
        *("răspuns automat", "raspuns automat", "absent", "nu se poate livra", "nelivrat"),
        *("nelivrabil", "autorăspuns", "în afara biroului", "plecat din birou"),
        *(
            "自动回复",
            "自動回覆",
            "自动答复",
            "外出",
            "不在办公室",
            "退信",
            "无法送达",
            "未送达",
            "未能送达",
        ),
    }
)
_TITLES: Final = (
    *(
        "delivery status notification",
        "mail delivery failed",
        "undelivered mail returned to sender",
    ),
    *("returned mail: see transcript", "mail delivery subsystem", "mail delivery failure"),
    *("meddelelse om leveringsstatus", "notificare privind starea livrării", "mesaj nelivrat"),
    *("系统退信", "退信通知", "邮件投递失败", "邮件退回"),
)
# Any one of these at the beginning of the body is a machine speaking.
_OPENINGS: Final = (
    *("this is an automatically generated", "this is an automated", "this message was generated"),
    *("this email was sent automatically", "this is an automatic reply", "delivery has failed to"),
    *("delivery to the following recipient", "your message wasn't delivered"),
    *(
        "this is the mail system at host",
        "this message was created automatically",
        "the original message was received at",
    ),
    *(
        "i'm sorry to have to inform you that your message could not be delivered",
        "hi. this is the qmail",
    ),
    *("denne mail er automatisk", "denne e-mail er automatisk", "dette er en automatisk"),
    *("denne besked er automatisk", "dette er et autosvar", "din besked kunne ikke leveres"),
    *(
        "levering til disse modtagere",
        "leveringen til disse modtagere",
        "denne e-mail er sendt autom",
    ),
    *("acest mesaj a fost generat automat", "acest e-mail a fost generat automat"),
    *(
        "acesta este un mesaj automat",
        "acest email a fost generat automat",
        "mesaj generat automat",
    ),
    *(
        "mesajul dvs. nu a putut fi livrat",
        "mesajul nu a putut fi livrat",
        "livrarea către următorii",
    ),
    *("此邮件由系统自动", "本邮件由系统自动", "这是一封自动", "系统自动发送", "此为系统邮件"),
    *("很抱歉,您的邮件未能", "抱歉,您的邮件被退回", "您的邮件未能送达", "邮件无法送达"),
)
# Two different of these make an absence note.
_SIGNS: Final = (
    (
        *("out of the office", "out of office", "away from my desk", "on annual leave", "on leave"),
        *(
            "on vacation",
            "on holiday",
            "away from the office",
            "on parental leave",
            "on sick leave",
        ),
        *(
            "ikke på kontoret",
            "ude af kontoret",
            "på ferie",
            "holder ferie",
            "på barsel",
            "holder fri",
        ),
        *(
            "în concediu",
            "in concediu",
            "nu sunt la birou",
            "lipsesc din birou",
            "plecat din birou",
        ),
        *(
            "plecată din birou",
            "休假",
            "不在办公室",
            "出差",
            "年假",
            "外出",
            "產假",
            "产假",
            "度假",
        ),
    ),
    (
        *("thank you for your e-mail", "thank you for your email", "thank you for your message"),
        *("thanks for your email", "thanks for your message", "thank you for contacting"),
        *(
            "tak for din mail",
            "tak for din henvendelse",
            "tak for din e-mail",
            "tak for din besked",
        ),
        *("vă mulțumesc pentru mesaj", "va multumesc pentru mesaj", "mulțumesc pentru mesaj"),
        *("vă mulțumim pentru mesaj", "multumesc pentru mesaj", "mulțumim pentru mesaj"),
        *("感谢您的来信", "感谢您的邮件", "谢谢您的来信", "谢谢您的邮件", "感谢来信", "邮件已收到"),
    ),
    (
        *(
            "will reply",
            "will respond",
            "reply when i return",
            "get back to you",
            "as soon as i am back",
        ),
        *(
            "when i return",
            "upon my return",
            "limited access",
            "no access to",
            "not reading",
            "be back",
        ),
        *(
            "vender tilbage",
            "svarer, når",
            "svarer når",
            "læser ikke mails",
            "er tilbage",
            "besvarer",
        ),
        *("voi răspunde", "voi raspunde", "revin", "mă întorc", "ma intorc", "acces limitat"),
        *("回复您", "返回后", "无法及时回复", "尽快回复", "不能及时", "回来后"),
    ),
    (
        *(
            "urgent matters",
            "in urgent cases",
            "if urgent",
            "if it is urgent",
            "for urgent",
            "please contact",
        ),
        *(
            "haster det",
            "ved hastesager",
            "hvis det haster",
            "kontakt venligst",
            "kontakt i stedet",
        ),
        *("pentru urgențe", "pentru urgente", "în caz de urgență", "contactați", "contactati"),
        *("急事", "紧急", "如有急", "请联系", "緊急"),
    ),
)
_FAILURE: Final = (
    *("diagnostic-code:", "final-recipient:", "reporting-mta:", "action: failed", "status: 5."),
    *("remote server returned", "mailer-daemon", "x-failed-recipients", "auto-submitted: auto"),
)


def is_automatic(subject: str, body: str) -> bool:
    """Tell whether a machine wrote a message.

    ``subject`` and ``body`` are tidy but not stripped. A person who answers or describes an
    automatic reply puts "Re:" first, asks something, or is not that stereotyped: an absence note
    must show three of four signs and no question.
    """
    title = subject.casefold()
    if title.startswith(_TITLES) or _prefix(title) in _PREFIXES:
        return True
    text = body[:_MAX_READ].casefold().lstrip("*- ")
    for greeting in _greeting_ends(text):
        if text[greeting:].startswith(_OPENINGS):
            return True
    if sum(sign in text for sign in _FAILURE) >= _ENOUGH and not is_personal(text):
        return True
    return _is_absence(text) and len(body) <= _MAX_NOTE


def _prefix(title: str) -> str:
    prefix, colon, _ = title.partition(":")
    return prefix.strip() if colon else ""


def _greeting_ends(text: str) -> tuple[int, ...]:
    """Return where the text and the line or clause after its greeting begin."""
    first = text.find("\n", 0, 60)
    return (0,) if first < 0 else (0, len(text) - len(text[first:].lstrip()))


def _is_absence(text: str) -> bool:
    if "?" in text or "吗" in text:
        return False
    if not any(sign in text for sign in _SIGNS[0]):
        return False
    return sum(any(sign in text for sign in signs) for signs in _SIGNS) >= _ABSENT
