"""Pages of the simulated vendors for people: one plain style, German and English side by side."""

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape
from werkzeug.wrappers import Response

STYLE = """
:root { color-scheme: light dark; --line: #d9dee5; --soft: #f4f6f9; --text: #1d2733; --mark: #1f6f54;
  --bad: #a3262a; --paper: #fff; --on-mark: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a4452; --soft: #1d232b; --text: #e6eaf0; --mark: #6fcfab; --bad: #ff8f8f;
    --paper: #14181d; --on-mark: #10231c; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--paper); margin: 0 auto;
  max-width: 76rem; padding: 0 1.2rem 3rem; }
header { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; align-items: baseline; padding: 1rem 0 .6rem;
  border-bottom: 3px solid var(--mark); }
header strong { font-size: 1.15rem; }
nav { display: flex; flex-wrap: wrap; gap: 1rem; }
a { color: var(--mark); }
h1 { font-size: 1.35rem; margin: 1.2rem 0 .4rem; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { background: var(--soft); font-weight: 600; white-space: nowrap; }
td.number { text-align: right; white-space: nowrap; }
.tight th { white-space: normal; vertical-align: bottom; }
.tight td { white-space: nowrap; }
form.row { display: inline-flex; flex-wrap: wrap; gap: .5rem; align-items: center;
  margin: .2rem .8rem .2rem 0; }
button, input, select { font: inherit; padding: .25rem .6rem; border: 1px solid var(--line);
  border-radius: .35rem; }
button { background: var(--mark); color: var(--on-mark); border-color: var(--mark); cursor: pointer; }
.good { color: var(--mark); font-weight: 600; }
.bad { color: var(--bad); font-weight: 600; }
.muted { opacity: .7; }
pre { background: var(--soft); padding: .8rem; overflow-x: auto; }
"""
LAYOUT = Markup(
    '<!doctype html><html lang="de"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style}</style></head>'
    "<body><header><strong>{site}</strong><nav>{links}</nav></header><main><h1>{title}</h1>{body}</main></body></html>"
)


def page(
    site: str, title: str, *parts: str, links: Iterable[tuple[str, str]] = (), status: int = 200
) -> Response:
    """A whole page. `parts` are Markup (from the helpers here); plain text is escaped."""
    shown = Markup(" ").join(link(text, url) for text, url in links)
    body = Markup("").join(escape(part) for part in parts)
    html = LAYOUT.format(title=title, style=Markup(STYLE), site=site, links=shown, body=body)  # noqa: S704
    return Response(html, status=status, content_type="text/html; charset=utf-8")


def link(text: str, url: str) -> Markup:
    return Markup('<a href="{}">{}</a>').format(url, text)


def heading(text: str) -> Markup:
    return Markup("<h2>{}</h2>").format(text)


def note(text: str) -> Markup:
    return Markup('<p class="muted">{}</p>').format(text)


def good(text: str) -> Markup:
    return Markup('<span class="good">{}</span>').format(text)


def bad(text: str) -> Markup:
    return Markup('<span class="bad">{}</span>').format(text)


def table(
    headings: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    empty: str = "Noch nichts. / Nothing yet.",
    tight: bool = False,
) -> Markup:
    """A table; cells are escaped unless they are Markup, numbers stand on the right.

    `tight`: for many columns; headings wrap, cells do not, the table scrolls sideways.
    """
    lines = [Markup("<tr>{}</tr>").format(Markup("").join(_cell(cell) for cell in row)) for row in rows]
    if not lines:
        return note(empty)
    head = Markup("").join(Markup("<th>{}</th>").format(text) for text in headings)
    shell = Markup(
        '<div class="wide"><table class="{}"><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    )
    return shell.format("tight" if tight else "", head, Markup("").join(lines))


def form(action: str, button: str, *fields: str) -> Markup:
    """A small POST form in one line; `fields` come from field(), choice() and hidden()."""
    return Markup('<form class="row" method="post" action="{}">{}<button>{}</button></form>').format(
        action, Markup("").join(fields), button
    )


def field(name: str, label: str, value: str = "") -> Markup:
    return Markup('<label>{} <input name="{}" value="{}"></label>').format(label, name, value)


def hidden(name: str, value: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, value)


def choice(name: str, label: str, options: Iterable[tuple[str, str]], selected: str = "") -> Markup:
    shown = Markup("").join(
        Markup('<option value="{}"{}>{}</option>').format(
            value, Markup(" selected") if value == selected else "", text
        )
        for value, text in options
    )
    return Markup('<label>{} <select name="{}">{}</select></label>').format(label, name, shown)


def _cell(value: object) -> Markup:
    if isinstance(value, int) and not isinstance(value, bool):
        return Markup('<td class="number">{}</td>').format(value)
    return Markup("<td>{}</td>").format("" if value is None else value)
