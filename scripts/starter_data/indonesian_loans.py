"""Indonesian frames: loans: applying, interest, paying."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="loan_apply",
        train=(
            "Saya mau mengajukan {loan} di {branch}.",
            "Bagaimana cara mengajukan {loan} di {branch}?",
            "Syarat {loan} di {branch} apa saja?",
            "Bisa pinjam lewat {loan} di cabang {branch}?",
            "Berapa lama keputusan {loan} di {branch}?",
            "Saya butuh uang cepat, {loan} di {branch} bisa diproses?",
            "Tolong jelaskan langkah mengajukan {loan} di {branch}.",
            "Siapa yang boleh mengajukan {loan} di {branch}?",
            "Saya ingin pinjam dengan {loan}, cabang saya {branch}.",
            "Apakah {loan} ada di {branch}, dan harus bawa apa?",
        ),
        test=(
            "Berkas apa yang diperiksa {branch} sebelum menyetujui {loan}?",
            "Berharap dapat {loan} dari {branch}, mulainya dari mana?",
            "Kalau permohonan {loan} saya masukkan ke {branch}, kapan ada kabar?",
            "Supaya {loan} disetujui {branch}, apa yang harus disiapkan?",
        ),
        bare=(
            "Bagaimana cara mengajukan pinjaman?",
            "Saya mau pinjam uang di koperasi.",
            "Syarat pengajuan pinjaman apa saja?",
            "Anggota baru boleh mengajukan pinjaman?",
            "Apa yang disiapkan sebelum meminta pinjaman?",
        ),
        switch=(
            "Kalau mengajukan {loan} di {branch}?",
            "Terus kalau {loan} di {branch} bagaimana?",
            "Kalau {loan} di {branch} syaratnya apa?",
            "Seandainya saya pilih {loan} dari {branch}?",
        ),
        clauses=(
            "Pengajuan {loan} di {branch} cukup membawa {loan_document}; keputusannya {decision}.",
            "{branch} melayani {loan}. Bawa {loan_document} dan keputusan keluar dalam {decision}.",
        ),
        tails=(
            "Anda harus sudah menjadi anggota selama 3 bulan.",
            "Formulirnya gratis di semua cabang.",
            "Bawa juga KTP Anda.",
        ),
        follow_ups=(
            FollowUp(
                ("Perlu jaminan tidak?", "Harus ada jaminan?", "Jaminannya apa?"),
                "Agunan seperti apa yang diminta?",
                "Pinjaman sampai Rp 5.000.000 tanpa jaminan; di atas itu perlu satu anggota lain "
                "sebagai penjamin.",
            ),
            FollowUp(
                (
                    "Kalau ditolak bagaimana?",
                    "Kalau ditolak bisa mengajukan lagi?",
                    "Kalau tidak disetujui?",
                ),
                "Apakah ada kesempatan kedua setelah gagal?",
                "Kalau ditolak kami jelaskan alasannya, dan Anda bisa mengajukan lagi setelah 30 "
                "hari.",
            ),
        ),
    ),
    IntentFrames(
        label="loan_rate",
        train=(
            "Bunga {loan} untuk {tenor} berapa?",
            "Berapa bunga yang saya bayar di {loan} selama {tenor}?",
            "Kalau ambil {loan} {tenor}, bunga per bulannya berapa?",
            "Apakah {loan} lebih murah kalau pilih {tenor}?",
            "Maksimal pinjaman dan bunga {loan} untuk {tenor} berapa?",
            "Saya lagi pikir-pikir ambil {loan} {tenor}. Bunganya berapa ya?",
            "Boleh tahu bunga pinjaman {loan} dengan jangka {tenor}?",
            "Berapa persen sebulan {loan} dengan tenor {tenor}?",
            "Pinjaman {loan} selama {tenor} bunganya mahal tidak?",
            "Bunga {loan} berubah tidak kalau pinjam {tenor}?",
        ),
        test=(
            "Meminjam dengan {loan} selama {tenor} dikenai berapa persen tiap bulan?",
            "Biaya bunga {loan} jika dicicil {tenor} kira-kira berapa?",
            "Jangka {tenor} untuk {loan} kena suku bunga berapa?",
            "Sedang membandingkan pinjaman: {loan} {tenor} bunganya berapa?",
        ),
        bare=(
            "Bunga pinjaman sekarang berapa?",
            "Pinjaman mana yang bunganya paling rendah?",
            "Berapa bunga pinjaman per bulan?",
            "Maksimal pinjaman dan bunganya berapa?",
            "Pinjaman di koperasi kena berapa persen sebulan?",
        ),
        switch=(
            "Kalau {loan} untuk {tenor}?",
            "Terus {loan} {tenor} berapa?",
            "Kalau saya pilih {loan} dengan {tenor}?",
            "Apakah {loan} selama {tenor} lebih ringan?",
        ),
        clauses=(
            "Bunga {loan} {loan_rate} per bulan, juga untuk {tenor}.",
            "Untuk {tenor} bunga {loan} adalah {loan_rate} per bulan.",
        ),
        tails=(
            "Anda bisa meminjam sampai {limit}.",
            "Pinjaman paling tinggi {limit}.",
            "Tidak ada biaya administrasi.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Bunganya flat?",
                    "Itu bunga tetap atau menurun?",
                    "Bunga dihitung dari sisa pinjaman?",
                ),
                "Perhitungannya atas jumlah yang mana?",
                "Bunga dihitung dari sisa pinjaman, jadi turun setiap bulan.",
            ),
            FollowUp(
                (
                    "Bisa dilunasi lebih cepat?",
                    "Kena denda kalau lunas cepat?",
                    "Kalau saya lunasi sebelum waktunya?",
                ),
                "Apakah lebih hemat bila ditutup lebih awal?",
                "Bisa dilunasi lebih cepat tanpa denda, dan bunga hanya sampai bulan itu.",
            ),
        ),
    ),
    IntentFrames(
        label="loan_pay",
        train=(
            "Bagaimana cara bayar angsuran {loan} lewat {channel}?",
            "Saya mau bayar angsuran {loan} lewat {channel}, jatuh temponya kapan?",
            "Jatuh tempo {loan} tanggal berapa kalau bayar lewat {channel}?",
            "Bulan ini bisa bayar {loan} lewat {channel}?",
            "Saya sudah bayar angsuran {loan} lewat {channel}, kapan tercatat?",
            "Angsuran {loan} saya hampir jatuh tempo, bisa pakai {channel}?",
            "Paling lambat tanggal berapa bayar {loan} lewat {channel}?",
            "Boleh bayar cicilan {loan} lewat {channel}?",
            "Berapa lama pembayaran {loan} lewat {channel} tercatat?",
            "Saya ingin bayar cicilan {loan} bulan ini pakai {channel}.",
        ),
        test=(
            "Batas tanggal membayar {loan} jika memakai {channel} kapan?",
            "Apakah {channel} menerima cicilan {loan} tiap bulan?",
            "Mau menyetor kewajiban {loan} bulan ini dengan {channel}, caranya?",
            "Setoran {loan} saya sudah masuk lewat {channel}, seberapa cepat terlihat?",
        ),
        bare=(
            "Bagaimana cara bayar angsuran pinjaman?",
            "Angsuran saya jatuh tempo tanggal berapa?",
            "Saya akan telat bayar angsuran, bagaimana?",
            "Bayar cicilan bulanan di mana?",
            "Hari terakhir menyetor cicilan bulan ini kapan?",
        ),
        switch=(
            "Kalau {loan} lewat {channel}?",
            "Terus kalau bayar {loan} lewat {channel}?",
            "Kalau angsuran {loan} pakai {channel} bagaimana?",
            "Apakah sama untuk {loan} dengan {channel}?",
        ),
        clauses=(
            "Angsuran {loan} jatuh tempo {due} setiap bulan; pembayaran lewat {channel} tercatat "
            "dalam {wait}.",
            "Bisa, bayar {loan} lewat {channel} sebelum {due}. Pembayaran tercatat dalam {wait}.",
        ),
        tails=(
            "Simpan bukti bayarnya.",
            "Pakai nomor anggota sebagai keterangan.",
            "Keterlambatan dikenai Rp 5.000 per minggu.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Kalau telat bagaimana?",
                    "Kalau telat kena denda?",
                    "Kalau belum bisa bayar bagaimana?",
                ),
                "Apa akibatnya jika terlambat?",
                "Keterlambatan dikenai Rp 5.000 per minggu, jadi kabari kami sebelum jatuh tempo.",
            ),
            FollowUp(
                (
                    "Tanggalnya bisa diganti?",
                    "Boleh bayar di tanggal lain?",
                    "Bisa minta mundur tanggalnya?",
                ),
                "Mungkinkah jatuh temponya digeser?",
                "Tanggal jatuh tempo bisa diubah sekali setahun di cabang, paling lama 10 hari.",
            ),
        ),
    ),
)
