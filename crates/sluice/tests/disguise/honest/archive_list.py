import os
import zipfile


def listing(path):
    with zipfile.ZipFile(path) as archive:
        return [name for name in archive.namelist() if not name.endswith("/")]


def pack(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for base, _, names in os.walk(folder):
            for name in sorted(names):
                full = os.path.join(base, name)
                archive.write(full, os.path.relpath(full, folder))
    return path
