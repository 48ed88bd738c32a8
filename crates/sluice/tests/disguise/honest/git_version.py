import subprocess

FALLBACK = "0.0.0"


def version():
    try:
        text = subprocess.check_output(["git", "describe", "--tags", "--always"], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return FALLBACK
    return text.decode().strip().lstrip("v")


__version__ = version()
