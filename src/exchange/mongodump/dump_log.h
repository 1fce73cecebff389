#pragma once
// The replay of a dump's log onto what was restored of it, and what must be there then. Stateless.
#include "engine/mongodb/log_replay.h"
#include "exchange/mongodump/import.h"

namespace lifeboat::exchange::mongodump {

// What is to be in the database before its views and indexes are made.
struct ExpectedDump {
  engine::mongodb::Catalog catalog;
  // Of each collection; nothing where nobody knows it.
  std::map<std::string, std::optional<engine::mongodb::DocumentSum>> sums;
};

// Without a log.
ExpectedDump expected_of(const DumpPlan& plan);

struct LogOfRestored {
  const engine::mongodb::Location& to;
  const DumpPlan& plan;
  engine::mongodb::KeptWindow& entries;  // not closed yet
  engine::mongodb::ValidatorsAside& validators;
};

// Those of what was restored are aside already, and whoever set them aside puts all of them back.
// What was done is in the report.
Result<ExpectedDump> replay_log(const LogOfRestored& log, const DumpOptions& options,
                                DumpReport& report, const RunContext& context);

}  // namespace lifeboat::exchange::mongodump
