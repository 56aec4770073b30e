"""Language codes: ``ru``, ``zh-Hans-CN``, ``kk-Cyrl``. Whether a text is one by the grammar of RFC 5646 and begins with a language of ISO 639.

STIX 2.1, 3.2: `lang` "MUST be a language code conformant to [RFC5646]". Of the registry only the language is looked up, in ISO 639-1 and 639-2;
languages that only ISO 639-3 knows, and whether a script or region is registered, are not known here.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

TAG_CHARACTERS_MAX: Final = 100  # Characters. RFC 5646, 4.4.1, finds 35 enough for every tag without private use.
_TAGS_HELD_MAX: Final = 1_024  # Tags remembered; a corpus has a few dozen.

# RFC 5646, 2.1: language (with extended languages), script, region, variants, extensions, private use.
_TAG: Final = re.compile(
    r"(?P<language>[a-z]{2,3})(?:-[a-z]{3}){0,3}(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?"
)
_LOCAL_USE: Final = re.compile(r"q[a-t][a-z]")  # ISO 639-2 reserves qaa to qtz.

_TWO_LETTERS: Final = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi
fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw
ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro
ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh
yi yo za zh zu
"""
_THREE_LETTERS: Final = """
ace ach ada ady afa afh ain akk ale alg alt ang anp apa arc arn arp art arw ast ath aus awa bad bai bal ban bas bat bej bem ber bho bik
bin bla bnt bra btk bua bug byn cad cai car cau ceb cel chb chg chk chm chn cho chp chr chy cmc cop cpe cpf cpp crh crp csb cus dak dar
day del den dgr din doi dra dsb dua dum dyu efi egy eka elx enm ewo fan fat fil fiu fon frm fro frr frs fur gaa gay gba gem gez gil gmh
goh gon gor got grb grc gsw gwi hai haw hil him hit hmn hsb hup iba ijo ilo inc ine inh ira iro jbo jpr jrb kaa kab kac kam kar kaw kbd
kha khi kho kmb kok kos kpe krc krl kro kru kum kut lad lah lam lez lol loz lua lui lun luo lus mad mag mai mak man map mas mdf mdr men
mga mic min mis mkh mnc mni mno moh mos mul mun mus mwl mwr myn myv nah nai nap nds new nia nic niu nog non nqo nso nub nwc nym nyn nyo
nzi osa ota oto paa pag pal pam pap pau peo phi phn pon pra pro raj rap rar roa rom rup sad sah sai sal sam sas sat scn sco sel sem sga
sgn shn sid sio sit sla sma smi smj smn sms snk sog son srn srr ssa suk sus sux syc syr tai tem ter tet tig tiv tkl tlh tli tmh tog tpi
tsi tum tup tut tvl tyv udm uga umb und vai vot wak wal war was wen xal yao yap ypk zap zbl zen zgh znd zun zxx zza
"""
# Long forms of languages that have a short one: RFC 5646, 2.2.1, wants the short one.
_LONG_FORMS: Final = """
aar abk afr aka alb amh ara arg arm asm ava ave aym aze bak bam baq bel ben bih bis bod bos bre bul bur cat ces cha che chi chu chv cor
cos cre cym cze dan deu div dut dzo ell eng epo est eus ewe fao fas fij fin fra fre fry ful geo ger gla gle glg glv gre grn guj hat hau
heb her hin hmo hrv hun hye ibo ice ido iii iku ile ina ind ipk isl ita jav jpn kal kan kas kat kau kaz khm kik kin kir kom kon kor kua
kur lao lat lav lim lin lit ltz lub lug mac mah mal mao mar may mkd mlg mlt mon mri msa mya nau nav nbl nde ndo nep nld nno nob nor nya
oci oji ori orm oss pan per pli pol por pus que roh ron rum run rus sag san sin slk slo slv sme smo sna snd som sot spa sqi srd srp ssw
sun swa swe tah tam tat tel tgk tgl tha tib tir ton tsn tso tuk tur twi uig ukr urd uzb ven vie vol wel wln wol xho yid yor zha zho zul
"""
_LANGUAGES: Final = frozenset((*_TWO_LETTERS.split(), *_THREE_LETTERS.split()))  # ISO 639-1, and ISO 639-2 where that has none
_ISO_639_2: Final = frozenset((*_THREE_LETTERS.split(), *_LONG_FORMS.split()))


@lru_cache(maxsize=_TAGS_HELD_MAX)
def is_language_tag(text: str) -> bool:
    """Say whether a text is a language code; case does not count (RFC 5646, 2.1.1)."""
    if len(text) > TAG_CHARACTERS_MAX or not text.isascii():
        return False
    found = _TAG.fullmatch(text.lower())
    if found is None:
        return False
    language = found["language"]
    return language in _LANGUAGES or _LOCAL_USE.fullmatch(language) is not None


def is_language_code(text: str) -> bool:
    """Say whether a text is a language code or a code of ISO 639-2, which `software` had in STIX 2.0 and much of what is published still has."""
    return text.lower() in _ISO_639_2 or is_language_tag(text)
