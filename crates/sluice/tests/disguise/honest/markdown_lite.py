import re

RULES = [(r"\*\*(.+?)\*\*", r"<b>\1</b>"), (r"\*(.+?)\*", r"<i>\1</i>"), (r"`(.+?)`", r"<code>\1</code>")]


def inline(text):
    for pattern, by in RULES:
        text = re.sub(pattern, by, text)
    return text


def render(text):
    out = []
    for line in text.split("\n"):
        level = len(line) - len(line.lstrip("#"))
        if level:
            out.append(f"<h{level}>{inline(line[level:].strip())}</h{level}>")
        elif line.strip():
            out.append(f"<p>{inline(line)}</p>")
    return "\n".join(out)


print(render("# Title\n\nSome *nice* and **bold** `code`."))
