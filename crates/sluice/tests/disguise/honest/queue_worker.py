import threading

RESULTS = []


def work(item):
    RESULTS.append(item * item)


def run(items):
    threads = [threading.Thread(target=work, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(RESULTS)


print(run([3, 1, 2]))
