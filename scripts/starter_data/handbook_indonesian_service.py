"""Indonesian handbook documents about the shop, complaints, cards and staff leave."""

from __future__ import annotations

from starter_data.document import Source

SOURCES: tuple[Source, ...] = (
    Source("toko-dan-pengiriman", "id", "md", "Toko online dan pengiriman", """
Toko online koperasi menjual hasil kebun, laut, dan dapur anggota kita. Petani dan nelayan
mendapat harga yang adil, dan anggota lain menerima bahan makanan yang baik di depan pintu.
Halaman ini menjelaskan barang, cara pesan, pembayaran, pengiriman, dan apa yang terjadi kalau
pesanan telat.

## Barang dan harga

Semua barang dikemas di gudang Muara Wening. Di setiap kemasan tertulis nama kelompok pembuatnya
dan tanggal sampai kapan barang sebaiknya dipakai.

{price_table}

Harga per kemasan sama, baik untuk dua kemasan maupun sepuluh kemasan. Anggota dapat 1 poin setiap
Rp 10.000, dan 50 poin bisa ditukar dengan satu kemasan kopi. Orang yang bukan anggota juga boleh
memesan, tetapi tidak mendapat poin.

## Memesan dan membayar

Pesan lewat aplikasi atau halaman toko. Pesanan sebelum pukul 14.00 dikemas hari itu juga; pesanan
setelahnya dikemas pada hari kerja berikutnya. Bisa bayar dari simpanan, dengan kode QR, atau
tunai saat barang sampai. Setelah membayar Anda mendapat nomor pesanan. Simpan nomor ini karena
selalu kami tanyakan kalau ada yang perlu dicek.

## Wilayah pengiriman

Kurir kami mengantar ke sekitar enam cabang. Ongkos kirim hanya bergantung pada wilayah, bukan
pada barang atau beratnya.

{delivery_table}

Pesanan di atas Rp 300.000 bebas ongkos kirim. Kurir bekerja Senin sampai Sabtu pukul 09.00 sampai
17.00 dan menelepon sebelum datang. Kalau di rumah tidak ada orang, kurir mencoba dua kali;
setelah itu pesanan menunggu di cabang selama 7 hari. Pesanan juga bisa diambil gratis di cabang.

## Kalau pesanan telat

Biasanya pesanan sampai paling lambat dua hari kerja di wilayah yang dekat. Pesanan hari Senin
sampai paling lambat Rabu, pesanan hari Jumat sampai paling lambat Senin. Hujan deras bisa
memperlambat kurir, terutama di jalan menuju Padang Embun. Pesanan bisa dilacak di aplikasi. Kalau
tidak sampai, kami kirim ulang gratis. Pesanan yang sudah dikirim tidak bisa batal, tetapi boleh
dikembalikan dalam 7 hari.

## Pengembalian

- Laporkan masalahnya paling lambat 7 hari dan kirim foto lewat chat atau ke
toko@telagabiru.example.
- Kalau kemasannya rusak, {remedy_broken}.
- Kalau barang sudah lewat tanggal, {remedy_expired}.
- Kalau barang tidak sesuai pesanan, {remedy_wrong}.
- Kalau ada yang kurang, {remedy_short}.

Barangnya tidak perlu dikembalikan dulu. Simpan kotaknya sampai kami balas, karena label di kotak
menunjukkan siapa yang mengemas dan kapan. Pembeli yang lebih suka uang kembali selalu boleh
memilih pembayaran ke rekening simpanan.
"""),
    Source("pengaduan", "id", "txt", "Penanganan pengaduan", """
Pengaduan adalah hadiah: anggota meluangkan waktu untuk memberi tahu apa yang salah. Bab ini
menjelaskan kepada petugas cara menerima, mencatat, dan menyelesaikan pengaduan, dan menjelaskan
kepada anggota apa yang bisa diharapkan dari kami.

## Prinsip

Kami mendengar dulu, baru menjelaskan. Kami meminta maaf dengan jelas kalau koperasi yang salah.
Kami tidak meminta anggota membuktikan hal-hal kecil, dan tidak ada yang dihukum karena mengadu.
Setiap pengaduan dicatat, walaupun selesai dalam satu menit, karena sepuluh pengaduan kecil
tentang hal yang sama menunjukkan masalah yang lebih besar.

## Tempat mengadu

- Di loket cabang mana saja, selama jam buka.
- Lewat chat di aplikasi, yang dijawab setiap hari sampai pukul 20.00.
- Lewat surat elektronik ke halo@telagabiru.example.
- Di kotak pengaduan dekat nomor antrean, boleh tanpa nama.

## Lama penyelesaian

Anggota mendapat jawaban pertama pada hari kerja yang sama. Sebagian besar pengaduan diselesaikan
oleh orang yang menerimanya. Kalau perlu bagian lain, pengaduan diteruskan dengan semua catatan,
supaya anggota tidak perlu bercerita dua kali.

## Kasus yang sering terjadi

Transfer belum masuk. Lihat dulu salurannya. Transfer lewat aplikasi bisa makan waktu {wait_app},
kode QR {wait_code}, kasir {wait_cashier}, dan agen mitra {wait_agent}. Sampaikan bahwa uangnya
aman. Kalau lewat waktu itu belum masuk, minta bukti transfer dan buka kasus baru. Kalau nomor
rekeningnya salah, transfer dihentikan dan uang kembali dalam 3 hari kerja.

Barang dari toko tidak baik. Minta foto dan segera bertindak: kalau kemasannya rusak,
{remedy_broken}; kalau sudah lewat tanggal, {remedy_expired}; kalau tidak sesuai pesanan,
{remedy_wrong}; kalau kurang satu kemasan, {remedy_short}.

Rasa air berbeda. Minta maaf, isi ulang wadahnya gratis, dan periksa saringan pada hari itu juga.
Tulis nomor saringannya di buku catatan.

Anggota menunggu terlalu lama. Jelaskan sebabnya, tawarkan janji temu, dan beri tahu bahwa antrean
paling sepi pada satu jam pertama.

## Kalau anggota belum puas

Kepala cabang membaca setiap pengaduan yang terbuka lebih dari 5 hari kerja. Kalau anggota tidak
setuju dengan penyelesaiannya, pengaduan dibawa ke dewan anggota, yaitu tiga anggota yang tidak
bekerja di koperasi. Dewan mendengar kedua pihak dan memutuskan dalam 30 hari. Keputusannya
mengikat koperasi, tetapi tidak mengikat anggota.

## Belajar dari pengaduan

Setiap bulan kantor pusat menghitung pengaduan menurut pokok masalah dan cabang, lalu hasilnya
dibahas dalam rapat petugas. Untuk tiga masalah yang paling sering, satu orang ditunjuk untuk
mengusulkan perubahan. Tiga bulan kemudian dilihat lagi apakah jumlahnya turun. Hasilnya ditempel
di papan pengumuman setiap cabang, sehingga anggota tahu bahwa suara mereka didengar.
"""),
    Source("kartu-pin-aplikasi", "id", "txt", "Kartu, PIN, dan aplikasi", """
Kartu anggota, PIN, dan aplikasi adalah kunci ke rekening Anda. Halaman ini menjelaskan cara
memakainya dengan aman dan apa yang harus dilakukan kalau ada masalah.

## Kartu anggota

Kartu anggota berlaku untuk semua rekening. Dengan kartu Anda bisa menarik uang, membayar di toko
koperasi, dan mengisi air di depot. Kalau kartu hilang, segera beri tahu kami lewat chat, telepon,
atau loket. Kartu langsung kami blokir, dan simpanan Anda aman karena tanpa PIN kartu tidak bisa
dipakai.

{class_table}

Biaya kartu baru Rp 15.000. Bawa KTP waktu mengambilnya. Kartu yang sudah diblokir tidak bisa
dibuka lagi, jadi kalau kartu lama ditemukan, potong kartunya dan pakai kartu baru.

## PIN

PIN terdiri dari 6 angka. Jangan pakai tanggal lahir atau 123456, dan jangan menuliskannya di
kartu. Jangan beri tahu PIN kepada siapa pun, termasuk petugas. Kami tidak bisa melihat atau
mengirim PIN lewat chat.

- Kalau lupa PIN, {pin_step_forgot}.
- Kalau PIN terblokir, {pin_step_blocked}.
- Kalau ada yang melihat PIN, {pin_step_seen}.
- Kalau surat PIN tidak sampai, {pin_step_letter}.

Semua cabang juga bisa membuat PIN baru di loket. Bawa KTP; prosesnya sekitar 10 menit. PIN baru
gratis. PIN terblokir setelah tiga kali salah, dan hal itu melindungi Anda kalau kartu dicuri.

## Aplikasi

Aplikasi Telaga Biru bisa dipakai untuk melihat saldo, mengirim uang, membayar angsuran, memberi
tahu penarikan, dan memesan di toko. Satu akun bisa dipakai di dua perangkat; perangkat ketiga
mengeluarkan yang paling lama. Berikut masalah yang paling sering ditanyakan:

- Kode tidak pernah masuk: {fix_code}.
- Aplikasi tertutup sendiri: {fix_closes}.
- Kata sandi ditolak: {fix_password}.
- Layar putih terus: {fix_blank}.

Kalau masih gagal, kirim foto layarnya lewat chat. Tim aplikasi kami siap setiap hari sampai pukul
20.00. Kalau tetap tidak bisa, hapus aplikasinya, pasang lagi, lalu masuk dengan nomor anggota.
Uang dan data Anda aman karena semuanya tersimpan di koperasi, bukan di hp.

## Transfer

Transfer lewat aplikasi bisa makan waktu {wait_app} dan dengan kode QR {wait_code}. Lewat kasir
waktunya {wait_cashier}, dan lewat agen mitra {wait_agent}. Periksa nomor tujuan sebelum menekan
tombol kirim. Transfer bisa dibatalkan di aplikasi selama statusnya masih diproses.

## Waspada penipuan

Koperasi tidak pernah meminta PIN, kata sandi, atau kode lewat telepon dan pesan. Kami juga tidak
pernah meminta anggota mengirim uang untuk mendapat hadiah. Kalau ada yang mengaku petugas dan
memintanya, tutup teleponnya dan laporkan ke cabang. Ceritakan juga kepada keluarga, terutama
orang tua dan anak muda yang baru memakai aplikasi.
"""),
    Source("cuti-karyawan", "id", "pdf", "Cuti dan jam kerja karyawan", """
Bab ini berlaku untuk semua karyawan Koperasi Telaga Biru: petugas loket, petugas pinjaman,
pekerja depot, kurir, tim aplikasi, dan karyawan kantor pusat. Orang yang cukup istirahat bekerja
lebih teliti dan lebih ramah, karena itu cuti bukan hadiah melainkan hak.

## Jam kerja

Karyawan bekerja 40 jam seminggu. Petugas loket datang 30 menit sebelum cabang buka. Di Muara
Wening loket buka pukul {weekday_hours_wening}, di Simpang Awan pukul {weekday_hours_awan}, dan di
Teluk Lirih pukul {weekday_hours_lirih}. Hari Sabtu dikerjakan bergiliran, sehingga setiap orang
libur paling sedikit dua Sabtu dalam sebulan. Pekerja depot bekerja dalam dua giliran, pukul 05.30
sampai 12.00 dan pukul 11.30 sampai 18.30. Kurir bekerja Senin sampai Sabtu pukul 09.00 sampai
17.00 dengan istirahat satu jam.

## Cuti tahunan

Setiap karyawan yang sudah bekerja satu tahun mendapat cuti 14 hari kerja dalam setahun. Setelah
lima tahun jumlahnya menjadi 16 hari, dan setelah sepuluh tahun menjadi 18 hari. Cuti diajukan
paling lambat 10 hari sebelumnya lewat kepala cabang. Jawaban diberikan dalam 2 hari kerja. Cuti
hanya boleh ditolak kalau lebih dari setengah petugas di cabang itu tidak ada, dan kepala cabang
harus menawarkan tanggal lain.

- Sisa cuti paling banyak 6 hari boleh dibawa ke tahun berikutnya.
- Cuti boleh diambil setengah hari.
- Dua minggu menjelang hari raya hanya sepertiga petugas yang boleh cuti bersamaan.
- Cuti tidak bisa diganti dengan uang, kecuali kalau karyawan berhenti bekerja.

## Sakit

Karyawan yang sakit memberi kabar sebelum pukul 08.00 kepada kepala cabang. Sakit sampai dua hari
tidak perlu surat dokter. Mulai hari ketiga diperlukan surat dokter, boleh dikirim sebagai foto.
Gaji tetap dibayar penuh selama tiga bulan pertama. Pekerja depot yang diare atau demam tidak
boleh bekerja sampai sembuh, karena pekerjaannya menyangkut air minum banyak keluarga.

## Cuti keluarga

Ibu yang melahirkan mendapat cuti tiga bulan dengan gaji penuh, dan ayah mendapat 10 hari kerja.
Untuk pernikahan sendiri diberikan tiga hari, untuk pernikahan anak dua hari, dan kalau anggota
keluarga dekat meninggal dunia tiga hari. Karyawan yang merawat orang tua atau anak yang sakit
boleh meminta jam kerja lebih pendek selama paling lama enam bulan.

## Lembur

Lembur hanya dilakukan kalau diminta kepala cabang dan paling lama dua jam sehari. Lembur diganti
dengan uang atau waktu libur, sesuai pilihan karyawan. Menjelang hari raya dan pada akhir bulan
pekerjaan biasanya bertambah, jadi jadwalnya disusun dua minggu sebelumnya.

## Penggantian petugas

Kalau petugas di cabang kecil seperti Padang Embun atau Teluk Lirih tidak masuk, kantor pusat
mengirim pengganti. Pengganti mendapat uang jalan dan makan. Tugas yang memerlukan dua orang,
seperti membuka brankas, tidak boleh dikerjakan sendirian walaupun antrean panjang.

## Keluhan karyawan

Karyawan yang merasa diperlakukan tidak adil boleh berbicara dengan kepala cabang, bagian
karyawan, atau wakil karyawan yang dipilih setiap dua tahun. Pembicaraan dirahasiakan. Jawaban
tertulis diberikan dalam 10 hari kerja.
"""),
)  # fmt: skip
