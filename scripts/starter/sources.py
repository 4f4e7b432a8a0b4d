"""Where each text of the mix is from, and under which licence; the model's card names them all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from starter.mix import NOVELS, source_of


class Source(NamedTuple):
    """``title``: in which languages what is; ``origin``: the repository it was taken from."""

    title: str
    origin: str
    licence: str


_TATOEBA = ("tatoeba.org, by way of AndiAlifs/DatasetRepos", "CC BY 2.0 FR")
_LAW = "official texts: out of copyright by article 42 of the Indonesian copyright law of 2014"
_BOTH = {
    "tatoeba": ("Tatoeba sentences", *_TATOEBA),
    "xpersona_chat": ("XPersona small talk", "HLTCHKUST/Xpersona", "MIT"),
    "chatterbot": ("ChatterBot corpus", "gunthercox/chatterbot-corpus", "BSD-3-Clause"),
    "gnome_help": ("GNOME help", "GNOME/gnome-user-docs", "CC BY 3.0"),
    "opensource_guide": ("Open Source Guides", "github/opensource.guide", "CC BY 4.0"),
    "ethereum_org": ("ethereum.org", "ethereum/ethereum-org-website", "MIT"),
    "ms_edgeai_for_beginners": (
        "EdgeAI for Beginners",
        "microsoft/edgeai-for-beginners, by way of skytin1004/edgeai-for-beginners",
        "MIT",
    ),
    "ms_azd_for_beginners": ("AZD for Beginners", "microsoft/AZD-for-beginners", "MIT"),
}
_MICROSOFT = "CC BY 4.0"
_REST = {
    "iden_tatoeba_pairs": Source("Tatoeba sentence pairs", *_TATOEBA),
    "id_tensorflow_docs": Source(
        "TensorFlow documentation, Indonesian", "tensorflow/docs-l10n", "Apache-2.0"
    ),
    "id_ms_alchemy_insights": Source(
        "Office help notes, Indonesian",
        "MicrosoftDocs/OfficeDocs-AlchemyInsights-pr.id-ID, by way of isabella232",
        _MICROSOFT,
    ),
    "id_ms_customer_insights": Source(
        "Customer Insights documentation, Indonesian",
        "MicrosoftDocs/customer-insights-pr.id-id",
        _MICROSOFT,
    ),
    "id_ms_dynamics_project_operations": Source(
        "Dynamics 365 Project Operations documentation, Indonesian",
        "MicrosoftDocs/dynamics-365-project-operations-pr.id-id",
        _MICROSOFT,
    ),
    "id_law_regulations": Source(
        "Indonesian regulations", "mashanz/peraturan-perundang-undangan", _LAW
    ),
    "id_law_peraturan_info": Source("Indonesian laws", "mblonyox/peraturan.info", _LAW),
    "en_african_storybook": Source(
        "African Storybook, English", "global-asp/asp-source", "CC BY"
    ),
    "en_pratham_books": Source(
        "Pratham Books StoryWeaver, English", "global-asp/pb-source", "CC BY 4.0"
    ),
    NOVELS: Source(
        "English novels, 1836 to 1929",
        "computationalstylistics/100_english_novels",
        "out of copyright",
    ),
}  # fmt: skip
SOURCES = {
    **{
        f"{code}_{name}": Source(f"{title}, {language}", origin, licence)
        for code, language in (("en", "English"), ("id", "Indonesian"))
        for name, (title, origin, licence) in _BOTH.items()
    },
    **_REST,
}


def sources_of(entries: Iterable[str]) -> list[Source]:
    """Those of ``entries`` of the mix, once each; KeyError where one has none. What is "(made)" is
    made of the others."""
    names = dict.fromkeys(source_of(entry) for entry in entries if "(made)" not in entry)
    return [SOURCES[name] for name in names]
