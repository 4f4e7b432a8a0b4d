"""Indonesian handbook documents about membership, savings, loans and branches."""

from __future__ import annotations

from starter_data.document import Source

SOURCES: tuple[Source, ...] = (
    Source("keanggotaan", "id", "docx", "Aturan keanggotaan", """
Koperasi Telaga Biru adalah milik anggotanya. Setiap anggota punya satu suara, baik simpanannya
kecil maupun besar, dan setiap anggota boleh memakai semua layanan: simpanan, pinjaman, toko
online, dan depot air. Bab ini menjelaskan cara bergabung, apa yang dibayar, apa yang bisa
diharapkan, dan bagaimana keluar dari koperasi.

## Siapa yang boleh bergabung

Siapa saja yang berumur minimal 17 tahun dan tinggal atau bekerja di dekat salah satu dari enam
cabang kami boleh menjadi anggota. Petani, mahasiswa, guru, pedagang, sopir, nelayan, dan siapa
pun kami terima dengan senang hati. Anak di bawah 17 tahun belum bisa menjadi anggota, tetapi
orang tua boleh membuka Tirta Sekolah atas nama anak. Kepala cabang hanya boleh menolak orang yang
pernah dikeluarkan karena penipuan, dan alasannya harus ditulis.

## Langkah pendaftaran

- Datang ke cabang terdekat dan minta formulir anggota, formulirnya gratis.
- Ikuti kelas anggota baru di cabang itu. Kelas berlangsung sekitar satu jam.
- Bawa KTP dan satu lembar foto.
- Bayar simpanan pokok Rp 100.000. Uang ini tetap milik Anda dan dicatat atas nama Anda.
- Terima kartu anggota pada hari yang sama.

Setiap cabang mengadakan kelas pada hari yang tetap supaya keluarga mudah mengatur waktu. Tabel
ini juga menunjukkan berapa lama cabang membuat kartu baru kalau kartu hilang.

{class_table}

## Apa yang dibayar anggota

Simpanan pokok dibayar satu kali. Setelah itu simpanan wajib Rp 20.000 per bulan, dan boleh
dibayar di kasir, lewat aplikasi, agen mitra, atau kode QR. Anggota yang sedang kesulitan
sebaiknya bicara dengan cabang. Simpanan wajib bisa dihentikan sementara paling lama enam bulan
kalau sakit, gagal panen, atau kehilangan pekerjaan. Tidak ada biaya lain. Kartu anggota pertama
gratis, sedangkan biaya kartu baru karena hilang Rp 15.000.

## Hak dan kewajiban

Anggota memilih pengurus dalam rapat anggota tahunan, boleh membaca laporan keuangan, dan menerima
bagian sisa hasil usaha setiap tahun. Usulan boleh diajukan ke rapat kalau ditandatangani sepuluh
anggota. Anggota diharapkan menjaga kerahasiaan PIN, membayar angsuran tepat waktu, melaporkan
perubahan alamat, dan bersikap sopan kepada petugas serta anggota lain.

## Keluar dari koperasi

Anggota boleh keluar kapan saja dengan menyerahkan formulir dan kartu anggota di cabang. Simpanan
dikembalikan dalam 30 hari setelah semua pinjaman lunas. Bunga dihitung sampai hari terakhir.
Kalau anggota meninggal dunia, uangnya dibayarkan kepada ahli waris yang tercatat, karena itu kami
minta setiap anggota menjaga nama ahli waris tetap benar. Orang yang pernah keluar boleh bergabung
lagi setelah satu tahun dengan mengikuti kelas dan membayar simpanan pokok sekali lagi.
"""),
    Source("jam-layanan", "id", "docx", "Cabang dan jam layanan", """
Koperasi melayani anggota di enam cabang. Muara Wening adalah cabang tertua, tempat kantor pusat
dan gudang toko online. Cabang lainnya adalah Bukit Sela, Kampung Randu, Simpang Awan, Teluk
Lirih, dan Padang Embun. Setiap cabang punya loket simpan pinjam dan depot air di sebelahnya.

## Jam buka

Dari Senin sampai Jumat jam buka setiap cabang sama setiap hari. Hari Sabtu loket buka lebih
singkat. Hari Minggu dan hari libur nasional semua cabang tutup.

{hours_table}

Simpang Awan buka paling lama, sampai pukul 17.00, karena banyak anggota di sana bekerja di sawah
sampai sore. Teluk Lirih buka paling pagi, pukul 07.30, sebab nelayan datang ke loket setelah
pulang melaut. Padang Embun hanya punya dua petugas sehingga tutup pukul 14.00.

## Nomor antrean

Ambil nomor antrean dari kotak di dekat pintu. Nomor antrean terakhir dibagikan 30 menit sebelum
tutup, supaya semua orang yang memegang nomor masih bisa dilayani. Antrean paling sepi pada satu
jam pertama dan paling ramai setelah istirahat siang. Ibu hamil, orang tua dengan anak kecil,
orang berumur di atas 60 tahun, dan penyandang disabilitas boleh langsung ke loket prioritas.

## Yang perlu dibawa

Jangan lupa membawa kartu anggota. Untuk penarikan, rekening baru, dan perubahan data kami juga
meminta KTP. Kalau datang untuk orang lain, bawa surat kuasa dan KTP kedua orang. Petugas tidak
pernah menanyakan PIN, baik di loket maupun lewat telepon.

## Layanan di setiap cabang

- Simpanan, penarikan, dan pengajuan pinjaman dilayani di semua cabang.
- Kartu baru dibuat di semua cabang; paling cepat di Muara Wening, {card_days_wening}, dan paling
lama di Padang Embun, {card_days_embun}.
- Petugas pinjaman datang ke Padang Embun dan Teluk Lirih dua kali seminggu.
- Pesanan toko online bisa diambil gratis di setiap cabang.

## Depot air

Depot air punya jam sendiri. Depot buka setiap hari pukul 06.00 sampai 18.00, juga hari Minggu,
karena keluarga butuh air minum setiap hari. Pada hari libur ada satu petugas jaga di setiap
depot. Aplikasi bisa dipakai siang dan malam, dan tim aplikasi menjawab pertanyaan sampai pukul
20.00.

## Kalau cabang terpaksa tutup

Hujan deras, listrik padam, atau jalan yang terendam bisa membuat cabang tutup lebih awal. Kepala
cabang memasang pengumuman di pintu, memberi tahu kantor pusat, dan pesan dikirim lewat aplikasi.
Anggota yang punya janji ditelepon dan mendapat waktu baru pada hari kerja berikutnya. Angsuran
yang jatuh tempo pada hari itu tidak pernah dihitung terlambat.

Kepala cabang menulis catatan singkat tentang setiap penutupan: sebabnya, lamanya, dan berapa
orang yang tidak terlayani. Catatan itu dibahas setiap tiga bulan supaya penutupan yang sama tidak
terulang lagi.
"""),
    Source("produk-simpanan", "id", "md", "Produk simpanan", """
Menabung adalah jantung koperasi kita. Uang yang disimpan anggota dipinjamkan kepada anggota lain,
dan bunga yang mereka bayar kembali kepada para penabung. Jumlah produk sengaja kami buat sedikit
supaya mudah dipahami. Halaman ini menjelaskan lima produk simpanan, bunganya, setoran awalnya,
dan berapa lama pemberitahuan sebelum penarikan.

## Ringkasan

{savings_table}

Suku bunga ditetapkan setiap Januari oleh rapat anggota dan berlaku satu tahun. Bunga hanya
bergantung pada produk, bukan pada jumlah uang: anggota dengan saldo Rp 250.000 mendapat
persentase yang sama dengan anggota yang punya Rp 10.000.000. Bunga dibukukan setiap akhir bulan.
Tidak ada biaya bulanan dan tidak ada biaya pembukaan.

## Tirta Harian

Tirta Harian adalah rekening untuk kebutuhan sehari-hari. Setoran awalnya hanya {minimum_harian},
dan uang bisa ditarik dengan pemberitahuan {notice_harian} sebelumnya. Bunganya {rate_harian} per
tahun. Pedagang memakainya untuk menyimpan hasil jualan, dan rekening inilah yang terhubung dengan
kartu anggota serta aplikasi.

## Tirta Sekolah

Tirta Sekolah membantu orang tua menabung untuk seragam, buku, dan uang sekolah. Bunganya
{rate_sekolah} per tahun dan setoran awalnya {minimum_sekolah}. Rekening ini boleh dibuka atas
nama anak. Banyak keluarga menyetor sedikit setiap minggu lalu menariknya pada bulan Juni,
menjelang tahun ajaran baru. Mohon beri tahu kami {notice_sekolah} sebelumnya.

## Tirta Raya

Tirta Raya disiapkan untuk hari raya. Anggota menabung sepanjang tahun dan menerima uangnya
sebelum hari raya tiba. Bunganya {rate_raya} per tahun, setoran awal {minimum_raya}, dan
pemberitahuan {notice_raya}. Dua minggu menjelang hari raya loket sangat ramai, jadi sebaiknya
lapor lebih awal.

## Tirta Emas

Tirta Emas cocok untuk rencana panjang seperti pernikahan, sepeda motor, atau hari tua. Bunganya
{rate_emas} per tahun. Setoran awalnya {minimum_emas} dan penarikan perlu pemberitahuan
{notice_emas} sebelumnya.

## Tirta Berjangka

Tirta Berjangka memberi bunga paling tinggi, {rate_berjangka} per tahun, karena uangnya disimpan
lebih lama. Setoran awalnya {minimum_berjangka}. Penarikan sebelum jangka waktu selesai tetap bisa
dengan pemberitahuan {notice_berjangka}, tetapi bunga bulan terakhir tidak dibayarkan.

## Aturan untuk semua rekening

- Saldo Rp 20.000 harus tetap ada di rekening.
- Rekening pertama dibuka di cabang dengan KTP dan kartu anggota; rekening kedua bisa dibuka di
aplikasi.
- Pemberitahuan penarikan bisa lewat aplikasi atau loket, dan tidak ada biaya penarikan.
- Bunga di bawah Rp 240.000 per bulan dibayar penuh; di atas itu dipotong pajak 10 persen.
- Pengambilan uang boleh diwakilkan dengan surat kuasa dan KTP kedua orang.
"""),
    Source("pinjaman", "id", "html", "Panduan pinjaman", """
Koperasi meminjamkan uang kepada anggota untuk usaha, sekolah, rumah, dan keadaan darurat. Uang
yang kami pinjamkan adalah simpanan anggota, jadi kami berhati-hati: rencana, penghasilan, dan
riwayat pembayaran kami lihat dengan teliti. Panduan ini menjelaskan lima jenis pinjaman dan
jalannya dari pengajuan sampai angsuran terakhir.

## Lima jenis pinjaman

{loans_table}

Bunga bergantung pada jenis pinjaman, bukan pada jangka waktu. Anggota yang mengambil Modal Tani
membayar {loan_rate_tani} per bulan, baik untuk 6 bulan maupun 24 bulan. Jangka yang bisa dipilih
adalah 6, 10, 12, 18, dan 24 bulan. Bunga dihitung dari sisa pinjaman, jadi turun setiap bulan.

## Cara mengajukan

Anda harus sudah menjadi anggota selama 3 bulan. Formulirnya gratis di semua cabang. Bawa KTP dan
berkas yang sesuai dengan pinjamannya:

- Modal Tani: {loan_document_tani} yang memuat tanaman, luas lahan, dan perkiraan panen.
- Modal Warung: {loan_document_warung} yang diambil dalam sebulan terakhir.
- Pinjaman Sekolah: {loan_document_sekolah} dengan nama murid dan jumlah biaya.
- Pinjaman Rumah: {loan_document_rumah} yang ditulis oleh tukang.
- Pinjaman Darurat: cukup {loan_document_darurat}, karena bantuan harus cepat.

Pinjaman sampai Rp 5.000.000 tanpa jaminan. Di atas itu perlu satu anggota lain sebagai penjamin.
Tidak ada biaya administrasi. Petugas pinjaman boleh berkunjung ke lahan, warung, atau rumah
sebelum keputusan. Kalau ditolak kami jelaskan alasannya, dan Anda bisa mengajukan lagi setelah 30
hari.

## Keputusan dan pencairan

Keputusan Pinjaman Darurat keluar dalam {decision_darurat}. Pinjaman Sekolah perlu
{decision_sekolah}, Modal Warung {decision_warung}, Modal Tani {decision_tani}, dan Pinjaman Rumah
{decision_rumah} karena rincian biayanya harus diperiksa. Setelah disetujui, anggota
menandatangani perjanjian di cabang dan uang masuk ke rekening Tirta Harian pada hari yang sama.
Bacalah perjanjian dengan tenang; tidak ada yang harus tanda tangan saat itu juga.

## Membayar angsuran

Setiap pinjaman punya tanggal jatuh tempo sendiri. Modal Tani jatuh tempo {due_tani}, Modal Warung
{due_warung}, Pinjaman Sekolah {due_sekolah}, Pinjaman Rumah {due_rumah}, dan Pinjaman Darurat
{due_darurat} setiap bulan. Angsuran bisa dibayar lewat aplikasi, kasir, agen mitra, atau kode QR.
Pembayaran lewat aplikasi tercatat dalam {wait_app}, kode QR {wait_code}, kasir {wait_cashier},
dan agen mitra {wait_agent}. Pakai nomor anggota sebagai keterangan dan simpan bukti bayarnya.

## Terlambat dan lunas lebih cepat

Keterlambatan dikenai Rp 5.000 per minggu. Kabari kami sebelum jatuh tempo kalau pembayaran akan
terlambat. Tanggal jatuh tempo bisa diubah sekali setahun di cabang, paling lama 10 hari. Setelah
gagal panen atau banjir, pengurus bisa memperpanjang jangka waktu semua pinjaman di satu wilayah.
Pinjaman bisa dilunasi lebih cepat tanpa denda, dan bunga hanya sampai bulan itu.

## Nasihat baik

Pinjamlah untuk hal yang lebih awet daripada pinjamannya. Jaga agar semua angsuran tidak lebih
dari sepertiga penghasilan keluarga. Bicarakan dulu di rumah sebelum tanda tangan. Petugas kami
senang membantu menghitung rencana, dan menghitung itu gratis.
"""),
)  # fmt: skip
