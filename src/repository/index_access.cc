#include "repository/index_access.h"

#include <mutex>

#include "repository/damage.h"
#include "repository/index_object.h"
#include "repository/pack.h"

namespace lifeboat::repository {
namespace {

bool is_trusted(const Store& store, const Signer& signer) {
  return signer.id == store.keys.writer || signer.role == Role::collector ||
         signer.role == Role::admin;
}

// Loads what a table asks for; what is damaged is left out and told.
class Loader {
 public:
  explicit Loader(const Store& store) : store_(store) {}

  void expect_pack(const PackName& pack) {
    // Names are hashes, so that a pack's own can stand for an index object that lists only it.
    unlisted_.insert(IndexName{pack.bytes});
  }

  Result<std::optional<LoadedIndex>> load(const IndexName& name) {
    auto loaded = unlisted_.contains(name) ? load_pack(PackName{name.bytes}) : load_object(name);
    if (loaded) return std::optional(std::move(*loaded));
    if (!is_damage_or_absence(loaded.error())) return fail(std::move(loaded).error());
    const auto key = unlisted_.contains(name) ? pack_key(PackName{name.bytes}) : index_key(name);
    const std::scoped_lock lock(guard_);
    findings_.push_back({unlisted_.contains(name) ? "pack-damaged" : "index-damaged", key,
                         loaded.error().describe(), false});
    return std::optional<LoadedIndex>();
  }

  std::vector<Finding> take_findings() { return std::move(findings_); }

 private:
  Result<LoadedIndex> load_object(const IndexName& name) {
    const auto object = TRY(get_hashed(*store_.backend, index_key(name), kMaxObject));
    auto opened = TRY(open_index_object(store_.keys, name, object));
    return LoadedIndex{std::move(opened.plain), is_trusted(store_, opened.signer)};
  }

  Result<LoadedIndex> load_pack(const PackName& name) {
    const auto pack = TRY(read_pack_directory(*store_.backend, store_.keys, name));
    IndexText text;
    text.add({name, pack.size, pack.plain, WriterId{}});
    return LoadedIndex{to_bytes(text.bytes()), false};
  }

  const Store& store_;
  std::set<IndexName> unlisted_;
  std::mutex guard_;  // for findings_
  std::vector<Finding> findings_;
};

Result<std::vector<IndexName>> list_indexes(const Store& store) {
  std::vector<IndexName> names;
  for (const auto& info : TRY(list_sorted(*store.backend, std::string(kIndexName))))
    if (const auto name = parse_index_key(info.key)) names.push_back(*name);
  return names;
}

Result<std::vector<PackName>> packs_outside(const Store& store, const IndexTable& table) {
  std::set<PackName> listed;
  for (std::uint32_t i = 0; i < table.packs(); ++i) listed.insert(TRY(table.pack(i)).name);
  std::vector<PackName> outside;
  for (const auto& info : TRY(list_sorted(*store.backend, std::string(kPacksName)))) {
    const auto name = parse_pack_key(info.key);
    if (name && !listed.contains(*name)) outside.push_back(*name);
  }
  return outside;
}

}  // namespace

Result<OpenedTable> open_index(const Store& store, const std::set<IndexName>& verified,
                               Unlisted unlisted, const RunContext& context) {
  TRY(context.check_stop());
  Loader loader(store);
  IndexTable::Request request;
  request.cache = store.cache;
  request.owner = store.keys.writer;
  request.objects = TRY(list_indexes(store));
  request.verified.assign(verified.begin(), verified.end());
  request.load = [&](const IndexName& name) { return loader.load(name); };
  OpenedTable opened{TRY(IndexTable::open(request)), {}};
  if (unlisted == Unlisted::read) {
    for (const auto& pack : TRY(packs_outside(store, *opened.table))) {
      loader.expect_pack(pack);
      request.objects.push_back(IndexName{pack.bytes});
    }
    opened.table = TRY(IndexTable::open(request));
  }
  opened.findings = loader.take_findings();
  return opened;
}

}  // namespace lifeboat::repository
