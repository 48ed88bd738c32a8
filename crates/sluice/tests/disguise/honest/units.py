FACTORS = {"mm": 0.001, "cm": 0.01, "m": 1.0, "km": 1000.0, "in": 0.0254, "ft": 0.3048, "mi": 1609.344}


def convert(value, source, target):
    try:
        return value * FACTORS[source] / FACTORS[target]
    except KeyError as error:
        raise ValueError(f"unknown unit {error}") from None


for unit in ("ft", "mi"):
    print(round(convert(5, unit, "m"), 2))
