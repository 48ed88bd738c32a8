import datetime


def days(start, end):
    while start <= end:
        yield start
        start += datetime.timedelta(days=1)


def workdays(start, end, free=()):
    return [day for day in days(start, end) if day.weekday() < 5 and day not in free]


print(len(workdays(datetime.date(2024, 5, 1), datetime.date(2024, 5, 31))))
