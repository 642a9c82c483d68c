"""The picture of ordinal predictions: how likely each answer is before and after, as stacked bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from causalvalues.errors import FigureError
from causalvalues.figures.legend import Item, legend_rows
from causalvalues.figures.row_frame import TEXT_LINE, checked_width, name_lines, shown_names
from causalvalues.figures.value_order import value_order
from causalvalues.numerals import estimate, number, percent
from causalvalues.ordinal.category_probabilities import CategoryProbabilities
from causalvalues.scene.geometry import polygon, rectangle, tidy
from causalvalues.scene.metrics import printable, text_width, wrap
from causalvalues.scene.nouns import Cell, Mark, Scene, Shape, Text
from causalvalues.scene.palette import (
    INK,
    LABEL_SIZE,
    MARGIN,
    NAME_SIZE,
    PAPER,
    POSITIVE,
    QUIET,
    RULE,
    blend,
    readable_ink,
)
from causalvalues.theories.theory import ValueTheory

BAR, APART, ROW = 11.0, 15.5, 37.0
NAMES = 110.0
NARROW = 380.0
"""Below this width, in points, names and mean answers stand above the bars."""
LIKELY = "How likely each answer is (%)"
MOST_COLOURS = 11
BEFORE, AFTER = "before", "after"


@dataclass(frozen=True)
class _Bar:
    """Shares of the categories of one value with their ends, and the mean answer with its ends."""

    labels: tuple[float, ...]
    shares: tuple[tuple[float, float, float], ...]
    score: tuple[float, float, float]


@dataclass(frozen=True)
class _Frame:
    """Where bars begin and end, the page width, the level of the intervals, and the colour of each answer."""

    left: float
    right: float
    width: float
    level: float
    colours: Mapping[float, str]

    @property
    def narrow(self) -> bool:
        """Whether names and mean answers stand above the bars."""
        return self.width < NARROW


def category_bars(
    before: CategoryProbabilities,
    after: CategoryProbabilities,
    unit: object = None,
    theory: ValueTheory | None = None,
    labels: Mapping[str, str] | None = None,
    *,
    width: float = 468.0,
) -> Scene:
    """Draw how likely each answer of each value is, before and after an intervention.

    Parameters
    ----------
    before, after : CategoryProbabilities
        Of the same values: of a population (`predict_categories`), or of units (`counterfactual_categories`, without
        and with interventions).
    unit : object, optional
        Which unit is drawn; needed when there are several.
    theory : ValueTheory, optional
        Order and names.
    labels : mapping of str to str, optional
        Names as shown; they win over the theory's.
    width : float, default 468
        Points; on a narrow page names and mean answers stand above the bars.

    Returns
    -------
    Scene
        Two bars for each value, the answers from low (light) to high (dark), with their percentages; below each bar,
        at the end of each segment, the interval of its length; beside the bars the mean answer.

    Raises
    ------
    FigureError
        If values, answers or levels differ, it is not said which unit is meant, or the width leaves no room.
    """
    _refuse_other_scales(before, after)
    names = value_order(list(before.values), theory)
    shown = shown_names(names, theory, labels)
    place = _place(before, unit), _place(after, unit)
    bars = {name: (_bar(before, place[0], name), _bar(after, place[1], name)) for name in names}
    frame = _frame(shown, before, bars, checked_width(width))
    bottom = MARGIN + (12.0 if frame.narrow else 20.0)
    marks: list[Mark] = _heads(frame, bottom - 8) if not frame.narrow else []
    for row, name in enumerate(names):
        more, bottom = _row(f"row-{row}", shown[name], bars[name], frame, bottom)
        marks += more
    legend, high = legend_rows(_legend(frame), width, bottom)
    who = "the population" if before.units[place[0]] == "population" else f"unit {before.units[place[0]]}"
    return Scene(
        kind="categories",
        width=width,
        height=tidy(bottom + high),
        marks=(*marks, *legend),
        title=f"Answers before and after: {who}",
        caption=f"How likely each answer of {printable(who)} is before and after the intervention (percent; short "
        f"segments without number). Lines below the bars: {percent(before.level)} interval of the length of the "
        f"segment that ends there, over the draws of the model. {_where(frame)}: the mean answer with its interval.",
        alt=_alt(names, shown, bars, who),
        columns=("value", "when", "category", "probability", "lower", "upper"),
        rows=tuple(_cells(names, bars)),
        provenance={"level": f"{before.level:g}", "unit": printable(str(before.units[place[0]]))},
    )


def _refuse_other_scales(before: CategoryProbabilities, after: CategoryProbabilities) -> None:
    if set(before.values) != set(after.values):
        odd = sorted(set(before.values) ^ set(after.values))
        raise FigureError(f"Before and after differ in the values {', '.join(odd)}. Predict both with one model.")
    for name in before.values:
        if tuple(before.categories[name]) != tuple(after.categories[name]):
            raise FigureError(f"Before and after have other answers of {name!r}. Predict both with one model.")
    if before.level != after.level:
        raise FigureError(f"The intervals before have the level {before.level:g}, after {after.level:g}. Use one.")


def _place(found: CategoryProbabilities, unit: object) -> int:
    if unit is None:
        if len(found.units) != 1:
            raise FigureError(f"There are {len(found.units)} units. Say which one is drawn: `unit=...`.")
        return 0
    if unit not in found.units:
        some = ", ".join(str(each) for each in found.units[:5])
        raise FigureError(f"There is no unit {unit!r}; there are {some}{', ...' if len(found.units) > 5 else ''}.")
    return found.units.index(unit)


def _bar(found: CategoryProbabilities, i: int, name: str) -> _Bar:
    j = found.values.index(name)
    shares = [
        (float(found.mean[i, j, c]), float(found.lower[i, j, c]), float(found.upper[i, j, c]))
        for c in range(len(found.categories[name]))
    ]
    score = (float(found.expected[i, j]), float(found.expected_lower[i, j]), float(found.expected_upper[i, j]))
    return _Bar(tuple(found.categories[name]), tuple(shares), score)


def _frame(
    shown: Mapping[str, str], found: CategoryProbabilities, bars: Mapping[str, tuple[_Bar, _Bar]], width: float
) -> _Frame:
    wide = max(text_width(line, NAME_SIZE) for name in shown.values() for line in wrap(name, NAMES, NAME_SIZE, 3))
    told = max(text_width(_score(bar), LABEL_SIZE) for pair in bars.values() for bar in pair)
    left, right = MARGIN + text_width(BEFORE, LABEL_SIZE) + 4, width - MARGIN
    if width >= NARROW:
        left += wide + 10
        right -= max(told, text_width(_heading(found.level), LABEL_SIZE)) + 10
    answers = sorted({label for labels in found.categories.values() for label in labels})
    colours = {}
    if len(answers) <= MOST_COLOURS:
        colours = {label: _colour(place, len(answers)) for place, label in enumerate(answers)}
    return _Frame(tidy(left), tidy(right), width, found.level, colours)


def _where(frame: _Frame) -> str:
    return "Above the bars, before and after" if frame.narrow else "Beside"


def _colour(place: int, size: int) -> str:
    return blend(POSITIVE, 0.08 + 0.92 * place / max(size - 1, 1))


def _heading(level: float) -> str:
    return f"Mean answer [{percent(level)}]"


def _score(bar: _Bar) -> str:
    mean, lower, upper = bar.score
    return number(mean) if lower == upper else estimate(mean, lower, upper)


def _heads(frame: _Frame, y: float) -> list[Mark]:
    end, level = tidy(frame.width - MARGIN), _heading(frame.level)
    return [
        Text("heads", "head-text", frame.left, tidy(y), LIKELY, LABEL_SIZE, colour=QUIET),
        Text("heads", "head-text", end, tidy(y), level, LABEL_SIZE, "end", colour=QUIET),
    ]


def _row(part: str, name: str, pair: tuple[_Bar, _Bar], frame: _Frame, top: float) -> tuple[list[Mark], float]:
    """Return the bars of a value with its name and mean answers, and where the row ends."""
    rule = polygon([(MARGIN, top), (frame.width - MARGIN, top)], closed=False)
    marks: list[Mark] = [Shape(part, "rule", rule, stroke=RULE, stroke_width=0.25)]
    if frame.narrow:
        more, top = _name_above(part, name, pair, frame, top)
        marks += more
        high = ROW
    else:
        lines = wrap(name, NAMES, NAME_SIZE, 3)
        right = frame.left - text_width(BEFORE, LABEL_SIZE) - 10
        marks += name_lines(part, lines, right, top + 3 + (APART + BAR) / 2)
        high = max(ROW, TEXT_LINE * len(lines) + 8)
    for k, (when, bar) in enumerate(zip((BEFORE, AFTER), pair, strict=True)):
        y = top + 3 + APART * k
        base = tidy(y + BAR / 2 + 0.36 * LABEL_SIZE)
        marks.append(Text(part, "when", tidy(frame.left - 4), base, when, LABEL_SIZE, "end", colour=QUIET))
        marks += _segments(f"{part}-{when}", bar, frame, y)
        if not frame.narrow:
            marks.append(Text(part, "number", tidy(frame.width - MARGIN), base, _score(bar), LABEL_SIZE, "end"))
    return marks, top + high


def _name_above(part: str, name: str, pair: tuple[_Bar, _Bar], frame: _Frame, top: float) -> tuple[list[Mark], float]:
    """Return a name with the mean answers at the right, and where they end."""
    said = f"{number(pair[0].score[0])} \u2192 {_score(pair[1])}"
    end = frame.width - MARGIN
    lines = wrap(name, end - MARGIN - 8 - text_width(said, LABEL_SIZE), NAME_SIZE, 3)
    marks: list[Mark] = [
        Text(part, "name", MARGIN, tidy(top + 10 + TEXT_LINE * k), line, NAME_SIZE) for k, line in enumerate(lines)
    ]
    marks.append(Text(part, "number", tidy(end), tidy(top + 10), said, LABEL_SIZE, "end"))
    return marks, top + 3 + TEXT_LINE * len(lines)


def _segments(part: str, bar: _Bar, frame: _Frame, high: float) -> list[Mark]:
    length, start = frame.right - frame.left, 0.0
    marks: list[Mark] = []
    lines: list[Mark] = []
    for place, (label, (share, lower, upper)) in enumerate(zip(bar.labels, bar.shares, strict=True)):
        colour = frame.colours.get(label) or _colour(place, len(bar.labels))
        x, wide = frame.left + start * length, share * length
        if wide > 0.05:
            box = rectangle(tidy(x), tidy(high), tidy(wide), BAR)
            marks.append(Shape(part, "segment", box, fill=colour, stroke=PAPER, stroke_width=0.4))
        text = number(100 * share, 0)
        if wide >= text_width(text, LABEL_SIZE) + 5:
            base = tidy(high + BAR / 2 + 0.36 * LABEL_SIZE)
            marks.append(
                Text(part, "share", tidy(x + wide / 2), base, text, LABEL_SIZE, "middle", colour=readable_ink(colour))
            )
        if upper - lower > 0.005 and place < len(bar.labels) - 1 and share >= 0.02:
            y = tidy(high + BAR + 1.6)
            ends = [(tidy(min(frame.left + (start + end) * length, frame.right)), y) for end in (lower, upper)]
            lines.append(Shape(part, "interval", polygon(ends, closed=False), stroke=INK, stroke_width=0.9))
        start += share
    outline = rectangle(frame.left, tidy(high), tidy(length), BAR)
    return [*marks, Shape(part, "outline", outline, stroke=QUIET, stroke_width=0.4), *lines]


def _legend(frame: _Frame) -> list[Item]:
    known = [(colour, f"{label:g}") for label, colour in frame.colours.items()]
    if not known:
        known = [(_colour(0, 2), "lowest answer"), (_colour(1, 2), "highest answer")]
    items: list[Item] = [(0.0, "answer (%)" if frame.narrow else "answer", ())] if frame.colours else []
    for colour, text in known:
        box = Shape("legend", "segment", rectangle(0, -4.5, 10, 9), fill=colour, stroke=QUIET, stroke_width=0.4)
        items.append((10.0, text, (box,)))
    line = Shape("legend", "interval", polygon([(0, 0), (20, 0)], closed=False), stroke=INK, stroke_width=0.9)
    return [*items, (20.0, f"{percent(frame.level)} interval", (line,))]


def _alt(names: Sequence[str], shown: Mapping[str, str], bars: Mapping[str, tuple[_Bar, _Bar]], who: str) -> str:
    phrases = [
        f"{printable(shown[name])} {number(bars[name][0].score[0])} to {estimate(*bars[name][1].score)}"
        for name in names
    ]
    return f"Stacked bars of {len(names)} values, {printable(who)}; mean answer before to after: {'; '.join(phrases)}."


def _cells(names: Sequence[str], bars: Mapping[str, tuple[_Bar, _Bar]]) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        for when, bar in zip((BEFORE, AFTER), bars[name], strict=True):
            for label, numbers in zip(bar.labels, bar.shares, strict=True):
                rows.append((name, when, float(label), *(round(each, 9) + 0.0 for each in numbers)))
    return rows
