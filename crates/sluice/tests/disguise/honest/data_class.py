from dataclasses import dataclass, field


@dataclass(order=True)
class Version:
    major: int
    minor: int = 0
    patch: int = 0
    tags: list = field(default_factory=list, compare=False)

    @classmethod
    def parse(cls, text):
        head, _, tail = text.partition("-")
        numbers = [int(part) for part in head.split(".")]
        return cls(*numbers, tags=tail.split(".") if tail else [])

    def __str__(self):
        text = f"{self.major}.{self.minor}.{self.patch}"
        return text + "-" + ".".join(self.tags) if self.tags else text


NEWEST = max(map(Version.parse, ["1.2.3", "1.10.0", "0.9.12-beta.1"]))
print(str(NEWEST))
