#include <algorithm>
#include <array>

#include "drill/symptom.h"

// What the application did when it was booted on the restored data, and where it was booted.
namespace lifeboat::drill {
namespace {

using S = const Symptom&;

bool failed(S symptom, std::string_view prefix, std::initializer_list<std::string_view> words) {
  if (!is_check(symptom, prefix, Outcome::failed)) return false;
  for (const auto each : words)
    if (says(symptom, each)) return true;
  return false;
}

bool tried_to_get_out(const Report& report) {
  for (const auto& check : report.checks)
    if (check.id == "isolation.attempts" && check.outcome == Outcome::warned) return true;
  return false;
}

// The last words of who met a limit of one process.
bool lacks(S symptom) {
  return failed(symptom, "app.",
                {"MemoryError", "annot allocate memory", "ut of memory", "bad_alloc",
                 "Too many open files", "File too large", "No space left on device"});
}

// A request to an application that had ended: nothing is known of what it would have answered.
bool was_gone(S symptom) {
  const auto& checks = symptom.report.checks;
  const bool ended = std::any_of(checks.begin(), checks.end(), [](const auto& check) {
    return check.id == "app.alive" && check.outcome == Outcome::failed;
  });
  return ended && failed(symptom, "journey.", {"no answer"});
}

constexpr std::string_view kKeepAndLook =
    "lifeboat drill run {service} --keep, then read the application's log beside the report";
constexpr std::string_view kSameRelease =
    "boot the release that the snapshot was taken under: lifeboat snapshots show {snapshot}";

constexpr std::array kApplicationRules{
    Rule{"sandbox-gone",
         [](S s) {
           return s.check != nullptr && s.check->outcome == Outcome::not_run &&
                  says(s, "the sandbox itself was gone");
         },
         "The sandbox was killed from outside while the application ran in it: by a person, or by "
         "a machine that had no memory left. What was asked then says nothing about the backup.",
         "look for who did it: journalctl -k; then lifeboat drill run {service}", "operator"},
    Rule{"production-inside",
         [](S s) { return is_check(s, "isolation.network", Outcome::not_run) && s.check->refused; },
         "What the application would be shown holds production's own data. Nothing was started.",
         "keep the application's directory apart from its data, or name another one in app: "
         "directory",
         "operator"},
    Rule{"production-unknown",
         [](S s) {
           return is_check(s, "isolation.network", Outcome::not_run) &&
                  says(s, "is not known here");
         },
         "A source or a repository of the configuration cannot be found here, so nobody can tell "
         "whether the application would be shown production. Nothing was started.",
         "set the variables that the reason names, also where cron or a timer starts the drill; on "
         "a new machine to where it will lie",
         "operator"},
    Rule{"came-within-reach",
         [](S s) {
           return is_check(s, "isolation.network", Outcome::not_run) &&
                  says(s, "came within reach meanwhile");
         },
         "While the application ran in the sandbox, something of production came within its reach: "
         "a socket or a pipe of a process, or a source. Whether it was used nobody can tell.",
         "lifeboat drill show {id} names it; boot a copy, working_copy: true, or keep sockets out "
         "of the application's directory",
         "operator"},
    Rule{"not-isolated",
         [](S s) {
           return is_check(s, "isolation.network", Outcome::not_run) && says(s, "not blocked");
         },
         "From inside the sandbox something could be reached that must not be: an application "
         "booted there might change production. It was not started.",
         "lifeboat drill show {id} names what was reached: close it, then drill again", "operator"},
    Rule{"isolation-impossible",
         [](S s) { return is_check(s, "isolation.network", Outcome::not_run); },
         "This machine could not make an isolated sandbox, so the application was not started and "
         "is not proven.",
         "lifeboat doctor; drill where the kernel lets users make namespaces of their own",
         "operator"},
    Rule{"server-unused",
         [](S s) {
           return is_check(s, "app.uses.", Outcome::not_run) && says(s, "was not told of");
         },
         "The application never asked the restored database, so its journeys prove nothing of it: "
         "it was not given the address, or has another one.",
         "hand it ${sandbox.SOURCE.uri} in app: environment", "operator"},
    Rule{"server-lost", [](S s) { return is_check(s, "app.uses.", Outcome::not_run); },
         "The server of the sandbox did not take what the application wanted to ask it: it ended, "
         "or the application opens more connections than are carried. This says nothing about the "
         "backup.",
         "lifeboat drill run {service} --keep, then read the server's log in the sandbox",
         "operator"},
    Rule{"reaches-out", [](S s) { return is_check(s, "isolation.attempts", Outcome::warned); },
         "Booted on this data the application calls, mails or looks up names outside. The sandbox "
         "blocked it; after a real restore nothing would.",
         "before a real restore, stop its mail, webhooks and jobs, or point them elsewhere",
         "application"},
    Rule{"app-schema-unknown",
         [](S s) {
           return failed(s, "app.", {"no such table", "no such column", "does not exist"});
         },
         "The application asks for a table or column that the restored database does not have: it "
         "is another release than the one that was backed up, or a migration is missing.",
         kSameRelease, "application"},
    Rule{"app-wrong-port", [](S s) { return failed(s, "app.", {"does it use ${sandbox.port}"}); },
         "The application listens on a port of its own choice, and not on the one it was given.",
         "hand it ${sandbox.port} in app: environment", "operator"},
    Rule{"app-in-background", [](S s) { return failed(s, "app.", {"went to the background"}); },
         "The command that starts the application ends and leaves it running on its own.",
         "start it in the foreground", "operator"},
    Rule{"app-over-limits", [](S s) { return failed(s, "app.", {"it used more"}) || lacks(s); },
         "The application used more memory, disk, processes or files than the drill gives it.",
         "raise app: limits to what it has in production, or find what it wastes", "operator"},
    Rule{
        "app-needs-the-outside",
        [](S s) { return is_check(s, "app.ready", Outcome::failed) && tried_to_get_out(s.report); },
        "The application does not get ready and tried to reach something outside: it needs a "
        "cache, a queue or a service that is not in the backup.",
        "give the drill a stand-in for it, or name it in network: {allow: [host:port]}",
        "application"},
    Rule{"app-lacks-rights",
         [](S s) {
           return failed(s, "app.",
                         {"ermission denied", "EACCES", "EPERM", "peration not permitted",
                          "unable to open database", "readonly database"});
         },
         "The application may not read or write what was restored: its owner, modes or rights are "
         "not those that the application needs.",
         "compare owners and modes with production's: lifeboat snapshots ls {snapshot}",
         "operator"},
    Rule{"app-program-missing",
         [](S s) { return failed(s, "app.ready", {"ended with status 127"}); },
         "A program that the application is started by is not there: it is not installed where the "
         "drill runs, or not among what is shown to it.",
         "install it, or name its folder in app: visible", "operator"},
    Rule{"app-ended", [](S s) { return failed(s, "app.ready", {"ended", "signal"}); },
         "The application ended while it was starting: its last words say why.", kKeepAndLook,
         "application"},
    Rule{"app-not-ready", [](S s) { return is_check(s, "app.ready", Outcome::failed); },
         "The application starts, and does not get ready in the time it was given.", kKeepAndLook,
         "application"},
    Rule{"app-crashed", [](S s) { return is_check(s, "app.alive", Outcome::failed); },
         "The application was ready and did not stay so: the restored data, or the journeys, bring "
         "it down.",
         kKeepAndLook, "application"},
    Rule{"app-logs-errors", [](S s) { return is_check(s, "app.log", Outcome::failed); },
         "The application logged what it must not log on sound data.", kKeepAndLook, "application"},
    Rule{"app-floods-log",
         [](S s) {
           return is_check(s, "app.log", Outcome::not_run) ||
                  is_check(s, "app.log", Outcome::warned);
         },
         "The application writes more log than can be searched, so not all of it was.",
         "log less in the drill: set its log level in app: environment", "application"},
    Rule{"app-still-there", [](S s) { return is_check(s, "app.stopped", Outcome::not_run); },
         "Not all processes of the application are seen to be gone.",
         "look for them: ps -ef; then lifeboat drill run {service}", "operator"},
    Rule{"app-ignores-the-end", [](S s) { return is_check(s, "app.stopped", Outcome::warned); },
         "The application does not end when it is asked to, and was killed: in production it would "
         "lose what it had not written yet.",
         "let it end on SIGTERM, or raise app: stop", "application"},
    Rule{"protection-lost",
         [](S s) {
           return failed(s, "journey.", {"sees what it must not"}) ||
                  (failed(s, "journey.", {"instead of 401", "instead of 403"}) &&
                   says(s, "status 2"));
         },
         "Somebody may see or do what must be refused: roles or rights are not those that were "
         "backed up, or the release that was booted does not keep them.",
         "let nobody in before this is understood; compare the release: lifeboat snapshots show "
         "{snapshot}",
         "application"},
    Rule{"fields-not-shown", [](S s) { return failed(s, "journey.", {"does not see"}); },
         "Somebody no longer sees what belongs to their role: roles or rights are not those that "
         "were backed up, or the release that was booted shows less.",
         kSameRelease, "application"},
    Rule{"accepts-what-it-must-refuse",
         [](S s) { return failed(s, "journey.", {"instead of 4"}) && says(s, "status 2"); },
         "The application accepts what it must refuse: a rule that protects the data is not kept "
         "by the release that was booted, or by the data it was booted on.",
         kSameRelease, "application"},
    Rule{"not-let-in", [](S s) { return failed(s, "journey.", {"status 401", "status 403"}); },
         "Credentials that were good are refused: the key that signs tokens (TOKEN_KEY) is not the "
         "one of this backup, or the accounts are not those that were backed up.",
         "give the drill the keys of the release that was backed up, and keep them with the "
         "backup's key; or accept that everybody logs in again",
         "key holder"},
    Rule{"release-lacks-it", [](S s) { return failed(s, "journey.", {"status 404"}); },
         "The application does not know what was asked for: schema files and routes live in its "
         "source code, not in the backup, or the record is not there.",
         kSameRelease, "application"},
    Rule{"app-fails-on-data", [](S s) { return failed(s, "journey.", {"status 5"}); },
         "The application fails on the restored data.", kKeepAndLook, "application"},
    Rule{"answers-elsewhere", [](S s) { return failed(s, "journey.", {"it redirects"}); },
         "The application sends who asks it to another place, which a drill does not follow: it "
         "asks for a login, or still has production's own address.",
         "set its address to 127.0.0.1 and ${sandbox.port} in app: environment, or expect the "
         "redirection",
         "application"},
    Rule{"answers-no-json", [](S s) { return failed(s, "journey.", {"the answer is no JSON"}); },
         "A page or a text came where JSON was promised: a proxy's or a start page's answer, or "
         "an error that is shown to people.",
         kKeepAndLook, "application"},
    Rule{"answers-without-end", [](S s) { return failed(s, "journey.", {"larger than"}); },
         "The answer does not end, or is larger than any that is read: a list without pages, or "
         "an application in a loop.",
         "ask for less in the journey; if it is a list, for one page", "application"},
    Rule{"gone-by-then", was_gone, "The application had ended before it answered this.",
         kKeepAndLook, "application"},
    Rule{"journey-cut",
         [](S s) {
           return (is_check(s, "journey.", Outcome::not_run) && says(s, "time for the journey")) ||
                  failed(s, "journey.", {"time was up after"});
         },
         "The application answers more slowly than it may, so not all of the journey was made.",
         "look at its log for what is slow; a missing index is a likely cause", "application"},
    Rule{
        "answer-never-came", [](S s) { return failed(s, "journey.", {"no whole answer within"}); },
        "The application took the question and never answered it: it waits for a lock, for a query "
        "without an end, or for something outside that the sandbox has not.",
        kKeepAndLook, "application"},
    Rule{"journey-too-slow", [](S s) { return failed(s, "journey.", {"it took", "% took up to"}); },
         "The application answers rightly and too slowly: a missing index, a cold cache, or a "
         "sandbox with less memory than production.",
         "compare the stage times with the drills before: lifeboat drill show {id}", "application"},
    Rule{"application-not-asked",
         [](S s) {
           return s.check != nullptr && s.check->outcome == Outcome::not_run &&
                  is_of_application(s);
         },
         "The application could not be asked: what was to be asked needs an earlier answer that "
         "did not come, or the machine did not let it be looked at. Not asked is not passed.",
         "mend what failed before it, then lifeboat drill run {service}", "operator"},
    Rule{"answers-otherwise", [](S s) { return is_check(s, "journey.", Outcome::failed); },
         "The application answers, and not as it should: another release than the one that was "
         "backed up, another configuration, or an expectation that is out of date.",
         kSameRelease, "application"},
};

}  // namespace

bool is_of_application(const Symptom& symptom) {
  for (const std::string_view prefix : {"app.", "journey.", "isolation."})
    if (symptom.subject.starts_with(prefix)) return symptom.check != nullptr;
  return false;
}

std::span<const Rule> application_rules() { return kApplicationRules; }

}  // namespace lifeboat::drill
