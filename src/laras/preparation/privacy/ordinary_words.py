"""Names and parts of names that are ordinary words as well, in Indonesian and in English; ours.

"Bunga" is a name, a flower and the interest on a loan. Such a part counts as a name where it
follows a form of address, or has a capital letter within a sentence.
"""

from __future__ import annotations

from laras.sources.conversations.role_words import GENERIC, ORGANISATIONS

_ORDINARY = """
    bunga melati mawar jujur surya fajar wahyu cahaya bintang timur cinta kasih putri putra
    indah permata lestari kencana ayu ratu raja agung teguh setia budi sari bayu guntur
    langit mega bulan intan mutiara berlian harapan sinar terang damai bahagia sukses makmur
    rahmat hidayat iman ilham rezeki berkah subur selamet selamat untung bejo muhammad
    mohammad ahmad abdul nur dewi dewa batu kartika pertiwi bumi samudra laut gunung hutan
    angin api air tirta embun pelangi senja purnama merdeka pratama utama jaya mulia sentosa
    sejahtera abadi satria perdana wijaya kusuma anggrek dahlia kenanga cempaka seruni
    teratai tanjung akbar besar kecil baru lama santoso sabar sumarni adil bijak cerdas
    pintar rajin kurnia anugerah karunia hikmah amanah fitri fitrah ramadhan puasa hari
    minggu senin selasa rabu kamis jumat sabtu timor barat utara selatan tengah pagi siang
    malam angel faith hope charity grace joy art bill bob chase drew dean frank gene guy
    jack jean rob sue ray pat rich wade dawn eve iris ivy lily daisy violet olive pearl ruby
    amber crystal king queen baker cook smith turner carter hunter fisher mason miller young
    white black brown green gray grey long short strong wood woods hill hills field fields
    stone stones river rivers lake park street day bush rice bean price love moon star fox
    wolf bird swan bell mark rose will summer autumn winter ford ward church castle bishop
    pope knight page porter cooper taylor parker potter shepherd singer walker weaver wright
    power powers major sharp small little best good new old early noble wise sky rain snow
    frost storm wind case cash chance clay cliff dale earnest ernest forest glen grant
    harmony heath holly honor jade jasmine justice melody mercy merry miles nick norm opal
    penny pierce poppy prudence rusty sandy skip spike sunny tiger tony trinity victor
    victory vincent wayne banks waters marsh moss nash nest newman booth brook brooks burns
"""
ORDINARY = frozenset(_ORDINARY.split())

# Months, and the like: a capital letter says nothing about them.
_ALWAYS_CAPITAL = """
    april may june july august juni juli agustus januari maret desember islam allah tuhan
    nabi english indonesia jakarta bandung surabaya bali
"""
ALWAYS_CAPITAL = frozenset(_ALWAYS_CAPITAL.split())

# What exports write where a name should be.
_ROLES = """
    service services tim kantor office marketing hrd finance keuangan grup group the dan and
    dari untuk
"""
ROLES = GENERIC | ORGANISATIONS | frozenset(_ROLES.split())

ADDRESS = (
    "pak bapak bpk bu ibu mas mbak mba bang abang kak kakak dik adik adek ko koh ci cici om tante "
    "sdr sdri saudara saudari tuan nyonya nona ny tn kang teh neng ustaz ustadz haji hajah "
    "mr mrs ms miss mx dr prof sir madam dear hi hello halo hai yth sist bro gan cak gus ning"
)
"""Forms of address, as words."""
