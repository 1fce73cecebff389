#include <array>

#include "drill/symptom.h"

// What is odd without making the backup bad, and the objectives.
namespace lifeboat::drill {
namespace {

using S = const Symptom&;

bool is_finding(S symptom, std::initializer_list<std::string_view> codes) {
  if (symptom.of != Symptom::Of::finding) return false;
  for (const auto code : codes)
    if (symptom.subject == code) return true;
  return false;
}

bool begins(S symptom, std::string_view prefix) {
  return symptom.of == Symptom::Of::finding && symptom.subject.starts_with(prefix);
}

bool is_objective(S symptom, std::string_view name) {
  return symptom.of == Symptom::Of::objective && symptom.subject == name;
}

constexpr std::array kFindingRules{
    Rule{"size-halved", [](S s) { return is_finding(s, {"size-halved"}); },
         "Much less was backed up than before: data was lost at the source, or a source is no "
         "longer what it was.",
         "lifeboat snapshots diff first {snapshot}", "application"},
    Rule{"snapshot-missing",
         [](S s) { return is_finding(s, {"snapshot-missing", "statement-missing"}); },
         "The store lost or hides a snapshot that nobody forgot, or what was said of one: it was "
         "rolled back, or somebody deleted objects in it.",
         "lifeboat verify, and ask who has access to the store", "storage"},
    Rule{"snapshot-newer-format", [](S s) { return is_finding(s, {"snapshot-newer-format"}); },
         "A newer Lifeboat made a snapshot, and this one cannot read it.",
         "lifeboat version here and where backups are made, then upgrade this one", "operator"},
    Rule{"object-unreadable",
         [](S s) {
           return is_finding(s,
                             {"snapshot-unreadable", "session-unreadable", "statement-unreadable",
                              "snapshot-damaged", "pack-damaged", "strange-object"});
         },
         "An object in the repository is not what Lifeboat wrote: a failing medium, or tampering.",
         "lifeboat verify --read-data", "storage"},
    Rule{"copy-closed", [](S s) { return is_finding(s, {"copy-closed"}); },
         "Another copy of the backups could not be opened: that one is not proven.",
         "lifeboat doctor, then lifeboat drill run {service} --from with its name", "operator"},
    Rule{"source-unknown", [](S s) { return is_finding(s, {"production-unknown"}); },
         "A source or a repository of the configuration cannot be found here, so the sandbox could "
         "not be compared with it.",
         "set the variables that the finding names, or look for what is gone", "operator"},
    Rule{"backup-died", [](S s) { return is_finding(s, {"session-unfinished"}); },
         "A backup began and never ended: the machine was switched off, or ran out of memory or "
         "space.",
         "look at the log of that host, then lifeboat backup {service}", "operator"},
    Rule{"clock-wrong", [](S s) { return begins(s, "clock-"); },
         "A clock was wrong: ages, and with them retention and RPO, are not reliable.",
         "compare the clocks: timedatectl", "operator"},
    Rule{"sandbox-reaped", [](S s) { return is_finding(s, {"sandbox-reaped", "scratch-reaped"}); },
         "An earlier drill died before it could remove its sandbox; this one did.",
         "look at the log for why it died", "operator"},
    Rule{"scratch-left", [](S s) { return is_finding(s, {"scratch-left"}); },
         "An earlier drill died, and what it restored to a server is still there: restored "
         "production data lies around.",
         "drill with that server in sandbox: {uri}, or drop what is named and remove its note, "
         "lifeboat-scratch-….json, from the sandboxes' folder",
         "operator"},
    Rule{"source-unreadable",
         [](S s) {
           return is_finding(s, {"source-unreadable", "file-unreadable", "attributes-unreadable"});
         },
         "The backup's user may not read all of the source: what it cannot read is not in it.",
         "lifeboat doctor", "operator"},
    Rule{"source-moved", [](S s) { return is_finding(s, {"file-vanished", "file-changed"}); },
         "The source changed while it was being read: a file may hold a mixture of two moments.",
         "take the backup when nothing writes there, or put such files into a database",
         "application"},
    Rule{"not-restored",
         [](S s) {
           return begins(s, "owner-") || begins(s, "mode-") || begins(s, "time-") ||
                  begins(s, "attribute-") || begins(s, "special-") || begins(s, "hardlink-");
         },
         "Only root, or another file system, can restore this. In the disaster it will be needed.",
         "run the restore as root, and say so in the runbook", "operator"},
    Rule{"record-doubtful", [](S s) { return begins(s, "evidence-") || begins(s, "history-"); },
         "A record of an earlier drill is missing, was changed, or does not belong here.",
         "lifeboat drill verify-evidence on the records, in their order", "auditor"},
    Rule{"waiver-over", [](S s) { return begins(s, "waiver-"); },
         "A waiver has ended and its check counts again, waives nothing any more, or is about what "
         "nobody can waive.",
         "mend what the check found, or waive it anew: lifeboat drill waive; to end a waiver: "
         "--until 0s",
         "operator"},
    Rule{"data-too-old", [](S s) { return is_objective(s, "rpo"); },
         "Backups are taken less often than was promised, or the last ones did not happen.",
         "lifeboat status {service}", "operator"},
    Rule{"recovery-too-slow", [](S s) { return is_objective(s, "rto"); },
         "Recovery takes longer than was promised.",
         "look at the slowest stage; or promise what was measured", "operator"},
    Rule{"runbook-step-missing", [](S s) { return is_finding(s, {"runbook-missing"}); },
         "The runbook has a step that the drill did not do: it is not rehearsed, or no longer "
         "needed.",
         "let the drill do it, or strike it from the runbook", "operator"},
    Rule{"runbook-step-slow", [](S s) { return is_finding(s, {"runbook-slow"}); },
         "A step took longer than the runbook allows for it.",
         "find out what slowed it down, or write what was measured into the runbook", "operator"},
    Rule{"recovery-may-be-too-slow",
         [](S s) { return is_finding(s, {"projection-over-objective"}); },
         "This drill compared less than a recovery would; with all of it, recovery is projected to "
         "take longer than was promised.",
         "drill once with tier: full, which measures it", "operator"},
    Rule{"log-kept", [](S s) { return is_finding(s, {"app-log"}); },
         "What the application wrote was kept for who looks for the cause; it is no part of the "
         "evidence.",
         "read it, then remove it: it may hold what the application knows", "application"},
    Rule{"to-be-looked-at", [](S s) { return s.of == Symptom::Of::finding; },
         "Something odd was met that changes no verdict.", "lifeboat drill show {id}", "operator"},
};

}  // namespace

std::span<const Rule> finding_rules() { return kFindingRules; }

}  // namespace lifeboat::drill
