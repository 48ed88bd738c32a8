import os
import subprocess


def compile_sources(folder, output, flags=("-O2", "-Wall")):
    objects = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".c"):
            target = os.path.join(output, name[:-2] + ".o")
            subprocess.check_call(["cc", *flags, "-c", os.path.join(folder, name), "-o", target])
            objects.append(target)
    return objects


def link(objects, library):
    subprocess.check_call(["ar", "rcs", library, *objects])
