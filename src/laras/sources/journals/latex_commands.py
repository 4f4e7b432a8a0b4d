"""LaTeX: which commands and environments stand for what."""

from __future__ import annotations

from functools import lru_cache

SECTIONS = {
    "part": 2,
    "chapter": 2,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
}
_ONE_ARGUMENT = """
    label ref eqref pageref autoref cref Cref nameref vref vspace hspace vskip hskip
    includegraphics bibliographystyle usepackage documentclass pagestyle thispagestyle
    graphicspath phantom hphantom vphantom index glsreset theoremstyle pagenumbering color
    input include subfile bibliography addbibresource hypersetup tikzset lstset geometry affil
    thanks email institute affiliation address orcid ccsdesc keywords inst subfloat
    selectlanguage captionsetup title author date textcolor
"""
_TWO_ARGUMENTS = "setlength addtolength setcounter addtocounter markboth rule newtheorem"
DROPPED = {
    **dict.fromkeys(_ONE_ARGUMENT.split(), 1),
    **dict.fromkeys(_TWO_ARGUMENTS.split(), 2),
    "newacronym": 3,
}
"""With how many arguments in braces, none of which is text."""

_CITATIONS = """
    cite citep citet citealp citealt citeauthor citeyear citeyearpar parencite textcite autocite
    footcite nocite Citet Citep citenum supercite shortcite
"""
CITATIONS = frozenset(_CITATIONS.split())
INCLUDES = frozenset(("input", "include", "subfile", "bibliography", "addbibresource"))

_MATH = """
    equation align gather multline eqnarray displaymath math flalign alignat split dmath
"""
MATH = frozenset(_MATH.split())
VERBATIM = frozenset(("verbatim", "Verbatim", "lstlisting", "minted", "alltt", "algorithmic"))
LEFT_OUT = {
    "thebibliography": "references",
    "acks": "acknowledgements",
    "acknowledgments": "acknowledgements",
    "acknowledgements": "acknowledgements",
    "acknowledgment": "acknowledgements",
    "CCSXML": "licences and notices",
    "comment": "",
    "tikzpicture": "drawings",
    "pgfpicture": "drawings",
    "filecontents": "",
}
"""Environments that are no text, and under what they are counted."""

_LISTS = "itemize enumerate description compactitem compactenum inparaenum"
LISTS = frozenset(_LISTS.split())
_TABLES = "tabular tabularx tabulary longtable array supertabular tblr"
TABLES = frozenset(_TABLES.split())

_SILENT = """
    centering raggedright raggedleft noindent indent bigskip medskip smallskip newpage clearpage
    cleardoublepage pagebreak nopagebreak linebreak nolinebreak newline par hfill vfill hline
    toprule midrule bottomrule cline cmidrule tiny scriptsize footnotesize small normalsize large
    Large LARGE huge Huge bf it rm sf tt sc em sl bfseries itshape rmfamily sffamily ttfamily
    scshape mdseries upshape slshape normalfont boldmath unboldmath protect relax leavevmode
    allowbreak sloppy fussy appendix tableofcontents listoffigures listoftables frontmatter
    mainmatter backmatter maketitle begingroup endgroup bgroup egroup null strut ignorespaces
    unskip xspace displaystyle textstyle emph textbf textit textrm textsf texttt textsc textsl
    textup textmd textnormal text mbox hbox underline uline fbox framebox makebox parbox raisebox
    scalebox resizebox center footnotemark onecolumn twocolumn balance linewidth doublespacing
    singlespacing onehalfspacing today
"""
SILENT = frozenset(_SILENT.split())
"""Commands that only change how what follows looks, or where it stands."""


@lru_cache(maxsize=4096)
def character(piece: str) -> str:
    """The character that a small piece of LaTeX stands for: an accent with its letter, a symbol.
    pylatexenc knows them; it sees no more than a few characters at a time."""
    from pylatexenc.latex2text import LatexNodes2Text

    text: str = LatexNodes2Text(math_mode="verbatim").latex_to_text(piece)
    return text.strip("\n")
