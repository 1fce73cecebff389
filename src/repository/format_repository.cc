#include "repository/format_repository.h"

#include <algorithm>

#include "crypto/hash.h"
#include "crypto/signature.h"
#include "repository/key_slot.h"
#include "repository/statement.h"
#include "repository/unlock.h"

namespace lifeboat::repository {
namespace {

std::filesystem::path cache_of(const Options& options, const RepositoryId& id) {
  return options.cache.empty() ? std::filesystem::path() : options.cache / id.hex();
}

// No config: an empty place, some other folder, or a repository that lost it.
Failure explain_absence(storage::Backend& backend) {
  const auto place = backend.traits().description;
  const auto objects = list_sorted(backend, "");
  if (!objects) return fail(objects.error());
  if (objects->empty())
    return fail(Error(Code::not_found, place + " is empty: there is no repository")
                    .with_hint("Check the URL; `lifeboat init` makes a new repository."));
  const bool has_packs = std::ranges::any_of(
      *objects, [](const auto& each) { return each.key.starts_with("packs/"); });
  if (has_packs)
    return fail(Error(Code::corrupt, place + " has packs but its object `config` is missing")
                    .with_hint("Bring back `config` from a copy of the repository."));
  return fail(Error(Code::not_found, place + " is not a Lifeboat repository")
                  .with_hint("Check the URL; it has no object `config`."));
}

Result<ConfigObject> read_config(storage::Backend& backend) {
  const auto object = storage::get_whole(backend, std::string(kConfigKey), kMaxConfig);
  if (object) return parse_config(*object);
  if (object.error().code() == Code::not_found) return explain_absence(backend);
  return fail(object.error());
}

Result<void> require_free_place(storage::Backend& backend) {
  const auto found = backend.stat(std::string(kConfigKey));
  if (found)
    return fail(Code::exists, backend.traits().description + " holds a repository already");
  if (found.error().code() != Code::not_found) return fail(found.error());
  const auto packs = TRY(list_sorted(backend, "packs/"));
  if (packs.empty()) return {};
  return fail(Error(Code::exists,
                    backend.traits().description + " holds packs of a repository without config")
                  .with_hint("Choose an empty place, or bring back that repository's `config`."));
}

Result<RoleKeys> make_admin(const ConfigObject& config, Random& random) {
  Secret root(32);
  random.fill(root.span());
  RoleGrant grant;
  grant.repository = config.id;
  grant.config_hash = config.hash;
  grant.role = Role::admin;
  grant.name = "admin";
  return grant_role(root, grant, random);
}

Result<void> put_config(Store& store, ByteView object) {
  auto stored = store.backend->put(std::string(kConfigKey), object);
  if (stored || stored.error().code() != Code::exists) return stored;
  // Another create was faster: only its own slot may stay.
  (void)store.backend->remove(std::string(kKeysName) + store.slot_id);
  return stored;
}

}  // namespace

// The slot first and config last: what has a config can be opened.
Result<std::unique_ptr<Repository>> Repository::create(std::unique_ptr<storage::Backend> backend,
                                                       const Credential& credential,
                                                       const Options& options,
                                                       const RunContext& context) {
  TRY(require_free_place(*backend));
  const RepositoryId id{context.random.array<RepositoryId::kSize>()};
  const auto object = make_config(id, context.clock.now());
  Store store;
  store.backend = std::move(backend);
  store.options = options;
  store.config = TRY(parse_config(object));
  store.keys = TRY(make_admin(store.config, context.random));
  store.cache = cache_of(options, id);
  const auto slot = TRY(make_slot(store.keys, credential, context.random));
  store.slot_id = TRY(put_hashed(*store.backend, kKeysName, slot));
  TRY(put_config(store, object));
  return std::make_unique<FormatRepository>(std::move(store));
}

Result<std::unique_ptr<Repository>> Repository::open(std::unique_ptr<storage::Backend> backend,
                                                     const Credential& credential,
                                                     const Options& options,
                                                     const RunContext& context) {
  TRY(context.check_stop());
  Store store;
  store.config = TRY(read_config(*backend));
  auto unlocked = TRY(unlock(*backend, store.config, credential));
  store.backend = std::move(backend);
  store.options = options;
  store.keys = std::move(unlocked.keys);
  store.slot_id = std::move(unlocked.slot_id);
  store.cache = cache_of(options, store.config.id);
  return std::make_unique<FormatRepository>(std::move(store));
}

FormatRepository::FormatRepository(Store store) : store_(std::move(store)), ring_(store_) {}
FormatRepository::~FormatRepository() = default;

Result<ChunkId> FormatRepository::identify(ByteView chunk) {
  TRY(require_role(store_, {Role::admin, Role::writer, Role::reader}, "identify content"));
  return ChunkId::from(crypto::hmac_sha256(store_.keys.chunk_id.view(), chunk).view());
}

Result<Bytes> FormatRepository::sign(ByteView message) {
  const auto key = TRY(crypto::SigningKey::from_seed(store_.keys.signing_seed));
  return to_bytes(key.sign(message).view());
}

Result<std::string> FormatRepository::add_statement(const std::string& kind, Json body,
                                                    const RunContext& context) {
  return store_statement(store_, kind, std::move(body), context);
}

Result<std::vector<Statement>> FormatRepository::statements(const std::string& kind) {
  return std::move(TRY(load_statements(store_, kind)).statements);
}

}  // namespace lifeboat::repository
