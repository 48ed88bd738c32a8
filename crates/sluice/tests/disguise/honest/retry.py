import functools
import random
import time


def retry(times=3, wait=0.5, errors=(OSError,)):
    def decorate(function):
        @functools.wraps(function)
        def inner(*args, **kwargs):
            for attempt in range(times):
                try:
                    return function(*args, **kwargs)
                except errors:
                    if attempt + 1 == times:
                        raise
                    time.sleep(wait * 2 ** attempt + random.random() / 10)
        return inner
    return decorate


@retry(times=2)
def flaky(state={"n": 0}):
    state["n"] += 1
    if state["n"] < 2:
        raise OSError("not yet")
    return state["n"]


print(flaky())
