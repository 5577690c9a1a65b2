"""Short words that tell languages apart where a text is too short for letter statistics.

Function words, courtesies and what people write to a help desk. Neighbours matter most: the lists
of Danish, Norwegian and Swedish hold what the others lack, besides what they share.
"""

from typing import Final

_ENGLISH: Final = """
    the and is my are you your for not was were been have has had it's its this that with from what
    when where how why who can can't could would should will won't don't doesn't didn't isn't i'm
    i've please thanks thank thx hello hi hey help need want still again wrong broken missing lost
    order refund invoice receipt account password cancel change no yes any never nothing nobody
    since yesterday today tomorrow working work works parcel delivery shipping bill charged cannot
    u ur pls plz asap there here they them he she we us our on in of to at by but or if so do does
    did got get getting error update login phone card money
"""
_DANISH: Final = """
    og er det ikke jeg mig min mit mine dig din dit jer jeres i af på til fra med om når hvor hvad
    hvem hvornår hvordan hvorfor hvilken kan kunne skal skulle vil ville har havde får fået fik blev
    bliver blevet været noget nogen ingen intet nu igen stadig endnu efter uden tilbage kun meget
    tak hej hallo goddag venligst hjælp hjælpe mangler fejl virker pakke pakken ordre ordren penge
    pengene kvittering faktura regning konto adgangskode kodeord opsig størrelse forkert godt dårlig
    dårligt siden gerne ja nej mvh vh hilsen en et den der som men eller også selv altså lige bare
    går gået kommer kommet gang gange sag butik gavekort levering adresse åbner åbne ønsker nyt
    ubrugelig stykker øh ik
"""
_ROMANIAN: Final = """
    și si este sunt nu da în in la de pe cu din care ce cine unde când cand cum cât cat câte câți
    am ai are avem aveți aveti au mea meu mei mele mi mi-a mi-ați mi-au m-a nu-mi îmi imi vă va te
    vreau doresc aș as vrea pot poate puteți puteti trebuie tot încă inca iar mai doar foarte fără
    fara după dupa pentru până pana dacă daca sau dar că ca să sa-mi o un a al ale lui ei voi
    mulțumesc multumesc mersi bună buna ziua salut alo ajutor vă rog rog comanda comandă colet
    coletul factura factură chitanta chitanță bani banii înapoi inapoi cont contul parola parolă
    abonament abonamentul merge nimeni nimic ieri azi mâine maine aplicația aplicatia eroare marime
    mărime gresita greșită gresit lipseste lipsește plata plată livrare adresa retur produsul oră
    numai domnule doamnă bine deci adică adica ăă
"""
_NORWEGIAN: Final = """
    ikke jeg meg deg dere deres fått ble blitt noe noen nå hva hvorfor hvordan når åpner mitt
    min tilbake funker fungerer slutter mye av etter uten igjen bare gjerne hei takk ennå enda én
    mangler bestilte pengene pakken hjelp hjelpe feil kvitteringen beløpet innlogging passordet
    oppdatering har er det på og å kan vil skal kommer lørdag hvilken oss hun ikkje eg
"""
_SWEDISH: Final = """
    och är inte jag mig min mitt dig ni er det på av till från med om när var vad vem hur varför kan
    kunde ska skulle vill har hade fått fick blev blivit något någon ingen nu igen fortfarande än
    efter utan tillbaka bara mycket tack hej hjälp saknas fel fungerar paket beställning pengarna
    kvitto faktura lösenord storlek öppnar gärna men eller också
"""

WORDS: Final[dict[str, frozenset[str]]] = {
    "en": frozenset(_ENGLISH.split()),
    "da": frozenset(_DANISH.split()),
    "ro": frozenset(_ROMANIAN.split()),
    "no": frozenset(_NORWEGIAN.split()),
    "sv": frozenset(_SWEDISH.split()),
}
# The two share most of their words; one of these settles which it is.
DANISH_ONLY: Final = frozenset(
    {
        *("af", "jer", "jeres", "noget", "nogen", "efter", "igen", "uden", "hvad", "fået", "blev"),
        *("blevet", "mig", "dig", "meget", "nu", "tilbage", "fejl", "hjælp", "hjælpe", "gerne"),
        *("hej", "tak", "kvittering", "penge", "pengene", "ikk", "ordre", "godt", "måned", "uge"),
    }
)
NORWEGIAN_ONLY: Final = frozenset(
    {
        *("dere", "deres", "fått", "blitt", "noe", "noen", "hva", "åpner", "meg", "deg", "av"),
        *("etter", "uten", "igjen", "ennå", "mye", "hjelpe", "hjelp", "funker", "oss", "gjerne"),
        *("tilbake", "feil", "hei", "takk", "ikkje", "eg", "én", "passordet", "slutter"),
    }
)
