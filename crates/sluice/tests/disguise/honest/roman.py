PAIRS = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")]


def to_roman(number):
    out = []
    for value, letters in PAIRS:
        while number >= value:
            out.append(letters)
            number -= value
    return "".join(out)


def from_roman(text):
    values = dict((letters, value) for value, letters in PAIRS)
    total = 0
    for here, there in zip(text, text[1:] + "I"):
        total += values[here] if values[here] >= values[there] else -values[here]
    return total


print(to_roman(1994), from_roman("MCMXCIV"))
