"""Indonesian frames: the member card, the PIN and the app."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="card_lost",
        train=(
            "Kartu anggota saya hilang {place}, cabang saya {branch}.",
            "Kartu saya ketinggalan {place}. Bisa buat baru di {branch}?",
            "Dompet saya dicuri {place}, kartunya ada di dalam. Saya anggota {branch}.",
            "Tolong blokir kartu saya, hilang {place}. Saya bisa ke {branch}.",
            "Kartu saya tidak ketemu sejak {place}. Cara ganti di {branch} bagaimana?",
            "Buat kartu baru di {branch} berapa lama? Kartu saya hilang {place}.",
            "Kartu jatuh dari tas {place}, bisa {branch} buatkan yang baru?",
            "Kartu hilang {place}! Saya harus apa di {branch}?",
            "Kartu anggota saya jatuh {place}, kapan bisa ambil kartu baru di {branch}?",
            "Kartu saya diambil orang {place}. Tolong diblokir, cabang {branch}.",
        ),
        test=(
            "Kartu anggota saya raib {place}, seberapa cepat {branch} memberi pengganti?",
            "Kartunya sudah tidak ada pada saya, lenyap {place}. Saya ikut {branch}.",
            "Perlu kartu lagi dari {branch} sebab yang lama entah ke mana {place}.",
            "Saya kecopetan {place} dan kartunya ikut terbawa! Biasanya saya ke {branch}.",
        ),
        bare=(
            "Kartu saya hilang, tolong diblokir.",
            "Kartu anggota saya dicuri.",
            "Biaya ganti kartu berapa?",
            "Kartu saya hilang dari kemarin.",
            "Saya tidak menemukan kartu anggota di mana pun.",
        ),
        switch=(
            "Istri saya juga hilang kartunya {place}, cabangnya {branch}.",
            "Kalau kartu hilang {place} dan cabangnya {branch}?",
            "Kartu anak saya juga hilang {place}, ambilnya di {branch}.",
            "Teman saya dari {branch} kartunya lenyap {place}, bagaimana?",
        ),
        clauses=(
            "Kartu yang hilang {place} sudah kami blokir. Kartu baru siap di {branch} dalam "
            "{card_days}.",
            "Kartu yang hilang {place} kini diblokir, dan {branch} membuat kartu baru dalam "
            "{card_days}.",
        ),
        tails=(
            "Biaya kartu baru Rp 15.000.",
            "Bawa KTP dan Rp 15.000.",
            "Simpanan Anda aman.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Kartunya ketemu, bisa dibuka lagi?",
                    "Kalau kartu lama ketemu bagaimana?",
                    "Kartu lama masih bisa dipakai?",
                ),
                "Apakah yang lama berfungsi bila ditemukan?",
                "Kartu yang diblokir tidak bisa dibuka lagi; potong kartunya dan pakai kartu baru.",
            ),
            FollowUp(
                (
                    "Uang saya aman tidak?",
                    "Ada yang pakai kartu saya?",
                    "Uangnya bisa diambil orang?",
                ),
                "Mungkinkah ada orang asing yang memakainya?",
                "Uang Anda aman: tanpa PIN kartu tidak bisa dipakai, dan tidak ada transaksi.",
            ),
        ),
    ),
    IntentFrames(
        label="pin_reset",
        train=(
            "Tolong, {reason}. Bisa dibantu di {branch}?",
            "Ada masalah, {reason}, {branch} bisa bantu apa?",
            "Saya perlu PIN baru karena {reason}. Cabang saya {branch}.",
            "Bagaimana ini, {reason}. Saya anggota {branch}.",
            "Saya tidak bisa bayar pakai kartu karena {reason}. Harus ke {branch}?",
            "Cara reset kalau {reason} bagaimana? Saya dekat {branch}.",
            "Saya sedang di {branch} dan {reason}.",
            "Waduh {reason}! Di {branch} cepat tidak?",
            "Mesin di {branch} menolak, {reason}.",
            "Bisa buat PIN baru di {branch}? Soalnya {reason}.",
        ),
        test=(
            "Saya bingung sebab {reason}; apakah datang ke {branch} menyelesaikannya?",
            "Urusan nomor rahasia: {reason}. Saya biasa ke kantor {branch}.",
            "Dari tadi pagi {reason}, dan yang paling dekat kantor {branch}.",
            "Adakah jalan keluar jika {reason}, mungkin melalui {branch}?",
        ),
        bare=(
            "Saya lupa PIN, cara resetnya bagaimana?",
            "PIN saya tidak bisa dipakai lagi.",
            "Bagaimana cara ganti PIN?",
            "Saya salah masukkan PIN tiga kali.",
            "Saya butuh nomor rahasia baru untuk kartu.",
        ),
        switch=(
            "Untuk kartu kedua saya di {branch}, {reason}.",
            "Saya juga punya kartu di {branch}, dan {reason}.",
            "Kalau {reason} dan saya dekat {branch}?",
            "Soal rekening saya yang lain di {branch}: {reason}. Lalu bagaimana?",
        ),
        clauses=(
            "Silakan {pin_step}, atau datang ke {branch} dengan KTP.",
            "Tenang, {pin_step}. {branch} juga bisa membuat PIN baru di loket.",
        ),
        tails=(
            "Jangan beri tahu PIN kepada siapa pun, termasuk petugas.",
            "PIN baru gratis.",
            "Di loket sekitar 10 menit.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "PIN-nya bisa dikirim ke sini?",
                    "Bisa kasih tahu PIN saya lewat chat?",
                    "PIN-nya sebutkan saja di sini.",
                ),
                "Maukah Anda mengetikkan nomornya untuk saya?",
                "Kami tidak bisa melihat atau mengirim PIN lewat chat; hanya Anda yang boleh tahu.",
            ),
            FollowUp(
                ("PIN-nya berapa angka?", "PIN harus berapa digit?", "Angkanya bebas?"),
                "Nomor yang baik itu seperti apa?",
                "PIN terdiri dari 6 angka; jangan pakai tanggal lahir atau 123456.",
            ),
        ),
    ),
    IntentFrames(
        label="app_login",
        train=(
            "Saya tidak bisa masuk aplikasi di {device} saya, {problem}.",
            "Waktu buka aplikasi di {device} saya, {problem}.",
            "Gagal login di {device} saya: {problem}.",
            "Kenapa {problem} di {device} saya?",
            "Saya sudah pasang aplikasi di {device} tapi {problem}.",
            "Dari kemarin {problem} kalau pakai {device} saya.",
            "Tolong bantu login, {problem} di {device} saya.",
            "Sudah coba tiga kali pakai {device} dan {problem}.",
            "Harus bagaimana kalau {problem} di {device} saya?",
            "Login di {device} saya error, {problem}.",
        ),
        test=(
            "Saya gagal terus mengakses akun dari {device}; {problem}.",
            "Setiap kali mencoba dengan {device} hasilnya sama: {problem}.",
            "Mustahil masuk akun lewat {device} sebab {problem}.",
            "Sepertinya {device} saya tidak cocok dengan aplikasinya, {problem}.",
        ),
        bare=(
            "Saya tidak bisa login aplikasi.",
            "Aplikasinya tidak bisa dibuka di hp.",
            "Saya lupa kata sandi aplikasi.",
            "Kode login tidak masuk.",
            "Selalu gagal ketika mengakses akun di aplikasi.",
        ),
        switch=(
            "Kalau di {device} saya {problem}.",
            "Di {device} saya beda lagi, {problem}.",
            "Kalau {problem} di {device} bagaimana?",
            "Pada {device} saya gejalanya lain: {problem}.",
        ),
        clauses=(
            "Maaf atas kendalanya. Di {device} Anda, silakan {fix}.",
            "Silakan {fix}. Biasanya ini berhasil di {device}.",
        ),
        tails=(
            "Kalau masih gagal, kirim foto layarnya.",
            "Uang dan data Anda aman.",
            "Tim aplikasi kami siap setiap hari sampai pukul 20.00.",
        ),
        follow_ups=(
            FollowUp(
                ("Masih tidak bisa.", "Sudah dicoba tapi sama saja.", "Masih sama masalahnya."),
                "Itu tidak mengubah apa-apa.",
                "Kalau begitu hapus aplikasinya, pasang lagi, lalu masuk dengan nomor anggota.",
            ),
            FollowUp(
                (
                    "Bisa pakai dua hp?",
                    "Boleh login di hp kedua?",
                    "Bisa dipakai di dua perangkat?",
                ),
                "Paling banyak berapa perangkat yang tersambung?",
                "Satu akun bisa dipakai di dua perangkat; perangkat ketiga mengeluarkan yang "
                "paling lama.",
            ),
        ),
    ),
)
