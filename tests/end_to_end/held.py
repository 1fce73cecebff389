"""A file whose opener waits, so that a test may meet a program at that very moment: the kernel
sends a signal to who holds a lease on a file when somebody opens it, and lets that one wait."""
import fcntl
import os
import signal

PATIENCE = 90  # seconds until nobody came; the kernel itself lets the opener wait for 45
SIGNALS = {signal.SIGIO}


class Held:
    def __init__(self, path):
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        while signal.sigtimedwait(SIGNALS, 0):
            pass
        self.path = path
        self.file = os.open(path, os.O_RDONLY)
        fcntl.fcntl(self.file, fcntl.F_SETLEASE, fcntl.F_WRLCK)

    def wait(self):
        """Until somebody opens it: who asks not to be kept waiting is refused and tries again."""
        if not signal.sigtimedwait(SIGNALS, PATIENCE):
            raise TimeoutError(f"nobody opened {self.path}")

    def release(self):
        os.close(self.file)
