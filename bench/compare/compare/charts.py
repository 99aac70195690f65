"""Small bar charts, drawn as SVG: the median of each contender, the quartiles as a whisker, Culvert's ratio to each peer."""
from xml.sax.saxutils import escape

from .contenders import OWN, label
from .text import compared, short

WIDTH, ROW, TOP = 860, 26, 44
LETTER, RIGHT = 7, 330  # a letter's width, roughly; room for the figures behind the longest bar
STYLE = ("text{font:13px sans-serif;fill:#222}.t{font-weight:bold}.u{fill:#666}.b{fill:#9db4c8}.o{fill:#1f6f8b}.w{stroke:#222;stroke-width:1.5}"
         "@media(prefers-color-scheme:dark){text{fill:#ddd}.u{fill:#aaa}.w{stroke:#ddd}}")


def all_of(result):
    """(File name, drawing) of each measurement."""
    for measurement in result["measurements"]:
        yield file_name(measurement), draw(measurement)


def file_name(measurement):
    return measurement["id"].replace("/", "-").lower() + ".svg"


def draw(measurement):
    rows, ratios = measurement["summary"]["contenders"], measurement["summary"]["ratios"].get("culvert", {})
    left = LETTER * max(len(label(name)) for name in rows) + 10
    scale = (WIDTH - left - RIGHT) / max(row["quartiles"][1] for row in rows.values())
    height = TOP + ROW * len(rows) + 8
    parts = ["<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">" % (WIDTH, height, WIDTH, height),
             "<style>%s</style>" % STYLE,
             "<text class=\"t\" x=\"0\" y=\"15\">%s</text>" % escape("%s, rig: %s" % (measurement["title"], measurement["rig"])),
             "<text class=\"u\" x=\"0\" y=\"33\">%s</text>" % escape("%s; %s is better; median and quartiles of %d rounds; ratio: culvert's median over the peer's" % (
                 measurement["unit"], "more" if measurement["more_is_better"] else "less", measurement["rounds"]))]
    for index, (name, row) in enumerate(rows.items()):
        y = TOP + ROW * index
        middle = y + ROW // 2 - 2
        (lower, upper), said = row["quartiles"], short(row["median"])
        if name in ratios:
            said += "; " + compared(ratios[name])
        parts += ["<text x=\"0\" y=\"%d\">%s</text>" % (y + 16, escape(label(name))),
                  "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>" % ("o" if name in OWN else "b", left, y + 2, row["median"] * scale, ROW - 8),
                  "<line class=\"w\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>" % (left + lower * scale, left + upper * scale, middle, middle),
                  "<text x=\"%.1f\" y=\"%d\">%s</text>" % (left + max(row["median"], upper) * scale + 6, y + 16, escape(said))]
    return "\n".join(parts) + "\n</svg>\n"
