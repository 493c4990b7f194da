"""Variables and options of URLs, from the classes that read them."""

import ast
import inspect
from collections.abc import Mapping

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from tests.docs.reference.markdown import code, options_of, prose, table
from tests.docs.reference.signatures import default_of, type_of

__all__ = ["meanings_of", "settings_table", "variables_table"]


def variables_table(settings: type[BaseSettings]) -> str:
    """Return the variables that a class reads."""
    return _table("variable", settings, prefix=settings.model_config["env_prefix"])


def settings_table(settings: type[BaseSettings], *, own: bool = False) -> str:
    """Return the options of a URL; ``own``: only those that differ from the parent's."""
    return _table("option", settings, own=own)


def _table(head: str, settings: type[BaseSettings], *, prefix: str = "", own: bool = False) -> str:
    told = meanings_of(settings)
    rows = [
        (code(f"{prefix}{name.upper()}" if prefix else name), _type(each), _default(each), told[name])
        for name, each in settings.model_fields.items()
        if not own or name in settings.__annotations__
    ]
    return table([head, "type", "default", "meaning"], rows)


def _type(setting: FieldInfo) -> str:
    kinds = type_of(setting.annotation).split(" or ")
    return " or ".join(kind for kind in kinds if kind != "`None`")


def _default(setting: FieldInfo) -> str:
    value = setting.default
    if value is None or value in ("", ()) or "Secret" in type(value).__name__:
        return "none"
    return code(value.value) if hasattr(value, "value") else default_of(value)


def meanings_of(settings: type[BaseSettings]) -> Mapping[str, str]:
    """Return what each setting means: from the docstring of the class, or from below the setting."""
    prefix = settings.model_config["env_prefix"]
    listed = options_of(settings.__doc__)
    told = {name.removeprefix(prefix).lower(): meaning for name, meaning in listed.items()}
    for kind in reversed(settings.__mro__):
        if issubclass(kind, BaseSettings) and kind is not BaseSettings:
            told |= _below_fields(kind)
    return told


def _below_fields(settings: type[BaseSettings]) -> dict[str, str]:
    (defined,) = ast.parse(inspect.getsource(settings)).body
    assert isinstance(defined, ast.ClassDef)
    told: dict[str, str] = {}
    for field, below in zip(defined.body, defined.body[1:], strict=False):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                told[name] = prose(text)
    return told
