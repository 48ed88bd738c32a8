def pack(numbers, width):
    value = 0
    for number in numbers:
        value = value << width | number & (1 << width) - 1
    return value.to_bytes((len(numbers) * width + 7) // 8, "big")


def unpack(data, width, count):
    value = int.from_bytes(data, "big")
    return [value >> width * i & (1 << width) - 1 for i in reversed(range(count))]


def parity(data):
    out = 0
    for byte in data:
        out ^= byte
    return bin(out).count("1") % 2


print(unpack(pack([5, 9, 2, 14], 4), 4, 4), parity(b"abc"))
