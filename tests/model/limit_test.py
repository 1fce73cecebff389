"""The model may take a minute of processor time; one that takes longer says so and fails."""
import pathlib
import subprocess
import sys
import unittest

MODEL = pathlib.Path(__file__).with_name("collection.py")


class Limit(unittest.TestCase):
    def test_a_model_that_takes_too_long_is_stopped_and_says_so(self):
        ran = subprocess.run([sys.executable, MODEL, "--seconds", "1"], capture_output=True,
                             text=True, check=False, timeout=120)
        self.assertEqual(ran.returncode, 1, ran.stdout + ran.stderr)
        self.assertIn("take more than 1 s of processor time", ran.stdout)
        self.assertIn("not all of them were explored", ran.stdout)


if __name__ == "__main__":
    unittest.main()
