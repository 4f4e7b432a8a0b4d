"""Indonesian frames: the online shop: prices, delivery, late orders."""

from __future__ import annotations

from starter_data.frames import FollowUp, IntentFrames

FRAMES: tuple[IntentFrames, ...] = (
    IntentFrames(
        label="shop_price",
        train=(
            "Harga {quantity} {item} berapa?",
            "Saya mau beli {quantity} {item}, stoknya ada?",
            "Masih ada {quantity} {item} tidak?",
            "Harga {item} berapa ya? Saya butuh {quantity}.",
            "Bisa pesan {quantity} {item} di toko online?",
            "Kalau ambil {quantity}, {item} harganya berapa?",
            "Minggu ini bisa dapat {quantity} {item}?",
            "Saya pesan {quantity} {item} ya.",
            "Stok {item} ada? Saya mau {quantity}.",
            "Minta harga anggota untuk {quantity} {item}.",
        ),
        test=(
            "Rencana belanja {quantity} {item} dari toko koperasi, kena berapa?",
            "Sanggupkah toko menyediakan {quantity} {item}, dan satuannya berapa?",
            "Apakah {item} masih tersisa? Cari {quantity}.",
            "Per bungkus bayar berapa jika membeli {quantity} {item}?",
        ),
        bare=(
            "Minggu ini ada promo apa di toko?",
            "Harga satu kemasan beras berapa?",
            "Kopi masih ada stok?",
            "Boleh minta daftar harga toko?",
            "Barang di toko koperasi harganya berapa saja?",
        ),
        switch=(
            "Kalau {quantity} {item}?",
            "Terus {quantity} {item} berapa?",
            "Kalau {item} beli {quantity} harganya?",
            "Tambah {quantity} {item}, jadi bayar berapa satuannya?",
        ),
        clauses=(
            "Ada, {quantity} {item} tersedia; harga {item} {price} per kemasan.",
            "Harga {item} {price} per kemasan, dan {quantity} masih tersedia.",
        ),
        tails=(
            "Pesan lewat aplikasi atau halaman toko.",
            "Anggota dapat 1 poin setiap Rp 10.000.",
            "Pesanan sebelum pukul 14.00 dikemas hari itu juga.",
        ),
        follow_ups=(
            FollowUp(
                ("Bayarnya bagaimana?", "Bisa bayar di tempat?", "Pembayarannya lewat apa?"),
                "Cara pelunasan di toko ada apa saja?",
                "Bisa bayar dari simpanan, dengan kode QR, atau tunai saat barang sampai.",
            ),
            FollowUp(
                ("Barangnya dari mana?", "Itu dari petani lokal?", "Siapa yang membuat?"),
                "Asal produknya dari daerah mana?",
                "Barang kami dari petani anggota dan dikemas di gudang Muara Wening.",
            ),
        ),
    ),
    IntentFrames(
        label="delivery",
        train=(
            "Ongkos kirim {item} ke {branch} berapa?",
            "Bisa antar {item} ke {branch}?",
            "Biaya antar ke {branch} untuk {item} berapa ya?",
            "Kirim {item} ke {branch} berapa hari?",
            "Saya tinggal di {branch}, bisa antar {item} ke rumah?",
            "Ongkirnya berapa untuk {item} ke {branch}?",
            "Kalau pesan {item} hari ini, kapan sampai di {branch}?",
            "Antar ke {branch} gratis tidak? Saya mau pesan {item}.",
            "Kurir bisa bawa {item} ke {branch}, berapa lama?",
            "Minta info ongkir {item}, alamat saya di {branch}.",
        ),
        test=(
            "Apakah kurir mau datang ke {branch} membawa {item}, dan tarifnya berapa?",
            "Mengirimkan {item} sampai {branch}: tarif serta lamanya berapa?",
            "Seberapa cepat {item} tiba di rumah di {branch}?",
            "Wilayah {branch} termasuk jangkauan antaran {item} tidak?",
        ),
        bare=(
            "Ongkos kirim berapa?",
            "Bisa antar sampai ke desa?",
            "Pengiriman berapa hari?",
            "Anggota gratis ongkir tidak?",
            "Kurirnya bisa datang sampai depan rumah?",
        ),
        switch=(
            "Kalau {item} ke {branch}?",
            "Terus ongkir {item} ke {branch} berapa?",
            "Kalau kirim {item} ke {branch} bagaimana?",
            "Lantas tarif {item} menuju {branch}?",
        ),
        clauses=(
            "Ongkos kirim {item} ke {branch} {delivery_fee} dan sampai dalam {delivery_days}.",
            "Kami antar {item} ke {branch} dalam {delivery_days}; ongkosnya {delivery_fee}.",
        ),
        tails=(
            "Pesanan di atas Rp 300.000 bebas ongkos kirim.",
            "Kurir menelepon sebelum datang.",
            "Pesanan juga bisa diambil gratis di cabang.",
        ),
        follow_ups=(
            FollowUp(
                (
                    "Kalau di rumah tidak ada orang?",
                    "Kalau saya tidak di rumah?",
                    "Bisa dititip ke tetangga?",
                ),
                "Bagaimana bila rumah sedang kosong?",
                "Kurir mencoba dua kali; setelah itu pesanan menunggu di cabang selama 7 hari.",
            ),
            FollowUp(
                ("Minggu ada pengantaran?", "Bisa diantar malam?", "Hari Minggu kurir jalan?"),
                "Hari apa saja kurir bekerja?",
                "Kurir bekerja Senin sampai Sabtu pukul 09.00 sampai 17.00.",
            ),
        ),
    ),
    IntentFrames(
        label="order_late",
        train=(
            "Saya pesan {item} hari {day} tapi belum datang.",
            "Pesanan {item} saya dari hari {day} di mana?",
            "Pesanan {item} hari {day} telat ya?",
            "Kapan {item} yang saya pesan hari {day} sampai?",
            "Saya sudah tunggu {item} dari hari {day}.",
            "Mestinya {item} yang saya beli {day} sudah sampai, tolong dicek.",
            "Bisa lacak pesanan saya? {item}, pesan hari {day}.",
            "Statusnya dikirim, tapi {item} dari {day} belum sampai juga.",
            "Hari {day} saya sudah bayar {item}, status pesanannya bagaimana?",
            "Belum ada kabar pesanan {item} sejak {day}, kenapa ya?",
        ),
        test=(
            "Belanja {item} sejak {day}, paketnya tak kunjung muncul.",
            "Ada perkembangan soal paket {item} yang {day} itu?",
            "Apa {item} saya terlupa? Pembeliannya {day}.",
            "Paket berisi {item} yang dibuat {day} sepertinya nyasar.",
        ),
        bare=(
            "Pesanan saya belum sampai.",
            "Paket saya di mana?",
            "Bagaimana cara lacak pesanan?",
            "Pesanan saya telat sekali.",
            "Paket dari toko tak kunjung datang.",
        ),
        switch=(
            "Kalau {item} yang saya pesan hari {day}?",
            "Terus {item} dari hari {day} bagaimana?",
            "Saya juga pesan {item} hari {day}, telat juga?",
            "Bagaimana kabar {item} pembelian {day}?",
        ),
        clauses=(
            "Maaf atas keterlambatannya. Pesanan {item} hari {day} sedang dikirim dan sampai "
            "paling lambat {late_day}.",
            "Pesanan {item} hari {day} sudah keluar dari gudang dan sampai paling lambat "
            "{late_day}.",
        ),
        tails=(
            "Kalau tidak sampai, kami kirim ulang gratis.",
            "Kurir akan menelepon dulu.",
            "Pesanan bisa dilacak di aplikasi.",
        ),
        follow_ups=(
            FollowUp(
                ("Bisa dibatalkan pesanannya?", "Saya mau batal saja.", "Boleh batal pesan?"),
                "Bolehkah saya mundur dari pembelian?",
                "Pesanan yang sudah dikirim tidak bisa batal, tetapi boleh dikembalikan dalam 7 "
                "hari.",
            ),
            FollowUp(
                ("Kenapa telat?", "Kenapa lama sekali?", "Telatnya karena apa?"),
                "Apa penyebab keterlambatan ini?",
                "Hujan deras minggu ini memperlambat kurir, kami mohon maaf.",
            ),
        ),
    ),
)
