"Time that tests turn: who sleeps is not kept waiting, and the clock goes on as if he had been."
import threading

class TurnedClock:
    "Stands in for `bears_lib.engine.core.http_client.clock`; `slept` holds every wait."
    def __init__(self): self.time, self.slept, self.lock = 1000., [], threading.Lock()
    def now(self) -> float: return self.time
    def sleep(self, seconds:float) -> None:
        with self.lock:
            self.time += seconds
            self.slept.append(seconds)
