#pragma once
// Validators that are set aside while documents are inserted, and put back from a journal that
// survives a crash. One thread at a time; must not outlive its Location.
#include <vector>

#include "base/file.h"
#include "engine/mongodb/location.h"
#include "engine/mongodb/recreate.h"

namespace lifeboat::exchange::jsonl {

class ValidatorsAside {
 public:
  ValidatorsAside(const engine::mongodb::Location& at, fs::path journal)
      : at_(at), journal_(std::move(journal)) {}

  // Puts back what an import left that was interrupted; how many there were.
  Result<std::size_t> recover();
  // Writes down what is to be put back, of collections that are there and of those that will be
  // made without; then takes it from those that are there.
  Result<void> set_aside(const std::vector<const engine::mongodb::Collection*>& there,
                         const std::vector<const engine::mongodb::Collection*>& made);
  // `io_error` names the first that the server does not take back; the journal stays then.
  Result<void> put_back();

 private:
  Result<std::vector<Bytes>> read_journal() const;

  const engine::mongodb::Location& at_;
  fs::path journal_;
};

// {collMod: name, validator: {}, validationLevel: "off"}
Bytes validator_off_command(const std::string& collection);

// {aggregate: name, pipeline: [{$match: {$nor: [validator]}}, {$count: "count"}], cursor: {}}: how
// many documents break its rules; nothing for a collection without a validator.
std::optional<Bytes> violators_command(const engine::mongodb::Collection& collection);

}  // namespace lifeboat::exchange::jsonl
