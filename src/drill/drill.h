#pragma once
// The verb "drill": restores a snapshot into a sandbox made for it, compares the result with the
// facts recorded in the snapshot, measures, tears down, and seals the evidence. One call at a time
// for each service.
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>

#include "base/run_context.h"
#include "base/secret.h"
#include "drill/evidence.h"
#include "drill/options.h"
#include "drill/report.h"
#include "engine/foreign/options.h"
#include "restore/plan.h"

namespace lifeboat::drill {

// What a person is asked, where the restored data is, and what they said.
struct ManualQuestion {
  std::string ask;
  std::string owner;
  std::string directory;
  std::stop_token stop{};  // the answer is not wanted any more
};
struct ManualAnswer {
  Outcome outcome = Outcome::not_run;
  std::string who;
  std::string words;
};
using AskPerson = std::function<Result<ManualAnswer>(const ManualQuestion&)>;
using TellPerson = std::function<void(const std::string& sentence)>;

// Labels of a snapshot: the application's release, and the keyed fingerprint of each named secret.
using Labels = std::map<std::string, std::string>;
inline constexpr const char* kReleaseLabel = "release";
inline constexpr const char* kSecretLabel = "secret.";

// Where `lifeboat mark` wrote, and the last number that is known to be written.
struct MarkersRequest {
  std::string source;
  std::string name;
  std::optional<std::uint64_t> last_written;
};

// A source whose backups another tool makes.
struct ForeignSource {
  std::string name;
  engine::foreign::Options options;
};

// A server that others use too, on which a drill makes databases for its sources.
struct ScratchServer {
  std::shared_ptr<const Secret> uri;
  std::vector<restore::Protected> production;  // it must be none of those, whatever the database
  std::vector<std::string> databases;          // of production: looked for there
};

struct Request {
  std::string service;
  std::string owner;
  std::string host;
  std::string version;
  DrillOptions options;
  restore::Selector selector;
  std::optional<Duration> rto;  // objectives
  std::optional<Duration> rpo;
  std::vector<restore::Protected> protected_places;  // production: never a sandbox
  std::filesystem::path sandboxes;                   // where the sandbox is made
  std::filesystem::path reports;                     // where evidence and page are written
  bool takes = true;                                 // has sources that snapshots hold
  std::vector<ForeignSource> foreign;                // … and those that other tools back up
  std::string time_zone = "UTC";                     // of the dates in their names
  bool keep = false;                                 // the sandbox, for a day
  std::optional<MarkersRequest> markers;             // none: lost writes are not measured
  Labels circumstances;                              // as they are here and now
  std::string cold_start;                            // what alone was used; empty: an ordinary one
  AskPerson ask_person;                              // none: nobody is there
  TellPerson tell_person = {};                       // likewise: what it will take, ahead of it
  std::vector<Finding> findings = {};                // met before it began
  std::optional<ScratchServer> scratch = {};         // none: a private server where one is needed
};

struct Sealed {
  Report report;
  SignedRecord record;             // the evidence as it was signed
  std::filesystem::path evidence;  // the signed JSON; empty when only the repository has it
  std::filesystem::path page;      // the HTML page; likewise
};

// A drill whose repository could not be opened. It is judged and explained like any other, but the
// key that would sign it is in that repository: it leaves no evidence.
Report report_unopened(const Request& request, const Error& error, const RunContext& context);

// Whatever happens is in the report; an error comes back only when no evidence could be written.
Result<Sealed> run_drill(const Request& request, repository::Repository& repository,
                         const RunContext& context);

}  // namespace lifeboat::drill
