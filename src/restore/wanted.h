#pragma once
// Which entries of a source a restore takes: all of them, or those of the objects that were asked
// for. A file has its content under its first name only; where that is not taken, the first of its
// other names that is gets the content in its stead. Used by one thread.
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "repository/repository.h"

namespace lifeboat::restore {

class Wanted {
 public:
  // Of no objects everything is wanted; then there is nothing to look at.
  Wanted(const engine::Engine& engine, std::vector<std::string> objects)
      : engine_(engine), objects_(std::move(objects)), missing_(objects_) {}

  // To see every entry once before the first is taken.
  Result<void> look_at(const EntryInfo& entry);
  const std::vector<std::string>& objects() const { return objects_; }
  // Those that no entry holds.
  const std::vector<std::string>& missing() const { return missing_; }
  // The entry as it is restored, if it is. In their stored order first names come first.
  Result<std::optional<repository::EntryRecord>> take(repository::EntryRecord&& entry);
  // Names whose content the snapshot does not have.
  std::vector<Finding> losses() const;

 private:
  bool holds(const EntryInfo& entry) const;

  const engine::Engine& engine_;
  std::vector<std::string> objects_;
  std::vector<std::string> missing_;
  std::map<std::string, std::string> stand_ins_;  // the names that get the content, by first names
  std::map<std::string, std::string> awaited_;    // those whose first name did not come yet
};

}  // namespace lifeboat::restore
