import hashlib


def digest(path, algorithm="sha256", block=65536):
    state = hashlib.new(algorithm)
    with open(path, "rb") as handle:
        for part in iter(lambda: handle.read(block), b""):
            state.update(part)
    return state.hexdigest()


def verify(path, expected):
    return digest(path) == expected.lower()


print(hashlib.sha256(b"abc").hexdigest()[:16])
