"""Ways to say what is wanted, for the kinds of work that prompts are made for.

They are words for the model, not for people: which language they are in follows from the data, not
from the language of the messages. The first of each list is the one that is tried without a search.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Work = Literal["labels", "question", "conversation", "long text"]
Language = Literal["en", "id"]

# {labels}: all categories, or the most frequent ones. {words}: of a usual answer.
PHRASINGS: Mapping[tuple[Work, Language], tuple[str, ...]] = {
    ("labels", "en"): (
        "Name the category of the text. Answer with the name of one category and nothing else. "
        "The categories are: {labels}.",
        "You sort texts into categories. Answer each text with its category only.",
        "Which of these categories fits the text best: {labels}?",
        "Read the text, then say in one name what it is about.",
    ),
    ("labels", "id"): (
        "Sebutkan kategori teks ini. Jawab dengan nama satu kategori saja, tanpa kata lain. "
        "Kategorinya: {labels}.",
        "Anda memilah teks ke dalam kategori. Jawab setiap teks dengan kategorinya saja.",
        "Kategori mana yang paling cocok untuk teks ini: {labels}?",
        "Baca teks ini, lalu katakan dengan satu nama isinya tentang apa.",
    ),
    ("question", "en"): (
        "Answer the question correctly and briefly, in about {words} words.",
        "You know this field well. Give the answer itself, without an introduction.",
        "Answer the question in the words that an expert of the field would use.",
        "Answer the question. If you are not sure, give the most likely answer.",
    ),
    ("question", "id"): (
        "Jawab pertanyaan ini dengan benar dan singkat, sekitar {words} kata.",
        "Anda menguasai bidang ini. Berikan jawabannya langsung, tanpa pengantar.",
        "Jawab pertanyaan ini dengan kata-kata yang dipakai ahli di bidangnya.",
        "Jawab pertanyaan ini. Jika tidak yakin, berikan jawaban yang paling mungkin.",
    ),
    ("conversation", "en"): (
        "You are a helpful assistant of a service. Reply to the last message politely and to the "
        "point, in about {words} words.",
        "Continue the conversation as the assistant. Say only the next reply.",
        "Help the user with what they want. Ask for what you still need to know.",
        "Reply as an experienced employee of the service would.",
    ),
    ("conversation", "id"): (
        "Anda asisten sebuah layanan. Balas pesan terakhir dengan sopan dan langsung ke intinya, "
        "sekitar {words} kata.",
        "Lanjutkan percakapan ini sebagai asisten. Tulis hanya balasan berikutnya.",
        "Bantu pengguna dengan apa yang diinginkannya. Tanyakan apa yang masih perlu diketahui.",
        "Balaslah seperti pegawai layanan yang berpengalaman.",
    ),
    ("long text", "en"): (
        "Read the text and write what is asked for, or else its gist, in about {words} words.",
        "Summarise the text in about {words} words, with what matters most first.",
        "Say what the text is about. Use only what it says.",
        "Write a short version of the text.",
    ),
    ("long text", "id"): (
        "Baca teks ini dan tulis apa yang diminta, atau intinya, dalam sekitar {words} kata.",
        "Ringkas teks ini dalam sekitar {words} kata, yang terpenting lebih dulu.",
        "Katakan apa isi teks ini. Gunakan hanya yang tertulis di dalamnya.",
        "Tulis versi singkat dari teks ini.",
    ),
}
AND_OTHERS: Mapping[Language, str] = {"en": "and others", "id": "dan lainnya"}
