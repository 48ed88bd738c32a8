import os
import subprocess
import tempfile


def edit(text):
    """Lets the user edit a text in the editor of their choice."""
    editor = os.environ.get("EDITOR", "vi")
    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as handle:
        handle.write(text)
    subprocess.call([editor, handle.name])
    with open(handle.name) as handle:
        return handle.read()
