import string

PAGE = string.Template("<h1>$title</h1>\n<ul>\n$items</ul>\n")


def escape(text):
    for bad, good in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(bad, good)
    return text


def page(title, items):
    lines = "".join(f"  <li>{escape(item)}</li>\n" for item in items)
    return PAGE.substitute(title=escape(title), items=lines)


print(page("To do", ["milk & honey", "a < b"]))
