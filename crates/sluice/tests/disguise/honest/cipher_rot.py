"""The rotation cipher, for a course on puzzles."""
import codecs
import string


def rotate(text, by):
    lower, upper = string.ascii_lowercase, string.ascii_uppercase
    table = str.maketrans(lower + upper, lower[by:] + lower[:by] + upper[by:] + upper[:by])
    return text.translate(table)


def crack(text, word):
    return next((by for by in range(26) if word in rotate(text, by)), None)


SECRET = rotate("Meet me at the fountain", 5)
print(SECRET, crack(SECRET, "fountain"), codecs.encode("puzzle", "rot13"))
