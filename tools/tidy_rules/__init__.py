"""The rules of tools/tidy, one file each; values only, no state between runs."""
