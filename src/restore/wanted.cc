#include "restore/wanted.h"

#include <algorithm>

#include "engine/files/metadata.h"

namespace lifeboat::restore {

using repository::EntryRecord;

namespace {

// Of a further name of a file; empty for all else.
Result<std::string> first_name_of(const EntryInfo& entry) {
  if (entry.kind != EntryKind::hardlink) return std::string();
  return TRY(engine::files::metadata_of(entry)).link;
}

Result<void> name_first(EntryInfo& entry, const std::string& first) {
  auto metadata = TRY(engine::files::metadata_of(entry));
  metadata.link = first;
  entry.metadata = engine::files::encode_metadata(metadata);
  return {};
}

}  // namespace

bool Wanted::holds(const EntryInfo& entry) const {
  return objects_.empty() || engine_.is_for_all(entry) ||
         std::ranges::any_of(objects_,
                             [&](const auto& each) { return engine_.holds(entry, each); });
}

Result<void> Wanted::look_at(const EntryInfo& entry) {
  std::erase_if(missing_, [&](const auto& each) { return engine_.holds(entry, each); });
  if (!holds(entry)) return {};
  EntryInfo first;
  first.path = TRY(first_name_of(entry));
  if (first.path.empty() || holds(first)) return {};
  if (stand_ins_.try_emplace(first.path, entry.path).second) awaited_[first.path] = entry.path;
  return {};
}

Result<std::optional<EntryRecord>> Wanted::take(EntryRecord&& entry) {
  if (!holds(entry.info)) {
    const auto stand_in = stand_ins_.find(entry.info.path);
    if (stand_in == stand_ins_.end()) return std::nullopt;
    awaited_.erase(entry.info.path);
    entry.info.path = stand_in->second;
    return std::move(entry);
  }
  if (stand_ins_.empty()) return std::move(entry);
  const auto first = TRY(first_name_of(entry.info));
  const auto stand_in = stand_ins_.find(first);
  if (stand_in == stand_ins_.end()) return std::move(entry);
  // It came already, with its content; or what it would be a name of did not come.
  if (stand_in->second == entry.info.path || awaited_.contains(first)) return std::nullopt;
  TRY(name_first(entry.info, stand_in->second));
  return std::move(entry);
}

std::vector<Finding> Wanted::losses() const {
  std::vector<Finding> losses;
  for (const auto& [first, name] : awaited_)
    losses.push_back({"hardlink-not-restored", name,
                      "the snapshot does not have " + first + ", which it is another name of",
                      true});
  return losses;
}

}  // namespace lifeboat::restore
