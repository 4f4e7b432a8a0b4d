"""Words for roles instead of people: the lists that all rooms share, in English and Indonesian.

Who guesses roles from column values, who asks whether an author has a name, who looks for names in
texts and who guesses whom the model speaks as must not disagree on what "nasabah" is. A word is
added here, to the one list where it belongs.
"""

from __future__ import annotations

import re

_CUSTOMERS = """
    user customer client visitor contact human guest requester consumer asker buyer member enduser
    pengguna pelanggan konsumen pengunjung nasabah klien pasien penanya pembeli anggota tamu
    khalayak
"""
CUSTOMERS = frozenset(_CUSTOMERS.split())
"""Who asks."""

_STAFF = """
    assistant bot agent admin operator support staff cs chatbot model responder petugas asisten
    agen administrator answerer sales seller penjual cso staf
"""
STAFF = frozenset(_STAFF.split())
"""Who answers."""

_NOBODY = """
    anonymous anonim deleted gpt me none null self system system_agent sistem tool unknown
    you saya anda
"""
GENERIC = CUSTOMERS | STAFF | frozenset(_NOBODY.split())
"""All that exports and column values write where a name should be."""

_ORGANISATIONS = """
    admin bot care center centre clinic cs cso dinas help helpdesk hotline inc info klinik koperasi
    layanan llc ltd official olshop operator pelayanan pt cv ud tbk pusat resmi rs rsud sales shop
    store support team toko warung bank hotel apotek dealer universitas sekolah
"""
ORGANISATIONS = frozenset(_ORGANISATIONS.split())
"""What stands in names of organisations and of those who speak for them."""
# "customer" and "desk" alone say nothing.
_ORGANISATION = re.compile(
    rf"\b(?:customer (?:care|service|support)|service desk|{'|'.join(sorted(ORGANISATIONS))})\b",
    re.IGNORECASE,
)


def is_organisation(name: str) -> bool:
    """Whether ``name`` looks like that of an organisation, or of whoever speaks for it."""
    return _ORGANISATION.search(name) is not None
