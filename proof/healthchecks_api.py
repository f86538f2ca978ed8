"""Uses every call of py-healthchecks.io against a running Vakt, and fails where an answer is not what it should be."""

import os

from healthchecks_io import CheckCreate, CheckTrap, Client

URL = os.environ["VAKT_URL"]


def client(key: str, version: int) -> Client:
    return Client(
        api_key=key, ping_key=os.environ["PING_KEY"], api_url=f"{URL}/api/", ping_url=f"{URL}/ping/", api_version=version
    )


def use(version: int) -> None:
    api = client(os.environ["RW_KEY"], version)
    name = f"nightly v{version}"
    made = api.create_check(CheckCreate(name=name, tags="prod db", timeout=3600, grace=600, unique=["name"]))
    assert (made.name, made.tags, made.timeout, made.grace, made.status) == (name, "prod db", 3600, 600, "new"), made
    again = api.create_check(CheckCreate(name=name, tags="prod db", timeout=7200, grace=600, unique=["name"]))
    assert (again.uuid, again.timeout) == (made.uuid, 7200), again
    assert any(check.uuid == made.uuid for check in api.get_checks(tags=["prod"]))
    assert api.get_checks(tags=["none"]) == []

    assert api.success_ping(uuid=made.uuid, data="all good") == (True, "OK")
    assert api.start_ping(uuid=made.uuid) == (True, "OK")
    assert api.exit_code_ping(3, uuid=made.uuid) == (True, "OK")
    assert api.get_check(made.uuid).status == "down"
    with CheckTrap(api, uuid=made.uuid):
        pass
    found = api.get_check(made.uuid)
    assert (found.status, found.n_pings) == ("up", 5), found
    pings = api.get_check_pings(made.uuid)
    assert [ping.type for ping in pings] == ["success", "start", "fail", "start", "success"], pings
    # The library expects a list, and Healthchecks answers {"flips": [...]}, so it is asked without the library.
    flips = api._client.get(f"{URL}/api/v{version}/checks/{made.uuid}/flips/").json()["flips"]
    assert [flip["up"] for flip in flips] == [1, 0, 1], flips

    changed = api.update_check(made.uuid, CheckCreate(name=name, schedule="0 2 * * *", tz="Europe/Oslo", grace=900))
    assert changed.grace == 900 and changed.timeout is None, changed
    assert api.pause_check(made.uuid).status == "paused"
    assert "prod" not in api.get_badges() or api.get_badges()["prod"].svg.startswith(URL)
    assert "*" in api.get_badges()
    assert len(api.get_integrations()) > 0

    reader = client(os.environ["RO_KEY"], version)
    [seen] = [check for check in reader.get_checks() if check.name == name]
    assert seen.uuid is None and seen.ping_url is None and seen.update_url is None and seen.unique_key, seen
    assert made.uuid not in reader._client.get(f"{URL}/api/v{version}/checks/").text
    assert reader.get_check(seen.unique_key).name == name
    try:
        reader.pause_check(made.uuid)
        raise SystemExit("a read-only key paused a check")
    except Exception as error:
        assert "Auth" in type(error).__name__, error

    assert api.delete_check(made.uuid).uuid == made.uuid
    try:
        api.get_check(made.uuid)
        raise SystemExit("a deleted check is still there")
    except Exception as error:
        assert "NotFound" in type(error).__name__, error
    print(f"py-healthchecks.io, version {version} of the API: create, unique, list, get, pings, flips, update, pause, badges, integrations, read-only, delete")


for version in (1, 2, 3):
    use(version)
