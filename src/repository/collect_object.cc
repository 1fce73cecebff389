#include "repository/collect_object.h"

#include <algorithm>

#include "repository/damage.h"
#include "repository/fields.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kMaxNamed = 4'000'000;

template <class IdType>
Json hex_list(const std::set<IdType>& ids) {
  Json list = Json::array();
  for (const auto& id : ids) list.push_back(id.hex());
  return list;
}

template <class IdType>
Result<std::set<IdType>> ids_at(const Json& body, std::string_view key) {
  std::set<IdType> ids;
  for (const auto& text : TRY(texts_at(body, key, kMaxNamed)))
    ids.insert(TRY(IdType::from_hex(text)));
  return ids;
}

Result<void> read_birth_json(const Json& birth, SegmentSet& segments) {
  const auto salt = TRY(id_at<Salt>(birth, "salt"));
  for (const auto& each : *TRY(array_at(birth, "numbers", SegmentSet::kEndOfNumbers))) {
    if (!each.is_number_unsigned() || each.get<std::uint64_t>() >= SegmentSet::kEndOfNumbers)
      return fail(Code::corrupt, "a segment number that no pack can hold");
    segments.add(salt, each.get<std::uint32_t>());
  }
  return {};
}

PartSpec collect_spec(const RoleKeys& keys, std::string_view name, ByteView clear) {
  return {PartType::collect, keys.repository, name, clear};
}

}  // namespace

Json segments_json(const SegmentSet& segments) {
  std::map<Salt, Json> births;
  segments.visit([&](const Salt& birth, std::uint32_t number) { births[birth].push_back(number); });
  auto list = Json::array();
  for (auto& [salt, numbers] : births)
    list.push_back({{"numbers", std::move(numbers)}, {"salt", salt.hex()}});
  return list;
}

Result<SegmentSet> segments_at(const Json& body, std::string_view key) {
  SegmentSet segments;
  for (const auto& each : *TRY(array_at(body, key, kMaxNamed)))
    TRY(read_birth_json(each, segments));
  return segments;
}

Result<Bytes> make_collect(const RoleKeys& keys, const CollectPlan& plan, Random& random) {
  const Json body{{"drop", hex_list(plan.drop)},
                  {"forgotten", hex_list(plan.forgotten)},
                  {"move", hex_list(plan.move)},
                  {"sparse", segments_json(plan.sparse)},
                  {"started", to_rfc3339(plan.started)}};
  const auto name = collect_key(plan.number);
  const auto prefix = make_prefix(ObjectType::collect);
  const auto text = canonical_json(body);
  ByteWriter object;
  object.raw(prefix);
  object.sized(
      TRY(seal_part(collect_spec(keys, name, prefix), keys.index.view(), view_of(text), random)));
  auto bytes = object.take();
  TRY(append_signature(keys, name, bytes));
  return bytes;
}

Result<CollectPlan> parse_collect(const RoleKeys& keys, std::uint64_t number, ByteView object) {
  const auto name = collect_key(number);
  ByteReader reader(TRY(strip_prefix(object, ObjectType::collect)));
  const auto sealed = TRY(reader.sized(kMaxObject));
  TRY(require_role(TRY(read_signature(keys, name, object, reader)),
                   {Role::collector, Role::admin}));
  const auto spec = collect_spec(keys, name, object.first(kPrefixSize));
  const auto plain = TRY(open_part(spec, keys.index.view(), sealed));
  const auto body = TRY(parse_json(to_text(plain)));
  CollectPlan plan;
  plan.number = number;
  plan.started = TRY(time_at(body, "started"));
  plan.drop = TRY(ids_at<PackName>(body, "drop"));
  plan.move = TRY(ids_at<PackName>(body, "move"));
  plan.sparse = TRY(segments_at(body, "sparse"));
  plan.forgotten = TRY(ids_at<SnapshotId>(body, "forgotten"));
  return plan;
}

Result<std::optional<CollectPlan>> find_collection(const Store& store, const std::string& key) {
  const auto number =
      TRY_CONTEXT(key, parse_seq(std::string_view(key).substr(kCollectName.size())));
  const auto bytes = storage::get_whole(*store.backend, key, kMaxObject);
  if (!bytes && bytes.error().code() == Code::not_found) return std::optional<CollectPlan>();
  if (!bytes) return fail(bytes.error());
  return std::optional(TRY_CONTEXT(key, parse_collect(store.keys, number, *bytes)));
}

Result<OutstandingCollections> outstanding_collections(const Store& store) {
  OutstandingCollections found;
  for (const auto& object : TRY(list_sorted(*store.backend, std::string(kCollectName)))) {
    auto plan = find_collection(store, object.key);
    if (!plan && is_broken(plan.error())) {
      const auto number = parse_seq(std::string_view(object.key).substr(kCollectName.size()));
      found.damaged.push_back({object.key, number.value_or(UINT64_MAX), plan.error()});
      continue;
    }
    if (auto read = TRY(std::move(plan))) found.plans.push_back(std::move(*read));
  }
  return found;
}

}  // namespace lifeboat::repository
