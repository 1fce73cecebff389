#!/usr/bin/env bash
# The whole story on the example shop: backup, a change, a second small backup, a disaster,
# restore, drill. Everything happens below build/story, which is made anew each time.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
lifeboat=${LIFEBOAT:-$root/build/release/lifeboat}
story=${STORY:-$root/build/story}

bold='' dim='' plain=''
if [ -t 1 ]; then bold=$'\033[1m' dim=$'\033[2m' plain=$'\033[0m'; fi
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
run() { printf '%s$ lifeboat %s%s\n' "$dim" "$*" "$plain"; "$lifeboat" "$@"; }
rows() { /usr/bin/python3 - "$1" <<'PY'
import sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
try:
    print("orders:", db.execute("SELECT count(*) FROM orders").fetchone()[0])
except sqlite3.OperationalError as error:
    print("orders:", error)
PY
}
disaster() { /usr/bin/python3 - "$1" "$2" <<'PY'
import pathlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.executescript("PRAGMA foreign_keys = OFF; DROP VIEW order_totals; DROP TABLE orders;")
upload = min(path for path in pathlib.Path(sys.argv[2]).rglob("*") if path.is_file())
upload.unlink()
print("dropped the table orders, deleted", upload.relative_to(sys.argv[2]))
PY
}

rm -rf "$story"
mkdir -p "$story"
export DATABASE=$story/shop/shop.db UPLOADS_DIR=$story/shop/uploads
export TOKEN_KEY='the key that signs its tokens'
export LIFEBOAT_REPOSITORY=$story/repository LIFEBOAT_PASSPHRASE='correct horse battery staple'
export LIFEBOAT_STATE=$story/state LIFEBOAT_CACHE=$story/cache LIFEBOAT_CONFIG=$here/lifeboat.yaml

say "A shop with a database and uploaded images"
/usr/bin/python3 "$here/seed.py" "$story/shop" --users 200 --orders 5000 --images 300
rows "$DATABASE"

say "Make its repository, and take the first backup"
run init
run backup shop

say "A day of work: some orders change, and the second backup is small"
/usr/bin/python3 "$here/seed.py" "$story/shop" --append --users 3 --orders 40 --images 4
run backup shop
run snapshots shop

say "Disaster: a bad migration drops a table, and a clean-up script deletes an upload"
disaster "$DATABASE" "$UPLOADS_DIR"
rows "$DATABASE"

say "Restore the newest snapshot beside the damaged data"
run restore shop --to "$story/restored" --yes
rows "$story/restored/db.db"

say "Drill: prove that the backup can be recovered, with evidence"
drilled=0
run drill run shop || drilled=$?
if [ "$drilled" -eq 2 ]; then
    say "Unverified here, and why is above: an application is only booted where it cannot get out"
    say "What can be proven without booting it"
    run drill run shop --drill data
elif [ "$drilled" -ne 0 ]; then
    exit "$drilled"
fi

page=$(ls "$story"/state/drills/shop/*.html | tail -n 1)
say "Done. The report for people is $page"
