#include "config/schema_foreign.h"

namespace lifeboat::config {
namespace {

constexpr Row kForeignRows[] = {
    {.path = "services.*.sources.*.from",
     .type = Type::path,
     .about = "The folder that holds the backups or, without `pattern`, the backup itself.",
     .example = "/var/backups/shop",
     .only_for = "foreign"},
    {.path = "services.*.sources.*.pattern",
     .type = Type::literal,
     .about = "Which names in it are backups, with `*`, `?` and `[…]`. The one whose name has the "
              "newest date is drilled; when no name has a date, the one written last.",
     .example = "\"shop-*.tar.gz\"",
     .only_for = "foreign"},
    {.path = "services.*.sources.*.format",
     .type = Type::choice,
     .about = "What a backup is: an archive, one SQLite database, a folder (`files`), or a "
              "database of MongoDB: what mongodump wrote (an archive, its folder, or an archive of "
              "that folder) or JSON lines, a file for each collection.",
     .choices = "tar|tar.gz|tar.zst|zip|sqlite|files|mongodump|jsonl",
     .planned_choices = "pg_dump|tar.bz2|tar.xz|sql|sql.gz",
     .only_for = "foreign"},
    {.path = "services.*.sources.*.within",
     .type = Type::duration,
     .about = "How old the newest backup may be; an older one fails the drill.",
     .example = "26h",
     .only_for = "foreign"},
    {.path = "services.*.sources.*.database",
     .type = Type::literal,
     .about =
         "Of type `foreign`: the SQLite database in the archive or folder, by its path there; "
         "wildcards must fit exactly one, and the source is then asked like one of type "
         "`sqlite`. Of the formats `mongodump` and `jsonl`: the database's name, which says "
         "which of several in a dump is meant. Of type `mongodb`: its name, where the URI does "
         "not say it.",
     .example = "\"dump/shop-*.db\"",
     .only_for = "foreign|mongodb"},
    {.path = "services.*.sources.*.server",
     .type = Type::literal,
     .about = "Of the formats `mongodump` and `jsonl`: product and version of the server that a "
              "recovery would use. A drill proves the dump only on that product, of no older "
              "major version. Not needed where the head of an archive and a `mongod` tell it.",
     .example = "MongoDB 7.0",
     .only_for = "foreign"},
    {.path = "services.*.sources.*.folder",
     .type = Type::literal,
     .about = "The folder in the archive that is the source, asked like one of type `files`.",
     .fallback = "all of it",
     .only_for = "foreign"},
    {.path = "services.*.sources.*.unpacked",
     .type = Type::block,
     .about = "How much may come out of an archive before it is taken for a bomb.",
     .example = "{bytes: 50GB, entries: 100000}",
     .only_for = "foreign"},
    {.path = "services.*.sources.*.unpacked.bytes",
     .type = Type::size,
     .about = "Bytes of all files together.",
     .fallback = "what the sandbox's place has free"},
    {.path = "services.*.sources.*.unpacked.entries",
     .type = Type::count,
     .about = "Files, folders and links.",
     .fallback = "20000000"},
    {.path = "services.*.sources.*.restore",
     .type = Type::command,
     .about = "Instead of `from` and `format`: a command that restores the newest backup into the "
              "folder where it is started, which is `$LIFEBOAT_SANDBOX` and `${sandbox.path}` too. "
              "Beside it, `format: mongodump` or `jsonl` says that it leaves such a dump there.",
     .example = "\"borg extract /srv/borg::$(borg list --last 1 --short /srv/borg)\"",
     .only_for = "foreign"},
    {.path = "services.*.sources.*.environment",
     .type = Type::names,
     .about = "The environment of that command: nothing else, besides PATH, LANG and a HOME of its "
              "own that is thrown away.",
     .example = "{BORG_PASSPHRASE: \"${BORG_PASSPHRASE}\"}",
     .only_for = "foreign"},
    {.path = "services.*.sources.*.environment.*",
     .type = Type::text,
     .about = "The value of that variable."},
    {.path = "services.*.sources.*.timeout",
     .type = Type::duration,
     .about = "How long that command may take before it is killed.",
     .fallback = "1h",
     .only_for = "foreign"},
};

}  // namespace

std::span<const Row> foreign_rows() { return kForeignRows; }

}  // namespace lifeboat::config
