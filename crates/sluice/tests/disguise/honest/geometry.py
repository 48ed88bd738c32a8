import math


def distance(a, b):
    return math.hypot(a[0] - b[0], a[1] - b[1])


def area(points):
    total = 0
    for (x1, y1), (x2, y2) in zip(points, points[1:] + points[:1]):
        total += x1 * y2 - x2 * y1
    return abs(total) / 2


def circle(radius, steps=12):
    return [(radius * math.cos(2 * math.pi * i / steps), radius * math.sin(2 * math.pi * i / steps)) for i in range(steps)]


print(round(area(circle(2.0)), 3), round(distance((0, 0), (3, 4)), 1))
