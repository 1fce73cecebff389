#pragma once
// What a user of the stand-in may do, by the model of privileges that MongoDB documents: actions on
// resources, gathered from roles. For tests.
#include <set>
#include <string>
#include <vector>

#include "engine/mongodb/bson.h"

namespace lifeboat::engine::mongodb::testing {

class StandInRights {
 public:
  // A database where `collection` is empty.
  struct Target {
    std::string database;
    std::string collection{};
  };
  // Asked for by drivers and by those who are not known yet.
  static bool is_for_all(const std::string& command);

  // {resource: {…}, actions: […]}
  void add(DocumentView privilege);
  // Nothing where the server has no role of that name.
  void add_built_in(const std::string& role, const std::string& database);
  // Of a command that is not known here nothing is allowed. A collection where it names one.
  bool allow(const Target& named, DocumentView command) const;
  // As `connectionStatus` has it.
  Bytes told() const;

 private:
  struct Resource {
    bool any = false;
    std::string database{};    // empty: each that is not of the server itself
    std::string collection{};  // empty: each that is not of the server itself
    bool of_buckets = false;   // `collection` is then the name of a time series; empty: of each
    bool holds(const Target& target) const;
  };
  struct Privilege {
    Resource resource;
    std::set<std::string> actions;
  };
  bool may(const std::string& action, const Target& target) const;
  bool may_all(const std::set<std::string>& actions, const Target& target) const;
  bool may_everywhere(const std::set<std::string>& actions) const;
  bool allow_create(const Target& target, DocumentView command) const;
  bool allow_rename(DocumentView command) const;
  bool allow_merge(DocumentView command) const;

  std::vector<Privilege> privileges_;
};

}  // namespace lifeboat::engine::mongodb::testing
