#include "engine/all.h"

#include <array>

#include "engine/files/engine.h"
#include "engine/foreign/engine.h"
#include "engine/mongodb/engine.h"
#include "engine/sqlite/engine.h"

namespace lifeboat::engine {
namespace {

// One line an engine.
std::array<const Engine*, 4> engines() {
  return {
      &files::files_engine(),
      &foreign::foreign_engine(),
      &mongodb::mongodb_engine(),
      &sqlite::sqlite_engine(),
  };
}

}  // namespace

Result<const Engine*> find_engine(const std::string& scheme) {
  for (const auto* engine : engines())
    if (engine->scheme() == scheme) return engine;
  std::string known;
  for (const auto& each : engine_schemes()) known += (known.empty() ? "" : ", ") + each;
  return fail(Code::config_invalid,
              "there is no source type \"" + scheme + "\"; there are: " + known);
}

std::vector<std::string> engine_schemes() {
  std::vector<std::string> schemes;
  for (const auto* engine : engines()) schemes.push_back(engine->scheme());
  return schemes;
}

}  // namespace lifeboat::engine
