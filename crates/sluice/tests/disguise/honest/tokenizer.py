import re

TOKEN = re.compile(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<sign>[-+*/()]))")


def tokens(text):
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            raise SyntaxError(text[at:])
        at = match.end()
        yield float(match["number"]) if match["number"] else match["sign"]


def evaluate(text):
    items = list(tokens(text)) + [None]

    def factor():
        item = items.pop(0)
        if item == "(":
            value = total()
            items.pop(0)
            return value
        return -factor() if item == "-" else item

    def product():
        value = factor()
        while items[0] in ("*", "/"):
            value = value * factor() if items.pop(0) == "*" else value / factor()
        return value

    def total():
        value = product()
        while items[0] in ("+", "-"):
            value = value + product() if items.pop(0) == "+" else value - product()
        return value

    return total()


print(evaluate("2 * (3 + 4) - 6 / 4"))
