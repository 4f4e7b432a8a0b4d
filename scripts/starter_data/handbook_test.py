"""Held-out handbook documents: near the topics of the handbook, repeating none of it."""

from __future__ import annotations

from starter_data.document import Source

SOURCES: tuple[Source, ...] = (
    Source("members-meeting", "en", "md", "The yearly members meeting", """
Once a year all members of Koperasi Telaga Biru are invited to the members meeting. It takes place
in January at the hall next to the Muara Wening branch. The meeting is the highest body of the
cooperative: it elects the board, reads the accounts, sets the interest rates, and decides how the
surplus is divided.

## Invitation

The invitation is sent through the app and hangs at the door of every branch at least 21 days
before the meeting. It names the day, the time and the subjects. Members who do not use the app
receive a letter at their home address, so please tell your branch when you move. A bus leaves
from Padang Embun, Teluk Lirih and Bukit Sela in the morning and goes back after lunch. The bus
and the lunch are free.

## Voting

Every member has one vote. Show your member card at the entrance and you receive a yellow voting
paper. A member who is ill may send another member with a signed letter, but nobody can carry more
than one such letter. Votes about persons are secret and are counted by three members who do not
work for the cooperative. All other votes are made by raising the yellow paper.

## Interest rates

The board proposes the interest of each savings product for the coming year. Last January the
meeting decided that Tirta Harian pays {rate_harian} a year, Tirta Raya {rate_raya} and Tirta
Berjangka {rate_berjangka}. The members also discussed the loans. They kept Modal Tani at
{loan_rate_tani} a month, since many farmers had a weak harvest, and left Pinjaman Darurat at
{loan_rate_darurat}.

## The surplus

What remains after all costs is the surplus. One half goes to the reserve, which protects the
savings in bad years. The other half is shared among the members: those who saved more and those
who used the shop and the loans more receive a larger part. The amount is added to the Tirta
Harian account in February, and you can see it in the app.

## Proposals

Members may bring their own ideas. A proposal needs the names of ten members and reaches the head
office at least 7 days before the meeting. In the past years proposals of members led to the
longer opening hours of Simpang Awan, to the free rinsing of gallons at the water depots, and to
the class for new members.

- Speak for at most three minutes, so that many can speak.
- Talk about the matter and not about the person.
- Children are welcome; there is a corner with games and drinking water.

After the meeting the minutes are written within 14 days. They can be read at every branch.
"""),
    Source("kelompok-menabung", "id", "md", "Kelompok menabung di desa", """
Banyak anggota merasa lebih mudah menabung bersama-sama. Karena itu Koperasi Telaga Biru mendukung
kelompok menabung, yaitu delapan sampai dua puluh anggota yang tinggal berdekatan dan bertemu
secara teratur. Halaman ini menjelaskan cara membentuk kelompok dan bantuan apa yang diberikan
koperasi.

## Membentuk kelompok

Semua orang dalam kelompok harus sudah menjadi anggota dan memegang kartu anggota. Kelompok
memilih seorang ketua, seorang pencatat, dan seorang pemegang kotak. Ketiga tugas itu tidak boleh
dipegang orang yang sama. Ketua mendaftarkan kelompok di cabang terdekat dengan membawa KTP dan
daftar nama. Pendaftaran tidak dikenai biaya.

## Pertemuan

Kelompok bertemu seminggu sekali atau dua minggu sekali, misalnya di rumah salah satu anggota.
Setiap orang menyetor jumlah yang sudah disepakati, dan pencatat menulisnya di buku kelompok
dengan terang. Setelah pertemuan, uang dibawa ke loket paling lambat hari kerja berikutnya dan
masuk ke rekening masing-masing. Dengan begitu tidak ada uang yang menginap di rumah.

## Pilihan simpanan

Kebanyakan kelompok memakai Tirta Sekolah untuk biaya anak atau Tirta Raya untuk hari raya. Bunga
Tirta Sekolah {rate_sekolah} per tahun, sedangkan Tirta Raya {rate_raya} per tahun. Kelompok
petani di Bukit Sela memilih Tirta Emas dengan bunga {rate_emas} per tahun karena mereka ingin
membeli mesin perontok padi bersama.

## Bantuan dari koperasi

- Petugas cabang datang pada tiga pertemuan pertama dan sesudah itu setiap tiga bulan.
- Koperasi memberi buku kelompok, kotak dengan dua kunci, dan poster cara menghitung bunga.
- Kelompok yang rajin selama setahun mendapat satu kemasan kopi dan gula aren untuk setiap
anggota.
- Pencatat boleh mengikuti kelas pembukuan gratis di Muara Wening.

Daftar bantuan ini ditinjau setiap tahun. Usul dari kelompok boleh disampaikan kepada petugas
cabang, dan usul yang baik sering lahir dari obrolan santai sesudah pertemuan.

## Kalau ada masalah

Perselisihan sebaiknya dibicarakan dalam pertemuan dengan tenang. Kalau tidak selesai, ketua
meminta petugas cabang menjadi penengah. Anggota yang dua bulan tidak menyetor tidak didenda,
tetapi kelompok bertanya dengan baik apa kesulitannya. Siapa pun boleh keluar dari kelompok tanpa
kehilangan simpanan, sebab rekening tetap atas namanya sendiri.

## Pinjaman dan kelompok

Menjadi anggota kelompok memudahkan pengajuan pinjaman. Ketua kelompok boleh menjadi penjamin
untuk Modal Tani dan Modal Warung, dan buku kelompok dipakai sebagai bukti bahwa seseorang
menabung secara teratur. Bunganya tetap sama, {loan_rate_tani} per bulan untuk Modal Tani dan
{loan_rate_warung} per bulan untuk Modal Warung. Namun kelompok tidak bertanggung jawab atas
pinjaman pribadi anggotanya, kecuali orang yang menandatangani sebagai penjamin.
"""),
    Source("keselamatan-kurir", "id", "md", "Keselamatan kurir di jalan", """
Kurir membawa pesanan toko online ke rumah anggota di enam wilayah. Jalan ke Padang Embun menanjak
dan licin kalau hujan, sedangkan jalan ke Teluk Lirih sering tergenang waktu air pasang. Tidak ada
pesanan yang lebih penting daripada keselamatan orang yang mengantarnya.

## Sebelum berangkat

Kurir memeriksa rem, lampu, ban, dan klakson sepeda motor setiap pagi di gudang Muara Wening.
Helm, jas hujan, dan sarung tangan disediakan koperasi. Beban paling berat 40 kilogram, jadi beras
dalam jumlah banyak dibagi menjadi dua perjalanan. Madu dan minyak goreng dibungkus dengan karton
tebal dan diletakkan tegak di bagian bawah kotak.

## Di jalan

- Kecepatan paling tinggi 50 kilometer per jam di jalan besar dan 20 kilometer per jam di kampung.
- Jangan memegang hp sambil berkendara. Berhentilah dulu di tempat aman untuk menelepon pembeli.
- Istirahat 15 menit setelah dua jam perjalanan.
- Kalau hujan deras atau ada petir, berteduh dan beri tahu gudang.

Waktu pengiriman ke Padang Embun {delivery_days_embun} dan ke Teluk Lirih {delivery_days_lirih},
sehingga kurir tidak perlu mengejar waktu. Pembeli yang menunggu lebih lama karena cuaca mendapat
penjelasan lewat aplikasi, dan kurir tidak dimarahi karena terlambat.

Pada musim hujan gudang memeriksa keadaan jalan setiap pukul 08.30 dengan menelepon cabang. Kalau
jembatan terendam, rute hari itu ditunda dan paket disimpan di rak yang kering. Keputusan menunda
diambil oleh kepala gudang, tetapi kurir selalu boleh berbalik arah kalau merasa jalannya
berbahaya.

## Di rumah pembeli

Parkirlah tanpa menghalangi jalan. Sebut nama pembeli dan nomor pesanan, lalu serahkan barang
dengan dua tangan. Kalau pembeli membayar tunai, hitung uangnya bersama-sama. Jangan masuk ke
rumah, dan jangan menitipkan paket kepada anak kecil. Kalau ada anjing yang galak, tunggu di pagar
dan telepon pembelinya.

## Kecelakaan

Kalau terjadi kecelakaan, matikan mesin, tolong orang yang terluka, lalu telepon nomor darurat dan
gudang. Jangan memindahkan orang yang terluka berat. Semua kurir dilindungi asuransi kerja, dan
selama perawatan gajinya tetap dibayar. Barang yang rusak karena kecelakaan diganti koperasi tanpa
memotong gaji siapa pun.

## Setelah pulang

Kurir menyerahkan uang tunai dan daftar pengiriman di kasir gudang, kemudian menuliskan keadaan
kendaraan. Kerusakan kecil seperti lampu mati diperbaiki sore itu juga. Sekali sebulan semua kurir
duduk bersama selama satu jam untuk bercerita tentang tempat-tempat berbahaya, dan peta jalan di
dinding gudang diberi tanda merah sesuai cerita mereka. Kurir baru berlatih satu minggu bersama
kurir yang berpengalaman sebelum berangkat sendiri.
"""),
)  # fmt: skip
