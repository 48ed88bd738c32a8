"""Builds small record classes from text, as the standard library once did."""
TEMPLATE = """
class {name}:
    __slots__ = {fields!r}
    def __init__(self, {args}):
        {body}
    def astuple(self):
        return ({tuple},)
"""


def record(name, *fields):
    body = "\n        ".join(f"self.{field} = {field}" for field in fields)
    text = TEMPLATE.format(name=name, fields=fields, args=", ".join(fields), body=body, tuple=", ".join("self." + f for f in fields))
    namespace = {}
    exec(text, namespace)
    return namespace[name]


Point = record("Point", "x", "y")
print(Point(2, 3).astuple())
