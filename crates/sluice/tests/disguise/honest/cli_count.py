"""Counts words of files given on the command line."""
import argparse
import collections


def count(text):
    words = text.lower().split()
    return collections.Counter(word.strip(".,;:!?") for word in words)


def main(argv=None):
    parser = argparse.ArgumentParser(description="count words")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--top", type=int, default=10)
    options = parser.parse_args(argv)
    total = collections.Counter()
    for name in options.files:
        with open(name, encoding="utf-8") as handle:
            total.update(count(handle.read()))
    for word, number in total.most_common(options.top):
        print(f"{number:6} {word}")


if __name__ == "__main__":
    main()
