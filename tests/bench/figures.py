"""Figures of one run: collected, reduced to medians and ratios, and printed with their aim."""

import statistics
import sys


def median(values):
    return statistics.median(values) if values else None


def ratio(ours, theirs):
    """The median of the ratios within each run, so that what the machine does meanwhile weighs on both."""
    return median([a / b for a, b in zip(ours, theirs) if a is not None and b])


def slope(points):
    """Least squares through [(x, y)]."""
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return statistics.linear_regression(xs, ys).slope


def spread(values):
    if len(values) < 3:
        return ""
    ordered = sorted(values)
    return f"{ordered[len(ordered) // 4]:.3g}..{ordered[3 * len(ordered) // 4]:.3g}"


def brief(value):
    if value is None:
        return "-"
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


class Report:
    """Prints a line per figure; an aim that is not met is counted, not fatal."""

    def __init__(self, out=sys.stdout, has_aims=True):
        self.out, self.has_aims, self.missed, self.figures = out, has_aims, [], {}

    def title(self, text):
        print(f"\n{text}", file=self.out, flush=True)

    def note(self, text):
        print(f"    ({text})", file=self.out, flush=True)

    def figure(self, key, name, value, unit="", aim=None, values=()):
        """aim: the most it may be; None: there is none."""
        if value is None:
            print(f"    {name:<66} not measured", file=self.out, flush=True)
            return
        self.figures[key] = value
        verdict = ""
        if aim is not None and self.has_aims:
            verdict = f"aim <= {aim:g} {unit}".rstrip()
            verdict += "   met" if value <= aim else "   MISSED"
            if value > aim:
                self.missed.append(name)
        quartiles = spread(list(values))
        print(f"    {name:<66} {brief(value):>7} {unit:<6} {quartiles:<14} {verdict}".rstrip(), file=self.out, flush=True)

    def row(self, name, unit, cells):
        """A line of a table: what is compared stands side by side."""
        shown = [cell if isinstance(cell, str) else brief(cell) for cell in cells]
        print(f"    {name:<36} {unit:<3}" + "".join(f"{cell:>20}" for cell in shown), file=self.out, flush=True)

    def end(self):
        if not self.has_aims:
            return
        print(f"\n{len(self.missed)} aims missed" + "".join(f"\n    {name}" for name in self.missed), file=self.out)
