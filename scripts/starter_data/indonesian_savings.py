"""Indonesian frames: savings: interest, opening an account, withdrawing."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="savings_rate",
        train=(
            "Bunga {savings} untuk {amount} berapa?",
            "Kalau nabung {amount} di {savings} bunganya berapa?",
            "Berapa persen bunga {savings} dengan saldo {amount}?",
            "Saya punya {amount} di {savings}, dapat bunga berapa setahun?",
            "Apakah bunga {savings} lebih tinggi kalau saldonya {amount}?",
            "Boleh tahu suku bunga {savings} untuk simpanan {amount}?",
            "Saya mau simpan {amount} di {savings} setahun, bunganya berapa ya?",
            "Bunga per tahun {savings} kalau isi {amount} berapa persen?",
            "Tabungan {savings} dengan {amount} bunganya bagus tidak?",
            "Untuk uang {amount} di {savings}, bunga yang berlaku berapa?",
        ),
        test=(
            "Imbal hasil {savings} jika saya menaruh {amount} kira-kira berapa?",
            "Uang {amount} yang diendapkan di {savings} tumbuh berapa persen tiap tahun?",
            "Dengan {amount} di {savings}, saya memperoleh jasa simpanan berapa?",
            "Ingin tahu hasil setahun dari {amount} yang ada di {savings}.",
        ),
        bare=(
            "Bunga simpanan sekarang berapa?",
            "Simpanan mana yang bunganya paling tinggi?",
            "Kapan bunga simpanan dibayar?",
            "Setahun dapat bunga berapa dari simpanan?",
            "Berapa persen hasil menabung di koperasi?",
        ),
        switch=(
            "Kalau {savings} dengan {amount} bagaimana?",
            "Terus {amount} di {savings} berapa?",
            "Kalau saya isi {amount} di {savings}, bunganya?",
            "Apakah {savings} berisi {amount} hasilnya lebih besar?",
        ),
        clauses=(
            "{savings} memberi bunga {rate} per tahun, dan sama untuk saldo {amount}.",
            "Untuk {amount} di {savings} bunganya {rate} per tahun.",
        ),
        tails=(
            "Bunga dibukukan setiap akhir bulan.",
            "Tidak ada biaya bulanan.",
            "Bunganya bisa dilihat di aplikasi.",
        ),
        follow_ups=(
            FollowUp(
                ("Kena pajak tidak?", "Bunganya dipotong pajak?", "Ada pajaknya tidak?"),
                "Apakah ada potongan untuk negara?",
                "Bunga di bawah Rp 240.000 per bulan dibayar penuh; di atas itu dipotong pajak 10 "
                "persen.",
            ),
            FollowUp(
                ("Bunganya bisa berubah tidak?", "Bunganya tetap?", "Tahun depan bunganya sama?"),
                "Sampai kapan angka itu berlaku?",
                "Bunga ditetapkan setiap Januari oleh rapat anggota dan berlaku satu tahun.",
            ),
        ),
    ),
    IntentFrames(
        label="open_account",
        train=(
            "Saya mau buka rekening {savings} di {branch}.",
            "Bagaimana cara buka {savings} di {branch}?",
            "Setoran awal {savings} di {branch} minimal berapa?",
            "Bisa buka rekening baru {savings} di cabang {branch}?",
            "Apa yang harus dibawa ke {branch} untuk buka {savings}?",
            "Istri saya mau buka {savings} di {branch}, caranya bagaimana?",
            "Tolong bantu buka {savings}, cabang saya {branch}.",
            "Perlu uang berapa untuk buka rekening {savings} di {branch}?",
            "Saya mau tambah satu rekening {savings} lagi di {branch}, bisa?",
            "Apakah {branch} melayani buka rekening {savings}?",
        ),
        test=(
            "Mau mulai punya {savings} melalui {branch}, siapkan dana berapa?",
            "Bisakah {branch} membuatkan {savings} atas nama saya?",
            "Berkas dan setoran pertama apa yang diminta {branch} untuk {savings} yang baru?",
            "Ada rencana bikin {savings}, apakah {branch} dapat mengurusnya?",
        ),
        bare=(
            "Bagaimana cara buka rekening simpanan?",
            "Setoran awal rekening baru berapa?",
            "Saya mau buka rekening untuk anak.",
            "Bisa buka rekening baru lewat aplikasi?",
            "Apa syarat membuat rekening simpanan yang baru?",
        ),
        switch=(
            "Kalau buka {savings} di {branch}?",
            "Terus kalau {savings} di {branch} setoran awalnya?",
            "Untuk rekening {savings} di {branch} minimal berapa?",
            "Bagaimana jika saya mulai {savings} di {branch} saja?",
        ),
        clauses=(
            "Rekening {savings} bisa dibuka di {branch} dengan setoran awal {minimum}.",
            "{branch} melayani pembukaan {savings}; setoran awal minimal {minimum}.",
        ),
        tails=(
            "Bawa KTP dan kartu anggota.",
            "Prosesnya sekitar 15 menit di loket.",
            "Tidak ada biaya pembukaan.",
        ),
        follow_ups=(
            FollowUp(
                ("Bisa lewat aplikasi?", "Bisa buka online tidak?", "Harus datang sendiri?"),
                "Apakah dapat diurus dari rumah?",
                "Rekening pertama harus dibuka di cabang; rekening kedua bisa dibuka di aplikasi.",
            ),
            FollowUp(
                ("Dapat buku tabungan?", "Ada bukunya tidak?", "Dapat kartu juga?"),
                "Setelah jadi, apa yang saya terima?",
                "Buku tabungan langsung jadi, dan kartu anggota berlaku untuk semua rekening.",
            ),
        ),
    ),
    IntentFrames(
        label="withdraw",
        train=(
            "Saya mau tarik {amount} dari {savings}.",
            "Cara ambil uang {amount} dari {savings} bagaimana?",
            "Bisa tarik {amount} dari rekening {savings} hari ini?",
            "Berapa hari sebelumnya harus lapor untuk ambil {amount} dari {savings}?",
            "Saya perlu tunai {amount} dari {savings}, prosesnya berapa lama?",
            "Kapan saya bisa ambil {amount} dari {savings} saya?",
            "Apakah harus lapor dulu untuk penarikan {amount} dari {savings}?",
            "Saldo {savings} saya cukup, boleh ambil {amount}?",
            "Tolong siapkan uang {amount} dari {savings} saya.",
            "Aturan penarikan {amount} dari {savings} bagaimana ya?",
        ),
        test=(
            "Ingin mencairkan {savings} sebesar {amount}, berapa lama siapnya?",
            "Seberapa awal saya memberi tahu kalau uang {amount} di {savings} hendak dipakai?",
            "Pencairan {amount} dari {savings} bisa langsung atau menunggu?",
            "Dana {amount} pada {savings} saya butuhkan, kapan dapat diterima?",
        ),
        bare=(
            "Bagaimana cara tarik simpanan?",
            "Besok bisa ambil uang tidak?",
            "Ada batas penarikan tunai?",
            "Saya perlu ambil uang dari rekening.",
            "Berapa lama mencairkan uang simpanan?",
        ),
        switch=(
            "Kalau {amount} dari {savings}?",
            "Terus kalau ambil {amount} dari {savings}?",
            "Kalau tarik {amount} dari {savings} bagaimana?",
            "Untuk pencairan {amount} pada {savings} seberapa cepat?",
        ),
        clauses=(
            "Untuk menarik {amount} dari {savings}, beri tahu kami {notice} sebelumnya.",
            "Penarikan {amount} dari {savings} perlu pemberitahuan {notice} sebelumnya.",
        ),
        tails=(
            "Uang tunai dibayar di cabang Anda dengan kartu anggota.",
            "Pemberitahuan bisa lewat aplikasi atau loket.",
            "Tidak ada biaya penarikan.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Bisa diwakilkan istri?",
                    "Boleh orang lain yang ambil?",
                    "Anak saya boleh ambilkan?",
                ),
                "Apakah keluarga dapat mengambilkannya?",
                "Boleh diwakilkan dengan surat kuasa dan KTP kedua orang.",
            ),
            FollowUp(
                ("Ada biayanya tidak?", "Kena biaya berapa?", "Dipotong biaya tidak?"),
                "Potongan untuk layanan itu berapa?",
                "Tidak ada biaya, tetapi saldo Rp 20.000 harus tetap ada di rekening.",
            ),
        ),
    ),
)
