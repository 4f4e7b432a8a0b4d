"""``laras merge``: an adapter and its base as one model."""

from __future__ import annotations

from pathlib import Path

import click

from laras.cli.options import json_option, language_option
from laras.cli.printable import printable
from laras.cli.session import Session, pass_session, print_json
from laras.translation import _


def command() -> click.Command:
    """The verb, with help in the language in use."""

    @click.command(
        name="merge",
        help=_(
            "Merge the adapter of a contender of the run in the folder RUN into its base model, "
            "and write the whole model to the new FOLDER. It loads in plain transformers."
        ),
        short_help=_("Merge an adapter into its base model."),
    )
    @click.argument("run_folder", type=click.Path(path_type=Path), metavar=_("RUN"))
    @click.argument("folder", type=click.Path(path_type=Path), metavar=_("FOLDER"))
    @click.option(
        "--contender",
        metavar=_("NAME"),
        help=_("Whose adapter; default: the one that the verdict recommends."),
    )
    @json_option()
    @language_option()
    @pass_session
    def merge(session: Session, run_folder: Path, folder: Path, contender: str | None) -> None:
        from laras.cli.chat import choose_contender

        name = choose_contender(run_folder, contender)
        from dataclasses import asdict

        from laras.delivery.merged import write_merged

        session.run_folder = run_folder
        difference = write_merged(run_folder, name, folder)
        if session.json:
            print_json({"contender": name, "folder": folder, **asdict(difference)})
            return
        click.echo(printable(_("{name} is merged: {folder}").format(name=name, folder=folder)))
        click.echo(
            _(
                "Against base and adapter side by side, on {tokens} tokens: logits differ by at "
                "most {logits:.1e} (the largest is {largest:.1f}), mean divergence {kl:.1e} nats."
            ).format(
                tokens=difference.tokens,
                logits=difference.max_logit_difference,
                largest=difference.largest_logit,
                kl=difference.mean_kl,
            )
        )

    return merge
