import csv
import io
import statistics

ROWS = "name,hours\nada,12\ngrace,30\nalan,7\n"


def read(text):
    return [(row["name"], float(row["hours"])) for row in csv.DictReader(io.StringIO(text))]


def summary(rows):
    hours = [value for _, value in rows]
    return {"n": len(hours), "mean": statistics.mean(hours), "most": max(rows, key=lambda row: row[1])[0]}


print(summary(read(ROWS)))
