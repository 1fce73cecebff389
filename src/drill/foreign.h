#pragma once
// The other way through a drill: a backup that another tool made is found, unpacked into the
// sandbox and compared with what earlier drills found in such backups. One thread.
#include <vector>

#include "drill/check.h"
#include "drill/drill.h"
#include "engine/foreign/bring.h"
#include "engine/foreign/choose.h"

namespace lifeboat::drill {

struct DrillState;

// One on its way through the drill; the report holds what others may know of it, at the same index.
struct ForeignBackup {
  const ForeignSource* source = nullptr;
  std::optional<engine::foreign::Candidate> chosen;  // none where a program brings it
  std::optional<Time> time;                          // when it was made, as far as that is known
  repository::SourceManifest manifest;               // its facts are what is found in it now
  std::vector<Json> earlier;                         // the records of other backups, newest first
  std::string server = {};                           // the place of the drill's own, for a dump
};

// Of each source the newest backup, its age and its size against those drilled before.
Result<void> locate_foreign(DrillState& state, const RunContext& context);
// How much room they will need, as far as earlier drills tell.
std::uint64_t room_for_foreign(const DrillState& state);
// Into the sandbox, each below its name.
Result<void> bring_foreign(DrillState& state, const RunContext& context);

// What an importer did with a dump, whichever it was.
struct Imported {
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
  std::string server_version = {};  // of the one that was dumped, where the dump tells it
  std::vector<Finding> findings = {};
  std::vector<std::string> unequal = {};       // collections that are not as in the dump
  std::vector<std::string> not_compared = {};  // and why
  std::string log_until = {};                  // the moment that a log brought it to
};
// Failed when something is not as in the dump, not run when something could not be compared.
CheckResult judge_import(const std::string& source, const Imported& imported);

// Has a program fill that folder; what it prints is kept beside the report.
Result<engine::foreign::Brought> run_restore_program(DrillState& state, const ForeignBackup& backup,
                                                     const std::filesystem::path& into,
                                                     const RunContext& context);

// Of a dump of MongoDB: says in the manifest which server it needs, …
void plan_dump_server(ForeignBackup& backup);
// … and brings it in there by the importer's own code, comparing every document. `check_failed`
// when the server does not take something of it.
Result<void> bring_dump(DrillState& state, std::size_t index, const RunContext& context);

// Reads everything that is in it: the facts of the manifest, which later checks look at.
std::unique_ptr<Question> make_readable_check(ForeignBackup& backup);
// Of what a program brought only the facts tell whether it is another backup than those that were
// drilled before.
void leave_out_same(ForeignBackup& backup, const Json& facts);
// Against the records of earlier drills; none without any.
std::unique_ptr<Question> make_foreign_trend_check(const ForeignBackup& backup);
// What a record keeps of facts, for the trend of later drills: counts, and fingerprints of the
// schema, never contents.
Json trend_facts(const Json& facts);

}  // namespace lifeboat::drill
