"""Shows what a bug report needs."""
import os
import platform
import sys


def collect():
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "prefix": sys.prefix,
    }


def show():
    for key, value in collect().items():
        print(f"{key:12} {value}")


if __name__ == "__main__":
    show()
