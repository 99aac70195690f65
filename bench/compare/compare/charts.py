"""Small bar charts, drawn as SVG: the median of each contender, the quartiles as a whisker."""
from xml.sax.saxutils import escape

from . import figures
from .text import short

WIDTH, LABEL, ROW, TOP = 640, 80, 26, 44
STYLE = ("text{font:13px sans-serif;fill:#222}.t{font-weight:bold}.u{fill:#666}.b{fill:#9db4c8}.o{fill:#1f6f8b}.w{stroke:#222;stroke-width:1.5}"
         "@media(prefers-color-scheme:dark){text{fill:#ddd}.u{fill:#aaa}.w{stroke:#ddd}}")


def all_of(result):
    """(File name, drawing) of each measurement."""
    for measurement in result["measurements"]:
        yield file_name(measurement), draw(measurement)


def file_name(measurement):
    return measurement["id"].replace("/", "-").lower() + ".svg"


def draw(measurement):
    rows = []
    for name, series in measurement["values"].items():
        present = [value for value in series if value is not None]
        rows.append((name, figures.median(present), *figures.spread(present)[1:3]))
    most = max(upper for *_, upper in rows)
    scale = (WIDTH - LABEL - 80) / most
    height = TOP + ROW * len(rows) + 8
    parts = ["<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">" % (WIDTH, height, WIDTH, height),
             "<style>%s</style>" % STYLE,
             "<text class=\"t\" x=\"0\" y=\"15\">%s</text>" % escape("%s, rig: %s" % (measurement["title"], measurement["rig"])),
             "<text class=\"u\" x=\"0\" y=\"33\">%s</text>" % escape("%s; %s is better; median and quartiles of %d rounds" % (
                 measurement["unit"], "more" if measurement["more_is_better"] else "less", measurement["rounds"]))]
    for index, (name, median, lower, upper) in enumerate(rows):
        y = TOP + ROW * index
        middle = y + ROW // 2 - 2
        parts += ["<text x=\"0\" y=\"%d\">%s</text>" % (y + 16, escape(name)),
                  "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>" % ("o" if name == "culvert" else "b", LABEL, y + 2, median * scale, ROW - 8),
                  "<line class=\"w\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>" % (LABEL + lower * scale, LABEL + upper * scale, middle, middle),
                  "<text x=\"%.1f\" y=\"%d\">%s</text>" % (LABEL + max(median, upper) * scale + 6, y + 16, short(median))]
    return "\n".join(parts) + "\n</svg>\n"
