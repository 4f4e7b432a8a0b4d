"""LaTeX source to text, in time that grows with its length whatever it says."""

from __future__ import annotations

import time

import pytest

from laras.records import Document, Rejection

SOURCE = r"""
% \title{Not this}
\documentclass[twocolumn]{article}
\newcommand{\ours}{RiceNet}
\newcommand{\todo}[1]{TODO #1}
\title{Water for \emph{Dry} Land\thanks{Paid by nobody.}}
\author{Sari Wulandari \and Budi Hartono}
\date{May 2021}
\begin{document}
\maketitle
\begin{abstract}
We study \ours{} on 50\% of fields~\cite{a,b}. It costs \$5.
\end{abstract}
\section{Introduction}\label{sec:i}
Water is scarce---very scarce.\footnote{See the caf\'e's na\"{\i}ve report.} As in
Figure~\ref{fig:x}, ``fields'' need $x^2 + \alpha$ litres. % a comment

\iffalse never \fi
A second paragraph % with a comment
goes on.
\input{other}
\begin{enumerate}
  \item First point
  \item Second \textbf{bold} point
\end{enumerate}
\begin{equation}\label{eq:a}
 E = mc^2
\end{equation}
\subsection{Data}
\begin{table}[t]
\caption{Yield by field.}
\begin{tabular}{lcr}
\toprule
Field & Yield & Cost \\ \midrule
North & 3.1 & \multicolumn{1}{c}{5} \\
\bottomrule
\end{tabular}
\end{table}
\begin{figure}[h]\includegraphics[width=\linewidth]{x.png}\caption{A field.}\end{figure}
\begin{verbatim}
x = 1
  y = 2 % kept?
\end{verbatim}
Gr\"o\ss e {\bf tebal} \href{http://a.b}{here} and \unknown{kept}.
\section*{Acknowledgments}
We thank all.
\begin{thebibliography}{9}
\bibitem{a} A. One.
\bibitem{b} B. Two.
\end{thebibliography}
\appendix
\section{Proofs}
Trivial.
\end{document}
Nothing from here on.
"""

TEXT = """# Water for Dry Land

## Abstract

We study RiceNet on 50% of fields. It costs $5.

## Introduction

Water is scarce—very scarce.[^1] As in Figure, "fields" need $x^2 + \\alpha$ litres.

[^1]: See the café's naïve report.

A second paragraph goes on.

1. First point
2. Second bold point

$$E = mc^2$$

### Data

Yield by field.

| Field | Yield | Cost |
| - | - | - |
| North | 3.1 | 5 |

A field.

```
x = 1
  y = 2 % kept?
```

Größe tebal here and kept.

## Proofs

Trivial."""


def test_a_paper_becomes_its_text(read, write):
    write("a.tex", SOURCE)
    *notes, document = read("a.tex", "articles")
    assert document.text == TEXT
    assert document.metadata == {
        "title": "Water for Dry Land",
        "authors": "Sari Wulandari; Budi Hartono",
        "year": "2021",
    }
    assert {note.detail for note in notes} == {
        "acknowledgements: 1",
        "citations: 1",
        "files that it includes: 1",
        "references: 2",
    }


def test_a_file_that_is_included_is_never_opened(read, write):
    write("secret.tex", "Nobody may read this.")
    write("a.tex", "Some text.\n\n\\input{secret}\\include{/etc/passwd}\n\nMore text.")
    note, document = read("a.tex", "articles")
    assert document.text == "Some text.\n\nMore text."
    assert "files that it includes: 2" in note.detail


def test_encodings_of_old_are_guessed_and_noted(read, write):
    write(
        "a.tex",
        "Größe und Länge der Wälder, früher und später, schön für jeden.\n".encode("cp1252") * 20,
    )
    *notes, document = read("a.tex", "articles")
    assert "Größe" in document.text
    assert [note.reason for note in notes] == ["guessed-encoding"]


HOSTILE = {
    "nested-commands": r"\emph{" * 100_000 + "x" + "}" * 100_000,
    "nested-footnotes": r"\footnote{a" * 50_000 + "}" * 50_000,
    "never-closed": r"\textbf{" * 100_000,
    "open-formulas": r"\[ a " * 100_000,
    "open-environments": r"\begin{itemize}\item a " * 30_000,
    "nested-tables": r"\begin{tabular}{l} a & " * 20_000 + r"\end{tabular}" * 20_000,
    "options": r"\x[" * 100_000,
    "dollars": "$ a \n\n" * 50_000,
    "macro-bomb": "".join(
        rf"\newcommand{{\a{chr(97 + n)}}}{{\a{chr(96 + n)}\a{chr(96 + n)}}}" for n in range(1, 26)
    )
    + r"\newcommand{\big}{"
    + "x" * 1500
    + "}"
    + r"\big " * 20_000,
    "comments": "%" * 500_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_length_alone(read, write, name):
    write("a.tex", HOSTILE[name])
    write("b.tex", "Good text.")
    started = time.monotonic()
    records = read(".", "articles")
    assert time.monotonic() - started < 20  # milliseconds where nobody else is at work
    assert [r.text for r in records if isinstance(r, Document) and r.path == "b.tex"] == [
        "Good text."
    ]
    refused = {r.reason for r in records if isinstance(r, Rejection) and r.rows}
    assert refused <= {"empty", "too-much-text"}
