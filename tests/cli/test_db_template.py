"""``userkit db template``: what it prints, and of which stores."""

import json

import pytest
from typer.testing import CliRunner, Result

from userkit.cli.app import app


def call(*arguments: str, database: str | None = None) -> Result:
    return CliRunner().invoke(app, ["db", "template", *arguments], env={"USERKIT_DATABASE": database})


def test_it_prints_the_template_of_the_table_in_the_url() -> None:
    """Without asking AWS for anything, so neither a region nor credentials are needed."""
    result = call("dynamodb://accounts")
    assert result.exit_code == 0
    table = json.loads(result.stdout)["Resources"]["UserkitTable"]
    assert (table["Type"], table["Properties"]["TableName"]) == ("AWS::DynamoDB::Table", "accounts")
    assert call(database="dynamodb://accounts").stdout == result.stdout


@pytest.mark.parametrize("url", ["memory://", "sqlite:///app.db"])
def test_other_stores_have_none(url: str) -> None:
    """That is a sentence and no traceback."""
    result = call(url)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "has no template" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_without_a_url_it_says_what_to_give() -> None:
    """One line on standard error."""
    result = call()
    assert result.exit_code == 1
    assert result.stderr.startswith("error: Give a store URL")
