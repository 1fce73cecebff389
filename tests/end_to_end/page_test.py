"""The drill's page, looked at in a real browser: on a phone, on a desk, in the dark, on paper."""
import os
import pathlib
import re
import sqlite3
import sys
import unittest

# Before the stage takes the home away.
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
sys.path.insert(0, str(CACHE / "lifeboat" / "playwright-1.52.0"))
from playwright.sync_api import sync_playwright  # noqa: E402
from stage import Stage  # noqa: E402

WIDTHS = (390, 768, 1280)
OUTSIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALLEST = """Math.min(...[...document.querySelectorAll("main *")]
    .filter(each => each.textContent.trim())
    .map(each => parseFloat(getComputedStyle(each).fontSize)))"""
# Of the verdict and its ground, as WCAG computes it.
CONTRAST = """(() => {
  const light = text => {
    const parts = text.match(/[0-9.]+/g).slice(0, 3).map(each => each / 255)
      .map(each => each <= 0.03928 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const pair = selector => {
    const style = getComputedStyle(document.querySelector(selector));
    const ground = getComputedStyle(document.querySelector("header")).backgroundColor;
    const [a, b] = [light(style.color), light(ground)].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  };
  return Math.min(pair(".verdict"), pair("header h1"));
})()"""
BELOW = "document.querySelector('.verdict').getBoundingClientRect().bottom"
TONE = "document.querySelector('header').className"


class Page(Stage):
    def setUp(self):
        super().setUp()
        self.seed()
        with sqlite3.connect(self.database) as database:
            database.execute("CREATE TABLE images(id INTEGER PRIMARY KEY, key TEXT)")
            database.execute("INSERT INTO images(key) VALUES ('<img src=x onerror=alert(1)>')")
        database.close()
        self.configure(service="""drills:
      nightly:
        checks:
          - blobs: {rows: db.images, key: key, where: "id > 1", in: uploads}""")
        self.run_program("init")
        self.run_program("backup")

    def keep(self, name):
        """Where to, for whoever wants to look: LIFEBOAT_PICTURES names a folder."""
        folder = os.environ.get("LIFEBOAT_PICTURES")
        return str(pathlib.Path(folder) / name) if folder else None

    def look_at(self, browser, url, tone, width, dark):
        where = f"{tone} at {width}{' in the dark' if dark else ''}"
        context = browser.new_context(viewport={"width": width, "height": 900},
                                      color_scheme="dark" if dark else "light")
        page = context.new_page()
        asked, complaints = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(url)
        self.assertEqual(asked, [url], where)
        self.assertEqual(complaints, [], where)
        self.assertEqual(page.evaluate(OUTSIDE), 0, where)
        self.assertGreaterEqual(page.evaluate(SMALLEST), 12, where)
        self.assertGreaterEqual(page.evaluate(CONTRAST), 4.5, where)
        self.assertEqual(page.evaluate(TONE), tone, where)
        self.assertLess(page.evaluate(BELOW), 200, "the verdict is what one sees first: " + where)
        if picture := self.keep(f"{tone}-{width}{'-dark' if dark else ''}.png"):
            page.screenshot(path=picture, full_page=True)
        return page

    def look(self, browser, path, tone):
        for width in WIDTHS:
            for dark in (False, True):
                page = self.look_at(browser, "file://" + path, tone, width, dark)
        paper = page.pdf(path=self.keep(f"{tone}.pdf"), print_background=True)
        self.assertEqual(paper[:5], b"%PDF-")
        self.assertLessEqual(len(re.findall(rb"/Type\s*/Page\b", paper)), 8)

    def test_tells_the_verdict_at_one_glance_everywhere(self):
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium",
                                                 args=["--no-sandbox"],
                                                 env={**os.environ, "HOME": str(self.place)})
            proven = self.result("drill", "run")[0]
            self.assertEqual(proven["evidence"]["verdict"], "proven")
            self.look(browser, proven["page"], "good")
            with sqlite3.connect(self.database) as database:
                database.execute("INSERT INTO images(key) SELECT key || id FROM images")
                database.execute("DELETE FROM orders WHERE id > 100")
            database.close()
            self.run_program("backup")
            failed = self.result("drill", "run", status=1)[0]
            self.look(browser, failed["page"], "bad")
            for check in failed["evidence"]["checks"]:
                if check["outcome"] == "failed":
                    self.run_program("drill", "waive", "shop", check["id"], "--reason", "known",
                                     "--who", "Ada", "--until", "14d")
            waived = self.result("drill", "run")[0]
            self.assertEqual(waived["evidence"]["verdict"], "proven with waivers")
            self.look(browser, waived["page"], "waived")
            self.configure(service="drills: {d: {checks: [{manual: {ask: 'Is it right?'}}]}}")
            unverified = self.result("drill", "run", status=2)[0]
            self.assertEqual(unverified["evidence"]["verdict"], "unverified")
            self.look(browser, unverified["page"], "open")
            browser.close()


if __name__ == "__main__":
    unittest.main()
