"""Indonesian frames: late transfers, refunds and the water depots."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="transfer_late",
        train=(
            "Saya kirim {amount} lewat {channel} tapi belum sampai.",
            "Transfer {amount} lewat {channel} saya belum masuk.",
            "Uang {amount} saya di mana? Saya transfer lewat {channel}.",
            "Uang {amount} yang saya kirim lewat {channel} tidak masuk ke rekening.",
            "Transfer {amount} lewat {channel} berapa lama?",
            "Tadi pagi transfer {amount} lewat {channel} tapi saldo belum berubah.",
            "Anak saya kirim {amount} lewat {channel}, kenapa belum ada?",
            "Transfer lewat {channel} gagal ya? Saya kirim {amount} belum masuk.",
            "Saldo terpotong {amount} lewat {channel} tapi tidak ada yang terima.",
            "Tolong cek transfer saya, {amount} lewat {channel}, belum diterima.",
        ),
        test=(
            "Dana {amount} keluar dari akun saya melalui {channel}, tetapi penerima bilang kosong.",
            "Sampai sekarang masih menunggu kiriman {amount} yang memakai {channel}.",
            "Wajarkah kiriman {amount} melalui {channel} selama ini?",
            "Kiriman saya {amount} tersangkut setelah memakai {channel}.",
        ),
        bare=(
            "Transfer saya belum masuk.",
            "Saya kirim uang tapi belum sampai ke penerima.",
            "Transfer biasanya berapa lama?",
            "Transfer saya masih diproses terus.",
            "Kiriman uang saya tersangkut.",
        ),
        switch=(
            "Kalau {amount} yang saya kirim lewat {channel}?",
            "Terus transfer {amount} lewat {channel}?",
            "Kalau {amount} lewat {channel} berapa lama?",
            "Apakah kiriman {amount} melalui {channel} masih berjalan juga?",
        ),
        clauses=(
            "Transfer lewat {channel} bisa makan waktu {wait}. Uang {amount} Anda aman dan sedang "
            "dikirim.",
            "Maaf sudah menunggu. Uang {amount} sedang diproses; lewat {channel} bisa sampai "
            "{wait}.",
        ),
        tails=(
            "Kalau lewat waktu itu belum masuk, kirim bukti transfernya.",
            "Setelah itu uang kami kembalikan.",
            "Statusnya bisa dilihat di aplikasi.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Saya salah nomor rekening.",
                    "Kalau nomornya salah bagaimana?",
                    "Sepertinya saya salah ketik nomor.",
                ),
                "Barangkali tujuannya keliru saya tulis.",
                "Kalau begitu transfer kami hentikan dan uang kembali dalam 3 hari kerja.",
            ),
            FollowUp(
                ("Bisa dibatalkan?", "Transfernya bisa batal?", "Saya mau batalkan transfernya."),
                "Dapatkah ditarik kembali?",
                "Transfer bisa dibatalkan di aplikasi selama statusnya masih diproses.",
            ),
        ),
    ),
    IntentFrames(
        label="refund",
        train=(
            "{item} saya {defect}, saya minta uang kembali.",
            "Pesanan {item} saya {defect}. Bisa bantu?",
            "Baru buka paket, ternyata {item} {defect}.",
            "Saya beli {item} di toko tapi {defect}, bisa uang kembali?",
            "Saya mau retur karena {item} {defect}.",
            "Cara komplain bagaimana? {item} saya {defect}.",
            "Kecewa sekali, {item} {defect}.",
            "Tadi {item} diantar tapi {defect}, tolong diganti.",
            "Kalau {item} {defect} bisa ditukar tidak?",
            "Ada yang salah dengan pesanan saya: {item} {defect}.",
        ),
        test=(
            "Saya kurang puas dengan {item} karena {defect}. Penyelesaiannya bagaimana?",
            "Sayang sekali {item} {defect}; ganti rugi apa yang saya peroleh?",
            "Mohon tanggung jawabnya, {item} yang saya terima {defect}.",
            "Lihat ini, {item} {defect}! Saya menunggu solusi.",
        ),
        bare=(
            "Saya mau retur barang.",
            "Bagaimana cara minta uang kembali di toko?",
            "Barang yang saya terima kurang bagus.",
            "Barang yang sudah dibeli bisa ditukar?",
            "Saya tidak puas, barangnya boleh dikembalikan?",
        ),
        switch=(
            "Terus {item} juga {defect}.",
            "Yang {item} juga {defect}, pesanan yang sama.",
            "Kalau {item} {defect} bagaimana?",
            "Selain itu {item} saya {defect}.",
        ),
        clauses=(
            "Kami mohon maaf soal {item} Anda. Kirim fotonya dan {remedy}.",
            "Maaf atas {item} tersebut! Setelah kami lihat fotonya, {remedy}.",
        ),
        tails=(
            "Laporkan paling lambat 7 hari.",
            "Barangnya tidak perlu dikembalikan dulu.",
            "Simpan kotaknya sampai kami balas.",
        ),
        follow_ups=(
            FollowUp(
                ("Fotonya kirim ke mana?", "Cara kirim fotonya?", "Foto dikirim ke sini?"),
                "Gambarnya ditujukan kepada siapa?",
                "Kirim foto di chat ini atau ke toko@telagabiru.example dengan nomor pesanan.",
            ),
            FollowUp(
                (
                    "Saya mau uangnya saja.",
                    "Bisa pilih uang kembali?",
                    "Saya lebih suka uang kembali.",
                ),
                "Mungkinkah dibayar saja, bukan barang?",
                "Boleh: uangnya masuk ke rekening simpanan Anda dalam 2 hari kerja.",
            ),
        ),
    ),
    IntentFrames(
        label="water_refill",
        train=(
            "Isi ulang {container} di {branch} berapa?",
            "Berapa biaya isi {container} di depot {branch}?",
            "Bisa isi ulang {container} di depot {branch}?",
            "Depot air {branch} buka? Saya mau isi {container}.",
            "Saya mau isi air {container} di {branch}, harganya berapa?",
            "Depot {branch} terima {container} tidak?",
            "Harga air untuk {container} di {branch} berapa ya?",
            "Bisa antar air isi ulang {container} dekat {branch}?",
            "Air isi ulang di {branch} bersih? Kalau {container} berapa?",
            "Saya punya {container} kosong, air minum di {branch} berapa?",
        ),
        test=(
            "Mengisi {container} di tempat air {branch}, bayarnya berapa?",
            "Persediaan air habis, apakah {branch} mau mengisi {container} dan tarifnya?",
            "Air minum per {container} di {branch} dijual berapa?",
            "Cek harga {branch}: air, satu {container}.",
        ),
        bare=(
            "Isi ulang air berapa?",
            "Depot air paling dekat di mana?",
            "Air depot aman diminum?",
            "Depot air buka jam berapa?",
            "Boleh bawa botol sendiri untuk air minum di depot?",
        ),
        switch=(
            "Kalau {container} di {branch}?",
            "Terus {container} di {branch} berapa?",
            "Kalau isi {container} di {branch} bagaimana?",
            "Berapa jadinya untuk {container} dari {branch}?",
        ),
        clauses=(
            "Isi ulang {container} di depot {branch} harganya {refill}.",
            "Depot {branch} mengisi {container} dengan harga {refill}.",
        ),
        tails=(
            "Depot buka setiap hari pukul 06.00 sampai 18.00.",
            "Wadah dibilas gratis.",
            "Airnya diuji setiap Senin.",
        ),
        follow_ups=(
            FollowUp(
                ("Airnya aman?", "Airnya diuji tidak?", "Aman untuk anak-anak?"),
                "Siapa yang memeriksa mutunya?",
                "Aman, air disaring empat kali dan diuji setiap Senin; hasilnya ditempel di depot.",
            ),
            FollowUp(
                (
                    "Kemarin airnya rasanya aneh.",
                    "Minggu lalu airnya bau.",
                    "Isi ulang terakhir rasanya beda.",
                ),
                "Isian yang dulu tidak enak rasanya.",
                "Kami mohon maaf. Bawa kembali, kami isi ulang gratis dan saringannya kami periksa "
                "hari ini.",
            ),
        ),
    ),
)
