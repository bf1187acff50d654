"""The median of several looks at the same thing, and how far they lay apart: waves, foam, a branch in the beam."""


def median_and_spread(series, values):
    """{series: median, its spread's series: greatest minus least}, in the unit of the values; of one value at least."""
    values = sorted(values)
    return {series: values[len(values) // 2], spread_of(series): values[-1] - values[0]}


def spread_of(series):
    """distance_mm.2 -> distance_spread_mm.2: the unit stays at the end of the name."""
    name, dot, number = series.partition(".")
    what, _, unit = name.rpartition("_")
    return "%s_spread_%s%s%s" % (what, unit, dot, number)
