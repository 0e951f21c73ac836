"""What the fields of the models are for, in JSON schemas: the text below each field in the source.

pydantic can read these texts itself (`use_attribute_docstrings`), but does so whenever a class is made: every command
would read and parse the source of all models, and only `chartgen schema` has a use for it.
"""

from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonRef

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core.core_schema import ModelSchema


class DocumentedSchema(GenerateJsonSchema):
    """pydantic's JSON schema, each property with the text below its field."""

    def model_schema(self, schema: ModelSchema) -> JsonSchemaValue:
        """Return the schema of one model."""
        model: type[BaseModel] = schema["cls"]
        found = super().model_schema(schema)
        properties: dict[str, Any] = found.get("properties", {})
        for name, field in model.model_fields.items():
            text = _text_of(model, name)
            target = properties.get(field.alias or name)
            if text and target is not None and field.description is None and text != self._said_by(target):
                target["description"] = text
        return found

    def _said_by(self, target: Mapping[str, Any]) -> str:
        """Return what the definition says that a property refers to: there is no need to say it twice."""
        reference = target.get("$ref")
        definition = self.get_schema_from_definitions(JsonRef(reference)) if reference else None
        return str((definition or {}).get("description", ""))


def _text_of(model: type[BaseModel], name: str) -> str:
    """Return the text below a field in the class that declares it."""
    for cls in model.__mro__:
        if name in vars(cls).get("__annotations__", {}):
            return _texts(cls).get(name, "")
    return ""


@functools.cache
def _texts(cls: type) -> Mapping[str, str]:
    """Return the texts below the annotated names of a class body, by name."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(cls))).body
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 - what getsource returns for a class
    found: dict[str, str] = {}
    for statement, below in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[statement.target.id] = inspect.cleandoc(below.value.value)
    return found
