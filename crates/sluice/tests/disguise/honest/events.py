class Signal:
    def __init__(self):
        self._slots = []

    def connect(self, slot):
        self._slots.append(slot)
        return slot

    def emit(self, *args, **kwargs):
        return [slot(*args, **kwargs) for slot in list(self._slots)]


changed = Signal()


@changed.connect
def show(name, value):
    print(name, "is now", value)


changed.emit("width", 80)
