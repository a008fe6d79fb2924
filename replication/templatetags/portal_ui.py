"""The portal's template vocabulary: `{% load portal_ui %}`. One example of each stands in templates/ui/README.md.

Tags that are called once a table cell (icon, status, health, when) build their markup here; whatever is used a few times a page
is a template in templates/ui/ (an include costs as much as the cell it would draw).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote_plus, urlencode

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import BoundField
from django.http import HttpRequest
from django.template.context import Context
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify

from replication import charts, clock, navigation
from replication.domain import safety
from replication.domain import words as words_of
from replication.grid import View
from replication.markup import address_if_any, escaped, markup

register = template.Library()

NOTHING = mark_safe('<span class="muted" aria-hidden="true">—</span><span class="hidden-text">no data</span>')

# Tone -> icon. A state is told by shape, word and colour, never by colour alone.
TONE_ICONS = {
    "ok": "ok",
    "warn": "warn",
    "error": "error",
    "info": "info",
    "run": "sync",
    "wait": "none",
    "none": "none",
    "skipped": "skip",
    "cancelled": "stop",
}

# Azure's health words (site-recovery-protocol.md): tone and the portal's word.
HEALTH = {
    "Critical": ("error", "Critical"),
    "Warning": ("warn", "Warning"),
    "Normal": ("ok", "Healthy"),
    "None": ("none", "Not applicable"),
}

CURRENT = mark_safe(' aria-current="true"')
MARK_WORDS = {"new": "New", "reuse": "Reuse", "recommended": "Recommended", "change": "Change", "changed": "Changed"}


def _drawn(name: str, values: dict[str, Any]) -> SafeString:
    """A template of templates/ui/."""
    template = _found(name) if settings.DEBUG else _kept(name)
    return SafeString(template.render(values))


def _found(name: str) -> Any:
    return get_template(f"ui/{name}.html")


_kept = lru_cache(maxsize=50)(_found)  # looked up once: a page draws a dozen


# --- icons and states ---------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _sprite() -> str:
    """The address of the icons, looked up once: a grid has hundreds of them."""
    return static("portal/icons.svg")


@register.simple_tag
@lru_cache(maxsize=1000, typed=True)  # typed: what is markup and what is not are two
def icon(name: str, css: str = "", label: str = "") -> SafeString:
    """A symbol of static/portal/icons.svg; decoration unless it is given a label."""
    href = f"{_sprite()}#{name}"
    if label:
        return markup('<svg class="icon {}" role="img" aria-label="{}"><use href="{}"/></svg>', css, label, href)
    return markup('<svg class="icon {}" aria-hidden="true"><use href="{}"/></svg>', css, href)


@register.simple_tag
@lru_cache(maxsize=1000, typed=True)
def status(tone: str, text: str, css: str = "") -> SafeString:
    """Icon and word of a state. tone: ok, warn, error, info, run, wait, none, skipped or cancelled."""
    shape = icon(TONE_ICONS.get(tone, "none"), f"tone-{tone if tone in TONE_ICONS else 'none'}")
    return markup('<span class="status {}">{}{}</span>', css, shape, text)


@register.simple_tag
def badge(state: Any) -> SafeString:
    """The same for anything that carries `tone` and `label` (an enum of domain/states.py)."""
    return status(str(getattr(state, "tone", "none")), str(getattr(state, "label", state)))


@register.simple_tag
def health(value: str | None) -> SafeString:
    """Azure's health word as a badge: Normal, Warning, Critical, None; a word never seen is shown as it is."""
    tone, word = HEALTH.get(value or "None", ("none", value or "Not applicable"))
    return status(tone, word)


@register.simple_tag
def mark(kind: str, text: str = "") -> SafeString:
    """The small rounded tag: new, reuse, recommended, change, changed, ok, info, warn, error or plain (with a text)."""
    return markup('<span class="mark {}">{}</span>', kind, text or MARK_WORDS.get(kind, kind))


@register.simple_tag
def progress(percent: float | None, text: str = "") -> SafeString:
    """A small bar with its text and number, for a cell. Without a number only the text."""
    if percent is None:
        return status("run", text) if text else NOTHING
    shown = max(0, min(100, round(percent)))
    return markup(
        '<span class="status"><progress max="100" value="{}" aria-hidden="true"></progress>'
        '<span>{} <span class="number">{}%</span></span></span>',
        shown,
        text,
        shown,
    )


@register.simple_tag
@lru_cache(maxsize=1000, typed=True)
def regions(active: str, other: str) -> SafeString:
    """ "East Asia → Southeast Asia"; read out with the word *to*."""
    return markup(
        '<span class="arrow">{}{}<span class="hidden-text"> to </span>{}</span>', active, icon("arrow"), other
    )


# --- numbers and times --------------------------------------------------------------------------------------------


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in words: 48 s, 1 min 36 s, 41 min, 3 h 12 min, 2 d 4 h; a dash when there is nothing to say."""
    if seconds is None:
        return "—"
    return words_of.duration(seconds)


@register.filter
def binary_size(octets: float | None) -> str:
    """Bytes in binary units: 512 MiB, 38 GiB, 6.4 TiB."""
    if octets is None:
        return "—"
    value, units = float(octets), ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.1f}".rstrip("0").rstrip(".") + f" {units[0]}" if value < 10 else f"{value:,.0f} {units[0]}"


@register.filter
def gib(size: float | None) -> str:
    """A size in GiB, as Azure gives disks: 128 GiB, 6.4 TiB."""
    return binary_size(None if size is None else size * 1024**3)


@register.filter
def thousands(number: int | None) -> str:
    """1,248; a dash for nothing."""
    return "—" if number is None else f"{number:,}"


@register.filter
def counted(number: int, words: str) -> str:
    """`{{ 3|counted:"machine" }}` is *3 machines*; an irregular plural follows a comma: "policy,policies"."""
    return words_of.amount(number, words)


def _time(at: datetime, text: str, css: str = "") -> SafeString:
    universal = at.astimezone(UTC)
    return markup(
        '<time class="{}" datetime="{}" title="{}">{}</time>',
        css,
        universal.isoformat(timespec="seconds"),
        f"{universal:%d %b %Y %H:%M:%S} UTC",
        text,
    )


@register.simple_tag
def when(at: datetime | str | None, shape: str = "") -> SafeString:
    """A moment in local time, UTC as its title. shape: "" = date and minute, "seconds", "date", or "time" (12:41:07).

    at: a datetime, or ISO 8601 as documents store it; any other text is shown as it is.
    """
    if isinstance(at, str):
        at = parse_datetime(at) or at
    if not isinstance(at, datetime):
        return escaped(at) if at else NOTHING
    local = timezone.localtime(at)
    formats = {"seconds": "%d %b %Y %H:%M:%S", "date": "%d %b %Y", "time": "%H:%M:%S"}
    return _time(at, local.strftime(formats.get(shape, "%d %b %Y %H:%M")), "nowrap")


@register.simple_tag
def as_of(at: datetime | None, verb: str = "As of") -> SafeString:
    """*As of 12:41*, with the date when that is not today; *Not read yet* when nothing was ever read."""
    if at is None:
        return mark_safe("Not read yet")
    local, today = timezone.localtime(at), timezone.localtime(clock.now()).date()
    text = f"{local:%H:%M:%S}" if local.date() == today else f"{local:%d %b %Y %H:%M}"
    return markup("{} {}", verb, _time(at, text))


@register.simple_tag
def azure_read(at: datetime | None) -> SafeString:
    """*Azure read 12:41:07*, and whether that is too long ago: beside the commands, and with every live answer."""
    return markup("{}{}", as_of(at, "Azure read"), ", too long ago" if at and stale(at) else "")


@register.filter
def stale(at: datetime | None) -> bool:
    """Whether what was read then is too old to rely on."""
    return not safety.fresh(at, clock.now())


# --- links that keep the view -------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: Any) -> str:
    """This page's query string with changes: None removes a key, and every change but of the page goes back to page 1."""
    request: HttpRequest = context["request"]
    params = dict(request.GET.lists())
    for name, value in ({"page": None} | changes).items():
        if value is None or value == "":
            params.pop(name, None)
        else:
            params[name] = [str(value)]
    return f"?{urlencode(params, doseq=True)}" if params else request.path


@register.simple_tag(takes_context=True)
def query_only(context: Context, *kept: str) -> str:
    """This page's query string with nothing but what is named: "?columns=name,rpo", at least "?"."""
    request: HttpRequest = context["request"]
    params = request.GET.copy()
    for name in set(params) - set(kept):
        del params[name]
    return f"?{params.urlencode()}"


@register.simple_tag(takes_context=True)
def sort_header(context: Context, name: str, label: str, css: str = "", default: str = "") -> SafeString:
    """A column head that sorts: `?sort=name` and, the second time, `?sort=-name`. default: what is sorted by without it."""
    request: HttpRequest = context["request"]
    current = request.GET.get("sort") or str(context.get("sort") or default)
    up, down = current == name, current == f"-{name}"
    state = mark_safe(' aria-sort="ascending"') if up else mark_safe(' aria-sort="descending"') if down else ""
    link = query(context, sort=f"-{name}" if up else name)
    arrow = icon("up") if up else icon("down") if down else ""
    return markup('<th scope="col" class="{}"{}><a href="{}">{}{}</a></th>', css, state, link, label, arrow)


@register.simple_tag
def page_numbers(page: Page[Any]) -> list[int | str]:
    """1 2 3 … 9 around the current page; a gap is the paginator's ellipsis."""
    return list(page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1))


# --- actions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing that a person can do here, as ui/action.html draws it.

    href: a link; post: a form that posts there (with `fields` hidden in it); dialog: opens the dialog of that id;
    reason: why it cannot be done now, which turns it into a button that only says so.
    """

    label: str
    icon: str = ""
    href: str = ""
    post: str = ""
    dialog: str = ""
    reason: str = ""
    css: str = "command"
    blade: bool = False
    name: str = ""
    value: str = ""

    @property
    def reason_id(self) -> str:
        """Id of the sentence that aria-describedby points to; unique as long as labels on a page are."""
        what = slugify(f"{self.name}{self.value}") or "not"
        return f"why-{slugify(self.label)}-{what}"


@register.simple_tag(takes_context=True)
def action(context: Context, label: str, **parts: Any) -> SafeString:
    """A command of the bar (default) or, with css="button primary", a button. Parts are those of `Action`.

    With a reason it stays visible and focusable, says why on hover and focus, and does nothing (ux.md §7.4); the server
    refuses it as well.
    """
    given = Action(label=label, **{name: value for name, value in parts.items() if value is not None})
    return _drawn("action", {"action": given, "csrf_token": context.get("csrf_token")})


# --- blocks -------------------------------------------------------------------------------------------------------


def _block(name: str, content: str, **values: Any) -> SafeString:
    return _drawn(name, {"content": content, **values})


@register.simple_block_tag
def message(content: str, tone: str = "info", title: str = "", alert: bool = False) -> SafeString:
    """A message bar: info, ok, warn or error. alert=True is announced at once: only for what just went wrong."""
    return _block("message", content, tone=tone, title=title, alert=alert, icon=TONE_ICONS.get(tone, "info"))


@register.simple_block_tag
def card(content: str, title: str, css: str = "") -> SafeString:
    """A summary card of the cards row."""
    return _block("card", content, title=title, css=css)


@register.simple_block_tag
def panel(content: str, title: str, link: str = "", link_text: str = "", id: str = "") -> SafeString:
    """A bordered section with a heading and, at its right, one link."""
    return _block("panel", content, title=title, link=link, link_text=link_text, id=id or slugify(title))


@register.simple_block_tag
def blade(content: str, id: str, title: str, css: str = "", sub: str = "") -> SafeString:
    """A dialog from the right; css "narrow" (360 px) or "medium" (560 px). Opened by data-open="<id>"."""
    return _block("blade", content, id=id, title=title, css=css, sub=sub)


@register.simple_block_tag
def confirm(content: str, id: str, title: str) -> SafeString:
    """A small dialog that asks before something is done; its content is the form."""
    return _block("confirm", content, id=id, title=title)


@register.simple_block_tag
def empty(content: str, title: str, icon: str = "list") -> SafeString:
    """What a list shows when it has nothing: says so, why, and the one thing to do."""
    return _block("empty", content, title=title, icon=icon)


# --- shell --------------------------------------------------------------------------------------------------------


@register.simple_tag
def crumb(text: str, url: str = "") -> SafeString:
    """One entry of the breadcrumbs; the last has no url."""
    if url:
        return markup('<li><a href="{}">{}</a></li>', url, text)
    return markup('<li aria-current="page">{}</li>', text)


@register.simple_tag(takes_context=True)
def menu(context: Context) -> list[navigation.Section]:
    """The menu's sections for this vault and person; entries whose page does not exist are left out."""
    request: HttpRequest | None = context.get("request")
    return navigation.sections(
        vault=context.get("vault"),
        permissions=context.get("permissions", frozenset()),
        current=request.resolver_match.view_name if request and request.resolver_match else "",
        counts=context.get("menu_counts") or {},
    )


@register.simple_tag
def menu_link(link: navigation.Link) -> SafeString:
    """An entry of the menu; the page's own is marked."""
    count = markup('<span class="count">{}</span>', thousands(link.count)) if link.count else ""
    here = mark_safe(' aria-current="page"') if link.current else ""
    return markup('<a href="{}"{}>{}{}{}</a>', link.url, here, icon(link.icon), link.label, count)


@register.simple_tag
def url_if_any(name: str) -> str:
    """The address of a page, or nothing where this installation has no such page."""
    return address_if_any(name)


@register.simple_tag(takes_context=True)
def theme(context: Context) -> str:
    """light, dark or auto, from the account's setting, else from the cookie; set by the server, so nothing flashes."""
    request: HttpRequest | None = context.get("request")
    chosen = getattr(context.get("user"), "theme", "") or (request.COOKIES.get("theme", "") if request else "")
    return chosen if chosen in {"light", "dark"} else "auto"


# --- charts -------------------------------------------------------------------------------------------------------


@register.simple_tag
def donut(parts: Iterable[charts.Part]) -> SafeString:
    """The ring of a card; parts are (tone, word, number[, link])."""
    return charts.donut(list(parts))


@register.simple_tag
def stacked_bar(parts: Iterable[charts.Part]) -> SafeString:
    """The thin bar of a card, same parts as the donut."""
    return charts.stacked_bar(list(parts))


@register.simple_tag
def sparkline(values: Iterable[float | None], target: float | None = None, tone: str = "ok") -> SafeString:
    """A line of a cell; decoration, the number stands beside it."""
    return charts.sparkline(list(values), target, tone)


@register.filter
def words(text: str) -> list[str]:
    """A list of words written in a template."""
    return text.split()


@register.filter
def item(mapping: Mapping[str, Any], key: str) -> Any:
    """`{{ counts|item:key }}`: a value by a key that is itself a variable."""
    return mapping.get(key)


@register.simple_tag
def tone_icon(tone: str) -> SafeString:
    """The icon of a tone alone, where its word stands elsewhere."""
    return icon(TONE_ICONS.get(tone, "none"), f"tone-{tone}")


_REQUIRED = SafeString('<span class="required" aria-hidden="true">*</span>')


@register.simple_tag
def form_field(bound: BoundField, kind: str = "", note: str = "") -> SafeString:
    """One form field: label, control, help and error. kind: of a mark behind the control; note: words there."""
    if bound.is_hidden:
        return SafeString(bound)
    star = _REQUIRED if bound.field.required else ""
    group, label = "", markup('<label for="{}">{}{}</label>', bound.id_for_label, bound.label, star)
    if bound.use_fieldset:
        said = markup(' aria-describedby="{}"', bound.aria_describedby) if bound.aria_describedby else ""
        group = markup(' role="group" aria-labelledby="{}_label"{}', bound.auto_id, said)
        label = markup('<span class="label" id="{}_label">{}{}</span>', bound.auto_id, bound.label, star)
    parts = [
        markup('<div class="field"{}>{}<div class="value">{}{}', group, label, SafeString(bound), mark(kind) if kind else ""),
        markup('<span class="muted">{}</span></div>', note) if note else "</div>",
    ]
    if bound.help_text:
        parts.append(markup('<p class="help" id="{}_helptext">{}</p>', bound.auto_id, SafeString(bound.help_text)))
    if "hx-get" in bound.field.widget.attrs:
        parts.append(markup('<p class="help preview" role="status">{}</p>', getattr(bound.field, "preview", "")))
    if bound.errors:
        pattern = '<div class="error-text" id="{}_error">{}<span>{}</span></div>'
        parts.append(markup(pattern, bound.auto_id, icon("error"), " ".join(map(str, bound.errors))))
    return SafeString("".join([*parts, "</div>"]))


@register.simple_tag(takes_context=True)
def filter_links(context: Context, name: str, options: Iterable[tuple[str, str]], chosen: str, any_text: str = "") -> SafeString:
    """Links to this view without one filter and with each of its choices; the chosen one is marked."""
    without = query(context, **{name: None})
    begun = f"{without}&" if without.startswith("?") else "?"
    links = [(without, any_text or "all", not chosen)]
    links += [(f"{begun}{name}={quote_plus(str(value))}", text, value == chosen) for value, text in options]
    return mark_safe("".join(markup('<a href="{}"{}>{}</a>', url, CURRENT if here else "", text) for url, text, here in links))  # noqa: S308


@register.simple_tag
def column_boxes(view: View) -> SafeString:
    """A box a column of a grid, ticked where the view has it; the first is always there."""
    shown = {column.key for column in view.columns}
    boxes = []
    for number, column in enumerate(view.grid.columns):
        state = mark_safe((" checked" if column.key in shown else "") + ("" if number else " disabled"))  # noqa: S308
        pattern = '<label class="choice"><input type="checkbox" name="columns" value="{}"{}>{}</label>'
        boxes.append(markup(pattern, column.key, state, column.label))
    return mark_safe("".join(boxes))  # noqa: S308  each box is escaped


@register.simple_tag
def chosen_text(options: Iterable[tuple[str, str]], chosen: str, any_text: str = "") -> str:
    """The text of the chosen option, or the word for no choice."""
    return next((text for value, text in options if str(value) == str(chosen)), any_text or "all")
