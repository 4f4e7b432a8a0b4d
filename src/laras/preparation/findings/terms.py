"""Words by which people are named as members of groups, in Indonesian and English: our own list.

It is for counting mentions, not for judging them: a word here may also mean something else, and
who is not in the list is not counted. Single words are matched whole and without case; a tuple is
a phrase. Ethnic groups that share their name with a place or a language are only counted where the
text speaks of people.
"""

from __future__ import annotations

_PEOPLE_OF = ("orang", "suku", "etnis", "warga", "masyarakat", "keturunan", "adat")


def _people(*names: str) -> list[str]:
    return [f"{word} {name}" for name in names for word in _PEOPLE_OF]


def _words(text: str) -> list[str]:
    return text.split()


TERMS: dict[str, dict[str, list[str]]] = {
    "gender": {
        "female": _words(
            "she her hers herself woman women female girl girls mother mothers mom wife wives "
            "daughter daughters sister sisters aunt grandmother lady ladies actress waitress queen "
            "perempuan wanita ibu ibunya istri istrinya gadis putri nenek bibi tante mbak "
            "nyonya nona siswi mahasiswi karyawati wartawati ratu janda"
        ),
        "male": _words(
            "he him his himself man men male boy boys father fathers dad husband husbands son sons "
            "brother brothers uncle grandfather gentleman gentlemen actor waiter king "
            "laki lelaki pria bapak bapaknya ayah ayahnya suami suaminya pemuda putra kakek paman "
            "mas siswa mahasiswa karyawan wartawan raja duda"
        ),
    },
    "religion": {
        "muslim": _words(
            "islam islamic muslim muslims moslem mosque quran koran imam sheikh ramadan hajj "
            "muslimah masjid musala ustaz ustadz kiai ulama quran alquran salat sholat puasa "
            "ramadhan haji umrah pesantren"
        ),
        "christian": _words(
            "christian christians christianity church bible protestant baptist pastor gospel "
            "kristen kristiani protestan gereja alkitab pendeta injil"
        ),
        "catholic": _words(
            "catholic catholics catholicism pope bishop priest katolik paus uskup pastor romo misa"
        ),
        "hindu": _words("hindu hindus hinduism temple vedas pura pedanda weda nyepi galungan"),
        "buddhist": _words("buddha buddhist buddhists buddhism monk vihara biksu bhikkhu waisak"),
        "confucian": _words("confucian confucianism konghucu khonghucu kelenteng klenteng imlek"),
        "jewish": _words("jewish jew jews judaism synagogue rabbi torah yahudi sinagoge rabi"),
    },
    "ethnicity": {
        "javanese": ["javanese", *_people("jawa")],
        "sundanese": ["sundanese", *_people("sunda")],
        "malay": ["malays", "malay people", *_people("melayu")],
        "batak": ["batak", "bataknese"],
        "minangkabau": ["minangkabau", "minang"],
        "betawi": ["betawi"],
        "bugis and makassar": ["bugis", "buginese", "makassarese", *_people("makassar")],
        "madurese": ["madurese", *_people("madura")],
        "balinese": ["balinese", *_people("bali")],
        "dayak": ["dayak", "dayaknese"],
        "acehnese": ["acehnese", *_people("aceh")],
        "papuan": ["papuan", "papuans", *_people("papua")],
        "chinese": ["tionghoa", "tionghua", "chinese people", "ethnic chinese", *_people("cina")],
        "arab": ["arabs", "arab people", *_people("arab")],
        "indian": ["indian people", "indians", *_people("india", "tamil")],
        "black": [
            *("black people", "black man", "black men", "black woman", "black women"),
            *("african american", "african americans", *_people("afrika"), "orang kulit hitam"),
        ],
        "white": [
            *("white people", "white man", "white men", "white woman", "white women", "caucasian"),
            *("orang kulit putih", "bule"),
        ],
        "asian": ["asian people", "asians", "asian american", "asian americans", *_people("asia")],
        "hispanic": ["hispanic", "hispanics", "latino", "latinos", "latina", "latinas"],
        "indigenous": [
            *("indigenous people", "indigenous peoples", "native american", "native americans"),
            *("masyarakat adat", "penduduk asli", "pribumi"),
        ],
    },
    "region": {
        "sumatra": _words(
            "sumatra sumatera aceh medan padang palembang riau jambi bengkulu lampung batam"
        ),
        "java": _words(
            "jawa java jakarta bandung semarang yogyakarta surabaya malang solo banten bogor bekasi"
        ),
        "kalimantan": _words("kalimantan borneo pontianak banjarmasin samarinda balikpapan"),
        "sulawesi": _words("sulawesi celebes makassar manado palu kendari gorontalo"),
        "bali and nusa tenggara": _words(
            "bali denpasar lombok mataram kupang flores sumbawa ntt ntb"
        ),
        "maluku": _words("maluku moluccas ambon ternate tidore"),
        "papua": _words("papua jayapura merauke sorong manokwari"),
        "southeast asia": _words(
            "malaysia singapore singapura thailand vietnam philippines filipina brunei myanmar laos"
        ),
        "east and south asia": _words(
            "china japan jepang korea taiwan india pakistan bangladesh nepal tiongkok"
        ),
        "middle east": _words("saudi iran iraq irak egypt mesir turkey turki qatar yemen israel"),
        "africa": _words("africa afrika nigeria kenya ethiopia ghana tanzania morocco maroko"),
        "europe": _words(
            "europe eropa germany jerman france prancis england inggris netherlands belanda spain "
            "spanyol italy italia russia rusia"
        ),
        "north america": _words("usa america amerika canada kanada"),
        "latin america": _words("brazil brasil mexico meksiko argentina colombia peru chile"),
        "australia and oceania": _words("australia oceania fiji zealand selandia"),
    },
}
