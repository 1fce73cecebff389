// Databases and -wal files as somebody hostile could lay them into a snapshot or beside a source:
// facts, structural check, a table taken out, a -wal judged.
#include "base/file.h"
#include "base/json_value.h"
#include "base/test_context.h"
#include "engine/engine.h"
#include "engine/sqlite/engine.h"
#include "engine/sqlite/schema.h"
#include "engine/sqlite/wal_file.h"
#include "fuzz/fuzz.h"

namespace lifeboat::engine::sqlite {
namespace {

fs::path folder() {
  // Where a disk is memory: what is tried here is synced again and again.
  static const ScratchDirectory kFolder =
      ScratchDirectory::make(fs::is_directory("/dev/shm") ? "/dev/shm" : "").value();
  return kFolder.path();
}

void lay(const fs::path& path, ByteView content) {
  fs::remove(path);
  fuzz::promise(write_file(path, content).has_value(), "the scratch folder can be written");
}

std::string text_of(const Result<Json>& facts) {
  return facts ? canonical_json(*facts) : facts.error().describe();
}

// By its name in any case: a damaged schema need not agree with itself on that.
Json digest_of(const Json& facts, const std::string& table) {
  for (const auto& [name, each] : facts.at("tables").items())
    if (same_name(name, table)) return each["digest"];
  return nullptr;
}

// What was taken out is what was in it.
void take_out(const std::string& table, const Json& facts, const RunContext& context) {
  const auto target = folder() / "table.db";
  fs::remove(target);
  const auto taken = sqlite_engine().extract_object(folder() / "restored.db", table, target);
  fuzz::promise(taken.has_value() == fs::exists(target), "a failure leaves nothing behind");
  if (!taken) return;
  const auto inspector = sqlite_engine().open_inspector(target);
  fuzz::promise(inspector.has_value(), "a table that was taken out is a database");
  const auto of_table = (*inspector)->facts(context);
  fuzz::promise(of_table && digest_of(*of_table, table) == facts["digest"],
                "a table that was taken out has the same rows");
}

void database(fuzz::Input input) {
  const auto place = folder() / "restored.db";
  lay(place, input.rest());
  const auto inspector = sqlite_engine().open_inspector(place);
  if (!inspector) return;
  TestContext test;
  const auto facts = (*inspector)->facts(test.context);
  fuzz::promise(text_of(facts) == text_of((*inspector)->facts(test.context)),
                "facts are the same twice");
  (void)(*inspector)->integrity(false, test.context);
  (void)(*inspector)->query("SELECT * FROM sqlite_schema", 10, test.context);
  if (!facts) return;
  for (const auto& [name, table] : facts->at("tables").items()) take_out(name, table, test.context);
  fuzz::promise(read_file(place).value() == to_bytes(input.rest()), "looking changes nothing");
}

void wal(fuzz::Input input) {
  Header header;
  header.page_size = 512U << input.choose(8);
  header.wal = input.choose(4) != 0;
  header.change_counter = input.choose(256);
  const auto place = folder() / "live.db-wal";
  lay(place, input.rest());
  const auto first = check_wal(place, header);
  fuzz::promise(first.has_value() == check_wal(place, header).has_value(),
                "a -wal is judged the same twice");
}

}  // namespace
}  // namespace lifeboat::engine::sqlite

LIFEBOAT_FUZZ(input) {
  if (input.choose(2) == 0)
    lifeboat::engine::sqlite::database(input);
  else
    lifeboat::engine::sqlite::wal(input);
}
