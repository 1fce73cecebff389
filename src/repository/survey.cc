#include "repository/survey.h"

#include "crypto/hash.h"
#include "repository/damage.h"
#include "repository/pack.h"
#include "repository/snapshot_object.h"

namespace lifeboat::repository {
namespace {

std::uint64_t alive_in(const PackDirectory& directory, const SegmentSet& living) {
  std::uint64_t bytes = 0;
  for (const auto& segment : directory.segments)
    if (living.contains(directory.births[segment.birth].salt, segment.shape.number))
      bytes += segment.shape.stored;
  return bytes;
}

struct Heads : References {
  SegmentSet well_used;  // by at least one snapshot
};

void judge(const PackDirectory& directory, const SegmentSet& living, PackSurvey& survey) {
  survey.alive = alive_in(directory, living);
  survey.dead = 0;
  for (const auto& segment : directory.segments) survey.dead += segment.shape.stored;
  survey.dead -= survey.alive;
  survey.session = directory.births.empty() ? SessionRef{} : directory.births[0].session;
}

void note_segments(const PackDirectory& directory, const SegmentSet& living, PackCensus& census) {
  for (const auto& segment : directory.segments) {
    const auto& salt = directory.births[segment.birth].salt;
    const auto number = segment.shape.number;
    if (!living.contains(salt, number)) continue;
    if (census.met.contains(salt, number)) census.twice.add(salt, number);
    census.met.add(salt, number);
  }
}

Result<void> add_end(const Store& store, const SessionRef& ref, const Forgotten& forgotten,
                     Heads& heads) {
  const auto key = snapshot_key(ref);
  auto object = storage::get_whole(*store.backend, key, kMaxSnapshot);
  if (!object && object.error().code() == Code::not_found) {
    if (!forgotten.numbers.contains(ref)) heads.vanished.push_back(ref);
    return {};
  }
  if (!object) return fail(std::move(object).error());
  if (const auto by_number = forgotten.numbers.find(ref); by_number != forgotten.numbers.end()) {
    heads.discounted[by_number->second] = ref;
    return {};
  }
  const auto end = TRY_CONTEXT(key, read_session_end(store.keys, ref, *object));
  if (!end.head) return {};
  if (forgotten.ids.contains(end.head->info.id)) {
    heads.discounted[end.head->info.id] = ref;
    return {};
  }
  heads.living.add_all(end.head->used);
  end.head->used.visit([&](const Salt& birth, std::uint32_t number) {
    if (!end.head->thin.contains(birth, number)) heads.well_used.add(birth, number);
  });
  return {};
}

// Fills in the packs that index objects list.
class Listing {
 public:
  Listing(const Store& store, const SegmentSet& living, PackCensus& census)
      : store_(store), living_(living), census_(census) {}

  Result<void> read(const IndexName& name) {
    const auto object = get_hashed(*store_.backend, index_key(name), kMaxObject);
    if (!object && object.error().code() == Code::not_found) return {};  // replaced meanwhile
    const auto opened = TRY(open_index_object(store_.keys, name, TRY(object)));
    census_.indexes.insert(name);
    return parse_index(opened.plain, [&](const PackListing& pack, const PackDirectory& directory) {
      return add(pack, origin_of(opened.signer, pack), directory);
    });
  }

 private:
  Result<void> add(const PackListing& pack, const WriterId& origin,
                   const PackDirectory& directory) {
    const auto found = census_.packs.find(pack.name);
    if (found == census_.packs.end()) return {};  // listed, but gone: `verify` names it
    auto& survey = found->second;
    const auto said = crypto::sha256(pack.directory);
    const auto [first, fresh] = said_.try_emplace(pack.name, said);
    survey.origins.insert(origin);
    survey.contested = survey.origins.size() > 1 || first->second != said || survey.contested;
    if (!fresh) return {};
    survey.indexed = true;
    survey.origin = origin;
    judge(directory, living_, survey);
    note_segments(directory, living_, census_);
    return {};
  }

  const Store& store_;
  const SegmentSet& living_;
  PackCensus& census_;
  std::map<PackName, crypto::Digest> said_;  // of each pack, by the first who listed it
};

// Packs of crashed or running sessions are in no index yet. Their trailer is no proof of who made
// them, so they are nobody's: no writer dedups against them until a reader has verified them. And
// where index objects differ about a pack its own directory decides, and its origin is whoever
// wrote it, if it was he who listed it.
Result<void> read_own_directory(const Store& store, const SegmentSet& living, const PackName& name,
                                PackCensus& census) {
  const auto contents = TRY(read_pack_directory(*store.backend, store.keys, name));
  auto& survey = census.packs.at(name);
  judge(contents.directory, living, survey);
  if (!survey.indexed) survey.session = contents.trailer.session;
  if (!survey.indexed) note_segments(contents.directory, living, census);
  const auto maker = contents.directory.births.at(0).session.writer;
  survey.origin = survey.origins.contains(maker) ? maker : WriterId{};
  return {};
}

Result<void> list_packs(const Store& store, PackCensus& census) {
  return store.backend->list(std::string(kPacksName),
                             [&](const storage::ObjectInfo& object) -> Result<void> {
                               const auto name = parse_pack_key(object.key);
                               if (name) census.packs[*name].size = object.size;
                               return {};
                             });
}

// Packs that no index decides about. False when it is not there any more.
Result<bool> look_into(const Store& store, const SegmentSet& living, const PackName& name,
                       PackCensus& census) {
  auto& survey = census.packs.at(name);
  const auto read = read_own_directory(store, living, name, census);
  if (read) return true;
  if (read.error().code() == Code::not_found) return false;
  if (!is_broken(read.error())) return fail(read.error());
  census.findings.push_back({"pack-damaged", pack_key(name), read.error().describe(), false});
  survey.damaged = true;
  return survey.indexed;
}

}  // namespace

Result<References> read_references(const Store& store, const Census& census,
                                   const Forgotten& forgotten) {
  Heads heads;
  for (const auto& [writer, each] : census.writers)
    for (const auto& [seq, object] : each.ends)
      TRY(add_end(store, {writer, seq}, forgotten, heads));
  heads.living.visit([&](const Salt& birth, std::uint32_t number) {
    if (!heads.well_used.contains(birth, number)) heads.sparse.add(birth, number);
  });
  return References(std::move(heads));
}

Result<PackCensus> survey_packs(const Store& store, const SegmentSet& living) {
  PackCensus census;
  // Names of index objects come before packs: what an index lists was there before it.
  const auto indexes = TRY(list_sorted(*store.backend, std::string(kIndexName)));
  TRY(list_packs(store, census));
  Listing listing(store, living, census);
  for (const auto& object : indexes)
    TRY_CONTEXT(object.key, listing.read(TRY(parse_index_key(object.key))));
  std::vector<PackName> gone;
  for (const auto& [name, survey] : census.packs)
    if ((!survey.indexed || survey.contested) && !TRY(look_into(store, living, name, census)))
      gone.push_back(name);
  for (const auto& name : gone) census.packs.erase(name);
  return census;
}

Result<bool> is_alive(const Store& store, const SegmentSet& living, const PackName& name) {
  const auto contents = read_pack_directory(*store.backend, store.keys, name);
  if (!contents && contents.error().code() == Code::not_found) return false;
  if (!contents) return fail(contents.error());
  return alive_in(contents->directory, living) > 0;
}

bool is_open(const Census& census, const SessionRef& session) {
  const auto writer = census.writers.find(session.writer);
  if (writer == census.writers.end()) return false;
  return writer->second.sessions.contains(session.seq) && !writer->second.ended(session.seq);
}

}  // namespace lifeboat::repository
