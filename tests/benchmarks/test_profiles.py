"""What is made of the stacks that a profiler saw."""

import re
from xml.etree import ElementTree

from benchmarks.profiles.drawing import MOST_BYTES, flame_graph
from benchmarks.profiles.importing import read_imports
from benchmarks.profiles.stacks import Frame, Profile, read
from benchmarks.profiles.summary import summary

GET = Frame("Store.get", "userkit/storage/port.py")
ROWS = Frame("rows", "sqlalchemy/engine/result.py")

_RUN = "get (benchmarks/profiles/work.py:45);run (userkit/sync.py:26)"
STACKS = f"""\
0x7fe4a6e4524a (libc.so.6);_run_code (<frozen runpy>:88);{_RUN} 10
{_RUN};execute (sqlite3/dbapi2.py:1);stmt_step (cursor.c:524) 20
{_RUN};loads (json/__init__.py:334);unicode_new (libpython3.so) 30
{_RUN};send (socketmodule.c:1);send (libc.so.6) 40
{_RUN};sock_call (socketmodule.c:1);poll (libc.so.6);0x1 (libc.so.6) 25
"""


def files(*paths: str) -> list[str]:
    """Return the files of one stack that ran through these."""
    stacks = ";".join(f"it ({path}:1)" for path in paths)
    ((stack, _),) = read(f"{stacks} 1").stacks.items()
    return [frame.file for frame in stack]


def test_files_begin_at_their_package() -> None:
    """Wherever the machine keeps them."""
    assert files(
        "/srv/app/src/userkit/kit.py",
        "/opt/venv/lib/python3.11/site-packages/sqlalchemy/sql/base.py",
        "/usr/lib/python3.11/asyncio/events.py",
        "/usr/src/python/Modules/_json.c",
        "/home/somebody/program.py",
        "flask/app.py",
    ) == [
        "userkit/kit.py",
        "sqlalchemy/sql/base.py",
        "asyncio/events.py",
        "_json.c",
        "program.py",
        "flask/app.py",
    ]


def test_a_stack_begins_with_the_work() -> None:
    """How the program came there says nothing, nor does an address."""
    stacks = list(read(STACKS).stacks)
    assert {stack[0] for stack in stacks} == {Frame("run", "userkit/sync.py")}


def test_a_server_begins_with_its_first_request() -> None:
    """What started it is left out, also in threads and above C code."""
    told = "0x1 (libc.so.6);<module> (uvicorn/__main__.py:4);run (uvicorn/main.py:632);uv_run (core.c:1);"
    ((stack, seen),) = read(f"{told}app (fastapi/routing.py:1);app (fastapi/routing.py:2) 3").stacks.items()
    assert (stack, seen) == ((Frame("app", "fastapi/routing.py"),), 3)


def test_the_loop_itself_keeps_a_frame() -> None:
    """Where no code of Python's runs."""
    (stack,) = read("<module> (uvicorn/__main__.py:4);uv_run (core.c:1) 1").stacks
    assert stack == (Frame("uv_run", "core.c"),)


def test_lines_of_one_function_are_one_function() -> None:
    """Stacks that differ in nothing else are added up."""
    assert read("a (userkit/kit.py:1) 1\na (userkit/kit.py:2) 2").stacks == {
        (Frame("a", "userkit/kit.py"),): 3
    }


def test_what_waits_is_no_work() -> None:
    """It is counted apart."""
    profile = read(STACKS)
    assert (profile.samples, profile.waiting) == (100, 25)
    assert read("select (selectors.py:1);epoll_wait (libc.so.6) 5").samples == 0


def test_time_belongs_to_the_innermost_code_of_somebody() -> None:
    """C code of the interpreter to who called it, that of a driver to the driver."""
    told = summary("get", read(STACKS))
    assert told["packages"] == {"kernel": 40.0, "json": 30.0, "driver": 20.0, "userkit": 10.0}
    assert (told["path"], told["samples"], told["waiting"]) == ("get", 100, 20.0)


def test_functions_are_listed_by_their_own_time() -> None:
    """With the C code that they call, and beside it what is below them."""
    first, second, third = summary("get", read(STACKS))["functions"]
    assert first == {
        "function": "run",
        "file": "userkit/sync.py",
        "own": 50.0,
        "with what it calls": 100.0,
    }
    assert [each["function"] for each in (second, third)] == ["loads", "execute"]


def test_at_most_ten_functions_are_listed() -> None:
    """The rest is in the picture."""
    many = {(Frame(f"f{number}", "userkit/kit.py"),): number for number in range(1, 20)}
    assert len(summary("many", Profile(stacks=many, waiting=0))["functions"]) == 10


def test_packages_have_owners() -> None:
    """Ours, those below and above us, the standard library, and others."""
    owners = {
        "userkit/kit.py": "userkit",
        "psycopg/cursor.py": "driver",
        "bson/__init__.py": "driver",
        "starlette/routing.py": "framework",
        "jwt/algorithms.py": "cryptography",
        "hmac.py": "cryptography",
        "contextlib.py": "python",
        "<string>": "python",
        "email_validator/syntax.py": "other",
        "libsqlite3.so.0": "driver",
        "_json.c": "json",
        "libpython3.11.so": "",
    }
    assert {file: Frame("it", file).owner for file in owners} == owners
    assert Frame("gc_collect_main", "libpython3.11.so").owner == "garbage"


def test_a_picture_has_a_box_for_each_function() -> None:
    """As wide as its share, above who called it, and told in full by its title."""
    profile = Profile(stacks={(GET,): 1, (GET, ROWS): 3}, waiting=0)
    root = ElementTree.fromstring(flame_graph("a path", profile))
    space = {"svg": "http://www.w3.org/2000/svg"}
    boxes = {
        group.findtext("svg:title", namespaces=space): group.find("svg:rect", space)
        for group in root.findall("svg:g", space)
    }
    below, above = (boxes[f"{frame}: {share} %"] for frame, share in ((GET, "100.0"), (ROWS, "75.0")))
    assert below is not None
    assert above is not None
    assert (below.get("width"), above.get("width")) == ("1200.0", "900.0")
    assert int(above.get("y", "")) < int(below.get("y", ""))


def test_a_picture_fetches_nothing_and_runs_nothing() -> None:
    """It is a still of rectangles and text."""
    drawn = flame_graph("a path", read(STACKS))
    assert set(re.findall(r"<(\w+)", drawn)) == {"svg", "title", "style", "g", "rect", "text"}
    assert re.findall(r"https?://[^\"]+", drawn) == ["http://www.w3.org/2000/svg"]
    assert "href" not in drawn


def test_names_are_text_in_a_picture() -> None:
    """Whatever characters they have."""
    stack = (Frame("f.<locals>.<lambda>", "<string>"),)
    drawn = flame_graph("a & b", Profile(stacks={stack: 1}, waiting=0))
    title = ElementTree.fromstring(drawn).findtext(".//{*}g/{*}title")
    assert title == "f.<locals>.<lambda> (<string>): 100.0 %"


def test_what_is_too_narrow_is_left_out() -> None:
    """But keeps its place beside the others."""
    profile = Profile(stacks={(GET,): 999, (ROWS,): 1}, waiting=0)
    assert str(ROWS) not in flame_graph("a path", profile)


def test_a_picture_is_never_large() -> None:
    """However many functions there are."""
    width = 120
    many = {
        tuple(Frame(f"{'name' * 8}{number}-{depth}", "userkit/kit.py") for depth in range(12)): 1
        for number in range(width)
    }
    assert len(flame_graph("a path", Profile(stacks=many, waiting=0))) <= MOST_BYTES


def test_imports_are_stacks_of_modules() -> None:
    """What a module imports is above it, and what is imported for others is left out."""
    told = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 | encodings
import time:        20 |         20 |     json.decoder
import time:        30 |         50 |   json
import time:         5 |         55 | userkit
"""
    modules = {
        tuple(frame.name for frame in stack): seen
        for stack, seen in read_imports(told, "userkit").stacks.items()
    }
    assert modules == {
        ("userkit",): 5,
        ("userkit", "json"): 30,
        ("userkit", "json", "json.decoder"): 20,
    }
