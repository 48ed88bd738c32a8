"""Evaluates formulas that are built in."""
FORMULAS = {"area": "width * height", "ratio": "width / height"}
COMPILED = {name: compile(text, name, "eval") for name, text in FORMULAS.items()}


def value(name, **variables):
    return eval(COMPILED[name], {"__builtins__": {}}, variables)


print(value("area", width=3, height=4))
