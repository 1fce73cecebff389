#include "repository/check.h"

#include <algorithm>

#include "crypto/hash.h"
#include "repository/check_entries.h"
#include "repository/collect_object.h"
#include "repository/damage.h"
#include "repository/format_repository.h"
#include "repository/index_access.h"
#include "repository/index_object.h"
#include "repository/key_slot.h"
#include "repository/log_pieces.h"
#include "repository/parallel.h"
#include "repository/statement.h"

namespace lifeboat::repository {
namespace {

constexpr std::size_t kPacksPerStatement = 50'000;

// Damage and absence are what a check is for; other errors end it.
Result<void> only_damage(const Error& error) {
  if (is_damage_or_absence(error)) return {};
  return fail(error);
}

bool may_verify(Role role) { return role == Role::admin || role == Role::reader; }

// What goes into the statement that begins with this one.
std::span<const PackName> part_of(const std::vector<PackName>& names, std::size_t at) {
  const auto from = std::min(at, names.size());
  return std::span(names).subspan(from, std::min(kPacksPerStatement, names.size() - from));
}

Json names_json(const auto& names) {
  auto list = Json::array();
  for (const auto& each : names) list.push_back(each.hex());
  return list;
}

}  // namespace

Result<CheckReport> Check::run(const RunContext& context) {
  began_ = context.clock.now();
  context.progress.stage("reading lists", 0);
  TRY(check_config());
  TRY(check_slots());
  TRY(check_collections());
  auto list = TRY(list_snapshots(store_, context));
  notes_.find_all(std::move(list.findings));
  for (const auto& each : list.snapshots) visible_[each.id] = {each.writer, each.seq};
  const auto census = TRY(take_census(store_));
  TRY(check_sessions(census, context));
  TRY(check_indexes(context));
  TRY(check_packs(context));
  notes_.find_all(TRY(check_logs(store_, depth_, context)));
  TRY(judge_snapshots(census, context));
  TRY(sign_for(context));
  report_.snapshots = visible_.size();
  report_.packs = packs_.packs();
  report_.segments = packs_.segments();
  report_.chunks = packs_.chunks();
  report_.bytes = packs_.bytes();
  report_.findings = notes_.take_findings();
  return std::move(report_);
}

Result<void> Check::check_config() {
  const std::string key(kConfigKey);
  const auto object = storage::get_whole(*store_.backend, key, kMaxConfig);
  if (!object) {
    TRY(only_damage(object.error()));
    notes_.find("config-damaged", key, object.error().describe());
    return {};
  }
  if (!std::ranges::equal(crypto::sha256(*object).view(), store_.keys.config_hash))
    notes_.find("config-damaged", key, "is not what the repository was made with");
  return {};
}

Result<void> Check::check_slots() {
  for (const auto& info : TRY(list_sorted(*store_.backend, std::string(kKeysName)))) {
    const auto object = get_hashed(*store_.backend, info.key, kMaxSlot);
    const auto slot = object ? parse_slot(*object) : fail(object.error());
    if (slot) continue;
    TRY(only_damage(slot.error()));
    notes_.find("key-slot-damaged", info.key, slot.error().describe());
  }
  return {};
}

Result<void> Check::check_collections() {
  for (const auto& info : TRY(list_sorted(*store_.backend, std::string(kCollectName)))) {
    const auto plan = find_collection(store_, info.key);
    if (plan) continue;
    TRY(only_damage(plan.error()));
    notes_.find("collection-damaged", info.key, plan.error().describe());
  }
  return {};
}

// A session's object holds the key of everything that was written in it.
Result<void> Check::check_sessions(const Census& census, const RunContext& context) {
  std::vector<SessionRef> refs;
  for (const auto& [writer, each] : census.writers)
    for (const auto& [seq, info] : each.sessions) refs.push_back({writer, seq});
  notes_.know_sessions({refs.begin(), refs.end()});
  for (const auto& [id, ref] : visible_)
    if (notes_.is_lost(ref))
      notes_.find("session-missing", session_key(ref),
                  "is not there, and with it the key of snapshot " + id.hex());
  return for_each_index(refs.size(), context.stop, [&](std::size_t i) -> Result<void> {
    const auto key = session_key(refs[i]);
    const auto object = storage::get_whole(*store_.backend, key, kMaxSmallObject);
    const auto session =
        object ? parse_session(store_.keys, refs[i], *object) : fail(object.error());
    if (session || session.error().code() == Code::not_found) return {};
    TRY(only_damage(session.error()));
    notes_.lose_session(refs[i]);
    notes_.find("session-damaged", key, session.error().describe());
    return {};
  });
}

Result<void> Check::check_indexes(const RunContext& context) {
  for (const auto& info : TRY(list_sorted(*store_.backend, std::string(kIndexName)))) {
    TRY(context.check_stop());
    const auto name = parse_index_key(info.key);
    const auto read = [&]() -> Result<void> {
      const auto object = TRY(get_hashed(*store_.backend, info.key, kMaxObject));
      const auto opened = TRY(open_index_object(store_.keys, TRY(name), object));
      return parse_index(opened.plain, [&](const PackListing& pack, const PackDirectory&) {
        const auto hash = crypto::sha256(pack.directory);
        listed_.push_back({pack.name, pack.size, to_bytes(hash.view()), *name});
        indexes_[*name].push_back(pack.name);
        return Result<void>();
      });
    }();
    if (read || read.error().code() == Code::not_found) continue;
    TRY(only_damage(read.error()));
    if (name) indexes_.erase(*name);
    notes_.find("index-damaged", info.key, read.error().describe());
  }
  return {};
}

Result<void> Check::check_packs(const RunContext& context) {
  TRY(packs_.compare(listed_, context));
  if (depth_ == CheckDepth::hashes) return packs_.read_hashes(context);
  if (depth_ == CheckDepth::contents) return packs_.read_contents(context);
  return {};
}

// Where an index is lost or damaged, the packs' own directories still tell where everything is.
Result<void> Check::judge_snapshots(const Census& census, const RunContext& context) {
  auto judged = TRY(judge(census, Unlisted::leave, context));
  // A second look: a collection may have replaced the index while it was read.
  if (!judged.damaged.empty()) judged = TRY(judge(census, Unlisted::leave, context));
  if (!judged.damaged.empty()) {
    const auto before = judged.damaged.size();
    judged = TRY(judge(census, Unlisted::read, context));
    if (judged.damaged.size() < before)
      notes_.find("index-missing", std::string(kIndexName),
                  "no index object lists packs that snapshots need: they are found all the same, "
                  "but slowly");
  }
  notes_.find_all(std::move(judged.findings));
  report_.damaged_snapshots.assign(judged.damaged.begin(), judged.damaged.end());
  return {};
}

Result<Check::Judged> Check::judge(const Census& census, Unlisted unlisted,
                                   const RunContext& context) {
  const auto index = TRY(open_index(store_, {}, unlisted, context));
  const auto readable = TRY(notes_.readable(*index.table));
  Judged judged;
  std::vector<SessionRef> whole;
  const auto visit = [&](EndRead&& read) -> Result<void> {
    if (!read.end || !read.end->head) return {};
    const auto id = read.end->head->info.id;
    if (!visible_.contains(id)) return {};
    if (!notes_.is_lost(read.ref) && readable.contains_all(read.end->head->used)) {
      whole.push_back(read.ref);
      return {};
    }
    judged.damaged.insert(id.hex());
    judged.findings.push_back({"snapshot-damaged", snapshot_key(read.ref),
                               "some of what it needs cannot be read", false});
    return {};
  };
  TRY(read_ends(store_, census, visit, context));
  if (depth_ != CheckDepth::contents) return judged;
  EntryCheck entries(store_, sessions_, index.table, readable);
  for (const auto& ref : whole) {
    auto walked = TRY(entries.walk(ref, context));
    if (!walked.finding) continue;
    judged.findings.push_back(std::move(*walked.finding));
    judged.damaged.insert(walked.snapshot);
  }
  return judged;
}

// What was read and is whole is said to all, so that writers may dedup against it; and what is
// damaged, so that none does, and the next backup stores it again.
Result<void> Check::sign_for(const RunContext& context) {
  if (depth_ == CheckDepth::objects || !may_verify(store_.keys.role)) return {};
  const auto damaged = packs_.damaged();
  const auto whole = packs_.whole();
  const auto indexes = whole_indexes(whole);
  for (std::size_t at = 0; at == 0 || at < std::max(whole.size(), damaged.size());
       at += kPacksPerStatement) {
    Json body{{"packs", names_json(part_of(whole, at))},
              {"indexes", at == 0 ? names_json(indexes) : Json::array()},
              {"level", depth_ == CheckDepth::contents ? 2 : 1},
              {"since", to_rfc3339(began_)}};
    if (at < damaged.size()) body["damaged"] = names_json(part_of(damaged, at));
    const auto said = store_statement(store_, "verified", body, context);
    if (!said) context.log.warning("cannot record the check: " + said.error().describe());
    if (!said) return {};
  }
  report_.recorded = true;
  return {};
}

std::vector<IndexName> Check::whole_indexes(const std::vector<PackName>& whole) const {
  const std::set<PackName> good(whole.begin(), whole.end());
  std::vector<IndexName> indexes;
  for (const auto& [name, packs] : indexes_)
    if (!packs_.is_false(name) &&
        std::ranges::all_of(packs, [&](const auto& pack) { return good.contains(pack); }))
      indexes.push_back(name);
  return indexes;
}

}  // namespace lifeboat::repository
