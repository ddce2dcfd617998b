"""Makes `.venv` from the locked requirements; runs on any Python, so it can say which one is needed.

`python bootstrap.py run` for `make up`, `develop` for tests and checks.
"""

import hashlib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
LOCKS = {"run": "requirements.lock", "develop": "requirements-dev.lock"}
OLDEST = (3, 11)


def main(purpose):
    """Install what is missing; one sentence and exit code 1 when that is impossible."""
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        stop("Onhand needs Python 3.11 or newer; the newest found here is %s." % found)
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        stop(
            "Python's venv module is missing; install it first "
            "(on Debian and Ubuntu: apt install python3-venv)."
        )
    if not os.access(HERE, os.W_OK):
        stop("The folder %s cannot be written to; clone Onhand somewhere else." % HERE)
    if not os.path.exists(python()):
        say("Creating .venv with Python %d.%d" % sys.version_info[:2])
        if subprocess.call([sys.executable, "-m", "venv", VENV]) != 0:
            stop("The virtual environment .venv could not be created.")
    install(purpose)


def install(purpose):
    """Install the lock when it, or this project's entry points, changed since last time."""
    lock = os.path.join(HERE, LOCKS[purpose])
    stamp = os.path.join(VENV, "installed")
    wanted = digest(lock) + " " + digest(os.path.join(HERE, "pyproject.toml"))
    if wanted in read(stamp).splitlines():
        return
    say("Installing %s; the first time takes a minute or two" % LOCKS[purpose])
    pip("--require-hashes", "-r", lock)
    pip("--no-deps", "--no-build-isolation", "-e", HERE)
    # A development environment has all that running needs, from the same resolution.
    contains = {"run": ["run"], "develop": ["run", "develop"]}[purpose]
    project = digest(os.path.join(HERE, "pyproject.toml"))
    with open(stamp, "w") as file:
        for name in contains:
            file.write(digest(os.path.join(HERE, LOCKS[name])) + " " + project + "\n")


def pip(*arguments):
    """Install with pip; its own words are shown when it fails."""
    command = [python(), "-m", "pip", "install", "--disable-pip-version-check", "--quiet"]
    if sys.stderr.isatty():
        command += ["--progress-bar", "on"]
    if subprocess.call(command + list(arguments), cwd=HERE) != 0:
        stop("The packages could not be installed; the lines above say why.")


def python():
    """The interpreter of the virtual environment."""
    return os.path.join(VENV, "bin", "python")


def digest(path):
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def read(path):
    """A file's text, or nothing."""
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""


def say(text):
    """Tell what takes time."""
    sys.stderr.write(text + " …\n")


def stop(text):
    """End with one sentence."""
    sys.stderr.write(text + "\n")
    sys.exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
