"""A small picture, as text so that the package has no data files."""
import base64

DOT = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def dot():
    return base64.b64decode(DOT)


def save(path):
    with open(path, "wb") as handle:
        handle.write(dot())


print(len(dot()))
