"""A reader for a small dialect of INI files."""


class ParseError(ValueError):
    pass


def parse(text):
    sections, current = {}, {}
    sections[""] = current
    for number, line in enumerate(text.splitlines(), 1):
        line = line.split(";", 1)[0].strip()
        if not line:
            continue
        if line.startswith("[") and line.endswith("]"):
            current = sections.setdefault(line[1:-1], {})
        elif "=" in line:
            key, value = line.split("=", 1)
            current[key.strip()] = value.strip()
        else:
            raise ParseError(f"line {number}: {line!r}")
    return sections


EXAMPLE = parse("[server]\nport = 8080 ; the default\nhost = localhost\n")
print(EXAMPLE["server"]["port"])
