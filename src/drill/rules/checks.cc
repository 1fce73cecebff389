#include <array>
#include <charconv>

#include "drill/newest.h"
#include "drill/symptom.h"

// What a failed check says about the data: one rule for each class of loss.
namespace lifeboat::drill {
namespace {

using S = const Symptom&;
using SignKind = Sign::Kind;

// A fact of the database or tree that is not as it was.
bool is_fact(S symptom, SignKind kind, std::string_view object) {
  const bool of_facts = is_check(symptom, "catalog.") || is_check(symptom, "counts.") ||
                        is_check(symptom, "digests.");
  return of_facts && symptom.sign != nullptr && symptom.sign->kind == kind &&
         symptom.sign->object.starts_with(object);
}

bool says_of(S symptom, std::string_view part) {
  return symptom.sign->object.find(part) != std::string::npos;
}

bool is_exact_fact(S symptom, std::initializer_list<std::string_view> objects) {
  for (const auto object : objects)
    if (is_fact(symptom, SignKind::different, object) && symptom.sign->object == object)
      return true;
  return false;
}

std::int64_t number_of(const std::string& text) {
  std::int64_t number = -1;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

bool fewer(S symptom) { return number_of(symptom.sign->found) < number_of(symptom.sign->expected); }

// "collections.orders" itself, or what is told of it: "collections.orders.indexes.by_date".
bool is_collection(S symptom, SignKind kind) {
  return is_fact(symptom, kind, "collections.") && !says_of(symptom, ".indexes.");
}

bool is_collection_index(S symptom, SignKind kind) {
  return is_fact(symptom, kind, "collections.") && says_of(symptom, ".indexes.");
}

bool is_row_count(S symptom) {
  const auto ends_in = [&](std::string_view member) {
    return symptom.sign->object.ends_with(member);
  };
  return (is_fact(symptom, SignKind::different, "tables.") && ends_in(".rows")) ||
         (is_collection(symptom, SignKind::different) && ends_in(".documents"));
}

bool is_content_of_rows(S symptom) {
  if (is_fact(symptom, SignKind::different, "tables.")) return true;
  return is_collection(symptom, SignKind::different) &&
         (symptom.sign->object.ends_with("digest") || symptom.sign->object.ends_with(".bytes"));
}

bool is_blob(S symptom, SignKind kind) {
  return is_check(symptom, "blobs.") && symptom.sign != nullptr && symptom.sign->kind == kind;
}

bool is_account(S symptom, SignKind kind) {
  return is_check(symptom, "accounts.") && symptom.sign != nullptr && symptom.sign->kind == kind;
}

bool is_content(S symptom, SignKind kind) {
  return is_check(symptom, "contents.") && symptom.sign != nullptr && symptom.sign->kind == kind;
}

// Of "integrity.db": the content of `db` itself was compared, and is what was backed up.
bool equals_its_source(S symptom) {
  return all_passed(symptom.report, "digests" + symptom.subject.substr(symptom.subject.find('.')));
}

// Of "gridfs.db": `db` holds as much as was backed up.
bool is_as_counted(S symptom) {
  return all_passed(symptom.report, "counts" + symptom.subject.substr(symptom.subject.find('.')));
}

constexpr std::string_view kGoBack =
    "lifeboat verify --read-data, then lifeboat drill run {service} --snapshot latest-proven";

bool is_newest(S symptom, SignKind kind) {
  return is_check(symptom, "newest") && symptom.sign != nullptr && symptom.sign->kind == kind;
}

constexpr std::array kCheckRules{
    Rule{"newest-missing", [](S s) { return is_newest(s, SignKind::missing); },
         "A backup that was made is not in the store any more: the store was rolled back or hides "
         "it, or somebody deleted it. The newest one that is left is not the newest.",
         "lifeboat verify, and ask who has access to the store; what is left is drilled with "
         "lifeboat drill run {service} --snapshot {snapshot}",
         "storage"},
    Rule{"newest-newer-format",
         [](S s) { return is_newest(s, SignKind::different) && s.sign->found == kNewerFormat; },
         "A newer Lifeboat made the newest backup, and this one cannot read it.",
         "lifeboat version here and where backups are made, then upgrade this one", "operator"},
    Rule{"newest-unreadable", [](S s) { return is_newest(s, SignKind::different); },
         "The head of a newer backup cannot be read: a failing medium, or tampering.",
         "lifeboat verify, then restore the repository's other copy, or lifeboat backup {service}",
         "storage"},
    Rule{"newest-incomplete", [](S s) { return is_check(s, "newest", Outcome::warned); },
         "A source could not be read whole when the newest backup was taken, often for want of "
         "rights.",
         "lifeboat doctor, then lifeboat backup {service}", "operator"},
    Rule{"key-leaves-folder",
         [](S s) {
           return s.subject.starts_with("blobs.") && s.check != nullptr && s.check->refused;
         },
         "A row names a file outside its folder: a hostile or broken row. The check stopped.",
         "look at the rows that the message names, and at who wrote them", "application"},
    Rule{"data-unreadable", [](S s) { return s.check != nullptr && s.check->unreadable; },
         "What was restored is damaged: it opens, and cannot be read to its end.", kGoBack,
         "storage"},
    Rule{"facts-missing", [](S s) { return is_check(s, "facts."); },
         "The snapshot does not say what was true when it was taken: nothing can be compared.",
         "lifeboat backup {service}", "operator"},
    Rule{"database-empty",
         [](S s) { return is_exact_fact(s, {"page_count"}) && number_of(s.sign->found) == 0; },
         "The restored database is empty: the restore was cut, or wrote to another place.", kGoBack,
         "operator"},
    Rule{"ledger-lost", [](S s) { return is_fact(s, SignKind::missing, "migrations."); },
         "The migration ledger is gone: the application would take the database for a new one and "
         "run every migration again.",
         kGoBack, "application"},
    Rule{"ledger-changed",
         [](S s) {
           return is_fact(s, SignKind::different, "migrations.") ||
                  is_fact(s, SignKind::added, "migrations.");
         },
         "The migrations that the restored database says it has are not those it had: half of a "
         "migration, or rows of the ledger lost.",
         kGoBack, "application"},
    Rule{"table-lost",
         [](S s) {
           return is_fact(s, SignKind::missing, "tables.") || is_collection(s, SignKind::missing);
         },
         "A table or collection that was backed up is not in what was restored.", kGoBack,
         "operator"},
    Rule{"index-lost",
         [](S s) {
           return is_fact(s, SignKind::missing, "objects.index ") ||
                  is_collection_index(s, SignKind::missing);
         },
         "An index is gone: queries turn slow, and a unique one no longer protects its rows.",
         kGoBack, "operator"},
    Rule{"trigger-lost", [](S s) { return is_fact(s, SignKind::missing, "objects.trigger "); },
         "A trigger is gone: rules that the database kept are no longer kept.", kGoBack,
         "application"},
    Rule{"view-lost", [](S s) { return is_fact(s, SignKind::missing, "objects.view "); },
         "A view is gone: whatever reads through it fails.", kGoBack, "application"},
    Rule{"schema-object-lost", [](S s) { return is_fact(s, SignKind::missing, "objects."); },
         "Something of the schema is gone.", kGoBack, "application"},
    Rule{"schema-added",
         [](S s) {
           return is_fact(s, SignKind::added, "tables.") ||
                  is_fact(s, SignKind::added, "objects.") ||
                  is_fact(s, SignKind::added, "collections.");
         },
         "There is something in the restored database that was never backed up: another database, "
         "or a program that opened it.",
         "lifeboat drill run {service}, and look at who else can reach the sandbox", "operator"},
    Rule{"schema-changed",
         [](S s) {
           return is_fact(s, SignKind::different, "objects.") ||
                  is_exact_fact(s, {"schema_fingerprint", "catalog_fingerprint"}) ||
                  (is_fact(s, SignKind::different, "collections.") && !is_row_count(s) &&
                   !is_content_of_rows(s));
         },
         "The schema differs from the one that was backed up.", kGoBack, "application", true},
    Rule{"account-lost", [](S s) { return is_account(s, SignKind::missing); },
         "A user or role of the database is gone: who logs in as that is refused, or may do less.",
         kGoBack, "operator"},
    Rule{"account-added", [](S s) { return is_account(s, SignKind::added); },
         "There is a user or role that was never backed up: somebody may log in who could not "
         "before.",
         "lifeboat drill run {service}, and look at who else can reach the sandbox", "operator"},
    Rule{"account-changed", [](S s) { return is_account(s, SignKind::different); },
         "A user or role is not as it was: another password, or other rights.", kGoBack,
         "operator"},
    Rule{"gridfs-hole-at-the-source",
         [](S s) { return is_check(s, "gridfs.") && is_as_counted(s); },
         "Files in GridFS have not all of their chunks, and had not when they were backed up: an "
         "upload that was cut, or chunks that were deleted. The backup is faithful to them.",
         "look for the file in older snapshots: lifeboat snapshots {service}", "application"},
    Rule{"gridfs-hole", [](S s) { return is_check(s, "gridfs."); },
         "Files in GridFS have lost chunks since they were backed up, and cannot be read.", kGoBack,
         "operator"},
    Rule{"version-changed",
         [](S s) { return is_exact_fact(s, {"user_version", "application_id"}); },
         "The version that the application keeps in the database is another one: it would migrate "
         "what it must not, or refuse to start.",
         kGoBack, "application"},
    Rule{"settings-changed",
         [](S s) { return is_exact_fact(s, {"encoding", "page_size", "auto_vacuum"}); },
         "The database was made anew with other settings: sorting and searching may differ.",
         kGoBack, "operator"},
    Rule{"rows-lost", [](S s) { return is_row_count(s) && fewer(s); },
         "Rows of a table are gone, though the file looks sound: it was cut at the boundary of a "
         "record, or something deleted them after the restore.",
         kGoBack, "operator"},
    Rule{"rows-added", [](S s) { return is_row_count(s); },
         "There are more rows than were backed up: something wrote into the restored database, or "
         "an old journal was played into it.",
         "lifeboat drill run {service}, and look at who else can reach the sandbox", "operator"},
    Rule{"values-changed", [](S s) { return is_content_of_rows(s); },
         "As many rows as before, but not the same values in them.", kGoBack, "operator"},
    Rule{"layout-changed", [](S s) { return is_exact_fact(s, {"page_count", "freelist_count"}); },
         "The database's pages are not those that were backed up; the other findings say what is "
         "in them.",
         kGoBack, "operator", true},
    Rule{"files-lost",
         [](S s) {
           return is_exact_fact(s, {"files", "directories", "symlinks", "hardlinks", "specials"}) &&
                  fewer(s);
         },
         "Files or folders that were backed up are not in what was restored.", kGoBack, "operator"},
    Rule{"files-added",
         [](S s) {
           return is_exact_fact(s, {"files", "directories", "symlinks", "hardlinks", "specials"});
         },
         "There are files that were never backed up: something wrote into the sandbox.",
         "lifeboat drill run {service}, and look at who else can reach the sandbox", "operator"},
    Rule{"content-lost", [](S s) { return is_content(s, SignKind::missing); },
         "A file that the snapshot lists was not restored.", kGoBack, "storage"},
    Rule{"content-changed", [](S s) { return is_content(s, SignKind::different); },
         "A file was restored with other bytes than were backed up.", kGoBack, "storage"},
    Rule{"attributes-changed",
         [](S s) {
           return is_exact_fact(s, {"tree_digest", "attributes_digest", "root_mode"}) &&
                  all_passed(s.report, "contents.");
         },
         "The files' contents are right, but a mode, time, link or attribute is not: the file "
         "system of the sandbox does not keep them, or something changed them.",
         "drill in a place whose file system keeps modes, times and attributes: sandbox: "
         "{directory}",
         "operator"},
    Rule{
        "tree-changed",
        [](S s) {
          return is_exact_fact(
              s, {"tree_digest", "attributes_digest", "bytes", "largest", "newest", "root_mode"});
        },
        "The restored folder is not the one that was backed up; the other findings name the files.",
        kGoBack, "operator", true},
    Rule{"damaged-at-the-source",
         [](S s) { return is_check(s, "integrity.") && equals_its_source(s); },
         "The database's own structures are damaged, and were so when it was backed up: the backup "
         "is faithful to a source that is broken.",
         "stop the application, run `PRAGMA integrity_check` on the source, and restore a snapshot "
         "from before: lifeboat snapshots {service}",
         "application"},
    Rule{"pages-damaged", [](S s) { return is_check(s, "integrity."); },
         "The database's own structures are damaged in what was restored.", kGoBack, "storage"},
    Rule{"blob-missing-at-the-source",
         [](S s) { return is_blob(s, SignKind::missing) && all_passed(s.report, "contents."); },
         "Rows refer to files that were not there when the backup was taken: the database and the "
         "files were backed up at different moments, or the application lost the files.",
         "look for the files in the live folder and in older snapshots: lifeboat snapshots "
         "{service}",
         "application"},
    Rule{"blob-lost", [](S s) { return is_blob(s, SignKind::missing); },
         "Rows refer to files that were backed up and not restored.", kGoBack, "storage"},
    Rule{"blob-wrong-at-the-source",
         [](S s) { return is_blob(s, SignKind::different) && all_passed(s.report, "contents."); },
         "Files are as they were backed up, but not as their rows say: they were overwritten after "
         "the row was written, or the row is wrong.",
         "compare the live file with its row; older snapshots may hold the right one: lifeboat "
         "snapshots {service}",
         "application"},
    Rule{"blob-changed", [](S s) { return is_blob(s, SignKind::different); },
         "Files were restored with other bytes than were backed up.", kGoBack, "storage"},
    Rule{"orphan-files", [](S s) { return is_check(s, "blobs.", Outcome::warned); },
         "Files without a row: written after the database's moment, or left behind by deletions.",
         "compare with the live folder; remove what the application no longer needs",
         "application"},
    Rule{"clock-wrong",
         [](S s) { return is_check(s, "freshness.") && says(s, "a clock is wrong"); },
         "The newest row is from after the backup: the clock of the application or of this machine "
         "is wrong, and ages mean nothing.",
         "compare the clocks: timedatectl", "operator"},
    Rule{"nothing-written", [](S s) { return is_check(s, "freshness.") && says(s, "is empty"); },
         "The table is empty: another database was backed up than the one in use, or its rows are "
         "gone at the source.",
         "lifeboat snapshots show {snapshot}, and compare the path with the application's",
         "application"},
    Rule{"writes-stopped", [](S s) { return is_check(s, "freshness."); },
         "The data was old when it was backed up: the application stopped writing, or writes to "
         "another database than the one that is backed up.",
         "lifeboat snapshots show {snapshot}, and compare the path with the application's",
         "application"},
    Rule{"wrong-at-the-source",
         [](S s) { return is_check(s, "query.") && all_passed(s.report, "digests."); },
         "The backup equals its source, and the source was not as expected: its data was lost or "
         "changed before the backup, or the expectation is out of date.",
         "compare with an older snapshot: lifeboat drill run {service} --snapshot first",
         "application"},
    Rule{"answer-wrong", [](S s) { return is_check(s, "query."); },
         "What was restored is not what was backed up, and so answers otherwise.", kGoBack,
         "operator"},
    Rule{"migrations-open", [](S s) { return is_check(s, "migrations."); },
         "The migration ledger says that a migration failed, is missing or is not the one that was "
         "shipped: the backup is from the middle of a migration, or from another release.",
         "compare with the release that the snapshot was taken under, before the application boots",
         "application"},
    Rule{"migrations-odd", [](S s) { return is_check(s, "migrations.", Outcome::warned); },
         "The backup was taken during a migration, or by a newer release than the one compared "
         "with.",
         "look at the ledger that the check names; clear its lock before the application boots",
         "application"},
    Rule{"all-rewritten", [](S s) { return is_check(s, "rewritten.", Outcome::warned); },
         "Most of the source was written anew since the snapshot before, as never before: by a "
         "migration, a VACUUM or an import, or by a fault or a program that encrypts it for "
         "ransom. The backup is faithful to either.",
         "look at some rows and files of it, and let no snapshot from before go until it is "
         "understood: lifeboat snapshots diff first {snapshot}",
         "security"},
    Rule{"erased-come-back", [](S s) { return is_check(s, "erased-since", Outcome::warned); },
         "The snapshot is older than others: who and what was erased since then is in it.",
         "after a restore of it, erase anew whatever was erased since, from a list that is kept "
         "outside of the backup, before anybody works with it",
         "application"},
    Rule{"another-source", [](S s) { return is_check(s, "trend."); },
         "Nothing that was always in this source is in it now: another database or folder was "
         "backed up than the one in use, or it was empty or not mounted at that moment.",
         "lifeboat snapshots show {snapshot}, and compare the path with the application's",
         "operator"},
    Rule{"log-broken", [](S s) { return is_check(s, "pitr."); },
         "The archived log has a hole between the snapshot and the moment that was asked for: what "
         "was written there can only be restored to the snapshots beside it.",
         "lifeboat log status {service}, then lifeboat backup {service}", "operator"},
    Rule{"log-not-archived",
         [](S s) { return is_check(s, "pitr.", Outcome::not_run) && says(s, "log follow"); },
         "No log was archived after this snapshot, so no moment after it can be restored.",
         "lifeboat log follow {service}", "operator"},
    Rule{"snapshot-without-log",
         [](S s) { return is_check(s, "pitr.", Outcome::not_run) && says(s, "no place in a log"); },
         "The snapshot has no place in a log, and its findings say why: a server that is no member "
         "of a replica set keeps none, a sharded cluster has one for each shard, and a log says "
         "nothing of time series that are kept as documents. No moment after it can be restored.",
         "lifeboat doctor {service}; while that is so, drill without pitr", "operator"},
    Rule{"moment-missed", [](S s) { return is_check(s, "boundary."); },
         "The restore to a moment between two markers did not end there: a write after that moment "
         "is there, or one before it is not. Restores to a moment cannot be trusted.",
         "restore both sides by hand, lifeboat restore {service} --at-position POSITION, and "
         "compare them; a full backup begins a new log: lifeboat backup {service}",
         "operator"},
    Rule{"no-marker-in-log", [](S s) { return is_check(s, "boundary.", Outcome::not_run); },
         "No marker was written after the snapshot and archived with the log, so no moment between "
         "two of them could be chosen.",
         "lifeboat mark {service} and lifeboat log follow {service}, both all the time",
         "operator"},
    Rule{"log-facts-unknown", [](S s) { return is_check(s, "replayed.", Outcome::not_run); },
         "The log changed something of which nobody can say what it must be now, so it was not "
         "compared: capped collections that were written to are such.",
         "drill without pitr: too, which compares everything with the snapshot", "operator"},
    Rule{"trend-broken", [](S s) { return is_check(s, "trend.", Outcome::warned); },
         "A source holds much less or much more than in the backups before.",
         "lifeboat snapshots diff first {snapshot}", "application"},
    Rule{"server-unlike", [](S s) { return is_check(s, "server.", Outcome::not_run); },
         "The drill's server is another product, or older, than the one that was backed up: equal "
         "facts there do not show that it would take them.",
         "name the program of that product and version in sandbox: {server: PATH}", "operator"},
    Rule{"disk-full",
         [](S s) {
           return s.check != nullptr && s.check->outcome == Outcome::not_run &&
                  (says(s, "disk is full") || says(s, "No space left"));
         },
         "A disk of this machine was full when the restored data was asked: nothing is said about "
         "the backup.",
         "free some space where sandboxes and temporary files lie, then lifeboat drill run "
         "{service}",
         "operator"},
    Rule{"check-not-possible",
         [](S s) {
           return s.check != nullptr && s.check->outcome == Outcome::not_run &&
                  !is_of_application(s);
         },
         "The check could not be asked: it names something that the restored data does not have, "
         "or its own error stopped it. Not asked is not passed.",
         "mend the check in lifeboat.yaml, then lifeboat drill run {service}", "operator"},
};

}  // namespace

std::span<const Rule> check_rules() { return kCheckRules; }

}  // namespace lifeboat::drill
