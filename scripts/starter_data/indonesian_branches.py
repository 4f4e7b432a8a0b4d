"""Indonesian frames: opening hours, membership and personal data."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="opening_hours",
        train=(
            "Hari {day} cabang {branch} buka jam berapa?",
            "Apakah {branch} buka hari {day}?",
            "Cabang {branch} tutup jam berapa kalau {day}?",
            "Saya mau ke {branch} hari {day}, jam bukanya bagaimana?",
            "Boleh tahu jam layanan {branch} untuk hari {day}?",
            "Kantor {branch} hari {day} masih buka sampai sore tidak?",
            "Saya cuma bisa datang ke {branch} hari {day}. Buka tidak ya?",
            "Jam buka {branch} hari {day} sampai jam berapa?",
            "Loket di {branch} mulai melayani jam berapa pada hari {day}?",
            "Kalau {day} pagi kantor {branch} sudah buka belum?",
        ),
        test=(
            "Rencananya {day} ini saya mampir ke {branch}, bisa dilayani mulai jam berapa?",
            "Minta jadwal kantor {branch} untuk {day}.",
            "Paling telat jam berapa saya boleh datang ke {branch} pada {day}?",
            "Pintu kantor {branch} dibuka pukul berapa tiap {day}?",
        ),
        bare=(
            "Jam buka kantor minggu ini bagaimana?",
            "Hari libur nasional kantor buka tidak?",
            "Hari ini tutup jam berapa?",
            "Jam segini kantornya masih buka?",
            "Mulai pukul berapa loket melayani anggota?",
        ),
        switch=(
            "Kalau {branch} hari {day} bagaimana?",
            "Terus {branch} hari {day} jam berapa?",
            "Kalau saya ke {branch} saja hari {day}?",
            "Lalu untuk {day} di {branch} pukul berapa?",
        ),
        clauses=(
            "Cabang {branch} hari {day} buka pukul {hours}.",
            "Hari {day} kantor {branch} melayani pukul {hours}.",
        ),
        tails=(
            "Nomor antrean terakhir dibagikan 30 menit sebelum tutup.",
            "Hari Minggu dan hari libur kami tutup.",
            "Jangan lupa membawa kartu anggota.",
        ),
        follow_ups=(
            FollowUp(
                ("Hari Minggu buka tidak?", "Kalau Minggu ada cabang yang buka?", "Minggu bisa?"),
                "Apakah akhir pekan hari Minggu juga dilayani?",
                "Hari Minggu semua cabang tutup, tetapi aplikasi dan depot air tetap buka.",
            ),
            FollowUp(
                ("Biasanya ramai tidak?", "Jam berapa yang sepi?", "Antreannya panjang tidak?"),
                "Enaknya datang pukul berapa supaya cepat?",
                "Antrean paling sepi pada satu jam pertama dan paling ramai setelah istirahat "
                "siang.",
            ),
        ),
    ),
    IntentFrames(
        label="join_member",
        train=(
            "Saya {job} di {branch}, bagaimana cara menjadi anggota?",
            "Cara daftar anggota koperasi di {branch} bagaimana? Saya {job}.",
            "Apakah {job} bisa jadi anggota lewat {branch}?",
            "Berapa biaya masuk anggota untuk {job} di {branch}?",
            "Saya ingin daftar anggota baru di {branch}, pekerjaan saya {job}.",
            "Adik saya {job}, bisa daftar jadi anggota di {branch}?",
            "Saya mau gabung koperasi, saya {job} dan tinggal dekat {branch}.",
            "Simpanan pokok anggota baru di {branch} berapa? Saya {job}.",
            "Kapan kelas anggota baru di {branch}? Saya seorang {job}.",
            "Syarat jadi anggota di {branch} untuk {job} apa saja?",
        ),
        test=(
            "Sebagai {job} yang tinggal di sekitar {branch}, apakah saya boleh ikut koperasi?",
            "Langkah pertama supaya {job} diterima sebagai anggota {branch} itu apa?",
            "Tertarik bergabung melalui {branch}, sehari-hari saya bekerja sebagai {job}.",
            "Di {branch}, seorang {job} perlu menyiapkan apa untuk keanggotaan?",
        ),
        bare=(
            "Bagaimana cara menjadi anggota?",
            "Syarat anggota baru apa saja?",
            "Berapa biaya daftar anggota koperasi?",
            "Saya mau daftar jadi anggota.",
            "Tetangga saya ingin masuk koperasi, perlu apa?",
        ),
        switch=(
            "Kakak saya {job} di {branch}, bisa daftar juga?",
            "Kalau {job} di {branch} bagaimana?",
            "Kalau saya {job} dan mau daftar di {branch}?",
            "Sepupu saya bekerja sebagai {job}, apakah {branch} menerima?",
        ),
        clauses=(
            "Bisa, {job} boleh daftar di {branch}. Kelas anggota baru setiap {class_day} dan "
            "simpanan pokok Rp 100.000.",
            "Selamat datang! Untuk {job}, ikuti kelas di {branch} hari {class_day} dan bayar "
            "simpanan pokok Rp 100.000.",
        ),
        tails=(
            "Bawa KTP dan satu lembar foto.",
            "Setelah itu simpanan wajib Rp 20.000 per bulan.",
            "Kartu anggota jadi pada hari yang sama.",
        ),
        follow_ups=(
            FollowUp(
                ("Umur minimal berapa?", "Ada batas umur tidak?", "Harus umur berapa?"),
                "Mulai usia berapa seseorang diterima?",
                "Anggota minimal berumur 17 tahun; anak di bawah itu bisa punya Tirta Sekolah "
                "bersama orang tua.",
            ),
            FollowUp(
                (
                    "Kalau nanti mau keluar bagaimana?",
                    "Simpanannya bisa kembali kalau keluar?",
                    "Boleh berhenti jadi anggota?",
                ),
                "Apakah uangnya dikembalikan saat mundur?",
                "Kalau keluar, simpanan dikembalikan dalam 30 hari setelah semua pinjaman lunas.",
            ),
        ),
    ),
    IntentFrames(
        label="update_data",
        train=(
            "Saya mau ganti {record} di {branch}.",
            "Bagaimana cara ubah {record}? Cabang saya {branch}.",
            "Data {record} saya berubah, bisa diganti di {branch}?",
            "Apa yang harus dibawa ke {branch} untuk ganti {record}?",
            "Tolong perbaiki {record} saya, saya terdaftar di {branch}.",
            "Data {record} saya salah. Bisa dibetulkan di {branch}?",
            "Saya punya {record} baru, apa harus datang ke {branch}?",
            "Surat apa yang perlu untuk ubah {record} di {branch}?",
            "Bisa ubah data {record} di rekening saya di {branch}?",
            "Saya ingin mengganti {record} lama dengan yang baru di {branch}.",
        ),
        test=(
            "Catatan {record} saya sudah usang, apakah {branch} bisa memperbaruinya?",
            "Bukti apa yang diminta {branch} kalau anggota memperbarui {record}?",
            "Sejak bulan lalu {record} saya lain, bagaimana {branch} mencatatnya?",
            "Mohon {record} saya disesuaikan di arsip {branch}.",
        ),
        bare=(
            "Saya mau ubah data pribadi.",
            "Bagaimana cara ganti data di koperasi?",
            "Nama saya salah tulis di rekening, bisa diganti?",
            "Saya pindah rumah, lapor ke siapa?",
            "Beberapa keterangan di profil saya sudah lama.",
        ),
        switch=(
            "Kalau ganti {record} di {branch}?",
            "Terus kalau {record} juga di {branch}?",
            "Untuk {record} baru di {branch} bagaimana?",
            "Apakah {branch} bisa sekalian mengurus {record}?",
        ),
        clauses=(
            "Untuk mengganti {record}, datang ke {branch} dan bawa {proof}.",
            "{branch} bisa mengganti {record} Anda, cukup bawa {proof}.",
        ),
        tails=(
            "Data baru berlaku pada hari kerja berikutnya.",
            "Demi keamanan, data tidak bisa diubah lewat chat.",
            "Tidak ada biaya.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Siapa yang bisa lihat data saya?",
                    "Data saya aman tidak?",
                    "Data saya dibagikan tidak?",
                ),
                "Kepada siapa keterangan ini diberikan?",
                "Hanya petugas yang melayani Anda yang bisa melihat data, dan tidak pernah kami "
                "bagikan.",
            ),
            FollowUp(
                (
                    "Bisa hapus data saya?",
                    "Data saya disimpan berapa lama?",
                    "Data lama saya bagaimana?",
                ),
                "Kapan catatan lama dimusnahkan?",
                "Data lama disimpan 5 tahun sesuai aturan, lalu dihapus.",
            ),
        ),
    ),
)
