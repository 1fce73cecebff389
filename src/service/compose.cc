#include "service/compose.h"

#include "policy/local_time.h"
#include "service/calls.h"

namespace lifeboat::service {
namespace {

// An id belongs to one service; "latest" means nothing without one.
Result<std::vector<std::string>> candidates(const Composition& composition,
                                            const SnapshotChoice& choice) {
  if (!choice.service.empty()) return composition.service.service_names({choice.service});
  auto all = TRY(composition.service.service_names({}));
  const auto& word = choice.snapshot;
  const bool is_id = !word.empty() && word.find_first_not_of("0123456789abcdef") == word.npos;
  if (is_id || all.size() == 1) return all;
  return fail(Error(Code::usage, "there are several services: of which one?")
                  .with_hint("Give --service NAME, or the snapshot's id."));
}

Result<Chosen> choose_of(Composition& composition, const std::string& name,
                         const SnapshotChoice& choice, const RunContext& context) {
  const auto& service = *TRY(composition.loaded.config.find_service(name));
  const auto selector = TRY(selector_of(choice, service.tz));
  auto from = TRY(composition.service.first_answering(service, choice.repository, context));
  const auto list = TRY(from.repository->snapshots(context));
  auto info = TRY(restore::choose_listed(list, name, selector));
  return Chosen{name, std::move(from), std::move(info)};
}

template <class T>
Result<std::string> only_name(const std::vector<T>& all, const std::string& given,
                              const std::string& what) {
  if (!given.empty()) return given;
  if (all.size() == 1) return all[0].name;
  std::string known;
  for (const auto& each : all) known += (known.empty() ? "" : ", ") + each.name;
  return fail(Error(Code::usage, "there are several " + what + ": name one")
                  .with_hint("The configuration has: " + known + "."));
}

}  // namespace

Composition::Composition(config::Loaded read, Settings settings)
    : loaded(std::move(read)), service(loaded.config, loaded.variables, std::move(settings)) {}

Settings settings_of(const Setup& setup) {
  auto settings = default_settings(setup.environment);
  settings.lock_wait = setup.lock_wait;
  return settings;
}

Result<std::unique_ptr<Composition>> compose(const Setup& setup) {
  const auto file =
      TRY(config::find_config(setup.config, setup.environment, setup.working_directory));
  return std::make_unique<Composition>(TRY(config::load_config(file, setup.environment)),
                                       settings_of(setup));
}

// Another repository of the service may have what this one has not.
bool has_none(const Error& error) {
  return error.code() == Code::not_found || error.code() == Code::incomplete;
}

Result<Chosen> choose(Composition& composition, const SnapshotChoice& choice,
                      const RunContext& context) {
  std::optional<Error> none;
  for (const auto& name : TRY(candidates(composition, choice))) {
    auto chosen = choose_of(composition, name, choice, context);
    if (chosen || !has_none(chosen.error())) return chosen;
    if (!none) none = chosen.error();
  }
  if (!none) return fail(Code::config_invalid, "the configuration has no services");
  return fail(std::move(*none));
}

Result<restore::Selector> selector_of(const SnapshotChoice& choice, const std::string& tz) {
  const auto given = [](const std::string& text) { return text.empty() ? 0 : 1; };
  if (given(choice.snapshot) + given(choice.at) + given(choice.position) > 1)
    return fail(Error(Code::usage, "--snapshot, --at and --at-position cannot be given together")
                    .with_hint("Either name the snapshot, or the moment."));
  restore::Selector selector;
  selector.snapshot = choice.snapshot;
  selector.position = choice.position;
  if (!choice.at.empty()) selector.at = TRY(policy::parse_time(choice.at, tz));
  return selector;
}

Result<std::vector<std::string>> service_names(const Setup& setup,
                                               const std::vector<std::string>& given) {
  return TRY(compose(setup))->service.service_names(given);
}

Result<std::vector<std::string>> names_to_back_up(const Setup& setup,
                                                  const std::vector<std::string>& given) {
  const auto composition = TRY(compose(setup));
  auto names = TRY(composition->service.service_names(given));
  const auto takes = [&](const std::string& name) {
    const auto found = composition->loaded.config.find_service(name);
    return found && (*found)->takes();
  };
  // One that is named is answered, and where none takes anything that is said.
  if (given.empty() && std::any_of(names.begin(), names.end(), takes))
    std::erase_if(names, [&](const auto& name) { return !takes(name); });
  return names;
}

Result<std::vector<std::string>> repository_names(const Setup& setup,
                                                  const std::vector<std::string>& given) {
  const auto composition = TRY(compose(setup));
  for (const auto& name : given) TRY(composition->loaded.config.find_repository(name));
  if (!given.empty()) return given;
  std::vector<std::string> all;
  for (const auto& each : composition->loaded.config.repositories) all.push_back(each.name);
  return all;
}

Result<std::string> only_service(const Setup& setup, const std::string& given) {
  const auto composition = TRY(compose(setup));
  return only_name(composition->loaded.config.services, given, "services");
}

Result<std::string> only_repository(const Setup& setup, const std::string& given) {
  const auto composition = TRY(compose(setup));
  return only_name(composition->loaded.config.repositories, given, "repositories");
}

}  // namespace lifeboat::service
