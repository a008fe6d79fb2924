"""The parts of templates/ui, rendered through Django's engine."""

from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from replication import clock

PAGES = ["/", "/guide/wizard", "/guide/item", "/guide/sign-in", *(f"/guide/page/{n}" for n in (400, 403, 404, 500))]


def drawn(text, request=None, **values):
    request = request or RequestFactory().get("/items?health=Critical&page=3")
    return Template("{% load portal_ui %}" + text).render(Context(values | {"request": request}))


class Tags(HTMLParser):
    """Attributes of every tag, and those that were left open."""

    VOID = {"meta", "link", "input", "br", "hr", "img", "path", "rect", "circle", "use", "col"}

    def __init__(self, text):
        super().__init__()
        self.seen, self.open = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"</{tag}> closes something else"


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_pages_close_their_tags_repeat_no_id_and_hold_nothing_inline(guide, page):
    tags = Tags(guide.get(page).content.decode())
    assert not tags.open
    ids = [attrs["id"] for _, attrs in tags.seen if "id" in attrs]
    assert len(ids) == len(set(ids))
    for tag, attrs in tags.seen:
        assert "style" not in attrs
        assert not [name for name in attrs if name.startswith("on")]
        assert tag != "script" or "src" in attrs


@pytest.mark.django_db
@pytest.mark.parametrize("page", PAGES)
def test_every_icon_is_in_the_sprite(guide, page, settings):
    sprite = (settings.BASE_DIR / "static/portal/icons.svg").read_text()
    used = {attrs["href"] for tag, attrs in Tags(guide.get(page).content.decode()).seen if tag == "use"}
    assert [href for href in used if f'id="{href.partition("#")[2]}"' not in sprite] == []


@pytest.mark.django_db
def test_a_refused_form_keeps_what_was_typed_and_ties_the_sentence_to_the_field(guide):
    response = guide.post("/guide/wizard", {"group": "a-name-that-is-far-too-long", "location": "southeastasia"})
    assert response.status_code == 422
    group = next(a for _, a in Tags(response.content.decode()).seen if a.get("name") == "group")
    assert group["value"] == "a-name-that-is-far-too-long"
    assert group["aria-invalid"] == "true"
    assert group["aria-describedby"] == "id_group_helptext id_group_error"
    assert 'id="id_group_error"' in response.content.decode()


def test_what_cannot_be_done_stays_visible_and_says_why():
    html = drawn('{% action "Failover" icon="failover" href="/failover" reason=why %}', why="Only administrators can.")
    assert 'aria-disabled="true"' in html
    assert "/failover" not in html
    assert 'id="why-failover-not">Only administrators can.<' in html


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ('href="/a"', '<a class="command" href="/a"'),
        ('dialog="d"', 'data-open="d"'),
        ('post="/b"', 'method="post" action="/b"'),
    ],
)
def test_an_action_is_a_link_a_dialog_or_a_form(parts, expected):
    assert expected in drawn('{% action "Go" reason="" ' + parts + " %}")


def test_text_of_others_is_escaped_everywhere():
    evil = "<b onclick=x>"
    html = drawn(
        '{% status "ok" t %}{% mark "new" t %}{% crumb t t %}{% health t %}{% progress 3 t %}{% regions t t %}{% action t reason=t %}'
        "{% message 'ok' title=t %}{{ t }}{% endmessage %}{% panel t %}{{ t }}{% endpanel %}{% sort_header 'a' t %}{% icon t %}",
        t=evil,
    )
    assert evil not in html


@pytest.mark.parametrize(
    ("word", "shown"), [("Critical", "Critical"), ("Normal", "Healthy"), (None, "Not applicable"), ("Odd", "Odd")]
)
def test_health_is_a_shape_and_a_word(word, shown):
    html = drawn("{% health word %}", word=word)
    assert shown in html
    assert "<use href=" in html


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "—"),
        (0, "0 s"),
        (96, "1 min 36 s"),
        (120, "2 min"),
        (2460, "41 min"),
        (11520, "3 h 12 min"),
        (187200, "2 d 4 h"),
    ],
)
def test_durations_in_words(seconds, words):
    assert drawn("{{ s|duration }}", s=seconds) == words


@pytest.mark.parametrize(
    ("octets", "words"),
    [(None, "—"), (0, "0 B"), (1536, "1.5 KiB"), (38 * 1024**3, "38 GiB"), (7036874417766, "6.4 TiB")],
)
def test_sizes_in_binary_units(octets, words):
    assert drawn("{{ b|binary_size }}", b=octets) == words


def test_counts_and_plurals():
    assert drawn('{{ 1|counted:"machine" }}, {{ 1248|counted:"policy,policies" }}') == "1 machine, 1,248 policies"


def test_times_carry_utc_and_as_of_names_the_day_only_when_it_is_another():
    noon = datetime(2026, 11, 23, 12, 41, 7, tzinfo=UTC)
    with clock.injected(lambda: noon):
        assert ">12:41:07</time>" in drawn("{% as_of at %}", at=noon)
    with clock.injected(lambda: noon.replace(day=25)):
        assert ">23 Nov 2026 12:41</time>" in drawn("{% as_of at %}", at=noon)
    assert 'title="23 Nov 2026 12:41:07 UTC"' in drawn("{% when at %}", at=noon)
    assert drawn("{% as_of at %}", at=None) == "Not read yet"


def test_links_keep_the_view_and_only_paging_keeps_the_page():
    assert drawn("{% query page=4 as u %}{{ u }}") == "?health=Critical&amp;page=4"
    assert drawn("{% query sort='name' as u %}{{ u }}") == "?health=Critical&amp;sort=name"
    assert drawn("{% query health=None as u %}{{ u }}") == "/items"


def test_a_column_head_says_how_it_is_sorted_and_turns_round():
    html = drawn('{% sort_header "name" "Name" default="name" %}')
    assert 'aria-sort="ascending"' in html
    assert "sort=-name" in html
    html = drawn('{% sort_header "name" "Name" %}', request=RequestFactory().get("/?sort=-name"))
    assert 'aria-sort="descending"' in html
