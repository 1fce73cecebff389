"""The drill's page, looked at in a real browser: on a phone, on a desk, in the dark, on paper."""
import os
import pathlib
import re
import sqlite3
import sys
import unittest

from stage import Stage

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
from browser import Browser

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


class Page(Stage):
    def setUp(self):
        super().setUp()
        self.seed()
        with sqlite3.connect(self.database) as database:
            database.execute("CREATE TABLE images(id INTEGER PRIMARY KEY, key TEXT)")
            database.execute("INSERT INTO images(key) VALUES (?)", ("<img src=//evil/x>" * 9,))
        database.close()
        self.configure(service="""drills:
      nightly:
        checks:
          - blobs: {rows: db.images, key: key, where: "id > 1", in: uploads}""")
        self.run_program("init")
        self.run_program("backup")

    def keep(self, name, data):
        """For whoever wants to look: LIFEBOAT_PICTURES names a folder."""
        if folder := os.environ.get("LIFEBOAT_PICTURES"):
            (pathlib.Path(folder) / name).write_bytes(data)

    def look(self, browser, page, tone):
        url = "file://" + page
        for width in WIDTHS:
            for dark in (False, True):
                browser.open(url, width, dark)
                where = f"{tone} at {width}{' in the dark' if dark else ''}"
                self.assertEqual(browser.requests(), [url], where)
                self.assertEqual(browser.complaints(), [], where)
                self.assertEqual(browser.value(OUTSIDE), 0, where)
                self.assertGreaterEqual(browser.value(SMALLEST), 12, where)
                self.assertGreaterEqual(browser.value(CONTRAST), 4.5, where)
                self.assertEqual(browser.value("document.querySelector('header').className"), tone)
                below = browser.value("document.querySelector('.verdict')"
                                      ".getBoundingClientRect().bottom")
                self.assertLess(below, 200, "the verdict is what one sees first")
                self.keep(f"{tone}-{width}{'-dark' if dark else ''}.png", browser.picture())
        paper = browser.paper()
        self.assertEqual(paper[:5], b"%PDF-")
        self.assertLessEqual(len(re.findall(rb"/Type\s*/Page\b", paper)), 8)
        self.keep(f"{tone}.pdf", paper)

    def test_tells_the_verdict_at_one_glance_everywhere(self):
        with Browser() as browser:
            self.run_program("drill", "run")
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


if __name__ == "__main__":
    unittest.main()
