"""HTML pages: what is read, what is kept out, and which pages are no index pages."""

from __future__ import annotations

import html
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from safepip.core.digest import Algorithm
from safepip.core.index import FileEntry, Listing, ProjectStatus
from safepip.core.limits import Limits
from safepip.core.url import Url
from safepip.simpleapi import tokens
from safepip.simpleapi.negotiate import parse_page
from safepip.simpleapi.page import PageError

PAGE = Url.parse("https://index.example/simple/demo/")
NAME = "demo-1.0-py3-none-any.whl"
SHA = "a" * 64


def listing(
    body: str, content_type: str = "text/html", project: str | None = "demo", url: Url = PAGE
) -> Listing:
    return parse_page(body.encode(), content_type, url, project, index_name="corp", limits=Limits())


def page(*anchors: str, head: str = "<title>Links for demo</title>") -> str:
    return (
        f"<!DOCTYPE html>\n<html><head>{head}</head><body>\n" + "<br/>\n".join(anchors) + "\n</body></html>"
    )


def anchor(href: str = f"../../files/{NAME}#sha256={SHA}", text: str = NAME, more: str = "") -> str:
    return f'<a href="{html.escape(href)}"{more}>{text}</a>'


def only(body: str) -> FileEntry:
    (entry,) = listing(body).files
    return entry


def test_every_attribute_is_read():
    more = (
        ' data-requires-python="&gt;=3.8" data-yanked="broken" data-core-metadata="sha256=' + "b" * 64 + '"'
        ' data-provenance="https://index.example/p" data-gpg-sig="false"'
    )
    entry = only(page(anchor(more=more)))
    assert entry.filename == NAME
    assert entry.url == f"https://index.example/files/{NAME}"
    assert entry.digests.by_algorithm == {Algorithm.SHA256: SHA}
    assert entry.requires_python == ">=3.8"
    assert entry.yanked == "broken"
    assert entry.sidecar is not None
    assert entry.sidecar.by_algorithm == {Algorithm.SHA256: "b" * 64}
    assert entry.provenance == "https://index.example/p"
    assert entry.where == "line 3"
    assert (entry.size, entry.upload_time) == (None, None)


def test_every_meta_is_read():
    head = (
        '<meta name="pypi:repository-version" content="1.4">'
        '<meta name="pypi:project-status" content="deprecated">'
        '<meta name="pypi:project-status-reason" content="use other">'
        '<meta name="pypi:tracks" content="https://a.example/simple/demo/">'
        '<meta name="pypi:alternate-locations" content="https://b.example/simple/demo/">'
    )
    found = listing(page(anchor(), head=head))
    assert (found.status, found.status_reason) == (ProjectStatus.DEPRECATED, "use other")
    assert found.tracks == ("https://a.example/simple/demo/",)
    assert found.alternate_locations == ("https://b.example/simple/demo/",)
    assert found.notes == ()


@pytest.mark.parametrize(
    "more, yanked",
    [("", None), (" data-yanked", ""), (' data-yanked=""', ""), (' data-yanked="x &amp; y"', "x & y")],
)
def test_the_presence_of_data_yanked_yanks(more, yanked):
    assert only(page(anchor(more=more))).yanked == yanked


@pytest.mark.parametrize(
    "more, offered",
    [
        ("", False),
        (' data-core-metadata="true"', True),
        (' data-dist-info-metadata="true"', True),
        (' data-core-metadata="false" data-dist-info-metadata="true"', False),
    ],
)
def test_core_metadata_counts_and_the_old_name_only_without_it(more, offered):
    assert (only(page(anchor(more=more))).sidecar is not None) is offered


def test_several_digests_in_one_fragment_all_count():
    entry = only(page(anchor(f"/f/{NAME}#egg=demo&sha256={SHA}&md5={'0' * 32}")))
    assert entry.digests.by_algorithm == {Algorithm.SHA256: SHA, Algorithm.MD5: "0" * 32}


@pytest.mark.parametrize(
    "bad",
    [
        anchor(text="other-1.0-py3-none-any.whl"),
        anchor("https://index.example/f/evil-1.0-py3-none-any.whl", text=NAME),
        anchor(f"ht\ttp://evil.example/{NAME}"),
        anchor(f"https://index.example\\@evil.example/{NAME}"),
        anchor(f"/f/{NAME}#sha256=short"),
        anchor(f"/f/{NAME}#sha256={SHA}&sha256={'b' * 64}"),
        anchor(more=' data-core-metadata="sha256=short"'),
        anchor(more=' data-core-metadata="yes"'),
        anchor("/f/%2e%2e%2f" + NAME),
        anchor("data:application/zip;base64,UEsFBg=="),
    ],
)
def test_a_malformed_file_is_kept_out_and_its_neighbour_stays(bad):
    good = anchor(f"/f/demo-2.0-py3-none-any.whl#sha256={SHA}", text="demo-2.0-py3-none-any.whl")
    found = listing(page(bad, good))
    assert [entry.filename for entry in found.files] == ["demo-2.0-py3-none-any.whl"]
    (note,) = found.notes
    assert " (line 3): left out: " in note


def test_names_cut_by_a_web_servers_listing_are_taken_from_the_url():
    assert (
        only(page(anchor(NAME, text=NAME[:18] + "..&gt;"), head="<title>Index of /demo/</title>")).filename
        == NAME
    )


def test_links_to_folders_and_anchors_are_no_files():
    found = listing(page('<a href="../">Parent</a>', '<a href="#top">top</a>', '<a name="x">x</a>', anchor()))
    assert [entry.filename for entry in found.files] == [NAME]
    assert found.notes == ()


def test_the_first_base_counts_and_only_that():
    head = '<base href="https://cdn.example/one/"><base href="https://evil.example/two/">'
    assert only(page(anchor(NAME), head=head)).url == f"https://cdn.example/one/{NAME}"


@pytest.mark.parametrize("base", ["http://index.example/", "file:///etc/", "ftp://index.example/"])
def test_a_base_that_leaves_https_is_no_answer(base):
    with pytest.raises(PageError, match="base href") as caught:
        listing(page(anchor(NAME), head=f'<base href="{base}">'))
    assert caught.value.rule == "plaintext-link"


@pytest.mark.parametrize("base", ["https://exa mple/", "https://user:pw@index.example/"])
def test_an_unreadable_base_is_no_answer(base):
    with pytest.raises(PageError, match="base href"):
        listing(page(anchor(NAME), head=f'<base href="{base}">'))


@pytest.mark.parametrize(
    "body",
    [
        page(),
        page(head="<title>Simple index</title>"),
        page('<a href="../">../</a>', head="<title>Index of /simple/demo/</title>"),
        page(head='<meta name="pypi:repository-version" content="1.0">'),
        "<!DOCTYPE html><html><head></head><body></body></html>",
        "<html><body><h1>Links for demo</h1></body></html>",
    ],
)
def test_an_index_page_without_files_lists_nothing(body):
    assert listing(body).files == ()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not found",
        "{}",
        "<html><head><title>Sign in</title></head><body><form><input name=user></form></body></html>",
        '<html><body>Please <a href="/login/">log in</a></body></html>',
        "<html><body>502 Bad Gateway</body></html>",
        "<html><head><title>Error</title></head><body></body></html>",
        "<html><head><title>Links for demo</title></head><body><script>location='/login'</script></body></html>",
    ],
)
def test_a_page_without_files_that_is_no_index_page_is_no_answer(body):
    with pytest.raises(PageError):
        listing(body)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/json", "application/vnd.pypi.simple.v1+jsonX",
                                          "application/vnd.pypi.simple.v2+html", "text/htmlx"])  # fmt: skip
def test_only_the_types_of_the_simple_api_are_read(content_type):
    with pytest.raises(PageError, match=r"content type|which is none"):
        listing(page(anchor()), content_type)


@pytest.mark.parametrize("content_type", ["text/html", "Text/HTML; charset=UTF-8", 'text/html; charset="latin-1"',
                                          "application/vnd.pypi.simple.v1+html", "text/html;charset=us-ascii"])  # fmt: skip
def test_the_types_of_the_simple_api_are_read(content_type):
    assert len(listing(page(anchor()), content_type).files) == 1


@pytest.mark.parametrize("charset", ["utf-7", "utf-16", "rot13", "nonsense", ""])
def test_other_character_sets_are_no_answer(charset):
    with pytest.raises(PageError, match="character set"):
        listing(page(anchor()), f"text/html; charset={charset}")


def test_a_major_version_other_than_one_is_no_answer():
    with pytest.raises(PageError, match=r"version 2\.0"):
        listing(page(anchor(), head='<meta name="pypi:repository-version" content="2.0">'))


def test_an_unknown_project_status_is_no_answer():
    with pytest.raises(PageError, match="frozen"):
        listing(page(anchor(), head='<meta name="pypi:project-status" content="frozen">'))


def test_json_sent_as_html_is_no_answer():
    with pytest.raises(PageError, match="no HTML page"):
        listing('{"meta": {"api-version": "1.0"}, "name": "demo", "files": []}')


def test_a_page_of_links_serves_archives_of_many_projects_under_any_text():
    body = page(
        anchor(text="download"), anchor("other-2.0.tar.gz", text="here"), '<a href="about.html">about</a>'
    )
    found = listing(body, project=None)
    assert [entry.filename for entry in found.files] == [NAME, "other-2.0.tar.gz"]
    assert found.notes == ()


# -- the fast reader against html.parser ---------------------------------------------------------

PIECES = st.sampled_from(
    [
        *["<a", "</a>", ">", "/>", "<br/>", "<br>", "\n", " ", "\t", "\r\n", '"', "'", "="],
        *[
            'href="x"',
            'href="a&gt;b"',
            'href="a&b"',
            "data-yanked",
            "HREF='y'",
            '<a href="z">text</a>',
            "A",
            "text",
        ],
        *[
            '<a href="u" href="v">two</a>',
            '<a href="u">a &lt; b</a>',
            '<A href="U">caps</A>',
            "<!--",
            "-->",
            "<script>",
        ],
        *[
            "</script>",
            "<title>",
            "</title>",
            "<h1>",
            "</h1>",
            "<textarea>",
            "<![CDATA[",
            "]]>",
            "<?",
            "&amp;",
            "&#39;",
        ],
        *[
            '<base href="https://b.example/">',
            '<meta name="n" content="c">',
            "<form>",
            "<html>",
            "<body>",
            "é",
        ],
        *[
            "<template>",
            "</template>",
            '<a\nhref="n">line</a>',
            '<a href="m">sp </a >',
            "<p>",
            "\x0c",
            "\x0b",
            "\x00",
        ],
    ]
)


@pytest.mark.property
@given(st.lists(PIECES, max_size=25).map("".join))
@example('<title>x<a href="y">z</a></title>')
@example('<script><a href="y">z</a></script>')
@example('<!-- <a href="y">z</a> -->')
@example('<a href="y">z</a><!-- <a href="y">z</a> -->')
@example('<a href="y">z</a>\n<br/>\n<a href="y">z</a>')
@example('<h1><a href="y">z</a></h1>')
def test_the_fast_reader_and_the_full_one_read_the_same(text):
    assert tokens.tokenize(text) == tokens.tokenize_any(text)


ATTRIBUTE_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=12)


@pytest.mark.property
@given(
    st.lists(st.tuples(ATTRIBUTE_TEXT, ATTRIBUTE_TEXT.filter(lambda t: "<" not in t)), min_size=1, max_size=5)
)
def test_pages_written_by_an_index_take_the_fast_way_and_read_the_same(files):
    body = page(*[anchor(href, html.escape(text), ' data-yanked=""') for href, text in files])
    assert tokens.tokenize(body) == tokens.tokenize_any(body)


def test_the_common_form_takes_the_fast_way():
    assert (
        tokens._tokenize_simple(page(anchor(), anchor(more=' data-requires-python="&gt;=3.8"'))) is not None
    )


# -- relative links ------------------------------------------------------------------------------

SEGMENTS = st.sampled_from(["a", "b.c", "..", ".", "", "x+y", "%41", "~u", "a b", "a:b", "a;b", "?q", "é"])


@pytest.mark.property
@given(
    st.lists(SEGMENTS, max_size=6).map("/".join),
    st.sampled_from(["https://h.example/s/d/", "https://h.example/s/d/p.html", "https://h.example/"]),
)
def test_relative_links_mean_what_the_standard_says(reference, base):
    from urllib.parse import urljoin

    from safepip.simpleapi.page import EntryError, absolute

    try:
        found = absolute(base, reference)
    except EntryError:
        assert any(char in reference for char in " \\")
        return
    assert found == (reference if ":" in reference.partition("/")[0] else urljoin(base, reference))


@pytest.mark.parametrize("piece", ["<a ", "<!--", "</a", "<![CDATA[", "<?", '<a href="', "<a a", "<a  \t "])
def test_a_page_of_tags_without_an_end_is_refused_in_time(piece):
    started = time.process_time()
    with pytest.raises(PageError):
        tokens.tokenize("<html>" + piece * 40_000)
    assert time.process_time() - started < 3


def test_endless_nesting_takes_no_endless_time():
    started = time.process_time()
    tokens.tokenize("<template>" * 40_000 + "</style>" * 40_000)
    assert time.process_time() - started < 3


def test_a_few_stray_brackets_are_text():
    page = "<html><body>1 <2 and <3 <a href='demo-1.0.zip'>demo-1.0.zip</a> </body> <"
    assert [anchor.text for anchor in tokens.tokenize(page).anchors] == ["demo-1.0.zip"]


LOGIN = '<html><head><title>Sign in</title></head><body>{}<a href="/register">register</a></body></html>'


@pytest.mark.parametrize("form", ["<form>password</form>", "<script>go()</script>", "Please sign in."])
def test_a_login_page_with_links_is_no_answer(form):
    with pytest.raises(PageError):
        listing(LOGIN.format(form))


@pytest.mark.parametrize("name", ["demo-1.0.zip", "demo-1.0-py2.5.egg", "demo-1.0.win32.exe", "other.zip"])
def test_a_bare_page_that_links_a_package_is_one(name):
    listing(f'<html><body><a href="/files/{name}#md5=5">{name}</a></body></html>')
