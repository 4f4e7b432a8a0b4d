"""Words that tell closely related languages apart where letters do not.

Indonesian and Malay share most words and nearly all sequences of letters; a text in either is told
by a few that only one of them uses. Sundanese and Minangkabau are unknown to py3langid. The lists
are ours: function words and everyday words in their customary spelling, formal and in chats.
"""

from __future__ import annotations

# Indonesian and Malay alike.
MALAYIC = """
    yang dan di ke dari ini itu dengan untuk tidak akan ada saya kami kita mereka dia pada dalam
    oleh juga atau adalah telah sudah lebih seperti hanya anda kamu aku bagi para sebagai dapat
    lagi banyak semua satu dua orang hari apa siapa bagaimana jika kalau sebelum belum masih sangat
    jangan tolong terima kasih bukan antara tersebut sehingga secara bahasa boleh perlu sama baru
    setiap masa hidup besar rumah makan datang kepada daripada nya pun lah
"""

WORDS = {
    "id": """
        bisa karena bahwa harus mau uang mobil kantor karyawan berbeda coba resmi informasi
        kualitas universitas aktivitas gratis kemarin besok layanan pengiriman telepon
        polisi pemerintah silakan silahkan kalian nggak ngga gak ga enggak engga kagak
        banget aja kayak kayaknya gimana dong sih deh kok udah udh pengen pengin cuma cuman
        bilang ngapain gue gua gw lu elo mas mbak senin jumat maret juni juli agustus
        desember januari februari rupiah rp kabupaten kecamatan provinsi propinsi standar
        objek subjek efek fungsi pasal nomor laki-laki bandara dokter obat pasien perawat
        toko sore siang kamar kursi celana sepatu jelek pintar ganteng capek keren persen
        triliun koran televisi ponsel hp akun unggah unduh ternyata yaitu yakni usai wib
        berbagai paham listrik tombol berkas makasih admin min kak halo iya ya nih tuh gitu
        gini loh lho nanti entar bakal ngobrol ngomong bareng cewek cowok dimana pernah
        sebenarnya yg dgn utk tdk sdh blm krn dr spt bgt gmn knp bkn klo kalo trs jgn dpt
        hrs dlm tsb bumn kementerian menkeu dpr direktur manajer komputer rekening saldo
        pesanan diskon ongkir kuliah mahasiswa dosen sma smp siswa sejarah partai pengacara
        sepeda sepak kompor lemari kulkas restoran warung enak nyaman lezat puas kecewa
    """,
    "ms": """
        kerana bahawa wang syarikat berbeza cuba mahu nak sahaja adakah perkhidmatan
        penghantaran tempahan kualiti universiti aktiviti isnin khamis jumaat ogos julai
        disember rasmi telefon encik ringgit rm korang diorang kitorang je jer camne takde
        hospital bilik tandas pelancongan peniaga peratus sesawang emel talian selepas
        dijangka kemalangan akaun skrin tetapan percutian pesakit doktor ubat jururawat
        ketibaan berlepas cadang minit iaitu pelbagai berikutan susulan menerusi parti
        peguam suspek peperiksaan rakan seronok comel teruk bercakap faham sukan jurulatih
        perlawanan filem muzik antarabangsa perniagaan pelaburan kewangan cawangan pasaran
        bekalan elektrik lesen kemas kod nombor laluan butang tetingkap fail manakala ialah
        awak maklumat sekiranya kelmarin esok ahad cik projek objektif tengahari sepatutnya
        sememangnya ekoran kesihatan perubatan kelab kolej aduan semasa
    """,
    "jv": """
        ora aku kowe sampeyan sing karo iki iku kuwi kae wis durung arep ana ono neng ning
        saka seko kanggo marang nanging yen nek menawa banget wong bocah omah dina saiki
        wingi sesuk piye kepiye opo sopo ngendi wae ae tenan apik elek akeh sithik mangan
        turu mlaku kula panjenengan mboten inggih nggih menika punika kaliyan wonten saged
        badhe sampun dereng dhateng rumiyin ing lan utawa amarga mergo merga dadi luwih
        dheweke deweke awake mung ben supaya gawe duwe duit gedhe cilik anyar lawas mbiyen
        tansah isih iso isa gak ojo aja kudu kabeh liyane saben rega regane regone panggonan
        panggonane apike kanthi wektu ngerti ngono ngene mangkono kaya koyo pancen krasa
    """,
    "su": """
        nu anu teu henteu abdi kuring urang mah teh téh jeung sareng aya eta éta ieu ka ti
        pikeun ku oge ogé bade badé parantos atos geus keur moal tiasa kedah kudu naon saha
        kumaha iraha pisan loba seueur alus ngan mun lamun atawa sanajan sanes sanés lain
        barudak jalma imah bumi dinten poe ayeuna kamari isukan tos wae weh euy atuh hoyong
        hayang nyaeta nyaéta da tapi jadi dina kana tina sakabeh sadaya manehna manéhna
        maneh manéh anjeunna leuwih nepi tuluy terus boga gede leutik ngeunah raos hargana
        tempatna deui geura mangga hatur nuhun punten kumargi margi
    """,
    "min": """
        nan jo indak ndak alah ambo den waden urang iko ko nyo untuak dari pai ado baa apo
        sia bara rancak sadang samo kini isuak lai bana gadang ketek duo tigo manjadi dek
        sarato dapek mancaliak lamak awak inyo mode kalau karano tampek tampeknyo haragonyo
        sangaik labiah banyak bisa bia sampai pado dalam ka kito kami urangnyo raso rasonyo
        pulo juo elok manga dima kama alun acok surang masuak kalua naiak turun baru iyo
        mambali makanan mandapek manuruik sabuah
    """,
    "en": """
        the of and to in is that it for was on are as with his they at be this from have or
        by one had not but what all were when we there can an your which their said if do
        will each about how up out them then she many some so these would other into has
        more her two like him see time could no make than first been its who now people my
        made over did down only way find use may i you he me our us am just get don't i'm
        it's please thanks very
    """,
}
