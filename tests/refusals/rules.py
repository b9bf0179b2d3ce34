"""One way to meet each rule: a scene that the rule has something to say about.

Each returns how the command ended. What is said is held to ``tests/golden/refusals/<rule>.txt``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from packaging.utils import NormalizedName, canonicalize_name

from safepip.core.digest import Digest
from safepip.core.index import Index
from safepip.core.record import Known, KnownFile, KnownRoute
from tests.fakes.scene import DEFAULT_INDEX, HOME, NOW, Ended, Scene
from tests.fakes.world import ago
from tests.resolve.asking import environment, installed
from tests.support import certificates
from tests.support.connected import connected
from tests.support.server import IndexServer
from tests.support.wheels import make_wheel, wheel_filename

Scenario = Callable[[Path], Ended]
RULES: dict[str, Scenario] = {}
"""By rule id."""
OLD = ago(NOW, days=400)
POLICY = f"{HOME}/.config/safepip/policy.toml"
PIP_CONF = f"{HOME}/.config/pip/pip.conf"
WHEEL = "https://files.example/demo-1.0-py3-none-any.whl"
SHA256 = "0" * 63 + "1"


def meets(rule: str) -> Callable[[Scenario], Scenario]:
    """Register the scene for a rule."""

    def register(scenario: Scenario) -> Scenario:
        assert rule not in RULES
        RULES[rule] = scenario
        return scenario

    return register


def offering(*versions: str, name: str = "demo", policy: str = "", **fields: object) -> tuple[Scene, Index]:
    """A machine whose default index has one old wheel of each version."""
    scene = Scene({POLICY: policy} if policy else None)
    index = scene.default_index()
    for version in versions:
        scene.indexes.publish(index, name, version, **{"upload_time": OLD, **fields})
    return scene, index


def serving(tmp_path: Path, **fields: object) -> Ended:
    """Install a wheel made to order, looked into as the real one would be."""
    scene, index = offering()
    scene.folder = tmp_path
    content = make_wheel("demo", "1.0", **fields)
    scene.indexes.publish(index, "demo", "1.0", content=content, upload_time=OLD)
    return scene.run("install", "demo")


def over_https(server: IndexServer, *argv: str) -> Ended:
    """Install ``demo`` from a real server."""
    scene = Scene({certificates.ca_path(): ""})
    with connected() as scene.real:
        return scene.run("install", "demo", "-i", server.url, "--cert", certificates.ca_path(), *argv)


# --- What is written -----------------------------------------------------------------------------------


@meets("plaintext-index")
def _(_: Path) -> Ended:
    return Scene({"requirements.txt": "--index-url http://mirror.example/simple\n"}).run(
        "install", "-r", "requirements.txt"
    )


@meets("trusted-host")
def _(_: Path) -> Ended:
    return Scene().run("install", "demo", "--trusted-h", "mirror.example")


@meets("unlisted-index")
def _(_: Path) -> Ended:
    policy = '[[index]]\nname = "corp"\nurl = "https://corp.example/simple"\n'
    return Scene({POLICY: policy}).run("install", "demo", "-i", "https://other.example/simple")


@meets("index-in-requirements")
def _(_: Path) -> Ended:
    scene = Scene({"requirements.txt": "--extra-index-url https://other.example/simple\ndemo\n"})
    return scene.run("install", "-r", "requirements.txt")


@meets("credentials-in-url")
def _(_: Path) -> Ended:
    text = "--index-url https://me:s3cret@nexus.example/simple\ndemo\n"
    scene = Scene(
        {"requirements.txt": text, PIP_CONF: "[global]\nindex-url = https://nexus.example/simple\n"}
    )
    return scene.run("install", "-r", "requirements.txt")


@meets("interpreter-from-environment")
def _(_: Path) -> Ended:
    return Scene(environ={"PIP_PYTHON": "./python"}).run("install", "demo")


@meets("unsafe-option")
def _(_: Path) -> Ended:
    return Scene().run("install", "demo", "--use-deprecated", "legacy-resolver")


@meets("unknown-option")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0")
    scene.write(PIP_CONF, "[global]\nindx-url = https://nexus.example/simple\n")
    return scene.run("install", "demo")


@meets("direct-url")
def _(_: Path) -> Ended:
    return Scene({"requirements.txt": f"demo @ {WHEEL}\n"}).run("install", "-r", "requirements.txt")


@meets("ambiguous-url")
def _(_: Path) -> Ended:
    return Scene().run("install", f"{WHEEL}#sha256={SHA256}&sha256={'f' * 64}")


@meets("plaintext-link")
def _(_: Path) -> Ended:
    scene, index = offering()
    scene.indexes.publish(
        index, "demo", "1.0", url="http://files.example/demo-1.0-py3-none-any.whl", upload_time=OLD
    )
    return scene.run("install", "demo")


@meets("unpinned-vcs")
def _(_: Path) -> Ended:
    return Scene({"requirements.txt": "demo @ git+https://git.example/demo@main\n"}).run(
        "install", "-r", "requirements.txt"
    )


@meets("local-build")
def _(_: Path) -> Ended:
    scene = Scene({POLICY: '[builds]\nlocal = "deny"\n', "app/pyproject.toml": ""})
    return scene.run("install", "./app")


@meets("unhashed-requirement")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0")
    scene.write("requirements.txt", "demo==1.0\n")
    return scene.run("install", "-r", "requirements.txt")


@meets("misleading-file")
def _(_: Path) -> Ended:
    text = "demo==1.0  # pinned\x0c--index-url https://other.example/simple\n"
    return Scene({"requirements.txt": text}).run("install", "-r", "requirements.txt")


@meets("remote-reaches-local")
def _(_: Path) -> Ended:
    scene = Scene()
    url = "https://files.example/requirements.txt"
    scene.files.remote = {url: b"-r file:///etc/passwd\n"}
    return scene.run("install", "-r", url)


# --- Policy ---------------------------------------------------------------------------------------------


@meets("policy-loosened")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0", policy='[hashes]\nmode = "index"\n')
    scene.write("/etc/safepip/policy.toml", '[hashes]\nmode = "files"\n')
    return scene.run("install", "demo")


@meets("untrusted-policy")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0")
    scene.write("safepip.toml", '[[index]]\nname = "other"\nurl = "https://other.example/simple"\n')
    return scene.run("install", "demo")


ALLOW = '[[allow]]\nrule = "yanked-release"\npackage = "demo"\nreason = "tried it"\n'


@meets("unused-allowance")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0", policy=ALLOW)
    return scene.run("install", "demo")


@meets("expired-allowance")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0", policy=f"{ALLOW}expires = 2026-01-31\n")
    return scene.run("install", "demo")


# --- Where names come from ------------------------------------------------------------------------------


def two_indexes() -> tuple[Scene, Index, Index]:
    scene, public = offering()
    scene.write(PIP_CONF, "[global]\nextra-index-url = https://corp.example/simple\n")
    corp = scene.indexes.index("https://corp.example/simple", url="https://corp.example/simple")
    return scene, public, corp


@meets("ambiguous-project")
def _(_: Path) -> Ended:
    scene, public, corp = two_indexes()
    scene.indexes.publish(corp, "acme", "1.4", upload_time=OLD)
    scene.indexes.publish(public, "acme", "99.0", upload_time=ago(NOW, days=2))
    return scene.run("install", "acme")


@meets("unrouted-project")
def _(_: Path) -> Ended:
    policy = '[[index]]\nname = "corp"\nurl = "https://corp.example/simple"\npackages = ["acme-*"]\n[rules]\n"unrouted-project" = "deny"\n'
    scene = Scene({POLICY: policy})
    scene.indexes.index("corp", "acme-*")
    return scene.run("install", "demo")


@meets("route-changed")
def _(_: Path) -> Ended:
    scene, public, _ = two_indexes()
    scene.indexes.publish(public, "acme", "99.0", upload_time=OLD)
    route = KnownRoute(index="https://corp.example/simple", url="https://corp.example/simple", since=OLD)
    scene.record.remember([Known(project=_name("acme"), route=route)])
    return scene.run("install", "acme")


@meets("republished-file")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0")
    file = KnownFile(
        index="pypi",
        filename="demo-1.0-py3-none-any.whl",
        digest=Digest.parse(f"sha256:{SHA256}"),
        size=1,
        since=OLD,
    )
    scene.record.remember([Known(project=_name("demo"), files={(file.index, file.filename): file})])
    return scene.run("install", "demo")


@meets("unwritten-record")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0")

    def full(_known: object, *, over: object) -> None:
        raise PermissionError(13, "Permission denied", f"{HOME}/.local/share/safepip/first-use.sqlite3")

    scene.record.remember = full  # type: ignore[method-assign]  # a disk that nobody may write to
    return scene.run("install", "demo")


@meets("index-unavailable")
def _(_: Path) -> Ended:
    with IndexServer() as server:
        server.fail(server.page_path("demo"), 503)
        return over_https(server)


@meets("tls-failure")
def _(_: Path) -> Ended:
    with IndexServer(certificate=certificates.Certificate.EXPIRED) as server:
        return over_https(server)


# --- What pages list ------------------------------------------------------------------------------------


@meets("file-host")
def _(_: Path) -> Ended:
    policy = f'[[index]]\nname = "corp"\nurl = "{DEFAULT_INDEX}"\nfile-hosts = ["cdn.example"]\n'
    scene = Scene({POLICY: policy})
    index = scene.indexes.index("corp", url=DEFAULT_INDEX)
    scene.indexes.publish(index, "demo", "1.0", url=WHEEL, upload_time=OLD)
    return scene.run("install", "demo")


@meets("fresh-release")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0", upload_time=ago(NOW, minutes=40))
    return scene.run("install", "demo")


@meets("yanked-release")
def _(_: Path) -> Ended:
    scene, index = offering("1.0")
    scene.indexes.yank(index, "demo", "1.0", "breaks on Mondays")
    return scene.run("install", "demo==1.0")


@meets("quarantined-project")
def _(_: Path) -> Ended:
    with IndexServer() as server:
        server.add_wheel(make_wheel("demo", "1.0"), wheel_filename("demo", "1.0"))
        server.set_page("demo", **{"project-status": {"status": "quarantined", "reason": "stolen account"}})
        return over_https(server)


@meets("sdist-build")
def _(_: Path) -> Ended:
    scene, index = offering()
    scene.indexes.publish_sdist(index, "demo", "1.0", upload_time=OLD)
    scene.indexes.publish(index, "demo", "1.0", tag="cp39-cp39-win_arm64", upload_time=OLD)
    return scene.run("install", "demo")


@meets("weak-digest")
def _(_: Path) -> Ended:
    from safepip.core.digest import Digests

    scene, _ = offering("1.0", digests=Digests())
    return scene.run("install", "demo")


@meets("transitive-url")
def _(_: Path) -> Ended:
    scene, index = offering()
    scene.indexes.publish(index, "demo", "1.0", f"lib @ {WHEEL}", upload_time=OLD)
    return scene.run("install", "demo")


# --- What files are -------------------------------------------------------------------------------------


@meets("hash-mismatch")
def _(_: Path) -> Ended:
    with IndexServer() as server:
        filename = wheel_filename("demo", "1.0")
        server.add_wheel(make_wheel("demo", "1.0", files={"demo/__init__.py": "x = 1\n"}), filename)
        server.replace_file(filename, make_wheel("demo", "1.0", files={"demo/__init__.py": "x = 2\n"}))
        return over_https(server)


@meets("metadata-mismatch")
def _(tmp_path: Path) -> Ended:
    scene, _ = offering("1.0")
    scene.folder = tmp_path
    scene.indexes.claim("demo-1.0-py3-none-any.whl", name="demo", version="1.0", requires=["lib"])
    scene.indexes.publish(scene.indexes.indexes[0], "lib", "1.0", upload_time=OLD)
    return scene.run("install", "demo")


@meets("path-escape")
def _(tmp_path: Path) -> Ended:
    return serving(tmp_path, files={"../outside.py": "print()"})


@meets("record-mismatch")
def _(tmp_path: Path) -> Ended:
    return serving(tmp_path, unlisted={"demo/hidden.py": "1"})


@meets("wheel-contents")
def _(tmp_path: Path) -> Ended:
    return serving(tmp_path, data={"data/pip.conf": "[global]\n"})


@meets("startup-hook")
def _(tmp_path: Path) -> Ended:
    return serving(tmp_path, files={"demo.pth": "import demo\n"})


@meets("self-overwrite")
def _(_: Path) -> Ended:
    scene, _ = offering("1.0", name="packaging")
    scene.safepip_lives_here = True
    safepip = installed("safepip", "0.1.0", "packaging>=24")
    scene.environment = environment(safepip, installed("packaging", "25.0"))
    return scene.run("install", "packaging==1.0")


# --- Locks ----------------------------------------------------------------------------------------------


def lock(packages: str, head: str = 'lock-version = "1.0"\ncreated-by = "test"\n') -> str:
    return f"{head}{packages}"


LOCKED = f"""[[packages]]
name = "demo"
version = "1.0"
index = "{DEFAULT_INDEX}"

[[packages.wheels]]
name = "demo-1.0-py3-none-any.whl"
url = "{DEFAULT_INDEX}/files/demo-1.0-py3-none-any.whl"

[packages.wheels.hashes]
sha256 = "%s"
"""


def locked(text: str, *, argument: str = "pylock.toml") -> Ended:
    scene, index = offering("1.0")
    (file,) = scene.indexes.files_of(index, "demo")
    scene.write("pylock.toml", text.replace("%s", str(file.digests.sha256)))
    return scene.run("install", "-r", argument)


@meets("lock-drift")
def _(_: Path) -> Ended:
    return locked(
        lock(LOCKED.replace(f'index = "{DEFAULT_INDEX}"', 'index = "https://other.example/simple"'))
    )


@meets("lock-incomplete")
def _(_: Path) -> Ended:
    scene, index = offering()
    file = scene.indexes.publish(index, "demo", "1.0", "lib>=1", upload_time=OLD)
    scene.write("pylock.toml", lock(LOCKED % file.digests.sha256))
    return scene.run("install", "-r", "pylock.toml")


@meets("lock-source")
def _(_: Path) -> Ended:
    return locked(lock(LOCKED.replace(f"{DEFAULT_INDEX}/files", "file://server/share")))


@meets("lock-undeclared")
def _(_: Path) -> Ended:
    return locked(lock(LOCKED), argument="pylock.toml[fast]")


@meets("lock-unknown-key")
def _(_: Path) -> Ended:
    return locked(
        lock(LOCKED.replace("[[packages.wheels]]", "markers = \"python_version < '3'\"\n[[packages.wheels]]"))
    )


@meets("lock-version")
def _(_: Path) -> Ended:
    return locked(lock(LOCKED, 'lock-version = "1.7"\ncreated-by = "test"\n'))


def _name(text: str) -> NormalizedName:
    return canonicalize_name(text)
