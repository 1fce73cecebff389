#include <array>

#include "drill/symptom.h"

// What the configuration's own programs said, and the people it asks.
namespace lifeboat::drill {
namespace {

using S = const Symptom&;

constexpr std::array kProgramRules{
    Rule{"time-too-short",
         [](S s) {
           return s.error != nullptr && s.error->code() == Code::timed_out &&
                  says(s, "longer than the drill may take");
         },
         "The drill may not take as long as it takes: nothing is said about the backup.",
         "give the drill more time in lifeboat.yaml: {within: …}", "operator"},
    Rule{"other-key", [](S s) { return is_check(s, "secret.", Outcome::warned); },
         "The drill ran with another value of a secret than the backup was taken with: sessions, "
         "tokens and encrypted fields of the restored data do not open with it.",
         "set the value of that time; keep a replaced key as long as snapshots need it",
         "key holder"},
    Rule{"other-release", [](S s) { return is_check(s, "release", Outcome::warned); },
         "The drill ran another release of the application than the backup was taken under: it may "
         "migrate the data, or refuse it.",
         "drill with the release that the check names, or roll out the newer one's migrations",
         "application"},
    Rule{"not-ready-to-drill",
         [](S s) {
           return s.subject == "before" && s.error != nullptr &&
                  (s.error->code() == Code::command_failed || s.error->code() == Code::timed_out);
         },
         "Something was wrong on this machine before the drill began, so nothing was drilled: what "
         "it would have found could not be told from that.",
         "mend what the program of `before` complains of, then lifeboat drill run {service}",
         "operator"},
    Rule{
        "writes-lost-between", [](S s) { return is_check(s, "markers", Outcome::failed); },
        "Markers are missing between others that are there: writes were lost in the middle, at the "
        "source or in the restore.",
        "lifeboat drill run {service} --walk-back", "application"},
    Rule{"program-complains",
         [](S s) {
           return is_check(s, "command.", Outcome::failed) ||
                  is_check(s, "command.", Outcome::warned);
         },
         "A program of the service's own is not content with the restored data.",
         "run the same program on the live data: if it complains there too the source was so "
         "already; if not, lifeboat drill run {service} --snapshot latest-proven",
         "application"},
    Rule{"program-undecided", [](S s) { return is_check(s, "command.", Outcome::not_run); },
         "A program that should judge the restored data gave no answer: it hung, died, could not "
         "be started, or said what cannot be read. Not answered is not passed.",
         "run it by hand on a kept sandbox: lifeboat drill run {service} --keep", "application"},
    Rule{"person-disagrees", [](S s) { return is_check(s, "manual.", Outcome::failed); },
         "A person looked at the restored data and found it wrong.",
         "ask who answered; then lifeboat drill run {service} --snapshot latest-proven --keep",
         "application"},
    Rule{"nobody-asked", [](S s) { return is_check(s, "manual.", Outcome::not_run); },
         "What only a person can judge was not judged.",
         "lifeboat drill run {service} on a terminal; or lifeboat drill waive", "operator"},
};

}  // namespace

std::span<const Rule> program_rules() { return kProgramRules; }

}  // namespace lifeboat::drill
