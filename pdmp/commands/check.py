"""`pdmp check FILE…`: read and rule files without storing anything."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pdmp.console import emit, err, headline, printable, say
from pdmp.exit_codes import CommandError, ExitCode


if TYPE_CHECKING:
    from validation.context import Context


def check(
    files: Annotated[
        list[Path],
        typer.Argument(help="ASAP files, versions 4.1 to 5.0.", metavar="FILE…", show_default=False),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object for a script instead of text.")] = False,
    on: Annotated[
        str | None,
        typer.Option("--on", metavar="YYYY-MM-DD", help="Judge as on this day. Default: today.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option(help="Findings shown per file; 0 shows all. --json always has all.")] = 50,
) -> None:
    """Read and rule ASAP files here and now; nothing is stored and nothing leaves this machine.

    [bold]Exit code[/bold]: 0 nothing was rejected · 1 at least one record was rejected · 2 at least one file was
    refused · 64 wrong usage · 66 a file cannot be read.
    """
    today = _day(on)
    for file in files:
        if not file.is_file():
            raise CommandError(f"{file} is not a file that can be read; check the name.", ExitCode.NO_INPUT)
    results = _check_all(files, today, progress=not json)
    if json:
        emit({"files": [{key: value for key, value in result.items() if key != "remedies"} for result in results]})
    else:
        for result in results:
            _show(result, limit)
    raise typer.Exit(_code(results))


def _day(text: str | None) -> date:
    if text is None:
        return date.today()  # noqa: DTZ011  the technician's own day, on the technician's own machine
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("write the day as YYYY-MM-DD.", param_hint="--on") from None


def _context(today: date) -> Context:
    from drugs import products  # noqa: PLC0415  read when needed: --help stays quick
    from validation.context import Context  # noqa: PLC0415

    return Context(received_on=today, drugs=products.load(), drug_edition=products.EDITION)


def _check_all(files: list[Path], today: date, *, progress: bool) -> list[dict[str, Any]]:
    from rich.progress import track  # noqa: PLC0415  as above

    from ingest.rows import read  # noqa: PLC0415
    from validation.judge import judge  # noqa: PLC0415
    from validation.verdict import check_result  # noqa: PLC0415

    context = _context(today)
    results = []
    several = progress and err.is_terminal
    for file in track(files, "Checking", console=err, disable=not several, transient=True):
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.", ExitCode.NO_INPUT) from None
        reading = read(data)
        results.append(check_result(str(file), reading, judge(reading, context)))
    return results


def _code(results: list[dict[str, Any]]) -> ExitCode:
    if any(result["outcome"] == "refused" for result in results):
        return ExitCode.FILE_REFUSED
    if any(result["totals"]["rejected"] or result["outcome"] != "accepted" for result in results):
        return ExitCode.SOMETHING_REJECTED
    return ExitCode.OK


SIGNS = {"error": "[red]error  [/red]", "warning": "[yellow]warning[/yellow]", "info": "[cyan]info   [/cyan]"}


def _show(result: dict[str, Any], limit: int) -> None:
    from rich.markup import escape  # noqa: PLC0415  as above

    totals = result["totals"]
    heading = " ".join(result["versions"]) or "no ASAP version"
    test = " · TEST" if result["test"] else ""
    rest = f" · {heading} · {result['kind']}{test} · {result['outcome']}"
    headline(f"\n[bold]{escape(printable(result['file']))}[/bold]", rest)
    say(
        f"  {totals['records']} records: {totals['accepted']} accepted ({totals['with_warnings']} with warnings), "
        f"{totals['rejected']} rejected, {totals['exempt']} exempt, {totals['not_reportable']} not reportable, "
        f"{totals['held']} held, {totals['duplicates']} duplicates"
    )
    shown = result["findings"] if limit == 0 else result["findings"][:limit]
    for finding in shown:
        place = ", ".join(
            part
            for part in (
                f"segment {finding['position']}" if finding["position"] else "",
                f"record {finding['record']}" if finding["record"] else "",
                finding["element"] or finding["segment"] or "",
                f"pharmacy {finding['pharmacy']}" if finding["pharmacy"] else "",
            )
            if part
        )
        headline(f"  {SIGNS[finding['severity']]} {finding['code']}  ", place)
        say(f"          {finding['message']}")
    left = len(result["findings"]) - len(shown)
    if left:
        say(f"  … and {left} more; --limit 0 shows all.")
