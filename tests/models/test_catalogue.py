"""The lists of models over a real socket and a real cache folder."""

from __future__ import annotations

import asyncio
import json
import pickle
import stat
from pathlib import Path
from typing import Any

import diskcache
import msgspec
import pytest

from hive_tui.models.call import CallError
from hive_tui.models.catalogue import Catalogue
from hive_tui.models.client import HttpTransport


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_key_that_is_echoed_is_neither_listed_nor_kept_nor_told(
    run: Any, serve: Any, secrets: Any, key: str, tmp_path: Path
) -> None:
    escaped = "\\u0073" + key[1:]  # JSON may write any character in this way.
    listed = f'{{"data": [{{"id": "m-{escaped}", "{key}": 1, "name": "{key}"}}]}}'.encode()
    answers = [("200 OK", listed), ("401 No", f'{{"error": "no: {escaped}"}}'.encode())]

    async def script(connection: Any, _: Any) -> None:
        await connection.answer(*answers.pop(0))

    async def main() -> None:
        http = HttpTransport(secrets)
        catalogue = Catalogue(tmp_path, http)
        async with serve(script) as server:
            (card,) = (await catalogue.listing(server.endpoint())).cards
            assert (card.id, card.name) == ("m-[key]", "[key]")
            listing = await catalogue.listing(server.endpoint(), refresh=True)
            assert listing.problem == "no: [key]"
        catalogue.close()
        await http.aclose()

    run(main())
    assert all(key.encode() not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())


def test_lists_are_fetched_kept_refreshed_and_outlive_the_network(
    run: Any, serve: Any, secrets: Any, key: str, tmp_path: Path
) -> None:
    folder = tmp_path / "cache" / "models"
    answers = ["one", "two"]

    async def script(connection: Any, _: Any) -> None:
        await connection.answer("200 OK", json.dumps({"data": [{"id": answers.pop(0)}]}).encode())

    async def main() -> None:
        http, clock = HttpTransport(secrets), Clock()
        async with serve(script) as server:
            endpoint = server.endpoint()

            async def ids(**more: Any) -> tuple[list[str], bool]:
                catalogue = Catalogue(folder, http, ttl_s=100, wall_s=clock)
                listing = await catalogue.listing(endpoint, **more)
                catalogue.close()
                return [card.id for card in listing.cards], listing.stale

            assert await ids() == (["one"], False)
            assert await ids() == (["one"], False)
            assert len(server.requests) == 1
            clock.now += 101
            kept = await Catalogue(folder, http, ttl_s=100, wall_s=clock).kept(endpoint)
            assert kept is not None
            assert kept.stale
            assert len(server.requests) == 1
            assert await ids() == (["two"], False)
            assert (server.requests[0].method, server.requests[0].path) == ("GET", "/v1/models")
            assert server.requests[0].headers["authorization"] == f"Bearer {key}"
        await http.aclose()
        assert await ids(refresh=True) == (["two"], True)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert key.encode() not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
        await http.aclose()

    run(main())


def test_the_simulators_list_is_not_kept_for_its_port_is_another_one_each_time(
    run: Any, serve: Any, secrets: Any, tmp_path: Path
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.answer("200 OK", b'{"data": [{"id": "sim/atlas"}]}')

    async def main() -> None:
        http = HttpTransport(secrets)
        async with serve(script) as server:
            endpoint = msgspec.structs.replace(server.endpoint(), simulated=True)
            catalogue = Catalogue(tmp_path / "models", http)
            for count in (1, 2):
                assert [card.id for card in (await catalogue.listing(endpoint)).cards] == ["sim/atlas"]
                assert len(server.requests) == count
            assert not (tmp_path / "models").exists()
        await http.aclose()

    run(main())


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("401 No", b'{"error":{"message":"m"}}', "auth"),
        ("200 OK", b"<html>", "protocol"),
        ("200 OK", b"{}", "protocol"),
    ],
)
def test_without_any_list_the_error_stands(
    run: Any, serve: Any, secrets: Any, tmp_path: Path, status: str, body: bytes, kind: str
) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.answer(status, body)

    async def main() -> None:
        http = HttpTransport(secrets)
        catalogue = Catalogue(tmp_path / "c", http)
        async with serve(script) as server:
            with pytest.raises(CallError) as caught:
                await catalogue.listing(server.endpoint())
            assert caught.value.info.kind == kind
        catalogue.close()
        await http.aclose()

    run(main())


def test_anthropic_is_asked_for_the_whole_list(run: Any, serve: Any, secrets: Any, tmp_path: Path) -> None:
    async def script(connection: Any, _: Any) -> None:
        await connection.answer("200 OK", b'{"data":[]}')

    async def main() -> None:
        http = HttpTransport(secrets)
        catalogue = Catalogue(tmp_path / "c", http)
        async with serve(script) as server:
            await catalogue.listing(server.endpoint("anthropic"))
            assert server.requests[0].path == "/v1/models?limit=1000"
            assert "x-api-key" in server.requests[0].headers
        catalogue.close()
        await http.aclose()

    run(main())


class _Bomb:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return (Path.touch, (self.place,))


def test_a_pickled_value_in_the_cache_is_refused_and_not_loaded(secrets: Any, tmp_path: Path) -> None:
    from hive_tui.models.call import Endpoint

    endpoint = Endpoint("e", "http://127.0.0.1:9/v1", "openai")
    exploded = tmp_path / "exploded"

    async def main() -> None:
        http = HttpTransport(secrets)
        catalogue = Catalogue(tmp_path, http)
        with pytest.raises(CallError):
            await catalogue.listing(endpoint)
        cache = diskcache.Cache(str(tmp_path), disk=diskcache.JSONDisk)
        cache[endpoint.base_url] = {}
        cache._sql("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(_Bomb(exploded)),))
        cache.close()
        with pytest.raises(CallError):
            await catalogue.listing(endpoint)
        assert not exploded.exists()
        catalogue.close()
        await http.aclose()

    asyncio.run(main())


@pytest.mark.parametrize("spoil", ["no folder", "no database"])
def test_a_cache_that_cannot_be_used_is_none_and_the_list_is_there_all_the_same(
    run: Any, serve: Any, secrets: Any, tmp_path: Path, spoil: str
) -> None:
    folder = tmp_path / "c"
    if spoil == "no folder":
        folder.write_text("")
    else:
        folder.mkdir()
        (folder / "cache.db").write_bytes(b"no database" * 1000)

    async def script(connection: Any, _: Any) -> None:
        await connection.answer("200 OK", b'{"data":[{"id":"one"}]}')

    async def main() -> None:
        http = HttpTransport(secrets)
        catalogue = Catalogue(folder, http)
        async with serve(script) as server:
            assert await catalogue.kept(server.endpoint()) is None
            listing = await catalogue.listing(server.endpoint())
            assert [card.id for card in listing.cards] == ["one"]
            assert str(folder) in listing.problem
        catalogue.close()
        await http.aclose()

    run(main())
