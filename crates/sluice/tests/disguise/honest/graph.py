import heapq

ROADS = {"a": {"b": 7, "c": 3}, "b": {"d": 2}, "c": {"b": 1, "d": 8}, "d": {}}


def shortest(graph, start, goal):
    queue, seen = [(0, start, [start])], set()
    while queue:
        cost, node, way = heapq.heappop(queue)
        if node == goal:
            return cost, way
        if node in seen:
            continue
        seen.add(node)
        for other, step in graph[node].items():
            heapq.heappush(queue, (cost + step, other, way + [other]))
    return None


print(shortest(ROADS, "a", "d"))
