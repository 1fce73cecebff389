"""The example shop's story, as its user would play it."""
import os
import pathlib
import subprocess
import unittest

from stage import Stage, PROGRAM

STORY = pathlib.Path(__file__).parents[2] / "examples" / "shop" / "story.sh"


class Story(Stage):
    def test_the_shop_is_backed_up_lost_restored_and_proven(self):
        place = self.place / "story"
        ran = subprocess.run([STORY], env={**os.environ, "STORY": str(place), "LIFEBOAT": PROGRAM},
                             text=True, capture_output=True, check=False, timeout=200)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)
        self.assertIn("PROVEN", ran.stdout)
        # Else the drill without the application was proven, and nothing shows that it was booted.
        self.assertNotIn("Unverified here", ran.stdout)
        self.assertIn("no such table", ran.stdout)
        self.assertIn("orders: 5040", ran.stdout)
        self.assertTrue(list((place / "state" / "drills" / "shop").glob("*.html")))
        self.assertEqual(list((place / "state" / "sandboxes").glob("*")), [])
        long = [line for line in ran.stdout.splitlines() if len(line) > 100 and "/" not in line]
        self.assertEqual(long, [])


if __name__ == "__main__":
    unittest.main()
