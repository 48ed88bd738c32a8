import os
import shutil


def backup(source, target, keep=3):
    """Copies a folder of the caller, and drops the oldest copies."""
    os.makedirs(target, exist_ok=True)
    name = os.path.basename(source.rstrip("/"))
    shutil.copytree(source, os.path.join(target, name))
    copies = sorted(os.listdir(target))
    for old in copies[:-keep]:
        shutil.rmtree(os.path.join(target, old))
    return len(copies)
