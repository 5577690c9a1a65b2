"""Bundles are found by folder, id or alias; aliases move in one step."""

import json
from pathlib import Path

import pytest

from triage.bundle.registry import Registry
from triage.errors import BundleNotFoundError, CorruptBundleError


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """Build a registry with one shipped bundle and one of its own."""
    for folder in ("models/starter", "home/bundles/2026-own"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "manifest.json").write_text("{}", encoding="utf-8")
    aliases = tmp_path / "models" / "aliases.json"
    aliases.write_text('{"champion": "starter"}', encoding="utf-8")
    return Registry(tmp_path / "home", tmp_path / "models")


def test_unknown_name_lists_what_there_is(registry: Registry) -> None:
    """The error names the aliases and bundles that exist."""
    with pytest.raises(BundleNotFoundError, match="'nobody'") as caught:
        registry.find("nobody")

    assert "2026-own, champion, starter" in caught.value.fix


def test_empty_registry_says_none(tmp_path: Path) -> None:
    """Without any bundle the error says so."""
    with pytest.raises(BundleNotFoundError, match="none"):
        Registry(tmp_path / "a", tmp_path / "b").find("champion")


def test_alias_of_a_lost_bundle_is_not_found(registry: Registry) -> None:
    """An alias whose bundle is gone is no bundle."""
    registry.point({"champion": "gone"})

    with pytest.raises(BundleNotFoundError, match="champion"):
        registry.find("champion")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"champion": 7}', '{"champion": null}'])
def test_broken_alias_file_is_refused(registry: Registry, content: str) -> None:
    """An alias file that cannot be read is named, not passed over."""
    registry.home.mkdir(exist_ok=True)
    (registry.home / "aliases.json").write_text(content, encoding="utf-8")

    with pytest.raises(CorruptBundleError, match=r"aliases\.json"):
        registry.find("champion")


def test_found_by_alias_id_and_folder(registry: Registry) -> None:
    """One bundle has three names."""
    folder = (registry.shipped / "starter").resolve()

    assert registry.find("champion") == folder
    assert registry.find("starter") == folder
    assert registry.find(str(folder)) == folder


def test_own_alias_wins_over_the_shipped(registry: Registry) -> None:
    """Promoting moves the home folder's alias; what ships stays untouched."""
    registry.point({"champion": "2026-own"})

    assert registry.find("champion").name == "2026-own"
    assert registry.aliases() == {"champion": "2026-own"}
    shipped = json.loads((registry.shipped / "aliases.json").read_text(encoding="utf-8"))
    assert shipped == {"champion": "starter"}


def test_moving_one_alias_keeps_the_others(registry: Registry) -> None:
    """Each alias moves by itself, and no scrap is left."""
    registry.point({"champion": "2026-own"})
    registry.point({"previous": "starter"})

    assert registry.aliases() == {"champion": "2026-own", "previous": "starter"}
    assert sorted(path.name for path in registry.home.iterdir()) == ["aliases.json", "bundles"]


def test_first_alias_makes_the_home_folder(tmp_path: Path) -> None:
    """A fresh home folder is made when the first alias is set."""
    registry = Registry(tmp_path / "new" / "home", tmp_path / "models")

    registry.point({"champion": "starter"})

    assert registry.alias_of("champion") == "champion"
    assert registry.alias_of("starter") == ""


def test_all_bundles_are_listed(registry: Registry) -> None:
    """Shipped bundles come first."""
    assert [path.name for path in registry.list()] == ["starter", "2026-own"]
