#pragma once
// What earlier drills of a service left: the records in the repository and beside it, of which each
// was verified. Read before a drill is judged; one thread.
#include <filesystem>

#include "base/entry.h"
#include "drill/evidence.h"
#include "drill/report.h"
#include "drill/waivers.h"

namespace lifeboat::drill {

// A person closed an action item.
struct Resolution {
  std::string item;  // its id
  Time said;
};

struct History {
  std::vector<SignedRecord> records;  // in the order of the chain; those outside one come first
  std::vector<Waiver> waivers;
  std::vector<Resolution> resolutions;
  std::vector<Finding> findings;  // what is not believed, and where the chain is broken
};

// `folder` holds the records of this machine, also those the repository could not take. A
// repository that does not answer is a finding: the record of this drill matters more.
History load_history(const std::string& service, const std::filesystem::path& folder,
                     repository::Repository& repository);

// The last drills of them, oldest first.
std::vector<TrendPoint> trend_of(const History& history);

// The record files of a folder, oldest first.
std::vector<std::filesystem::path> record_files(const std::filesystem::path& folder);

}  // namespace lifeboat::drill
