"""Formulas of Office documents as LaTeX."""

from __future__ import annotations

import pytest
from lxml import etree

from laras.sources.documents.omml import latex

NAMESPACE = "http://schemas.openxmlformats.org/officeDocument/2006/math"


def r(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def e(inner: str) -> str:
    return f"<m:e>{inner}</m:e>"


FORMULAS = {
    r"\alpha \leq \infty": r("α≤∞"),
    "x": r("𝑥"),
    r"\frac{a}{b}": f"<m:f><m:num>{r('a')}</m:num><m:den>{r('b')}</m:den></m:f>",
    r"\binom{n}{k}": "<m:d>"
    + e(
        f"<m:f><m:fPr><m:type m:val='noBar'/></m:fPr><m:num>{r('n')}</m:num>"
        f"<m:den>{r('k')}</m:den></m:f>"
    )
    + "</m:d>",
    "x^{2}": f"<m:sSup>{e(r('x'))}<m:sup>{r('2')}</m:sup></m:sSup>",
    "{ab}_{i}^{2}": f"<m:sSubSup>{e(r('ab'))}<m:sub>{r('i')}</m:sub><m:sup>{r('2')}</m:sup>"
    "</m:sSubSup>",
    r"\sqrt[3]{x}": f"<m:rad><m:deg>{r('3')}</m:deg>{e(r('x'))}</m:rad>",
    r"\sqrt{x}": "<m:rad><m:radPr><m:degHide m:val='1'/></m:radPr><m:deg/>"
    + e(r("x"))
    + "</m:rad>",
    r"\sum_{i=1}^{n} i": f"<m:nary><m:naryPr><m:chr m:val='∑'/></m:naryPr><m:sub>{r('i=1')}</m:sub>"
    f"<m:sup>{r('n')}</m:sup>{e(r('i'))}</m:nary>",
    r"\int f": f"<m:nary><m:sub/><m:sup/>{e(r('f'))}</m:nary>",
    r"\left[x\right)": "<m:d><m:dPr><m:begChr m:val='['/></m:dPr>" + e(r("x")) + "</m:d>",
    r"\sin x": f"<m:func><m:fName>{r('sin')}</m:fName>{e(r('x'))}</m:func>",
    r"\operatorname{softmax} z": f"<m:func><m:fName>{r('softmax')}</m:fName>{e(r('z'))}</m:func>",
    r"\lim_{n\to 0} x": "<m:func><m:fName><m:limLow>"
    + e(r("lim"))
    + f"<m:lim>{r('n→0')}</m:lim></m:limLow></m:fName>{e(r('x'))}</m:func>",
    r"\hat{y}": f"<m:acc>{e(r('y'))}</m:acc>",
    r"\overline{y}": "<m:bar><m:barPr><m:pos m:val='top'/></m:barPr>" + e(r("y")) + "</m:bar>",
    r"\underbrace{a}_{two words}": f"<m:limLow>{e('<m:groupChr>' + e(r('a')) + '</m:groupChr>')}"
    f"<m:lim>{r('two')}{r(' words')}</m:lim></m:limLow>",
    r"\begin{matrix}a & b \\ c & d\end{matrix}": "<m:m>"
    + f"<m:mr>{e(r('a'))}{e(r('b'))}</m:mr><m:mr>{e(r('c'))}{e(r('d'))}</m:mr></m:m>",
    r"\begin{aligned}a \\ b\end{aligned}": f"<m:eqArr>{e(r('a'))}{e(r('b'))}</m:eqArr>",
    r"\text{if }": "<m:r><m:rPr><m:nor/></m:rPr><m:t>if </m:t></m:r>",
    r"50\%": r("50%"),
}


@pytest.mark.parametrize(("expected", "inner"), FORMULAS.items())
def test_a_formula_becomes_latex(expected, inner):
    element = etree.fromstring(f"<m:oMath xmlns:m='{NAMESPACE}'>{inner}</m:oMath>")
    assert latex(element) == expected
