"""The facts of the invented cooperative: one table that every text is written from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LANGUAGES: tuple[str, ...] = ("en", "id")
ORGANISATION = "Koperasi Telaga Biru"

Both = tuple[str, str]
"""A text in both languages: English first, Indonesian second."""


@dataclass(frozen=True)
class Value:
    """One value of a slot: how it is written, and the facts that hold for it."""

    text: Both
    facts: Mapping[str, Both] = field(default_factory=dict)

    def fields(self, slot: str, language: str) -> dict[str, str]:
        """Return what a frame may fill in for this value in one language."""
        index = LANGUAGES.index(language)
        return {slot: self.text[index]} | {name: both[index] for name, both in self.facts.items()}


def money(rupiah: int) -> Both:
    """Write an amount of rupiah with the separators of each language."""
    english = f"{rupiah:,}"
    return f"Rp {english}", f"Rp {english.replace(',', '.')}"


def percent(text: str) -> Both:
    """Write a percentage with the decimal mark of each language."""
    return f"{text} percent", f"{text.replace('.', ',')} persen"


def working_days(count: int) -> Both:
    """Write a number of working days."""
    return f"{count} working day{'' if count == 1 else 's'}", f"{count} hari kerja"


def hours(first: str, last: str) -> Both:
    """Write opening hours given as ``08:00``."""
    return f"{first} to {last}", f"{first} sampai {last}".replace(":", ".")


def same(text: str) -> Both:
    """Use the same name in both languages."""
    return text, text


DAY_NAMES: dict[str, Both] = {
    "monday": ("Monday", "Senin"),
    "tuesday": ("Tuesday", "Selasa"),
    "wednesday": ("Wednesday", "Rabu"),
    "thursday": ("Thursday", "Kamis"),
    "friday": ("Friday", "Jumat"),
    "saturday": ("Saturday", "Sabtu"),
}


def _branch(
    name: str, weekday: Both, saturday: Both, class_day: str, card: int, fee: int, delivery: int
) -> Value:
    return Value(
        same(name),
        {
            "weekday_hours": weekday,
            "saturday_hours": saturday,
            "class_day": DAY_NAMES[class_day],
            "card_days": working_days(card),
            "delivery_fee": money(fee),
            "delivery_days": working_days(delivery),
        },
    )


BRANCHES: dict[str, Value] = {
    "wening": _branch("Muara Wening", hours("08:00", "16:00"), hours("08:00", "13:00"),
                      "tuesday", 1, 8_000, 1),
    "sela": _branch("Bukit Sela", hours("08:30", "15:30"), hours("09:00", "12:00"),
                    "wednesday", 3, 15_000, 3),
    "randu": _branch("Kampung Randu", hours("08:00", "15:00"), hours("08:00", "12:00"),
                     "thursday", 2, 10_000, 2),
    "awan": _branch("Simpang Awan", hours("09:00", "17:00"), hours("09:00", "14:00"),
                    "monday", 2, 12_000, 2),
    "lirih": _branch("Teluk Lirih", hours("07:30", "14:30"), hours("07:30", "11:30"),
                     "friday", 4, 18_000, 4),
    "embun": _branch("Padang Embun", hours("08:30", "14:00"), hours("08:30", "11:00"),
                     "saturday", 5, 20_000, 5),
}  # fmt: skip


def _after_two_working_days(day: str) -> Both:
    keys = list(DAY_NAMES)
    return DAY_NAMES[keys[(keys.index(day) + 2) % len(keys)]]


DAYS: dict[str, Value] = {
    key: Value(name, {"late_day": _after_two_working_days(key)}) for key, name in DAY_NAMES.items()
}


def _savings(name: str, rate: str, minimum: int, notice: int) -> Value:
    facts = {"rate": percent(rate), "minimum": money(minimum), "notice": working_days(notice)}
    return Value(same(name), facts)


SAVINGS: dict[str, Value] = {
    "harian": _savings("Tirta Harian", "2", 20_000, 1),
    "sekolah": _savings("Tirta Sekolah", "3", 25_000, 2),
    "raya": _savings("Tirta Raya", "3.5", 50_000, 3),
    "emas": _savings("Tirta Emas", "4", 100_000, 7),
    "berjangka": _savings("Tirta Berjangka", "5", 1_000_000, 14),
}


def _loan(
    name: str, rate: str, limit: int, decision: int, document: Both, due: str, due_en: str
) -> Value:
    return Value(
        same(name),
        {
            "loan_rate": percent(rate),
            "limit": money(limit),
            "decision": working_days(decision),
            "loan_document": document,
            "due": (f"the {due_en}", f"tanggal {due}"),
        },
    )


LOANS: dict[str, Value] = {
    "tani": _loan("Modal Tani", "1", 20_000_000, 5,
                  ("a planting plan", "rencana tanam"), "5", "5th"),
    "warung": _loan("Modal Warung", "1.2", 15_000_000, 4,
                    ("photos of the stall", "foto warung"), "10", "10th"),
    "sekolah": _loan("Pinjaman Sekolah", "0.8", 8_000_000, 3,
                     ("a letter from the school", "surat dari sekolah"), "15", "15th"),
    "rumah": _loan("Pinjaman Rumah", "1.1", 30_000_000, 7,
                   ("a repair estimate", "rincian biaya perbaikan"), "20", "20th"),
    "darurat": _loan("Pinjaman Darurat", "1.5", 3_000_000, 1,
                     ("your member card", "kartu anggota"), "25", "25th"),
}  # fmt: skip

TENORS: dict[str, Value] = {
    str(months): Value((f"{months} months", f"{months} bulan")) for months in (6, 10, 12, 18, 24)
}
AMOUNTS: dict[str, Value] = {
    str(rupiah): Value(money(rupiah))
    for rupiah in (250_000, 500_000, 1_000_000, 2_000_000, 5_000_000, 10_000_000)
}
QUANTITIES: dict[str, Value] = {
    str(count): Value((f"{count} packs", f"{count} kemasan")) for count in (2, 3, 4, 5, 6, 10)
}


def _item(english: str, indonesian: str, price: int) -> Value:
    return Value((english, indonesian), {"price": money(price)})


ITEMS: dict[str, Value] = {
    "rice": _item("rice", "beras", 68_000),
    "sugar": _item("palm sugar", "gula aren", 32_000),
    "oil": _item("cooking oil", "minyak goreng", 36_000),
    "coffee": _item("coffee", "kopi", 28_000),
    "honey": _item("honey", "madu", 75_000),
    "fish": _item("dried fish", "ikan asin", 45_000),
}

DEFECTS: dict[str, Value] = {
    "broken": Value(("arrived broken", "kemasannya rusak"),
                    {"remedy": ("a new pack is sent for free within 3 working days",
                                "kemasan baru dikirim gratis dalam 3 hari kerja")}),
    "expired": Value(("is past its date", "sudah lewat tanggal"),
                     {"remedy": ("the full price is paid back within 2 working days",
                                 "harga penuh dikembalikan dalam 2 hari kerja")}),
    "wrong": Value(("is not what I ordered", "tidak sesuai pesanan"),
                   {"remedy": ("our courier exchanges it for free within 4 working days",
                               "kurir kami menukarnya gratis dalam 4 hari kerja")}),
    "short": Value(("is one pack short", "kurang satu kemasan"),
                   {"remedy": ("the missing pack is sent with the next delivery",
                               "kemasan yang kurang dikirim bersama antaran berikutnya")}),
}  # fmt: skip

CONTAINERS: dict[str, Value] = {
    "gallon": Value(("19-litre gallon", "galon 19 liter"), {"refill": money(6_000)}),
    "can": Value(("12-litre can", "jeriken 12 liter"), {"refill": money(4_000)}),
    "jug": Value(("6-litre jug", "kendi 6 liter"), {"refill": money(2_500)}),
    "bottle": Value(("1-litre bottle", "botol 1 liter"), {"refill": money(500)}),
}

CHANNELS: dict[str, Value] = {
    "app": Value(("the app", "aplikasi"), {"wait": ("1 hour", "1 jam")}),
    "cashier": Value(("the cashier", "kasir"), {"wait": working_days(1)}),
    "agent": Value(("a partner agent", "agen mitra"), {"wait": working_days(2)}),
    "code": Value(("a QR code", "kode QR"), {"wait": ("30 minutes", "30 menit")}),
}

JOBS: dict[str, Value] = {
    "farmer": Value(("a farmer", "petani")),
    "student": Value(("a student", "mahasiswa")),
    "teacher": Value(("a teacher", "guru")),
    "trader": Value(("a trader", "pedagang")),
    "driver": Value(("a driver", "sopir")),
    "fisher": Value(("a fisher", "nelayan")),
}

PLACES: dict[str, Value] = {
    "market": Value(("at the market", "di pasar")),
    "bus": Value(("on the bus", "di bus")),
    "beach": Value(("at the beach", "di pantai")),
    "school": Value(("at school", "di sekolah")),
    "boat": Value(("on the boat", "di perahu")),
    "field": Value(("in the rice field", "di sawah")),
}

PIN_REASONS: dict[str, Value] = {
    "forgot": Value(("I forgot my PIN", "saya lupa PIN"),
                    {"pin_step": ("choose New PIN in the app and enter the code we send you",
                                  "pilih PIN Baru di aplikasi lalu masukkan kode dari kami")}),
    "blocked": Value(("my PIN is blocked", "PIN saya terblokir"),
                     {"pin_step": ("wait 24 hours and the block is lifted by itself",
                                   "tunggu 24 jam dan blokir terbuka sendiri")}),
    "seen": Value(("someone saw my PIN", "ada yang melihat PIN saya"),
                  {"pin_step": ("change the PIN in the app now and we watch the account for 7 days",
                                "ganti PIN di aplikasi sekarang dan rekening kami awasi 7 hari")}),
    "letter": Value(("my PIN letter never came", "surat PIN saya tidak sampai"),
                    {"pin_step": ("wait 2 working days and we send a new PIN letter",
                                  "tunggu 2 hari kerja dan kami kirim surat PIN baru")}),
}  # fmt: skip

APP_PROBLEMS: dict[str, Value] = {
    "code": Value(("the code never arrives", "kodenya tidak pernah masuk"),
                  {"fix": ("wait 5 minutes and ask for a new code, at most 3 times a day",
                           "tunggu 5 menit lalu minta kode baru, paling banyak 3 kali sehari")}),
    "closes": Value(("the app closes by itself", "aplikasinya tertutup sendiri"),
                    {"fix": ("update the app to version 4.2 and start it again",
                             "perbarui aplikasi ke versi 4.2 lalu buka lagi")}),
    "password": Value(("my password is rejected", "kata sandi saya ditolak"),
                      {"fix": ("tap Forgot Password and enter your member number",
                               "tekan Lupa Kata Sandi lalu masukkan nomor anggota")}),
    "blank": Value(("the screen stays blank", "layarnya putih terus"),
                   {"fix": ("clear the app storage and sign in again",
                            "bersihkan penyimpanan aplikasi lalu masuk lagi")}),
}  # fmt: skip

DEVICES: dict[str, Value] = {
    "phone": Value(("phone", "hp")),
    "tablet": Value(("tablet", "tablet")),
    "new": Value(("new phone", "hp baru")),
    "old": Value(("old phone", "hp lama")),
    "work": Value(("work phone", "hp kantor")),
}

RECORDS: dict[str, Value] = {
    "telephone": Value(("phone number", "nomor telepon"),
                       {"proof": ("your identity card", "KTP")}),
    "address": Value(("home address", "alamat rumah"),
                     {"proof": ("your family card", "kartu keluarga")}),
    "heir": Value(("heir", "ahli waris"),
                  {"proof": ("a letter from the village office", "surat dari kantor desa")}),
    "job": Value(("job", "pekerjaan"),
                 {"proof": ("a letter from your employer", "surat dari tempat kerja")}),
    "email": Value(("email address", "alamat email"),
                   {"proof": ("your member card", "kartu anggota")}),
}  # fmt: skip

SLOTS: dict[str, dict[str, Value]] = {
    "branch": BRANCHES, "day": DAYS, "savings": SAVINGS, "loan": LOANS, "tenor": TENORS,
    "amount": AMOUNTS, "quantity": QUANTITIES, "item": ITEMS, "defect": DEFECTS,
    "container": CONTAINERS, "channel": CHANNELS, "job": JOBS, "place": PLACES,
    "reason": PIN_REASONS, "problem": APP_PROBLEMS, "device": DEVICES, "record": RECORDS,
}  # fmt: skip

INTENT_SLOTS: dict[str, tuple[str, str]] = {
    "opening_hours": ("branch", "day"),
    "join_member": ("job", "branch"),
    "savings_rate": ("savings", "amount"),
    "open_account": ("savings", "branch"),
    "withdraw": ("savings", "amount"),
    "update_data": ("record", "branch"),
    "loan_apply": ("loan", "branch"),
    "loan_rate": ("loan", "tenor"),
    "loan_pay": ("loan", "channel"),
    "card_lost": ("branch", "place"),
    "pin_reset": ("reason", "branch"),
    "app_login": ("problem", "device"),
    "transfer_late": ("channel", "amount"),
    "shop_price": ("item", "quantity"),
    "delivery": ("branch", "item"),
    "order_late": ("item", "day"),
    "refund": ("item", "defect"),
    "water_refill": ("container", "branch"),
}


def slot_fields(intent: str, pair: tuple[str, str], language: str) -> dict[str, str]:
    """Return everything the frames of an intent may fill in for a pair of slot values."""
    fields: dict[str, str] = {}
    for slot, key in zip(INTENT_SLOTS[intent], pair, strict=True):
        fields |= SLOTS[slot][key].fields(slot, language)
    if intent == "opening_hours":
        fields["hours"] = fields["saturday_hours" if pair[1] == "saturday" else "weekday_hours"]
    return fields
