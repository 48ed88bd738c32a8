import collections
import functools


class Cache:
    def __init__(self, size):
        self.size = size
        self.items = collections.OrderedDict()

    def get(self, key, make):
        if key in self.items:
            self.items.move_to_end(key)
        else:
            self.items[key] = make()
            if len(self.items) > self.size:
                self.items.popitem(last=False)
        return self.items[key]


def cached(size):
    cache = Cache(size)

    def decorate(function):
        @functools.wraps(function)
        def inner(*args):
            return cache.get(args, lambda: function(*args))
        return inner
    return decorate


@cached(4)
def square(n):
    print("computing", n)
    return n * n


print(square(3) + square(3))
