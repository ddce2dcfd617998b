"""`onhand check-pages` finds untranslated texts and addresses of outside hosts."""

from pathlib import Path

import pytest

from commands.check_pages import extracted, outside_hosts, renew, untranslated

HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "api").mkdir()
    (tmp_path / "web" / "templates").mkdir(parents=True)
    (tmp_path / "web" / "static" / "vendor").mkdir(parents=True)
    (tmp_path / "web" / "pages.py").write_text('title = _("Orders")\n')
    (tmp_path / "web" / "templates" / "order.html").write_text(
        "{% trans %}Parcels{% endtrans %} {{ ngettext('%(num)d line', '%(num)d lines', n) }}"
    )
    return tmp_path


def catalogue(root: Path, text: str) -> Path:
    path = root / "web" / "locales" / "zh" / "LC_MESSAGES" / "messages.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD + text, "utf-8")
    return path


def test_texts_of_code_and_templates_are_found(root: Path) -> None:
    texts = {message.id for message in extracted(root) if message.id}
    assert texts == {"Orders", "Parcels", ("%(num)d line", "%(num)d lines")}


def test_a_complete_catalogue_has_no_faults(root: Path) -> None:
    path = catalogue(
        root,
        'msgid "Orders"\nmsgstr "订单"\n\nmsgid "Parcels"\nmsgstr "包裹"\n\n'
        'msgid "%(num)d line"\nmsgid_plural "%(num)d lines"\nmsgstr[0] "%(num)d 行"\n',
    )
    assert list(untranslated(path, extracted(root))) == []


def test_missing_empty_and_fuzzy_texts_are_named(root: Path) -> None:
    path = catalogue(
        root,
        'msgid "Orders"\nmsgstr ""\n\n#, fuzzy\nmsgid "Parcels"\nmsgstr "包裹"\n',
    )
    assert sorted(untranslated(path, extracted(root))) == [
        "zh: '%(num)d line' (web/templates/order.html:1) is missing",
        "zh: 'Orders' (web/pages.py:1) is empty",
        "zh: 'Parcels' (web/templates/order.html:1) is fuzzy",
    ]


def test_a_percent_that_would_break_its_page_is_named(root: Path) -> None:
    path = catalogue(
        root,
        'msgid "Orders"\nmsgstr "订单（%）"\n\nmsgid "Parcels"\nmsgstr "包裹 %%"\n\n'
        'msgid "%(num)d line"\nmsgid_plural "%(num)d lines"\nmsgstr[0] "%(num)d 行"\n',
    )
    assert list(untranslated(path, extracted(root))) == [
        "zh: 'Orders' (web/pages.py:1) has a % that a page takes for the name of something"
    ]


def test_renewing_keeps_translations_and_guesses_nothing(root: Path) -> None:
    path = catalogue(root, 'msgid "Orders"\nmsgstr "订单"\n\nmsgid "Gone"\nmsgstr "没有了"\n')
    renew(path, extracted(root))
    text = path.read_text("utf-8")
    assert 'msgid "Orders"\nmsgstr "订单"' in text
    assert 'msgid "Parcels"\nmsgstr ""' in text
    assert "Gone" not in text
    assert "fuzzy" not in text


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ('<script src="https://cdn.example.net/x.js"></script>', "https://cdn.example.net"),
        ("<link href='//fonts.example.net/css'>", "//fonts.example.net"),
        ('fetch("http://10.0.0.1/x")', "http://10.0.0.1"),
    ],
)
def test_an_outside_host_is_found(root: Path, line: str, address: str) -> None:
    (root / "web" / "templates" / "order.html").write_text(f"<p>\n{line}\n")
    assert list(outside_hosts(root / "web")) == [
        f"web/templates/order.html:2: outside host {address}"
    ]


def test_names_own_paths_and_comments_are_no_hosts(root: Path) -> None:
    (root / "web" / "static" / "page.js").write_text(
        'const name = "http://www.w3.org/2000/svg"; // see order.html\nfetch("/api/v1/orders")\n'
    )
    (root / "web" / "static" / "vendor" / "lib.css").write_text(
        "/* https://lib.example.net */ a { background: url('data:image/svg+xml,x') }\n"
    )
    assert list(outside_hosts(root / "web")) == []


def test_a_library_that_would_load_from_outside_is_found(root: Path) -> None:
    (root / "web" / "static" / "vendor" / "lib.css").write_text(
        "@import url('https://fonts.example.net/inter.css');\n"
    )
    assert len(list(outside_hosts(root / "web"))) == 1
