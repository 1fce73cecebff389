#include <algorithm>
#include <array>

#include "drill/scratch.h"
#include "drill/symptom.h"

// Why a drill stopped: the store, the keys, the repository's objects, this machine.
namespace lifeboat::drill {
namespace {

using S = const Symptom&;

bool has_code(S symptom, std::initializer_list<Code> codes) {
  return symptom.error != nullptr &&
         std::find(codes.begin(), codes.end(), symptom.error->code()) != codes.end();
}

bool stopped_at(S symptom, std::string_view stage, std::initializer_list<Code> codes) {
  return symptom.subject == stage && has_code(symptom, codes);
}

bool is_damaged(S symptom) { return has_code(symptom, {Code::corrupt, Code::damage_found}); }

// As the repository and its media put it.
bool says_gone(S symptom) {
  return says(symptom, "no pack holds it") || says(symptom, "No such file") ||
         says(symptom, "there is no object");
}

constexpr std::array kStageRules{
    Rule{"store-denied",
         [](S s) {
           return stopped_at(s, kOpenStage, {Code::damage_found}) ||
                  stopped_at(s, "locate", {Code::damage_found});
         },
         "The store refuses to be listed: its credentials, permissions or path have drifted from "
         "what is configured. Until that is mended this copy is no backup.",
         "lifeboat doctor", "storage"},
    Rule{"repository-gone", [](S s) { return stopped_at(s, kOpenStage, {Code::not_found}); },
         "There is no repository where the configuration says: its path has drifted, its disk is "
         "not mounted, or it was deleted.",
         "lifeboat doctor, then lifeboat drill run {service}", "storage"},
    Rule{"server-missing",
         [](S s) {
           return stopped_at(s, kPreflightStage, {Code::unavailable}) && says(s, "restores to it");
         },
         "The program that this source is restored to is not on this machine: nothing is said "
         "about the backup.",
         "install it, or name it in the drill's sandbox: {server: PATH}", "operator"},
    Rule{"server-older",
         [](S s) {
           return stopped_at(s, "provision", {Code::unavailable}) && says(s, "it is older than");
         },
         "The program that was found is of an older release than the server that was backed up: "
         "nothing is said about the backup.",
         "install one of that release or a later one, or name this one in the drill's sandbox: "
         "{server: PATH}",
         "operator"},
    Rule{"scratch-silent",
         [](S s) {
           return stopped_at(s, kPreflightStage, {Code::unavailable}) && says(s, kScratchUri);
         },
         "The server on which the drill makes databases does not answer: nothing is said about the "
         "backup.",
         "look at that server, or drill on a private one: sandbox: {type: process}", "operator"},
    Rule{"server-failed", [](S s) { return stopped_at(s, "provision", {Code::unavailable}); },
         "The server of the sandbox did not begin: nothing is said about the backup.",
         "run the program by hand, and name the right one in the drill's sandbox: {server: PATH}",
         "operator"},
    Rule{"memory-too-small",
         [](S s) { return stopped_at(s, kPreflightStage, {Code::unavailable}); },
         "This machine has less memory free than the drill will take: nothing is said about the "
         "backup.",
         "stop something else, drill on a larger machine, or name what the application needs in "
         "app: {limits: {memory: …}}",
         "operator"},
    Rule{"store-silent", [](S s) { return has_code(s, {Code::unavailable, Code::timed_out}); },
         "The store did not answer in time: nothing is said about the backup.",
         "lifeboat doctor, then lifeboat drill run {service}", "storage"},
    Rule{"no-snapshot-left", [](S s) { return stopped_at(s, "locate", {Code::corrupt}); },
         "No snapshot of the service can be had, and something that was made is missing or "
         "damaged: the store was rolled back, fails, or was tampered with.",
         "lifeboat verify, then restore the repository's other copy", "storage"},
    Rule{"never-backed-up", [](S s) { return stopped_at(s, "locate", {Code::not_found}); },
         "This repository holds no snapshot of the service: its backups never ran, went elsewhere, "
         "or every one was forgotten.",
         "lifeboat backup {service}", "operator"},
    Rule{"none-complete", [](S s) { return stopped_at(s, "locate", {Code::incomplete}); },
         "Every snapshot of the service is incomplete: each time a source could not be read whole, "
         "often for want of rights.",
         "lifeboat doctor, then lifeboat backup {service}", "operator"},
    Rule{"nothing-at-that-moment",
         [](S s) { return stopped_at(s, "locate", {Code::not_restorable}); },
         "No snapshot is of the moment that was asked for.", "lifeboat snapshots {service}",
         "operator"},
    Rule{"log-hole",
         [](S s) {
           return has_code(s, {Code::not_restorable}) && says(s, "entries of the log are missing");
         },
         "The log changes documents that nothing in it or in the snapshot ever made: the server "
         "lost entries of it, or they were taken out.",
         "lifeboat backup {service}, which begins a new log, and ask when the server last crashed",
         "operator"},
    Rule{"chain-broken", [](S s) { return has_code(s, {Code::not_restorable}); },
         "A snapshot that this one needs is gone: it was removed too early.",
         "lifeboat snapshots {service}, then lifeboat drill run {service} --snapshot latest-proven",
         "operator"},
    Rule{"wrong-key", [](S s) { return has_code(s, {Code::wrong_key}); },
         "The key at hand is not the one that sealed this, or its role may not read: what only a "
         "lost key opens is lost.",
         "lifeboat key list, then drill with the key that was put in safe keeping", "key holder"},
    Rule{"newer-format", [](S s) { return has_code(s, {Code::unsupported_format}); },
         "It was made by a newer version of Lifeboat than this one.", "lifeboat version",
         "operator"},
    Rule{"snapshot-incomplete", [](S s) { return has_code(s, {Code::incomplete}); },
         "A source could not be read whole when this backup was taken, often for want of rights.",
         "lifeboat doctor, then lifeboat backup {service}", "operator"},
    Rule{"session-damaged",
         [](S s) {
           return has_code(s, {Code::corrupt, Code::damage_found, Code::not_found}) &&
                  says(s, "sessions/");
         },
         "The object that holds the key of one backup is gone or damaged: neither that backup can "
         "be read, nor what later ones share with it.",
         "lifeboat verify, then restore the repository's other copy, or lifeboat backup {service}",
         "storage"},
    Rule{"manifest-damaged",
         [](S s) { return stopped_at(s, "fetch", {Code::corrupt, Code::damage_found}); },
         "The snapshot's own object is damaged or was exchanged: what it promises cannot be read.",
         "lifeboat verify, then lifeboat drill run {service} --snapshot latest-proven", "storage"},
    Rule{"object-lost", [](S s) { return is_damaged(s) && says_gone(s); },
         "A pack is gone from the store: deleted by hand, by a rule of the store, or never "
         "uploaded.",
         "lifeboat verify --read-data, then restore the repository's other copy", "storage"},
    Rule{"object-damaged", [](S s) { return is_damaged(s); },
         "Bytes changed after they were stored: a failing medium, an upload that was cut, or "
         "tampering.",
         "lifeboat verify --read-data, then restore the repository's other copy", "storage"},
    Rule{"restored-unreadable", [](S s) { return stopped_at(s, "check", {Code::check_failed}); },
         "What was restored does not open as a database: it was empty, cut, or no database when it "
         "was backed up.",
         "lifeboat snapshots ls {snapshot}, then lifeboat drill run {service} --snapshot first",
         "operator"},
    Rule{"cache-full", [](S s) { return has_code(s, {Code::no_space}) && says(s, "the cache "); },
         "The disk of the cache is full, so the repository could not be read: nothing is said "
         "about the backup.",
         "free some space in the folder that the reason names, or name another one in "
         "LIFEBOAT_CACHE",
         "operator"},
    Rule{"sandbox-too-small", [](S s) { return has_code(s, {Code::no_space}); },
         "There is not enough room for the sandbox: nothing is said about the backup.",
         "free some space, or name another place in the drill's sandbox: {directory}", "operator"},
    Rule{"scratch-refused",
         [](S s) {
           return is_check(s, "scratch", Outcome::not_run) ||
                  (stopped_at(s, kPreflightStage, {Code::refused}) &&
                   (says(s, "would make databases on") || says(s, "which this run has not made")));
         },
         "The server on which the drill would make databases is production, cannot be told from "
         "it, or has one of that name. Nothing was touched.",
         "name another server in the drill's sandbox: {uri}, or use a private one: {type: process}",
         "operator"},
    Rule{"production-refused", [](S s) { return stopped_at(s, kPreflightStage, {Code::refused}); },
         "The sandbox would lie in or over something live. Nothing was touched.",
         "name another place in the drill's sandbox: {directory}", "operator"},
    Rule{"refused", [](S s) { return has_code(s, {Code::refused}); },
         "Going on would not have been safe. Nothing was touched.", "lifeboat drill show {id}",
         "operator"},
    Rule{"other-run", [](S s) { return has_code(s, {Code::busy, Code::session_voided}); },
         "Another run held what this one needs, or a collection went on beside it.",
         "lifeboat drill run {service} --lock-wait 10m", "operator"},
    Rule{"interrupted", [](S s) { return has_code(s, {Code::interrupted}); },
         "Somebody stopped the drill.", "lifeboat drill run {service}", "operator"},
    Rule{"rights-missing", [](S s) { return has_code(s, {Code::permission_denied}); },
         "This user may not read or write something that the drill needs.", "lifeboat doctor",
         "operator"},
    Rule{"configuration", [](S s) { return has_code(s, {Code::config_invalid, Code::usage}); },
         "The configuration asks for something that is not there.", "lifeboat doctor", "operator"},
    Rule{"machine-failed", [](S s) { return has_code(s, {Code::io_error}); },
         "This machine or the store failed to read or write: nothing is said about the backup.",
         "lifeboat doctor, then lifeboat drill run {service}", "operator"},
    Rule{"defect-in-lifeboat", [](S s) { return has_code(s, {Code::internal}); },
         "This is a defect of Lifeboat, not of the backup.", "report it with this page",
         "operator"},
    Rule{
        "sandbox-vanished",
        [](S s) { return s.of == Symptom::Of::tear_down && s.report.tear_down->remaining.empty(); },
        "Something else removed the sandbox while the drill used it: nothing is said about the "
        "backup.",
        "find out who cleans up in the sandbox's directory, or name another one in the drill's "
        "sandbox: {directory}",
        "operator"},
    Rule{"sandbox-left", [](S s) { return s.of == Symptom::Of::tear_down; },
         "Something that this drill made is still there: restored production data lies around.",
         "remove what is named, or run the next drill: it takes away what died with its run",
         "operator"},
    Rule{"nothing-asked", [](S s) { return s.of == Symptom::Of::verdict; },
         "No check of the data was executed: a drill that asks nothing proves nothing.",
         "mend the drill's checks and the service's sources in lifeboat.yaml", "operator"},
};

}  // namespace

std::span<const Rule> stage_rules() { return kStageRules; }

}  // namespace lifeboat::drill
