"""Whatever is done to runs, in whatever order: the catalogue says what the folder holds, and nothing is lost."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from hive_tui.history import keeping
from hive_tui.history.catalogue import Catalogue
from hive_tui.history.filters import Wanted, words
from hive_tui.history.keeping import KeepingError

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["delete", "restore", "mark", "unmark", "quick", "thorough", "reopen", "spoil", "other"]),
        st.integers(0, 3),
    ),
    max_size=14,
)


@settings(max_examples=25)
@given(steps=STEPS)
def test_the_catalogue_and_the_folder_say_the_same(recorder, steps: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "runs"
        record = recorder(root)
        ids = [record(f"word{number}") for number in range(4)]
        bytes_of = {run: {path.name: path.read_bytes() for path in (root / run).iterdir()} for run in ids}
        there, marked, thrown = set(ids), set[str](), set[str]()
        file = Path(folder) / "catalogue.sqlite3"
        catalogue, other = Catalogue(file, root), Catalogue(file, root)
        for time_s, (step, number) in enumerate(steps):
            run = ids[number]
            match step:
                case "delete":
                    try:
                        keeping.delete(root, run, time_s)
                    except KeepingError:
                        assert run in marked or run not in there
                    else:
                        there.discard(run)
                        thrown.add(run)
                case "restore":
                    try:
                        keeping.restore(root, run)
                    except KeepingError:
                        assert run not in thrown
                    else:
                        there.add(run)
                        thrown.discard(run)
                case "mark":
                    keeping.mark(root, run)
                    marked.add(run)
                case "unmark":
                    keeping.unmark(root, run)
                    marked.discard(run)
                case "quick":
                    catalogue.sync(thorough=False)
                case "thorough":
                    catalogue.sync()
                case "other":
                    other.sync(thorough=False)
                    other.read_words()
                case "reopen":
                    catalogue.close()
                    catalogue = Catalogue(file, root)
                case "spoil":
                    catalogue.close()
                    other.close()
                    file.write_bytes(b"spoiled" * 700)
                    catalogue, other = Catalogue(file, root), Catalogue(file, root)
            for each in (catalogue, other):
                each.sync(thorough=False)
                each.read_words()
                rows = each.page(Wanted()).rows
                assert [row.summary.run for row in rows] == sorted(there, reverse=True)
                assert {row.summary.run for row in rows if row.marked} == marked & there
                found = each.page(words(f"word{number}")).rows
                assert [row.summary.run for row in found] == [run] * (run in there)
        assert {each.run for each in keeping.trash(root)} == thrown
        for run in thrown:
            keeping.restore(root, run)
        assert {run: {path.name: path.read_bytes() for path in (root / run).iterdir()} for run in ids} == bytes_of
        catalogue.close()
        other.close()
