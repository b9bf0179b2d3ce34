"""The servers are what the scenarios think they are: the real pip installs from each of them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from integration.conftest import World
from integration.environments import Target
from integration.servers import JSON_TYPE, Site, trusting_context
from tests.support.certificates import client_certificate_path


def ask(url: str, **headers: str):
    request = urllib.request.Request(url, headers=headers)
    return urllib.request.urlopen(request, timeout=20, context=trusting_context())


def test_pages_are_negotiated_and_files_support_ranges(world: World):
    with ask(f"{world.public.url}/demo/", Accept=JSON_TYPE) as answer:
        assert answer.headers["Content-Type"] == JSON_TYPE
        files = json.load(answer)["files"]
    with ask(f"{world.public.url}/demo/", Accept="text/html") as answer:
        assert answer.headers["Content-Type"] == "text/html"
        assert answer.headers["ETag"]
    with ask(files[0]["url"], Range="bytes=0-1") as answer:
        assert (answer.status, answer.read()) == (206, b"PK")
    with ask(files[0]["url"] + ".metadata") as answer:
        assert b"Name: demo" in answer.read()


def test_the_private_index_wants_a_password(world: World):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        ask(f"{world.corp.url}/acme-core/")


@pytest.mark.parametrize(
    "site,path,project",
    [
        ("public", "/simple", "demo"),
        ("devpi", "/corp/private/+simple", "inside"),
        ("strong", "/simple", "served"),
        ("weak", "/simple", "served"),
    ],
)
def test_pip_installs_from_each_server(world: World, target: Target, site: str, path: str, project: str):
    chosen: Site = getattr(world, site)
    done = target.pip("install", "--index-url", chosen.origin + path, project)
    assert done.exit_code == 0, done.said
    assert project in target.installed()


def test_pip_installs_with_a_password_and_with_a_client_certificate(world: World, target: Target):
    url = world.corp.with_password()
    done = target.pip("install", "--index-url", url, "--no-deps", "acme-core")
    assert done.exit_code == 0, done.said
    done = target.pip("install", "--index-url", world.mutual.url, "--no-deps", "demo")
    assert done.exit_code != 0
    shown = ("--client-cert", client_certificate_path())
    done = target.pip("install", "--index-url", world.mutual.url, "--no-deps", *shown, "demo")
    assert done.exit_code == 0, done.said
