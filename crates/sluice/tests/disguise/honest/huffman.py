import collections
import heapq


def codes(text):
    heap = [(n, i, letter) for i, (letter, n) in enumerate(sorted(collections.Counter(text).items()))]
    heapq.heapify(heap)
    count = len(heap)
    while len(heap) > 1:
        a, b = heapq.heappop(heap), heapq.heappop(heap)
        heapq.heappush(heap, (a[0] + b[0], count, (a[2], b[2])))
        count += 1
    table = {}

    def walk(node, prefix):
        if isinstance(node, tuple):
            walk(node[0], prefix + "0")
            walk(node[1], prefix + "1")
        else:
            table[node] = prefix or "0"

    walk(heap[0][2], "")
    return table


def encode(text):
    table = codes(text)
    return "".join(table[letter] for letter in text)


print(len(encode("mississippi river")))
