"""Invented journal-style articles in Indonesian."""

from __future__ import annotations

from starter_data.document import Source

SOURCES: tuple[Source, ...] = (
    Source("tabungan-sekolah", "id", "html",
           "Setoran kecil setiap minggu: kebiasaan menabung untuk biaya sekolah", """
Larasita Widuri, Jaka Pramuli, dan Sekar Anindwi. Bagian penelitian Koperasi Telaga Biru. Artikel
ini, para penulisnya, datanya, dan daftar pustakanya adalah rekaan untuk keperluan contoh.

## Abstrak

Biaya sekolah datang sekaligus pada awal tahun ajaran, sedangkan penghasilan keluarga petani dan
nelayan datang sedikit demi sedikit. Penelitian rekaan ini membandingkan 320 keluarga yang
menabung mingguan dengan 300 keluarga yang menabung bulanan di produk Tirta Sekolah selama satu
tahun. Keluarga yang menyetor setiap minggu mengumpulkan rata-rata Rp 1.180.000, sedangkan
keluarga yang menyetor setiap bulan mengumpulkan rata-rata Rp 940.000. Penarikan di tengah tahun
juga lebih jarang pada kelompok mingguan. Kami menyimpulkan bahwa setoran kecil yang sering lebih
mudah dipertahankan.

## Kata kunci

koperasi, tabungan, biaya sekolah, kebiasaan, keluarga desa

## Pendahuluan

Setiap bulan Juni loket koperasi penuh dengan orang tua yang memerlukan uang untuk seragam, buku,
dan uang pangkal. Sebagian mengambil Pinjaman Sekolah dengan bunga {loan_rate_sekolah} per bulan.
Pinjaman itu membantu, tetapi menabung lebih murah daripada meminjam. Penelitian terdahulu
menunjukkan bahwa orang lebih mudah menyisihkan jumlah kecil (Widuri, 2019), walaupun ada juga
yang berpendapat bahwa setoran bulanan lebih praktis (Pramuli dan Tirtana, 2021).

## Data dan metode

Kami memakai catatan 620 rekening Tirta Sekolah di enam cabang. Produk ini memberi bunga
{rate_sekolah} per tahun, setoran awalnya {minimum_sekolah}, dan penarikan perlu pemberitahuan
{notice_sekolah} sebelumnya. Keluarga dikelompokkan menurut kebiasaan menyetor pada tiga bulan
pertama. Kelompok mingguan menyetor paling sedikit tiga kali sebulan; kelompok bulanan menyetor
satu kali. Kedua kelompok mirip dalam jumlah anak, pekerjaan, dan jarak ke cabang. Kami juga
mewawancarai 24 orang tua di Kampung Randu dan Teluk Lirih.

## Hasil

- Saldo akhir kelompok mingguan rata-rata Rp 1.180.000 dan kelompok bulanan Rp 940.000.
- Sebanyak 78 persen keluarga mingguan masih menyetor pada bulan kedua belas, dibandingkan 61
persen keluarga bulanan.
- Penarikan sebelum bulan Juni terjadi pada 19 persen rekening mingguan dan 33 persen rekening
bulanan.
- Pengajuan Pinjaman Sekolah turun sepertiga pada kelompok mingguan.

Dalam wawancara, para ibu bercerita bahwa uang yang sedikit tidak terasa hilang. Seorang ibu di
Teluk Lirih menyetor setiap kali suaminya pulang melaut. Sebaliknya, beberapa orang tua dalam
kelompok bulanan mengatakan uang gaji sering habis sebelum sempat dibawa ke loket. Jarak ternyata
tidak terlalu berpengaruh, karena banyak keluarga menitipkan setoran lewat agen mitra.

## Pembahasan

Hasil rekaan ini sejalan dengan gagasan bahwa kebiasaan lebih kuat daripada niat. Setoran mingguan
mengikuti irama pasar dan panen kecil, sehingga tidak memerlukan banyak pertimbangan. Namun hasil
ini harus dibaca hati-hati. Keluarga memilih sendiri kebiasaannya, jadi mungkin saja keluarga yang
lebih teratur memang memilih setoran mingguan. Selain itu, harga ikan dan beras pada tahun itu
cukup baik.

Temuan lain berhubungan dengan anak. Dalam 11 dari 24 wawancara, anaklah yang mengingatkan orang
tua untuk menabung, sebab buku tabungan disimpan bersama buku pelajaran. Anak yang melihat
saldonya bertambah tampak bangga dan ikut menghitung berapa minggu lagi seragam baru terbeli. Kami
tidak mengukur pengaruh ini dengan angka, tetapi menurut kami hal itu patut diteliti lebih lanjut.

Bagi koperasi, setoran yang kecil dan sering berarti pekerjaan loket bertambah. Biaya itu bisa
dikurangi kalau setoran dilakukan dengan kode QR atau lewat aplikasi. Petugas di Simpang Awan
sudah mencoba loket keliling setiap Kamis dan hasilnya menggembirakan.

## Kesimpulan

Kesimpulan berikut berlaku untuk keluarga yang sudah menjadi anggota dan punya rekening. Keluarga
yang belum pernah menabung mungkin memerlukan pendampingan lebih dulu.

Menabung sedikit setiap minggu membantu keluarga menyiapkan biaya sekolah. Kami menyarankan
koperasi mengirim pengingat mingguan, menyediakan kotak setoran di sekolah, dan menceritakan
pengalaman keluarga yang berhasil dalam kelas anggota baru.

## Daftar pustaka

- Pramuli, J. dan Tirtana, O. (2021). Menabung sekali sebulan. Jurnal Rekaan Ekonomi Desa, 4(1),
20-33.
- Widuri, L. (2019). Uang kecil, rencana besar. Jurnal Rekaan Koperasi, 2(2), 7-19.
- Anindwi, S. (2022). Catatan dari loket keliling. Lembar Kerja Telaga Biru, 8.
"""),
    Source("rute-kurir", "id", "md",
           "Urutan antar dan waktu tunggu pesanan pada toko online koperasi", """
Damar Wirasesa dan Intan Prabasari. Tim pengiriman Koperasi Telaga Biru. Artikel ini, para
penulisnya, datanya, dan daftar pustakanya adalah rekaan untuk keperluan contoh.

## Abstrak

Toko online koperasi mengantar beras, gula aren, minyak goreng, kopi, madu, dan ikan asin ke enam
wilayah. Keluhan yang paling sering adalah pesanan telat. Kami membandingkan dua cara menyusun
rute: menurut waktu pesan dan menurut letak rumah. Dalam percobaan rekaan selama sepuluh minggu
dengan 2.140 pesanan, rute menurut letak mengurangi waktu tunggu rata-rata dari 2,9 menjadi 2,2
hari kerja dan menghemat 18 persen bahan bakar. Jumlah telepon dari pembeli juga turun.

## Kata kunci

pengiriman, rute, toko online, waktu tunggu, koperasi

## Pendahuluan

Pembeli tidak hanya menilai harga dan mutu barang, tetapi juga kapan barang itu sampai. Ongkos
kirim toko koperasi bergantung pada wilayah, mulai dari {delivery_fee_wening} di Muara Wening
sampai {delivery_fee_embun} di Padang Embun. Waktu yang dijanjikan adalah {delivery_days_wening}
untuk Muara Wening, {delivery_days_randu} untuk Kampung Randu, dan {delivery_days_embun} untuk
Padang Embun. Selama ini kurir membawa pesanan menurut urutan pesan. Cara itu terasa adil, tetapi
kurir sering melewati jalan yang sama dua kali (Prabasari, 2020).

## Metode

Percobaan berlangsung sepuluh minggu. Pada minggu ganjil rute disusun menurut waktu pesan, dan
pada minggu genap menurut letak rumah. Petugas gudang membagi setiap wilayah menjadi tiga kotak di
peta, lalu pesanan dalam kotak yang sama dibawa bersama-sama. Tidak ada program komputer yang
dipakai, hanya peta di dinding dan paku berwarna. Kami mencatat tanggal pesan, tanggal sampai,
jarak tempuh, dan jumlah telepon. Minggu dengan banjir tidak dihitung.

## Hasil

- Waktu tunggu rata-rata turun dari 2,9 hari kerja menjadi 2,2 hari kerja.
- Pesanan yang melewati waktu yang dijanjikan turun dari 14 persen menjadi 6 persen.
- Jarak tempuh per pesanan turun dari 6,1 menjadi 4,8 kilometer, dan bahan bakar hemat 18 persen.
- Telepon dari pembeli turun dari 31 menjadi 19 dalam seminggu.

Perbaikan paling besar terjadi di Simpang Awan dan Kampung Randu yang rumahnya berdekatan. Di
Padang Embun hampir tidak ada perubahan, sebab hanya ada satu jalan. Barang yang dibeli tidak
berpengaruh, kecuali minyak goreng yang kadang harus dibawa terpisah karena berat.

## Pembahasan

Rute menurut letak membuat sebagian pembeli menunggu sedikit lebih lama daripada tetangga yang
memesan sesudahnya. Beberapa orang bertanya mengapa begitu. Setelah dijelaskan bahwa semua pesanan
jadi lebih cepat, keberatan mereka hilang. Hal ini sesuai dengan pendapat bahwa penjelasan yang
jujur sama pentingnya dengan kecepatan (Wirasesa dan Maheni, 2022).

Bagi para kurir, perubahan ini juga terasa. Mereka pulang rata-rata empat puluh menit lebih awal
dan lebih jarang melewati jalan pasar yang macet. Dua kurir mengusulkan agar kotak di peta
disesuaikan dengan jembatan dan tanjakan, bukan hanya dengan jarak. Usul itu dicoba pada dua
minggu terakhir dan hasilnya sedikit lebih baik, tetapi datanya terlalu sedikit untuk disimpulkan.

Percobaan rekaan ini punya kelemahan. Sepuluh minggu terlalu singkat untuk melihat pengaruh musim,
dan kurir tahu bahwa mereka sedang diamati. Selain itu, pesanan sebelum pukul 14.00 dikemas pada
hari yang sama, sehingga pesanan sore selalu rugi setengah hari dengan kedua cara.

## Kesimpulan

Toko online yang kecil tidak selalu memerlukan alat mahal. Yang diperlukan adalah catatan yang
rapi, kesediaan mencoba, dan waktu untuk membicarakan hasilnya bersama orang yang bekerja di
jalan.

Peta di dinding dan pembagian kotak yang sederhana sudah cukup untuk memperbaiki waktu tunggu.
Kami menyarankan koperasi memakai rute menurut letak di lima wilayah, tetap memakai urutan pesan
di Padang Embun, dan memberi tahu pembeli hari perkiraan sampai lewat aplikasi.

## Daftar pustaka

- Prabasari, I. (2020). Jalan yang sama dua kali. Jurnal Rekaan Logistik Desa, 1(1), 3-12.
- Wirasesa, D. dan Maheni, K. (2022). Menunggu dengan tenang. Jurnal Rekaan Layanan Pelanggan,
6(2), 45-58.
- Koperasi Telaga Biru (2023). Laporan pengaduan tahunan. Cetakan dalam.
"""),
)  # fmt: skip
