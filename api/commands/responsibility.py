"""``wangge responsibility``: who answers for a place, a building or a door on a day."""

from datetime import date
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from api.commands.store import open_store, who_runs
from geo.errors import InputError
from geo.services.answering import answer_for
from geo.services.billing import noun_of
from geo.territory.times import CHINA_TIME

console = Console()


def responsibility_command(
    code: Annotated[str, typer.Argument(metavar="CODE", help="场所、楼栋或户的编码 Code of a place, building or door")],
    on: Annotated[str | None, typer.Option("--on", help="哪一天,如 2026-03-01,缺省为今天 Which day")] = None,
) -> None:
    """责任倒查:查了没有、查得怎样、办得怎样,逐步说明依据。 Who answers for a thing on a day, step by step."""
    with open_store() as session:
        sheet = answer_for(session, noun_of(code), code, _day(on), who=who_runs())
    answer = sheet.answer
    console.print(Text(f"{sheet.of.title} {code} · {answer.day}", style="bold"))
    console.print(Text(f"{answer.entry.label}{':' + '、'.join(answer.who) if answer.who else ''}"))
    for number, step in enumerate(answer.steps, start=1):
        console.print(Text(f"{number}. {step.zh}\n   {step.en}"))
        for event in step.events:
            at = event.at.astimezone(CHINA_TIME)
            console.print(Text(f"     {at:%Y-%m-%d %H:%M} {event.noun} {event.code} {event.who or ''}"))


def _day(said: str | None) -> date | None:
    if said is None:
        return None
    try:
        return date.fromisoformat(said)
    except ValueError:
        raise InputError(
            f"“{said[:20]}”不是日期;应如 2026-03-01", f"{said[:20]!r} is no day: write 2026-03-01"
        ) from None
