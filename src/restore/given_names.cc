#include "restore/given_names.h"

#include <algorithm>

#include "restore/half_filled.h"

namespace lifeboat::restore {
namespace {

struct Named {
  PlanItem* item;
  std::string object;
};

Failure no_source(const Plan& plan, const std::string& text) {
  const auto count =
      std::ranges::count_if(plan.items, [](const auto& item) { return is_on_server(item.type); });
  if (count == 0)
    return fail(Error(Code::usage,
                      "--rename " + text + ": nothing that is restored is a database of MongoDB")
                    .with_hint("Only collections can be restored under another name."));
  return fail(Error(Code::usage, "--rename " + text + " may be of any of several databases")
                  .with_hint("Say of which source: --rename SOURCE/OLD=NEW."));
}

// A collection may have a "/" in its name.
Result<Named> named_by(Plan& plan, const std::string& text) {
  const auto slash = text.find('/');
  PlanItem* only = nullptr;
  std::size_t servers = 0;
  for (auto& item : plan.items) {
    if (slash != text.npos && item.source == text.substr(0, slash))
      return Named{&item, text.substr(slash + 1)};
    if (!is_on_server(item.type)) continue;
    only = &item;
    ++servers;
  }
  if (servers != 1) return no_source(plan, text);
  return Named{only, text};
}

}  // namespace

Result<void> give_names(Plan& plan, const engine::Renames& renames) {
  for (const auto& [text, name] : renames) {
    const auto [item, object] = TRY(named_by(plan, text));
    if (!is_on_server(item->type))
      return fail(
          Error(Code::usage, "--rename " + text + ": " + item->source + " is of type " + item->type)
              .with_hint("Only collections of MongoDB can be restored under another name."));
    if (!item->renames.emplace(object, name).second)
      return fail(Code::usage, "--rename names " + object + " of " + item->source + " twice");
  }
  return {};
}

}  // namespace lifeboat::restore
