#pragma once
// The migrations that an application brings, as files in the layout of its migration tool: what the
// ledger of a restored database is compared with. Reads files; thread-safe.
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace lifeboat::drill {

struct MigrationFile {
  std::string name;      // as normal_migration_name() gives it
  std::string checksum;  // as the tool keeps it in its ledger; empty = it is not compared
};

// In no order, each name once. `usage` for a tool whose files do not tell the names in its ledger,
// and for a folder without any migration of the tool: a list of nothing would hide what is missing.
Result<std::vector<MigrationFile>> list_migration_files(const std::string& tool,
                                                        const std::filesystem::path& folder);

// A name of the ledger in the form that files are compared in: "00012" as "12", "a.ts" as "a".
std::string normal_migration_name(const std::string& tool, const std::string& name);

}  // namespace lifeboat::drill
