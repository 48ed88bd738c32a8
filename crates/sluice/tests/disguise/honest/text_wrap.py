import re
import textwrap

BLANK = re.compile(r"\n\s*\n")


def paragraphs(text):
    return [" ".join(part.split()) for part in BLANK.split(text) if part.strip()]


def reflow(text, width=60):
    return "\n\n".join(textwrap.fill(part, width) for part in paragraphs(text))


def slug(title):
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


print(slug("A Tale of Two Cities!"))
print(reflow("It was the best of times,\nit was the worst of times.\n\nIt was the age of wisdom.", 30))
