#include <sys/stat.h>

#include "engine/all.h"
#include "restore/copies.h"
#include "service/placement.h"
#include "service/service.h"
#include "storage/open.h"

namespace lifeboat::service {
namespace {

Result<repository::Credential> credential_from(config::ResolvedKey key) {
  if (key.kind == config::KeyReference::Kind::passphrase)
    return repository::Credential(repository::Passphrase{std::move(key.secret)});
  auto bytes = TRY(repository::parse_key_file(key.secret.view()));
  if (key.kind == config::KeyReference::Kind::recipient)
    return repository::Credential(repository::RecipientKey{std::move(bytes)});
  return repository::Credential(repository::KeyFile{std::move(bytes)});
}

// A key that opens nothing is most often the right key of another place.
Error where_key_is_from(Error error, const config::Repository& repository, const fs::path& file) {
  if (error.code() != Code::wrong_key) return error;
  const auto& secret = repository.key.secret;
  return std::move(error).with_hint("The key is taken from " + secret.describe() + " (" +
                                    secret.what().place() + " in " + file.string() +
                                    "). Correct it, then run `lifeboat doctor`.");
}

repository::Options options_of(const Settings& settings) {
  repository::Options options;
  options.cache = settings.cache;
  return options;
}

void add_path(engine::Identity& identity, const std::filesystem::path& path) {
  std::error_code error;
  const auto canonical = std::filesystem::weakly_canonical(path, error);
  identity.paths.push_back(error ? path.string() : canonical.string());
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0)
    identity.inodes.emplace_back(status.st_dev, status.st_ino);
}

}  // namespace

Result<RepositoryPtr> Service::create_repository(const std::string& name,
                                                 const RunContext& context) {
  const auto& named = *TRY(config_.find_repository(name));
  const auto options = TRY(resolver_.repository(named));
  const auto credential = TRY(credential_from(TRY(resolver_.key(named, context))));
  auto backend = TRY_CONTEXT(
      "repository " + name,
      storage::open_backend(options, storage::OpenMode::create, context.clock, context.random));
  return repository::Repository::create(std::move(backend), credential, options_of(settings_),
                                        context);
}

Result<RepositoryPtr> Service::open_repository(const std::string& name, const RunContext& context) {
  const auto& named = *TRY(config_.find_repository(name));
  const auto options = TRY(resolver_.repository(named));
  auto backend =
      storage::open_backend(options, storage::OpenMode::existing, context.clock, context.random);
  if (!backend && backend.error().code() == Code::not_found)
    return fail(std::move(backend)
                    .error()
                    .add_context("repository " + name)
                    .with_hint("Run `lifeboat init` to create it. If it was there before, check "
                               "that its disk is mounted."));
  if (!backend) return fail(std::move(backend).error().add_context("repository " + name));
  const auto credential = TRY(credential_from(TRY(resolver_.key(named, context))));
  auto opened =
      repository::Repository::open(std::move(*backend), credential, options_of(settings_), context);
  if (opened) return opened;
  return fail(where_key_is_from(std::move(opened).error(), named, config_.file)
                  .add_context("repository " + name));
}

Result<Service::Answering> Service::first_answering(const config::Service& service,
                                                    const std::string& from,
                                                    const RunContext& context) {
  if (!from.empty()) return Answering{from, TRY(open_repository(from, context))};
  std::vector<Error> errors;
  for (const auto& name : service.repositories) {
    auto opened = open_repository(name, context);
    if (!opened) {
      errors.push_back(std::move(opened).error());
      continue;
    }
    for (const auto& error : errors) context.log.warning(error.describe());
    return Answering{name, std::move(*opened), std::move(errors)};
  }
  if (errors.empty())
    return fail(Code::config_invalid, "service " + service.name + " has no repository");
  // The first one is the error that is said; the others only beside it.
  for (std::size_t at = 1; at < errors.size(); ++at) context.log.warning(errors[at].describe());
  return fail(std::move(errors[0]));
}

restore::Protected Service::guard(const config::Service& service,
                                  const config::Source& source) const {
  const auto options = resolver_.source(source);
  const auto engine = options ? engine::find_engine(options->type) : fail(options.error());
  auto identity = engine ? (*engine)->identify(*options) : fail(engine.error());
  restore::Protected place{"source " + service.name + "/" + source.name, {}, false};
  if (identity)
    place.identity = std::move(*identity);
  else
    place.unknown = identity.error().describe();
  return place;
}

std::optional<restore::Protected> Service::guard(const config::Repository& repository) const {
  restore::Protected place{"repository " + repository.name, {}, true};
  const auto options = resolver_.repository(repository);
  if (!options) {
    place.unknown = options.error().describe();
    return place;
  }
  const auto path = local_path(options->url);
  if (!path) return std::nullopt;
  place.repository = restore::repository_in(*path);
  add_path(place.identity, *path);
  return place;
}

std::vector<restore::Protected> Service::protected_places() const {
  std::vector<restore::Protected> places;
  for (const auto& service : config_.services)
    for (const auto& source : service.sources) places.push_back(guard(service, source));
  for (const auto& named : config_.repositories)
    if (auto place = guard(named)) places.push_back(std::move(*place));
  return places;
}

}  // namespace lifeboat::service
