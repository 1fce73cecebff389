"""Debian's Chromium, driven through the DevTools protocol over a pipe: no network, no driver.

One page at a time. What the page asked for, logged or threw is kept, so that a test can say that
there was nothing of it.
"""

import base64
import json
import os
import select
import subprocess
import tempfile
import time

PROGRAM = "/usr/bin/chromium"
OPTIONS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
           "--no-first-run", "--disable-extensions", "--disable-background-networking",
           "--hide-scrollbars", "--remote-debugging-pipe"]
PATIENCE = 60  # seconds for one answer


class Browser:
    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="browser-")
        commands, self.commands = os.pipe()
        self.answers, answers = os.pipe()
        # The browser reads descriptor 3 and writes descriptor 4.
        shell = f'exec "$0" "$@" 3<&{commands} 4>&{answers} {commands}<&- {answers}>&-'
        self.process = subprocess.Popen(
            ["bash", "-c", shell, PROGRAM, *OPTIONS, f"--user-data-dir={self.profile.name}",
             "about:blank"],
            pass_fds=(commands, answers), env={**os.environ, "HOME": self.profile.name},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(commands)
        os.close(answers)
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        self.profile.cleanup()

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.commands, json.dumps(message).encode() + b"\0")
        return self.until(lambda said: said.get("id") == self.number)["result"]

    def until(self, wanted):
        """The first message that is wanted; events on the way are kept."""
        end = time.monotonic() + PATIENCE
        while True:
            while b"\0" not in self.rest:
                ready, _, _ = select.select([self.answers], [], [], end - time.monotonic())
                piece = os.read(self.answers, 1 << 20) if ready else b""
                if not piece:
                    raise TimeoutError("the browser does not answer")
                self.rest += piece
            text, self.rest = self.rest.split(b"\0", 1)
            said = json.loads(text)
            if "method" in said:
                self.events.append(said)
            if wanted(said):
                return said

    def open(self, url, width, dark=False):
        self.events.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900,
                  deviceScaleFactor=1, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Page.navigate", url=url)
        if not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.until(lambda said: said.get("method") == "Page.loadEventFired")

    def value(self, expression):
        """Of JavaScript, computed in the page."""
        return self.call("Runtime.evaluate", expression=expression,
                         returnByValue=True)["result"].get("value")

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events
                if event["method"] == "Network.requestWillBeSent"]

    def complaints(self):
        return [event for event in self.events
                if event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded")]

    def picture(self):
        """PNG of the whole page."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {**size, "scale": 1}
        data = self.call("Page.captureScreenshot", format="png", clip=clip,
                         captureBeyondViewport=True)["data"]
        return base64.b64decode(data)

    def paper(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True)["data"])
