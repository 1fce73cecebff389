#pragma once
// The verb "drill": restores a snapshot into a sandbox made for it, compares the result with the
// facts recorded in the snapshot, measures, tears down, and seals the evidence. One call at a time
// for each service.
#include <filesystem>

#include "base/run_context.h"
#include "drill/evidence.h"
#include "drill/options.h"
#include "drill/report.h"
#include "restore/plan.h"

namespace lifeboat::drill {

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
  bool keep = false;                                 // the sandbox, for a day
};

struct Sealed {
  Report report;
  SignedRecord record;             // the evidence as it was signed
  std::filesystem::path evidence;  // the signed JSON
  std::filesystem::path page;      // the HTML page
};

// Whatever happens is in the report; an error comes back only when no evidence could be written.
Result<Sealed> run_drill(const Request& request, repository::Repository& repository,
                         const RunContext& context);

}  // namespace lifeboat::drill
