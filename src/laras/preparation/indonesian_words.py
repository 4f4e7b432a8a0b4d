"""Customary short forms of written Indonesian, as in notes, chats and complaints; the list is ours.

What is left out: colloquial words, which are a register and no short form ("gak", "udah", "kalo");
short forms that stand for two words that both are common ("plg": paling or pulang); those that are
units, schools or titles as well ("km", "sma", "jl"); and dll., dsb., dst., which print uses, too.
A colloquial short form is written out as the colloquial word ("gk": gak).
"""

from __future__ import annotations

_PAIRS = """
    yg yang, yng yang, dgn dengan, dg dengan, dngn dengan, utk untuk, untk untuk, unt untuk,
    krn karena, krna karena, kpd kepada, kpda kepada, pd pada, pda pada, dr dari, dri dari,
    dlm dalam, dlam dalam, ttg tentang, tntg tentang, tntang tentang, thd terhadap, thdp terhadap,
    sbg sebagai, sbgai sebagai, spt seperti, sprt seperti, spti seperti, sprti seperti,
    tsb tersebut, trsbt tersebut, tersbt tersebut, bhw bahwa, bhwa bahwa, jka jika,
    spy supaya, spya supaya, agr agar, krn karena, sblm sebelum, sblmnya sebelumnya,
    sblum sebelum, stlh setelah, stelah setelah, ssdh sesudah, slma selama, smntr sementara,
    smntara sementara, sdgkn sedangkan, sdgkan sedangkan, sdngkn sedangkan, pdhl padahal,
    pdhal padahal, wlpn walaupun, wlaupun walaupun, mskpn meskipun, mskipun meskipun,
    trmsk termasuk, tmsk termasuk, mnrt menurut, mnurut menurut, slnjtnya selanjutnya,
    slanjutnya selanjutnya, antr antara, antra antara, tnp tanpa, tnpa tanpa, sprtinya sepertinya,
    tdk tidak, tdak tidak, tidk tidak, bkn bukan, bukn bukan, blm belum, blum belum, jgn jangan,
    jngn jangan, jgan jangan, sdh sudah, sudh sudah, udh udah, tlh telah, tlah telah, msh masih,
    msih masih, akn akan, lg lagi, lgi lagi, sdg sedang, sdng sedang, bs bisa, bsa bisa,
    dpt dapat, dpat dapat, hrs harus, hrus harus, prlu perlu, bth butuh, btuh butuh, mgkn mungkin,
    mngkn mungkin, mngkin mungkin, pst pasti, psti pasti, prnh pernah, pernh pernah, srng sering,
    kdg kadang, kdng kadang, sll selalu, sllu selalu, jg juga, jga juga, sj saja, sja saja,
    aj aja, hny hanya, hnya hanya, cma cuma, bgt banget, bngt banget, bgtt banget, sgt sangat,
    sngt sangat, skli sekali, sklian sekalian, lbh lebih, lbih lebih, krg kurang, krng kurang,
    ckp cukup, ckup cukup, bnyk banyak, byk banyak, bnyak banyak, sdkt sedikit, sdikit sedikit,
    smua semua, smuanya semuanya, bbrp beberapa, bbrapa beberapa, stiap setiap,
    sy saya, sya saya, kmu kamu, kmi kami, kta kita, mrk mereka, mrka mereka, gw gue,
    org orang, orng orang, ank anak, tmn teman, tmen temen, kk kakak, bpk bapak,
    brp berapa, brpa berapa, bgmn bagaimana, bgmana bagaimana, gmn gimana, gmna gimana,
    knp kenapa, knpa kenapa, kpn kapan, kpan kapan, dmn di mana, dmna di mana, kmn ke mana,
    kmna ke mana, apkh apakah, apkah apakah, sndri sendiri, sndiri sendiri,
    tp tapi, tpi tapi, ttpi tetapi, jd jadi, jdi jadi, trs terus, klo kalo, kl kalau, klu kalau,
    klw kalau, klau kalau, atw atau, ataw atau, sm sama, krna karena, kn kan, smbl sambil,
    skrg sekarang, skrng sekarang, skr sekarang, skarang sekarang, bsk besok, bsok besok,
    kmrn kemarin, kmren kemaren, kmarin kemarin, nnt nanti, nnti nanti, dlu dulu, hr hari,
    hri hari, mlm malam, mlam malam, thn tahun, bln bulan, mgg minggu, mnggu minggu, tgl tanggal,
    mnt menit, mnit menit, dtk detik, wkt waktu, wktu waktu, sbntr sebentar, sbentar sebentar,
    tlg tolong, tlng tolong, tlong tolong, mhn mohon, mohn mohon, mksh makasih, mksih makasih,
    trmksh terima kasih, trimksh terima kasih, cba coba, smg semoga, smoga semoga,
    slmt selamat, slamat selamat, mf maaf, sbnrnya sebenarnya, sbenarnya sebenarnya,
    trnyt ternyata, trnyata ternyata, ktnya katanya, ktanya katanya,
    bkl bakal, blg bilang, blng bilang, tny tanya, tnya tanya, jwb jawab, jwab jawab, krm kirim,
    dkrm dikirim, dkirim dikirim, trm terima, trima terima, ditrm diterima, dtrima diterima,
    byr bayar, dbyr dibayar, bli beli, psn pesan, psnan pesanan, pke pake, msk masuk, msuk masuk,
    dtg datang, dtng datang, plng pulang, brgkt berangkat, krj kerja, krja kerja, lht lihat,
    liht lihat, dgr dengar, dngr dengar, blas balas, bls balas, hbs habis, hbis habis,
    slsai selesai, slesai selesai, bka buka, lwt lewat, gnti ganti, cri cari,
    brg barang, brng barang, hrg harga, hrga harga, rmh rumah, rmah rumah, kntr kantor, tmpt tempat,
    tmpat tempat, mslh masalah, mslah masalah, jln jalan, jlan jalan, almt alamat, nmr nomor,
    nmor nomor, pnjng panjang, bsr besar, bsar besar, kcl kecil, kcil kecil, bgs bagus, bgus bagus,
    cpt cepat, cpat cepat, lmbt lambat, lma lama, bru baru, skt sakit, mnm minum, tdr tidur,
    dpn depan, dpan depan, blkg belakang, blkng belakang, ats atas, bwh bawah, bwah bawah,
    dkt dekat, dket deket, gk gak, ngk nggak, gpp gapapa, kyk kayak, kyknya kayaknya,
    gtu gitu, gt gitu, gni gini, bner bener, bnr bener, bnran beneran
"""

SHORT_FORMS = {
    short: full.strip() for short, full in (pair.split(maxsplit=1) for pair in _PAIRS.split(","))
}

# Words before a 2 that count or name something: "kelas2" may be the second class.
_NUMBERED = """
    bab kelas lantai level layer tipe type tahap fase blok sesi seri semester part vol ver versi gen
    slide nomor unit grade halaman pasal ayat web http oauth sha log exp conv gpt llama mod test
    file img server port user admin var tmp col row div max mini plus pro air base meter inci inch
    node app api bit bump utf mpeg ipv arg param str int float vec mat dim box btn tab
"""
NUMBERED = frozenset(_NUMBERED.split())

# What is doubled where a prefix stands before it: "berjalan2" is berjalan-jalan. Without the word
# being here the whole of it is doubled, as in "berita2".
_DOUBLED = """
    bersama sama, berjalan jalan, berlari lari, bermain main, berulang ulang, berturut turut,
    berbeda beda, bertanya tanya, bercakap cakap, berhari hari, bertahun tahun, berbulan bulan,
    berjam jam, berminggu minggu, berkali kali, berlama lama, bersenang senang, bermacam macam,
    bersungguh sungguh, berangan angan, berpura pura, berkata kata, berbagi bagi, bertumpuk tumpuk,
    berbondong bondong, berputar putar, berganti ganti, bersiap siap, berhati hati, berduyun duyun,
    terburu buru, tergesa gesa, tertawa tawa, terbata bata, terkatung katung, teringat ingat,
    terbayang bayang, sebaik baik, sebesar besar, sebanyak banyak, secepat cepat, selama lama,
    seolah olah, seakan akan, sewaktu waktu, sehari hari, sekali kali, semata mata, setidak tidak,
    sekurang kurang, selambat lambat, sedapat dapat, sebisa bisa, setinggi tinggi, seadil adil,
    semau mau, seenak enak, melihat lihat, membagi bagi, mengulang ulang, menakut nakuti,
    meloncat loncat, mengada ada, membanding banding, memutar mutar, menunggu nunggu, mencari cari,
    memukul mukul, menari nari, menyebut nyebut, dibagi bagi, diulang ulang, dicari cari,
    dibuat buat, ditunggu tunggu, kehitam hitam, kebarat barat, kekanak kanak, beramai ramai,
    seumur umur, memilih milih, keempat empat, kedua dua, ketiga tiga
"""
DOUBLED_PART = {pair.split()[0]: pair.split()[1] for pair in _DOUBLED.split(",")}
