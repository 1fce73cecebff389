#pragma once
// Validators that are set aside while documents are inserted, and put back from a journal that
// survives a crash. One thread at a time; must not outlive its Location.
#include <map>
#include <vector>

#include "base/file.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/recreate.h"

namespace lifeboat::engine::mongodb {

class ValidatorsAside {
 public:
  ValidatorsAside(const Location& at, fs::path journal) : at_(at), journal_(std::move(journal)) {}

  // Puts back what a run left that was interrupted; how many there were.
  Result<std::size_t> recover();
  // Writes down what is to be put back, of collections that are there and of those that will be
  // made without; then takes it from those that are there.
  Result<void> set_aside(const std::vector<const Collection*>& there,
                         const std::vector<const Collection*>& made);
  // While they are aside: what a log does to collections. Each is written down before it is done.
  Result<void> change(const std::string& collection, DocumentView coll_mod);
  Result<void> rename(const std::string& from, const std::string& to);
  Result<void> forget(const std::string& collection);
  // `io_error` names the first that the server does not take back; the journal stays then.
  Result<void> put_back();
  bool any() const { return !aside_.empty(); }

 private:
  Result<void> write_down();
  Result<void> read_journal();

  const Location& at_;
  fs::path journal_;
  std::map<std::string, Bytes> aside_;  // by collection: the collMod that puts it back
};

// One database of one server has one journal below `state`, whoever restores or imports into it;
// nowhere when there is no such folder, and then nothing can be set aside.
fs::path validators_journal(const fs::path& state, const Location& at);

// What runs that were interrupted left aside, for people: "orders, users in shop on db1:27017".
// `corrupt` names a journal that is none.
Result<std::vector<std::string>> validators_left(const fs::path& state);

// That recover() put so many back.
Finding put_back_finding(const Location& at, std::size_t count);

// {collMod: name, validator: {}, validationLevel: "off"}
Bytes validator_off_command(const std::string& collection);

// {aggregate: name, pipeline: [{$match: {$nor: [validator]}}, {$count: "count"}], cursor: {}}: how
// many documents break its rules; nothing for a collection without a validator.
std::optional<Bytes> violators_command(const Collection& collection);
// The finding that they are there; nothing where there are none.
Result<std::optional<Finding>> find_violators(const Location& at, const Collection& collection);

}  // namespace lifeboat::engine::mongodb
