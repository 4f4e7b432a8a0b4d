"""Generator of the invented data set of Koperasi Telaga Biru, used by ``laras demo``."""
