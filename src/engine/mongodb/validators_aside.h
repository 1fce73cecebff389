#pragma once
// Validators that are set aside while documents are inserted, and put back from a journal that
// survives a crash. One run at a time has the journal, as long as it has this object. One thread at
// a time; must not outlive its Location.
#include <functional>
#include <map>
#include <vector>

#include "base/file.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/recreate.h"

namespace lifeboat::engine::mongodb {

class ValidatorsAside {
 public:
  ValidatorsAside(const Location& at, fs::path journal) : at_(at), journal_(std::move(journal)) {}

  // Puts back what a run left that was interrupted, where there is no other validator now, and
  // tells of each that it did not put back and forgot. `busy` while another run has the journal.
  Result<std::vector<Finding>> recover();
  // Writes down what is to be put back, of collections that are there and of those that will be
  // made without; then takes it from those that are there.
  Result<void> set_aside(const std::vector<const Collection*>& there,
                         const std::vector<const Collection*>& made);
  // Of one that was made since: writes down which one it is.
  Result<void> identify(const std::string& collection);
  // While they are aside: what a log does to collections. Each is written down before it is done.
  Result<void> change(const std::string& collection, DocumentView coll_mod);
  // `command` renames it, over what may be there. It is written down under both names meanwhile.
  Result<void> rename(const std::string& from, const std::string& to,
                      const std::function<Result<void>()>& command);
  Result<void> forget(const std::string& collection);
  // The commands that put them back. `io_error` names those that the server does not take; they
  // stay in the journal.
  Result<std::vector<Bytes>> put_back();
  bool any() const { return !aside_.empty(); }

  struct Entry {
    Bytes command;  // the collMod that puts it back
    Bytes uuid{};   // of the collection, as Collection::uuid(); empty: not known
  };
  using Entries = std::map<std::string, Entry>;  // by collection

 private:
  using Outdated = std::map<std::string, Finding>;  // by collection: why it is not put back

  Result<void> lock();
  Result<void> write_down() const;
  Result<Outdated> find_outdated() const;
  Result<std::vector<Finding>> recover_all();
  Result<std::vector<Bytes>> put_back_but(const Outdated& outdated);

  const Location& at_;
  fs::path journal_;
  FileDescriptor lock_;
  Entries aside_;
};

// One database of one server has one journal below `state`, whoever restores or imports into it and
// however its address is spelled: what an interrupted run left of a collection that is there now
// becomes it; `busy` while that run still goes on. Nowhere when there is no such folder, and then
// nothing can be set aside.
Result<fs::path> validators_journal(const fs::path& state, const Location& at);

// What runs that were interrupted left aside, for people: "orders, users in shop on db1:27017".
// `corrupt` names a journal that is none.
Result<std::vector<std::string>> validators_left(const fs::path& state);

// {collMod: name, validator: {}, validationLevel: "off"}
Bytes validator_off_command(const std::string& collection);

// {aggregate: name, pipeline: [{$match: {$nor: [validator]}}, {$count: "count"}], cursor: {}}: how
// many documents break the rules that this collMod sets; nothing where it sets none.
std::optional<Bytes> violators_command(DocumentView coll_mod);
// The finding that they are there, or that they could not be counted; nothing where there are none.
std::optional<Finding> find_violators(const Location& at, DocumentView coll_mod);

}  // namespace lifeboat::engine::mongodb
