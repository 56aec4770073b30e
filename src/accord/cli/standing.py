"""Commands about standing releases: grant, confirm, list, end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from accord.cli.officers import (
    As,
    Basis,
    Category,
    Dir,
    GradeText,
    Handling,
    Purpose,
    Review,
    TlpLevel,
    To,
    date_of,
    offer_of,
)
from accord.cli.output import JSON, answer
from accord.desk import standing
from accord.desk.standing import Order, Outcome, Selection, Standing
from accord.node.build import opened, utc_now
from accord.release.decision import Withheld
from accord.stix.marking import Tlp

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name of the standing release.")]


def attach(app: typer.Typer) -> None:
    group = typer.Typer(help="Standing releases: what an officer releases ahead of its arrival.", no_args_is_help=True)
    group.command("grant")(grant_command)
    group.command("confirm")(confirm_command)
    group.command("list")(list_command)
    group.command("end")(end_command)
    app.add_typer(group, name="standing")


def grant_command(
    folder: Dir,
    name: Name,
    source: Annotated[str, typer.Option("--source", metavar="NAME", help="The outside source whose records are meant.")],
    types: Annotated[str, typer.Option("--type", metavar="TYPE[,TYPE]", help="Which STIX types, for example indicator.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The last day.")],
    officer: As,
    to: To,
    marked: Annotated[str, typer.Option("--marked", metavar="LEVEL[,LEVEL]", help="Records that carry one of these TLP levels.")] = "",
    unmarked: Annotated[bool, typer.Option("--unmarked", help="Also records that carry none.")] = False,
    basis: Basis = None,
    purpose: Purpose = None,
    tlp: TlpLevel = None,
    grade: GradeText = None,
    review: Review = None,
    handling: Handling = "",
    category: Category = None,
    preview: Annotated[bool, typer.Option("--preview", help="Say what would happen to what is here today; change nothing.")] = False,
    as_json: bool = JSON,
) -> None:
    """Release what a source will publish, within these words and until a day. A second officer confirms it before it acts.

    accord standing grant node feed-to-kg --source example-feed --type indicator --marked clear,green --until 2027-03-31 --as "A. Bekova"
    --to KG --basis SC/7 --purpose "prevention of an attack" --tlp green --grade X4 --review 2027-09-30
    """
    selection = Selection(_listed(types), tuple(Tlp.parse(level) for level in _listed(marked)), unmarked=unmarked)
    offer = offer_of(to, basis, purpose, tlp, grade, review, handling, category)
    order = Order(name, source, selection, offer, date_of(until))
    with opened(folder) as node:
        outcomes = standing.preview(node.means, order, officer=officer, now=utc_now())
        if not preview:
            standing.grant(node.means, order, officer=officer, now=utc_now())
    value = {"name": name, "preview": preview, "classes": [_outcome(item) for item in outcomes]}
    next_step = "nothing was changed" if preview else f"next: accord standing confirm {folder} {name} --as OFFICER, by another officer"
    answer(value, "\n".join([*_sentences(outcomes), next_step]), as_json=as_json)


def confirm_command(folder: Dir, name: Name, officer: As, as_json: bool = JSON) -> None:
    """Confirm a standing release that another officer gave. From then on it acts, while the node runs."""
    with opened(folder) as node:
        standing.confirm(node.means, name, officer=officer, now=utc_now())
    answer({"confirmed": name}, f"{name} acts from now on; accord standing end {folder} {name} ends it", as_json=as_json)


def list_command(folder: Dir, as_json: bool = JSON) -> None:
    """List the standing releases: whose they are, whether they act today, and what came of each."""
    with opened(folder) as node:
        found = standing.every(node.means, now=utc_now())
    value = {"standing": [_entry(item) for item in found]}
    answer(value, "\n".join(map(_state, found)) or "nothing is released ahead of its arrival", as_json=as_json)


def end_command(folder: Dir, name: Name, officer: As, as_json: bool = JSON) -> None:
    """Release nothing more under it. What was released stays released; accord recall takes it back."""
    with opened(folder) as node:
        standing.end(node.means, name, officer=officer, now=utc_now())
    answer({"ended": name}, f"{name} has ended; what was released stays released", as_json=as_json)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _outcome(outcome: Outcome) -> dict[str, object]:
    withheld = [answer.decision for answer in outcome.answers if isinstance(answer.decision, Withheld)]
    return {
        "records": outcome.records,
        "released": outcome.is_released,
        "withheld": {decision.recipient: [str(ground) for ground in decision.grounds] for decision in withheld},
    }


def _sentences(outcomes: Sequence[Outcome]) -> list[str]:
    released = sum(item.records for item in outcomes if item.is_released)
    lines = [f"of what is here today, {released} would leave"]
    for item in outcomes:
        for given in item.answers:
            if isinstance(given.decision, Withheld):
                grounds = "; ".join(map(str, given.decision.grounds))
                lines.append(f"  {item.records} would stay: withheld from {given.decision.recipient} ({grounds})")
    return lines


def _entry(item: Standing) -> dict[str, object]:
    kept = item.kept
    return {
        "name": kept.name,
        "source": kept.source,
        "to": list(item.order.offer.audience),
        "until": kept.until.isoformat(),
        "acts": item.acts_today,
        "granted_by": kept.granted_by,
        "confirmed_by": kept.confirmed_by,
        "ended_by": kept.ended_by,
        "released": kept.released,
        "withheld": kept.withheld,
    }


def _state(item: Standing) -> str:
    kept = item.kept
    if kept.ended_by:
        now = f"ended by {kept.ended_by}"
    elif not kept.confirmed_by:
        now = f"waits for a second officer ({kept.granted_by} gave it)"
    else:
        now = f"acts until {kept.until}" if item.acts_today else f"ended on {kept.until}"
    what = f"{', '.join(item.order.selection.types)} of {kept.source} to {', '.join(item.order.offer.audience)}"
    return f"{kept.name}: {what}, {now}; {kept.released} released, {kept.withheld} withheld"
