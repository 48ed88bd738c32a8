import enum


class State(enum.Enum):
    NEW = "new"
    PAID = "paid"
    SENT = "sent"

    def next(self):
        order = list(State)
        return order[min(order.index(self) + 1, len(order) - 1)]


class Order:
    def __init__(self, number):
        self.number, self.state, self.history = number, State.NEW, []

    def advance(self):
        self.history.append(self.state)
        self.state = self.state.next()
        return self


print(Order(5).advance().advance().state.value)
