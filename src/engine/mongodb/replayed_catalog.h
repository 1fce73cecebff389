#pragma once
// The catalog of a database while a log is replayed onto it: what was restored, and what the log
// makes of it. Indexes and views are only listed: they are made when the replay is over. Values.
#include <map>
#include <optional>
#include <set>

#include "engine/mongodb/features.h"
#include "engine/mongodb/writes.h"

namespace lifeboat::engine::mongodb {

class ReplayedCatalog {
 public:
  // What needs what is not offered is left out; without a set nothing is.
  explicit ReplayedCatalog(Catalog restored, std::optional<std::set<Feature>> offered = {});

  const Catalog& catalog() const { return catalog_; }
  const Collection* find(const std::string& name) const;
  // One that documents went into and nobody made: servers make it then.
  Result<void> make_plain(const std::string& name);
  Result<void> create(const Create& write);
  void drop(const std::string& name);
  Result<void> rename(const std::string& from, const std::string& to);
  // `unsupported_format` for an index of a time series that cannot be made.
  Result<void> add_indexes(const AddIndexes& write);
  void remove_index(const RemoveIndex& write);
  void modify_index(const ModifyIndex& write);
  // What a collMod says of the expiry of a whole collection, which is set when all else is over.
  Result<void> set_expiry(const std::string& name, const Element& expiry);
  // The command of a collMod without what needs what is not offered.
  Result<Bytes> possible(const ModifyCollection& write);
  // Its options are what the server made of a command.
  void lose_options(const std::string& name) { unknown_.insert(name); }

  bool has_known_options(const std::string& name) const { return !unknown_.contains(name); }
  // The name that it had when it was restored; nothing for one that the log made.
  std::optional<std::string> restored_as(const std::string& name) const;
  bool changed() const { return changed_; }
  // What was left out of the collections and views that are there, named as lost_features() does.
  std::vector<Finding> lost() const;

 private:
  Collection* mutable_find(const std::string& name);
  Result<void> add(Bytes info, std::vector<Bytes> indexes);
  void leave_out_lost(Collection& collection);
  void note_lost(const Collection& wanted);

  Catalog catalog_;
  std::optional<std::set<Feature>> offered_;
  std::map<std::string, std::string> origins_;  // names now → names then
  std::set<std::string> unknown_;
  std::map<std::string, std::vector<Finding>> lost_;  // by collection
  bool changed_ = false;
};

}  // namespace lifeboat::engine::mongodb
